/* nightly_more.c - further runs of a night: what was far off once more, and fresh trials that show
 * whether a change holds. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "confirm.h"
#include "nightly.h"
#include "old_ways.h"
#include "summary.h"

/* Of one event so many cells are measured again, those that changed most: an event may be forty
 * cells, which would take the rest of the night. */
#define CELLS_MAX 3

/* Cells of the plan to be run again. */
struct chosen {
	size_t cells[CELLS_MAX];
	size_t n;
};

static bool is_stopped(const struct nightly *n)
{
	return n->cli->stop && *n->cli->stop;
}

static void choose(const struct nightly *n, const char *name, struct chosen *c)
{
	const struct matrix *m = n->session.plan.matrix;

	for (size_t i = 0; i < c->n; i++)
		if (strcmp(matrix_cell(m, c->cells[i])->name, name) == 0)
			return;
	for (size_t i = 0; i < matrix_len(m) && c->n < CELLS_MAX; i++)
		if (strcmp(matrix_cell(m, i)->name, name) == 0)
			c->cells[c->n++] = i;
}

/* A run of the @chosen cells, each once more with @change (NULL: not), @repeats trials of each (0:
 * as many as the scenario has). Its figures are loaded into @ret. */
static int run_chosen(struct nightly *n, const struct chosen *chosen, const char *change,
		      uint32_t repeats, const struct facts *declared, struct run_data *ret,
		      struct bl_err *err)
{
	struct run_session *s = &n->session;
	struct scenario *sc = s->plan.scenario;
	struct matrix_choice want = {.cells = chosen->cells,
				     .n_cells = chosen->n,
				     .changes = &change,
				     .n_changes = change ? 1 : 0};
	struct loaded what = {.scenario = sc};
	const uint32_t kept = sc->repeats;
	const bool was_auto = sc->more.is_auto;
	int r = matrix_select(s->plan.matrix, &want, &what.matrix, err);

	sc->repeats = repeats ? repeats : kept;
	sc->more.is_auto = !repeats && was_auto;
	if (r == 0)
		r = plan_make(sc, what.matrix, &what.plan, err);
	if (r == 0)
		r = run_session_run(s, &what, declared, err);
	sc->repeats = kept;
	sc->more.is_auto = was_auto;
	if (r == 0)
		r = store_load_figures(s->store, s->run.id, ret, err);
	plan_freep(&what.plan);
	matrix_freep(&what.matrix);
	s->what = NULL;
	return r;
}

/* What goes wrong with a further run is said; the night stands without it. */
static int give_up(struct nightly *n, const char *what, int r, const struct bl_err *why)
{
	if (r == -EINTR) /* which the night says */
		return 0;
	nightly_note(n, "%s was not possible: %s", what, bl_err_text(why));
	return r == -ENOMEM ? r : 0;
}

/* --- an outlier night --- */

int nightly_again(struct nightly *n, struct bl_err *err)
{
	BL_CLEANUP(facts_done) struct facts declared = {0};
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	struct bl_err why = BL_ERR_INIT;
	struct chosen chosen = {0};
	int r;

	for (size_t i = 0; i < n->night.n_points; i++)
		if (n->night.points[i].is_outlier)
			choose(n, n->night.points[i].cell, &chosen);
	if (!chosen.n || !n->confirm || is_stopped(n))
		return 0;
	nightly_say(n, "figures far off: %zu cell%s once more", chosen.n, chosen.n == 1 ? "" : "s");
	if (facts_add(&declared, NIGHTLY_FACT, "yes") < 0 ||
	    facts_add(&declared, NIGHTLY_FACT_RERUN, n->run_id) < 0)
		return bl_fail(err, -ENOMEM, "out of memory");
	r = run_chosen(n, &chosen, NULL, 0, &declared, &d, &why);
	if (r < 0)
		return give_up(n, "measuring what was far off again", r, &why);
	return nightly_judge(n, err);
}

/* --- a change --- */

/* A candidate of this night or an earlier one: until it is told, it is tried each night; what was
 * told without fresh trials (more was new than --confirm allows) is tried once. */
static bool is_open(const struct night_change *c)
{
	return c->state == CHANGE_CANDIDATE && (c->is_new || !c->confirmation);
}

/* Its turn was tonight already, or its event is known to be one. */
static bool is_settled(const struct nightly *n, const struct night_change *c,
		       const char (*tried)[BL_UUID_TEXT], size_t n_tried)
{
	for (size_t i = 0; i < n_tried; i++)
		if (strcmp(tried[i], c->event) == 0)
			return true;
	for (size_t i = 0; i < n->night.n_changes; i++)
		if (strcmp(n->night.changes[i].event, c->event) == 0 &&
		    n->night.changes[i].state == CHANGE_CONFIRMED)
			return !c->is_new;
	return false;
}

/* The newest; of one night the first, which is for the worse or the greatest. NULL: none. */
static const struct night_change *next_open(const struct nightly *n,
					    const char (*tried)[BL_UUID_TEXT], size_t n_tried)
{
	const struct night_change *found = NULL;

	for (size_t i = 0; i < n->night.n_changes; i++) {
		const struct night_change *c = &n->night.changes[i];

		if (is_open(c) && !is_settled(n, c, tried, n_tried) &&
		    (!found || c->at_ms > found->at_ms))
			found = c;
	}
	return found;
}

/* Old and new of cell @k of the run, side by side, if both gave @c's job. */
static void add_sides(const struct summaries *sums, const struct chosen *chosen, size_t k,
		      struct night_change *c, struct confirm_sides *sides, size_t *n)
{
	const struct summary *now = summaries_find(sums, (uint32_t)k, c->job);
	const struct summary *before = summaries_find(sums, (uint32_t)(chosen->n + k), c->job);

	if (now && before)
		sides[(*n)++] = (struct confirm_sides){before, now, c};
}

/* The old one could not be started, or apt has it no more: its trials say why. */
static void say_no_sides(struct nightly *n, const struct chosen *chosen, const struct old_way *old,
			 const struct run_data *d)
{
	const char *why = NULL;

	for (size_t i = 0; i < d->n_trials && !why; i++)
		if (d->trials[i].cell >= chosen->n && d->trials[i].state != TRIAL_OK)
			why = d->trials[i].reason;
	nightly_note(n,
		     "not confirmed side by side with %s (%s): fresh trials were held against the "
		     "nights before, which does not tell the cause",
		     old->says, why ? why : "it gave no result");
}

static int judge_fresh(struct nightly *n, const char *event, const struct chosen *chosen,
		       const struct old_way *old, const struct run_data *d, struct bl_err *err)
{
	BL_CLEANUP(summaries_done) struct summaries sums = {0};
	BL_CLEANUP(run_figures_done) struct run_figures fresh = {0};
	BL_CLEANUP(bl_freep)
	struct confirm_sides *sides = calloc(n->night.n_changes + 1, sizeof *sides);
	size_t n_sides = 0;
	int r = !sides || run_figures_of(d, &fresh) < 0 ? bl_fail(err, -ENOMEM, "out of memory")
							: summarize(d, &sums, err);

	for (size_t i = 0; i < n->night.n_changes && r == 0; i++) {
		struct night_change *c = &n->night.changes[i];
		uint32_t k = cell_named(d, c->cell);

		if (strcmp(c->event, event) != 0 || !is_open(c) || k >= chosen->n)
			continue;
		if (old->change)
			add_sides(&sums, chosen, k, c, sides, &n_sides);
		r = confirm_by_nights(&n->history, &fresh, &n->effects, c, err);
	}
	if (r == 0 && old->change && !n_sides)
		say_no_sides(n, chosen, old, d);
	return r == 0 && old->change
		       ? confirm_side_by_side(sides, n_sides, &n->effects, old->says, err)
		       : r;
}

/* *ret_is_spent: something was run for it. */
static int confirm_event(struct nightly *n, const struct night_change *first, bool *ret_is_spent,
			 struct bl_err *err)
{
	BL_CLEANUP(facts_done) struct facts declared = {0};
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	BL_CLEANUP(old_way_done) struct old_way old = {0};
	struct bl_err why = BL_ERR_INIT;
	struct chosen chosen = {0};
	char event[BL_UUID_TEXT];
	int r;

	memcpy(event, first->event, sizeof event);
	for (size_t i = 0; i < n->night.n_changes; i++)
		if (strcmp(n->night.changes[i].event, event) == 0 && is_open(&n->night.changes[i]))
			choose(n, n->night.changes[i].cell, &chosen);
	*ret_is_spent = chosen.n;
	if (!chosen.n) /* the cells are not of this plan any more */
		return 0;
	old_way_find(&n->history, first->at_run, &old);
	nightly_say(n, "a change: %d fresh trials of %zu cell%s to confirm it%s%s", CONFIRM_TRIALS,
		    chosen.n, chosen.n == 1 ? "" : "s", old.change ? ", side by side with " : "",
		    old.change ? old.says : "");
	if (facts_add(&declared, NIGHTLY_FACT_CONFIRM, event) < 0)
		return bl_fail(err, -ENOMEM, "out of memory");
	r = run_chosen(n, &chosen, old.change, CONFIRM_TRIALS, &declared, &d, &why);
	if (r < 0)
		return give_up(n, "confirming a change", r, &why);
	return judge_fresh(n, event, &chosen, &old, &d, err);
}

int nightly_confirm(struct nightly *n, struct bl_err *err)
{
	size_t cap = n->night.n_changes, n_tried = 0;
	BL_CLEANUP(bl_freep) char(*tried)[BL_UUID_TEXT] = calloc(cap + 1, sizeof *tried);
	const struct night_change *c;
	unsigned left = n->confirm;
	int r = tried ? 0 : bl_fail(err, -ENOMEM, "out of memory");

	while (r == 0 && left && n_tried < cap && !is_stopped(n) &&
	       (c = next_open(n, (const char(*)[BL_UUID_TEXT])tried, n_tried))) {
		bool is_spent = false;

		memcpy(tried[n_tried++], c->event, sizeof *tried);
		r = confirm_event(n, c, &is_spent, err);
		left -= is_spent;
	}
	if (cap) { /* also of what was confirmed before a fault */
		int concluded = night_conclude(&n->night, r == 0 ? err : NULL);

		r = r == 0 ? concluded : r;
	}
	return r;
}
