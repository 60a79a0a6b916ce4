/* nights.h - nights made for tests: fixed times, names that try to break out of every format. */
#ifndef TEST_NIGHTS_H
#define TEST_NIGHTS_H

#include "night.h"

enum made_night {
	MADE_QUIET,
	MADE_CHANGED,      /* three changes of two events, a drifted point, a failed trial */
	MADE_NOT_MEASURED, /* busy host */
	MADE_CANNOT_TELL,  /* no baseline, no history */
	MADE_MANY,         /* 100 of everything */
	MADE_NASTY,        /* names and reasons with quotes, tags, line breaks, broken UTF-8 */
	MADE_NIGHTS
};
extern const char *const made_night_names[MADE_NIGHTS];

void made_night(enum made_night which, struct night *ret); /* end it with night_done() */

/* What every name of MADE_NASTY has in it. */
#define NASTY "a\"b'c<d>&e\\f\ng\xff`h`\x1b[0m @channel <!channel> ]]> \xe2\x82\xac"

#endif
