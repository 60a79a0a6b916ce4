#include "time_json.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "budget_text.h"
#include "cleanup.h"
#include "json_parts.h"
#include "view.h"

const char *const time_place_names[] = {"engine", "guest", "qemu", "host"};
const char *const time_part_names[] = {"guest", "virtual", "qemu", "host"};
_Static_assert(BL_ARRAY_LEN(time_place_names) == LAYER_ATS, "a name for each place");
_Static_assert(BL_ARRAY_LEN(time_part_names) == BUDGET_PARTS, "a name for each part");

#define STALLS_TOLD 1000 /* of a job; n_stalls has them all */

static json_t *count_json(size_t n)
{
	return json_integer((json_int_t)n);
}

/* [[less than this many ns, count], ..., [null, count]] */
static json_t *histogram_json(const struct layer_dir *d)
{
	json_t *a = json_array();

	for (size_t i = 0; i <= d->n_bounds; i++) {
		json_t *bin = json_array();

		part_append(&bin, i < d->n_bounds ? json_real(d->bounds_ns[i]) : json_null());
		part_append(&bin, json_real(d->counts[i]));
		part_append(&a, bin);
	}
	return a;
}

static json_t *layer_dir_json(const struct layer_dir *d, enum time_detail detail)
{
	json_t *o = json_object();
	char key[32], name[16];
	double ns;

	part_set_real(&o, "n", d->n);
	part_set_real(&o, "mean_ns", d->mean_ns);
	part_set_real(&o, "bytes", d->bytes);
	part_set_real(&o, "merges", d->merges);
	for (int p = 0; p < SUMMARY_PERCENTILES; p++) {
		if (!layer_percentile(d, summary_p[p], &ns))
			continue;
		snprintf(key, sizeof key, "%s_ns", summary_p_column(p, name));
		part_set_real(&o, key, ns);
	}
	if (d->n_bounds && detail == TIME_ALL)
		part_set(&o, "histogram", histogram_json(d));
	return o;
}

static json_t *layer_json(const struct layer_seen *l, enum layer_at at, enum time_detail detail)
{
	json_t *o = json_object();

	part_set(&o, "place", json_string(time_place_names[at]));
	if (l->absent[0])
		part_set(&o, "absent", part_text(l->absent));
	if (l->source[0])
		part_set(&o, "source", part_text(l->source));
	if (l->device[0])
		part_set(&o, "device", part_text(l->device));
	part_set_real(&o, "busy_share", l->busy_share);
	part_set_real(&o, "mean_inflight", l->mean_inflight);
	for (int d = 0; d < IO_DIRS; d++)
		if (l->dir[d].has)
			part_set(&o, io_dir_names[d], layer_dir_json(&l->dir[d], detail));
	return o;
}

static json_t *layers_json(const struct layer_seen *layers, enum time_detail detail)
{
	json_t *a = json_array();

	for (int at = 0; at < LAYER_ATS; at++)
		part_append(&a, layer_json(&layers[at], (enum layer_at)at, detail));
	return a;
}

static json_t *part_json(const struct budget_line *l, enum budget_part part)
{
	json_t *o = json_object();

	part_set(&o, "part", json_string(time_part_names[part]));
	if (l->has) {
		part_set_real(&o, "own_ns", l->own_ns);
		part_set_real(&o, "share", l->share);
		return o;
	}
	part_set(&o, "why_not", part_text(l->why_not));
	if (l->joined_to != part)
		part_set(&o, "joined_to", json_string(time_part_names[l->joined_to]));
	return o;
}

static json_t *budget_dir_json(const struct budget_dir *b)
{
	json_t *o = json_object(), *parts = json_array(), *n = json_object();

	for (int at = 0; at < LAYER_ATS; at++)
		part_set_real(&n, time_place_names[at], b->n[at]);
	for (int p = 0; p < BUDGET_PARTS; p++)
		part_append(&parts, part_json(&b->part[p], (enum budget_part)p));
	part_set_real(&o, "total_ns", b->total_ns);
	part_set(&o, "requests", n);
	if (b->warning[0])
		part_set(&o, "warning", part_text(b->warning));
	part_set(&o, "parts", parts);
	return o;
}

static json_t *budget_json(const struct budget *b)
{
	json_t *o = json_object();

	for (int d = 0; d < IO_DIRS; d++)
		if (b->dir[d].has)
			part_set(&o, io_dir_names[d], budget_dir_json(&b->dir[d]));
	return o;
}

static json_t *cpu_json(const struct job_analysis *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->n_roles; i++) {
		const struct role_cost *c = &a->roles[i];
		json_t *o = json_object();

		part_set(&o, "role", part_text(c->role));
		part_set_real(&o, "run_ns_per_io", c->run_ns_per_io);
		part_set_real(&o, "wait_ns_per_io", c->wait_ns_per_io);
		part_set_real(&o, "run_share", c->run_share);
		part_set_real(&o, "wait_share", c->wait_share);
		part_append(&list, o);
	}
	return list;
}

static json_t *stalls_json(const struct stutter *s)
{
	json_t *a = json_array();

	for (size_t i = 0; i < s->n_stalls && i < STALLS_TOLD; i++) {
		json_t *o = json_object();

		part_set_real(&o, "at_s", s->stalls[i].at_s);
		part_set_real(&o, "length_s", s->stalls[i].length_s);
		part_set_real(&o, "peak_ns", s->stalls[i].peak_ns);
		part_set(&o, "is_gap", json_boolean(s->stalls[i].is_gap));
		part_append(&a, o);
	}
	return a;
}

static json_t *period_json(const struct job_analysis *a)
{
	const struct beat *b = &a->stutter.beat;
	json_t *o = json_object();

	part_set(&o, "is_periodic", json_boolean(b->is_periodic));
	part_set_real(&o, "p", b->p);
	part_set_real(&o, "period_s", b->period_s);
	part_set_real(&o, "period_se_s", b->period_se_s);
	part_set_real(&o, "jitter_s", b->jitter_s);
	part_set_real(&o, "phase_s", b->phase_s);
	part_set_real(&o, "wall_phase_s", a->wall_phase_s);
	part_set_real(&o, "wall_period_s", a->wall_period_s);
	part_set_real(&o, "fit", b->fit);
	part_set_real(&o, "hit", b->hit);
	part_set(&o, "beats_seen", count_json(b->beats_seen));
	part_set(&o, "beats_expected", count_json(b->beats_expected));
	part_set(&o, "unexplained", count_json(b->unexplained));
	part_set_real(&o, "lost_per_beat_s", a->stutter.lost_per_beat_s);
	if (a->stutter.beat_least_ns > 0)
		part_set_real(&o, "least_peak_ns", a->stutter.beat_least_ns);
	return o;
}

static json_t *modulation_json(const struct modulation *m)
{
	json_t *o = json_object();

	part_set_real(&o, "p", m->p);
	part_set_real(&o, "period_s", m->period_s);
	part_set_real(&o, "swing", m->swing);
	part_set_real(&o, "shortest_s", m->shortest_s);
	part_set_real(&o, "longest_s", m->longest_s);
	return o;
}

static json_t *stutter_json(const struct job_analysis *a)
{
	const struct stutter *s = &a->stutter;
	json_t *o = json_object();

	part_set_real(&o, "span_s", s->span_s);
	part_set_real(&o, "base_ns", s->base_ns);
	part_set_real(&o, "threshold_ratio", s->threshold_ratio);
	part_set(&o, "n_stalls", count_json(s->n_stalls));
	part_set_real(&o, "stalled_s", s->stalled_s);
	part_set_real(&o, "tail_share", a->stall_tail_share);
	part_set(&o, "n_events", count_json(s->beat.n_events));
	if (s->beat.longest_testable_s > 0) {
		part_set_real(&o, "shortest_testable_s", s->beat.shortest_testable_s);
		part_set_real(&o, "longest_testable_s", s->beat.longest_testable_s);
	}
	if (s->beat.is_tested)
		part_set(&o, "period", period_json(a));
	if (analysis_has_wave(a))
		part_set(&o, "wave", modulation_json(&a->modulation));
	part_set(&o, "stalls", stalls_json(s));
	return o;
}

static json_t *attribution_json(const struct attribution *w)
{
	json_t *o = json_object();

	part_set(&o, "n_spikes", count_json(w->n_spikes));
	part_set_real(&o, "obs", w->obs);
	part_set_real(&o, "base", w->base);
	part_set_real(&o, "rr", w->rr);
	part_set_real(&o, "af", w->af);
	part_set_real(&o, "af_lo95", w->af_lo);
	part_set_real(&o, "af_hi95", w->af_hi);
	part_set_real(&o, "p", w->p);
	part_set_real(&o, "p_holm", w->p_holm);
	part_set_real(&o, "p_family", w->p_family);
	part_set_real(&o, "lead_s", w->lead_s);
	part_set_real(&o, "within_s", w->is_fast ? ATTRIBUTION_FAST_S : ATTRIBUTION_SLOW_S);
	part_set_real(&o, "threshold", w->threshold);
	part_set(&o, "is_same_clock", json_boolean(w->is_same_clock));
	return o;
}

static json_t *signal_json(const struct signal *s)
{
	json_t *o = json_object();

	part_set(&o, "name", part_text(s->name));
	part_set(&o, "title", part_text(s->title));
	part_set(&o, "unit", json_string(s->unit));
	part_set(&o, "layer", json_string(finding_layer_names[s->layer]));
	part_set(&o, "is_symptom", json_boolean(s->is_symptom));
	part_set_real(&o, "mean", s->mean);
	part_set_real(&o, "min", s->min);
	part_set_real(&o, "max", s->max);
	if (s->is_tested)
		part_set(&o, "attribution", attribution_json(&s->why));
	if (s->is_tested_on_rest)
		part_set(&o, "attribution_of_rest", attribution_json(&s->rest));
	return o;
}

static json_t *signals_json(const struct job_analysis *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->n_signals; i++)
		part_append(&list, signal_json(&a->signals[i]));
	return list;
}

static json_t *spikes_json(const struct job_analysis *a)
{
	json_t *o = json_object();

	part_set(&o, "kind", json_string(a->spike_kind == SPIKES_STALLS ? "stalls" : "slow"));
	part_set(&o, "n", count_json(a->n_spikes));
	part_set(&o, "explained_by", part_text(a->best ? a->best->name : NULL));
	part_set(&o, "n_not_explained", count_json(a->n_rest));
	return o;
}

static void set_layers(json_t **o, const struct layer_seen *layers, const struct budget *b,
		       enum time_detail detail)
{
	if (!budget_is_told(layers))
		return;
	part_set(o, "layers", layers_json(layers, detail));
	part_set(o, "budget", budget_json(b));
}

static int set_short(json_t **o, const struct trial_record *t, const struct job_result *j,
		     const char *bus)
{
	struct layer_seen layers[LAYER_ATS];
	struct budget b;
	uint64_t from, to;
	int r;

	if (!job_window(t, j, &from, &to))
		return -ENODATA;
	r = layers_of(t, j, bus ? bus : "", layers, NULL);
	if (r < 0)
		return r;
	budget_of(layers, &b);
	set_layers(o, layers, &b, TIME_LAYERS);
	layers_done(layers);
	return 0;
}

static int set_all(json_t **o, const struct run_data *d, size_t trial, size_t job)
{
	BL_CLEANUP(job_analysis_done) struct job_analysis a = {0};
	int r = analyse_job(d, trial, job, &a, NULL);

	if (r < 0)
		return r;
	set_layers(o, a.layers, &a.budget, TIME_ALL);
	if (a.n_roles)
		part_set(o, "cpu", cpu_json(&a));
	if (a.line.n) {
		part_set(o, "stutter", stutter_json(&a));
		if (a.spike_kind != SPIKES_NONE)
			part_set(o, "spikes", spikes_json(&a));
	}
	if (a.n_signals)
		part_set(o, "signals", signals_json(&a));
	return 0;
}

void time_set(json_t **o, const struct run_data *d, size_t trial, size_t job,
	      enum time_detail detail)
{
	const struct trial_record *t = &d->trials[trial];
	const char *bus = t->cell < d->n_cells ? facts_get(&d->cells[t->cell].axes, "bus") : NULL;
	int r = detail == TIME_ALL ? set_all(o, d, trial, job)
				   : set_short(o, t, &t->jobs[job], bus);

	if (r < 0 && r != -ENODATA)
		part_set(o, "", NULL); /* a document that lost a part is none */
}
