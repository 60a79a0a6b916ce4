/* quiet_nights.h - a whole scenario on a host where nothing ever changes. */
#ifndef QUIET_NIGHTS_H
#define QUIET_NIGHTS_H

#include "nights.h"

/* Shares of nights, from the ninth of sixty on. */
struct quiet_shares {
	double exit_4; /* the exit code: an alarm */
	double junit;  /* JUnit XML with a failure */
	double metric; /* blklab_night_worse 1 */
	double text;   /* a headline "for the worse" */
	double exit_5; /* the exit code: a candidate */
	double off;    /* some figure is off for the worse on that night */
};

/* @cells cells of one job with all figures, with made_sigma() noise of @kind, @shared of its
 * variance the same for all series, in @hosts histories. @is_confirmed: one event a night is
 * confirmed as nightly does, by a value of the same noise, and is tried again; else nothing is
 * (--confirm off).
 */
struct quiet_shares quiet_nights(enum noise kind, size_t cells, size_t hosts, bool is_confirmed,
				 double shared, uint64_t seed);

#endif
