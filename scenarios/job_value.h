/* job_value.h - the values of fio's job language: numbers, sizes, times; inside the job library.
 *
 * fio reads what it can and forgets the rest ("1x" is 0 s, "1.5g" one byte); here a value that is
 * not wholly read is refused.
 */
#ifndef JOB_VALUE_H
#define JOB_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "4096", "0x1000", "4k", "4kib": @kb_base 1024 has k = 1024 and kib = 1000 (reversed on purpose,
 * as old job files want it), 1000 the other way round. False: not a size, or beyond 64 bits. */
bool job_value_size(const char *text, uint32_t kb_base, uint64_t *ret);

/* The same with a sign. */
bool job_value_signed(const char *text, uint32_t kb_base, int64_t *ret);

/* "10", "10s", "500ms": ns; without a unit, @unit of them. Whole us. */
bool job_value_time(const char *text, uint64_t unit, uint64_t *ret);

bool job_value_double(const char *text, double *ret);

/* "20%" */
bool job_value_percent(const char *text, uint64_t *ret);

/* The text up to one of @ends, without outer blanks, into @out (@size); *@text then stands on the
 * end found, or on the NUL. False: too long. */
bool job_value_part(const char **text, const char *ends, char *out, size_t size);

/* The two bounds of "a-b" or "a:b" as texts; one bound: both. False: too long. */
bool job_value_bounds(const char *text, char *low, char *high, size_t size);

#endif
