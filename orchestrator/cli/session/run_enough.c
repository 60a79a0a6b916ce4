#include "run_enough.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "cleanup.h"
#include "job_steady.h"
#include "units.h"

/* A scenario's figures are those of results/stats in the same order: level 2 can't see them. */
static_assert((int)SCENARIO_METRICS == (int)METRICS && (int)SCENARIO_IOPS == (int)METRIC_IOPS &&
		      (int)SCENARIO_BANDWIDTH == (int)METRIC_BYTES_PER_S &&
		      (int)SCENARIO_MEAN == (int)METRIC_MEAN &&
		      (int)SCENARIO_P50 == (int)METRIC_P50 &&
		      (int)SCENARIO_P99 == (int)METRIC_P99 &&
		      (int)SCENARIO_P99_9 == (int)METRIC_P99_9 &&
		      (int)SCENARIO_MAX == (int)METRIC_MAX &&
		      (int)SCENARIO_CPU == (int)METRIC_CPU_PER_IO,
	      "a scenario's metrics are those of the statistics");

/* Half of what matters, when no width was asked for. */
static double half_width(const struct scenario *sc)
{
	double effect = sc->min_effect[sc->more.metric];

	if (!sc->more.is_auto)
		return 0;
	if (sc->more.narrow > 0)
		return sc->more.narrow;
	return (effect > 0 ? effect : metric_min_effect[sc->more.metric]) / 2;
}

int run_enough_begin(struct run_enough *e, const struct loaded *what, uint64_t now_ns,
		     struct bl_err *err)
{
	const struct scenario *sc = what->scenario;
	struct enough_rule rule = {
		.n_cells = matrix_len(what->matrix),
		.n_jobs = sc->jobs.n,
		.reference = (uint32_t)matrix_reference(what->matrix),
		.least = sc->more.is_auto ? sc->more.least : sc->repeats,
		.most = sc->repeats,
		.metric = (enum metric)sc->more.metric,
		.metric_word = scenario_metric_names[sc->more.metric],
		.half_width = half_width(sc),
		.budget_ns = sc->more.budget_ns,
		.block_ns = what->plan->block_ns,
	};

	*e = (struct run_enough){.what = what, .start_ns = now_ns};
	if (!what->plan->may_end_early)
		return 0;
	return enough_new(&rule, &e->enough) < 0 ? bl_fail(err, -ENOMEM, "out of memory") : 0;
}

void run_enough_done(struct run_enough *e)
{
	e->enough = enough_free(e->enough);
}

int run_enough_block(struct run_enough *e, uint32_t block, bool *is_in, struct progress *p,
		     uint64_t now_ns)
{
	uint32_t left = e->what->scenario->repeats - block;
	const struct plan *plan = e->what->plan;
	size_t n = 0;

	e->block = block;
	if (!e->enough)
		return 0;
	e->why = enough_next(e->enough, block, now_ns - e->start_ns, is_in);
	for (size_t i = 0; i < plan->n_trials; i++)
		n += plan->trials[i].repeat == block && is_in[plan->trials[i].cell];
	p->n_trials = p->n_done + n * left;
	return e->why == ENOUGH_GOES_ON ? 0 : 1;
}

void run_enough_trial(struct run_enough *e, const struct trial_record *t)
{
	if (e->enough)
		enough_add(e->enough, t);
	for (size_t i = 0; i < t->n_jobs; i++) {
		const char *reached = facts_get(&t->jobs[i].facts, STEADY_FACT_REACHED);

		e->n_judged += reached != NULL;
		e->n_not_steady += reached && strncmp(reached, "no", 2) == 0;
	}
}

static int note_steady(const struct run_enough *e, struct facts *notes)
{
	if (!e->n_not_steady)
		return 0;
	return facts_addf(notes, "not-steady",
			  "%zu of %zu times a job was measured though it was not steady (SNIA's "
			  "rule) after %u rounds",
			  e->n_not_steady, e->n_judged, e->what->scenario->warm_up.rounds);
}

static int note_why(struct run_enough *e, struct facts *notes)
{
	const struct scenario *sc = e->what->scenario;
	size_t n = matrix_len(e->what->matrix);
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT, widths = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) const char **cells = calloc(n, sizeof *cells);
	BL_CLEANUP(bl_freep) const char **jobs = calloc(sc->jobs.n, sizeof *jobs);
	int r;

	if (!cells || !jobs)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		cells[i] = matrix_cell(e->what->matrix, i)->name;
	for (size_t i = 0; i < sc->jobs.n; i++)
		jobs[i] = sc->jobs.items[i].name;
	enough_text(e->enough, e->why, cells, jobs, &text);
	enough_widths(e->enough, cells, jobs, &widths);
	if (bl_buf_failed(&text) || bl_buf_failed(&widths))
		return -ENOMEM;
	r = facts_add(notes, "repeats.stopped", bl_buf_str(&text));
	if (r == 0 && sc->more.is_auto)
		r = facts_add(notes, "repeats.widths", bl_buf_str(&widths));
	return r;
}

int run_enough_end(struct run_enough *e, int ran, struct progress *p, struct facts *notes,
		   struct bl_err *err)
{
	BL_CLEANUP(bl_freep) bool *is_in = calloc(matrix_len(e->what->matrix), sizeof *is_in);
	int r = is_in ? note_steady(e, notes) : -ENOMEM;

	if (r == 0 && e->enough && (ran == 0 || ran == -EINTR)) {
		if (ran == -EINTR)
			e->why = ENOUGH_STOPPED;
		else if (e->why == ENOUGH_GOES_ON) /* every planned block has run */
			e->why = enough_next(e->enough, e->what->scenario->repeats, 0, is_in);
		/* A fixed number that its budget was enough for is nothing to tell. */
		if (e->what->scenario->more.is_auto || e->why == ENOUGH_BUDGET)
			r = note_why(e, notes);
		if (ran == 0)
			p->n_trials = p->n_done;
	}
	return r < 0 ? bl_fail(err, r, "out of memory") : 0;
}

/* --- what was asked for --- */

static int declare_effects(const struct scenario *sc, struct facts *out)
{
	int r = 0;

	for (int m = 0; r == 0 && m < SCENARIO_METRICS; m++) {
		char key[64];

		snprintf(key, sizeof key, "min_effect.%s", scenario_metric_names[m]);
		if (sc->min_effect[m] > 0)
			r = facts_addf(out, key, "%.6g", sc->min_effect[m]);
	}
	return r;
}

static int declare_repeats(const struct scenario *sc, struct facts *out)
{
	char time[BL_UNIT_TEXT_MAX];
	int r = 0;

	if (sc->is_within_boot)
		r = facts_addf(out, "interleave", "within-boot, %u rounds", sc->rounds);
	if (r == 0 && sc->more.is_auto)
		r = facts_addf(out, "repeats.asked", "auto: %u to %u until %s is within %.3g %%",
			       sc->more.least, sc->repeats, scenario_metric_names[sc->more.metric],
			       half_width(sc) * 100);
	if (r == 0 && sc->more.budget_ns)
		r = facts_add(out, "repeats.budget", bl_format_clock(time, sc->more.budget_ns));
	return r;
}

int run_enough_declare(const struct scenario *sc, struct facts *out, struct bl_err *err)
{
	const struct scenario_warm_up *w = &sc->warm_up;
	int r = declare_effects(sc, out);

	if (r == 0)
		r = declare_repeats(sc, out);
	if (r == 0 && w->sequential)
		r = facts_addf(out, "precondition.sequential", "%u", w->sequential);
	if (r == 0 && w->round_ns)
		r = facts_addf(out, "precondition.round_ns", "%llu",
			       (unsigned long long)w->round_ns);
	if (r == 0 && w->round_ns)
		r = facts_addf(out, "precondition.rounds", "%u", w->rounds);
	return r < 0 ? bl_fail(err, r, "out of memory") : 0;
}
