#include "console.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "buf.h"
#include "cleanup.h"

#define READ_MAX (64 << 10) /* from the end: a panic's trace is about 4 KiB */
#define TAIL_MAX (16 << 10)

/* ESC [ ... letter (ECMA-48 control sequences) and ESC x. Returns what follows. */
static const char *skip_escape(const char *s, const char *end)
{
	s++;
	if (s < end && *s == '[')
		for (s++; s < end && !isalpha((unsigned char)*s); s++)
			;
	return s < end ? s + 1 : end;
}

static char *read_clean(const char *path)
{
	BL_CLEANUP(bl_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) char *raw = malloc(READ_MAX);
	struct stat st;
	ssize_t n;

	if (fd < 0 || !raw || fstat(fd, &st) < 0)
		return NULL;
	n = pread(fd, raw, READ_MAX, st.st_size > READ_MAX ? st.st_size - READ_MAX : 0);
	if (n <= 0)
		return NULL;
	for (const char *s = raw, *end = raw + n; s < end;) {
		if (*s == '\033') {
			s = skip_escape(s, end);
			continue;
		}
		if (*s == '\n' || (*s >= ' ' && *s <= '~'))
			bl_buf_addc(&out, *s);
		else if (*s == '\t')
			bl_buf_addc(&out, ' ');
		s++;
	}
	return bl_buf_take(&out);
}

static void strip_end(char *s)
{
	size_t n = strlen(s);

	while (n && isspace((unsigned char)s[n - 1]))
		s[--n] = '\0';
}

static char *find_panic(char *text)
{
	return strstr(text, "Kernel panic");
}

char *console_tail(const char *path, unsigned n_lines)
{
	BL_CLEANUP(bl_freep) char *text = read_clean(path);
	const char *s, *end, *panic;

	if (!text)
		return NULL;
	strip_end(text);
	if (!*text)
		return NULL;
	end = text + strlen(text);
	panic = find_panic(text);
	for (s = end; s > text && end - s < TAIL_MAX; s--) {
		if (s[-1] == '\n' && (n_lines == 0 || --n_lines == 0) && (!panic || s <= panic))
			break;
	}
	return strdup(s);
}

bool console_last_line(const char *path, char *out, size_t len)
{
	BL_CLEANUP(bl_freep) char *tail = console_tail(path, 1);

	snprintf(out, len, "%s", tail ? tail : "");
	return tail != NULL;
}

bool console_panic(const char *path, char *out, size_t len)
{
	BL_CLEANUP(bl_freep) char *text = read_clean(path);
	char *s = text ? find_panic(text) : NULL;

	if (!s)
		return false;
	s[strcspn(s, "\n")] = '\0';
	snprintf(out, len, "%s", s);
	return true;
}
