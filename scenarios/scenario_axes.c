/* scenario_axes.c - the axes of a scenario file, its includes and its excludes. */
#define SCENARIO_INTERNAL
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apt_spec.h"
#include "cleanup.h"
#include "scenario_priv.h"

void axis_done(struct scenario_axis *axis)
{
	for (size_t i = 0; i < axis->n_values; i++)
		free(axis->values[i]);
	free(axis->values);
	free(axis->at);
	memset(axis, 0, sizeof *axis);
}

void match_done(struct scenario_match *match)
{
	for (size_t i = 0; i < match->n_axes; i++)
		axis_done(&match->axes[i]);
	free(match->axes);
	memset(match, 0, sizeof *match);
}

bool axis_key_at(size_t i, struct scenario_key *ret_key)
{
	if (i >= n_axis_rows)
		return false;
	*ret_key = (struct scenario_key){axis_rows[i].name, axis_rows[i].help, axis_rows[i].accepts,
					 false};
	return true;
}

static const struct axis_row *find_axis(struct reader *r, const struct ynode *key)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf known = BL_BUF_INIT;
	const struct axis_row *row = axis_find(key->text);
	struct hint hint;
	char q[QUOTE_MAX];

	if (row)
		return row;
	hint = hint_for(key->text, &axis_rows[0].name, sizeof axis_rows[0], n_axis_rows);
	for (size_t i = 0; i < n_axis_rows; i++)
		bl_buf_addf(&known, "%s%s", i ? ", " : "", axis_rows[i].name);
	fail_at(r, text_quote(q, key->text), key->at, "is not an axis; %sone of %s", hint.text,
		bl_buf_str(&known));
	return NULL;
}

/* The value as the axis spells it; new, or NULL and a reason. */
static char *canonical(struct reader *r, const struct axis_row *row, const struct ynode *node)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) char *path = NULL;
	const char *text = scalar(r, row->name, node, row->accepts);
	struct bl_err reason = BL_ERR_INIT;
	struct cell c;
	char *value;

	if (!text)
		return NULL;
	if (row->is_path && strcmp(text, "default") != 0 && strcmp(text, "installed") != 0 &&
	    !apt_spec_is(text)) {
		text = path = resolve_path(r, text);
		if (!path) {
			fail_memory(r);
			return NULL;
		}
	}
	cell_defaults(&c);
	if (row->set(&c, text, &reason) < 0) {
		fail_at(r, row->name, node->at, "%s", reason.text);
		return NULL;
	}
	row->get(&c, &out);
	value = bl_buf_take(&out);
	if (!value)
		fail_memory(r);
	return value;
}

static int add_value(struct reader *r, struct scenario_axis *axis, const struct ynode *node)
{
	char *value = canonical(r, axis->row, node);

	if (!value)
		return r->err && r->err->code ? r->err->code : -EINVAL;
	for (size_t i = 0; i < axis->n_values; i++) {
		char q[QUOTE_MAX];

		if (strcmp(axis->values[i], value) != 0)
			continue;
		text_quote(q, value);
		free(value);
		return fail_at(r, axis->row->name, node->at,
			       "'%s' is given twice, first in line %u; keep one", q,
			       axis->at[i].line);
	}
	axis->at[axis->n_values] = node->at;
	axis->values[axis->n_values++] = value;
	return 0;
}

/* @node: one value, or a list of them when @takes_list. */
static int read_axis(struct reader *r, const struct axis_row *row, const struct ynode *node,
		     bool takes_list, struct scenario_axis *axis)
{
	bool is_list = takes_list && node->kind == YNODE_SEQUENCE;
	size_t n = is_list ? node->n : 1;
	int code = 0;

	if (n == 0)
		return fail_at(r, row->name, node->at, "has no values; accepted: %s", row->accepts);
	axis->row = row;
	axis->values = calloc(n, sizeof *axis->values);
	axis->at = calloc(n, sizeof *axis->at);
	if (!axis->values || !axis->at)
		return fail_memory(r);
	for (size_t i = 0; i < n && code == 0; i++)
		code = add_value(r, axis, is_list ? node->items[i] : node);
	return code;
}

int read_axes(struct reader *r, const char *key, const struct ynode *node)
{
	if (node->kind != YNODE_MAPPING)
		return fail_at(r, key, node->at,
			       "is %s; a mapping is accepted, 'axis: [value, value]'",
			       ynode_kind_text(node));
	/* One more than given: vm.vcpus may become an axis of one value. */
	r->sc->axes = calloc(node->n + 1, sizeof *r->sc->axes);
	if (!r->sc->axes)
		return fail_memory(r);
	for (size_t i = 0; i < node->n; i++) {
		const struct axis_row *row = find_axis(r, node->keys[i]);
		int code =
			row ? read_axis(r, row, node->items[i], true, &r->sc->axes[r->sc->n_axes++])
			    : -EINVAL;

		if (code < 0)
			return code;
	}
	return 0;
}

int read_vm_vcpus(struct reader *r, const char *key, const struct ynode *node)
{
	struct scenario *sc = r->sc;
	struct scenario_axis *axis;

	for (size_t i = 0; i < sc->n_axes; i++)
		if (strcmp(sc->axes[i].row->name, "vcpus") == 0)
			return fail_at(r, key, node->at, "is also an axis, in line %u; keep one",
				       sc->axes[i].at[0].line);
	if (!sc->axes)
		sc->axes = calloc(1, sizeof *sc->axes);
	if (!sc->axes)
		return fail_memory(r);
	axis = &sc->axes[sc->n_axes++];
	axis->is_from_vm = true;
	return read_axis(r, axis_find("vcpus"), node, false, axis);
}

static int read_match_name(struct reader *r, const struct ynode *node, struct scenario_match *m)
{
	const char *text = scalar(r, "name", node, "the name of the cell");

	if (!text)
		return -EINVAL;
	if (strlen(text) >= sizeof m->name)
		return fail_at(r, "name", node->at, "has %zu bytes; at most %zu are accepted",
			       strlen(text), sizeof m->name - 1);
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return fail_at(r, "name", node->at,
				       "has a control character; text is accepted");
	strcpy(m->name, text);
	return 0;
}

static int read_match(struct reader *r, const char *key, const struct ynode *node, bool has_name,
		      struct scenario_match *m)
{
	m->at = node->at;
	if (node->kind != YNODE_MAPPING)
		return fail_at(r, key, node->at,
			       "has an entry that is %s; a mapping is accepted, "
			       "'{axis: value, axis: value}'",
			       ynode_kind_text(node));
	m->axes = calloc(node->n + 1, sizeof *m->axes);
	if (!m->axes)
		return fail_memory(r);
	for (size_t i = 0; i < node->n; i++) {
		const struct axis_row *row;
		int code;

		if (has_name && strcmp(node->keys[i]->text, "name") == 0) {
			code = read_match_name(r, node->items[i], m);
		} else {
			row = find_axis(r, node->keys[i]);
			code = row ? read_axis(r, row, node->items[i], false, &m->axes[m->n_axes++])
				   : -EINVAL;
		}
		if (code < 0)
			return code;
	}
	if (m->n_axes == 0 && m->name[0] == '\0')
		return fail_at(r, key, node->at, "has an empty entry; name at least one axis");
	return 0;
}

static int read_matches(struct reader *r, const char *key, const struct ynode *node, bool has_name,
			struct scenario_match **ret, size_t *ret_n)
{
	if (node->kind != YNODE_SEQUENCE)
		return fail_at(r, key, node->at, "is %s; a list of mappings is accepted",
			       ynode_kind_text(node));
	*ret = calloc(node->n + 1, sizeof **ret);
	if (!*ret)
		return fail_memory(r);
	for (size_t i = 0; i < node->n; i++) {
		int code = read_match(r, key, node->items[i], has_name, &(*ret)[(*ret_n)++]);

		if (code < 0)
			return code;
	}
	return 0;
}

int read_includes(struct reader *r, const char *key, const struct ynode *node)
{
	return read_matches(r, key, node, true, &r->sc->include, &r->sc->n_include);
}

int read_excludes(struct reader *r, const char *key, const struct ynode *node)
{
	return read_matches(r, key, node, false, &r->sc->exclude, &r->sc->n_exclude);
}
