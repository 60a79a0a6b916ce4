#include "effects.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What is looked for: any axis or value when NULL. */
struct wanted {
	const char *axis, *from, *to;
};

static bool is_host(const struct cell_record *c)
{
	const char *bus = facts_get(&c->axes, "bus");

	return bus && !strcmp(bus, "host");
}

/* The one axis on which the cells differ; NULL: none, or more than one. An axis that one of them
 * lacks has no meaning there and no value to differ from. The host lacks a whole machine, which
 * is more than one difference. */
static const struct fact *only_difference(const struct cell_record *a, const struct cell_record *b)
{
	const struct fact *found = NULL;

	if (is_host(a) || is_host(b))
		return NULL;
	for (size_t i = 0; i < a->axes.n; i++) {
		const char *other = facts_get(&b->axes, a->axes.items[i].key);

		if (!other || !strcmp(other, a->axes.items[i].value))
			continue;
		if (found)
			return NULL;
		found = &a->axes.items[i];
	}
	return found;
}

/* Whether some earlier cell has @x before any has @y: which value of the two comes first. */
static bool comes_first(const struct run_data *d, const char *axis, const char *x, const char *y)
{
	for (size_t i = 0; i < d->n_cells; i++) {
		const char *v = facts_get(&d->cells[i].axes, axis);

		if (v && !strcmp(v, x))
			return true;
		if (v && !strcmp(v, y))
			return false;
	}
	return true;
}

static bool is_wanted(const char *want, const char *is)
{
	return !want || !strcmp(want, is);
}

static int add_jobs(const struct summaries *s, struct effect sibling, struct effects *out)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct summary *a = &s->items[i], *b;
		struct effect *more;

		if (a->cell != sibling.cell_a)
			continue;
		b = summaries_find(s, sibling.cell_b, a->job);
		more = b ? reallocarray(out->items, out->n + 1, sizeof *more) : NULL;
		if (!more)
			return -ENOMEM; /* every cell has every job */
		out->items = more;
		more[out->n] = sibling;
		more[out->n].job = a->job;
		for (int m = 0; m < METRICS; m++)
			more[out->n].by[m] = compare_summaries(a, b, (enum metric)m);
		out->n++;
	}
	return 0;
}

static int add_siblings(const struct run_data *d, const struct summaries *s, struct wanted w,
			uint32_t a, uint32_t b, struct effects *out)
{
	const struct fact *diff = only_difference(&d->cells[a], &d->cells[b]);
	struct effect e = {.cell_a = a, .cell_b = b};

	if (!diff || !is_wanted(w.axis, diff->key))
		return 0;
	e.axis = diff->key;
	e.from = diff->value;
	e.to = facts_get(&d->cells[b].axes, diff->key);
	if (!is_wanted(w.from, e.from) || !is_wanted(w.to, e.to))
		return 0;
	/* each two cells are met both ways round; without a wish only one of them is kept */
	if (!w.from && !w.to && !comes_first(d, e.axis, e.from, e.to))
		return 0;
	return add_jobs(s, e, out);
}

int effects_find(const struct run_data *d, const struct summaries *s, const char *axis,
		 const char *from, const char *to, struct effects *ret, struct bl_err *err)
{
	struct wanted w = {axis, from, to};
	struct effects out = {0};

	for (uint32_t a = 0; a < d->n_cells; a++) {
		for (uint32_t b = 0; b < d->n_cells; b++) {
			if (a == b || add_siblings(d, s, w, a, b, &out) == 0)
				continue;
			effects_done(&out);
			return bl_fail(err, -ENOMEM, "no memory for effects");
		}
	}
	*ret = out;
	return 0;
}

void effects_done(struct effects *e)
{
	free(e->items);
	*e = (struct effects){0};
}
