/* signals.h - a watched signal as people read it and as tests take it: titled, with a unit, one
 * value a slice of the job's time.
 *
 * Derived from the raw counters (results/series/signals.md) by the rows of signal_rows.c: rates and
 * shares instead of counters, mean time per request, sums over vCPUs and iothreads.
 */
#ifndef SIGNALS_H
#define SIGNALS_H

#include "attribution.h"
#include "finding_layer.h"
#include "record.h"
#include "timeline.h"

struct signal {
	enum watcher watcher;
	/* "host.thread.iothread1.wait_ns": who watched, and its name in the catalogue; derived ones
	 * have a name of the same kind: "guest.disk.read_await_ns", "host.thread.vcpu.wait_ns" */
	char name[96];
	char title[96];   /* "iothread1 waits for a CPU" */
	const char *unit; /* of values: "share" (of the time, 0..1), "CPUs" (busy at once), "1/s",
			   * "bytes", "bytes/s", "ns", "count", "kHz", "C" */
	enum finding_layer layer; /* where the cause lies, if it is one */
	bool is_count_like;       /* rare events: any is remarkable */
	bool is_low_bad;          /* trouble is where it is low (free memory, frequency) */
	/* Follows the latency (requests in flight, mean times, iowait): shows where the time goes
	 * and is never named as what made it. */
	bool is_symptom;
	bool is_untested; /* shown only: too slow to be told from chance */
	bool is_copy;     /* the sum of a single one, which is here too: not tested twice */
	double *values;   /* [n] of the timeline; NAN: absent */
	double mean, max, min;
	/* Against the spikes; n_spikes 0 and is_tested false: too few of them, or it never changed.
	 */
	bool is_tested;
	struct attribution why;
	/* Again, on the spikes that the best signal does not explain. */
	bool is_tested_on_rest;
	struct attribution rest;
};

struct signals {
	struct signal *items;
	size_t n;
};
#define SIGNALS_MAX                                                                                \
	256 /* of a job; the catalogue's first ones are kept: sums before single CPUs              \
	     */

/* All that @j's watchers know, on @line's slices, in the catalogue's order. @devices: names of the
 * host's devices below the backing, "sda sdb" (layer_seen.device). *ret is new: signals_done(). A
 * line with n 0 gives none. -ENOMEM. */
int signals_of(const struct job_result *j, const struct timeline *line, const char *devices,
	       struct signals *ret, struct bl_err *err);
void signals_done(struct signals *s);
const struct signal *signals_find(const struct signals *s, const char *name); /* NULL */

#endif
