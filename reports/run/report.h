/* report.h - a stored run as a page, a document or a table.
 *
 * Reports read records and statistics, never the store. The same data gives the same bytes (plots
 * aside, which gnuplot draws).
 */
#ifndef REPORT_H
#define REPORT_H

#include "buf.h"
#include "record.h"
#include "report_options.h"

enum report_format { REPORT_HTML, REPORT_MD, REPORT_JSON, REPORT_CSV, REPORT_FORMATS };
extern const char *const report_format_names[REPORT_FORMATS];

/* Append the document to @out. -ENOENT: no such reference cell (names those there are); a missing
 * gnuplot is not an error: the plots' places say so. */
int report_write(const struct run_data *d, enum report_format format,
		 const struct report_options *opt, struct bl_buf *out, struct bl_err *err);

/* CSV tables; the first is the one of report_write(). */
enum report_table {
	REPORT_TRIALS,  /* a job of a trial in one direction */
	REPORT_LAYERS,  /* what one place counted of it; also QEMU's percentiles */
	REPORT_BUDGET,  /* one part of its mean time */
	REPORT_STALLS,  /* one stall of a job */
	REPORT_SIGNALS, /* one value of one signal, as it was watched */
	REPORT_TABLES
};
extern const char *const report_table_names[REPORT_TABLES]; /* "trials", "layers", ... */

/* Where a long text goes, piece by piece. @text is emptied by the caller. 0, or what ends it. */
struct report_sink {
	void *ctx;
	int (*take)(void *ctx, const struct bl_buf *text, struct bl_err *err);
};
/* All but REPORT_TRIALS: run, cell, trial, repeat, state, job, and what the table is of. What is
 * not known is an empty field. at_s counts from the job's counted time. -EINVAL, -ENOMEM, and what
 * @to gives. */
int report_csv_table(const struct run_data *d, enum report_table table,
		     const struct report_sink *to, struct bl_err *err);

/* The terminal's final table, best p99 first, at most @columns wide. @color: ANSI. */
int report_table(const struct run_data *d, const struct report_options *opt, unsigned columns,
		 bool color, struct bl_buf *out, struct bl_err *err);

/* Two cells of one run, or the same or different cells of two runs, side by side: every metric,
 * percentiles, effective configuration that differs, environment that differs. @opt: what matters;
 * NULL: what the runs declared. */
int report_compare(const struct run_data *da, const char *cell_a, const struct run_data *db,
		   const char *cell_b, const struct report_options *opt, unsigned columns,
		   bool color, struct bl_buf *out, struct bl_err *err);
/* What a release gate makes of the same: all jobs and metrics are one family. */
struct gate {
	size_t n; /* comparisons in the family: with an interval */
	size_t n_worse;
	/* That it waits for and that can't be told: metrics that either cell has, but for the
	 * maximum, which is one I/O of a trial, and a p99.9 that fewer samples lie beyond than
	 * decide; and jobs without figures of either cell. */
	size_t n_open;
};
/* Nothing is worse, and what it waits for is told: better or the same. */
bool gate_is_passed(const struct gate *g);
/* opt->is_gate. -EINVAL: verdicts are refused, and why. */
int report_compare_gate(const struct run_data *da, const char *cell_a, const struct run_data *db,
			const char *cell_b, const struct report_options *opt, struct gate *ret,
			struct bl_err *err);
int report_compare_json(const struct run_data *da, const char *cell_a, const struct run_data *db,
			const char *cell_b, const struct report_options *opt, struct bl_buf *out,
			struct bl_err *err);

#endif
