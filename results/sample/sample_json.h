/* sample_json.h - a sample as JSON, for the wire and for `--json`.
 *
 * Field names are those of struct sample; "dir" is an object by direction name with
 * the directions that did something; a latency block that measured nothing (n == 0) is
 * absent. Histograms travel as base64 of hist_encode(), intervals as base64 of
 * intervals_encode(). A number above 2^63 - 1, which JSON readers do not take, is a
 * string of digits. Members that came later (clock_cost_ns, clock_drift_ppm, n_errors, n_enters)
 * are absent when 0 and may be absent: a sample of an older agent reads as not known.
 * sample_from_json(sample_to_json(s)) equals s.
 */
#ifndef SAMPLE_JSON_H
#define SAMPLE_JSON_H

#include <jansson.h>

#include "base64.h"
#include "interval.h"
#include "sample.h"

/* New reference; NULL: out of memory. A text that is not UTF-8 has its bytes above 127 as '?'. */
json_t *sample_to_json(const struct sample *s);

/* The JSON may come from an untrusted guest: every count is bounded and checked against
 * the others (a histogram adds up to n, min_ns and max_ns lie in its first and last
 * bucket, sum_ns between them, ios is lat.n; a reading of the clock costs at most a second, and
 * its drift is at most a million parts). Unknown members are ignored.
 * -EBADMSG with the field named; -ENOMEM. */
int sample_from_json(const json_t *j, struct sample **ret_sample, struct bl_err *err);

#endif
