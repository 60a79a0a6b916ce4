/* value_pairs.h - pairs of values out of a text, two a line: "412,398".
 *
 * Parted by a comma, a semicolon (then a decimal comma is one), a tab or blanks. Left out: empty
 * lines, lines that begin with '#', the lines before the first pair that hold no number (a head),
 * and pairs of which one is absent (empty, '-', NA, NaN or null).
 */
#ifndef VALUE_PAIRS_H
#define VALUE_PAIRS_H

#include <stddef.h>

#include "err.h"

struct value_pairs {
	double *a, *b;
	size_t *line; /* from 1 */
	size_t n;
	size_t n_absent; /* pairs left out */
};

/* @text[len] is read only. *ret is new: value_pairs_done(). -EINVAL: what is wrong in which line,
 * and what would do; also when there is no pair. -E2BIG, -ENOMEM. */
int value_pairs_parse(const char *text, size_t len, struct value_pairs *ret, struct bl_err *err);
void value_pairs_done(struct value_pairs *p);

#endif
