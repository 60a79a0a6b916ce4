/* Two summaries, one metric: paired by repeat, and decided. */
#include <math.h>
#include <stdio.h>

#include "rank.h"
#include "summary.h"

_Static_assert(SUMMARY_VALUES <= RANK_PAIRS_MAX && SUMMARY_VALUES <= YUEN_MAX,
	       "every kept value must fit into a comparison");

static size_t n_values(const struct summary *s, enum metric m)
{
	return s->metric[m].n < SUMMARY_VALUES ? s->metric[m].n : SUMMARY_VALUES;
}

size_t summary_log_ratios(const struct summary *a, const struct summary *b, enum metric m,
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
		if (a->values[m][i] > 0 && b->values[m][k] > 0 &&
		    a->value_rounds[m][i] == b->value_rounds[m][k])
			d[n++] = log(b->values[m][k]) - log(a->values[m][i]);
		k++;
	}
	return n;
}

struct comparison compare_summaries_by(const struct summary *a, const struct summary *b,
				       enum metric m, const struct min_effects *e)
{
	double d[SUMMARY_VALUES], min_effect;
	size_t n = summary_log_ratios(a, b, m, d);
	struct comparison c;
	bool is_floor;
	char why[80];

	min_effect = min_effects_at(e ? e : &min_effects_default, m, n, &is_floor);

	if (!n) {
		snprintf(why, sizeof why, "no repeat has %s in both", metric_names[m]);
		return compare_nothing(min_effect, why);
	}
	c = compare_pairs(d, n, min_effect, metric_more_is_better[m]);
	c.is_floor = is_floor;
	if (c.has_interval && (a->is_thin[m] || b->is_thin[m]))
		comparison_refuse(&c, "in some trial fewer than 100 samples lie beyond the "
				      "percentile");
	return c;
}

struct comparison compare_summaries(const struct summary *a, const struct summary *b, enum metric m)
{
	return compare_summaries_by(a, b, m, NULL);
}
