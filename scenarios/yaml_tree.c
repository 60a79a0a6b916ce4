#include "yaml_tree.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "cleanup.h"

struct builder {
	yaml_parser_t yaml;
	yaml_event_t event;
	bool has_event;
	const char *text;
	const char *name;
	struct bl_err *err;
};

char *text_quote(char out[QUOTE_MAX], const char *text)
{
	size_t len = strlen(text), n = len;

	if (n > 60)
		for (n = 60; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80; n--)
			; /* not in the middle of a UTF-8 character */
	for (size_t i = 0; i < n; i++)
		out[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? '?' : text[i];
	snprintf(out + n, QUOTE_MAX - n, "%s", n < len ? "..." : "");
	return out;
}

int text_pos_note(struct bl_err *err, int code, const char *name, struct text_pos at)
{
	size_t len;

	if (!err || at.line == 0)
		return code;
	len = strlen(err->text);
	snprintf(err->text + len, sizeof err->text - len, " (%s:%u:%u)", name, at.line, at.column);
	return code;
}

int text_pos_fail(struct bl_err *err, int code, const char *name, struct text_pos at,
		  const char *fmt, ...)
{
	char text[BL_ERR_TEXT_MAX];
	va_list ap;

	if (!err || err->code)
		return code;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	bl_fail(err, code, "%s", text);
	return text_pos_note(err, code, name, at);
}

const char *ynode_kind_text(const struct ynode *node)
{
	static const char *const texts[] = {"a single value", "a list", "a mapping"};

	return texts[node->kind];
}

struct ynode *ytree_free(struct ynode *root)
{
	if (!root)
		return NULL;
	for (size_t i = 0; i < root->n; i++) {
		ytree_free(root->items[i]);
		if (root->keys)
			ytree_free(root->keys[i]);
	}
	free(root->items);
	free(root->keys);
	free(root->text);
	free(root);
	return NULL;
}

void ytree_freep(struct ynode **root)
{
	*root = ytree_free(*root);
}

static struct text_pos mark_pos(yaml_mark_t mark)
{
	return (struct text_pos){(unsigned)mark.line + 1, (unsigned)mark.column + 1};
}

static int out_of_memory(struct builder *b)
{
	return bl_fail(b->err, -ENOMEM, "out of memory while reading '%s'", b->name);
}

/* The commonest mistake, which libyaml describes as a character that starts no token. */
static bool is_tab_indented(const char *text, size_t line)
{
	for (; line > 0 && text; line--) {
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	return text && text[strspn(text, " ")] == '\t';
}

/* The parser gives no line for bytes it can't read. */
static struct text_pos byte_pos(const char *text, size_t offset)
{
	struct text_pos at = {1, 1};

	for (size_t i = 0; i < offset && text[i]; i++) {
		at.column++;
		if (text[i] == '\n')
			at = (struct text_pos){at.line + 1, 1};
	}
	return at;
}

static int yaml_failed(struct builder *b)
{
	const yaml_parser_t *p = &b->yaml;
	struct text_pos at = mark_pos(p->problem_mark);

	if (p->error == YAML_MEMORY_ERROR)
		return out_of_memory(b);
	if (p->error == YAML_READER_ERROR)
		return text_pos_fail(b->err, -EINVAL, b->name,
				     b->text ? byte_pos(b->text, p->problem_offset) : at,
				     "not YAML: %s; the file must be UTF-8 text", p->problem);
	if (is_tab_indented(b->text, p->problem_mark.line))
		return text_pos_fail(
			b->err, -EINVAL, b->name, at,
			"not YAML: the line is indented with a tab; blanks are accepted");
	return text_pos_fail(b->err, -EINVAL, b->name, at, "not YAML: %s%s%s",
			     p->problem ? p->problem : "unknown problem", p->context ? " " : "",
			     p->context ? p->context : "");
}

/* The next event into b->event. */
static int next(struct builder *b)
{
	if (b->has_event)
		yaml_event_delete(&b->event);
	b->has_event = false;
	if (!yaml_parser_parse(&b->yaml, &b->event))
		return yaml_failed(b);
	b->has_event = true;
	return 0;
}

static int refuse(struct builder *b, const char *what, const char *instead)
{
	return text_pos_fail(b->err, -EINVAL, b->name, mark_pos(b->event.start_mark),
			     "%s are not used in scenario files; %s", what, instead);
}

/* Anchors and tags sit on nodes of every kind. */
static int check_properties(struct builder *b)
{
	const yaml_event_t *e = &b->event;
	const yaml_char_t *anchor = NULL, *tag = NULL;

	if (e->type == YAML_ALIAS_EVENT)
		return refuse(b, "aliases ('*name')", "write the value again");
	if (e->type == YAML_SCALAR_EVENT) {
		anchor = e->data.scalar.anchor;
		tag = e->data.scalar.tag;
	} else if (e->type == YAML_SEQUENCE_START_EVENT) {
		anchor = e->data.sequence_start.anchor;
		tag = e->data.sequence_start.tag;
	} else if (e->type == YAML_MAPPING_START_EVENT) {
		anchor = e->data.mapping_start.anchor;
		tag = e->data.mapping_start.tag;
	}
	if (anchor)
		return refuse(b, "anchors ('&name')", "write the value again");
	if (tag)
		return refuse(b, "tags ('!name')", "every value is plain text");
	return 0;
}

static int fill_scalar(struct builder *b, struct ynode *node)
{
	const yaml_event_t *e = &b->event;
	size_t len = e->data.scalar.length;

	if (memchr(e->data.scalar.value, '\0', len))
		return text_pos_fail(b->err, -EINVAL, b->name, node->at,
				     "a value holds a NUL character; text is accepted");
	node->text = malloc(len + 1);
	if (!node->text)
		return out_of_memory(b);
	memcpy(node->text, e->data.scalar.value, len);
	node->text[len] = '\0';
	return 0;
}

/* Room for one more child; the arrays double, so the length need not be stored. */
static int grow(struct builder *b, struct ynode *node)
{
	size_t cap = node->n ? node->n * 2 : 4;
	struct ynode **p;

	if (node->n >= YAML_TREE_CHILDREN_MAX)
		return text_pos_fail(b->err, -EINVAL, b->name, node->at,
				     "more than %d entries in %s", YAML_TREE_CHILDREN_MAX,
				     ynode_kind_text(node));
	if (node->n && (node->n < 4 || (node->n & (node->n - 1))))
		return 0;
	p = realloc(node->items, cap * sizeof *p);
	if (!p)
		return out_of_memory(b);
	node->items = p;
	if (node->kind != YNODE_MAPPING)
		return 0;
	p = realloc(node->keys, cap * sizeof *p);
	if (!p)
		return out_of_memory(b);
	node->keys = p;
	return 0;
}

static int check_key(struct builder *b, const struct ynode *map, const struct ynode *key)
{
	char q[QUOTE_MAX];

	if (key->kind != YNODE_SCALAR)
		return text_pos_fail(b->err, -EINVAL, b->name, key->at,
				     "a key is %s; a key must be one word", ynode_kind_text(key));
	for (size_t i = 0; i < map->n; i++) {
		if (strcmp(map->keys[i]->text, key->text) != 0)
			continue;
		return text_pos_fail(b->err, -EINVAL, b->name, key->at,
				     "%s: is given twice, first in line %u; keep one",
				     text_quote(q, key->text), map->keys[i]->at.line);
	}
	return 0;
}

static int build(struct builder *b, unsigned depth, struct ynode **ret_node);

static int build_children(struct builder *b, unsigned depth, struct ynode *node)
{
	BL_CLEANUP(ytree_freep) struct ynode *key = NULL;
	struct ynode *item = NULL;
	yaml_event_type_t end =
		node->kind == YNODE_MAPPING ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;

	for (;;) {
		int r = next(b);

		if (r < 0 || b->event.type == end)
			return r;
		r = grow(b, node);
		if (r == 0 && node->kind == YNODE_MAPPING) {
			r = build(b, depth, &key);
			if (r == 0)
				r = check_key(b, node, key);
			if (r == 0)
				r = next(b);
		}
		if (r == 0)
			r = build(b, depth, &item);
		if (r < 0)
			return r;
		if (node->keys)
			node->keys[node->n] = BL_STEAL(key);
		node->items[node->n++] = item;
	}
}

/* The node that begins with the present event. */
static int build(struct builder *b, unsigned depth, struct ynode **ret_node)
{
	BL_CLEANUP(ytree_freep) struct ynode *node = NULL;
	int r = check_properties(b);

	if (r < 0)
		return r;
	if (depth >= YAML_TREE_DEPTH_MAX)
		return text_pos_fail(b->err, -EINVAL, b->name, mark_pos(b->event.start_mark),
				     "nested more than %d deep; a scenario needs 4",
				     YAML_TREE_DEPTH_MAX);
	node = calloc(1, sizeof *node);
	if (!node)
		return out_of_memory(b);
	node->at = mark_pos(b->event.start_mark);
	if (b->event.type == YAML_SCALAR_EVENT) {
		r = fill_scalar(b, node);
	} else {
		node->kind =
			b->event.type == YAML_MAPPING_START_EVENT ? YNODE_MAPPING : YNODE_SEQUENCE;
		r = build_children(b, depth + 1, node);
	}
	if (r < 0)
		return r;
	*ret_node = BL_STEAL(node);
	return 0;
}

static int empty_mapping(struct builder *b, struct ynode **ret_root)
{
	struct ynode *node = calloc(1, sizeof *node);

	if (!node)
		return out_of_memory(b);
	node->kind = YNODE_MAPPING;
	node->at = (struct text_pos){1, 1};
	*ret_root = node;
	return 0;
}

static int build_stream(struct builder *b, struct ynode **ret_root)
{
	BL_CLEANUP(ytree_freep) struct ynode *root = NULL;
	int r;

	do
		r = next(b);
	while (r == 0 && b->event.type == YAML_STREAM_START_EVENT);
	if (r < 0)
		return r;
	if (b->event.type == YAML_STREAM_END_EVENT)
		return empty_mapping(b, ret_root);
	r = next(b); /* behind the document's start */
	if (r == 0)
		r = build(b, 0, &root);
	if (r == 0)
		r = next(b); /* the document's end */
	if (r == 0)
		r = next(b);
	if (r < 0)
		return r;
	if (b->event.type != YAML_STREAM_END_EVENT)
		return refuse(b, "several documents ('---')", "one scenario a file");
	*ret_root = BL_STEAL(root);
	return 0;
}

int ytree_parse(const char *text, size_t len, const char *name, struct ynode **ret_root,
		struct bl_err *err)
{
	static const char mark[] = "\xef\xbb\xbf"; /* of byte order; some editors put it first */
	struct builder b = {.text = text, .name = name, .err = err};
	int r;

	if (len > YAML_TREE_BYTES_MAX)
		return bl_fail(err, -EFBIG, "'%s' has %zu bytes; a scenario has at most %zu", name,
			       len, YAML_TREE_BYTES_MAX);
	if (len >= 3 && memcmp(text, mark, 3) == 0) {
		text += 3;
		len -= 3;
	}
	if (!yaml_parser_initialize(&b.yaml))
		return out_of_memory(&b);
	yaml_parser_set_encoding(&b.yaml, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&b.yaml, (const unsigned char *)text, len);
	r = build_stream(&b, ret_root);
	if (b.has_event)
		yaml_event_delete(&b.event);
	yaml_parser_delete(&b.yaml);
	return r;
}
