/* cmdline.h - what blkjob was asked to do. */
#ifndef BLKJOB_CMDLINE_H
#define BLKJOB_CMDLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "job.h"

enum format { FORMAT_NORMAL, FORMAT_TERSE, FORMAT_JSON, FORMAT_JSON_PLUS, FORMATS };
enum eta { ETA_AUTO, ETA_ALWAYS, ETA_NEVER };

struct cmdline {
	enum { DO_RUN, DO_PARSE, DO_SHOWCMD, DO_HELP, DO_VERSION } action;
	char *help;                   /* DO_HELP: the text to print; owned */
	enum format formats[FORMATS]; /* one document after the other */
	unsigned n_formats;           /* at least 1 */
	unsigned terse_version;       /* 2 to 5, default 3 */
	const char *output;           /* NULL: standard output */
	const char *hgrm;             /* prefix of .hgrm files; NULL: none */
	const char *target;           /* --filename before any --name: for jobs without their own */
	uint64_t status_interval_ns;  /* a document each, of what is done so far; 0: at the end */
	enum eta eta;                 /* progress on standard error; auto: when it is a terminal */
	uint64_t eta_newline_ns;      /* a new line of it each; 0: in place */
	bool is_readonly;
	bool bandwidth_log;  /* agg-read_bw.log and so on, of all jobs together */
	bool nearest_engine; /* an ioengine that is not here is run by the nearest */
	bool warnings_fatal; /* what is ignored is an error; kept to by cmdline_parse() */
	struct jobs jobs;    /* of the command line and of all files, groups numbered through */
};

/* Borrows @argv. -EINVAL...: @err says what would be accepted. End with cmdline_done(). */
int cmdline_parse(int argc, char **argv, struct cmdline *ret, struct bl_err *err);
void cmdline_done(struct cmdline *c);

#endif
