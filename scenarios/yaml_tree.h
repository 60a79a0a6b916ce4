/* yaml_tree.h - a YAML document as a tree whose every node knows where it stood.
 *
 * The subset that scenario files need: mappings with plain keys, sequences, scalars. All
 * scalars are text: what a value means is its reader's business, so "off" and
 * "0x10" arrive as they were written. Anchors, aliases, tags and several documents in
 * one file are refused, as are keys given twice.
 */
#ifndef YAML_TREE_H
#define YAML_TREE_H

#include <stdarg.h>
#include <stddef.h>

#include "err.h"

#define YAML_TREE_BYTES_MAX    ((size_t)256 << 10) /* of text */
#define YAML_TREE_DEPTH_MAX    16
#define YAML_TREE_CHILDREN_MAX 4096 /* of one node */

/* Where something stood in the file, counted from 1. line 0: it is not from the file. */
struct text_pos {
	unsigned line, column;
};

enum ynode_kind { YNODE_SCALAR, YNODE_SEQUENCE, YNODE_MAPPING };

struct ynode {
	enum ynode_kind kind;
	struct text_pos at;
	char *text;           /* scalar: its value, no NUL inside; else NULL */
	struct ynode **items; /* sequence: its entries; mapping: its values */
	struct ynode **keys;  /* mapping: the scalar keys, as many as items */
	size_t n;
};

/* Parse @len bytes of @text, behind which a NUL stands; @name is the file's name, for
 * messages only. An empty file gives an empty
 * mapping. -EINVAL: not YAML, or beyond the subset; -EFBIG; -ENOMEM.
 * On failure *ret_root is untouched. */
int ytree_parse(const char *text, size_t len, const char *name, struct ynode **ret_root,
		struct bl_err *err);
struct ynode *ytree_free(struct ynode *root); /* NULL is fine; returns NULL */
void ytree_freep(struct ynode **root);

/* "a list", "a mapping", "text": the kind for messages. */
const char *ynode_kind_text(const struct ynode *node);

/* The place as messages end: " (virtio.yaml:14:10)", added to the noted reason.
 * Nothing is added for a position outside the file. Returns @code. */
int text_pos_note(struct bl_err *err, int code, const char *name, struct text_pos at);

/* bl_fail() and text_pos_note() in one. Returns @code. */
int text_pos_fail(struct bl_err *err, int code, const char *name, struct text_pos at,
		  const char *fmt, ...) __attribute__((format(printf, 5, 6)));

#define QUOTE_MAX 72

/* @text for a message: at most 60 bytes of it, control characters as '?'. Returns @out. */
char *text_quote(char out[QUOTE_MAX], const char *text);

#endif
