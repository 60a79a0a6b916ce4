#include "stutter_report.h"

#include <math.h>
#include <stdio.h>

#include "cleanup.h"
#include "fmt.h"
#include "stutter_text.h"
#include "term.h"

#define STALLS_SAID 20

static char *seconds(char out[FMT_MAX], double s)
{
	return fmt_ns(&fmt_plain, out, s * 1e9 * (1 + 1e-9)); /* 1 s, not 1000 ms */
}

static void add_head(const struct stutter_view *v, unsigned columns, bool color, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	char n1[FMT_MAX], n2[FMT_MAX];

	term_on(out, color, TERM_BOLD);
	fmt_clean(out, v->name, 0);
	term_off(out, color);
	bl_buf_addf(&b, ": %zu value%s in %s, read as %s; windows of %s", v->n_values,
		    v->n_values == 1 ? "" : "s", seconds(n1, v->found->span_s), v->unit,
		    seconds(n2, v->dt_s));
	if (v->first) {
		bl_buf_adds(&b, ", from ");
		fmt_clean(&b, v->first, 0);
	}
	term_wrap(out, fmt_part(out, &b), columns, (unsigned)fmt_width(v->name), 2);
	bl_buf_adds(out, "\n\n");
}

static void add_lines(const struct stutter_view *v, unsigned columns, struct bl_buf *out)
{
	BL_CLEANUP(lines_done) struct lines l = {0};

	stutter_series_lines(v->found, &fmt_plain, &l);
	for (size_t i = 0; i < l.n; i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf plain = BL_BUF_INIT;

		fmt_sentence_plain(&plain, l.items[i]);
		bl_buf_adds(out, "  ");
		term_wrap(out, fmt_part(out, &plain), columns, 2, 4);
		bl_buf_addc(out, '\n');
	}
	out->failed |= l.failed;
}

static void add_stalls(const struct stutter_view *v, bool color, struct bl_buf *out)
{
	const struct stutter *s = v->found;

	if (!s->n_stalls)
		return;
	term_on(out, color, TERM_DIM);
	bl_buf_addf(out, "\n  %10s  %8s  %10s", "at s", "length s", "peak");
	term_off(out, color);
	bl_buf_addc(out, '\n');
	for (size_t i = 0; i < s->n_stalls && i < STALLS_SAID; i++) {
		char peak[FMT_MAX];

		bl_buf_addf(out, "  %10.1f  %8.1f  %10s%s\n", s->stalls[i].at_s,
			    s->stalls[i].length_s, fmt_ns(&fmt_plain, peak, s->stalls[i].peak_ns),
			    s->stalls[i].is_gap ? "  nothing completed" : "");
	}
	if (s->n_stalls > STALLS_SAID)
		bl_buf_addf(out, "  and %zu more (--json has them all)\n",
			    s->n_stalls - STALLS_SAID);
}

void stutter_series_text(const struct stutter_view *v, unsigned columns, bool color,
			 struct bl_buf *out)
{
	add_head(v, columns, color, out);
	add_lines(v, columns, out);
	add_stalls(v, color, out);
}
