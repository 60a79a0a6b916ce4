/* job_special.c - options with a language of their own, or without a field. */
#include "job_table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "job_value.h"
#include "jobfile.h"
#include "units.h"

#define ITEM_MAX 64

ROW_SET(row_set_name)
{
	if (strlen(value) >= sizeof(j->name))
		return bl_fail(err, -ERANGE, "%s: '%.40s...' is too long, at most %zu bytes",
			       r->name, value, sizeof(j->name) - 1);
	memset(j->name, 0, sizeof(j->name));
	memcpy(j->name, value, strlen(value));
	return 0;
}

/* Of options that are other options' fields. */
ROW_TEXT(row_text_none)
{
	(void)j, (void)d, (void)r, (void)out;
	return false;
}

/* "randread:8": a draw every 8th request; "write:4k": holes of 4k. */
ROW_SET(row_set_rw)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf accepted = BL_BUF_INIT;
	struct job work = *j;
	const char *s = value;
	char word[ITEM_MAX];
	uint64_t rw;

	if (!job_value_part(&s, ":", word, sizeof(word)))
		*word = 0;
	if (!strcmp(word, "readwrite"))
		strcpy(word, "rw");
	if (!job_row_choice(r, word, &rw)) {
		job_row_names(r, &accepted);
		return bl_fail(err, -EINVAL, "rw: '%.40s' is not supported; accepted: %s", value,
			       bl_buf_str(&accepted));
	}
	work.rw = (enum job_rw)rw;
	work.rw_nr = 0;
	work.rw_hole = 0;
	s += *s == ':';
	if (*s && job_is_random(&work) && !job_value_size(s, j->kb_base, &work.rw_nr))
		return bl_fail(err, -EINVAL, "rw: '%.40s' is not a whole number of requests", s);
	if (*s && !job_is_random(&work) && !job_value_signed(s, j->kb_base, &work.rw_hole))
		return bl_fail(err, -EINVAL, "rw: '%.40s' is not a size in bytes to skip", s);
	*j = work;
	return 0;
}

ROW_TEXT(row_text_rw)
{
	if (j->rw == d->rw && !j->rw_nr && !j->rw_hole)
		return false;
	bl_buf_adds(out, j->rw < JOB_RWS ? r->names[j->rw] : "?");
	if (job_is_random(j) && j->rw_nr)
		bl_buf_addf(out, ":%llu", (unsigned long long)j->rw_nr);
	if (!job_is_random(j) && j->rw_hole)
		bl_buf_addf(out, ":%lld", (long long)j->rw_hole);
	return true;
}

static const char *const services[JOB_FILE_SERVICES] = {"random", "roundrobin", "sequential"};

ROW_SET(row_set_file_service)
{
	const struct option_row all = {.names = services, .n_names = JOB_FILE_SERVICES};
	uint64_t kind, n = 1;
	const char *s = value;
	char word[ITEM_MAX];

	if (!job_value_part(&s, ":", word, sizeof(word)) || !job_row_choice(&all, word, &kind))
		return bl_fail(err, -EINVAL,
			       "%s: '%.40s' is not supported; accepted: random, roundrobin, "
			       "sequential",
			       r->name, value);
	if (*s && (!job_value_size(s + 1, 1024, &n) || n > UINT32_MAX))
		return bl_fail(err, -EINVAL, "%s: '%.40s' is not a whole number of requests",
			       r->name, s + 1);
	j->file_service_type = (enum job_file_service)kind;
	j->file_service_n = n ? (uint32_t)n : 1;
	return 0;
}

ROW_TEXT(row_text_file_service)
{
	(void)r;
	if (j->file_service_type == d->file_service_type && j->file_service_n == d->file_service_n)
		return false;
	bl_buf_adds(out, services[j->file_service_type]);
	if (j->file_service_n > 1)
		bl_buf_addf(out, ":%u", j->file_service_n);
	return true;
}

ROW_SET(row_set_filesize)
{
	char low[ITEM_MAX], high[ITEM_MAX];
	uint64_t a, b;

	if (!job_value_bounds(value, low, high, sizeof(low)) ||
	    !job_value_size(low, j->kb_base, &a) || !job_value_size(high, j->kb_base, &b))
		return bl_fail(err, -EINVAL,
			       "%s: '%.40s' is not a size in bytes or a range of them, for example "
			       "1m, 1m-4m",
			       r->name, value);
	if (a > BYTES_MAX || b > BYTES_MAX)
		return bl_fail(err, -ERANGE, "%s: '%.40s' is above the most, %llu", r->name, value,
			       (unsigned long long)BYTES_MAX);
	j->filesize_min = a < b ? a : b;
	j->filesize_max = a < b ? b : a;
	return 0;
}

ROW_TEXT(row_text_filesize)
{
	(void)d, (void)r;
	if (!j->filesize_max)
		return false;
	bl_buf_addf(out, "%llu", (unsigned long long)j->filesize_min);
	if (j->filesize_max != j->filesize_min)
		bl_buf_addf(out, "-%llu", (unsigned long long)j->filesize_max);
	return true;
}

ROW_SET(row_set_startdelay)
{
	char low[ITEM_MAX], high[ITEM_MAX];
	uint64_t a, b;

	if (!job_value_bounds(value, low, high, sizeof(low)) || !job_value_time(low, r->unit, &a) ||
	    !job_value_time(high, r->unit, &b))
		return bl_fail(
			err, -EINVAL,
			"%s: '%.40s' is not a time or a range of them, for example 10, 1s-5s",
			r->name, value);
	if (a > r->max || b > r->max)
		return bl_fail(err, -ERANGE, "%s: '%.40s' is above the most, %llus", r->name, value,
			       (unsigned long long)(r->max / NS_PER_S));
	j->startdelay_ns = a < b ? a : b;
	j->startdelay_max_ns = a < b ? b : a;
	return 0;
}

ROW_TEXT(row_text_startdelay)
{
	(void)d, (void)r;
	if (!j->startdelay_max_ns)
		return false;
	bl_buf_addf(out, "%lluus", (unsigned long long)(j->startdelay_ns / NS_PER_US));
	if (j->startdelay_max_ns != j->startdelay_ns)
		bl_buf_addf(out, "-%lluus", (unsigned long long)(j->startdelay_max_ns / NS_PER_US));
	return true;
}

ROW_SET(row_set_steadystate)
{
	const char *s = value;
	char word[ITEM_MAX], limit[ITEM_MAX];
	uint64_t kind, bytes;
	double v = 0;
	bool is_pct;

	if (!strcmp(value, "none")) {
		j->steadystate = JOB_SS_NONE;
		return 0;
	}
	if (!job_value_part(&s, ":", word, sizeof(word)) || !job_row_choice(r, word, &kind) || !*s)
		return bl_fail(err, -EINVAL,
			       "%s: '%.40s' is not a criterion and a limit, for example iops:1%%, "
			       "iops_slope:0.3%%, bw:1m, bw_slope:1%%",
			       r->name, value);
	s++;
	if (!job_value_part(&s, "", limit, sizeof(limit)))
		*limit = 0;
	is_pct = *limit && limit[strlen(limit) - 1] == '%';
	if (is_pct)
		limit[strlen(limit) - 1] = 0;
	if (!job_value_double(limit, &v) && !is_pct && job_value_size(limit, j->kb_base, &bytes))
		v = (double)bytes;
	if (v <= 0 || (is_pct && v > 100))
		return bl_fail(err, -EINVAL, "%s: '%s' is not a limit above 0%s", r->name, limit,
			       is_pct ? " and at most 100%" : "");
	j->steadystate = (enum job_ss)kind;
	j->ss_limit = v;
	j->ss_limit_is_pct = is_pct;
	return 0;
}

ROW_TEXT(row_text_steadystate)
{
	(void)d;
	if (j->steadystate == JOB_SS_NONE)
		return false;
	bl_buf_addf(out, "%s:%.17g%s", r->names[j->steadystate], j->ss_limit,
		    j->ss_limit_is_pct ? "%" : "");
	return true;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

ROW_SET(row_set_percentiles)
{
	double list[JOB_PERCENTILES_MAX] = {0};
	const char *s = value;
	unsigned n = 0, kept = 0;
	char item[ITEM_MAX];

	for (bool more = true, ended = false; more; more = *s++ == ':') {
		double v;

		if (!job_value_part(&s, ":", item, sizeof(item)) || !job_value_double(item, &v))
			return bl_fail(err, -EINVAL, "%s: '%.40s' is not a number", r->name, item);
		if (v < 0 || v > 100)
			return bl_fail(err, -ERANGE, "%s: '%s' is not from 0 to 100", r->name,
				       item);
		ended |= v == 0; /* fio: 0 ends the list */
		if (ended)
			continue;
		if (n == JOB_PERCENTILES_MAX)
			return bl_fail(err, -E2BIG, "%s: more than %d percentiles", r->name,
				       JOB_PERCENTILES_MAX);
		list[n++] = v;
	}
	if (!n)
		return 0; /* no list: as it was */
	qsort(list, n, sizeof(*list), by_value);
	memset(j->percentile_list, 0, sizeof(j->percentile_list));
	for (unsigned i = 0; i < n; i++)
		if (!i || list[i] != list[i - 1])
			j->percentile_list[kept++] = list[i];
	return 0;
}

ROW_TEXT(row_text_percentiles)
{
	(void)r;
	if (!memcmp(j->percentile_list, d->percentile_list, sizeof(d->percentile_list)))
		return false;
	for (unsigned i = 0; i < JOB_PERCENTILES_MAX && j->percentile_list[i] > 0; i++)
		bl_buf_addf(out, "%s%.17g", i ? ":" : "", j->percentile_list[i]);
	return true;
}

ROW_SET(row_set_gtod_reduce)
{
	bool is_on = !strcmp(value, "1");

	if (!is_on && strcmp(value, "0") != 0)
		return bl_fail(err, -EINVAL, "%s: '%s' is not 0 or 1", r->name, value);
	if (!is_on)
		return 0;
	j->disable_lat = j->disable_clat = j->disable_slat = true;
	j->clat_percentiles = j->lat_percentiles = j->slat_percentiles = false;
	return 0;
}

ROW_SET(row_set_cpumask)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf list = BL_BUF_INIT;
	uint64_t mask;

	if (!*value)
		return 0; /* the default */
	if (!job_value_size(value, 1024, &mask) || !mask)
		return bl_fail(err, -EINVAL, "%s: '%s' is not a mask of CPUs, for example 0xf",
			       r->name, value);
	for (unsigned i = 0; i < 64; i++)
		if (mask >> i & 1)
			bl_buf_addf(&list, "%s%u", list.len ? "," : "", i);
	return bl_buf_failed(&list) ? -ENOMEM : job_set(j, "cpus_allowed", bl_buf_str(&list), err);
}

/* Alone, or empty: the job's name, which a job of the globals does not have yet. */
ROW_SET(row_set_log)
{
	const char *text = *value ? value : JOB_LOG_OF_NAME;
	char *field = job_field_at(j, r->at);

	if (strlen(text) >= r->width)
		return bl_fail(err, -ERANGE, "%s: '%.40s...' is too long, at most %zu bytes",
			       r->name, text, r->width - 1);
	memset(field, 0, r->width);
	memcpy(field, text, strlen(text));
	return 0;
}
