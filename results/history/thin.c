/* thin.c - percentiles that have no figure, for want of samples beyond them. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "history.h"
#include "summary.h"

static const enum metric percentiles[] = {METRIC_P50, METRIC_P99, METRIC_P99_9};

/* The newest row of each cell and job; borrowed. */
struct newest {
	const struct figure_row **items;
	size_t n, room;
};

static void newest_done(struct newest *l)
{
	free(l->items);
}

static bool has_row(const struct newest *l, const struct figure_row *row)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->items[i]->cell, row->cell) && !strcmp(l->items[i]->job, row->job))
			return true;
	return false;
}

static int add_row(struct newest *l, const struct figure_row *row)
{
	if (l->n == l->room) {
		size_t room = l->room ? 2 * l->room : 16;
		const struct figure_row **more = reallocarray(l->items, room, sizeof *more);

		if (!more)
			return -ENOMEM;
		l->items = more;
		l->room = room;
	}
	l->items[l->n++] = row;
	return 0;
}

static int find_newest(const struct history *h, size_t from, const char *cell, const char *job,
		       struct newest *ret)
{
	int r = 0;

	for (size_t i = h->n_nights; i-- > from;) {
		const struct run_figures *f = &h->nights[i].first->figures;

		for (size_t k = 0; k < f->n && r == 0; k++)
			if ((!cell || !strcmp(f->rows[k].cell, cell)) &&
			    (!job || !strcmp(f->rows[k].job, job)) && !has_row(ret, &f->rows[k]))
				r = add_row(ret, &f->rows[k]);
	}
	return r;
}

/* Where there are too few even to say a percentile, there is none. */
static bool is_thin(const struct figure_row *row, enum metric m)
{
	return row->by[METRIC_MEAN].n && (!row->by[m].n || row->by[m].is_thin);
}

/* Was the job of row @at named already, of another cell? */
static bool is_named(const struct newest *l, size_t at, enum metric m)
{
	for (size_t i = 0; i < at; i++)
		if (is_thin(l->items[i], m) && !strcmp(l->items[i]->job, l->items[at]->job))
			return true;
	return false;
}

/* Upwards to two digits: no more is known of how many IOPS there will be. */
static double about(double seconds)
{
	double unit = pow(10, floor(log10(seconds)) - 1);

	return fmax(1, ceil(seconds / unit - 1e-9) * unit);
}

/* "p99 of read, write (a runtime of about 50 s at the IOPS seen would do)". */
static void add_metric(const struct newest *l, enum metric m, struct bl_buf *out)
{
	double seconds = 0;
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct figure *iops = &l->items[i]->by[METRIC_IOPS];

		if (!is_thin(l->items[i], m))
			continue;
		if (iops->n)
			seconds = fmax(seconds,
				       ios_of_percentile(metric_percentile(m)) / exp(iops->y));
		if (is_named(l, i, m))
			continue;
		if (n++)
			bl_buf_adds(out, ", ");
		else
			bl_buf_addf(out, "%s%s of ", out->len ? "; " : "no figure for ",
				    metric_words[m]);
		bl_buf_adds(out, l->items[i]->job);
	}
	if (n && seconds > 0)
		bl_buf_addf(out, " (a runtime of about %.0f s at the IOPS seen would do)",
			    about(seconds));
}

int history_thin(const struct history *h, size_t from, const char *cell, const char *job,
		 struct bl_buf *out)
{
	BL_CLEANUP(newest_done) struct newest l = {.n = 0};
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	int r = find_newest(h, from, cell, job, &l);

	for (size_t i = 0; i < BL_ARRAY_LEN(percentiles) && r == 0; i++)
		add_metric(&l, percentiles[i], &text);
	if (text.len) {
		bl_buf_adds(&text, ": in a trial fewer than 100 samples lie beyond it");
		bl_buf_adds(out, bl_buf_str(&text));
	}
	return r == 0 && (bl_buf_failed(&text) || bl_buf_failed(out)) ? -ENOMEM : r;
}
