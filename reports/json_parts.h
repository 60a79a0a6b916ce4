/* json_parts.h - what both JSON documents are made of; new references, NULL when memory is out. */
#ifndef REPORT_JSON_PARTS_H
#define REPORT_JSON_PARTS_H

#include <jansson.h>

#include "summary.h"

json_t *part_text(const char *s); /* cleaned; null when @s is NULL */
json_t *part_facts(const struct facts *f);
json_t *part_lat(const struct lat *l);
json_t *part_metrics(const struct summary *s);
json_t *part_comparisons(const struct comparison c[METRICS]);

/* Takes @root. -ENOMEM. */
int part_dump(json_t *root, struct bl_buf *out);

#endif
