#include "bill.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

static const char *axis(const struct run_data *d, uint32_t cell, const char *name)
{
	const char *v = facts_get(&d->cells[cell].axes, name);

	return v ? v : "";
}

static bool is_host(const struct run_data *d, uint32_t cell)
{
	return !strcmp(axis(d, cell, "bus"), "host");
}

/* Axes on which both have a value, and another one: an axis that has no meaning in one of them is
 * no choice that was made there (effects.h). */
static size_t n_apart(const struct run_data *d, uint32_t a, uint32_t b)
{
	const struct facts *f = &d->cells[a].axes;
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		const char *other = facts_get(&d->cells[b].axes, f->items[i].key);

		n += other && strcmp(other, f->items[i].value);
	}
	return n;
}

/* How far from the plainest path that a VM has: virtio-blk, raw, cache none, an iothread. Of
 * equally near cells the plainest comes first. */
static unsigned fancy(const struct run_data *d, uint32_t cell)
{
	static const struct {
		const char *axis, *plain;
		unsigned weight;
	} rows[] = {{"bus", "virtio-blk", 8},
		    {"format", "raw", 4},
		    {"cache", "none", 4},
		    {"iothreads", "0", 0}};
	unsigned sum = 0;

	for (size_t i = 0; i < BL_ARRAY_LEN(rows); i++) {
		const char *v = axis(d, cell, rows[i].axis);

		sum += *v && strcmp(v, rows[i].plain) ? rows[i].weight : 0;
	}
	return sum + (!strcmp(axis(d, cell, "iothreads"), "0") ? 2 : 0);
}

static bool has_figures(const struct summaries *s, uint32_t cell)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->items[i].cell == cell && s->items[i].metric[METRIC_MEAN].n)
			return true;
	return false;
}

static uint32_t find_floor(const struct run_data *d, const bool *has)
{
	uint32_t best = UINT32_MAX;

	for (uint32_t c = 0; c < d->n_cells; c++) {
		if (!has[c])
			continue;
		if (is_host(d, c))
			return c;
		if (best == UINT32_MAX || fancy(d, c) < fancy(d, best))
			best = c;
	}
	return best;
}

/* --- one step --- */

static double median_of(const struct summary *s, enum metric m)
{
	return s->metric[m].n ? s->metric[m].median : NAN;
}

static int price_jobs(const struct summaries *s, struct bill_step *step)
{
	step->jobs = calloc(s->n + 1, sizeof *step->jobs);
	if (!step->jobs)
		return -ENOMEM;
	for (size_t i = 0; i < s->n; i++) {
		const struct summary *b = &s->items[i], *a;

		if (b->cell != step->to)
			continue;
		a = summaries_find(s, step->from, b->job);
		if (!a || !a->metric[METRIC_MEAN].n || !b->metric[METRIC_MEAN].n)
			continue;
		step->jobs[step->n_jobs++] = (struct bill_job){
			.job = b->job,
			.mean = compare_summaries(a, b, METRIC_MEAN),
			.p99 = compare_summaries(a, b, METRIC_P99),
			.cpu = compare_summaries(a, b, METRIC_CPU_PER_IO),
			.from_ns = median_of(a, METRIC_MEAN),
			.to_ns = median_of(b, METRIC_MEAN),
			.from_p99_ns = median_of(a, METRIC_P99),
			.to_p99_ns = median_of(b, METRIC_P99),
			.from_cpu_ns = median_of(a, METRIC_CPU_PER_IO),
			.to_cpu_ns = median_of(b, METRIC_CPU_PER_IO),
		};
	}
	return 0;
}

/* Not worth a word where there was nothing before. */
static bool is_usual(const char *value)
{
	static const char *const usual[] = {"auto", "default", "off", "ignore"};

	for (size_t i = 0; i < BL_ARRAY_LEN(usual); i++)
		if (!strcmp(value, usual[i]))
			return true;
	return false;
}

/* "bus virtio-blk -> sata, iothreads 1 -> 0"; from the host the whole path: there was none. */
static char *say_what(const struct run_data *d, uint32_t from, uint32_t to)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	const struct facts *f = &d->cells[to].axes;

	if (is_host(d, from))
		bl_buf_adds(&out, "host -> ");
	for (size_t i = 0, n = 0; i < f->n; i++) {
		const char *was = facts_get(&d->cells[from].axes, f->items[i].key);

		if (is_host(d, from) ? is_usual(f->items[i].value) ||
					       (was && !strcmp(was, f->items[i].value))
				     : !was || !strcmp(was, f->items[i].value))
			continue;
		bl_buf_adds(&out, n++ ? ", " : "");
		if (!is_host(d, from))
			bl_buf_addf(&out, "%s %s -> ", f->items[i].key, was);
		else if (strcmp(f->items[i].key, "bus"))
			bl_buf_addf(&out, "%s ", f->items[i].key);
		bl_buf_adds(&out, f->items[i].value);
	}
	return bl_buf_take(&out);
}

static int add_step(const struct run_data *d, const struct summaries *s, uint32_t from, uint32_t to,
		    struct bill *out)
{
	struct bill_step *step = &out->steps[out->n];
	int r;

	*step = (struct bill_step){.from = from, .to = to, .n_axes = n_apart(d, from, to)};
	out->n++;
	step->what = say_what(d, from, to);
	r = price_jobs(s, step);
	return step->what ? r : -ENOMEM;
}

/* --- the order --- */

/* Is @to from @from a better next step than the one before? Fewer axes; then from where the bill
 * is; then the plainer cell; then the run's order. */
static bool is_nearer(const struct run_data *d, const uint32_t step[2], const uint32_t best[2],
		      uint32_t at)
{
	size_t a = n_apart(d, step[0], step[1]), b = n_apart(d, best[0], best[1]);

	if (a != b)
		return a < b;
	if ((step[0] == at) != (best[0] == at))
		return step[0] == at;
	return fancy(d, step[1]) < fancy(d, best[1]);
}

static bool next_step(const struct run_data *d, const bool *has, const bool *done, uint32_t at,
		      uint32_t ret[2])
{
	bool any = false;

	for (uint32_t from = 0; from < d->n_cells; from++) {
		for (uint32_t to = 0; done[from] && to < d->n_cells; to++) {
			uint32_t step[2] = {from, to};

			if (!has[to] || done[to] || (any && !is_nearer(d, step, ret, at)))
				continue;
			memcpy(ret, step, sizeof step);
			any = true;
		}
	}
	return any;
}

static int walk(const struct run_data *d, const struct summaries *s, const bool *has, bool *done,
		struct bill *out)
{
	uint32_t step[2] = {0}, at = out->floor;
	int r = 0;

	done[at] = true;
	while (r == 0 && next_step(d, has, done, at, step)) {
		r = add_step(d, s, step[0], step[1], out);
		at = step[1];
		done[at] = true;
	}
	return r;
}

int bill_of(const struct run_data *d, const struct summaries *s, struct bill *ret,
	    struct bl_err *err)
{
	BL_CLEANUP(bl_freep) bool *has = calloc(2 * d->n_cells + 1, sizeof *has);
	struct bill out = {.floor = UINT32_MAX};
	int r = -ENOMEM;

	out.steps = calloc(d->n_cells + 1, sizeof *out.steps);
	if (has && out.steps) {
		for (uint32_t c = 0; c < d->n_cells; c++)
			has[c] = has_figures(s, c);
		out.floor = find_floor(d, has);
		r = 0;
	}
	if (r == 0 && out.floor != UINT32_MAX) {
		out.is_host = is_host(d, out.floor);
		r = walk(d, s, has, has + d->n_cells, &out);
	}
	if (r < 0) {
		bill_done(&out);
		return bl_fail(err, r, "no memory for the bill");
	}
	*ret = out;
	return 0;
}

void bill_done(struct bill *b)
{
	for (size_t i = 0; i < b->n; i++) {
		free(b->steps[i].what);
		free(b->steps[i].jobs);
	}
	free(b->steps);
	*b = (struct bill){0};
}

const struct bill_job *bill_job_of(const struct bill_step *step, const char *job)
{
	for (size_t i = 0; i < step->n_jobs; i++)
		if (!strcmp(step->jobs[i].job, job))
			return &step->jobs[i];
	return NULL;
}
