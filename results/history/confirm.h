/* confirm.h - did a change hold? Fresh runs against the nights before it and since, and where the
 * environment of before can still be had, old and new side by side.
 */
#ifndef CONFIRM_H
#define CONFIRM_H

#include "history.h"
#include "metric.h"
#include "night.h"
#include "summary.h"

#define CONFIRM_TRIALS 8 /* fresh trials a cell; pairs when side by side */

/* All of @fresh was measured in one go, so it counts as one night, and the spread of nights
 * decides: it is told from the level of n nights when it lies beyond t sigma sqrt(1 + F/n).
 *   confirmed: told from before, in the direction of the change, by as much as matters, and
 *     nearer to those since;
 *   went away: told from those since and not from those before;
 *   not reproducible: told from both;
 *   it stays a candidate: told from neither.
 * Sets @c's state and confirmation. @fresh lacks the figure: the state stays, and confirmation says
 * so. -ENOMEM. */
int confirm_by_nights(const struct history *h, const struct run_figures *fresh,
		      const struct min_effects *effects, struct night_change *c,
		      struct bl_err *err);

/* Old and new of one figure that changed; borrowed. */
struct confirm_sides {
	const struct summary *before, *now;
	struct night_change *change;
};
/* All figures of an event that were measured side by side: by what matters for each metric, and
 * corrected for their number, each metric a family (family.h). Then as confirm_by_pairs(). -ENOMEM.
 */
int confirm_side_by_side(const struct confirm_sides *sides, size_t n,
			 const struct min_effects *effects, const char *old_says,
			 struct bl_err *err);

/* Pairs of old and new decide by themselves, whatever the host's nights do: a verdict in the
 * direction of the change confirms it; "same" says that what was exchanged is not the cause, which
 * is added to the confirmation. @old_says: "guest kernel 6.1.0-39". -ENOMEM. */
int confirm_by_pairs(const struct comparison *pairs, const char *old_says, struct night_change *c,
		     struct bl_err *err);

#endif
