/* profile_page.h - baselines and hosts as pages: what a host gives, whether it still does, and
 * which of several is odd.
 */
#ifndef PROFILE_PAGE_H
#define PROFILE_PAGE_H

#include "profile_report.h"

/* A check of a baseline; NULL where there is none. Borrowed. */
struct profile_checked {
	const struct run_figures *new; /* the runs that were checked, the newest last */
	size_t n_new;
	const struct profile_check *check;
};

/* Append the page; @k NULL: only the baseline. -ENOMEM: what was appended is no page. */
int report_profile_page(const struct profile_of_baseline *b, const struct profile_checked *k,
			struct bl_buf *out, struct bl_err *err);
/* @hosts as alike_of() had them. */
int report_hosts_page(const char *scenario, const struct alike_host *hosts, const struct alike *a,
		      struct bl_buf *out, struct bl_err *err);

/* ---- private to reports/ ---- */

/* What a check shows of one figure: the word, where an unchanged host lies, and what is now. */
void profile_badge(const struct profile_row *row, double reach, struct bl_buf *out);
/* Percentile curves of cell @l in each of the runs of the baseline, and of those checked. */
void profile_curves(const struct profile_of_baseline *b, const struct profile_checked *k,
		    const struct profile_line *l, struct bl_buf *out);

#endif
