#include "units.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit size_units[] = {
	{"", 1},      {"b", 1},        {"k", KiB},       {"kb", KiB},       {"kib", KiB},
	{"m", MiB},   {"mb", MiB},     {"mib", MiB},     {"g", GiB},        {"gb", GiB},
	{"gib", GiB}, {"t", KiB *GiB}, {"tb", KiB *GiB}, {"tib", KiB *GiB}, {NULL, 0},
};

static const struct unit time_units[] = {
	{"", NS_PER_S},
	{"ns", 1},
	{"us", NS_PER_US},
	{"ms", NS_PER_MS},
	{"s", NS_PER_S},
	{"m", 60 * NS_PER_S},
	{"h", 3600 * NS_PER_S},
	{"d", 86400 * NS_PER_S},
	{NULL, 0},
};

static int parse_scaled(const char *text, const struct unit *units, const char *what,
			const char *accepted, uint64_t *ret, struct bl_err *err)
{
	const char *s = text;
	uint64_t whole = 0;
	long double frac = 0, place = 0.1L, v;
	int digits = 0;

	for (; isdigit((unsigned char)*s); s++, digits++) {
		if (whole > (UINT64_MAX - (uint64_t)(*s - '0')) / 10)
			return bl_fail(err, -ERANGE, "'%s' is too large for a %s", text, what);
		whole = whole * 10 + (uint64_t)(*s - '0');
	}
	if (*s == '.') {
		for (s++; isdigit((unsigned char)*s); s++, digits++, place /= 10)
			frac += place * (*s - '0');
	}
	while (*s == ' ')
		s++;
	for (const struct unit *u = units; digits && u->name; u++) {
		if (strcasecmp(s, u->name) != 0)
			continue;
		v = ((long double)whole + frac) * u->factor;
		if (v >= 18446744073709551615.0L)
			return bl_fail(err, -ERANGE, "'%s' is too large for a %s", text, what);
		*ret = frac > 0 ? (uint64_t)(v + 0.5L) : whole * u->factor;
		return 0;
	}
	return bl_fail(err, -EINVAL, "'%s' is not a %s; %s", text, what, accepted);
}

int bl_parse_size(const char *text, uint64_t *ret_bytes, struct bl_err *err)
{
	return parse_scaled(text, size_units, "size", "for example 512, 4KiB, 256MiB, 2GiB",
			    ret_bytes, err);
}

int bl_parse_time(const char *text, uint64_t *ret_ns, struct bl_err *err)
{
	return parse_scaled(text, time_units, "time", "for example 10s, 500ms, 2m, 1h", ret_ns,
			    err);
}

int bl_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *ret, struct bl_err *err)
{
	unsigned long long v;
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return bl_fail(err, -EINVAL, "'%s' is not a whole number", text);
	errno = 0;
	v = strtoull(text, &end, 10);
	if (*end)
		return bl_fail(err, -EINVAL, "'%s' is not a whole number", text);
	if (errno == ERANGE || v > max)
		return bl_fail(err, -ERANGE, "%s is above the most, %llu", text,
			       (unsigned long long)max);
	if (v < min)
		return bl_fail(err, -ERANGE, "%s is below the least, %llu", text,
			       (unsigned long long)min);
	*ret = v;
	return 0;
}

/* Three significant digits without an exponent: 1.23, 12.3, 123, 1234. */
static void three_digits(char *out, size_t len, double v, const char *unit)
{
	int decimals = v < 9.995 ? 2 : v < 99.95 ? 1 : 0;

	if (v == floor(v) && v < 1000)
		decimals = 0;
	snprintf(out, len, "%.*f%s", decimals, v, unit);
}

char *bl_format_size(char out[BL_UNIT_TEXT_MAX], uint64_t bytes)
{
	static const char *const names[] = {" B", " KiB", " MiB", " GiB", " TiB", " PiB"};
	double v = (double)bytes;
	size_t i = 0;

	while (v >= 1024 && i < 5) {
		v /= 1024;
		i++;
	}
	three_digits(out, BL_UNIT_TEXT_MAX, v, names[i]);
	return out;
}

char *bl_format_ns(char out[BL_UNIT_TEXT_MAX], uint64_t ns)
{
	double v = (double)ns;

	if (ns < NS_PER_US)
		three_digits(out, BL_UNIT_TEXT_MAX, v, " ns");
	else if (v < 999.5 * 1e3)
		three_digits(out, BL_UNIT_TEXT_MAX, v / 1e3, " us");
	else if (v < 999.5 * 1e6)
		three_digits(out, BL_UNIT_TEXT_MAX, v / 1e6, " ms");
	else
		three_digits(out, BL_UNIT_TEXT_MAX, v / 1e9, " s");
	return out;
}

char *bl_format_clock(char out[BL_UNIT_TEXT_MAX], uint64_t ns)
{
	unsigned long long s = ns / NS_PER_S;

	if (s >= 3600)
		snprintf(out, BL_UNIT_TEXT_MAX, "%llu:%02llu:%02llu", s / 3600, s / 60 % 60,
			 s % 60);
	else
		snprintf(out, BL_UNIT_TEXT_MAX, "%llu:%02llu", s / 60, s % 60);
	return out;
}

char *bl_format_count(char out[BL_UNIT_TEXT_MAX], double v)
{
	if (v < 9999.5)
		three_digits(out, BL_UNIT_TEXT_MAX, v, "");
	else if (v < 999.5e3)
		three_digits(out, BL_UNIT_TEXT_MAX, v / 1e3, "k");
	else
		three_digits(out, BL_UNIT_TEXT_MAX, v / 1e6, "M");
	return out;
}
