/* A night as JSON: night.schema.json, "blklab-night/1". */
#include <jansson.h>

#include "cleanup.h"
#include "clock.h"
#include "fmt.h"
#include "json_parts.h"
#include "night_parts.h"

static void set_time(json_t **o, const char *key, uint64_t ms)
{
	char text[32];

	if (ms)
		part_set(o, key, json_string(bl_format_utc(text, ms)));
}

static void set_text_if(json_t **o, const char *key, const char *s)
{
	if (s && s[0])
		part_set(o, key, part_text(s));
}

static void set_name(json_t **o, const char *cell, const char *job, enum metric m)
{
	part_set(o, "cell", part_text(cell));
	part_set(o, "job", part_text(job));
	part_set(o, "metric", json_string(metric_names[m]));
}

static json_t *change_json(const struct night_change *c)
{
	json_t *o = json_object();

	part_set(&o, "id", part_text(c->id));
	part_set(&o, "event", part_text(c->event));
	set_name(&o, c->cell, c->job, c->metric);
	part_set(&o, "state", json_string(change_state_names[c->state]));
	part_set(&o, "is_worse", json_boolean(c->is_worse));
	part_set(&o, "is_drift", json_boolean(c->is_drift));
	part_set(&o, "is_new", json_boolean(c->is_new));
	part_set_real(&o, "before", c->before);
	part_set_real(&o, "after", c->after);
	part_set_real(&o, "ratio", c->ratio);
	part_set_real(&o, "lo", c->lo);
	part_set_real(&o, "hi", c->hi);
	part_set_real(&o, "p", c->p);
	set_text_if(&o, "at_run", c->at_run);
	set_time(&o, "at", c->at_ms);
	part_set(&o, "nights_since", json_integer((json_int_t)c->nights_since));
	set_text_if(&o, "cause", c->cause);
	set_text_if(&o, "confirmation", c->confirmation);
	return o;
}

static json_t *point_json(const struct night_point *p)
{
	json_t *o = json_object();

	set_name(&o, p->cell, p->job, p->metric);
	part_set(&o, "trials", json_integer((json_int_t)p->n));
	part_set_real(&o, "value", p->value);
	part_set(&o, "verdict", json_string(profile_verdict_names[p->verdict]));
	if (p->ratio > 0)
		part_set_real(&o, "ratio", p->ratio);
	if (p->has_interval) {
		part_set_real(&o, "lo", p->lo);
		part_set_real(&o, "hi", p->hi);
	}
	part_set(&o, "is_worse", json_boolean(p->is_worse));
	part_set(&o, "is_outlier", json_boolean(p->is_outlier));
	set_text_if(&o, "why", p->why);
	return o;
}

static json_t *failure_json(const struct night_failure *f)
{
	json_t *o = json_object();

	part_set(&o, "cell", part_text(f->cell));
	part_set(&o, "repeat", json_integer(f->repeat));
	part_set(&o, "reason", part_text(f->reason));
	return o;
}

static json_t *texts_json(char **items, size_t n)
{
	json_t *a = json_array();

	for (size_t i = 0; i < n; i++)
		part_append(&a, part_text(items[i]));
	return a;
}

static void set_lists(json_t **o, const struct night *n)
{
	json_t *changes = json_array(), *points = json_array(), *failures = json_array();

	for (size_t i = 0; i < n->n_changes; i++)
		part_append(&changes, change_json(&n->changes[i]));
	for (size_t i = 0; i < n->n_points; i++)
		part_append(&points, point_json(&n->points[i]));
	for (size_t i = 0; i < n->n_failures; i++)
		part_append(&failures, failure_json(&n->failures[i]));
	part_set(o, "changes", changes);
	part_set(o, "points", points);
	part_set(o, "failures", failures);
	part_set(o, "environment", texts_json(n->environment, n->n_environment));
	part_set(o, "notes", texts_json(n->notes, n->n_notes));
}

/* What @add appends, as a text. */
static json_t *made_text(const struct night *n, void (*add)(const struct night *, struct bl_buf *))
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

	add(n, &text);
	return bl_buf_failed(&text) ? NULL : json_string(bl_buf_str(&text));
}

int night_json(const struct night *n, struct bl_buf *out)
{
	json_t *o = json_object();

	part_set(&o, "format", json_string("blklab-night/1"));
	part_set(&o, "id", made_text(n, night_id));
	part_set(&o, "scenario", part_text(n->scenario));
	part_set(&o, "outcome", json_string(night_outcome_names[n->outcome]));
	part_set(&o, "is_worse", json_boolean(night_is_worse(n)));
	part_set(&o, "reason", part_text(n->reason));
	part_set(&o, "headline", made_text(n, night_headline));
	part_set(&o, "text", made_text(n, night_text));
	part_set(&o, "host_id", part_text(n->host_id));
	part_set(&o, "host_name", part_text(n->host_name));
	part_set(&o, "version", part_text(n->version));
	set_text_if(&o, "run_id", n->run_id);
	set_text_if(&o, "accel", n->accel);
	set_text_if(&o, "baseline", n->baseline);
	set_text_if(&o, "report_path", n->report_path);
	set_time(&o, "started", n->started_ms);
	set_time(&o, "ended", n->ended_ms);
	part_set(&o, "trials", json_integer((json_int_t)n->n_trials));
	part_set(&o, "trials_ok", json_integer((json_int_t)n->n_ok));
	part_set(&o, "nights", json_integer((json_int_t)n->n_nights));
	set_lists(&o, n);
	return part_dump(o, out);
}
