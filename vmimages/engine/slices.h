/* slices.h - a worker's intervals while it runs: compact bytes in memory that was
 * reserved before, grown by the kernel page by page.
 */
#ifndef ENGINE_SLICES_H
#define ENGINE_SLICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sample.h"

struct slices {
	uint8_t *mem;
	size_t len, cap;
	size_t n;
	bool is_full; /* later slices were not kept */
};

/* Reserve address space for @n_slices (a guess); -ENOMEM. */
int slices_init(struct slices *s, uint64_t n_slices);
void slices_done(struct slices *s);
void slices_forget(struct slices *s); /* empty again */

/* Keep the slice whose histogram is @now minus @before, non-zero only in buckets
 * [@from, @to]; @before becomes @now there. */
void slices_add(struct slices *s, struct interval head, const struct hist *now, struct hist *before,
		unsigned from, unsigned to);

/* All slices as intervals, new and the caller's; -ENOMEM. */
int slices_take(const struct slices *s, struct interval **ret, size_t *ret_n);

#endif
