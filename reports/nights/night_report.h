/* night_report.h - one night as text for people and as documents for programs.
 *
 * Each is made from the night alone: same night, same bytes. What was not measured is absent.
 * All names and reasons are foreign: each format escapes them by its own rules.
 */
#ifndef NIGHT_REPORT_H
#define NIGHT_REPORT_H

#include "buf.h"
#include "err.h"
#include "night.h"

enum night_format {
	/* Plain text for a mail or a chat: what changed first, at most NIGHT_TEXT_LINES lines. */
	NIGHT_TEXT,
	/* night.schema.json: "blklab-night/1". Its "id" is the same whenever the same night is
	 * rendered, so that a receiver knows a message that came twice. */
	NIGHT_JSON,
	/* A testcase a cell, job and metric: failure is worse, skipped is cannot tell, error is a
	 * trial without a result. */
	NIGHT_JUNIT,
	/* OpenMetrics, within what the older Prometheus text format has, too: gauges, no
	 * timestamps. The label of the job is "workload": "job" is Prometheus' own. */
	NIGHT_METRICS,
	NIGHT_FORMATS
};

#define NIGHT_TEXT_LINES 20

/* Append it to @out. -ENOMEM: what was appended is no document. */
int report_night(const struct night *n, enum night_format f, struct bl_buf *out,
		 struct bl_err *err);

/* "blklab: changed for the worse: quick on host1": the subject of a mail. Clean, one line. */
void night_headline(const struct night *n, struct bl_buf *out);

/* The night's id, as in its JSON: its run's, else made of host, scenario and time. */
void night_id(const struct night *n, struct bl_buf *out);

#endif
