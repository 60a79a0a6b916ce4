#include "json_parts.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "cleanup.h"
#include "fmt.h"
#include "forecast.h"

void part_set(json_t **o, const char *key, json_t *value)
{
	if (*o && value && json_object_set(*o, key, value) == 0) {
		json_decref(value);
		return;
	}
	json_decref(value);
	json_decref(*o);
	*o = NULL;
}

void part_append(json_t **a, json_t *value)
{
	if (*a && value && json_array_append(*a, value) == 0) {
		json_decref(value);
		return;
	}
	json_decref(value);
	json_decref(*a);
	*a = NULL;
}

void part_set_real(json_t **o, const char *key, double value)
{
	if (isfinite(value))
		part_set(o, key, json_real(value));
}

json_t *part_text(const char *s)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf clean = BL_BUF_INIT;

	if (!s)
		return json_null();
	fmt_clean(&clean, s, 1);
	return bl_buf_failed(&clean) ? NULL : json_string(bl_buf_str(&clean));
}

json_t *part_facts(const struct facts *f)
{
	json_t *o = json_object();

	for (size_t i = 0; i < f->n; i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf key = BL_BUF_INIT;

		fmt_clean(&key, f->items[i].key, 0);
		if (bl_buf_failed(&key)) {
			json_decref(o);
			return NULL;
		}
		part_set(&o, bl_buf_str(&key), part_text(f->items[i].value));
	}
	return o;
}

json_t *part_lat(const struct lat *l)
{
	json_t *o = json_object(), *thin = json_array(), *absent = json_array();

	part_set(&o, "n", json_integer((json_int_t)l->n));
	part_set(&o, "mean_ns", json_integer((json_int_t)lat_mean_ns(l)));
	part_set(&o, "min_ns", json_integer((json_int_t)l->min_ns));
	part_set(&o, "max_ns", json_integer((json_int_t)l->max_ns));
	for (int p = 0; p < SUMMARY_PERCENTILES; p++) {
		struct pct x = lat_pct(l, summary_p[p]);
		char key[32], name[16];

		snprintf(key, sizeof(key), "%s_ns", summary_p_column(p, name));
		if (!x.is_known) {
			part_append(&absent, json_string(key));
			continue;
		}
		part_set(&o, key, json_integer((json_int_t)x.ns));
		if (x.is_thin)
			part_append(&thin, json_string(key));
	}
	part_set(&o, "thin", thin); /* fewer than 100 samples beyond */
	part_set(&o, "too_few_samples_for", absent);
	return o;
}

json_t *part_summary_lat(const struct summary *s)
{
	json_t *o = part_lat(s->all), *told = json_object();
	bool is_told = false;

	for (int p = 0; p < SUMMARY_PERCENTILES; p++) {
		char key[32], name[16];

		if (!s->told[p].is_known)
			continue;
		is_told = true;
		snprintf(key, sizeof(key), "%s_ns", summary_p_column(p, name));
		part_set(&told, key, json_integer((json_int_t)s->told[p].ns));
	}
	if (!is_told) {
		json_decref(told);
		return o;
	}
	part_set(&o, "too_few_samples_for", json_array()); /* it is the histogram that lacks */
	part_set(&o, "told", told);
	return o;
}

static json_t *spread_json(const struct summary *s, enum metric m)
{
	const struct spread *x = &s->metric[m];
	json_t *o = json_object(), *values = json_array();

	part_set(&o, "trials", json_integer((json_int_t)x->n));
	part_set_real(&o, "median", x->median);
	part_set_real(&o, "min", x->min);
	part_set_real(&o, "max", x->max);
	if (x->n > 1)
		part_set_real(&o, "rel_mad_pct", x->rel_mad_pct);
	for (size_t i = 0; i < x->n && i < 64; i++)
		part_append(&values, json_real(s->values[m][i]));
	part_set(&o, "values", values);
	return o;
}

static json_t *comparison_json(const struct comparison *c)
{
	json_t *o = json_object();

	part_set(&o, "pairs", json_integer((json_int_t)c->n_pairs));
	if (c->is_unpaired)
		part_set(&o, "is_unpaired", json_true());
	if (c->n_pairs)
		part_set_real(&o, "ratio", c->ratio);
	if (c->has_interval) {
		part_set_real(&o, "ratio_lo95", c->lo);
		part_set_real(&o, "ratio_hi95", c->hi);
	}
	if (isfinite(c->trimmed)) {
		part_set_real(&o, "trimmed_ratio", c->trimmed);
		part_set_real(&o, "trimmed_lo95", c->trimmed_lo);
		part_set_real(&o, "trimmed_hi95", c->trimmed_hi);
	}
	part_set_real(&o, "min_effect", c->min_effect);
	if (c->is_floor)
		part_set(&o, "min_effect_is", json_string("noise floor"));
	if (c->family) {
		part_set_real(&o, "p", c->p);
		part_set_real(&o, "p_adjusted", c->p_adjusted);
		part_set(&o, "comparisons", json_integer((json_int_t)c->family));
	}
	part_set(&o, "verdict", json_string(verdict_names[c->verdict]));
	if (c->verdict == VERDICT_CANNOT_TELL && c->more == FORECAST_MANY)
		part_set(&o, "more_trials_over", json_integer(FORECAST_MOST));
	else if (c->verdict == VERDICT_CANNOT_TELL && c->more)
		part_set(&o, c->sd > 0 ? "more_trials" : "more_trials_least",
			 json_integer((json_int_t)c->more));
	if (c->why[0])
		part_set(&o, "why", part_text(c->why));
	return o;
}

json_t *part_comparisons(const struct comparison c[METRICS])
{
	json_t *o = json_object();

	for (int m = 0; m < METRICS; m++) {
		if (c[m].n_pairs)
			part_set(&o, metric_names[m], comparison_json(&c[m]));
	}
	return o;
}

json_t *part_metrics(const struct summary *s)
{
	json_t *o = json_object();

	for (int m = 0; m < METRICS; m++) {
		if (s->metric[m].n)
			part_set(&o, metric_names[m], spread_json(s, (enum metric)m));
	}
	return o;
}

void part_boots(json_t **o, const struct cell_boots *b)
{
	part_set(o, "boots", json_integer((json_int_t)b->n));
	part_set(o, "boots_ok", json_integer((json_int_t)b->n_ok));
	part_set(o, "rounds", json_integer(b->n_rounds));
	part_set(o, "shares_boots", json_boolean(b->shares));
}

static int add_bytes(const char *bytes, size_t n, void *out)
{
	bl_buf_add(out, bytes, n);
	return bl_buf_failed(out) ? -1 : 0;
}

/* Not json_dumps(): when its buffer can't grow for a key of an object, it goes on without the key
 * (jansson 2.14). A buffer that failed remembers it. */
int part_dump(json_t *root, struct bl_buf *out)
{
	int r = root ? json_dump_callback(root, add_bytes, out,
					  JSON_INDENT(1) | JSON_REAL_PRECISION(6))
		     : -1;

	json_decref(root);
	bl_buf_addc(out, '\n');
	return r < 0 || bl_buf_failed(out) ? -ENOMEM : 0;
}
