/* One cause often shows as several: what hides what, and what unsound figures can't prove. */
#include <string.h>

#include "cleanup.h"
#include "judge.h"

/* @weaker is what @cause looks like from elsewhere: it is not told beside it. */
static const struct shadow {
	const char *cause, *weaker;
} shadows[] = {
	/* A limit delays inside QEMU: that looks like slow storage, a full queue, used-up bursts.
	 */
	{"io-throttled", "backend-slow"},
	{"io-throttled", "backend-stalls"},
	{"io-throttled", "virtual-queueing"},
	{"io-throttled", "not-steady"},
	{"backend-stalls", "backend-slow"},
	{"device-saturated", "backend-slow"},
	{"device-saturated", "backend-stalls"},
	/* What makes the storage slow, against that it is slow. */
	{"discard-burst", "backend-slow"},
	{"discard-burst", "backend-stalls"},
	{"backend-stalls", "flush-storm"},
	{"backend-slow", "flush-storm"},
	/* Who keeps requests between guest and QEMU, against that they are kept. */
	{"main-loop", "virtual-queueing"},
	{"iothread-starved", "virtual-queueing"},
	{"vcpu-starved", "virtual-queueing"},
	{"single-queue", "virtual-queueing"},
	{"emulated-controller", "virtual-queueing"},
	{"emulated-controller", "main-loop"},
	{"emulated-controller", "single-queue"},
	{"iothread-starved", "main-loop"}, /* the loop waits for a CPU: it is not too busy */
	/* A CPU that is taken away is not full of the guest's own work. */
	{"vcpu-starved", "guest-cpu-bound"},
	{"background-job", "busy-host"},
	/* Reclaim writes back what is dirty; the other way round there is no shortage. */
	{"memory-pressure", "host-page-cache"},
	{"memory-pressure", "not-steady"},
	{"memory-pressure", "iothread-starved"}, /* reclaim computes, and holds what wants memory */
	{"host-page-cache", "not-steady"},
	{"cpu-throttled", "not-steady"},
	{"qcow2-allocation", "not-steady"},
	{"iothread-starved", "not-steady"}, /* others come and go */
	{"vcpu-starved", "not-steady"},
	{"busy-host", "not-steady"},
	{"qcow2-allocation", "qcow2-layout"},
	{"reads-of-holes", "cached-reads"},
	/* A stall is a long request and a slow second. */
	{"stutter", "bad-tail"},
	{"stutter", "not-steady"},
};

static struct found *any(const struct look *l, const char *cause)
{
	for (size_t i = 0; i < l->n_found; i++)
		if (!strcmp(l->found[i].cause, cause))
			return &l->found[i];
	return NULL;
}

#define SHADOW_DEPTH 8 /* longer than any chain of the table, should one become a ring */

/* Not beside what is less sure than itself: then it is the one to be told. Nor by what is hidden
 * itself: that is not what happened. */
static bool is_hidden(const struct look *l, const struct found *f, unsigned depth)
{
	for (size_t i = 0; i < BL_ARRAY_LEN(shadows) && depth; i++) {
		const struct found *cause;

		if (strcmp(shadows[i].weaker, f->cause) != 0)
			continue;
		cause = any(l, shadows[i].cause);
		if (cause && cause->confidence >= f->confidence && !is_hidden(l, cause, depth - 1))
			return true;
	}
	return false;
}

void hide_shadows(struct look *l)
{
	for (size_t i = 0; i < l->n_found; i++)
		l->found[i].is_shadow = is_hidden(l, &l->found[i], SHADOW_DEPTH);
}

/* Causes that rest on figures of CPU time: of an emulated CPU, and beside a busy host, they
 * say little. */
static const char *const of_cpu_time[] = {"main-loop", "virtual-queueing", "guest-cpu-bound"};
/* Facts of the record or of the kernel, whatever was measured. */
static const char *const of_facts[] = {"io-errors",     "cache-unsafe",   "config-drift",
				       "cpu-throttled", "reads-of-holes", "cached-reads",
				       "too-short",     "busy-host",      "background-job"};

static bool is_in(const char *const *list, size_t n, const char *cause)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i], cause))
			return true;
	return false;
}

/* Why what rests on this job's latencies is only possible; NULL: it need not be. */
static const char *unsound_for(const struct look *l, const struct found *f)
{
	bool is_cpu = is_in(of_cpu_time, BL_ARRAY_LEN(of_cpu_time), f->cause);

	if (is_in(of_facts, BL_ARRAY_LEN(of_facts), f->cause))
		return NULL;
	if (look_find(l, "too-short"))
		return "too little was measured (too-short)";
	if (look_find(l, "reads-of-holes") && look_find(l, "reads-of-holes")->confidence)
		return "holes were read (reads-of-holes)";
	if (look_find(l, "cached-reads"))
		return "reads came from memory (cached-reads)";
	if (is_cpu && look_find(l, "busy-host"))
		return "others had the CPUs (busy-host)";
	return is_cpu && l->is_emulated ? "the CPU is emulated" : NULL;
}

void lower_unsound(struct look *l)
{
	for (size_t i = 0; i < l->n_found; i++) {
		struct found *f = &l->found[i];
		const char *why = f->is_shadow ? NULL : unsound_for(l, f);
		BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;

		if (!why || f->confidence == CONFIDENCE_POSSIBLE)
			continue;
		f->confidence = CONFIDENCE_POSSIBLE;
		bl_buf_addf(&said, "%s; only possible, since %s", f->evidence, why);
		free(f->evidence);
		f->evidence = bl_buf_take(&said);
		if (!f->evidence)
			l->g->failed = true;
	}
}
