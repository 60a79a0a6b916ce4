#include "disk_facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "units.h"

/* ---- identity ---- */

static const char *device_fact(const struct view *v, uint32_t cell, const char *name)
{
	char key[64];

	snprintf(key, sizeof(key), "device.%s", name);
	for (size_t i = 0; i < v->d->n_trials; i++) {
		const struct trial_record *t = &v->d->trials[i];
		const char *value = t->cell == cell ? facts_get(&t->facts, key) : NULL;

		if (value && *value)
			return value;
	}
	return NULL;
}

bool disk_identity(const struct view *v, uint32_t cell, struct bl_buf *out)
{
	static const struct {
		const char *name, *lead, *sep;
	} parts[] = {
		{"model", "", ""},
		{"serial", "serial ", ", "},
		{"firmware", "firmware ", ", "},
		{"namespace", "namespace ", "; "},
		{"lba_format", "", ", "},
		{"size_bytes", "", ", "},
		{"volatile_write_cache", "volatile write cache ", ", "},
		{"pci", "PCI ", "; "},
		{"path", "", ", "},
		{"iommu_group", "IOMMU group ", ", "},
		{"numa_node", "NUMA node ", ", "},
	};
	size_t n = 0;

	for (size_t i = 0; i < BL_ARRAY_LEN(parts); i++) {
		const char *value = device_fact(v, cell, parts[i].name);
		char size[BL_UNIT_TEXT_MAX];

		if (!value)
			continue;
		if (strcmp(parts[i].name, "size_bytes") == 0)
			value = bl_format_size(size, strtoull(value, NULL, 10));
		bl_buf_addf(out, "%s%s%s", n++ ? parts[i].sep : "", parts[i].lead, value);
	}
	return n > 0;
}

/* ---- health ---- */

/* NVMe base specification 1.4, 5.14.1.2 SMART / Health Information and 5.14.1.1 Error Information;
 * is_trouble: must not grow in a trial. */
static const struct health_name {
	const char *key, *label, *unit;
	bool is_trouble;
} names[] = {
	{"smart.critical_warning", "critical warning", "", true},
	{"smart.media_errors", "media and data integrity errors", "", true},
	{"smart.error_log_entries", "error log entries, ever", "", true},
	{"errors.entries", "entries in the error log", "", true},
	{"errors.last_status", "status of the newest entry", "", false},
	{"smart.unsafe_shutdowns", "unsafe shutdowns", "", true},
	{"smart.temperature_c", "temperature", " \u00b0C", false},
	{"smart.warning_temp_min", "time above warning temperature", " min", true},
	{"smart.critical_temp_min", "time above critical temperature", " min", true},
	{"smart.thermal_1_transitions", "times throttled lightly", "", true},
	{"smart.thermal_1_s", "time throttled lightly", " s", true},
	{"smart.thermal_2_transitions", "times throttled heavily", "", true},
	{"smart.thermal_2_s", "time throttled heavily", " s", true},
	{"smart.available_spare_pct", "spare blocks left", " %", true},
	{"smart.spare_threshold_pct", "their threshold", " %", false},
	{"smart.used_pct", "rated life used", " %", false},
	{"smart.data_read_bytes", "read from it, ever", "bytes", false},
	{"smart.data_written_bytes", "written to it, ever", "bytes", false},
	{"smart.read_commands", "read commands", "", false},
	{"smart.write_commands", "write commands", "", false},
	{"smart.busy_min", "controller busy", " min", false},
	{"smart.power_cycles", "power cycles", "", false},
	{"smart.power_on_h", "powered on", " h", false},
};

_Static_assert(BL_ARRAY_LEN(names) <= HEALTH_ROWS_MAX, "room for every row");

static bool is_asked(const struct trial_record *t)
{
	static const char host[] = "device.before.", guest[] = "device.guest_before.";

	for (size_t i = 0; i < t->facts.n; i++)
		if (strncmp(t->facts.items[i].key, host, sizeof host - 1) == 0 ||
		    strncmp(t->facts.items[i].key, guest, sizeof guest - 1) == 0)
			return true;
	return false;
}

static void set_text(const struct health_name *n, const char *value, char out[48])
{
	char size[BL_UNIT_TEXT_MAX];

	if (value && strcmp(n->unit, "bytes") == 0)
		snprintf(out, 48, "%s", bl_format_size(size, strtoull(value, NULL, 10)));
	else if (value)
		snprintf(out, 48, "%s%s", value, n->unit);
}

static void add_row(const struct health_name *n, const struct trial_record *first,
		    const struct trial_record *last, struct disk_health *ret)
{
	const char *before = trial_reading(first, "before", n->key);
	const char *after = trial_reading(last, "after", n->key);
	struct health_row *row = &ret->rows[ret->n];

	if (!before && !after)
		return;
	ret->n++;
	*row = (struct health_row){.label = n->label};
	set_text(n, before, row->before);
	set_text(n, after, row->after);
	row->is_changed = before && after && strcmp(before, after) != 0;
	row->is_trouble = row->is_changed && n->is_trouble;
}

void disk_health(const struct view *v, uint32_t cell, struct disk_health *ret)
{
	const struct trial_record *first = NULL, *last = NULL;

	*ret = (struct disk_health){0};
	for (size_t i = 0; i < v->d->n_trials; i++) {
		const struct trial_record *t = &v->d->trials[i];

		if (t->cell != cell || !is_asked(t))
			continue;
		first = first ? first : t;
		last = t;
	}
	if (!first)
		return;
	ret->first = first->repeat;
	ret->last = last->repeat;
	ret->from = facts_get(&first->facts, "device.health_from");
	for (size_t i = 0; i < BL_ARRAY_LEN(names); i++)
		add_row(&names[i], first, last, ret);
}

/* ---- hand-over ---- */

static double number(const struct facts *f, const char *key)
{
	const char *s = facts_get(f, key);

	return s ? strtod(s, NULL) : 0;
}

bool disk_handover(const struct run_data *d, const struct trial_record *t,
		   struct disk_handover *ret)
{
	for (size_t i = 0; i < d->n_handovers; i++) {
		const struct handover_record *h = &d->handovers[i];

		if (h->kind != HANDOVER_VFIO || strcmp(h->trial_id, t->id) != 0)
			continue;
		*ret = (struct disk_handover){
			.record = h,
			.given_ns = number(&t->facts, "handover.given_ns"),
			.return_ns = number(&t->facts, "handover.return_ns"),
		};
		return true;
	}
	return false;
}
