/* page.h - the frame that all pages have, and what pages beside that of a run share.
 *
 * A page is one file that loads nothing (its policy forbids it) and is whole without its script.
 */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include <stdint.h>

#include "fmt.h"
#include "record.h"
#include "metric.h"
#include "lines.h"

/* Begins with <!doctype>, ends behind <body>. Titled "NAME on HOST - blklab"; @name and @host are
 * foreign. @more_css: after the style that all have; "": none. @has_script: it may have one. */
void page_begin(struct bl_buf *out, const char *name, const char *host, const char *more_css,
		bool has_script);
/* </main> and the rest; the script (script.js) only when @has_script. */
void page_end(struct bl_buf *out, bool has_script);

/* ---- parts of the head ---- */

void page_kicker(struct bl_buf *out, const char *kind, const char *name); /* to </h1> */
/* "on <b>HOST</b> · accelerator <b>tcg</b> (emulated CPU)"; opens a lead paragraph that the caller
 * goes on with and closes. */
void page_lead(struct bl_buf *out, const char *host, const char *accel);
/* What limits the result; none: @fine, which is HTML. */
void page_trust(struct bl_buf *out, const struct lines *l, const char *fine);
struct page_link {
	const char *id, *text;
};
void page_nav(struct bl_buf *out, const struct page_link *links, size_t n);
void page_minute(struct bl_buf *out, const struct lines *l);

/* ---- words and figures ---- */

/* "2026-11-22 02:26 UTC", "22 Nov 2026". */
void page_time(struct bl_buf *out, uint64_t ms);
void page_day(struct bl_buf *out, uint64_t ms);
/* "IOPS", "CPU per I/O". */
const char *page_metric(enum metric m);
/* "412 µs", "12 300", "120 MiB/s"; not a number or 0: a dot. @out is returned. */
char *page_value(char out[FMT_MAX], enum metric m, double v);
/* "+51 % [+38, +66]"; the interval only with @has_interval. @out is returned. */
#define PAGE_CHANGE_MAX 160
char *page_change(char out[PAGE_CHANGE_MAX], double ratio, bool has_interval, double lo, double hi);
/* 0.0512 -> "5.1 %"; larger than 9.99: "> 999 %". */
char *page_percent(char out[FMT_MAX], double share);
/* "1 night", "3 nights". */
void page_count(struct bl_buf *out, size_t n, const char *one);
/* @s with " -> " as an arrow, which no line is broken in; not escaped. */
void page_arrows(struct bl_buf *out, const char *s);
/* A verdict: @kind is the class of a chip ("good", "worse", "same", "open"). */
void page_badge(struct bl_buf *out, const char *kind, const char *text);

/* <td> with a figure and its sort key; an absent one has no figure and says why. */
void page_figure(struct bl_buf *out, double key, const char *text);
void page_no_figure(struct bl_buf *out, const char *why);

/* Rows of a table of facts; times and sizes as people read them, as kept in the tooltip. */
void page_facts(const struct facts *f, struct bl_buf *out);

/* Text of the files beside this one, embedded by the build. */
extern const char asset_style_css[];
extern const char asset_pages_css[];
extern const char asset_script_js[];

#endif
