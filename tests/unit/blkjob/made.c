#include "made.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <check.h>

#include "cleanup.h"
#include "fresh_dir.h"
#include "fs.h"
#include "jobfile.h"
#include "units.h"

void made_init(struct made *m)
{
	memset(m, 0, sizeof(*m));
	setenv("TZ", "UTC", 1);
	tzset();
	m->jobs.items = m->items;
	m->jobs.echoes = m->echoes;
	m->r = (struct results){.jobs = &m->jobs,
				.clones = m->clones,
				.now_ms = 1767323045678,
				.elapsed_ns = 3 * NS_PER_S - 1,
				.pid = 4711};
}

static void clone_done(struct engine_clone *c)
{
	sample_free(c->sample);
	free(c->steady.iops);
	free(c->steady.bw_bytes);
	free(c->ios);
	free(c->windows);
	for (size_t i = 0; i < c->n_hist_windows; i++)
		free(c->hist_windows[i].buckets);
	free(c->hist_windows);
}

void made_done(struct made *m)
{
	for (size_t i = 0; i < m->r.n_clones; i++)
		clone_done(&m->clones[i]);
}

struct job *made_job(struct made *m, const char *name, const char *options)
{
	struct job *j = &m->items[m->jobs.n];

	ck_assert_uint_lt(m->jobs.n, MADE_CLONES_MAX);
	job_defaults(j);
	snprintf(j->name, sizeof(j->name), "%s", name);
	m->echoes[m->jobs.n++].options = (char *)(uintptr_t)options;
	return j;
}

struct engine_clone *made_clone(struct made *m)
{
	struct engine_clone *c = &m->clones[m->r.n_clones];
	struct sample *s = sample_new(m->items[m->jobs.n - 1].name);

	ck_assert_uint_lt(m->r.n_clones, MADE_CLONES_MAX);
	ck_assert_ptr_nonnull(s);
	m->r.n_clones++;
	snprintf(s->engine, sizeof(s->engine), "io_uring");
	snprintf(s->clock, sizeof(s->clock), "tsc");
	s->clock_cost_ns = 12.5;
	s->clock_drift_ppm = -0.25;
	s->start_ns = 100 * NS_PER_S;
	s->runtime_ns = 2 * NS_PER_S + 1;
	s->n_threads = 1;
	s->interval_ns = 100 * NS_PER_MS;
	s->cpu_user_ns = 250 * NS_PER_MS;
	s->cpu_sys_ns = 750 * NS_PER_MS;
	s->ctx_voluntary = 1000;
	s->ctx_involuntary = 5;
	*c = (struct engine_clone){.job = m->jobs.n - 1,
				   .sample = s,
				   .started_wall_ms = 1767323043600,
				   .elapsed_ns = s->runtime_ns,
				   .n_enters = 500,
				   .n_polls = 3};
	return c;
}

/* The slices of all directions are ordered by time, then by direction. */
static void insert_interval(struct sample *s, struct interval iv)
{
	size_t at = s->n_intervals++;

	s->intervals = realloc(s->intervals, s->n_intervals * sizeof(*s->intervals));
	ck_assert_ptr_nonnull(s->intervals);
	for (; at > 0; at--) {
		const struct interval *before = &s->intervals[at - 1];

		if (before->index < iv.index || (before->index == iv.index && before->dir < iv.dir))
			break;
		s->intervals[at] = *before;
	}
	s->intervals[at] = iv;
}

static void made_intervals(struct sample *s, enum io_dir dir, uint64_t n)
{
	uint64_t slices = s->runtime_ns / s->interval_ns, before = 0;

	for (uint64_t i = 0; i < slices; i++) {
		/* a little more in every third */
		uint64_t upto = n * (i + 1) / slices + (i % 3 == 0 && i + 1 < slices);
		struct interval iv = {.index = (uint32_t)i,
				      .dir = (uint8_t)dir,
				      .count = upto - before,
				      .bytes = (upto - before) * 4096};

		before = upto;
		insert_interval(s, iv);
	}
}

void made_ios(struct engine_clone *c, enum io_dir dir, uint64_t n, uint64_t least_ns, bool has_slat)
{
	struct dir_sample *d = &c->sample->dir[dir];

	d->ios += n;
	d->bytes += dir == IO_SYNC ? 0 : n * 4096;
	for (uint64_t i = 0; i < n; i++) {
		uint64_t ns = (least_ns + i % 17 * (least_ns / 16)) * (i % 100 == 99 ? 10 : 1);
		uint64_t slat = has_slat ? ns / 8 : 0;

		lat_add(sample_lat(&d->lat), ns);
		if (dir != IO_SYNC)
			lat_add(sample_lat(&d->clat), ns - slat);
		if (has_slat)
			lat_add(sample_lat(&d->slat), slat);
	}
	if (dir == IO_SYNC)
		return;
	made_intervals(c->sample, dir, n);
	c->depths.level[0] += 1;
	c->depths.level[3] += n - 1;
	c->depths.submit[1] += n;
	c->depths.complete[1] += n / 2;
	c->depths.complete[2] += n - n / 2;
	c->depths.minor_faults += 7;
}

static char scratch[64];

void scratch_enter(void)
{
	fresh_dir(scratch);
	ck_assert_int_eq(chdir(scratch), 0);
}

void scratch_leave(void)
{
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(bl_remove_tree(scratch, NULL), 0);
}

const char *scratch_folder(void)
{
	return scratch;
}

void expect_file(const char *file, const char *text)
{
	BL_CLEANUP(bl_freep)
	char *path = bl_strf("%s/tests/unit/blkjob/expected/%s", SOURCE_DIR, file);
	BL_CLEANUP(bl_buf_done) struct bl_buf want = BL_BUF_INIT;
	const char *regen = getenv("BLKLAB_REGEN"), *w;
	struct bl_err err = BL_ERR_INIT;
	int line = 1;

	if (regen && strcmp(regen, "1") == 0) {
		ck_assert_msg(bl_write_file(path, text, strlen(text), &err) == 0, "%s",
			      bl_err_text(&err));
		return;
	}
	ck_assert_msg(bl_read_file(path, 1 << 22, &want, &err) == 0, "%s", bl_err_text(&err));
	w = bl_buf_str(&want);
	while (*w && *w == *text) {
		line += *w == '\n';
		w++;
		text++;
	}
	ck_assert_msg(*w == *text, "%s:%d: expected '%.60s', got '%.60s'", file, line, w, text);
}
