#include "guest_sampler.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "clock.h"
#include "helper.h"
#include "interrupts.h"
#include "units.h"
#include "watch_system.h"

#define SPARE_MOMENTS  64 /* jobs take a little longer than they are told to */
#define LOOKS_TO_JUDGE 3  /* whole readings; the first ones open files and fill caches */

struct guest_sampler {
	struct bl_helper *helper;
	struct system_watch *watch;
	char disk[64], pci[32];
	uint64_t interval_ns, expected_ns;
	size_t values_max;
	uint64_t whole_ns;
	uint64_t least_ns; /* CPU time of the cheapest whole reading */
	struct guest_sampled all;
};

static uint64_t cpu_ns(void)
{
	struct timespec cpu;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
	return (uint64_t)cpu.tv_sec * NS_PER_S + (uint64_t)cpu.tv_nsec;
}

static void make_sparser(struct guest_sampler *s)
{
	series_thin(&s->all.set);
	if (s->interval_ns <= GUEST_SAMPLER_INTERVAL_MAX_NS)
		s->interval_ns *= 2;
}

static void (*const kinds[])(struct system_watch *w, struct series_set *set) = {
	system_watch_cpus, system_watch_pressure, system_watch_memory_now};

static bool takes_turns(const struct guest_sampler *s)
{
	return s->all.readings >= LOOKS_TO_JUDGE && s->least_ns > s->whole_ns;
}

/* The disk first: it is what the moment is about. */
static void take_reading(struct guest_sampler *s, bool is_whole)
{
	struct series_set *set = &s->all.set;
	uint64_t from = cpu_ns();

	if ((set->n + 1) * set->n_series > s->values_max)
		make_sparser(s);
	if (series_moment(set, bl_now_ns()) < 0)
		return;
	system_watch_disk(s->watch, s->disk, "disk", set);
	if (s->pci[0])
		system_watch_irqs(s->watch, s->pci, set);
	is_whole |= !takes_turns(s);
	for (unsigned i = 0; i < BL_ARRAY_LEN(kinds); i++)
		if (is_whole || s->all.readings % BL_ARRAY_LEN(kinds) == i)
			kinds[i](s->watch, set);
	from = cpu_ns() - from;
	if (is_whole && (!s->least_ns || from < s->least_ns))
		s->least_ns = from;
	s->all.readings++;
}

/* Less room is no failure: the set grows as it must. */
static void make_room(struct guest_sampler *s)
{
	size_t n = (size_t)(s->expected_ns / s->interval_ns) + SPARE_MOMENTS;
	size_t most = s->values_max / (s->all.set.n_series + 1);

	series_reserve(&s->all.set, n < most ? n : most);
}

static void sample(void *ctx)
{
	struct guest_sampler *s = ctx;
	uint64_t tick = bl_now_ns();

	take_reading(s, true);
	make_room(s);
	while (!bl_helper_tick(s->helper, &tick, s->interval_ns))
		take_reading(s, false);
	take_reading(s, true);
	s->all.cost_ns = cpu_ns();
}

static void drop(void *ctx)
{
	struct guest_sampler *s = ctx;

	system_watch_free(s->watch);
	series_done(&s->all.set);
	free(s);
}

int guest_sampler_start(const struct guest_sampler_options *opt, struct guest_sampler **ret)
{
	struct guest_sampler *s = calloc(1, sizeof *s);
	int r;

	if (!s)
		return -ENOMEM;
	s->interval_ns = opt->interval_ns;
	s->expected_ns = opt->expected_ns;
	s->whole_ns = opt->whole_ns ? opt->whole_ns : GUEST_SAMPLER_WHOLE_NS;
	s->values_max = opt->values_max ? opt->values_max : GUEST_SAMPLER_VALUES_MAX;
	snprintf(s->disk, sizeof s->disk, "%s", opt->disk);
	irq_pci_of_block(opt->root, s->disk, s->pci, sizeof s->pci);
	s->watch = system_watch_new(opt->root);
	r = s->watch ? bl_helper_new("guest sampler", sample, drop, s, &s->helper) : -ENOMEM;
	if (r < 0) {
		drop(s);
		return r;
	}
	bl_helper_ask(s->helper);
	bl_helper_wait(s->helper, UINT64_MAX); /* until it pauses for the first time */
	*ret = s;
	return 0;
}

void guest_sampler_stop(struct guest_sampler *s, struct guest_sampled *ret)
{
	bl_helper_stop(s->helper);
	bl_helper_wait(s->helper, UINT64_MAX);
	*ret = s->all;
	s->all = (struct guest_sampled){0};
	bl_helper_end(s->helper);
}
