/* Two cells that swap places between the average and p99.9. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "figure.h"
#include "rules.h"
#include "thresholds.h"

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

/* ---- which pairs ---- */

#define PAIRS_TESTED 256 /* a run may have thousands of cells */
#define PAIRS_TOLD   3   /* of each job */

struct pair {
	const struct summary *fast, *even;
	double weight; /* the lesser of what is won in the mean and lost in p99.9, as logs */
	struct comparison mean, tail;
	bool is_misleading;
	enum finding_confidence sure;
};

struct pairs {
	struct pair items[PAIRS_TESTED]; /* by weight, greatest first */
	size_t n;
};

static double more(const struct summary *a, const struct summary *b, enum metric m)
{
	return a->metric[m].n && b->metric[m].n ? log(b->metric[m].median / a->metric[m].median)
						: NAN;
}

static void keep(struct pairs *p, const struct pair *new)
{
	size_t at = p->n;

	while (at && p->items[at - 1].weight < new->weight)
		at--;
	if (at == PAIRS_TESTED)
		return;
	p->n += p->n < PAIRS_TESTED;
	memmove(&p->items[at + 1], &p->items[at], (p->n - at - 1) * sizeof *new);
	p->items[at] = *new;
}

/* Those that swap places by their medians. */
static void find_pairs(const struct summaries *s, const char *job, struct pairs *ret)
{
	for (size_t i = 0; i < s->n; i++)
		for (size_t k = 0; k < s->n; k++) {
			struct pair p = {.fast = &s->items[i], .even = &s->items[k]};

			if (i == k || strcmp(p.fast->job, job) || strcmp(p.even->job, job))
				continue;
			p.weight = fmin(more(p.fast, p.even, METRIC_MEAN),
					more(p.even, p.fast, METRIC_P99_9));
			if (p.weight > 0)
				keep(ret, &p);
		}
}

static void tell(struct diagnosis *g, const char *job, const struct pair *p)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	char a[FMT_MAX], b[FMT_MAX];

	say_figures(g, p->fast, &said);
	bl_buf_adds(&said, "; ");
	say_figures(g, p->even, &said);
	bl_buf_addf(
		&said, ": %s and %s against the first, %zu pair%s%s",
		fmt_change(&fmt_plain, a, p->mean.ratio), fmt_change(&fmt_plain, b, p->tail.ratio),
		p->mean.n_pairs, p->mean.n_pairs == 1 ? "" : "s",
		p->sure == CONFIDENCE_CERTAIN ? ""
					      : " (seen in each; six are the least to prove it)");
	diagnosis_add(
		g, "mean-misleads", p->sure,
		(struct where){.cell = p->fast->cell,
			       .trial = first_ok_trial(g->d, p->fast->cell, NULL),
			       .job = job},
		&said,
		"choose by the percentile that your users feel: p99 or p99.9 for requests that "
		"somebody waits for, the average for bulk work, where this is harmless");
}

/* A cell is told of once: with the one that it loses most against. */
static bool is_told(const struct pair *const *told, size_t n, const struct pair *p)
{
	for (size_t i = 0; i < n; i++)
		if (told[i]->fast == p->fast)
			return true;
	return false;
}

static void rule_of_means(struct diagnosis *g, const char *job)
{
	static const enum finding_confidence surest_first[] = {CONFIDENCE_CERTAIN,
							       CONFIDENCE_POSSIBLE};
	BL_CLEANUP(bl_freep) struct pairs *pairs = calloc(1, sizeof *pairs);
	const struct pair *told[PAIRS_TOLD];
	size_t n = 0;

	if (!pairs) {
		g->failed = true;
		return;
	}
	find_pairs(g->sums, job, pairs);
	for (size_t i = 0; i < pairs->n; i++) {
		struct pair *p = &pairs->items[i];

		p->mean = compare_summaries(p->fast, p->even, METRIC_MEAN);
		p->tail = compare_summaries(p->fast, p->even, METRIC_P99_9);
		p->is_misleading = is_misleading(p->fast, p->even, &p->mean, &p->tail, &p->sure);
	}
	for (size_t c = 0; c < BL_ARRAY_LEN(surest_first); c++)
		for (size_t i = 0; i < pairs->n && n < PAIRS_TOLD; i++) {
			const struct pair *p = &pairs->items[i];

			if (!p->is_misleading || p->sure != surest_first[c] || is_told(told, n, p))
				continue;
			tell(g, job, p);
			told[n++] = p;
		}
}

void rules_of_means(struct diagnosis *g)
{
	/* Every cell has every job: those of the first cell are all. */
	for (size_t i = 0; i < g->sums->n && g->sums->items[i].cell == g->sums->items[0].cell; i++)
		rule_of_means(g, g->sums->items[i].job);
}
