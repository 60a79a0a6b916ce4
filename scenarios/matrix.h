/* matrix.h - the cells a scenario asks for.
 *
 * The product of the axes in file order (the last axis varies fastest), minus
 * excludes, plus includes at the end. Immutable; the same scenario gives the
 * same cells in the same order on every host, so a cell's index can serve as
 * its name.
 */
#ifndef MATRIX_H
#define MATRIX_H

#include "scenario.h"

#define MATRIX_CELLS_MAX 4096

struct matrix;

/* -E2BIG: more than MATRIX_CELLS_MAX; -EINVAL: an impossible combination that no
 * exclude removes (both values, line and column named), an exclude that matches no
 * cell, two cells of one name, or no cell left; -ENOMEM. */
int matrix_expand(const struct scenario *sc, struct matrix **ret_matrix, struct bl_err *err);
size_t matrix_len(const struct matrix *m);
const struct cell *matrix_cell(const struct matrix *m, size_t i); /* borrowed */
struct matrix *matrix_free(struct matrix *m);
void matrix_freep(struct matrix **m);

#endif
