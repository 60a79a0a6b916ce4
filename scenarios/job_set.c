/* job_set.c - one option's text into its field. */
#include "job_table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "job_value.h"
#include "jobfile.h"
#include "nearest.h"
#include "units.h"

#define ITEM_MAX 64 /* bytes of one number */

static bool is_signed(const struct option_row *r)
{
	return r->kind == KIND_SIGNED;
}

/* Within bounds? @shown is the value as it was written. A default may be outside: "none". */
static int check_range(const struct option_row *r, uint64_t v, const char *shown,
		       struct bl_err *err)
{
	uint64_t ns = r->kind == KIND_TIME ? NS_PER_S : 1;

	if (!strcmp(shown, r->def))
		return 0;
	if (is_signed(r) ? (int64_t)v < r->least : v < r->min)
		return bl_fail(err, -ERANGE, "%s: '%s' is below the least, %lld", r->name, shown,
			       is_signed(r) ? (long long)r->least : (long long)r->min);
	if (is_signed(r) ? (int64_t)v > (int64_t)r->max : v > r->max)
		return bl_fail(err, -ERANGE, "%s: '%s' is above the most, %llu%s", r->name, shown,
			       (unsigned long long)(r->max / ns), ns > 1 ? "s" : "");
	return 0;
}

static const char *wanted(const struct option_row *r)
{
	switch (r->kind) {
	case KIND_BYTES:
		return "a size in bytes, for example 4096, 4k, 1m";
	case KIND_TIME:
		return r->unit == NS_PER_S    ? "a time, for example 10, 10s, 500ms, 2m"
		       : r->unit == NS_PER_MS ? "a time, for example 500 (ms), 10s, 2m"
					      : "a time, for example 50 (us), 10ms, 1s";
	case KIND_FLAG:
	case KIND_BOOL:
		return "0 or 1";
	case KIND_DOUBLE:
		return "a number";
	case KIND_PERCENT:
		return "a whole number of percent";
	default:
		return "a whole number";
	}
}

static bool parse_one(const struct job *j, const struct option_row *r, const char *value,
		      uint64_t *ret)
{
	int64_t v;

	if (r->kind == KIND_TIME)
		return job_value_time(value, r->unit, ret);
	if (r->kind == KIND_PERCENT && job_value_percent(value, ret))
		return true;
	if (!is_signed(r))
		return job_value_size(value, j->kb_base, ret);
	if (!job_value_signed(value, j->kb_base, &v))
		return false;
	*ret = (uint64_t)v;
	return true;
}

static int set_percent(struct job *j, const struct option_row *r, const char *value,
		       struct bl_err *err)
{
	uint64_t v;
	uint32_t pct;

	if (!job_value_percent(value, &v) || v < r->pct_min || v > 100)
		return bl_fail(err, -EINVAL, "%s: '%s' is not a percentage from %u%% to 100%%",
			       r->name, value, r->pct_min);
	job_field_set(j, r, 0, 0);
	pct = (uint32_t)v;
	memcpy(job_field_at(j, r->pct_at), &pct, sizeof(pct));
	return 0;
}

static int parse_checked(const struct job *j, const struct option_row *r, const char *value,
			 uint64_t *ret, struct bl_err *err)
{
	if (!parse_one(j, r, value, ret))
		return bl_fail(err, -EINVAL, "%s: '%s' is not %s", r->name, value, wanted(r));
	return check_range(r, *ret, value, err);
}

/* "R,W,T": a missing end repeats the last, an empty place stays as it is. */
static int set_each(struct job *j, const struct option_row *r, const char *value,
		    struct bl_err *err)
{
	uint64_t v[JOB_DDIRS], last = 0;
	bool is_set[JOB_DDIRS] = {0};
	const char *s = value;
	unsigned i = 0, n = 0;
	char item[ITEM_MAX];

	for (; i < r->each; i++) {
		int rc = 0;

		if (!job_value_part(&s, ",", item, sizeof(item)))
			return bl_fail(err, -EINVAL, "%s: '%s' is not %s", r->name, value,
				       wanted(r));
		if (*item || (!*s && !i))
			rc = parse_checked(j, r, item, &v[i], err);
		if (rc < 0)
			return rc;
		if (*item) {
			is_set[i] = true;
			last = v[i];
			n++;
		}
		if (!*s)
			break;
		s++;
	}
	if (*s || !n)
		return bl_fail(err, -EINVAL, "%s: '%s' is not %s, or %u of them with commas",
			       r->name, value, wanted(r), r->each);
	for (unsigned k = 0; k < r->each; k++)
		if (is_set[k] || (k > i && is_set[i]))
			job_field_set(j, r, k, is_set[k] ? v[k] : last);
	return 0;
}

static int set_number(struct job *j, const struct option_row *r, const char *value,
		      struct bl_err *err)
{
	uint64_t v = 0;
	int rc;

	if (r->each > 1)
		return set_each(j, r, value, err);
	if (r->pct_at && strchr(value, '%'))
		return set_percent(j, r, value, err);
	rc = parse_checked(j, r, value, &v, err);
	if (rc < 0)
		return rc;
	job_field_set(j, r, 0, v);
	if (r->pct_at)
		memset(job_field_at(j, r->pct_at), 0, sizeof(uint32_t));
	return 0;
}

static int set_bool(struct job *j, const struct option_row *r, const char *value,
		    struct bl_err *err)
{
	if (strcmp(value, "0") != 0 && strcmp(value, "1") != 0)
		return bl_fail(err, -EINVAL, "%s: '%s' is not %s", r->name, value, wanted(r));
	job_field_set(j, r, 0, *value == '1');
	return 0;
}

static int set_double(struct job *j, const struct option_row *r, const char *value,
		      struct bl_err *err)
{
	double v;

	if (!job_value_double(value, &v))
		return bl_fail(err, -EINVAL, "%s: '%s' is not %s", r->name, value, wanted(r));
	if (v < (double)r->min || v > (double)r->max)
		return bl_fail(err, -ERANGE, "%s: '%s' is not from %llu to %llu", r->name, value,
			       (unsigned long long)r->min, (unsigned long long)r->max);
	memcpy(job_field_at(j, r->at), &v, sizeof(v));
	return 0;
}

static int set_text(struct job *j, const struct option_row *r, const char *value,
		    struct bl_err *err)
{
	char text[JOB_PATTERN_TEXT];
	int rc;

	_Static_assert(sizeof(text) >= JOB_PATH_MAX, "every text fits");
	if (strlen(value) >= r->width)
		return bl_fail(err, -ERANGE, "%s: '%.40s...' is too long, at most %zu bytes",
			       r->name, value, r->width - 1);
	strcpy(text, value);
	rc = r->tidy && *text ? r->tidy(text, r->width, r, err) : 0;
	if (rc < 0)
		return rc;
	memset(job_field_at(j, r->at), 0, r->width);
	memcpy(job_field_at(j, r->at), text, strlen(text));
	return 0;
}

/* fio's engines that this build has no row for, and what does most of the same. */
static const struct {
	const char *fio, *ours;
} near_engines[] = {
	{"posixaio", "io_uring"},   {"vsync", "pvsync"},          {"mmap", "psync"},
	{"splice", "psync"},        {"io_uring_cmd", "io_uring"}, {"sg", "psync"},
	{"solarisaio", "io_uring"}, {"windowsaio", "io_uring"},
};

const char *job_engine_nearest(const char *name)
{
	for (size_t i = 0; i < BL_ARRAY_LEN(near_engines); i++)
		if (!strcmp(near_engines[i].fio, name))
			return near_engines[i].ours;
	return NULL;
}

static int set_enum(struct job *j, const struct option_row *r, const char *value,
		    struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf accepted = BL_BUF_INIT;
	const char *near;
	uint64_t v;

	if (job_row_choice(r, value, &v)) {
		job_field_set(j, r, 0, v);
		return 0;
	}
	job_row_names(r, &accepted);
	near = !strcmp(r->name, "ioengine") ? job_engine_nearest(value) : NULL;
	if (!near)
		near = nearest_word(value, r->n_names ? (const void *)r->names : r->also,
				    r->n_names ? sizeof(*r->names) : sizeof(*r->also), r->n_names);
	if (!strcmp(r->name, "zonemode") && !strcmp(value, "zbd"))
		return bl_fail(err, -EINVAL,
			       "zonemode: 'zbd' is not supported, zoned block devices are not run; "
			       "accepted: %s",
			       bl_buf_str(&accepted));
	return bl_fail(err, -EINVAL, "%s: '%s' is not supported%s%s%s; accepted: %s", r->name,
		       value, near ? ", the nearest is '" : "", near ? near : "", near ? "'" : "",
		       bl_buf_str(&accepted));
}

int job_row_set(struct job *j, const struct option_row *r, const char *value, struct bl_err *err)
{
	bool is_flag = r->kind == KIND_FLAG || r->kind == KIND_BOOL;
	int rc;

	if (!value && is_flag)
		value = "1";
	if (!value && r->may_stand_alone)
		value = "";
	if (!value)
		return bl_fail(err, -EINVAL, "%s: needs a value: %s", r->name, r->help);
	if (r->set)
		rc = r->set(j, r, value, err);
	else if (r->kind == KIND_TEXT)
		rc = set_text(j, r, value, err);
	else if (r->kind == KIND_ENUM)
		rc = set_enum(j, r, value, err);
	else if (r->kind == KIND_DOUBLE)
		rc = set_double(j, r, value, err);
	else if (is_flag)
		rc = set_bool(j, r, value, err);
	else
		rc = set_number(j, r, value, err);
	if (rc == 0 && r->given_at)
		*(bool *)job_field_at(j, r->given_at) = true;
	return rc;
}

void job_defaults(struct job *j)
{
	const struct option_row *r;

	memset(j, 0, sizeof(*j));
	j->kb_base = 1024; /* for the sizes among the defaults */
	j->dist_center = -1;
	for (size_t i = 0; (r = job_row_at(i)); i++) {
		if (*r->def)
			(void)job_row_set(j, r, r->def, NULL);
		if (r->given_at)
			*(bool *)job_field_at(j, r->given_at) = false;
	}
	j->bs_is_range = false;
}

static int set_opposite(struct job *j, size_t i, const char *value, struct bl_err *err)
{
	const struct opposite_row *o = &job_opposites[i];
	uint64_t v;

	if (!value)
		value = "1";
	if ((!job_value_size(value, j->kb_base, &v) &&
	     !(o->from == 100 && job_value_percent(value, &v))) ||
	    v > o->from)
		return bl_fail(err, -EINVAL, "%s: '%s' is not a whole number from 0 to %llu",
			       o->name, value, (unsigned long long)o->from);
	job_field_set(j, job_row(o->to), 0, o->from - v);
	return 0;
}

/* Is @value one of the words of @list? */
static bool is_word(const char *list, const char *value)
{
	size_t n = strlen(value);

	if (!n || strchr(value, ' '))
		return false;
	for (const char *s = list; *s; s += strcspn(s, " "), s += *s == ' ')
		if (!strncmp(s, value, n) && (s[n] == ' ' || !s[n]))
			return true;
	return false;
}

static int check_only(const struct other_row *o, const char *value, struct bl_err *err)
{
	if (!o->only || (value && is_word(o->only, value)))
		return 0;
	return bl_fail(err, -EINVAL, "%s: '%s' is not supported, %s; only %s is", o->name,
		       value ? value : "1", o->why, o->only);
}

/* NULL: none is near. */
static const char *nearest_option(const char *name)
{
	const char *known[512];
	const struct option_row *r;
	size_t n = 0;

	for (size_t i = 0; (r = job_row_at(i)); i++) {
		known[n++] = r->name;
		if (r->alias)
			known[n++] = r->alias;
	}
	for (size_t i = 0; i < job_opposites_n; i++)
		known[n++] = job_opposites[i].name;
	for (size_t i = 0; i < job_ignored_n; i++)
		known[n++] = job_ignored[i].name;
	for (size_t i = 0; i < n; i++) /* cut short */
		if (*name && !strncmp(known[i], name, strlen(name)))
			return known[i];
	return nearest_word(name, known, sizeof(*known), n);
}

int job_set(struct job *j, const char *option, const char *value, struct bl_err *err)
{
	const struct option_row *r = job_row(option);
	const struct other_row *o;
	const char *near;

	if (r)
		return job_row_set(j, r, value, err);
	for (size_t i = 0; i < job_opposites_n; i++)
		if (!strcmp(job_opposites[i].name, option))
			return set_opposite(j, i, value, err);
	if ((o = job_other(job_ignored, job_ignored_n, option)) ||
	    (o = job_other(job_fixed, job_fixed_n, option)))
		return check_only(o, value, err);
	o = job_other(job_refused, job_refused_n, option);
	if (o)
		return bl_fail(err, -EINVAL, "%s: not supported: %s", option, o->why);
	near = nearest_option(option);
	return bl_fail(err, -EINVAL, "%s: unknown option; %s%s%s", option,
		       near ? "the nearest known is '" : "none is like it", near ? near : "",
		       near ? "'" : "");
}
