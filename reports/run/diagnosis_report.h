/* diagnosis_report.h - what the diagnosis of a run found: for a terminal, and as JSON.
 *
 * JSON, stable within its "format":
 *
 *   {"format": "blklab-diagnosis/1", "run", "scenario", "host",
 *    "beside": {"run", "host", "cells": [in both]},  only when it was compared with a run
 *    "trials": [{"trial", "cell", "repeat", "state", "path",
 *                "jobs": [{"job", "findings": [FINDING], "looked_at", ...time_json.h}],
 *                "findings": [FINDING]}],           not of one job
 *    "findings": [FINDING]}                         of no trial that was stored
 *   FINDING: {"cause", "title", "layer", "confidence", "evidence", "remedy", "change", "command",
 *             "libvirt" (only of a VM of somebody else), "from_s", "to_s"}
 *
 * "cause" is a name of docs/findings.md, "layer" one of guest, virtual, host, device, measurement,
 * "confidence" possible, likely or certain. "change" is what --with takes and "command" the line
 * that tries it. What does not apply is null. A finding stands with the first trial that it was
 * seen in.
 */
#ifndef DIAGNOSIS_REPORT_H
#define DIAGNOSIS_REPORT_H

#include "buf.h"
#include "diagnosis.h"

struct diagnosis_options {
	const uint32_t *cells; /* indexes; n_cells 0: all */
	size_t n_cells;
	const char *job;   /* only of this one; NULL: all. Findings that are of no job stay. */
	const char *store; /* as the person gave it, for commands; NULL: the default one */
	const struct run_data *beside; /* what it was compared with; NULL */
	const char *heading;           /* instead of run, scenario and host; NULL */
};

/* @found: of diagnose_run(). At most @columns wide. -ENOMEM. */
int report_diagnosis(const struct run_data *d, const struct findings *found,
		     const struct diagnosis_options *opt, unsigned columns, bool color,
		     struct bl_buf *out, struct bl_err *err);
int report_diagnosis_json(const struct run_data *d, const struct findings *found,
			  const struct diagnosis_options *opt, struct bl_buf *out,
			  struct bl_err *err);

#endif
