/* nightly_tell.c - what came of a night, to everybody who asked for it. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fs.h"
#include "history_view.h"
#include "night_report.h"
#include "nightly.h"
#include "notify_send.h"
#include "notify_text.h"
#include "report.h"
#include "units.h"

/* What was judged before somebody stopped it is told for so long. */
#define GRACE_NS (10 * NS_PER_S)

void nightly_say(const struct nightly *n, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (!n->args->quiet)
		cli_note(n->cli, "%s", text);
}

void nightly_note(struct nightly *n, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	nightly_say(n, "%s", text);
	if (n->n_notes == BL_ARRAY_LEN(n->notes))
		return;
	n->notes[n->n_notes] = strdup(text);
	n->n_notes += n->notes[n->n_notes] != NULL;
}

static void on_note(void *ctx, const char *text)
{
	const struct nightly *n = ctx;

	cli_note(n->cli, "%s", text);
}

static int write_night(struct nightly *n, const char *option, const char *path,
		       enum night_format format, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	int r;

	if (!path)
		return 0;
	r = report_night(&n->night, format, &out, err);
	if (r == 0)
		r = bl_write_file(path, bl_buf_str(&out), out.len, err);
	return r < 0 ? bl_wrap(err, r, "--%s", option) : 0;
}

static int write_page(struct nightly *n, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf page = BL_BUF_INIT;
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	struct report_options opt = {.store_path = n->session.store_path};
	int r;

	if (!n->args->report || !n->run_id[0])
		return 0;
	r = store_load_run(n->session.store, n->run_id, &d, err);
	if (r == 0)
		r = report_write(&d, REPORT_HTML, &opt, &page, err);
	if (r == 0)
		r = bl_write_file(n->args->report, bl_buf_str(&page), page.len, err);
	if (r < 0)
		return bl_wrap(err, r, "--report");
	n->night.report_path = strdup(n->args->report);
	return n->night.report_path ? 0 : bl_fail(err, -ENOMEM, "out of memory");
}

static int write_history(struct nightly *n, struct bl_err *err)
{
	const char *path = n->args->history;
	int r;

	if (!path || !n->history.n_nights)
		return 0;
	r = history_write(path, n->session.store, n->host_id, n->session.plan.scenario->name,
			  &n->history, err);
	return r < 0 ? bl_wrap(err, r, "--history") : 0;
}

static int show(struct nightly *n, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	int r = report_night(&n->night, n->args->json ? NIGHT_JSON : NIGHT_TEXT, &out, err);

	/* Why nothing was measured is the fault that the program ends with. */
	if (!n->args->json && (n->args->quiet || n->night.outcome == NIGHT_NOT_MEASURED))
		return r;
	return r < 0 ? r : cli_print(n->cli, &out, err);
}

void nightly_fault(struct nightly *n, const char *text)
{
	if (n->args->quiet) /* else a note says it */
		cli_note(n->cli, "%s", text);
	nightly_note(n, "%s", text);
}

/* A file that can't be written keeps nothing else from being told: the night's verdict stands. */
static void also(struct nightly *n, int r, struct bl_err *why)
{
	if (r < 0)
		nightly_fault(n, bl_err_text(why));
	*why = (struct bl_err)BL_ERR_INIT;
}

static int move_notes(struct nightly *n, struct bl_err *err)
{
	struct night *to = &n->night;
	char **grown = reallocarray(to->notes, to->n_notes + n->n_notes + 1, sizeof(char *));

	if (!grown)
		return bl_fail(err, -ENOMEM, "out of memory");
	to->notes = grown;
	for (size_t i = 0; i < n->n_notes; i++)
		grown[to->n_notes++] = n->notes[i];
	n->n_notes = 0;
	return 0;
}

/* Who can't be told now is told again by the nights to come: the change itself is no news then. */
static void notify(struct nightly *n)
{
	BL_CLEANUP(bl_freep) char *outbox = bl_strf("%s/outbox", n->session.work_dir);
	BL_CLEANUP(bl_freep)
	struct notify_outcome *outcomes = calloc(n->notify.n, sizeof *outcomes);
	BL_CLEANUP(bl_buf_done) struct bl_buf told = BL_BUF_INIT;
	struct notify_how how = {.stop = n->cli->stop,
				 .grace_ns = GRACE_NS,
				 .outbox = outbox,
				 .note = on_note,
				 .ctx = n,
				 .outcomes = outcomes};

	notify_all(&n->notify, &n->night, &how);
	if (!outcomes) /* they are told all the same */
		return;
	notify_told(&n->notify, outcomes, night_outcome_names[n->night.outcome], &told);
	nightly_say(n, "%s", bl_buf_str(&told));
}

int nightly_tell(struct nightly *n, struct bl_err *err)
{
	struct bl_err why = BL_ERR_INIT;
	int r = move_notes(n, err);

	if (r < 0)
		return r;
	also(n, write_page(n, &why), &why);
	also(n, write_history(n, &why), &why);
	also(n, write_night(n, "junit", n->args->junit, NIGHT_JUNIT, &why), &why);
	also(n, write_night(n, "openmetrics", n->args->openmetrics, NIGHT_METRICS, &why), &why);
	r = move_notes(n, err);
	if (r == 0)
		r = show(n, err);
	if (n->notify.n)
		notify(n);
	return r;
}
