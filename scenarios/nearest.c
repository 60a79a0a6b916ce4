#include "nearest.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define WORD_MAX 63 /* longer words are not looked at: nobody means them */

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Optimal string alignment distance (Damerau-Levenshtein without editing a
 * letter twice), over three rows; case does not count. */
static unsigned distance(const char *a, const char *b)
{
	unsigned rows[3][WORD_MAX + 1];
	size_t la = strlen(a), lb = strlen(b);

	if (la > WORD_MAX || lb > WORD_MAX)
		return UINT_MAX;
	for (size_t j = 0; j <= lb; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned *row = rows[i % 3], *up = rows[(i - 1) % 3], *up2 = rows[(i + 1) % 3];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			int ca = tolower((unsigned char)a[i - 1]);
			int cb = tolower((unsigned char)b[j - 1]);

			row[j] = least(least(up[j], row[j - 1]) + 1, up[j - 1] + (ca != cb));
			if (i > 1 && j > 1 && ca == tolower((unsigned char)b[j - 2]) &&
			    cb == tolower((unsigned char)a[i - 2]))
				row[j] = least(row[j], up2[j - 2] + 1);
		}
	}
	return rows[la % 3][lb];
}

const char *nearest_word(const char *word, const void *words, size_t stride, size_t n)
{
	size_t third = strlen(word) / 3;
	unsigned best = third > 2 ? (unsigned)third : 2;
	const char *found = NULL;

	for (size_t i = 0; i < n; i++) {
		const char *known;
		unsigned d;

		memcpy(&known, (const char *)words + i * stride, sizeof known);
		d = distance(word, known);
		/* "x" is two letters away from "io": that says nothing */
		if (d > best || d >= strlen(known) || (found && d == best))
			continue;
		best = d;
		found = known;
	}
	return found;
}

struct hint hint_for(const char *word, const void *words, size_t stride, size_t n)
{
	const char *near = nearest_word(word, words, stride, n);
	struct hint hint = {""};

	if (near)
		snprintf(hint.text, sizeof hint.text, "did you mean '%s'? ", near);
	return hint;
}
