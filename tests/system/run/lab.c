#include "lab.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "engine.h"
#include "fs.h"
#include "qemuimg.h"
#include "suite.h"
#include "units.h"

const char *lab_kernel(bool full)
{
	static char path[4096];
	const char *named = getenv(full ? "BLKLAB_TEST_FULL_KERNEL" : "BLKLAB_TEST_KERNEL");
	glob_t g = {0};

	path[0] = '\0';
	if (named)
		return named;
	if (glob(full ? SOURCE_DIR "/.cache/packages/full/linux-image-*.deb"
		      : SOURCE_DIR "/.cache/packages/cloud/linux-image-*.deb",
		 0, NULL, &g) == 0)
		snprintf(path, sizeof path, "%s", g.gl_pathv[g.gl_pathc - 1]);
	globfree(&g);
	ck_assert_msg(path[0], "no %s kernel package: `make guests`, or set %s",
		      full ? "full" : "cloud",
		      full ? "BLKLAB_TEST_FULL_KERNEL" : "BLKLAB_TEST_KERNEL");
	return path;
}

void lab_init(struct lab *lab, const char *kernel)
{
	memset(lab, 0, sizeof *lab);
	/* Beside the build: a real file system, where O_DIRECT works. */
	suite_end_with_parent();
	ck_assert_int_lt(snprintf(lab->dir, sizeof lab->dir, "%s/XXXXXX", suite_dir()),
			 (int)sizeof lab->dir);
	ck_assert_ptr_nonnull(mkdtemp(lab->dir));
	snprintf(lab->work, sizeof lab->work, "%s/work", lab->dir);
	lab->opt = (struct runner_options){.work_dir = lab->work,
					   .cache_dir = TEST_CACHE,
					   .agent = AGENT,
					   .wrapper = WRAPPER,
					   .kernel = kernel,
					   .accel = "tcg",
					   .version = "test"};
}

unsigned lab_n_files(const struct lab *lab, const char *sub)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/%s", lab->dir, sub);
	DIR *d = opendir(path);
	unsigned n = 0;

	for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
		n += e->d_name[0] != '.';
	if (d)
		closedir(d);
	return n;
}

static unsigned each_qemu(const char *word, int signal)
{
	DIR *d = opendir("/proc");
	unsigned n = 0;

	ck_assert_ptr_nonnull(d);
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		BL_CLEANUP(bl_buf_done) struct bl_buf line = BL_BUF_INIT;
		char path[300];

		snprintf(path, sizeof path, "/proc/%.200s/cmdline", e->d_name);
		if (atol(e->d_name) <= 0 || bl_read_file(path, MiB, &line, NULL) < 0)
			continue;
		if (strstr(bl_buf_str(&line), "qemu") &&
		    memmem(line.data, line.len, word, strlen(word))) {
			n++;
			if (signal)
				kill((pid_t)atol(e->d_name), signal);
		}
	}
	closedir(d);
	return n;
}

unsigned lab_n_qemu(const char *word)
{
	return each_qemu(word, 0);
}

unsigned lab_kill_qemu(const char *word)
{
	return each_qemu(word, SIGKILL);
}

void lab_done(struct lab *lab)
{
	ck_assert_uint_eq(lab_n_qemu(lab->dir), 0);
	ck_assert_uint_eq(lab_n_files(lab, "work/backing"), 0);
	ck_assert_uint_eq(lab_n_files(lab, "work/runs"), 0);
	for (size_t i = 0; i < lab->n_trials; i++) {
		facts_done(&lab->trials[i].facts);
		facts_done(&lab->trials[i].cpu);
	}
	facts_done(&lab->environment);
	facts_done(&lab->trust);
	ck_assert_int_eq(bl_remove_tree(lab->dir, NULL), 0);
}

uint64_t lab_number(const struct facts *f, const char *key)
{
	const char *v = facts_get(f, key);

	ck_assert_msg(v != NULL, "there is no fact '%s'", key);
	return strtoull(v, NULL, 10);
}

/* --- events --- */

static double ms(const struct facts *f, const char *key)
{
	const char *v = facts_get(f, key);

	return v ? (double)strtoull(v, NULL, 10) / 1e6 : -1;
}

static void print_trial(const struct lab_trial *t)
{
	printf("  %-44s %-10s", t->cell, trial_state_names[t->state]);
	for (size_t i = 0; i < t->n_jobs && i < 4; i++)
		printf(" %" PRIu64 " I/Os", t->ios[i]);
	if (facts_get(&t->facts, "boot.start_to_first_io_ns"))
		printf("; hello %.0f ms, first I/O %.0f ms, clock +-%.3f ms",
		       ms(&t->facts, "boot.start_to_hello_ns"),
		       ms(&t->facts, "boot.start_to_first_io_ns"),
		       ms(&t->facts, "clock.uncertainty_ns"));
	printf("%s%s%s\n", t->data_checked ? "; data checked" : "", t->reason[0] ? "; " : "",
	       t->reason);
	fflush(stdout);
}

static int on_trial(void *ctx, const struct trial_record *t, struct bl_err *err)
{
	struct lab *lab = ctx;
	struct lab_trial *o = &lab->trials[lab->n_trials];

	(void)err;
	ck_assert_uint_lt(lab->n_trials, LAB_TRIALS_MAX);
	snprintf(o->cell, sizeof o->cell, "%s", matrix_cell(lab->m, t->cell)->name);
	o->state = t->state;
	snprintf(o->reason, sizeof o->reason, "%s", t->reason ? t->reason : "");
	snprintf(o->console, sizeof o->console, "%s", t->console_tail ? t->console_tail : "");
	o->has_xml = t->domain_xml != NULL;
	o->n_jobs = t->n_jobs;
	o->n_effective = t->effective.n;
	for (size_t i = 0; i < t->n_jobs && i < 4; i++) {
		o->ios[i] = t->jobs[i].sample ? sample_ios(t->jobs[i].sample) : 0;
		o->host_cpu_ns[i] = t->jobs[i].has_host_cpu ? t->jobs[i].host_cpu_ns : 0;
	}
	facts_copy(&o->facts, &t->facts);
	if (t->n_jobs)
		facts_copy(&o->cpu, &t->jobs[t->n_jobs - 1].facts);
	print_trial(o);
	if (lab->record)
		lab->record(lab, t);
	lab->n_trials++;
	return 0;
}

static void on_progress(void *ctx, const struct runner_progress *p)
{
	struct lab *lab = ctx;

	if (lab->progress)
		lab->progress(lab, p);
}

static void on_note(void *ctx, const char *text)
{
	struct lab *lab = ctx;
	size_t n = strlen(lab->notes);

	printf("  note: %s\n", text);
	snprintf(lab->notes + n, sizeof lab->notes - n, "%s\n", text);
}

static void on_stopped(void *ctx, const struct trial_record *t, const char *image)
{
	struct lab *lab = ctx;

	if (lab->look)
		lab->look(lab, matrix_cell(lab->m, t->cell), image);
}

int lab_run(struct lab *lab, const char *yaml, const char *jobs, struct bl_err *err)
{
	struct runner_events events = {.ctx = lab,
				       .progress = on_progress,
				       .trial = on_trial,
				       .note = on_note,
				       .stopped = on_stopped};
	BL_CLEANUP(bl_freep) char *jobs_path = bl_strf("%s/jobs.fio", lab->dir);
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/s.yaml", lab->dir);
	BL_CLEANUP(bl_freep) char *text = bl_strf("name: t\njobs: jobs.fio\nseed: 7\n%s", yaml);
	BL_CLEANUP(scenario_freep) struct scenario *sc = NULL;
	BL_CLEANUP(matrix_freep) struct matrix *m = NULL;
	BL_CLEANUP(plan_freep) struct plan *plan = NULL;
	struct runner *runner = NULL;
	char id[BL_UUID_TEXT];
	int r;

	ck_assert_int_eq(bl_write_file(jobs_path, jobs, strlen(jobs), NULL), 0);
	ck_assert_msg(scenario_parse(text, path, &sc, err) == 0, "%s", err->text);
	ck_assert_msg(matrix_expand(sc, &m, err) == 0, "%s", err->text);
	ck_assert_msg(plan_make(sc, m, &plan, err) == 0, "%s", err->text);
	r = runner_open(&lab->opt, &events, &runner, err);
	if (r < 0)
		return r;
	lab->sc = sc;
	lab->m = m;
	snprintf(lab->accel, sizeof lab->accel, "%s", runner_accel(runner));
	ck_assert_msg(runner_environment(runner, &lab->environment, err) == 0, "%s", err->text);
	ck_assert_msg(runner_notes(runner, sc, &lab->trust, err) == 0, "%s", err->text);
	r = runner_run(runner, sc, m, plan, bl_uuid7(id, bl_wall_ms()), &lab->stop, err);
	runner_close(runner);
	return r;
}

/* --- data --- */

static void check_block(const char *have, const char *want, uint64_t at, uint64_t from, uint64_t to)
{
	for (uint64_t i = 0; i < MiB; i += 64 * KiB) {
		bool is_same = memcmp(have + i, want + i, 64 * KiB) == 0;
		bool was_written = at + i >= from && at + i < to;

		ck_assert_msg(is_same != was_written, "64 KiB at %" PRIu64 " %s", at + i,
			      was_written ? "were not written by the job"
					  : "are not what the disk was filled with");
	}
}

void lab_check_data(struct lab *lab, const char *image, uint64_t from, uint64_t to)
{
	BL_CLEANUP(bl_freep) char *raw = bl_strf("%s/check.raw", lab->dir);
	BL_CLEANUP(bl_freep) char *have = malloc(MiB), *want = malloc(MiB);
	const char *argv[] = {"qemu-img", "convert", "-O", "raw", image, raw, NULL};
	uint64_t size = lab->sc->backing_bytes;
	struct bl_err err = BL_ERR_INIT;
	int fd;

	ck_assert_msg(qemuimg_run(argv, NULL, NULL, NULL, NULL, &err) == 0, "%s", err.text);
	fd = open(raw, O_RDONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_END), (off_t)size);
	for (uint64_t at = 0; at < size; at += MiB) {
		engine_fill_block(want, at, lab->sc->seed);
		ck_assert_int_eq(pread(fd, have, MiB, (off_t)at), MiB);
		check_block(have, want, at, from, to);
	}
	close(fd);
	unlink(raw);
	lab->trials[lab->n_trials].data_checked = true; /* of the trial that is about to end */
}
