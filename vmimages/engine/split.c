#include <errno.h>

#include "split.h"

void split_fixed(struct split *s, uint32_t bytes)
{
	*s = (struct split){.kind = SPLIT_FIXED, .min = bytes, .max = bytes};
}

void split_range(struct split *s, uint32_t min, uint32_t max, bool is_unaligned)
{
	*s = (struct split){
		.kind = is_unaligned ? SPLIT_BYTES : SPLIT_STEPS,
		.min = min,
		.max = max,
		.steps = ((uint64_t)max << 32) / min,
	};
	if (min == max)
		s->kind = SPLIT_FIXED;
}

int split_table(struct split *ret, const struct split_part *parts, unsigned n, struct bl_err *err)
{
	struct split s = {.kind = SPLIT_TABLE, .min = UINT32_MAX, .n = n};
	double given = 0, rest, sum = 0;
	unsigned open = 0;

	if (n < 1 || n > SPLIT_MAX)
		return bl_fail(err, -ERANGE, "bssplit: %u entries are not 1 to %d", n, SPLIT_MAX);
	for (unsigned i = 0; i < n; i++) {
		if (!parts[i].bytes)
			return bl_fail(err, -ERANGE, "bssplit: entry %u has 0 bytes", i + 1);
		if (parts[i].pct < 0)
			open++;
		else
			given += parts[i].pct;
	}
	if (!(given <= 100.000001))
		return bl_fail(err, -ERANGE, "bssplit: %g %% in all is above 100", given);
	rest = open && given < 100 ? (100 - given) / open : 0;
	for (unsigned i = 0; i < n; i++) {
		sum += parts[i].pct < 0 ? rest : parts[i].pct;
		s.below[i] = sum < 100 ? (uint64_t)(sum / 100 * 0x1p64) : UINT64_MAX;
		s.bytes[i] = parts[i].bytes;
		s.min = parts[i].bytes < s.min ? parts[i].bytes : s.min;
		s.max = parts[i].bytes > s.max ? parts[i].bytes : s.max;
	}
	*ret = s;
	return 0;
}
