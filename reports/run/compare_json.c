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

	part_set(&o, "run_id", part_text(v->d->run.id));
	part_set(&o, "cell", part_text(v->d->cells[cell].name));
	part_set(&o, "accel", part_text(v->d->run.accel));
	part_set(&o, "cpu", part_text(view_cpu(v, cell)));
	part_set(&o, "trials", json_integer((json_int_t)v->cells[cell].n_trials));
	part_set(&o, "trials_ok", json_integer((json_int_t)v->cells[cell].n_ok));
	part_boots(&o, &v->cells[cell].boots);
	part_set(&o, "axes", part_facts(&v->d->cells[cell].axes));
	return o;
}

static json_t *differences_json(const struct difference *d, size_t n)
{
	json_t *a = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *o = json_object();

		part_set(&o, "key", part_text(d[i].key));
		part_set(&o, "a", part_text(d[i].a));
		part_set(&o, "b", part_text(d[i].b));
		part_append(&a, o);
	}
	return a;
}

static json_t *environment_json(const struct env_changes *c)
{
	json_t *a = json_array();

	for (size_t i = 0; i < c->n; i++) {
		json_t *o = json_object();

		part_set(&o, "key", part_text(c->items[i].key));
		part_set(&o, "a", part_text(c->items[i].before));
		part_set(&o, "b", part_text(c->items[i].after));
		part_append(&a, o);
	}
	return a;
}

static json_t *job_json(const struct pairing_job *j)
{
	json_t *o = json_object();

	part_set(&o, "job", part_text(j->name));
	part_set(&o, "a", part_summary_lat(j->a->sum));
	part_set(&o, "b", part_summary_lat(j->b->sum));
	part_set(&o, "a_over_trials", part_metrics(j->a->sum));
	part_set(&o, "b_over_trials", part_metrics(j->b->sum));
	part_set(&o, "b_against_a", part_comparisons(j->by));
	return o;
}

int report_compare_json(const struct run_data *da, const char *cell_a, const struct run_data *db,
			const char *cell_b, const struct report_options *opt, struct bl_buf *out,
			struct bl_err *err)
{
	BL_CLEANUP(pairing_done) struct pairing p;
	json_t *root, *jobs;
	int r = pairing_init(&p, da, cell_a, db, cell_b, opt, err);

	if (r < 0)
		return r;
	root = json_object();
	jobs = json_array();
	part_set(&root, "format", json_string("blklab-compare/1"));
	part_set(&root, "a", side_json(&p.va, p.cell_a));
	part_set(&root, "b", side_json(&p.vb, p.cell_b));
	if (p.note[0])
		part_set(&root, "note", part_text(p.note));
	if (p.opt.is_gate)
		part_set(&root, "gate",
			 json_pack("{s:I, s:I, s:I, s:b}", "comparisons", (json_int_t)p.gate.n,
				   "worse", (json_int_t)p.gate.n_worse, "open",
				   (json_int_t)p.gate.n_open, "is_passed",
				   gate_is_passed(&p.gate)));
	for (size_t i = 0; i < p.n_jobs; i++)
		part_append(&jobs, job_json(&p.jobs[i]));
	part_set(&root, "jobs", jobs);
	part_set(&root, "effective_differs", differences_json(p.config, p.n_config));
	part_set(&root, "environment_differs", environment_json(&p.environment));
	return part_dump(root, out) < 0 ? bl_fail(err, -ENOMEM, "compare: out of memory") : 0;
}
