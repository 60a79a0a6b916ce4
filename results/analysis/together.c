#include "together.h"

#include <math.h>
#include <stdlib.h>

#include "units.h"

#define OVERLAP_LEAST_NS (100 * NS_PER_MS)

/* A sample from before clocks were kept begins at 0: nobody knows what ran beside it. */
static bool when(const struct trial_record *t, const struct job_result *j, uint64_t *ret_from_ns,
		 uint64_t *ret_to_ns)
{
	return j->sample && j->sample->start_ns && j->sample->runtime_ns &&
	       job_window(t, j, ret_from_ns, ret_to_ns);
}

static uint64_t common_ns(uint64_t from, uint64_t to, uint64_t other_from, uint64_t other_to)
{
	uint64_t begin = from > other_from ? from : other_from, end = to < other_to ? to : other_to;

	return end > begin ? end - begin : 0;
}

bool jobs_overlap(const struct trial_record *t, const struct job_result *a,
		  const struct job_result *b)
{
	uint64_t from, to, other_from, other_to;

	return when(t, a, &from, &to) && when(t, b, &other_from, &other_to) &&
	       common_ns(from, to, other_from, other_to) >= OVERLAP_LEAST_NS;
}

/* Of a direction's requests, those that completed from @from to @to: by its slices, else evenly. */
static double share_within(const struct sample *s, int dir, uint64_t begins, uint64_t from,
			   uint64_t to)
{
	uint64_t all = 0, in = 0;

	for (size_t i = 0; i < s->n_intervals && s->interval_ns; i++) {
		const struct interval *iv = &s->intervals[i];
		uint64_t at = begins + iv->index * s->interval_ns + s->interval_ns / 2;

		if (iv->dir != dir)
			continue;
		all += iv->count;
		in += at >= from && at < to ? iv->count : 0;
	}
	if (all)
		return (double)in / (double)all;
	return (double)common_ns(begins, begins + s->runtime_ns, from, to) / (double)s->runtime_ns;
}

/* mean_ns is the sum until the end. */
static void add_job(const struct trial_record *t, const struct job_result *j, uint64_t from,
		    uint64_t to, struct layer_dir all[IO_DIRS])
{
	uint64_t begins, ends;

	if (!when(t, j, &begins, &ends))
		return;
	for (int d = 0; d < IO_DIRS; d++) {
		const struct dir_sample *of = &j->sample->dir[d];
		double share;

		if (!of->lat || !of->lat->n)
			continue;
		share = share_within(j->sample, d, begins, from, to);
		all[d].has = true;
		all[d].n += share * (double)of->lat->n;
		all[d].mean_ns += share * (double)of->lat->sum_ns;
		all[d].bytes += d == IO_SYNC ? NAN : share * (double)of->bytes;
		all[d].merges = NAN;
	}
}

void jobs_together(const struct trial_record *t, const struct job_result *j,
		   struct layer_seen *engine)
{
	const char *said = facts_get(&j->facts, "cpu.jobs_in_window");
	size_t n_said = said ? strtoul(said, NULL, 10) : 1, n_known = 0;
	uint64_t from, to;

	engine->n_jobs = 1;
	for (size_t i = 0; i < t->n_jobs; i++) {
		n_known += when(t, &t->jobs[i], &from, &to);
		engine->n_jobs += &t->jobs[i] != j && jobs_overlap(t, j, &t->jobs[i]);
	}
	/* Jobs of a group may also run one after the other. */
	engine->is_whole = engine->n_jobs >= n_said || n_known == t->n_jobs;
	if (!engine->is_whole)
		engine->n_jobs = n_said;
	if (engine->n_jobs < 2 || !when(t, j, &from, &to))
		return;
	for (size_t i = 0; i < t->n_jobs; i++)
		if (&t->jobs[i] == j || jobs_overlap(t, j, &t->jobs[i]))
			add_job(t, &t->jobs[i], from, to, engine->all);
	for (int d = 0; d < IO_DIRS; d++)
		engine->all[d].mean_ns =
			engine->all[d].n >= 1 ? engine->all[d].mean_ns / engine->all[d].n : NAN;
}

const struct layer_dir *asked_together(const struct layer_seen *engine, int dir)
{
	return engine->n_jobs > 1 && engine->is_whole ? &engine->all[dir] : &engine->dir[dir];
}
