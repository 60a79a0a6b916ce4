#include "nights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fs.h"

const char *const made_night_names[] = {"quiet",       "changed", "not-measured",
					"cannot-tell", "many",    "nasty"};
_Static_assert(BL_ARRAY_LEN(made_night_names) == MADE_NIGHTS, "one name a night");

#define RUN     "019aa9d0-6c00-7000-8000-000000000001"
#define EVENT_1 "019aa9d0-6c00-7000-8000-0000000000e1"
#define EVENT_2 "019aa9d0-6c00-7000-8000-0000000000e2"
#define NIGHT   1795228580000ull /* 2026-11-21T02:36:20Z */
#define DAY     86400000ull

static void begin(struct night *n, enum night_outcome outcome, const char *reason)
{
	*n = (struct night){
		.scenario = strdup("quick"),
		.host_id = strdup("0123456789abcdef"),
		.host_name = strdup("host1"),
		.version = strdup("0.1.0"),
		.accel = strdup(outcome == NIGHT_NOT_MEASURED ? "" : "kvm"),
		.started_ms = NIGHT,
		.ended_ms = NIGHT + 754321,
		.outcome = outcome,
		.reason = strdup(reason),
		.n_nights = outcome == NIGHT_NOT_MEASURED ? 0 : 31,
	};
	if (outcome == NIGHT_NOT_MEASURED)
		return;
	snprintf(n->run_id, sizeof n->run_id, RUN);
	n->report_path = strdup("/srv/blklab/quick.html");
	n->n_trials = 24;
	n->n_ok = 24;
}

static struct night_point *add_point(struct night *n, const char *cell, enum metric m, double value,
				     enum profile_verdict v, double ratio)
{
	struct night_point *p;

	n->points = reallocarray(n->points, n->n_points + 1, sizeof *n->points);
	p = &n->points[n->n_points++];
	*p = (struct night_point){
		.cell = strdup(cell),
		.job = strdup("randread-4k"),
		.metric = m,
		.n = 8,
		.value = value,
		.verdict = v,
		.ratio = ratio,
		.has_interval = ratio > 0,
		.lo = 0.95,
		.hi = 1.0526315789473684,
		.is_worse = v == PROFILE_DRIFTED && (ratio > 1) != metric_more_is_better[m],
		.why = strdup(v == PROFILE_CANNOT_TELL ? "2 runs; 3 are the least" : ""),
	};
	return p;
}

static struct night_change *add_change(struct night *n, const char *cell, enum metric m,
				       double before, double ratio, const char *event)
{
	struct night_change *c;

	n->changes = reallocarray(n->changes, n->n_changes + 1, sizeof *n->changes);
	c = &n->changes[n->n_changes];
	*c = (struct night_change){
		.cell = strdup(cell),
		.job = strdup("randread-4k"),
		.metric = m,
		.at_ms = NIGHT - DAY,
		.nights_since = 2,
		.before = before,
		.after = before * ratio,
		.ratio = ratio,
		.lo = ratio * 0.9,
		.hi = ratio * 1.1,
		.p = 1e-6,
		.is_worse = (ratio > 1) != metric_more_is_better[m],
		.is_new = true,
		.state = CHANGE_CONFIRMED,
	};
	snprintf(c->id, sizeof c->id, "019aa9d0-6c00-7000-8000-%012zx", n->n_changes);
	snprintf(c->event, sizeof c->event, "%s", event);
	snprintf(c->at_run, sizeof c->at_run, RUN);
	n->n_changes++;
	return c;
}

static void add_text(char ***texts, size_t *n, const char *s)
{
	*texts = reallocarray(*texts, *n + 1, sizeof **texts);
	(*texts)[(*n)++] = strdup(s);
}

static void add_failure(struct night *n, const char *cell, uint32_t repeat, const char *reason)
{
	n->failures = reallocarray(n->failures, n->n_failures + 1, sizeof *n->failures);
	n->failures[n->n_failures++] = (struct night_failure){strdup(cell), repeat, strdup(reason)};
}

static void make_quiet(struct night *n)
{
	begin(n, NIGHT_OK, "24 trials; nothing changed against baseline 'bookworm'");
	n->baseline = strdup("bookworm");
	add_point(n, "virtio-blk io1 none raw", METRIC_P99, 412345, PROFILE_OK, 1.01);
	add_point(n, "virtio-blk io1 none raw", METRIC_IOPS, 12345.5, PROFILE_OK, 0.99);
}

static void make_changed(struct night *n)
{
	struct night_change *c;

	begin(n, NIGHT_CHANGED, "2 figures changed with QEMU 7.2.22 -> 10.0.2");
	n->baseline = strdup("bookworm");
	n->n_ok = 23;
	c = add_change(n, "virtio-blk io1 none raw", METRIC_P99, 412345, 1.51, EVENT_1);
	c->cause = strdup("QEMU 7.2.22 -> 10.0.2");
	c->confirmation = strdup("8 fresh runs: +50 % (+46 to +55 %)");
	c = add_change(n, "virtio-blk io1 none raw", METRIC_IOPS, 12345.5, 0.7, EVENT_1);
	c->cause = strdup("QEMU 7.2.22 -> 10.0.2");
	c = add_change(n, "sata none raw", METRIC_P50, 300000, 0.9, EVENT_2);
	c->is_new = false;
	c->is_drift = true;
	c->state = CHANGE_ACKNOWLEDGED;
	add_point(n, "virtio-blk io1 none raw", METRIC_P99, 622640, PROFILE_DRIFTED, 1.51);
	add_point(n, "virtio-blk io1 none raw", METRIC_IOPS, 8641.5, PROFILE_OK, 0.7);
	add_point(n, "sata none raw", METRIC_P50, 270000, PROFILE_OK, 0.9);
	add_point(n, "host", METRIC_MAX, 9e6, PROFILE_DRIFTED, 2.5)->is_outlier = true;
	add_point(n, "host", METRIC_BYTES_PER_S, 125829120, PROFILE_DRIFTED, 1.2);
	add_point(n, "host", METRIC_P99_9, 93800, PROFILE_CANNOT_TELL, 0);
	add_text(&n->environment, &n->n_environment, "QEMU 7.2.22 -> 10.0.2");
	add_failure(n, "sata none raw", 2, "the guest said nothing for 60 s");
	add_text(&n->notes, &n->n_notes, "2 runs were left out: another device");
}

static void make_many(struct night *n)
{
	char name[64];

	begin(n, NIGHT_CHANGED, "everything is another");
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "cell %d", i);
		add_change(n, name, METRIC_P99, 1e6, 2, i % 2 ? EVENT_1 : EVENT_2);
		add_point(n, name, METRIC_MEAN, 1e6, PROFILE_DRIFTED, 2);
		add_failure(n, name, 0, "no");
		add_text(&n->environment, &n->n_environment, name);
		add_text(&n->notes, &n->n_notes, name);
	}
}

static void make_nasty(struct night *n)
{
	struct night_change *c;

	begin(n, NIGHT_CHANGED, NASTY);
	free(n->scenario);
	free(n->host_name);
	n->scenario = strdup(NASTY);
	n->host_name = strdup(NASTY);
	n->baseline = strdup(NASTY);
	c = add_change(n, NASTY, METRIC_P99, 1e6, 1.5, EVENT_1);
	c->cause = strdup(NASTY);
	c->confirmation = strdup(NASTY);
	add_point(n, NASTY, METRIC_P50, 1e6, PROFILE_DRIFTED, 1.5);
	add_failure(n, NASTY, 0, NASTY);
	add_text(&n->environment, &n->n_environment, NASTY);
	add_text(&n->notes, &n->n_notes, NASTY);
}

void made_night(enum made_night which, struct night *ret)
{
	switch (which) {
	case MADE_QUIET:
		make_quiet(ret);
		break;
	case MADE_CHANGED:
		make_changed(ret);
		break;
	case MADE_NOT_MEASURED:
		begin(ret, NIGHT_NOT_MEASURED,
		      "the host was busy for 2 h: load 7.9, at most 1 is accepted");
		break;
	case MADE_CANNOT_TELL:
		begin(ret, NIGHT_CANNOT_TELL, "2 nights; 8 are the least to tell a change");
		add_point(ret, "host", METRIC_P99, 93800, PROFILE_CANNOT_TELL, 0);
		break;
	case MADE_MANY:
		make_many(ret);
		break;
	default:
		make_nasty(ret);
	}
}
