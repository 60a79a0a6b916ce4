/* What matters under each job, and verdicts corrected for how many there are of one question. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "family.h"
#include "view.h"

int view_find_min_effects(struct view *v)
{
	int r;

	v->min = v->opt && v->opt->min_effects ? *v->opt->min_effects : min_effects_of(&v->d->run);
	r = floors_add_run(&v->floors, v->d, &v->sums, "this run");
	for (size_t j = 0; j < v->n_jobs; j++) {
		struct min_effects e = floors_raise(&v->floors, v->jobs[j].name, v->min);

		v->jobs[j].min = floors_raise(v->opt ? v->opt->floors : NULL, v->jobs[j].name, e);
	}
	return r;
}

/* Members of one family, collected. */
struct members {
	struct comparison **items;
	size_t n;
};

static void members_done(struct members *m)
{
	free(m->items);
}

static int add(struct members *m, struct comparison *c)
{
	struct comparison **more = reallocarray(m->items, m->n + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	m->items = more;
	m->items[m->n++] = c;
	return 0;
}

/* "This cell against the reference", over the matrix. */
static int correct_rows(struct view *v, struct view_job *job, int metric, struct bl_err *err)
{
	BL_CLEANUP(members_done) struct members m = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < job->n_rows; i++)
		if (job->rows[i].sum && job->rows[i].cell != v->reference)
			r = add(&m, &job->rows[i].ref[metric]);
	return r < 0 ? r : family_correct(m.items, m.n, FAMILY_BH, err);
}

/* "What each choice changed." */
static int correct_effects(struct view *v, const struct view_job *job, int metric,
			   struct bl_err *err)
{
	BL_CLEANUP(members_done) struct members m = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < v->n_effects; i++)
		if (v->effects[i].job == job)
			r = add(&m, &v->effects[i].by[metric]);
	return r < 0 ? r : family_correct(m.items, m.n, FAMILY_BH, err);
}

int view_correct(struct view *v, struct bl_err *err)
{
	int r = 0;

	for (size_t j = 0; j < v->n_jobs; j++) {
		for (int m = 0; r == 0 && m < METRICS; m++) {
			r = correct_rows(v, &v->jobs[j], m, err);
			if (r == 0)
				r = correct_effects(v, &v->jobs[j], m, err);
		}
	}
	return r;
}

/* "What each step of the bill costs." */
static int correct_bill(struct view *v, const struct view_job *job, struct bl_err *err)
{
	BL_CLEANUP(members_done) struct members mean = {0}, p99 = {0}, cpu = {0};
	int r = 0;

	for (size_t i = 0; i < v->bill.n; i++) {
		struct bill_step *s = &v->bill.steps[i];
		struct bill_job *b = NULL;
		const struct summary *from, *to;

		for (size_t k = 0; k < s->n_jobs; k++)
			if (strcmp(s->jobs[k].job, job->name) == 0)
				b = &s->jobs[k];
		if (!b)
			continue;
		from = summaries_find(&v->sums, s->from, b->job);
		to = summaries_find(&v->sums, s->to, b->job);
		b->mean = compare_summaries_by(from, to, METRIC_MEAN, &job->min);
		b->p99 = compare_summaries_by(from, to, METRIC_P99, &job->min);
		b->cpu = compare_summaries_by(from, to, METRIC_CPU_PER_IO, &job->min);
		r = add(&mean, &b->mean);
		if (r == 0)
			r = add(&p99, &b->p99);
		if (r == 0)
			r = add(&cpu, &b->cpu);
		if (r < 0)
			return r;
	}
	r = family_correct(mean.items, mean.n, FAMILY_BH, err);
	if (r == 0)
		r = family_correct(p99.items, p99.n, FAMILY_BH, err);
	if (r == 0)
		r = family_correct(cpu.items, cpu.n, FAMILY_BH, err);
	return r;
}

int view_correct_bill(struct view *v, struct bl_err *err)
{
	int r = 0;

	for (size_t j = 0; r == 0 && j < v->n_jobs; j++)
		r = correct_bill(v, &v->jobs[j], err);
	return r;
}
