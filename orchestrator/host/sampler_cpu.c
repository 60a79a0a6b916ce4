/* sampler_cpu.c - CPU time by role, of a window of what the sampler has read. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sampler.h"
#include "thread_watch.h"

struct role_sum {
	double run_ns, wait_ns;
	bool has_run, has_wait, has_used; /* ever, also before the window */
};

/* "thread.vcpu0.run_ns": the role, and what is counted. */
static enum cpu_role role_of(const char *name, const char **ret_what)
{
	const char *dot;

	if (strncmp(name, "thread.", 7) != 0 || !(dot = strchr(name + 7, '.')))
		return CPU_ROLES;
	*ret_what = dot + 1;
	return thread_role_of(name + 7, (size_t)(dot - name - 7));
}

static bool has_used(const struct series_set *set, const struct series *one)
{
	return one->values[set->n - 1] != 0 && one->values[set->n - 1] != SERIES_ABSENT;
}

static void add_signal(const struct series_set *set, const struct series *one, uint64_t from_ns,
		       uint64_t to_ns, struct role_sum sums[CPU_ROLES])
{
	const char *what;
	enum cpu_role role = role_of(one->name, &what);
	double rise;

	if (role == CPU_ROLES || !series_rise(set, one, from_ns, to_ns, &rise))
		return;
	if (!strcmp(what, "run_ns")) {
		sums[role].run_ns += rise;
		sums[role].has_run = true;
		sums[role].has_used |= has_used(set, one);
	} else if (!strcmp(what, "wait_ns")) {
		sums[role].wait_ns += rise;
		sums[role].has_wait = true;
	}
}

/* A role without threads (no iothread, no pool) is absent, as are all when this kernel has no
 * schedstat. */
static int add_role(const struct role_sum *s, unsigned role, struct facts *facts)
{
	char key[64];
	int r;

	if (!s->has_run || !s->has_used)
		return 0;
	snprintf(key, sizeof key, "cpu.%s_ns", cpu_role_names[role]);
	r = facts_addf(facts, key, "%.0f", s->run_ns);
	if (r < 0 || !s->has_wait)
		return r;
	snprintf(key, sizeof key, "cpu.%s_wait_ns", cpu_role_names[role]);
	return facts_addf(facts, key, "%.0f", s->wait_ns);
}

int sampler_cpu(const struct series_set *set, uint64_t from_ns, uint64_t to_ns,
		uint64_t *ret_process_ns, struct facts *facts)
{
	const struct series *process = series_find(set, "process.cpu_ns");
	struct role_sum sums[CPU_ROLES] = {0};
	double used;
	int r = 0;

	if (!process || to_ns <= from_ns || !series_rise(set, process, from_ns, to_ns, &used))
		return -ENODATA;
	*ret_process_ns = (uint64_t)(used + .5);
	for (size_t i = 0; i < set->n_series; i++)
		add_signal(set, &set->items[i], from_ns, to_ns, sums);
	for (unsigned role = 0; role < CPU_ROLES && r == 0; role++)
		r = add_role(&sums[role], role, facts);
	return r;
}
