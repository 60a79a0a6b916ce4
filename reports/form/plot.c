#include "plot.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fmt.h"
#include "proc.h"
#include "units.h"

enum { LABEL_H = 18, LABEL_MAX = 42 }; /* px, characters */
#define GNUPLOT_LIMIT_NS (30 * NS_PER_S)

/* Okabe & Ito, "Color Universal Design" (2008): told apart by all common kinds of colour vision.
 * Their black is the page's ink. The values the reader sees are in style.css. */
const char *const plot_series[PLOT_SERIES] = {
	"'#0072b2'", "'#d55e00'", "'#009e73'", "'#cc79a7'",
	"'#e69f00'", "'#56b4e9'", "'#010101'", "'#f0e442'",
};

static const struct {
	unsigned rgb;
	const char *role;
} roles[] = {
	{0x000000, "currentColor"}, {0x0072b2, "var(--s0)"},    {0xd55e00, "var(--s1)"},
	{0x009e73, "var(--s2)"},    {0xcc79a7, "var(--s3)"},    {0xe69f00, "var(--s4)"},
	{0x56b4e9, "var(--s5)"},    {0x010101, "var(--s6)"},    {0xf0e442, "var(--s7)"},
	{0x8a8a8a, "var(--muted)"}, {0xcfcfcf, "var(--grid)"},  {0xe6e6e6, "var(--shade)"},
	{0xfefefe, "var(--paper)"}, {0xffffff, "var(--paper)"},
};

void plot_begin(struct plot *p, const char *id, unsigned width, unsigned height)
{
	*p = (struct plot){.width = width, .height = height};
	snprintf(p->id, sizeof(p->id), "%s", id);
	bl_buf_addf(
		&p->script,
		"set terminal svg size %u,%u dynamic noenhanced font 'sans-serif,13' name '%s'\n"
		"set encoding utf8\n"
		"set key off\n"
		"set border 1 lw 1\n"
		"set tics nomirror scale 0.4,0\n",
		width, height, p->id);
}

void plot_done(struct plot *p)
{
	for (size_t i = 0; i < p->n_texts; i++)
		free(p->texts[i]);
	free(p->texts);
	free(p->names);
	bl_buf_done(&p->script);
	*p = (struct plot){0};
}

char *plot_text(struct plot *p, const char *text, char out[24])
{
	char **grown = reallocarray(p->texts, p->n_texts + 1, sizeof(*grown));
	char *copy = strdup(text);

	snprintf(out, 24, "''");
	if (grown)
		p->texts = grown;
	if (!grown || !copy) {
		free(copy);
		p->script.failed = true;
		return out;
	}
	p->texts[p->n_texts] = copy;
	snprintf(out, 24, "'{tx%04zu}'", p->n_texts++);
	return out;
}

void plot_name(struct plot *p, const char *text)
{
	size_t *grown = reallocarray(p->names, p->n_names + 1, sizeof(*grown));
	char token[24];

	if (!grown) {
		p->script.failed = true;
		return;
	}
	p->names = grown;
	p->names[p->n_names++] = p->n_texts;
	plot_text(p, text, token);
}

void plot_time_axis(struct plot *p, const char *axis, double lo_ns, double hi_ns)
{
	static const double steps[] = {1, 2, 5};
	const char *sep = "";
	bool few = log10(hi_ns / lo_ns) > 3;
	char label[FMT_MAX], token[24];

	bl_buf_addf(&p->script, "set logscale %s\nset %srange [%.6g:%.6g]\nset %stics (", axis,
		    axis, lo_ns, hi_ns, axis);
	for (int e = (int)floor(log10(lo_ns)); e <= (int)ceil(log10(hi_ns)); e++) {
		for (size_t i = 0; i < BL_ARRAY_LEN(steps); i++) {
			double v = steps[i] * pow(10, e);
			struct fmt_unit u;

			if (v < lo_ns * 0.999 || v > hi_ns * 1.001 || (few && i))
				continue;
			u = fmt_unit_for(&fmt_page, v * 1.001);
			snprintf(label, sizeof(label), "%.3g %s", v / u.ns, u.name);
			plot_text(p, label, token);
			bl_buf_addf(&p->script, "%s%s %.6g", sep, token, v);
			sep = ", ";
		}
	}
	bl_buf_adds(&p->script, ")\n");
}

void plot_area(struct plot *p, const struct plot_area *a)
{
	bl_buf_addf(&p->script,
		    "set lmargin at screen %.4f\nset rmargin at screen %.4f\n"
		    "set tmargin at screen %.4f\nset bmargin at screen %.4f\n",
		    (double)a->left / p->width, 1 - (double)a->right / p->width,
		    1 - (double)a->top / p->height, (double)a->bottom / p->height);
}

static int by_height(const void *pa, const void *pb)
{
	const struct plot_label *a = pa, *b = pb;

	return a->y < b->y ? -1 : a->y > b->y;
}

static void push_apart(struct plot_label *l, size_t n, double height)
{
	for (size_t i = 1; i < n; i++) {
		if (l[i].place < l[i - 1].place + LABEL_H)
			l[i].place = l[i - 1].place + LABEL_H;
	}
	for (size_t i = n; i-- > 0;) {
		double most = i + 1 < n ? l[i + 1].place - LABEL_H : height - 4;

		if (l[i].place > most)
			l[i].place = most;
	}
}

void plot_labels(struct plot *p, const struct plot_area *a, double y_lo, double y_hi,
		 struct plot_label *labels, size_t n)
{
	const double height = (double)p->height - a->top - a->bottom;
	const double x = 1 - (a->right - 18.0) / p->width;

	qsort(labels, n, sizeof(*labels), by_height);
	for (size_t i = 0; i < n; i++)
		labels[i].place = log(labels[i].y / y_lo) / log(y_hi / y_lo) * height;
	push_apart(labels, n, height);
	for (size_t i = 0; i < n; i++) {
		const double y = (a->bottom + labels[i].place) / p->height;
		BL_CLEANUP(bl_buf_done) struct bl_buf name = BL_BUF_INIT;
		char token[24];

		if (fmt_width(labels[i].text) > LABEL_MAX)
			fmt_pad(&name, labels[i].text, LABEL_MAX);
		else
			bl_buf_adds(&name, labels[i].text);
		bl_buf_addf(
			&p->script,
			"set arrow from first %.6g,%.6g to screen %.4f,%.4f nohead lw 1 dt 3 lc "
			"rgb %s\nset label %s at screen %.4f,%.4f left\n",
			labels[i].x, labels[i].y, x - 0.004, y, plot_series[labels[i].series],
			plot_text(p, fmt_part(&p->script, &name), token), x, y);
	}
}

static const char *role_of(unsigned r, unsigned g, unsigned b)
{
	unsigned rgb = r << 16 | g << 8 | b;

	for (size_t i = 0; i < BL_ARRAY_LEN(roles); i++) {
		if (roles[i].rgb == rgb)
			return roles[i].role;
	}
	return "currentColor";
}

static bool starts(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

/* The group of one series, named by what it shows. */
static size_t take_series(const struct plot *p, const char *s, struct bl_buf *out)
{
	size_t len = strcspn(s, ">"), id = strlen(p->id);
	unsigned long n = 0;

	if (strncmp(s + 7, p->id, id) == 0 && starts(s + 7 + id, "_plot_"))
		n = strtoul(s + 7 + id + 6, NULL, 10);
	if (s[len] == '\0' || n == 0) {
		bl_buf_addc(out, '<');
		return 1;
	}
	bl_buf_addf(out, "<g id=\"%s-%lu\">", p->id, n);
	if (n <= p->n_names && p->names[n - 1] < p->n_texts) {
		bl_buf_adds(out, "<title>");
		fmt_html(out, p->texts[p->names[n - 1]]);
		bl_buf_adds(out, "</title>");
	}
	return len + 1;
}

/* One piece of gnuplot's SVG at @s, rewritten into @out; returns how far to go on. */
static size_t take_piece(const struct plot *p, const char *s, struct bl_buf *out)
{
	unsigned r, g, b, k;
	int used = 0;

	if (*s == 'r' && sscanf(s, "rgb(%u,%u,%u)%n", &r, &g, &b, &used) == 3 && used) {
		bl_buf_adds(out, role_of(r, g, b));
		return (size_t)used;
	}
	if (*s == '{' && sscanf(s, "{tx%4u}%n", &k, &used) == 1 && used && k < p->n_texts) {
		if (p->texts[k])
			fmt_html(out, p->texts[k]);
		return (size_t)used;
	}
	if (starts(s, "xlink:href='#")) {
		bl_buf_addf(out, "href='#%s-", p->id);
		return strlen("xlink:href='#");
	}
	if (starts(s, "id='") || starts(s, "id=\"gnuplot")) {
		bl_buf_addf(out, "id=%c%s-", s[3], p->id);
		return 4;
	}
	if (starts(s, "font-family=\"")) /* the page's font */
		return strlen("font-family=\"") + strcspn(s + strlen("font-family=\""), "\"") + 1;
	if (starts(s, "color=\"")) /* would be what currentColor means below it */
		return strlen("color=\"") + strcspn(s + strlen("color=\""), "\"") + 1;
	if (starts(s, "color='white'")) {
		bl_buf_adds(out, "color='var(--paper)'");
		return strlen("color='white'");
	}
	if (starts(s, "fill=\"black\"")) {
		bl_buf_adds(out, "fill=\"currentColor\"");
		return strlen("fill=\"black\"");
	}
	if (starts(s, "<title>")) { /* of a series: gnuplot only has its number */
		const char *end = strstr(s, "</title>");

		return end ? (size_t)(end - s) + strlen("</title>") : strlen(s);
	}
	if (starts(s, "<g id=\""))
		return take_series(p, s, out);
	if (starts(s, "stroke='black'")) {
		bl_buf_adds(out, "stroke='currentColor'");
		return strlen("stroke='black'");
	}
	if (starts(s, "stroke=\"black\"")) {
		bl_buf_adds(out, "stroke=\"currentColor\"");
		return strlen("stroke=\"black\"");
	}
	if (*s == '\t') /* its indentation */
		return 1;
	bl_buf_addc(out, *s);
	return 1;
}

/* gnuplot opens and closes many groups that draw nothing: "<g ...>\n</g>\n". */
static size_t empty_group(const char *s)
{
	size_t n;

	if (!starts(s, "<g fill=\"none\""))
		return 0;
	n = strcspn(s, ">");
	return starts(s + n, ">\n</g>\n") ? n + strlen(">\n</g>\n") : 0;
}

static size_t unused_filter(const char *s)
{
	const char *end;

	if (!starts(s, "<filter "))
		return 0;
	end = strstr(s, "</filter>");
	return end ? (size_t)(end - s) + strlen("</filter>") : 0;
}

static void take_over(const struct plot *p, const char *svg, const char *title, const char *desc,
		      struct bl_buf *out)
{
	const char *s = strstr(svg, "<g id=\"gnuplot_canvas\">");

	if (!s) {
		bl_buf_adds(out, "<p class=\"absent\">gnuplot answered with something that is not "
				 "its SVG: this picture was not drawn.</p>\n");
		return;
	}
	bl_buf_addf(out,
		    "<svg class=\"plot\" role=\"img\" viewBox=\"0 0 %u %u\" "
		    "style=\"--w:%upx\" aria-labelledby=\"%s-t %s-d\"><title id=\"%s-t\">",
		    p->width, p->height, p->width, p->id, p->id, p->id);
	fmt_html(out, title);
	bl_buf_addf(out, "</title><desc id=\"%s-d\">", p->id);
	fmt_html(out, desc);
	bl_buf_adds(out, "</desc>\n");
	while (*s) {
		size_t skip = *s == '<' ? empty_group(s) : 0;

		if (!skip && *s == '<')
			skip = unused_filter(s);
		s += skip ? skip : take_piece(p, s, out);
	}
}

void plot_render(struct plot *p, const char *title, const char *desc, struct bl_buf *out)
{
	static const char *const argv[] = {"gnuplot", "-d", "-", NULL};
	BL_CLEANUP(bl_buf_done) struct bl_buf svg = BL_BUF_INIT, said = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;
	int r;

	if (bl_buf_failed(&p->script)) {
		out->failed = true;
		plot_done(p);
		return;
	}
	r = bl_proc_run(argv, bl_buf_str(&p->script), p->script.len, &svg, &said, GNUPLOT_LIMIT_NS,
			&err);
	if (r == 0) {
		take_over(p, bl_buf_str(&svg), title, desc, out);
	} else if (r == -ENOENT) {
		bl_buf_adds(out, "<p class=\"absent\">gnuplot is not installed: this picture was "
				 "not drawn. The figures are in the matrix and in the data.</p>\n");
	} else {
		bl_buf_adds(out,
			    "<p class=\"absent\">gnuplot failed, this picture was not drawn: ");
		fmt_html(out, r < 0 ? bl_err_text(&err) : bl_buf_str(&said));
		bl_buf_adds(out, "</p>\n");
	}
	plot_done(p);
}
