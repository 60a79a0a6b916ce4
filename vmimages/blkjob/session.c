#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "disk_util.h"
#include "document.h"
#include "hgrm.h"
#include "log_files.h"
#include "progress_line.h"
#include "units.h"

struct session {
	const struct jobs *jobs;
	const struct session_options *o;
	struct session_signals *signals;
	FILE *out;
	struct engine_clone *clones; /* of all jobs; with an empty sample until they have run */
	size_t n_clones;
	struct disk_watch *disks;
	struct log_files *logs;
	uint64_t begin_ns, next_status_ns;
	struct progress_line line;
	size_t group, n_group; /* jobs that run now: the first, and how many */
	size_t *left;          /* those of the group that can be set up, counted in it */
	size_t first_clone;    /* of the group */
	bool failed;
};

static void complain(struct session *s, const struct bl_err *err)
{
	progress_line_clear(&s->line);
	fprintf(stderr, "blkjob: %s\n", bl_err_text(err));
	s->failed = true;
}

static void out_of_memory(struct session *s)
{
	struct bl_err err = BL_ERR_INIT;

	bl_fail(&err, -ENOMEM, "out of memory");
	complain(s, &err);
}

/* What a job is bound to take; 0: it depends on the disk. */
static uint64_t job_time_ns(const struct job *j)
{
	return j->runtime_ns ? j->startdelay_max_ns + j->ramp_ns + j->runtime_ns : 0;
}

/* Of all groups from @group on: the sum of the longest in each. */
static uint64_t planned_ns(const struct jobs *jobs, size_t group)
{
	uint64_t sum = 0, longest = 0;

	for (size_t i = group; i < jobs->n; i++) {
		if (i > group && jobs->items[i].group != jobs->items[i - 1].group) {
			sum += longest;
			longest = 0;
		}
		if (job_time_ns(&jobs->items[i]) > longest)
			longest = job_time_ns(&jobs->items[i]);
	}
	return sum + longest;
}

static int put_documents(struct session *s, const struct results *r, struct bl_buf *text)
{
	unsigned show = s->o->show;

	if (show & SHOW_TERSE && document_terse(r, s->o->terse_version, text) < 0)
		return -ENOMEM;
	if (show & SHOW_JSON && document_json(r, false, text) < 0)
		return -ENOMEM;
	if (show & SHOW_JSON_PLUS && document_json(r, true, text) < 0)
		return -ENOMEM;
	return show & SHOW_NORMAL ? document_text(r, text) : 0;
}

static void put_out(struct session *s, const struct bl_buf *text)
{
	struct bl_err err = BL_ERR_INIT;

	if (fwrite(bl_buf_str(text), 1, text->len, s->out) == text->len && fflush(s->out) == 0)
		return;
	bl_fail(&err, -EIO, "%s: %s", s->o->output ? s->o->output : "standard output",
		strerror(errno));
	complain(s, &err);
}

/* All documents of @clones, and with @is_last the files that are made of them. */
static void show(struct session *s, const struct engine_clone *clones, uint64_t eta_ns,
		 bool is_last)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) struct disk_use *use = NULL;
	uint64_t now = bl_now_ns();
	struct results r = {.jobs = s->jobs,
			    .clones = clones,
			    .n_clones = s->n_clones,
			    .now_ms = bl_wall_ms(),
			    .elapsed_ns = now - s->begin_ns,
			    .eta_s = (eta_ns + NS_PER_S - 1) / NS_PER_S,
			    .pid = (int)getpid()};
	struct bl_err err = BL_ERR_INIT;

	if (disk_watch_read(s->disks, now, &use, &r.n_disks) < 0)
		out_of_memory(s);
	r.disks = use;
	progress_line_clear(&s->line);
	if (put_documents(s, &r, &text) < 0)
		out_of_memory(s);
	else
		put_out(s, &text);
	if (is_last && s->o->hgrm && hgrm_write(s->o->hgrm, &r, &err) < 0)
		complain(s, &err);
}

/* Where a clone of the group belongs; its job is counted among those that are left. */
static size_t place_of(const struct session *s, const struct engine_clone *c)
{
	size_t place = s->first_clone + c->clone;

	for (size_t i = 0; i < s->left[c->job]; i++)
		place += s->jobs->items[s->group + i].numjobs;
	return place;
}

/* The clones of the group as they stand, among those of the other groups. */
static void show_live(struct session *s, struct engine_live *live, uint64_t eta_ns)
{
	BL_CLEANUP(bl_freep) struct engine_clone *copies = NULL;
	BL_CLEANUP(bl_freep) struct engine_clone *all = calloc(s->n_clones, sizeof(*all));
	size_t n = 0;

	if (!all || engine_live_copy(live, &copies, &n) < 0) {
		out_of_memory(s);
		return;
	}
	memcpy(all, s->clones, s->n_clones * sizeof(*all));
	for (size_t i = 0; i < n; i++) {
		size_t place = place_of(s, &copies[i]);

		copies[i].job = s->group + s->left[copies[i].job];
		all[place] = copies[i];
	}
	show(s, all, eta_ns, false);
	for (size_t i = 0; i < n; i++)
		engine_clone_done(&copies[i]);
}

static void tick(struct engine_live *live, void *arg)
{
	struct session *s = arg;
	uint64_t now = bl_now_ns(), end = s->line.group_ns + planned_ns(s->jobs, s->group);
	uint64_t eta = end > now ? end - now : 0;
	bool is_due = s->o->status_interval_ns && now >= s->next_status_ns;

	while (s->o->status_interval_ns && s->next_status_ns <= now)
		s->next_status_ns += s->o->status_interval_ns;
	if (atomic_exchange(&s->signals->show, false) || is_due)
		show_live(s, live, eta);
	if (s->o->progress)
		progress_line_show(&s->line, live, now, eta);
}

/* Setup failed: the documents still have an entry for each clone of the job. */
static void fail_job(struct session *s, size_t left, const struct bl_err *err)
{
	const struct job *j = &s->jobs->items[s->group + s->left[left]];

	for (uint32_t clone = 0; clone < j->numjobs; clone++) {
		struct engine_clone c = {.job = left, .clone = clone};
		struct sample *sample = s->clones[place_of(s, &c)].sample;

		sample->error = err->code ? -err->code : EINVAL;
		snprintf(sample->error_text, sizeof(sample->error_text), "%.250s",
			 bl_err_text(err));
	}
}

/* What a clone has to say and to write; its logs are not needed any longer then. */
static void finish_clone(struct session *s, struct engine_clone *c, unsigned number)
{
	const struct job *j = &s->jobs->items[c->job];
	const char *before = number > 1 ? c[-1].sample->error_text : "";
	struct bl_err err = BL_ERR_INIT;

	progress_line_clear(&s->line);
	if (c->sample->error) {
		s->failed = true;
		if (strcmp(before, c->sample->error_text) != 0) /* all clones say the same */
			fprintf(stderr, "blkjob: job '%s': %s\n", j->name, c->sample->error_text);
	}
	if (c->n_ios_lost)
		fprintf(stderr,
			"blkjob: job '%s': the logs lack the last %zu requests; log_avg_msec "
			"takes less memory\n",
			j->name, c->n_ios_lost);
	if (log_files_write(s->logs, j, c, number, &err) < 0)
		complain(s, &err);
	for (size_t i = 0; i < c->n_hist_windows; i++)
		free(c->hist_windows[i].buckets);
	free(c->hist_windows);
	free(c->windows);
	free(c->ios);
	c->hist_windows = NULL;
	c->windows = NULL;
	c->ios = NULL;
	c->n_hist_windows = c->n_windows = c->n_ios = 0;
}

/* Put the clones that ran into the places kept for them. */
static void take_clones(struct session *s, struct engine_clone *clones, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t place = place_of(s, &clones[i]);
		struct engine_clone *to = &s->clones[place];

		engine_clone_done(to);
		*to = clones[i];
		to->job = s->group + s->left[clones[i].job];
		finish_clone(s, to, (unsigned)(place + 1));
	}
}

/* Try until all that are left can be set up: as with fio, a job that can't be keeps none of the
 * others from running. */
static void run_left(struct session *s, struct job *jobs, struct engine_progress *progress)
{
	size_t n_left = s->n_group, n = 0, bad;
	struct engine_call call = {.jobs = jobs,
				   .target = s->o->target,
				   .is_readonly = s->o->is_readonly,
				   .progress = progress,
				   .stop = &s->signals->stop,
				   .ret_bad_job = &bad,
				   .tick = tick,
				   .tick_arg = s};

	while (n_left) {
		BL_CLEANUP(bl_freep) struct engine_clone *clones = NULL;
		struct bl_err err = BL_ERR_INIT;

		call.n_jobs = bad = n_left;
		if (engine_run_clones(&call, &clones, &n, &err) == 0) {
			take_clones(s, clones, n);
			return;
		}
		complain(s, &err);
		if (bad == n_left || atomic_load(&s->signals->stop)) {
			for (size_t i = 0; i < n_left; i++)
				fail_job(s, i, &err);
			return;
		}
		fail_job(s, bad, &err);
		n_left--;
		memmove(&jobs[bad], &jobs[bad + 1], (n_left - bad) * sizeof(*jobs));
		memmove(&s->left[bad], &s->left[bad + 1], (n_left - bad) * sizeof(*s->left));
	}
}

static void run_group(struct session *s)
{
	BL_CLEANUP(bl_freep) struct job *jobs = calloc(s->n_group, sizeof(*jobs));
	BL_CLEANUP(bl_freep) size_t *left = calloc(s->n_group, sizeof(*left));
	struct engine_progress progress = {0};

	s->line = (struct progress_line){.progress = &progress,
					 .newline_ns = s->o->progress_newline_ns,
					 .group_ns = bl_now_ns()};
	s->left = left;
	for (size_t i = 0; jobs && left && i < s->n_group; i++) {
		jobs[i] = s->jobs->items[s->group + i];
		left[i] = i;
	}
	if (jobs && left)
		run_left(s, jobs, &progress);
	else
		out_of_memory(s);
	progress_line_clear(&s->line);
	for (size_t i = 0; i < s->n_group; i++)
		s->first_clone += s->jobs->items[s->group + i].numjobs;
	s->left = NULL;
}

static void run_groups(struct session *s)
{
	while (s->group < s->jobs->n && !atomic_load(&s->signals->stop)) {
		s->n_group = 1;
		while (s->group + s->n_group < s->jobs->n &&
		       s->jobs->items[s->group + s->n_group].group ==
			       s->jobs->items[s->group].group)
			s->n_group++;
		run_group(s);
		s->group += s->n_group;
	}
}

static int make_places(struct session *s)
{
	for (size_t i = 0; i < s->jobs->n; i++)
		s->n_clones += s->jobs->items[i].numjobs;
	s->clones = calloc(s->n_clones, sizeof(*s->clones));
	if (!s->clones)
		return -ENOMEM;
	for (size_t i = 0, at = 0; i < s->jobs->n; i++) {
		for (uint32_t k = 0; k < s->jobs->items[i].numjobs; k++, at++) {
			s->clones[at].job = i;
			s->clones[at].clone = k;
			s->clones[at].sample = sample_new(s->jobs->items[i].name);
			if (!s->clones[at].sample)
				return -ENOMEM;
		}
	}
	return 0;
}

/* Nobody wants to learn of a mistyped folder after an hour of jobs. */
static int check_folders(const struct session *s, struct bl_err *err)
{
	int rc = s->o->hgrm ? log_prefix_check(s->o->hgrm, err) : 0;

	for (size_t i = 0; i < s->jobs->n && rc == 0; i++)
		rc = log_files_check(&s->jobs->items[i], err);
	return rc;
}

static int begin(struct session *s, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf head = BL_BUF_INIT;
	int rc = check_folders(s, err);

	if (rc < 0)
		return rc;

	s->begin_ns = bl_now_ns();
	s->next_status_ns = s->begin_ns + s->o->status_interval_ns;
	s->out = s->o->output ? fopen(s->o->output, "we") : stdout;
	if (!s->out)
		return bl_fail(err, -errno, "--output: cannot open '%s': %s", s->o->output,
			       strerror(errno));
	s->disks = disk_watch_new(s->jobs, s->o->target, "/sys", s->begin_ns);
	s->logs = log_files_new();
	if (!s->disks || !s->logs || make_places(s) < 0)
		return bl_fail(err, -ENOMEM, "out of memory");
	if (s->o->show & SHOW_NORMAL) {
		document_text_head(s->jobs, &head);
		put_out(s, &head);
	}
	return 0;
}

static void end(struct session *s)
{
	struct bl_err err = BL_ERR_INIT;

	show(s, s->clones, 0, true);
	if (s->o->bandwidth_log &&
	    log_files_write_total(s->logs, s->clones, s->n_clones, s->begin_ns, &err) < 0)
		complain(s, &err);
}

static void session_done(struct session *s)
{
	for (size_t i = 0; s->clones && i < s->n_clones; i++)
		engine_clone_done(&s->clones[i]);
	free(s->clones);
	disk_watch_free(s->disks);
	log_files_free(s->logs);
	if (s->out && s->out != stdout && fclose(s->out) != 0) {
		fprintf(stderr, "blkjob: %s: %s\n", s->o->output, strerror(errno));
		s->failed = true;
	}
}

int session_run(const struct jobs *jobs, const struct session_options *o,
		struct session_signals *signals)
{
	struct session s = {.jobs = jobs, .o = o, .signals = signals};
	struct bl_err err = BL_ERR_INIT;

	if (begin(&s, &err) < 0) {
		complain(&s, &err);
	} else {
		run_groups(&s);
		end(&s);
	}
	session_done(&s);
	return s.failed || atomic_load(&signals->stop) ? 1 : 0;
}
