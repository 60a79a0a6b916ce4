#define MATRIX_INTERNAL
#include "matrix.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "matrix_priv.h"
#include "nearest.h"

struct expansion {
	const struct scenario *sc;
	struct matrix *m;
	struct cell *excluded; /* the values of each exclude, as a cell */
	bool **has_meaning;    /* [axis][value]: in some cell */
	struct bl_err *err;
};

static int fail_memory(struct bl_err *err)
{
	return bl_fail(err, -ENOMEM, "out of memory for the matrix");
}

static void set_value(struct cell *c, const struct axis_row *row, const char *value)
{
	/* A checked value: the parser took it through the same function. */
	(void)row->set(c, value, NULL);
}

static void axis_text(const struct axis_row *row, const struct cell *c, struct bl_buf *out)
{
	out->len = 0;
	row->get(c, out);
}

static const struct scenario_axis *find_axis(const struct scenario_axis *axes, size_t n,
					     const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(axes[i].row->name, name) == 0)
			return &axes[i];
	return NULL;
}

/* Where the value that @c has on axis @name stands in the file; line 0: it is a default. */
static struct text_pos value_pos(const struct scenario_axis *axes, size_t n, const struct cell *c,
				 const char *name)
{
	const struct scenario_axis *axis = find_axis(axes, n, name);

	for (size_t i = 0; axis && i < axis->n_values; i++) {
		struct cell probe;

		cell_defaults(&probe);
		set_value(&probe, axis->row, axis->values[i]);
		if (axis_equal(axis->row, &probe, c))
			return axis->at[i];
	}
	return (struct text_pos){0, 0};
}

struct text_pos matrix_value_pos(const struct matrix *m, const struct scenario *sc, size_t i,
				 const char *name)
{
	const struct cell *c = &m->cells[i];
	struct text_pos at = {0, 0};

	if (i >= m->n_product) {
		const struct scenario_match *include = &sc->include[i - m->n_product];

		at = value_pos(include->axes, include->n_axes, c, name);
	}
	return at.line ? at : value_pos(sc->axes, sc->n_axes, c, name);
}

/* @include: the entry the cell is from, or NULL: the product. */
static int fail_rule(const struct expansion *x, const struct cell *c, const struct cell_rule *rule,
		     const struct scenario_match *include)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf value = BL_BUF_INIT;
	BL_CLEANUP(bl_buf_done) struct bl_buf other = BL_BUF_INIT;
	BL_CLEANUP(bl_buf_done) struct bl_buf where = BL_BUF_INIT;
	struct text_pos at = value_pos(x->sc->axes, x->sc->n_axes, c, rule->axis);
	struct text_pos other_at = value_pos(x->sc->axes, x->sc->n_axes, c, rule->other);

	axis_text(axis_find(rule->axis), c, &value);
	axis_text(axis_find(rule->other), c, &other);
	if (include)
		return text_pos_fail(
			x->err, -EINVAL, x->sc->path, include->at,
			"include: %s '%s' is impossible with %s '%s': %s; name both in this entry",
			rule->axis, bl_buf_str(&value), rule->other, bl_buf_str(&other), rule->why);
	if (other_at.line)
		bl_buf_addf(&where, "line %u", other_at.line);
	else
		bl_buf_adds(&where, "the default");
	return text_pos_fail(x->err, -EINVAL, x->sc->path, at,
			     "%s: '%s' is impossible with %s '%s' (%s): %s; to leave these cells "
			     "out, exclude: - { %s: %s, %s: %s }",
			     rule->axis, bl_buf_str(&value), rule->other, bl_buf_str(&other),
			     bl_buf_str(&where), rule->why, rule->other, bl_buf_str(&other),
			     rule->axis, bl_buf_str(&value));
}

bool cell_settle(struct cell *c)
{
	struct cell defaults;
	bool is_settled = false;

	cell_defaults(&defaults);
	for (size_t i = 0; i < n_axis_rows; i++) {
		if (axis_applies(&axis_rows[i], c))
			continue;
		axis_copy(&axis_rows[i], c, &defaults);
		is_settled = true;
	}
	return is_settled;
}

bool cells_equal(const struct cell *a, const struct cell *b)
{
	for (size_t i = 0; i < n_axis_rows; i++)
		if (!axis_equal(&axis_rows[i], a, b))
			return false;
	return true;
}

const struct cell *matrix_find_equal(const struct matrix *m, const struct cell *c)
{
	for (size_t i = 0; i < m->n; i++)
		if (cells_equal(&m->cells[i], c))
			return &m->cells[i];
	return NULL;
}

static int append(struct expansion *x, const struct cell *c)
{
	struct matrix *m = x->m;
	size_t cap = m->cap ? m->cap * 2 : 16;
	struct cell *cells = m->cells;

	if (m->n == MATRIX_CELLS_MAX)
		return bl_fail(x->err, -E2BIG, "'%s' has more than %d cells", x->sc->name,
			       MATRIX_CELLS_MAX);
	if (m->n == m->cap) {
		cells = realloc(cells, cap * sizeof *cells);
		if (!cells)
			return fail_memory(x->err);
		m->cells = cells;
		m->cap = cap;
	}
	m->cells[m->n++] = *c;
	return 0;
}

/* --- excludes --- */

/* An exclude matches a cell of the product exactly when each of its values is one that
 * some cell has: so each is looked up, and the message can name the one that is not. */
static int check_exclude_axis(const struct expansion *x, const struct scenario_axis *given)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf known = BL_BUF_INIT;
	const struct scenario_axis *axis = find_axis(x->sc->axes, x->sc->n_axes, given->row->name);
	struct cell defaults;

	for (size_t i = 0; axis && i < axis->n_values; i++) {
		if (strcmp(axis->values[i], given->values[0]) == 0)
			return 0;
		bl_buf_addf(&known, "%s%s", i ? ", " : "", axis->values[i]);
	}
	if (!axis) {
		cell_defaults(&defaults);
		given->row->get(&defaults, &known);
		if (bl_buf_failed(&known))
			return fail_memory(x->err);
		if (strcmp(bl_buf_str(&known), given->values[0]) == 0)
			return 0;
	}
	return text_pos_fail(x->err, -EINVAL, x->sc->path, given->at[0],
			     "exclude: matches no cell: none has %s '%.60s'; the product has %s",
			     given->row->name, given->values[0], bl_buf_str(&known));
}

static int prepare_excludes(struct expansion *x)
{
	const struct scenario *sc = x->sc;

	x->excluded = calloc(sc->n_exclude + 1, sizeof *x->excluded);
	if (!x->excluded)
		return fail_memory(x->err);
	for (size_t i = 0; i < sc->n_exclude; i++) {
		const struct scenario_match *match = &sc->exclude[i];

		for (size_t a = 0; a < match->n_axes; a++) {
			int r = check_exclude_axis(x, &match->axes[a]);

			if (r < 0)
				return r;
			set_value(&x->excluded[i], match->axes[a].row, match->axes[a].values[0]);
		}
	}
	return 0;
}

static bool is_excluded(const struct expansion *x, const struct cell *c)
{
	for (size_t i = 0; i < x->sc->n_exclude; i++) {
		const struct scenario_match *match = &x->sc->exclude[i];
		size_t a = 0;

		while (a < match->n_axes && axis_equal(match->axes[a].row, c, &x->excluded[i]))
			a++;
		if (a == match->n_axes)
			return true;
	}
	return false;
}

/* --- the product --- */

static int check_product_size(const struct expansion *x)
{
	size_t n = 1;

	for (size_t i = 0; i < x->sc->n_axes; i++) {
		n *= x->sc->axes[i].n_values;
		if (n > MATRIX_CELLS_MAX)
			return bl_fail(x->err, -E2BIG,
				       "the axes of '%s' give more than %d cells; take values out, "
				       "or add single cells by include",
				       x->sc->name, MATRIX_CELLS_MAX);
	}
	return 0;
}

/* The next combination in @at; false after the last. The last axis varies fastest. */
static bool advance(const struct scenario *sc, size_t *at)
{
	for (size_t i = sc->n_axes; i-- > 0;) {
		if (++at[i] < sc->axes[i].n_values)
			return true;
		at[i] = 0;
	}
	return false;
}

static int add_product_cell(struct expansion *x, const size_t *at)
{
	const struct scenario *sc = x->sc;
	const struct cell_rule *rule;
	struct cell c;

	cell_defaults(&c);
	for (size_t i = 0; i < sc->n_axes; i++)
		set_value(&c, sc->axes[i].row, sc->axes[i].values[at[i]]);
	for (size_t i = 0; i < sc->n_axes; i++)
		if (axis_applies(sc->axes[i].row, &c))
			x->has_meaning[i][at[i]] = true;
	if (is_excluded(x, &c))
		return 0;
	if (cell_settle(&c) && matrix_find_equal(x->m, &c))
		return 0;
	rule = cell_broken_rule(&c);
	return rule ? fail_rule(x, &c, rule, NULL) : append(x, &c);
}

static int add_product(struct expansion *x)
{
	BL_CLEANUP(bl_freep) size_t *at = calloc(x->sc->n_axes + 1, sizeof *at);
	int r = 0;

	if (!at)
		return fail_memory(x->err);
	do
		r = add_product_cell(x, at);
	while (r == 0 && advance(x->sc, at));
	x->m->n_product = x->m->n;
	return r;
}

/* --- includes --- */

static int check_include_meaning(const struct expansion *x, const struct scenario_match *match,
				 const struct cell *c)
{
	struct cell defaults;

	cell_defaults(&defaults);
	for (size_t i = 0; i < match->n_axes; i++) {
		const struct axis_row *row = match->axes[i].row;

		if (axis_applies(row, c) || axis_equal(row, c, &defaults))
			continue;
		return text_pos_fail(x->err, -EINVAL, x->sc->path, match->axes[i].at[0],
				     "include: %s '%.60s' has no meaning here; %s means something "
				     "only in %s",
				     row->name, match->axes[i].values[0], row->name,
				     row->applies_to);
	}
	return 0;
}

static int add_include(struct expansion *x, const struct scenario_match *match)
{
	const struct scenario *sc = x->sc;
	const struct cell_rule *rule;
	struct cell c;
	int r;

	cell_defaults(&c);
	memcpy(c.name, match->name, sizeof c.name);
	for (size_t i = 0; i < sc->n_axes; i++)
		set_value(&c, sc->axes[i].row, sc->axes[i].values[0]);
	for (size_t i = 0; i < match->n_axes; i++)
		set_value(&c, match->axes[i].row, match->axes[i].values[0]);
	r = check_include_meaning(x, match, &c);
	if (r < 0)
		return r;
	for (size_t i = 0; i < sc->n_axes; i++)
		if (axis_applies(sc->axes[i].row, &c) &&
		    !find_axis(match->axes, match->n_axes, sc->axes[i].row->name))
			x->has_meaning[i][0] = true;
	cell_settle(&c);
	rule = cell_broken_rule(&c);
	if (rule)
		return fail_rule(x, &c, rule, match);
	if (match->name[0] == '\0' && matrix_find_equal(x->m, &c))
		return text_pos_fail(x->err, -EINVAL, sc->path, match->at,
				     "include: adds a cell that is there already; change a value, "
				     "or give it a name to run the same configuration twice");
	return append(x, &c);
}

/* --- the whole --- */

static int check_meaning(const struct expansion *x)
{
	for (size_t i = 0; i < x->sc->n_axes; i++) {
		const struct scenario_axis *axis = &x->sc->axes[i];

		for (size_t v = 0; v < axis->n_values && !axis->is_from_vm; v++)
			if (!x->has_meaning[i][v])
				return text_pos_fail(x->err, -EINVAL, x->sc->path, axis->at[v],
						     "%s: '%.60s' has a meaning in no cell; %s "
						     "means something only in %s",
						     axis->row->name, axis->values[v],
						     axis->row->name, axis->row->applies_to);
	}
	return 0;
}

static int find_reference(struct expansion *x)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf known = BL_BUF_INIT;
	const struct matrix *m = x->m;
	const char *near;
	char q[QUOTE_MAX];

	if (x->sc->reference[0] == '\0')
		return 0;
	for (size_t i = 0; i < m->n; i++) {
		if (strcmp(m->cells[i].name, x->sc->reference) != 0)
			continue;
		x->m->reference = i;
		return 0;
	}
	for (size_t i = 0; i < m->n && i < 8; i++)
		bl_buf_addf(&known, "%s'%s'", i ? ", " : "", m->cells[i].name);
	if (m->n > 8)
		bl_buf_addf(&known, " and %zu more", m->n - 8);
	text_quote(q, x->sc->reference);
	near = NULL;
	for (size_t i = 0; i < m->n && !near; i++) {
		const char *name = m->cells[i].name;

		near = nearest_word(x->sc->reference, &name, sizeof name, 1);
	}
	return text_pos_fail(x->err, -EINVAL, x->sc->path, x->sc->reference_at,
			     "reference: '%s' is not a cell; %s%s%sone of %s", q,
			     near ? "did you mean '" : "", near ? near : "", near ? "'? " : "",
			     bl_buf_str(&known));
}

static int expand(struct expansion *x)
{
	int r = check_product_size(x);

	if (r == 0)
		r = prepare_excludes(x);
	if (r == 0)
		r = add_product(x);
	for (size_t i = 0; i < x->sc->n_include && r == 0; i++)
		r = add_include(x, &x->sc->include[i]);
	if (r == 0)
		r = check_meaning(x);
	if (r == 0 && x->m->n == 0)
		r = text_pos_fail(x->err, -EINVAL, x->sc->path, x->sc->exclude[0].at,
				  "exclude: no cell is left; every cell of the product is excluded "
				  "and no include adds one");
	if (r == 0)
		r = matrix_name_cells(x->m, x->sc, x->err);
	return r == 0 ? find_reference(x) : r;
}

static void has_meaning_free(struct expansion *x)
{
	for (size_t i = 0; x->has_meaning && i < x->sc->n_axes; i++)
		free(x->has_meaning[i]);
	free(x->has_meaning);
}

static int has_meaning_new(struct expansion *x)
{
	x->has_meaning = calloc(x->sc->n_axes + 1, sizeof *x->has_meaning);
	if (!x->has_meaning)
		return fail_memory(x->err);
	for (size_t i = 0; i < x->sc->n_axes; i++) {
		x->has_meaning[i] = calloc(x->sc->axes[i].n_values, sizeof **x->has_meaning);
		if (!x->has_meaning[i])
			return fail_memory(x->err);
	}
	return 0;
}

int matrix_expand(const struct scenario *sc, struct matrix **ret_matrix, struct bl_err *err)
{
	BL_CLEANUP(matrix_freep) struct matrix *m = calloc(1, sizeof *m);
	struct expansion x = {.sc = sc, .m = m, .err = err};
	int r = m ? has_meaning_new(&x) : fail_memory(err);

	if (r == 0)
		r = expand(&x);
	has_meaning_free(&x);
	free(x.excluded);
	if (r < 0)
		return r;
	*ret_matrix = BL_STEAL(m);
	return 0;
}

size_t matrix_len(const struct matrix *m)
{
	return m->n;
}

const struct cell *matrix_cell(const struct matrix *m, size_t i)
{
	return &m->cells[i];
}

size_t matrix_reference(const struct matrix *m)
{
	return m->reference;
}

struct matrix *matrix_free(struct matrix *m)
{
	if (!m)
		return NULL;
	free(m->cells);
	free(m);
	return NULL;
}

void matrix_freep(struct matrix **m)
{
	*m = matrix_free(*m);
}

void matrix_to_text(const struct matrix *m, struct bl_buf *out)
{
	for (size_t i = 0; i < m->n; i++) {
		bl_buf_addf(out, "cell %zu '%s'%s: ", i, m->cells[i].name,
			    i == m->reference ? " (reference)" : "");
		cell_to_text(&m->cells[i], out);
		bl_buf_addc(out, '\n');
	}
}
