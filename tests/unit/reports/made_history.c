#include "made_history.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS   (24 * 3600 * (uint64_t)1000)
#define FIRST_MS (UINT64_C(1735700400) * 1000) /* 2025-01-01, in the night */

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

static char *dup(const char *s)
{
	return must(strdup(s));
}

/* splitmix64 (Steele, Lea, Flood 2014), and Box and Muller. */
static double uniform(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return ((double)((z ^ (z >> 31)) >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(uint64_t *state)
{
	return sqrt(-2 * log(uniform(state))) * cos(6.283185307179586 * uniform(state));
}

static void name(const struct made_history *how, const char *kind, size_t i, char out[128])
{
	static const char *const cells[] = {"virtio-blk iothread none",
					    "virtio-blk main none",
					    "virtio-scsi iothread none",
					    "nvme-emulated none",
					    "virtio-blk iothread writeback",
					    "sata none",
					    "host"};
	static const char *const jobs[] = {"randread-4k-qd1", "randread-4k-qd32", "commit"};

	if (how->hostile)
		snprintf(out, 128, "%s%zu %.100s", kind, i, how->hostile);
	else
		snprintf(out, 128, "%s", *kind == 'c' ? cells[i % 7] : jobs[i % 3]);
}

/* Days that have no night: one in thirty, and a week in the middle. */
static bool is_missing(const struct made_history *how, size_t day, uint64_t *rng)
{
	double u = uniform(rng);

	return how->has_trouble &&
	       (u < 1.0 / 30 || (day > how->nights / 2 && day < how->nights / 2 + 8));
}

static void mark(const struct made_history *how, struct night_figures *n, const char *text)
{
	char all[192];

	snprintf(all, sizeof all, "%s%s%s", text, how->hostile ? " " : "",
		 how->hostile ? how->hostile : "");
	n->marks = must(reallocarray(n->marks, n->n_marks + 1, sizeof *n->marks));
	n->marks[n->n_marks++] = dup(all);
}

static void make_run(const struct made_history *how, struct history_run *run, uint64_t *rng)
{
	struct run_figures *f = &run->figures;

	*run = (struct history_run){.why = HISTORY_IS_NIGHT};
	f->rows = must(calloc(how->cells * how->jobs + 1, sizeof *f->rows));
	for (size_t c = 0; c < how->cells; c++) {
		for (size_t j = 0; j < how->jobs; j++) {
			struct figure_row *row = &f->rows[f->n++];
			char text[128];

			name(how, "c", c, text);
			row->cell = dup(text);
			name(how, "j", j, text);
			row->job = dup(text);
			row->job_text = dup("");
			row->axes = dup("");
			for (int m = 0; m < METRICS; m++) {
				row->by[m].n = 5;
				row->by[m].sd =
					(0.02 + 0.02 * (m == METRIC_P99_9)) * (0.6 + uniform(rng));
			}
		}
	}
}

static double typical(enum metric m, size_t cell, size_t job)
{
	double ns = 90000 * (1 + 0.35 * (double)cell) * (job == 1 ? 6 : job == 2 ? 14 : 1);

	switch (m) {
	case METRIC_IOPS:
		return 1e9 / ns * (job == 1 ? 32 : 1);
	case METRIC_P99:
		return ns * 2.1;
	case METRIC_P99_9:
		return ns * 4.5;
	case METRIC_MAX:
		return ns * 15;
	case METRIC_CPU_PER_IO:
		return 21000 * (1 + 0.1 * (double)cell);
	default:
		return m == METRIC_P50 ? ns * 0.95 : ns;
	}
}

static double shift(const struct made_history *how, size_t night, size_t cell, size_t job,
		    enum metric m)
{
	double y = 0;

	if (how->step_at && night >= how->step_at && cell < 2)
		y += m == METRIC_P99     ? log(cell ? 1.18 : 1.33)
		     : m == METRIC_P99_9 ? log(1.4)
		     : m == METRIC_IOPS  ? log(0.96)
					 : 0;
	if (how->has_trouble && cell == 2 && job == 0)
		y += 0.25 * (double)night / (double)how->nights * (m != METRIC_IOPS);
	if (how->has_trouble && cell == 3 && night > how->nights / 4 && m == METRIC_CPU_PER_IO)
		y -= log(1.25);
	return y;
}

static void make_series(const struct made_history *how, struct history *h, size_t cell, size_t job,
			enum metric m, uint64_t *rng)
{
	struct series_history *s = &h->series[h->n_series++];
	const struct figure_row *row = &h->runs[0]->figures.rows[cell * how->jobs + job];
	double noise = m == METRIC_MAX     ? 0.3
		       : m == METRIC_P99_9 ? 0.05
		       : m == METRIC_P99   ? 0.03
					   : 0.012;
	double hour = 0;

	*s = (struct series_history){.cell = row->cell, .job = row->job, .metric = m};
	s->y = must(calloc(h->n_nights + 1, sizeof *s->y));
	s->night = must(calloc(h->n_nights + 1, sizeof *s->night));
	s->n_trials = must(calloc(h->n_nights + 1, sizeof *s->n_trials));
	for (size_t i = 0; i < h->n_nights; i++) {
		double y;

		hour = 0.3 * hour + normal(rng) * noise;
		y = log(typical(m, cell, job)) + hour + shift(how, i, cell, job, m);
		if (how->has_trouble && uniform(rng) < 0.006)
			y += m == METRIC_IOPS ? -0.5 : 0.6 + uniform(rng);
		if (how->has_trouble && uniform(rng) < 0.01)
			continue; /* that night lacks it */
		s->night[s->n] = i;
		s->n_trials[s->n] = 5;
		s->y[s->n++] = y;
	}
}

void made_history(const struct made_history *how, struct history *ret)
{
	uint64_t rng = how->seed * 977 + 1;

	*ret = (struct history){.n_nights = 0};
	ret->nights = must(calloc(how->nights + 1, sizeof *ret->nights));
	ret->runs = must(calloc(how->nights + 1, sizeof *ret->runs));
	ret->series =
		must(calloc(how->cells * how->jobs * HISTORY_METRICS + 1, sizeof *ret->series));
	for (size_t day = 0; ret->n_nights < how->nights; day++) {
		struct night_figures *n = &ret->nights[ret->n_nights];

		if (is_missing(how, day, &rng))
			continue;
		ret->runs[ret->n_runs] = must(calloc(1, sizeof(struct history_run)));
		make_run(how, ret->runs[ret->n_runs++], &rng);
		n->started_ms = FIRST_MS + day * DAY_MS + (uint64_t)(uniform(&rng) * 3e6);
		snprintf(n->run, sizeof n->run, "%08x-%04x-7000-8000-%012x",
			 (unsigned)(n->started_ms >> 16), (unsigned)(n->started_ms & 0xffff),
			 (unsigned)day);
		n->first = ret->runs[ret->n_runs - 1];
		n->n_runs = 1;
		n->n_trials = n->n_ok = 5 * how->cells;
		if (how->step_at && ret->n_nights == how->step_at)
			mark(how, n, "QEMU 7.2.22 -> 10.0.2");
		if (how->has_trouble && ret->n_nights == how->nights / 4 + 1) {
			mark(how, n, "host kernel 6.1.0-37-amd64 -> 6.12.9-amd64");
			mark(how, n, "mitigations: now tsa; no longer gds");
		}
		if (how->has_trouble && ret->n_nights == how->nights * 4 / 5)
			mark(how, n, "microcode 0x2b000603 -> 0x2b000639");
		ret->n_nights++;
	}
	for (size_t c = 0; how->nights && c < how->cells; c++)
		for (size_t j = 0; j < how->jobs; j++)
			for (size_t m = 0; m < HISTORY_METRICS; m++)
				make_series(how, ret, c, j, history_metrics[m], &rng);
}

void made_event(const struct made_history *how, const struct history *h, const char *state,
		struct change_record *ret)
{
	char cell[128], job[128];

	name(how, "c", 0, cell);
	name(how, "j", 0, job);
	*ret = (struct change_record){.id = "id",
				      .event = "event",
				      .host = dup("h"),
				      .scenario = dup("s"),
				      .cell = dup(cell),
				      .job = dup(job),
				      .metric = dup("p99_ns"),
				      .before = 189000,
				      .after = 251000,
				      .lo = 1.28,
				      .hi = 1.38,
				      .p = 1e-9,
				      .cause = dup("QEMU 7.2.22 -> 10.0.2"),
				      .state = dup(state),
				      .confirmation = dup(how->hostile ? how->hostile
								       : "Eight fresh trials gave "
									 "253 us, too.")};
	memcpy(ret->at_run, h->nights[how->step_at].run, sizeof ret->at_run);
	memcpy(ret->found_run, h->nights[how->step_at].run, sizeof ret->found_run);
}
