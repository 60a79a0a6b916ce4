#include "pacing.h"

#include "meters.h"
#include "units.h"

static uint64_t rate_of(const struct job *j, unsigned d, bool *is_bytes)
{
	*is_bytes = j->rate[d] > 0;
	return j->rate[d] ? j->rate[d] : j->rate_iops[d];
}

static struct flow *find_flow(const struct worker *w)
{
	struct flow *f = w->job->flow ? w->crew->flows : NULL;

	while (f && f->id != w->job->flow_id)
		f++;
	return f;
}

void pacing_init(struct pacing *p, struct worker *w)
{
	const struct job *j = w->job;

	*p = (struct pacing){.rng = rng_mix(w->seed + 21), .thinks = j->thinktime_ns > 0};
	for (unsigned d = 0; d < JOB_DDIRS; d++) {
		bool is_bytes;

		p->is_rated[d] = rate_of(j, d, &is_bytes) > 0;
	}
	p->seeks = j->latency_target_ns > 0;
	if (p->seeks)
		depthsearch_init(&p->search, w->depth, j->latency_percentile, j->latency_run);
	p->flow = find_flow(w);
}

/* Who comes late has had its share of what was before. */
static void join_flow(struct pacing *p, uint32_t weight)
{
	uint32_t before = atomic_fetch_add(&p->flow->weights, weight);
	uint64_t all = atomic_load(&p->flow->n_issued);

	p->n_issued = before ? all / before * weight : 0;
	atomic_fetch_add(&p->flow->n_issued, p->n_issued);
}

void pacing_end(struct pacing *p, const struct worker *w)
{
	if (!p->flow)
		return;
	atomic_fetch_sub(&p->flow->weights, w->job->flow);
	atomic_fetch_sub(&p->flow->n_issued, p->n_issued);
	p->flow = NULL;
}

void pacing_begin(struct pacing *p, const struct worker *w, uint64_t at)
{
	const struct job *j = w->job;

	for (unsigned d = 0; d < JOB_DDIRS; d++) {
		bool is_bytes;
		uint64_t rate = rate_of(j, d, &is_bytes);

		if (rate)
			schedule_init(&p->schedule[d], clk_ticks(w->clk, NS_PER_S), at, rate,
				      is_bytes, j->rate_process == JOB_RATE_POISSON);
	}
	if (p->flow)
		join_flow(p, j->flow);
	p->think_since = at;
	p->window_end = at + clk_ticks(w->clk, j->latency_window_ns);
}

/* What the ramp could not do is not owed after it. */
void pacing_counts(struct pacing *p, const struct worker *w)
{
	for (unsigned d = 0; d < JOB_DDIRS; d++) {
		uint64_t due = p->is_rated[d] ? schedule_due(&p->schedule[d]) : w->start;

		if (due < w->start)
			schedule_shift(&p->schedule[d], w->start - due);
	}
}

/* fio: after thinktime_blocks the queue is drained, then it spins, then it sleeps. */
static bool thinks(struct pacing *p, struct worker *w, uint64_t now, uint64_t *ret_due)
{
	const struct job *j = w->job;

	if (!p->is_thinking && j->thinktime_iotime_ns &&
	    clk_ns(w->clk, now - p->think_since) >= j->thinktime_iotime_ns)
		p->drains = true;
	if (!p->drains && !p->is_thinking) /* no more at once than complete the blocks */
		return j->thinktime_blocks_type == JOB_THINK_COMPLETE && !j->thinktime_iotime_ns &&
		       p->think_count + w->depth - w->n_free >= j->thinktime_blocks;
	if (!p->is_thinking) {
		if (!worker_is_idle(w))
			return true;
		p->is_thinking = true;
		p->drains = false;
		p->spin_until = now + clk_ticks(w->clk, j->thinktime_spin_ns);
		p->think_until = now + clk_ticks(w->clk, j->thinktime_ns);
		if (j->rate_ignore_thinktime)
			for (unsigned d = 0; d < JOB_DDIRS; d++)
				if (p->is_rated[d])
					schedule_shift(&p->schedule[d], p->think_until - now);
	}
	if (now < p->think_until) {
		*ret_due = now < p->spin_until ? now : p->think_until;
		return true;
	}
	p->is_thinking = false;
	p->think_count = 0;
	p->think_since = now;
	return false;
}

/* Ahead of its share of what all of the flow have issued? */
static bool is_ahead(const struct pacing *p, const struct worker *w)
{
	uint64_t all = atomic_load_explicit(&p->flow->n_issued, memory_order_relaxed);

	return (unsigned __int128)p->n_issued * atomic_load(&p->flow->weights) >
	       (unsigned __int128)(all + w->depth) * w->job->flow;
}

bool pacing_may_start(struct pacing *p, struct worker *w, uint64_t now, uint64_t *ret_due)
{
	unsigned n_busy = w->depth - w->n_free;

	if (p->thinks && thinks(p, w, now, ret_due))
		return false;
	if (p->seeks && n_busy >= p->search.depth)
		return false;
	if (p->has_settled) { /* drain, forget, and measure once more */
		if (!worker_is_idle(w))
			return false;
		meters_restart(w, now);
		p->has_settled = false;
		p->n_within = p->n_over = 0;
		p->window_end = now + clk_ticks(w->clk, w->job->latency_window_ns);
	}
	if (p->flow && is_ahead(p, w)) {
		*ret_due = now + clk_ticks(w->clk, w->job->flow_sleep_ns ? w->job->flow_sleep_ns
									 : NS_PER_US * 50);
		return false;
	}
	return true;
}

bool pacing_is_due(const struct pacing *p, unsigned dir, uint64_t now, uint64_t *ret_due)
{
	uint64_t due;

	if (!p->is_rated[dir])
		return true;
	due = schedule_due(&p->schedule[dir]);
	if (due <= now)
		return true;
	if (due < *ret_due)
		*ret_due = due;
	return false;
}

static void count_block(struct pacing *p, const struct job *j)
{
	if (p->thinks && !j->thinktime_iotime_ns && ++p->think_count >= j->thinktime_blocks)
		p->drains = true;
}

void pacing_started(struct pacing *p, const struct job *j, unsigned dir, uint64_t bytes,
		    uint64_t now, uint64_t *ret_due)
{
	if (j->thinktime_blocks_type == JOB_THINK_ISSUE)
		count_block(p, j);
	*ret_due = now;
	if (p->is_rated[dir]) {
		*ret_due = schedule_due(&p->schedule[dir]);
		schedule_advance(&p->schedule[dir], bytes, &p->rng);
	}
	p->n_issued++;
	if (p->flow)
		atomic_fetch_add_explicit(&p->flow->n_issued, 1, memory_order_relaxed);
}

static bool end_window(struct pacing *p, struct worker *w, uint64_t now)
{
	enum depth_state state = depthsearch_window(&p->search, p->n_within, p->n_over);

	p->n_within = p->n_over = 0;
	p->window_end = now + clk_ticks(w->clk, w->job->latency_window_ns);
	if (state == DEPTH_FINAL)
		p->has_settled = true;
	return state == DEPTH_DONE;
}

bool pacing_done(struct pacing *p, struct worker *w, uint64_t lat_ns, uint64_t now)
{
	const struct job *j = w->job;

	if (j->thinktime_blocks_type == JOB_THINK_COMPLETE)
		count_block(p, j);
	if (!p->seeks || p->has_settled)
		return false;
	if (lat_ns <= j->latency_target_ns)
		p->n_within++;
	else
		p->n_over++;
	return now >= p->window_end && end_window(p, w, now);
}
