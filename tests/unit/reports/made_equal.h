/* made_equal.h - a run of equal cells, made up for the tests of the calibration page. */
#ifndef MADE_EQUAL_H
#define MADE_EQUAL_H

#include "record.h"

struct made_equal {
	size_t cells, jobs;
	uint32_t repeats;
	double noise;        /* of a trial, on the log scale */
	double drift;        /* of all trials from the first to the last */
	double odd;          /* the last cell is not equal at all: by so much more */
	unsigned ios;        /* of each trial: 30000 are enough for every percentile but p99.99 */
	const char *hostile; /* in every name; NULL: ordinary names */
	uint64_t seed;
};
/* End it with run_data_done(). */
void made_equal(const struct made_equal *how, struct run_data *ret);

#endif
