/* JSON: findings, the decision, hand-overs. */
#include "device_json.h"

#include <math.h>

#include "cleanup.h"
#include "finding_command.h"
#include "json_parts.h"

static json_t *cell_name(const struct view *v, uint32_t cell)
{
	return cell < v->d->n_cells ? part_text(v->d->cells[cell].name) : json_null();
}

static json_t *command_json(const struct run_data *d, const struct finding *f, const char *store)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf command = BL_BUF_INIT;

	if (!finding_command(d, f, store, &command))
		return json_null();
	return bl_buf_failed(&command) ? NULL : part_text(bl_buf_str(&command));
}

/* Only of a VM that somebody else runs. */
static void add_libvirt(json_t **o, const struct run_data *d, const struct finding *f)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf words = BL_BUF_INIT;

	if (finding_in_libvirt(d, f, &words))
		part_set(o, "libvirt",
			 bl_buf_failed(&words) ? NULL : part_text(bl_buf_str(&words)));
}

static json_t *second_json(double s)
{
	return isfinite(s) ? json_real(s) : json_null();
}

json_t *finding_json(const struct run_data *d, const struct finding *f, const char *store)
{
	json_t *o = json_object();

	part_set(&o, "cause", json_string(f->cause));
	part_set(&o, "title", json_string(cause_find(f->cause)->title));
	part_set(&o, "layer", json_string(finding_layer_names[f->layer]));
	part_set(&o, "confidence", json_string(finding_confidence_names[f->confidence]));
	part_set(&o, "evidence", part_text(f->evidence));
	part_set(&o, "remedy", part_text(f->remedy));
	part_set(&o, "change", part_text(f->change));
	part_set(&o, "command", command_json(d, f, store));
	add_libvirt(&o, d, f);
	part_set(&o, "from_s", second_json(f->from_s));
	part_set(&o, "to_s", second_json(f->to_s));
	return o;
}

json_t *findings_json(const struct view *v)
{
	json_t *a = json_array();

	for (size_t i = 0; i < v->findings.n; i++) {
		const struct finding *f = &v->findings.items[i];
		json_t *o = finding_json(v->d, f, NULL);

		part_set(&o, "cell", cell_name(v, f->cell));
		part_set(&o, "trial",
			 f->trial < v->d->n_trials ? part_text(v->d->trials[f->trial].id)
						   : json_null());
		part_set(&o, "job", part_text(f->job));
		part_append(&a, o);
	}
	return a;
}

static json_t *line_json(const struct decision_line *l)
{
	json_t *o = json_object();

	part_set(&o, "question", json_string(l->question));
	part_set(&o, "answer", part_text(l->answer));
	part_set(&o, "evidence", part_text(l->evidence));
	part_set(&o, "speaks_for", json_integer(l->speaks_for));
	part_set(&o, "decided", json_boolean(l->decided));
	return o;
}

json_t *decision_json(const struct view *v)
{
	const struct passthrough_decision *p = &v->decision;
	json_t *o = json_object(), *lines = json_array();

	part_set(&o, "decision", json_string(decision_names[p->decision]));
	part_set(&o, "sentence", part_text(p->sentence));
	part_set(&o, "cell", cell_name(v, p->cell));
	part_set(&o, "best_virtio", cell_name(v, p->best_virtio));
	for (size_t i = 0; i < p->n; i++)
		part_append(&lines, line_json(&p->lines[i]));
	part_set(&o, "checklist", lines);
	return o;
}

json_t *handovers_json(const struct run_data *d)
{
	json_t *a = json_array();

	for (size_t i = 0; i < d->n_handovers; i++) {
		const struct handover_record *h = &d->handovers[i];
		json_t *o = json_object();

		part_set(&o, "id", part_text(h->id));
		part_set(&o, "trial", part_text(h->trial_id));
		part_set(&o, "kind", json_string(handover_kind_names[h->kind]));
		part_set(&o, "device", part_text(h->device));
		part_set(&o, "serial", part_text(h->serial));
		part_set(&o, "model", part_text(h->model));
		part_set(&o, "driver_before", part_text(h->driver_before));
		part_set(&o, "namespaces", part_text(h->namespaces));
		part_set(&o, "given_ms", json_integer((json_int_t)h->given_ms));
		if (h->returned_ms)
			part_set(&o, "returned_ms", json_integer((json_int_t)h->returned_ms));
		part_set(&o, "is_back", json_boolean(h->is_back));
		part_set(&o, "outcome", part_text(h->outcome));
		part_append(&a, o);
	}
	return a;
}
