/* series_bytes.c - a set of series as bytes and back. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "leb128.h"
#include "series.h"

#define VERSION 1

enum { TOKEN_SAME, TOKEN_ABSENT, TOKEN_CHANGE };

static void put_values(const struct series_set *s, const struct series *one, struct bl_buf *out)
{
	uint64_t last = 0;

	for (size_t i = 0, run; i < s->n; i += run) {
		uint64_t v = one->values[i];
		int64_t change = (int64_t)(v - last);

		for (run = 1; i + run < s->n && one->values[i + run] == v; run++)
			;
		if (v == SERIES_ABSENT) {
			leb_put(out, TOKEN_ABSENT);
			leb_put(out, run);
			continue;
		}
		if (change) {
			leb_put(out, ((uint64_t)change << 1 ^ (uint64_t)(change >> 63)) + 1);
			run = 1; /* its repetitions are a run of no change */
		} else {
			leb_put(out, TOKEN_SAME);
			leb_put(out, run);
		}
		last = v;
	}
}

void series_encode(const struct series_set *s, struct bl_buf *out)
{
	uint64_t last = 0;

	bl_buf_addc(out, VERSION);
	leb_put(out, s->n);
	leb_put(out, s->n_series);
	for (size_t i = 0; i < s->n; i++) {
		leb_put(out, s->at_ns[i] - last);
		last = s->at_ns[i];
	}
	for (size_t i = 0; i < s->n_series; i++) {
		const struct series *one = &s->items[i];

		leb_put(out, one->kind);
		leb_put(out, strlen(one->name));
		bl_buf_adds(out, one->name);
		put_values(s, one, out);
	}
}

static bool get_moments(struct leb_in *in, struct series_set *s, size_t n)
{
	uint64_t at = 0, step;

	for (; s->n < n; s->n++) {
		if (!leb_get(in, &step) || (s->n && !step) || at + step < at)
			return false;
		at += step;
		s->at_ns[s->n] = at;
	}
	return true;
}

static bool is_name(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (name[i] <= ' ' || name[i] > '~')
			return false;
	return len > 0 && len < SERIES_NAME_MAX;
}

static bool get_name(struct leb_in *in, struct series_set *s, struct series *one)
{
	uint64_t kind, len;

	if (!leb_get(in, &kind) || kind >= SERIES_KINDS || !leb_get(in, &len) ||
	    len > leb_left(in) || !is_name((const char *)in->at, len))
		return false;
	one->kind = (enum series_kind)kind;
	memcpy(one->name, in->at, len);
	one->name[len] = '\0';
	in->at += len;
	return !series_find(s, one->name); /* n_series does not count it yet */
}

static bool get_values(struct leb_in *in, uint64_t *values, size_t n)
{
	uint64_t last = 0, token, run;

	for (size_t i = 0; i < n; i += run) {
		if (!leb_get(in, &token))
			return false;
		run = 1;
		if (token < TOKEN_CHANGE && (!leb_get(in, &run) || run == 0 || run > n - i))
			return false;
		if (token >= TOKEN_CHANGE)
			last += (token - 1) >> 1 ^ -((token - 1) & 1);
		if (last > INT64_MAX)
			return false;
		for (size_t k = 0; k < run; k++)
			values[i + k] = token == TOKEN_ABSENT ? SERIES_ABSENT : last;
	}
	return true;
}

static int get_series(struct leb_in *in, struct series_set *s, size_t n_series)
{
	for (; s->n_series < n_series; s->n_series++) {
		struct series *one = &s->items[s->n_series];

		if (!get_name(in, s, one))
			return -EBADMSG;
		one->values = reallocarray(NULL, s->n ? s->n : 1, sizeof *one->values);
		if (!one->values)
			return -ENOMEM;
		if (!get_values(in, one->values, s->n)) {
			free(one->values);
			return -EBADMSG;
		}
	}
	return leb_left(in) ? -EBADMSG : 0;
}

static int decode(struct leb_in *in, struct series_set *s)
{
	uint64_t n, n_series;

	/* A moment is a byte at least, and a signal four. */
	if (!leb_left(in) || *in->at++ != VERSION || !leb_get(in, &n) || !leb_get(in, &n_series) ||
	    n > leb_left(in) || n_series > leb_left(in) / 3 || n_series > SERIES_SIGNALS_MAX ||
	    (n_series && n > SERIES_VALUES_MAX / n_series))
		return -EBADMSG;
	s->at_ns = calloc(n + 1, sizeof *s->at_ns);
	s->items = calloc(n_series + 1, sizeof *s->items);
	if (!s->at_ns || !s->items)
		return -ENOMEM;
	s->cap = n;
	s->cap_series = n_series;
	return get_moments(in, s, n) ? get_series(in, s, n_series) : -EBADMSG;
}

int series_decode(const void *data, size_t len, struct series_set *ret, struct bl_err *err)
{
	struct leb_in in = leb_begin(data, len);
	struct series_set s = {0};
	int r = decode(&in, &s);

	if (r < 0) {
		series_done(&s);
		return bl_fail(err, r,
			       r == -ENOMEM ? "out of memory for what was watched"
					    : "what was watched: not a set of series");
	}
	*ret = s;
	return 0;
}
