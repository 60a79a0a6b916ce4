/* job.c - a whole job: its defaults, its canonical text, its help, its check. */
#include "job_table.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "jobfile.h"
#include "units.h"

const char *job_option_ignored(const char *option)
{
	for (size_t i = 0; i < job_ignored_n; i++)
		if (!strcmp(job_ignored[i].name, option))
			return job_ignored[i].why;
	return NULL;
}

bool job_option_alone(const char *option)
{
	const struct option_row *r = job_row(option);

	return r ? r->kind == KIND_FLAG : job_option_ignored(option) != NULL;
}

const char *job_option_name(size_t index)
{
	return index < job_rows_n ? job_rows[index].name : NULL;
}

void job_defaults(struct job *j)
{
	memset(j, 0, sizeof(*j));
	for (size_t i = 0; i < job_rows_n; i++)
		(void)job_row_set(j, &job_rows[i], job_rows[i].def, NULL);
}

static void filename_text(const struct job *j, struct bl_buf *out)
{
	for (const char *s = j->filename; *s; s++) {
		if (*s == ':')
			bl_buf_addc(out, '\\');
		bl_buf_addc(out, *s);
	}
}

static void row_text(const struct job *j, const struct option_row *r, struct bl_buf *out)
{
	unsigned long long v = job_field(j, r);

	if (r->pct_at && *job_field_pct(j, r))
		bl_buf_addf(out, "%u%%", *job_field_pct(j, r));
	else if (r->kind == KIND_TEXT)
		filename_text(j, out);
	else if (r->kind == KIND_ENUM)
		bl_buf_adds(out, v < r->n_names ? r->names[v] : "?");
	else if (r->kind == KIND_TIME && v % NS_PER_S == 0)
		bl_buf_addf(out, "%llus", v / NS_PER_S);
	else if (r->kind == KIND_TIME && v % NS_PER_MS == 0)
		bl_buf_addf(out, "%llums", v / NS_PER_MS);
	else if (r->kind == KIND_TIME)
		bl_buf_addf(out, "%lluus", v / NS_PER_US);
	else
		bl_buf_addf(out, "%llu", v);
}

static bool is_default(const struct job *j, const struct option_row *r)
{
	struct job d;

	job_defaults(&d);
	if (r->kind == KIND_TEXT)
		return j->filename[0] == 0;
	if (r->pct_at && *job_field_pct(j, r))
		return false;
	return job_field(j, r) == job_field(&d, r);
}

bool job_option_text(const struct job *j, const char *option, struct bl_buf *out)
{
	const struct option_row *r = job_row(option);

	if (!r || is_default(j, r))
		return false;
	row_text(j, r, out);
	return true;
}

void job_option_default(const char *option, struct bl_buf *out)
{
	const struct option_row *r = job_row(option);

	bl_buf_adds(out, r ? r->def : "");
}

void job_to_text(const struct job *j, struct bl_buf *out)
{
	bl_buf_addf(out, "[%s]\n", j->name);
	for (size_t i = 0; i < job_rows_n; i++) {
		if (is_default(j, &job_rows[i]))
			continue;
		bl_buf_addf(out, "%s=", job_rows[i].name);
		row_text(j, &job_rows[i], out);
		bl_buf_addc(out, '\n');
	}
}

void job_options_help(struct bl_buf *out)
{
	char names[128];

	for (size_t i = 0; i < job_rows_n; i++) {
		const struct option_row *r = &job_rows[i];

		bl_buf_addf(out, "  %-12s %s", r->name, r->help);
		if (r->kind == KIND_ENUM) {
			job_row_names(r, names, sizeof(names));
			bl_buf_addf(out, ": %s", names);
		}
		if (r->alias)
			bl_buf_addf(out, "; also %s", r->alias);
		if (*r->def && strcmp(r->def, "0") != 0)
			bl_buf_addf(out, " (default %s)", r->def);
		bl_buf_addc(out, '\n');
	}
	bl_buf_adds(out, "Read and without effect:");
	for (size_t i = 0; i < job_ignored_n; i++)
		bl_buf_addf(out, "%s%s", i % 6 ? " " : "\n  ", job_ignored[i].name);
	bl_buf_adds(out, "\nAccepted with one value only:");
	for (size_t i = 0; i < job_fixed_n; i++)
		bl_buf_addf(out, "%s%s=%s", i % 6 ? " " : "\n  ", job_fixed[i].name,
			    job_fixed[i].only);
	bl_buf_addc(out, '\n');
}

/* A name or path that could not be written into a job file and read back. */
static bool is_unwritable(const char *s, const char *forbidden)
{
	size_t n = strlen(s);

	if (n && (isspace((unsigned char)s[0]) || isspace((unsigned char)s[n - 1])))
		return true;
	for (; *s; s++)
		if ((unsigned char)*s < 32 || strchr(forbidden, *s) || (s[0] == '$' && s[1] == '{'))
			return true;
	return false;
}

static int check_rows(const struct job *j, struct bl_err *err)
{
	int rc;

	for (size_t i = 0; i < job_rows_n; i++) {
		const struct option_row *r = &job_rows[i];
		uint64_t v = job_field(j, r);
		char shown[24];

		if (r->kind == KIND_TEXT)
			continue;
		snprintf(shown, sizeof(shown), "%llu", (unsigned long long)v);
		if (r->kind == KIND_ENUM && v >= r->n_names)
			return bl_fail(err, -ERANGE, "%s: '%s' is not a known value", r->name,
				       shown);
		if (r->kind == KIND_TIME && v % NS_PER_US)
			return bl_fail(err, -EINVAL, "%s: '%sns' is not a whole number of us",
				       r->name, shown);
		if (r->pct_at && *job_field_pct(j, r) > 100)
			return bl_fail(err, -ERANGE, "%s: '%u%%' is above the most, 100%%", r->name,
				       *job_field_pct(j, r));
		rc = r->kind == KIND_ENUM ? 0 : job_row_range(r, v, shown, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int check_alignment(const struct job *j, struct bl_err *err)
{
	if (!j->direct)
		return 0;
	if (j->bs % 512)
		return bl_fail(err, -EINVAL,
			       "bs: '%llu' is not a multiple of 512, which direct=1 needs",
			       (unsigned long long)j->bs);
	if (j->offset % 512)
		return bl_fail(err, -EINVAL,
			       "offset: '%llu' is not a multiple of 512, which direct=1 needs",
			       (unsigned long long)j->offset);
	return 0;
}

int job_check(const struct job *j, struct bl_err *err)
{
	int rc;

	if (!j->name[0])
		return bl_fail(err, -EINVAL, "name: '' is empty; a job needs a name");
	if (!strncmp(j->name, "global", 6) || is_unwritable(j->name, "[];#"))
		return bl_fail(err, -EINVAL,
			       "name: '%s' can't be a job's name; no 'global', no brackets, ';', "
			       "'#' or outer blanks",
			       j->name);
	if (is_unwritable(j->filename, ";#"))
		return bl_fail(
			err, -EINVAL,
			"filename: '%s' can't stand in a job file; no ';', '#', '${' or outer "
			"blanks",
			j->filename);
	rc = check_rows(j, err);
	if (rc < 0)
		return rc;
	if (j->time_based && !j->runtime_ns)
		return bl_fail(err, -EINVAL, "time_based: needs a runtime above 0");
	if (j->size && j->size < j->bs)
		return bl_fail(err, -ERANGE, "size: '%llu' is below one block, bs=%llu",
			       (unsigned long long)j->size, (unsigned long long)j->bs);
	if (j->io_size && j->io_size < j->bs)
		return bl_fail(err, -ERANGE, "io_size: '%llu' is below one block, bs=%llu",
			       (unsigned long long)j->io_size, (unsigned long long)j->bs);
	return check_alignment(j, err);
}
