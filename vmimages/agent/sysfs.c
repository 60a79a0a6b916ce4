#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"
#include "fs.h"

void trim(char *s)
{
	size_t n = strlen(s), start = strspn(s, " \t");

	while (n > start && isspace((unsigned char)s[n - 1]))
		n--;
	memmove(s, s + start, n - start);
	s[n - start] = '\0';
}

int sysfs_read(char *out, size_t len, const char *fmt, ...)
{
	char path[512];
	va_list args;
	int r;

	va_start(args, fmt);
	vsnprintf(path, sizeof path, fmt, args);
	va_end(args);
	r = bl_read_line(path, out, len);
	trim(out);
	return r;
}

int sysfs_link(char *out, size_t len, const char *fmt, ...)
{
	char path[512], target[512];
	const char *last;
	va_list args;
	ssize_t n;

	va_start(args, fmt);
	vsnprintf(path, sizeof path, fmt, args);
	va_end(args);
	n = readlink(path, target, sizeof target - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	last = strrchr(target, '/');
	snprintf(out, len, "%s", last ? last + 1 : target);
	return 0;
}
