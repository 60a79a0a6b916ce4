/* The findings of a run as JSON: by trial and job. */
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "device_json.h"
#include "diagnosis_pick.h"
#include "json_parts.h"
#include "path_text.h"
#include "time_json.h"

/* Does @f stand with trial @trial (SIZE_MAX: none) and @job (NULL: none, or one it has not)? */
static bool stands_at(const struct run_data *d, const struct finding *f, size_t trial,
		      const char *job)
{
	bool has_trial = f->trial < d->n_trials;
	const char *of =
		has_trial && f->job && trial_job(&d->trials[f->trial], f->job) ? f->job : NULL;

	if (has_trial ? f->trial != trial : trial != SIZE_MAX)
		return false;
	return of && job ? !strcmp(of, job) : of == job;
}

static json_t *list_json(const struct run_data *d, const struct findings *found,
			 const struct diagnosis_options *opt, size_t trial, const char *job)
{
	json_t *a = json_array();

	for (size_t i = 0; i < found->n; i++) {
		const struct finding *f = &found->items[i];

		if (stands_at(d, f, trial, job) && pick_job(opt, f->job) &&
		    (f->cell >= d->n_cells ? !opt->n_cells : pick_cell(opt, f->cell)))
			part_append(&a, finding_json(d, f, opt->store));
	}
	return a;
}

/* Over all trials of the cell. */
static json_t *looked_json(const struct looked_at *l)
{
	json_t *o;

	if (!l)
		return json_null();
	o = json_object();
	part_set(&o, "trials", json_integer((json_int_t)l->n_trials));
	part_set(&o, "there", part_text(l->there));
	part_set(&o, "absent", part_text(l->absent));
	return o;
}

static json_t *job_json(const struct run_data *d, const struct findings *found,
			const struct diagnosis_options *opt, size_t trial, size_t job)
{
	const char *name = d->trials[trial].jobs[job].name;
	json_t *o = json_object();

	part_set(&o, "job", part_text(name));
	part_set(&o, "findings", list_json(d, found, opt, trial, name));
	part_set(&o, "looked_at",
		 looked_json(findings_looked_at(found, d->trials[trial].cell, name)));
	time_set(&o, d, trial, job, TIME_ALL);
	return o;
}

static json_t *path_json(const struct trial_record *t)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf line = BL_BUF_INIT;

	if (!path_line(&t->facts, &line))
		return json_null();
	return bl_buf_failed(&line) ? NULL : part_text(bl_buf_str(&line));
}

static json_t *trial_json(const struct run_data *d, const struct findings *found,
			  const struct diagnosis_options *opt, size_t trial)
{
	const struct trial_record *t = &d->trials[trial];
	json_t *o = json_object(), *jobs = json_array();

	for (size_t j = 0; j < t->n_jobs; j++)
		if (pick_job(opt, t->jobs[j].name))
			part_append(&jobs, job_json(d, found, opt, trial, j));
	part_set(&o, "trial", part_text(t->id));
	part_set(&o, "cell",
		 t->cell < d->n_cells ? part_text(d->cells[t->cell].name) : json_null());
	part_set(&o, "repeat", json_integer(t->repeat));
	part_set(&o, "state", json_string(trial_state_names[t->state]));
	part_set(&o, "path", path_json(t));
	part_set(&o, "jobs", jobs);
	part_set(&o, "findings", list_json(d, found, opt, trial, NULL));
	return o;
}

static json_t *beside_json(const struct run_data *d, const struct run_data *beside)
{
	json_t *o = json_object(), *cells = json_array();

	for (uint32_t c = 0; c < d->n_cells; c++)
		if (cell_named(beside, d->cells[c].name) != NO_CELL)
			part_append(&cells, part_text(d->cells[c].name));
	part_set(&o, "run", part_text(beside->run.id));
	part_set(&o, "host", part_text(beside->run.host_name));
	part_set(&o, "cells", cells);
	return o;
}

int report_diagnosis_json(const struct run_data *d, const struct findings *found,
			  const struct diagnosis_options *opt, struct bl_buf *out,
			  struct bl_err *err)
{
	json_t *root = json_object(), *trials = json_array();

	for (size_t t = 0; t < d->n_trials; t++)
		if (pick_cell(opt, d->trials[t].cell))
			part_append(&trials, trial_json(d, found, opt, t));
	part_set(&root, "format", json_string("blklab-diagnosis/1"));
	part_set(&root, "run", part_text(d->run.id));
	part_set(&root, "scenario", part_text(d->run.scenario_name));
	part_set(&root, "host", part_text(d->run.host_name));
	if (opt->beside)
		part_set(&root, "beside", beside_json(d, opt->beside));
	part_set(&root, "trials", trials);
	part_set(&root, "findings", list_json(d, found, opt, SIZE_MAX, NULL));
	return part_dump(root, out) < 0 ? bl_fail(err, -ENOMEM, "diagnosis: out of memory") : 0;
}
