#include "minute.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calibration.h"
#include "cleanup.h"
#include "verdict_text.h"

#define NOTE_MAX 150 /* characters */

void minute_bad(const struct view_cell *c, struct bl_buf *out)
{
	for (int s = TRIAL_OK + 1; s < TRIAL_STATES; s++) {
		if (c->n_state[s])
			bl_buf_addf(out, "%s%zu %s", out->len ? ", " : "", c->n_state[s],
				    trial_state_names[s]);
	}
}

const char *minute_reason(const struct trial_record *t)
{
	return t->reason && t->reason[0] ? t->reason : "no reason was kept";
}

static bool was_said(const struct view *v, const struct trial_record *t)
{
	for (const struct trial_record *o = v->d->trials; o < t; o++) {
		if (o->cell == t->cell && o->state == t->state &&
		    strcmp(minute_reason(o), minute_reason(t)) == 0)
			return true;
	}
	return false;
}

void minute_reasons(const struct view *v, uint32_t cell, struct bl_buf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < v->d->n_trials; i++) {
		const struct trial_record *t = &v->d->trials[i];

		if (t->cell != cell || t->state == TRIAL_OK || was_said(v, t))
			continue;
		bl_buf_addf(out, "%strial %u %s: %s", n++ ? "; " : "", t->repeat + 1,
			    trial_state_names[t->state], minute_reason(t));
	}
}

/* A cell that took turns in the boots it had would have taken as many in those it had not. */
static size_t count_planned(const struct view *v)
{
	size_t n = 0;

	for (size_t i = 0; i < v->d->n_cells; i++) {
		uint32_t rounds = v->cells[i].boots.n_rounds;

		n += (size_t)v->d->run.repeats * (rounds ? rounds : 1);
	}
	return n;
}

static void trust_trials(const struct view *v, struct lines *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf kinds = BL_BUF_INIT;
	struct view_cell all = {0};
	size_t bad = v->d->n_trials - v->n_ok;
	size_t planned = count_planned(v);

	for (size_t i = 0; i < v->d->n_cells; i++) {
		for (int s = 0; s < TRIAL_STATES; s++)
			all.n_state[s] += v->cells[i].n_state[s];
	}
	minute_bad(&all, &kinds);
	out->failed |= bl_buf_failed(&kinds);
	if (bad)
		lines_add(out,
			  "\001%zu of %zu trials gave no figures\002 (%s). Each is shown with its "
			  "reason and left out of every figure.",
			  bad, v->d->n_trials, bl_buf_str(&kinds));
	if (!v->d->run.ended_ms)
		lines_add(
			out,
			"\001The run never ended\002: %zu of %zu planned trials are here. What is "
			"here is complete in itself.",
			v->d->n_trials, planned);
	else if (v->d->n_trials < planned && !facts_get(&v->d->run.notes, "repeats.stopped"))
		lines_add(out, "\001%zu of %zu planned trials\002 were run.", v->d->n_trials,
			  planned);
	if (v->n_ok && v->least_ok < 6)
		lines_add(out,
			  "\001Fewer than six %s a cell\002 (the least is %zu): differences are "
			  "shown as seen, and none of them can be called real yet.",
			  v->most_rounds > 1 ? "boots" : "trials", v->least_ok);
}

static size_t count_thin(const struct view *v, size_t *ret_rows)
{
	size_t n = 0;

	*ret_rows = 0;
	for (size_t j = 0; j < v->n_jobs; j++) {
		for (size_t i = 0; i < v->jobs[j].n_rows; i++) {
			const struct view_row *row = &v->jobs[j].rows[i];
			const struct pct *p = &row->p[SUMMARY_P99_9];

			*ret_rows += row->sum != NULL;
			n += row->sum && !p->is_told && (!p->is_known || p->is_thin);
		}
	}
	return n;
}

/* How much of @text a reader of one line will read: all, or up to a word's end. */
static size_t clipped(const char *text)
{
	size_t n = strlen(text);

	if (n <= NOTE_MAX)
		return n;
	n = NOTE_MAX;
	while (n > NOTE_MAX / 2 && text[n] != ' ')
		n--;
	while (n > 1 && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* A note as a sentence: with a capital, and not longer than a reader of the head will read; the
 * method has it in full. Those of an import are what its figures mean, and whole. */
static void add_note(const struct view *v, const char *value, struct lines *out)
{
	size_t n = run_is_imported(&v->d->run) ? strlen(value) : clipped(value);

	if (n)
		lines_add(out, "%c%.*s%s", toupper((unsigned char)value[0]), (int)n - 1, value + 1,
			  value[n] ? " ..." : "");
}

static bool is_of_cpu(const struct fact *note)
{
	return strcasestr(note->value, "emulated CPU") != NULL;
}

/* How many trials there are is said from the trials themselves; that they were enough is no limit,
 * and how wide each interval is stands beside it. */
static bool is_said_elsewhere(const struct fact *note)
{
	return strcmp(note->key, "few-repeats") == 0 || strcmp(note->key, "repeats.widths") == 0 ||
	       (strcmp(note->key, "repeats.stopped") == 0 &&
		strncmp(note->value, "narrow", 6) == 0);
}

void minute_cpu(const struct view *v, struct lines *out)
{
	const struct facts *notes = &v->d->run.notes;
	bool is_said = false;

	for (size_t i = 0; i < notes->n; i++) {
		if (is_of_cpu(&notes->items[i]))
			add_note(v, notes->items[i].value, out);
		is_said |= is_of_cpu(&notes->items[i]);
	}
	if (!is_said && run_is_emulated(&v->d->run))
		lines_add(out, "\001Emulated CPU (TCG)\002: compare paths, not absolute times.");
}

void minute_trust(const struct view *v, struct lines *out)
{
	const struct facts *notes = &v->d->run.notes;
	size_t thin, rows;

	minute_cpu(v, out);
	trust_trials(v, out);
	for (size_t i = 0; i < notes->n; i++) {
		if (!is_of_cpu(&notes->items[i]) && !is_said_elsewhere(&notes->items[i]))
			add_note(v, notes->items[i].value, out);
	}
	thin = count_thin(v, &rows);
	if (thin)
		lines_add(out,
			  "\001p99.9 is thin\002 in %zu of %zu rows: fewer than 100 samples lie "
			  "beyond it. Such figures are marked with ~.",
			  thin, rows);
}

void minute_change(const struct comparison *c, const struct fmt_style *st, struct bl_buf *out)
{
	char a[FMT_MAX], b[FMT_MAX], d[FMT_MAX];

	if (!c->n_pairs) {
		bl_buf_adds(out, "no pairs");
		return;
	}
	bl_buf_adds(out, fmt_change(st, a, c->ratio));
	if (c->has_interval)
		bl_buf_addf(out, " [%s, %s]", fmt_change(st, b, c->lo), fmt_change(st, d, c->hi));
	else
		bl_buf_adds(out, " seen");
}

void minute_verdict(const struct view *v, const struct view_row *row, const struct fmt_style *st,
		    struct bl_buf *out)
{
	const struct comparison *c = &row->ref[METRIC_P99];
	char num[FMT_MAX];

	if (!row->sum)
		return;
	if (row->cell == v->reference) {
		bl_buf_adds(out, "reference");
		return;
	}
	bl_buf_adds(out, verdict_marked(c));
	if (c->n_pairs)
		bl_buf_addf(out, " %s", fmt_change(st, num, c->ratio));
}

/* How a set of comparisons went. */
struct tally {
	size_t n, n_verdict[VERDICTS], n_down, n_up;
	double least, most; /* ratios */
};

static struct tally tally_of(const struct view *v, size_t from, size_t to)
{
	struct tally t = {0};

	for (size_t i = from; i < to; i++) {
		const struct comparison *c = &v->effects[i].by[METRIC_P99];

		if (!c->n_pairs)
			continue;
		if (!t.n || c->ratio < t.least)
			t.least = c->ratio;
		if (!t.n || c->ratio > t.most)
			t.most = c->ratio;
		t.n++;
		t.n_verdict[c->verdict]++;
		t.n_down += c->ratio < 1;
		t.n_up += c->ratio > 1;
	}
	return t;
}

static void one_comparison(const struct view_effect *e, const struct fmt_style *st,
			   struct bl_buf *out)
{
	const struct comparison *c = &e->by[METRIC_P99];
	char a[FMT_MAX], b[FMT_MAX], d[FMT_MAX];
	const char *how = c->ratio < 1 ? "falls" : "rises";

	switch (c->verdict) {
	case VERDICT_BETTER:
	case VERDICT_WORSE:
		bl_buf_addf(out, "p99 %s: %s [%s, %s]", how, fmt_change(st, a, c->ratio),
			    fmt_change(st, b, c->lo), fmt_change(st, d, c->hi));
		break;
	case VERDICT_SAME:
		bl_buf_addf(out, "p99 stays the same: %s [%s, %s]", fmt_change(st, a, c->ratio),
			    fmt_change(st, b, c->lo), fmt_change(st, d, c->hi));
		break;
	default:
		bl_buf_adds(out, "p99 ");
		minute_change(c, st, out);
		bl_buf_adds(out, ", cannot tell yet");
	}
}

void minute_step(const struct view_effect *e, const struct fmt_style *st, struct bl_buf *out)
{
	bl_buf_addf(out, "%s %s \u2192 %s: ", e->axis->name, e->from, e->to);
	if (e->by[METRIC_P99].n_pairs)
		one_comparison(e, st, out);
	else
		bl_buf_adds(out, "p99 is not known on both sides");
}

static size_t most_of(const struct tally *t)
{
	size_t most = 0;

	for (int k = 0; k < VERDICTS; k++)
		most = t->n_verdict[k] > most ? t->n_verdict[k] : most;
	return most;
}

static void range_text(const struct tally *t, const struct fmt_style *st, char *out, size_t len)
{
	char a[FMT_MAX], b[FMT_MAX];

	snprintf(out, len, "%s%s%s", fmt_change(st, a, t->least), st->to,
		 fmt_change(st, b, t->most));
}

void minute_axis(const struct view *v, size_t from, size_t to, const struct fmt_style *st,
		 struct bl_buf *out)
{
	static const struct {
		enum verdict verdict;
		const char *does;
	} words[] = {{VERDICT_BETTER, "falls"}, {VERDICT_WORSE, "rises"}, {VERDICT_SAME, "stays"}};
	const struct view_effect *e = &v->effects[from];
	struct tally t = tally_of(v, from, to);
	char a[3 * FMT_MAX];
	bool is_begun = false;

	if (!t.n) {
		bl_buf_adds(out, "p99 is not known on both sides");
		return;
	}
	if (t.n == 1) {
		one_comparison(e, st, out);
		return;
	}
	range_text(&t, st, a, sizeof(a));
	if (t.n_verdict[VERDICT_CANNOT_TELL] == t.n) {
		bl_buf_addf(out, "p99 %s seen in %zu comparisons, cannot tell yet", a, t.n);
		return;
	}
	for (size_t i = 0; i < BL_ARRAY_LEN(words); i++) {
		size_t n = t.n_verdict[words[i].verdict];

		if (n == t.n)
			bl_buf_addf(out, "p99 %s in all %zu comparisons", words[i].does, n);
		else if (n)
			bl_buf_addf(out, "%s %s in %zu", is_begun ? "," : "p99", words[i].does, n);
		is_begun |= n > 0;
	}
	if (t.n_verdict[VERDICT_CANNOT_TELL])
		bl_buf_addf(out, ", cannot be told in %zu", t.n_verdict[VERDICT_CANNOT_TELL]);
	if (most_of(&t) < t.n)
		bl_buf_addf(out, " of %zu comparisons", t.n);
	bl_buf_addf(out, " (%s)", a);
}

static bool is_text(const char *s)
{
	return s && s[0];
}

/* What there is to look at: a trial that ended before its VM ran has neither. */
static const char *evidence_of(const struct trial_record *t)
{
	bool has_console = is_text(t->console_tail);

	if (t->effective.n)
		return has_console ? "its console and both configurations are"
				   : "both configurations are";
	return has_console ? "its console is" : NULL;
}

static void next_bad(const char *cell, const struct trial_record *t, struct lines *out)
{
	const char *reason = minute_reason(t);
	const char *evidence = evidence_of(t);
	int n = (int)clipped(reason);
	const char *more = reason[n] ? " ..." : "";

	if (t->state == TRIAL_IMPOSSIBLE)
		lines_add(out,
			  "'%s' can't run here: %.*s%s; choose a kernel or an emulator that can, "
			  "or leave the cell out with 'exclude' in the scenario",
			  cell, n, reason, more);
	else if (evidence)
		lines_add(out, "look at why '%s' %s: %s in the report under \"each cell\"", cell,
			  t->state == TRIAL_MISMATCH ? "did not run what was asked" : "failed",
			  evidence);
	else
		lines_add(out,
			  "'%s' failed and left no console: %.*s%s; put that right and "
			  "run it again ('blklab doctor' says what this host can do)",
			  cell, n, reason, more);
}

/* One cell that went wrong: what failed comes before what can't be. */
static void next_of_bad_cells(const struct view *v, struct lines *out)
{
	const struct view_cell *found = NULL;

	for (size_t i = 0; i < v->d->n_cells; i++) {
		const struct trial_record *bad = v->cells[i].first_bad;

		if (!bad || bad->state == TRIAL_INTERRUPTED)
			continue;
		if (!found ||
		    (found->first_bad->state == TRIAL_IMPOSSIBLE && bad->state != TRIAL_IMPOSSIBLE))
			found = &v->cells[i];
	}
	if (found)
		next_bad(found->rec->name, found->first_bad, out);
}

/* As many repeats as would tell what is open, where that is not too many. */
static void next_trials(const struct view *v, struct lines *out)
{
	struct verdict_tally all = {0};

	for (size_t j = 0; j < v->n_jobs; j++)
		for (size_t i = 0; i < v->jobs[j].n_rows; i++)
			if (v->jobs[j].rows[i].sum && v->jobs[j].rows[i].cell != v->reference)
				verdict_tally_add(&all, &v->jobs[j].rows[i].ref[METRIC_P99]);
	if (!all.n_soon)
		return;
	if (run_is_imported(&v->d->run))
		lines_add(out,
			  "import %zu documents of each cell: that would probably tell %zu of the "
			  "%zu comparisons that are open",
			  all.most_pairs, all.n_soon, all.n_open);
	else
		lines_add(
			out,
			"run it again with --repeats %zu: that would probably tell %zu of the %zu "
			"comparisons that are open",
			all.most_pairs, all.n_soon, all.n_open);
}

void minute_next(const struct view *v, struct lines *out)
{
	const struct view_row *best = v->n_jobs ? view_best(v, &v->jobs[0], 0) : NULL;

	next_of_bad_cells(v, out);
	if (v->n_ok && v->least_ok < 6)
		lines_add(out, "%s: below six trials a cell no difference can be called real",
			  run_is_imported(&v->d->run) ? "import more documents of each cell, 8 of "
							"each as one run"
						      : "run it again with --repeats 8");
	else
		next_trials(v, out);
	if (v->least_ok >= 6 && best && best->sum && best->cell != v->reference)
		lines_add(out, "compare the best with the reference: blklab compare '%s' '%s'",
			  v->d->cells[v->reference].name, v->d->cells[best->cell].name);
	verdict_runtime(v, out);
	if (!v->n_ok)
		lines_add(out, "no trial gave figures: 'blklab doctor' says what this host can do");
}

/* What equal cells differ by, where there are any, or why that is not known. */
static void say_floor(const struct view *v, const char *job, struct lines *out)
{
	const struct noise_floor *most = NULL;

	for (size_t i = 0; i < v->floors.n; i++) {
		const struct noise_floor *f = &v->floors.items[i];

		if (strcmp(f->job, job) == 0 && (!most || f->by[METRIC_P99] > most->by[METRIC_P99]))
			most = f;
	}
	if (most && most->by[METRIC_P99] > 0)
		lines_add(out,
			  "%s are the same configuration: 95 %% of comparisons of %zu such pairs "
			  "of trials find their p99 under %s no more than %.3g %% apart, and no "
			  "smaller difference is called one.",
			  most->source, most->n_pairs[METRIC_P99], job, most->by[METRIC_P99] * 100);
	else if (most && most->n_pairs[METRIC_P99] && most->n_pairs[METRIC_P99] < CALIBRATION_LEAST)
		lines_add(out,
			  "%s are the same configuration, but with %zu pair%s of trials under %s "
			  "what they differ by is no floor: six are the least.",
			  most->source, most->n_pairs[METRIC_P99],
			  most->n_pairs[METRIC_P99] == 1 ? "" : "s", job);
}

/* Who was measured within one boot, and what that leaves out. */
static void limit_of_shared(const struct view *v, struct lines *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf names = BL_BUF_INIT;

	for (size_t i = 0; i < v->d->n_cells; i++)
		if (v->cells[i].boots.shares)
			bl_buf_addf(&names, "%s'%s'", names.len ? ", " : "", v->cells[i].rec->name);
	if (!names.len)
		return;
	out->failed |= bl_buf_failed(&names);
	lines_add(out,
		  "These cells were disks of one VM and took turns within each boot: %s. Their "
		  "differences are free of what differs between boots, and hold for VMs that have "
		  "all of these disks; the rounds of a boot are one value, and intervals are over "
		  "boots.",
		  bl_buf_str(&names));
}

/* Longer runs keep all figures, and verdicts are made of the first ones. */
static void limit_of_values(const struct view *v, struct lines *out)
{
	size_t most = 0;

	for (size_t i = 0; i < v->sums.n; i++)
		most = v->sums.items[i].n_ok > most ? v->sums.items[i].n_ok : most;
	if (most > SUMMARY_VALUES)
		lines_add(
			out,
			"Verdicts and intervals are made of the first %d boots of a cell, of %zu; "
			"figures are of all.",
			SUMMARY_VALUES, most);
}

void minute_limits(const struct view *v, struct lines *out)
{
	lines_add(out, "This is one host, one backing store and these jobs: another disk, "
		       "another kernel or another mix of I/O may order the cells differently.");
	lines_add(out, "A job with a fixed queue depth sends nothing while it is stalled, so the "
		       "share of slow I/Os understates what a service at a fixed rate would see; "
		       "the maximum and the pictures over time show the stalls themselves.");
	if (run_is_emulated(&v->d->run))
		lines_add(out,
			  "With an emulated CPU each guest instruction costs many host "
			  "instructions. No absolute time carries over to KVM, nor the size of a "
			  "difference; its direction is a hint to be checked there.");
	if (v->least_ok && v->least_ok < 6)
		lines_add(out, "With fewer than six trials a cell an exact 95 %% interval does not "
			       "exist (Wilcoxon signed rank, Hodges-Lehmann), whatever the number "
			       "of I/Os: the trial is one boot and the unit of replication.");
	for (size_t j = 0; j < v->n_jobs; j++)
		say_floor(v, v->jobs[j].name, out);
	limit_of_shared(v, out);
	limit_of_values(v, out);
	lines_add(out, "Durability is what the cache mode promises by QEMU's own rules; no power "
		       "was cut here.");
}
