/* Two cells that swap places between the average and p99.9. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "figure.h"
#include "rules.h"
#include "thresholds.h"

/* The cell that wins job @job by @m; NULL: fewer than two have it. */
static const struct summary *winner(const struct summaries *s, const char *job, enum metric m)
{
	const struct summary *best = NULL;
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct summary *x = &s->items[i];

		if (strcmp(x->job, job) != 0 || !x->metric[m].n)
			continue;
		n++;
		if (!best || x->metric[m].median < best->metric[m].median)
			best = x;
	}
	return n > 1 ? best : NULL;
}

/* Every pair of trials on one side? Then what was only seen was at least seen each time. */
static bool is_each_time(const struct summary *a, const struct summary *b, enum metric m,
			 bool is_less)
{
	size_t n = 0;

	for (size_t i = 0; i < a->metric[m].n && i < SUMMARY_VALUES; i++)
		for (size_t k = 0; k < b->metric[m].n && k < SUMMARY_VALUES; k++) {
			if (a->value_repeats[m][i] != b->value_repeats[m][k])
				continue;
			if ((b->values[m][k] < a->values[m][i]) != is_less)
				return false;
			n++;
		}
	return n >= 2; /* one pair says nothing of the next */
}

/* @fast has the better mean, @even the better p99.9. */
static bool is_misleading(const struct summary *fast, const struct summary *even,
			  const struct comparison *mean, const struct comparison *tail,
			  enum finding_confidence *ret)
{
	*ret = CONFIDENCE_CERTAIN;
	if (mean->verdict == VERDICT_WORSE && tail->verdict == VERDICT_BETTER)
		return true;
	*ret = CONFIDENCE_POSSIBLE;
	if (mean->has_interval || tail->has_interval) /* there are enough trials: not proven */
		return false;
	return !fast->is_thin[METRIC_P99_9] && !even->is_thin[METRIC_P99_9] &&
	       mean->ratio >= 1 / threshold(THRESHOLD_MEAN_WINS, false) &&
	       tail->ratio <= 1 / threshold(THRESHOLD_TAIL_LOSES, false) &&
	       is_each_time(fast, even, METRIC_MEAN, false) &&
	       is_each_time(fast, even, METRIC_P99_9, true);
}

static void say_figures(const struct diagnosis *g, const struct summary *s, struct bl_buf *out)
{
	char mean[FMT_MAX], tail[FMT_MAX];

	bl_buf_addf(out, "'%s' has a mean of %s and a p99.9 of %s", g->d->cells[s->cell].name,
		    fmt_ns(&fmt_plain, mean, s->metric[METRIC_MEAN].median),
		    fmt_ns(&fmt_plain, tail, s->metric[METRIC_P99_9].median));
}

static void rule_of_means(struct diagnosis *g, const char *job)
{
	const struct summary *fast = winner(g->sums, job, METRIC_MEAN);
	const struct summary *even = winner(g->sums, job, METRIC_P99_9);
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	enum finding_confidence sure;
	struct comparison mean, tail;
	char a[FMT_MAX], b[FMT_MAX];
	size_t trial = 0;

	if (!fast || !even || fast == even)
		return;
	mean = compare_summaries(fast, even, METRIC_MEAN);
	tail = compare_summaries(fast, even, METRIC_P99_9);
	if (!is_misleading(fast, even, &mean, &tail, &sure))
		return;
	say_figures(g, fast, &said);
	bl_buf_adds(&said, "; ");
	say_figures(g, even, &said);
	bl_buf_addf(&said, ": %s and %s against the first, %zu pair%s%s",
		    fmt_change(&fmt_plain, a, mean.ratio), fmt_change(&fmt_plain, b, tail.ratio),
		    mean.n_pairs, mean.n_pairs == 1 ? "" : "s",
		    sure == CONFIDENCE_CERTAIN ? ""
					       : " (seen in each; six are the least to prove it)");
	while (trial < g->d->n_trials &&
	       (g->d->trials[trial].cell != fast->cell || g->d->trials[trial].state != TRIAL_OK))
		trial++;
	diagnosis_add(
		g, "mean-misleads", sure,
		(struct where){.cell = fast->cell,
			       .trial = trial < g->d->n_trials ? trial : SIZE_MAX,
			       .job = job},
		&said,
		"choose by the percentile that your users feel: p99 or p99.9 for requests that "
		"somebody waits for, the average for bulk work, where this is harmless");
}

void rules_of_means(struct diagnosis *g)
{
	/* Every cell has every job: those of the first cell are all. */
	for (size_t i = 0; i < g->sums->n && g->sums->items[i].cell == g->sums->items[0].cell; i++)
		rule_of_means(g, g->sums->items[i].job);
}
