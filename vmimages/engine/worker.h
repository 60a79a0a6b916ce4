/* worker.h - one clone of a job while it runs: everything its loop touches.
 *
 * Inside the engine only. Made by the calling thread, set up and run by its own.
 */
#ifndef ENGINE_WORKER_H
#define ENGINE_WORKER_H

#include <liburing.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "blocks.h"
#include "clk.h"
#include "engine.h"
#include "slices.h"
#include "target.h"

/* One request in flight. Times are ticks. */
struct slot {
	uint64_t start, issue, due;
	uint64_t offset; /* bytes, from the start of the target */
	char *buf;
	uint32_t len; /* 0: a sync */
	uint16_t id;
	uint8_t dir; /* enum io_dir */
} __attribute__((aligned(64)));

/* What is measured of one direction. The counts of slat, clat and lat are all ios, so
 * only that one is kept up; the maximum of lat is the greatest of its slices. */
struct meter {
	struct lat *slat, *clat, *lat, *sched; /* of the worker's sample */
	uint64_t ios;
	uint64_t slice_max_ns, slice_first_io; /* ios when the slice began */
	struct hist *before;                   /* lat's histogram when the slice began */
};

/* An open-loop schedule; ticks with 32 fraction bits. */
struct pace {
	unsigned __int128 due, period;
};

struct worker {
	/* the loop's working set */
	const struct clk *clk;
	struct slot *slots;
	uint16_t *free_slots, *queue; /* queue: built, not yet submitted */
	unsigned n_free, n_queued, n_busy;
	unsigned batch_max; /* requests in one hand-over */
	bool is_ending, is_mixed, has_slat;
	uint8_t only_dir;        /* when not mixed */
	uint64_t read_threshold; /* of 2^32: reads in a mix */
	uint64_t mix;            /* generator of the mix */
	uint64_t left;           /* counted requests still to build */
	uint64_t start, end;     /* ticks: counting starts, building ends */
	uint64_t next_event;     /* ticks: worker_event() is due */
	uint64_t region_offset;
	uint32_t bs;
	uint32_t sync_every[2], since_sync[2]; /* fsync, fdatasync */
	uint8_t sync_owed;                     /* bit 0 fsync, bit 1 fdatasync */
	struct blocks blocks;
	struct pace pace[2];
	struct meter meter[IO_DIRS];
	struct engine_depths depths;
	int fd;
	int sync_result; /* of the one psync request */
	struct io_uring ring;
	bool has_fixed_buf, has_fixed_file;
	const _Atomic bool *stop_call;
	_Atomic bool *stop_job;

	/* around the loop */
	const struct job *job;
	const struct target *target;
	struct engine_progress *progress;
	struct sample *sample;
	struct slices slices;
	uint32_t slice; /* number of the current one */
	bool is_counting;
	struct rusage usage; /* when counting started */
	uint64_t told_ios;   /* to progress */
	uint64_t finished;   /* ticks */
	unsigned depth;
	uint64_t seed;
	char *buffers;
	size_t buffers_len;
	bool has_ring;
	struct bl_err err; /* of setup */
	int setup_result;
	bool is_started;
	pthread_t thread;
	struct crew *crew;
};

/* All workers of one call, and the gate they start from together. */
struct crew {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned n_ready, n_ended;
	enum { GATE_SHUT, GATE_OPEN, GATE_CANCELLED } gate;
	uint64_t epoch; /* ticks, when the gate opened */
	uint64_t epoch_ns;
};

/* -ENOMEM and what target_region() says. @seed: the job's, made the clone's own. */
int worker_new(const struct job *job, const struct target *t, uint32_t clone, struct crew *crew,
	       struct worker **ret, struct bl_err *err);
struct worker *worker_free(struct worker *w);
int worker_launch(struct worker *w, struct bl_err *err);

/* After the thread ended: the worker's sample, complete; the caller's. NULL: -ENOMEM. */
struct sample *worker_take_sample(struct worker *w);

/* From the loop, at least every 100 ms: ends the ramp or the slice, looks at the stop flags. */
void worker_event(struct worker *w, uint64_t now);

/* From the loop, rarely: the request did not do all its bytes (@res as from the kernel).
 * Does the rest; 0 when that worked. Otherwise the job ends: the reason is kept. */
int worker_finish_io(struct worker *w, const struct slot *s, int res);

void loop_run(struct worker *w); /* loop.c: the timed loop */

int ring_setup(struct worker *w, struct bl_err *err);
void ring_done(struct worker *w);

/* From the loop, hardly ever: the kernel did not take all that was queued (@rc as from the
 * call). Tries on; when it will never take them, the job ends and the slots are free again. */
void ring_submit_rest(struct worker *w, int rc);

/* The job ends with this reason, unless it has one. */
void worker_fail(struct worker *w, int error, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
