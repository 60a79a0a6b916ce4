/* Rows of the matrix and pairs along each axis. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "effects.h"
#include "view.h"

static const struct job_result *job_of(const struct trial_record *t, const char *name)
{
	for (size_t i = 0; i < t->n_jobs; i++) {
		if (strcmp(t->jobs[i].name, name) == 0)
			return &t->jobs[i];
	}
	return NULL;
}

/* The ok trial whose p99 is nearest the median over trials; p50 when p99 is not known. */
static void find_typical(const struct view *v, const char *job, struct view_row *row)
{
	enum metric m = row->sum->metric[METRIC_P99].n ? METRIC_P99 : METRIC_P50;
	double want = row->sum->metric[m].median, best = INFINITY;

	for (size_t i = 0; i < v->d->n_trials; i++) {
		const struct trial_record *t = &v->d->trials[i];
		const struct job_result *j = t->cell == row->cell ? job_of(t, job) : NULL;
		double is;

		if (t->state != TRIAL_OK || !j || !j->sample || !job_metric(j, m, &is) ||
		    fabs(is - want) >= best)
			continue;
		best = fabs(is - want);
		row->typical = j;
		row->typical_repeat = t->repeat;
		row->typical_trial = i;
	}
}

static int by_p99(const void *pa, const void *pb)
{
	const struct view_row *a = pa, *b = pb;
	int ka = a->p[SUMMARY_P99].is_known ? 2 : a->sum != NULL;
	int kb = b->p[SUMMARY_P99].is_known ? 2 : b->sum != NULL;

	if (ka != kb)
		return kb - ka;
	if (ka == 2 && a->p[SUMMARY_P99].ns != b->p[SUMMARY_P99].ns)
		return a->p[SUMMARY_P99].ns < b->p[SUMMARY_P99].ns ? -1 : 1;
	return a->cell < b->cell ? -1 : a->cell > b->cell;
}

static void fill_row(const struct view *v, struct view_job *job, struct view_row *row)
{
	const struct summary *s = summaries_find(&v->sums, row->cell, job->name);
	const struct summary *ref = summaries_find(&v->sums, v->reference, job->name);

	if (!s || !s->n_ok || !s->all || !s->all->n)
		return;
	row->sum = s;
	for (int i = 0; i < SUMMARY_PERCENTILES; i++)
		row->p[i] = summary_pct(s, i);
	for (int m = 0; m < METRICS; m++) {
		if (ref && row->cell != v->reference)
			row->ref[m] = compare_summaries_by(ref, s, (enum metric)m, &job->min);
	}
	find_typical(v, job->name, row);
	if (!job->low_ns || (double)s->all->min_ns < job->low_ns)
		job->low_ns = fmax((double)s->all->min_ns, 1);
	if ((double)s->all->max_ns > job->high_ns)
		job->high_ns = (double)s->all->max_ns;
}

int view_make_rows(struct view *v)
{
	for (size_t i = 0; i < v->n_jobs; i++) {
		struct view_job *job = &v->jobs[i];

		job->n_rows = v->d->n_cells;
		job->rows = calloc(job->n_rows ? job->n_rows : 1, sizeof(*job->rows));
		if (!job->rows)
			return -ENOMEM;
		for (size_t c = 0; c < job->n_rows; c++) {
			job->rows[c].cell = (uint32_t)c;
			fill_row(v, job, &job->rows[c]);
		}
		qsort(job->rows, job->n_rows, sizeof(*job->rows), by_p99);
	}
	return 0;
}

/* The one axis in which @a and @b differ, of those with a meaning in both; NULL: none or several.
 */
static const struct view_axis *only_difference(const struct view *v, uint32_t a, uint32_t b)
{
	const struct view_axis *found = NULL;

	for (size_t i = 0; i < v->n_axes; i++) {
		const char *name = v->axes[i].name;

		if (!facts_get(&v->d->cells[a].axes, name) ||
		    !facts_get(&v->d->cells[b].axes, name))
			continue;
		if (strcmp(view_axis_value(v, a, name), view_axis_value(v, b, name)) == 0)
			continue;
		if (found)
			return NULL;
		found = &v->axes[i];
	}
	return found;
}

static size_t value_index(const struct view_axis *a, const char *value)
{
	for (size_t i = 0; i < a->n_values; i++) {
		if (strcmp(a->values[i], value) == 0)
			return i;
	}
	return a->n_values;
}

/* Every value is compared with the axis's base: the reference cell's value, whose sibling is what
 * the reader knows. A value without a base sibling has the first sibling in axis order. */
static bool is_base_of(const struct view *v, const struct view_axis *axis, uint32_t from,
		       uint32_t to)
{
	const char *base = view_axis_value(v, v->reference, axis->name);
	const char *value = view_axis_value(v, from, axis->name);
	const char *other = view_axis_value(v, to, axis->name);
	size_t at = value_index(axis, value);

	if (strcmp(other, base) == 0)
		return false;
	if (strcmp(value, base) == 0)
		return true;
	if (at >= value_index(axis, other))
		return false;
	for (uint32_t c = 0; c < v->d->n_cells; c++) {
		const char *is = view_axis_value(v, c, axis->name);

		if (!v->cells[c].is_host && only_difference(v, c, to) == axis &&
		    (strcmp(is, base) == 0 || value_index(axis, is) < at))
			return false;
	}
	return true;
}

static const struct view_job *job_named(const struct view *v, const char *name)
{
	for (size_t i = 0; i < v->n_jobs; i++) {
		if (strcmp(v->jobs[i].name, name) == 0)
			return &v->jobs[i];
	}
	return NULL;
}

static double step_size(const struct view_effect *e)
{
	return e->by[METRIC_P99].n_pairs ? fabs(log(e->by[METRIC_P99].ratio)) : -1;
}

static int by_axis(const void *pa, const void *pb)
{
	const struct view_effect *a = pa, *b = pb;
	size_t va, vb;

	if (a->job != b->job)
		return a->job < b->job ? -1 : 1;
	if (a->axis != b->axis)
		return a->axis < b->axis ? -1 : 1;
	va = value_index(a->axis, a->to);
	vb = value_index(b->axis, b->to);
	if (va != vb)
		return va < vb ? -1 : 1;
	if (step_size(a) != step_size(b))
		return step_size(a) > step_size(b) ? -1 : 1;
	return a->cell_to < b->cell_to ? -1 : a->cell_to > b->cell_to;
}

static int add_effect(struct view *v, const struct effect *e, const struct view_axis *axis,
		      bool is_turned)
{
	struct view_effect *grown, new = {.axis = axis, .job = job_named(v, e->job)};

	new.cell_from = is_turned ? e->cell_b : e->cell_a;
	new.cell_to = is_turned ? e->cell_a : e->cell_b;
	new.from = view_axis_value(v, new.cell_from, axis->name);
	new.to = view_axis_value(v, new.cell_to, axis->name);
	for (int m = 0; m < METRICS; m++)
		new.by[m] = compare_summaries_by(summaries_find(&v->sums, new.cell_from, e->job),
						 summaries_find(&v->sums, new.cell_to, e->job),
						 (enum metric)m, &new.job->min);
	grown = reallocarray(v->effects, v->n_effects + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	v->effects = grown;
	v->effects[v->n_effects++] = new;
	return 0;
}

/* The host is the floor, not a choice; and what has no pair is in the matrix with its reason. */
static bool is_told(const struct view *v, const struct effect *e)
{
	return !v->cells[e->cell_a].is_host && !v->cells[e->cell_b].is_host &&
	       (e->by[METRIC_P99].n_pairs || e->by[METRIC_IOPS].n_pairs) && job_named(v, e->job);
}

int view_make_effects(struct view *v, struct bl_err *err)
{
	BL_CLEANUP(effects_done) struct effects all = {0};
	int r = effects_find(v->d, &v->sums, NULL, NULL, NULL, &all, err);

	for (size_t i = 0; r == 0 && i < all.n; i++) {
		const struct effect *e = &all.items[i];
		const struct view_axis *axis = only_difference(v, e->cell_a, e->cell_b);

		if (!axis || !is_told(v, e))
			continue;
		if (is_base_of(v, axis, e->cell_a, e->cell_b))
			r = add_effect(v, e, axis, false);
		else if (is_base_of(v, axis, e->cell_b, e->cell_a))
			r = add_effect(v, e, axis, true);
	}
	if (r == 0 && v->n_effects)
		qsort(v->effects, v->n_effects, sizeof(*v->effects), by_axis);
	return r;
}
