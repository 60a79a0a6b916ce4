/* job_check.c - what a whole job must keep to. */
#include "job_table.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "jobfile.h"
#include "units.h"

/* What is replaced in a value; not in the name of a section. */
static const char *const keywords[] = {"$pagesize", "$mb_memory", "$ncpus", "${"};

/* A name or path that could not be written into a job file and read back. */
static bool is_unwritable(const char *s, const char *forbidden, size_t n_keywords)
{
	size_t n = strlen(s);

	if (n && (isspace((unsigned char)s[0]) || isspace((unsigned char)s[n - 1])))
		return true;
	for (size_t i = 0; i < n_keywords; i++)
		if (strstr(s, keywords[i]))
			return true;
	for (; *s; s++)
		if ((unsigned char)*s < 32 || strchr(forbidden, *s))
			return true;
	return false;
}

static int check_number(const struct option_row *r, uint64_t v, uint64_t def, struct bl_err *err)
{
	bool is_signed = r->kind == KIND_SIGNED;
	char shown[24];
	uint64_t u;

	snprintf(shown, sizeof(shown), is_signed ? "%lld" : "%llu", (long long)v);
	if (r->kind == KIND_ENUM) {
		if (v < r->n_names)
			return 0;
		for (const struct choice *c = r->also; c && c->name && !r->n_names; c++)
			if (c->value == v)
				return 0;
		return bl_fail(err, -ERANGE, "%s: '%s' is not a known value", r->name, shown);
	}
	if (v == def)
		return 0;
	if (r->kind == KIND_TIME && v % NS_PER_US)
		return bl_fail(err, -EINVAL, "%s: '%sns' is not a whole number of us", r->name,
			       shown);
	if (is_signed && (int64_t)v < r->least)
		return bl_fail(err, -ERANGE, "%s: '%s' is below the least, %lld", r->name, shown,
			       (long long)r->least);
	u = is_signed && (int64_t)v < 0 ? 0 : v;
	if (!is_signed && u < r->min)
		return bl_fail(err, -ERANGE, "%s: '%s' is below the least, %llu", r->name, shown,
			       (unsigned long long)r->min);
	if (u > r->max)
		return bl_fail(err, -ERANGE, "%s: '%s' is above the most, %llu", r->name, shown,
			       (unsigned long long)r->max);
	return 0;
}

static int check_row(const struct job *j, const struct job *d, const struct option_row *r,
		     struct bl_err *err)
{
	const char *text = job_field_at(j, r->at);
	int rc = 0;

	if (r->kind == KIND_TEXT &&
	    (!memchr(text, 0, r->width) || is_unwritable(text, ";#", BL_ARRAY_LEN(keywords))))
		return bl_fail(err, -EINVAL,
			       "%s: '%.80s' can't stand in a job file; no ';', '#', '${' or outer "
			       "blanks",
			       r->name, text);
	if (r->pct_at && *(uint32_t *)job_field_at(j, r->pct_at) > 100)
		return bl_fail(err, -ERANGE, "%s: '%u%%' is above the most, 100%%", r->name,
			       *(uint32_t *)job_field_at(j, r->pct_at));
	if (r->kind == KIND_TEXT || r->kind == KIND_OWN || r->kind == KIND_DOUBLE)
		return 0;
	for (unsigned i = 0; i < (r->each ? r->each : 1) && rc == 0; i++)
		rc = check_number(r, job_field(j, r, i), job_field(d, r, i), err);
	return rc;
}

static int check_rows(const struct job *j, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf names = BL_BUF_INIT;
	const struct option_row *r;
	struct job d;

	job_defaults(&d);
	for (size_t i = 0; (r = job_row_at(i)); i++) {
		int rc = check_row(j, &d, r, err);

		if (rc < 0)
			return rc;
		if (!r->engines || r->engines & ENGINE(j->engine) ||
		    !memcmp(job_field_at(j, r->at), job_field_at(&d, r->at),
			    r->width * (r->each ? r->each : 1)))
			continue;
		for (unsigned e = 0; e < JOB_ENGINES; e++)
			if (r->engines & ENGINE(e))
				bl_buf_addf(&names, "%s%s", names.len ? ", " : "",
					    job_engine_names[e]);
		return bl_fail(err, -EINVAL, "%s: is not an option of ioengine=%s, but of %s",
			       r->name, job_engine_names[j->engine], bl_buf_str(&names));
	}
	return 0;
}

static int check_bs(const struct job *j, struct bl_err *err)
{
	for (unsigned d = 0; d < JOB_DDIRS; d++) {
		if (!j->bs[d].min || j->bs[d].max < j->bs[d].min || j->bs[d].max > GiB)
			return bl_fail(err, -ERANGE, "bs: '%u-%u' is not from 1 to %llu",
				       j->bs[d].min, j->bs[d].max, (unsigned long long)GiB);
		if (!j->bs_is_range && j->bs[d].min != j->bs[d].max)
			return bl_fail(err, -EINVAL, "bs: '%u-%u' is a range without bsrange",
				       j->bs[d].min, j->bs[d].max);
		if (d < 2 && j->cmdprio_percentage[d] && j->cmdprio_bssplit[d].n)
			return bl_fail(
				err, -EINVAL,
				"cmdprio_bssplit: goes instead of cmdprio_percentage, not with it");
		if (j->bssplit[d].n > JOB_SPLITS)
			return bl_fail(err, -ERANGE, "bssplit: more than %d entries", JOB_SPLITS);
	}
	return 0;
}

static int check_alignment(const struct job *j, struct bl_err *err)
{
	if (!j->direct || job_engine_is_null(j->engine))
		return 0;
	for (unsigned d = 0; d < JOB_DDIRS; d++) {
		uint64_t size = job_bs_min(j, d);

		for (uint32_t i = 0; i < j->bssplit[d].n && size % 512 == 0; i++)
			size = j->bssplit[d].at[i].value;
		if (size % 512)
			return bl_fail(err, -EINVAL,
				       "bs: '%llu' is not a multiple of 512, which direct=1 needs",
				       (unsigned long long)size);
	}
	if (j->offset % 512)
		return bl_fail(err, -EINVAL,
			       "offset: '%llu' is not a multiple of 512, which direct=1 needs",
			       (unsigned long long)j->offset);
	return 0;
}

static int check_rates(const struct job *j, struct bl_err *err)
{
	bool bytes = false, requests = false;

	for (unsigned d = 0; d < JOB_DDIRS; d++) {
		bytes |= j->rate[d] || j->rate_min[d];
		requests |= j->rate_iops[d] || j->rate_iops_min[d];
		if ((j->rate[d] && j->rate_min[d] > j->rate[d]) ||
		    (j->rate_iops[d] && j->rate_iops_min[d] > j->rate_iops[d]))
			return bl_fail(err, -EINVAL, "%s: is above the rate itself",
				       j->rate[d] ? "rate_min" : "rate_iops_min");
	}
	if (bytes && requests)
		return bl_fail(err, -EINVAL,
			       "rate: bytes and requests a second can't both be given");
	return 0;
}

static int check_zones(const struct job *j, struct bl_err *err)
{
	if (j->zonemode == JOB_ZONES_STRIDED && !j->zonesize)
		return bl_fail(err, -EINVAL, "zonesize: is needed by zonemode=strided");
	if (j->zonemode == JOB_ZONES_NONE && j->zonesize)
		return bl_fail(err, -EINVAL, "zonesize: needs zonemode=strided");
	return 0;
}

static int check_size(const struct job *j, struct bl_err *err)
{
	uint32_t least = job_bs_min(j, 0);

	for (unsigned d = 1; d < JOB_DDIRS; d++)
		if (job_bs_min(j, d) < least)
			least = job_bs_min(j, d);
	if (j->size && j->size < least)
		return bl_fail(err, -ERANGE, "size: '%llu' is below one block, bs=%u",
			       (unsigned long long)j->size, least);
	return 0;
}

static int check_lists(const struct job *j, struct bl_err *err)
{
	if ((unsigned)j->dist >= JOB_DISTS || (unsigned)j->rw >= JOB_RWS ||
	    (unsigned)j->steadystate >= JOB_SSES ||
	    (unsigned)j->file_service_type >= JOB_FILE_SERVICES)
		return bl_fail(err, -ERANGE, "a value is not a known one");
	if (j->startdelay_ns % NS_PER_US || j->startdelay_max_ns % NS_PER_US ||
	    j->startdelay_max_ns < j->startdelay_ns)
		return bl_fail(err, -EINVAL, "startdelay: is not a time in whole us");
	if (j->mem_align & (j->mem_align - 1))
		return bl_fail(err, -EINVAL, "iomem_align: '%llu' is not a power of two",
			       (unsigned long long)j->mem_align);
	return 0;
}

int job_check(const struct job *j, struct bl_err *err)
{
	static int (*const checks[])(const struct job *j, struct bl_err *err) = {
		check_rows,  check_lists, check_bs,        check_size,
		check_rates, check_zones, check_alignment,
	};
	int rc = 0;

	if (!strncmp(j->name, "global", 6) || is_unwritable(j->name, "[];#", 0))
		return bl_fail(err, -EINVAL,
			       "name: '%s' can't be a job's name; no 'global', no brackets, ';', "
			       "'#' or outer blanks",
			       j->name);
	for (size_t i = 0; i < BL_ARRAY_LEN(checks) && rc == 0; i++)
		rc = checks[i](j, err);
	if (rc == 0 && j->time_based && !j->runtime_ns)
		return bl_fail(err, -EINVAL, "time_based: needs a runtime above 0");
	return rc;
}
