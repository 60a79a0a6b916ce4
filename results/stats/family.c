#include "family.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cleanup.h"
#include "moderate.h"
#include "multiple.h"

static bool is_test(const struct comparison *c)
{
	return c->has_interval && !isnan(c->p) && c->yuen.is_known;
}

/* What all members' variances have in common. @room: for 2 n. */
static int find_prior(struct comparison **members, size_t n, double *room,
		      struct variance_prior *ret)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		if (!is_test(members[i]))
			continue;
		room[k] = members[i]->yuen.var;
		room[n + k++] = members[i]->yuen.df;
	}
	return variance_prior_fit(room, room + n, k, ret);
}

static void take_back(struct comparison *c)
{
	double alpha = c->p_adjusted > 0 ? FAMILY_LEVEL * c->p / c->p_adjusted : FAMILY_LEVEL;

	c->verdict = VERDICT_CANNOT_TELL;
	snprintf(c->why, sizeof c->why,
		 "by itself the interval lies beyond %+.3g %%, but of %zu comparisons one as clear "
		 "comes by chance (p %.2g, corrected %.2g)",
		 comparison_bound_pct(c, c->ratio), c->family, c->p, c->p_adjusted);
	/* the test is one-sided: its interval has twice the tail */
	c->more = comparison_more(c, fmin(2 * alpha, FAMILY_LEVEL));
}

int family_correct(struct comparison **members, size_t n, enum family_way way, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) double *room = calloc(n ? 4 * n : 1, sizeof *room);
	double *p = room ? room + 2 * n : NULL, *adjusted = room ? room + 3 * n : NULL;
	struct variance_prior prior;
	size_t family = 0;
	int r = room ? find_prior(members, n, room, &prior) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < n; i++) {
		p[i] = is_test(members[i]) ? moderated_p(&members[i]->yuen, &prior,
							 log1p(members[i]->min_effect))
					   : NAN;
		family += !isnan(p[i]);
	}
	if (r == 0)
		r = way == FAMILY_HOLM ? holm_adjust(p, n, adjusted) : bh_adjust(p, n, adjusted);
	if (r < 0)
		return bl_fail(err, r, "no memory to correct %zu comparisons", n);
	for (size_t i = 0; i < n; i++) {
		struct comparison *c = members[i];

		if (isnan(p[i]))
			continue;
		c->p = p[i];
		c->p_adjusted = adjusted[i];
		c->family = family;
		if (family > 1 && adjusted[i] > FAMILY_LEVEL &&
		    (c->verdict == VERDICT_BETTER || c->verdict == VERDICT_WORSE))
			take_back(c);
	}
	return 0;
}
