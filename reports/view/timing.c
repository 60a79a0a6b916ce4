#include "timing.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static void add_name(const char *names[TIMING_NAMES], size_t *n, const char *name)
{
	for (size_t i = 0; i < *n; i++) {
		if (strcmp(names[i], name) == 0)
			return;
	}
	if (name[0] && *n < TIMING_NAMES)
		names[(*n)++] = name;
}

static void add_sample(struct timing *t, const struct sample *s)
{
	add_name(t->engines, &t->n_engines, s->engine);
	add_name(t->clocks, &t->n_clocks, s->clock);
	if (s->clock_cost_ns > 0) {
		if (!(t->least_cost_ns > 0) || s->clock_cost_ns < t->least_cost_ns)
			t->least_cost_ns = s->clock_cost_ns;
		t->cost_ns = fmax(t->cost_ns, s->clock_cost_ns);
	}
	if (sample_has_drift(s)) {
		t->has_drift = true;
		if (fabs(s->clock_drift_ppm) > fabs(t->drift_ppm))
			t->drift_ppm = s->clock_drift_ppm;
	}
	/* an agent that measures its clock counts errors, so that 0 is a count */
	t->has_errors |= s->clock_cost_ns > 0 || s->n_errors;
	t->n_errors += s->n_errors;
}

struct timing timing_of(const struct view *v, uint32_t cell, const char *job)
{
	struct timing t = {0};

	for (size_t i = 0; i < v->d->n_trials; i++) {
		const struct trial_record *trial = &v->d->trials[i];

		if (trial->cell != cell || trial->state != TRIAL_OK)
			continue;
		for (size_t k = 0; k < trial->n_jobs; k++) {
			const struct job_result *j = &trial->jobs[k];

			if (j->sample && (!job || strcmp(j->name, job) == 0))
				add_sample(&t, j->sample);
		}
	}
	return t;
}

static void add_names(const char *what, const char *const names[], size_t n, struct bl_buf *out)
{
	if (out->len && n)
		bl_buf_adds(out, "; ");
	for (size_t i = 0; i < n; i++)
		bl_buf_addf(out, "%s%s", i ? " and " : what, names[i]);
}

void timing_text(const struct timing *t, const struct fmt_style *st, struct bl_buf *out)
{
	char least[FMT_MAX], most[FMT_MAX], num[FMT_MAX];

	add_names("engine ", t->engines, t->n_engines, out);
	add_names("clock ", t->clocks, t->n_clocks, out);
	if (t->n_clocks && t->cost_ns > 0) {
		fmt_sig3(st, least, t->least_cost_ns);
		fmt_sig3(st, most, t->cost_ns);
		bl_buf_adds(out, ", ");
		if (strcmp(least, most) != 0)
			bl_buf_addf(out, "%s%s", least, st->to);
		bl_buf_addf(out, "%s ns a reading", most);
	}
	if (t->has_drift)
		bl_buf_addf(out, ", drift %s ppm", fmt_sig3(st, num, t->drift_ppm));
	if (t->n_errors)
		bl_buf_addf(out, "%s%" PRIu64 " request%s failed", out->len ? "; " : "",
			    t->n_errors, t->n_errors == 1 ? "" : "s");
}
