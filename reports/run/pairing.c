#include "pairing.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "family.h"
#include "report.h"

static int add_difference(struct difference **list, size_t *n, struct difference d)
{
	struct difference *grown = reallocarray(*list, *n + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	*list = grown;
	(*list)[(*n)++] = d;
	return 0;
}

static bool are_same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static const char *effective_of(const struct trial_record *t, const char *key)
{
	for (size_t i = 0; t && i < t->effective.n; i++) {
		if (strcmp(t->effective.items[i].key, key) == 0)
			return t->effective.items[i].effective;
	}
	return NULL;
}

static bool has_effective(const struct trial_record *t, const char *key)
{
	for (size_t i = 0; t && i < t->effective.n; i++) {
		if (strcmp(t->effective.items[i].key, key) == 0)
			return true;
	}
	return false;
}

/* What always differs and says nothing: every trial has a file of its own, and the disks of one VM
 * have their names by the place that was drawn for them. */
static bool is_of_trial(const struct pairing *p, const char *key)
{
	static const char *const by_place[] = {"serial", "guest.serial", "guest.pci",
					       "disk.iothread_names", "iothreads"};
	bool has_place = p->va.cells[p->cell_a].boots.shares || p->vb.cells[p->cell_b].boots.shares;

	for (size_t i = 0; has_place && i < sizeof by_place / sizeof *by_place; i++)
		if (strcmp(key, by_place[i]) == 0)
			return true;
	return strcmp(key, "image.file") == 0;
}

static int compare_config(struct pairing *p)
{
	const struct trial_record *a = p->va.cells[p->cell_a].proof;
	const struct trial_record *b = p->vb.cells[p->cell_b].proof;
	int r = 0;

	for (size_t i = 0; r == 0 && a && i < a->effective.n; i++) {
		const struct effective *e = &a->effective.items[i];
		const char *other = effective_of(b, e->key);

		if (!is_of_trial(p, e->key) && !are_same(e->effective, other))
			r = add_difference(&p->config, &p->n_config,
					   (struct difference){e->key, e->effective, other});
	}
	for (size_t i = 0; r == 0 && b && i < b->effective.n; i++) {
		const struct effective *e = &b->effective.items[i];

		if (!is_of_trial(p, e->key) && !has_effective(a, e->key))
			r = add_difference(&p->config, &p->n_config,
					   (struct difference){e->key, NULL, e->effective});
	}
	return r;
}

/* The system, not everything that is known of a host: free memory is another each time. */
static int compare_environment(struct pairing *p)
{
	return p->is_same_run ? 0 : fingerprint_diff(p->va.d, p->vb.d, &p->environment);
}

/* A different engine is a different ruler, and another day is another host. */
static void refuse(struct pairing *p, struct pairing_job *j)
{
	for (int m = 0; p->is_refused && m < METRICS; m++) {
		if (!j->by[m].n_pairs)
			continue;
		j->by[m].has_interval = false;
		j->by[m].trimmed = j->by[m].trimmed_lo = j->by[m].trimmed_hi = NAN;
		comparison_refuse(&j->by[m], p->refusal);
	}
}

/* Nothing finer than what matters on either side. */
static void greater(struct min_effects *to, const struct min_effects *e)
{
	for (int m = 0; m < METRICS; m++) {
		if (e->noise[m] > to->noise[m]) {
			to->noise[m] = e->noise[m];
			to->noise_pairs[m] = e->noise_pairs[m];
		}
		if (!(e->by[m] > to->by[m]))
			continue;
		to->by[m] = e->by[m];
		to->is_floor[m] = e->is_floor[m];
	}
}

/* A gate asks one question: is anything worse? */
static int correct_gate(struct pairing *p, struct bl_err *err)
{
	BL_CLEANUP(bl_freep)
	struct comparison **members = calloc(p->n_jobs * METRICS + 1, sizeof(struct comparison *));
	size_t n = 0;

	if (!members)
		return -ENOMEM;
	for (size_t i = 0; i < p->n_jobs; i++)
		for (int m = 0; m < METRICS; m++)
			members[n++] = &p->jobs[i].by[m];
	return family_correct(members, n, FAMILY_HOLM, err);
}

static bool is_waited_for(const struct pairing_job *j, enum metric m)
{
	const struct summary *a = j->a->sum, *b = j->b->sum;

	if (m == METRIC_MAX || (m == METRIC_P99_9 && (a->is_thin[m] || b->is_thin[m])))
		return false;
	return a->metric[m].n || b->metric[m].n;
}

static void count_verdicts(struct pairing *p)
{
	p->gate.n_open = p->va.n_jobs - p->n_jobs;
	for (size_t i = 0; i < p->n_jobs; i++) {
		for (int m = 0; m < METRICS; m++) {
			const struct comparison *c = &p->jobs[i].by[m];

			p->gate.n += c->family > 0;
			p->gate.n_worse += c->verdict == VERDICT_WORSE;
			p->gate.n_open += c->verdict == VERDICT_CANNOT_TELL &&
					  is_waited_for(&p->jobs[i], (enum metric)m);
		}
	}
}

bool gate_is_passed(const struct gate *g)
{
	return g->n && !g->n_worse && !g->n_open;
}

/* One metric under all jobs is one question. */
static int correct(struct pairing *p, struct bl_err *err)
{
	BL_CLEANUP(bl_freep)
	struct comparison **members = calloc(p->n_jobs + 1, sizeof(struct comparison *));
	int r = members ? 0 : -ENOMEM;

	if (p->opt.is_gate)
		return correct_gate(p, err);
	for (int m = 0; r == 0 && m < METRICS; m++) {
		for (size_t i = 0; i < p->n_jobs; i++)
			members[i] = &p->jobs[i].by[m];
		r = family_correct(members, p->n_jobs, FAMILY_BH, err);
	}
	return r;
}

static int compare_jobs(struct pairing *p)
{
	for (size_t i = 0; i < p->va.n_jobs; i++) {
		const struct view_row *a = view_row_of(&p->va.jobs[i], p->cell_a), *b = NULL;
		struct pairing_job *grown, j = {.name = p->va.jobs[i].name, .a = a};
		struct min_effects min = p->va.jobs[i].min;

		for (size_t k = 0; k < p->vb.n_jobs; k++) {
			if (strcmp(p->vb.jobs[k].name, j.name) != 0)
				continue;
			b = view_row_of(&p->vb.jobs[k], p->cell_b);
			greater(&min, &p->vb.jobs[k].min);
		}
		if (!a || !b || !a->sum || !b->sum)
			continue;
		j.b = b;
		for (int m = 0; m < METRICS; m++)
			j.by[m] = compare_summaries_by(a->sum, b->sum, (enum metric)m, &min);
		refuse(p, &j);
		for (int m = 0; m < METRICS; m++)
			p->is_unpaired |= j.by[m].is_unpaired;
		grown = reallocarray(p->jobs, p->n_jobs + 1, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		p->jobs = grown;
		p->jobs[p->n_jobs++] = j;
	}
	return 0;
}

/* Why nothing is decided: @refusal in each comparison, the whole in the note. */
static void say_refused(struct pairing *p, const char *refusal)
{
	p->is_refused = true;
	p->refusal = refusal;
}

static void say_limits(struct pairing *p)
{
	const struct run_record *a = &p->va.d->run, *b = &p->vb.d->run;

	if (!are_same(a->version, b->version)) {
		say_refused(p, "measured by different versions");
		snprintf(p->note, sizeof(p->note),
			 "measured by different versions of the engine (%.60s and %.60s): figures "
			 "are shown, verdicts are refused",
			 a->version ? a->version : "unknown", b->version ? b->version : "unknown");
	} else if (!are_same(a->accel, b->accel)) {
		say_refused(p, "measured under different accelerators");
		snprintf(p->note, sizeof(p->note),
			 "measured under different accelerators (%.20s and %.20s): figures are "
			 "shown, verdicts are refused",
			 a->accel ? a->accel : "unknown", b->accel ? b->accel : "unknown");
	} else if (!p->is_same_run) {
		/* The trials of a run spread less than days do: intervals over them are too
		 * narrow for what is asked. */
		say_refused(p, "two runs: their trials do not show how days differ; use blklab "
			       "baseline check, blklab nightly, or both cells in one run");
		snprintf(p->note, sizeof(p->note),
			 "two runs: what the host did between them counts as a difference of the "
			 "cells, and their trials do not show how much that is. Figures are shown, "
			 "verdicts are refused; 'blklab baseline check' and 'blklab nightly' know "
			 "how days differ, and both cells in one interleaved run do not meet it");
	}
}

int pairing_init(struct pairing *p, const struct run_data *da, const char *cell_a,
		 const struct run_data *db, const char *cell_b, const struct report_options *opt,
		 struct bl_err *err)
{
	int r;

	memset(p, 0, sizeof(*p));
	if (opt)
		p->opt = (struct report_options){.min_effects = opt->min_effects,
						 .floors = opt->floors,
						 .is_gate = opt->is_gate};
	r = view_find_cell(da, cell_a, &p->cell_a, err);
	if (r == 0)
		r = view_find_cell(db, cell_b, &p->cell_b, err);
	if (r == 0)
		r = view_init(&p->va, da, &p->opt, err);
	if (r == 0)
		r = view_init(&p->vb, db, &p->opt, err);
	if (r < 0)
		return r;
	p->is_same_run = strcmp(da->run.id, db->run.id) == 0;
	say_limits(p);
	r = compare_jobs(p);
	if (p->is_unpaired && !p->is_refused)
		snprintf(p->note, sizeof(p->note),
			 "the cells took no turns: their trials are no pairs and are compared as "
			 "samples, and what the host did between them counts as a difference of "
			 "the cells");
	if (r == 0)
		r = correct(p, err);
	count_verdicts(p);
	if (r == 0)
		r = compare_config(p);
	if (r == 0)
		r = compare_environment(p);
	return r < 0 ? bl_fail(err, r, "compare: out of memory") : 0;
}

int report_compare_gate(const struct run_data *da, const char *cell_a, const struct run_data *db,
			const char *cell_b, const struct report_options *opt, struct gate *ret,
			struct bl_err *err)
{
	BL_CLEANUP(pairing_done) struct pairing p;
	int r = pairing_init(&p, da, cell_a, db, cell_b, opt, err);

	if (r < 0)
		return r;
	if (p.is_refused)
		return bl_fail(err, -EINVAL, "a gate needs verdicts: %s", p.note);
	*ret = p.gate;
	return 0;
}

void pairing_done(struct pairing *p)
{
	view_done(&p->va);
	view_done(&p->vb);
	free(p->jobs);
	free(p->config);
	env_changes_done(&p->environment);
	memset(p, 0, sizeof(*p));
}
