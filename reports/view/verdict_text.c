#include "verdict_text.h"

#include <math.h>
#include <string.h>

#include "cleanup.h"
#include "family.h"
#include "forecast.h"

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

void verdict_more(const struct comparison *c, struct bl_buf *out)
{
	verdict_more_of(c, "trial", "trials", out);
}

void verdict_more_of(const struct comparison *c, const char *one, const char *several,
		     struct bl_buf *out)
{
	const char *unit = c->more == 1 ? one : several;

	if (c->verdict != VERDICT_CANNOT_TELL || !c->more)
		return;
	if (c->more == FORECAST_MANY)
		bl_buf_addf(out,
			    "more than %d %s more, so noisy is it and so near to what matters the "
			    "difference",
			    FORECAST_MOST, several);
	else if (c->sd > 0)
		bl_buf_addf(out, "about %zu more %s would tell", c->more, unit);
	else
		bl_buf_addf(out, "at least %zu more %s would be needed to tell", c->more, unit);
}

static bool is_called(const struct comparison *c)
{
	return c->verdict == VERDICT_BETTER || c->verdict == VERDICT_WORSE;
}

void verdict_p(const struct comparison *c, struct bl_buf *out)
{
	char lo[FMT_MAX], hi[FMT_MAX];

	bl_buf_addf(out, "that it lies between %s and %s, which does not matter",
		    fmt_change(&fmt_plain, lo, 1 / (1 + c->min_effect)),
		    fmt_change(&fmt_plain, hi, 1 + c->min_effect));
	if (c->family > 1)
		bl_buf_addf(out, ", corrected for %zu comparisons %.2g", c->family, c->p_adjusted);
	else if (c->p > FAMILY_LEVEL && is_called(c))
		bl_buf_adds(out, "; one comparison is decided by its interval alone");
}

const char *verdict_marked(const struct comparison *c)
{
	return c->is_thin ? "cannot tell~" : verdict_names[c->verdict];
}

void verdict_tally_add(struct verdict_tally *t, const struct comparison *c)
{
	if (!c->n_pairs)
		return;
	t->n++;
	t->family = c->family > t->family ? c->family : t->family;
	if (t->n == 1 || c->min_effect < t->min_effect) { /* of fewer pairs a floor is wider */
		t->min_effect = c->min_effect;
		t->is_floor = c->is_floor;
	}
	if (c->verdict != VERDICT_CANNOT_TELL)
		return;
	t->n_open++;
	if (c->more == FORECAST_MANY) {
		t->n_far++;
	} else if (c->more && !(c->sd > 0)) {
		t->blind = c->more > t->blind ? c->more : t->blind;
		t->n_blind++;
	} else if (c->more) {
		t->least = !t->n_soon || c->more < t->least ? c->more : t->least;
		t->most = c->more > t->most ? c->more : t->most;
		if (c->n_pairs + c->more > t->most_pairs)
			t->most_pairs = c->n_pairs + c->more;
		t->n_soon++;
	} else {
		t->n_thin++;
	}
}

void verdict_tally_more(const struct verdict_tally *t, struct bl_buf *out)
{
	if (t->n_blind && t->n_blind == t->n_open) {
		bl_buf_addf(out, "at least %zu more trial%s would be needed to tell", t->blind,
			    plural(t->blind));
		return;
	}
	if (t->n_soon) {
		if (t->least < t->most)
			bl_buf_addf(out, "about %zu to %zu more trials would tell", t->least,
				    t->most);
		else
			bl_buf_addf(out, "about %zu more trial%s would tell", t->most,
				    plural(t->most));
		if (t->n_soon < t->n_open)
			bl_buf_addf(out, " in %zu of them", t->n_soon);
	}
	if (t->n_far) {
		bl_buf_addf(out, "%s", t->n_soon ? "; " : "");
		if (t->n_far < t->n_open)
			bl_buf_addf(out, "in %zu more than %d would be needed", t->n_far,
				    FORECAST_MOST);
		else
			bl_buf_addf(out, "more than %d trials more would be needed", FORECAST_MOST);
		bl_buf_adds(out, ", so noisy is it and so near to what matters the difference");
	}
	if (!t->n_thin)
		return;
	bl_buf_addf(out, "%s", t->n_soon || t->n_far ? "; " : "");
	if (t->n_thin < t->n_open)
		bl_buf_addf(out, "in %zu ", t->n_thin);
	bl_buf_adds(out, "longer trials would help: too few samples lie beyond p99");
}

struct verdict_tally verdict_tally_of(const struct view *v, const struct view_job *job)
{
	struct verdict_tally t = {0};

	for (size_t i = 0; i < job->n_rows; i++)
		if (job->rows[i].sum && job->rows[i].cell != v->reference)
			verdict_tally_add(&t, &job->rows[i].ref[METRIC_P99]);
	return t;
}

void verdict_family(const struct view *v, const struct view_job *job, struct bl_buf *out)
{
	struct verdict_tally t = verdict_tally_of(v, job);
	BL_CLEANUP(bl_buf_done) struct bl_buf more = BL_BUF_INIT;

	if (!t.family)
		return;
	bl_buf_addf(out, "p99 against the reference: ");
	if (t.family > 1)
		bl_buf_addf(out, "corrected for %zu comparisons", t.family);
	else
		bl_buf_adds(out, "one comparison");
	bl_buf_addf(out, "; %.3g %% and more matters%s", t.min_effect * 100,
		    t.is_floor ? ", as two equal cells differ by that" : "");
	if (!t.n_open)
		return;
	bl_buf_addf(out, ". %zu of %zu cannot be told yet", t.n_open, t.n);
	verdict_tally_more(&t, &more);
	if (more.len || bl_buf_failed(&more))
		bl_buf_addf(out, ": %s", fmt_part(out, &more));
}

/* Whether all jobs, more than one, have the sentence of the first. */
static bool are_all_alike(const struct view *v, struct lines *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf first = BL_BUF_INIT;
	bool alike = v->n_jobs > 1;

	for (size_t j = 0; alike && j < v->n_jobs; j++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;

		verdict_family(v, &v->jobs[j], j ? &b : &first);
		alike = !j || strcmp(bl_buf_str(&b), bl_buf_str(&first)) == 0;
		out->failed |= bl_buf_failed(j ? &b : &first);
	}
	return alike;
}

void verdict_families(const struct view *v, struct lines *out)
{
	bool alike = are_all_alike(v, out);

	for (size_t j = 0; j < (alike ? 1 : v->n_jobs); j++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;

		verdict_family(v, &v->jobs[j], &b);
		out->failed |= bl_buf_failed(&b);
		if (b.len)
			lines_add(out, "\001%s\002: %s", alike ? "each job" : v->jobs[j].name,
				  bl_buf_str(&b));
	}
}

/* In some trial it can't be judged: too few samples lie beyond it, or it has none at all. */
static bool is_short(const struct view_row *r, enum metric m, int p)
{
	return r->sum && !r->p[p].is_told &&
	       (r->sum->is_thin[m] || r->sum->metric[m].n < r->sum->n_ok);
}

static double least_iops(const struct view_row *r)
{
	return r->sum->metric[METRIC_IOPS].min;
}

void verdict_thin(const struct view_row *a, const struct view_row *b, int p, struct bl_buf *out)
{
	double ios = ios_of_percentile(summary_p[p]), rate = fmin(least_iops(a), least_iops(b));
	char num[FMT_MAX];

	bl_buf_addf(out,
		    "in some trial fewer than 100 samples lie beyond it; trials of %.0f I/Os would "
		    "let it be told",
		    ios);
	if (rate > 0)
		bl_buf_addf(out, ", a runtime of %.0f s at the %s IOPS of the slowest",
			    ceil(ios / rate), fmt_sig3(&fmt_plain, num, rate));
}

void verdict_runtime(const struct view *v, struct lines *out)
{
	const double ios = ios_of_percentile(summary_p[SUMMARY_P99]);
	const struct view_row *slowest = NULL;
	const char *job = NULL;
	char rate[FMT_MAX];

	for (size_t j = 0; j < v->n_jobs; j++) {
		for (size_t i = 0; i < v->jobs[j].n_rows; i++) {
			const struct view_row *r = &v->jobs[j].rows[i];

			if (!is_short(r, METRIC_P99, SUMMARY_P99) || !(least_iops(r) > 0) ||
			    (slowest && least_iops(r) >= least_iops(slowest)))
				continue;
			slowest = r;
			job = v->jobs[j].name;
		}
	}
	if (slowest)
		lines_add(
			out,
			"give the jobs a longer runtime: 100 samples beyond p99 take %.0f I/Os in "
			"a trial, and these %.0f s of %s at the %s IOPS of '%s'",
			ios, ceil(ios / least_iops(slowest)), job,
			fmt_sig3(&fmt_plain, rate, least_iops(slowest)),
			v->d->cells[slowest->cell].name);
}
