/* Two cells as JSON. */
#include <errno.h>
#include <jansson.h>

#include "cleanup.h"
#include "json_parts.h"
#include "pairing.h"
#include "report.h"

static json_t *side_json(const struct view *v, uint32_t cell)
{
	json_t *o = json_object();

	json_object_set_new(o, "run_id", part_text(v->d->run.id));
	json_object_set_new(o, "cell", part_text(v->d->cells[cell].name));
	json_object_set_new(o, "accel", part_text(v->d->run.accel));
	json_object_set_new(o, "cpu", part_text(view_cpu(v, cell)));
	json_object_set_new(o, "trials", json_integer((json_int_t)v->cells[cell].n_trials));
	json_object_set_new(o, "trials_ok", json_integer((json_int_t)v->cells[cell].n_ok));
	json_object_set_new(o, "axes", part_facts(&v->d->cells[cell].axes));
	return o;
}

static json_t *differences_json(const struct difference *d, size_t n)
{
	json_t *a = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *o = json_object();

		json_object_set_new(o, "key", part_text(d[i].key));
		json_object_set_new(o, "a", part_text(d[i].a));
		json_object_set_new(o, "b", part_text(d[i].b));
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *job_json(const struct pairing_job *j)
{
	json_t *o = json_object();

	json_object_set_new(o, "job", part_text(j->name));
	json_object_set_new(o, "a", part_lat(j->a->sum->all));
	json_object_set_new(o, "b", part_lat(j->b->sum->all));
	json_object_set_new(o, "a_over_trials", part_metrics(j->a->sum));
	json_object_set_new(o, "b_over_trials", part_metrics(j->b->sum));
	json_object_set_new(o, "b_against_a", part_comparisons(j->by));
	return o;
}

int report_compare_json(const struct run_data *da, const char *cell_a, const struct run_data *db,
			const char *cell_b, struct bl_buf *out, struct bl_err *err)
{
	BL_CLEANUP(pairing_done) struct pairing p;
	json_t *root, *jobs;
	int r = pairing_init(&p, da, cell_a, db, cell_b, err);

	if (r < 0)
		return r;
	root = json_object();
	jobs = json_array();
	json_object_set_new(root, "format", json_string("blklab-compare/1"));
	json_object_set_new(root, "a", side_json(&p.va, p.cell_a));
	json_object_set_new(root, "b", side_json(&p.vb, p.cell_b));
	if (p.note[0])
		json_object_set_new(root, "note", part_text(p.note));
	for (size_t i = 0; i < p.n_jobs; i++)
		json_array_append_new(jobs, job_json(&p.jobs[i]));
	json_object_set_new(root, "jobs", jobs);
	json_object_set_new(root, "effective_differs", differences_json(p.config, p.n_config));
	json_object_set_new(root, "environment_differs",
			    differences_json(p.environment, p.n_environment));
	return part_dump(root, out) < 0 ? bl_fail(err, -ENOMEM, "compare: out of memory") : 0;
}
