#include "report_json.h"

#include <jansson.h>

#include "cleanup.h"
#include "device_json.h"
#include "minute.h"
#include "json_parts.h"
#include "timing.h"

static json_t *lines_json(const struct lines *l)
{
	json_t *a = json_array();

	for (size_t i = 0; i < l->n; i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf plain = BL_BUF_INIT;

		fmt_sentence_plain(&plain, l->items[i]);
		json_array_append_new(a, json_string(bl_buf_str(&plain)));
	}
	return a;
}

static json_t *names_json(const char *const names[], size_t n)
{
	json_t *a = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(a, part_text(names[i]));
	return a;
}

static json_t *timing_json(const struct timing *t)
{
	json_t *o = json_object();

	json_object_set_new(o, "engines", names_json(t->engines, t->n_engines));
	json_object_set_new(o, "clocks", names_json(t->clocks, t->n_clocks));
	if (t->cost_ns > 0) {
		json_object_set_new(o, "least_clock_cost_ns", json_real(t->least_cost_ns));
		json_object_set_new(o, "clock_cost_ns", json_real(t->cost_ns));
	}
	if (t->has_drift)
		json_object_set_new(o, "clock_drift_ppm", json_real(t->drift_ppm));
	if (t->has_errors)
		json_object_set_new(o, "n_errors", json_integer((json_int_t)t->n_errors));
	return o;
}

static json_t *row_json(const struct view *v, const struct view_job *job,
			const struct view_row *row)
{
	struct timing timing = timing_of(v, row->cell, job->name);
	json_t *o = json_object();

	json_object_set_new(o, "job", part_text(job->name));
	json_object_set_new(o, "timing", timing_json(&timing));
	json_object_set_new(o, "lat", part_lat(row->sum->all));
	for (int d = 0; d < IO_DIRS; d++) {
		if (row->sum->lat[d] && row->sum->lat[d]->n)
			json_object_set_new(o, io_dir_names[d], part_lat(row->sum->lat[d]));
	}
	json_object_set_new(o, "over_trials", part_metrics(row->sum));
	if (row->cell != v->reference)
		json_object_set_new(o, "against_reference", part_comparisons(row->ref));
	return o;
}

static json_t *effective_json(const struct effectives *e)
{
	json_t *a = json_array();

	for (size_t i = 0; i < e->n; i++) {
		json_t *o = json_object();

		json_object_set_new(o, "key", part_text(e->items[i].key));
		json_object_set_new(o, "asked", part_text(e->items[i].asked));
		json_object_set_new(o, "effective", part_text(e->items[i].effective));
		json_object_set_new(o, "source", part_text(e->items[i].source));
		json_object_set_new(o, "matches", json_boolean(e->items[i].matches));
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *trial_json(const struct trial_record *t)
{
	json_t *o = json_object();

	json_object_set_new(o, "id", part_text(t->id));
	json_object_set_new(o, "repeat", json_integer(t->repeat));
	json_object_set_new(o, "order", json_integer(t->order));
	json_object_set_new(o, "state", json_string(trial_state_names[t->state]));
	json_object_set_new(o, "reason", part_text(t->reason));
	json_object_set_new(o, "started_ms", json_integer((json_int_t)t->started_ms));
	json_object_set_new(o, "ended_ms", json_integer((json_int_t)t->ended_ms));
	json_object_set_new(o, "facts", part_facts(&t->facts));
	json_object_set_new(o, "effective", effective_json(&t->effective));
	return o;
}

static json_t *cell_json(const struct view *v, uint32_t cell)
{
	const struct view_cell *c = &v->cells[cell];
	json_t *o = json_object(), *jobs = json_array(), *trials = json_array();

	json_object_set_new(o, "name", part_text(c->rec->name));
	json_object_set_new(o, "axes", part_facts(&c->rec->axes));
	json_object_set_new(o, "cpu", part_text(view_cpu(v, cell)));
	json_object_set_new(o, "durability", part_text(c->rec->durability));
	json_object_set_new(o, "trials_ok", json_integer((json_int_t)c->n_ok));
	for (size_t j = 0; j < v->n_jobs; j++) {
		const struct view_row *row = view_row_of(&v->jobs[j], cell);

		if (row && row->sum)
			json_array_append_new(jobs, row_json(v, &v->jobs[j], row));
	}
	for (size_t i = 0; i < v->d->n_trials; i++) {
		if (v->d->trials[i].cell == cell)
			json_array_append_new(trials, trial_json(&v->d->trials[i]));
	}
	json_object_set_new(o, "jobs", jobs);
	json_object_set_new(o, "trials", trials);
	return o;
}

static json_t *run_json(const struct run_record *r)
{
	json_t *o = json_object();

	json_object_set_new(o, "id", part_text(r->id));
	json_object_set_new(o, "scenario", part_text(r->scenario_name));
	json_object_set_new(o, "host", part_text(r->host_name));
	json_object_set_new(o, "host_id", part_text(r->host_id));
	json_object_set_new(o, "accel", part_text(r->accel));
	json_object_set_new(o, "version", part_text(r->version));
	json_object_set_new(o, "seed", json_integer((json_int_t)r->seed));
	json_object_set_new(o, "repeats", json_integer(r->repeats));
	json_object_set_new(o, "started_ms", json_integer((json_int_t)r->started_ms));
	if (r->ended_ms)
		json_object_set_new(o, "ended_ms", json_integer((json_int_t)r->ended_ms));
	json_object_set_new(o, "environment", part_facts(&r->environment));
	if (r->declared.n)
		json_object_set_new(o, "declared", part_facts(&r->declared));
	return o;
}

static json_t *effects_json(const struct view *v)
{
	json_t *a = json_array();

	for (size_t i = 0; i < v->n_effects; i++) {
		const struct view_effect *e = &v->effects[i];
		json_t *o = json_object();

		json_object_set_new(o, "job", part_text(e->job->name));
		json_object_set_new(o, "axis", part_text(e->axis->name));
		json_object_set_new(o, "from", part_text(e->from));
		json_object_set_new(o, "to", part_text(e->to));
		json_object_set_new(o, "cell_from", part_text(v->d->cells[e->cell_from].name));
		json_object_set_new(o, "cell_to", part_text(v->d->cells[e->cell_to].name));
		json_object_set_new(o, "change", part_comparisons(e->by));
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *jobs_json(const struct view *v)
{
	json_t *a = json_array();

	for (size_t j = 0; j < v->n_jobs; j++) {
		json_t *o = json_object();

		json_object_set_new(o, "name", part_text(v->jobs[j].name));
		json_object_set_new(o, "text", part_text(v->jobs[j].text));
		json_array_append_new(a, o);
	}
	return a;
}

int report_json(const struct view *v, struct bl_buf *out)
{
	BL_CLEANUP(lines_done) struct lines trust = {0}, minute = {0};
	json_t *root = json_object(), *cells = json_array();

	minute_trust(v, &trust);
	minute_lines(v, &fmt_plain, &minute);
	json_object_set_new(root, "format", json_string("blklab-report/1"));
	json_object_set_new(root, "run", run_json(&v->d->run));
	json_object_set_new(root, "trust", lines_json(&trust));
	json_object_set_new(root, "summary", lines_json(&minute));
	json_object_set_new(root, "reference",
			    v->d->n_cells ? part_text(v->d->cells[v->reference].name)
					  : json_null());
	json_object_set_new(root, "jobs", jobs_json(v));
	for (uint32_t c = 0; c < v->d->n_cells; c++)
		json_array_append_new(cells, cell_json(v, c));
	json_object_set_new(root, "cells", cells);
	json_object_set_new(root, "choices", effects_json(v));
	json_object_set_new(root, "findings", findings_json(v));
	if (v->decision.sentence)
		json_object_set_new(root, "decision", decision_json(v));
	json_object_set_new(root, "handovers", handovers_json(v->d));
	return part_dump(root, out);
}
