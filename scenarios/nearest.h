/* nearest.h - the known word that a mistyped one was probably meant to be. */
#ifndef NEAREST_H
#define NEAREST_H

#include <stddef.h>

/* Of the @n words at @words (each @stride bytes after the one before; a word is
 * the const char * found there) the one with the fewest letters inserted, left
 * out, changed or swapped with a neighbour. NULL when none is near: more than a third of
 * @word's letters, and at least two, may differ. Ties: the first. Borrowed. */
const char *nearest_word(const char *word, const void *words, size_t stride, size_t n);

/* "did you mean 'x'? " of the nearest, or "": for messages. */
struct hint {
	char text[64];
};
struct hint hint_for(const char *word, const void *words, size_t stride, size_t n);

#endif
