/* Hosts that should be alike, for a terminal. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "fingerprint.h"
#include "fmt.h"
#include "profile_parts.h"
#include "term.h"

enum alike_verdict report_hosts_outcome(const struct alike *a)
{
	if (a->by[ALIKE_ODD])
		return ALIKE_ODD;
	if (a->by[ALIKE_STANDS_OUT] || a->by[ALIKE_DIFFER] || !a->by[ALIKE_SAME])
		return ALIKE_CANNOT_TELL;
	return ALIKE_SAME;
}

/* "db3 is unlike the other 4 hosts: at 6 of 24 figures, all for the worse". */
static void odd_sentence(const struct alike_host *h, size_t n_odd, size_t n_worse,
			 const struct alike *a, bool is_proved, const struct term_size *t,
			 struct bl_buf *out)
{
	term_on(out, t->color, is_proved ? TERM_RED : TERM_BOLD);
	fmt_clean(out, h->name, 0);
	term_off(out, t->color);
	bl_buf_addf(out,
		    is_proved ? " is unlike the others: at %zu of %zu figures"
			      : " stands out from the two others: at %zu of %zu figures",
		    n_odd, a->n);
	bl_buf_adds(out, n_worse == n_odd ? ", all for the worse"
			 : !n_worse       ? ", all for the better"
					  : "");
	if (n_worse && n_worse != n_odd)
		bl_buf_addf(out, ", %zu of them for the worse", n_worse);
	bl_buf_addc(out, '\n');
}

void profile_hosts_say(const struct alike_host *hosts, const struct alike *a,
		       const struct term_size *t, struct bl_buf *out)
{
	size_t n_compared = 0;

	for (size_t i = 0; i < a->n_hosts; i++)
		n_compared += !a->left_out[i][0];
	for (size_t i = 0; i < a->n_hosts; i++)
		if (a->n_odd[i])
			odd_sentence(&hosts[i], a->n_odd[i], a->n_worse[i], a,
				     a->by[ALIKE_ODD] != 0, t, out);
	if (a->by[ALIKE_DIFFER])
		bl_buf_addf(out,
			    "the hosts differ at %zu of %zu figures by more than matters; which is "
			    "the odd one, %zu hosts can't tell\n",
			    a->by[ALIKE_DIFFER], a->n, n_compared);
	if (a->odd_host == SIZE_MAX && !a->by[ALIKE_DIFFER] && a->by[ALIKE_SAME])
		bl_buf_addf(out, "the %zu hosts are alike at %zu figures\n", n_compared,
			    a->by[ALIKE_SAME]);
	if (n_compared < ALIKE_HOSTS_MIN)
		bl_buf_addf(out, "%d hosts are the least to call one of them odd.\n",
			    ALIKE_HOSTS_MIN);
	for (size_t i = 0; i < a->n_hosts; i++) {
		if (!a->left_out[i][0])
			continue;
		bl_buf_adds(out, "left out: ");
		fmt_clean(out, hosts[i].name, 0);
		bl_buf_addf(out, ", %s\n", a->left_out[i]);
	}
}

static bool is_shown(const struct alike_row *row, const struct term_size *t)
{
	return t->is_all || row->n_odd || row->verdict == ALIKE_DIFFER;
}

static void row_lines(const struct alike *a, const struct alike_row *row,
		      const struct alike_host *hosts, const struct profile_names *w,
		      const struct term_size *t, struct bl_buf *out)
{
	char typical[FMT_MAX], value[FMT_MAX], change[FMT_MAX], lo[FMT_MAX], hi[FMT_MAX];
	char interval[2 * FMT_MAX + 8] = "-";

	if (row->has_interval)
		snprintf(interval, sizeof interval, "[%s, %s]", fmt_change(&fmt_plain, lo, row->lo),
			 fmt_change(&fmt_plain, hi, row->hi));
	profile_names_put(w, row->cell, row->job, row->iodepth, out);
	bl_buf_addf(out, "  %-9s  %10s  %-19s  ", metric_words[row->metric],
		    profile_value(typical, row->metric, row->typical), interval);
	for (size_t i = 0; i < row->n_odd; i++) {
		bl_buf_adds(out, i ? ", " : "");
		term_on(out, t->color, row->odd[i].is_worse ? TERM_RED : TERM_GREEN);
		fmt_clean(out, hosts[row->odd[i].host].name, 0);
		bl_buf_addf(out, " %s",
			    profile_value(value, row->metric, row->values[row->odd[i].host]));
		term_off(out, t->color);
		bl_buf_addf(out, " (%s)", profile_change(change, row->odd[i].ratio));
	}
	if (!row->n_odd)
		bl_buf_adds(out, alike_verdict_names[row->verdict]);
	bl_buf_addc(out, '\n');
	if (!t->is_all && row->verdict != ALIKE_DIFFER)
		return;
	bl_buf_adds(out, "   ");
	for (size_t i = 0; i < a->n_hosts; i++) {
		bl_buf_addc(out, ' ');
		fmt_clean(out, hosts[i].name, 0);
		bl_buf_addf(out, " %s%s", profile_value(value, row->metric, row->values[i]),
			    i + 1 < a->n_hosts ? "," : "");
	}
	bl_buf_addc(out, '\n');
}

static void rows(const struct alike *a, const struct alike_host *hosts, const struct term_size *t,
		 struct bl_buf *out)
{
	struct profile_names w = PROFILE_NAMES_MIN;
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++) {
		if (!is_shown(&a->rows[i], t))
			continue;
		profile_names_fit(&w, a->rows[i].cell, a->rows[i].job);
		n++;
	}
	if (!n)
		return;
	bl_buf_addc(out, '\n');
	profile_names_head(&w, out);
	bl_buf_addf(out, "  %-9s  %10s  %-19s  %s\n", "metric", "typical", "one more such", "odd");
	for (size_t i = 0; i < a->n; i++)
		if (is_shown(&a->rows[i], t))
			row_lines(a, &a->rows[i], hosts, &w, t, out);
}

static const char *why_untold(const void *ctx, size_t i)
{
	const struct alike *a = ctx;

	return a->rows[i].verdict == ALIKE_CANNOT_TELL ? a->rows[i].why : NULL;
}

static void fact_line(const struct alike_fact *f, const struct alike *a, const struct term_size *t,
		      struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

	fingerprint_says(f->key, &text);
	bl_buf_addc(&text, ' ');
	fingerprint_value(f->key, f->value, &text);
	bl_buf_addf(&text, " (%zu of the %zu other%s: ", f->n_others, a->n_hosts - 1,
		    a->n_hosts == 2 ? "" : "s");
	fingerprint_value(f->key, f->others, &text);
	bl_buf_adds(&text, ")");
	bl_buf_adds(out, "  ");
	term_wrap(out, fmt_part(out, &text), t->columns, 2, 4);
	bl_buf_addc(out, '\n');
}

/* Of hosts that are odd; of two only once, because both have what the other has not. */
static void facts(const struct alike *a, const struct alike_host *hosts, const struct term_size *t,
		  struct bl_buf *out)
{
	bool is_any = report_hosts_outcome(a) != ALIKE_SAME;

	for (size_t h = 0; is_any && h < a->n_hosts; h++) {
		bool is_told =
			t->is_all || a->n_odd[h] || (a->by[ALIKE_DIFFER] && h + 1 == a->n_hosts);
		size_t n = 0;

		for (size_t i = 0; is_told && i < a->n_facts; i++) {
			if (a->facts[i].host != h)
				continue;
			if (!n++) {
				bl_buf_adds(out, "\nOnly ");
				fmt_clean(out, hosts[h].name, 0);
				bl_buf_adds(out, " has:\n");
			}
			fact_line(&a->facts[i], a, t, out);
		}
		if (is_told && !n && a->n_odd[h]) {
			bl_buf_addc(out, '\n');
			fmt_clean(out, hosts[h].name, 0);
			bl_buf_adds(out,
				    " has nothing that the others have not, of what says which "
				    "system it is.\n");
		}
	}
}

int report_hosts(const char *scenario, const struct alike_host *hosts, const struct alike *a,
		 const struct term_size *t, struct bl_buf *out, struct bl_err *err)
{
	int r = 0;

	fmt_clean(out, scenario, 0);
	bl_buf_adds(out, "   ");
	for (size_t i = 0; i < a->n_hosts; i++) {
		bl_buf_adds(out, i ? ", " : "");
		fmt_clean(out, hosts[i].name, 0);
		bl_buf_adds(out, " (");
		profile_count(out, hosts[i].n_runs, "run");
		bl_buf_adds(out, ")");
	}
	bl_buf_addc(out, '\n');
	profile_hosts_say(hosts, a, t, out);
	rows(a, hosts, t, out);
	if (a->by[ALIKE_CANNOT_TELL]) {
		bl_buf_adds(out, "\nFigures that can't be told:\n");
		r = profile_reasons(out, a->n, why_untold, a, t);
	}
	facts(a, hosts, t, out);
	return r < 0 || bl_buf_failed(out) ? bl_fail(err, -ENOMEM, "out of memory") : 0;
}
