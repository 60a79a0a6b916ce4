/* guest_told.h - what a guest's message says, bounded and in printable ASCII.
 *
 * For guest.c. The guest is not trusted: whatever leaves here may go into terminals and reports.
 * -EBADMSG: more or other than the protocol has; -ENOMEM: some may have been added.
 */
#ifndef GUEST_TOLD_H
#define GUEST_TOLD_H

#include <jansson.h>
#include <stdint.h>

#include "err.h"
#include "record.h"

/* The number that is member @key; 0 when it is absent, no whole number or below 0. */
uint64_t told_number(const json_t *msg, const char *key);

/* The text that is member @key, '?' for what is not printable ASCII, cut at @len; "" absent. */
void told_text(const json_t *msg, const char *key, char *out, size_t len);
void told_tame_here(char *text);                        /* the same of any text */
const char *told_type(const json_t *msg, char out[33]); /* returns @out */

/* Texts, whole numbers and truth values of @object, at most 64 members, 1023 characters each. */
int told_facts(struct facts *out, const json_t *object, struct bl_err *err);

/* `module_errors` of hello as one fact of that name. -ENOMEM. */
int told_module_errors(struct facts *out, const json_t *list);

/* `interrupts` of @msg: "nvme0q1" = "0:1234 3:55", nothing of another form. */
int told_interrupts(const json_t *msg, struct facts *out, struct bl_err *err);

/* `telemetry` of @msg: signals of the guest's table in results/series/signals.md, nothing else.
 * *ret is new; empty: the message has none. */
int told_telemetry(const json_t *msg, struct series_set *ret, struct bl_err *err);

/* `events` of @msg as "0", "1"..., at most 128. */
int told_events(const json_t *msg, struct facts *out, struct bl_err *err);

#endif
