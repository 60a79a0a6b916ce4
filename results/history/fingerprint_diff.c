/* fingerprint_diff.c - two fingerprints: what changed, and how that is said. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fingerprint.h"
#include "fingerprint_rows.h"
#include "units.h"

/* MemTotal is without what the kernel keeps to itself, which is another amount with every kernel.
 */
#define NEARLY_SHARE 0.02

/* --- lists of words --- */

struct word_list {
	char *text; /* owned; cut into the words */
	const char **items;
	size_t n;
};

static void word_list_done(struct word_list *l)
{
	free(l->text);
	free(l->items);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What of the kernel's arguments is a place, no behaviour. */
static bool is_place(const char *word)
{
	static const char *const begins[] = {"BOOT_IMAGE=", "initrd=", "root=", "resume="};

	for (size_t i = 0; i < BL_ARRAY_LEN(begins); i++)
		if (!strncmp(word, begins[i], strlen(begins[i])))
			return true;
	return false;
}

/* The different words of @text in alphabetical order. @text NULL: none. */
static int split(const char *text, enum how how, struct word_list *ret)
{
	const char *sep = how == WORDS ? " \t" : how == COMMAS ? "," : "|";
	struct word_list l = {.text = strdup(text ? text : "")};
	char *save = NULL;
	size_t kept = 0;

	l.items = calloc(strlen(text ? text : "") / 2 + 2, sizeof *l.items);
	if (!l.text || !l.items) {
		word_list_done(&l);
		return -ENOMEM;
	}
	for (char *w = strtok_r(l.text, sep, &save); w; w = strtok_r(NULL, sep, &save)) {
		size_t len;

		w += strspn(w, " ");
		len = strlen(w);
		while (len && w[len - 1] == ' ')
			w[--len] = '\0';
		if (*w && !(how == WORDS && is_place(w)))
			l.items[l.n++] = w;
	}
	if (l.n)
		qsort(l.items, l.n, sizeof *l.items, by_text);
	for (size_t i = 0; i < l.n; i++)
		if (!kept || strcmp(l.items[kept - 1], l.items[i]) != 0)
			l.items[kept++] = l.items[i];
	l.n = kept;
	*ret = l;
	return 0;
}

static bool has_word(const struct word_list *l, const char *word)
{
	return l->n && bsearch(&word, l->items, l->n, sizeof *l->items, by_text);
}

/* Words of @a that @b lacks, behind @lead. */
static void add_missing(const struct word_list *a, const struct word_list *b, const char *lead,
			struct bl_buf *out)
{
	const char *sep = lead;

	for (size_t i = 0; i < a->n; i++) {
		if (has_word(b, a->items[i]))
			continue;
		bl_buf_addf(out, "%s%s", sep, a->items[i]);
		sep = ", ";
	}
}
/* --- what changed --- */

static bool are_near(const char *a, const char *b)
{
	double x = strtod(a, NULL), y = strtod(b, NULL);

	return x > 0 && y > 0 && x / y < 1 + NEARLY_SHARE && y / x < 1 + NEARLY_SHARE;
}

/* 1, 0, or -ENOMEM. */
static int are_same(const struct fingerprint_row *row, const char *a, const char *b)
{
	struct word_list x, y;
	int r;

	if (!a || !b || !strcmp(a, b))
		return a && b;
	if (row->how == WHOLE)
		return 0;
	if (row->how == OF_VMS)
		return accel_is_alike(a, b);
	if (row->how == NEARLY)
		return are_near(a, b);
	r = split(a, row->how, &x);
	if (r < 0)
		return r;
	r = split(b, row->how, &y);
	if (r == 0) {
		r = x.n == y.n;
		for (size_t i = 0; r && i < x.n; i++)
			r = !strcmp(x.items[i], y.items[i]);
		word_list_done(&y);
	}
	word_list_done(&x);
	return r;
}

int fingerprint_same(const char *key, const char *a, const char *b)
{
	static const struct fingerprint_row whole = {.how = WHOLE};
	const struct fingerprint_row *row = fingerprint_row_of(key);

	return are_same(row ? row : &whole, a, b);
}

bool fingerprint_is_of_one_host(const char *key)
{
	const struct fingerprint_row *row = fingerprint_row_of(key);

	return row && row->is_of_one_host;
}

static bool is_told(const struct env_changes *c, const struct fingerprint_row *row)
{
	for (size_t i = 0; i < BL_ARRAY_LEN(row->unless) && row->unless[i]; i++)
		for (size_t k = 0; k < c->n; k++)
			if (!strcmp(c->items[k].key, row->unless[i]))
				return true;
	return false;
}

static int add_change(struct env_changes *c, const struct fingerprint_row *row, const char *key,
		      const char *before, const char *after)
{
	struct env_change *more = reallocarray(c->items, c->n + 1, sizeof *more);

	if (!more)
		return -ENOMEM;
	c->items = more;
	more[c->n++] = (struct env_change){
		.key = key, .before = before, .after = after, .what = row->what};
	return 0;
}

static int compare_fact(const struct fingerprint_row *row, const char *key, struct env_changes *c)
{
	const struct facts *f = c->facts;
	const char *before = facts_get(&f[0], key), *after = facts_get(&f[1], key);
	const char *v0 = facts_get(&f[0], FINGERPRINT_VERSION_KEY),
		   *v1 = facts_get(&f[1], FINGERPRINT_VERSION_KEY);
	int r;

	/* None has it, or one of them was not asked for it. */
	if ((!before || !after) && (before == after || !v0 || !v1 || strcmp(v0, v1) != 0))
		return 0;
	r = are_same(row, before, after);
	if (r != 0)
		return r < 0 ? r : 0;
	return add_change(c, row, key, before, after);
}

/* Those of the first, then what only the second has. */
static int compare_family(const struct fingerprint_row *row, struct env_changes *c)
{
	const struct facts *f = c->facts;
	int r = 0;

	for (size_t k = 0; k < 2; k++) {
		for (size_t i = 0; i < f[k].n && r == 0; i++) {
			const char *key = f[k].items[i].key;

			if (fingerprint_row_of(key) == row && !(k && facts_get(&f[0], key)))
				r = compare_fact(row, key, c);
		}
	}
	return r;
}

/* --- what cells may differ in, cell by cell --- */

/* "a, b" and "b, c" are "a, b, c" in the order in which they come. -ENOMEM. */
static int add_values(struct bl_buf *to, const char *values)
{
	struct word_list old, new;
	int r = split(bl_buf_str(to), COMMAS, &old);

	if (r < 0)
		return r;
	r = split(values, COMMAS, &new);
	if (r == 0) {
		add_missing(&new, &old, to->len ? ", " : "", to);
		r = bl_buf_failed(to) ? -ENOMEM : 0;
		word_list_done(&new);
	}
	word_list_done(&old);
	return r;
}

/* Is @key "guest.kernel CELL"? */
static bool is_of_row(const struct fingerprint_row *row, const char *key)
{
	size_t n = strlen(row->key);

	return !strncmp(key, row->key, n) && key[n] == ' ';
}

/* Values of the cells that have the fact in both, and another one. */
static int compare_cells(const struct fingerprint *a, const struct fingerprint *b,
			 const struct fingerprint_row *row, struct env_changes *c)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf before = BL_BUF_INIT;
	BL_CLEANUP(bl_buf_done) struct bl_buf after = BL_BUF_INIT;
	int r = 0;

	for (size_t i = 0; i < a->by_cell.n && r == 0; i++) {
		const struct fact *f = &a->by_cell.items[i];
		const char *now = is_of_row(row, f->key) ? facts_get(&b->by_cell, f->key) : NULL;

		if (!now || !strcmp(now, f->value))
			continue;
		r = add_values(&before, f->value);
		if (r == 0)
			r = add_values(&after, now);
	}
	if (r < 0 || !before.len)
		return r;
	/* Behind the fact of all cells, if there is one; the values are what is kept here. */
	if (facts_add(&c->facts[0], row->key, bl_buf_str(&before)) < 0 ||
	    facts_add(&c->facts[1], row->key, bl_buf_str(&after)) < 0)
		return -ENOMEM;
	return add_change(c, row, row->key, c->facts[0].items[c->facts[0].n - 1].value,
			  c->facts[1].items[c->facts[1].n - 1].value);
}

static int compare_row(const struct fingerprint *a, const struct fingerprint *b,
		       const struct fingerprint_row *row, struct env_changes *c)
{
	if (row->from != ENVIRONMENT)
		return compare_cells(a, b, row, c);
	return fingerprint_row_is_family(row) ? compare_family(row, c)
					      : compare_fact(row, row->key, c);
}

int fingerprint_compare(const struct fingerprint *before, const struct fingerprint *after,
			bool is_same_host, struct env_changes *ret)
{
	struct env_changes c = {.items = NULL};
	int r = facts_copy(&c.facts[0], &before->facts);

	if (r == 0)
		r = facts_copy(&c.facts[1], &after->facts);
	for (size_t i = 0; i < n_fingerprint_rows && r == 0; i++) {
		const struct fingerprint_row *row = &fingerprint_rows[i];

		if ((is_same_host || !row->is_of_one_host) && !is_told(&c, row))
			r = compare_row(before, after, row, &c);
	}
	if (r < 0) {
		env_changes_done(&c);
		return -ENOMEM;
	}
	*ret = c;
	return 0;
}

int fingerprint_diff(const struct run_data *before, const struct run_data *after,
		     struct env_changes *ret)
{
	BL_CLEANUP(fingerprint_done) struct fingerprint a = {0};
	BL_CLEANUP(fingerprint_done) struct fingerprint b = {0};
	int r = fingerprint_of(before, &a);

	if (r == 0)
		r = fingerprint_of(after, &b);
	if (r == 0)
		r = fingerprint_compare(&a, &b, !strcmp(before->run.host_id, after->run.host_id),
					ret);
	return r;
}

void env_changes_done(struct env_changes *c)
{
	free(c->items);
	facts_done(&c->facts[0]);
	facts_done(&c->facts[1]);
	*c = (struct env_changes){.items = NULL};
}
/* --- in words --- */

void fingerprint_says(const char *key, struct bl_buf *out)
{
	const struct fingerprint_row *row = fingerprint_row_of(key);

	if (!row)
		bl_buf_adds(out, key);
	else if (fingerprint_row_is_family(row))
		bl_buf_addf(out, "%s %s", row->what, key + strlen(row->key) - 1);
	else
		bl_buf_adds(out, row->what);
}

void fingerprint_value(const char *key, const char *value, struct bl_buf *out)
{
	size_t n = strlen(key);
	char text[BL_UNIT_TEXT_MAX];

	if (value && n > 6 && !strcmp(key + n - 6, "_bytes"))
		value = bl_format_size(text, strtoull(value, NULL, 10));
	bl_buf_adds(out, value ? value : "none");
}

void env_change_text(const struct env_change *c, struct bl_buf *out)
{
	const struct fingerprint_row *row = fingerprint_row_of(c->key);
	struct word_list before, after;
	size_t at;

	fingerprint_says(c->key, out);
	if (!row || row->how == WHOLE || row->how == NEARLY) {
		bl_buf_addc(out, ' ');
		fingerprint_value(c->key, c->before, out);
		bl_buf_adds(out, " -> ");
		fingerprint_value(c->key, c->after, out);
		return;
	}
	if (split(c->before, row->how, &before) < 0)
		return;
	if (split(c->after, row->how, &after) == 0) {
		at = out->len;
		add_missing(&after, &before, ": now ", out);
		add_missing(&before, &after, out->len > at ? "; no longer " : ": no longer ", out);
		word_list_done(&after);
	}
	word_list_done(&before);
}
