#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "randmap.h"

#define TRIES 4 /* candidates looked at before the tree is asked: half full 1 in 16 asks */
#define NONE  UINT64_MAX
#define ALL   UINT64_MAX

static inline uint64_t used_word(const struct randmap *m, unsigned level, uint64_t word)
{
	return m->level[level][word] ^ m->flip;
}

/* Bits beyond the end are always in use; toggled whenever the meaning of bits is. */
static void toggle_padding(struct randmap *m)
{
	uint64_t n = m->n;

	for (unsigned k = 0; k < m->n_levels; k++) {
		if (n % 64)
			m->level[k][m->words[k] - 1] ^= ALL << n % 64;
		n = m->words[k];
	}
}

int randmap_init(struct randmap *m, uint64_t n, uint64_t seed)
{
	uint64_t *bits, total = 0;

	*m = (struct randmap){.n = n};
	for (uint64_t units = n; m->n_levels == 0 || units > 1; units = m->words[m->n_levels++]) {
		m->words[m->n_levels] = (units + 63) / 64;
		total += m->words[m->n_levels];
	}
	bits = calloc(total, sizeof(*bits));
	if (!bits)
		return -ENOMEM;
	for (unsigned k = 0; k < m->n_levels; k++) {
		m->level[k] = bits;
		bits += m->words[k];
	}
	toggle_padding(m);
	blocks_init(&m->order, BLOCKS_PERMUTED, n, seed);
	return 0;
}

void randmap_done(struct randmap *m)
{
	free(m->level[0]);
	m->level[0] = NULL;
}

void randmap_new_pass(struct randmap *m)
{
	if (randmap_is_full(m)) {
		m->flip = ~m->flip;
	} else {
		m->flip = 0;
		for (unsigned k = 0; k < m->n_levels; k++)
			memset(m->level[k], 0, m->words[k] * sizeof(uint64_t));
	}
	toggle_padding(m);
	m->used = m->tried = 0;
	blocks_new_pass(&m->order);
}

static inline bool is_used(const struct randmap *m, uint64_t at)
{
	return used_word(m, 0, at / 64) >> at % 64 & 1;
}

/* The first free unit from @at on, or NONE: up the tree until a word has something free
 * to the right, and down again along it. */
static uint64_t free_from(const struct randmap *m, uint64_t at)
{
	unsigned k = 0;

	for (;;) {
		uint64_t word = at / 64, left;

		if (word >= m->words[k])
			return NONE;
		left = ~used_word(m, k, word) & ALL << at % 64;
		if (left) {
			at = word * 64 + (unsigned)__builtin_ctzll(left);
			break;
		}
		if (++k == m->n_levels)
			return NONE;
		at = word + 1;
	}
	while (k--)
		at = at * 64 + (unsigned)__builtin_ctzll(~used_word(m, k, at));
	return at;
}

/* The free units from @at on, at most @want; those beyond the end count as used. */
static uint64_t free_run(const struct randmap *m, uint64_t at, uint64_t want)
{
	uint64_t n = 0;

	while (n < want && (at + n) / 64 < m->words[0]) {
		unsigned bit = (at + n) % 64;
		uint64_t used = used_word(m, 0, (at + n) / 64) >> bit;

		if (used) {
			n += (unsigned)__builtin_ctzll(used);
			break;
		}
		n += 64 - bit;
	}
	return n < want ? n : want;
}

static void set_full(struct randmap *m, uint64_t word)
{
	for (unsigned k = 1; k < m->n_levels; k++) {
		m->level[k][word / 64] ^= (uint64_t)1 << word % 64;
		word /= 64;
		if (used_word(m, k, word) != ALL)
			break;
	}
}

static void use(struct randmap *m, uint64_t at, uint64_t n)
{
	m->used += n;
	while (n) {
		uint64_t word = at / 64;
		unsigned bit = at % 64, now = n < 64 - bit ? (unsigned)n : 64 - bit;

		m->level[0][word] ^= ALL >> (64 - now) << bit;
		if (used_word(m, 0, word) == ALL)
			set_full(m, word);
		at += now;
		n -= now;
	}
}

bool randmap_draw(struct randmap *m, uint64_t want, uint64_t *ret_at, uint64_t *ret_n)
{
	uint64_t at = 0;

	if (randmap_is_full(m))
		return false;
	/* Once all candidates were looked at, each was in use or is by now: the map is full.
	 * So there is one more. */
	for (unsigned i = 0; i < TRIES && m->tried < m->n; i++) {
		at = blocks_permute(&m->order, m->tried++);
		if (!is_used(m, at))
			break;
	}
	if (is_used(m, at)) {
		at = free_from(m, at);
		if (at == NONE)
			at = free_from(m, 0);
	}
	*ret_at = at;
	*ret_n = free_run(m, at, want);
	use(m, at, *ret_n);
	return true;
}
