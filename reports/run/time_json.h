/* time_json.h - where a job's time went, as JSON, in one trial.
 *
 * Keys that are set, each only when something of it is known:
 *   "layers":  [{"place", "source", "absent", "device", "busy_share", "mean_inflight",
 *                "read": {"n", "mean_ns", "bytes", "merges", "p50_ns", ..., "histogram"}, ...}]
 *   "budget":  {"read": {"total_ns", "requests": {PLACE: n}, "warning",
 *                        "parts": [{"part", "own_ns", "share", "why_not", "joined_to"}]}, ...}
 * with TIME_ALL:
 *   "cpu":     [{"role", "run_ns_per_io", "wait_ns_per_io", "run_share", "wait_share"}]
 *   "stutter": {...}, "spikes": {...}, "signals": [{...}]
 * docs/diagnose.md says what they mean. What is not known is left out.
 */
#ifndef REPORT_TIME_JSON_H
#define REPORT_TIME_JSON_H

#include <jansson.h>

#include "job_analysis.h"

/* For programs: of a place in layers, and of a part in budget. */
extern const char *const time_place_names[LAYER_ATS];   /* "engine", "guest", "qemu", "host" */
extern const char *const time_part_names[BUDGET_PARTS]; /* "guest", "virtual", "qemu", "host" */

enum time_detail {
	TIME_LAYERS, /* what is cheap and short: layers and budget */
	TIME_ALL
};

/* Into *o, which becomes NULL when memory is out (as part_set() has it). */
void time_set(json_t **o, const struct run_data *d, size_t trial, size_t job,
	      enum time_detail detail);

#endif
