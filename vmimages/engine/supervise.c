#include "supervise.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "meters.h"
#include "steady.h"
#include "units.h"

/* The steady state of one clone, or of all of its group with group_reporting. */
struct watch {
	bool is_on;
	struct steady steady;
	uint64_t next_ns, last_ns, ios, bytes; /* when it is looked at; as of the last look */
};

static bool wants(const struct worker *w)
{
	return w->job->steadystate != JOB_SS_NONE;
}

/* Whose watch it is: the first one's of the group that is reported together. */
static size_t watcher(const struct team *t, size_t i)
{
	const struct job *j = t->workers[i]->job;

	for (size_t k = 0; j->group_reporting && k < i; k++)
		if (wants(t->workers[k]) && t->workers[k]->job->report_group == j->report_group)
			return k;
	return i;
}

static int start_watch(struct watch *watch, const struct job *j)
{
	struct steady_spec spec = {.is_bw = j->steadystate == JOB_SS_BW ||
					    j->steadystate == JOB_SS_BW_SLOPE,
				   .is_slope = j->steadystate == JOB_SS_IOPS_SLOPE ||
					       j->steadystate == JOB_SS_BW_SLOPE,
				   .is_percent = j->ss_limit_is_pct,
				   .limit = j->ss_limit,
				   .dur_s = (uint32_t)(j->ss_dur_ns / NS_PER_S),
				   .ramp_s = (uint32_t)(j->ss_ramp_ns / NS_PER_S)};

	spec.dur_s = spec.dur_s ? spec.dur_s : 1;
	watch->is_on = true;
	return steady_init(&watch->steady, &spec);
}

/* Jobs of one flow_id share its account. */
static int new_flows(struct team *t)
{
	size_t n = 0;

	t->crew.flows = calloc(t->call->n_jobs + 1, sizeof(*t->crew.flows));
	if (!t->crew.flows)
		return -ENOMEM;
	for (size_t i = 0; i < t->call->n_jobs; i++) {
		const struct job *j = &t->call->jobs[i];
		struct flow *f = t->crew.flows;

		if (!j->flow)
			continue;
		while (f < t->crew.flows + n && f->id != j->flow_id)
			f++;
		n += f == t->crew.flows + n;
		f->id = j->flow_id;
	}
	return 0;
}

int supervise_new(struct team *t, struct bl_err *err)
{
	t->watches = calloc(t->n_workers, sizeof(*t->watches));
	if (!t->watches || new_flows(t) < 0)
		return bl_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < t->n_workers; i++)
		if (wants(t->workers[i]) && watcher(t, i) == i &&
		    start_watch(&t->watches[i], t->workers[i]->job) < 0)
			return bl_fail(err, -ENOMEM, "out of memory");
	return 0;
}

void supervise_free(struct team *t)
{
	for (size_t i = 0; t->watches && i < t->n_workers; i++)
		if (t->watches[i].is_on)
			steady_done(&t->watches[i].steady);
	free(t->watches);
	free(t->crew.flows);
}

static void add_counts(const struct worker *w, uint64_t *ios, uint64_t *bytes)
{
	for (int d = 0; d < JOB_DDIRS; d++) {
		*ios += w->meter[d].ios;
		*bytes += meter_bytes(w, d);
	}
}

static void look(struct team *t, size_t i, uint64_t now)
{
	struct watch *watch = &t->watches[i];
	uint64_t ios = 0, bytes = 0;
	double seconds;
	bool attained;

	for (size_t k = i; k < t->n_workers; k++)
		if (wants(t->workers[k]) && watcher(t, k) == i)
			add_counts(t->workers[k], &ios, &bytes);
	seconds = (double)(now - watch->last_ns) / 1e9;
	attained = steady_feed(&watch->steady, (uint64_t)((double)(ios - watch->ios) / seconds),
			       (uint64_t)((double)(bytes - watch->bytes) / seconds));
	watch->ios = ios;
	watch->bytes = bytes;
	watch->last_ns = now;
	for (size_t k = i; attained && k < t->n_workers; k++)
		if (wants(t->workers[k]) && watcher(t, k) == i)
			atomic_store(&t->workers[k]->stop_own, true);
}

static bool has_running(const struct team *t, size_t i)
{
	for (size_t k = i; k < t->n_workers; k++)
		if (wants(t->workers[k]) && watcher(t, k) == i && t->workers[k]->is_counting &&
		    atomic_load(&t->workers[k]->state) == WORKER_RUNS)
			return true;
	return false;
}

void supervise(struct team *t)
{
	uint64_t now = bl_now_ns();

	for (size_t i = 0; i < t->n_workers; i++) {
		struct watch *watch = &t->watches[i];

		if (!watch->is_on || !has_running(t, i))
			continue;
		if (!watch->next_ns) {
			watch->last_ns = now;
			watch->next_ns = now + NS_PER_S;
		} else if (now >= watch->next_ns) {
			watch->next_ns += NS_PER_S;
			look(t, i, now);
		}
	}
}

int supervise_tell(const struct team *t, const struct worker *w, struct engine_clone *c)
{
	const struct steady *s;
	size_t i = 0;

	if (!wants(w))
		return 0;
	while (t->workers[i] != w)
		i++;
	s = &t->watches[watcher(t, i)].steady;
	c->steady = (struct engine_steady){.is_attained = s->is_attained,
					   .criterion = s->criterion,
					   .deviation = s->deviation,
					   .slope = s->slope,
					   .n = s->n,
					   .iops = calloc(s->n + 1, sizeof(*s->iops)),
					   .bw_bytes = calloc(s->n + 1, sizeof(*s->bw))};
	if (!c->steady.iops || !c->steady.bw_bytes)
		return -ENOMEM;
	for (uint32_t k = 0; k < s->n; k++) {
		c->steady.iops[k] = s->iops[steady_at(s, k)];
		c->steady.bw_bytes[k] = s->bw[steady_at(s, k)];
	}
	return 0;
}
