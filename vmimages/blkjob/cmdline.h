/* cmdline.h - what blkjob was asked to do. */
#ifndef BLKJOB_CMDLINE_H
#define BLKJOB_CMDLINE_H

#include <stdbool.h>

#include "job.h"

enum format { FORMAT_NORMAL, FORMAT_JSON, FORMAT_JSON_PLUS, FORMATS };

struct cmdline {
	enum { DO_RUN, DO_PARSE, DO_SHOWCMD, DO_HELP, DO_VERSION } action;
	enum format formats[FORMATS];
	unsigned n_formats; /* at least 1 */
	const char *output; /* NULL: standard output */
	const char *target; /* --filename before any --name: for jobs without their own */
	bool is_readonly;
	struct jobs jobs; /* of all files and of the command line, groups numbered through */
};

/* Borrows @argv. -EINVAL...: @err says what would be accepted. End with cmdline_done(). */
int cmdline_parse(int argc, char **argv, struct cmdline *ret, struct bl_err *err);
void cmdline_done(struct cmdline *c);

void cmdline_help(struct bl_buf *out);

#endif
