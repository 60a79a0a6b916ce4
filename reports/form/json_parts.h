/* json_parts.h - what JSON documents are made of; new references, NULL when memory is out. */
#ifndef REPORT_JSON_PARTS_H
#define REPORT_JSON_PARTS_H

#include <jansson.h>

#include "boots.h"
#include "summary.h"

/* Into *o or *a, taking @value. Without memory, or with a @value that found none (NULL), *o becomes
 * NULL and stays so: a document that lost a part is none, up to part_dump(). */
void part_set(json_t **o, const char *key, json_t *value);
void part_append(json_t **a, json_t *value);
void part_set_real(json_t **o, const char *key, double value); /* left out unless finite */

json_t *part_text(const char *s); /* cleaned; null when @s is NULL */
json_t *part_facts(const struct facts *f);
/* "boots", "boots_ok", "rounds" and "shares_boots" into *o. */
void part_boots(json_t **o, const struct cell_boots *b);
json_t *part_lat(const struct lat *l);
json_t *part_summary_lat(const struct summary *s); /* of all; with "told", see told.h */
json_t *part_metrics(const struct summary *s);
json_t *part_comparisons(const struct comparison c[METRICS]);

/* Takes @root, which may be NULL. -ENOMEM. */
int part_dump(json_t *root, struct bl_buf *out);

#endif
