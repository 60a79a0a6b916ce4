#include <errno.h>

#include "json_parts.h"
#include "stutter_report.h"

static void set_count(json_t **o, const char *key, size_t n)
{
	part_set(o, key, json_integer((json_int_t)n));
}

static json_t *stalls_json(const struct stutter_view *v)
{
	json_t *a = json_array();

	for (size_t i = 0; i < v->found->n_stalls; i++) {
		const struct stall *s = &v->found->stalls[i];
		json_t *o = json_object();

		part_set_real(&o, "at_s", s->at_s);
		part_set_real(&o, "length_s", s->length_s);
		part_set_real(&o, "slow_s", s->slow_s);
		part_set_real(&o, "peak", s->peak_ns / v->unit_ns);
		part_set(&o, "is_gap", json_boolean(s->is_gap));
		part_append(&a, o);
	}
	return a;
}

/* Of the best fit, also where it is not good enough to be called a period. */
static void set_beat(json_t **o, const struct stutter *s)
{
	const struct beat *b = &s->beat;

	part_set(o, "period_s", b->is_periodic ? json_real(b->period_s) : json_null());
	if (b->period_s > 0) {
		part_set_real(o, "best_period_s", b->period_s);
		part_set_real(o, "period_se_s", b->period_se_s);
		part_set_real(o, "jitter_s", b->jitter_s);
		part_set_real(o, "phase_s", b->phase_s);
		part_set_real(o, "f", b->f);
		part_set_real(o, "lost_per_beat_s", s->lost_per_beat_s);
	}
	set_count(o, "beats_seen", b->beats_seen);
	set_count(o, "beats_expected", b->beats_expected);
	set_count(o, "unexplained", b->unexplained);
	if (b->is_periodic)
		part_set(o, "known_clock", part_text(beat_known_clock(b)));
}

static json_t *testable_json(const struct beat *b)
{
	json_t *o = json_object();

	part_set_real(&o, "shortest_s", b->shortest_testable_s);
	part_set_real(&o, "longest_s", b->longest_testable_s);
	part_set_real(&o, "longest_scanned_s", b->longest_scanned_s);
	return o;
}

int stutter_series_json(const struct stutter_view *v, struct bl_buf *out)
{
	const struct stutter *s = v->found;
	json_t *o = json_object();

	part_set(&o, "periodic", json_boolean(s->beat.is_periodic));
	part_set_real(&o, "p", s->beat.p);
	part_set(&o, "is_tested", json_boolean(s->beat.is_tested));
	set_beat(&o, s);
	set_count(&o, "n_events", s->beat.n_events);
	part_set(&o, "testable", testable_json(&s->beat));
	part_set(&o, "stalls", stalls_json(v));
	part_set_real(&o, "stalled_s", s->stalled_s);
	part_set_real(&o, "span_s", s->span_s);
	part_set_real(&o, "window_s", v->dt_s);
	set_count(&o, "n_values", v->n_values);
	set_count(&o, "n_windows", v->n_windows);
	part_set(&o, "unit", json_string(v->unit));
	part_set_real(&o, "base", s->base_ns / v->unit_ns);
	part_set_real(&o, "threshold_ratio", s->threshold_ratio);
	return part_dump(o, out);
}
