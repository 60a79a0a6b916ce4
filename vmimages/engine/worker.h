/* worker.h - one clone of a job while it runs: everything its loop touches.
 *
 * Inside the engine only. Made by the calling thread, set up and run by its own.
 */
#ifndef ENGINE_WORKER_H
#define ENGINE_WORKER_H

#include <liburing.h>
#include <linux/aio_abi.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>

#include "blocks.h"
#include "clk.h"
#include "engine.h"
#include "slices.h"
#include "target.h"

enum slot_kind {
	SLOT_IO,
	SLOT_FSYNC,
	SLOT_FDATASYNC,
	SLOT_CHECK,      /* reads back what was written */
	SLOT_CHECK_ZERO, /* or trimmed */
};

/* One request in flight. Times are ticks. */
struct slot {
	uint64_t start, issue, due;
	uint64_t offset; /* bytes, from the start of the file */
	char *buf;
	uint32_t len; /* 0: a sync */
	uint16_t id;
	uint8_t dir;     /* enum io_dir */
	uint8_t kind;    /* enum slot_kind */
	uint64_t seed;   /* of the data, for verify */
	uint32_t file;   /* index into the worker's files */
	uint16_t number; /* of the write, for verify */
	uint8_t flags;   /* SLOT_* below */
	uint8_t prio;    /* index into ioprio; 0: the job's own */
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct slot) == 64, "one cache line");
#define RWF_UNCACHED_ 0x80 /* Linux 6.14; older ones answer EOPNOTSUPP */
#define SLOT_ASYNC    2    /* force_async */
#define SLOT_POLL     4    /* hipri_percentage chose it */
#define SLOT_BUSY     8    /* serialize_overlap: in flight */

/* What is measured of one direction. The counts of slat, clat and lat are all ios, so
 * only that one is kept up; the maximum of lat is the greatest of its slices. Without a slat
 * clat is lat: it is copied at the end. */
struct meter {
	struct lat *slat, *clat, *lat, *sched; /* of the worker's sample */
	uint64_t ios;
	uint64_t bytes;                        /* kept up by rich jobs; else ios * bs */
	uint64_t slice_max_ns, slice_first_io; /* ios when the slice began */
	uint64_t slice_first_byte;
	struct hist *before; /* lat's histogram when the slice began */
};

static inline const struct lat *meter_clat(const struct meter *m)
{
	return m->slat ? m->clat : m->lat;
}

struct shape;   /* shape.h: what comes next, for jobs that are more than one size in one file */
struct journal; /* journal.h: logs of requests and windows, when asked for */

struct worker {
	/* the loop's working set */
	const struct clk *clk;
	struct slot *slots;
	/* A stack of slots; those that are built and not yet handed over stand above its top. */
	uint16_t *free_slots;
	unsigned depth, n_free, n_queued;
	unsigned batch_max;          /* requests in one hand-over */
	unsigned reap_min, reap_max; /* waited for when nothing can be built; taken at once */
	bool is_ending, is_mixed, has_slat;
	uint8_t only_dir;        /* when not mixed */
	uint64_t read_threshold; /* of 2^32: reads in a mix */
	uint64_t mix;            /* generator of the mix */
	uint64_t left;           /* counted requests still to build (rich: see shape) */
	uint64_t start, end;     /* ticks: counting starts, building ends */
	uint64_t next_event;     /* ticks: worker_event() is due */
	uint64_t region_offset;
	uint32_t bs;
	struct blocks blocks;
	struct meter meter[IO_DIRS];
	/* How often so many were in flight at a hand-over (by request), were handed over, came
	 * back: [depth + 1] each. */
	uint64_t *n_at_depth, *n_submits, *n_completes;
	int fd;          /* of the first file */
	int sync_result; /* of the one request of a sync engine */

	struct io_uring ring;
	int enter_fd;
	unsigned enter_flags; /* IORING_ENTER_REGISTERED_RING where the kernel has it */
	unsigned sq_tail, sq_mask;
	uint8_t read_opcode; /* the write's is the next one */
	bool has_fixed_buf, has_fixed_file, has_sqpoll, has_iopoll;
	uint64_t n_enters, n_polls; /* system calls of the loop, pick-ups that found nothing */

	aio_context_t aio;
	struct iocb *iocbs, **iocb_queue;
	struct io_event *events;
	unsigned n_events;

	/* rich jobs only; NULL in the others */
	struct shape *shape;
	struct journal *journal;
	uint16_t *at_once; /* slots that were done inside the hand-over (trim) */
	int *at_once_result;
	unsigned n_at_once;

	const _Atomic bool *stop_call;
	_Atomic bool stop_own; /* steady state attained */

	/* around the loop */
	const struct job *job;
	const struct plan_files *files_plan; /* where its files are; borrowed */
	struct file *files;
	unsigned n_files;
	uint32_t clone;
	size_t job_index;
	struct engine_progress *progress;
	struct sample *sample;
	struct slices slices;
	uint32_t slice; /* number of the current one */
	bool is_counting;
	_Atomic uint8_t state; /* enum worker_state */
	struct rusage usage;   /* when counting started */
	uint64_t kernel_worker_ns;
	uint64_t told_ios, told_bytes; /* to progress */
	uint64_t begun, finished;      /* ticks: own epoch, end of the loop */
	uint64_t begun_ns, begun_wall_ms;
	uint64_t major_faults, minor_faults;
	uint64_t seed;
	uint64_t short_ios[JOB_DDIRS];
	uint64_t n_errors, first_error_offset;
	int first_error;
	struct lat *clat_by_prio[2][ENGINE_PRIOS]; /* as in struct engine_clone */
	uint16_t ioprio[ENGINE_PRIOS];
	unsigned n_prios;
	uint64_t n_inflight_at_ramp;
	uint64_t rate_checked, rate_ios[JOB_DDIRS], rate_bytes[JOB_DDIRS]; /* rate_min's window */
	void *mapped, *locked;
	size_t mapped_len;
	char *buffers; /* in what is mapped, aligned */
	size_t buffers_len, buffer_stride;
	bool has_ring, has_aio;
	struct bl_err err; /* of setup */
	int setup_result;
	bool is_started;
	pthread_t thread;
	struct crew *crew;
};

/* The @i-th that is queued. Slots are taken from the top of the free ones: what is queued still
 * stands above them, the first one highest. */
static inline struct slot *queued_slot(const struct worker *w, unsigned i)
{
	return &w->slots[w->free_slots[w->n_free + w->n_queued - 1 - i]];
}

/* Nothing is queued or in flight. */
static inline bool worker_is_idle(const struct worker *w)
{
	return w->n_free == w->depth && !w->n_queued;
}

/* Rings have no word for trims, and a polled one none for syncs: those are done before the queue
 * is handed over. */
static inline bool slot_is_at_once(const struct worker *w, const struct slot *s)
{
	return s->dir == IO_TRIM || (s->dir == IO_SYNC && w->has_iopoll);
}

/* The priority that cmdprio gives a request, as ioprio_set(2) has it; real time by default. @own:
 * of a cmdprio_bssplit's entry, 0: it has none. */
static inline uint16_t job_cmdprio(const struct job *j, unsigned dir, uint32_t own)
{
	if (own)
		return (uint16_t)own;
	return (uint16_t)((j->cmdprio_class[dir] ? j->cmdprio_class[dir] : 1) << 13 |
			  j->cmdprio[dir]);
}

/* Do some requests get another priority than the rest? */
static inline bool job_has_cmdprio(const struct job *j)
{
	return j->cmdprio_percentage[0] || j->cmdprio_percentage[1] || j->cmdprio_bssplit[0].n ||
	       j->cmdprio_bssplit[1].n;
}

enum worker_state { WORKER_WAITS, WORKER_RUNS, WORKER_ENDED };

/* All workers of one call, and the gate they start from together. */
struct crew {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned n_ready, n_ended;
	enum { GATE_SHUT, GATE_OPEN, GATE_CANCELLED } gate;
	uint64_t epoch; /* ticks, when the gate opened */
	uint64_t epoch_ns;
	_Atomic bool stop; /* ends all: exitall */
	const struct job *jobs;
	size_t n_jobs;
	unsigned *n_running; /* [n_jobs] clones that have not ended, under the lock */
	struct flow *flows;  /* shared by jobs of one flow_id; NULL: none */
};

/* -ENOMEM, -EINVAL. @clone counts from 0. */
int worker_new(const struct job *job, const struct plan_files *files, uint32_t clone,
	       struct crew *crew, struct worker **ret, struct bl_err *err);
struct worker *worker_free(struct worker *w);
int worker_launch(struct worker *w, struct bl_err *err);

/* After the thread ended: what the worker measured, complete; the caller's. -ENOMEM. */
int worker_take(struct worker *w, struct engine_clone *ret);

/* While it runs: a copy of what it has measured so far; see engine_live_copy(). -ENOMEM. */
int worker_peek(struct worker *w, struct engine_clone *ret);

/* From the loop, at least every 100 ms: ends the ramp or the slice, looks at the stop flags. */
void worker_event(struct worker *w, uint64_t now);

/* From the loop, rarely: the request did not do all its bytes (@res as from the kernel).
 * Does the rest; 0 when that worked. Otherwise the reason is kept, and the job ends unless its
 * continue_on_error lets it pass. */
int worker_finish_io(struct worker *w, struct slot *s, int res);

void loop_run(struct worker *w); /* loop.c: the timed loop */

int ring_setup(struct worker *w, struct bl_err *err);
void ring_done(struct worker *w);
/* Everything of the slot's entry but the offset; the loop fills in offset and opcode. */
void ring_preset(struct worker *w, const struct slot *s);
/* The whole entry, for requests that are more than reading and writing a block. */
void ring_prepare(struct worker *w, const struct slot *s);

/* From the loop, hardly ever: the kernel did not take all that was queued (@rc as from the
 * call, of @n). Tries on; when it will never take them, the job ends and the slots are free again.
 */
void ring_submit_rest(struct worker *w, int rc, unsigned n);

int aio_setup(struct worker *w, struct bl_err *err);
void aio_done(struct worker *w);
void aio_prepare(struct worker *w, const struct slot *s);
/* Hands all queued requests over; those never taken end the job. */
void aio_submit(struct worker *w);
/* Fetches events, at least @min, for at most @ns (UINT64_MAX: as long as it takes). */
unsigned aio_reap(struct worker *w, unsigned min, uint64_t ns);

/* @n events were looked at. */
static inline void aio_took(struct worker *w, unsigned n)
{
	w->n_events -= n;
	if (__builtin_expect(w->n_events > 0, 0))
		memmove(w->events, w->events + n, w->n_events * sizeof(*w->events));
}

/* One request by the engines that run inside the call; bytes or negative errno. */
int sync_io(struct worker *w, const struct slot *s);

/* The job ends with this reason, unless it has one. */
void worker_fail(struct worker *w, int error, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
