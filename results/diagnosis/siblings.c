/* What a cell with one other choice did under the same job. */
#include <math.h>
#include <string.h>

#include "figure.h"
#include "rules.h"
#include "thresholds.h"

static bool is_host(const struct cell_record *c)
{
	const char *bus = facts_get(&c->axes, "bus");

	return bus && !strcmp(bus, "host");
}

/* An axis that one of them lacks has no meaning there and no value to differ from. */
static bool differs_only_in(const struct cell_record *a, const struct cell_record *b,
			    const char *axis)
{
	bool differs = false;

	if (is_host(a) || is_host(b))
		return false;
	for (size_t i = 0; i < a->axes.n; i++) {
		const char *other = facts_get(&b->axes, a->axes.items[i].key);

		if (!other || !strcmp(other, a->axes.items[i].value))
			continue;
		if (strcmp(a->axes.items[i].key, axis) != 0)
			return false;
		differs = true;
	}
	return differs;
}

static double order_of(const struct sibling *s)
{
	return s->by[METRIC_P99].n_pairs ? s->by[METRIC_P99].ratio : s->by[METRIC_MEAN].ratio;
}

bool sibling_of(const struct diagnosis *g, uint32_t cell, const char *job, const char *axis,
		const char *value, struct sibling *ret)
{
	const struct summary *mine = summaries_find(g->sums, cell, job), *its;
	bool found = false;

	for (uint32_t c = 0; mine && c < g->d->n_cells; c++) {
		struct sibling s = {.cell = c, .value = axis_of(g->d, c, axis)};

		if (c == cell || (value && strcmp(value, s.value) != 0) ||
		    !differs_only_in(&g->d->cells[cell], &g->d->cells[c], axis))
			continue;
		its = summaries_find(g->sums, c, job);
		for (int m = 0; its && m < METRICS; m++)
			s.by[m] = compare_summaries(mine, its, (enum metric)m);
		if (!its || !s.by[METRIC_MEAN].n_pairs || (found && order_of(ret) <= order_of(&s)))
			continue;
		*ret = s;
		found = true;
	}
	return found;
}

enum gained gained_by(const struct sibling *s, enum metric m)
{
	const struct comparison *c = &s->by[m];
	double more = metric_more_is_better[m] ? c->ratio : 1 / c->ratio;

	if (c->verdict == VERDICT_BETTER)
		return GAINED_PROVEN;
	if (c->n_pairs && !c->has_interval && more >= threshold(THRESHOLD_PLAIN_GAIN, false))
		return GAINED_SEEN;
	return GAINED_NOTHING;
}

static const char *const said_names[METRICS] = {
	[METRIC_IOPS] = "IOPS", [METRIC_BYTES_PER_S] = "bytes/s",
	[METRIC_MEAN] = "mean", [METRIC_P50] = "p50",
	[METRIC_P99] = "p99",   [METRIC_P99_9] = "p99.9",
	[METRIC_MAX] = "max",   [METRIC_CPU_PER_IO] = "CPU per I/O",
};

void say_gain(const struct diagnosis *g, const struct sibling *s, const enum metric *which,
	      size_t n, struct bl_buf *out)
{
	bl_buf_addf(out, "%sthe cell '%s' with the same job:", out->len ? "; " : "",
		    g->d->cells[s->cell].name);
	for (size_t i = 0; i < n; i++) {
		const struct comparison *c = &s->by[which[i]];
		char at[FMT_MAX], lo[FMT_MAX], hi[FMT_MAX];

		if (!c->n_pairs)
			continue;
		bl_buf_addf(out, "%s %s %s", i ? "," : "", said_names[which[i]],
			    fmt_change(&fmt_plain, at, c->ratio));
		if (c->has_interval)
			bl_buf_addf(out, " [%s, %s]", fmt_change(&fmt_plain, lo, c->lo),
				    fmt_change(&fmt_plain, hi, c->hi));
	}
	bl_buf_addf(out, " (%zu pair%s)", s->by[METRIC_MEAN].n_pairs,
		    s->by[METRIC_MEAN].n_pairs == 1 ? "" : "s");
}
