#include "signals.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "signal_rows.h"
#include "units.h"

/* Making the signals of one job. */
struct maker {
	const struct job_result *j;
	const struct timeline *line;
	struct signals out;
	double *scratch; /* [2 n] */
};

static double step_s(const struct timeline *l)
{
	return (double)l->step_ns / (double)NS_PER_S;
}

static void describe(struct signal *s, const struct timeline *line)
{
	double sum = 0;
	size_t n = 0;

	s->min = s->max = s->mean = NAN;
	for (size_t i = 0; i < line->n; i++) {
		if (isnan(s->values[i]))
			continue;
		sum += s->values[i];
		s->min = fmin(s->min, s->values[i]); /* fmin takes the number of a number and NAN */
		s->max = fmax(s->max, s->values[i]);
		n++;
	}
	if (n)
		s->mean = sum / (double)n;
}

/* A new one with room for its values; NULL: SIGNALS_MAX (*ret_r 0) or no memory (-ENOMEM). */
static struct signal *new_signal(struct maker *m, int *ret_r)
{
	struct signal *s;

	*ret_r = 0;
	if (m->out.n == SIGNALS_MAX)
		return NULL;
	s = &m->out.items[m->out.n];
	*s = (struct signal){0};
	s->values = calloc(m->line->n, sizeof *s->values);
	if (!s->values) {
		*ret_r = -ENOMEM;
		return NULL;
	}
	m->out.n++;
	return s;
}

/* --- values --- */

static void raw(const struct maker *m, enum watcher w, const struct series *one, double *ret)
{
	series_grid(&m->j->watched[w], one, m->line->from_ns, m->line->step_ns, m->line->n, ret);
}

/* "disk.sda.read_ns", "reads" -> the series "disk.sda.reads" beside it. */
static const struct series *sibling(const struct series_set *set, const char *name,
				    const char *last)
{
	const char *dot = strrchr(name, '.');
	char full[2 * SERIES_NAME_MAX];

	snprintf(full, sizeof full, "%.*s.%s", (int)(dot - name), name, last);
	return series_find(set, full);
}

/* One series by its row into @ret. false: the row's other series is missing. */
static bool derive(const struct maker *m, const struct signal_row *row, const struct series *one,
		   double *ret)
{
	const struct series_set *set = &m->j->watched[row->watcher];
	double scale = row->scale > 0 ? row->scale : 1, *n = m->scratch + m->line->n;
	const struct series *per = NULL;

	raw(m, row->watcher, one, ret);
	if (row->how == SIGNAL_AWAIT) {
		per = sibling(set, one->name, row->per);
		if (!per)
			return false;
		raw(m, row->watcher, per, n);
		for (size_t i = 0; i < m->line->n; i++)
			ret[i] = n[i] >= 0.5 ? ret[i] / n[i] : NAN;
		return true;
	}
	if (row->how == SIGNAL_RATE)
		scale /= step_s(m->line);
	else if (row->how == SIGNAL_SHARE)
		scale /= (double)m->line->step_ns;
	for (size_t i = 0; i < m->line->n; i++)
		ret[i] *= scale;
	return true;
}

/* --- names --- */

/* "thread.vcpu0.wait_ns" -> "host.thread.vcpu0.wait_ns"; of a sum without the number, of a derived
 * one with its own last word. */
static void name_it(struct signal *s, const struct signal_row *row, const char *name,
		    const char *what)
{
	const char *dot = strrchr(name, '.');
	const char *hash = strchr(row->pattern, '#');

	if (row->is_sum)
		snprintf(s->name, sizeof s->name, "%s.%.*s%s", watcher_names[row->watcher],
			 (int)(hash - row->pattern), row->pattern, hash + 1);
	else if (row->last)
		snprintf(s->name, sizeof s->name, "%s.%.*s.%s", watcher_names[row->watcher],
			 (int)(dot - name), name, row->last);
	else
		snprintf(s->name, sizeof s->name, "%s.%s", watcher_names[row->watcher], name);
	if (strstr(row->title, "%s")) {
		const char *at = strstr(row->title, "%s");

		snprintf(s->title, sizeof s->title, "%.*s%s%s", (int)(at - row->title), row->title,
			 what, at + 2);
	} else {
		snprintf(s->title, sizeof s->title, "%s", row->title);
	}
}

static void take_row(struct signal *s, const struct signal_row *row)
{
	s->watcher = row->watcher;
	s->unit = row->unit;
	s->layer = row->layer;
	s->is_count_like = row->is_count_like;
	s->is_low_bad = row->is_low_bad;
	s->is_symptom = row->is_symptom;
	s->is_untested = row->is_untested;
}

static bool is_named(const struct maker *m, const char *name)
{
	return signals_find(&m->out, name) != NULL;
}

/* --- rows --- */

static int add_singles(struct maker *m, const struct signal_row *row)
{
	const struct series_set *set = &m->j->watched[row->watcher];
	char what[SERIES_NAME_MAX];
	int r = 0;

	for (size_t i = 0; i < set->n_series && r == 0; i++) {
		struct signal head = {0}, *s;

		if (!signal_matches(row->pattern, set->items[i].name, what))
			continue;
		name_it(&head, row, set->items[i].name, what);
		if (is_named(m, head.name) || !derive(m, row, &set->items[i], m->scratch))
			continue;
		s = new_signal(m, &r);
		if (!s)
			continue;
		memcpy(s->name, head.name, sizeof s->name);
		memcpy(s->title, head.title, sizeof s->title);
		take_row(s, row);
		memcpy(s->values, m->scratch, m->line->n * sizeof *s->values);
		describe(s, m->line);
	}
	return r;
}

/* What one of them lacks the sum lacks: half a sum is no smaller one. */
static int add_sum(struct maker *m, const struct signal_row *row)
{
	const struct series_set *set = &m->j->watched[row->watcher];
	struct signal *s = NULL;
	char what[SERIES_NAME_MAX];
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < set->n_series; i++) {
		if (!signal_matches(row->pattern, set->items[i].name, what) ||
		    !derive(m, row, &set->items[i], m->scratch))
			continue;
		if (!s)
			s = new_signal(m, &r);
		if (!s)
			return r;
		name_it(s, row, set->items[i].name, what);
		for (size_t k = 0; k < m->line->n; k++)
			s->values[k] += m->scratch[k];
		n++;
	}
	if (!s)
		return 0;
	take_row(s, row);
	s->is_copy = n == 1;
	describe(s, m->line);
	return 0;
}

/* --- what others do on the backing's devices --- */

/* Adds a counter's rise to @sum; false: it is not there. */
static bool add_raw(const struct maker *m, const char *name, double sign, double *sum)
{
	const struct series *one = series_find(&m->j->watched[WATCHED_HOST], name);

	if (!one)
		return false;
	raw(m, WATCHED_HOST, one, m->scratch);
	for (size_t i = 0; i < m->line->n; i++)
		sum[i] += sign * m->scratch[i];
	return true;
}

static bool add_devices(const struct maker *m, const char *devices, double *sum)
{
	static const char *const ways[] = {"read_bytes", "write_bytes"};
	char full[2 * SERIES_NAME_MAX];
	bool all = *devices != '\0';

	while (*devices && all) {
		size_t len = strcspn(devices, " ");

		for (size_t w = 0; w < BL_ARRAY_LEN(ways); w++) {
			snprintf(full, sizeof full, "disk.%.*s.%s", (int)len, devices, ways[w]);
			all = all && add_raw(m, full, 1, sum);
		}
		devices += len + strspn(devices + len, " ");
	}
	return all && add_raw(m, "process.read_bytes", -1, sum) &&
	       add_raw(m, "process.write_bytes", -1, sum);
}

/* What the devices moved less what the VM (or the job) did. Pages that the VM wrote into the host's
 * cache are its own when they become dirty, and count here when they are written back. */
static int add_others(struct maker *m, const char *devices)
{
	struct signal *s;
	int r;

	s = new_signal(m, &r);
	if (!s)
		return r;
	snprintf(s->name, sizeof s->name, "host.disk.others_bytes");
	snprintf(s->title, sizeof s->title, "others' I/O on the backing's devices, and writeback");
	s->watcher = WATCHED_HOST;
	s->unit = "bytes/s";
	s->layer = LAYER_HOST;
	if (!add_devices(m, devices, s->values)) {
		free(s->values);
		m->out.n--;
		return 0;
	}
	for (size_t i = 0; i < m->line->n; i++)
		if (!isnan(s->values[i]))
			s->values[i] = fmax(0, s->values[i]) / step_s(m->line);
	describe(s, m->line);
	return 0;
}

/* --- */

int signals_of(const struct job_result *j, const struct timeline *line, const char *devices,
	       struct signals *ret, struct bl_err *err)
{
	struct maker m = {.j = j, .line = line};
	BL_CLEANUP(bl_freep) double *scratch = NULL;
	int r = 0;

	*ret = (struct signals){0};
	if (!line->n)
		return 0;
	m.scratch = scratch = calloc(2 * line->n, sizeof *scratch);
	m.out.items = calloc(SIGNALS_MAX, sizeof *m.out.items);
	if (!m.scratch || !m.out.items)
		r = -ENOMEM;
	if (r == 0)
		r = add_others(&m, devices);
	for (size_t i = 0; i < n_signal_rows && r == 0; i++)
		r = signal_rows[i].is_sum ? add_sum(&m, &signal_rows[i])
					  : add_singles(&m, &signal_rows[i]);
	if (r < 0) {
		signals_done(&m.out);
		return bl_fail(err, r, "no memory for the signals of job '%s'", j->name);
	}
	*ret = m.out;
	return 0;
}

void signals_done(struct signals *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->items[i].values);
	free(s->items);
	*s = (struct signals){0};
}

const struct signal *signals_find(const struct signals *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->items[i].name, name))
			return &s->items[i];
	return NULL;
}
