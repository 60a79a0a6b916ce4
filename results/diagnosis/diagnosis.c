#include "diagnosis.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "rules.h"

const char *const finding_confidence_names[] = {"possible", "likely", "certain"};

_Static_assert(BL_ARRAY_LEN(finding_confidence_names) == CONFIDENCES, "a name for each confidence");

/* docs/findings.md has a part for each. */
const struct cause_row cause_rows[] = {
	{"device-not-returned", "A device did not come back",
	 "what a trial took from the host is not where it was: the host cannot use it as before",
	 LAYER_HOST, NULL},
	{"device-reset", "The device was reset or set up anew",
	 "requests waited for seconds or failed meanwhile: figures of that trial are of the reset",
	 LAYER_DEVICE, NULL},
	{"device-errors", "The device reported errors",
	 "requests were repeated, timed out or failed: latencies are those of a disk in trouble",
	 LAYER_DEVICE, NULL},
	{"device-health", "The device says it is not healthy",
	 "a worn or degraded disk may be slower, and may fail", LAYER_DEVICE, NULL},
	{"device-thermal", "The device was too warm",
	 "a controller that throttles measures its cooling, not its speed", LAYER_DEVICE, NULL},
	{"interrupts-one-cpu", "One CPU took all interrupts",
	 "completions of all queues wait for one CPU, whatever the others do", LAYER_GUEST, NULL},
};
const size_t n_cause_rows = BL_ARRAY_LEN(cause_rows);

const struct cause_row *cause_find(const char *name)
{
	for (size_t i = 0; i < n_cause_rows; i++)
		if (!strcmp(cause_rows[i].name, name))
			return &cause_rows[i];
	return NULL;
}

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
	free(f->items);
	*f = (struct findings){0};
}

void diagnosis_add(struct diagnosis *g, const char *cause, enum finding_confidence confidence,
		   struct where at, struct bl_buf *evidence, const char *remedy)
{
	const struct cause_row *row = cause_find(cause);
	struct finding *more, new = {.cause = row->name,
				     .layer = at.is_of_host ? LAYER_HOST : row->layer,
				     .confidence = confidence,
				     .cell = at.cell,
				     .trial = at.trial,
				     .from_s = at.to_s > 0 ? at.from_s : NAN,
				     .to_s = at.to_s > 0 ? at.to_s : NAN};

	if (!evidence->len && !bl_buf_failed(evidence))
		return;
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

int diagnose_run(const struct run_data *d, struct findings *ret, struct bl_err *err)
{
	struct diagnosis g = {.d = d};

	for (size_t t = 0; t < d->n_trials; t++) {
		if (d->trials[t].cell >= d->n_cells)
			continue;
		rules_of_events(&g, t);
		rules_of_counters(&g, t);
	}
	for (uint32_t c = 0; c < d->n_cells; c++) {
		rules_of_health(&g, c);
		rules_of_interrupts(&g, c);
	}
	rules_of_handovers(&g);
	if (g.failed || sort_findings(&g.found) < 0) {
		findings_done(&g.found);
		return bl_fail(err, -ENOMEM, "no memory for findings");
	}
	*ret = g.found;
	return 0;
}
