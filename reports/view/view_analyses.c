/* What the layers, the stalls and the signals of the trials that are shown say. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "cleanup.h"
#include "view.h"

static int analyse_typical(struct view *v, struct view_row *row, struct bl_err *err)
{
	const struct trial_record *t = &v->d->trials[row->typical_trial];
	int r;

	row->seen = calloc(1, sizeof(*row->seen));
	if (!row->seen)
		return bl_fail(err, -ENOMEM, "analysis: out of memory");
	r = analyse_job(v->d, row->typical_trial, (size_t)(row->typical - t->jobs), row->seen, err);
	if (r < 0) {
		free(row->seen);
		row->seen = NULL;
	}
	return r == -ENODATA ? 0 : r;
}

static void count_stutter(struct view_stutter *all, const struct stutter *s)
{
	double period = s->beat.period_s;

	all->n_trials++;
	all->n_stalled += s->n_stalls > 0;
	if (!s->beat.is_periodic)
		return;
	all->least_s = all->n_periodic ? fmin(all->least_s, period) : period;
	all->most_s = all->n_periodic ? fmax(all->most_s, period) : period;
	all->n_periodic++;
}

/* Of the trials that are not shown only whether they stall: all else would cost seconds. */
static int stutter_of(const struct trial_record *t, const struct job_result *j,
		      struct view_stutter *all, struct bl_err *err)
{
	BL_CLEANUP(timeline_done) struct timeline line = {0};
	BL_CLEANUP(stutter_done) struct stutter s = {0};
	int r = timeline_of(t, j, &line, err);

	if (r < 0 || !line.n)
		return r;
	r = stutter_find(line.worst_ns, line.n, (double)line.step_ns / 1e9, t->order + 1u, &s);
	if (r == 0)
		count_stutter(all, &s);
	return r;
}

static int analyse_row(struct view *v, const struct view_job *job, struct view_row *row,
		       struct bl_err *err)
{
	int r = row->typical ? analyse_typical(v, row, err) : 0;

	if (row->seen && row->seen->line.n)
		count_stutter(&row->stutter, &row->seen->stutter);
	for (size_t i = 0; r == 0 && i < v->d->n_trials; i++) {
		const struct trial_record *t = &v->d->trials[i];
		const struct job_result *j = trial_job(t, job->name);

		if (t->cell == row->cell && t->state == TRIAL_OK && j && j->sample &&
		    j != row->typical)
			r = stutter_of(t, j, &row->stutter, err);
	}
	return r;
}

int view_analyse(struct view *v, struct bl_err *err)
{
	int r = bill_of(v->d, &v->sums, &v->bill, err);

	if (r == 0)
		r = knees_find(v->d, &v->sums, &v->knees, err);
	for (size_t j = 0; r == 0 && j < v->n_jobs; j++) {
		for (size_t i = 0; r == 0 && i < v->jobs[j].n_rows; i++)
			r = analyse_row(v, &v->jobs[j], &v->jobs[j].rows[i], err);
	}
	return r;
}

void view_analyses_done(struct view *v)
{
	for (size_t j = 0; j < v->n_jobs; j++) {
		for (size_t i = 0; v->jobs[j].rows && i < v->jobs[j].n_rows; i++) {
			if (v->jobs[j].rows[i].seen)
				job_analysis_done(v->jobs[j].rows[i].seen);
			free(v->jobs[j].rows[i].seen);
		}
	}
	bill_done(&v->bill);
	knees_done(&v->knees);
}
