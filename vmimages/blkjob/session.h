/* session.h - one run of blkjob: the groups one after the other, documents and logs out.
 *
 * Documents go to the output and nothing else does; reasons go to standard error. While
 * the jobs run, complete documents of what there is so far are put out every status_interval_ns and
 * when signals.show is set; they are simply concatenated, as fio's are.
 */
#ifndef BLKJOB_SESSION_H
#define BLKJOB_SESSION_H

#include <stdatomic.h>

#include "engine.h"

enum { SHOW_TERSE = 1, SHOW_JSON = 2, SHOW_JSON_PLUS = 4, SHOW_NORMAL = 8 };

struct session_options {
	unsigned terse_version; /* 2 to 5 */
	unsigned show;      /* SHOW_... bits; several documents come in this order, as fio's do */
	const char *output; /* NULL: standard output */
	const char *target; /* for jobs without a file; may be NULL */
	bool is_readonly;   /* no file is made, lengthened or removed */
	uint64_t status_interval_ns; /* 0: only at the end */
	bool bandwidth_log;
	const char *hgrm;             /* prefix of .hgrm files; NULL: none */
	bool progress;                /* a line on standard error every second */
	uint64_t progress_newline_ns; /* 0: the line is written over itself */
};

struct session_signals {
	_Atomic bool stop, show;
};

/* Run @jobs. Returns the exit status: 0 when all jobs ran well and all was written, else 1. */
int session_run(const struct jobs *jobs, const struct session_options *o,
		struct session_signals *signals);

#endif
