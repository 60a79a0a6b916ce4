/* A depth sweep that went beyond its knee. */
#include <math.h>
#include <stdio.h>

#include "cleanup.h"
#include "figure.h"
#include "knee.h"
#include "rules.h"
#include "thresholds.h"

/* The shallowest job that is too deep: what that many requests at once bought and cost against a
 * shallower one, *ret_enough, which is the knee or beyond it. */
static const struct knee_point *too_deep(const struct knee *k, bool is_emulated,
					 const struct knee_point **ret_enough)
{
	for (size_t i = k->at + 1; k->is_seen && i < k->n; i++) {
		const struct knee_point *p = &k->points[i];

		for (size_t e = k->at; e < i; e++) {
			const struct knee_point *q = &k->points[e];

			if (!(p->mean_ns >=
			      q->mean_ns * threshold(THRESHOLD_KNEE_LATENCY, is_emulated)) ||
			    !(p->iops < q->iops * threshold(THRESHOLD_KNEE_GAIN, is_emulated)))
				continue;
			*ret_enough = q;
			return p;
		}
	}
	return NULL;
}

static void say_point(const struct knee_point *p, struct bl_buf *out)
{
	char iops[FMT_MAX], mean[FMT_MAX], p99[FMT_MAX];

	bl_buf_addf(out, "iodepth %ld: %s IOPS, mean %s", p->depth,
		    fmt_sig3(&fmt_plain, iops, p->iops), fmt_ns(&fmt_plain, mean, p->mean_ns));
	if (!isnan(p->p99_ns))
		bl_buf_addf(out, ", p99 %s", fmt_ns(&fmt_plain, p99, p->p99_ns));
}

static void rule_of_knee(struct diagnosis *g, const struct knee *k)
{
	const struct knee_point *enough = NULL;
	const struct knee_point *deep = too_deep(k, run_is_emulated(&g->d->run), &enough);
	const struct knee_point *at = &k->points[k->at], *last = &k->points[k->n - 1];
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) char *remedy = NULL;
	char more[FMT_MAX], longer[FMT_MAX];

	if (!deep)
		return;
	bl_buf_adds(&said, "the knee is at ");
	say_point(at, &said);
	if (enough != at) {
		bl_buf_adds(&said, "; ");
		say_point(enough, &said);
	}
	bl_buf_adds(&said, "; beyond it ");
	say_point(deep, &said);
	if (last != deep) {
		bl_buf_adds(&said, "; the deepest, ");
		say_point(last, &said);
	}
	bl_buf_addf(&said, "; the deepest against the knee: throughput %s, mean latency %s",
		    fmt_change(&fmt_plain, more, k->deeper_iops_ratio),
		    fmt_change(&fmt_plain, longer, k->deeper_mean_ratio));
	if (asprintf(&remedy,
		     "keep about %ld requests in flight (iodepth=%ld) where latency counts; more "
		     "only "
		     "waits in line. Harmless for bulk copies, where nobody waits for one request",
		     enough->depth, enough->depth) < 0)
		remedy = NULL;
	if (!remedy)
		g->failed = true;
	else
		diagnosis_add(g, "queue-too-deep",
			      last == deep ? CONFIDENCE_LIKELY : CONFIDENCE_CERTAIN,
			      (struct where){.cell = k->cell,
					     .trial = first_ok_trial(g->d, k->cell, deep->job),
					     .job = deep->job},
			      &said, remedy);
}

void rules_of_sweeps(struct diagnosis *g)
{
	struct knees knees = {0};

	if (knees_find(g->d, g->sums, &knees, NULL) < 0) {
		g->failed = true;
		return;
	}
	for (size_t i = 0; i < knees.n; i++)
		rule_of_knee(g, &knees.items[i]);
	knees_done(&knees);
}
