#include "series.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

void series_done(struct series_set *s)
{
	for (size_t i = 0; i < s->n_series; i++)
		free(s->items[i].values);
	free(s->items);
	free(s->at_ns);
	*s = (struct series_set){0};
}

/* --- making one --- */

/* Room for @cap moments in every list; those that grew before one failed are merely larger. */
static int grow_moments(struct series_set *s, size_t cap)
{
	uint64_t *at = reallocarray(s->at_ns, cap, sizeof *at);

	if (!at)
		return -ENOMEM;
	s->at_ns = at;
	for (size_t i = 0; i < s->n_series; i++) {
		uint64_t *values = reallocarray(s->items[i].values, cap, sizeof *values);

		if (!values)
			return -ENOMEM;
		s->items[i].values = values;
	}
	s->cap = cap;
	return 0;
}

int series_moment(struct series_set *s, uint64_t at_ns)
{
	if (s->n && at_ns <= s->at_ns[s->n - 1])
		return -EINVAL;
	if ((s->n + 1) * (s->n_series + 1) > SERIES_VALUES_MAX)
		return -E2BIG;
	if (s->n == s->cap && grow_moments(s, s->cap ? s->cap * 2 : 64) < 0)
		return -ENOMEM;
	s->at_ns[s->n] = at_ns;
	for (size_t i = 0; i < s->n_series; i++)
		s->items[i].values[s->n] = SERIES_ABSENT;
	s->n++;
	s->put_next = 0;
	return 0;
}

int series_reserve(struct series_set *s, size_t n)
{
	if (n > SERIES_VALUES_MAX / (s->n_series + 1))
		return -E2BIG;
	return n > s->cap ? grow_moments(s, n) : 0;
}

void series_thin(struct series_set *s)
{
	size_t n = 0;

	for (size_t m = 0; m < s->n; m++) {
		if (m % 2 && m + 1 < s->n)
			continue;
		s->at_ns[n] = s->at_ns[m];
		for (size_t i = 0; i < s->n_series; i++)
			s->items[i].values[n] = s->items[i].values[m];
		n++;
	}
	s->n = n;
}

static int new_series(struct series_set *s, const char *name, enum series_kind kind,
		      struct series **ret)
{
	size_t cap = s->cap_series ? s->cap_series * 2 : 32;
	struct series *one, *more;

	if (s->n_series >= SERIES_SIGNALS_MAX || s->n * (s->n_series + 1) > SERIES_VALUES_MAX)
		return -E2BIG;
	if (s->n_series == s->cap_series) {
		more = reallocarray(s->items, cap, sizeof *more);
		if (!more)
			return -ENOMEM;
		s->items = more;
		s->cap_series = cap;
	}
	one = &s->items[s->n_series];
	*one = (struct series){.kind = kind};
	snprintf(one->name, sizeof one->name, "%s", name);
	one->values = reallocarray(NULL, s->cap ? s->cap : 1, sizeof *one->values);
	if (!one->values)
		return -ENOMEM;
	for (size_t i = 0; i < s->n; i++)
		one->values[i] = SERIES_ABSENT;
	s->n_series++;
	*ret = one;
	return 0;
}

const struct series *series_find(const struct series_set *s, const char *name)
{
	for (size_t i = 0; i < s->n_series; i++)
		if (!strcmp(s->items[i].name, name))
			return &s->items[i];
	return NULL;
}

int series_put(struct series_set *s, const char *name, enum series_kind kind, uint64_t value)
{
	struct series *one = NULL;
	int r = 0;

	if (!s->n || !name[0] || strlen(name) >= SERIES_NAME_MAX)
		return -EINVAL;
	if (s->put_next < s->n_series && !strcmp(s->items[s->put_next].name, name))
		one = &s->items[s->put_next];
	else
		one = (struct series *)series_find(s, name);
	if (!one)
		r = new_series(s, name, kind, &one);
	if (r < 0)
		return r;
	one->values[s->n - 1] = value > INT64_MAX ? SERIES_ABSENT : value;
	s->put_next = (size_t)(one - s->items) + 1;
	return 0;
}

int series_putf(struct series_set *s, enum series_kind kind, uint64_t value, const char *fmt, ...)
{
	char name[SERIES_NAME_MAX];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(name, sizeof name, fmt, args);
	va_end(args);
	return n < 0 || (size_t)n >= sizeof name ? -EINVAL : series_put(s, name, kind, value);
}

int series_copy_moment(struct series_set *to, const struct series_set *from, size_t i,
		       uint64_t at_ns)
{
	int r = series_moment(to, at_ns);

	for (size_t k = 0; k < from->n_series && r == 0; k++) {
		const struct series *one = &from->items[k];

		if (one->values[i] != SERIES_ABSENT)
			r = series_put(to, one->name, one->kind, one->values[i]);
	}
	return r;
}

void series_drop(struct series_set *s,
		 bool (*is_unwanted)(const void *ctx, const struct series_set *s,
				     const struct series *one),
		 const void *ctx)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n_series; i++) {
		struct series *one = &s->items[i];

		if (is_unwanted(ctx, s, one))
			free(one->values);
		else
			s->items[kept++] = *one;
	}
	s->n_series = kept;
	s->put_next = 0;
}

/* --- reading one --- */

void series_shift(struct series_set *s, int64_t offset_ns)
{
	for (size_t i = 0; i < s->n; i++) {
		uint64_t at = s->at_ns[i];

		if (offset_ns < 0 && at < -(uint64_t)offset_ns)
			s->at_ns[i] = 0;
		else
			s->at_ns[i] = at + (uint64_t)offset_ns;
	}
}

/* The first moment at or after @at_ns; n: none. */
static size_t first_from(const struct series_set *s, uint64_t at_ns)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->at_ns[mid] < at_ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

int series_cut(const struct series_set *s, uint64_t from_ns, uint64_t to_ns, struct series_set *ret)
{
	size_t from = first_from(s, from_ns), to = first_from(s, to_ns);
	struct series_set cut = {0};
	int r = 0;

	from -= from > 0;
	to += to < s->n;
	for (size_t m = from; m < to && r == 0; m++)
		r = series_copy_moment(&cut, s, m, s->at_ns[m]);
	if (r < 0) {
		series_done(&cut);
		return -ENOMEM;
	}
	*ret = cut;
	return 0;
}

/* The counter at @at_ns, between the present readings around it. */
static bool value_at(const struct series_set *s, const struct series *one, uint64_t at_ns,
		     double *ret)
{
	size_t after = first_from(s, at_ns), before;

	while (after < s->n && one->values[after] == SERIES_ABSENT)
		after++;
	if (after == s->n)
		return false;
	if (s->at_ns[after] == at_ns) {
		*ret = (double)one->values[after];
		return true;
	}
	before = after;
	while (before > 0) {
		before--;
		if (s->at_ns[before] <= at_ns && one->values[before] != SERIES_ABSENT) {
			double share = (double)(at_ns - s->at_ns[before]) /
				       (double)(s->at_ns[after] - s->at_ns[before]);
			double low = (double)one->values[before];

			if (one->values[after] < one->values[before])
				return false;
			*ret = low + share * ((double)one->values[after] - low);
			return true;
		}
	}
	return false;
}

bool series_rise(const struct series_set *s, const struct series *one, uint64_t from_ns,
		 uint64_t to_ns, double *ret)
{
	double from, to;

	if (from_ns > to_ns || !value_at(s, one, from_ns, &from) || !value_at(s, one, to_ns, &to) ||
	    to < from)
		return false;
	*ret = to - from;
	return true;
}

static double gauge_until(const struct series_set *s, const struct series *one, uint64_t end_ns)
{
	for (size_t m = first_from(s, end_ns); m > 0; m--)
		if (one->values[m - 1] != SERIES_ABSENT)
			return (double)one->values[m - 1];
	return NAN;
}

void series_grid(const struct series_set *s, const struct series *one, uint64_t from_ns,
		 uint64_t step_ns, size_t n, double *ret)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t at = from_ns + i * step_ns;

		ret[i] = NAN;
		if (one->kind == SERIES_GAUGE)
			ret[i] = gauge_until(s, one, at + step_ns);
		else if (!series_rise(s, one, at, at + step_ns, &ret[i]))
			ret[i] = NAN;
	}
}
