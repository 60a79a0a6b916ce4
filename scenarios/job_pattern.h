/* job_pattern.h - bytes that repeat, as fio writes them: verify_pattern and buffer_pattern.
 *
 * A pattern is one or more parts, one behind the other:
 *   0xdeadbeef  bytes in the order of the digits; an odd first digit stands alone (0x123 is 01 23)
 *   "text"      its bytes; there are no escapes
 *   'path'      the content of a regular file, cut where the pattern is full
 *   -12, 300    a number of 32 bits, least byte first: a negative one has four bytes, another
 *               as few as hold it
 *   %o          eight bytes, least first: the offset of the request that carries the pattern
 */
#ifndef JOB_PATTERN_H
#define JOB_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

#define JOB_PATTERN_MAX         512 /* bytes; fio's limit */
#define JOB_PATTERN_OFFSET_SIZE 8
#define JOB_PATTERN_OFFSETS_MAX (JOB_PATTERN_MAX / JOB_PATTERN_OFFSET_SIZE)

/* Plain data; all zero: no pattern. */
struct job_pattern {
	uint32_t len; /* bytes; 0: none */
	uint32_t n_offsets;
	uint16_t offset_at[JOB_PATTERN_OFFSETS_MAX]; /* where each %o is; zeros are there */
	uint8_t bytes[JOB_PATTERN_MAX];
};

/* Parse @text; %o is refused unless @takes_offset (fio: verify_pattern takes it,
 * buffer_pattern does not). -EINVAL: not a pattern. -ERANGE: a number above 32 bits.
 * -E2BIG: more than JOB_PATTERN_MAX bytes. -ENOENT and so on: the file.
 * On failure *ret is untouched. */
int job_pattern_parse(const char *text, bool takes_offset, struct job_pattern *ret,
		      struct bl_err *err);

/* As hexadecimal digits and %o, so that it can be read where the files are not. */
void job_pattern_to_text(const struct job_pattern *p, struct bl_buf *out);

#endif
