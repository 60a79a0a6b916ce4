#include "made_equal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

static char *dup(const char *a, const char *hostile)
{
	char text[256];

	snprintf(text, sizeof text, "%s%s%.200s", a, hostile ? " " : "", hostile ? hostile : "");
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

static void make_job(const struct made_equal *how, struct job_result *j, size_t nth, double y,
		     uint64_t *rng)
{
	static const char *const names[] = {"randread-4k-qd1", "randread-4k-qd32", "commit"};
	struct lat *l;

	j->name = dup(names[nth % 3], how->hostile);
	j->job_text = dup("[j]\nrw=randread\n", NULL);
	j->sample = must(sample_new(j->name));
	j->sample->runtime_ns = 1000000000;
	l = must(sample_lat(&j->sample->dir[IO_READ].lat));
	/* Quantiles, not draws: what trials differ by is what was asked for. */
	for (unsigned i = 0; i < how->ios; i++) {
		double u = ((double)i + 0.5) / how->ios,
		       tail = u > 0.99 ? 3 + 9 * (u - 0.99) * 100 : 0;

		lat_add(l, (uint64_t)(100000 * (double)(1 + 5 * nth) *
				      exp(y * (1 + tail * 0.6) + 0.3 * (u - 0.5) + tail * 0.3)));
	}
	j->sample->dir[IO_READ].ios = (uint64_t)(how->ios * exp(-y));
	j->sample->dir[IO_READ].bytes = j->sample->dir[IO_READ].ios * 4096;
	j->has_host_cpu = true;
	j->host_cpu_ns =
		(uint64_t)((double)j->sample->dir[IO_READ].ios * 21000 * exp(normal(rng) * 0.015));
}

static void make_trial(const struct made_equal *how, struct trial_record *t, uint32_t cell,
		       uint32_t repeat, uint32_t order, uint64_t *rng)
{
	double all = (double)how->cells * how->repeats;

	*t = (struct trial_record){.cell = cell, .repeat = repeat, .order = order};
	snprintf(t->id, sizeof t->id, "trial-%u", order);
	snprintf(t->boot, sizeof t->boot, "%s", t->id);
	t->jobs = must(calloc(how->jobs + 1, sizeof *t->jobs));
	t->n_jobs = how->jobs;
	for (size_t k = 0; k < how->jobs; k++)
		make_job(how, &t->jobs[k], k,
			 normal(rng) * how->noise + how->drift * order / all +
				 (cell + 1 == how->cells ? how->odd : 0),
			 rng);
}

void made_equal(const struct made_equal *how, struct run_data *ret)
{
	uint64_t rng = how->seed * 977 + 1;
	uint32_t order = 0;

	memset(ret, 0, sizeof *ret);
	snprintf(ret->run.id, sizeof ret->run.id, "01a219b6-7ac1-74ba-8e81-094676b284e2");
	ret->run.scenario_name = dup("quick", how->hostile);
	ret->run.scenario_text = dup("", NULL);
	ret->run.host_id = dup("h", NULL);
	ret->run.host_name = dup("db3", how->hostile);
	ret->run.accel = dup("kvm", NULL);
	ret->run.version = dup("0.1.0", NULL);
	ret->run.repeats = how->repeats;
	ret->run.started_ms = UINT64_C(1764192000000);
	ret->run.ended_ms = ret->run.started_ms + 1;
	facts_add(&ret->run.environment, "host.kernel", "6.1.0-37-amd64");
	ret->cells = must(calloc(how->cells + 1, sizeof *ret->cells));
	ret->trials = must(calloc(how->cells * how->repeats + 1, sizeof *ret->trials));
	ret->n_cells = how->cells;
	for (size_t i = 0; i < how->cells; i++) {
		char name[32];

		snprintf(name, sizeof name, "copy %zu", i + 1);
		ret->cells[i].name = dup(name, how->hostile);
		ret->cells[i].durability = dup("", NULL);
		facts_add(&ret->cells[i].axes, "bus", how->hostile ? how->hostile : "virtio-blk");
		facts_add(&ret->cells[i].axes, "iothreads", "1");
		facts_add(&ret->cells[i].axes, "cache", "none");
	}
	for (uint32_t r = 0; r < how->repeats; r++)
		for (uint32_t c = 0; c < how->cells; c++, order++)
			make_trial(how, &ret->trials[ret->n_trials++], c, r, order, &rng);
}
