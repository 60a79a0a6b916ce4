#include "json_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cleanup.h"
#include "fmt.h"
#include "view.h"

json_t *part_text(const char *s)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf clean = BL_BUF_INIT;

	if (!s)
		return json_null();
	fmt_clean(&clean, s, 1);
	return json_string(bl_buf_str(&clean));
}

json_t *part_facts(const struct facts *f)
{
	json_t *o = json_object();

	for (size_t i = 0; i < f->n; i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf key = BL_BUF_INIT;

		fmt_clean(&key, f->items[i].key, 0);
		json_object_set_new(o, bl_buf_str(&key), part_text(f->items[i].value));
	}
	return o;
}

json_t *part_lat(const struct lat *l)
{
	json_t *o = json_object(), *thin = json_array(), *absent = json_array();

	json_object_set_new(o, "n", json_integer((json_int_t)l->n));
	json_object_set_new(o, "mean_ns", json_integer((json_int_t)lat_mean_ns(l)));
	json_object_set_new(o, "min_ns", json_integer((json_int_t)l->min_ns));
	json_object_set_new(o, "max_ns", json_integer((json_int_t)l->max_ns));
	for (int p = 0; p < SUMMARY_PERCENTILES; p++) {
		struct pct x = lat_pct(l, summary_p[p]);
		char key[32], name[16];

		snprintf(key, sizeof(key), "%s_ns", view_p_column(p, name));
		if (!x.is_known) {
			json_array_append_new(absent, json_string(key));
			continue;
		}
		json_object_set_new(o, key, json_integer((json_int_t)x.ns));
		if (x.is_thin)
			json_array_append_new(thin, json_string(key));
	}
	json_object_set_new(o, "thin", thin); /* fewer than 100 samples beyond */
	json_object_set_new(o, "too_few_samples_for", absent);
	return o;
}

static json_t *spread_json(const struct summary *s, enum metric m)
{
	const struct spread *x = &s->metric[m];
	json_t *o = json_object(), *values = json_array();

	json_object_set_new(o, "trials", json_integer((json_int_t)x->n));
	json_object_set_new(o, "median", json_real(x->median));
	json_object_set_new(o, "min", json_real(x->min));
	json_object_set_new(o, "max", json_real(x->max));
	if (x->n > 1)
		json_object_set_new(o, "rel_mad_pct", json_real(x->rel_mad_pct));
	for (size_t i = 0; i < x->n && i < 64; i++)
		json_array_append_new(values, json_real(s->values[m][i]));
	json_object_set_new(o, "values", values);
	return o;
}

static json_t *comparison_json(const struct comparison *c)
{
	json_t *o = json_object();

	json_object_set_new(o, "pairs", json_integer((json_int_t)c->n_pairs));
	if (c->n_pairs)
		json_object_set_new(o, "ratio", json_real(c->ratio));
	if (c->has_interval) {
		json_object_set_new(o, "ratio_lo95", json_real(c->lo));
		json_object_set_new(o, "ratio_hi95", json_real(c->hi));
	}
	json_object_set_new(o, "verdict", json_string(verdict_names[c->verdict]));
	if (c->why[0])
		json_object_set_new(o, "why", part_text(c->why));
	return o;
}

json_t *part_comparisons(const struct comparison c[METRICS])
{
	json_t *o = json_object();

	for (int m = 0; m < METRICS; m++) {
		if (c[m].n_pairs)
			json_object_set_new(o, metric_names[m], comparison_json(&c[m]));
	}
	return o;
}

json_t *part_metrics(const struct summary *s)
{
	json_t *o = json_object();

	for (int m = 0; m < METRICS; m++) {
		if (s->metric[m].n)
			json_object_set_new(o, metric_names[m], spread_json(s, (enum metric)m));
	}
	return o;
}

int part_dump(json_t *root, struct bl_buf *out)
{
	char *dumped = json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(6));

	json_decref(root);
	if (!dumped)
		return -ENOMEM;
	bl_buf_adds(out, dumped);
	bl_buf_addc(out, '\n');
	free(dumped);
	return 0;
}
