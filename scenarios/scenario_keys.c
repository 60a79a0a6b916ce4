/* scenario_keys.c - read a mapping by its table of keys. */
#define SCENARIO_INTERNAL
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fs.h"
#include "scenario_priv.h"
#include "units.h"

int fail_at(struct reader *r, const char *key, struct text_pos at, const char *fmt, ...)
{
	char text[BL_ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return text_pos_fail(r->err, -EINVAL, r->path, at, "%s: %s", key, text);
}

int fail_memory(struct reader *r)
{
	return bl_fail(r->err, -ENOMEM, "out of memory while reading '%s'", r->path);
}

const char *scalar(struct reader *r, const char *key, const struct ynode *node, const char *accepts)
{
	if (node->kind != YNODE_SCALAR) {
		fail_at(r, key, node->at, "is %s; one value is accepted: %s", ynode_kind_text(node),
			accepts);
		return NULL;
	}
	if (node->text[0] == '\0') {
		fail_at(r, key, node->at, "has no value; accepted: %s", accepts);
		return NULL;
	}
	return node->text;
}

char *resolve_path(const struct reader *r, const char *value)
{
	const char *slash = strrchr(r->path, '/');

	if (value[0] == '/' || strstr(value, "://") || !slash)
		return strdup(value);
	return bl_strf("%.*s/%s", (int)(slash - r->path), r->path, value);
}

/* --- one value --- */

static int fail_range(struct reader *r, const struct key_row *row, struct text_pos at,
		      const char *text)
{
	return fail_at(r, row->key.name, at, "'%s' is out of range; accepted: %s", text,
		       row->key.accepts);
}

static int read_number(struct reader *r, const struct key_row *row, const struct ynode *node,
		       const char *text)
{
	char *field = (char *)r->sc + row->at, q[QUOTE_MAX];
	uint64_t v = 0;
	int code;

	text_quote(q, text);
	if (row->kind == KEY_SIZE)
		code = bl_parse_size(text, &v, NULL);
	else if (row->kind == KEY_TIME)
		code = bl_parse_time(text, &v, NULL);
	else
		code = bl_parse_u64(text, 0, UINT64_MAX, &v, NULL);
	if (code == -EINVAL)
		return fail_at(r, row->key.name, node->at, "'%s' is not %s", q, row->key.accepts);
	if (code < 0 || v < row->min || v > row->max)
		return fail_range(r, row, node->at, q);
	if (row->multiple && v % row->multiple)
		return fail_at(r, row->key.name, node->at, "'%s' is not a multiple of %lluMiB", q,
			       (unsigned long long)(row->multiple / MiB));
	if (row->kind == KEY_COUNT)
		*(uint32_t *)(void *)field = (uint32_t)v;
	else
		*(uint64_t *)(void *)field = v;
	return 0;
}

int read_key(struct reader *r, const struct key_row *row, const struct ynode *node)
{
	char **field = (char **)(void *)((char *)r->sc + row->at);
	const char *text;

	if (row->kind == KEY_OTHER)
		return row->read(r, row->key.name, node);
	text = scalar(r, row->key.name, node, row->key.accepts);
	if (!text)
		return -EINVAL;
	if (row->kind != KEY_TEXT) {
		int code = read_number(r, row, node, text);

		return code == 0 && row->read ? row->read(r, row->key.name, node) : code;
	}
	free(*field);
	*field = strdup(text);
	if (!*field)
		return fail_memory(r);
	return row->read ? row->read(r, row->key.name, node) : 0;
}

static int fail_unknown(struct reader *r, const char *section, const struct ynode *key,
			const struct key_row *rows, size_t n)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf known = BL_BUF_INIT;
	struct hint hint = hint_for(key->text, &rows[0].key.name, sizeof rows[0], n);
	char q[QUOTE_MAX];

	for (size_t i = 0; i < n; i++)
		bl_buf_addf(&known, "%s%s", i ? ", " : "", rows[i].key.name);
	return fail_at(r, text_quote(q, key->text), key->at, "is not a key of %s; %sone of %s",
		       section, hint.text, bl_buf_str(&known));
}

int read_mapping(struct reader *r, const char *section, const struct ynode *node,
		 const struct key_row *rows, size_t n)
{
	if (node->kind != YNODE_MAPPING)
		return fail_at(r, section, node->at, "is %s; a mapping is accepted, 'key: value'",
			       ynode_kind_text(node));
	/* All names first: a value may be wrong because a key is. */
	for (size_t i = 0; i < node->n; i++) {
		size_t k = 0;

		while (k < n && strcmp(rows[k].key.name, node->keys[i]->text) != 0)
			k++;
		if (k == n)
			return fail_unknown(r, section, node->keys[i], rows, n);
	}
	/* In table order, which puts what others depend on first. */
	for (size_t k = 0; k < n; k++) {
		size_t i = 0;
		int code;

		while (i < node->n && strcmp(rows[k].key.name, node->keys[i]->text) != 0)
			i++;
		if (i == node->n && rows[k].key.is_required)
			return fail_at(r, rows[k].key.name, node->at,
				       "is missing from %s; accepted: %s", section,
				       rows[k].key.accepts);
		code = i < node->n ? read_key(r, &rows[k], node->items[i]) : 0;
		if (code < 0)
			return code;
	}
	return 0;
}
