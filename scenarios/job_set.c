/* job_set.c - one option's text into its field. */
#include "job_table.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cleanup.h"
#include "jobfile.h"
#include "units.h"

/* Levenshtein distance, for short names only. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[64], diag, up;
	size_t nb = strlen(b);

	if (nb >= 64 || strlen(a) >= 64)
		return 64;
	for (unsigned i = 0; i <= nb; i++)
		row[i] = i;
	for (unsigned i = 1; *a; a++, i++) {
		diag = row[0];
		row[0] = i;
		for (unsigned k = 1; k <= nb; k++) {
			up = row[k];
			row[k] = diag + (*a != b[k - 1]);
			if (up + 1 < row[k])
				row[k] = up + 1;
			if (row[k - 1] + 1 < row[k])
				row[k] = row[k - 1] + 1;
			diag = up;
		}
	}
	return row[nb];
}

static void nearer(const char *name, const char *candidate, unsigned *best, const char **ret)
{
	unsigned d = candidate ? distance(name, candidate) : 64;

	if (candidate && *name && !strncmp(candidate, name, strlen(name)))
		d = 1; /* cut short */
	if (d < *best) {
		*best = d;
		*ret = candidate;
	}
}

static const char *nearest_option(const char *name)
{
	const char *found = job_rows[0].name;
	unsigned best = 64;

	for (size_t i = 0; i < job_rows_n; i++) {
		nearer(name, job_rows[i].name, &best, &found);
		nearer(name, job_rows[i].alias, &best, &found);
	}
	for (size_t i = 0; i < job_opposites_n; i++)
		nearer(name, job_opposites[i].name, &best, &found);
	for (size_t i = 0; i < job_ignored_n; i++)
		nearer(name, job_ignored[i].name, &best, &found);
	return found;
}

/* Decimal or 0x number, the rest in *ret_rest. False: not a number, or beyond 64 bits. */
static bool leading_number(const char *s, uint64_t *ret, const char **ret_rest)
{
	char *end;

	if (!isdigit((unsigned char)*s))
		return false;
	errno = 0;
	*ret = strtoull(s, &end, s[0] == '0' && (s[1] | 32) == 'x' ? 16 : 10);
	*ret_rest = end;
	return errno == 0;
}

static bool parse_scaled(const char *value, const char *units, uint64_t *ret)
{
	const char *rest, *hit;
	uint64_t base = 1024;

	if (!leading_number(value, ret, &rest))
		return false;
	if (!*rest || !strcasecmp(rest, "b"))
		return true;
	hit = strchr(units, tolower((unsigned char)*rest));
	if (!hit)
		return false;
	if (!strcasecmp(rest + 1, "ib"))
		base = 1000; /* fio's kb_base=1024: reversed on purpose, for old job files */
	else if (rest[1] && strcasecmp(rest + 1, "b") != 0)
		return false;
	for (const char *u = units; u <= hit; u++)
		if (__builtin_mul_overflow(*ret, base, ret))
			return false;
	return true;
}

static bool parse_time(const char *value, uint64_t *ret)
{
	static const struct {
		const char *unit;
		uint64_t ns;
	} units[] = {{"", NS_PER_S},       {"s", NS_PER_S},        {"ms", NS_PER_MS},
		     {"msec", NS_PER_MS},  {"us", NS_PER_US},      {"usec", NS_PER_US},
		     {"m", 60 * NS_PER_S}, {"h", 3600 * NS_PER_S}, {"d", 86400 * NS_PER_S}};
	const char *rest;

	if (!leading_number(value, ret, &rest))
		return false;
	for (size_t i = 0; i < BL_ARRAY_LEN(units); i++)
		if (!strcasecmp(rest, units[i].unit))
			return !__builtin_mul_overflow(*ret, units[i].ns, ret);
	return false;
}

/* Within bounds? @shown is the value as it was written. */
int job_row_range(const struct option_row *r, uint64_t v, const char *shown, struct bl_err *err)
{
	if (v < r->min)
		return bl_fail(err, -ERANGE, "%s: '%s' is below the least, %llu", r->name, shown,
			       (unsigned long long)r->min);
	if (v > r->max && r->kind == KIND_TIME)
		return bl_fail(err, -ERANGE, "%s: '%s' is above the most, %llus", r->name, shown,
			       (unsigned long long)(r->max / NS_PER_S));
	if (v > r->max)
		return bl_fail(err, -ERANGE, "%s: '%s' is above the most, %llu", r->name, shown,
			       (unsigned long long)r->max);
	return 0;
}

/* Text of a filename as fio writes it: "\:" is a colon, ":" would part two files. */
static int set_filename(struct job *j, const char *value, struct bl_err *err)
{
	char path[JOB_PATH_MAX];
	size_t n = 0;

	for (const char *s = value; *s; s++) {
		if (*s == ':')
			return bl_fail(err, -EINVAL,
				       "filename: '%s' names more than one file; one is accepted, "
				       "with '\\:' for a colon in its name",
				       value);
		if (s[0] == '\\' && s[1] == ':')
			s++;
		if (n + 1 >= sizeof(path))
			return bl_fail(err, -ERANGE,
				       "filename: '%.40s...' is too long, at most %zu bytes", value,
				       sizeof(path) - 1);
		path[n++] = *s;
	}
	memset(j->filename, 0, sizeof(j->filename));
	memcpy(j->filename, path, n);
	return 0;
}

void job_row_names(const struct option_row *r, char *out, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_names && n < len; i++)
		n += (size_t)snprintf(out + n, len - n, "%s%s", i ? ", " : "", r->names[i]);
}

/* What to say about a fio value that this build has no row for. */
static const char *nearest_value(const struct option_row *r, const char *value)
{
	static const struct {
		const char *fio, *ours;
	} known[] = {{"libaio", "io_uring"}, {"posixaio", "io_uring"},    {"sync", "psync"},
		     {"vsync", "psync"},     {"pvsync", "psync"},         {"pvsync2", "psync"},
		     {"mmap", "psync"},      {"io_uring_cmd", "io_uring"}};
	const char *found = r->names[0];
	unsigned best = 64;

	for (size_t i = 0; i < BL_ARRAY_LEN(known); i++)
		if (!strcmp(known[i].fio, value))
			return known[i].ours;
	for (size_t i = 0; i < r->n_names; i++)
		nearer(value, r->names[i], &best, &found);
	return found;
}

static int set_enum(struct job *j, const struct option_row *r, const char *value,
		    struct bl_err *err)
{
	char accepted[128];

	if (!strcmp(r->name, "rw") && !strcmp(value, "readwrite"))
		value = "rw";
	for (size_t i = 0; i < r->n_names; i++) {
		if (strcmp(r->names[i], value) != 0)
			continue;
		job_field_set(j, r, i);
		return 0;
	}
	job_row_names(r, accepted, sizeof(accepted));
	return bl_fail(err, -EINVAL, "%s: '%s' is not supported, the nearest is '%s'; accepted: %s",
		       r->name, value, nearest_value(r, value), accepted);
}

static int set_percent(struct job *j, const struct option_row *r, const char *value,
		       struct bl_err *err)
{
	const char *rest;
	uint64_t v;

	if (!leading_number(value, &v, &rest) || strcmp(rest, "%") != 0 || v > 100)
		return bl_fail(err, -EINVAL, "%s: '%s' is not a percentage from 0%% to 100%%",
			       r->name, value);
	job_field_set(j, r, 0);
	*job_field_pct(j, r) = (uint32_t)v;
	return 0;
}

static int set_number(struct job *j, const struct option_row *r, const char *value,
		      struct bl_err *err)
{
	static const char *const wanted[] = {
		[KIND_COUNT] = "a whole number",
		[KIND_BYTES] = "one size in bytes, for example 4096, 4k, 1m",
		[KIND_TIME] = "a time, for example 10, 10s, 500ms, 2m",
		[KIND_FLAG] = "0 or 1",
	};
	uint64_t v = 0;
	bool ok;
	int rc;

	if (r->pct_at && strchr(value, '%'))
		return set_percent(j, r, value, err);
	if (r->kind == KIND_TIME)
		ok = parse_time(value, &v);
	else
		ok = parse_scaled(value, "kmgtp", &v);
	if (!ok || (r->kind == KIND_FLAG && v > 1))
		return bl_fail(err, -EINVAL, "%s: '%s' is not %s", r->name, value, wanted[r->kind]);
	rc = job_row_range(r, v, value, err);
	if (rc < 0)
		return rc;
	job_field_set(j, r, v);
	if (r->pct_at)
		*job_field_pct(j, r) = 0;
	return 0;
}

int job_row_set(struct job *j, const struct option_row *r, const char *value, struct bl_err *err)
{
	if (!value && r->kind == KIND_FLAG)
		value = "1";
	if (!value)
		return bl_fail(err, -EINVAL, "%s: needs a value: %s", r->name, r->help);
	if (r->kind == KIND_TEXT)
		return set_filename(j, value, err);
	if (r->kind == KIND_ENUM)
		return set_enum(j, r, value, err);
	return set_number(j, r, value, err);
}

static int set_opposite(struct job *j, size_t i, const char *value, struct bl_err *err)
{
	uint64_t v;

	if (!parse_scaled(value ? value : "1", "kmgtp", &v) || v > job_opposites[i].from)
		return bl_fail(err, -EINVAL, "%s: '%s' is not a whole number from 0 to %llu",
			       job_opposites[i].name, value ? value : "",
			       (unsigned long long)job_opposites[i].from);
	job_field_set(j, job_row(job_opposites[i].to), job_opposites[i].from - v);
	return 0;
}

int job_set(struct job *j, const char *option, const char *value, struct bl_err *err)
{
	const struct option_row *r = job_row(option);

	if (r)
		return job_row_set(j, r, value, err);
	for (size_t i = 0; i < job_opposites_n; i++)
		if (!strcmp(job_opposites[i].name, option))
			return set_opposite(j, i, value, err);
	if (job_option_ignored(option))
		return 0;
	for (size_t i = 0; i < job_fixed_n; i++) {
		if (strcmp(job_fixed[i].name, option) != 0)
			continue;
		if (value && !strcmp(value, job_fixed[i].only))
			return 0;
		return bl_fail(err, -EINVAL, "%s: '%s' is not supported; only %s is", option,
			       value ? value : "1", job_fixed[i].only);
	}
	return bl_fail(err, -EINVAL, "%s: unknown option; the nearest known is '%s'", option,
		       nearest_option(option));
}
