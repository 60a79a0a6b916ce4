#include "job_steady.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

/* One round under way. */
struct round {
	uint64_t n;
	struct hist hist;
};

static void add_slice(struct round *r, const struct interval *iv)
{
	r->n += iv->count;
	for (uint32_t b = 0; b < iv->n_buckets; b++)
		r->hist.count[iv->buckets[b].index] += iv->buckets[b].count;
}

/* The slices [first, first + n), of which the sample's start at *at or later. */
static void take_round(const struct sample *s, uint64_t first, uint64_t n, size_t *at,
		       struct round *r)
{
	memset(r, 0, sizeof *r);
	while (*at < s->n_intervals && s->intervals[*at].index < first + n) {
		if (s->intervals[*at].dir != IO_SYNC)
			add_slice(r, &s->intervals[*at]);
		++*at;
	}
}

bool job_rounds_of(const struct sample *s, struct job_rounds *ret)
{
	BL_CLEANUP(bl_freep) struct round *round = malloc(sizeof *round);
	struct job_rounds j = {.has_p99 = true};
	uint64_t n, p99;
	size_t at = 0;

	if (!round || !s || s->error || !s->n_intervals || !s->interval_ns ||
	    s->runtime_ns < JOB_STEADY_NS_MIN)
		return false;
	n = s->runtime_ns / s->interval_ns / STEADY_ROUNDS; /* the last slice is seldom whole */
	if (!n)
		return false;
	for (uint64_t i = 0; i < STEADY_ROUNDS; i++) {
		take_round(s, i * n, n, &at, round);
		j.iops[i] = (double)round->n / ((double)n * (double)s->interval_ns / NS_PER_S);
		/* Slices of old stores may have no histogram of their own. */
		j.has_p99 = j.has_p99 && round->n >= JOB_STEADY_P99_MIN &&
			    hist_percentile(&round->hist, 99, &p99);
		if (j.has_p99)
			j.ln_p99[i] = log((double)p99);
	}
	j.by_iops = steady_snia(j.iops);
	if (j.has_p99)
		j.by_p99 = steady_snia_log(j.ln_p99);
	*ret = j;
	return true;
}

bool job_is_unstable(const struct job_result *j)
{
	const char *said = facts_get(&j->facts, STEADY_FACT_MEASURED);
	struct job_rounds r;

	if (said)
		return strncmp(said, "no", 2) == 0;
	if (!job_rounds_of(j->sample, &r))
		return false;
	return r.by_iops.has_drifted || (r.has_p99 && r.by_p99.has_drifted);
}

void steady_say(const struct steady_state *iops, const struct steady_state *p99, struct bl_buf *out)
{
	bool is_slow = p99 && !p99->is_steady;
	char text[16];

	if (iops->is_steady && !is_slow) {
		bl_buf_adds(out, "yes");
		return;
	}
	bl_buf_adds(out, "no: ");
	if (iops->has_drifted)
		bl_buf_addf(out, "throughput drifted by %s", steady_text(text, iops->excursion));
	else if (!iops->is_steady)
		bl_buf_addf(out, "throughput ranged over %.3g %% of its mean", iops->range * 100);
	if (is_slow)
		bl_buf_addf(out, "%sp99 drifted by %s", iops->is_steady ? "" : ", ",
			    steady_text(text, expm1(p99->excursion)));
}
