#include "folded.h"

#include <string.h>

unsigned folded_index(unsigned hist_bucket)
{
	/* below 128 both are exact; above, two of ours are one of fio's */
	unsigned to = hist_bucket < HIST_SUB ? hist_bucket : HIST_SUB / 2 + hist_bucket / 2;

	return to < FOLDED_BUCKETS ? to : FOLDED_BUCKETS - 1;
}

void folded_from(struct folded *f, const struct hist *h)
{
	memset(f, 0, sizeof(*f));
	for (unsigned i = 0; i < HIST_BUCKETS; i++) {
		f->count[folded_index(i)] += h->count[i];
		f->n += h->count[i];
	}
}

uint64_t folded_value(unsigned index)
{
	unsigned shift;

	if (index < 128)
		return index;
	shift = index / 64 - 1;
	return ((uint64_t)1 << (shift + 6)) + (((uint64_t)(index % 64) << shift)) +
	       (((uint64_t)1 << shift) >> 1);
}

uint64_t folded_percentile(const struct folded *f, double p)
{
	long double want = (long double)p / 100 * (long double)f->n;
	uint64_t seen = 0;
	unsigned i;

	for (i = 0; i < FOLDED_BUCKETS - 1; i++) {
		seen += f->count[i];
		if (seen && (long double)seen >= want)
			break;
	}
	return folded_value(i);
}
