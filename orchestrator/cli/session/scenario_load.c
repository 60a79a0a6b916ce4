#include "scenario_load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "units.h"

void loaded_done(struct loaded *l)
{
	plan_freep(&l->plan);
	matrix_freep(&l->matrix);
	scenario_freep(&l->scenario);
}

/* --cell and --with: the matrix becomes the chosen part of it. */
static int choose(struct loaded *l, const struct args *a, struct bl_err *err)
{
	size_t cells[OPTION_WORDS_MAX];
	struct matrix_choice want = {.cells = cells,
				     .n_cells = a->cells.n,
				     .changes = a->with.items,
				     .n_changes = a->with.n};
	bool is_used = matrix_uses_device(l->matrix) ||
		       matrix_check_device(l->matrix, l->scenario, NULL) == 0;
	struct matrix *chosen = NULL;
	int r = 0;

	for (size_t i = 0; i < a->cells.n; i++) {
		r = loaded_cell(l, a->cells.items[i], &cells[i], err);
		if (r < 0)
			return bl_wrap(err, r, "--cell");
	}
	r = matrix_select(l->matrix, &want, &chosen, err);
	if (r < 0)
		return bl_wrap(err, r, "--with");
	matrix_freep(&l->matrix);
	l->matrix = chosen;
	if (is_used) /* what only other cells use is no mistake */
		return matrix_needs_device(chosen, l->scenario, err);
	return matrix_check_device(chosen, l->scenario, err);
}

int loaded_read(struct loaded *l, const struct args *a, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *path = NULL;
	int r = path_scenario(a->scenario, &path, err);

	if (r == 0)
		r = scenario_read(path, &l->scenario, err);
	if (r == 0)
		r = scenario_set_device(l->scenario, a->device, a->serial, err);
	if (r < 0)
		return r;
	r = scenario_set_repeats(l->scenario, a->repeats, a->budget, err);
	if (r < 0)
		return r;
	r = matrix_expand(l->scenario, &l->matrix, err);
	if (r == 0)
		r = a->cells.n || a->with.n ? choose(l, a, err)
					    : matrix_check_device(l->matrix, l->scenario, err);
	if (r == 0)
		r = plan_make(l->scenario, l->matrix, &l->plan, err);
	return r;
}

int cell_unknown(const char *given, const char *const *names, size_t n, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf all = BL_BUF_INIT;
	const char *near = nearest(given, names, n);

	for (size_t i = 0; i < n && all.len < 600; i++)
		bl_buf_addf(&all, "%s'%s'", i ? ", " : "", names[i]);
	if (near)
		return bl_fail(err, -ENOENT,
			       "'%s' is not a cell; the nearest is '%s'; there are %s", given, near,
			       bl_buf_str(&all));
	return bl_fail(err, -ENOENT, "'%s' is not a cell; there are %s", given, bl_buf_str(&all));
}

int loaded_cell(const struct loaded *l, const char *name, size_t *ret_index, struct bl_err *err)
{
	size_t n = matrix_len(l->matrix);
	const char **names;
	uint64_t number;
	int r;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(matrix_cell(l->matrix, i)->name, name) == 0) {
			*ret_index = i;
			return 0;
		}
	}
	if (bl_parse_u64(name, 0, n - 1, &number, NULL) == 0) {
		*ret_index = number;
		return 0;
	}
	names = calloc(n, sizeof *names);
	if (!names)
		return bl_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < n; i++)
		names[i] = matrix_cell(l->matrix, i)->name;
	r = cell_unknown(name, names, n, err);
	free(names);
	return r;
}

size_t loaded_axis_width(const struct loaded *l, size_t k)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf value = BL_BUF_INIT;
	size_t width = strlen(axis_rows[k].name);

	for (size_t i = 0; i < matrix_len(l->matrix); i++) {
		if (!axis_applies(&axis_rows[k], matrix_cell(l->matrix, i)))
			continue;
		value.len = 0;
		axis_rows[k].get(matrix_cell(l->matrix, i), &value);
		if (value.len > width)
			width = value.len;
	}
	return width < strlen("default") ? strlen("default") : width;
}

int cell_of_run(struct store *store, const struct run_data *d, const char *name, uint32_t *ret,
		struct bl_err *err)
{
	BL_CLEANUP(bl_freep) const char **names = calloc(d->n_cells + 1, sizeof *names);
	char other[BL_UUID_TEXT];
	uint64_t number;

	if (!names)
		return bl_fail(err, -ENOMEM, "out of memory");
	*ret = cell_named(d, name);
	if (*ret != NO_CELL)
		return 0;
	for (size_t i = 0; i < d->n_cells; i++)
		names[i] = d->cells[i].name;
	if (d->n_cells && bl_parse_u64(name, 0, d->n_cells - 1, &number, NULL) == 0) {
		*ret = (uint32_t)number;
		return 0;
	}
	if (store_run_of_cell(store, name, other, NULL) > 0)
		return bl_fail(err, -ENOENT,
			       "run %.13s: '%s' is not a cell of it; run %s has it: name that "
			       "run",
			       d->run.id, name, other);
	return bl_wrap(err, cell_unknown(name, names, d->n_cells, err), "run %.13s", d->run.id);
}
