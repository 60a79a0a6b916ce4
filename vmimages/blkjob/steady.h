/* steady.h - fio's words for a steady state: what was asked for, and what came of it. */
#ifndef BLKJOB_STEADY_H
#define BLKJOB_STEADY_H

#include "engine.h"

struct steady_text {
	char asked[64];              /* "iops_slope:0.300000%" */
	char criterion[32];          /* "-0.012000%", in the unit of the limit */
	uint64_t bw_mean, iops_mean; /* bytes/s, 1/s; of the samples that were kept */
};

void steady_text(const struct job *j, const struct engine_steady *s, struct steady_text *out);

/* "iops mean dev=1.250%", as the normal form has it. */
void steady_verdict(const struct job *j, const struct engine_steady *s, struct bl_buf *out);

#endif
