#include "floors.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int floors_add(struct floors *f, const char *job, const char *source, const double by[METRICS])
{
	struct noise_floor *more = reallocarray(f->items, f->n + 1, sizeof *more);
	struct noise_floor new = {.job = job ? strdup(job) : NULL, .source = strdup(source)};

	if (more)
		f->items = more;
	if (!more || !new.source || (job && !new.job)) {
		free(new.job);
		free(new.source);
		return -ENOMEM;
	}
	memcpy(new.by, by, sizeof new.by);
	more[f->n++] = new;
	return 0;
}

static bool are_equal(const struct facts *a, const struct facts *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const char *other = facts_get(b, a->items[i].key);

		if (!other || strcmp(other, a->items[i].value) != 0)
			return false;
	}
	return true;
}

static int add_pair(struct floors *f, const struct run_data *d, const struct summaries *s,
		    uint32_t a, uint32_t b, const char *of_run)
{
	char source[400];
	int r = 0;

	snprintf(source, sizeof source, "cells '%.150s' and '%.150s' of %.60s", d->cells[a].name,
		 d->cells[b].name, of_run);
	for (size_t i = 0; r == 0 && i < s->n; i++) {
		const struct summary *one = &s->items[i], *two;
		double by[METRICS] = {0};

		two = one->cell == a ? summaries_find(s, b, one->job) : NULL;
		for (int m = 0; two && m < METRICS; m++) {
			struct comparison c = compare_summaries(one, two, (enum metric)m);

			if (c.n_pairs)
				by[m] = exp(fabs(log(c.ratio))) - 1;
		}
		if (two)
			r = floors_add(f, one->job, source, by);
	}
	return r;
}

int floors_add_run(struct floors *f, const struct run_data *d, const struct summaries *s,
		   const char *of_run)
{
	int r = 0;

	for (uint32_t a = 0; a < d->n_cells; a++)
		for (uint32_t b = a + 1; r == 0 && b < d->n_cells; b++)
			if (d->cells[a].axes.n && are_equal(&d->cells[a].axes, &d->cells[b].axes))
				r = add_pair(f, d, s, a, b, of_run);
	return r;
}

struct min_effects floors_raise(const struct floors *f, const char *job, struct min_effects e)
{
	for (size_t i = 0; f && i < f->n; i++) {
		const struct noise_floor *one = &f->items[i];

		if (one->job && strcmp(one->job, job) != 0)
			continue;
		for (int m = 0; m < METRICS; m++) {
			if (!(one->by[m] > e.by[m]))
				continue;
			e.by[m] = one->by[m];
			e.is_floor[m] = true;
		}
	}
	return e;
}

void floors_done(struct floors *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->items[i].job);
		free(f->items[i].source);
	}
	free(f->items);
	*f = (struct floors){0};
}
