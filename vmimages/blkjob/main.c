/* main.c - blkjob: fio job files in, fio's documents out.
 *
 * Standard output (or --output) carries the document and nothing else.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "cleanup.h"
#include "cmdline.h"
#include "in_use.h"
#include "jobfile.h"
#include "session.h"

static struct session_signals signals;

static void on_signal(int sig)
{
	atomic_store(sig == SIGUSR1 ? &signals.show : &signals.stop, true);
}

static int complain(const struct bl_err *err)
{
	fprintf(stderr, "blkjob: %s\n", bl_err_text(err));
	return 1;
}

static int check_file(const struct job *j, uint32_t clone, uint32_t file, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf path = BL_BUF_INIT;

	/* a name that is too long is the engine's to refuse: it will not be written to */
	return job_file(j, clone, file, &path) < 0 ? 0 : in_use_check(bl_buf_str(&path), err);
}

static int check_files(const struct job *j, const char *target, struct bl_err *err)
{
	uint32_t n_clones = j->filename[0] ? 1 : j->numjobs;
	int rc = 0;

	if (target && job_uses_target(j))
		return in_use_check(target, err);
	for (uint32_t clone = 0; clone < n_clones; clone++)
		for (uint32_t file = 0; file < job_files(j) && rc == 0; file++)
			rc = check_file(j, clone, file, err);
	return rc;
}

/* No job writes where it must not. */
static int check_writers(const struct cmdline *c, struct bl_err *err)
{
	for (size_t i = 0; i < c->jobs.n; i++) {
		const struct job *j = &c->jobs.items[i];
		int rc;

		if (!job_alters(j) || job_engine_is_null(j->engine))
			continue;
		if (c->is_readonly)
			return bl_fail(err, -EPERM,
				       "job '%s': rw: '%s' writes, but --readonly was given; read "
				       "and randread are accepted",
				       j->name, job_rw_names[j->rw]);
		rc = j->allow_mounted_write ? 0 : check_files(j, c->target, err);
		if (rc < 0)
			return bl_wrap(err, rc, "job '%s'", j->name);
	}
	return 0;
}

static int run(const struct cmdline *c)
{
	static const unsigned bits[FORMATS] = {[FORMAT_NORMAL] = SHOW_NORMAL,
					       [FORMAT_TERSE] = SHOW_TERSE,
					       [FORMAT_JSON] = SHOW_JSON,
					       [FORMAT_JSON_PLUS] = SHOW_JSON_PLUS};
	struct session_options o = {
		.is_readonly = c->is_readonly,
		.output = c->output,
		.terse_version = c->terse_version,
		.target = c->target,
		.status_interval_ns = c->status_interval_ns,
		.bandwidth_log = c->bandwidth_log,
		.hgrm = c->hgrm,
		.progress = c->eta == ETA_ALWAYS || (c->eta == ETA_AUTO && isatty(STDERR_FILENO)),
		.progress_newline_ns = c->eta_newline_ns,
	};

	for (unsigned i = 0; i < c->n_formats; i++)
		o.show |= bits[c->formats[i]];
	return session_run(&c->jobs, &o, &signals);
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

int main(int argc, char **argv)
{
	BL_CLEANUP(cmdline_done) struct cmdline c = {0};
	struct sigaction sa = {.sa_handler = on_signal};
	struct bl_err err = BL_ERR_INIT;

	if (cmdline_parse(argc, argv, &c, &err) < 0)
		return complain(&err);
	if (c.action == DO_HELP)
		return fputs(c.help, stdout) < 0;
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
	sa.sa_flags = SA_RESTART; /* a document in between disturbs no request */
	sigaction(SIGUSR1, &sa, NULL);
	return run(&c);
}
