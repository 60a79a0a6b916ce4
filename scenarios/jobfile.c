/* jobfile.c - the grammar of fio job files: lines into sections. */
#include "jobfile.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fs.h"

#define JOBFILE_BYTES_MAX (1u << 20)
#define INCLUDES_MAX      16 /* depth */

struct reader {
	struct sections *to;
	const char *top; /* the file that is read, not one it includes */
	size_t first;    /* of @to's sections: those of this file */
	unsigned depth;  /* of includes */
};

/* Where a line stands. */
struct spot {
	const char *file;
	const char *via; /* the places of the includes that led here, each with ": " behind */
	unsigned line;
};

static int read_lines(struct reader *r, char *text, const char *file, const char *via,
		      struct bl_err *err);

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

static int open_section(struct reader *r, char *line, const char *where, struct bl_err *err)
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
	return sections_open(r->to, name, false, where, err);
}

/* Where an included file is: as it is written, beside the file that names it, or beside the first
 * of all. NULL: no memory. */
static char *find_include(const struct reader *r, const char *path, const char *from)
{
	const char *const files[] = {from, r->top};

	if (path[0] == '/' || bl_exists(path))
		return strdup(path);
	for (size_t i = 0; i < BL_ARRAY_LEN(files); i++) {
		const char *slash = strrchr(files[i], '/');
		char *beside = slash ? bl_strf("%.*s/%s", (int)(slash - files[i]), files[i], path)
				     : strdup(path);

		if (!beside || bl_exists(beside) || i + 1 == BL_ARRAY_LEN(files))
			return beside;
		free(beside);
	}
	return NULL;
}

static int include(struct reader *r, char *path, const struct spot *at, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) char *found = NULL, *via = NULL;
	int rc;

	if (r->to->n == r->first)
		return bl_fail(err, -EINVAL, "'include %s' is before the first [section]", path);
	if (r->depth >= INCLUDES_MAX)
		return bl_fail(err, -ELOOP, "include: '%s' is more than %d files deep", path,
			       INCLUDES_MAX);
	via = bl_strf("%s%s:%u: ", at->via, at->file, at->line);
	found = find_include(r, path, at->file);
	if (!found || !via)
		return bl_fail(err, -ENOMEM, "out of memory");
	rc = bl_read_file(found, JOBFILE_BYTES_MAX, &text, err);
	if (rc < 0)
		return bl_wrap(err, rc, "include");
	r->depth++;
	rc = read_lines(r, text.data ? text.data : (char[]){0}, found, via, err);
	r->depth--;
	return rc;
}

static int add_option(struct reader *r, char *line, const char *where, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf value = BL_BUF_INIT;
	char *equals = strchr(line, '=');
	int rc;

	if (r->to->n == r->first)
		return bl_fail(err, -EINVAL, "'%s' is before the first [section]", line);
	if (!equals)
		return sections_add(r->to, line, NULL, where, err);
	*equals = 0;
	job_expand(trim(equals + 1), &value);
	if (bl_buf_failed(&value))
		return bl_fail(err, -ENOMEM, "out of memory");
	rc = check_text(bl_buf_str(&value), err); /* of the environment */
	if (rc < 0)
		return bl_wrap(err, rc, "%s", trim(line));
	return sections_add(r->to, trim(line), bl_buf_str(&value), where, err);
}

static int read_line(struct reader *r, char *line, const struct spot *at, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *where = bl_strf("%s%s:%u", at->via, at->file, at->line);
	char *cut = strpbrk(line, ";#");
	int rc;

	if (!where)
		return bl_fail(err, -ENOMEM, "out of memory");
	if (cut) /* a remark may be in any encoding */
		*cut = 0;
	line = trim(line);
	if (!*line)
		return 0;
	rc = check_text(line, err);
	if (rc < 0)
		return rc;
	if (*line == '[')
		return open_section(r, line, where, err);
	if (!strncmp(line, "include", 7) && isspace((unsigned char)line[7]))
		return include(r, trim(line + 7), at, err);
	return add_option(r, line, where, err);
}

static int read_lines(struct reader *r, char *text, const char *file, const char *via,
		      struct bl_err *err)
{
	struct spot at = {.file = file, .via = via};
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

int jobfile_sections(const char *text, const char *name, struct sections *s, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *copy = strdup(text);
	struct reader r = {.to = s, .top = name, .first = s->n};

	if (!copy)
		return bl_fail(err, -ENOMEM, "out of memory");
	s->n_files++;
	return read_lines(&r, copy, name, "", err);
}

int jobfile_sections_read(const char *path, struct sections *s, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	int rc = bl_read_file(path, JOBFILE_BYTES_MAX, &text, err);

	return rc < 0 ? rc : jobfile_sections(bl_buf_str(&text), path, s, err);
}

int jobfile_parse(const char *text, const char *name, struct jobs *ret_jobs, struct bl_err *err)
{
	BL_CLEANUP(sections_done) struct sections s = {0};
	int rc = jobfile_sections(text, name, &s, err);

	return rc < 0 ? rc : jobs_build(&s, NULL, name, ret_jobs, err);
}

int jobfile_read(const char *path, struct jobs *ret_jobs, struct bl_err *err)
{
	BL_CLEANUP(sections_done) struct sections s = {0};
	int rc = jobfile_sections_read(path, &s, err);

	return rc < 0 ? rc : jobs_build(&s, NULL, path, ret_jobs, err);
}
