#include "figure.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const struct fmt_style fmt_page = {
	.minus = "\u2212",
	.group = "\u202f",
	.us = "\u00b5s",
	.times = "\u00d7",
	.to = " to ",
	.percent = "\u202f%",
};
const struct fmt_style fmt_plain = {
	.minus = "-",
	.group = "",
	.us = "us",
	.times = "x",
	.to = " to ",
	.percent = " %",
};

/* Decimals that leave three significant digits; the value is rounded first, so that 9.999 is
 * 10.0 and not 10.00. */
static int decimals_for(double v)
{
	int e;

	if (v == 0)
		return 0;
	e = (int)floor(log10(fabs(v)));
	if (round(fabs(v) / pow(10, e - 2)) >= 1000)
		e++;
	return e >= 2 ? 0 : 2 - e;
}

char *fmt_sig3(const struct fmt_style *st, char out[FMT_MAX], double v)
{
	char digits[FMT_MAX];
	double unit, a = fabs(v);
	size_t n, o = 0;

	if (!isfinite(v) || a >= 1e15) {
		snprintf(out, FMT_MAX, "%.3g", v);
		return out;
	}
	if (a >= 1000) {
		unit = pow(10, floor(log10(a)) - 2);
		a = round(a / unit) * unit;
	}
	snprintf(digits, sizeof(digits), "%.*f", a < 1e-9 ? 0 : decimals_for(a), a);
	n = strcspn(digits, ".");
	if (v < 0)
		o += (size_t)snprintf(out + o, FMT_MAX - o, "%s", st->minus);
	for (size_t i = 0; digits[i] && o + 8 < FMT_MAX; i++) {
		if (i && i < n && (n - i) % 3 == 0)
			o += (size_t)snprintf(out + o, FMT_MAX - o, "%s", st->group);
		out[o++] = digits[i];
	}
	out[o] = '\0';
	return out;
}

char *fmt_change(const struct fmt_style *st, char out[FMT_MAX], double ratio)
{
	char num[FMT_MAX];
	double pc = (ratio - 1) * 100;

	if (ratio >= 2) {
		snprintf(out, FMT_MAX, "%s%s", st->times, fmt_sig3(st, num, ratio));
		return out;
	}
	if (ratio <= 0.01) {
		snprintf(out, FMT_MAX, "%s99%s", st->minus, st->percent);
		return out;
	}
	snprintf(out, FMT_MAX, "%s%.*f%s", pc < 0 ? st->minus : "+", fabs(pc) < 9.95 ? 1 : 0,
		 fabs(pc), st->percent);
	return out;
}

struct fmt_unit fmt_unit_for(const struct fmt_style *st, double ns)
{
	if (ns >= 1e9)
		return (struct fmt_unit){"s", 1e9};
	if (ns >= 1e6)
		return (struct fmt_unit){"ms", 1e6};
	return (struct fmt_unit){st->us, 1e3};
}

struct fmt_unit fmt_unit_between(const struct fmt_style *st, double least_ns, double most_ns)
{
	struct fmt_unit small = fmt_unit_for(st, least_ns), large = fmt_unit_for(st, most_ns);

	return most_ns / small.ns >= 1e5 && least_ns >= large.ns / 100 ? large : small;
}

char *fmt_in(const struct fmt_style *st, char out[FMT_MAX], double ns, struct fmt_unit u)
{
	return fmt_sig3(st, out, ns / u.ns);
}

char *fmt_ns(const struct fmt_style *st, char out[FMT_MAX], double ns)
{
	struct fmt_unit u = fmt_unit_for(st, ns);
	char num[FMT_MAX];

	snprintf(out, FMT_MAX, "%s%s%s", fmt_in(st, num, ns, u), *st->group ? st->group : " ",
		 u.name);
	return out;
}

char *fmt_mib(const struct fmt_style *st, char out[FMT_MAX], double bytes)
{
	return fmt_sig3(st, out, bytes / (1024.0 * 1024.0));
}

char *figure_unmarked(const char *s)
{
	char *plain = s ? strdup(s) : NULL, *to = plain;

	for (; to && *s; s++)
		if (*s != FIGURE_MARK && *s != FIGURE_MARK_END)
			*to++ = *s;
	if (to)
		*to = '\0';
	return plain;
}
