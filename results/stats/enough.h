/* enough.h - have there been enough trials? The stopping rule of repeats: auto.
 *
 * Looks at how wide the intervals are, never at what they say: stopping at a difference finds one
 * where there is none in a fifth of all runs, stopping at a width costs two points of coverage
 * (measured for the lab; the rule is CONFIRM's with Hodges and Lehmann's exact interval). It looks
 * after the least number of blocks and then in steps of a quarter, at whole blocks.
 *
 * Each cell is compared with the reference by pairs of one block, so a cell that is narrow enough
 * may drop out while the reference goes on: its own pairs are what a run that ended there would
 * have given. A run of one cell has nothing to compare with, and looks at its own figures.
 */
#ifndef ENOUGH_H
#define ENOUGH_H

#include "record.h"
#include "summary.h"

struct enough_rule {
	size_t n_cells, n_jobs;
	uint32_t reference;      /* index of a cell */
	uint32_t least, most;    /* blocks; least 6 or more for there to be intervals */
	enum metric metric;      /* whose intervals */
	const char *metric_word; /* as people say it: "p99"; static */
	double half_width;       /* that is enough, as ratio - 1; 0: no looks, only the budget */
	uint64_t budget_ns;      /* 0: none */
	uint64_t block_ns;       /* what a block is expected to take before one has run */
};

enum enough_why {
	ENOUGH_GOES_ON,
	ENOUGH_NARROW, /* every cell that could be compared */
	ENOUGH_MOST,
	ENOUGH_BUDGET,  /* the next block would not fit */
	ENOUGH_FAILED,  /* there is nothing to compare: trials fail */
	ENOUGH_STOPPED, /* by a person */
	ENOUGH_WHYS
};
extern const char *const enough_names[ENOUGH_WHYS]; /* "goes on", "narrow", "most", ... */

enum enough_cell { ENOUGH_CELL_IN, ENOUGH_CELL_NARROW, ENOUGH_CELL_GIVEN_UP };

struct enough;
/* Copies @rule. -ENOMEM. */
int enough_new(const struct enough_rule *rule, struct enough **ret);
struct enough *enough_free(struct enough *e); /* NULL is fine; returns NULL */

/* A trial has ended, however. What is behind rule.most is left out. */
void enough_add(struct enough *e, const struct trial_record *t);

/* Before block @block (0-based, one after the other) @gone_ns after the run's beginning; behind the
 * last one @block is rule.most. @is_in[n_cells]: which cells run in it. Not ENOUGH_GOES_ON: it is
 * not run, and nothing after it. The first block always runs. */
enum enough_why enough_next(struct enough *e, uint32_t block, uint64_t gone_ns, bool *is_in);

enum enough_cell enough_cell(const struct enough *e, uint32_t cell);

/* How wide the interval of @cell against the reference is in job @job, half of it, as ratio - 1.
 * *ret_pairs (may be NULL): of how many pairs. INFINITY: too few for one. */
double enough_width(const struct enough *e, uint32_t cell, size_t job, size_t *ret_pairs);

/* "narrow: p99 is within 2.5 % in all 3 cells after 13 blocks; the widest is 'b' in 'j', 2.1 % by
 * 13 pairs". @cells, @jobs: their names. @why: as enough_next() had it, or ENOUGH_STOPPED. */
void enough_text(const struct enough *e, enum enough_why why, const char *const *cells,
		 const char *const *jobs, struct bl_buf *out);
/* "a: j 2.1 % (13), k 1.7 % (13); b: given up": of every cell but the reference, by job. */
void enough_widths(const struct enough *e, const char *const *cells, const char *const *jobs,
		   struct bl_buf *out);

#endif
