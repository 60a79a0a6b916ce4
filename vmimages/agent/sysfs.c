#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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
