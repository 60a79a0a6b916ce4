/* buffers.h - what is in the buffers that are written, with fio's meaning of the options.
 *
 * Plain work on memory: no allocation, no lock, nothing shared. The data are those of rng.h,
 * not fio's byte for byte; what agrees is how far they compress and repeat.
 */
#ifndef ENGINE_BUFFERS_H
#define ENGINE_BUFFERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "job_pattern.h"

#define BUFFER_CHUNK_DEFAULT 512 /* bytes; fio's buffer_compress_chunk */

/* All zero but scramble and chunk: fio's defaults. What wins, as in fio 3.33: compress_pct, then
 * pattern, then dedupe_pct, then zero. A job that verifies its data uses none of this but
 * verify_data() (fio still heeds buffer_compress_percentage there; its blocks check all the same).
 */
struct buffer_plan {
	bool zero;                  /* zero_buffers */
	struct job_pattern pattern; /* buffer_pattern, without %o; len 0: none */
	uint32_t compress_pct;   /* 0..100: the end of each chunk that is zeros, or the pattern */
	uint32_t compress_chunk; /* bytes; 0: the whole block */
	uint32_t dedupe_pct;     /* 0..100: chance that a block repeats the one before */
	uint32_t block;          /* bytes: the smallest request; what repeats. 0: all of @len */
	bool refill;             /* refill_buffers */
	bool scramble;           /* scramble_buffers */
};

/* What a write needs beside one buffers_fill() at the start of the job. */
enum buffer_work {
	BUFFER_ONCE,     /* nothing: zeros, or a pattern all over */
	BUFFER_SCRAMBLE, /* buffers_scramble() before each write */
	BUFFER_REFILL,   /* buffers_fill() before each write; compress and dedupe imply it */
};
enum buffer_work buffers_work(const struct buffer_plan *p);

/* One of these a clone, so that clones differ; @rng as buffers_rng() gives it. */
struct buffer_rng {
	uint64_t next;     /* where new data start */
	uint64_t previous; /* where those of the last block did */
	uint64_t draw;     /* of the chance to repeat */
	bool has_previous;
};
struct buffer_rng buffers_rng(uint64_t seed);

/* Fill @len bytes. @buf of any alignment, faster at 8. */
void buffers_fill(const struct buffer_plan *p, struct buffer_rng *rng, void *buf, size_t len);

/* Make each 512 bytes differ from those of any other write: the first word of a sector is its
 * byte offset in the target, the second the time. A rest of less than 16 bytes is left. */
void buffers_scramble(void *buf, size_t len, uint64_t offset, uint64_t time_ns);

/* The pattern over and over from the start of @buf, %o being @offset. */
void buffers_pattern(const struct job_pattern *p, void *buf, size_t len, uint64_t offset);

#endif
