#include "history_report.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "fmt.h"
#include "history_page.h"
#include "history_parts.h"
#include "json_parts.h"
#include "night_parts.h"

bool history_is_shown(const struct history_view *v, const struct series_history *s)
{
	return (!v->cell || strcmp(v->cell, s->cell) == 0) &&
	       (!v->job || strcmp(v->job, s->job) == 0);
}

/* --- CSV --- */

static void csv_marks(const struct night_figures *n, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf marks = BL_BUF_INIT;

	for (size_t i = 0; i < n->n_marks; i++)
		bl_buf_addf(&marks, "%s%s", i ? "; " : "", n->marks[i]);
	fmt_csv(out, fmt_part(out, &marks));
}

static void csv(const struct history_view *v, struct bl_buf *out)
{
	char when[32];

	bl_buf_adds(out, "date,run,cell,job,metric,value,n_trials,environment_changed\r\n");
	for (size_t i = 0; i < v->h->n_series; i++) {
		const struct series_history *s = &v->h->series[i];

		for (size_t k = 0; history_is_shown(v, s) && k < s->n; k++) {
			const struct night_figures *n = &v->h->nights[s->night[k]];

			bl_buf_addf(out, "%s,%s,", bl_format_utc(when, n->started_ms), n->run);
			fmt_csv(out, s->cell);
			bl_buf_addc(out, ',');
			fmt_csv(out, s->job);
			bl_buf_addf(out, ",%s,%.6g,%zu,", metric_names[s->metric], exp(s->y[k]),
				    s->n_trials[k]);
			csv_marks(n, out);
			bl_buf_adds(out, "\r\n");
		}
	}
}

/* --- JSON --- */

static json_t *marks_json(const struct night_figures *n)
{
	json_t *a = json_array();

	for (size_t i = 0; i < n->n_marks; i++)
		part_append(&a, part_text(n->marks[i]));
	return a;
}

static json_t *nights_json(const struct history *h)
{
	json_t *a = json_array();

	for (size_t i = 0; i < h->n_nights; i++) {
		const struct night_figures *n = &h->nights[i];
		json_t *o = json_pack("{s:s,s:I,s:I,s:I}", "run", n->run, "started_ms",
				      (json_int_t)n->started_ms, "trials", (json_int_t)n->n_trials,
				      "ok", (json_int_t)n->n_ok);

		part_set(&o, "environment_changed", marks_json(n));
		part_append(&a, o);
	}
	return a;
}

static json_t *change_json(const struct series_history *s, const struct change *c)
{
	json_t *o = json_pack("{s:I,s:I,s:b}", "night", (json_int_t)s->night[c->at], "index",
			      (json_int_t)c->at, "is_drift", c->is_drift);

	part_set_real(&o, "before", exp(c->before));
	part_set_real(&o, "after", exp(c->after));
	part_set_real(&o, "ratio", exp(c->after - c->before));
	part_set_real(&o, "lo", exp(c->lo));
	part_set_real(&o, "hi", exp(c->hi));
	part_set_real(&o, "p", c->p);
	return o;
}

static json_t *series_json(const struct series_history *s, const struct changes *found)
{
	json_t *o = json_pack("{s:s}", "metric", metric_names[s->metric]);
	json_t *nights = json_array(), *values = json_array(), *changes = json_array();

	for (size_t k = 0; k < s->n; k++) {
		part_append(&nights, json_integer((json_int_t)s->night[k]));
		part_append(&values, json_real(exp(s->y[k])));
	}
	for (size_t i = 0; i < found->n; i++)
		part_append(&changes, change_json(s, &found->items[i]));
	part_set(&o, "cell", part_text(s->cell));
	part_set(&o, "job", part_text(s->job));
	part_set(&o, "nights", nights);
	part_set(&o, "values", values);
	part_set(&o, "change_points", changes);
	part_set_real(&o, "sigma", found->sigma);
	return o;
}

static int all_series_json(const struct history_view *v, json_t **ret)
{
	int r = 0;

	*ret = json_array();
	for (size_t i = 0; i < v->h->n_series && r == 0; i++) {
		BL_CLEANUP(changes_done) struct changes found = {0};

		if (!history_is_shown(v, &v->h->series[i]))
			continue;
		r = history_changes(v->h, &v->h->series[i], &changes_display, &found);
		if (r == 0)
			part_append(ret, series_json(&v->h->series[i], &found));
	}
	return r;
}

static json_t *event_json(const struct change_record *c)
{
	json_t *o = json_pack("{s:s,s:s,s:s,s:s,s:s,s:b,s:s,s:I}", "id", c->id, "event", c->event,
			      "metric", c->metric, "at_run", c->at_run, "found_run", c->found_run,
			      "is_drift", c->is_drift, "state", c->state, "reported_ms",
			      (json_int_t)c->reported_ms);

	part_set(&o, "cell", part_text(c->cell));
	part_set(&o, "job", part_text(c->job));
	part_set(&o, "cause", part_text(c->cause));
	part_set(&o, "confirmation", part_text(c->confirmation));
	part_set_real(&o, "before", c->before);
	part_set_real(&o, "after", c->after);
	part_set_real(&o, "lo", c->lo);
	part_set_real(&o, "hi", c->hi);
	part_set_real(&o, "p", c->p);
	return o;
}

static json_t *left_out_json(const struct history *h)
{
	json_t *o = json_object();

	for (int w = HISTORY_ORDINARY; w < HISTORY_WHYS; w++)
		part_set(&o, history_why_says[w],
			 json_integer((json_int_t)history_left_out(h, (enum history_why)w)));
	return o;
}

static int notes_json(const struct history_view *v, json_t **notes)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf thin = BL_BUF_INIT;
	int r = history_thin(v->h, 0, v->cell, v->job, &thin);

	if (thin.len)
		part_append(notes, part_text(bl_buf_str(&thin)));
	return r;
}

static int json(const struct history_view *v, struct bl_buf *out)
{
	json_t *root = json_pack("{s:s}", "schema", "blklab-history/1");
	json_t *series, *events = json_array(), *notes = json_array();
	int r = all_series_json(v, &series);

	for (size_t i = 0; i < v->n_events; i++)
		part_append(&events, event_json(&v->events[i]));
	part_set(&root, "scenario", part_text(v->scenario));
	part_set(&root, "host", part_text(v->host));
	part_set(&root, "accel", part_text(v->accel));
	part_set(&root, "nights", nights_json(v->h));
	part_set(&root, "series", series);
	part_set(&root, "reported", events);
	part_set(&root, "left_out", left_out_json(v->h));
	if (r == 0)
		r = notes_json(v, &notes);
	part_set(&root, "notes", notes);
	if (r < 0) {
		json_decref(root);
		return r;
	}
	return part_dump(root, out);
}

int report_history(const struct history_view *v, enum history_format f, struct bl_buf *out,
		   struct bl_err *err)
{
	int r = 0;

	switch (f) {
	case HISTORY_JSON:
		r = json(v, out);
		break;
	case HISTORY_CSV:
		csv(v, out);
		break;
	case HISTORY_PAGE:
		return report_history_page(v, out, err);
	default:
		r = history_text(v, out);
		break;
	}
	if (r == 0 && bl_buf_failed(out))
		r = -ENOMEM;
	return r < 0 ? bl_fail(err, r, "out of memory") : 0;
}
