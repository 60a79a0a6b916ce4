/* scripted.h - a VM whose monitor answers from a JSON object: command -> reply, and for qom-get
 * "PATH PROPERTY" -> value. It has no XML and no process. For tests. */
#ifndef SCRIPTED_H
#define SCRIPTED_H

#include <jansson.h>

#include "effective.h"
#include "hypervisor_priv.h"

struct scripted {
	struct hv_vm base;
	json_t *replies;
};
extern const struct hv_ops scripted_ops;

/* JSON with ' for "; new. */
json_t *scripted_json(const char *text);

/* The sentence for @c when @answers are given, but @value at @at (NULL: no answer there); new,
 * NULL: all match. */
char *scripted_sentence(const char *answers, const struct cell *c, const struct domain_binding *b,
			const char *at, const char *value);

#endif
