/* engine.c - one group of jobs: prepared, started together, merged. */
#include "engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "jobfile.h"
#include "supervise.h"
#include "units.h"
#include "worker.h"

#define TICK_NS 100000000u

static int team_alloc(struct team *t, struct bl_err *err)
{
	size_t n = 0, n_jobs = t->call->n_jobs;

	for (size_t i = 0; i < n_jobs; i++)
		n += t->call->jobs[i].numjobs;
	t->files = calloc(n_jobs, sizeof(*t->files));
	t->crew.n_running = calloc(n_jobs, sizeof(*t->crew.n_running));
	t->workers = calloc(n, sizeof(*t->workers));
	t->crew.jobs = t->call->jobs;
	t->crew.n_jobs = n_jobs;
	if (!t->files || !t->crew.n_running || !t->workers)
		return bl_fail(err, -ENOMEM, "out of memory");
	return 0;
}

static int add_workers(struct team *t, size_t i, struct bl_err *err)
{
	const struct job *j = &t->call->jobs[i];
	int rc;

	for (uint32_t clone = 0; clone < j->numjobs; clone++) {
		struct worker *w;

		rc = worker_new(j, &t->files[i], clone, &t->crew, &w, err);
		if (rc < 0)
			return rc;
		w->job_index = i;
		w->stop_call = t->call->stop ? t->call->stop : &t->never;
		w->progress = t->call->progress;
		t->workers[t->n_workers++] = w;
		t->crew.n_running[i]++;
	}
	return 0;
}

static void blame(const struct team *t, size_t job)
{
	if (t->call->ret_bad_job)
		*t->call->ret_bad_job = job;
}

static int prepare(struct team *t, struct bl_err *err)
{
	const struct target_asks asks = {.target = t->call->target,
					 .is_readonly = t->call->is_readonly,
					 .limit_bytes = t->call->limit_bytes,
					 .stop = t->call->stop};
	int rc = 0;

	for (size_t i = 0; i < t->call->n_jobs && rc == 0; i++) {
		const struct job *j = &t->call->jobs[i];

		rc = job_check(j, err);
		if (rc == 0)
			rc = target_prepare(j, &asks, &t->files[i], err);
		if (rc == 0)
			rc = add_workers(t, i, err);
		if (rc < 0) {
			blame(t, i);
			return bl_wrap(err, rc, "job '%s'", j->name);
		}
	}
	return rc < 0 ? rc : supervise_new(t, err);
}

/* Start every thread and wait until all are set up. */
static int launch(struct team *t, struct bl_err *err)
{
	struct crew *c = &t->crew;
	unsigned n = 0;
	int rc = 0;

	for (; n < t->n_workers; n++) {
		rc = worker_launch(t->workers[n], err);
		if (rc < 0)
			break;
	}
	pthread_mutex_lock(&c->lock);
	while (c->n_ready < n)
		pthread_cond_wait(&c->changed, &c->lock);
	pthread_mutex_unlock(&c->lock);
	for (size_t i = 0; i < n && rc == 0; i++) {
		rc = t->workers[i]->setup_result;
		if (rc == 0)
			continue;
		blame(t, t->workers[i]->job_index);
		bl_fail(err, rc, "job '%s': %s", t->workers[i]->job->name,
			bl_err_text(&t->workers[i]->err));
	}
	return rc;
}

static void open_gate(struct team *t, bool is_good)
{
	struct crew *c = &t->crew;

	pthread_mutex_lock(&c->lock);
	c->epoch_ns = bl_now_ns();
	c->epoch = clk_now(clk_get());
	c->gate = is_good ? GATE_OPEN : GATE_CANCELLED;
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
}

/* Elapsed counted time of the job whose ramp ends first, for people to look at. */
static void show_time(struct team *t)
{
	struct engine_progress *p = t->call->progress;
	uint64_t ramp = UINT64_MAX, now = bl_now_ns() - t->crew.epoch_ns;

	if (!p)
		return;
	for (size_t i = 0; i < t->call->n_jobs; i++)
		if (t->call->jobs[i].ramp_ns < ramp)
			ramp = t->call->jobs[i].ramp_ns;
	atomic_store_explicit(&p->ramping, now < ramp, memory_order_relaxed);
	atomic_store_explicit(&p->elapsed_ns, now < ramp ? 0 : now - ramp, memory_order_relaxed);
}

/* In the caller's thread: looks around ten times a second, as the job threads do not. */
static void wait_for_all(struct team *t, bool is_good)
{
	struct crew *c = &t->crew;
	uint64_t until = bl_now_ns();

	pthread_mutex_lock(&c->lock);
	while (is_good && c->n_ended < t->n_workers) {
		struct timespec ts;

		until += TICK_NS;
		ts = (struct timespec){.tv_sec = (time_t)(until / NS_PER_S),
				       .tv_nsec = (long)(until % NS_PER_S)};
		while (c->n_ended < t->n_workers &&
		       pthread_cond_clockwait(&c->changed, &c->lock, CLOCK_MONOTONIC, &ts) == 0)
			;
		pthread_mutex_unlock(&c->lock);
		show_time(t);
		supervise(t);
		if (t->call->tick)
			t->call->tick(&(struct engine_live){t}, t->call->tick_arg);
		pthread_mutex_lock(&c->lock);
		pthread_cond_broadcast(&c->changed); /* the stop flag has no signal of its own */
	}
	pthread_mutex_unlock(&c->lock);
	for (size_t i = 0; i < t->n_workers; i++)
		if (t->workers[i]->is_started)
			pthread_join(t->workers[i]->thread, NULL);
}

static void free_clones(struct engine_clone *clones, size_t n)
{
	for (size_t i = 0; clones && i < n; i++)
		engine_clone_done(&clones[i]);
	free(clones);
}

static int collect(struct team *t, int (*take)(struct worker *, struct engine_clone *),
		   struct engine_clone **ret)
{
	struct engine_clone *clones = calloc(t->n_workers, sizeof(*clones));

	for (size_t i = 0; i < t->n_workers; i++) {
		if (clones && take(t->workers[i], &clones[i]) == 0 &&
		    supervise_tell(t, t->workers[i], &clones[i]) == 0)
			continue;
		free_clones(clones, i + 1);
		return -ENOMEM;
	}
	*ret = clones;
	return 0;
}

static void team_done(struct team *t)
{
	for (size_t i = 0; i < t->n_workers; i++)
		worker_free(t->workers[i]);
	for (size_t i = 0; t->files && i < t->call->n_jobs; i++) {
		if (t->crew.gate == GATE_OPEN && !t->call->is_readonly)
			target_unlink(&t->call->jobs[i], &t->files[i]);
		target_done(&t->files[i]);
	}
	supervise_free(t);
	free(t->crew.n_running);
	free(t->workers);
	free(t->files);
}

int engine_run_clones(const struct engine_call *call, struct engine_clone **ret_clones,
		      size_t *ret_n, struct bl_err *err)
{
	struct team t = {
		.call = call,
		.crew = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER}};
	int rc = team_alloc(&t, err);

	blame(&t, call->n_jobs);
	if (rc == 0)
		rc = prepare(&t, err);
	if (rc == 0) {
		rc = launch(&t, err);
		open_gate(&t, rc == 0);
		wait_for_all(&t, rc == 0);
	}
	if (rc == 0 && collect(&t, worker_take, ret_clones) < 0)
		rc = bl_fail(err, -ENOMEM, "out of memory");
	if (rc == 0)
		*ret_n = t.n_workers;
	team_done(&t);
	return rc;
}

int engine_live_copy(struct engine_live *live, struct engine_clone **ret_clones, size_t *ret_n)
{
	int rc = collect(live->team, worker_peek, ret_clones);

	if (rc == 0)
		*ret_n = live->team->n_workers;
	return rc;
}

void engine_live_states(struct engine_live *live, unsigned *waiting, unsigned *running,
			unsigned *ended)
{
	unsigned n[3] = {0};

	for (size_t i = 0; i < live->team->n_workers; i++)
		n[atomic_load(&live->team->workers[i]->state)]++;
	*waiting = n[WORKER_WAITS];
	*running = n[WORKER_RUNS];
	*ended = n[WORKER_ENDED];
}

int engine_run(const struct engine_call *call, struct sample **ret_samples, struct bl_err *err)
{
	struct sample **samples = calloc(call->n_jobs, sizeof(*samples));
	struct engine_clone *clones = NULL;
	size_t n = 0;
	int rc = samples ? engine_run_clones(call, &clones, &n, err)
			 : bl_fail(err, -ENOMEM, "out of memory");

	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct sample **to = &samples[clones[i].job];

		if (!*to)
			*to = BL_STEAL(clones[i].sample);
		else if (sample_merge(*to, clones[i].sample) < 0)
			rc = bl_fail(err, -ENOMEM, "out of memory");
	}
	for (size_t i = 0; samples && i < call->n_jobs; i++) {
		if (rc == 0)
			ret_samples[i] = BL_STEAL(samples[i]);
		sample_free(samples[i]);
	}
	free_clones(clones, n);
	free(samples);
	return rc;
}
