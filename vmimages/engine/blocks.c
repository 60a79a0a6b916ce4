#include "blocks.h"

void blocks_new_pass(struct blocks *b)
{
	uint64_t state = rng_mix(b->seed + ++b->pass);

	for (int i = 0; i < 3; i++)
		b->key[i] = rng_next(&state);
	b->next[0] = 0;
}

void blocks_init(struct blocks *b, enum block_order order, uint64_t n, uint64_t seed)
{
	unsigned bits = n > 1 ? 64 - (unsigned)__builtin_clzll(n - 1) : 0;

	*b = (struct blocks){.order = order, .n = n, .seed = seed, .draw = rng_mix(~seed)};
	b->right_bits = (bits + 1) / 2;
	b->right_mask = ((uint64_t)1 << b->right_bits) - 1;
	b->left_mask = ((uint64_t)1 << (bits / 2)) - 1;
	if (order == BLOCKS_PERMUTED)
		blocks_new_pass(b);
}
