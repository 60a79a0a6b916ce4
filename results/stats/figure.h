/* figure.h - figures as people read them, the same wherever they are written.
 *
 * Three significant digits everywhere: more were not measured.
 */
#ifndef FIGURE_H
#define FIGURE_H

#define FMT_MAX 48

/* How figures are set: on a page with its typographic signs, or in plain ASCII. */
struct fmt_style {
	const char *minus, *group, *us, *times, *to, *percent;
};
extern const struct fmt_style fmt_page, fmt_plain;

/* 12345.6 -> "12 300" (page) or "12300" (plain); 0.04123 -> "0.0412". Returns @out. */
char *fmt_sig3(const struct fmt_style *st, char out[FMT_MAX], double v);

/* A ratio as a change: 0.69 -> "-31 %", 1.042 -> "+4.2 %", 2.31 -> "x2.31". Returns @out. */
char *fmt_change(const struct fmt_style *st, char out[FMT_MAX], double ratio);

/* The unit a column of times is shown in. */
struct fmt_unit {
	const char *name; /* "us", "ms", "s" */
	double ns;        /* one of it */
};
/* The largest unit in which @ns is not below 1. */
struct fmt_unit fmt_unit_for(const struct fmt_style *st, double ns);
/* One unit for values from @least_ns to @most_ns: the least one's, or the next larger when many
 * would have more than five digits in it and the least still shows three. 0, 0: us. */
struct fmt_unit fmt_unit_between(const struct fmt_style *st, double least_ns, double most_ns);
char *fmt_in(const struct fmt_style *st, char out[FMT_MAX], double ns, struct fmt_unit u);
/* With its own unit: "412 us". */
char *fmt_ns(const struct fmt_style *st, char out[FMT_MAX], double ns);
/* 125829120 bytes/s -> "120 MiB/s" without the unit's name: in MiB. */
char *fmt_mib(const struct fmt_style *st, char out[FMT_MAX], double bytes);

/* A text that is read plain and set on a page, too, may have its figures between these two, so that
 * a page need not guess which "-31 %" is one and which is part of a foreign text. */
#define FIGURE_MARK     '\x03'
#define FIGURE_MARK_END '\x04'
/* @s without the marks, new. NULL: no memory, or @s is NULL. */
char *figure_unmarked(const char *s);

#endif
