/* jobfile.c - the grammar of fio job files; the options are in job.c. */
#include "jobfile.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fs.h"

#define JOBFILE_BYTES_MAX (1u << 20)
#define JOBS_MAX          1024
#define INCLUDES_MAX      16 /* depth */

struct reader {
	struct jobs jobs;
	unsigned *lines; /* of each job's section, for job_check() */
	struct job globals;
	enum { AT_TOP, IN_GLOBAL, IN_JOB } place;
	struct bl_buf ignored;
	unsigned depth; /* of includes */
};

/* Where a line stands. */
struct spot {
	const char *file;
	unsigned line;
};

static int read_lines(struct reader *r, char *text, const char *file, struct bl_err *err);

void jobs_done(struct jobs *j)
{
	free(j->items);
	free(j->ignored);
	*j = (struct jobs){0};
}

void job_expand(const char *text, struct bl_buf *out)
{
	const char *end;

	for (const char *s = text; *s; s++) {
		end = s[0] == '$' && s[1] == '{' ? strchr(s, '}') : NULL;
		if (!end) {
			bl_buf_addc(out, *s);
			continue;
		}
		BL_CLEANUP(bl_freep) char *var = strndup(s + 2, (size_t)(end - s) - 2);
		const char *value = var ? getenv(var) : NULL;

		bl_buf_adds(out, value ? value : "");
		s = end;
	}
}

/* @s without outer blanks, in place. */
static char *trim(char *s)
{
	size_t n;

	while (isspace((unsigned char)*s))
		s++;
	n = strlen(s);
	while (n && isspace((unsigned char)s[n - 1]))
		n--;
	s[n] = 0;
	return s;
}

/* How many bytes the character at @s has; 0: they are not UTF-8 (RFC 3629: no surrogates, nothing
 * above U+10FFFF, nothing longer than needed). */
static size_t utf8_len(const unsigned char *s)
{
	size_t n = *s < 0x80   ? 1
		   : *s < 0xc2 ? 0
		   : *s < 0xe0 ? 2
		   : *s < 0xf0 ? 3
		   : *s < 0xf5 ? 4
			       : 0;

	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

/* Names and values go into JSON, XML and pages, which hold nothing else. */
static int check_text(const char *text, struct bl_err *err)
{
	size_t n = 1;

	for (const char *s = text; *s; s += n) {
		n = utf8_len((const unsigned char *)s);
		if (!n)
			return bl_fail(err, -EINVAL,
				       "'%.*s\\x%02x' is not UTF-8 text; save the file as UTF-8 or "
				       "use ASCII",
				       (int)(s - text < 80 ? s - text : 0), text,
				       (unsigned char)*s);
	}
	return 0;
}

static int add_job(struct reader *r, const char *name, const struct spot *at, struct bl_err *err)
{
	struct job *items, *j;
	unsigned *lines;

	if (r->jobs.n >= JOBS_MAX)
		return bl_fail(err, -E2BIG, "more than %d jobs", JOBS_MAX);
	items = realloc(r->jobs.items, (r->jobs.n + 1) * sizeof(*items));
	if (items)
		r->jobs.items = items;
	lines = realloc(r->lines, (r->jobs.n + 1) * sizeof(*lines));
	if (lines)
		r->lines = lines;
	if (!items || !lines)
		return bl_fail(err, -ENOMEM, "out of memory");
	j = &items[r->jobs.n];
	*j = r->globals;
	memcpy(j->name, name, strlen(name) + 1);
	lines[r->jobs.n++] = at->line;
	return 0;
}

static int open_section(struct reader *r, char *line, const struct spot *at, struct bl_err *err)
{
	size_t n = strlen(line);
	char *name;

	if (line[n - 1] != ']')
		return bl_fail(err, -EINVAL, "'%s' has no closing ']'", line);
	if (r->depth)
		return bl_fail(err, -EINVAL, "'%s': an included file has no sections", line);
	line[n - 1] = 0;
	name = trim(line + 1);
	if (strlen(name) >= JOB_NAME_MAX)
		return bl_fail(err, -ERANGE, "'[%.40s...]' is too long a name, at most %d bytes",
			       name, JOB_NAME_MAX - 1);
	if (!strncmp(name, "global", 6)) {
		r->place = IN_GLOBAL;
		return 0;
	}
	r->place = IN_JOB;
	return add_job(r, name, at, err);
}

static int include(struct reader *r, char *path, const char *from, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) char *beside = NULL;
	const char *slash = strrchr(from, '/');
	int rc;

	if (r->depth >= INCLUDES_MAX)
		return bl_fail(err, -ELOOP, "include: '%s' is more than %d files deep", path,
			       INCLUDES_MAX);
	if (path[0] != '/' && !bl_exists(path) && slash) {
		beside = bl_strf("%.*s/%s", (int)(slash - from), from, path);
		if (!beside)
			return bl_fail(err, -ENOMEM, "out of memory");
		path = beside;
	}
	rc = bl_read_file(path, JOBFILE_BYTES_MAX, &text, err);
	if (rc < 0)
		return bl_wrap(err, rc, "include");
	r->depth++;
	rc = read_lines(r, text.data ? text.data : (char[]){0}, path, err);
	r->depth--;
	return rc;
}

static int set_option(struct reader *r, char *line, const struct spot *at, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf value = BL_BUF_INIT;
	struct job *j = r->place == IN_JOB ? &r->jobs.items[r->jobs.n - 1] : &r->globals;
	char *equals = strchr(line, '=');
	const char *why, *option;
	int rc;

	if (r->place == AT_TOP)
		return bl_fail(err, -EINVAL, "'%s' is before the first [section]", line);
	if (equals) {
		*equals = 0;
		job_expand(trim(equals + 1), &value);
		if (bl_buf_failed(&value))
			return bl_fail(err, -ENOMEM, "out of memory");
		if ((rc = check_text(bl_buf_str(&value), err)) < 0) /* of the environment */
			return bl_wrap(err, rc, "%s", trim(line));
	}
	option = trim(line);
	why = job_option_ignored(option);
	if (why)
		bl_buf_addf(&r->ignored, "%s:%u: %s: ignored, %s\n", at->file, at->line, option,
			    why);
	return job_set(j, option, equals ? bl_buf_str(&value) : NULL, err);
}

static int read_line(struct reader *r, char *line, const struct spot *at, struct bl_err *err)
{
	char *cut = strpbrk(line, ";#");
	int rc;

	if (cut) /* a remark may be in any encoding */
		*cut = 0;
	line = trim(line);
	if (!*line)
		return 0;
	rc = check_text(line, err);
	if (rc < 0)
		return rc;
	if (*line == '[')
		return open_section(r, line, at, err);
	if (!strncmp(line, "include", 7) && isspace((unsigned char)line[7]))
		return include(r, trim(line + 7), at->file, err);
	return set_option(r, line, at, err);
}

static int read_lines(struct reader *r, char *text, const char *file, struct bl_err *err)
{
	struct spot at = {.file = file};
	char *next;
	int rc;

	for (char *line = text; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		at.line++;
		rc = read_line(r, line, &at, err);
		if (rc < 0)
			return bl_wrap(err, rc, "%s:%u", file, at.line);
	}
	return 0;
}

/* Groups are cut by stonewalls; then every rule that needs the whole job. */
static int finish(struct reader *r, const char *name, struct bl_err *err)
{
	uint32_t group = 0;
	int rc;

	if (!r->jobs.n)
		return bl_fail(err, -EINVAL, "%s: no job; at least one [section] is needed", name);
	for (size_t i = 0; i < r->jobs.n; i++) {
		struct job *j = &r->jobs.items[i];

		group += i > 0 && j->stonewall;
		j->group = group;
		rc = job_check(j, err);
		if (rc < 0)
			return bl_wrap(err, rc, "%s:%u: [%s]", name, r->lines[i], j->name);
	}
	if (bl_buf_failed(&r->ignored))
		return bl_fail(err, -ENOMEM, "out of memory");
	if (r->ignored.len)
		r->jobs.ignored = bl_buf_take(&r->ignored);
	return 0;
}

int jobfile_parse(const char *text, const char *name, struct jobs *ret_jobs, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *copy = strdup(text);
	struct reader r = {0};
	int rc;

	if (!copy)
		return bl_fail(err, -ENOMEM, "out of memory");
	job_defaults(&r.globals);
	rc = read_lines(&r, copy, name, err);
	if (rc == 0)
		rc = finish(&r, name, err);
	if (rc == 0)
		*ret_jobs = r.jobs;
	else
		jobs_done(&r.jobs);
	free(r.lines);
	bl_buf_done(&r.ignored);
	return rc;
}

int jobfile_read(const char *path, struct jobs *ret_jobs, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	int rc = bl_read_file(path, JOBFILE_BYTES_MAX, &text, err);

	return rc < 0 ? rc : jobfile_parse(bl_buf_str(&text), path, ret_jobs, err);
}
