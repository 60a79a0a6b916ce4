/* fmt.h - foreign text as people read it: names, reasons, console lines.
 *
 * It is never trusted: every way out of here escapes or cleans it. Figures: figure.h.
 */
#ifndef REPORT_FMT_H
#define REPORT_FMT_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "figure.h"

/* Append @s with control characters, invalid UTF-8 and text direction overrides replaced by '?'.
 * Newline and tab stay when @keep_lines, else they become spaces. */
void fmt_clean(struct bl_buf *out, const char *s, int keep_lines);
/* As fmt_clean, cut or padded to @width columns (a cut ends in '~'); counts code points. */
void fmt_pad(struct bl_buf *out, const char *s, size_t width);
size_t fmt_width(const char *s); /* code points of the cleaned text */

/* The text of @part, about to be appended to @out, which fails when @part has: a text that was cut
 * for want of memory would be believed. */
const char *fmt_part(struct bl_buf *out, const struct bl_buf *part);

void fmt_html(struct bl_buf *out, const char *s); /* text and quoted attribute values */
/* As fmt_html, with marked figures (figure.h) as fmt_page sets them, and lines that stay lines. */
void fmt_marked_html(struct bl_buf *out, const char *s);
void fmt_md(struct bl_buf *out, const char *s);  /* one line of Markdown, also in tables */
void fmt_csv(struct bl_buf *out, const char *s); /* one field, RFC 4180 */

/* Sentences carry their emphasis as these two characters, which foreign text can't contain once
 * cleaned. */
#define FMT_STRONG     '\x01'
#define FMT_STRONG_END '\x02'
void fmt_sentence_html(struct bl_buf *out, const char *s);
void fmt_sentence_md(struct bl_buf *out, const char *s);
void fmt_sentence_plain(struct bl_buf *out, const char *s);

#endif
