/* job_lists.c - options that are lists: request sizes, splits, zones. */
#include "job_table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "job_value.h"

#define LIST_MAX 2048 /* bytes of the entries of one direction */
#define ITEM_MAX 64

/* One direction of "R,W,T" of lists: @text is its part, trimmed, not empty. */
typedef int part_fn(struct job *j, const struct option_row *r, unsigned dir, const char *text,
		    struct bl_err *err);

/* As numbers: a missing end repeats the last, an empty place stays as it is. */
static int each_part(struct job *j, const struct option_row *r, const char *value, part_fn *part,
		     void (*copy)(struct job *j, unsigned to, unsigned from), struct bl_err *err)
{
	struct job work = *j; /* on failure @j is unchanged */
	const char *s = value;
	char text[LIST_MAX];
	unsigned dir = 0;
	bool any = false;

	for (;; dir++, s++) {
		int rc;

		if (dir == JOB_DDIRS && !*s)
			break;
		if (dir == JOB_DDIRS)
			return bl_fail(err, -EINVAL,
				       "%s: '%.80s' has more than the three parts for reads, "
				       "writes and trims",
				       r->name, value);
		if (!job_value_part(&s, ",", text, sizeof(text)))
			return bl_fail(err, -ERANGE, "%s: '%.40s...' is too long", r->name, value);
		rc = *text ? part(&work, r, dir, text, err) : 0;
		if (rc < 0)
			return rc;
		any |= *text != 0;
		if (!*s)
			break;
	}
	if (!any)
		return bl_fail(err, -EINVAL, "%s: '%s' has no value", r->name, value);
	for (unsigned d = dir + 1; *text && d < JOB_DDIRS; d++)
		copy(&work, d, dir);
	*j = work;
	return 0;
}

static int parse_bytes(const struct job *j, const struct option_row *r, const char *text,
		       uint64_t *ret, struct bl_err *err)
{
	if (!job_value_size(text, j->kb_base, ret))
		return bl_fail(err, -EINVAL,
			       "%s: '%s' is not a size in bytes, for example 4096, 4k, 1m", r->name,
			       text);
	if (*ret < r->min || *ret > r->max)
		return bl_fail(err, -ERANGE, "%s: '%s' is %s, %llu", r->name, text,
			       *ret < r->min ? "below the least" : "above the most",
			       (unsigned long long)(*ret < r->min ? r->min : r->max));
	return 0;
}

static int bs_part(struct job *j, const struct option_row *r, unsigned dir, const char *text,
		   struct bl_err *err)
{
	uint64_t v;
	int rc;

	if (strpbrk(text, "-:"))
		return bl_fail(err, -EINVAL, "bs: '%s' is not one size; for a range use bsrange=%s",
			       text, text);
	rc = parse_bytes(j, r, text, &v, err);
	if (rc == 0 && !j->bs_is_range)
		j->bs[dir] = (struct job_range){(uint32_t)v, (uint32_t)v};
	return rc;
}

static void copy_bs(struct job *j, unsigned to, unsigned from)
{
	j->bs[to] = j->bs[from];
}

ROW_SET(row_set_bs)
{
	return each_part(j, r, value, bs_part, copy_bs, err);
}

static int bsrange_part(struct job *j, const struct option_row *r, unsigned dir, const char *text,
			struct bl_err *err)
{
	char low[ITEM_MAX], high[ITEM_MAX];
	uint64_t a, b;
	int rc;

	if (!strpbrk(text, "-:") || !job_value_bounds(text, low, high, sizeof(low)))
		return bl_fail(err, -EINVAL, "bsrange: '%.40s' is not a range, for example 1k-4k",
			       text);
	rc = parse_bytes(j, r, low, &a, err);
	if (rc == 0)
		rc = parse_bytes(j, r, high, &b, err);
	if (rc < 0)
		return rc;
	j->bs[dir] = (struct job_range){(uint32_t)(a < b ? a : b), (uint32_t)(a < b ? b : a)};
	j->bs_is_range = true;
	return 0;
}

ROW_SET(row_set_bsrange)
{
	return each_part(j, r, value, bsrange_part, copy_bs, err);
}

static bool same_bs(const struct job_range *a, const struct job_range *b)
{
	return a->min == b->min && a->max == b->max;
}

ROW_TEXT(row_text_bs)
{
	bool is_one = same_bs(&j->bs[0], &j->bs[1]) && same_bs(&j->bs[0], &j->bs[2]);

	(void)r;
	if (j->bs_is_range || (is_one && same_bs(&j->bs[0], &d->bs[0])))
		return false;
	if (is_one)
		bl_buf_addf(out, "%u", j->bs[0].min);
	else
		bl_buf_addf(out, "%u,%u,%u", j->bs[0].min, j->bs[1].min, j->bs[2].min);
	return true;
}

ROW_TEXT(row_text_bsrange)
{
	bool is_one = same_bs(&j->bs[0], &j->bs[1]) && same_bs(&j->bs[0], &j->bs[2]);

	(void)d, (void)r;
	for (unsigned i = 0; j->bs_is_range && i < (is_one ? 1 : JOB_DDIRS); i++)
		bl_buf_addf(out, "%s%u-%u", i ? "," : "", j->bs[i].min, j->bs[i].max);
	return j->bs_is_range;
}

#define NO_PCT UINT32_MAX

/* Entries without a percentage share what the others leave; the last takes what is left over, as
 * it does when fio draws. */
static int share_rest(struct job_splits *s, const struct option_row *r, struct bl_err *err)
{
	uint32_t sum = 0, n_open = 0, rest;

	for (uint32_t i = 0; i < s->n; i++)
		if (s->at[i].pct == NO_PCT)
			n_open++;
		else
			sum += s->at[i].pct;
	if (sum > 100)
		return bl_fail(err, -EINVAL, "%s: the percentages add up to %u, at most 100",
			       r->name, sum);
	rest = 100 - sum;
	for (uint32_t i = 0; i < s->n; i++)
		if (s->at[i].pct == NO_PCT)
			s->at[i].pct = rest / n_open;
	for (uint32_t i = sum = 0; i < s->n; i++)
		sum += s->at[i].pct;
	s->at[s->n - 1].pct += 100 - sum;
	return 0;
}

/* "V/P" */
static int split_entry(struct job *j, const struct option_row *r, const char **s,
		       struct job_split *ret, struct bl_err *err)
{
	char item[ITEM_MAX], *slash;
	uint64_t pct;
	int rc;

	if (!job_value_part(s, ":", item, sizeof(item)))
		return bl_fail(err, -EINVAL, "%s: '%s...' is not bytes/percent", r->name, item);
	slash = strchr(item, '/');
	if (slash)
		*slash++ = 0;
	rc = parse_bytes(j, r, item, &ret->value, err);
	if (rc < 0)
		return rc;
	ret->pct = NO_PCT;
	if (!slash || !*slash || !strcmp(slash, "%"))
		return 0;
	if ((!job_value_percent(slash, &pct) && !job_value_size(slash, 1024, &pct)) || pct > 100)
		return bl_fail(err, -EINVAL, "%s: '%s' is not a percentage from 0 to 100", r->name,
			       slash);
	if (pct) /* fio: 0 is as if it were not there */
		ret->pct = (uint32_t)pct;
	return 0;
}

typedef int entry_fn(struct job *j, const struct option_row *r, const char **s,
		     struct job_split *ret, struct bl_err *err);

/* Entries with ':' between them. */
static int each_entry(struct job *j, const struct option_row *r, struct job_splits *s,
		      const char *text, entry_fn *entry, struct bl_err *err)
{
	memset(s, 0, sizeof(*s));
	for (;; text++) {
		int rc;

		if (s->n == JOB_SPLITS)
			return bl_fail(err, -E2BIG, "%s: more than %d entries", r->name,
				       JOB_SPLITS);
		rc = entry(j, r, &text, &s->at[s->n], err);
		if (rc < 0)
			return rc;
		s->n++;
		if (!*text)
			return 0;
	}
}

static int bssplit_part(struct job *j, const struct option_row *r, unsigned dir, const char *text,
			struct bl_err *err)
{
	int rc = each_entry(j, r, &j->bssplit[dir], text, split_entry, err);

	return rc < 0 ? rc : share_rest(&j->bssplit[dir], r, err);
}

static void copy_bssplit(struct job *j, unsigned to, unsigned from)
{
	j->bssplit[to] = j->bssplit[from];
}

ROW_SET(row_set_bssplit)
{
	return each_part(j, r, value, bssplit_part, copy_bssplit, err);
}

/* "V/P" or "V/P/CLASS/LEVEL" */
static int cmdprio_entry(struct job *j, const struct option_row *r, const char **s,
			 struct job_split *ret, struct bl_err *err)
{
	char item[ITEM_MAX], *third;
	const char *from = item;
	unsigned class, level;
	int rc, end = 0;

	if (!job_value_part(s, ":", item, sizeof(item)))
		return bl_fail(err, -EINVAL, "%s: '%s...' is not bytes/percent", r->name, item);
	third = strchr(item, '/');
	third = third ? strchr(third + 1, '/') : NULL;
	if (third)
		*third++ = 0;
	rc = split_entry(j, r, &from, ret, err);
	if (rc < 0)
		return rc;
	ret->pct = ret->pct == NO_PCT ? 0 : ret->pct;
	if (!third)
		return 0;
	if (sscanf(third, "%u/%u%n", &class, &level, &end) != 2 || third[end] || class > 3 ||
	    level > 7)
		return bl_fail(
			err, -EINVAL,
			"%s: '%s' is not class/level, a class from 0 to 3 and a level from 0 to 7",
			r->name, third);
	ret->prio = JOB_PRIO_OWN | (class ? class : 1) << 13 | level;
	return 0;
}

static int cmdprio_part(struct job *j, const struct option_row *r, unsigned dir, const char *text,
			struct bl_err *err)
{
	return each_entry(j, r, &j->cmdprio_bssplit[dir], text, cmdprio_entry, err);
}

static void copy_cmdprio(struct job *j, unsigned to, unsigned from)
{
	j->cmdprio_bssplit[to] = j->cmdprio_bssplit[from];
}

ROW_SET(row_set_cmdprio_bssplit)
{
	return each_part(j, r, value, cmdprio_part, copy_cmdprio, err);
}

static bool same_splits(const struct job_splits *a, const struct job_splits *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* Lists of all directions, one when they are equal. */
static void splits_text(const struct job_splits *s, bool access_first, struct bl_buf *out)
{
	bool is_one = same_splits(&s[0], &s[1]) && same_splits(&s[0], &s[2]);

	for (unsigned d = 0; d < (is_one ? 1 : JOB_DDIRS); d++) {
		if (d)
			bl_buf_addc(out, ',');
		for (uint32_t i = 0; i < s[d].n; i++) {
			unsigned long long v = s[d].at[i].value;

			bl_buf_adds(out, i ? ":" : "");
			if (access_first)
				bl_buf_addf(out, "%u/%llu", s[d].at[i].pct, v);
			else
				bl_buf_addf(out, "%llu/%u", v, s[d].at[i].pct);
			if (s[d].at[i].prio)
				bl_buf_addf(out, "/%u/%u", s[d].at[i].prio >> 13 & 7,
					    s[d].at[i].prio & 7);
		}
	}
}

ROW_TEXT(row_text_bssplit)
{
	bool any = false;

	(void)d, (void)r;
	for (unsigned i = 0; i < JOB_DDIRS; i++)
		any |= j->bssplit[i].n != 0;
	if (any)
		splits_text(j->bssplit, false, out);
	return any;
}

ROW_TEXT(row_text_cmdprio_bssplit)
{
	bool any = false;

	(void)d, (void)r;
	for (unsigned i = 0; i < JOB_DDIRS; i++)
		any |= j->cmdprio_bssplit[i].n != 0;
	if (any)
		splits_text(j->cmdprio_bssplit, false, out);
	return any;
}

/* ---- random_distribution ---- */

static const char *const dists[JOB_DISTS] = {"random", "zipf",  "pareto",
					     "normal", "zoned", "zoned_abs"};

/* "A/S" : access percent, then the size: percent of the region, or bytes. */
static int zone_entry(const struct job *j, const char **s, struct job_split *ret,
		      struct bl_err *err)
{
	bool is_abs = j->dist == JOB_DIST_ZONED_ABS;
	char item[ITEM_MAX], *slash;
	uint64_t pct;

	if (!job_value_part(s, ":", item, sizeof(item)) || !(slash = strchr(item, '/')))
		return bl_fail(err, -EINVAL,
			       "random_distribution: '%.40s' is not access/size, for example %s",
			       item, is_abs ? "60/10g" : "60/10");
	*slash++ = 0;
	if (!job_value_size(item, 1024, &pct) || pct > 100)
		return bl_fail(err, -EINVAL,
			       "random_distribution: '%s' is not a percentage from 0 to 100", item);
	ret->pct = (uint32_t)pct;
	ret->value = NO_PCT;
	if (*slash &&
	    (!job_value_size(slash, j->kb_base, &ret->value) || (!is_abs && ret->value > 100)))
		return bl_fail(err, -EINVAL, "random_distribution: '%s' is not %s", slash,
			       is_abs ? "a size in bytes" : "a percentage from 0 to 100");
	if (is_abs && !*slash)
		return bl_fail(err, -EINVAL, "random_distribution: '%s/' has no size", item);
	return 0;
}

static int check_zones(const struct job *j, struct job_splits *s, struct bl_err *err)
{
	uint64_t size = 0;
	uint32_t access = 0, n_open = 0;

	for (uint32_t i = 0; i < s->n; i++) {
		access += s->at[i].pct;
		if (j->dist == JOB_DIST_ZONED && s->at[i].value == NO_PCT)
			n_open++;
		else if (__builtin_add_overflow(size, s->at[i].value, &size))
			size = UINT64_MAX;
	}
	if (access != 100)
		return bl_fail(err, -EINVAL,
			       "random_distribution: the access percentages add up to %u, not 100",
			       access);
	if (j->dist == JOB_DIST_ZONED && size > 100)
		return bl_fail(err, -EINVAL,
			       "random_distribution: the sizes add up to %llu%%, at most 100%%",
			       (unsigned long long)size);
	for (uint32_t i = 0; i < s->n && n_open; i++)
		if (s->at[i].value == NO_PCT)
			s->at[i].value = (100 - size) / n_open;
	return 0;
}

static int zones_part(struct job *j, const struct option_row *r, unsigned dir, const char *text,
		      struct bl_err *err)
{
	struct job_splits *s = &j->zones[dir];

	memset(s, 0, sizeof(*s));
	for (;; text++) {
		int rc;

		if (s->n == JOB_SPLITS)
			return bl_fail(err, -E2BIG, "%s: more than %d zones", r->name, JOB_SPLITS);
		rc = zone_entry(j, &text, &s->at[s->n], err);
		if (rc < 0)
			return rc;
		s->n++;
		if (!*text)
			return check_zones(j, s, err);
	}
}

static void copy_zones(struct job *j, unsigned to, unsigned from)
{
	j->zones[to] = j->zones[from];
}

/* Directions without zones have those of the first that has some. */
static int set_zones(struct job *j, const struct option_row *r, const char *text,
		     struct bl_err *err)
{
	int rc = each_part(j, r, text, zones_part, copy_zones, err);
	unsigned first = 0;

	while (rc == 0 && !j->zones[first].n)
		first++;
	for (unsigned d = 0; rc == 0 && d < JOB_DDIRS; d++)
		if (!j->zones[d].n)
			copy_zones(j, d, first);
	return rc;
}

/* What fio accepts of each, and what it takes when there is no number. */
static const struct {
	double def, least, most;
	bool excludes_bounds;
	const char *accepted;
} shapes[JOB_DISTS] = {
	[JOB_DIST_ZIPF] = {1.1, -1e6, 1e6, false, "a theta other than 1"},
	[JOB_DIST_PARETO] = {0.2, 0, 1, true, "a number between 0 and 1"},
	[JOB_DIST_NORMAL] = {0, 0, 100, false, "a deviation from 0 to 99.9 percent"},
};

static int set_shape(struct job *j, const char *text, struct bl_err *err)
{
	double v = shapes[j->dist].def, center = -1;
	char item[ITEM_MAX];
	const char *s = text;
	bool is_bad;

	if (!job_value_part(&s, ":", item, sizeof(item)))
		*item = '?';
	is_bad = *item && !job_value_double(item, &v);
	is_bad |= v < shapes[j->dist].least || v > shapes[j->dist].most;
	is_bad |= shapes[j->dist].excludes_bounds &&
		  (v == shapes[j->dist].least || v == shapes[j->dist].most);
	is_bad |= j->dist == JOB_DIST_ZIPF ? v == 1 : v >= 100;
	if (is_bad)
		return bl_fail(err, -EINVAL, "random_distribution: '%.40s' is not %s", text,
			       shapes[j->dist].accepted);
	if (*s && (!job_value_double(s + 1, &center) || center < 0 || center > 1))
		return bl_fail(err, -EINVAL,
			       "random_distribution: '%.40s' is not a center from 0 to 1", s + 1);
	j->dist_value = v;
	j->dist_center = center;
	return 0;
}

ROW_SET(row_set_dist)
{
	const struct option_row all = {.names = dists, .n_names = JOB_DISTS};
	struct job work = *j;
	const char *s = value;
	char word[ITEM_MAX];
	uint64_t dist;
	int rc = 0;

	if (!job_value_part(&s, ":", word, sizeof(word)) || !job_row_choice(&all, word, &dist))
		return bl_fail(err, -EINVAL,
			       "%s: '%.40s' is not supported; accepted: random, zipf, pareto, "
			       "normal, zoned, zoned_abs",
			       r->name, value);
	work.dist = (enum job_dist)dist;
	work.dist_value = 0;
	work.dist_center = -1;
	memset(work.zones, 0, sizeof(work.zones));
	s += *s == ':';
	if (dist == JOB_DIST_ZONED || dist == JOB_DIST_ZONED_ABS)
		rc = set_zones(&work, r, s, err);
	else if (dist != JOB_DIST_RANDOM)
		rc = set_shape(&work, s, err);
	else if (*s)
		return bl_fail(err, -EINVAL, "%s: '%s': random has no number", r->name, value);
	if (rc == 0)
		*j = work;
	return rc;
}

ROW_TEXT(row_text_dist)
{
	(void)r;
	if (j->dist == d->dist)
		return false;
	bl_buf_addf(out, "%s:", dists[j->dist]);
	if (j->dist == JOB_DIST_ZONED || j->dist == JOB_DIST_ZONED_ABS) {
		splits_text(j->zones, true, out);
		return true;
	}
	bl_buf_addf(out, "%.17g", j->dist_value);
	if (j->dist_center >= 0)
		bl_buf_addf(out, ":%.17g", j->dist_center);
	return true;
}
