#include "made_profile.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS   (24 * 3600 * (uint64_t)1000)
#define FIRST_MS (UINT64_C(1764126000) * 1000)

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

static char *dup(const char *a, const char *hostile)
{
	char text[256];

	snprintf(text, sizeof text, "%s%s%.180s", a, hostile ? " " : "", hostile ? hostile : "");
	return must(strdup(text));
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

static double typical(enum metric m, double ns, size_t job)
{
	switch (m) {
	case METRIC_IOPS:
		return 1e9 / ns * (job ? 32 : 1);
	case METRIC_BYTES_PER_S:
		return 4096e9 / ns * (job ? 32 : 1);
	case METRIC_P99:
		return ns * 2.1;
	case METRIC_P99_9:
		return ns * 4.5;
	case METRIC_MAX:
		return ns * 40;
	case METRIC_CPU_PER_IO:
		return 21000;
	default:
		return m == METRIC_P50 ? ns * 0.95 : ns;
	}
}

static void make_row(const struct made_profile *how, struct figure_row *row, size_t cell,
		     size_t job, double worse, uint64_t *rng)
{
	static const char *const cells[] = {"virtio-blk iothread none", "virtio-blk main none",
					    "virtio-scsi iothread none", "host"};
	static const char *const jobs[] = {"randread-4k-qd1", "randread-4k-qd32"};
	double ns = 90000 * (1 + 0.35 * (double)cell) * (job ? 6 : 1), off = normal(rng);

	*row = (struct figure_row){.cell = dup(cells[cell % 4], how->hostile),
				   .job = dup(jobs[job % 2], how->hostile),
				   .job_text = dup("[j]", NULL),
				   .axes = dup("", NULL),
				   .iodepth = job ? 32 : 1,
				   .n_ok = 5};
	for (int m = 0; m < METRICS; m++) {
		bool is_tail = m == METRIC_P99 || m == METRIC_P99_9;

		row->by[m] = (struct figure){
			.n = 5,
			.y = log(typical((enum metric)m, ns, job)) +
			     how->noise * (1 + is_tail) * (off + normal(rng)) / 1.4 +
			     (is_tail && cell == 0 ? worse : 0),
			.sd = 0.015 * (1 + is_tail) * (0.7 + 0.6 * uniform(rng)),
			.is_thin = m == METRIC_P99_9 && job == 0 && cell == 1,
		};
	}
	row->n_curve = job ? 18 : 14;
	for (size_t i = 0; i < row->n_curve; i++) {
		double x = run_curve_nines(i);

		row->curve_ns[i] = ns * exp(how->noise * off + 0.33 * (x - 0.3) +
					    0.07 * (x - 0.3) * (x - 0.3) +
					    (cell == 0 ? worse * fmin(1, x / 2) : 0));
	}
}

static void make_facts(const struct made_profile *how, struct facts *f, bool is_new)
{
	facts_add(f, "environment.version", "2");
	facts_add(f, "host.kernel", how->hostile ? how->hostile : "6.1.0-37-amd64");
	facts_add(f, "emulator.version", is_new ? "10.0.2" : "7.2.22");
	facts_add(f, "host.cpu.model", "Xeon Gold 6438Y+");
	facts_add(f, "memory.total_bytes", "137438953472");
	facts_add(f, "disk.model", "PM9A3");
	facts_add(f, "disk.firmware", is_new ? "GDC7302Q" : "GDC7102Q");
}

void made_runs_of(const struct made_profile *how, const char *host, struct run_figures *runs)
{
	uint64_t rng = how->seed * 977 + 1;

	for (size_t i = 0; i < how->runs; i++) {
		bool is_last = i + 1 == how->runs;
		struct run_figures *r = &runs[i];

		*r = (struct run_figures){.started_ms = FIRST_MS + i * DAY_MS,
					  .scenario = dup("nightly", how->hostile),
					  .host_id = dup(host, NULL),
					  .host_name = dup(host, how->hostile),
					  .accel = dup("kvm", NULL),
					  .version = dup("0.1.0", NULL),
					  .n_trials = 5 * how->cells,
					  .n_ok = 5 * how->cells};
		snprintf(r->run, sizeof r->run, "01a219b6-%04x-74ba-8e81-%012x",
			 (unsigned)i & 0xffff, (unsigned)how->seed);
		make_facts(how, &r->fingerprint.facts, is_last && how->has_upgrade);
		facts_add(&r->fingerprint.by_cell, "emulator.version a cell",
			  facts_get(&r->fingerprint.facts, "emulator.version"));
		r->rows = must(calloc(how->cells * how->jobs + 1, sizeof *r->rows));
		for (size_t c = 0; c < how->cells; c++)
			for (size_t j = 0; j < how->jobs; j++)
				make_row(how, &r->rows[r->n++], c, j, is_last ? how->worse : 0,
					 &rng);
	}
}

void made_baseline(const struct made_profile *how, struct baseline_record *ret)
{
	*ret = (struct baseline_record){.name = dup("rollout", how->hostile),
					.host = dup("db3", NULL),
					.host_name = dup("db3", how->hostile),
					.scenario = dup("nightly", how->hostile),
					.note = dup(how->hostile ? how->hostile : "", NULL),
					.made_ms = FIRST_MS + 9 * DAY_MS};
}
