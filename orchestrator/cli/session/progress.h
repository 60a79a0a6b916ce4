/* progress.h - what a run says while it goes on.
 *
 * On a terminal one line is rewritten in place and finished trials stay above it; elsewhere
 * there is one plain line a finished trial; or one JSON object a line; or nothing. The clock comes
 * in as an argument.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdio.h>

#include "runner.h"

enum progress_mode { PROGRESS_LIVE, PROGRESS_PLAIN, PROGRESS_JSON, PROGRESS_QUIET };

struct progress {
	/* Set by the caller. */
	enum progress_mode mode;
	FILE *to;
	unsigned columns;
	bool color;
	const char *scenario;
	size_t n_cells, n_trials;
	uint32_t repeats;
	uint32_t rounds;        /* of each boot; above 1 only where cells share boots */
	size_t name_width;      /* of the longest cell name */
	uint64_t estimate_ns;   /* of the whole plan, at most; 0: not known */
	uint64_t least_ns;      /* when it ends as early as it can; 0 or estimate_ns: it can't */
	uint32_t least_repeats; /* repeats: auto; 0: a fixed number */
	uint64_t budget_ns;     /* 0: none */
	/* Kept here. */
	uint64_t start_ns, first_trial_ns, last_end_ns, drawn_ns;
	size_t n_done, n_ok;
	bool has_line; /* a live line stands on the terminal */
};

void progress_begin(struct progress *p, uint64_t now_ns);
/* Drawn at most ten times a second. */
void progress_update(struct progress *p, const struct runner_progress *rp, uint64_t now_ns);
/* A job of @t, when it has any, stands for it: the first. */
void progress_trial(struct progress *p, const struct trial_record *t, const char *cell,
		    uint64_t now_ns);
void progress_note(struct progress *p, const char *text);
/* Bytes of a download; @total 0: not known. */
void progress_fetch(struct progress *p, const char *url, uint64_t done, uint64_t total,
		    uint64_t now_ns);
/* Takes the live line away. */
void progress_end(struct progress *p);

/* The texts, for tests; without newline and colour. */
void progress_line(const struct progress *p, const struct runner_progress *rp, uint64_t now_ns,
		   struct bl_buf *out);
void progress_trial_line(const struct progress *p, const struct trial_record *t, const char *cell,
			 struct bl_buf *out);
/* "[####......]", @width inside the brackets; @total 0: "[..........]". */
void progress_bar(struct bl_buf *out, uint64_t done, uint64_t total, unsigned width);

/* Left over, from what the finished trials took, before that from the plan's estimate. */
uint64_t progress_left_ns(const struct progress *p, uint64_t now_ns);

#endif
