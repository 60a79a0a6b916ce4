/* job_tidy.c - texts that have to mean something: CPU lists, errors, patterns. */
#include "job_table.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "job_pattern.h"
#include "job_value.h"

#define NUMBER_MAX 65535 /* of a CPU or a node */
#define ITEM_MAX   32

/* "a" or "a-b" */
static bool is_span(const char *text)
{
	char low[ITEM_MAX], high[ITEM_MAX];
	uint64_t a, b;

	if (strpbrk(text, "kKmMgGtTpPbB:xX") || !job_value_bounds(text, low, high, sizeof(low)))
		return false;
	return job_value_size(low, 1024, &a) && job_value_size(high, 1024, &b) && a <= b &&
	       b <= NUMBER_MAX;
}

static bool is_list(const char *text)
{
	char item[ITEM_MAX];

	for (const char *s = text;; s++) {
		if (!job_value_part(&s, ",", item, sizeof(item)) || !is_span(item))
			return false;
		if (!*s)
			return true;
	}
}

/* Blanks out: the text goes to a parser of the kernel's own lists. */
static void without_blanks(char *text)
{
	char *to = text;

	for (const char *s = text; *s; s++)
		if (!isspace((unsigned char)*s))
			*to++ = *s;
	*to = 0;
}

ROW_TIDY(row_tidy_cpus)
{
	(void)size;
	for (char *s = text; *s; s++)
		if (*s == ':')
			*s = ','; /* fio's other separator */
	if (!is_list(text))
		return bl_fail(err, -EINVAL,
			       "%s: '%.80s' is not a list of numbers, for example "
			       "0-3,5",
			       r->name, text);
	without_blanks(text);
	return 0;
}

ROW_TIDY(row_tidy_numa_policy)
{
	static const struct {
		const char *name;
		enum { NONE, ONE, LIST } wants;
	} policies[] = {{"default", NONE},
			{"local", NONE},
			{"prefer", ONE},
			{"bind", LIST},
			{"interleave", LIST}};
	const char *nodes = strchr(text, ':');
	size_t n = nodes ? (size_t)(nodes - text) : strlen(text);

	(void)size;
	for (size_t i = 0; i < BL_ARRAY_LEN(policies); i++) {
		if (strlen(policies[i].name) != n || strncmp(policies[i].name, text, n) != 0)
			continue;
		if (policies[i].wants == NONE ? !nodes : nodes && is_list(nodes + 1)) {
			without_blanks(text);
			if (policies[i].wants != ONE || !strpbrk(text, ",-"))
				return 0;
		}
	}
	return bl_fail(err, -EINVAL,
		       "%s: '%.80s' is not one of default, local, prefer:NODE, bind:LIST, "
		       "interleave:LIST",
		       r->name, text);
}

static int tidy_pattern(char *text, size_t size, const struct option_row *r, bool takes_offset,
			struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf digits = BL_BUF_INIT;
	struct job_pattern pattern;
	int rc = job_pattern_parse(text, takes_offset, &pattern, err);

	if (rc < 0)
		return bl_wrap(err, rc, "%s", r->name);
	if (!strchr(text, '\''))
		return 0;
	job_pattern_to_text(&pattern, &digits); /* where the job runs the file is not */
	if (bl_buf_failed(&digits))
		return bl_fail(err, -ENOMEM, "out of memory");
	if (digits.len >= size)
		return bl_fail(err, -E2BIG, "%s: the pattern is too long", r->name);
	strcpy(text, bl_buf_str(&digits));
	return 0;
}

ROW_TIDY(row_tidy_pattern)
{
	return tidy_pattern(text, size, r, false, err);
}

ROW_TIDY(row_tidy_verify_pattern)
{
	return tidy_pattern(text, size, r, true, err);
}

/* An error by its name or its number. */
static bool is_error(const char *text)
{
	uint64_t v;

	if (job_value_size(text, 1024, &v))
		return v > 0 && v < 4096;
	for (int e = 1; e < 4096; e++) {
		const char *name = strerrorname_np(e);

		if (name && !strcmp(name, text))
			return true;
	}
	return false;
}

/* "EIO,ETIMEDOUT:ENOSPC:EILSEQ", of reads, writes and checks. */
ROW_TIDY(row_tidy_errors)
{
	unsigned n_parts = 1;
	char item[ITEM_MAX];

	(void)size;
	for (const char *s = text;; s++) {
		if (!job_value_part(&s, ",:", item, sizeof(item)))
			*item = '?';
		if (*item && !is_error(item))
			return bl_fail(err, -EINVAL,
				       "%s: '%.40s' is not an error, for example EIO, ENOSPC, 5",
				       r->name, item);
		if (!*s)
			break;
		n_parts += *s == ':';
	}
	if (n_parts > 3)
		return bl_fail(err, -EINVAL,
			       "%s: '%.80s' has more than three parts, of reads, writes and checks",
			       r->name, text);
	without_blanks(text);
	return 0;
}
