/* made_history.h - histories made up for the tests of pages. */
#ifndef MADE_HISTORY_H
#define MADE_HISTORY_H

#include "history.h"
#include "record.h"

struct made_history {
	size_t nights, cells, jobs;
	size_t step_at;      /* from this night on p99 of the first cell is a third higher, with an
			      * upgrade; 0: never */
	bool has_trouble;    /* bad nights, a drift, missing nights, an upgrade that does nothing */
	const char *hostile; /* in every name and mark; NULL: ordinary names */
	uint64_t seed;
};

/* All is owned by *ret; end it with history_done(). */
void made_history(const struct made_history *how, struct history *ret);
/* What a night reported of the step; end it with change_record_done(). */
void made_event(const struct made_history *how, const struct history *h, const char *state,
		struct change_record *ret);

#endif
