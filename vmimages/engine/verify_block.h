/* verify_block.h - blocks that carry their own check, byte for byte those of fio 3.33.
 *
 * Each interval of a request starts with a header of 40 bytes, numbers least byte first:
 *   u16 magic 0xacca, u16 type, u32 interval length, u64 seed, u64 byte offset of the interval,
 *   u32 seconds, u32 nanoseconds, u16 clone from 1, u16 number of the write from 0 (both cut),
 *   u32 CRC-32C of these 36 bytes (checksum.h);
 * then the type's checksum of all bytes behind it (verify_sum.h), then the data. With
 * verify_offset, header and checksum are made as above and then change places with as many bytes
 * there. The types pattern and null have no header.
 *
 * What fio 3.33 compares when it reads, found by changing blocks that it wrote:
 * - magic, length, offset and the header's CRC, in this order; the seed only in a job that both
 *   reads and writes; never type, time, clone; the number not in any job that was tried;
 * - the checksum of the type it is asked for, even if the header names another;
 * - meta, pattern_hdr: with verify_pattern, the data; without, the header is all;
 * - pattern: each byte. null: nothing.
 * A checksum that is wrong in an interval which is not a request's last is printed by fio but
 * leaves its exit status 0 unless verify_fatal is set; here it counts.
 * fio's sha512 stores no digest but 128 bytes of the data, so a change between them passes, in fio
 * and here; sha256 stores 64 bits of one. Where the data are known, is_strict compares them all.
 * Later versions of fio have another header and refuse this one.
 *
 * Nothing is allocated but after a mismatch, nothing locked, nothing kept.
 */
#ifndef ENGINE_VERIFY_BLOCK_H
#define ENGINE_VERIFY_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "job_verify.h"
#include "verify_sum.h"

#define VERIFY_HEADER_SIZE 40

struct verify_plan {
	enum job_verify type;
	uint32_t interval;  /* verify_interval in bytes; 0, or no divisor of the request's length:
			     * the whole request, as in fio */
	uint32_t header_at; /* verify_offset in bytes, 0 or as verify_plan_check() says */
	bool is_strict;     /* data must be those of verify_data() for the header's seed. Only for
			     * data made by it, read in requests that start where they were written */
	struct job_pattern pattern; /* verify_pattern; len 0: random data of the seed */
};

/* Can requests of @len bytes be stamped so? -EINVAL: type pattern without a pattern, or an interval
 * that has no room for header, checksum and a byte, or a header_at where they do not fit or overlap
 * the start (fio writes over the end of the interval then). */
int verify_plan_check(const struct verify_plan *p, uint64_t len, struct bl_err *err);

/* What a write says about itself. */
struct verify_stamp {
	uint64_t offset; /* of the request in the target, in bytes */
	uint64_t seed;   /* fio: 0 with a pattern */
	uint64_t time_ns;
	uint16_t clone; /* from 1 */
	uint16_t number;
};

/* Fill a request with the data fio would write: the pattern with %o = @offset, or words of @seed.
 * The words are s * m[i % 4] * g^(i / 4) modulo 2^64, m = 1, 2, 3, 5, g = 0x61c8864680b583eb, as
 * fitted to fio's files, so that each side's damaged bytes can be found by the other. */
void verify_data(const struct verify_plan *p, void *buf, size_t len, uint64_t offset,
		 uint64_t seed);

/* Put headers and checksums into a request that is filled, by verify_data() or otherwise. */
void verify_stamp(const struct verify_plan *p, void *buf, size_t len, const struct verify_stamp *s);

enum verify_part {
	VERIFY_PART_MAGIC,
	VERIFY_PART_LENGTH,
	VERIFY_PART_SEED,
	VERIFY_PART_OFFSET,
	VERIFY_PART_HEADER_CRC,
	VERIFY_PART_CHECKSUM,
	VERIFY_PART_DATA, /* pattern, or data of the seed */
};

struct verify_mismatch {
	enum verify_part part;
	enum job_verify type;
	uint64_t interval_at; /* byte offset in the target */
	uint32_t interval_len;
	uint64_t at;   /* first wrong byte in the target; the interval's start unless is_exact */
	bool is_exact; /* a header's field, the data of a known pattern, or data that with other
			* bytes of their seed would have the checksum that is stored */
	uint64_t want, got;               /* the header's field, or the byte at @at if is_exact */
	uint16_t sum_len;                 /* CHECKSUM: bytes in the two below; 0 otherwise */
	uint8_t want_sum[VERIFY_SUM_MAX]; /* stored in the block */
	uint8_t got_sum[VERIFY_SUM_MAX];  /* of the bytes that were read */
};

/* Check a request of @len bytes that was read at @offset; @seed: of its header, NULL: any.
 * @buf is changed during the call and as it was after it.
 * 0, or -EILSEQ: *ret is the first mismatch. Intervals before it are right. */
int verify_check(const struct verify_plan *p, void *buf, size_t len, uint64_t offset,
		 const uint64_t *seed, struct verify_mismatch *ret);

#define VERIFY_TEXT_MAX 256

/* One line: which check, where, what was wanted and what was there. Returns @out. */
char *verify_mismatch_text(const struct verify_mismatch *m, char out[VERIFY_TEXT_MAX]);

#endif
