/* xml_tree.h - building XML as a tree, and asking it.
 *
 * Failures are kept until the end: tree_text() reports the first. A node of NULL is accepted
 * everywhere and gives NULL, so that building needs no checks.
 */
#ifndef XML_TREE_H
#define XML_TREE_H

#include <libxml/tree.h>

#include "err.h"

struct tree {
	xmlDoc *doc;
	int code;             /* 0, -ENOMEM or -EINVAL */
	struct bl_err reason; /* for -EINVAL: the text that XML can't carry */
};

xmlNode *tree_root(struct tree *t, const char *name);
xmlNode *tree_add(struct tree *t, xmlNode *parent, const char *name);
/* An element with text in it. */
xmlNode *tree_addf(struct tree *t, xmlNode *parent, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void tree_set(struct tree *t, xmlNode *node, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Note a failure when XML can't carry @text, named @what in the message. */
void tree_check(struct tree *t, const char *what, const char *text);
void tree_done(struct tree *t);

/* The document as indented text, without an XML declaration; new (free()). */
int tree_text(struct tree *t, char **ret_text, struct bl_err *err);

/* Attribute or element text at @xpath of the document @xml; new (free()). NULL: not there. */
char *xml_at(const char *xml, const char *xpath);

#endif
