/* irq_matrix.h - which CPU took a device's interrupts, per queue: a job's facts as a table. */
#ifndef REPORT_IRQ_MATRIX_H
#define REPORT_IRQ_MATRIX_H

#include "record.h"

#define IRQ_COLUMNS 16 /* CPUs with a column of their own */
#define IRQ_LINES   64

struct irq_row {
	const char *name; /* "nvme0q1", borrowed, foreign */
	uint64_t counts[IRQ_COLUMNS];
	uint64_t others; /* of CPUs without a column */
};
struct irq_matrix {
	unsigned cpus[IRQ_COLUMNS]; /* ascending */
	size_t n_cpus;
	size_t n_others; /* CPUs without a column */
	struct irq_row rows[IRQ_LINES];
	size_t n;
	size_t n_left_out; /* lines beyond IRQ_LINES */
	uint64_t most;     /* the greatest count of a field */
};

/* @side: "guest" or "host". n 0: not measured. The CPUs with most interrupts have columns. */
void irq_matrix(const struct job_result *j, const char *side, struct irq_matrix *ret);

#endif
