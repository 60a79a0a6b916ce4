/* engine.c - one group of jobs: prepared, started together, merged. */
#include "engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "jobfile.h"
#include "units.h"
#include "worker.h"

#define PROGRESS_NS 100000000u

struct team { /* of one call */
	const struct engine_call *call;
	struct target *targets;    /* one a job */
	_Atomic bool *job_stopped; /* one a job: a clone failed */
	_Atomic bool never;        /* the stop flag of a call without one */
	struct worker **workers;   /* clones of the first job, then of the next, ... */
	size_t n_workers;
	struct crew crew;
};

static int team_alloc(struct team *t, struct bl_err *err)
{
	size_t n = 0;

	for (size_t i = 0; i < t->call->n_jobs; i++)
		n += t->call->jobs[i].numjobs;
	t->targets = calloc(t->call->n_jobs, sizeof(*t->targets));
	t->job_stopped = calloc(t->call->n_jobs, sizeof(*t->job_stopped));
	t->workers = calloc(n, sizeof(*t->workers));
	if (!t->targets || !t->job_stopped || !t->workers)
		return bl_fail(err, -ENOMEM, "out of memory");
	return 0;
}

static int add_workers(struct team *t, size_t i, struct bl_err *err)
{
	const struct job *j = &t->call->jobs[i];
	int rc;

	for (uint32_t clone = 0; clone < j->numjobs; clone++) {
		struct worker *w;

		rc = worker_new(j, &t->targets[i], clone, &t->crew, &w, err);
		if (rc < 0)
			return rc;
		w->stop_call = t->call->stop ? t->call->stop : &t->never;
		w->stop_job = &t->job_stopped[i];
		w->progress = t->call->progress;
		t->workers[t->n_workers++] = w;
	}
	return 0;
}

static int prepare(struct team *t, struct bl_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < t->call->n_jobs && rc == 0; i++) {
		const struct job *j = &t->call->jobs[i];
		const char *path = j->filename[0] ? j->filename : t->call->target;

		rc = job_check(j, err);
		if (rc == 0)
			rc = target_prepare(j, path, &t->targets[i], err);
		if (rc == 0)
			rc = add_workers(t, i, err);
		if (rc < 0)
			return bl_wrap(err, rc, "job '%s'", j->name);
	}
	return rc;
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
		if (rc < 0)
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

	for (size_t i = 0; i < t->call->n_jobs; i++)
		if (t->call->jobs[i].ramp_ns < ramp)
			ramp = t->call->jobs[i].ramp_ns;
	atomic_store_explicit(&p->ramping, now < ramp, memory_order_relaxed);
	atomic_store_explicit(&p->elapsed_ns, now < ramp ? 0 : now - ramp, memory_order_relaxed);
}

static void wait_for_all(struct team *t)
{
	struct crew *c = &t->crew;

	pthread_mutex_lock(&c->lock);
	while (t->call->progress && c->n_ended < t->n_workers) {
		uint64_t until = bl_now_ns() + PROGRESS_NS;
		struct timespec ts = {.tv_sec = (time_t)(until / NS_PER_S),
				      .tv_nsec = (long)(until % NS_PER_S)};

		pthread_cond_clockwait(&c->changed, &c->lock, CLOCK_MONOTONIC, &ts);
		show_time(t);
	}
	pthread_mutex_unlock(&c->lock);
	for (size_t i = 0; i < t->n_workers; i++)
		if (t->workers[i]->is_started)
			pthread_join(t->workers[i]->thread, NULL);
}

static void add_depths(struct engine_depths *to, const struct engine_depths *from)
{
	for (int i = 0; i < ENGINE_DEPTHS; i++) {
		to->level[i] += from->level[i];
		to->submit[i] += from->submit[i];
		to->complete[i] += from->complete[i];
	}
	to->major_faults += from->major_faults;
	to->minor_faults += from->minor_faults;
}

/* The clones of each job into one sample. */
static int collect(struct team *t, struct sample **ret, struct bl_err *err)
{
	struct worker **next = t->workers;

	for (size_t i = 0; i < t->call->n_jobs; i++) {
		for (uint32_t clone = 0; clone < t->call->jobs[i].numjobs; clone++) {
			BL_CLEANUP(sample_freep) struct sample *s = worker_take_sample(*next);

			if (t->call->depths)
				add_depths(&t->call->depths[i], &(*next)->depths);
			*next = worker_free(*next);
			next++;
			if (!s)
				return bl_fail(err, -ENOMEM, "out of memory");
			if (!ret[i])
				ret[i] = BL_STEAL(s);
			else if (sample_merge(ret[i], s) < 0)
				return bl_fail(err, -ENOMEM, "out of memory");
		}
	}
	return 0;
}

static void team_done(struct team *t)
{
	for (size_t i = 0; i < t->n_workers; i++)
		worker_free(t->workers[i]);
	free(t->workers);
	free(t->targets);
	free(t->job_stopped);
}

int engine_run(const struct engine_call *call, struct sample **ret_samples, struct bl_err *err)
{
	struct team t = {
		.call = call,
		.crew = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER}};
	struct sample **samples = calloc(call->n_jobs, sizeof(*samples));
	int rc = samples ? team_alloc(&t, err) : bl_fail(err, -ENOMEM, "out of memory");

	if (rc == 0)
		rc = prepare(&t, err);
	if (rc == 0) {
		rc = launch(&t, err);
		open_gate(&t, rc == 0);
		wait_for_all(&t);
	}
	if (rc == 0)
		rc = collect(&t, samples, err);
	for (size_t i = 0; samples && i < call->n_jobs; i++) {
		if (rc == 0)
			ret_samples[i] = BL_STEAL(samples[i]);
		sample_free(samples[i]);
	}
	free(samples);
	team_done(&t);
	return rc;
}
