#include "outbox.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "digest.h"
#include "fs.h"

#define DAY_MS 86400000ULL

#define KEY_LEN 16

/* "0123456789abcdef-1795744800000": the target, and when the night began. */
#define NAME "%.16s-%013llu"

/* A target is known by where it is, whatever its place in the notify file. That may be a secret, so
 * a part of its digest is written. */
static int key_of(const struct notify_target *t, char key[DIGEST_TEXT])
{
	BL_CLEANUP(digest_freep) struct digest *d = digest_new();

	if (!d)
		return -ENOMEM;
	digest_adds(d, notify_kind_names[t->kind]);
	digest_adds(d, t->url);
	digest_adds(d, t->is_text ? "text" : "");
	for (size_t i = 0; i < t->to.n; i++)
		digest_adds(d, t->to.items[i]);
	digest_hex(d, key);
	key[KEY_LEN] = '\0';
	return 0;
}

/* Whose is the file @name? *ret NULL: of none of them. */
static int target_of(const struct notify_config *c, const char *name,
		     const struct notify_target **ret)
{
	char key[DIGEST_TEXT];

	*ret = NULL;
	for (size_t i = 0; i < c->n && !*ret; i++) {
		if (!c->targets[i].url)
			continue;
		if (key_of(&c->targets[i], key) < 0)
			return -ENOMEM;
		if (strncmp(name, key, KEY_LEN) == 0)
			*ret = &c->targets[i];
	}
	return 0;
}

static int add(struct outbox_list *l, const char *dir, const char *name,
	       const struct notify_target *t, uint64_t night_ms)
{
	struct outbox_message *grown = reallocarray(l->items, l->n + 1, sizeof *grown);

	if (!grown)
		return -ENOMEM;
	l->items = grown;
	grown[l->n] = (struct outbox_message){
		.path = bl_strf("%s/%s", dir, name), .target = t, .night_ms = night_ms};
	return grown[l->n++].path ? 0 : -ENOMEM;
}

static int by_night(const void *a, const void *b)
{
	const struct outbox_message *x = a, *y = b;

	return (x->night_ms > y->night_ms) - (x->night_ms < y->night_ms);
}

/* The oldest go: whoever comes back after a fortnight has others to ask. */
static void drop_surplus(struct outbox_list *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		size_t newer = 0;

		for (size_t k = i + 1; k < l->n; k++)
			newer += l->items[k].target == l->items[i].target;
		if (newer < OUTBOX_MOST) {
			l->items[kept++] = l->items[i];
			continue;
		}
		unlink(l->items[i].path);
		free(l->items[i].path);
	}
	l->n = kept;
}

/* Is it a message's, and of which night? Files that are about to be written have other names. */
static bool is_name(const char *name, unsigned long long *ret_ms)
{
	char again[64];

	if (strspn(name, "0123456789abcdef") != KEY_LEN ||
	    sscanf(name + KEY_LEN, "-%13llu", ret_ms) != 1)
		return false;
	snprintf(again, sizeof again, NAME, name, *ret_ms);
	return strcmp(again, name) == 0;
}

int outbox_open(const char *dir, const struct notify_config *c, uint64_t now_ms,
		struct outbox_list *ret)
{
	BL_CLEANUP(outbox_list_done) struct outbox_list l = {0};
	DIR *d = opendir(dir);
	struct dirent *e;
	int r = 0;

	while (r == 0 && d && (e = readdir(d))) {
		const struct notify_target *t;
		unsigned long long ms;

		if (!is_name(e->d_name, &ms))
			continue;
		if (ms + OUTBOX_MOST * DAY_MS < now_ms) {
			unlinkat(dirfd(d), e->d_name, 0);
			continue;
		}
		r = target_of(c, e->d_name, &t);
		if (r == 0 && t)
			r = add(&l, dir, e->d_name, t, ms);
	}
	if (d)
		closedir(d);
	if (r < 0)
		return r;
	if (l.n)
		qsort(l.items, l.n, sizeof *l.items, by_night);
	drop_surplus(&l);
	*ret = l;
	l = (struct outbox_list){0};
	return 0;
}

void outbox_list_done(struct outbox_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->items[i].path);
	free(l->items);
	*l = (struct outbox_list){0};
}

int outbox_put(const char *dir, const struct notify_target *t, uint64_t night_ms,
	       const struct bl_buf *message, char **ret_path, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *path = NULL;
	char key[DIGEST_TEXT];
	int r = bl_mkdir_p(dir, err);

	if (r < 0)
		return r;
	if (key_of(t, key) == 0)
		path = bl_strf("%s/" NAME, dir, key, (unsigned long long)night_ms);
	if (!path)
		return bl_fail(err, -ENOMEM, "out of memory");
	r = bl_write_file(path, bl_buf_str(message), message->len, err);
	if (r == 0)
		*ret_path = BL_STEAL(path);
	return r;
}
