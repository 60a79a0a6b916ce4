/* measured.h - passthrough against the best virtio cell, job by job. Private to results/diagnosis/.
 */
#ifndef DIAGNOSIS_MEASURED_H
#define DIAGNOSIS_MEASURED_H

#include "buf.h"
#include "diagnosis.h"
#include "summary.h"

/* How one kind of figure went over the jobs. */
struct tally {
	size_t n; /* jobs that have it on both sides */
	size_t better, worse, same, mixed, open;
};

struct measured {
	const struct summaries *sums;
	uint32_t cell;          /* bus vfio with the lowest p99; NO_CELL: none has figures */
	uint32_t best_virtio;   /* NO_CELL: none to compare with */
	bool is_as_good;        /* best_virtio could stand in its place, see decision.h */
	uint32_t userspace;     /* best of nvme-userspace; NO_CELL: none */
	struct tally tail, cpu; /* tail: p99 and p99.9 of a job together */
};

/* Borrows @sums, which are those of @d. */
void measure(const struct run_data *d, const struct summaries *sums, struct measured *ret);

/* What passthrough gains against the best virtio cell. */
enum gain {
	GAIN_NONE,
	GAIN_SOME,   /* maybe at a price: see the tallies */
	GAIN_OPEN,   /* can't be told */
	GAIN_UNKNOWN /* there is nothing to compare */
};
enum gain gain_of(const struct measured *m);

/* "better in 1 of 4 jobs, same in 3 of 4 jobs"; "not measured". */
void say_tally(const struct tally *t, struct bl_buf *out);
/* 1 for passthrough, -1 against it, 0 neither. */
int speaks_of(const struct tally *t);
/* "randread-4k: p99 -31 % [-37 %, -24 %] better, p99.9 ...; ..." of @to against @from, the first
 * @most jobs; @which ends in METRICS. Figures are marked (figure.h). */
void say_jobs(const struct measured *m, uint32_t from, uint32_t to, const enum metric *which,
	      size_t most, const char *sep, struct bl_buf *out);
/* "3 pairs; six are the least for a 95 % interval": of the first job that can't be told; "". */
void say_why_open(const struct measured *m, struct bl_buf *out);

#endif
