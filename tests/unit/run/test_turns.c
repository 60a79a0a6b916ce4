/* Cells that share a boot, with the fake hypervisor: each has its turns on its own disk, in the
 * plan's order, and what goes wrong with one of them costs the others nothing. No VM runs. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fresh_dir.h"
#include "fs.h"
#include "hv_fake.h"
#include "runner.h"
#include "units.h"

#define RECORDS_MAX 32
#define N_SHARED    4 /* disks of one VM */

static char dir[64];

static struct seen {
	size_t n;
	struct one {
		char id[BL_UUID_TEXT], boot[BL_UUID_TEXT];
		uint32_t cell, repeat, round, order;
		enum trial_state state;
		char reason[512], console[4096], serial[64], iothreads[64], source[256];
		char *xml;
		uint64_t ios, started_ms, ended_ms;
	} one[RECORDS_MAX];
	unsigned stop_after; /* set the stop flag at this job-phase event; 0: never */
	volatile sig_atomic_t stop;
	size_t n_stopped;
} seen;

static void copy(char *out, size_t len, const char *text)
{
	snprintf(out, len, "%s", text ? text : "");
}

/* The effective value at @key, where it is as asked. */
static void copy_proved(const struct trial_record *t, const char *key, char *out, size_t len)
{
	for (size_t i = 0; i < t->effective.n; i++)
		if (strcmp(t->effective.items[i].key, key) == 0 && t->effective.items[i].matches)
			copy(out, len, t->effective.items[i].effective);
}

static int on_trial(void *ctx, const struct trial_record *t, struct bl_err *err)
{
	struct one *o = &seen.one[seen.n++];

	(void)ctx;
	(void)err;
	ck_assert_uint_le(seen.n, RECORDS_MAX);
	ck_assert_uint_eq(fake_n_vms(), 0);
	copy(o->id, sizeof o->id, t->id);
	copy(o->boot, sizeof o->boot, t->boot);
	o->cell = t->cell;
	o->repeat = t->repeat;
	o->round = t->round;
	o->order = t->order;
	o->state = t->state;
	copy(o->reason, sizeof o->reason, t->reason);
	copy(o->console, sizeof o->console, t->console_tail);
	copy(o->source, sizeof o->source, facts_get(&t->facts, "path.source"));
	copy_proved(t, "guest.serial", o->serial, sizeof o->serial);
	copy_proved(t, "disk.iothread_names", o->iothreads, sizeof o->iothreads);
	o->xml = t->domain_xml ? strdup(t->domain_xml) : NULL;
	o->ios = t->n_jobs && t->jobs[0].sample ? sample_ios(t->jobs[0].sample) : 0;
	o->started_ms = t->started_ms;
	o->ended_ms = t->ended_ms;
	ck_assert_uint_ge(t->ended_ms, t->started_ms);
	return 0;
}

static void on_progress(void *ctx, const struct runner_progress *p)
{
	(void)ctx;
	if (p->phase == PHASE_JOB && seen.stop_after && --seen.stop_after == 0)
		seen.stop = 1;
}

static void on_stopped(void *ctx, const struct trial_record *t, const char *backing)
{
	(void)ctx;
	ck_assert(bl_exists(backing));
	ck_assert_ptr_nonnull(strstr(backing, t->id)); /* its own */
	seen.n_stopped += t->cell != N_SHARED;
}

static const struct runner_events events = {
	.progress = on_progress, .trial = on_trial, .stopped = on_stopped};

static void make_dir(void)
{
	fresh_dir(dir);
	memset(&seen, 0, sizeof seen);
}

static void drop_dir(void)
{
	for (size_t i = 0; i < seen.n; i++)
		free(seen.one[i].xml);
	ck_assert_int_eq(bl_remove_tree(dir, NULL), 0);
}

#define JOB_IOS 64
static const char one_job[] = "[reads]\nrw=randread\nbs=4k\nsize=256k\n";
static const char endless_job[] = "[reads]\nrw=randread\nbs=4k\ntime_based=1\nruntime=1h\n";

/* Four disks of one VM, and a cell that has no VM; whether that one is ok is another test's matter:
 * these jobs are shorter than what looks at them. */
#define SHARED                                                                                     \
	"backing: { size: 4MiB }\ninterleave: within-boot\n"                                       \
	"axes:\n  bus: [virtio-blk, virtio-scsi]\n  iothreads: [0, 1]\n"                           \
	"include:\n  - { name: host, bus: host }\n"

static struct plan *plan_of_run;

static int run_jobs(const char *uri, const char *yaml, const char *job, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *jobs = bl_strf("%s/jobs.fio", dir);
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/s.yaml", dir);
	BL_CLEANUP(bl_freep) char *work = bl_strf("%s/lab", dir);
	BL_CLEANUP(bl_freep) char *cache = bl_strf("%s/cache", dir);
	BL_CLEANUP(bl_freep)
	char *text = bl_strf("name: t\njobs: jobs.fio\nseed: 3\nlimits: { boot: 20s, job: 20s, "
			     "shutdown: 20s }\n%s",
			     yaml);
	BL_CLEANUP(scenario_freep) struct scenario *sc = NULL;
	BL_CLEANUP(matrix_freep) struct matrix *m = NULL;
	struct runner_options opt = {.uri = uri,
				     .work_dir = work,
				     .cache_dir = cache,
				     .agent = "/nowhere/agent",
				     .version = "test",
				     .silence_ns = 10 * NS_PER_S};
	struct runner *runner = NULL;
	char id[BL_UUID_TEXT];
	int r;

	ck_assert_int_eq(bl_write_file(jobs, job, strlen(job), NULL), 0);
	ck_assert_msg(scenario_parse(text, path, &sc, err) == 0, "%s", err->text);
	ck_assert_msg(matrix_expand(sc, &m, err) == 0, "%s", err->text);
	plan_freep(&plan_of_run);
	ck_assert_msg(plan_make(sc, m, &plan_of_run, err) == 0, "%s", err->text);
	opt.matrix = m;
	ck_assert_msg(runner_open(&opt, &events, &runner, err) == 0, "%s", err->text);
	r = runner_run(runner, sc, m, plan_of_run, bl_uuid7(id, bl_wall_ms()), &seen.stop, err);
	runner_close(runner);
	ck_assert_uint_eq(fake_n_vms(), 0);
	return r;
}

static void run(const char *uri, const char *yaml)
{
	struct bl_err err = BL_ERR_INIT;

	ck_assert_msg(run_jobs(uri, yaml, one_job, &err) == 0, "%s", err.text);
}

/* Which disk was used how often, as the guest saw it, one behind the other. */
static size_t disks_used(const char *console, char used[RECORDS_MAX][24])
{
	static const char mark[] = "runs jobs on ";
	size_t n = 0;

	for (const char *s = strstr(console, mark); s; s = strstr(s, mark)) {
		s += strlen(mark);
		ck_assert_uint_lt(n, RECORDS_MAX);
		snprintf(used[n++], 24, "%.*s", (int)strcspn(s, "\n"), s);
	}
	return n;
}

START_TEST(each_cell_has_its_turns_on_its_own_disk_in_the_plans_order)
{
	size_t first_of_boot = 0, n_host = 0;

	run("fake:", SHARED "rounds: 3\nrepeats: 2\n");
	ck_assert_uint_eq(seen.n, 2 * (3 * N_SHARED + 1));
	ck_assert_uint_eq(seen.n_stopped, 2 * N_SHARED); /* each disk once a boot */
	for (size_t i = 0; i < seen.n; i++) {
		const struct one *o = &seen.one[i];
		const struct planned_trial *want = &plan_of_run->trials[i];
		size_t n = plan_boot_len(plan_of_run, i);
		char used[RECORDS_MAX][24];

		ck_assert_msg(o->state == TRIAL_OK || o->cell == N_SHARED, "%s", o->reason);
		ck_assert_uint_eq(o->order, i);
		ck_assert_uint_eq(o->cell, want->cell);
		ck_assert_uint_eq(o->repeat, want->repeat);
		ck_assert_uint_eq(o->round, want->round);
		ck_assert_uint_eq(o->ios, JOB_IOS);
		if (i == 0 || plan_of_run->trials[i - 1].boot != want->boot)
			first_of_boot = i;
		ck_assert_str_eq(o->boot, seen.one[first_of_boot].id);
		if (i > first_of_boot)
			ck_assert_uint_ge(o->started_ms, seen.one[i - 1].ended_ms);
		if (n == 1 && i == first_of_boot) {
			n_host++;
			ck_assert_str_eq(o->console, "");
			continue;
		}
		ck_assert_uint_eq(disks_used(o->console, used), 3 * N_SHARED);
		ck_assert_str_eq(o->serial, used[i - first_of_boot]);
		ck_assert_ptr_nonnull(strstr(o->xml, o->source)); /* the file of its first turn */
	}
	ck_assert_uint_eq(n_host, 2);
}
END_TEST

/* Own iothreads, own files: no two disks of a boot share any. */
START_TEST(disks_of_a_boot_share_nothing)
{
	run("fake:", SHARED "rounds: 1\nrepeats: 1\n");
	ck_assert_uint_eq(seen.n, N_SHARED + 1);
	for (size_t i = 0; i < seen.n; i++) {
		const struct one *a = &seen.one[i];
		bool is_on_thread = a->cell == 1 || a->cell == 3;

		ck_assert_msg(a->state == TRIAL_OK || a->cell == N_SHARED, "%s", a->reason);
		ck_assert_int_eq(a->iothreads[0] != '\0', is_on_thread);
		for (size_t k = 0; k < i; k++) {
			ck_assert_str_ne(a->source, seen.one[k].source);
			ck_assert(!is_on_thread || strcmp(a->iothreads, seen.one[k].iothreads));
		}
	}
}
END_TEST

START_TEST(a_job_that_fails_on_one_disk_fails_that_trial_only)
{
	size_t n_bad = 0;

	run("fake:second-job-error", SHARED "rounds: 2\nrepeats: 1\n");
	ck_assert_uint_eq(seen.n, 2 * N_SHARED + 1);
	for (size_t i = 0; i < seen.n; i++) {
		const struct one *o = &seen.one[i];
		bool is_struck = strcmp(o->serial, "blklab-dut-2") == 0;

		if (o->cell == N_SHARED)
			continue;
		ck_assert_int_eq(o->state, is_struck ? TRIAL_FAILED : TRIAL_OK);
		n_bad += is_struck;
		if (is_struck)
			ck_assert_str_eq(o->reason,
					 "job 'reads': read at 4096: Input/output error");
	}
	ck_assert_uint_eq(n_bad, 2); /* it gets its turn in the second round again */
}
END_TEST

START_TEST(a_disk_that_is_not_what_was_asked_for_is_out_and_the_others_go_on)
{
	uint32_t bad_cell = UINT32_MAX;
	size_t n_bad = 0;

	run("fake:second-driver", SHARED "rounds: 2\nrepeats: 1\n");
	ck_assert_uint_eq(seen.n, 2 * N_SHARED + 1);
	for (size_t i = 0; i < seen.n; i++) {
		const struct one *o = &seen.one[i];

		if (o->state == TRIAL_OK || o->cell == N_SHARED)
			continue;
		ck_assert_int_eq(o->state, TRIAL_MISMATCH);
		ck_assert_ptr_nonnull(strstr(o->reason, "effective floppy"));
		ck_assert(bad_cell == UINT32_MAX || bad_cell == o->cell);
		bad_cell = o->cell;
		n_bad++;
	}
	ck_assert_uint_eq(n_bad, 2);
}
END_TEST

START_TEST(a_cell_that_is_impossible_here_costs_the_others_nothing)
{
	run("fake:",
	    "backing: { size: 4MiB }\nvm: { vcpus: 2 }\ninterleave: within-boot\nrepeats: 1\n"
	    "axes:\n  bus: [virtio-blk, virtio-scsi]\n  iothreads: [0, 1]\n"
	    "include:\n  - { name: many, bus: virtio-blk, iothreads: 2 }\n");
	ck_assert_uint_eq(seen.n, 10);
	for (size_t i = 0; i < seen.n; i++) {
		const struct one *o = &seen.one[i];

		if (o->cell != 4) {
			ck_assert_msg(o->state == TRIAL_OK, "%s", o->reason);
			continue;
		}
		ck_assert_int_eq(o->state, TRIAL_IMPOSSIBLE);
		ck_assert_ptr_nonnull(strstr(o->reason, "need QEMU 9.0 or newer"));
	}
}
END_TEST

#define GONE    "job 'reads': the guest is gone"
#define NOT_RUN "not run, since its boot had ended: "

static bool begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

START_TEST(a_guest_that_dies_fails_what_was_not_run_yet_and_leaves_what_was)
{
	run("fake:die-in-third,ok", SHARED "rounds: 2\nrepeats: 2\n");
	ck_assert_uint_eq(seen.n, 2 * (2 * N_SHARED + 1));
	for (size_t i = 0, at = 0; i < seen.n; i++) {
		const struct one *o = &seen.one[i];
		bool is_first_vm = o->repeat == 0;

		if (o->cell == N_SHARED)
			continue; /* no VM */
		if (!is_first_vm || at < 2) {
			ck_assert_msg(o->state == TRIAL_OK, "%zu: %s", i, o->reason);
		} else {
			ck_assert_int_eq(o->state, TRIAL_FAILED);
			ck_assert(begins(o->reason, at == 2 ? GONE : NOT_RUN GONE));
		}
		at += is_first_vm;
	}
}
END_TEST

START_TEST(a_vm_that_does_not_start_fails_all_of_its_trials_with_that_reason)
{
	run("fake:will-not-start", SHARED "rounds: 2\nrepeats: 1\n");
	ck_assert_uint_eq(seen.n, 2 * N_SHARED + 1);
	for (size_t i = 0; i < seen.n; i++) {
		const struct one *o = &seen.one[i];

		ck_assert(o->cell == N_SHARED || o->state == TRIAL_FAILED);
		ck_assert(o->cell == N_SHARED ||
			  begins(o->reason, "cannot start the VM with its 4 disks"));
	}
}
END_TEST

/* As between boots: what had not begun is no record. */
START_TEST(a_stop_ends_the_turn_under_way_and_keeps_the_earlier_ones)
{
	struct bl_err err = BL_ERR_INIT;

	seen.stop_after = 1;
	ck_assert_int_eq(run_jobs("fake:",
				  "backing: { size: 4MiB }\ninterleave: within-boot\nrepeats: 2\n"
				  "axes:\n  iothreads: [0, 1]\n",
				  endless_job, &err),
			 -EINTR);
	ck_assert_uint_eq(seen.n, 1);
	ck_assert_int_eq(seen.one[0].state, TRIAL_INTERRUPTED);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("turns");
	TCase *t = tcase_create("fake hypervisor");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, make_dir, drop_dir);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, each_cell_has_its_turns_on_its_own_disk_in_the_plans_order);
	tcase_add_test(t, disks_of_a_boot_share_nothing);
	tcase_add_test(t, a_job_that_fails_on_one_disk_fails_that_trial_only);
	tcase_add_test(t, a_disk_that_is_not_what_was_asked_for_is_out_and_the_others_go_on);
	tcase_add_test(t, a_cell_that_is_impossible_here_costs_the_others_nothing);
	tcase_add_test(t, a_guest_that_dies_fails_what_was_not_run_yet_and_leaves_what_was);
	tcase_add_test(t, a_vm_that_does_not_start_fails_all_of_its_trials_with_that_reason);
	tcase_add_test(t, a_stop_ends_the_turn_under_way_and_keeps_the_earlier_ones);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	plan_freep(&plan_of_run);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
