/* noise.c - what nights differ by when nothing changes. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "history_priv.h"
#include "median.h"

/* A step that the detector has not made one of yet would count as noise, all the
 * more in a short history. A level is one value less that is free. */
int history_noise(const struct series_history *s, size_t n, const struct changes *found,
		  size_t extra, struct noise *ret)
{
	BL_CLEANUP(bl_freep) double *rest = calloc(2 * n + 2, sizeof *rest);
	struct changes c = {0};
	size_t from = 0, levels = 0, to;
	double *scratch;
	int r;

	if (!rest)
		return -ENOMEM;
	scratch = rest + n + 1;
	for (; from < n; from = to) {
		double level;

		to = extra > from && extra < n ? extra : n;
		for (size_t i = 0; i < found->n; i++)
			if (found->items[i].at > from && found->items[i].at < to)
				to = found->items[i].at;
		memcpy(scratch, s->y + from, (to - from) * sizeof *scratch);
		level = median_of_values(scratch, to - from);
		for (size_t i = from; i < to; i++)
			rest[i] = s->y[i] - level;
		levels++;
	}
	r = changes_find(rest, n, &changes_alert, &c);
	if (r < 0)
		return r;
	*ret = (struct noise){.sigma = c.sigma, .phi = c.phi};
	if (n > levels)
		ret->sigma *= sqrt((double)(n - 1) / (double)(n - levels));
	changes_done(&c);
	return 0;
}
