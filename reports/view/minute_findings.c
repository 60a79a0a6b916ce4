/* Findings in short: which cause, where; on the page and in Markdown the evidence stands with each
 * cell, on the terminal there is no other place for it. */
#include <math.h>
#include <string.h>

#include "cleanup.h"
#include "finding_command.h"
#include "minute.h"

#define CELLS_NAMED 3
#define WORST_SAID  2

/* "'a', 'b' and 2 more" of the cells that have @cause; how many there are. */
static size_t name_cells(const struct view *v, const char *cause, struct bl_buf *out)
{
	uint32_t last = NO_CELL;
	size_t n = 0;

	for (size_t i = 0; i < v->findings.n; i++) {
		const struct finding *f = &v->findings.items[i];

		if (strcmp(f->cause, cause) != 0 || f->cell == NO_CELL || f->cell == last)
			continue;
		last = f->cell;
		if (n < CELLS_NAMED)
			bl_buf_addf(out, "%s'%s'", n ? ", " : "", v->d->cells[last].name);
		n++;
	}
	if (n > CELLS_NAMED)
		bl_buf_addf(out, " and %zu more", n - CELLS_NAMED);
	return n;
}

void minute_where(const struct view *v, const struct finding *f, struct bl_buf *out)
{
	bl_buf_addf(out, "%s, in the %s", finding_confidence_names[f->confidence],
		    finding_layer_names[f->layer]);
	if (f->trial < v->d->n_trials)
		bl_buf_addf(out, ", trial %u", v->d->trials[f->trial].repeat + 1);
	if (f->job)
		bl_buf_addf(out, ", job '%s'", f->job);
}

void minute_window(const struct finding *f, const struct fmt_style *st, struct bl_buf *out)
{
	char a[FMT_MAX], b[FMT_MAX];

	if (!isfinite(f->from_s) || !isfinite(f->to_s))
		return;
	bl_buf_addf(out, "from %s to %s", fmt_ns(st, a, f->from_s * 1e9),
		    fmt_ns(st, b, f->to_s * 1e9));
}

void minute_change_to_try(const struct view *v, const struct finding *f, struct bl_buf *out)
{
	if (!finding_command(v->d, f, v->opt ? v->opt->store_path : NULL, out) && f->change)
		bl_buf_adds(out, f->change);
}

/* Of the machine rather than of how it was measured; the surest, then what has a change to try,
 * then in the order of causes. */
static bool is_worse(const struct finding *a, const struct finding *b)
{
	if (!b)
		return true;
	if (a->confidence != b->confidence)
		return a->confidence > b->confidence;
	return a->change && !b->change;
}

/* Of an evidence or a remedy; all of it stands with its cell. */
static size_t first_clause(const char *text)
{
	return strcspn(text, ";");
}

void minute_worst(const struct view *v, struct lines *out)
{
	const struct finding *said = NULL;

	for (int k = 0; k < WORST_SAID; k++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf cells = BL_BUF_INIT;
		const struct finding *worst = NULL;
		bool has_remedy;

		for (size_t i = 0; i < v->findings.n; i++) {
			const struct finding *f = &v->findings.items[i];

			if (f->layer == LAYER_MEASUREMENT || f->cell == NO_CELL ||
			    f->confidence == CONFIDENCE_POSSIBLE ||
			    (said && strcmp(f->cause, said->cause) == 0))
				continue;
			if (is_worse(f, worst))
				worst = f;
		}
		if (!worst)
			return;
		name_cells(v, worst->cause, &cells);
		out->failed |= bl_buf_failed(&cells);
		/* A symptom's remedy is its cause's. */
		has_remedy =
			strncmp(worst->remedy, FINDING_BY_CAUSE, strlen(FINDING_BY_CAUSE)) != 0;
		lines_add(out, "\001%s\002 in %s (%s, in the %s): %.*s.%s%.*s%s",
			  cause_find(worst->cause)->title, bl_buf_str(&cells),
			  finding_confidence_names[worst->confidence],
			  finding_layer_names[worst->layer], (int)first_clause(worst->evidence),
			  worst->evidence, has_remedy ? " What to do: " : "",
			  has_remedy ? (int)first_clause(worst->remedy) : 0, worst->remedy,
			  has_remedy ? "." : "");
		said = worst;
	}
}

/* What has no cell to stand in is said here, whole. */
static void say_homeless(const struct view *v, struct lines *out)
{
	for (size_t i = 0; i < v->findings.n; i++) {
		const struct finding *f = &v->findings.items[i];

		if (f->cell == NO_CELL)
			lines_add(out, "\001%s\002 (%s): %s. What to do: %s.",
				  cause_find(f->cause)->title,
				  finding_confidence_names[f->confidence], f->evidence, f->remedy);
	}
}

void minute_findings(const struct view *v, struct lines *out)
{
	say_homeless(v, out);
	for (size_t i = 0; i < n_cause_rows; i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf cells = BL_BUF_INIT;
		size_t n = name_cells(v, cause_rows[i].name, &cells);

		if (n && strcmp(cause_rows[i].name, "emulated-cpu") != 0) /* minute_cpu() says it */
			lines_add(out, "\001%s\002 in %zu cell%s (%s): %s.", cause_rows[i].title, n,
				  n > 1 ? "s" : "", bl_buf_str(&cells), cause_rows[i].help);
		out->failed |= bl_buf_failed(&cells);
	}
}

/* The first of those that are the surest; NULL: no cell has @cause. */
static const struct finding *surest(const struct view *v, const char *cause)
{
	const struct finding *best = NULL;

	for (size_t i = 0; i < v->findings.n; i++) {
		const struct finding *f = &v->findings.items[i];

		if (strcmp(f->cause, cause) == 0 && f->cell != NO_CELL &&
		    (!best || f->confidence > best->confidence))
			best = f;
	}
	return best;
}

static void say_evidence(const struct view *v, const struct cause_row *cause,
			 const struct finding *f, struct lines *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf cells = BL_BUF_INIT;

	if (name_cells(v, cause->name, &cells) > 1)
		bl_buf_addf(&cells, "; the evidence is that of '%s'", v->d->cells[f->cell].name);
	lines_add(out, "\001%s\002 (%s): %s. In %s.", cause->title,
		  finding_confidence_names[f->confidence], f->evidence, bl_buf_str(&cells));
	out->failed |= bl_buf_failed(&cells);
}

/* The surest first; of equal ones in the order of causes. */
void minute_evidence(const struct view *v, struct lines *out)
{
	say_homeless(v, out);
	for (int sure = CONFIDENCES - 1; sure >= 0; sure--) {
		for (size_t i = 0; i < n_cause_rows; i++) {
			const struct finding *f = surest(v, cause_rows[i].name);

			if (f && (int)f->confidence == sure)
				say_evidence(v, &cause_rows[i], f, out);
		}
	}
}
