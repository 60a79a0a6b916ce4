/* spread.c - the tables of shares in a document: latencies by their bounds, depths. */
#include <string.h>

#include "entry.h"

const unsigned spread_bounds[SPREAD_MS - 1] = {2, 4, 10, 20, 50, 100, 250, 500, 750, 1000, 2000};
const char *const depth_level_keys[ENGINE_DEPTHS] = {"1", "2", "4", "8", "16", "32", ">=64"};
const char *const depth_batch_keys[ENGINE_DEPTHS] = {"0", "4", "8", "16", "32", "64", ">=64"};

/* Where @ns belongs; 1 us and more have no place in the first table, 1 ms in the second. */
static double *place(struct spread *s, uint64_t ns)
{
	double *table = ns < 1000 ? s->ns : ns < 1000000 ? s->us : s->ms;
	uint64_t unit = ns < 1000 ? 1 : ns < 1000000 ? 1000 : 1000000;
	unsigned i = 0;

	while (i < SPREAD_MS - 1 && ns / unit >= spread_bounds[i])
		i++;
	return &table[i];
}

static void as_percent(double *at, size_t n, double total, double least)
{
	for (size_t i = 0; i < n; i++) {
		at[i] = total > 0 ? 100 * at[i] / total : 0;
		at[i] = at[i] > 0 && at[i] < least ? least : at[i];
	}
}

/* A bucket goes by its middle; it is at most 0.8 % wide. */
void entry_spread(const struct entry *e, struct spread *out)
{
	double total = 0;

	*out = (struct spread){0};
	for (int dir = 0; dir < SIDE_MIXED && !e->job->disable_clat; dir++) {
		const struct lat *l = e->sample->dir[dir].clat;

		for (unsigned i = 0; l && l->n && i < HIST_BUCKETS; i++) {
			if (!l->hist.count[i])
				continue;
			*place(out, hist_low(i) + (hist_high(i) - hist_low(i)) / 2) +=
				(double)l->hist.count[i];
			total += (double)l->hist.count[i];
		}
	}
	as_percent(out->ns, SPREAD_NS, total, 0.01);
	as_percent(out->us, SPREAD_US, total, 0.01);
	as_percent(out->ms, SPREAD_MS, total, 0.01);
}

void depth_percents(const uint64_t counts[ENGINE_DEPTHS], double ret[ENGINE_DEPTHS])
{
	double total = 0;

	for (int i = 0; i < ENGINE_DEPTHS; i++) {
		ret[i] = (double)counts[i];
		total += ret[i];
	}
	as_percent(ret, ENGINE_DEPTHS, total, 0.1);
}
