#include "doctor.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "doctor_areas.h"

const char *const doctor_level_names[DOCTOR_LEVELS] = {
	[DOCTOR_OK] = "ok",
	[DOCTOR_INFO] = "info",
	[DOCTOR_WARN] = "warn",
	[DOCTOR_BAD] = "bad",
};

static void row_done(struct doctor_row *row)
{
	free(row->area);
	free(row->what);
	free(row->value);
	free(row->meaning);
	free(row->remedy);
}

void doctor_rows_done(struct doctor_rows *r)
{
	for (size_t i = 0; i < r->n; i++)
		row_done(&r->items[i]);
	free(r->items);
	memset(r, 0, sizeof *r);
}

int doctor_add(struct doctor_rows *r, const char *area, const char *what, enum doctor_level level,
	       const char *meaning, const char *remedy, const char *value_fmt, ...)
{
	struct doctor_row row = {.level = level}, *items;
	va_list ap;

	va_start(ap, value_fmt);
	if (vasprintf(&row.value, value_fmt, ap) < 0)
		row.value = NULL;
	va_end(ap);
	row.area = strdup(area);
	row.what = strdup(what);
	row.meaning = strdup(meaning);
	row.remedy = remedy ? strdup(remedy) : NULL;
	items = reallocarray(r->items, r->n + 1, sizeof *items);
	if (items)
		r->items = items;
	if (!items || !row.value || !row.area || !row.what || !row.meaning ||
	    (remedy && !row.remedy)) {
		row_done(&row);
		return -ENOMEM;
	}
	r->items[r->n++] = row;
	return 0;
}

int doctor_host(const struct doctor_options *opt, struct doctor_rows *out, struct bl_err *err)
{
	static int (*const areas[])(const struct doctor_options *, struct doctor_rows *) = {
		doctor_cpu,  doctor_load,   doctor_memory,
		doctor_disk, doctor_timers, doctor_passthrough,
	};
	struct doctor_rows rows = {0};

	for (size_t i = 0; i < BL_ARRAY_LEN(areas); i++) {
		if (areas[i](opt, &rows) == 0)
			continue;
		doctor_rows_done(&rows);
		return bl_fail(err, -ENOMEM, "out of memory");
	}
	*out = rows;
	return 0;
}
