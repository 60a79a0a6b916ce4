/* grid.h - whether readings keep the grid of their interval, on a machine however busy.
 *
 * A watcher that could not run in time skips what it missed and goes on where the next reading is
 * due: steps between readings are whole intervals then, and only their number tells how busy the
 * machine was. A watcher that sleeps an interval after each reading has no such grid.
 */
#ifndef TESTS_GRID_H
#define TESTS_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Of @n moments of a series: is at least one step an interval, and are more than half of the steps
 * a multiple of it, to a quarter? A single reading may be late, so not all. Prints what it saw. */
static inline bool keeps_grid(const uint64_t *at_ns, size_t n, uint64_t interval_ns)
{
	size_t single = 0, on_grid = 0;

	for (size_t i = 0; i + 1 < n; i++) {
		uint64_t step = at_ns[i + 1] - at_ns[i];
		uint64_t times = (step + interval_ns / 2) / interval_ns;
		uint64_t whole = times * interval_ns;
		uint64_t off = step > whole ? step - whole : whole - step;

		if (!times || off > interval_ns / 4)
			continue;
		on_grid++;
		single += times == 1;
	}
	printf("    %zu readings: %zu of %zu steps are whole intervals of %.1f ms, %zu a single "
	       "one\n",
	       n, on_grid, n ? n - 1 : 0, (double)interval_ns / 1e6, single);
	return single && 2 * on_grid > n - 1;
}

#endif
