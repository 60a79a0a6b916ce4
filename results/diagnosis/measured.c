/* Which cells to compare, and how each job went. */
#include "measured.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "figure.h"
#include "rules.h"

static const char *const jobs_metric_words[METRICS] = {
	[METRIC_P99] = "p99",
	[METRIC_P99_9] = "p99.9",
	[METRIC_CPU_PER_IO] = "CPU",
};

/* Geometric mean of the jobs' p99, ns; INFINITY: some job of the run has none here. Jobs weigh
 * alike, whatever their scale. */
static double score_of(const struct summaries *s, uint32_t cell)
{
	double sum = 0;
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct spread *p99 = &s->items[i].metric[METRIC_P99];

		if (s->items[i].cell != cell)
			continue;
		if (!p99->n || p99->median <= 0)
			return INFINITY;
		sum += log(p99->median);
		n++;
	}
	return n ? exp(sum / (double)n) : INFINITY;
}

static uint32_t best_of_bus(const struct run_data *d, const struct summaries *s, const char *bus)
{
	uint32_t best = NO_CELL;
	double least = INFINITY;

	for (uint32_t c = 0; c < d->n_cells; c++) {
		if (strcmp(axis_of(d, c, "bus"), bus) != 0 || !(score_of(s, c) < least))
			continue;
		least = score_of(s, c);
		best = c;
	}
	return best;
}

static bool is_virtio(const struct run_data *d, uint32_t cell)
{
	const char *bus = axis_of(d, cell, "bus");

	return !strcmp(bus, "virtio-blk") || !strcmp(bus, "virtio-scsi");
}

/* In how many respects @cell could stand in for @place; ALIKE_MAX: in all. The device: a store from
 * before the axis storage says nothing of it. The cache: past the host's pages. */
static unsigned alike(const struct run_data *d, uint32_t cell, uint32_t place)
{
	static const char *const axes[] = {"vcpus", "kernel", "emulator"};
	const char *cache = axis_of(d, cell, "cache");
	unsigned n = 0;

	n += strcmp(axis_of(d, cell, "storage"), "file") != 0;
	n += !strcmp(cache, "none") || !strcmp(cache, "directsync");
	for (size_t i = 0; i < BL_ARRAY_LEN(axes); i++)
		n += !strcmp(axis_of(d, cell, axes[i]), axis_of(d, place, axes[i]));
	return n;
}

#define ALIKE_MAX 5

static void find_virtio(const struct run_data *d, struct measured *m)
{
	unsigned nearest = 0;
	double least = INFINITY;

	m->best_virtio = NO_CELL;
	for (uint32_t c = 0; c < d->n_cells; c++) {
		double is = score_of(m->sums, c);
		unsigned n = alike(d, c, m->cell);

		if (!is_virtio(d, c) || !isfinite(is) || !strcmp(axis_of(d, c, "cache"), "unsafe"))
			continue;
		if (m->best_virtio != NO_CELL && (n != nearest ? n < nearest : is >= least))
			continue;
		m->best_virtio = c;
		nearest = n;
		least = is;
	}
	m->is_as_good = nearest == ALIKE_MAX;
}

/* ---- jobs ---- */

/* The two percentiles of a job as one verdict: p99.9 that can't be told does not undo a p99 that
 * can. */
static void count_tail(const struct comparison *p99, const struct comparison *p99_9,
		       struct tally *t)
{
	bool better = p99->verdict == VERDICT_BETTER || p99_9->verdict == VERDICT_BETTER;
	bool worse = p99->verdict == VERDICT_WORSE || p99_9->verdict == VERDICT_WORSE;

	if (!p99->n_pairs)
		return;
	t->n++;
	t->mixed += better && worse;
	t->better += better && !worse;
	t->worse += worse && !better;
	if (better || worse)
		return;
	if (p99->verdict == VERDICT_SAME && p99_9->verdict == VERDICT_SAME)
		t->same++;
	else
		t->open++;
}

static void count_cpu(const struct comparison *c, struct tally *t)
{
	if (!c->n_pairs)
		return;
	t->n++;
	t->better += c->verdict == VERDICT_BETTER;
	t->worse += c->verdict == VERDICT_WORSE;
	t->same += c->verdict == VERDICT_SAME;
	t->open += c->verdict == VERDICT_CANNOT_TELL;
}

static const struct summary *other_side(const struct measured *m, size_t i, uint32_t from,
					uint32_t to)
{
	if (m->sums->items[i].cell != to || from == NO_CELL)
		return NULL;
	return summaries_find(m->sums, from, m->sums->items[i].job);
}

static void count_jobs(struct measured *m)
{
	for (size_t i = 0; i < m->sums->n; i++) {
		const struct summary *b = &m->sums->items[i];
		const struct summary *a = other_side(m, i, m->best_virtio, m->cell);
		struct comparison p99, p99_9, cpu;

		if (!a)
			continue;
		p99 = compare_summaries(a, b, METRIC_P99);
		p99_9 = compare_summaries(a, b, METRIC_P99_9);
		cpu = compare_summaries(a, b, METRIC_CPU_PER_IO);
		count_tail(&p99, &p99_9, &m->tail);
		count_cpu(&cpu, &m->cpu);
	}
}

void measure(const struct run_data *d, const struct summaries *sums, struct measured *ret)
{
	*ret = (struct measured){.sums = sums,
				 .cell = best_of_bus(d, sums, "vfio"),
				 .best_virtio = NO_CELL,
				 .userspace = best_of_bus(d, sums, "nvme-userspace")};
	if (ret->cell == NO_CELL)
		return;
	find_virtio(d, ret);
	count_jobs(ret);
}

enum gain gain_of(const struct measured *m)
{
	if (!m->tail.n)
		return GAIN_UNKNOWN;
	if (m->tail.better || m->tail.mixed)
		return GAIN_SOME;
	/* A tail that can't be told may be worse, whatever an I/O costs. */
	if (m->tail.open)
		return GAIN_OPEN;
	if (m->cpu.better)
		return GAIN_SOME;
	if (m->tail.worse == m->tail.n)
		return GAIN_NONE; /* whatever the CPU time is: the tail was asked for */
	return m->cpu.open ? GAIN_OPEN : GAIN_NONE;
}

/* ---- in words ---- */

void say_tally(const struct tally *t, struct bl_buf *out)
{
	const struct {
		size_t n;
		const char *word;
	} parts[] = {{t->better, "better"},
		     {t->worse, "worse"},
		     {t->same, "same"},
		     {t->mixed, "better and worse"},
		     {t->open, "cannot tell"}};

	if (!t->n) {
		bl_buf_adds(out, "not measured");
		return;
	}
	for (size_t i = 0; i < BL_ARRAY_LEN(parts); i++) {
		if (!parts[i].n)
			continue;
		if (parts[i].n == t->n)
			bl_buf_adds(out, parts[i].word);
		else
			bl_buf_addf(out, "%s%s in %zu of %zu jobs", out->len ? ", " : "",
				    parts[i].word, parts[i].n, t->n);
	}
}

int speaks_of(const struct tally *t)
{
	if (!t->n || t->open || t->mixed || (t->better && t->worse))
		return 0;
	return t->better ? 1 : -1;
}

static void say_change(double ratio, struct bl_buf *out)
{
	char num[FMT_MAX];

	bl_buf_addf(out, "%c%s%c", FIGURE_MARK, fmt_change(&fmt_plain, num, ratio),
		    FIGURE_MARK_END);
}

/* Always with its interval, or as what was seen. */
static void say_comparison(const struct comparison *c, const char *name, struct bl_buf *out)
{
	bl_buf_addf(out, "%s ", name);
	if (!c->n_pairs) {
		bl_buf_adds(out, "not known on both sides");
		return;
	}
	say_change(c->ratio, out);
	if (!c->has_interval) {
		bl_buf_adds(out, " seen");
		return;
	}
	bl_buf_adds(out, " [");
	say_change(c->lo, out);
	bl_buf_adds(out, ", ");
	say_change(c->hi, out);
	bl_buf_addf(out, "] %s", verdict_names[c->verdict]);
}

void say_jobs(const struct measured *m, uint32_t from, uint32_t to, const enum metric *which,
	      size_t most, const char *sep, struct bl_buf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < m->sums->n; i++) {
		const struct summary *b = &m->sums->items[i];
		const struct summary *a = other_side(m, i, from, to);

		if (!a || n++ >= most)
			continue;
		bl_buf_addf(out, "%s%s: ", n > 1 ? sep : "", b->job);
		for (const enum metric *w = which; *w != METRICS; w++) {
			struct comparison c = compare_summaries(a, b, *w);

			bl_buf_adds(out, w == which ? "" : ", ");
			say_comparison(&c, jobs_metric_words[*w], out);
		}
	}
	if (n > most)
		bl_buf_addf(out, "%sand %zu more job%s", sep, n - most, n - most > 1 ? "s" : "");
}

void say_why_open(const struct measured *m, struct bl_buf *out)
{
	static const enum metric asked[] = {METRIC_P99, METRIC_P99_9, METRIC_CPU_PER_IO};

	for (size_t i = 0; i < m->sums->n; i++) {
		const struct summary *a = other_side(m, i, m->best_virtio, m->cell);

		for (size_t k = 0; a && k < BL_ARRAY_LEN(asked); k++) {
			struct comparison c = compare_summaries(a, &m->sums->items[i], asked[k]);

			if (c.n_pairs && c.verdict == VERDICT_CANNOT_TELL) {
				bl_buf_adds(out, c.why);
				return;
			}
		}
	}
}
