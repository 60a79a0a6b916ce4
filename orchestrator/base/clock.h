/* clock.h - time and identity. Only callers at the edge use these; the stages
 * in between are handed the values. */
#ifndef BL_CLOCK_H
#define BL_CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC, ns. */
uint64_t bl_now_ns(void);

/* Wall clock, ms since 1970. */
uint64_t bl_wall_ms(void);

/* "2026-11-22T02:26:20Z"; returns @out. */
char *bl_format_utc(char out[32], uint64_t wall_ms);

#define BL_UUID_TEXT 37

/* UUIDv7 (RFC 9562, 5.7): 48 bits of @wall_ms, then random bits from
 * getrandom(2). Lower case text with NUL. Returns @out. */
char *bl_uuid7(char out[BL_UUID_TEXT], uint64_t wall_ms);

#endif
