/* The findings of a run on a terminal: cell by cell, a cause once with all that shows it. */
#include "diagnosis_report.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "cleanup.h"
#include "diagnosis_pick.h"
#include "finding_command.h"
#include "fmt.h"
#include "path_text.h"
#include "term.h"

#define INDENT 4

struct page {
	const struct run_data *d;
	const struct diagnosis_options *opt;
	const struct findings *found;
	unsigned columns;
	bool color;
	struct bl_buf *out;
};

/* A paragraph; @lead stands before it, in its own look. */
static void say(const struct page *p, unsigned indent, const char *lead, const struct bl_buf *text)
{
	unsigned first = indent + (unsigned)fmt_width(lead);

	bl_buf_addf(p->out, "%*s", (int)indent, "");
	term_on(p->out, p->color, TERM_DIM);
	bl_buf_adds(p->out, lead);
	term_off(p->out, p->color);
	term_wrap(p->out, fmt_part(p->out, text), p->columns, first, indent + 2);
	bl_buf_addc(p->out, '\n');
}

/* The end of the shell's word at @s: quotes keep blanks together. */
static size_t word_len(const char *s)
{
	bool is_quoted = false;
	size_t n = 0;

	for (; s[n] && (is_quoted || s[n] != ' '); n++) {
		if (s[n] == '\\' && !is_quoted && s[n + 1])
			n++;
		else
			is_quoted ^= s[n] == '\'';
	}
	return n;
}

/* To copy: what does not fit goes on behind a backslash, as the shell reads it, and no word is
 * broken. */
static void say_command(const struct page *p, const struct bl_buf *command)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf clean = BL_BUF_INIT;
	unsigned at = INDENT;
	const char *s;

	fmt_clean(&clean, fmt_part(p->out, command), 0);
	bl_buf_addf(p->out, "%*s", INDENT, "");
	for (s = fmt_part(p->out, &clean); *s;) {
		BL_CLEANUP(bl_buf_done) struct bl_buf word = BL_BUF_INIT;
		size_t n = word_len(s);
		unsigned w;

		bl_buf_add(&word, s, n);
		w = (unsigned)fmt_width(fmt_part(p->out, &word));
		if (at > INDENT && at + 1 + w + 2 > p->columns) {
			bl_buf_addf(p->out, " \\\n%*s", INDENT + 2, "");
			at = INDENT + 2;
		} else if (at > INDENT) {
			bl_buf_addc(p->out, ' ');
			at++;
		}
		bl_buf_adds(p->out, fmt_part(p->out, &word));
		at += w;
		s += n + (s[n] == ' ');
	}
	bl_buf_addc(p->out, '\n');
}

/* "job 'randread-4k', trial 2, 3.1 s to 9.2 s: "; "" when there is nothing to tell apart. */
static void add_where(const struct page *p, const struct finding *f, bool is_likely_told,
		      struct bl_buf *out)
{
	size_t begin = out->len;

	if (f->job)
		bl_buf_addf(out, "job '%s'", f->job);
	if (f->trial < p->d->n_trials && p->d->run.repeats > 1)
		bl_buf_addf(out, "%strial %u", out->len > begin ? ", " : "",
			    p->d->trials[f->trial].repeat + 1);
	if (isfinite(f->from_s) && isfinite(f->to_s))
		bl_buf_addf(out, "%s%.1f s to %.1f s", out->len > begin ? ", " : "", f->from_s,
			    f->to_s);
	if (!is_likely_told)
		bl_buf_addf(out, "%s%s", out->len > begin ? ", " : "",
			    finding_confidence_names[f->confidence]);
	if (out->len > begin)
		bl_buf_adds(out, ": ");
}

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* The remedy and its command, unless the one before said the same. */
static void say_remedy(const struct page *p, const struct finding *f, const struct finding *before)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT, command = BL_BUF_INIT;
	BL_CLEANUP(bl_buf_done) struct bl_buf words = BL_BUF_INIT;

	if (before && is_same_text(f->remedy, before->remedy) &&
	    is_same_text(f->change, before->change))
		return;
	bl_buf_adds(&text, f->remedy);
	say(p, INDENT, "do: ", &text);
	if (finding_command(p->d, f, p->opt->store, &command))
		say_command(p, &command);
	else if (finding_in_libvirt(p->d, f, &words))
		say(p, INDENT, "in libvirt: ", &words);
}

/* Findings of one cause, the surest of which is @surest. */
static void say_title(const struct page *p, const struct finding *surest)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf kind = BL_BUF_INIT;
	const struct cause_row *row = cause_find(surest->cause);
	unsigned first = 2 + (unsigned)fmt_width(row->title) + 2;

	bl_buf_addf(&kind, "(%s, %s: %s)", finding_confidence_names[surest->confidence],
		    finding_layer_names[surest->layer], row->name);
	bl_buf_adds(p->out, "  ");
	term_on(p->out, p->color, surest->confidence == CONFIDENCE_POSSIBLE ? TERM_BOLD : TERM_RED);
	bl_buf_adds(p->out, row->title);
	term_off(p->out, p->color);
	bl_buf_adds(p->out, "  ");
	term_wrap(p->out, fmt_part(p->out, &kind), p->columns, first, INDENT);
	bl_buf_addc(p->out, '\n');
}

/* The finding of an earlier cell on the page that says the same, word for word. */
static const struct finding *said_before(const struct page *p, const struct finding *f)
{
	for (size_t i = 0; i < p->found->n; i++) {
		const struct finding *e = &p->found->items[i];

		if (e->cell < f->cell && pick_cell(p->opt, e->cell) && e->cause == f->cause &&
		    e->confidence == f->confidence && !e->job && !f->job &&
		    !strcmp(e->evidence, f->evidence) && !strcmp(e->remedy, f->remedy))
			return e;
	}
	return NULL;
}

static void say_cause(const struct page *p, const struct finding *const *items, size_t n)
{
	const struct finding *surest = items[0], *before = NULL;
	const struct finding *same = n == 1 ? said_before(p, items[0]) : NULL;
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

	for (size_t i = 1; i < n; i++)
		if (items[i]->confidence > surest->confidence)
			surest = items[i];
	say_title(p, surest);
	if (same) {
		bl_buf_addf(&text, "as in '%s'", p->d->cells[same->cell].name);
		say(p, INDENT, "", &text);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		text.len = 0;
		add_where(p, items[i], items[i]->confidence == surest->confidence, &text);
		bl_buf_adds(&text, items[i]->evidence);
		say(p, INDENT, "", &text);
		/* A remedy that is the same for the next one is said once, behind both. */
		if (i + 1 == n || !is_same_text(items[i]->remedy, items[i + 1]->remedy) ||
		    !is_same_text(items[i]->change, items[i + 1]->change)) {
			say_remedy(p, items[i], before);
			before = items[i];
		}
	}
}

/* Of the picked findings of @cell, cause by cause as they come. */
static void say_findings(const struct page *p, uint32_t cell, struct bl_err *err, int *ret)
{
	BL_CLEANUP(bl_freep) const struct finding **items = NULL;
	size_t n = 0;

	*ret = pick_findings(p->found, p->opt, cell, &items, &n, err);
	for (size_t i = 0, end; *ret == 0 && i < n; i = end) {
		for (end = i + 1; end < n && !strcmp(items[end]->cause, items[i]->cause); end++)
			;
		say_cause(p, items + i, end - i);
	}
}

static void say_path(const struct page *p, uint32_t cell)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf line = BL_BUF_INIT;

	for (size_t i = 0; i < p->d->n_trials; i++)
		if (p->d->trials[i].cell == cell && path_line(&p->d->trials[i].facts, &line)) {
			say(p, 2, "path: ", &line);
			return;
		}
}

static bool is_alike(const struct looked_at *a, const struct looked_at *b)
{
	return !strcmp(a->there, b->there) && !strcmp(a->absent, b->absent);
}

/* Nothing was found in what was looked at: jobs of which the same is to be said are named together.
 */
static void say_nothing(const struct page *p, uint32_t cell)
{
	const struct findings *f = p->found;
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	size_t n_said = 0;

	for (size_t i = 0; i < f->n_looked; i++) {
		const struct looked_at *l = &f->looked[i];
		bool is_said = false;

		if (l->cell != cell || !pick_job(p->opt, l->job))
			continue;
		for (size_t k = 0; k < i; k++)
			is_said |= f->looked[k].cell == cell &&
				   pick_job(p->opt, f->looked[k].job) && is_alike(&f->looked[k], l);
		if (is_said)
			continue;
		text.len = 0;
		bl_buf_addf(&text, "no cause found in '%s'", l->job);
		for (size_t k = i + 1; k < f->n_looked; k++)
			if (f->looked[k].cell == cell && pick_job(p->opt, f->looked[k].job) &&
			    is_alike(&f->looked[k], l))
				bl_buf_addf(&text, ", '%s'", f->looked[k].job);
		bl_buf_addf(&text, ": looked at %s", l->there[0] ? l->there : "the figures only");
		if (l->absent[0])
			bl_buf_addf(&text, "; not there: %s", l->absent);
		say(p, 2, "", &text);
		n_said++;
	}
	if (n_said)
		return;
	bl_buf_adds(&text, "no cause found: no trial has figures that could be looked at");
	say(p, 2, "", &text);
}

/* What is to be known of the measurement alone is no cause of what was measured. */
static bool has_cause(const struct page *p, uint32_t cell)
{
	for (size_t i = 0; i < p->found->n; i++) {
		const struct finding *f = &p->found->items[i];

		if (f->cell == cell && f->layer != LAYER_MEASUREMENT && pick_job(p->opt, f->job))
			return true;
	}
	return false;
}

static int say_cell(const struct page *p, uint32_t cell, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf name = BL_BUF_INIT;
	int r;

	bl_buf_addc(p->out, '\n');
	term_on(p->out, p->color, TERM_BOLD);
	fmt_clean(&name, p->d->cells[cell].name, 0);
	term_wrap(p->out, fmt_part(p->out, &name), p->columns, 0, 2);
	term_off(p->out, p->color);
	bl_buf_addc(p->out, '\n');
	say_path(p, cell);
	say_findings(p, cell, err, &r);
	if (!has_cause(p, cell))
		say_nothing(p, cell);
	return r;
}

static void say_heading(const struct page *p)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf head = BL_BUF_INIT;
	const struct run_record *run = &p->d->run;

	if (p->opt->heading)
		bl_buf_adds(&head, p->opt->heading);
	else
		bl_buf_addf(&head, "%s on %s, run %.13s: %zu cell%s, %zu trial%s",
			    run->scenario_name, run->host_name, run->id, p->d->n_cells,
			    p->d->n_cells == 1 ? "" : "s", p->d->n_trials,
			    p->d->n_trials == 1 ? "" : "s");
	term_wrap(p->out, fmt_part(p->out, &head), p->columns, 0, 2);
	bl_buf_addc(p->out, '\n');
}

static bool has_drift(const struct page *p)
{
	for (size_t i = 0; i < p->found->n; i++)
		if (!strcmp(p->found->items[i].cause, "config-drift") &&
		    pick_cell(p->opt, p->found->items[i].cell))
			return true;
	return false;
}

/* Cells that have no namesake there were compared with nothing. */
static void say_beside(const struct page *p, const struct run_data *beside)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT, lone = BL_BUF_INIT;
	size_t n = 0;

	for (uint32_t c = 0; c < p->d->n_cells; c++) {
		if (cell_named(beside, p->d->cells[c].name) != NO_CELL)
			n++;
		else
			bl_buf_addf(&lone, "%s'%s'", lone.len ? ", " : "", p->d->cells[c].name);
	}
	bl_buf_addf(&text, "beside run %.13s on %s: %zu cell%s of the same name compared; %s",
		    beside->run.id, beside->run.host_name, n, n == 1 ? "" : "s",
		    has_drift(p) ? "what differs is config-drift below"
				 : "nothing differs that should be alike");
	if (lone.len)
		bl_buf_addf(&text, "; not there: %s", bl_buf_str(&lone));
	say(p, 0, "", &text);
}

int report_diagnosis(const struct run_data *d, const struct findings *found,
		     const struct diagnosis_options *opt, unsigned columns, bool color,
		     struct bl_buf *out, struct bl_err *err)
{
	struct page p = {d, opt, found, columns > 100 ? 100 : columns, color, out};
	int r = 0;

	if (p.columns < 40)
		p.columns = 40;
	say_heading(&p);
	if (opt->beside)
		say_beside(&p, opt->beside);
	if (!opt->n_cells && pick_any(found, opt, NO_CELL)) {
		bl_buf_addc(out, '\n');
		say_findings(&p, NO_CELL, err, &r);
	}
	for (uint32_t c = 0; c < d->n_cells && r == 0; c++)
		if (pick_cell(opt, c))
			r = say_cell(&p, c, err);
	if (r < 0)
		return r;
	return bl_buf_failed(out) ? bl_fail(err, -ENOMEM, "diagnosis: out of memory") : 0;
}
