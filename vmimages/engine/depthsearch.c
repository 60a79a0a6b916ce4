#include "depthsearch.h"

#define SETTLED_MAX 2 /* windows at one depth before latency_run tries a greater one */

void depthsearch_init(struct depthsearch *d, uint32_t max, double percentile, bool keeps_going)
{
	*d = (struct depthsearch){
		.depth = 1,
		.low = 1,
		.high = max,
		.max = max,
		.percentile = percentile,
		.keeps_going = keeps_going,
	};
}

static void raise_bound(struct depthsearch *d)
{
	if (d->high < d->max)
		d->high++;
	if (d->high == d->max)
		d->is_bounded = false;
}

static uint32_t deeper(const struct depthsearch *d)
{
	if (d->is_bounded)
		return d->low + (d->high - d->low) / 2;
	return d->depth < d->max / 2 ? 2 * d->depth : d->max;
}

static void pass(struct depthsearch *d)
{
	uint32_t next;

	d->low = d->depth;
	if (d->keeps_going && d->settled == SETTLED_MAX) {
		raise_bound(d);
		d->settled = 0;
	}
	next = deeper(d);
	if (next != d->depth) {
		d->depth = next;
		d->settled = 0;
		d->state = DEPTH_SEARCHING;
	} else if (d->keeps_going) {
		d->settled += d->settled < SETTLED_MAX;
		d->state = DEPTH_SEARCHING;
	} else {
		d->state = d->is_final ? DEPTH_DONE : DEPTH_FINAL;
		d->is_final = true;
	}
}

static void miss(struct depthsearch *d)
{
	bool was_last = d->depth == 1;

	d->high = d->depth;
	d->is_bounded = true;
	d->settled = 0;
	if (d->low >= d->depth && d->low > 1) /* it had passed once: look below */
		d->low = d->depth - 1;
	d->depth = d->low + (d->high - d->low) / 2;
	d->state = was_last && !d->keeps_going ? DEPTH_FAILED : DEPTH_SEARCHING;
}

enum depth_state depthsearch_window(struct depthsearch *d, uint64_t n_within, uint64_t n_over)
{
	double n = (double)n_within + (double)n_over;

	if (d->state == DEPTH_DONE || n == 0)
		return d->state;
	if (100 * (double)n_within >= d->percentile * n)
		pass(d);
	else
		miss(d);
	return d->state;
}
