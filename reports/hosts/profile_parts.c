#include "profile_parts.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fmt.h"
#include "term.h"
#include "units.h"

#define NAME_MAX_COLUMNS 26

char *profile_value(char out[FMT_MAX], enum metric m, double v)
{
	char text[FMT_MAX];

	if (!(v > 0))
		snprintf(out, FMT_MAX, "-");
	else if (m == METRIC_IOPS)
		fmt_sig3(&fmt_plain, out, v);
	else if (m == METRIC_BYTES_PER_S)
		snprintf(out, FMT_MAX, "%.40s MiB/s", fmt_mib(&fmt_plain, text, v));
	else
		fmt_ns(&fmt_plain, out, v);
	return out;
}

void profile_add_line(struct bl_buf *out, struct bl_buf *line)
{
	const char *text = fmt_part(out, line);
	size_t n = line->len;

	while (n && text[n - 1] == ' ')
		n--;
	bl_buf_add(out, text, n);
	bl_buf_adds(out, n ? "\n" : "");
}

char *profile_change(char out[FMT_MAX], double ratio)
{
	if (!(ratio > 0))
		snprintf(out, FMT_MAX, "-");
	else
		fmt_change(&fmt_plain, out, ratio);
	return out;
}

void profile_age(struct bl_buf *out, uint64_t ms)
{
	uint64_t minutes = ms / 60000, hours = minutes / 60, days = hours / 24;

	if (days > 1)
		bl_buf_addf(out, "%llu days", (unsigned long long)days);
	else if (hours > 1)
		bl_buf_addf(out, "%llu h", (unsigned long long)hours);
	else
		bl_buf_addf(out, "%llu min", (unsigned long long)minutes);
}

void profile_count(struct bl_buf *out, size_t n, const char *one)
{
	bl_buf_addf(out, "%zu %s%s", n, one, n == 1 ? "" : "s");
}

static void fit(unsigned *width, const char *name)
{
	size_t n = fmt_width(name);

	if (n > *width)
		*width = n < NAME_MAX_COLUMNS ? (unsigned)n : NAME_MAX_COLUMNS;
}

void profile_names_fit(struct profile_names *w, const char *cell, const char *job)
{
	fit(&w->cell, cell);
	fit(&w->job, job);
}

#define DEPTH 5
static unsigned names_width(const struct profile_names *w)
{
	return w->cell + 2 + w->job + 2 + DEPTH;
}

void profile_names_place(struct profile_names *w, unsigned rest, unsigned columns)
{
	w->is_above = names_width(w) + rest > columns;
}

void profile_names_head(const struct profile_names *w, struct bl_buf *out)
{
	bl_buf_addf(out, "%-*s  %-*s  %*s%s", (int)w->cell, "cell", (int)w->job, "job", DEPTH,
		    "depth", w->is_above ? "\n" : "");
}

void profile_names_put(const struct profile_names *w, const char *cell, const char *job,
		       uint64_t iodepth, struct bl_buf *out)
{
	char depth[24] = "-";

	if (iodepth)
		snprintf(depth, sizeof depth, "%llu", (unsigned long long)iodepth);
	fmt_pad(out, cell, w->cell);
	bl_buf_adds(out, "  ");
	fmt_pad(out, job, w->job);
	bl_buf_addf(out, "  %*s%s", DEPTH, depth, w->is_above ? "\n" : "");
}

int profile_reasons(struct bl_buf *out, size_t n, const char *(*why_of)(const void *ctx, size_t i),
		    const void *ctx, const struct term_size *t)
{
	bool *is_told = calloc(n + 1, sizeof *is_told);

	if (!is_told)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const char *why = why_of(ctx, i), *other;
		size_t same = 1;

		if (!why || is_told[i])
			continue;
		for (size_t k = i + 1; k < n; k++) {
			other = why_of(ctx, k);
			if (!other || strcmp(why, other) != 0)
				continue;
			is_told[k] = true;
			same++;
		}
		bl_buf_addf(out, "  %4zu  ", same);
		term_wrap(out, why, t->columns, 8, 8);
		bl_buf_addc(out, '\n');
	}
	free(is_told);
	return 0;
}

size_t profile_without_result(const struct run_figures *runs, size_t n, size_t *ret_trials)
{
	size_t n_ok = 0;

	*ret_trials = 0;
	for (size_t i = 0; i < n; i++) {
		*ret_trials += runs[i].n_trials;
		n_ok += runs[i].n_ok;
	}
	return *ret_trials - n_ok;
}
