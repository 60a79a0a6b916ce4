/* equal_cells.h - cells of a run that are the same configuration under several names. */
#ifndef EQUAL_CELLS_H
#define EQUAL_CELLS_H

#include "record.h"

/* All axes have the same values; also when both have none. */
bool cells_are_equal(const struct cell_record *a, const struct cell_record *b);
/* Cell @first and those equal to it, into @cells (room for d->n_cells): how many. 0: an earlier one
 * is equal, too, and has them. */
size_t cells_equal_to(const struct run_data *d, uint32_t first, uint32_t *cells);

#endif
