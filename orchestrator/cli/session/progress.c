#include "progress.h"

#include <jansson.h>
#include <string.h>

#include "cleanup.h"
#include "help.h"
#include "summary.h"
#include "units.h"

#define REDRAW_NS     (NS_PER_S / 10)
#define CLEAR_LINE    "\r\033[K"
#define BAR_WIDTH     10
#define BAR_LEAST     4
#define WIDE_COLUMNS  110 /* there is room for "gone" and "about" */
#define FIGURES_WIDTH 25  /* "  15.6k IOPS  p99 4.31 ms" */
#define MIDDLE_MAX    48  /* what a job says about itself */
#define COLUMNS_LEAST 40

/* What a person reads while a phase goes on; a job says its own name. */
static const char *const phase_says[PHASES] = {
	[PHASE_IMAGE] = "building the guest",
	[PHASE_PROBE] = "proving the acceleration",
	[PHASE_BACKING] = "making the disk",
	[PHASE_BOOT] = "booting",
	[PHASE_PROVE] = "checking what runs",
	[PHASE_FILL] = "filling the disk",
	[PHASE_JOB] = "job",
	[PHASE_SHUTDOWN] = "shutting down",
};

void progress_bar(struct bl_buf *out, uint64_t done, uint64_t total, unsigned width)
{
	uint64_t full = total ? (done < total ? done : total) * width / total : 0;

	bl_buf_addc(out, '[');
	for (unsigned i = 0; i < width; i++)
		bl_buf_addc(out, i < full ? '#' : '.');
	bl_buf_addc(out, ']');
}

uint64_t progress_left_ns(const struct progress *p, uint64_t now_ns)
{
	uint64_t all, gone;

	if (p->n_done) { /* all trials at the pace of those that ended */
		all = (p->last_end_ns - p->first_trial_ns) / p->n_done * p->n_trials;
		gone = now_ns - p->first_trial_ns;
	} else {
		all = p->estimate_ns;
		gone = now_ns - (p->first_trial_ns ? p->first_trial_ns : p->start_ns);
	}
	if (p->budget_ns && p->first_trial_ns && all > p->budget_ns)
		all = p->budget_ns;
	return all > gone ? all - gone : 0;
}

/* "8/10 s" or "8 s"; while a kernel is fetched "12.0/33.9 MiB" or
 * "12.0 MiB". */
static void add_amount(struct bl_buf *out, const struct runner_progress *rp)
{
	double mib = (double)rp->done_bytes / MiB;
	unsigned long long gone = rp->elapsed_ns / NS_PER_S;
	unsigned long long all = (rp->expected_ns + NS_PER_S / 2) / NS_PER_S;

	if (rp->done_bytes && rp->total_bytes)
		bl_buf_addf(out, "%.1f/%.1f MiB", mib, (double)rp->total_bytes / MiB);
	else if (rp->done_bytes)
		bl_buf_addf(out, "%.1f MiB", mib);
	else if (all)
		bl_buf_addf(out, "%llu/%llu s", gone, all);
	else
		bl_buf_addf(out, "%llu s", gone);
}

/* "12:04 gone, about 7:10 left"; narrow: "12:04, 7:10 left". */
static void add_times(const struct progress *p, uint64_t now_ns, struct bl_buf *out)
{
	char gone[BL_UNIT_TEXT_MAX], left[BL_UNIT_TEXT_MAX];
	uint64_t left_ns = progress_left_ns(p, now_ns);
	bool is_wide = p->columns >= WIDE_COLUMNS;

	bl_buf_addf(out, "%s%s", bl_format_clock(gone, now_ns - p->start_ns),
		    is_wide ? " gone" : "");
	if (left_ns)
		bl_buf_addf(out, ", %s%s left", is_wide ? "about " : "",
			    bl_format_clock(left, left_ns));
}

/* Cut to @width columns; the last two become dots when something was lost. */
static void add_cut(struct bl_buf *out, const char *text, size_t width)
{
	size_t len = strlen(text);

	if (len <= width)
		bl_buf_adds(out, text);
	else if (width > 2)
		bl_buf_addf(out, "%.*s..", (int)width - 2, text);
}

/* As wide as there is room for; a bar of less than a few marks is left out. */
static void add_bar(const struct runner_progress *rp, size_t room, struct bl_buf *out)
{
	size_t width = room > 3 ? room - 3 : 0; /* a space and the brackets */
	uint64_t done = rp->done_bytes ? rp->done_bytes : rp->elapsed_ns;
	uint64_t all = rp->done_bytes ? rp->total_bytes : rp->expected_ns;

	if (!all || width < BAR_LEAST)
		return;
	bl_buf_addc(out, ' ');
	progress_bar(out, done, all, width < BAR_WIDTH ? width : BAR_WIDTH);
}

/* Numbers up to @n are as wide as it, so that what follows them stays in its column. */
static int digits(size_t n)
{
	return snprintf(NULL, 0, "%zu", n);
}

/* Parts of the live line from the one that must stay to the first to go:
 * "trial/trials", times, cell, phase with its seconds, IOPS, bar. */
void progress_line(const struct progress *p, const struct runner_progress *rp, uint64_t now_ns,
		   struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf head = BL_BUF_INIT, what = BL_BUF_INIT;
	BL_CLEANUP(bl_buf_done) struct bl_buf iops = BL_BUF_INIT, times = BL_BUF_INIT;
	size_t room = (p->columns < COLUMNS_LEAST ? COLUMNS_LEAST : p->columns) - 1, used;
	char count[BL_UNIT_TEXT_MAX];
	const char *cell = rp->cell ? rp->cell->name : "";

	if (rp->phase >= PHASE_BACKING)
		bl_buf_addf(&head, "%*zu/%zu", digits(rp->n_trials), rp->trial + 1, rp->n_trials);
	if (rp->done_bytes)
		bl_buf_adds(&what, "fetching the kernel");
	else
		add_cut(&what, rp->job ? rp->job : phase_says[rp->phase], 24);
	bl_buf_addc(&what, ' ');
	add_amount(&what, rp);
	if (rp->iops > 0)
		bl_buf_addf(&iops, "  %s IOPS", bl_format_count(count, rp->iops));
	add_times(p, now_ns, &times);

	used = head.len + what.len + times.len + 6; /* the gaps */
	bl_buf_addf(out, "%s%s", bl_buf_str(&head), head.len ? "  " : "");
	if (cell[0] && used + 8 < room) {
		size_t want = strlen(cell), rest = room - used;

		add_cut(out, cell, want < rest ? want : rest);
		bl_buf_adds(out, "  ");
		used += want < rest ? want : rest;
	}
	bl_buf_adds(out, bl_buf_str(&what));
	if (used + iops.len <= room) {
		used += iops.len;
		add_bar(rp, room - used, out);
		bl_buf_adds(out, bl_buf_str(&iops));
	}
	bl_buf_addf(out, "  %s", bl_buf_str(&times));
}

static void add_result(const struct trial_record *t, size_t room, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf figures = BL_BUF_INIT;
	char text[BL_UNIT_TEXT_MAX];
	double iops, p99;

	if (!t->n_jobs)
		return;
	if (job_metric(&t->jobs[0], METRIC_IOPS, &iops))
		bl_buf_addf(&figures, "  %5s IOPS", bl_format_count(text, iops));
	if (job_metric(&t->jobs[0], METRIC_P99, &p99))
		bl_buf_addf(&figures, "  p99 %7s", bl_format_ns(text, (uint64_t)p99));
	/* Cut alike in every line, so that figures stand in columns. */
	add_cut(out, t->jobs[0].name, room > FIGURES_WIDTH + 4 ? room - FIGURES_WIDTH : 4);
	bl_buf_adds(out, bl_buf_str(&figures));
}

/* On a terminal wrapped below itself; elsewhere all in one line. */
static void add_reason(const struct progress *p, const struct trial_record *t, struct bl_buf *out,
		       size_t at)
{
	const char *reason = t->reason ? t->reason : "no reason given";
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

	bl_buf_addf(&text, "%s: %s", trial_state_names[t->state], reason);
	bl_buf_adds(out, p->mode == PROGRESS_LIVE ? " " : "  ");
	if (p->mode != PROGRESS_LIVE) {
		for (char *s = text.data; s && *s; s++)
			if (*s == '\n')
				*s = ' ';
		bl_buf_adds(out, bl_buf_str(&text));
		return;
	}
	help_wrap(out, bl_buf_str(&text), at + 1, 4, p->columns - 1);
	out->data[--out->len] = '\0'; /* its newline is the caller's to write */
}

void progress_trial_line(const struct progress *p, const struct trial_record *t, const char *cell,
			 struct bl_buf *out)
{
	size_t name_max = p->columns > 60 ? p->columns / 2 - 4 : 26;
	size_t width = p->name_width < name_max ? p->name_width : name_max, start = out->len;
	char took[BL_UNIT_TEXT_MAX];

	add_cut(out, cell, p->mode == PROGRESS_LIVE ? width : strlen(cell));
	while (out->len - start < width)
		bl_buf_addc(out, ' ');
	if (t->state != TRIAL_OK) {
		add_reason(p, t, out, out->len - start);
		return;
	}
	bl_buf_addf(out, "  ok %6s  ",
		    bl_format_clock(took, (t->ended_ms - t->started_ms) * NS_PER_MS));
	start = out->len - start;
	add_result(t, p->columns > start + 20 ? p->columns - start - 1 : 20, out);
}

static void clear_line(struct progress *p)
{
	if (p->has_line)
		fputs(CLEAR_LINE, p->to);
	p->has_line = false;
}

static void put_json(struct progress *p, json_t *event)
{
	if (event)
		json_dumpf(event, p->to, JSON_COMPACT);
	fputc('\n', p->to);
	fflush(p->to);
	json_decref(event);
}

/* "9 cells x 8 to 30 trials, about 20:00 to 1:15:00" */
static void add_begin(const struct progress *p, struct bl_buf *out)
{
	char least[BL_UNIT_TEXT_MAX], most[BL_UNIT_TEXT_MAX];

	bl_buf_addf(out, "%zu cell%s x ", p->n_cells, p->n_cells == 1 ? "" : "s");
	if (p->least_repeats)
		bl_buf_addf(out, "%u to ", p->least_repeats);
	bl_buf_addf(out, "%u %s%s", p->repeats, p->rounds > 1 ? "boot" : "trial",
		    p->repeats == 1 ? "" : "s");
	if (p->rounds > 1)
		bl_buf_addf(out, " x %u rounds", p->rounds);
	bl_buf_adds(out, ", about ");
	bl_format_clock(least, p->least_ns);
	bl_format_clock(most, p->estimate_ns);
	if (p->least_ns && strcmp(least, most) != 0)
		bl_buf_addf(out, "%s to ", least);
	bl_buf_adds(out, most);
}

void progress_begin(struct progress *p, uint64_t now_ns)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

	p->start_ns = now_ns;
	if (p->mode == PROGRESS_JSON)
		put_json(p, json_pack("{s:s,s:s,s:I,s:I,s:I,s:I,s:I}", "event", "begin", "scenario",
				      p->scenario, "cells", (json_int_t)p->n_cells, "repeats",
				      (json_int_t)p->repeats, "rounds", (json_int_t)p->rounds,
				      "trials", (json_int_t)p->n_trials, "estimate_ns",
				      (json_int_t)p->estimate_ns));
	add_begin(p, &text);
	if (p->mode != PROGRESS_JSON && p->mode != PROGRESS_QUIET)
		fprintf(p->to, "%s   %s\n", p->scenario, bl_buf_str(&text));
	fflush(p->to);
}

static void draw(struct progress *p, const char *text, uint64_t now_ns)
{
	fprintf(p->to, CLEAR_LINE "%s", text);
	fflush(p->to);
	p->has_line = true;
	p->drawn_ns = now_ns;
}

void progress_update(struct progress *p, const struct runner_progress *rp, uint64_t now_ns)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf line = BL_BUF_INIT;

	if (!p->first_trial_ns && rp->phase >= PHASE_BACKING)
		p->first_trial_ns = now_ns;
	if (p->mode == PROGRESS_JSON) {
		put_json(p, json_pack("{s:s,s:I,s:s?,s:s,s:s?,s:I,s:I,s:f,s:I,s:I}", "event",
				      "progress", "trial", (json_int_t)rp->trial, "cell",
				      rp->cell ? rp->cell->name : NULL, "phase",
				      runner_phase_names[rp->phase], "job", rp->job, "elapsed_ns",
				      (json_int_t)rp->elapsed_ns, "expected_ns",
				      (json_int_t)rp->expected_ns, "iops", rp->iops, "done_bytes",
				      (json_int_t)rp->done_bytes, "total_bytes",
				      (json_int_t)rp->total_bytes));
		return;
	}
	if (p->mode != PROGRESS_LIVE || (p->has_line && now_ns - p->drawn_ns < REDRAW_NS))
		return;
	progress_line(p, rp, now_ns, &line);
	draw(p, bl_buf_str(&line), now_ns);
}

/* One event a trial; figures only where they were measured. */
static json_t *trial_json(const struct trial_record *t, const char *cell)
{
	json_t *jobs = json_array();
	double v;

	for (size_t i = 0; i < t->n_jobs; i++) {
		json_t *metrics = json_object();

		for (int m = 0; m < METRICS; m++)
			if (job_metric(&t->jobs[i], (enum metric)m, &v))
				json_object_set_new(metrics, metric_names[m], json_real(v));
		json_array_append_new(
			jobs, json_pack("{s:s,s:o}", "job", t->jobs[i].name, "metrics", metrics));
	}
	return json_pack("{s:s,s:s,s:I,s:s,s:I,s:s,s:I,s:s,s:s?,s:I,s:I,s:o}", "event", "trial",
			 "id", t->id, "order", (json_int_t)t->order, "cell", cell, "repeat",
			 (json_int_t)t->repeat, "boot", t->boot, "round", (json_int_t)t->round,
			 "state", trial_state_names[t->state], "reason", t->reason, "started_ms",
			 (json_int_t)t->started_ms, "ended_ms", (json_int_t)t->ended_ms, "jobs",
			 jobs);
}

void progress_trial(struct progress *p, const struct trial_record *t, const char *cell,
		    uint64_t now_ns)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf line = BL_BUF_INIT;
	bool is_ok = t->state == TRIAL_OK;

	if (!p->first_trial_ns)
		p->first_trial_ns = p->start_ns;
	p->last_end_ns = now_ns;
	p->n_done++;
	p->n_ok += is_ok;
	if (p->mode == PROGRESS_JSON)
		put_json(p, trial_json(t, cell));
	if (p->mode == PROGRESS_JSON || p->mode == PROGRESS_QUIET)
		return;
	progress_trial_line(p, t, cell, &line);
	clear_line(p);
	if (p->mode == PROGRESS_PLAIN)
		fprintf(p->to, "trial %*zu of %zu  %s\n", digits(p->n_trials), p->n_done,
			p->n_trials, bl_buf_str(&line));
	else
		fprintf(p->to, "%s%s%s\n", p->color && !is_ok ? "\033[31m" : "", bl_buf_str(&line),
			p->color && !is_ok ? "\033[0m" : "");
	fflush(p->to);
}

void progress_note(struct progress *p, const char *text)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf wrapped = BL_BUF_INIT;

	if (p->mode == PROGRESS_JSON) {
		put_json(p, json_pack("{s:s,s:s}", "event", "note", "text", text));
		return;
	}
	if (p->mode == PROGRESS_QUIET)
		return;
	clear_line(p);
	bl_buf_adds(&wrapped, "note:");
	help_wrap(&wrapped, text, 5, p->mode == PROGRESS_LIVE ? 4 : 0,
		  p->mode == PROGRESS_LIVE ? p->columns - 1 : SIZE_MAX);
	fputs(bl_buf_str(&wrapped), p->to);
	fflush(p->to);
}

void progress_fetch(struct progress *p, const char *url, uint64_t done, uint64_t total,
		    uint64_t now_ns)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf line = BL_BUF_INIT;
	char a[BL_UNIT_TEXT_MAX], b[BL_UNIT_TEXT_MAX];
	const char *name = strrchr(url, '/');

	if (p->mode != PROGRESS_LIVE || (p->has_line && now_ns - p->drawn_ns < REDRAW_NS))
		return;
	bl_buf_adds(&line, "fetching ");
	add_cut(&line, name ? name + 1 : url, p->columns > 70 ? p->columns - 50 : 20);
	bl_buf_addc(&line, ' ');
	progress_bar(&line, done, total, BAR_WIDTH);
	bl_buf_addf(&line, " %s", bl_format_size(a, done));
	if (total)
		bl_buf_addf(&line, " of %s", bl_format_size(b, total));
	draw(p, bl_buf_str(&line), now_ns);
}

void progress_end(struct progress *p)
{
	clear_line(p);
	fflush(p->to);
}
