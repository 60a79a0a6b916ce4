/* Baselines, checks and hosts as JSON. */
#include <errno.h>
#include <jansson.h>
#include <math.h>

#include "cleanup.h"
#include "json_parts.h"
#include "profile_report.h"

static json_t *baseline_json(const struct profile_of_baseline *b)
{
	const struct baseline_record *r = b->baseline;
	json_t *o = json_object(), *runs = json_array();

	for (size_t i = 0; i < r->n_runs; i++)
		part_append(&runs, part_text(r->runs[i]));
	part_set(&o, "id", part_text(r->id));
	part_set(&o, "name", part_text(r->name));
	part_set(&o, "scenario", part_text(r->scenario));
	part_set(&o, "host_id", part_text(r->host));
	part_set(&o, "host", part_text(r->host_name));
	part_set(&o, "made_ms", json_integer((json_int_t)r->made_ms));
	part_set(&o, "note", part_text(r->note));
	part_set(&o, "retired_ms",
		 r->retired_ms ? json_integer((json_int_t)r->retired_ms) : json_null());
	part_set(&o, "retired_why", part_text(r->retired_why));
	part_set(&o, "runs", runs);
	return o;
}

static json_t *run_json(const struct run_figures *f)
{
	json_t *o = json_object();

	part_set(&o, "id", part_text(f->run));
	part_set(&o, "started_ms", json_integer((json_int_t)f->started_ms));
	part_set(&o, "accel", part_text(f->accel));
	part_set(&o, "version", part_text(f->version));
	part_set(&o, "trials", json_integer((json_int_t)f->n_trials));
	part_set(&o, "trials_ok", json_integer((json_int_t)f->n_ok));
	return o;
}

static void set_names(json_t **o, const char *cell, const char *job, uint64_t iodepth)
{
	part_set(o, "cell", part_text(cell));
	part_set(o, "job", part_text(job));
	if (iodepth)
		part_set(o, "iodepth", json_integer((json_int_t)iodepth));
}

static json_t *changes_json(const struct env_changes *c)
{
	json_t *a = json_array();

	for (size_t i = 0; i < c->n; i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
		json_t *o = json_object();

		env_change_text(&c->items[i], &text);
		part_set(&o, "key", part_text(c->items[i].key));
		part_set(&o, "what", part_text(c->items[i].what));
		part_set(&o, "before", part_text(c->items[i].before));
		part_set(&o, "after", part_text(c->items[i].after));
		part_set(&o, "text", bl_buf_failed(&text) ? NULL : part_text(bl_buf_str(&text)));
		part_append(&a, o);
	}
	return a;
}

static int dump(json_t *root, struct bl_buf *out, struct bl_err *err)
{
	return part_dump(root, out) < 0 ? bl_fail(err, -ENOMEM, "out of memory") : 0;
}

/* ---- show ---- */

static json_t *line_json(const struct profile_line *l)
{
	json_t *o = json_object(), *by = json_object();

	set_names(&o, l->cell, l->job, l->iodepth);
	part_set(&o, "trials", json_integer((json_int_t)l->n_trials));
	part_set(&o, "unstable", json_integer((json_int_t)l->n_unstable));
	for (int m = 0; m < METRICS; m++) {
		const struct profile_figure *f = &l->by[m];
		json_t *v;

		if (!f->n)
			continue;
		v = json_object();
		part_set(&v, "runs", json_integer((json_int_t)f->n));
		part_set_real(&v, "value", f->value);
		part_set_real(&v, "between_runs_sd", f->run_sd);
		part_set_real(&v, "between_trials_sd", f->trial_sd);
		part_set(&v, "is_thin", json_boolean(f->is_thin));
		part_set(&by, metric_names[m], v);
	}
	part_set(&o, "metrics", by);
	return o;
}

int report_profile_json(const struct profile_of_baseline *b, struct bl_buf *out, struct bl_err *err)
{
	json_t *root = json_object(), *lines = json_array();
	struct profile p;

	if (profile_of(b->runs, b->n_runs, &p) < 0) {
		json_decref(root);
		json_decref(lines);
		return bl_fail(err, -ENOMEM, "out of memory");
	}
	for (size_t i = 0; i < p.n; i++)
		part_append(&lines, line_json(&p.items[i]));
	profile_done(&p);
	part_set(&root, "format", json_string("blklab-baseline/1"));
	part_set(&root, "baseline", baseline_json(b));
	part_set(&root, "age_ms",
		 json_integer((json_int_t)(b->now_ms > b->baseline->made_ms
						   ? b->now_ms - b->baseline->made_ms
						   : 0)));
	part_set(&root, "profile", lines);
	if (b->n_runs)
		part_set(&root, "environment",
			 part_facts(&b->runs[b->n_runs - 1].fingerprint.facts));
	return dump(root, out, err);
}

/* ---- check ---- */

static json_t *row_json(const struct profile_row *row)
{
	json_t *o = json_object();

	set_names(&o, row->cell, row->job, row->iodepth);
	part_set(&o, "metric", json_string(metric_names[row->metric]));
	part_set(&o, "verdict", json_string(profile_verdict_names[row->verdict]));
	part_set(&o, "runs_baseline", json_integer((json_int_t)row->n_base));
	part_set(&o, "runs_now", json_integer((json_int_t)row->n_now));
	part_set_real(&o, "baseline", row->base);
	if (row->n_now) {
		part_set_real(&o, "now", row->now);
		part_set_real(&o, "ratio", row->ratio);
		part_set(&o, "is_worse", json_boolean(row->is_worse));
	}
	if (row->has_interval) {
		part_set_real(&o, "lo", row->lo);
		part_set_real(&o, "hi", row->hi);
	}
	part_set_real(&o, "p", row->p);
	part_set_real(&o, "p_adjusted", row->p_adjusted);
	part_set_real(&o, "min_effect", row->min_effect);
	if (row->more_runs)
		part_set(&o, "more_runs", json_integer((json_int_t)row->more_runs));
	if (row->why[0])
		part_set(&o, "why", part_text(row->why));
	return o;
}

int report_check_json(const struct profile_of_baseline *b, const struct run_figures *new,
		      size_t n_new, const struct profile_check *c, struct bl_buf *out,
		      struct bl_err *err)
{
	json_t *root = json_object(), *runs = json_array(), *rows = json_array();

	for (size_t i = 0; i < n_new; i++)
		part_append(&runs, run_json(&new[i]));
	for (size_t i = 0; i < c->n; i++)
		part_append(&rows, row_json(&c->items[i]));
	part_set(&root, "format", json_string("blklab-check/1"));
	part_set(&root, "outcome", json_string(profile_verdict_names[report_check_outcome(c)]));
	part_set(&root, "drifted", json_integer((json_int_t)c->n_drifted));
	part_set(&root, "worse", json_integer((json_int_t)c->n_worse));
	part_set(&root, "cannot_tell", json_integer((json_int_t)c->n_cannot_tell));
	part_set_real(&root, "baseline_days", c->base_days);
	part_set(&root, "baseline", baseline_json(b));
	part_set(&root, "runs", runs);
	part_set(&root, "figures", rows);
	part_set(&root, "environment_changes", changes_json(&c->changes));
	return dump(root, out, err);
}

/* ---- hosts ---- */

static json_t *host_json(const struct alike_host *h, const struct alike *a, size_t i)
{
	json_t *o = json_object(), *runs = json_array(), *facts = json_array();

	for (size_t k = 0; k < h->n_runs; k++)
		part_append(&runs, run_json(h->runs[k]));
	for (size_t k = 0; k < a->n_facts; k++) {
		const struct alike_fact *f = &a->facts[k];
		json_t *fact;

		if (f->host != i)
			continue;
		fact = json_object();
		part_set(&fact, "key", part_text(f->key));
		part_set(&fact, "value", part_text(f->value));
		part_set(&fact, "others", part_text(f->others));
		part_set(&fact, "n_others", json_integer((json_int_t)f->n_others));
		part_append(&facts, fact);
	}
	part_set(&o, "id", part_text(h->id));
	part_set(&o, "name", part_text(h->name));
	part_set(&o, "runs", runs);
	part_set(&o, "odd_figures", json_integer((json_int_t)a->n_odd[i]));
	part_set(&o, "worse_figures", json_integer((json_int_t)a->n_worse[i]));
	part_set(&o, "left_out", a->left_out[i][0] ? part_text(a->left_out[i]) : json_null());
	part_set(&o, "alone_has", facts);
	return o;
}

static json_t *alike_row_json(const struct alike_row *row, const struct alike_host *hosts,
			      size_t n_hosts)
{
	json_t *o = json_object(), *values = json_array(), *odd = json_array();

	set_names(&o, row->cell, row->job, row->iodepth);
	part_set(&o, "metric", json_string(metric_names[row->metric]));
	part_set(&o, "verdict", json_string(alike_verdict_names[row->verdict]));
	part_set_real(&o, "typical", row->typical);
	part_set_real(&o, "rel_mad", row->rel_mad);
	if (row->has_interval) {
		part_set_real(&o, "lo", row->lo);
		part_set_real(&o, "hi", row->hi);
	}
	part_set_real(&o, "p", row->p);
	part_set_real(&o, "p_adjusted", row->p_adjusted);
	part_set_real(&o, "min_effect", row->min_effect);
	for (size_t i = 0; i < n_hosts; i++)
		part_append(&values,
			    isnan(row->values[i]) ? json_null() : json_real(row->values[i]));
	for (size_t i = 0; i < row->n_odd; i++) {
		json_t *one = json_object();

		part_set(&one, "host", part_text(hosts[row->odd[i].host].id));
		part_set(&one, "name", part_text(hosts[row->odd[i].host].name));
		part_set_real(&one, "ratio", row->odd[i].ratio);
		part_set(&one, "is_worse", json_boolean(row->odd[i].is_worse));
		part_append(&odd, one);
	}
	part_set(&o, "values", values);
	part_set(&o, "odd", odd);
	if (row->why[0])
		part_set(&o, "why", part_text(row->why));
	return o;
}

int report_hosts_json(const char *scenario, const struct alike_host *hosts, const struct alike *a,
		      struct bl_buf *out, struct bl_err *err)
{
	json_t *root = json_object(), *list = json_array(), *rows = json_array();

	for (size_t i = 0; i < a->n_hosts; i++)
		part_append(&list, host_json(&hosts[i], a, i));
	for (size_t i = 0; i < a->n; i++)
		part_append(&rows, alike_row_json(&a->rows[i], hosts, a->n_hosts));
	part_set(&root, "format", json_string("blklab-hosts/1"));
	part_set(&root, "scenario", part_text(scenario));
	part_set(&root, "outcome", json_string(alike_verdict_names[report_hosts_outcome(a)]));
	part_set(&root, "odd_host",
		 a->odd_host == SIZE_MAX ? json_null() : part_text(hosts[a->odd_host].id));
	part_set(&root, "hosts", list);
	part_set(&root, "figures", rows);
	return dump(root, out, err);
}
