/* matrix_priv.h - between the files that make a matrix; nobody else includes it. */
#ifndef MATRIX_PRIV_H
#define MATRIX_PRIV_H

#ifndef MATRIX_INTERNAL
#error "matrix_priv.h is for scenarios/ only: include matrix.h"
#endif

#include "matrix.h"

struct matrix {
	struct cell *cells;
	size_t n, cap;
	size_t n_product; /* the first cells; the rest are includes, in file order */
	size_t reference;
};

/* Name all cells that have no name: the values of the axes that vary among them.
 * -EINVAL: two cells of one name. */
int matrix_name_cells(struct matrix *m, const struct scenario *sc, struct bl_err *err);

/* Axes without a meaning in @c fall back to their defaults. True: one did. */
bool cell_settle(struct cell *c);
bool cells_equal(const struct cell *a, const struct cell *b); /* on all axes */
/* The first cell of @m that equals @c; NULL: none. Borrowed. */
const struct cell *matrix_find_equal(const struct matrix *m, const struct cell *c);

/* Where the value that cell @i has on axis @name stands in the file; line 0: it is a default. */
struct text_pos matrix_value_pos(const struct matrix *m, const struct scenario *sc, size_t i,
				 const char *name);

#endif
