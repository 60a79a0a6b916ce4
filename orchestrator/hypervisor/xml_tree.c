#include "xml_tree.h"

#include <errno.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

static void fail(struct tree *t, int code)
{
	if (!t->code)
		t->code = code;
}

/* XML 1.0 has no way to write most control characters, and libxml2 wants UTF-8. */
static bool can_carry(const char *text)
{
	for (const char *p = text; *p; p++) {
		if ((unsigned char)*p < 0x20 && *p != '\t' && *p != '\n')
			return false;
	}
	return xmlCheckUTF8((const unsigned char *)text);
}

void tree_check(struct tree *t, const char *what, const char *text)
{
	if (can_carry(text))
		return;
	if (!t->code)
		bl_fail(&t->reason, -EINVAL,
			"%s: '%s' has a character that XML can't carry: only printable UTF-8 can "
			"be "
			"used",
			what, text);
	fail(t, -EINVAL);
}

static char *format(struct tree *t, const char *what, const char *fmt, va_list ap)
{
	char *text = NULL;

	if (vasprintf(&text, fmt, ap) < 0) {
		fail(t, -ENOMEM);
		return NULL;
	}
	tree_check(t, what, text);
	if (t->code != -EINVAL)
		return text;
	free(text);
	return NULL;
}

xmlNode *tree_root(struct tree *t, const char *name)
{
	xmlNode *n;

	t->doc = xmlNewDoc((const xmlChar *)"1.0");
	n = t->doc ? xmlNewDocNode(t->doc, NULL, (const xmlChar *)name, NULL) : NULL;
	if (!n)
		fail(t, -ENOMEM);
	else
		xmlDocSetRootElement(t->doc, n);
	return n;
}

xmlNode *tree_add(struct tree *t, xmlNode *parent, const char *name)
{
	xmlNode *n = parent ? xmlNewChild(parent, NULL, (const xmlChar *)name, NULL) : NULL;

	if (!n)
		fail(t, -ENOMEM);
	return n;
}

xmlNode *tree_addf(struct tree *t, xmlNode *parent, const char *name, const char *fmt, ...)
{
	xmlNode *n = tree_add(t, parent, name), *text;
	BL_CLEANUP(bl_freep) char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	s = format(t, name, fmt, ap);
	va_end(ap);
	if (!n || !s)
		return n;
	text = xmlNewDocText(t->doc, (const xmlChar *)s);
	if (!text || !xmlAddChild(n, text))
		fail(t, -ENOMEM);
	return n;
}

void tree_set(struct tree *t, xmlNode *node, const char *name, const char *fmt, ...)
{
	BL_CLEANUP(bl_freep) char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	s = format(t, name, fmt, ap);
	va_end(ap);
	if (node && s && !xmlNewProp(node, (const xmlChar *)name, (const xmlChar *)s))
		fail(t, -ENOMEM);
}

void tree_done(struct tree *t)
{
	xmlFreeDoc(t->doc);
	t->doc = NULL;
}

int tree_text(struct tree *t, char **ret_text, struct bl_err *err)
{
	xmlBuffer *b;
	char *text;

	if (t->code == -EINVAL)
		return bl_fail(err, -EINVAL, "%s", bl_err_text(&t->reason));
	b = t->code ? NULL : xmlBufferCreate();
	if (!b || xmlNodeDump(b, t->doc, xmlDocGetRootElement(t->doc), 0, 1) < 0) {
		xmlBufferFree(b);
		return bl_fail(err, -ENOMEM, "out of memory");
	}
	if (asprintf(&text, "%s\n", (const char *)xmlBufferContent(b)) < 0)
		text = NULL;
	xmlBufferFree(b);
	if (!text)
		return bl_fail(err, -ENOMEM, "out of memory");
	*ret_text = text;
	return 0;
}

char *xml_at(const char *xml, const char *xpath)
{
	xmlDoc *doc = xmlReadMemory(xml, (int)strlen(xml), "domain.xml", NULL,
				    XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NONET);
	xmlXPathContext *ctx = doc ? xmlXPathNewContext(doc) : NULL;
	xmlXPathObject *o = ctx ? xmlXPathEvalExpression((const xmlChar *)xpath, ctx) : NULL;
	xmlChar *value = NULL;
	char *copy = NULL;

	if (o && o->nodesetval && o->nodesetval->nodeNr > 0)
		value = xmlNodeGetContent(o->nodesetval->nodeTab[0]);
	if (value)
		copy = strdup((const char *)value);
	xmlFree(value);
	xmlXPathFreeObject(o);
	xmlXPathFreeContext(ctx);
	xmlFreeDoc(doc);
	return copy;
}
