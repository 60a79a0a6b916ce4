/* matrix_select.c - some cells of a matrix, and each of them once more with something changed. */
#define MATRIX_INTERNAL
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "matrix_priv.h"
#include "nearest.h"

#define CHANGES_MAX 16 /* axes in one change; there are not many more axes */

/* "cache=none,aio=native", taken apart. */
struct change {
	const char *text;
	const struct axis_row *rows[CHANGES_MAX];
	size_t n;
	struct cell values; /* the fields of rows */
};

static int fail_memory(struct bl_err *err)
{
	return bl_fail(err, -ENOMEM, "out of memory for the cells that are to run");
}

/* The end of the value at @at: a comma or space ends it when "word=" follows, since a path may
 * have both. */
static size_t value_len(const char *at)
{
	static const char word[] = "abcdefghijklmnopqrstuvwxyz_";

	for (size_t i = 0; at[i]; i++) {
		size_t n = at[i] == ',' || at[i] == ' ' ? strspn(at + i + 1, word) : 0;

		if (n && at[i + 1 + n] == '=')
			return i;
	}
	return strlen(at);
}

static int fail_axis(const char *name, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf known = BL_BUF_INIT;
	struct hint hint = hint_for(name, axis_rows, sizeof axis_rows[0], n_axis_rows);

	for (size_t i = 0; i < n_axis_rows; i++)
		bl_buf_addf(&known, "%s%s", i ? ", " : "", axis_rows[i].name);
	return bl_fail(err, -EINVAL, "'%.60s' is not an axis; %sone of %s", name, hint.text,
		       bl_buf_str(&known));
}

static int add_axis(struct change *c, const char *name, const char *value, struct bl_err *err)
{
	const struct axis_row *row = axis_find(name);
	int r;

	if (!row)
		return fail_axis(name, err);
	for (size_t i = 0; i < c->n; i++)
		if (c->rows[i] == row)
			return bl_fail(err, -EINVAL,
				       "%s has two values; give two of them to try both", name);
	if (c->n == CHANGES_MAX)
		return bl_fail(err, -EINVAL, "more than %d axes in one", CHANGES_MAX);
	r = row->set(&c->values, value, err);
	if (r < 0)
		return bl_wrap(err, r, "%s", name);
	c->rows[c->n++] = row;
	return 0;
}

static int read_change(struct change *c, const char *text, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *copy = strdup(text);
	int r = 0;

	if (!copy)
		return fail_memory(err);
	*c = (struct change){.text = text};
	for (char *at = copy, *value, *end; r == 0 && at; at = end) {
		value = strchr(at, '=');
		if (!value || value == at)
			return bl_fail(err, -EINVAL,
				       "'%.60s' is no AXIS=VALUE, for example iothreads=1 or "
				       "cache=none,aio=native",
				       at);
		*value++ = '\0';
		end = value + value_len(value);
		end = *end ? (*end = '\0', end + 1) : NULL;
		r = add_axis(c, at, value, err);
	}
	return r;
}

/* "NAME +iothreads=1", with the values that differ from @from. */
static int name_changed(struct cell *to, const struct cell *from, const struct change *c,
			struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf name = BL_BUF_INIT;

	bl_buf_adds(&name, from->name);
	for (size_t i = 0; i < c->n; i++) {
		const struct axis_row *row = c->rows[i];

		if (axis_equal(row, from, to))
			continue;
		bl_buf_addf(&name, " +%s=", row->name);
		(row->is_path ? row->label : row->get)(to, &name);
	}
	if (bl_buf_failed(&name))
		return fail_memory(err);
	if (name.len >= sizeof to->name)
		return bl_fail(err, -E2BIG, "the name of cell '%s' is too long, %zu letters of %zu",
			       bl_buf_str(&name), name.len, sizeof to->name - 1);
	memcpy(to->name, bl_buf_str(&name), name.len + 1);
	return 0;
}

static bool has_name(const struct matrix *m, const char *name)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->cells[i].name, name) == 0)
			return true;
	return false;
}

static int append(struct matrix *to, const struct cell *c, struct bl_err *err)
{
	struct cell *more;

	if (has_name(to, c->name)) /* the same cell: names are unique in the matrix it is from */
		return 0;
	if (to->n == MATRIX_CELLS_MAX)
		return bl_fail(err, -E2BIG, "more than %d cells", MATRIX_CELLS_MAX);
	more = realloc(to->cells, (to->n + 1) * sizeof *more);
	if (!more)
		return fail_memory(err);
	to->cells = more;
	to->cells[to->n++] = *c;
	return 0;
}

/* The first axis of @c that has no meaning in @to; NULL: all have one. */
static const struct axis_row *meaningless(const struct change *c, const struct cell *to)
{
	for (size_t i = 0; i < c->n; i++)
		if (!axis_applies(c->rows[i], to))
			return c->rows[i];
	return NULL;
}

/* @from once more, changed. 1: there is nothing to change in it (has no meaning there, is so
 * already). */
static int add_changed(const struct matrix *m, const struct cell *from, const struct change *c,
		       bool is_named, struct matrix *to, struct bl_err *err)
{
	struct cell changed = *from;
	const struct axis_row *row;
	const struct cell *known;
	int r;

	for (size_t i = 0; i < c->n; i++)
		axis_copy(c->rows[i], &changed, &c->values);
	if (!is_named && from->bus == BUS_HOST && changed.bus != BUS_HOST)
		return 1; /* it has no VM, so nobody said what that would be like */
	row = meaningless(c, &changed);
	if (row && is_named)
		return bl_fail(err, -EINVAL,
			       "%s has no meaning in cell '%s'; it means something only in %s",
			       row->name, from->name, row->applies_to);
	if (row)
		return 1;
	cell_settle(&changed);
	r = cell_check(&changed, err);
	if (r < 0)
		return bl_wrap(err, r, "cell '%s'", from->name);
	if (cells_equal(from, &changed))
		return is_named ? bl_fail(err, -EINVAL, "cell '%s' is so already", from->name) : 1;
	known = matrix_find_equal(m, &changed);
	if (known)
		return append(to, known, err);
	if (matrix_find_equal(to, &changed)) /* as another chosen cell came to be */
		return 0;
	r = name_changed(&changed, from, c, err);
	if (r == 0 && has_name(m, changed.name))
		r = bl_fail(err, -EINVAL, "another cell is named '%s' already", changed.name);
	return r < 0 ? r : append(to, &changed, err);
}

/* @n_base: the cells of @to that were chosen, before those that were changed. */
static int add_change(const struct matrix *m, const char *text, bool is_named, size_t n_base,
		      struct matrix *to, struct bl_err *err)
{
	struct change c;
	size_t n_same = 0;
	int r = read_change(&c, text, err);

	for (size_t i = 0; i < n_base && r >= 0; i++) {
		struct cell from = to->cells[i]; /* the list may move */

		r = add_changed(m, &from, &c, is_named, to, err);
		n_same += r > 0;
	}
	if (r >= 0 && n_same == n_base)
		r = bl_fail(err, -EINVAL, "changes no cell: each is so already, or has no %s",
			    c.rows[0]->name);
	return r < 0 ? bl_wrap(err, r, "'%.60s'", text) : 0;
}

static int add_chosen(const struct matrix *m, const struct matrix_choice *want, struct matrix *to,
		      struct bl_err *err)
{
	int r = 0;

	for (size_t i = 0; i < m->n && r == 0; i++) { /* in the order of the scenario */
		bool is_wanted = want->n_cells == 0;

		for (size_t k = 0; k < want->n_cells; k++)
			is_wanted |= want->cells[k] == i;
		if (is_wanted)
			r = append(to, &m->cells[i], err);
	}
	return r;
}

int matrix_select(const struct matrix *m, const struct matrix_choice *want,
		  struct matrix **ret_matrix, struct bl_err *err)
{
	BL_CLEANUP(matrix_freep) struct matrix *to = calloc(1, sizeof *to);
	const char *reference = m->cells[m->reference].name;
	size_t n_base;
	int r = to ? add_chosen(m, want, to, err) : fail_memory(err);

	if (r < 0)
		return r;
	n_base = to->n;
	for (size_t i = 0; i < want->n_changes && r == 0; i++)
		r = add_change(m, want->changes[i], want->n_cells > 0, n_base, to, err);
	if (r < 0)
		return r;
	to->n_product = to->n;
	for (size_t i = 0; i < to->n; i++)
		if (strcmp(to->cells[i].name, reference) == 0)
			to->reference = i;
	*ret_matrix = BL_STEAL(to);
	return 0;
}

int matrix_copies(const struct matrix *m, size_t cell, size_t n, struct matrix **ret_matrix,
		  struct bl_err *err)
{
	BL_CLEANUP(matrix_freep) struct matrix *to = calloc(1, sizeof *to);
	int r = to ? 0 : fail_memory(err);

	if (r == 0 && n < 2)
		r = bl_fail(err, -EINVAL, "%zu equal cells: two are the least to compare", n);
	for (size_t i = 0; i < n && r == 0; i++) {
		struct cell copy = m->cells[cell];
		int len = snprintf(copy.name, sizeof copy.name, "%s %zu of %zu",
				   m->cells[cell].name, i + 1, n);

		if (len >= (int)sizeof copy.name)
			r = bl_fail(err, -E2BIG,
				    "the name of cell '%s' is too long, %d letters of %zu",
				    m->cells[cell].name, len, sizeof copy.name - 1);
		else
			r = append(to, &copy, err);
	}
	if (r < 0)
		return r;
	to->n_product = to->n;
	*ret_matrix = BL_STEAL(to);
	return 0;
}
