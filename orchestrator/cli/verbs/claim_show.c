/* claim_show.c - disks as blklab claim shows them. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "help.h"
#include "units.h"
#include "verb_claim.h"

#define COLUMNS_MAX 100 /* of the list, however wide the terminal is */
#define MODEL_MAX   20  /* the whole name is in the view of one disk */
#define MODEL_LEAST 10  /* a shorter one tells nobody anything */

static bool may(const struct device *dev, enum guard_use use)
{
	return guard_check(dev, dev->serial, use, NULL, NULL) == 0;
}

int claim_view_make(const struct device *dev, struct claim_view *ret, struct bl_err *err)
{
	struct claim_view v = {.dev = *dev};

	if (guard_list_make(dev, &v.against) < 0)
		return bl_fail(err, -ENOMEM, "out of memory");
	/* Each use asks for all of the one before, and each look goes through every process. */
	v.may[GUARD_PASSTHROUGH] = !v.against.n;
	v.may[GUARD_LOOK] = !v.against.n || may(dev, GUARD_LOOK);
	v.may[GUARD_BLOCK] = !v.against.n || (v.may[GUARD_LOOK] && may(dev, GUARD_BLOCK));
	/* That nothing can be told of it is among the reasons. */
	if (!dev->node[0] || guard_contents(dev, &v.contents, NULL) < 0 ||
	    claim_read(dev, &v.claim, NULL) < 0)
		v.claim = (struct claim){0};
	*ret = v;
	return 0;
}

void claim_view_done(struct claim_view *v)
{
	guard_list_done(&v->against);
	free(v->contents);
	memset(v, 0, sizeof *v);
}

static const char *or_dash(const char *s)
{
	return s[0] ? s : "-";
}

static void add_contents(const char *contents, size_t indent, struct bl_buf *out)
{
	const char *line = contents;

	if (!contents || !contents[0]) {
		bl_buf_addf(out, "%s\n", contents ? "nothing that is known" : "not known");
		return;
	}
	for (size_t n; *line; line += n + 1) {
		n = strcspn(line, "\n");
		bl_buf_addf(out, "%*s%.*s\n", line == contents ? 0 : (int)indent, "", (int)n, line);
		if (!line[n])
			return;
	}
}

void claim_show_disk(const struct claim_view *v, struct bl_buf *out)
{
	const struct device *d = &v->dev;
	char size[BL_UNIT_TEXT_MAX] = "size not known";

	if (d->size_bytes)
		bl_format_size(size, d->size_bytes);
	bl_buf_addf(out, "disk       %s, %s", d->block[0] ? d->block : "not the host's now", size);
	if (d->nsid)
		bl_buf_addf(out, ", namespace %u", d->nsid);
	bl_buf_addf(out, "\nmodel      %s, firmware %s\n", or_dash(d->model), or_dash(d->firmware));
	bl_buf_addf(out, "serial     %s\n", or_dash(d->serial));
	bl_buf_addf(out, "hangs at   %s, driver %s, ", d->pci[0] ? d->pci : "no PCI function",
		    d->driver[0] ? d->driver : "none");
	if (d->iommu_group >= 0)
		bl_buf_addf(out, "IOMMU group %d\n", d->iommu_group);
	else
		bl_buf_adds(out, "no IOMMU group\n");
	bl_buf_adds(out, "holds      ");
	add_contents(v->contents, 11, out);
}

/* In a word; the reasons below say more. */
static const char *state_of(const struct claim_view *v)
{
	if (!v->dev.block[0])
		return "not the host's";
	if (v->may[GUARD_PASSTHROUGH])
		return "ready";
	if (v->may[GUARD_BLOCK])
		return "ready, not for a guest";
	if (!v->may[GUARD_LOOK])
		return "refused";
	return v->contents && !v->contents[0] ? "unclaimed, empty" : "unclaimed, holds data";
}

/* The list: widths come from what is in it. What does not fit on the line goes in the order of
 * .drop; the view of one disk and the JSON have all of it. */
enum column {
	COL_DISK,
	COL_SERIAL,
	COL_MODEL,
	COL_SIZE,
	COL_PCI,
	COL_DRIVER,
	COL_GROUP,
	COL_STATE,
	COLUMNS
};

static const struct {
	const char *head;
	bool is_number;
	unsigned drop; /* the higher, the sooner; 0: never */
} shown[COLUMNS] = {
	[COL_DISK] = {"disk", false, 0},       [COL_SERIAL] = {"serial", false, 0},
	[COL_MODEL] = {"model", false, 1},     [COL_SIZE] = {"size", true, 0},
	[COL_PCI] = {"PCI address", false, 0}, [COL_DRIVER] = {"driver", false, 3},
	[COL_GROUP] = {"group", true, 2},      [COL_STATE] = {"state", false, 0},
};

struct layout {
	size_t columns; /* of the terminal, or of a page */
	size_t width[COLUMNS];
	unsigned keep;       /* columns whose drop is not above this are shown */
	bool is_state_below; /* on a line of its own */
};

typedef char row_text[COLUMNS][72]; /* a serial has up to 63 bytes */

static void row_of(const struct claim_view *v, row_text ret)
{
	const struct device *d = &v->dev;
	char size[BL_UNIT_TEXT_MAX] = "-", group[16] = "-";
	const char *const text[COLUMNS] = {or_dash(d->block),
					   or_dash(d->serial),
					   or_dash(d->model),
					   size,
					   or_dash(d->pci),
					   or_dash(d->driver),
					   group,
					   state_of(v)};

	if (d->size_bytes)
		bl_format_size(size, d->size_bytes);
	if (d->iommu_group >= 0)
		snprintf(group, sizeof group, "%d", d->iommu_group);
	for (int c = 0; c < COLUMNS; c++)
		snprintf(ret[c], sizeof ret[c], "%s", text[c]);
}

static bool is_shown(const struct layout *l, int c)
{
	return shown[c].drop <= l->keep && (c != COL_STATE || !l->is_state_below);
}

static bool fits(const struct layout *l)
{
	size_t used = 0;

	for (int c = 0; c < COLUMNS; c++)
		used += is_shown(l, c) ? l->width[c] + (used ? 2 : 0) : 0;
	return used <= l->columns;
}

static void lay_out(const struct cli *cli, const struct claim_view *items, size_t n,
		    struct layout *ret)
{
	struct layout l = {.columns = cli->columns < COLUMNS_MAX ? cli->columns : COLUMNS_MAX};
	row_text row;
	size_t model;

	for (int c = 0; c < COLUMNS; c++)
		l.width[c] = strlen(shown[c].head);
	for (size_t i = 0; i < n; i++) {
		row_of(&items[i], row);
		for (int c = 0; c < COLUMNS; c++)
			if (strlen(row[c]) > l.width[c])
				l.width[c] = strlen(row[c]);
	}
	model = l.width[COL_MODEL] < MODEL_MAX ? l.width[COL_MODEL] : MODEL_MAX;
	for (l.keep = 3;; l.keep--) {
		l.width[COL_MODEL] = model;
		while (!fits(&l) && l.width[COL_MODEL] > MODEL_LEAST)
			l.width[COL_MODEL]--;
		if (fits(&l) || !l.keep)
			break;
	}
	l.is_state_below = !fits(&l);
	*ret = l;
}

static void add_cell(const struct layout *l, int c, const char *text, struct bl_buf *out)
{
	int width = (int)l->width[c];

	if (c)
		bl_buf_adds(out, "  ");
	if (shown[c].is_number)
		bl_buf_addf(out, "%*s", width, text);
	else if (strlen(text) > l->width[c])
		bl_buf_addf(out, "%.*s..", width - 2, text);
	else
		bl_buf_addf(out, "%-*s", c == COL_STATE ? 0 : width, text);
}

static void list_one(const struct layout *l, const struct claim_view *v, struct bl_buf *out)
{
	row_text row;

	row_of(v, row);
	for (int c = 0; c < COLUMNS; c++)
		if (is_shown(l, c))
			add_cell(l, c, row[c], out);
	if (l->is_state_below)
		bl_buf_addf(out, "\n    %s", row[COL_STATE]);
	bl_buf_addc(out, '\n');
	for (size_t i = 0; i < v->against.n; i++) {
		bl_buf_adds(out, "    - ");
		help_wrap(out, v->against.items[i].reason, 6, 6, l->columns - 1);
		bl_buf_adds(out, "      -> ");
		help_wrap(out, v->against.items[i].remedy, 9, 9, l->columns - 1);
	}
}

void claim_show_list(const struct cli *cli, const struct claim_view *items, size_t n,
		     struct bl_buf *out)
{
	struct layout l;

	lay_out(cli, items, n, &l);
	for (int c = 0; c < COLUMNS; c++)
		if (is_shown(&l, c))
			add_cell(&l, c, shown[c].head, out);
	bl_buf_addc(out, '\n');
	for (size_t i = 0; i < n; i++)
		list_one(&l, &items[i], out);
}

static json_t *lines_json(const char *text)
{
	json_t *list = json_array();

	if (!text)
		return list;
	for (const char *s = text; *s; s += strcspn(s, "\n"), s += *s == '\n')
		json_array_append_new(list, json_stringn(s, strcspn(s, "\n")));
	return list;
}

static json_t *claim_json(const struct claim *c)
{
	if (!c->is_there)
		return json_null();
	return json_pack("{s:s,s:s,s:I,s:I,s:s,s:s,s:s}", "id", c->id, "serial", c->serial,
			 "size_bytes", (json_int_t)c->size_bytes, "made_ms", (json_int_t)c->made_ms,
			 "host", c->host, "had", c->had, "fs_uuid", c->fs_uuid);
}

static void set_text(json_t *o, const char *key, const char *value)
{
	if (value[0])
		json_object_set_new(o, key, json_string(value));
}

static void set_number(json_t *o, const char *key, long long value, bool is_known)
{
	if (is_known)
		json_object_set_new(o, key, json_integer((json_int_t)value));
}

/* What is not known is absent. */
static json_t *view_json(const struct claim_view *v)
{
	const struct device *d = &v->dev;
	json_t *o = json_object(), *reasons = json_array();

	set_text(o, "disk", d->block);
	set_text(o, "path", d->node);
	set_text(o, "serial", d->serial);
	set_text(o, "model", d->model);
	set_text(o, "firmware", d->firmware);
	set_text(o, "pci", d->pci);
	set_text(o, "driver", d->driver);
	set_number(o, "namespace", d->nsid, d->nsid != 0);
	set_number(o, "size_bytes", (long long)d->size_bytes, d->size_bytes != 0);
	set_number(o, "iommu_group", d->iommu_group, d->iommu_group >= 0);
	set_number(o, "numa_node", d->numa_node, d->numa_node >= 0);
	json_object_set_new(o, "is_nvme", json_boolean(d->is_nvme));
	json_object_set_new(o, "claim", claim_json(&v->claim));
	if (v->contents)
		json_object_set_new(o, "contents", lines_json(v->contents));
	json_object_set_new(o, "may_be_claimed", json_boolean(v->may[GUARD_LOOK]));
	json_object_set_new(o, "may_be_written", json_boolean(v->may[GUARD_BLOCK]));
	json_object_set_new(o, "may_be_passed", json_boolean(v->may[GUARD_PASSTHROUGH]));
	for (size_t i = 0; i < v->against.n; i++)
		json_array_append_new(reasons,
				      json_pack("{s:s,s:s}", "reason", v->against.items[i].reason,
						"remedy", v->against.items[i].remedy));
	json_object_set_new(o, "reasons", reasons);
	return o;
}

int claim_show_json(const struct claim_view *items, size_t n, bool is_list, struct bl_buf *out)
{
	BL_CLEANUP(bl_freep) char *text = NULL;
	json_t *doc = is_list ? json_array() : view_json(items);

	for (size_t i = 0; is_list && i < n; i++)
		json_array_append_new(doc, view_json(&items[i]));
	text = json_dumps(doc, JSON_INDENT(2));
	json_decref(doc);
	if (!text)
		return -ENOMEM;
	bl_buf_addf(out, "%s\n", text);
	return 0;
}
