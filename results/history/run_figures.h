/* run_figures.h - one run reduced to one figure a cell, job and metric, with what is needed to
 * compare it with runs of other days. Owns all it holds: the run's data may go.
 */
#ifndef RUN_FIGURES_H
#define RUN_FIGURES_H

#include "fingerprint.h"
#include "metric.h"
#include "record.h"

/* What a histogram tells apart: a bucket is at most 1/128 wide, and a value lies anywhere in it.
 * Runs that are all in one bucket are not alike to the last digit. */
#define FIGURE_RESOLUTION_SD (1 / 128. / 3.4641016151377544) /* sqrt(12) */

struct figure {
	size_t n;     /* boots that have it; 0: absent, and the rest means nothing */
	double y;     /* the median of their natural logs */
	double sd;    /* of these logs, between boots; NAN: fewer than two */
	bool is_thin; /* a percentile with fewer than 100 samples beyond it in some boot */
};

/* Latency over nines (90 % is one, 99.9 % three), of all boots together: the points from p50 on, a
 * quarter of a nine apart, that have 100 samples beyond them. */
#define RUN_CURVE_POINTS 24
double run_curve_nines(size_t point);

struct figure_row {
	char *cell, *job, *job_text;
	char *axes;        /* of the cell: "bus=virtio-blk iothreads=1 ..." */
	uint64_t iodepth;  /* 0: the job does not say */
	size_t n_ok;       /* boots with a sample of the job */
	size_t n_unstable; /* trials that were left out, because they drifted (job_steady.h) */
	struct figure by[METRICS];
	double curve_ns[RUN_CURVE_POINTS];
	size_t n_curve; /* points; 0: no histogram, or too few samples */
};

struct run_figures {
	char run[BL_UUID_TEXT];
	uint64_t started_ms;
	char *scenario, *host_id, *host_name, *accel, *version;
	size_t n_trials, n_ok; /* of the run; those that are not ok have no result */
	struct fingerprint fingerprint;
	struct figure_row *rows; /* by cell, then job; those that some ok trial has a sample of */
	size_t n;
};

/* Of the trials that are ok. Rounds of one boot are one value, the mean of their logs. *ret is new;
 * end it with run_figures_done(). -ENOMEM. */
int run_figures_of(const struct run_data *d, struct run_figures *ret);
void run_figures_done(struct run_figures *f);

/* Borrowed; NULL: it has none. */
const struct figure_row *run_figures_find(const struct run_figures *f, const char *cell,
					  const char *job);

/* Are both of the same cell and job, not only of the same names? "" they are; else what differs:
 * "the job", or an axis. */
void figure_row_differs(const struct figure_row *a, const struct figure_row *b, char out[64]);

/* Why figures of one may not be held against the other's: another engine is another ruler, and an
 * emulated CPU another machine. NULL: they may; else a text in @why. */
const char *run_figures_refused(const struct run_figures *a, const struct run_figures *b,
				char why[160]);

#endif
