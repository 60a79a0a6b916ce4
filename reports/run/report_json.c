#include "report_json.h"

#include <jansson.h>

#include "cleanup.h"
#include "device_json.h"
#include "family.h"
#include "minute.h"
#include "json_parts.h"
#include "timing.h"

static json_t *lines_json(const struct lines *l)
{
	json_t *a = l->failed ? NULL : json_array();

	for (size_t i = 0; i < l->n; i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf plain = BL_BUF_INIT;

		fmt_sentence_plain(&plain, l->items[i]);
		part_append(&a, bl_buf_failed(&plain) ? NULL : json_string(bl_buf_str(&plain)));
	}
	return a;
}

static json_t *names_json(const char *const names[], size_t n)
{
	json_t *a = json_array();

	for (size_t i = 0; i < n; i++)
		part_append(&a, part_text(names[i]));
	return a;
}

static json_t *timing_json(const struct timing *t)
{
	json_t *o = json_object();

	part_set(&o, "engines", names_json(t->engines, t->n_engines));
	part_set(&o, "clocks", names_json(t->clocks, t->n_clocks));
	if (t->cost_ns > 0) {
		part_set_real(&o, "least_clock_cost_ns", t->least_cost_ns);
		part_set_real(&o, "clock_cost_ns", t->cost_ns);
	}
	if (t->has_drift)
		part_set_real(&o, "clock_drift_ppm", t->drift_ppm);
	if (t->has_errors)
		part_set(&o, "n_errors", json_integer((json_int_t)t->n_errors));
	return o;
}

static json_t *row_json(const struct view *v, const struct view_job *job,
			const struct view_row *row)
{
	struct timing timing = timing_of(v, row->cell, job->name);
	json_t *o = json_object();

	part_set(&o, "job", part_text(job->name));
	part_set(&o, "timing", timing_json(&timing));
	part_set(&o, "lat", part_summary_lat(row->sum));
	for (int d = 0; d < IO_DIRS; d++) {
		if (row->sum->lat[d] && row->sum->lat[d]->n)
			part_set(&o, io_dir_names[d], part_lat(row->sum->lat[d]));
	}
	part_set(&o, "over_trials", part_metrics(row->sum));
	if (row->cell != v->reference)
		part_set(&o, "against_reference", part_comparisons(row->ref));
	return o;
}

static json_t *effective_json(const struct effectives *e)
{
	json_t *a = json_array();

	for (size_t i = 0; i < e->n; i++) {
		json_t *o = json_object();

		part_set(&o, "key", part_text(e->items[i].key));
		part_set(&o, "asked", part_text(e->items[i].asked));
		part_set(&o, "effective", part_text(e->items[i].effective));
		part_set(&o, "source", part_text(e->items[i].source));
		part_set(&o, "matches", json_boolean(e->items[i].matches));
		part_append(&a, o);
	}
	return a;
}

static json_t *time_json(const struct run_data *d, size_t trial, enum time_detail detail)
{
	const struct trial_record *t = &d->trials[trial];
	json_t *a = json_array();

	for (size_t j = 0; j < t->n_jobs; j++) {
		json_t *o = json_object();

		part_set(&o, "job", part_text(t->jobs[j].name));
		time_set(&o, d, trial, j, detail);
		part_append(&a, o);
	}
	return a;
}

static json_t *trial_json(const struct run_data *d, size_t trial, enum time_detail detail)
{
	const struct trial_record *t = &d->trials[trial];
	json_t *o = json_object();

	part_set(&o, "id", part_text(t->id));
	part_set(&o, "repeat", json_integer(t->repeat));
	part_set(&o, "boot", part_text(t->boot[0] ? t->boot : t->id));
	part_set(&o, "round", json_integer(t->round));
	part_set(&o, "order", json_integer(t->order));
	part_set(&o, "state", json_string(trial_state_names[t->state]));
	part_set(&o, "reason", part_text(t->reason));
	part_set(&o, "started_ms", json_integer((json_int_t)t->started_ms));
	part_set(&o, "ended_ms", json_integer((json_int_t)t->ended_ms));
	part_set(&o, "facts", part_facts(&t->facts));
	part_set(&o, "effective", effective_json(&t->effective));
	part_set(&o, "jobs", time_json(d, trial, detail));
	return o;
}

static json_t *cell_json(const struct view *v, uint32_t cell, enum time_detail detail)
{
	const struct view_cell *c = &v->cells[cell];
	json_t *o = json_object(), *jobs = json_array(), *trials = json_array();

	part_set(&o, "name", part_text(c->rec->name));
	part_set(&o, "axes", part_facts(&c->rec->axes));
	part_set(&o, "cpu", part_text(view_cpu(v, cell)));
	part_set(&o, "durability", part_text(c->rec->durability));
	part_set(&o, "trials_ok", json_integer((json_int_t)c->n_ok));
	part_boots(&o, &c->boots);
	for (size_t j = 0; j < v->n_jobs; j++) {
		const struct view_row *row = view_row_of(&v->jobs[j], cell);

		if (row && row->sum)
			part_append(&jobs, row_json(v, &v->jobs[j], row));
	}
	for (size_t i = 0; i < v->d->n_trials; i++) {
		if (v->d->trials[i].cell == cell)
			part_append(&trials, trial_json(v->d, i, detail));
	}
	part_set(&o, "jobs", jobs);
	part_set(&o, "trials", trials);
	return o;
}

static json_t *run_json(const struct run_record *r)
{
	json_t *o = json_object();

	part_set(&o, "id", part_text(r->id));
	part_set(&o, "scenario", part_text(r->scenario_name));
	part_set(&o, "host", part_text(r->host_name));
	part_set(&o, "host_id", part_text(r->host_id));
	part_set(&o, "accel", part_text(r->accel));
	part_set(&o, "version", part_text(r->version));
	part_set(&o, "seed", json_integer((json_int_t)r->seed));
	part_set(&o, "repeats", json_integer(r->repeats));
	part_set(&o, "started_ms", json_integer((json_int_t)r->started_ms));
	if (r->ended_ms)
		part_set(&o, "ended_ms", json_integer((json_int_t)r->ended_ms));
	part_set(&o, "environment", part_facts(&r->environment));
	if (r->declared.n)
		part_set(&o, "declared", part_facts(&r->declared));
	return o;
}

static json_t *effects_json(const struct view *v)
{
	json_t *a = json_array();

	for (size_t i = 0; i < v->n_effects; i++) {
		const struct view_effect *e = &v->effects[i];
		json_t *o = json_object();

		part_set(&o, "job", part_text(e->job->name));
		part_set(&o, "axis", part_text(e->axis->name));
		part_set(&o, "from", part_text(e->from));
		part_set(&o, "to", part_text(e->to));
		part_set(&o, "cell_from", part_text(v->d->cells[e->cell_from].name));
		part_set(&o, "cell_to", part_text(v->d->cells[e->cell_to].name));
		part_set(&o, "change", part_comparisons(e->by));
		part_append(&a, o);
	}
	return a;
}

/* Which comparisons were corrected together. */
static json_t *family_json(const char *question, const struct view_job *job, int metric, size_t n,
			   const struct min_effects *min)
{
	json_t *o = json_object();

	part_set(&o, "question", json_string(question));
	part_set(&o, "job", part_text(job->name));
	part_set(&o, "metric", json_string(metric_names[metric]));
	part_set(&o, "comparisons", json_integer((json_int_t)n));
	part_set(&o, "method", json_string("Benjamini-Hochberg"));
	part_set_real(&o, "level", FAMILY_LEVEL);
	part_set_real(&o, "min_effect", min->by[metric]);
	return o;
}

static size_t n_in_rows(const struct view_job *job, int metric)
{
	size_t n = 0;

	for (size_t i = 0; i < job->n_rows; i++)
		n = job->rows[i].ref[metric].family ? job->rows[i].ref[metric].family : n;
	return n;
}

static size_t n_in_choices(const struct view *v, const struct view_job *job, int metric)
{
	size_t n = 0;

	for (size_t i = 0; i < v->n_effects; i++)
		if (v->effects[i].job == job && v->effects[i].by[metric].family)
			n = v->effects[i].by[metric].family;
	return n;
}

static json_t *families_json(const struct view *v)
{
	json_t *a = json_array();

	for (size_t j = 0; j < v->n_jobs; j++) {
		const struct view_job *job = &v->jobs[j];

		for (int m = 0; m < METRICS; m++) {
			size_t rows = n_in_rows(job, m), choices = n_in_choices(v, job, m);

			if (rows)
				part_append(&a, family_json("against_reference", job, m, rows,
							    &job->min));
			if (choices)
				part_append(&a, family_json("choices", job, m, choices, &job->min));
		}
	}
	return a;
}

static json_t *jobs_json(const struct view *v)
{
	json_t *a = json_array();

	for (size_t j = 0; j < v->n_jobs; j++) {
		json_t *o = json_object();

		part_set(&o, "name", part_text(v->jobs[j].name));
		part_set(&o, "text", part_text(v->jobs[j].text));
		part_append(&a, o);
	}
	return a;
}

int report_json(const struct view *v, enum time_detail detail, struct bl_buf *out)
{
	BL_CLEANUP(lines_done) struct lines trust = {0}, minute = {0};
	json_t *root = json_object(), *cells = json_array();

	minute_trust(v, &trust);
	minute_lines(v, &fmt_plain, &minute);
	part_set(&root, "format", json_string("blklab-report/1"));
	part_set(&root, "run", run_json(&v->d->run));
	part_set(&root, "trust", lines_json(&trust));
	part_set(&root, "summary", lines_json(&minute));
	part_set(&root, "reference",
		 v->d->n_cells ? part_text(v->d->cells[v->reference].name) : json_null());
	part_set(&root, "jobs", jobs_json(v));
	for (uint32_t c = 0; c < v->d->n_cells; c++)
		part_append(&cells, cell_json(v, c, detail));
	part_set(&root, "cells", cells);
	part_set(&root, "choices", effects_json(v));
	part_set(&root, "families", families_json(v));
	part_set(&root, "findings", findings_json(v));
	if (v->decision.sentence)
		part_set(&root, "decision", decision_json(v));
	part_set(&root, "handovers", handovers_json(v->d));
	return part_dump(root, out);
}
