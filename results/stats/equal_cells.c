#include "equal_cells.h"

#include <string.h>

bool cells_are_equal(const struct cell_record *a, const struct cell_record *b)
{
	if (a->axes.n != b->axes.n)
		return false;
	for (size_t i = 0; i < a->axes.n; i++) {
		const char *other = facts_get(&b->axes, a->axes.items[i].key);

		if (!other || strcmp(other, a->axes.items[i].value) != 0)
			return false;
	}
	return true;
}

size_t cells_equal_to(const struct run_data *d, uint32_t first, uint32_t *cells)
{
	size_t n = 0;

	for (uint32_t i = 0; i < d->n_cells; i++) {
		if (!cells_are_equal(&d->cells[first], &d->cells[i]))
			continue;
		if (i < first)
			return 0;
		cells[n++] = i;
	}
	return n;
}
