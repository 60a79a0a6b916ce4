/* A night for Prometheus: OpenMetrics 1.0, written so that it is also the text format 0.0.4 that
 * node_exporter's textfile collector and the Pushgateway parse: gauges only, no timestamps, no
 * exemplars; "# UNIT" and "# EOF" are comments there.
 *
 * The lab's job is the label "workload": "job" and "instance" are set by who scrapes, and a
 * Pushgateway would write its group's job over ours, which makes all jobs of a cell one series. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fmt.h"
#include "night_parts.h"

static void add_family(const char *name, const char *unit, const char *help, struct bl_buf *out)
{
	bl_buf_addf(out, "# HELP blklab_night_%s %s\n# TYPE blklab_night_%s gauge\n", name, help,
		    name);
	if (unit)
		bl_buf_addf(out, "# UNIT blklab_night_%s %s\n", name, unit);
}

/* fmt_clean() leaves neither line breaks nor what is not UTF-8. */
static void add_label(const char *name, const char *value, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf clean = BL_BUF_INIT;

	fmt_clean(&clean, value, 0);
	bl_buf_addf(out, ",%s=\"", name);
	for (const char *s = fmt_part(out, &clean); *s; s++) {
		if (*s == '\\' || *s == '"')
			bl_buf_addc(out, '\\');
		bl_buf_addc(out, *s);
	}
	bl_buf_addc(out, '"');
}

/* "blklab_night_x{scenario="..",host=".."": further labels, then end_sample(). */
static void begin_sample(const struct night *n, const char *name, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf labels = BL_BUF_INIT;

	add_label("scenario", n->scenario, &labels);
	add_label("host", n->host_name, &labels);
	bl_buf_addf(out, "blklab_night_%s{%s", name,
		    labels.len ? fmt_part(out, &labels) + 1 : fmt_part(out, &labels));
}

/* 15 digits where they bring back the very double, else the 17 that always do. */
static void end_sample(double v, struct bl_buf *out)
{
	char text[40];

	snprintf(text, sizeof text, "%.15g", v);
	if (strtod(text, NULL) != v)
		snprintf(text, sizeof text, "%.17g", v);
	bl_buf_addf(out, "} %s\n", text);
}

static void add_one(const struct night *n, const char *name, double v, struct bl_buf *out)
{
	begin_sample(n, name, out);
	end_sample(v, out);
}

static void add_outcome(const struct night *n, struct bl_buf *out)
{
	add_family("outcome", NULL,
		   "1 for the outcome that the newest night had, 0 for the others.", out);
	for (int i = 0; i < NIGHT_OUTCOMES; i++) {
		begin_sample(n, "outcome", out);
		add_label("outcome", night_outcome_names[i], out);
		end_sample(n->outcome == (enum night_outcome)i, out);
	}
	add_family("worse", NULL, "1 on a night with an alarm: the rule of exit code 4.", out);
	add_one(n, "worse", night_is_worse(n), out);
}

static void add_times(const struct night *n, struct bl_buf *out)
{
	add_family("started_timestamp_seconds", "seconds", "When the newest night began.", out);
	add_one(n, "started_timestamp_seconds", (double)n->started_ms / 1000, out);
	if (!n->ended_ms)
		return;
	add_family("ended_timestamp_seconds", "seconds", "When the newest night ended.", out);
	add_one(n, "ended_timestamp_seconds", (double)n->ended_ms / 1000, out);
}

static void add_build(const struct night *n, struct bl_buf *out)
{
	add_family("build", NULL, "Always 1; the labels say what measured, and which run.", out);
	begin_sample(n, "build", out);
	add_label("host_id", n->host_id, out);
	add_label("version", n->version, out);
	add_label("accel", n->accel, out);
	add_label("run", n->run_id, out);
	add_label("baseline", n->baseline ? n->baseline : "", out);
	end_sample(1, out);
}

static void add_changes(const struct night *n, struct bl_buf *out)
{
	add_family("open", NULL,
		   "Changes for the worse of the last 14 nights that were told and that nobody "
		   "acknowledged.",
		   out);
	add_one(n, "open", (double)night_count_unsettled(n), out);
	add_family("changes", NULL, "Changes of the last 14 nights, by state and direction.", out);
	for (int state = 0; state < CHANGE_STATES; state++) {
		for (int worse = 0; worse < 2; worse++) {
			size_t found = 0;

			for (size_t i = 0; i < n->n_changes; i++)
				found += n->changes[i].state == (enum change_state)state &&
					 n->changes[i].is_worse == (worse != 0);
			begin_sample(n, "changes", out);
			add_label("state", change_state_names[state], out);
			add_label("direction", worse ? "worse" : "better", out);
			end_sample((double)found, out);
		}
	}
}

/* --- one sample a figure: each of these says whether there is one --- */

static bool value_of(const struct night_point *p, double *ret)
{
	*ret = p->value;
	return p->n > 0;
}

static bool ratio_of(const struct night_point *p, double *ret)
{
	*ret = p->ratio;
	return p->ratio > 0;
}

static bool lower_of(const struct night_point *p, double *ret)
{
	*ret = p->lo;
	return p->has_interval;
}

static bool upper_of(const struct night_point *p, double *ret)
{
	*ret = p->hi;
	return p->has_interval;
}

static bool drifted_of(const struct night_point *p, double *ret)
{
	*ret = p->verdict == PROFILE_DRIFTED;
	return p->verdict != PROFILE_CANNOT_TELL;
}

static bool worse_of(const struct night_point *p, double *ret)
{
	*ret = p->verdict == PROFILE_DRIFTED && p->is_worse;
	return p->verdict != PROFILE_CANNOT_TELL;
}

static const struct {
	const char *name, *help;
	bool (*of)(const struct night_point *p, double *ret);
} point_rows[] = {
	{"value",
	 "Median over the trials of the night, in the unit that the metric's name ends in.",
	 value_of},
	{"ratio", "The value over what it is compared with.", ratio_of},
	{"ratio_lower", "Least ratio that a host without a change would give, 95 %.", lower_of},
	{"ratio_upper", "Greatest ratio that a host without a change would give, 95 %.", upper_of},
	{"drifted", "1 when it is beyond what the host gave before; absent when that is unknown.",
	 drifted_of},
	{"drifted_worse", "The same, and for the worse.", worse_of},
};

static void add_points(const struct night *n, struct bl_buf *out)
{
	for (size_t row = 0; row < BL_ARRAY_LEN(point_rows); row++) {
		bool is_begun = false;

		for (size_t i = 0; i < n->n_points; i++) {
			const struct night_point *p = &n->points[i];
			double v;

			if (!point_rows[row].of(p, &v) || !isfinite(v))
				continue;
			if (!is_begun)
				add_family(point_rows[row].name, NULL, point_rows[row].help, out);
			is_begun = true;
			begin_sample(n, point_rows[row].name, out);
			add_label("cell", p->cell, out);
			add_label("workload", p->job, out);
			add_label("metric", metric_names[p->metric], out);
			end_sample(v, out);
		}
	}
}

void night_metrics(const struct night *n, struct bl_buf *out)
{
	add_outcome(n, out);
	add_times(n, out);
	add_build(n, out);
	if (n->outcome != NIGHT_NOT_MEASURED) {
		add_family("trials", NULL, "Trials of the newest night.", out);
		add_one(n, "trials", (double)n->n_trials, out);
		add_family("trials_ok", NULL, "Those of them that have a result.", out);
		add_one(n, "trials_ok", (double)n->n_ok, out);
		add_family("nights", NULL, "Nights in the history, the newest one too.", out);
		add_one(n, "nights", (double)n->n_nights, out);
		add_changes(n, out);
		add_points(n, out);
	}
	bl_buf_adds(out, "# EOF\n");
}
