#include "multiple.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "cleanup.h"

struct place {
	double p;
	size_t at;
};

static int by_p(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->p != y->p)
		return x->p < y->p ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* Those that are tests, smallest first; *ret_m of them. NULL: no memory. */
static struct place *in_order(const double *p, size_t n, size_t *ret_m)
{
	struct place *o = malloc((n ? n : 1) * sizeof *o);
	size_t m = 0;

	for (size_t i = 0; o && i < n; i++)
		if (!isnan(p[i]))
			o[m++] = (struct place){p[i], i};
	if (o)
		qsort(o, m, sizeof *o, by_p);
	*ret_m = m;
	return o;
}

int bh_adjust(const double *p, size_t n, double *ret)
{
	size_t m;
	BL_CLEANUP(bl_freep) struct place *o = in_order(p, n, &m);
	double least = 1;

	if (!o)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		ret[i] = p[i];
	for (size_t i = m; i-- > 0;) {
		least = fmin(least, (double)m * o[i].p / (double)(i + 1));
		ret[o[i].at] = least;
	}
	return 0;
}

int holm_adjust(const double *p, size_t n, double *ret)
{
	size_t m;
	BL_CLEANUP(bl_freep) struct place *o = in_order(p, n, &m);
	double most = 0;

	if (!o)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		ret[i] = p[i];
	for (size_t i = 0; i < m; i++) {
		most = fmin(1, fmax(most, (double)(m - i) * o[i].p));
		ret[o[i].at] = most;
	}
	return 0;
}
