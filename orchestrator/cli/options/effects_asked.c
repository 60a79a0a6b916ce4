#include "effects_asked.h"

#include "calibration.h"
#include "cleanup.h"

/* What equal cells of a stored run differed by. */
static int add_calibration(struct store *store, const char *run, struct floors *to,
			   struct bl_err *err)
{
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	BL_CLEANUP(summaries_done) struct summaries s = {0};
	BL_CLEANUP(calibration_done) struct calibration c = {0};
	struct bl_buf source = BL_BUF_INIT;
	int r = store_load_figures(store, run, &d, err);

	if (r == 0)
		r = summarize(&d, &s, err);
	if (r == 0)
		r = calibrate(&d, &s, NULL, d.run.seed, &c, err);
	bl_buf_addf(&source, "equal cells of run %.13s", d.run.id);
	for (size_t i = 0; r == 0 && i < c.n_rows; i++) {
		double by[METRICS] = {0};
		size_t n_pairs[METRICS] = {0};

		by[c.rows[i].metric] = c.rows[i].floor;
		n_pairs[c.rows[i].metric] = c.rows[i].n_pairs;
		r = floors_add(to, c.rows[i].job, bl_buf_str(&source), by, n_pairs);
		if (r < 0)
			bl_fail(err, r, "out of memory");
	}
	bl_buf_done(&source);
	return r < 0 ? bl_wrap(err, r, "--calibration: run %s", run) : 0;
}

int min_effects_asked(const struct args *a, const struct run_record *run, struct min_effects *ret,
		      struct bl_err *err)
{
	int r = 0;

	*ret = run ? min_effects_of(run) : min_effects_default;
	for (size_t i = 0; r == 0 && i < a->min_effects.n; i++)
		r = min_effects_set(ret, a->min_effects.items[i], err);
	return r < 0 ? bl_wrap(err, r, "--min-effect") : 0;
}

int effects_asked(const struct args *a, struct store *store, const struct run_record *run,
		  struct effects_asked *ret, struct bl_err *err)
{
	struct effects_asked e = {0};
	int r = min_effects_asked(a, run, &e.min, err);

	if (r == 0 && a->calibration)
		r = add_calibration(store, a->calibration, &e.floors, err);
	if (r < 0)
		effects_asked_done(&e);
	else
		*ret = e;
	return r;
}

void effects_asked_done(struct effects_asked *e)
{
	floors_done(&e->floors);
}
