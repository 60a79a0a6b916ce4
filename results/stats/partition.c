#include "partition.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "cleanup.h"

struct work {
	const double *price;
	size_t n, least;
	/* of the values before each place */
	double *sum, *squares;
	double *best; /* cost of the best partition of them */
	double *head; /* best, and the price of a cut here, less the squares so far */
	double *inv;  /* 1 / length */
	size_t *from; /* where its last segment begins */
};

/* The best partition of the first @t values. */
static void step(struct work *w, size_t t)
{
	double least = INFINITY, s_t = w->sum[t];
	size_t at = 0, last = t >= 2 * w->least ? t - w->least : 0;

	for (size_t s = w->least; s <= last; s++) {
		double d = s_t - w->sum[s], cost = w->head[s] - d * d * w->inv[t - s];

		if (cost < least) {
			least = cost;
			at = s;
		}
	}
	/* all one segment; when it is as good it is the answer */
	if (!(least < -s_t * s_t * w->inv[t])) {
		least = -s_t * s_t * w->inv[t];
		at = 0;
	}
	w->best[t] = least + w->squares[t];
	w->from[t] = at;
	if (t < w->n)
		w->head[t] = w->best[t] + w->price[t] - w->squares[t];
}

int partition_best(const double *x, size_t n, const double *price, size_t least, size_t *ret_cuts,
		   size_t *ret_n)
{
	BL_CLEANUP(bl_freep) double *room = calloc(5 * (n + 1), sizeof *room);
	BL_CLEANUP(bl_freep) size_t *from = calloc(n + 1, sizeof *from);
	struct work w = {.price = price, .n = n, .least = least, .from = from};
	size_t n_cuts = 0;

	if (!room || !from)
		return -ENOMEM;
	w.sum = room;
	w.squares = room + (n + 1);
	w.best = room + 2 * (n + 1);
	w.head = room + 3 * (n + 1);
	w.inv = room + 4 * (n + 1);
	for (size_t t = 1; t <= n; t++) {
		w.sum[t] = w.sum[t - 1] + x[t - 1];
		w.squares[t] = w.squares[t - 1] + x[t - 1] * x[t - 1];
		w.inv[t] = 1 / (double)t;
		step(&w, t);
	}
	for (size_t t = n; t && from[t]; t = from[t])
		ret_cuts[n_cuts++] = from[t];
	for (size_t i = 0; i < n_cuts / 2; i++) {
		size_t other = ret_cuts[i];

		ret_cuts[i] = ret_cuts[n_cuts - 1 - i];
		ret_cuts[n_cuts - 1 - i] = other;
	}
	*ret_n = n_cuts;
	return 0;
}
