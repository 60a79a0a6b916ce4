/* matrix.h - the cells a scenario asks for.
 *
 * The product of the axes in file order (the last axis varies fastest), minus
 * excludes, plus includes at the end. Immutable; the same scenario gives the
 * same cells in the same order on every host, so a cell's index can serve as
 * its name.
 *
 * Where an axis has no meaning (axis_applies()) its value falls back to the
 * default, and cells of the product that become alike are one cell: bus host beside
 * three cache modes is one cell, not three. A combination that means something impossible
 * is never dropped silently: it is an error until an exclude names it.
 */
#ifndef MATRIX_H
#define MATRIX_H

#include "scenario.h"

#define MATRIX_CELLS_MAX 4096

struct matrix;

/* -E2BIG: more than MATRIX_CELLS_MAX; -EINVAL: an impossible combination that no
 * exclude removes (both values, line and column named), an exclude that matches no
 * cell, a value that has a meaning in no cell, two cells of one name, a reference that is
 * no cell, or no cell left; -ENOMEM. On failure *ret_matrix is untouched. */
int matrix_expand(const struct scenario *sc, struct matrix **ret_matrix, struct bl_err *err);
size_t matrix_len(const struct matrix *m);
const struct cell *matrix_cell(const struct matrix *m, size_t i); /* borrowed */
/* The cell that others are compared against: the scenario's reference, else 0. */
size_t matrix_reference(const struct matrix *m);
struct matrix *matrix_free(struct matrix *m); /* NULL is fine; returns NULL */
void matrix_freep(struct matrix **m);

/* Which cells are to run, and how they are to be changed. All borrowed. */
struct matrix_choice {
	const size_t *cells; /* indexes; n_cells 0: all */
	size_t n_cells;
	const char *const *changes; /* "iothreads=1", "cache=none,aio=native" */
	size_t n_changes;
};
/* The chosen cells in their order, and behind them, for each change, each chosen cell once more
 * with those axes so, named "NAME +iothreads=1" unless the scenario has that cell: then it is that
 * one. A change that has no meaning in a cell, or is so already, is an error where cells were
 * named, and leaves the cell as it is where none were. The reference stays, or else is the first.
 * -EINVAL: no AXIS=VALUE, no such axis (with the nearest) or value, an impossible combination, a
 * change that changes no cell; -E2BIG; -ENOMEM. On failure *ret_matrix is untouched. */
int matrix_select(const struct matrix *m, const struct matrix_choice *want,
		  struct matrix **ret_matrix, struct bl_err *err);

/* One cell @n times under names of their own, "NAME 1 of 4": equal, so that what differs between
 * them is noise. The first is the reference. -EINVAL: @n below 2; -E2BIG: a name that is too long;
 * -ENOMEM. On failure *ret_matrix is untouched. */
int matrix_copies(const struct matrix *m, size_t cell, size_t n, struct matrix **ret_matrix,
		  struct bl_err *err);

/* Is there the device that the cells of @m need, named so that they can use it? Not part of
 * matrix_expand(), since the command line may name it. -EINVAL: a cell needs one and none is
 * named (the axis value and its place are named, and both ways to name one), a cell that takes the
 * controller with a device that is named by its path, or a device or server's filters of the file
 * that no cell uses. */
int matrix_check_device(const struct matrix *m, const struct scenario *sc, struct bl_err *err);
/* The first two of these only: for a choice of cells, which need not use the device. */
int matrix_needs_device(const struct matrix *m, const struct scenario *sc, struct bl_err *err);
bool matrix_uses_device(const struct matrix *m); /* some cell needs one */

/* One line a cell: index, name, every axis that applies. */
void matrix_to_text(const struct matrix *m, struct bl_buf *out);

#endif
