#include <errno.h>
#include <math.h>

#include "changes_report.h"
#include "json_parts.h"

static void set_key(json_t **o, const struct changes_view *v, size_t value)
{
	const struct value_line *l = &v->lines->items[v->row[value]];

	part_set(o, "index", json_integer((json_int_t)v->row[value]));
	part_set(o, "line", json_integer((json_int_t)l->line));
	if (l->text)
		part_set(o, "key", part_text(l->text));
}

static double given(const struct changes_view *v, double y)
{
	return v->how->is_linear ? y : exp(y);
}

/* "ratio" of logarithms, "difference" of linear values. */
static void set_step(json_t **o, const struct changes_view *v, const struct change *c)
{
	part_set_real(o, v->how->is_linear ? "difference" : "ratio",
		      given(v, c->after - c->before));
	part_set_real(o, "lo", given(v, c->lo));
	part_set_real(o, "hi", given(v, c->hi));
}

static json_t *change_json(const struct changes_view *v, const struct change *c)
{
	json_t *o = json_object();

	set_key(&o, v, c->at);
	part_set_real(&o, "before", given(v, c->before));
	part_set_real(&o, "after", given(v, c->after));
	set_step(&o, v, c);
	part_set_real(&o, "p", c->p);
	part_set(&o, "kind", json_string(c->is_drift ? "drift" : "step"));
	part_set(&o, "n_before", json_integer((json_int_t)c->n_before));
	part_set(&o, "n_after", json_integer((json_int_t)c->n_after));
	return o;
}

static json_t *outliers_json(const struct changes_view *v)
{
	json_t *a = json_array();

	for (size_t i = 0; i < v->found->n_outliers; i++) {
		json_t *o = json_object();

		set_key(&o, v, v->found->outliers[i]);
		part_set_real(&o, "value", v->lines->items[v->row[v->found->outliers[i]]].value);
		part_append(&a, o);
	}
	return a;
}

static json_t *how_json(const struct changes_view *v)
{
	json_t *o = json_object();

	part_set(&o, "strictness", json_string(v->strictness));
	part_set_real(&o, "c", v->how->c);
	part_set_real(&o, "alpha", v->how->alpha);
	part_set_real(&o, "min_effect", v->how->min_effect);
	part_set(&o, "linear", json_boolean(v->how->is_linear));
	return o;
}

static json_t *second_json(const struct changes_view *v)
{
	json_t *a = json_array();

	for (size_t i = 0; i < v->second->n; i++) {
		json_t *o = json_object();

		set_key(&o, v, v->second->items[i].at);
		part_set_real(&o, "p", v->second->items[i].p);
		part_set_real(&o, "energy", v->second->items[i].q);
		part_append(&a, o);
	}
	return a;
}

int changes_json(const struct changes_view *v, struct bl_buf *out)
{
	json_t *o = json_object(), *points = json_array(), *all = json_array();
	size_t now = v->n - (v->found->n ? v->found->items[v->found->n - 1].at : 0);

	for (size_t i = 0; i < v->found->n; i++) {
		size_t at = v->row[v->found->items[i].at];

		part_append(&points, json_integer((json_int_t)at));
		part_append(&all, change_json(v, &v->found->items[i]));
	}
	part_set(&o, "change_points", points);
	part_set(&o, "changes", all);
	part_set(&o, "outliers", outliers_json(v));
	part_set(&o, "n", json_integer((json_int_t)v->lines->n));
	part_set(&o, "n_absent", json_integer((json_int_t)v->lines->n_absent));
	part_set_real(&o, "sigma", v->found->sigma);
	part_set_real(&o, "phi", v->found->phi);
	part_set(&o, "n_since", json_integer((json_int_t)now));
	if (v->found->sigma > 0) {
		part_set_real(&o, "detectable_after_5",
			      changes_detectable(v->found, now, 5, v->how));
		part_set_real(&o, "detectable_after_14",
			      changes_detectable(v->found, now, 14, v->how));
	}
	if (v->second)
		part_set(&o, "second_opinion", second_json(v));
	part_set(&o, "options", how_json(v));
	return part_dump(o, out);
}
