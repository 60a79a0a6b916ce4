/* profile_parts.h - what the texts of baselines and hosts share. Private to reports/. */
#ifndef PROFILE_PARTS_H
#define PROFILE_PARTS_H

#include "figure.h"
#include "profile_report.h"

/* A figure as its metric is read: "412 us", "10.4k", "120 MiB/s". NAN or 0: "-". */
char *profile_value(char out[FMT_MAX], enum metric m, double v);
/* "3 h", "6 days". */
void profile_age(struct bl_buf *out, uint64_t ms);

/* Cell and job in the widths that they need, at most these; @depth: 0 is "-". */
struct profile_names {
	unsigned cell, job;
	bool is_above; /* on a line of their own, above their figures */
};
#define PROFILE_NAMES_MIN                                                                          \
	{                                                                                          \
		4, 3, false                                                                        \
	}
void profile_names_fit(struct profile_names *w, const char *cell, const char *job);
/* When all are in: above the figures, @rest columns of them, where they don't fit beside them. */
void profile_names_place(struct profile_names *w, unsigned rest, unsigned columns);
void profile_names_head(const struct profile_names *w, struct bl_buf *out);
void profile_names_put(const struct profile_names *w, const char *cell, const char *job,
		       uint64_t iodepth, struct bl_buf *out);

/* @line with its newline, without blanks at its end; nothing of one that has only blanks. */
void profile_add_line(struct bl_buf *out, struct bl_buf *line);

/* "+13 %" of a ratio; "-" of 0. */
char *profile_change(char out[FMT_MAX], double ratio);
/* "1 figure", "3 figures". */
void profile_count(struct bl_buf *out, size_t n, const char *one);

/* Rows that could not be told, a line a reason with how many. @why_of(i): the reason of row i,
 * NULL: none. */
int profile_reasons(struct bl_buf *out, size_t n, const char *(*why_of)(const void *ctx, size_t i),
		    const void *ctx, const struct term_size *t);

/* The verdict of a check in a line; what is odd about hosts, a line each. */
void profile_check_says(const struct profile_check *c, const struct term_size *t,
			struct bl_buf *out);
void profile_hosts_say(const struct alike_host *hosts, const struct alike *a,
		       const struct term_size *t, struct bl_buf *out);
/* Trials of @runs that have no result; *ret_trials: of how many. */
size_t profile_without_result(const struct run_figures *runs, size_t n, size_t *ret_trials);
/* From the first of @runs to the last. */
double profile_days(const struct run_figures *runs, size_t n);

#endif
