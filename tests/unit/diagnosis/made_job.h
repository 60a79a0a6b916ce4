/* made_job.h - a job as the watchers saw it: calm, or with one thing wrong. */
#ifndef MADE_JOB_H
#define MADE_JOB_H

#include "job_analysis.h"
#include "made_case.h"

#define MADE_SIGNALS 24
#define MADE_STALLS  12
#define NO_SUCH      (-1.0)

/* A counter's rate a second or a gauge's value: always, and from 0.2 s before a stall to its end.
 */
struct made_signal {
	enum watcher watcher;
	const char *name;
	bool is_gauge;
	double usual, stalling;
	size_t every; /* only at each so-manieth stall; 0: at each */
	size_t from;  /* the first of them */
	double last;  /* gauge: what it has come to at the end, in a straight line; 0: usual */
};

struct made_job {
	double start_s; /* it begins that much later than others */
	size_t seconds;
	double lat_ns, depth; /* of a request at the engine; how many at once */
	double bytes;         /* of a request */
	double writes;        /* share of the requests, the others are reads */
	/* What of its time it spends at or below a place, and of its requests and bytes how many
	 * come there; share NO_SUCH: nobody counts there. */
	struct {
		double share, count, bytes;
	} at[LAYER_ATS];
	/* QEMU is asked every step_s, the first time that much after the others; 0: with them. */
	double qemu_step_s, qemu_phase_s;
	double busy;       /* of the host's device */
	double others_ios; /* times as many requests of others at the host's device */
	/* n_stalls of length_s, without a clock, or every period_s. */
	size_t n_stalls;
	double length_s, period_s;
	bool is_stalled_at[LAYER_ATS]; /* that place sees the stall */
	double flushes_per_s, flush_ns;
	double drift;               /* throughput rises or falls by this over the job: -0.3 */
	double slow_share, slow_ns; /* of the requests, so many take this long */
	struct made_signal signals[MADE_SIGNALS];
	size_t n_signals;
};

/* virtio-blk on a local device: 60 s of 4 KiB reads at depth 1, each 200 us, of which the device
 * takes 100; threads and memory are idle. Nothing is to be found in it. */
struct made_job calm_job(void);
/* Sets or adds. */
void set_signal(struct made_job *m, enum watcher w, const char *name, double usual,
		double stalling);
void set_gauge(struct made_job *m, enum watcher w, const char *name, double usual, double stalling);
/* A gauge that rises all the time. */
void set_rise(struct made_job *m, enum watcher w, const char *name, double first, double last);
void set_stalls(struct made_job *m, size_t n, double length_s, double period_s);

/* Into the job, in place of what it had. */
void make_job(struct job_result *j, const struct made_job *m);

/* One more job "k" in the trial, beside its first one. */
void add_beside(struct trial_record *t, const struct made_job *m);

/* A run of one cell on @bus with one trial (or @repeats), each of them @m. run_data_done(). */
void make_run(struct run_data *d, const char *bus, uint32_t repeats, const struct made_job *m);

/* The finding of that cause, which must be there; NULL-terminated words that its evidence has. */
const struct finding *expect_cause(const struct findings *f, const char *cause,
				   enum finding_confidence confidence, ...);
void expect_not(const struct findings *f, const char *cause);
/* Diagnose, expect exactly these causes (a list that ends with NULL), and keep the findings. */
void expect_causes(const struct run_data *d, struct findings *ret, ...);

#endif
