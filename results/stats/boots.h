/* boots.h - which trials of a run shared boots, and how many boots a cell had.
 *
 * A boot is one VM from its start to its end, the unit of replication. Mostly it is one trial;
 * cells that differ only in the disk may have shared boots and taken turns in rounds.
 */
#ifndef BOOTS_H
#define BOOTS_H

#include "buf.h"
#include "record.h"

/* Those of one cell. */
struct cell_boots {
	size_t n;          /* repeats that it has a trial of */
	size_t n_ok;       /* in which at least one round was ok */
	uint32_t n_rounds; /* the most trials of it in one boot; 0: it has none */
	bool shares;       /* with another cell */
};
struct cell_boots boots_of(const struct run_data *d, uint32_t cell);

/* A figure of one trial, or of the rounds of a boot. */
struct boot_value {
	double value;
	uint32_t repeat;
	uint64_t rounds; /* a bit each */
};
/* v[n], of trials of one cell, becomes one value a repeat, in order; returns how many. Rounds of
 * one boot are one value: their geometric mean, or the arithmetic one where a logarithm would not
 * exist. A lone one stays bit for bit. *ret_most: rounds in one of them. */
size_t boots_merge(struct boot_value *v, size_t n, size_t *ret_most);

/* "6 trials", or "6 boots x 2 rounds". */
void boots_text(const struct cell_boots *b, size_t n_boots, struct bl_buf *out);

#endif
