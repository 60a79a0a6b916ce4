/* depthsearch.h - latency_target: the greatest depth at which enough requests are in time.
 *
 * A pure state machine, fed once a latency_window, with the moves observed of fio 3.33
 * (--debug=rate): from depth 1 the depth doubles while windows pass, up to the iodepth; the
 * first miss bounds it, and from there the interval is halved. When a pass leaves the depth
 * where it is, the search is settled: the caller drains the queue, forgets what it has
 * counted and measures one more window there. A miss in that one lowers the depth further,
 * and the next pass that settles ends it.
 *
 * With latency_run it never ends: settled windows are counted, and at the third the bound
 * is raised by one, so that it follows a device that became faster.
 */
#ifndef ENGINE_DEPTHSEARCH_H
#define ENGINE_DEPTHSEARCH_H

#include <stdbool.h>
#include <stdint.h>

enum depth_state {
	DEPTH_SEARCHING, /* go on at .depth */
	DEPTH_FINAL,     /* drain, reset statistics, one more window at .depth */
	DEPTH_DONE,      /* .depth is the answer, of the window just fed */
	DEPTH_FAILED,    /* depth 1 missed the target; more windows may be fed (fio goes on
			  * until runtime, without an error) */
};

struct depthsearch {
	uint32_t depth; /* to run at, 1..max */
	uint32_t low, high, max;
	bool is_bounded;   /* high is a depth that missed */
	bool keeps_going;  /* latency_run */
	bool is_final;     /* the search has settled once */
	unsigned settled;  /* windows, with latency_run */
	double percentile; /* latency_percentile: 0..100 percent of the requests in time */
	enum depth_state state;
};

/* @max: iodepth, at least 1. */
void depthsearch_init(struct depthsearch *d, uint32_t max, double percentile, bool keeps_going);

/* The requests of one window at .depth that kept the target, and that missed it. A window
 * without any changes nothing. Returns .state; the next window is for .depth, and starts
 * counting anew. */
enum depth_state depthsearch_window(struct depthsearch *d, uint64_t n_within, uint64_t n_over);

#endif
