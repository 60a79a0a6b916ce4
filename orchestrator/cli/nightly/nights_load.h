/* nights_load.h - the history of a scenario on a host, out of the store. */
#ifndef NIGHTS_LOAD_H
#define NIGHTS_LOAD_H

#include "history.h"
#include "store.h"

#define NIGHTS_LOAD_MAX 400 /* more than a year */

/* The newest NIGHTS_LOAD_MAX nights of @scenario on @host_id with all that was measured again, and
 * of runs that are no nights as many at most, to say what was left out; settled. *ret is new:
 * history_done(). 0 runs is no error. What the store returns; -ENOMEM. */
int nights_load(struct store *store, const char *host_id, const char *scenario,
		const struct history_rules *rules, struct history *ret, struct bl_err *err);

#endif
