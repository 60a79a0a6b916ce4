#include "job_pattern.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

#define ACCEPTED "0x.. digits, \"text\", 'path', a whole number or %%o are accepted"

static int add(struct job_pattern *p, const void *bytes, size_t len, struct bl_err *err)
{
	if (len > sizeof(p->bytes) - p->len)
		return bl_fail(err, -E2BIG, "the pattern has more than %d bytes", JOB_PATTERN_MAX);
	memcpy(p->bytes + p->len, bytes, len);
	p->len += (uint32_t)len;
	return 0;
}

static uint8_t nibble(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* @at is behind "0x". */
static int add_hex(struct job_pattern *p, const char **at, struct bl_err *err)
{
	size_t digits = strspn(*at, "0123456789abcdefABCDEF");
	const char *s = *at, *end = *at + digits;

	if (!digits)
		return bl_fail(err, -EINVAL, "no hexadecimal digit after '0x'");
	*at = end;
	if (digits % 2) {
		uint8_t first = nibble(*s++);
		int rc = add(p, &first, 1, err);

		if (rc < 0)
			return rc;
	}
	for (; s < end; s += 2) {
		uint8_t byte = (uint8_t)(nibble(s[0]) << 4 | nibble(s[1]));
		int rc = add(p, &byte, 1, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static int add_number(struct job_pattern *p, const char **at, struct bl_err *err)
{
	size_t len = 4;
	uint8_t le[4];
	char *end;
	long v;

	errno = 0;
	v = strtol(*at, &end, 10);
	if (end == *at)
		return bl_fail(err, -EINVAL, "'%.20s' is no pattern; " ACCEPTED, *at);
	if (errno || v < INT32_MIN || v > INT32_MAX)
		return bl_fail(err, -ERANGE,
			       "'%.*s' does not fit in 32 bits with a sign; longer values are "
			       "written as 0x..",
			       (int)(end - *at), *at);
	*at = end;
	for (int i = 0; i < 4; i++)
		le[i] = (uint8_t)((uint32_t)v >> (8 * i));
	while (len > 1 && !le[len - 1])
		len--;
	return add(p, le, len, err);
}

static int add_file(struct job_pattern *p, const char *path, struct bl_err *err)
{
	/* not blocking, so that a FIFO can't hold up the parser */
	BL_CLEANUP(bl_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	size_t room = sizeof(p->bytes) - p->len;
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return bl_fail(err, -errno, "pattern file '%s': %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return bl_fail(err, -EINVAL, "pattern file '%s': not a regular file", path);
	n = read(fd, p->bytes + p->len, room);
	if (n < 0)
		return bl_fail(err, -errno, "pattern file '%s': %s", path, strerror(errno));
	p->len += (uint32_t)n;
	return 0;
}

/* @at is on the opening quote. */
static int add_quoted(struct job_pattern *p, const char **at, struct bl_err *err)
{
	const char *start = *at + 1, *end = strchr(start, **at);
	BL_CLEANUP(bl_freep) char *path = NULL;

	if (!end)
		return bl_fail(err, -EINVAL, "%.20s: the closing %c is missing", *at, **at);
	*at = end + 1;
	if (*end == '"')
		return add(p, start, (size_t)(end - start), err);
	path = strndup(start, (size_t)(end - start));
	return path ? add_file(p, path, err) : bl_fail(err, -ENOMEM, "out of memory");
}

static int add_offset(struct job_pattern *p, const char **at, bool is_taken, struct bl_err *err)
{
	static const uint8_t zeros[JOB_PATTERN_OFFSET_SIZE];
	uint32_t where = p->len;
	int rc;

	if (!is_taken)
		return bl_fail(err, -EINVAL,
			       "%%o has no meaning here: it belongs to verify_pattern");
	rc = add(p, zeros, sizeof(zeros), err);
	if (rc < 0)
		return rc;
	p->offset_at[p->n_offsets++] = (uint16_t)where; /* room: each takes eight bytes */
	*at += 2;
	return 0;
}

static int add_part(struct job_pattern *p, const char **at, bool takes_offset, struct bl_err *err)
{
	if (**at == '"' || **at == '\'')
		return add_quoted(p, at, err);
	if (!strncmp(*at, "%o", 2))
		return add_offset(p, at, takes_offset, err);
	if ((*at)[0] == '0' && ((*at)[1] | 0x20) == 'x') {
		*at += 2;
		return add_hex(p, at, err);
	}
	return add_number(p, at, err);
}

int job_pattern_parse(const char *text, bool takes_offset, struct job_pattern *ret,
		      struct bl_err *err)
{
	struct job_pattern p = {0};

	while (isspace((unsigned char)*text))
		text++;
	while (*text) {
		int rc = add_part(&p, &text, takes_offset, err);

		if (rc < 0)
			return rc;
		while (isspace((unsigned char)*text))
			text++;
	}
	if (!p.len)
		return bl_fail(err, -EINVAL, "the pattern is empty; " ACCEPTED);
	*ret = p;
	return 0;
}

void job_pattern_to_text(const struct job_pattern *p, struct bl_buf *out)
{
	bool is_open = false; /* inside 0x.. digits */
	uint32_t next = 0;

	for (uint32_t i = 0; i < p->len;) {
		if (next < p->n_offsets && p->offset_at[next] == i) {
			bl_buf_adds(out, "%o");
			i += JOB_PATTERN_OFFSET_SIZE;
			next++;
			is_open = false;
			continue;
		}
		bl_buf_addf(out, is_open ? "%02x" : "0x%02x", p->bytes[i++]);
		is_open = true;
	}
}
