/* sample_json.h - a sample as JSON, for the wire and for `--json`.
 *
 * Histograms travel as base64 of hist_encode(); field names are those of
 * struct sample. sample_from_json(sample_to_json(s)) equals s.
 */
#ifndef SAMPLE_JSON_H
#define SAMPLE_JSON_H

#include <jansson.h>

#include "sample.h"

json_t *sample_to_json(const struct sample *s); /* new reference; NULL: out of memory */

/* The JSON may come from an untrusted guest: every count is bounded and checked.
 * -EBADMSG with the field named; -ENOMEM. */
int sample_from_json(const json_t *j, struct sample **ret_sample, struct bl_err *err);

/* Intervals as compact bytes for the store (LEB128; version byte first). */
void intervals_encode(const struct sample *s, struct bl_buf *out);
int intervals_decode(struct sample *s, const void *data, size_t len, struct bl_err *err);

/* Standard base64 with padding. Decode: -EBADMSG. */
void base64_encode(const void *data, size_t len, struct bl_buf *out);
int base64_decode(const char *text, size_t len, struct bl_buf *out);

#endif
