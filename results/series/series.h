/* series.h - what was watched while jobs ran: named signals at common moments.
 *
 * The same code in the guest and on the host. A set has one list of moments and, for each signal,
 * one value a moment. A counter only rises, and readers difference it; a gauge is what it was at
 * the moment. What could not be read is SERIES_ABSENT, never 0. The names are a catalogue:
 * signals.md beside this header.
 */
#ifndef SERIES_H
#define SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

#define SERIES_ABSENT      UINT64_MAX
#define SERIES_NAME_MAX    64                /* with the NUL */
#define SERIES_SIGNALS_MAX 4096u             /* of a set */
#define SERIES_VALUES_MAX  ((size_t)1 << 24) /* of a set: moments times signals */

enum series_kind { SERIES_COUNTER, SERIES_GAUGE, SERIES_KINDS };

struct series {
	char name[SERIES_NAME_MAX]; /* "disk.sda.write_ns" */
	enum series_kind kind;
	uint64_t *values; /* [n] of the set */
};

/* {0} is an empty set. */
struct series_set {
	uint64_t *at_ns; /* ascending, CLOCK_MONOTONIC of the machine that watched */
	size_t n, cap;
	struct series *items;
	size_t n_series, cap_series;
	size_t put_next; /* where the next put probably goes: they come in the same order each time
			  */
};

void series_done(struct series_set *s); /* also empties it */

/* Begin a moment; every known signal is absent there until it is put. -EINVAL: not later than the
 * last one; -E2BIG: SERIES_VALUES_MAX; -ENOMEM. On failure the set is as before. */
int series_moment(struct series_set *s, uint64_t at_ns);
/* The value of @name at the last moment; a new name is absent at all earlier ones. Values above
 * INT64_MAX are absent. -EINVAL: no moment yet, a name that is too long or empty; -E2BIG; -ENOMEM.
 */
int series_put(struct series_set *s, const char *name, enum series_kind kind, uint64_t value);
int series_putf(struct series_set *s, enum series_kind kind, uint64_t value, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Moment @i of @from once more, as a new last one of @to, at @at_ns: all values that are present
 * there. Errors of both above. */
int series_copy_moment(struct series_set *to, const struct series_set *from, size_t i,
		       uint64_t at_ns);
/* Room for @n moments, now and in signals that come later: then a moment allocates nothing.
 * -ENOMEM, -E2BIG: as it was. */
int series_reserve(struct series_set *s, size_t n);
/* Forget every second moment, but never the first and the last: half the bytes for twice the
 * interval. */
void series_thin(struct series_set *s);
/* Take out each signal that @is_unwanted says so of. */
void series_drop(struct series_set *s,
		 bool (*is_unwanted)(const void *ctx, const struct series_set *s,
				     const struct series *one),
		 const void *ctx);
const struct series *series_find(const struct series_set *s, const char *name); /* NULL */

/* Move all moments, as from the guest's clock to the host's. Saturates at 0. */
void series_shift(struct series_set *s, int64_t offset_ns);
/* The moments within [from_ns, to_ns], and one more on each side, so that rises up to both ends can
 * be told; signals that have no value there are left out. *ret is new. -ENOMEM. */
int series_cut(const struct series_set *s, uint64_t from_ns, uint64_t to_ns,
	       struct series_set *ret);

/* A counter's rise from one time to another, linear between readings. false: the readings do not
 * cover it, or it fell (another device or process took the name). */
bool series_rise(const struct series_set *s, const struct series *one, uint64_t from_ns,
		 uint64_t to_ns, double *ret);
/* On the grid from_ns + i * step_ns: a counter's rise within each step, a gauge's last value in or
 * before it. ret[n]; NAN: absent. */
void series_grid(const struct series_set *s, const struct series *one, uint64_t from_ns,
		 uint64_t step_ns, size_t n, double *ret);

/* As bytes: version 1; then LEB128 numbers: how many moments and signals, the moments as
 * differences; for each signal kind, length of its name, the name, and its values: 0 and a count
 * (that many times no change), 1 and a count (absent), else 1 + the zigzag of the change since the
 * last present value. An empty set is three bytes. */
void series_encode(const struct series_set *s, struct bl_buf *out);
/* *ret is new. -EBADMSG: not such bytes (they may come from a guest, which is not trusted: nothing
 * is taken for a count that the bounds above do not allow); -ENOMEM. */
int series_decode(const void *data, size_t len, struct series_set *ret, struct bl_err *err);

#endif
