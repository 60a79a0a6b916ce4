/* What a real guest sampled while jobs ran agrees with what the engine counted, on one clock. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grid.h"
#include "lab.h"
#include "suite.h"
#include "units.h"

/* The disk is idle for a second before the writes and two after them: the other job of the group
 * has no disk. */
static const char jobs[] =
	"[write]\nrw=randwrite\nbs=4k\ndirect=1\nioengine=io_uring\niodepth=2\nrate_iops=200\n"
	"startdelay=1s\ntime_based=1\nruntime=4s\n"
	"[wait]\nrw=read\nbs=4k\nsize=1m\nioengine=null\nrate_iops=10\ntime_based=1\nruntime=7s\n";

#define STRAY_NS (150 * NS_PER_MS) /* an interval, and a half for a late reading */

static struct lab lab;

static const struct series *signal_of(const struct series_set *set, const char *name)
{
	const struct series *one = series_find(set, name);

	ck_assert_msg(one != NULL, "there is no '%s'", name);
	return one;
}

static double rise(const struct series_set *set, const char *name, uint64_t from, uint64_t to)
{
	double d;

	ck_assert_msg(series_rise(set, signal_of(set, name), from, to, &d), "%s", name);
	return d;
}

/* Of the disk's request queues: "irq.virtio1-req.0". */
static double interrupts(const struct series_set *set, uint64_t from, uint64_t to)
{
	double sum = 0;

	for (size_t i = 0; i < set->n_series; i++)
		if (strstr(set->items[i].name, "-req.") && !strncmp(set->items[i].name, "irq.", 4))
			sum += rise(set, set->items[i].name, from, to);
	return sum;
}

static void is_there(struct lab *l, const struct trial_record *t)
{
	const struct job_result *j = trial_job(t, "write");
	const struct series_set *set = &j->watched[WATCHED_GUEST];
	uint64_t from, to, ios;
	double writes, before, after, busy;

	(void)l;
	ck_assert_msg(t->state == TRIAL_OK, "%s", t->reason);
	from = j->sample->start_ns + (uint64_t)job_clock_offset_ns(t, j);
	to = from + j->sample->runtime_ns;
	ios = j->sample->dir[IO_WRITE].ios;
	ck_assert_uint_gt(set->n, 50);
	writes = rise(set, "disk.writes", from, to);
	before = rise(set, "disk.writes", set->at_ns[0], from - STRAY_NS);
	after = rise(set, "disk.writes", to + STRAY_NS, set->at_ns[set->n - 1]);
	busy = rise(set, "disk.busy_ns", from - STRAY_NS, to + STRAY_NS);
	printf("    guest disk: %.1f writes in the job's window of %.2f s, the engine %" PRIu64
	       "; %.0f before, %.0f after; busy %.3f s; %zu signals\n",
	       writes, (double)(to - from) / 1e9, ios, before, after, busy / 1e9, set->n_series);
	printf("    %.0f interrupts; %s readings cost %.1f ms of the guest's CPU; clock +-%s ns\n",
	       interrupts(set, from, to), facts_get(&j->facts, "telemetry.guest.readings"),
	       (double)lab_number(&j->facts, "telemetry.guest.cost_ns") / 1e6,
	       facts_get(&j->facts, "clock.uncertainty_ns"));
	fflush(stdout);
	ck_assert_uint_gt(ios, 700);
	ck_assert_double_ge(writes, (double)ios * 0.98);
	ck_assert_double_le(writes, (double)ios * 1.02);
	ck_assert_double_le(before, 0);
	ck_assert_double_le(after, 0);
	ck_assert_double_gt(busy, 0);
	ck_assert(keeps_grid(set->at_ns, set->n, 100 * NS_PER_MS));
	/* there was something before and after, which makes the zeros above say something */
	ck_assert_uint_lt(set->at_ns[0] + 500 * NS_PER_MS, from);
	ck_assert_uint_gt(set->at_ns[set->n - 1], to + 500 * NS_PER_MS);
	ck_assert_double_ge(rise(set, "disk.write_bytes", from, to), (double)ios * 4096 * 0.98);
	ck_assert_double_gt(rise(set, "cpu0.idle_ns", set->at_ns[0], set->at_ns[set->n - 1]), 0);
	signal_of(set, "cpu1.steal_ns");
	signal_of(set, "disk.in_flight");
	signal_of(set, "memory.dirty_bytes");
	signal_of(set, "pressure.io.some_ns");
	ck_assert_double_ge(interrupts(set, from, to), (double)ios / 4); /* a few may share one */
}

static void is_not_there(struct lab *l, const struct trial_record *t)
{
	const struct job_result *j = trial_job(t, "write");

	(void)l;
	ck_assert_msg(t->state == TRIAL_OK, "%s", t->reason);
	for (size_t i = 0; i < WATCHERS; i++)
		ck_assert_uint_eq(j->watched[i].n, 0);
	ck_assert_ptr_null(facts_get(&j->facts, "telemetry.guest.cost_ns"));
	ck_assert_uint_gt(lab_number(&j->facts, "cpu.vcpu_ns"), 0);
	ck_assert(j->has_host_cpu);
}

static void run(const char *more, void (*record)(struct lab *, const struct trial_record *))
{
	struct bl_err err = BL_ERR_INIT;
	char yaml[512];

	lab_init(&lab, lab_kernel(false));
	lab.opt.fill = "guest";
	lab.record = record;
	snprintf(yaml, sizeof yaml,
		 "vm: { vcpus: 2 }\nbacking: { size: 32MiB }\nrepeats: 1\n"
		 "axes: { bus: [virtio-blk] }\n%s",
		 more);
	ck_assert_msg(lab_run(&lab, yaml, jobs, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(lab.n_trials, 1);
	lab_done(&lab);
}

START_TEST(the_guests_disk_and_the_engine_count_the_same_at_the_same_time)
{
	run("", is_there);
}
END_TEST

START_TEST(switched_off_nothing_is_watched_but_cpu_time)
{
	run("telemetry: off\n", is_not_there);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("watched");
	TCase *t = tcase_create("watched");

	tcase_set_timeout(t, 240);
	tcase_add_test(t, the_guests_disk_and_the_engine_count_the_same_at_the_same_time);
	tcase_add_test(t, switched_off_nothing_is_watched_but_cpu_time);
	suite_add_tcase(s, t);
	return suite_run(s);
}
