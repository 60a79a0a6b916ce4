/* What this host did while jobs ran, beside what the engine measured: in a VM and without one. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block_path.h"
#include "grid.h"
#include "lab.h"
#include "suite.h"
#include "units.h"

/* Past the page caches: what a job writes goes to the disk while it runs. */
static const char jobs[] = "[write]\nrw=write\nbs=64k\ndirect=1\nioengine=io_uring\niodepth=4\n"
			   "time_based=1\nruntime=4s\n"
			   "[again]\nstonewall\nrw=randread\nbs=4k\ndirect=1\nioengine=io_uring\n"
			   "time_based=1\nruntime=2s\n";

static struct lab lab;
static unsigned n_seen;

struct window {
	const struct series_set *set;
	uint64_t from, to;
};

static struct window window_of(const struct trial_record *t, const struct job_result *j)
{
	struct window w = {.set = &j->watched[WATCHED_HOST]};

	w.from = j->sample->start_ns + (uint64_t)job_clock_offset_ns(t, j);
	w.to = w.from + j->sample->runtime_ns;
	return w;
}

static double rise(const struct window *w, const char *name)
{
	const struct series *one = series_find(w->set, name);
	double v;

	ck_assert_msg(one != NULL, "there is no signal '%s'", name);
	ck_assert_msg(series_rise(w->set, one, w->from, w->to, &v),
		      "'%s' does not cover the job's time", name);
	return v;
}

/* On overlayfs, tmpfs or a network's file system. */
static void look_no_disks(const struct series_set *set, const struct block_path *p)
{
	printf("      no block device is known below %s, so no disk's signal is compared: %s\n",
	       lab.dir, p->why_none);
	ck_assert_ptr_nonnull(p->why_none);
	for (size_t i = 0; i < set->n_series; i++)
		ck_assert_msg(strncmp(set->items[i].name, "disk.", 5) != 0,
			      "'%s' is watched, and no disk was found", set->items[i].name);
}

/* Others may write to the disk, too: at least the job's bytes. */
static void look_disks(const struct window *w, double bytes)
{
	struct block_path p;
	double written = 0;
	unsigned n_leaves = 0;

	ck_assert_int_eq(block_path_of("", lab.dir, &p, NULL), 0);
	for (size_t i = 0; i < p.n; i++) {
		char name[64];

		snprintf(name, sizeof name, "disk.%s.write_bytes", p.nodes[i].name);
		if (!p.nodes[i].is_leaf)
			continue;
		n_leaves++;
		written += rise(w, name);
		printf("      %s: %.1f MiB written, %.1f by the job\n", name,
		       rise(w, name) / (double)MiB, bytes / (double)MiB);
	}
	if (!p.n)
		look_no_disks(w->set, &p);
	else
		ck_assert_msg(n_leaves && written > bytes * .95 - (double)MiB,
			      "%u disks wrote %.0f bytes, the job %.0f", n_leaves, written, bytes);
	block_path_done(&p);
}

static void look_job(const struct trial_record *t, const struct job_result *j, bool has_vm)
{
	struct window w = window_of(t, j);
	double cost = (double)lab_number(&j->facts, "telemetry.host.cost_ns");
	uint64_t n = lab_number(&j->facts, "telemetry.host.readings");

	printf("    %-6s %s: %zu readings of %zu signals kept; %.0f us of CPU each, %.2f %% of "
	       "a CPU\n",
	       j->name, has_vm ? "in a VM" : "on the host", w.set->n, w.set->n_series,
	       cost / (double)n / 1e3, cost / (double)n / 1e8 * 100);
	for (size_t i = 0; i < j->facts.n; i++)
		if (!strncmp(j->facts.items[i].key, "host.", 5))
			printf("      %s: %s\n", j->facts.items[i].key, j->facts.items[i].value);
	ck_assert_uint_gt(w.set->n, 5);
	ck_assert(keeps_grid(w.set->at_ns, w.set->n, 100 * NS_PER_MS));
	ck_assert(w.set->at_ns[0] <= w.from && w.set->at_ns[w.set->n - 1] >= w.to);
	ck_assert(j->has_host_cpu);
	ck_assert_uint_gt(j->host_cpu_ns, 0);
	ck_assert(rise(&w, "process.cpu_ns") > 0);
	ck_assert(rise(&w, "cpu.busy_ns") > 0);
	ck_assert(series_find(w.set, "memory.available_bytes") != NULL);
	if (has_vm) {
		ck_assert(rise(&w, "thread.vcpu0.run_ns") > 0);
		ck_assert_uint_gt(lab_number(&j->facts, "cpu.vcpu_ns"), 0);
	} else {
		ck_assert(rise(&w, "thread.job.run_ns") + rise(&w, "thread.main.run_ns") > 0);
	}
	if (j == t->jobs)
		look_disks(&w, (double)j->sample->dir[IO_WRITE].bytes);
}

static void record(struct lab *l, const struct trial_record *t)
{
	bool has_vm = t->domain_xml != NULL;

	(void)l;
	if (t->state != TRIAL_OK)
		return;
	ck_assert_uint_eq(t->n_jobs, 2);
	look_job(t, &t->jobs[0], has_vm);
	look_job(t, &t->jobs[1], has_vm);
	n_seen++;
}

START_TEST(the_host_is_watched_ten_times_a_second_while_jobs_run)
{
	struct bl_err err = BL_ERR_INIT;

	printf("in a VM and on the host, raw, O_DIRECT:\n");
	lab_init(&lab, lab_kernel(false));
	lab.record = record;
	ck_assert_msg(lab_run(&lab,
			      "backing: { size: 64MiB }\nrepeats: 1\naxes:\n"
			      "  bus: [virtio-blk, host]\n",
			      jobs, &err) == 0,
		      "%s", err.text);
	for (size_t i = 0; i < lab.n_trials; i++)
		ck_assert_msg(lab.trials[i].state == TRIAL_OK, "%s: %s", lab.trials[i].cell,
			      lab.trials[i].reason);
	ck_assert_uint_eq(n_seen, 2);
	lab_done(&lab);
}
END_TEST

static void record_off(struct lab *l, const struct trial_record *t)
{
	const struct job_result *j = &t->jobs[0];

	(void)l;
	ck_assert_int_eq(t->state, TRIAL_OK);
	ck_assert_uint_eq(j->watched[WATCHED_HOST].n, 0);
	ck_assert_ptr_null(facts_get(&j->facts, "telemetry.host.cost_ns"));
	ck_assert_uint_gt(lab_number(&j->facts, "cpu.vcpu_ns"), 0);
	n_seen++;
}

START_TEST(without_telemetry_only_the_cpu_time_is_there)
{
	struct bl_err err = BL_ERR_INIT;

	lab_init(&lab, lab_kernel(false));
	lab.record = record_off;
	ck_assert_msg(lab_run(&lab,
			      "backing: { size: 16MiB }\nrepeats: 1\ntelemetry: off\naxes:\n"
			      "  bus: [virtio-blk]\n",
			      "[read]\nrw=randread\nbs=4k\ndirect=1\ntime_based=1\nruntime=1s\n",
			      &err) == 0,
		      "%s", err.text);
	ck_assert_uint_eq(n_seen, 1);
	lab_done(&lab);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("watch host");
	TCase *t = tcase_create("watch host");

	tcase_set_timeout(t, 240);
	tcase_add_test(t, the_host_is_watched_ten_times_a_second_while_jobs_run);
	tcase_add_test(t, without_telemetry_only_the_cpu_time_is_there);
	suite_add_tcase(s, t);
	return suite_run(s);
}
