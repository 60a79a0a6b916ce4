#include "window_stats.h"

#include <math.h>
#include <stdlib.h>

static void add_value(struct window_stats *w, double v)
{
	double away = v - w->mean;

	w->min = w->n == 0 || v < w->min ? v : w->min;
	w->max = w->n == 0 || v > w->max ? v : w->max;
	w->n++;
	w->mean += away / (double)w->n; /* Welford 1962 */
	w->squares += away * (v - w->mean);
}

/* Intervals are in the order of time, so that one pass fills window after window. */
void window_stats_from(const struct sample *s, enum io_dir dir, bool of_bytes, uint64_t window_ns,
		       struct window_stats *out)
{
	uint64_t slices, n, sum = 0, at = 0;
	double per_s;

	*out = (struct window_stats){0};
	if (!s->interval_ns)
		return;
	slices = (window_ns + s->interval_ns / 2) / s->interval_ns;
	slices = slices ? slices : 1;
	n = s->runtime_ns / (slices * s->interval_ns);
	per_s = 1e9 / (double)(slices * s->interval_ns) / (of_bytes ? 1024 : 1);
	for (size_t i = 0; i < s->n_intervals; i++) {
		const struct interval *iv = &s->intervals[i];

		for (; at < n && iv->index / slices > at; at++, sum = 0)
			add_value(out, (double)sum * per_s);
		if (iv->dir == dir)
			sum += of_bytes ? iv->bytes : iv->count;
	}
	for (; at < n; at++, sum = 0)
		add_value(out, (double)sum * per_s);
}

void window_stats_add(struct window_stats *to, const struct window_stats *from)
{
	to->n += from->n;
	to->min += from->min;
	to->max += from->max;
	to->mean += from->mean;
	to->squares += from->squares;
}

double window_stats_stddev(const struct window_stats *w)
{
	return w->n > 1 ? sqrt(w->squares / (double)(w->n - 1)) : 0;
}
