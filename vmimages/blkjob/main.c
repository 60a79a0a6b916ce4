/* main.c - blkjob: fio job files in, fio's documents out.
 *
 * Standard output (or --output) carries the document and nothing else.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "cmdline.h"
#include "fs.h"
#include "in_use.h"
#include "jobfile.h"
#include "document.h"

static _Atomic bool stop;

static void on_signal(int sig)
{
	(void)sig;
	atomic_store(&stop, true);
}

static int complain(const struct bl_err *err)
{
	fprintf(stderr, "blkjob: %s\n", bl_err_text(err));
	return 1;
}

/* No job writes where it must not. */
static int check_writers(const struct cmdline *c, struct bl_err *err)
{
	for (size_t i = 0; i < c->jobs.n; i++) {
		const struct job *j = &c->jobs.items[i];
		const char *path = j->filename[0] ? j->filename : c->target;
		int rc;

		if (!job_writes(j) || j->engine == JOB_NULL)
			continue;
		if (c->is_readonly)
			return bl_fail(err, -EPERM,
				       "job '%s': rw: '%s' writes, but --readonly was given; read "
				       "and randread are accepted",
				       j->name, job_rw_names[j->rw]);
		rc = path ? in_use_check(path, err) : 0;
		if (rc < 0)
			return bl_wrap(err, rc, "job '%s'", j->name);
	}
	return 0;
}

/* Setup failed: the document still has an entry for each job of the group. */
static int explain_group(struct result *group, size_t n, const struct bl_err *err)
{
	for (size_t i = 0; i < n; i++) {
		struct sample *s = sample_new(group[i].job->name);

		if (!s)
			return -ENOMEM;
		s->error = err->code ? -err->code : EINVAL;
		snprintf(s->error_text, sizeof(s->error_text), "%.250s", bl_err_text(err));
		group[i].sample = s;
	}
	return 0;
}

static int run_group(const struct cmdline *c, size_t first, size_t n, struct result *results,
		     bool *failed)
{
	BL_CLEANUP(bl_freep) struct sample **samples = calloc(n, sizeof(*samples));
	BL_CLEANUP(bl_freep) struct engine_depths *depths = calloc(n, sizeof(*depths));
	struct engine_call call = {.jobs = &c->jobs.items[first],
				   .n_jobs = n,
				   .target = c->target,
				   .stop = &stop,
				   .depths = depths};
	struct bl_err err = BL_ERR_INIT;
	uint64_t begin = bl_now_ns(), wall = bl_wall_ms();
	int rc = samples && depths ? engine_run(&call, samples, &err)
				   : bl_fail(&err, -ENOMEM, "out of memory");

	for (size_t i = 0; i < n; i++) {
		results[first + i] = (struct result){.job = &call.jobs[i],
						     .sample = rc == 0 ? samples[i] : NULL,
						     .started_ms = wall,
						     .elapsed_ns = bl_now_ns() - begin};
		if (rc < 0)
			continue;
		results[first + i].depths = depths[i];
		if (!samples[i]->error)
			continue;
		*failed = true;
		fprintf(stderr, "blkjob: job '%s': %s\n", samples[i]->job, samples[i]->error_text);
	}
	if (rc == 0)
		return 0;
	*failed = true;
	complain(&err);
	return explain_group(&results[first], n, &err);
}

static int write_report(const struct cmdline *c, const struct results *r)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;
	int rc = 0;

	for (unsigned i = 0; i < c->n_formats && rc == 0; i++) {
		if (c->formats[i] == FORMAT_NORMAL)
			document_text(r, &out);
		else
			rc = document_json(r, c->formats[i] == FORMAT_JSON_PLUS, &out);
	}
	if (rc < 0 || bl_buf_failed(&out))
		rc = bl_fail(&err, -ENOMEM, "out of memory");
	else if (c->output)
		rc = bl_write_file(c->output, bl_buf_str(&out), out.len, &err);
	else if (fwrite(bl_buf_str(&out), 1, out.len, stdout) != out.len || fflush(stdout))
		rc = bl_fail(&err, -EIO, "standard output: %s", strerror(errno));
	return rc < 0 ? complain(&err) : 0;
}

static int run(const struct cmdline *c)
{
	struct result *results = calloc(c->jobs.n, sizeof(*results));
	bool failed = false;
	size_t done = 0;
	int rc = results ? 0 : -ENOMEM;

	while (rc == 0 && done < c->jobs.n && !atomic_load(&stop)) {
		size_t n = 1;

		while (done + n < c->jobs.n &&
		       c->jobs.items[done + n].group == c->jobs.items[done].group)
			n++;
		rc = run_group(c, done, n, results, &failed);
		done += n;
	}
	if (rc == 0)
		rc = write_report(c,
				  &(struct results){results, done, bl_wall_ms(), c->jobs.ignored});
	else
		fprintf(stderr, "blkjob: out of memory\n");
	for (size_t i = 0; i < done && results; i++)
		sample_free(results[i].sample);
	free(results);
	return rc || failed || atomic_load(&stop) ? 1 : 0;
}

/* As one word of a shell. */
static void print_quoted(const char *text)
{
	putchar('\'');
	for (; *text; text++)
		*text == '\'' ? (void)fputs("'\\''", stdout) : (void)putchar(*text);
	putchar('\'');
}

static int show_commands(const struct cmdline *c)
{
	const char *name;

	for (size_t i = 0; i < c->jobs.n; i++) {
		printf("blkjob --name=");
		print_quoted(c->jobs.items[i].name);
		for (size_t k = 0; (name = job_option_name(k)); k++) {
			BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

			if (!job_option_text(&c->jobs.items[i], name, &text))
				continue;
			printf(" --%s=", name);
			print_quoted(bl_buf_str(&text));
		}
		printf("\n");
	}
	return 0;
}

static int help(void)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

	cmdline_help(&text);
	return fputs(bl_buf_str(&text), stdout) < 0;
}

int main(int argc, char **argv)
{
	BL_CLEANUP(cmdline_done) struct cmdline c = {0};
	struct sigaction sa = {.sa_handler = on_signal};
	struct bl_err err = BL_ERR_INIT;

	if (cmdline_parse(argc, argv, &c, &err) < 0)
		return complain(&err);
	if (c.action == DO_HELP)
		return help();
	if (c.action == DO_VERSION)
		return printf("fio-3.33 (blkjob %s)\n", BLKLAB_VERSION) < 0;
	if (check_writers(&c, &err) < 0)
		return complain(&err);
	if (c.action != DO_RUN && c.jobs.ignored)
		fputs(c.jobs.ignored, stderr); /* when running it is part of the document */
	if (c.action == DO_SHOWCMD)
		return show_commands(&c);
	if (c.action == DO_PARSE)
		return 0;
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	return run(&c);
}
