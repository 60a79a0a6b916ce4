/* key_tree.h - is every key of one JSON document in another, with the same type? */
#ifndef KEY_TREE_H
#define KEY_TREE_H

#include <jansson.h>

#include "buf.h"

/* A line for each key path of @want that @have lacks or has as another type. The keys of
 * "job options" and "bins" are data, not layout, and are not looked into. */
void key_tree_missing(json_t *want, const json_t *have, const char *path, struct bl_buf *out);

#endif
