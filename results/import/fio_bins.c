#include "fio_bins.h"

void fio_bin_add(struct hist *h, uint64_t ns, uint64_t count)
{
	unsigned at = hist_index(ns);

	if (at < HIST_SUB) {
		h->count[at] += count;
		return;
	}
	at &= ~1u; /* the lower one of the two */
	h->count[at] += count - count / 2;
	h->count[at + 1] += count / 2;
}
