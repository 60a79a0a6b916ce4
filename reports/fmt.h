/* fmt.h - figures and foreign text as people read them.
 *
 * Three significant digits everywhere: more were not measured. Foreign text (names, reasons,
 * console lines) is never trusted: every way out of here escapes or cleans it.
 */
#ifndef REPORT_FMT_H
#define REPORT_FMT_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"

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

/* Append @s with control characters, invalid UTF-8 and text direction overrides replaced by '?'.
 * Newline and tab stay when @keep_lines, else they become spaces. */
void fmt_clean(struct bl_buf *out, const char *s, int keep_lines);
/* As fmt_clean, cut or padded to @width columns (a cut ends in '~'); counts code points. */
void fmt_pad(struct bl_buf *out, const char *s, size_t width);
size_t fmt_width(const char *s); /* code points of the cleaned text */

void fmt_html(struct bl_buf *out, const char *s); /* text and quoted attribute values */
void fmt_md(struct bl_buf *out, const char *s);   /* one line of Markdown, also in tables */
void fmt_csv(struct bl_buf *out, const char *s);  /* one field, RFC 4180 */

/* Sentences carry their emphasis as these two characters, which foreign text can't contain once
 * cleaned. */
#define FMT_STRONG     '\x01'
#define FMT_STRONG_END '\x02'
void fmt_sentence_html(struct bl_buf *out, const char *s);
void fmt_sentence_md(struct bl_buf *out, const char *s);
void fmt_sentence_plain(struct bl_buf *out, const char *s);

#endif
