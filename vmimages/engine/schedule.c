#include "schedule.h"

void schedule_init(struct schedule *s, uint64_t ticks_per_second, uint64_t start, uint64_t rate,
		   bool is_bytes, bool is_poisson)
{
	unsigned __int128 second = (unsigned __int128)ticks_per_second << 64;

	*s = (struct schedule){
		.due = (unsigned __int128)start << 64,
		.step = second / rate + (second % rate != 0),
		.mean = (double)ticks_per_second / (double)rate,
		.is_bytes = is_bytes,
		.is_poisson = is_poisson,
	};
}
