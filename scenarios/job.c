/* job.c - a whole job: its canonical text, what its options imply, its check. */
#include "job_table.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "job_verify.h"
#include "jobfile.h"
#include "units.h"

static void number_text(const struct option_row *r, unsigned long long v, struct bl_buf *out)
{
	if (r->kind == KIND_SIGNED)
		bl_buf_addf(out, "%lld", (long long)v);
	else if (r->kind != KIND_TIME || !v)
		bl_buf_addf(out, "%llu", v);
	else if (v % NS_PER_S == 0)
		bl_buf_addf(out, "%llus", v / NS_PER_S);
	else if (v % NS_PER_MS == 0)
		bl_buf_addf(out, "%llums", v / NS_PER_MS);
	else
		bl_buf_addf(out, "%lluus", v / NS_PER_US);
}

static void enum_text(const struct option_row *r, uint64_t v, struct bl_buf *out)
{
	if (v < r->n_names) {
		bl_buf_adds(out, r->names[v]);
		return;
	}
	for (const struct choice *c = r->also; c && c->name; c++)
		if (c->value == v) {
			bl_buf_adds(out, c->name);
			return;
		}
	bl_buf_adds(out, "?");
}

static unsigned n_fields(const struct option_row *r)
{
	return r->each ? r->each : 1;
}

static bool is_default(const struct job *j, const struct job *d, const struct option_row *r)
{
	if (r->given_at && *(bool *)job_field_at(j, r->given_at))
		return false;
	if (r->pct_at && *(uint32_t *)job_field_at(j, r->pct_at))
		return false;
	if (r->kind == KIND_TEXT) /* what is behind its end does not count */
		return !strcmp(job_field_at(j, r->at), job_field_at(d, r->at));
	return !memcmp(job_field_at(j, r->at), job_field_at(d, r->at), r->width * n_fields(r));
}

static void each_text(const struct job *j, const struct option_row *r, struct bl_buf *out)
{
	bool is_one = true;

	for (unsigned i = 1; i < n_fields(r); i++)
		is_one &= job_field(j, r, i) == job_field(j, r, 0);
	for (unsigned i = 0; i < (is_one ? 1 : n_fields(r)); i++) {
		bl_buf_adds(out, i ? "," : "");
		number_text(r, job_field(j, r, i), out);
	}
}

bool job_row_text(const struct job *j, const struct job *d, const struct option_row *r,
		  struct bl_buf *out)
{
	double v;

	if (r->text)
		return r->text(j, d, r, out);
	if (is_default(j, d, r))
		return false;
	if (r->pct_at && *(uint32_t *)job_field_at(j, r->pct_at)) {
		bl_buf_addf(out, "%u%%", *(uint32_t *)job_field_at(j, r->pct_at));
	} else if (r->kind == KIND_TEXT) {
		bl_buf_adds(out, job_field_at(j, r->at));
	} else if (r->kind == KIND_ENUM) {
		enum_text(r, job_field(j, r, 0), out);
	} else if (r->kind == KIND_DOUBLE) {
		memcpy(&v, job_field_at(j, r->at), sizeof(v));
		bl_buf_addf(out, "%.17g", v);
	} else {
		each_text(j, r, out);
	}
	return true;
}

bool job_option_text(const struct job *j, const char *option, struct bl_buf *out)
{
	const struct option_row *r = job_row(option);
	struct job d;

	job_defaults(&d);
	return r && job_row_text(j, &d, r, out);
}

void job_to_text(const struct job *j, struct bl_buf *out)
{
	const struct option_row *r;
	struct job d;

	job_defaults(&d);
	bl_buf_addf(out, "[%s]\n", j->name);
	for (size_t i = 0; (r = job_row_at(i)); i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf value = BL_BUF_INIT;

		if (job_row_text(j, &d, r, &value))
			bl_buf_addf(out, "%s=%s\n", r->name, bl_buf_str(&value));
		out->failed |= bl_buf_failed(&value);
	}
}

static void settle_note(struct bl_buf *notes, const char *where, const char *name, const char *text)
{
	if (notes)
		bl_buf_addf(notes, "%s%s[%s]: %s\n", where, *where ? ": " : "", name, text);
}

void job_settle(struct job *j, const char *where, struct bl_buf *notes)
{
	char *const logs[] = {j->write_bw_log, j->write_iops_log, j->write_lat_log,
			      j->write_hist_log};

	_Static_assert(sizeof(j->write_bw_log) >= sizeof(j->name), "a name fits");
	for (size_t i = 0; i < BL_ARRAY_LEN(logs); i++)
		if (!strcmp(logs[i], JOB_LOG_OF_NAME))
			memcpy(logs[i], j->name, sizeof(j->name));
	if (!j->loops)
		j->loops = 1;
	if (j->time_based && !j->runtime_ns) {
		j->time_based = false;
		settle_note(notes, where, j->name, "time_based: ignored, there is no runtime");
	}
	if (j->ss_dur_ns && j->steadystate == JOB_SS_NONE) {
		j->steadystate = JOB_SS_IOPS_SLOPE;
		j->ss_limit = 0.01;
		j->ss_limit_is_pct = true;
	}
	if (!j->ss_dur_ns && j->steadystate != JOB_SS_NONE) {
		j->steadystate = JOB_SS_NONE;
		settle_note(notes, where, j->name,
			    "steadystate: ignored, there is no steadystate_duration");
	}
	if (j->steadystate == JOB_SS_NONE) {
		j->ss_limit = 0;
		j->ss_limit_is_pct = false;
	}
	if (j->verify_pattern[0] && !j->has_verify) {
		j->verify = JOB_VERIFY_PATTERN_HDR;
		j->has_verify = true;
	}
}

void job_option_default(const char *option, struct bl_buf *out)
{
	const struct option_row *r = job_row(option);

	bl_buf_adds(out, r ? r->def : "");
}

const char *job_option_ignored(const char *option)
{
	const struct other_row *o = job_other(job_ignored, job_ignored_n, option);

	return o ? o->why : NULL;
}

bool job_option_known(const char *option)
{
	for (size_t i = 0; i < job_opposites_n; i++)
		if (!strcmp(job_opposites[i].name, option))
			return true;
	return job_row(option) || job_other(job_ignored, job_ignored_n, option) ||
	       job_other(job_fixed, job_fixed_n, option) ||
	       job_other(job_refused, job_refused_n, option);
}

bool job_option_alone(const char *option)
{
	const struct option_row *r = job_row(option);
	const struct other_row *o = job_other(job_ignored, job_ignored_n, option);

	return r ? r->kind == KIND_FLAG || r->may_stand_alone : o && o->may_stand_alone;
}

const char *job_option_name(size_t index)
{
	const struct option_row *r = job_row_at(index);

	return r ? r->name : NULL;
}
