/* runner.h - run a plan: boot, prove, precondition, measure, clean up.
 *
 * One VM at a time. Records leave through events, as soon as each trial has ended,
 * whatever way it ended. Nothing is left behind: VMs, backing files, sockets; what a
 * killed run left is found and ended by runner_open().
 */
#ifndef RUNNER_H
#define RUNNER_H

#include <signal.h>

#include "plan.h"
#include "record.h"

/* Everything is borrowed while the runner lives. */
struct runner_options {
	const char *uri;           /* NULL: qemu:///embed?root=WORK/libvirt */
	const char *work_dir;      /* state, backing disks, sockets; made when missing */
	const char *cache_dir;     /* guest images, probe answers */
	const char *agent;         /* path of the static guest agent */
	const char *kernel;        /* the default kernel (image.h), NULL: "installed" */
	const char *wrapper;       /* path of blklab-qemu, which starts unpacked emulators */
	const char *fetcher;       /* of apt: packages, see package.h; NULL: none */
	const char *accel;         /* NULL: by the probe; "kvm", "tcg": forced */
	const char *version;       /* of blklab, for records */
	const char *extra_cmdline; /* added to the guest kernel's command line; NULL: nothing */
	const char *fill;          /* who fills a backing disk: NULL (the host when there is room),
				    * "host", "guest" */
	uint64_t silence_ns;       /* a guest that said hello and then nothing for so long has
				    * failed; 0: 10 s */
	volatile sig_atomic_t *stop; /* seen while runner_open() fetches and probes; may be NULL */
	const struct matrix *matrix; /* what will be run: its kernels and emulators are had and
				      * probed; NULL: those of the default cell */
	/* What runs on this host took and never gave back; copied by runner_open(), which gives
	 * back what belongs to no process that lives. */
	const struct handover_record *open_handovers;
	size_t n_open_handovers;
	const char *forget; /* runner_recover(): a serial whose open_handovers are closed when they
			     * can't be given back; NULL: none */
};

enum runner_phase {
	PHASE_IMAGE,
	PHASE_PROBE,
	PHASE_BACKING,
	PHASE_BOOT,
	PHASE_PROVE,
	PHASE_FILL,
	PHASE_JOB,
	PHASE_SHUTDOWN,
	PHASES
};
extern const char *const runner_phase_names[PHASES];

/* Sent at every change of phase and about once a second in between. */
struct runner_progress {
	size_t trial, n_trials; /* 0-based position in the plan */
	const struct cell *cell;
	enum runner_phase phase;
	const char *job;                  /* PHASE_JOB: section name; else NULL */
	uint64_t elapsed_ns, expected_ns; /* of this phase; expected 0: not known */
	double iops;                      /* PHASE_JOB: so far; else 0 */
	uint64_t done_bytes, total_bytes; /* PHASE_IMAGE while a kernel is fetched; else 0 */
};

struct runner_events {
	void *ctx;
	void (*progress)(void *ctx, const struct runner_progress *p); /* may be NULL */
	/* Before block @block of an interleaved plan (its trials with that repeat), which come one
	 * after the other. is_in[matrix_len()] are true: make false what is left out of it. 1: the
	 * plan ends here, without this block; 0: it goes on; negative: stop the run. NULL: all run.
	 */
	int (*block)(void *ctx, uint32_t block, bool *is_in, struct bl_err *err);
	/* A trial has ended. The record is the runner's: copy or store it now. Negative: stop the
	 * run. */
	int (*trial)(void *ctx, const struct trial_record *t, struct bl_err *err);
	void (*note)(void *ctx, const char *text); /* something a person should know; may be NULL */
	/* The VM of @t has powered off and its disk is still there, for the last time; may be NULL.
	 */
	void (*stopped)(void *ctx, const struct trial_record *t, const char *backing_path);
	/* Something of the host is about to be taken (@h->returned_ms 0): it must be on disk when
	 * this returns, else negative, and it is not taken. Later the same, with how it came back.
	 * NULL: nothing is ever taken, and cells that would need it fail. */
	int (*handover)(void *ctx, const struct handover_record *h, struct bl_err *err);
	/* Is @h, one of open_handovers, still not back? Another blklab may have seen to it. 1, 0,
	 * or negative; may be NULL. */
	int (*is_open)(void *ctx, const struct handover_record *h, struct bl_err *err);
};

struct runner;

/* Connects, ends orphans of killed runs and gives back what they had, proves the acceleration
 * (cached). -ENOTSUP: this host
 * can't run VMs at all (says why). What image_build() and emulator_resolve() return, when no cell
 * with a VM has a kernel and an emulator. */
/* Tell @ev->note, when there is one; cut after 1023 bytes. For the parts of the runner. */
void runner_note(const struct runner_events *ev, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

int runner_open(const struct runner_options *opt, const struct runner_events *ev,
		struct runner **ret_runner, struct bl_err *err);

/* "kvm", "tcg", or "none": no cell has a VM. */
const char *runner_accel(const struct runner *r);

/* Facts of this host, kernel, QEMU and libvirt for run_record.environment. */
int runner_environment(struct runner *r, struct facts *out, struct bl_err *err);

/* Trust notes that hold before anything ran (emulated CPU, busy host, ...). */
int runner_notes(struct runner *r, const struct scenario *sc, struct facts *out,
		 struct bl_err *err);

/* Run the plan. @stop set (by a signal handler): the current VM is ended, its trial recorded as
 * interrupted, and -EINTR returned. Failed trials are records, not errors. */
int runner_run(struct runner *r, const struct scenario *sc, const struct matrix *m,
	       const struct plan *plan, const char *run_id, volatile sig_atomic_t *stop,
	       struct bl_err *err);

struct runner *runner_close(struct runner *r); /* returns NULL */

/* Only what runner_open() begins with: VMs, files, mounts and devices of killed runs. *ret_n: how
 * many of these there were. -EBUSY: some could not be given back (said by a note). -ENOENT: nothing
 * of the serial @opt->forget. */
int runner_recover(const struct runner_options *opt, const struct runner_events *ev, size_t *ret_n,
		   struct bl_err *err);

#endif
