/* JSON: findings, the decision, hand-overs. */
#include "device_json.h"

#include "json_parts.h"

static json_t *cell_name(const struct view *v, uint32_t cell)
{
	return cell < v->d->n_cells ? part_text(v->d->cells[cell].name) : json_null();
}

json_t *findings_json(const struct view *v)
{
	json_t *a = json_array();

	for (size_t i = 0; i < v->findings.n; i++) {
		const struct finding *f = &v->findings.items[i];
		json_t *o = json_object();

		json_object_set_new(o, "cause", json_string(f->cause));
		json_object_set_new(o, "layer", json_string(finding_layer_names[f->layer]));
		json_object_set_new(o, "confidence",
				    json_string(finding_confidence_names[f->confidence]));
		json_object_set_new(o, "evidence", part_text(f->evidence));
		json_object_set_new(o, "remedy", part_text(f->remedy));
		json_object_set_new(o, "cell", cell_name(v, f->cell));
		json_object_set_new(o, "trial",
				    f->trial < v->d->n_trials ? part_text(v->d->trials[f->trial].id)
							      : json_null());
		json_object_set_new(o, "job", part_text(f->job));
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *line_json(const struct decision_line *l)
{
	json_t *o = json_object();

	json_object_set_new(o, "question", json_string(l->question));
	json_object_set_new(o, "answer", part_text(l->answer));
	json_object_set_new(o, "evidence", part_text(l->evidence));
	json_object_set_new(o, "speaks_for", json_integer(l->speaks_for));
	json_object_set_new(o, "decided", json_boolean(l->decided));
	return o;
}

json_t *decision_json(const struct view *v)
{
	const struct passthrough_decision *p = &v->decision;
	json_t *o = json_object(), *lines = json_array();

	json_object_set_new(o, "decision", json_string(decision_names[p->decision]));
	json_object_set_new(o, "sentence", part_text(p->sentence));
	json_object_set_new(o, "cell", cell_name(v, p->cell));
	json_object_set_new(o, "best_virtio", cell_name(v, p->best_virtio));
	for (size_t i = 0; i < p->n; i++)
		json_array_append_new(lines, line_json(&p->lines[i]));
	json_object_set_new(o, "checklist", lines);
	return o;
}

json_t *handovers_json(const struct run_data *d)
{
	json_t *a = json_array();

	for (size_t i = 0; i < d->n_handovers; i++) {
		const struct handover_record *h = &d->handovers[i];
		json_t *o = json_object();

		json_object_set_new(o, "id", part_text(h->id));
		json_object_set_new(o, "trial", part_text(h->trial_id));
		json_object_set_new(o, "kind", json_string(handover_kind_names[h->kind]));
		json_object_set_new(o, "device", part_text(h->device));
		json_object_set_new(o, "serial", part_text(h->serial));
		json_object_set_new(o, "model", part_text(h->model));
		json_object_set_new(o, "driver_before", part_text(h->driver_before));
		json_object_set_new(o, "namespaces", part_text(h->namespaces));
		json_object_set_new(o, "given_ms", json_integer((json_int_t)h->given_ms));
		if (h->returned_ms)
			json_object_set_new(o, "returned_ms",
					    json_integer((json_int_t)h->returned_ms));
		json_object_set_new(o, "is_back", json_boolean(h->is_back));
		json_object_set_new(o, "outcome", part_text(h->outcome));
		json_array_append_new(a, o);
	}
	return a;
}
