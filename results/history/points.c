/* points.c - the figures of the last night, each against the nights since it last changed. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "correlation.h"
#include "history_priv.h"
#include "night_judge_priv.h"
#include "median.h"
#include "multiple.h"
#include "student.h"

#define LEVEL          0.05
#define OUTLIER_SIGMAS 5    /* a night so far off is made again */
#define OUTLIER_NIGHTS 4    /* that many before are needed to say so */
#define ALL_EQUAL      1e-9 /* noise of a series that has none, as y */

/* What is kept of a point until its family is complete. */
struct judged {
	const struct series_history *s;
	size_t n_before; /* nights of the segment, without the last */
	double off;      /* ln of the ratio to them */
	double half;     /* of its 95 % interval, when nothing changed */
	double p, p_adjusted;
	bool is_outlier;
};

static bool is_of_last_night(const struct history *h, const struct series_history *s)
{
	return s->n && s->night[s->n - 1] == h->n_nights - 1;
}

/* A new value lies within t sigma sqrt(1 + 1/n) of the level of n others; nights that have
 * something in common count for less. -ENOMEM. */
static int judge_one(const struct judging *j, size_t series, struct judged *ret)
{
	const struct series_history *s = &j->h->series[series];
	const struct series_state *state = &j->states[series];
	struct noise noise;
	double sigma, phi, se;
	size_t from = state->segment, n = s->n - 1 - from;
	BL_CLEANUP(bl_freep) double *scratch = calloc(n + 1, sizeof *scratch);

	if (!scratch)
		return -ENOMEM;
	*ret = (struct judged){.s = s, .n_before = n, .p = NAN, .p_adjusted = NAN};
	if (n < OUTLIER_NIGHTS)
		return 0;
	if (history_noise(s, s->n - 1, &state->found, from ? from : SIZE_MAX, &noise) < 0)
		return -ENOMEM;
	sigma = fmax(noise.sigma, ALL_EQUAL);
	phi = noise.phi;
	memcpy(scratch, s->y + from, n * sizeof *scratch);
	ret->off = s->y[s->n - 1] - level_of_values(scratch, n, sigma);
	se = sigma * sqrt(1 + ar1_inflation(phi) / (double)n);
	ret->half = student_quantile(1 - LEVEL / 2, (double)n - 1) * se;
	ret->is_outlier =
		shift_matters(j, s->metric, ret->off) && fabs(ret->off) > OUTLIER_SIGMAS * sigma;
	if (n >= JUDGE_SEGMENT_NIGHTS)
		ret->p = student_p2(ret->off / se, (double)n - 1);
	return 0;
}

/* All figures of one metric are one question. */
static int adjust(struct judged *all, size_t n, enum metric m)
{
	BL_CLEANUP(bl_freep) double *p = calloc(n + 1, sizeof *p);
	int r;

	if (!p)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		p[i] = all[i].s->metric == m ? all[i].p : NAN;
	r = bh_adjust(p, n, p);
	for (size_t i = 0; i < n && r == 0; i++)
		if (all[i].s->metric == m)
			all[i].p_adjusted = p[i];
	return r;
}

static void say(const struct judging *j, const struct judged *g, struct night_point *p,
		struct bl_buf *why)
{
	if (g->n_before < JUDGE_SEGMENT_NIGHTS) {
		p->verdict = PROFILE_CANNOT_TELL;
		if (g->n_before + 1 == g->s->n) /* it never changed */
			bl_buf_addf(why, "night %zu of this figure: judged from the %dth on",
				    g->s->n, JUDGE_SEGMENT_NIGHTS + 1);
		else
			bl_buf_addf(why, "night %zu since it changed: judged from the %dth on",
				    g->n_before + 1, JUDGE_SEGMENT_NIGHTS + 1);
		return;
	}
	p->has_interval = true;
	p->lo = exp(-g->half);
	p->hi = exp(g->half);
	if (g->p_adjusted <= LEVEL && shift_matters(j, p->metric, g->off)) {
		p->verdict = PROFILE_DRIFTED;
		bl_buf_addf(why, "far from the %zu nights before; a single night is no change yet",
			    g->n_before);
	}
}

static int fill(const struct judging *j, const struct judged *g, struct night_point *p)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf why = BL_BUF_INIT;
	const struct series_history *s = g->s;
	bool is_up = g->off > 0;

	*p = (struct night_point){.cell = strdup(s->cell),
				  .job = strdup(s->job),
				  .metric = s->metric,
				  .n = s->n_trials[s->n - 1],
				  .value = exp(s->y[s->n - 1]),
				  .ratio = g->n_before >= OUTLIER_NIGHTS ? exp(g->off) : 0,
				  .is_outlier = g->is_outlier};
	say(j, g, p, &why);
	p->is_worse = p->ratio > 0 && is_up != metric_more_is_better[s->metric];
	p->why = bl_buf_take(&why);
	return p->cell && p->job && p->why ? 0 : -ENOMEM;
}

int points_judge(struct judging *j, struct night *n)
{
	const struct history *h = j->h;
	BL_CLEANUP(bl_freep) struct judged *all = calloc(h->n_series + 1, sizeof *all);
	size_t n_all = 0;
	int r = all ? 0 : -ENOMEM;

	for (size_t i = 0; i < h->n_series && r == 0; i++)
		if (is_of_last_night(h, &h->series[i]))
			r = judge_one(j, i, &all[n_all++]);
	for (size_t k = 0; k < HISTORY_METRICS && r == 0; k++)
		r = adjust(all, n_all, history_metrics[k]);
	n->points = r == 0 ? calloc(n_all + 1, sizeof *n->points) : NULL;
	if (r < 0 || !n->points)
		return -ENOMEM;
	for (size_t i = 0; i < n_all && r == 0; i++)
		r = fill(j, &all[i], &n->points[n->n_points++]);
	return r;
}
