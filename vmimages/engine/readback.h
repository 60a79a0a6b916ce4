/* readback.h - what a job has written, so that it can be read back and checked.
 *
 * One entry for each of the smallest requests' places; the memory is reserved and becomes real
 * where something was written. Inside the engine only.
 */
#ifndef ENGINE_READBACK_H
#define ENGINE_READBACK_H

#include "verify_block.h"
#include "worker.h"

struct written {
	uint64_t seed;
	uint32_t len; /* 0: nothing, or its head was written over */
	uint16_t number;
	bool is_trimmed; /* and so zeros */
};

struct readback {
	struct verify_plan plan;
	uint32_t unit;
	uint64_t most; /* units of the largest request */
	struct book {
		struct written *at;
		uint64_t n; /* units */
		uint64_t offset;
	} * books; /* one a file */
	unsigned n_books;
	unsigned file; /* cursor of the pass over everything */
	uint64_t cursor;

	uint64_t *fifo; /* verify_backlog: (file << 48 | unit) in the order they were written */
	uint64_t fifo_cap, fifo_head, fifo_n;
	uint32_t batch_left; /* checks still to start in this batch */

	uint64_t rng;
	uint16_t next_number;
	uint32_t trim_pct;  /* of what is to be checked is trimmed first */
	bool trims_to_zero; /* and checked afterwards */
};

/* -ENOMEM, -EINVAL. */
int readback_new(struct worker *w, struct readback **ret, struct bl_err *err);
void readback_free(struct readback *rb);

/* Give the slot's buffer the data and headers of a write. */
void readback_fill(struct worker *w, struct readback *rb, struct slot *s);

/* A write was done: it can be checked from now on. */
void readback_wrote(struct readback *rb, const struct slot *s);

/* As many writes as verify_backlog= or trim_backlog= says wait: it is time to check some, and
 * how many. 0: it is not. */
uint32_t readback_due(const struct readback *rb, const struct job *j);

/* Make @s the next check: of the backlog, or of everything in the order of offsets; or a trim
 * (trim_percentage), whose check for zeros is the one after it. False: there is nothing (left). */
bool readback_next(struct readback *rb, struct slot *s, bool of_backlog);

/* Check what was read. 0, or -EILSEQ: the reason is the worker's. */
int readback_check(struct worker *w, struct readback *rb, const struct slot *s, bool is_ours);

#endif
