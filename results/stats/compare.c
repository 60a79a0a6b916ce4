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

static size_t n_kept(const struct summary *s)
{
	return s->n_ok < SUMMARY_VALUES ? s->n_ok : SUMMARY_VALUES;
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

bool summaries_took_turns(const struct summary *a, const struct summary *b)
{
	uint64_t over = 0; /* the last turn of the repeats before */
	bool is_first = true;

	for (size_t i = 0, k = 0; i < n_kept(a) && k < n_kept(b);) {
		uint64_t first, last;

		if (a->repeats[i] != b->repeats[k]) {
			a->repeats[i] < b->repeats[k] ? i++ : k++;
			continue;
		}
		first = a->first_turn[i] < b->first_turn[k] ? a->first_turn[i] : b->first_turn[k];
		last = a->last_turn[i] > b->last_turn[k] ? a->last_turn[i] : b->last_turn[k];
		if (!is_first && first < over)
			return false;
		over = last;
		is_first = false;
		i++;
		k++;
	}
	return true;
}

static size_t logs_of(const struct summary *s, enum metric m, double y[SUMMARY_VALUES])
{
	size_t n = 0;

	for (size_t i = 0; i < n_values(s, m); i++)
		if (s->values[m][i] > 0)
			y[n++] = log(s->values[m][i]);
	return n;
}

static struct comparison compare_unpaired(const struct summary *a, const struct summary *b,
					  enum metric m, double min_effect)
{
	double ya[SUMMARY_VALUES], yb[SUMMARY_VALUES];
	size_t na = logs_of(a, m, ya), nb = logs_of(b, m, yb);
	struct comparison c;

	if (compare_samples(ya, na, yb, nb, min_effect, metric_more_is_better[m], &c) < 0)
		return compare_nothing(min_effect, "no memory to compare");
	return c;
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
	if (summaries_took_turns(a, b))
		c = compare_pairs(d, n, min_effect, metric_more_is_better[m]);
	else
		c = compare_unpaired(a, b, m, min_effect);
	c.is_floor = is_floor;
	if (c.has_interval && (a->is_thin[m] || b->is_thin[m])) {
		comparison_refuse(&c, "in some trial fewer than 100 samples lie beyond the "
				      "percentile");
		c.is_thin = true;
	}
	return c;
}

struct comparison compare_summaries(const struct summary *a, const struct summary *b, enum metric m)
{
	return compare_summaries_by(a, b, m, NULL);
}
