#include "changes_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "fmt.h"
#include "term.h"

#define KEY_WIDTH     25 /* 2024-03-01T23:15:07+01:00 */
#define CHANGE_WIDTH  25
#define P_WIDTH       9
#define N_WIDTH       13
#define OUTLIERS_SAID 8
#define P_LEAST       1e-15 /* smaller ones say no more */
#define SOON          5     /* nights */
#define LATER         14
#define SIGMA_MAX     M_LN10 /* from one value to the next: tenfold, and no noise of one thing */
#define STEP_MAX      (3 * M_LN10) /* a thousandfold: larger ones say no more */
#define SECOND_NEAR   2            /* values: the same change, placed otherwise */

/* Four significant digits, and no exponent where people don't expect one. */
static char *number(char out[FMT_MAX], double v)
{
	double a = fabs(v);

	if (a >= 1000 && a < 1e9)
		snprintf(out, FMT_MAX, "%.0f", v);
	else
		snprintf(out, FMT_MAX, "%.4g", v);
	return out;
}

/* A value as it was given. */
static char *given(const struct changes_view *v, char out[FMT_MAX], double y)
{
	return number(out, v->how->is_linear ? y : exp(y));
}

/* A difference of levels: a change in percent, or of linear values an amount. */
static char *step_text(const struct changes_view *v, char out[FMT_MAX], double d)
{
	if (!v->how->is_linear)
		return fmt_change(&fmt_plain, out, exp(d));
	snprintf(out, FMT_MAX, "%s%.4g", d < 0 ? "" : "+", d);
	return out;
}

static void add_key(const struct changes_view *v, size_t value, struct bl_buf *out)
{
	const struct value_line *l = &v->lines->items[v->row[value]];

	if (l->text)
		fmt_clean(out, l->text, 0);
	else
		bl_buf_addf(out, "value %zu", v->row[value]);
}

static size_t key_width(const struct changes_view *v, struct bl_buf *out)
{
	size_t width = 5;

	for (size_t i = 0; i < v->found->n; i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf key = BL_BUF_INIT;
		size_t w;

		add_key(v, v->found->items[i].at, &key);
		w = fmt_width(fmt_part(out, &key));
		width = w > width ? w : width;
	}
	return width < KEY_WIDTH ? width : KEY_WIDTH;
}

static void add_head(const struct changes_view *v, unsigned columns, bool color, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;

	term_on(out, color, TERM_BOLD);
	fmt_clean(out, v->name, 0);
	term_off(out, color);
	bl_buf_addf(&b, ": %zu value%s", v->n, v->n == 1 ? "" : "s");
	if (v->lines->kind != VALUE_KEY_PLACE && v->n) {
		bl_buf_adds(&b, ", from ");
		add_key(v, 0, &b);
		bl_buf_adds(&b, " to ");
		add_key(v, v->n - 1, &b);
	}
	if (v->lines->n_absent)
		bl_buf_addf(&b, "; %zu line%s without a value, left out", v->lines->n_absent,
			    v->lines->n_absent == 1 ? "" : "s");
	term_wrap(out, fmt_part(out, &b), columns, (unsigned)fmt_width(v->name), 2);
	bl_buf_adds(out, "\n\n");
}

/* Does the terminal have room for @more columns beside those that every line has? */
static bool has_room(unsigned columns, size_t width, unsigned more)
{
	return columns >= width + 59 + more;
}

static void add_change(const struct changes_view *v, const struct change *c, size_t width,
		       unsigned columns, bool color, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf key = BL_BUF_INIT;
	char n1[FMT_MAX], n2[FMT_MAX], n3[FMT_MAX], interval[3 * FMT_MAX];

	add_key(v, c->at, &key);
	bl_buf_adds(out, "  ");
	term_on(out, color, TERM_BOLD);
	fmt_pad(out, fmt_part(out, &key), width);
	term_off(out, color);
	bl_buf_addf(out, "  %9s -> %-9s", given(v, n1, c->before), given(v, n2, c->after));
	snprintf(interval, sizeof interval, "%s [%s, %s]", step_text(v, n1, c->after - c->before),
		 step_text(v, n2, c->lo), step_text(v, n3, c->hi));
	bl_buf_addf(out, "  %-*s", CHANGE_WIDTH, interval);
	if (has_room(columns, width, P_WIDTH)) {
		if (c->p < P_LEAST)
			bl_buf_addf(out, "  %-7s", "< 1e-15");
		else
			bl_buf_addf(out, "  %-7.1g", c->p);
	}
	if (has_room(columns, width, P_WIDTH + N_WIDTH))
		bl_buf_addf(out, "  %5zu + %-3zu", c->n_before, c->n_after);
	bl_buf_addf(out, "  %s", c->is_drift ? "drift" : "step");
	bl_buf_addc(out, '\n');
}

static bool is_short(const struct changes_view *v)
{
	return v->n < 2 * CHANGES_SEGMENT_MIN;
}

/* Nothing was looked for, which is not that nothing was found. */
static void add_short(const struct changes_view *v, unsigned columns, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;

	bl_buf_addf(
		&b, "%zu value%s too few to look for a change: %d are the least, %d on either side",
		v->n, v->n == 1 ? " is" : "s are", 2 * CHANGES_SEGMENT_MIN, CHANGES_SEGMENT_MIN);
	bl_buf_adds(out, "  ");
	term_wrap(out, fmt_part(out, &b), columns, 2, 4);
	bl_buf_addc(out, '\n');
}

static void add_table(const struct changes_view *v, unsigned columns, bool color,
		      struct bl_buf *out)
{
	size_t width = key_width(v, out);

	if (is_short(v)) {
		add_short(v, columns, out);
		return;
	}
	if (!v->found->n) {
		bl_buf_adds(out, "  no change point\n");
		return;
	}
	term_on(out, color, TERM_DIM);
	bl_buf_addf(out, "  %-*s  %9s -> %-9s  %-*s", (int)width, "since", "before", "after",
		    CHANGE_WIDTH, "change [95 % interval]");
	if (has_room(columns, width, P_WIDTH))
		bl_buf_addf(out, "  %-7s", "p");
	if (has_room(columns, width, P_WIDTH + N_WIDTH))
		bl_buf_addf(out, "  %-11s", "values");
	bl_buf_adds(out, "  kind");
	term_off(out, color);
	bl_buf_addc(out, '\n');
	for (size_t i = 0; i < v->found->n; i++)
		add_change(v, &v->found->items[i], width, columns, color, out);
}

static void add_note(const char *head, const struct bl_buf *text, unsigned columns,
		     struct bl_buf *out)
{
	bl_buf_addf(out, "%-9s ", head);
	term_wrap(out, fmt_part(out, text), columns, 10, 10);
	bl_buf_addc(out, '\n');
}

static void note_outliers(const struct changes_view *v, unsigned columns, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	char n1[FMT_MAX];

	if (!v->found->n_outliers)
		return;
	for (size_t i = 0; i < v->found->n_outliers && i < OUTLIERS_SAID; i++) {
		size_t at = v->found->outliers[i];

		bl_buf_adds(&b, i ? ", " : "");
		add_key(v, at, &b);
		bl_buf_addf(&b, " (%s)", number(n1, v->lines->items[v->row[at]].value));
	}
	if (v->found->n_outliers > OUTLIERS_SAID)
		bl_buf_addf(&b, " and %zu more", v->found->n_outliers - OUTLIERS_SAID);
	bl_buf_adds(&b,
		    v->found->n_outliers == 1
			    ? ": far off its neighbours; worth measuring again, and no change"
			    : ": far off their neighbours; worth measuring again, and no change");
	add_note("outliers", &b, columns, out);
}

static void note_noise(const struct changes_view *v, unsigned columns, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	const struct changes *c = v->found;
	char n1[FMT_MAX];

	if (is_short(v))
		return;
	if (!(c->sigma > 0)) {
		bl_buf_adds(&b, "none: all values are equal");
	} else if (v->how->is_linear) {
		bl_buf_addf(&b, "%s from one value to the next", number(n1, c->sigma));
	} else if (c->sigma > SIGMA_MAX) {
		bl_buf_adds(&b, "too wide to tell: more than tenfold from one value to the next");
	} else {
		double percent = expm1(c->sigma) * 100;

		bl_buf_addf(&b, "%.*g %% from one value to the next", percent < 100 ? 2 : 3,
			    percent);
	}
	if (c->sigma > 0)
		bl_buf_addf(&b,
			    " (one standard deviation, steps and outliers taken out); correlation "
			    "with the value before %.2f",
			    c->phi);
	add_note("noise", &b, columns, out);
}

/* What the next nights could show. */
static void note_least(const struct changes_view *v, unsigned columns, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	const struct changes *c = v->found;
	size_t now = v->n - (c->n ? c->items[c->n - 1].at : 0);
	double soon = changes_detectable(c, now, SOON, v->how);
	double later = changes_detectable(c, now, LATER, v->how);
	char n1[FMT_MAX], n2[FMT_MAX];

	if (!(c->sigma > 0) || !isfinite(soon) || (!v->how->is_linear && soon > STEP_MAX))
		return;
	bl_buf_addf(
		&b,
		"after the %zu values since the last change, a step of %s would be found from %d "
		"more on, of %s from %d (four of five times)",
		now, step_text(v, n1, soon), SOON, step_text(v, n2, later), LATER);
	add_note("visible", &b, columns, out);
}

static void note_how(const struct changes_view *v, unsigned columns, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;

	bl_buf_addf(
		&b,
		"all partitions into levels%s, each change at a price of %g ln(n), then a t-test "
		"at %g and %g %% as the least step (%s)",
		v->how->is_linear ? "" : " of logarithms", v->how->c, v->how->alpha,
		v->how->min_effect * 100, v->strictness);
	if (v->found->n)
		bl_buf_adds(&b, "; values: before and since the change, up to the next one");
	for (size_t i = 0; i < v->found->n; i++)
		if (v->found->items[i].is_drift) {
			bl_buf_adds(&b, "; drift: a straight line fits both sides better than two "
					"levels");
			break;
		}
	add_note("how", &b, columns, out);
}

/* Is a change point of the first opinion within two values of @at? */
static bool is_seconded(const struct changes_view *v, size_t at)
{
	for (size_t i = 0; i < v->found->n; i++) {
		size_t own = v->found->items[i].at;

		if ((own > at ? own - at : at - own) <= SECOND_NEAR)
			return true;
	}
	return false;
}

static void note_second(const struct changes_view *v, unsigned columns, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	size_t n_near = 0;

	if (!v->second)
		return;
	for (size_t i = 0; i < v->second->n; i++) {
		bl_buf_adds(&b, i ? ", " : "");
		add_key(v, v->second->items[i].at, &b);
		bl_buf_addf(&b, " (p %.2g)", v->second->items[i].p);
		n_near += is_seconded(v, v->second->items[i].at);
	}
	if (!v->second->n)
		bl_buf_adds(&b, "no change point");
	else
		bl_buf_addf(&b, "; %zu of %zu within %d values of one above", n_near, v->second->n,
			    SECOND_NEAR);
	bl_buf_addf(&b, " (e-divisive: energy statistics, %zu draws, p up to %g)",
		    edivisive_default.draws, edivisive_default.alpha);
	add_note("second", &b, columns, out);
}

void changes_text(const struct changes_view *v, unsigned columns, bool color, struct bl_buf *out)
{
	add_head(v, columns, color, out);
	add_table(v, columns, color, out);
	bl_buf_addc(out, '\n');
	note_outliers(v, columns, out);
	note_noise(v, columns, out);
	note_least(v, columns, out);
	note_second(v, columns, out);
	note_how(v, columns, out);
}
