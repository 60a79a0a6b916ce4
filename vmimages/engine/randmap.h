/* randmap.h - each unit of a region once a pass, with requests of mixed lengths.
 *
 * One bit a unit (the smallest block size), and above it a tree of "this word is full"
 * bits, 64 to one: memory is n / 8 bytes and a 63rd of that. A draw looks at a few
 * candidates of a keyed permutation, which visits each unit once; when all were in use,
 * the tree finds the next free unit in a handful of steps, however full the map is.
 * Reads and writes that share a pass draw from one map. Blocks of one size need none of
 * this: blocks.h.
 */
#ifndef ENGINE_RANDMAP_H
#define ENGINE_RANDMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "blocks.h"

#define RANDMAP_LEVELS 7 /* 64^7 units */

struct randmap {
	uint64_t n, used;
	uint64_t flip; /* all ones in every second pass, where a set bit is a free unit: so a
			* full map is an empty one without touching it */
	unsigned n_levels;
	uint64_t *level[RANDMAP_LEVELS]; /* [0] is the map; one allocation */
	uint64_t words[RANDMAP_LEVELS];
	struct blocks order;
	uint64_t tried; /* candidates of this pass */
};

/* @n >= 1 units. 0 or -ENOMEM; end it with randmap_done(). */
int randmap_init(struct randmap *m, uint64_t n, uint64_t seed);
void randmap_done(struct randmap *m);

/* A random free unit and how many free ones follow it, at most @want >= 1: those are in
 * use now. false: the pass is over, nothing is free. */
bool randmap_draw(struct randmap *m, uint64_t want, uint64_t *ret_at, uint64_t *ret_n);

static inline bool randmap_is_full(const struct randmap *m)
{
	return m->used == m->n;
}

/* All units are free, in another order. At the end of a pass this costs nothing; earlier
 * it clears the map: n / 8 bytes. */
void randmap_new_pass(struct randmap *m);

#endif
