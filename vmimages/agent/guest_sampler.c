#include "guest_sampler.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "interrupts.h"
#include "units.h"
#include "watch_system.h"

#define SPARE_MOMENTS 64 /* jobs take a little longer than they are told to */

struct guest_sampler {
	pthread_t thread;
	sem_t has_begun, must_end;
	struct system_watch *watch;
	char disk[64], pci[32];
	uint64_t interval_ns, expected_ns;
	size_t values_max;
	struct guest_sampled all;
};

static void make_sparser(struct guest_sampler *s)
{
	series_thin(&s->all.set);
	if (s->interval_ns <= GUEST_SAMPLER_INTERVAL_MAX_NS)
		s->interval_ns *= 2;
}

/* The disk first: it is what the moment is about. */
static void take_reading(struct guest_sampler *s)
{
	struct series_set *set = &s->all.set;

	if ((set->n + 1) * set->n_series > s->values_max)
		make_sparser(s);
	if (series_moment(set, bl_now_ns()) < 0)
		return;
	system_watch_disk(s->watch, s->disk, "disk", set);
	if (s->pci[0])
		system_watch_irqs(s->watch, s->pci, set);
	system_watch_cpus(s->watch, set);
	system_watch_pressure(s->watch, set);
	system_watch_memory_now(s->watch, set);
	s->all.readings++;
}

/* Less room is no failure: the set grows as it must. */
static void make_room(struct guest_sampler *s)
{
	size_t n = (size_t)(s->expected_ns / s->interval_ns) + SPARE_MOMENTS;
	size_t most = s->values_max / (s->all.set.n_series + 1);

	series_reserve(&s->all.set, n < most ? n : most);
}

/* Until @at_ns, CLOCK_MONOTONIC; true: the end has come before. A semaphore, as the sampler must
 * not keep a short job waiting for its next moment. */
static bool ends_before(struct guest_sampler *s, uint64_t at_ns)
{
	struct timespec at = {.tv_sec = (time_t)(at_ns / NS_PER_S),
			      .tv_nsec = (long)(at_ns % NS_PER_S)};
	int r;

	do
		r = sem_clockwait(&s->must_end, CLOCK_MONOTONIC, &at);
	while (r < 0 && errno == EINTR);
	return r == 0;
}

static void *sampler_main(void *arg)
{
	struct guest_sampler *s = arg;
	uint64_t next = bl_now_ns(), now;
	struct timespec cpu;

	take_reading(s);
	make_room(s);
	sem_post(&s->has_begun);
	do {
		next += s->interval_ns;
		now = bl_now_ns();
		if (next <= now)
			next += ((now - next) / s->interval_ns + 1) * s->interval_ns;
		if (ends_before(s, next))
			break;
		take_reading(s);
	} while (true);
	take_reading(s);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
	s->all.cost_ns = (uint64_t)cpu.tv_sec * NS_PER_S + (uint64_t)cpu.tv_nsec;
	return NULL;
}

static void drop(struct guest_sampler *s)
{
	system_watch_free(s->watch);
	sem_destroy(&s->has_begun);
	sem_destroy(&s->must_end);
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
	s->values_max = opt->values_max ? opt->values_max : GUEST_SAMPLER_VALUES_MAX;
	snprintf(s->disk, sizeof s->disk, "%s", opt->disk);
	irq_pci_of_block(opt->root, s->disk, s->pci, sizeof s->pci);
	sem_init(&s->has_begun, 0, 0);
	sem_init(&s->must_end, 0, 0);
	s->watch = system_watch_new(opt->root);
	r = s->watch ? -pthread_create(&s->thread, NULL, sampler_main, s) : -ENOMEM;
	if (r < 0) {
		drop(s);
		return r;
	}
	while (sem_wait(&s->has_begun) < 0)
		; /* a signal */
	*ret = s;
	return 0;
}

void guest_sampler_stop(struct guest_sampler *s, struct guest_sampled *ret)
{
	sem_post(&s->must_end);
	pthread_join(s->thread, NULL);
	*ret = s->all;
	drop(s);
}
