/* switches.h - what is on blkjob's command line beside jobs: one row a switch. */
#ifndef BLKJOB_SWITCHES_H
#define BLKJOB_SWITCHES_H

#include "cmdline.h"

#define ONLY_MAX 64

struct switches {
	struct cmdline *c;
	const char *only[ONLY_MAX]; /* --section */
	unsigned n_only;
};

struct switch_row {
	const char *name;
	enum { SWITCH_ALONE, SWITCH_NEEDS, SWITCH_OPTIONAL } value;
	const char *shown; /* the value in the help; NULL: none */
	int (*set)(struct switches *w, const char *value, struct bl_err *err);
	const char *help; /* NULL: fio's, not listed */
};

/* The switch called @name, without dashes; NULL: none. */
const struct switch_row *switch_find(const char *name);

#endif
