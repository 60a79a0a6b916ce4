#include "compare_files.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "correlation.h"
#include "fs.h"
#include "median.h"
#include "value_file.h"
#include "value_pairs.h"
#include "values_report.h"

#define MIN_EFFECT 0.05 /* that of p99 */

/* Logs of either side; as pairs na equals nb. */
struct sides {
	double *a, *b;
	size_t na, nb, n_left_out;
	bool is_paired;
};

static void sides_done(struct sides *s)
{
	free(s->a);
	free(s->b);
}

static int take_log(double value, size_t line, double *ret, struct bl_err *err)
{
	if (!(value > 0))
		return bl_fail(err, -EINVAL,
			       "line %zu: %g has no logarithm; what is compared is a ratio, so "
			       "values must be above 0",
			       line, value);
	*ret = log(value);
	return 0;
}

/* ---- one file of pairs ---- */

static int take_pairs(const struct value_pairs *p, struct sides *s, struct bl_err *err)
{
	int r = 0;

	s->a = calloc(p->n, sizeof(*s->a));
	s->b = calloc(p->n, sizeof(*s->b));
	if (!s->a || !s->b)
		return bl_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 0; r == 0 && i < p->n; i++) {
		r = take_log(p->a[i], p->line[i], &s->a[i], err);
		if (r == 0)
			r = take_log(p->b[i], p->line[i], &s->b[i], err);
	}
	s->na = s->nb = p->n;
	s->n_left_out = p->n_absent;
	s->is_paired = true;
	return r;
}

static int read_pairs(const char *path, struct sides *s, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	BL_CLEANUP(value_pairs_done) struct value_pairs p = {0};
	int r = bl_read_file(strcmp(path, "-") == 0 ? "/dev/stdin" : path, VALUE_FILE_MAX, &text,
			     err);

	if (r < 0)
		return r;
	r = value_pairs_parse(bl_buf_str(&text), text.len, &p, err);
	if (r == 0)
		r = take_pairs(&p, s, err);
	return r < 0 ? bl_wrap(err, r, "%s", value_file_name(path)) : 0;
}

/* ---- two files ---- */

static int take_side(const struct value_lines *v, double **ret, size_t *ret_n, size_t *n_left_out,
		     struct bl_err *err)
{
	int r = 0;

	*ret = calloc(v->n, sizeof(**ret));
	if (!*ret)
		return bl_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 0; r == 0 && i < v->n; i++) {
		if (isnan(v->items[i].value)) {
			++*n_left_out;
			continue;
		}
		r = take_log(v->items[i].value, v->items[i].line, &(*ret)[*ret_n], err);
		*ret_n += r == 0;
	}
	return r;
}

/* Without keys the first belongs to the first; with keys those with the same one. */
static int pair_up(const struct value_lines *a, const struct value_lines *b, struct value_pairs *p,
		   struct bl_err *err)
{
	size_t k = 0;

	if (a->kind != b->kind)
		return bl_fail(
			err, -EINVAL,
			"--paired: one file has values alone and the other values with a key; "
			"both must be of one kind, so that pairs can be found");
	if (a->kind == VALUE_KEY_PLACE && a->n != b->n)
		return bl_fail(err, -EINVAL,
			       "--paired: %zu values and %zu are no pairs; the files need the same "
			       "number ('-' where one is absent), or a date before each value",
			       a->n, b->n);
	p->a = calloc(a->n, sizeof(*p->a));
	p->b = calloc(a->n, sizeof(*p->b));
	p->line = calloc(a->n, sizeof(*p->line));
	if (!p->a || !p->b || !p->line)
		return bl_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < a->n; i++) {
		while (k < b->n && b->items[k].key < a->items[i].key)
			k++;
		if (k == b->n || b->items[k].key > a->items[i].key || isnan(a->items[i].value) ||
		    isnan(b->items[k].value)) {
			p->n_absent++;
			continue;
		}
		p->a[p->n] = a->items[i].value;
		p->b[p->n] = b->items[k++].value;
		p->line[p->n++] = a->items[i].line;
	}
	if (p->n)
		return 0;
	return bl_fail(err, -EINVAL, "--paired: no date or place has a value in both files");
}

static int read_two(const struct args *a, struct sides *s, struct bl_err *err)
{
	BL_CLEANUP(value_lines_done) struct value_lines one = {0}, two = {0};
	BL_CLEANUP(value_pairs_done) struct value_pairs p = {0};
	struct value_form form = {"one value a line is expected: 412", .allow_twice = !a->paired};
	int r = value_file_read(a->cell, &form, &one, err);

	if (r == 0)
		r = value_file_read(a->cell_b, &form, &two, err);
	if (r < 0)
		return r;
	if (a->paired) {
		r = pair_up(&one, &two, &p, err);
		return r < 0 ? r : take_pairs(&p, s, err);
	}
	r = take_side(&one, &s->a, &s->na, &s->n_left_out, err);
	if (r < 0)
		return bl_wrap(err, r, "%s", value_file_name(a->cell));
	r = take_side(&two, &s->b, &s->nb, &s->n_left_out, err);
	return r < 0 ? bl_wrap(err, r, "%s", value_file_name(a->cell_b)) : 0;
}

/* ---- what is asked ---- */

static int check(const struct args *a, struct bl_err *err)
{
	static const char kind[] = "needs a stored run, and --csv compares files";

	if (a->run || a->run_b)
		return bl_fail(err, -EINVAL, "--%s: %s; leave it out", a->run ? "run" : "run-b",
			       kind);
	if (a->store)
		return bl_fail(err, -EINVAL, "--store: %s; leave it out", kind);
	if (a->gate)
		return bl_fail(err, -EINVAL, "--gate: %s; leave it out", kind);
	if (a->calibration)
		return bl_fail(err, -EINVAL, "--calibration: %s; leave it out", kind);
	if (a->less_is_better && a->more_is_better)
		return bl_fail(err, -EINVAL,
			       "--less-is-better and --more-is-better: one of the two; without "
			       "either less is better, as of latencies");
	if (a->cell_b && strcmp(a->cell, "-") == 0 && strcmp(a->cell_b, "-") == 0)
		return bl_fail(err, -EINVAL, "both files are standard input; one can be");
	if (a->min_effects.n > 1)
		return bl_fail(err, -EINVAL,
			       "--min-effect was given %zu times; files hold one metric, which has "
			       "one",
			       a->min_effects.n);
	return 0;
}

static void add_lag1(const double *v, size_t n, struct lag1 *l)
{
	double mean = 0;

	for (size_t i = 0; i < n; i++)
		mean += v[i] / (double)n;
	lag1_add(l, v, n, mean);
}

/* Deviations from their side's mean, or of pairs the differences @d, in the files' order. */
static double autocorrelation_of(const struct sides *s, const double *d)
{
	struct lag1 l = {0, 0};

	if (d) {
		add_lag1(d, s->na, &l);
		return lag1_beyond_chance(&l, s->na);
	}
	add_lag1(s->a, s->na, &l);
	add_lag1(s->b, s->nb, &l);
	return lag1_beyond_chance(&l, s->na + s->nb);
}

static int compare_sides(const struct sides *s, double min_effect, bool more_is_better,
			 struct values_compared *v)
{
	BL_CLEANUP(bl_freep) double *d = NULL;

	if (!s->is_paired) {
		v->r1 = autocorrelation_of(s, NULL);
		return compare_samples(s->a, s->na, s->b, s->nb, min_effect, more_is_better, &v->c);
	}
	d = calloc(s->na, sizeof(*d));
	if (!d)
		return -ENOMEM;
	for (size_t i = 0; i < s->na; i++)
		d[i] = s->b[i] - s->a[i];
	v->r1 = autocorrelation_of(s, d);
	return compare_many_pairs(d, s->na, min_effect, more_is_better, &v->c);
}

static int compare(const struct sides *s, double min_effect, bool more_is_better,
		   struct values_compared *v)
{
	int r = compare_sides(s, min_effect, more_is_better, v);

	v->inflation = lag1_inflation(v->r1);
	if (r == 0)
		comparison_widen(&v->c, v->inflation);
	return r;
}

static struct values_side side_of(const char *name, double *logs, size_t n)
{
	struct values_side s = {.name = name, .n = n, .median = exp(median_of_values(logs, n))};
	size_t lo, hi;

	/* sorted by now */
	if (!median_interval(n, &lo, &hi, &s.level))
		return s;
	s.lo = exp(logs[lo - 1]);
	s.hi = exp(logs[hi - 1]);
	return s;
}

int compare_files(struct cli *cli, const struct args *a, struct bl_err *err)
{
	BL_CLEANUP(sides_done) struct sides s = {0};
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	struct values_compared v = {0};
	double min_effect = MIN_EFFECT;
	int r = check(a, err);

	if (r == 0 && a->min_effects.n) {
		r = min_effect_of(a->min_effects.items[0], &min_effect, err);
		if (r < 0)
			return bl_wrap(err, r, "--min-effect");
	}
	if (r == 0)
		r = a->cell_b ? read_two(a, &s, err) : read_pairs(a->cell, &s, err);
	if (r < 0)
		return r;
	if (compare(&s, min_effect, a->more_is_better, &v) < 0)
		return bl_fail(err, -ENOMEM, "out of memory");
	v.is_paired = s.is_paired;
	v.n_left_out = s.n_left_out;
	v.a = side_of(a->cell_b ? value_file_name(a->cell) : "first column", s.a, s.na);
	v.b = side_of(a->cell_b ? value_file_name(a->cell_b) : "second column", s.b, s.nb);
	if (!a->json)
		values_text(&v, cli_text_columns(cli), cli->color, &text);
	else if (values_json(&v, &text) < 0)
		return bl_fail(err, -ENOMEM, "out of memory");
	return cli_print(cli, &text, err);
}
