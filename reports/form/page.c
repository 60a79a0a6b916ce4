#include "page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"

void page_begin(struct bl_buf *out, const char *name, const char *host, const char *more_css,
		bool has_script)
{
	bl_buf_addf(out,
		    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		    "<meta name=\"color-scheme\" content=\"light dark\">\n"
		    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		    "style-src 'unsafe-inline'%s\">\n<title>",
		    has_script ? "; script-src 'unsafe-inline'" : "");
	fmt_html(out, name);
	bl_buf_adds(out, " on ");
	fmt_html(out, host);
	bl_buf_adds(out, " - blklab</title>\n<style>\n");
	bl_buf_adds(out, asset_style_css);
	bl_buf_adds(out, more_css);
	bl_buf_adds(out, "</style>\n</head>\n<body>\n");
}

void page_end(struct bl_buf *out, bool has_script)
{
	bl_buf_adds(out, "</main>\n");
	if (has_script) {
		bl_buf_adds(out, "<script>\n");
		bl_buf_adds(out, asset_script_js);
		bl_buf_adds(out, "</script>\n");
	}
	bl_buf_adds(out, "</body>\n</html>\n");
}

void page_kicker(struct bl_buf *out, const char *kind, const char *name)
{
	bl_buf_addf(out, "<header><p class=\"kicker\">blklab \u00b7 %s</p>\n<h1>", kind);
	fmt_html(out, name);
	bl_buf_adds(out, "</h1>\n");
}

void page_lead(struct bl_buf *out, const char *host, const char *accel)
{
	bl_buf_adds(out, "<p class=\"lead\">on <b>");
	fmt_html(out, host);
	bl_buf_adds(out, "</b>");
	if (!accel || !*accel || strcmp(accel, "none") == 0) /* no VM */
		return;
	bl_buf_adds(out, " \u00b7 accelerator <b>");
	fmt_html(out, accel);
	bl_buf_addf(out, "</b>%s", strcmp(accel, "tcg") == 0 ? " (emulated CPU)" : "");
}

void page_trust(struct bl_buf *out, const struct lines *l, const char *fine)
{
	out->failed |= l->failed;
	if (!l->n) {
		bl_buf_addf(out, "<div class=\"trust fine\"><p>%s</p></div>\n", fine);
		return;
	}
	bl_buf_adds(out, "<div class=\"trust\"><h2>Before you trust it</h2>\n<ul>\n");
	for (size_t i = 0; i < l->n; i++) {
		bl_buf_adds(out, "<li>");
		fmt_sentence_html(out, l->items[i]);
		bl_buf_adds(out, "</li>\n");
	}
	bl_buf_adds(out, "</ul>\n</div>\n");
}

void page_nav(struct bl_buf *out, const struct page_link *links, size_t n)
{
	bl_buf_adds(out, "<nav aria-label=\"sections\"><div class=\"in\">");
	for (size_t i = 0; i < n; i++)
		bl_buf_addf(out, "<a href=\"#%s\">%s</a>", links[i].id, links[i].text);
	bl_buf_adds(out, "</div></nav>\n");
}

void page_minute(struct bl_buf *out, const struct lines *l)
{
	out->failed |= l->failed;
	bl_buf_adds(out, "<section id=\"minute\"><h2>In one minute</h2>\n<ul>\n");
	for (size_t i = 0; i < l->n; i++) {
		bl_buf_adds(out, "<li>");
		fmt_sentence_html(out, l->items[i]);
		bl_buf_adds(out, "</li>\n");
	}
	bl_buf_adds(out, "</ul>\n</section>\n");
}

void page_time(struct bl_buf *out, uint64_t ms)
{
	char when[32];

	bl_format_utc(when, ms);
	when[10] = ' ';
	bl_buf_addf(out, "%.16s UTC", when);
}

void page_day(struct bl_buf *out, uint64_t ms)
{
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	unsigned year = 1970, month = 1, day = 1;
	char when[32];

	bl_format_utc(when, ms);
	sscanf(when, "%u-%u-%u", &year, &month, &day);
	bl_buf_addf(out, "%u\u00a0%s\u00a0%u", day, months[(month + 11) % 12], year);
}

const char *page_metric(enum metric m)
{
	return m == METRIC_IOPS ? "IOPS" : m == METRIC_CPU_PER_IO ? "CPU per I/O" : metric_words[m];
}

char *page_value(char out[FMT_MAX], enum metric m, double v)
{
	char num[FMT_MAX];

	if (!(v > 0) || !isfinite(v))
		snprintf(out, FMT_MAX, "\u00b7");
	else if (m == METRIC_IOPS)
		fmt_sig3(&fmt_page, out, v);
	else if (m == METRIC_BYTES_PER_S)
		snprintf(out, FMT_MAX, "%s\u202fMiB/s", fmt_mib(&fmt_page, num, v));
	else
		fmt_ns(&fmt_page, out, v);
	return out;
}

char *page_change(char out[PAGE_CHANGE_MAX], double ratio, bool has_interval, double lo, double hi)
{
	char by[FMT_MAX], from[FMT_MAX], to[FMT_MAX];

	if (!(ratio > 0)) {
		snprintf(out, PAGE_CHANGE_MAX, "\u00b7");
		return out;
	}
	fmt_change(&fmt_page, by, ratio);
	if (has_interval && lo > 0)
		snprintf(out, PAGE_CHANGE_MAX, "%s [%s, %s]", by, fmt_change(&fmt_page, from, lo),
			 fmt_change(&fmt_page, to, hi));
	else
		snprintf(out, PAGE_CHANGE_MAX, "%s", by);
	return out;
}

char *page_percent(char out[FMT_MAX], double share)
{
	double pct = share * 100;

	if (isnan(pct))
		snprintf(out, FMT_MAX, "\u00b7");
	else if (pct >= 1000)
		snprintf(out, FMT_MAX, ">\u202f999\u202f%%");
	else
		snprintf(out, FMT_MAX, "%.*f\u202f%%", pct < 9.95 ? 1 : 0, pct);
	return out;
}

void page_count(struct bl_buf *out, size_t n, const char *one)
{
	bl_buf_addf(out, "%zu %s%s", n, one, n == 1 ? "" : "s");
}

void page_badge(struct bl_buf *out, const char *kind, const char *text)
{
	bl_buf_addf(out, "<span class=\"chip %s\">%s</span>", kind, text);
}

void page_arrows(struct bl_buf *out, const char *s)
{
	for (const char *at; (at = strstr(s, " -> ")); s = at + 4) {
		bl_buf_add(out, s, (size_t)(at - s));
		bl_buf_adds(out, " \u2192 ");
	}
	bl_buf_adds(out, s);
}
