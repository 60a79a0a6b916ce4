/* scenario -> matrix -> plan -> runner with the fake hypervisor: every way a trial can end is a
 * record with its reason, and nothing is left behind. No VM runs. */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backing.h"
#include "cleanup.h"
#include "digest.h"
#include "fresh_dir.h"
#include "fs.h"
#include "hv_fake.h"
#include "parts.h"
#include "runner.h"
#include "units.h"

#define RECORDS_MAX 32

static char dir[64];

/* What was seen: deep enough copies of the records, for the checks afterwards. */
static struct seen {
	unsigned n;
	struct one {
		char id[BL_UUID_TEXT];
		uint32_t cell, repeat, order;
		enum trial_state state;
		char reason[1024], console[1024];
		size_t n_jobs, n_effective, n_interrupts;
		uint64_t ios[4];
		uint64_t host_cpu_ns, runtime_ns; /* of the first job */
		bool has_xml;
		char kernel[64], emulator[64]; /* asked and proved */
		struct facts facts, job_facts; /* of the trial, and of its first job */
	} one[RECORDS_MAX];
	unsigned phases[PHASES];
	char notes[4096];
	unsigned stop_after; /* set the stop flag at this job-phase event; 0: never */
	volatile sig_atomic_t stop;
	unsigned n_stopped;
	char accel[8];
	struct facts environment;
} seen;

/* The effective value at @key, when that was asked for. */
static void copy_proved(const struct trial_record *t, const char *key, char out[64])
{
	for (size_t i = 0; i < t->effective.n; i++) {
		const struct effective *e = &t->effective.items[i];

		if (strcmp(e->key, key) == 0 && e->asked && e->effective)
			snprintf(out, 64, "%s", e->effective);
	}
}

/* No guest can make a terminal or a page do anything, whatever it says. */
static void check_tame(const char *what, const char *text)
{
	for (const char *s = text; s && *s; s++)
		ck_assert_msg((*s >= ' ' && *s <= '~') || *s == '\n', "%s has byte 0x%02x", what,
			      (unsigned char)*s);
}

static void check_facts_are_tame(const struct facts *f)
{
	for (size_t i = 0; i < f->n; i++) {
		check_tame("a key", f->items[i].key);
		check_tame(f->items[i].key, f->items[i].value);
	}
}

static void check_record_is_tame(const struct trial_record *t)
{
	check_tame("reason", t->reason);
	check_tame("console", t->console_tail);
	check_facts_are_tame(&t->facts);
	for (size_t i = 0; i < t->effective.n; i++)
		check_tame(t->effective.items[i].key, t->effective.items[i].effective);
	for (size_t i = 0; i < t->n_jobs; i++) {
		const struct sample *s = t->jobs[i].sample;

		check_facts_are_tame(&t->jobs[i].facts);
		check_tame("job", s ? s->job : NULL);
		check_tame("engine", s ? s->engine : NULL);
		check_tame("clock", s ? s->clock : NULL);
		check_tame("error_text", s ? s->error_text : NULL);
	}
}

static size_t count_interrupts(const struct facts *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += strncmp(f->items[i].key, "irq.guest.", 10) == 0;
	return n;
}

static int on_trial(void *ctx, const struct trial_record *t, struct bl_err *err)
{
	struct one *o = &seen.one[seen.n++];

	check_record_is_tame(t);
	ck_assert_uint_eq(fake_n_vms(), 0); /* whatever ended the trial, its VM is gone */
	(void)ctx;
	(void)err;
	ck_assert_uint_le(seen.n, RECORDS_MAX);
	strcpy(o->id, t->id);
	o->cell = t->cell;
	o->repeat = t->repeat;
	o->order = t->order;
	o->state = t->state;
	snprintf(o->reason, sizeof o->reason, "%s", t->reason ? t->reason : "");
	snprintf(o->console, sizeof o->console, "%s", t->console_tail ? t->console_tail : "");
	o->n_jobs = t->n_jobs;
	o->n_effective = t->effective.n;
	for (size_t i = 0; i < t->n_jobs && i < 4; i++)
		o->ios[i] = t->jobs[i].sample ? sample_ios(t->jobs[i].sample) : 0;
	for (size_t i = 0; i < t->n_jobs; i++)
		o->n_interrupts += count_interrupts(&t->jobs[i].facts);
	for (size_t i = 0; i < t->n_jobs; i++) /* it came the whole way from the engine */
		ck_assert(!t->jobs[i].sample || t->jobs[i].sample->clock_cost_ns > 0);
	if (t->n_jobs && t->jobs[0].sample && t->jobs[0].has_host_cpu) {
		o->host_cpu_ns = t->jobs[0].host_cpu_ns;
		o->runtime_ns = t->jobs[0].sample->runtime_ns;
	}
	o->has_xml = t->domain_xml != NULL;
	copy_proved(t, "guest.kernel", o->kernel);
	copy_proved(t, "emulator", o->emulator);
	facts_copy(&o->facts, &t->facts);
	if (t->n_jobs)
		facts_copy(&o->job_facts, &t->jobs[0].facts);
	ck_assert_uint_ge(t->ended_ms, t->started_ms);
	return 0;
}

static void on_progress(void *ctx, const struct runner_progress *p)
{
	(void)ctx;
	seen.phases[p->phase]++;
	if (p->phase == PHASE_JOB && seen.stop_after && --seen.stop_after == 0)
		seen.stop = 1;
}

static void on_note(void *ctx, const char *text)
{
	size_t n = strlen(seen.notes);

	(void)ctx;
	check_tame("note", text);
	snprintf(seen.notes + n, sizeof seen.notes - n, "%s\n", text);
}

static unsigned n_files(const char *sub)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/%s", dir, sub);
	DIR *d = opendir(path);
	unsigned n = 0;

	for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
		n += e->d_name[0] != '.';
	if (d)
		closedir(d);
	return n;
}

static void on_stopped(void *ctx, const struct trial_record *t, const char *backing)
{
	(void)ctx;
	(void)t;
	ck_assert(bl_exists(backing));
	/* These are the folders that run_jobs() wants empty at the end. */
	ck_assert_uint_eq(n_files("lab/backing"), 1);
	ck_assert_uint_eq(n_files("lab/runs"), 1);
	seen.n_stopped++;
}

/* Who is in which block: "01|1|0", one digit a cell; "" at the end: the plan ends there. NULL: all.
 */
static const char *who;

static int on_block(void *ctx, uint32_t block, bool *is_in, struct bl_err *err)
{
	static uint32_t next;

	(void)ctx;
	(void)err;
	if (!who)
		return 0;
	next = block == 0 ? 0 : next;
	ck_assert_uint_eq(block, next++); /* each once, in order */
	if (!*who)
		return 1;
	for (char c = '0'; c < '3'; c++) {
		ck_assert(is_in[c - '0']);
		is_in[c - '0'] = memchr(who, c, strcspn(who, "|")) != NULL;
	}
	who += strcspn(who, "|");
	who += *who == '|';
	return 0;
}

static const struct runner_events events = {.block = on_block,
					    .progress = on_progress,
					    .trial = on_trial,
					    .note = on_note,
					    .stopped = on_stopped};

static void make_dir(void)
{
	fresh_dir(dir);
	memset(&seen, 0, sizeof seen);
}

static void drop_dir(void)
{
	for (unsigned i = 0; i < seen.n; i++) {
		facts_done(&seen.one[i].facts);
		facts_done(&seen.one[i].job_facts);
	}
	facts_done(&seen.environment);
	ck_assert_int_eq(bl_remove_tree(dir, NULL), 0);
}

/* No time in it: a thread may get its CPU late, and would then find its time over. */
#define JOB_IOS 64
static const char two_jobs[] = "[reads]\nrw=randread\nbs=4k\nsize=256k\n"
			       "[writes]\nstonewall\nrw=randwrite\nbs=4k\nsize=256k\n";

/* Goes on until it is stopped. */
static const char endless_job[] = "[reads]\nrw=randread\nbs=4k\ntime_based=1\nruntime=1h\n";

/* Run @jobs_text under @yaml (without name, jobs, limits) on the fake @uri. Returns what
 * runner_run() did. */
static int run_jobs(const char *uri, const char *yaml, const char *jobs_text, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *jobs = bl_strf("%s/jobs.fio", dir);
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/s.yaml", dir);
	BL_CLEANUP(bl_freep) char *work = bl_strf("%s/lab", dir);
	BL_CLEANUP(bl_freep) char *cache = bl_strf("%s/cache", dir);
	BL_CLEANUP(bl_freep)
	char *text = bl_strf("name: t\njobs: jobs.fio\nseed: 3\nlimits: { boot: 1s, job: 2s, "
			     "shutdown: 1s }\n%s",
			     yaml);
	BL_CLEANUP(scenario_freep) struct scenario *sc = NULL;
	BL_CLEANUP(matrix_freep) struct matrix *m = NULL;
	BL_CLEANUP(plan_freep) struct plan *plan = NULL;
	struct runner_options opt = {.uri = uri,
				     .work_dir = work,
				     .cache_dir = cache,
				     .agent = "/nowhere/agent",
				     .version = "test",
				     .silence_ns = 500 * NS_PER_MS};
	struct runner *runner = NULL;
	char id[BL_UUID_TEXT];
	int r;

	ck_assert_int_eq(bl_write_file(jobs, jobs_text, strlen(jobs_text), NULL), 0);
	ck_assert_msg(scenario_parse(text, path, &sc, err) == 0, "%s", err->text);
	ck_assert_msg(matrix_expand(sc, &m, err) == 0, "%s", err->text);
	ck_assert_msg(plan_make(sc, m, &plan, err) == 0, "%s", err->text);
	opt.matrix = m;
	r = runner_open(&opt, &events, &runner, err);
	if (r < 0)
		return r;
	snprintf(seen.accel, sizeof seen.accel, "%s", runner_accel(runner));
	ck_assert_msg(runner_environment(runner, &seen.environment, err) == 0, "%s", err->text);
	r = runner_run(runner, sc, m, plan, bl_uuid7(id, bl_wall_ms()), &seen.stop, err);
	runner_close(runner);
	ck_assert_uint_eq(fake_n_vms(), 0);
	ck_assert_uint_eq(n_files("lab/backing"), 0);
	ck_assert_uint_eq(n_files("lab/runs"), 0);
	return r;
}

static int run(const char *uri, const char *yaml, struct bl_err *err)
{
	return run_jobs(uri, yaml, two_jobs, err);
}

static uint64_t fact(const struct one *o, const char *key)
{
	const char *v = facts_get(&o->facts, key);

	ck_assert_msg(v != NULL, "there is no fact '%s'", key);
	return strtoull(v, NULL, 10);
}

START_TEST(every_planned_trial_is_recorded_in_order_with_its_samples)
{
	struct bl_err err = BL_ERR_INIT;

	ck_assert_msg(run("fake:",
			  "backing: { size: 4MiB }\nrepeats: 2\n"
			  "axes:\n  bus: [virtio-blk, virtio-scsi, sata, nvme-emulated]\n",
			  &err) == 0,
		      "%s", err.text);
	ck_assert_uint_eq(seen.n, 8);
	for (unsigned i = 0; i < seen.n; i++) {
		const struct one *o = &seen.one[i];
		const char *drop;

		ck_assert_msg(o->state == TRIAL_OK, "%s", o->reason);
		ck_assert_str_eq(o->reason, "");
		ck_assert_uint_eq(o->order, i);
		ck_assert_uint_eq(o->repeat, i / 4);
		ck_assert_uint_eq(o->n_jobs, 2);
		ck_assert_uint_eq(o->ios[0], JOB_IOS);
		ck_assert_uint_eq(o->ios[1], JOB_IOS);
		ck_assert_uint_gt(o->n_effective, 10);
		drop = strstr(o->console, "drops its caches");
		ck_assert_msg(drop && strstr(drop, "runs jobs"), "%s", o->console);
		ck_assert(o->has_xml);
		ck_assert_uint_eq(o->n_interrupts, 2); /* one CPU's queue, in both jobs */
		ck_assert_uint_gt(fact(o, "boot.start_to_hello_ns"), 0);
		ck_assert_uint_ge(fact(o, "boot.start_to_first_io_ns"),
				  fact(o, "boot.start_to_hello_ns"));
		ck_assert_uint_gt(fact(o, "clock.uncertainty_ns"), 0);
		ck_assert_str_eq(facts_get(&o->facts, "guest.agent_version"), "fake");
		ck_assert_uint_ge(fact(o, "backing.allocated_bytes"), 4 * MiB);
		ck_assert_ptr_nonnull(facts_get(&o->facts, "backing.cached_bytes"));
	}
	ck_assert_uint_eq(seen.n_stopped, 8);
	for (unsigned p = PHASE_BACKING; p < PHASES; p++)
		ck_assert_msg(seen.phases[p] > 0, "phase %s was not told", runner_phase_names[p]);
}
END_TEST

/* A rate is steady, whatever else the machine does. */
static const char rated_job[] = "[reads]\nrw=randread\nbs=4k\nsize=256k\nrate_iops=1000\n";

static const struct {
	const char *bus, *jobs;
	const char *reached; /* how it begins */
	unsigned least, most;
} rounds[] = {
	{"virtio-blk", rated_job, "yes", 5, 9},
	{"host", rated_job, "yes", 5, 9},
};

static unsigned n_words(const char *text)
{
	unsigned n = text && *text;

	for (; text && *text; text++)
		n += *text == ' ';
	return n;
}

START_TEST(a_disk_is_written_in_order_and_jobs_run_in_rounds_until_steady)
{
	BL_CLEANUP(bl_freep)
	char *yaml = bl_strf("backing: { size: 4MiB, precondition: { fill: none, sequential: 2, "
			     "round: 200ms, rounds: 9 } }\nrepeats: 1\naxes: { bus: %s }\n",
			     rounds[_i].bus);
	struct bl_err err = BL_ERR_INIT;
	const struct one *o = &seen.one[0];
	const char *reached;
	unsigned n;

	ck_assert_msg(run_jobs("fake:", yaml, rounds[_i].jobs, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(seen.n, 1);
	ck_assert_msg(o->state == TRIAL_OK, "%s", o->reason);
	ck_assert_str_eq(facts_get(&o->facts, "backing.purge"), "new image file");
	ck_assert_uint_eq(fact(o, "backing.written_in_order"), 2);
	reached = facts_get(&o->job_facts, "steady.reached");
	ck_assert_ptr_nonnull(reached);
	ck_assert_msg(strncmp(reached, rounds[_i].reached, strlen(rounds[_i].reached)) == 0, "%s",
		      reached);
	n = (unsigned)strtoul(facts_get(&o->job_facts, "steady.rounds"), NULL, 10);
	ck_assert_uint_ge(n, rounds[_i].least);
	ck_assert_uint_le(n, rounds[_i].most);
	ck_assert_uint_eq(n_words(facts_get(&o->job_facts, "steady.iops")), n);
	ck_assert_uint_eq(n_words(facts_get(&o->job_facts, "steady.p99_ns")), n);
	ck_assert_str_eq(facts_get(&o->job_facts, "steady.round_ns"), "200000000");
	/* The measured job is its own: as long as it was asked for, nothing of the rounds in it. */
	ck_assert_uint_eq(o->ios[0], JOB_IOS);
}
END_TEST

START_TEST(what_fails_before_it_is_measured_is_said_so)
{
	struct bl_err err = BL_ERR_INIT;

	ck_assert_msg(run("fake:job-error",
			  "backing: { size: 4MiB, precondition: { fill: none, sequential: 1 } }\n"
			  "repeats: 1\n",
			  &err) == 0,
		      "%s", err.text);
	ck_assert_int_eq(seen.one[0].state, TRIAL_FAILED);
	ck_assert_msg(strncmp(seen.one[0].reason, "cannot write the disk in order: ", 32) == 0,
		      "%s", seen.one[0].reason);
	drop_dir();
	make_dir();
	ck_assert_msg(run("fake:job-error",
			  "backing: { size: 4MiB, precondition: { round: 1s } }\nrepeats: 1\n",
			  &err) == 0,
		      "%s", err.text);
	ck_assert_int_eq(seen.one[0].state, TRIAL_FAILED);
	ck_assert_msg(strncmp(seen.one[0].reason, "reads, round 1: ", 16) == 0, "%s",
		      seen.one[0].reason);
}
END_TEST

START_TEST(rounds_end_when_a_person_wants_it)
{
	struct bl_err err = BL_ERR_INIT;

	seen.stop_after = 2;
	ck_assert_int_eq(
		run("fake:", "backing: { size: 4MiB, precondition: { round: 24h } }\nrepeats: 1\n",
		    &err),
		-EINTR);
	ck_assert_uint_eq(seen.n, 1);
	ck_assert_int_eq(seen.one[0].state, TRIAL_INTERRUPTED);
}
END_TEST

START_TEST(blocks_may_leave_cells_out_and_end_the_plan)
{
	static const char yaml[] = "backing: { size: 4MiB }\nrepeats: 5\n"
				   "axes:\n  bus: [virtio-blk, virtio-scsi, sata]\n";
	uint32_t cell[9], repeat[9], order[9];
	struct bl_err err = BL_ERR_INIT;
	unsigned at = 0;

	ck_assert_msg(run("fake:", yaml, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(seen.n, 15);
	for (unsigned i = 0; i < 9; i++) {
		cell[i] = seen.one[i].cell;
		repeat[i] = seen.one[i].repeat;
		order[i] = seen.one[i].order;
	}
	drop_dir();
	make_dir();
	/* The second block without cell 1, the third of cell 0 alone, then the end: what runs is
	 * what the fixed plan has there, in its order. */
	who = "012|02|0|";
	ck_assert_msg(run("fake:", yaml, &err) == 0, "%s", err.text);
	who = NULL;
	ck_assert_uint_eq(seen.n, 6);
	for (unsigned i = 0; i < 9; i++) {
		if ((repeat[i] == 1 && cell[i] == 1) || (repeat[i] == 2 && cell[i] != 0))
			continue;
		ck_assert_uint_eq(seen.one[at].cell, cell[i]);
		ck_assert_uint_eq(seen.one[at].repeat, repeat[i]);
		ck_assert_uint_eq(seen.one[at++].order, order[i]);
	}
	ck_assert_uint_eq(at, 6);
}
END_TEST

static const struct {
	const char *fault;
	enum trial_state state;
	const char *says;     /* begins so */
	const char *and_says; /* and holds this */
	size_t n_jobs;
} faults[] = {
	{"mute", TRIAL_FAILED, "no hello from the guest within 1 s",
	 "its console ends with 'fake guest: no VM runs'", 0},
	{"panic", TRIAL_FAILED, "",
	 "the guest panicked: 'Kernel panic - not syncing: fake, before hello'", 0},
	{"panic-in-job", TRIAL_FAILED,
	 "job 'reads': ", "the guest panicked: 'Kernel panic - not syncing: fake, in mid-job'", 2},
	{"die-in-job", TRIAL_FAILED, "job 'reads': the guest is gone (while waiting for result)",
	 "the guest powered off", 2},
	{"silent", TRIAL_FAILED, "the guest has been silent for ", "(waiting for pong)", 0},
	{"garbage", TRIAL_FAILED, "bad message from the guest: ", "is not a JSON object", 0},
	{"oversized", TRIAL_FAILED,
	 "bad message from the guest: ", "a frame of 4294967295 bytes; 1 to ", 0},
	{"error", TRIAL_FAILED, "job 'reads': the guest says: the fake was told to fail", "", 2},
	{"no-disk", TRIAL_FAILED, "the guest says: no disk with that serial", "", 0},
	{"job-error", TRIAL_FAILED, "job 'reads': read at 4096: Input/output error", "", 2},
	{"wrong-driver", TRIAL_MISMATCH,
	 "guest.driver: asked virtio_blk, effective floppy (guest sysfs)", "", 0},
	{"escapes", TRIAL_FAILED, "job 'reads': read?]0;owned", "", 2},
	{"escape-type", TRIAL_FAILED, "the guest answered 'disk?]0;owned?",
	 "' where 'disk' was asked for", 0},
	{"escape-json", TRIAL_FAILED, "bad message from the guest: '{\"a\": ?[2J?' is not", "", 0},
	{"other-kernel", TRIAL_MISMATCH,
	 "guest.kernel: asked fake-installed, effective 6.6.6-other (guest hello)", "", 0},
	{"short-disk", TRIAL_MISMATCH, "disk size: asked 4194304 bytes, the guest sees 2097152", "",
	 0},
	{"hang", TRIAL_FAILED, "the guest did not power off within 1 s; it was ended by force", "",
	 2},
};

START_TEST(a_fault_is_a_record_with_its_reason_and_the_plan_goes_on)
{
	BL_CLEANUP(bl_freep) char *uri = bl_strf("fake:%s,ok", faults[_i].fault);
	struct bl_err err = BL_ERR_INIT;
	const struct one *o = &seen.one[0];

	ck_assert_msg(run(uri, "backing: { size: 4MiB }\nrepeats: 2\naxes: { bus: [virtio-blk] }\n",
			  &err) == 0,
		      "%s", err.text);
	ck_assert_uint_eq(seen.n, 2);
	ck_assert_msg(o->state == faults[_i].state, "state %d: %s", (int)o->state, o->reason);
	ck_assert_msg(strncmp(o->reason, faults[_i].says, strlen(faults[_i].says)) == 0,
		      "'%s' does not begin with '%s'", o->reason, faults[_i].says);
	ck_assert_msg(strstr(o->reason, faults[_i].and_says) != NULL, "'%s' does not say '%s'",
		      o->reason, faults[_i].and_says);
	ck_assert_uint_eq(o->n_jobs, faults[_i].n_jobs);
	ck_assert_ptr_nonnull(strstr(o->console, "fake guest: no VM runs"));
	ck_assert(o->has_xml);
	ck_assert_msg(seen.one[1].state == TRIAL_OK, "the next trial: %s", seen.one[1].reason);
}
END_TEST

START_TEST(each_cell_runs_its_own_kernel_under_its_own_emulator)
{
	static const char *const kernels[] = {"fake-installed", "fake-other.deb"};
	static const char *const emulators[] = {"/nowhere/qemu", "/nowhere/qemu-9"};
	struct bl_err err = BL_ERR_INIT;
	unsigned met[2][2] = {{0}};

	ck_assert_msg(run("fake:",
			  "backing: { size: 1MiB }\nrepeats: 1\naxes:\n  bus: [virtio-blk]\n"
			  "  kernel: [default, /k/other.deb]\n  emulator: [default, /q/qemu-9]\n",
			  &err) == 0,
		      "%s", err.text);
	ck_assert_uint_eq(seen.n, 4);
	for (unsigned i = 0; i < seen.n; i++) {
		bool k = strcmp(seen.one[i].kernel, kernels[1]) == 0;
		bool q = strcmp(seen.one[i].emulator, emulators[1]) == 0;

		ck_assert_msg(seen.one[i].state == TRIAL_OK, "%s", seen.one[i].reason);
		ck_assert_str_eq(seen.one[i].kernel, kernels[k]);
		ck_assert_str_eq(seen.one[i].emulator, emulators[q]);
		met[k][q]++;
	}
	ck_assert_str_eq(facts_get(&seen.environment, "image.1.kernel"), kernels[1]);
	ck_assert(met[0][0] == 1 && met[0][1] == 1 && met[1][0] == 1 && met[1][1] == 1);
}
END_TEST

START_TEST(a_run_needs_no_kernel_but_those_of_its_cells)
{
	struct bl_err err = BL_ERR_INIT;

	ck_assert_msg(run("fake:",
			  "backing: { size: 1MiB }\nrepeats: 1\n"
			  "axes: { bus: [virtio-blk], kernel: [/k/a.deb] }\n",
			  &err) == 0,
		      "%s", err.text);
	ck_assert_str_eq(facts_get(&seen.environment, "image.0.kernel"), "fake-a.deb");
	ck_assert_ptr_null(facts_get(&seen.environment, "image.1.kernel"));
	ck_assert_str_eq(seen.accel, "tcg");
}
END_TEST

static const struct {
	const char *kernel;
	enum trial_state state;
	const char *says;
} no_kernels[] = {
	{"/k/missing.deb", TRIAL_IMPOSSIBLE,
	 "guest image of kernel '/k/missing.deb': the fake has none"},
	{"/k/unreachable.deb", TRIAL_FAILED,
	 "guest image of kernel '/k/unreachable.deb': the fake does not reach it"},
};

START_TEST(a_kernel_that_cannot_be_had_is_its_cells_matter)
{
	struct bl_err err = BL_ERR_INIT;
	BL_CLEANUP(bl_freep)
	char *yaml = bl_strf("backing: { size: 1MiB }\nrepeats: 1\n"
			     "axes: { bus: [virtio-blk], kernel: [default, %s] }\n",
			     no_kernels[_i].kernel);
	unsigned n_refused = 0;

	ck_assert_msg(run("fake:", yaml, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(seen.n, 2);
	for (unsigned i = 0; i < seen.n; i++) {
		if (seen.one[i].state == TRIAL_OK)
			continue;
		ck_assert_int_eq(seen.one[i].state, no_kernels[_i].state);
		ck_assert_str_eq(seen.one[i].reason, no_kernels[_i].says);
		n_refused++;
	}
	ck_assert_uint_eq(n_refused, 1);
	ck_assert_ptr_nonnull(strstr(seen.notes, no_kernels[_i].says));
}
END_TEST

START_TEST(a_run_without_any_kernel_does_not_begin)
{
	struct bl_err err = BL_ERR_INIT;

	ck_assert_int_eq(run("fake:",
			     "backing: { size: 1MiB }\nrepeats: 1\n"
			     "axes: { bus: [virtio-blk], kernel: [/k/missing.deb] }\n",
			     &err),
			 -ENOENT);
	ck_assert_str_eq(err.text, no_kernels[0].says);
	ck_assert_uint_eq(seen.n, 0);
}
END_TEST

START_TEST(the_kernel_of_the_cell_is_the_one_that_is_built)
{
	struct runner_options opt = {.kernel = "/nowhere/default.deb", .agent = "/nowhere/agent"};
	struct parts *parts;
	const struct image *image;
	struct bl_err err = BL_ERR_INIT;
	struct cell c;

	cell_defaults(&c);
	snprintf(c.kernel, sizeof c.kernel, "/nowhere/cell.deb");
	ck_assert_int_eq(parts_new(&opt, dir, dir, false, &parts, &err), 0);
	ck_assert_int_lt(parts_image(parts, &c, &image, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "kernel '/nowhere/cell.deb': "));
	c.kernel[0] = '\0';
	err = (struct bl_err)BL_ERR_INIT;
	ck_assert_int_lt(parts_image(parts, &c, &image, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "kernel '/nowhere/default.deb': "));
	parts_free(parts);
}
END_TEST

/* new; of an emulator of that path, as @key of a run's environment. NULL: absent. */
static char *emulator_fact(const char *path, const char *key)
{
	struct runner_options opt = {.agent = "/nowhere/agent"};
	struct bl_err err = BL_ERR_INIT;
	const struct emulator *emulator;
	struct parts *parts;
	struct facts f = {0};
	struct cell c;
	char *value;

	cell_defaults(&c);
	snprintf(c.emulator, sizeof c.emulator, "%s", path);
	ck_assert_int_eq(parts_new(&opt, dir, dir, false, &parts, &err), 0);
	ck_assert_msg(parts_emulator(parts, &c, &emulator, &err) == 0, "%s", err.text);
	ck_assert_int_eq(parts_facts(parts, &f), 0);
	value = facts_get(&f, key) ? strdup(facts_get(&f, key)) : NULL;
	facts_done(&f);
	parts_free(parts);
	return value;
}

START_TEST(an_emulator_is_known_by_its_digest_also_when_it_is_a_script)
{
	BL_CLEANUP(bl_freep) char *script = bl_strf("%s/qemu-script", dir);
	BL_CLEANUP(bl_freep) char *version = NULL, *first = NULL, *second = NULL, *digest = NULL;
	BL_CLEANUP(bl_freep) char *real = realpath("/usr/bin/qemu-system-x86_64", NULL);
	BL_CLEANUP(digest_freep) struct digest *d = digest_new();
	static const char text[] = "#!/bin/sh\necho 'QEMU emulator version 9.8.7'\n";
	static const char other[] = "#!/bin/sh\n\necho 'QEMU emulator version 9.8.7'\n";
	char hex[DIGEST_TEXT];

	ck_assert_int_eq(bl_write_file(script, text, sizeof text - 1, NULL), 0);
	ck_assert_int_eq(chmod(script, 0700), 0);
	version = emulator_fact(script, "emulator.0.version");
	ck_assert_str_eq(version, "9.8.7");
	first = emulator_fact(script, "emulator.0.sha256");
	ck_assert_ptr_nonnull(first);
	ck_assert_int_eq(bl_write_file(script, other, sizeof other - 1, NULL), 0);
	ck_assert_int_eq(chmod(script, 0700), 0);
	second = emulator_fact(script, "emulator.0.sha256");
	ck_assert_str_ne(first, second);
	if (!real)
		return;
	digest = emulator_fact("/usr/bin/qemu-system-x86_64", "emulator.0.sha256");
	ck_assert_int_eq(digest_add_file(d, real, NULL), 0);
	ck_assert_ptr_nonnull(digest);
	ck_assert_uint_eq(strlen(digest), 16);
	ck_assert_int_eq(strncmp(digest, digest_hex(d, hex), 16), 0);
}
END_TEST

START_TEST(bus_host_runs_the_jobs_in_a_process_past_the_page_cache)
{
	struct bl_err err = BL_ERR_INIT;
	const struct one *o = &seen.one[0];

	ck_assert_msg(run("fake:", "backing: { size: 4MiB }\nrepeats: 1\naxes: { bus: [host] }\n",
			  &err) == 0,
		      "%s", err.text);
	ck_assert_uint_eq(seen.n, 1);
	ck_assert_msg(o->state == TRIAL_OK, "%s", o->reason);
	ck_assert_uint_eq(o->n_jobs, 2);
	ck_assert_uint_eq(o->ios[0], JOB_IOS);
	ck_assert_uint_eq(o->ios[1], JOB_IOS);
	ck_assert(!o->has_xml);
	ck_assert_str_eq(seen.accel, "none");
	ck_assert_ptr_null(facts_get(&seen.environment, "image.0.kernel"));
	ck_assert_uint_eq(o->n_effective, 1); /* target.direct, seen in the process's flags */
}
END_TEST

/* One busy thread: the CPU time of its ramp would be several times the counted window. */
START_TEST(cpu_time_is_that_of_the_counted_window_only)
{
	static const char jobs[] =
		"[reads]\nioengine=null\nrw=randread\nbs=4k\nsize=4m\ntime_based=1\n"
		"ramp_time=1s\nruntime=250ms\n";
	struct bl_err err = BL_ERR_INIT;
	const struct one *o = &seen.one[0];

	ck_assert_msg(
		run_jobs("fake:", "backing: { size: 4MiB }\nrepeats: 1\naxes: { bus: [host] }\n",
			 jobs, &err) == 0,
		"%s", err.text);
	ck_assert_msg(o->state == TRIAL_OK, "%s", o->reason);
	ck_assert_uint_ge(o->runtime_ns, 250 * NS_PER_MS);
	ck_assert_uint_gt(o->host_cpu_ns, 0);
	ck_assert_uint_lt(o->host_cpu_ns, o->runtime_ns + 100 * NS_PER_MS);
}
END_TEST

START_TEST(a_stop_in_mid_job_ends_the_trial_and_the_run)
{
	struct bl_err err = BL_ERR_INIT;

	seen.stop_after = 1;
	ck_assert_int_eq(
		run_jobs("fake:",
			 "backing: { size: 4MiB }\nrepeats: 3\naxes: { bus: [virtio-blk] }\n",
			 endless_job, &err),
		-EINTR);
	ck_assert_uint_eq(seen.n, 1);
	ck_assert_int_eq(seen.one[0].state, TRIAL_INTERRUPTED);
	ck_assert_ptr_nonnull(strstr(err.text, "interrupted in trial 1 of 3"));
}
END_TEST

START_TEST(a_stop_on_the_host_ends_the_jobs_process)
{
	struct bl_err err = BL_ERR_INIT;

	seen.stop_after = 1;
	ck_assert_int_eq(
		run_jobs("fake:", "backing: { size: 4MiB }\nrepeats: 2\naxes: { bus: [host] }\n",
			 endless_job, &err),
		-EINTR);
	ck_assert_int_eq(seen.one[0].state, TRIAL_INTERRUPTED);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
}
END_TEST

START_TEST(a_cell_that_cannot_be_is_impossible_and_the_plan_goes_on)
{
	struct bl_err err = BL_ERR_INIT;
	unsigned n_impossible = 0;

	ck_assert_msg(run("fake:",
			  "backing: { size: 4MiB }\nrepeats: 1\n"
			  "vm: { vcpus: 2 }\naxes: { bus: [virtio-blk], iothreads: [0, 2] }\n",
			  &err) == 0,
		      "%s", err.text);
	ck_assert_uint_eq(seen.n, 2);
	for (unsigned i = 0; i < 2; i++) {
		if (seen.one[i].state != TRIAL_IMPOSSIBLE)
			continue;
		n_impossible++;
		ck_assert_ptr_nonnull(strstr(seen.one[i].reason, "need QEMU 9.0 or newer"));
	}
	ck_assert_uint_eq(n_impossible, 1);
}
END_TEST

START_TEST(a_disk_that_does_not_fit_fails_its_trial_with_the_numbers)
{
	struct bl_err err = BL_ERR_INIT;

	ck_assert_msg(run("fake:", "backing: { size: 64TiB }\nrepeats: 1\naxes: { bus: [host] }\n",
			  &err) == 0,
		      "%s", err.text);
	ck_assert_int_eq(seen.one[0].state, TRIAL_FAILED);
	ck_assert_ptr_nonnull(strstr(seen.one[0].reason, " bytes free ("));
}
END_TEST

START_TEST(what_a_killed_run_left_is_removed_by_the_next)
{
	BL_CLEANUP(bl_freep) char *backing = bl_strf("%s/lab/backing", dir);
	BL_CLEANUP(bl_freep) char *stale = NULL, *run_dir = NULL, *log = NULL;
	struct bl_err err = BL_ERR_INIT;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	stale = bl_strf("%s/blklab-%ld-1-x.raw", backing, (long)pid);
	run_dir = bl_strf("%s/lab/runs/blklab-%ld-1-run", dir, (long)pid);
	log = bl_strf("%s/console.log", run_dir);
	ck_assert_int_eq(bl_mkdir_p(backing, NULL), 0);
	ck_assert_int_eq(bl_mkdir_p(run_dir, NULL), 0);
	ck_assert_int_eq(bl_write_file(stale, "x", 1, NULL), 0);
	ck_assert_int_eq(bl_write_file(log, "x", 1, NULL), 0);
	ck_assert_msg(run("fake:", "backing: { size: 1MiB }\nrepeats: 1\naxes: { bus: [host] }\n",
			  &err) == 0,
		      "%s", err.text);
	ck_assert(!bl_exists(stale));
	ck_assert(!bl_exists(run_dir));
	ck_assert_ptr_nonnull(strstr(seen.notes, "that a killed run left"));
}
END_TEST

START_TEST(environment_and_notes_say_that_nothing_real_ran)
{
	BL_CLEANUP(bl_freep) char *work = bl_strf("%s/lab", dir);
	BL_CLEANUP(bl_freep) char *cache = bl_strf("%s/cache", dir);
	struct runner_options opt = {
		.uri = "fake:", .work_dir = work, .cache_dir = cache, .version = "1.2.3"};
	struct scenario sc = {.backing_dir = (char[]){"auto"}, .repeats = 3};
	struct facts env = {0}, notes = {0};
	struct bl_err err = BL_ERR_INIT;
	struct runner *runner = NULL;

	ck_assert_msg(runner_open(&opt, &events, &runner, &err) == 0, "%s", err.text);
	ck_assert_msg(runner_environment(runner, &env, &err) == 0, "%s", err.text);
	ck_assert_msg(runner_notes(runner, &sc, &notes, &err) == 0, "%s", err.text);
	ck_assert_str_eq(facts_get(&env, "engine.version"), "1.2.3");
	ck_assert_str_eq(facts_get(&env, "hypervisor.uri"), "fake:");
	ck_assert_ptr_nonnull(facts_get(&notes, "fake"));
	ck_assert_ptr_nonnull(facts_get(&notes, "few-repeats"));
	runner_close(runner);
	facts_done(&env);
	facts_done(&notes);
	opt.accel = "warp";
	err = (struct bl_err)BL_ERR_INIT;
	ck_assert_int_eq(runner_open(&opt, &events, &runner, &err), -EINVAL);
	ck_assert_str_eq(err.text, "acceleration: 'warp' is not known; kvm or tcg");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pipeline");
	TCase *t = tcase_create("pipeline");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, make_dir, drop_dir);
	tcase_add_loop_test(t, a_disk_is_written_in_order_and_jobs_run_in_rounds_until_steady, 0,
			    BL_ARRAY_LEN(rounds));
	tcase_add_test(t, what_fails_before_it_is_measured_is_said_so);
	tcase_add_test(t, rounds_end_when_a_person_wants_it);
	tcase_add_test(t, blocks_may_leave_cells_out_and_end_the_plan);
	tcase_add_test(t, every_planned_trial_is_recorded_in_order_with_its_samples);
	tcase_add_loop_test(t, a_fault_is_a_record_with_its_reason_and_the_plan_goes_on, 0,
			    BL_ARRAY_LEN(faults));
	tcase_add_test(t, each_cell_runs_its_own_kernel_under_its_own_emulator);
	tcase_add_test(t, a_run_needs_no_kernel_but_those_of_its_cells);
	tcase_add_loop_test(t, a_kernel_that_cannot_be_had_is_its_cells_matter, 0,
			    BL_ARRAY_LEN(no_kernels));
	tcase_add_test(t, a_run_without_any_kernel_does_not_begin);
	tcase_add_test(t, the_kernel_of_the_cell_is_the_one_that_is_built);
	tcase_add_test(t, bus_host_runs_the_jobs_in_a_process_past_the_page_cache);
	tcase_add_test(t, cpu_time_is_that_of_the_counted_window_only);
	tcase_add_test(t, a_stop_in_mid_job_ends_the_trial_and_the_run);
	tcase_add_test(t, a_stop_on_the_host_ends_the_jobs_process);
	tcase_add_test(t, a_cell_that_cannot_be_is_impossible_and_the_plan_goes_on);
	tcase_add_test(t, a_disk_that_does_not_fit_fails_its_trial_with_the_numbers);
	tcase_add_test(t, what_a_killed_run_left_is_removed_by_the_next);
	tcase_add_test(t, an_emulator_is_known_by_its_digest_also_when_it_is_a_script);
	tcase_add_test(t, environment_and_notes_say_that_nothing_real_ran);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
