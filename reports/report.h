/* report.h - a stored run as a page, a document or a table.
 *
 * Reports read records and statistics, never the store. The same data gives the same bytes (plots
 * aside, which gnuplot draws).
 */
#ifndef REPORT_H
#define REPORT_H

#include "buf.h"
#include "record.h"

enum report_format { REPORT_HTML, REPORT_MD, REPORT_JSON, REPORT_CSV, REPORT_FORMATS };
extern const char *const report_format_names[REPORT_FORMATS];

struct report_options {
	const char
		*reference; /* cell name to compare against; NULL: the scenario's, else the first */
	const char *store_path; /* for "the SQL to get the same"; NULL: not shown */
};

/* Append the document to @out. -ENOENT: no such reference cell (names those there are); a missing
 * gnuplot is not an error: the plots' places say so. */
int report_write(const struct run_data *d, enum report_format format,
		 const struct report_options *opt, struct bl_buf *out, struct bl_err *err);

/* The terminal's final table, best p99 first, at most @columns wide. @color: ANSI. */
int report_table(const struct run_data *d, const struct report_options *opt, unsigned columns,
		 bool color, struct bl_buf *out, struct bl_err *err);

/* Two cells of one run, or the same or different cells of two runs, side by side: every metric,
 * percentiles, effective configuration that differs, environment that differs. */
int report_compare(const struct run_data *da, const char *cell_a, const struct run_data *db,
		   const char *cell_b, unsigned columns, bool color, struct bl_buf *out,
		   struct bl_err *err);
int report_compare_json(const struct run_data *da, const char *cell_a, const struct run_data *db,
			const char *cell_b, struct bl_buf *out, struct bl_err *err);

#endif
