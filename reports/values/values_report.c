/* Two sets of values in the terminal. */
#include "values_report.h"

#include <math.h>

#include "cleanup.h"
#include "fmt.h"
#include "term.h"
#include "verdict_text.h"

static void add_side(char side, const struct values_side *s, struct bl_buf *out)
{
	char num[FMT_MAX], lo[FMT_MAX], hi[FMT_MAX];

	bl_buf_addf(out, "%c  ", side);
	fmt_clean(out, s->name, 0);
	bl_buf_addf(out, "  (%zu value%s, median %s", s->n, s->n == 1 ? "" : "s",
		    fmt_sig3(&fmt_plain, num, s->median));
	if (s->level > 0)
		bl_buf_addf(out, " [%s, %s], %.3g %%", fmt_sig3(&fmt_plain, lo, s->lo),
			    fmt_sig3(&fmt_plain, hi, s->hi), s->level * 100);
	bl_buf_adds(out, ")\n");
}

/* @how: of the estimate; 95 % before it where it has an interval. */
static void add_ratio(const char *label, double at, double lo, double hi, const char *how,
		      struct bl_buf *out)
{
	char num[FMT_MAX], a[FMT_MAX], b[FMT_MAX];

	bl_buf_addf(out, "%-14s %9s", label, fmt_change(&fmt_plain, num, at));
	if (isfinite(lo))
		bl_buf_addf(out, "  [%s, %s]", fmt_change(&fmt_plain, a, lo),
			    fmt_change(&fmt_plain, b, hi));
	bl_buf_addf(out, "  %s%s\n", isfinite(lo) ? "95 %, " : "", how);
}

static void add_p(const struct values_compared *v, unsigned columns, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf of = BL_BUF_INIT;

	if (isfinite(v->c.p_rank))
		bl_buf_addf(out, "%-14s %9.2g  that nothing differs (%s)\n", "p", v->c.p_rank,
			    v->is_paired ? "Wilcoxon signed rank" : "Mann-Whitney");
	if (!isfinite(v->c.p))
		return;
	verdict_p(&v->c, &of);
	bl_buf_addf(out, "%-14s %9.2g  ", "", v->c.p);
	term_wrap(out, fmt_part(out, &of), columns, 26, 26);
	bl_buf_addc(out, '\n');
}

static void add_verdict(const struct values_compared *v, unsigned columns, bool color,
			struct bl_buf *out)
{
	static const enum term_look looks[VERDICTS] = {TERM_BOLD, TERM_GREEN, TERM_RED, TERM_BOLD};
	const struct comparison *c = &v->c;
	BL_CLEANUP(bl_buf_done) struct bl_buf why = BL_BUF_INIT, more = BL_BUF_INIT;

	if (v->is_paired)
		verdict_more_of(c, "pair", "pairs", &more);
	else
		verdict_more_of(c, "value a side", "values a side", &more);
	bl_buf_addf(&why, "%s", c->why);
	if (more.len || bl_buf_failed(&more))
		bl_buf_addf(&why, "; %s", fmt_part(out, &more));
	bl_buf_adds(out, c->verdict == VERDICT_CANNOT_TELL ? "" : "B is ");
	term_on(out, color, looks[c->verdict]);
	bl_buf_adds(out, verdict_names[c->verdict]);
	term_off(out, color);
	bl_buf_adds(out, ": ");
	term_wrap(out, fmt_part(out, &why), columns, 14, 6);
	bl_buf_addc(out, '\n');
}

static void add_autocorrelation(const struct values_compared *v, unsigned columns,
				struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;

	if (!isfinite(v->r1))
		return;
	if (v->r1 > 0)
		bl_buf_addf(&b,
			    "values that follow each other are alike (autocorrelation %+.2f) and "
			    "tell less than as many independent ones: the interval of B / A and p "
			    "are those "
			    "of a variance %.3g times as large; measure in turns and pair them, "
			    "or leave time between runs",
			    v->r1, v->inflation);
	else
		bl_buf_addf(&b,
			    "values that follow each other alternate (autocorrelation %+.2f): "
			    "intervals are rather too wide than too narrow, and are left so",
			    v->r1);
	bl_buf_adds(out, "\nNOTE  ");
	term_wrap(out, fmt_part(out, &b), columns, 6, 6);
	bl_buf_addc(out, '\n');
}

void values_text(const struct values_compared *v, unsigned columns, bool color, struct bl_buf *out)
{
	const struct comparison *c = &v->c;

	add_side('A', &v->a, out);
	add_side('B', &v->b, out);
	if (v->n_left_out)
		bl_buf_addf(out, "   (%zu %s%s left out: absent, or without a partner)\n",
			    v->n_left_out, v->is_paired ? "pair" : "value",
			    v->n_left_out == 1 ? "" : "s");
	bl_buf_addc(out, '\n');
	if (c->n_pairs) {
		add_ratio("B / A", c->ratio, c->has_interval ? c->lo : NAN,
			  c->has_interval ? c->hi : NAN,
			  v->is_paired ? "over pairs (Hodges-Lehmann)"
				       : "over all differences (Hodges-Lehmann)",
			  out);
		if (isfinite(c->trimmed))
			add_ratio("trimmed means", c->trimmed, c->trimmed_lo, c->trimmed_hi,
				  "a fifth cut off at either end (Yuen)", out);
		add_p(v, columns, out);
		bl_buf_addc(out, '\n');
	}
	add_verdict(v, columns, color, out);
	add_autocorrelation(v, columns, out);
	bl_buf_adds(out, "\nnote  ");
	term_wrap(out,
		  "a value is one run (one boot, one job): thousands of I/Os of one run are no "
		  "thousand values, and would make chance look certain",
		  columns, 6, 6);
	bl_buf_addc(out, '\n');
}
