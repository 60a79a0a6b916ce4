#include "timeline.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "cleanup.h"
#include "layers.h"
#include "units.h"

#define SLICES_MAX ((size_t)1 << 20) /* a day of 100 ms, rounded up */

void timeline_done(struct timeline *line)
{
	free(line->worst_ns);
	free(line->mean_ns);
	free(line->ios);
	free(line->bytes);
	free(line->errors);
	*line = (struct timeline){0};
}

double timeline_s(const struct timeline *line, size_t slice)
{
	return (double)slice * (double)line->step_ns / (double)NS_PER_S;
}

static int take_lists(struct timeline *l)
{
	l->worst_ns = calloc(l->n, sizeof *l->worst_ns);
	l->mean_ns = calloc(l->n, sizeof *l->mean_ns);
	l->ios = calloc(l->n, sizeof *l->ios);
	l->bytes = calloc(l->n, sizeof *l->bytes);
	return l->worst_ns && l->mean_ns && l->ios && l->bytes ? 0 : -ENOMEM;
}

/* --- from the engine's slices --- */

/* Time of all requests of a slice, each at the middle of its bucket; NAN: not kept. */
static double slice_time(const struct interval *iv)
{
	double sum = 0;

	if (!iv->n_buckets)
		return NAN;
	for (uint32_t b = 0; b < iv->n_buckets; b++)
		sum += (double)iv->buckets[b].count *
		       ((double)hist_low(iv->buckets[b].index) +
			(double)hist_high(iv->buckets[b].index)) /
		       2;
	return sum;
}

/* @l's mean_ns is the sum until the end, and worst_ns 0 where nothing completed. */
static void add_slice(struct timeline *l, double *count, const struct interval *iv)
{
	size_t i = iv->index;

	if (i >= l->n || !iv->count)
		return;
	l->worst_ns[i] = fmax(l->worst_ns[i], (double)iv->max_ns);
	l->mean_ns[i] += slice_time(iv);
	count[i] += (double)iv->count;
	if (iv->dir == IO_SYNC)
		return;
	l->ios[i] += (double)iv->count;
	l->bytes[i] += (double)iv->bytes;
}

static int from_slices(const struct sample *s, struct timeline *l)
{
	BL_CLEANUP(bl_freep) double *count = NULL;

	if (take_lists(l) < 0)
		return -ENOMEM;
	count = calloc(l->n, sizeof *count);
	if (!count)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_intervals; i++)
		add_slice(l, count, &s->intervals[i]);
	for (size_t i = 0; i < l->n; i++) {
		l->mean_ns[i] = count[i] > 0 ? l->mean_ns[i] / count[i] : NAN;
		if (!(count[i] > 0))
			l->worst_ns[i] = NAN;
	}
	return 0;
}

bool timeline_add_times(const struct timeline *line, const struct trial_record *t,
			const struct job_result *j, double *times)
{
	const struct sample *s = j->sample;
	uint64_t from, to;

	if (!s || !s->n_intervals || !s->interval_ns || !job_window(t, j, &from, &to))
		return false;
	for (size_t i = 0; i < s->n_intervals; i++) {
		const struct interval *iv = &s->intervals[i];
		uint64_t at = from + iv->index * s->interval_ns + s->interval_ns / 2;
		size_t slice = at >= line->from_ns ? (size_t)((at - line->from_ns) / line->step_ns)
						   : line->n;

		if (iv->count && !iv->n_buckets)
			return false;
		if (iv->count && slice < line->n)
			times[iv->dir * line->n + slice] += slice_time(iv);
	}
	return true;
}

/* --- from what QEMU counts --- */

static void grid(const struct series_set *s, const char *name, const struct timeline *l,
		 double *ret)
{
	const struct series *one = series_find(s, name);

	for (size_t i = 0; i < l->n; i++)
		ret[i] = NAN;
	if (one)
		series_grid(s, one, l->from_ns, l->step_ns, l->n, ret);
}

static int from_counters(const struct series_set *s, struct timeline *l)
{
	static const struct {
		const char *n, *ns, *bytes;
	} names[] = {{"block.reads", "block.read_ns", "block.read_bytes"},
		     {"block.writes", "block.write_ns", "block.write_bytes"},
		     {"block.discards", "block.discard_ns", "block.discard_bytes"},
		     {"block.flushes", "block.flush_ns", NULL}};
	BL_CLEANUP(bl_freep) double *one = NULL;
	double *n, *ns, *bytes;

	one = calloc(3 * l->n, sizeof *one);
	if (!one || take_lists(l) < 0)
		return -ENOMEM;
	n = one, ns = one + l->n, bytes = one + 2 * l->n;
	for (size_t k = 0; k < BL_ARRAY_LEN(names); k++) {
		grid(s, names[k].n, l, n);
		grid(s, names[k].ns, l, ns);
		grid(s, names[k].bytes ? names[k].bytes : "", l, bytes);
		for (size_t i = 0; i < l->n; i++) {
			if (!(n[i] > 0) || isnan(ns[i]))
				continue;
			/* worst_ns counts all requests until the end */
			l->worst_ns[i] += n[i];
			l->mean_ns[i] += ns[i];
			l->ios[i] += names[k].bytes ? n[i] : 0;
			l->bytes[i] += isnan(bytes[i]) ? 0 : bytes[i];
		}
	}
	/* Counters are read between their changes: less than half a request is none. */
	for (size_t i = 0; i < l->n; i++) {
		l->mean_ns[i] = l->worst_ns[i] >= 0.5 ? l->mean_ns[i] / l->worst_ns[i] : NAN;
		l->worst_ns[i] = l->mean_ns[i];
	}
	l->is_mean_only = true;
	return 0;
}

/* The distance that most readings have; those of a VM that is only watched may be further apart
 * than a slice. */
static uint64_t usual_step(const struct series_set *s)
{
	uint64_t step = s->n > 1 ? (s->at_ns[s->n - 1] - s->at_ns[0]) / (s->n - 1) : 0;

	/* In whole slices, rounded: a reading is rarely to the ns. */
	step = (step + 50 * NS_PER_MS) / (100 * NS_PER_MS) * (100 * NS_PER_MS);
	return step ? step : 100 * NS_PER_MS;
}

static int add_errors(const struct series_set *s, struct timeline *l)
{
	if (!series_find(s, "block.errors"))
		return 0;
	l->errors = calloc(l->n, sizeof *l->errors);
	if (!l->errors)
		return -ENOMEM;
	grid(s, "block.errors", l, l->errors);
	return 0;
}

int timeline_of(const struct trial_record *t, const struct job_result *j, struct timeline *ret,
		struct bl_err *err)
{
	const struct series_set *qemu = &j->watched[WATCHED_QEMU];
	const struct sample *s = j->sample;
	bool has_slices = s && s->n_intervals && s->interval_ns;
	struct timeline l = {0};
	uint64_t to;
	int r;

	*ret = l;
	if (!job_window(t, j, &l.from_ns, &to) || (!has_slices && qemu->n < 2))
		return 0;
	l.step_ns = has_slices ? s->interval_ns : usual_step(qemu);
	l.n = (size_t)((to - l.from_ns) / l.step_ns);
	/* The final drain is a part of the time; a slice that is begun counts when it is measured.
	 */
	if (has_slices && (to - l.from_ns) % l.step_ns)
		l.n++;
	if (l.n > SLICES_MAX)
		l.n = SLICES_MAX;
	if (!l.n)
		return 0;
	r = has_slices ? from_slices(s, &l) : from_counters(qemu, &l);
	if (r == 0)
		r = add_errors(qemu, &l);
	if (r < 0) {
		timeline_done(&l);
		return bl_fail(err, r, "no memory for the timeline of job '%s'", j->name);
	}
	*ret = l;
	return 0;
}
