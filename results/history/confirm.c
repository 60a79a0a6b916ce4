#include "confirm.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "change_points.h"
#include "cleanup.h"
#include "correlation.h"
#include "family.h"
#include "figure.h"
#include "history_priv.h"
#include "median.h"
#include "student.h"

#define LEVEL 0.05

static int set_text(struct night_change *c, struct bl_buf *text, struct bl_err *err)
{
	char *said = bl_buf_take(text);

	if (!said)
		return bl_fail(err, -ENOMEM, "out of memory");
	free(c->confirmation);
	c->confirmation = said;
	return 0;
}

/* Where fresh values lie from a level. */
struct distance {
	double off; /* as y */
	bool is_told;
};

/* Of the newest @n before @to. */
static struct distance distance(const double *y, size_t from, size_t to, double fresh,
				const struct noise *noise, size_t n_all)
{
	double scratch[KNOWN_AFTER_MAX], sigma = fmax(noise->sigma, 1e-9), f, se;
	size_t n = to - from < KNOWN_AFTER_MAX ? to - from : KNOWN_AFTER_MAX;
	struct distance d;

	f = ar1_inflation(noise->phi);
	memcpy(scratch, y + to - n, n * sizeof *y);
	d.off = fresh - level_of_values(scratch, n, sigma);
	se = sigma * sqrt(1 + f / (double)n);
	d.is_told = student_p2(d.off / se, (double)n_all - 2) <= LEVEL;
	return d;
}

static enum change_state judge(const struct distance *before, const struct distance *after,
			       double shift, double least)
{
	bool is_toward = (before->off > 0) == (shift > 0);

	if (before->is_told && is_toward && fabs(before->off) > least &&
	    (!after->is_told || fabs(before->off) > fabs(shift) / 2))
		return CHANGE_CONFIRMED;
	if (before->is_told && after->is_told)
		return CHANGE_NOT_REPRODUCIBLE;
	if (after->is_told)
		return CHANGE_WENT_AWAY;
	return CHANGE_CANDIDATE;
}

static void say(const struct night_change *c, const struct figure *fresh,
		const struct distance *before, const struct distance *after, struct bl_buf *out)
{
	char to_before[FMT_MAX], to_after[FMT_MAX];

	bl_buf_addf(out,
		    "%zu fresh trials: %s against the nights before it, %s against those since",
		    fresh->n, fmt_change(&fmt_plain, to_before, exp(before->off)),
		    fmt_change(&fmt_plain, to_after, exp(after->off)));
	if (c->state == CHANGE_CANDIDATE)
		bl_buf_adds(out, "; nights differ too much to tell which they are like");
}

/* The series up to the end of the nights, and where the change is in it. */
static bool find_change(const struct series_history *s, size_t night, size_t *ret_at)
{
	size_t at = 0;

	while (at < s->n && s->night[at] < night)
		at++;
	*ret_at = at;
	return at > 0 && at < s->n && s->n > 3;
}

int confirm_by_nights(const struct history *h, const struct run_figures *fresh,
		      const struct min_effects *effects, struct night_change *c, struct bl_err *err)
{
	const struct series_history *s = history_series(h, c->cell, c->job, c->metric);
	const struct figure_row *row = run_figures_find(fresh, c->cell, c->job);
	const struct figure *f = row ? &row->by[c->metric] : NULL;
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	struct changes found = {0};
	struct noise noise;
	struct distance before, after;
	size_t at;
	int r;

	if (!s || !f || !f->n || f->is_thin ||
	    !find_change(s, history_night_of(h, c->at_run), &at)) {
		bl_buf_adds(&text, "the fresh trials did not give this figure");
		return set_text(c, &text, err);
	}
	r = changes_find(s->y, s->n, &changes_alert, &found);
	if (r == 0)
		r = history_noise(s, s->n, &found, at, &noise);
	changes_done(&found);
	if (r < 0)
		return bl_fail(err, r, "out of memory");
	before = distance(s->y, at > KNOWN_BEFORE_MAX ? at - KNOWN_BEFORE_MAX : 0, at, f->y, &noise,
			  s->n);
	after = distance(s->y, at, s->n, f->y, &noise, s->n);
	c->state = judge(&before, &after, log(c->ratio), log1p(effects->by[c->metric]));
	say(c, f, &before, &after, &text);
	return set_text(c, &text, err);
}

int confirm_by_pairs(const struct comparison *pairs, const char *old_says, struct night_change *c,
		     struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	char ratio[FMT_MAX], lo[FMT_MAX], hi[FMT_MAX];
	bool is_toward = (pairs->verdict == VERDICT_WORSE && c->is_worse) ||
			 (pairs->verdict == VERDICT_BETTER && !c->is_worse);

	if (c->confirmation)
		bl_buf_addf(&text, "%s; ", c->confirmation);
	bl_buf_addf(&text, "side by side with %s, %zu pairs: %s", old_says, pairs->n_pairs,
		    fmt_change(&fmt_plain, ratio, pairs->ratio));
	if (pairs->has_interval)
		bl_buf_addf(&text, " [%s, %s]", fmt_change(&fmt_plain, lo, pairs->lo),
			    fmt_change(&fmt_plain, hi, pairs->hi));
	if (is_toward)
		c->state = CHANGE_CONFIRMED;
	bl_buf_adds(&text, is_toward                        ? ", so that is the cause"
			   : pairs->verdict == VERDICT_SAME ? ", so that is not the cause"
							    : ", which tells nothing of the cause");
	return set_text(c, &text, err);
}

static int correct(const struct confirm_sides *sides, struct comparison *all, size_t n,
		   enum metric m, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) struct comparison **family = calloc(n + 1, sizeof *family);
	size_t k = 0;

	if (!family)
		return bl_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < n; i++)
		if (sides[i].change->metric == m)
			family[k++] = &all[i];
	return family_correct(family, k, FAMILY_BH, err);
}

int confirm_side_by_side(const struct confirm_sides *sides, size_t n,
			 const struct min_effects *effects, const char *old_says,
			 struct bl_err *err)
{
	BL_CLEANUP(bl_freep) struct comparison *all = calloc(n + 1, sizeof *all);
	int r = all ? 0 : bl_fail(err, -ENOMEM, "out of memory");

	for (size_t i = 0; i < n && r == 0; i++)
		all[i] = compare_summaries_by(sides[i].before, sides[i].now,
					      sides[i].change->metric, effects);
	for (size_t m = 0; m < HISTORY_METRICS && r == 0; m++)
		r = correct(sides, all, n, history_metrics[m], err);
	for (size_t i = 0; i < n && r == 0; i++)
		r = confirm_by_pairs(&all[i], old_says, sides[i].change, err);
	return r;
}
