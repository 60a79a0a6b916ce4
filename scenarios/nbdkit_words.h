/* nbdkit_words.h - what a scenario may tell nbdkit: filters of a table, and their parameters.
 *
 * nbdkit's other words serve another file, run programs or write files anywhere. The lab alone
 * decides what is served and where, so that only what is known to do neither is let through.
 */
#ifndef NBDKIT_WORDS_H
#define NBDKIT_WORDS_H

#include "err.h"

#define NBDKIT_ACCEPTS "words --filter=NAME and PARAMETER=VALUE with blanks between them"

/* *ret_words is @text with one blank between its words, new. -EINVAL: quotes the word, says what is
 * accepted: a filter that is not in the table, a parameter of no filter that is named. -ENOMEM. */
int nbdkit_words_read(const char *text, char **ret_words, struct bl_err *err);

#endif
