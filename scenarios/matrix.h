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

/* Is there the device that the cells of @m need, named so that they can use it? Not part of
 * matrix_expand(), since the command line may name it. -EINVAL: a cell needs one and none is
 * named (the axis value and its place are named, and both ways to name one), a cell that takes the
 * controller with a device that is named by its path, or a device of the file that no cell uses. */
int matrix_check_device(const struct matrix *m, const struct scenario *sc, struct bl_err *err);

/* One line a cell: index, name, every axis that applies. */
void matrix_to_text(const struct matrix *m, struct bl_buf *out);

#endif
