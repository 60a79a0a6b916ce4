#include "diagnosis.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "changes.h"
#include "cleanup.h"
#include "rules.h"

const char *const finding_confidence_names[] = {"possible", "likely", "certain"};

_Static_assert(BL_ARRAY_LEN(finding_confidence_names) == CONFIDENCES, "a name for each confidence");

static void finding_done(struct finding *f)
{
	free(f->job);
	free(f->evidence);
	free(f->remedy);
	free(f->change);
}

void findings_done(struct findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		finding_done(&f->items[i]);
	for (size_t i = 0; i < f->n_looked; i++) {
		free(f->looked[i].job);
		free(f->looked[i].there);
		free(f->looked[i].absent);
	}
	free(f->looked);
	free(f->items);
	*f = (struct findings){0};
}

void diagnosis_add(struct diagnosis *g, const char *cause, enum finding_confidence confidence,
		   struct where at, struct bl_buf *evidence, const char *remedy)
{
	const struct cause_row *row = cause_find(cause);
	struct finding *more, new = {.cause = row->name,
				     .layer = at.is_of_host  ? LAYER_HOST
					      : at.has_layer ? at.layer
							     : row->layer,
				     .confidence = confidence,
				     .cell = at.cell,
				     .trial = at.trial,
				     .from_s = at.to_s > 0 ? at.from_s : NAN,
				     .to_s = at.to_s > 0 ? at.to_s : NAN};

	char change[CHANGE_MAX];

	if (!evidence->len && !bl_buf_failed(evidence))
		return;
	if (at.change &&
	    !(at.cell < g->d->n_cells && change_for_cell(&g->d->cells[at.cell], at.change, change)))
		at.change = NULL;
	if (at.change)
		at.change = change;
	more = reallocarray(g->found.items, g->found.n + 1, sizeof *more);
	if (more)
		g->found.items = more;
	new.evidence = bl_buf_take(evidence);
	new.remedy = strdup(remedy);
	new.job = at.job ? strdup(at.job) : NULL;
	new.change = at.change ? strdup(at.change) : NULL;
	if (!more || !new.evidence || !new.remedy || (at.job && !new.job) ||
	    (at.change && !new.change)) {
		finding_done(&new);
		g->failed = true;
		return;
	}
	g->found.items[g->found.n++] = new;
}

const char *axis_of(const struct run_data *d, uint32_t cell, const char *axis)
{
	const char *value = cell < d->n_cells ? facts_get(&d->cells[cell].axes, axis) : NULL;

	return value ? value : "";
}

/* Was a job of that name met in an earlier trial of the cell, or earlier in this one? */
static bool is_met(const struct run_data *d, size_t trial, size_t job)
{
	const struct trial_record *t = &d->trials[trial];

	for (size_t i = 0; i < trial; i++)
		if (d->trials[i].cell == t->cell && trial_job(&d->trials[i], t->jobs[job].name))
			return true;
	return trial_job(t, t->jobs[job].name) != &t->jobs[job];
}

void each_job(struct diagnosis *g, uint32_t cell,
	      void (*rule)(struct diagnosis *g, uint32_t cell, const char *job))
{
	for (size_t i = 0; i < g->d->n_trials; i++) {
		const struct trial_record *t = &g->d->trials[i];

		for (size_t k = 0; t->cell == cell && k < t->n_jobs; k++)
			if (!is_met(g->d, i, k))
				rule(g, cell, t->jobs[k].name);
	}
}

size_t first_ok_trial(const struct run_data *d, uint32_t cell, const char *job)
{
	for (size_t i = 0; i < d->n_trials; i++) {
		const struct trial_record *t = &d->trials[i];

		if (t->cell == cell && t->state == TRIAL_OK && (!job || trial_job(t, job)))
			return i;
	}
	return SIZE_MAX;
}

bool is_handed_out(const struct run_data *d, uint32_t cell)
{
	const char *bus = axis_of(d, cell, "bus");

	return !strcmp(bus, "vfio") || !strcmp(bus, "nvme-userspace");
}

/* Stable, so that trials stay in their order. */
static int by_cell_and_cause(const void *pa, const void *pb)
{
	const struct finding *a = *(const struct finding *const *)pa;
	const struct finding *b = *(const struct finding *const *)pb;
	const struct cause_row *ra = cause_find(a->cause), *rb = cause_find(b->cause);

	if (a->cell != b->cell)
		return a->cell < b->cell ? -1 : 1;
	if (ra != rb)
		return ra < rb ? -1 : 1;
	return a < b ? -1 : a > b;
}

static int sort_findings(struct findings *f)
{
	BL_CLEANUP(bl_freep) const struct finding **order = calloc(f->n + 1, sizeof *order);
	struct finding *sorted = calloc(f->n + 1, sizeof *sorted);

	if (!order || !sorted) {
		free(sorted);
		return -ENOMEM;
	}
	for (size_t i = 0; i < f->n; i++)
		order[i] = &f->items[i];
	qsort(order, f->n, sizeof *order, by_cell_and_cause);
	for (size_t i = 0; i < f->n; i++)
		sorted[i] = *order[i];
	free(f->items);
	f->items = sorted;
	return 0;
}

static int diagnose(const struct run_data *d, const struct run_data *beside, struct findings *ret,
		    struct bl_err *err)
{
	struct summaries sums = {0};
	struct diagnosis g = {.d = d, .beside = beside, .sums = &sums};
	int r = summarize(d, &sums, err);

	if (r < 0)
		return r;
	for (size_t t = 0; t < d->n_trials; t++) {
		if (d->trials[t].cell >= d->n_cells)
			continue;
		rules_of_events(&g, t);
		rules_of_counters(&g, t);
	}
	for (uint32_t c = 0; c < d->n_cells; c++) {
		rules_of_health(&g, c);
		rules_of_interrupts(&g, c);
		rules_of_configuration(&g, c);
		rules_of_drift(&g, c);
		rules_of_jobs(&g, c);
	}
	rules_of_sweeps(&g);
	rules_of_means(&g);
	rules_of_handovers(&g);
	summaries_done(&sums);
	if (g.failed || sort_findings(&g.found) < 0) {
		findings_done(&g.found);
		return bl_fail(err, -ENOMEM, "no memory for findings");
	}
	*ret = g.found;
	return 0;
}

int diagnose_run(const struct run_data *d, struct findings *ret, struct bl_err *err)
{
	return diagnose(d, NULL, ret, err);
}

int diagnose_beside(const struct run_data *d, const struct run_data *beside, struct findings *ret,
		    struct bl_err *err)
{
	for (uint32_t c = 0; c < d->n_cells; c++)
		if (cell_named(beside, d->cells[c].name) != NO_CELL)
			return diagnose(d, beside, ret, err);
	return bl_fail(err, -ENOENT,
		       "run %.13s has no cell of the same name as one of run %.13s: there is "
		       "nothing that should be alike; `blklab list` shows the runs",
		       beside->run.id, d->run.id);
}

/* ---- of one cell ---- */

/* Causes, then symptoms, then what is only to be known: the rows are in that order but for the
 * device's state, which comes first. */
static int by_confidence(const void *pa, const void *pb)
{
	const struct finding *a = *(const struct finding *const *)pa;
	const struct finding *b = *(const struct finding *const *)pb;

	if (a->confidence != b->confidence)
		return a->confidence > b->confidence ? -1 : 1;
	return a < b ? -1 : a > b; /* as they stand: by cause, then as found */
}

int findings_of_cell(const struct findings *f, uint32_t cell, const struct finding ***ret,
		     size_t *ret_n)
{
	const struct finding **list = NULL;
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += f->items[i].cell == cell;
	*ret_n = 0;
	*ret = NULL;
	if (!n)
		return 0;
	list = calloc(n + 1, sizeof *list);
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < f->n; i++)
		if (f->items[i].cell == cell)
			list[(*ret_n)++] = &f->items[i];
	qsort(list, *ret_n, sizeof *list, by_confidence);
	*ret = list;
	return 0;
}

const struct looked_at *findings_looked_at(const struct findings *f, uint32_t cell, const char *job)
{
	for (size_t i = 0; i < f->n_looked; i++)
		if (f->looked[i].cell == cell && !strcmp(f->looked[i].job, job))
			return &f->looked[i];
	return NULL;
}
