#include "pipeline.h"

#include <check.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fresh_dir.h"
#include "fs.h"
#include "hv_fake.h"
#include "units.h"

char dir[64];
struct seen seen;

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

unsigned n_files(const char *sub)
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

const char *who;

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

const struct runner_events events = {.block = on_block,
				     .progress = on_progress,
				     .trial = on_trial,
				     .note = on_note,
				     .stopped = on_stopped};

void make_dir(void)
{
	fresh_dir(dir);
	memset(&seen, 0, sizeof seen);
}

void drop_dir(void)
{
	for (unsigned i = 0; i < seen.n; i++) {
		facts_done(&seen.one[i].facts);
		facts_done(&seen.one[i].job_facts);
	}
	facts_done(&seen.environment);
	ck_assert_int_eq(bl_remove_tree(dir, NULL), 0);
}

const char two_jobs[] = "[reads]\nrw=randread\nbs=4k\nsize=256k\n"
			"[writes]\nstonewall\nrw=randwrite\nbs=4k\nsize=256k\n";

const char endless_job[] = "[reads]\nrw=randread\nbs=4k\ntime_based=1\nruntime=1h\n";

int run_jobs(const char *uri, const char *yaml, const char *jobs_text, struct bl_err *err)
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

int run(const char *uri, const char *yaml, struct bl_err *err)
{
	return run_jobs(uri, yaml, two_jobs, err);
}

uint64_t fact(const struct one *o, const char *key)
{
	const char *v = facts_get(&o->facts, key);

	ck_assert_msg(v != NULL, "there is no fact '%s'", key);
	return strtoull(v, NULL, 10);
}
