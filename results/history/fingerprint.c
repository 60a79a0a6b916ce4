#include "fingerprint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fs.h"
#include "fingerprint_rows.h"

/* Of pointers to texts, in alphabetical order. */
static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* --- the fingerprint of a run --- */

/* Values that are one fact. */
struct values {
	const char **items; /* borrowed, or owned by @made */
	size_t n, room;
	struct facts made;
	int r;
};

static void add_value(struct values *v, const char *value)
{
	for (size_t i = 0; i < v->n; i++)
		if (!strcmp(v->items[i], value))
			return;
	if (v->n == v->room) {
		size_t room = v->room ? 2 * v->room : 8;
		const char **more = reallocarray(v->items, room, sizeof *more);

		if (!more) {
			v->r = -ENOMEM;
			return;
		}
		v->items = more;
		v->room = room;
	}
	v->items[v->n++] = value;
}

/* Says another fact the same already (the guest runs the kernel of the image, the host's QEMU is
 * the one that cells run)? */
static bool is_said(const struct facts *f, const struct fingerprint_row *row, const char *value)
{
	for (size_t i = 0; i < BL_ARRAY_LEN(row->unless) && row->unless[i]; i++) {
		const char *other = facts_get(f, row->unless[i]);

		if (other && !strcmp(other, value))
			return true;
	}
	return false;
}

static void values_done(struct values *v)
{
	free(v->items);
	facts_done(&v->made);
}

/* "7.2.22, 10.0.2". */
static int join_values(struct values *v, struct bl_buf *text)
{
	if (v->n)
		qsort(v->items, v->n, sizeof *v->items, by_text);
	for (size_t i = 0; i < v->n; i++)
		bl_buf_addf(text, "%s%s", i ? ", " : "", v->items[i]);
	return v->r == 0 && bl_buf_failed(text) ? -ENOMEM : v->r;
}

static int put_values(struct facts *out, const struct fingerprint_row *row, struct values *v)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	int r = join_values(v, &text);

	if (r == 0 && v->n && !is_said(out, row, bl_buf_str(&text)))
		r = facts_add(out, row->key, bl_buf_str(&text));
	return r;
}

/* "SAMSUNG MZ7 firmware HXM7" of each disk at the end of the path of the trial's file. */
static void path_disks(const struct trial_record *t, struct values *v)
{
	char key[64];

	for (size_t i = 0;; i++) {
		const char *kind, *model, *firmware;

		snprintf(key, sizeof key, "path.device.%zu.kind", i);
		kind = facts_get(&t->facts, key);
		if (!kind)
			return;
		snprintf(key, sizeof key, "path.device.%zu.model", i);
		model = facts_get(&t->facts, key);
		snprintf(key, sizeof key, "path.device.%zu.firmware", i);
		firmware = facts_get(&t->facts, key);
		if (strcmp(kind, "disk") != 0 || !model)
			continue;
		if (facts_addf(&v->made, "", "%s%s%s", model, firmware ? " firmware " : "",
			       firmware ? firmware : "") < 0)
			v->r = -ENOMEM;
		else
			add_value(v, v->made.items[v->made.n - 1].value);
	}
}

/* Of a trial that says nothing of what its VM was made of, because the run is from before trials
 * did: where the run had one such part, that was it. NULL: not known. */
static const char *only_part(const struct run_data *d, const struct fingerprint_row *row)
{
	const struct facts *e = &d->run.environment;
	const char *found = NULL;

	for (size_t i = 0; i < e->n; i++) {
		if (!fingerprint_is_numbered(row->key, e->items[i].key))
			continue;
		if (found)
			return NULL;
		found = e->items[i].value;
	}
	return found;
}

static void add_of_trial(const struct run_data *d, const struct trial_record *t,
			 const struct fingerprint_row *row, struct values *v)
{
	const char *value = facts_get(&t->facts, row->key);

	if (!value && row->from == NUMBERED && t->state == TRIAL_OK)
		value = only_part(d, row);
	if (!strcmp(row->key, "path.disk"))
		path_disks(t, v);
	else if (value)
		add_value(v, value);
}

static int add_of_cell(const struct run_data *d, const struct fingerprint_row *row, size_t cell,
		       struct facts *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) char *key = bl_strf("%s %s", row->key, d->cells[cell].name);
	BL_CLEANUP(values_done) struct values v = {.n = 0};
	int r;

	for (size_t i = 0; i < d->n_trials; i++)
		if (d->trials[i].cell == cell)
			add_of_trial(d, &d->trials[i], row, &v);
	r = join_values(&v, &text);
	if (r == 0 && !key)
		r = -ENOMEM;
	return r == 0 && v.n ? facts_add(out, key, bl_buf_str(&text)) : r;
}

static void values_of_trials(const struct run_data *d, const struct fingerprint_row *row,
			     struct values *v)
{
	for (size_t i = 0; i < d->n_trials; i++)
		add_of_trial(d, &d->trials[i], row, v);
}

static void values_of_parts(const struct run_data *d, const struct fingerprint_row *row,
			    struct values *v)
{
	const struct facts *e = &d->run.environment;

	for (size_t i = 0; i < e->n; i++)
		if (fingerprint_is_numbered(row->key, e->items[i].key))
			add_value(v, e->items[i].value);
}

/* What cells may differ in. */
static int add_of_cells(const struct run_data *d, const struct fingerprint_row *row,
			struct fingerprint *out)
{
	BL_CLEANUP(values_done) struct values v = {.n = 0};
	int r;

	if (row->from == NUMBERED)
		values_of_parts(d, row, &v);
	else
		values_of_trials(d, row, &v);
	r = put_values(&out->facts, row, &v);
	for (size_t i = 0; i < d->n_cells && v.n && r == 0; i++)
		r = add_of_cell(d, row, i, &out->by_cell);
	return r;
}

static int add_of_environment(const struct run_data *d, const struct fingerprint_row *row,
			      struct facts *out)
{
	const struct facts *e = &d->run.environment;
	int r = 0;

	for (size_t i = 0; r == 0 && i < e->n; i++)
		if (fingerprint_row_of(e->items[i].key) == row &&
		    !is_said(out, row, e->items[i].value))
			r = facts_add(out, e->items[i].key, e->items[i].value);
	return r;
}

int fingerprint_of(const struct run_data *d, struct fingerprint *ret)
{
	const char *version = facts_get(&d->run.environment, FINGERPRINT_VERSION_KEY);
	struct fingerprint f = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < n_fingerprint_rows; i++) {
		if (fingerprint_rows[i].from == ENVIRONMENT)
			r = add_of_environment(d, &fingerprint_rows[i], &f.facts);
		else
			r = add_of_cells(d, &fingerprint_rows[i], &f);
	}
	/* The last one, and of no row: which facts were asked for at all. */
	if (r == 0)
		r = facts_add(&f.facts, FINGERPRINT_VERSION_KEY, version ? version : "1");
	if (r < 0) {
		fingerprint_done(&f);
		return -ENOMEM;
	}
	*ret = f;
	return 0;
}

bool accel_is_of_vm(const char *accel)
{
	return strcmp(accel, "none") != 0;
}

bool accel_is_alike(const char *a, const char *b)
{
	return !accel_is_of_vm(a) || !accel_is_of_vm(b) || strcmp(a, b) == 0;
}

int fingerprint_follow(struct fingerprint *last, const struct fingerprint *now)
{
	struct fingerprint next = {0};
	int r = facts_copy(&next.facts, &now->facts);

	if (r == 0)
		r = facts_copy(&next.by_cell, &now->by_cell);
	for (size_t i = 0; i < last->by_cell.n && r == 0; i++) {
		const struct fact *f = &last->by_cell.items[i];

		if (!facts_get(&now->by_cell, f->key))
			r = facts_add(&next.by_cell, f->key, f->value);
	}
	fingerprint_done(last);
	*last = next;
	return r;
}

void fingerprint_done(struct fingerprint *f)
{
	facts_done(&f->facts);
	facts_done(&f->by_cell);
}
