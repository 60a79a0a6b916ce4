/* family.h - all comparisons that answer one question, corrected together.
 *
 * Of twenty cells that are alike, one differs from the reference at the 5 % level by chance. So all
 * cells against the reference, under one job and of one metric, are one question; what each choice
 * changed is another. When there are enough members, their variances lend each other strength
 * (moderate.h); then p is adjusted for their number.
 */
#ifndef FAMILY_H
#define FAMILY_H

#include "decide.h"

#define FAMILY_LEVEL 0.05

enum family_way {
	FAMILY_BH,  /* of what is called different, at most 5 % is not: a screen */
	FAMILY_HOLM /* not one is called different that is not, at 5 %: a release gate */
};

/* Set p, p_adjusted and family of each member. Of two and more "better" and "worse" stand only with
 * p_adjusted up to FAMILY_LEVEL; else they become "cannot tell", with why and how many more trials.
 * Members that could not tell anyhow (fewer than six pairs, refused) are left as they are and are
 * not counted. A family of one is a family: nothing to correct for, nothing changes but p_adjusted.
 * -ENOMEM, and nothing changed. */
int family_correct(struct comparison **members, size_t n, enum family_way way, struct bl_err *err);

#endif
