/* history_priv.h - what the parts of a history share. */
#ifndef HISTORY_PRIV_H
#define HISTORY_PRIV_H

#include "history.h"

/* What changed between two nights, as texts (owned): the system, the scenario's file, jobs.
 * @known: of the system, after all nights before (fingerprint_follow()): of a cell that failed on
 * the night before an earlier one says what it had. -ENOMEM. */
int history_marks(const struct fingerprint *known, const struct history_run *before,
		  const struct history_run *after, char ***ret, size_t *ret_n);

/* ln(100) at a value with marks, else 0. */
double history_log_odds(const struct history *h, const struct series_history *s, size_t k);

struct noise {
	double sigma, phi; /* as struct changes has them */
};
/* Of the first @n values of @s, when the levels between the changes of @found, and from value
 * @extra on another one (SIZE_MAX: none), are taken out. -ENOMEM. */
int history_noise(const struct series_history *s, size_t n, const struct changes *found,
		  size_t extra, struct noise *ret);

void texts_free(char **texts, size_t n);
/* Append a copy. -ENOMEM. */
int texts_add(char ***texts, size_t *n, const char *text);

#endif
