/* blocks.h - which block of the region comes next.
 *
 * Sequential, independent draws, or a keyed permutation: every block once a pass, in an
 * order that needs no memory (a Feistel network over the next power of two, walked
 * until it falls inside the region: Black and Rogaway 2002). Three rounds, the
 * construction of Luby and Rackoff 1988, with a multiplicative hash for each. Each pass has its own
 * key.
 */
#ifndef ENGINE_BLOCKS_H
#define ENGINE_BLOCKS_H

#include <stdint.h>

#include "rng.h"

enum block_order { BLOCKS_SEQUENTIAL, BLOCKS_PERMUTED, BLOCKS_DRAWN };

struct blocks {
	enum block_order order;
	uint64_t n;       /* blocks in the region, at least 1 */
	uint64_t next[2]; /* sequential: of reads and writes; permuted: [0] */
	uint64_t seed, pass;
	uint64_t draw; /* generator of draws */
	uint64_t key[3];
	uint64_t left_mask, right_mask;
	unsigned right_bits;
};

void blocks_init(struct blocks *b, enum block_order order, uint64_t n, uint64_t seed);
void blocks_new_pass(struct blocks *b); /* permuted: the next key */

static inline uint64_t blocks_half(uint64_t x, uint64_t key)
{
	return ((x ^ key) * UINT64_C(0xd6e8feb86659fd93)) >> 32;
}

static inline uint64_t blocks_permute(const struct blocks *b, uint64_t x)
{
	do {
		uint64_t left = x >> b->right_bits, right = x & b->right_mask;

		left ^= blocks_half(right, b->key[0]) & b->left_mask;
		right ^= blocks_half(left, b->key[1]) & b->right_mask;
		left ^= blocks_half(right, b->key[2]) & b->left_mask;
		x = left << b->right_bits | right;
	} while (x >= b->n);
	return x;
}

/* The next block for @dir (0 read, 1 write; they share one pass when permuted). */
static inline uint64_t blocks_next(struct blocks *b, unsigned dir)
{
	uint64_t at;

	if (b->order == BLOCKS_PERMUTED) {
		if (__builtin_expect(b->next[0] == b->n, 0))
			blocks_new_pass(b);
		return blocks_permute(b, b->next[0]++);
	}
	if (b->order == BLOCKS_DRAWN)
		return rng_below(&b->draw, b->n);
	at = b->next[dir]++;
	if (b->next[dir] == b->n)
		b->next[dir] = 0;
	return at;
}

#endif
