#include "job_value.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cleanup.h"
#include "units.h"

/* Decimal or 0x number, the rest in *ret_rest. False: not a number, or beyond 64 bits. */
static bool leading_number(const char *s, uint64_t *ret, const char **ret_rest)
{
	int base = s[0] == '0' && (s[1] | 32) == 'x' ? 16 : 10;
	char *end;

	if (!isdigit((unsigned char)*s) || (base == 16 && !isxdigit((unsigned char)s[2])))
		return false;
	errno = 0;
	*ret = strtoull(s, &end, base);
	*ret_rest = end;
	return errno == 0;
}

bool job_value_size(const char *text, uint32_t kb_base, uint64_t *ret)
{
	static const char units[] = "kmgtp";
	uint64_t v, base = kb_base == 1000 ? 1000 : 1024;
	const char *rest, *hit;

	if (!leading_number(text, &v, &rest))
		return false;
	if (*rest && strcasecmp(rest, "b") != 0) {
		hit = strchr(units, tolower((unsigned char)*rest));
		if (!hit)
			return false;
		if (!strcasecmp(rest + 1, "ib"))
			base = base == 1000 ? 1024 : 1000;
		else if (rest[1] && strcasecmp(rest + 1, "b") != 0 &&
			 strcasecmp(rest + 1, "i") != 0)
			return false;
		for (const char *u = units; u <= hit; u++)
			if (__builtin_mul_overflow(v, base, &v))
				return false;
	}
	*ret = v;
	return true;
}

bool job_value_signed(const char *text, uint32_t kb_base, int64_t *ret)
{
	bool is_negative = *text == '-';
	uint64_t v;

	if (!job_value_size(text + is_negative, kb_base, &v) || v > INT64_MAX)
		return false;
	*ret = is_negative ? -(int64_t)v : (int64_t)v;
	return true;
}

bool job_value_time(const char *text, uint64_t unit, uint64_t *ret)
{
	static const struct {
		const char *unit;
		uint64_t ns;
	} units[] = {{"s", NS_PER_S},        {"ms", NS_PER_MS},      {"msec", NS_PER_MS},
		     {"us", NS_PER_US},      {"usec", NS_PER_US},    {"m", 60 * NS_PER_S},
		     {"h", 3600 * NS_PER_S}, {"d", 86400 * NS_PER_S}};
	const char *rest;
	uint64_t v;

	if (!leading_number(text, &v, &rest))
		return false;
	for (size_t i = 0; *rest && i < BL_ARRAY_LEN(units); i++)
		if (!strcasecmp(rest, units[i].unit))
			return !__builtin_mul_overflow(v, units[i].ns, ret);
	return !*rest && !__builtin_mul_overflow(v, unit, ret);
}

bool job_value_double(const char *text, double *ret)
{
	char *end;
	double v;

	if (!isdigit((unsigned char)text[text[0] == '-']) && text[text[0] == '-'] != '.')
		return false; /* strtod() would take "nan" and "infinity" */
	errno = 0;
	v = strtod(text, &end);
	if (end == text || *end || !isfinite(v) || (errno && v != 0))
		return false;
	*ret = v + 0.0; /* no negative zero */
	return true;
}

bool job_value_percent(const char *text, uint64_t *ret)
{
	const char *rest;

	return leading_number(text, ret, &rest) && !strcmp(rest, "%");
}

bool job_value_part(const char **text, const char *ends, char *out, size_t size)
{
	const char *s = *text + strspn(*text, " \t");
	size_t n = strcspn(s, ends);

	*text = s + n;
	while (n && isspace((unsigned char)s[n - 1]))
		n--;
	if (n >= size)
		return false;
	memcpy(out, s, n);
	out[n] = 0;
	return true;
}

bool job_value_bounds(const char *text, char *low, char *high, size_t size)
{
	if (!job_value_part(&text, "-:", low, size))
		return false;
	if (!*text) {
		strcpy(high, low);
		return true;
	}
	text++;
	return job_value_part(&text, "", high, size);
}
