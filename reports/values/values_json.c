/* Two sets of values as JSON. */
#include <math.h>

#include "forecast.h"
#include "json_parts.h"
#include "values_report.h"

static json_t *side_json(const struct values_side *s)
{
	json_t *o = json_object();

	part_set(&o, "name", part_text(s->name));
	part_set(&o, "n", json_integer((json_int_t)s->n));
	part_set_real(&o, "median", s->median);
	if (s->level > 0) {
		part_set_real(&o, "median_lo", s->lo);
		part_set_real(&o, "median_hi", s->hi);
		part_set_real(&o, "median_level", s->level);
	}
	return o;
}

/* Keys that are always there: null where there is none. */
static void set_real_or_null(json_t **o, const char *key, bool is_known, double v)
{
	part_set(o, key, is_known && isfinite(v) ? json_real(v) : json_null());
}

static void set_more(json_t **o, const struct comparison *c)
{
	if (c->verdict != VERDICT_CANNOT_TELL || !c->more)
		return;
	if (c->more == FORECAST_MANY)
		part_set(o, "more_trials_over", json_integer(FORECAST_MOST));
	else
		part_set(o, c->sd > 0 ? "more_trials" : "more_trials_least",
			 json_integer((json_int_t)c->more));
}

int values_json(const struct values_compared *v, struct bl_buf *out)
{
	const struct comparison *c = &v->c;
	json_t *o = json_object();

	part_set(&o, "format", json_string("blklab-compare-values/1"));
	part_set(&o, "verdict", json_string(verdict_names[c->verdict]));
	part_set(&o, "why", part_text(c->why));
	set_real_or_null(&o, "ratio", c->n_pairs, c->ratio);
	set_real_or_null(&o, "lo", c->has_interval, c->lo);
	set_real_or_null(&o, "hi", c->has_interval, c->hi);
	set_real_or_null(&o, "p", true, c->p_rank);
	part_set(&o, "n", json_integer((json_int_t)c->n_pairs));
	part_set(&o, "paired", json_boolean(v->is_paired));
	part_set(&o, "test", json_string(v->is_paired ? "Wilcoxon signed rank" : "Mann-Whitney"));
	part_set_real(&o, "min_effect", c->min_effect);
	part_set(&o, "less_is_better", json_boolean(!c->is_more_better));
	part_set_real(&o, "p_beyond_min_effect", c->p);
	part_set_real(&o, "trimmed_ratio", c->trimmed);
	part_set_real(&o, "trimmed_lo", c->trimmed_lo);
	part_set_real(&o, "trimmed_hi", c->trimmed_hi);
	set_more(&o, c);
	part_set_real(&o, "autocorrelation", v->r1);
	if (isfinite(v->r1))
		part_set_real(&o, "variance_inflation", v->inflation);
	part_set(&o, "left_out", json_integer((json_int_t)v->n_left_out));
	part_set(&o, "a", side_json(&v->a));
	part_set(&o, "b", side_json(&v->b));
	return part_dump(o, out);
}
