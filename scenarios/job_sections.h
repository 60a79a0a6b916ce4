/* job_sections.h - a job file or command line as it was written: sections of options.
 *
 * Plain data, in order; nothing is known of the options yet. End with sections_done().
 */
#ifndef JOB_SECTIONS_H
#define JOB_SECTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

#define SECTIONS_MAX        1024
#define SECTION_OPTIONS_MAX 1024

struct section_option {
	char *name;
	char *value; /* NULL: it stood alone */
	char *where; /* for messages, "FILE:LINE"; "" on a command line */
};

struct section {
	char *name;
	char *where;
	bool is_global;  /* its name begins with "global" */
	bool is_command; /* of a command line */
	unsigned file;   /* of which file, from 1; 0: of the command line */
	struct section_option *options;
	size_t n;
};

struct sections {
	struct section *items;
	size_t n;
	unsigned n_files;
};

/* Everything is copied. -E2BIG: more than the bounds above. -ENOMEM. */
int sections_open(struct sections *s, const char *name, bool is_command, const char *where,
		  struct bl_err *err);
/* To the section opened last, of which there has to be one. */
int sections_add(struct sections *s, const char *option, const char *value, const char *where,
		 struct bl_err *err);
void sections_done(struct sections *s);

#endif
