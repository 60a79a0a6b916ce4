/* worker.c - a worker's life around the loop: made, set up, started, taken apart. */
#include "worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "journal.h"
#include "meters.h"
#include "outside.h"
#include "place.h"
#include "shape.h"
#include "units.h"

#define STACK_BYTES ((size_t)512 << 10)
#define PAGE        4096u

/* Two clones, or two sections of one seed, draw different offsets; the same ones each time. */
static uint64_t own_seed(const struct job *j, uint32_t clone)
{
	uint64_t seed = rng_mix(j->randseed + RNG_STEP);

	if (!j->randrepeat && !j->allrandrepeat)
		seed ^= bl_now_ns();
	for (const char *s = j->name; *s; s++)
		seed = rng_mix(seed ^ (uint8_t)*s);
	return rng_mix(seed + clone);
}

static uint64_t how_many(const struct worker *w)
{
	const struct job *j = w->job;
	uint64_t bytes = j->io_size ? j->io_size : target_bytes(j, w->files, w->n_files), n;

	if (j->time_based)
		return UINT64_MAX;
	if (j->io_size_pct)
		bytes = bytes / 100 * j->io_size_pct;
	n = j->io_size || j->io_size_pct ? (bytes + w->bs - 1) / w->bs : bytes / w->bs;
	if (j->loops > 1 && bytes <= target_bytes(j, w->files, w->n_files) && /* as fio has it */
	    __builtin_mul_overflow(n, j->loops, &n))
		return UINT64_MAX;
	return j->number_ios && j->number_ios * j->loops < n ? j->number_ios * j->loops : n;
}

static void set_batches(struct worker *w)
{
	const struct job *j = w->job;
	bool in_one = job_engine_is_sync(j->engine) || j->engine == JOB_NULL;

	w->depth = job_engine_is_sync(j->engine) ? 1 : j->iodepth;
	w->batch_max = j->batch_submit ? j->batch_submit : w->depth;
	if (!j->batch_submit && j->engine == JOB_LIBAIO && !j->direct)
		w->batch_max = 1; /* io_submit() blocks for each: none waits for its neighbours */
	w->reap_min = in_one ? 1 : j->batch_complete_min; /* 0: polls */
	w->reap_max = in_one || !j->batch_complete_max ? UINT32_MAX : j->batch_complete_max;
	if (!in_one && j->iodepth_low && j->iodepth_low < w->depth &&
	    w->depth - j->iodepth_low > w->reap_min)
		w->reap_min = w->depth - j->iodepth_low;
	if (w->reap_min > w->depth)
		w->reap_min = w->depth;
	if (w->reap_max < w->reap_min)
		w->reap_max = w->reap_min;
}

static void set_plan(struct worker *w)
{
	const struct job *j = w->job;

	w->seed = own_seed(j, w->clone);
	w->mix = rng_mix(w->seed + 1);
	w->is_mixed = job_reads(j) && job_writes(j);
	w->only_dir = job_reads(j) ? IO_READ : IO_WRITE;
	w->read_threshold = ((uint64_t)j->rwmixread << 32) / 100;
	w->bs = job_bs_max(j, w->only_dir);
	set_batches(w);
	w->has_slat = !job_engine_is_sync(j->engine) && (j->engine != JOB_NULL || w->depth > 1);
}

/* Once the files are open. */
static void set_blocks(struct worker *w)
{
	const struct job *j = w->job;
	enum block_order order = BLOCKS_SEQUENTIAL;

	if (job_is_random(j))
		order = j->norandommap ? BLOCKS_DRAWN : BLOCKS_PERMUTED;
	w->left = how_many(w);
	w->region_offset = w->files[0].offset;
	blocks_init(&w->blocks, order, w->files[0].size / w->bs, w->seed);
}

static int new_slots(struct worker *w)
{
	w->slots = aligned_alloc(64, w->depth * sizeof(*w->slots));
	w->free_slots = calloc(w->depth, sizeof(*w->free_slots));
	w->n_at_depth = calloc(3 * (w->depth + 1), sizeof(*w->n_at_depth));
	w->at_once = calloc(w->depth, sizeof(*w->at_once));
	w->at_once_result = calloc(w->depth, sizeof(*w->at_once_result));
	w->files = calloc(w->n_files, sizeof(*w->files));
	if (!w->slots || !w->free_slots || !w->n_at_depth || !w->at_once || !w->at_once_result ||
	    !w->files)
		return -ENOMEM;
	memset(w->slots, 0, w->depth * sizeof(*w->slots));
	for (unsigned i = 0; i < w->n_files; i++)
		w->files[i].fd = -1;
	for (unsigned i = 0; i < w->depth; i++) {
		w->slots[i].id = (uint16_t)i;
		w->slots[i].len = w->bs;
		w->slots[i].dir = w->only_dir;
		w->free_slots[i] = (uint16_t)(w->depth - 1 - i);
	}
	w->n_free = w->depth;
	w->n_submits = w->n_at_depth + w->depth + 1;
	w->n_completes = w->n_submits + w->depth + 1;
	return 0;
}

static uint64_t likely_slices(const struct job *j)
{
	return j->runtime_ns ? 2 * (j->runtime_ns / ENGINE_INTERVAL_NS + 1) : 36000;
}

int worker_new(const struct job *job, const struct plan_files *files, uint32_t clone,
	       struct crew *crew, struct worker **ret, struct bl_err *err)
{
	struct worker *w = calloc(1, sizeof(*w));

	if (!w)
		return bl_fail(err, -ENOMEM, "out of memory");
	w->job = job;
	w->files_plan = files;
	w->n_files = files->per_clone;
	w->clone = clone;
	w->crew = crew;
	w->clk = clk_get();
	w->fd = -1;
	w->sample = sample_new(job->name);
	set_plan(w);
	if (!w->sample || meters_new(w) < 0 || new_slots(w) < 0 || journal_new(w) < 0 ||
	    slices_init(&w->slices, likely_slices(job)) < 0) {
		worker_free(w);
		return bl_fail(err, -ENOMEM, "out of memory");
	}
	*ret = w;
	return 0;
}

struct worker *worker_free(struct worker *w)
{
	if (!w)
		return NULL;
	shape_free(w);
	journal_free(w);
	meters_free(w);
	sample_free(w->sample);
	slices_done(&w->slices);
	free(w->slots);
	free(w->free_slots);
	free(w->n_at_depth);
	free(w->at_once);
	free(w->at_once_result);
	free(w->files);
	free(w);
	return NULL;
}

/* One run of memory for all slots, a stride apart; each slot's part is registered by itself. Random
 * where it is written from; touched in any case. */
static int new_buffers(struct worker *w, struct bl_err *err)
{
	uint64_t most = 0, state = w->seed;
	uint64_t align = w->job->mem_align > PAGE ? w->job->mem_align : PAGE;
	void *mem;

	for (unsigned d = 0; d < JOB_DDIRS; d++)
		most = job_bs_max(w->job, d) > most ? job_bs_max(w->job, d) : most;
	w->buffer_stride = (most + align - 1) / align * align;
	w->buffers_len = w->buffer_stride * w->depth;
	w->mapped_len = w->buffers_len + align - PAGE;
	mem = mmap(NULL, w->mapped_len, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (mem == MAP_FAILED)
		return bl_fail(err, -ENOMEM, "no memory for %u buffers of %llu bytes", w->depth,
			       (unsigned long long)most);
	w->mapped = mem;
	w->buffers = (char *)(((uintptr_t)mem + align - 1) / align * align);
	for (unsigned i = 0; i < w->depth; i++)
		w->slots[i].buf = w->buffers + i * w->buffer_stride;
	for (size_t i = 0; job_writes(w->job) && i < w->buffers_len / 8; i++)
		((uint64_t *)(void *)w->buffers)[i] = rng_next(&state);
	return 0;
}

static int open_files(struct worker *w, struct bl_err *err)
{
	int rc = 0;

	for (unsigned i = 0; i < w->n_files && rc == 0; i++)
		rc = target_open(w->job, w->files_plan, w->clone, i, &w->files[i], err);
	w->fd = w->files[0].fd;
	return rc;
}

static int set_up(struct worker *w, struct bl_err *err)
{
	int rc = place_enter(w->job, w->clone, err);

	if (rc == 0)
		rc = open_files(w, err);
	if (rc == 0)
		rc = new_buffers(w, err);
	if (rc == 0)
		rc = outside_lock(w->job->lockmem, &w->locked, err);
	for (unsigned i = 0; i < w->n_files && rc == 0; i++)
		rc = outside_set_scheduler(w->job, w->files[i].plan, err);
	if (rc < 0)
		return rc;
	set_blocks(w);
	if (shape_is_needed(w->job, w->files_plan))
		rc = shape_new(w, err);
	if (rc == 0 && (w->job->engine == JOB_IO_URING || w->job->engine == JOB_NOP))
		rc = ring_setup(w, err);
	else if (rc == 0 && w->job->engine == JOB_LIBAIO)
		rc = aio_setup(w, err);
	prctl(PR_SET_TIMERSLACK, 1); /* sleeps end when they should, not 50 us later */
	return rc;
}

static void take_down(struct worker *w)
{
	ring_done(w);
	aio_done(w);
	if (w->mapped)
		munmap(w->mapped, w->mapped_len);
	outside_unlock(w->locked, w->job->lockmem);
	for (unsigned i = 0; i < w->n_files; i++) {
		int rc = target_close(w->job, &w->files[i]);

		if (rc < 0)
			worker_fail(w, -rc, "fsync at close: %s ('%.100s')", strerror(-rc),
				    w->files[i].plan->path);
	}
}

/* Say that set-up is over, and wait for the others. */
static bool pass_gate(struct worker *w)
{
	struct crew *c = w->crew;
	bool is_open;

	pthread_mutex_lock(&c->lock);
	c->n_ready++;
	pthread_cond_broadcast(&c->changed);
	while (c->gate == GATE_SHUT)
		pthread_cond_wait(&c->changed, &c->lock);
	is_open = c->gate == GATE_OPEN;
	pthread_mutex_unlock(&c->lock);
	return is_open;
}

static bool is_called_off(const struct worker *w)
{
	return atomic_load(w->stop_call) || atomic_load(&w->crew->stop);
}

/* Is a clone of the job that it waits for still there? Under the lock. */
static bool must_wait(const struct worker *w)
{
	const struct crew *c = w->crew;

	for (size_t i = 0; i < c->n_jobs; i++)
		if (i != w->job_index && !strcmp(c->jobs[i].name, w->job->wait_for) &&
		    c->n_running[i])
			return true;
	return false;
}

/* wait_for, startdelay: false when the run was called off meanwhile. */
static bool wait_for_turn(struct worker *w)
{
	const struct job *j = w->job;
	struct crew *c = w->crew;
	uint64_t state = w->seed, delay = j->startdelay_ns, end;

	pthread_mutex_lock(&c->lock);
	while (j->wait_for[0] && must_wait(w) && !is_called_off(w))
		pthread_cond_wait(&c->changed, &c->lock);
	pthread_mutex_unlock(&c->lock);
	if (j->startdelay_max_ns > delay)
		delay += rng_below(&state, j->startdelay_max_ns - delay + 1);
	end = bl_now_ns() + delay;
	while (delay && bl_now_ns() < end && !is_called_off(w)) {
		uint64_t left = end - bl_now_ns();

		nanosleep(
			&(struct timespec){
				.tv_nsec = (long)(left < 10 * NS_PER_MS ? left : 10 * NS_PER_MS)},
			NULL);
	}
	return !is_called_off(w);
}

static void set_clock(struct worker *w)
{
	const struct job *j = w->job;
	bool is_first =
		!j->wait_for[0] && !j->startdelay_ns && !j->startdelay_max_ns && !j->exec_prerun[0];

	w->begun_ns = is_first ? w->crew->epoch_ns : bl_now_ns();
	/* Of the same moment: this thread may have got its CPU long after the crew's epoch. */
	w->begun_wall_ms = bl_wall_ms() - (bl_now_ns() - w->begun_ns) / NS_PER_MS;
	w->begun = is_first ? w->crew->epoch : clk_now(w->clk);
	w->start = w->begun + clk_ticks(w->clk, j->ramp_ns);
	w->end = j->runtime_ns ? w->start + clk_ticks(w->clk, j->runtime_ns) : INT64_MAX;
	if (w->shape)
		shape_begin(w);
	worker_event(w, w->begun);
}

static void say_end(struct worker *w)
{
	struct crew *c = w->crew;

	pthread_mutex_lock(&c->lock);
	c->n_ended++;
	c->n_running[w->job_index]--;
	if (w->job->exitall && !c->n_running[w->job_index])
		atomic_store(&c->stop, true);
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
	atomic_store(&w->state, WORKER_ENDED);
}

static bool run_command(struct worker *w, const char *when, const char *command)
{
	struct bl_err err = BL_ERR_INIT;
	int rc = outside_run(command, w->job->name, when, w->stop_call, &err);

	if (rc < 0)
		worker_fail(w, -rc, "%.200s", bl_err_text(&err));
	return rc == 0;
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;

	w->setup_result = set_up(w, &w->err);
	if (pass_gate(w) && wait_for_turn(w) && run_command(w, "prerun", w->job->exec_prerun)) {
		set_clock(w);
		atomic_store(&w->state, WORKER_RUNS);
		if (!w->job->create_only)
			loop_run(w);
		else
			w->finished = w->begun;
		if (w->shape)
			shape_end(w);
		meters_stop(w);
		run_command(w, "postrun", w->job->exec_postrun);
	}
	take_down(w);
	say_end(w);
	return NULL;
}

int worker_launch(struct worker *w, struct bl_err *err)
{
	pthread_attr_t attr;
	int rc;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	rc = pthread_create(&w->thread, &attr, worker_main, w);
	pthread_attr_destroy(&attr);
	if (rc)
		return bl_fail(err, -rc, "no thread for a clone: %s", strerror(rc));
	w->is_started = true;
	return 0;
}
