/* matrix_names.c - short, unique names for cells: the values of the axes that vary. */
#define MATRIX_INTERNAL
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "matrix_priv.h"

/* Of a path's last part: twelve axes of the longest values then fit CELL_NAME_MAX. */
#define PATH_LABEL_MAX 23

static int fail_memory(struct bl_err *err)
{
	return bl_fail(err, -ENOMEM, "out of memory for the names of cells");
}

/* Among the cells that get a name here; where the axis has no meaning it can't vary. */
static bool varies(const struct matrix *m, const bool *is_unnamed, const struct axis_row *row)
{
	const struct cell *first = NULL;

	for (size_t i = 0; i < m->n; i++) {
		if (!is_unnamed[i] || !axis_applies(row, &m->cells[i]))
			continue;
		if (!first)
			first = &m->cells[i];
		else if (!axis_equal(row, first, &m->cells[i]))
			return true;
	}
	return false;
}

static void label(const struct axis_row *row, const struct cell *c, struct bl_buf *out)
{
	row->label(c, out);
	if (row->is_path && out->len > PATH_LABEL_MAX) {
		out->len = PATH_LABEL_MAX;
		out->data[out->len] = '\0';
	}
}

/* Different paths may end alike. Their labels get a number then, in order of appearance:
 * "vmlinuz#1", "vmlinuz#2". @distinct: one cell for each value of the axis. */
static void add_path_number(const struct matrix *m, const struct axis_row *row,
			    const size_t *distinct, size_t n_distinct, const struct cell *c,
			    struct bl_buf *text)
{
	size_t n_alike = 0, number = 0;

	for (size_t i = 0; i < n_distinct; i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf other = BL_BUF_INIT;

		label(row, &m->cells[distinct[i]], &other);
		text->failed |= bl_buf_failed(&other);
		if (strcmp(bl_buf_str(&other), bl_buf_str(text)) != 0)
			continue;
		n_alike++;
		if (axis_equal(row, &m->cells[distinct[i]], c))
			number = n_alike;
	}
	if (n_alike > 1)
		bl_buf_addf(text, "#%zu", number);
}

static size_t find_distinct(const struct matrix *m, const struct axis_row *row, size_t *distinct)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++) {
		size_t k = 0;

		if (!axis_applies(row, &m->cells[i]))
			continue;
		while (k < n && !axis_equal(row, &m->cells[distinct[k]], &m->cells[i]))
			k++;
		if (k == n)
			distinct[n++] = i;
	}
	return n;
}

static int add_word(struct cell *c, const char *word, struct bl_err *err)
{
	size_t len = strlen(c->name), more = strlen(word);

	if (len + more + 2 > sizeof c->name)
		return bl_fail(err, -E2BIG,
			       "the name of cell '%s %s' is too long; use include "
			       "entries with a name",
			       c->name, word);
	if (len > 0)
		c->name[len++] = ' ';
	memcpy(c->name + len, word, more + 1);
	return 0;
}

static int add_axis(struct matrix *m, const bool *is_unnamed, const struct axis_row *row,
		    size_t *distinct, struct bl_err *err)
{
	size_t n_distinct = row->is_path ? find_distinct(m, row, distinct) : 0;

	for (size_t i = 0; i < m->n; i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
		int r;

		if (!is_unnamed[i] || !axis_applies(row, &m->cells[i]))
			continue;
		label(row, &m->cells[i], &text);
		if (row->is_path)
			add_path_number(m, row, distinct, n_distinct, &m->cells[i], &text);
		if (bl_buf_failed(&text))
			return fail_memory(err);
		r = add_word(&m->cells[i], bl_buf_str(&text), err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Cells with a given name are at the end; only they can clash. */
static int check_unique(const struct matrix *m, const struct scenario *sc, struct bl_err *err)
{
	for (size_t i = m->n_product; i < m->n; i++) {
		for (size_t k = 0; k < i; k++) {
			if (strcmp(m->cells[i].name, m->cells[k].name) != 0)
				continue;
			return text_pos_fail(err, -EINVAL, sc->path,
					     sc->include[i - m->n_product].at,
					     "include: another cell is named '%s' too; give this "
					     "one another name",
					     m->cells[i].name);
		}
	}
	return 0;
}

int matrix_name_cells(struct matrix *m, const struct scenario *sc, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) bool *is_unnamed = calloc(m->n, sizeof *is_unnamed);
	BL_CLEANUP(bl_freep) size_t *distinct = calloc(m->n, sizeof *distinct);
	bool has_varying = false;
	int r = 0;

	if (!is_unnamed || !distinct)
		return fail_memory(err);
	for (size_t i = 0; i < m->n; i++)
		is_unnamed[i] = m->cells[i].name[0] == '\0';
	for (size_t a = 0; a < n_axis_rows && r == 0; a++) {
		if (!varies(m, is_unnamed, &axis_rows[a]))
			continue;
		has_varying = true;
		r = add_axis(m, is_unnamed, &axis_rows[a], distinct, err);
	}
	if (r == 0 && !has_varying)
		r = add_axis(m, is_unnamed, axis_find("bus"), distinct, err);
	return r == 0 ? check_unique(m, sc, err) : r;
}
