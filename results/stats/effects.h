/* effects.h - what one value of an axis changed against another, all else equal.
 *
 * Two cells are siblings when they differ in one axis and agree on every other that has a meaning
 * in both: an image without clusters is a sibling of those with clusters of any size, and the host,
 * which has no machine, is nobody's. Each pair of siblings is compared by itself, paired over
 * repeats; pairs of siblings are listed, not pooled: an iothread may help one bus and hurt
 * another, and their average would be true of neither.
 */
#ifndef EFFECTS_H
#define EFFECTS_H

#include "summary.h"

/* B (value @to) against A (value @from) under one job. Texts are borrowed from the run. */
struct effect {
	const char *axis, *from, *to;
	uint32_t cell_a, cell_b;
	const char *job;
	struct comparison by[METRICS];
};

struct effects {
	struct effect *items;
	size_t n;
};

/* All siblings of @from and @to on @axis, every job: by cell, then job in file order. Jobs without
 * an ok trial in both cells are there too, with n_pairs 0 and why. @axis NULL: every axis; @from
 * and
 * @to NULL: every two values, the one that the run's cells have first is @from. An axis or value
 * that no cell has gives none. -ENOMEM. @d and @s must outlive the list. */
int effects_find(const struct run_data *d, const struct summaries *s, const char *axis,
		 const char *from, const char *to, struct effects *ret, struct bl_err *err);
void effects_done(struct effects *e);

#endif
