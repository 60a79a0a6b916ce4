#include "run_figures.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boots.h"
#include "fingerprint.h"
#include "job_steady.h"
#include "median.h"
#include "summary.h"

/* --- one figure of the boots of a cell --- */

/* For one value a trial. */
struct room {
	struct boot_value *values;
	double *ln;
};

/* @ln[n] is written. */
static void figure_of(struct boot_value *v, size_t n, double *ln, bool is_thin, struct figure *ret)
{
	double mean = 0, ss = 0;
	size_t most;

	*ret = (struct figure){.sd = NAN, .is_thin = is_thin};
	if (!n)
		return;
	n = boots_merge(v, n, &most);
	for (size_t i = 0; i < n; i++) {
		ln[i] = log(v[i].value);
		mean += ln[i] / (double)n;
	}
	for (size_t i = 0; i < n; i++)
		ss += (ln[i] - mean) * (ln[i] - mean);
	ret->n = n;
	ret->y = median_of_values(ln, n);
	if (n > 1)
		ret->sd = sqrt(ss / (double)(n - 1));
}

/* --- one job of a cell --- */

/* The trials' results of the job @name of cell @cell; unstable ones only counted. */
struct results {
	const struct job_result **items;
	uint32_t *repeats;
	size_t n, n_unstable;
};

static void results_of(const struct run_data *d, uint32_t cell, const char *name,
		       struct results *ret)
{
	ret->n = ret->n_unstable = 0;
	for (size_t i = 0; i < d->n_trials; i++) {
		const struct trial_record *t = &d->trials[i];
		const struct job_result *j =
			t->cell == cell && t->state == TRIAL_OK ? trial_job(t, name) : NULL;

		if (!j || !j->sample)
			continue;
		if (job_is_unstable(j)) {
			ret->n_unstable++;
			continue;
		}
		ret->items[ret->n] = j;
		ret->repeats[ret->n++] = t->repeat;
	}
}

static uint64_t iodepth_of(const struct job_result *j)
{
	const char *text;
	size_t len;
	char digits[24];

	if (!job_option(j, "iodepth", &text, &len) || len >= sizeof digits)
		return 0;
	memcpy(digits, text, len);
	digits[len] = '\0';
	return strtoull(digits, NULL, 10);
}

double run_curve_nines(size_t point)
{
	return log10(2) + 0.25 * (double)point;
}

static void merge_all(const struct results *from, struct lat *all)
{
	for (size_t i = 0; i < from->n; i++)
		for (int d = 0; d < IO_DIRS; d++)
			if (d != IO_SYNC && from->items[i]->sample->dir[d].lat)
				lat_merge(all, from->items[i]->sample->dir[d].lat);
}

static int fill_curve(const struct results *from, struct figure_row *row)
{
	struct lat *all = calloc(1, sizeof *all);
	double n;

	if (!all)
		return -ENOMEM;
	merge_all(from, all);
	n = (double)hist_total(&all->hist); /* 0 of results that came as percentiles only */
	for (size_t i = 0; i < RUN_CURVE_POINTS; i++) {
		double beyond = pow(10, -run_curve_nines(i));
		uint64_t ns;

		if (n * beyond < 100 * (1 - 1e-9) ||
		    !hist_percentile(&all->hist, 100 * (1 - beyond), &ns))
			break;
		row->curve_ns[row->n_curve++] = (double)ns;
	}
	free(all);
	return 0;
}

static int fill_row(const struct results *from, struct room *room, struct figure_row *row)
{
	uint32_t last = UINT32_MAX;

	row->n_unstable = from->n_unstable;
	for (size_t i = 0; i < from->n; i++) {
		row->n_ok += from->repeats[i] != last;
		last = from->repeats[i];
	}
	for (int m = 0; m < METRICS; m++) {
		bool thin = false;
		size_t n = 0;
		double v;

		for (size_t i = 0; i < from->n; i++) {
			if (!job_metric(from->items[i], (enum metric)m, &v) || !(v > 0))
				continue;
			thin |= job_metric_is_thin(from->items[i], (enum metric)m);
			room->values[n++] = (struct boot_value){v, from->repeats[i], 0};
		}
		figure_of(room->values, n, room->ln, thin, &row->by[m]);
	}
	return fill_curve(from, row);
}

static char *axes_of(const struct cell_record *c)
{
	struct bl_buf text = BL_BUF_INIT;

	for (size_t i = 0; i < c->axes.n; i++)
		bl_buf_addf(&text, "%s%s=%s", i ? " " : "", c->axes.items[i].key,
			    c->axes.items[i].value);
	return bl_buf_take(&text);
}

static struct figure_row *add_row(struct run_figures *f, const struct cell_record *cell,
				  const struct job_result *j)
{
	struct figure_row *more = reallocarray(f->rows, f->n + 1, sizeof *more), *row;

	if (!more)
		return NULL;
	f->rows = more;
	row = &more[f->n++];
	*row = (struct figure_row){.cell = strdup(cell->name),
				   .job = strdup(j->name),
				   .job_text = strdup(j->job_text),
				   .axes = axes_of(cell),
				   .iodepth = iodepth_of(j)};
	return row->cell && row->job && row->job_text && row->axes ? row : NULL;
}

static int add_rows(const struct run_data *d, const struct trial_record *t, struct results *res,
		    struct room *room, struct run_figures *f)
{
	const struct cell_record *cell = &d->cells[t->cell];

	for (size_t k = 0; k < t->n_jobs; k++) {
		struct figure_row *row;
		int r;

		if (!t->jobs[k].sample || run_figures_find(f, cell->name, t->jobs[k].name))
			continue;
		row = add_row(f, cell, &t->jobs[k]);
		if (!row)
			return -ENOMEM;
		results_of(d, t->cell, row->job, res);
		r = fill_row(res, room, row);
		if (r < 0)
			return r;
	}
	return 0;
}

/* --- the run --- */

/* Trials are in the order of the plan, which is random; rows by cell. */
static int all_rows(const struct run_data *d, struct run_figures *f)
{
	struct results res = {.items = calloc(d->n_trials + 1, sizeof *res.items),
			      .repeats = calloc(d->n_trials + 1, sizeof *res.repeats)};
	struct room room = {.values = calloc(d->n_trials + 1, sizeof *room.values),
			    .ln = calloc(d->n_trials + 1, sizeof *room.ln)};
	int r = res.items && res.repeats && room.values && room.ln ? 0 : -ENOMEM;

	for (uint32_t cell = 0; r == 0 && cell < d->n_cells; cell++)
		for (size_t i = 0; r == 0 && i < d->n_trials; i++)
			if (d->trials[i].cell == cell && d->trials[i].state == TRIAL_OK)
				r = add_rows(d, &d->trials[i], &res, &room, f);
	free(res.items);
	free(res.repeats);
	free(room.values);
	free(room.ln);
	return r;
}

int run_figures_of(const struct run_data *d, struct run_figures *ret)
{
	const struct run_record *run = &d->run;
	struct run_figures f = {.started_ms = run->started_ms,
				.scenario = strdup(run->scenario_name),
				.host_id = strdup(run->host_id),
				.host_name = strdup(run->host_name),
				.accel = strdup(run->accel),
				.version = strdup(run->version),
				.n_trials = d->n_trials};
	int r = f.scenario && f.host_id && f.host_name && f.accel && f.version ? 0 : -ENOMEM;

	snprintf(f.run, sizeof f.run, "%s", run->id);
	for (size_t i = 0; i < d->n_trials; i++)
		f.n_ok += d->trials[i].state == TRIAL_OK;
	if (r == 0)
		r = fingerprint_of(d, &f.fingerprint);
	if (r == 0)
		r = all_rows(d, &f);
	if (r < 0) {
		run_figures_done(&f);
		return r;
	}
	*ret = f;
	return 0;
}

void run_figures_done(struct run_figures *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->rows[i].cell);
		free(f->rows[i].job);
		free(f->rows[i].job_text);
		free(f->rows[i].axes);
	}
	free(f->rows);
	fingerprint_done(&f->fingerprint);
	free(f->scenario);
	free(f->host_id);
	free(f->host_name);
	free(f->accel);
	free(f->version);
	memset(f, 0, sizeof *f);
}

const struct figure_row *run_figures_find(const struct run_figures *f, const char *cell,
					  const char *job)
{
	for (size_t i = 0; i < f->n; i++)
		if (!strcmp(f->rows[i].cell, cell) && !strcmp(f->rows[i].job, job))
			return &f->rows[i];
	return NULL;
}

void figure_row_differs(const struct figure_row *a, const struct figure_row *b, char out[64])
{
	size_t same = 0;

	out[0] = '\0';
	if (strcmp(a->job_text, b->job_text) != 0) {
		snprintf(out, 64, "the job");
	} else if (strcmp(a->axes, b->axes) != 0) {
		/* Back to the beginning of the word that differs first. */
		while (a->axes[same] && a->axes[same] == b->axes[same])
			same++;
		while (same && a->axes[same - 1] != ' ')
			same--;
		snprintf(out, 64, "%.*s", (int)strcspn(a->axes + same, "="),
			 a->axes[same] ? a->axes + same : b->axes + same);
	}
}

const char *run_figures_refused(const struct run_figures *a, const struct run_figures *b,
				char why[160])
{
	why[0] = '\0';
	if (strcmp(a->version, b->version) != 0)
		snprintf(why, 160, "measured by different versions of the engine (%.40s and %.40s)",
			 a->version, b->version);
	else if (!accel_is_alike(a->accel, b->accel))
		snprintf(why, 160, "measured under different accelerators (%.20s and %.20s)",
			 a->accel, b->accel);
	return why[0] ? why : NULL;
}
