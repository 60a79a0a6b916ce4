/* A night in at most NIGHT_TEXT_LINES lines: what changed first, then what else there was. */
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "fmt.h"
#include "night_parts.h"

/* Lines of each part at most; with headline, reason, trials and report they make 20. */
#define LINES_CHANGES  8
#define LINES_POINTS   3
#define LINES_ENVIRON  2
#define LINES_FAILURES 2
#define LINES_NOTES    1 /* and what the others leave */
_Static_assert(4 + LINES_CHANGES + LINES_POINTS + LINES_ENVIRON + LINES_FAILURES + LINES_NOTES ==
		       NIGHT_TEXT_LINES,
	       "the parts make the whole");

/* A part: so many lines, the last of which says what did not fit. */
struct part {
	struct bl_buf *out;
	size_t n_left;  /* lines */
	size_t n_items; /* that are still to come */
	const char *one, *many;
};

/* Room for one more item of @lines lines? Else the rest is counted, once. */
static bool part_room(struct part *p, size_t lines)
{
	bool is_last = p->n_items == 1;

	if (p->n_left == 0)
		return false;
	if (lines + !is_last > p->n_left) {
		bl_buf_addf(p->out, "  ... %zu more %s\n", p->n_items,
			    p->n_items == 1 ? p->one : p->many);
		p->n_left = 0;
		return false;
	}
	p->n_left -= lines;
	p->n_items--;
	return true;
}

static void add_name(const char *cell, const char *job, enum metric m, struct bl_buf *out)
{
	fmt_clean(out, cell, 0);
	bl_buf_adds(out, ", ");
	fmt_clean(out, job, 0);
	bl_buf_addf(out, ", %s: ", night_metric_label(m));
}

static void add_when(const struct night *n, const struct night_change *c, struct bl_buf *out)
{
	char when[32];

	bl_buf_addf(out, "%s since %.10s (%zu night%s)", c->is_drift ? "drifting" : "changed",
		    bl_format_utc(when, c->at_ms), c->nights_since,
		    c->nights_since == 1 ? "" : "s");
	if (c->cause) {
		bl_buf_adds(out, ", with ");
		fmt_clean(out, c->cause, 0);
	}
	bl_buf_addf(out, "; %s", change_state_names[c->state]);
	if (c->confirmation) {
		bl_buf_adds(out, " (");
		fmt_clean(out, c->confirmation, 0);
		bl_buf_addc(out, ')');
	}
	if (!c->is_new)
		bl_buf_adds(out, ", told before");
	else if (night_change_is_open(n, c))
		bl_buf_adds(out, ", tried again next night");
	bl_buf_addc(out, '\n');
}

static void add_change(const struct night_change *c, struct bl_buf *out)
{
	bl_buf_addf(out, "  %s  ", c->is_worse ? "worse " : "better");
	add_name(c->cell, c->job, c->metric, out);
	night_figure(c->metric, c->before, out);
	bl_buf_adds(out, " -> ");
	night_figure(c->metric, c->after, out);
	bl_buf_adds(out, ", ");
	night_ratio(c->ratio, c->lo > 0 && c->hi > 0, c->lo, c->hi, out);
	bl_buf_addc(out, '\n');
}

/* Cells that shifted together are one event, and what is said of it is said once. */
static bool is_same_event(const struct night_change *a, const struct night_change *b)
{
	return !strcmp(a->event, b->event) && a->state == b->state && a->is_new == b->is_new &&
	       a->is_drift == b->is_drift;
}

static bool is_first_of_event(const struct night *n, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (is_same_event(&n->changes[i], &n->changes[at]))
			return false;
	}
	return true;
}

static void add_changes(const struct night *n, struct bl_buf *out)
{
	struct part p = {out, LINES_CHANGES, n->n_changes, "change", "changes"};

	for (size_t e = 0; e < n->n_changes; e++) {
		if (!is_first_of_event(n, e))
			continue;
		for (size_t i = e; i < n->n_changes; i++) {
			const struct night_change *c = &n->changes[i];

			if (i > e && !is_same_event(c, &n->changes[e]))
				continue;
			if (!part_room(&p, i == e ? 2 : 1))
				return;
			if (i == e)
				add_when(n, c, out);
			add_change(c, out);
		}
	}
}

/* What is beyond the baseline, and in no change that was told already. */
static bool is_told(const struct night *n, const struct night_point *p)
{
	return p->verdict != PROFILE_DRIFTED || night_change_of(n, p);
}

static void add_points(const struct night *n, size_t lines, struct bl_buf *out)
{
	struct part p = {out, lines, 0, "figure", "figures"};

	for (size_t i = 0; i < n->n_points; i++)
		p.n_items += !is_told(n, &n->points[i]);
	for (size_t i = 0; i < n->n_points; i++) {
		const struct night_point *x = &n->points[i];

		if (is_told(n, x))
			continue;
		if (!part_room(&p, 1))
			return;
		bl_buf_addf(out, "  drifted, %s  ", x->is_worse ? "worse" : "better");
		add_name(x->cell, x->job, x->metric, out);
		night_figure(x->metric, x->value, out);
		bl_buf_adds(out, ", ");
		night_ratio(x->ratio, false, 0, 0, out);
		if (x->is_outlier)
			bl_buf_adds(out, "; this night alone");
		bl_buf_addc(out, '\n');
	}
}

void night_text_points(const struct night *n, struct bl_buf *out)
{
	size_t off = 0;

	for (size_t i = 0; i < n->n_points; i++)
		off += !is_told(n, &n->points[i]);
	if (off > LINES_POINTS)
		add_points(n, off, out);
}

static void add_failures(const struct night *n, struct bl_buf *out)
{
	struct part p = {out, LINES_FAILURES, n->n_failures, "trial without a result",
			 "trials without a result"};

	for (size_t i = 0; i < n->n_failures && part_room(&p, 1); i++) {
		bl_buf_adds(out, "  failed  ");
		fmt_clean(out, n->failures[i].cell, 0);
		bl_buf_addf(out, ", trial %u: ", n->failures[i].repeat + 1);
		fmt_clean(out, n->failures[i].reason, 0);
		bl_buf_addc(out, '\n');
	}
}

static void add_sentences(char **items, size_t n, size_t lines, const char *before, const char *one,
			  const char *many, struct bl_buf *out)
{
	struct part p = {out, lines, n, one, many};

	for (size_t i = 0; i < n && part_room(&p, 1); i++) {
		bl_buf_adds(out, before);
		fmt_clean(out, items[i], 0);
		bl_buf_addc(out, '\n');
	}
}

/* What the parts before left; the run and the report come after. */
static size_t lines_left(const struct bl_buf *out)
{
	size_t used = 2;

	for (const char *s = bl_buf_str(out); (s = strchr(s, '\n')); s++)
		used++;
	return used + LINES_NOTES < NIGHT_TEXT_LINES ? NIGHT_TEXT_LINES - used : LINES_NOTES;
}

void night_text(const struct night *n, struct bl_buf *out)
{
	night_headline(n, out);
	bl_buf_addc(out, '\n');
	fmt_clean(out, n->reason, 0);
	bl_buf_addc(out, '\n');
	add_changes(n, out);
	add_points(n, LINES_POINTS, out);
	add_sentences(n->environment, n->n_environment, LINES_ENVIRON,
		      "  new since the night before  ", "difference", "differences", out);
	add_failures(n, out);
	add_sentences(n->notes, n->n_notes, lines_left(out), "  note  ", "note", "notes", out);
	if (n->run_id[0])
		bl_buf_addf(out, "run %.13s, %s: %zu of %zu trials, night %zu\n", n->run_id,
			    n->accel, n->n_ok, n->n_trials, n->n_nights);
	if (n->report_path) {
		bl_buf_adds(out, "report: ");
		fmt_clean(out, n->report_path, 0);
		bl_buf_addc(out, '\n');
	}
}
