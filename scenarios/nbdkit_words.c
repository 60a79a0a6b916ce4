#include "nbdkit_words.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "cleanup.h"
#include "nearest.h"
#include "yaml_tree.h"

#define FILTER       "--filter="
#define KEYS_MAX     24
#define WORD_KEY_MAX 64

struct filter {
	const char *name, *keys[KEYS_MAX];
};

/* nbdkit 1.32, nbdkit-NAME-filter(1). Left out on purpose: those that write elsewhere (log, stats,
 * cow and cache, whose copies lie in another file system), run programs (exitwhen), end the server
 * at its first client's end (exitlast), or show something else than the image (offset, partition,
 * truncate, tar, xz, luks...); and parameters that read a file (rate-file). error-*-file only asks
 * whether there is one. */
static const struct filter filters[] = {
	{"blocksize", {"minblock", "maxdata", "maxlen"}},
	{"delay",
	 {"rdelay", "wdelay", "delay-read", "delay-write", "delay-zero", "delay-trim",
	  "delay-extents", "delay-cache", "delay-fast-zero", "delay-open", "delay-close"}},
	{"error", {"error",         "error-rate",         "error-file",
		   "error-pread",   "error-pread-rate",   "error-pread-file",
		   "error-pwrite",  "error-pwrite-rate",  "error-pwrite-file",
		   "error-trim",    "error-trim-rate",    "error-trim-file",
		   "error-zero",    "error-zero-rate",    "error-zero-file",
		   "error-extents", "error-extents-rate", "error-extents-file",
		   "error-cache",   "error-cache-rate",   "error-cache-file"}},
	{"fua", {"fuamode"}},
	{"nocache", {"cachemode"}},
	{"noextents", {NULL}},
	{"noparallel", {"serialize"}},
	{"nozero", {"zeromode", "fastzeromode"}},
	{"pause", {"pause-control"}},
	{"rate", {"rate", "connection-rate", "burstiness"}},
	{"readahead", {NULL}},
};

struct words {
	bool is_named[BL_ARRAY_LEN(filters)];
	struct bl_err *err;
};

static size_t n_keys(const struct filter *f)
{
	size_t n = 0;

	while (n < KEYS_MAX && f->keys[n])
		n++;
	return n;
}

static int fail_filter(struct words *w, const char *word)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf known = BL_BUF_INIT;
	const char *near = nearest_word(word + strlen(FILTER), &filters[0].name, sizeof filters[0],
					BL_ARRAY_LEN(filters));
	char q[QUOTE_MAX];

	for (size_t i = 0; i < BL_ARRAY_LEN(filters); i++)
		bl_buf_addf(&known, "%s%s", i ? ", " : "", filters[i].name);
	return bl_fail(w->err, -EINVAL,
		       "'%s' is no filter that the lab lets nbdkit use; %s%s%sone of %s",
		       text_quote(q, word), near ? "did you mean '" FILTER : "", near ? near : "",
		       near ? "'? " : "", bl_buf_str(&known));
}

/* Whose parameter is it? */
static const struct filter *filter_of(const char *key)
{
	for (size_t i = 0; i < BL_ARRAY_LEN(filters); i++) {
		for (size_t k = 0; k < n_keys(&filters[i]); k++) {
			if (strcmp(filters[i].keys[k], key) == 0)
				return &filters[i];
		}
	}
	return NULL;
}

static int fail_key(struct words *w, const char *word, const char *key)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf known = BL_BUF_INIT;
	const char *all[BL_ARRAY_LEN(filters) * KEYS_MAX];
	const struct filter *other = filter_of(key);
	size_t n = 0;
	char q[QUOTE_MAX];

	text_quote(q, word);
	if (other)
		return bl_fail(w->err, -EINVAL,
			       "'%s' is a parameter of the filter %s, which is not named; add "
			       "'" FILTER "%s' or leave it out",
			       q, other->name, other->name);
	for (size_t i = 0; i < BL_ARRAY_LEN(filters); i++) {
		for (size_t k = 0; w->is_named[i] && k < n_keys(&filters[i]); k++) {
			bl_buf_addf(&known, "%s%s", n ? ", " : "", filters[i].keys[k]);
			all[n++] = filters[i].keys[k];
		}
	}
	if (!n)
		return bl_fail(w->err, -EINVAL,
			       "'%s' is no parameter of a filter that is named; the lab decides "
			       "what nbdkit serves and where; " NBDKIT_ACCEPTS,
			       q);
	return bl_fail(w->err, -EINVAL,
		       "'%s' is no parameter of the filters that are named; %sone of %s", q,
		       hint_for(key, all, sizeof all[0], n).text, bl_buf_str(&known));
}

static bool is_filter(const char *word)
{
	return strncmp(word, FILTER, strlen(FILTER)) == 0;
}

static int read_filter(struct words *w, const char *word)
{
	for (size_t i = 0; i < BL_ARRAY_LEN(filters); i++) {
		if (strcmp(filters[i].name, word + strlen(FILTER)) == 0) {
			w->is_named[i] = true;
			return 0;
		}
	}
	return fail_filter(w, word);
}

static int check_parameter(struct words *w, const char *word)
{
	size_t len = strcspn(word, "=");
	char key[WORD_KEY_MAX] = "", q[QUOTE_MAX];
	const struct filter *f;

	if (word[0] == '-' || !len || !word[len])
		return bl_fail(w->err, -EINVAL,
			       "'%s' is no filter and no parameter of one; " NBDKIT_ACCEPTS,
			       text_quote(q, word));
	if (len < sizeof key)
		memcpy(key, word, len); /* the rest is NUL; a longer one is in no table */
	f = filter_of(key);
	return f && w->is_named[f - filters] ? 0 : fail_key(w, word, key);
}

int nbdkit_words_read(const char *text, char **ret_words, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	struct words w = {.err = err};
	int r = 0;

	/* All filters first: a parameter may stand before its own. */
	for (unsigned pass = 0; pass < 2; pass++) {
		BL_CLEANUP(bl_freep) char *copy = strdup(text);
		char *save = NULL, *word = copy ? strtok_r(copy, " ", &save) : NULL;

		if (!copy)
			return bl_fail(err, -ENOMEM, "out of memory");
		for (; word && r == 0; word = strtok_r(NULL, " ", &save)) {
			if (pass == 0 && is_filter(word))
				r = read_filter(&w, word);
			else if (pass == 1 && !is_filter(word))
				r = check_parameter(&w, word);
			if (pass == 1)
				bl_buf_addf(&out, "%s%s", out.len ? " " : "", word);
		}
	}
	if (r < 0)
		return r;
	*ret_words = strdup(bl_buf_str(&out));
	return *ret_words && !bl_buf_failed(&out) ? 0 : bl_fail(err, -ENOMEM, "out of memory");
}
