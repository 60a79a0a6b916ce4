/* units.h - sizes and times, as people write them and as they read them.
 *
 * Inside the program sizes are bytes and times are nanoseconds, both uint64_t.
 */
#ifndef BL_UNITS_H
#define BL_UNITS_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

#define KiB ((uint64_t)1 << 10)
#define MiB ((uint64_t)1 << 20)
#define GiB ((uint64_t)1 << 30)

#define NS_PER_US ((uint64_t)1000)
#define NS_PER_MS ((uint64_t)1000000)
#define NS_PER_S  ((uint64_t)1000000000)

/* "4096", "4k", "4KiB", "2GiB", "1.5GiB" -> bytes; binary units only: k, kb and
 * kib are all 1024 (scenario files; fio job files have their own rule, see
 * scenarios/jobfile.h). -EINVAL not a size, -ERANGE too large. */
int bl_parse_size(const char *text, uint64_t *ret_bytes, struct bl_err *err);

/* "10s", "500ms", "2m", "1h", "250us", "100ns"; a bare number is seconds.
 * -EINVAL, -ERANGE. */
int bl_parse_time(const char *text, uint64_t *ret_ns, struct bl_err *err);

/* Whole decimal number within [min, max]. -EINVAL, -ERANGE; the reason names
 * the bounds. */
int bl_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *ret, struct bl_err *err);

#define BL_UNIT_TEXT_MAX 32

/* "4 KiB", "1.5 GiB", "512 B": exact when it divides, else three significant
 * digits. Writes at most BL_UNIT_TEXT_MAX bytes; returns @out. */
char *bl_format_size(char out[BL_UNIT_TEXT_MAX], uint64_t bytes);

/* "412 us", "1.23 ms", "10 s": three significant digits. Returns @out. */
char *bl_format_ns(char out[BL_UNIT_TEXT_MAX], uint64_t ns);

/* "12:04" or "1:02:03", for progress lines. Returns @out. */
char *bl_format_clock(char out[BL_UNIT_TEXT_MAX], uint64_t ns);

/* A plain number with three significant digits and a k/M suffix above 9999:
 * "9.81k". Returns @out. */
char *bl_format_count(char out[BL_UNIT_TEXT_MAX], double v);

#endif
