#include "tame.h"

#include <string.h>

size_t bl_tame(char *out, size_t len, const char *s, size_t n)
{
	size_t i = 0;

	for (; s && i < n && s[i] && i + 1 < len; i++)
		out[i] = s[i] >= ' ' && s[i] <= '~' ? s[i] : '?';
	out[i] = '\0';
	return i;
}

size_t bl_trim(char *s)
{
	size_t n = strlen(s);

	while (n && s[n - 1] == ' ')
		n--;
	s[n] = '\0';
	return n;
}
