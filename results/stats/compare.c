/* Two summaries, one metric: the ratio, its interval, the verdict. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "rank.h"
#include "summary.h"

_Static_assert(SUMMARY_VALUES <= RANK_PAIRS_MAX, "every kept value must fit into a comparison");

const double metric_min_effect[METRICS] = {
	[METRIC_IOPS] = 0.03, [METRIC_BYTES_PER_S] = 0.03, [METRIC_MEAN] = 0.03,
	[METRIC_P50] = 0.03,  [METRIC_P99] = 0.05,         [METRIC_P99_9] = 0.10,
	[METRIC_MAX] = 0.20,  [METRIC_CPU_PER_IO] = 0.05,
};

const char *const verdict_names[VERDICTS] = {
	[VERDICT_CANNOT_TELL] = "cannot tell",
	[VERDICT_BETTER] = "better",
	[VERDICT_WORSE] = "worse",
	[VERDICT_SAME] = "same",
};

static size_t n_values(const struct summary *s, enum metric m)
{
	return s->metric[m].n < SUMMARY_VALUES ? s->metric[m].n : SUMMARY_VALUES;
}

/* ln B - ln A of the repeats that both have. */
static size_t pair_up(const struct summary *a, const struct summary *b, enum metric m,
		      double d[SUMMARY_VALUES])
{
	size_t n = 0, k = 0;

	for (size_t i = 0; i < n_values(a, m); i++) {
		uint32_t repeat = a->value_repeats[m][i];

		while (k < n_values(b, m) && b->value_repeats[m][k] < repeat)
			k++;
		if (k == n_values(b, m))
			break;
		if (b->value_repeats[m][k] != repeat)
			continue;
		if (a->values[m][i] > 0 && b->values[m][k] > 0)
			d[n++] = log(b->values[m][k]) - log(a->values[m][i]);
		k++;
	}
	return n;
}

static enum verdict decide(struct comparison *c, enum metric m, const struct rank_interval *i95,
			   const struct rank_interval *i90)
{
	double matters = log1p(c->min_effect), pct = c->min_effect * 100;

	if (i95->lo > matters || i95->hi < -matters) {
		bool is_more = i95->lo > 0;

		snprintf(c->why, sizeof c->why, "the interval lies beyond %+.3g %%",
			 is_more ? pct : -pct);
		return is_more == metric_more_is_better[m] ? VERDICT_BETTER : VERDICT_WORSE;
	}
	if (i90->lo > -matters && i90->hi < matters) {
		snprintf(c->why, sizeof c->why, "the 90 %% interval lies within %.3g %%", pct);
		return VERDICT_SAME;
	}
	if (i95->lo > 0 || i95->hi < 0)
		snprintf(c->why, sizeof c->why,
			 "it differs, but perhaps by less than the %.3g %% that matter", pct);
	else
		snprintf(c->why, sizeof c->why,
			 "%zu pairs leave room for no change and for more than %.3g %%", c->n_pairs,
			 pct);
	return VERDICT_CANNOT_TELL;
}

struct comparison compare_summaries(const struct summary *a, const struct summary *b, enum metric m)
{
	struct comparison c = {.min_effect = metric_min_effect[m]};
	struct rank_interval i95, i90;
	double d[SUMMARY_VALUES];

	c.n_pairs = pair_up(a, b, m, d);
	if (!c.n_pairs) {
		snprintf(c.why, sizeof c.why, "no repeat has %s in both", metric_names[m]);
		return c;
	}
	i95 = rank_interval(d, c.n_pairs, 0.05);
	i90 = rank_interval(d, c.n_pairs, 0.10);
	c.ratio = exp(i95.estimate);
	if (!i95.is_known) {
		snprintf(c.why, sizeof c.why, "%zu pair%s; six are the least for a 95 %% interval",
			 c.n_pairs, c.n_pairs == 1 ? "" : "s");
		return c;
	}
	c.has_interval = true;
	c.lo = exp(i95.lo);
	c.hi = exp(i95.hi);
	if (a->is_thin[m] || b->is_thin[m]) {
		snprintf(c.why, sizeof c.why,
			 "in some trial fewer than 100 samples lie beyond the percentile");
		return c;
	}
	c.verdict = decide(&c, m, &i95, &i90);
	return c;
}
