#include "history_view.h"

#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fs.h"

int history_render(struct store *store, const char *host_id, struct history_view *v,
		   enum history_format format, struct bl_buf *out, struct bl_err *err)
{
	struct change_record *events = NULL;
	size_t n = 0;
	int r = store_list_changes(store, host_id, v->scenario, &events, &n, err);

	v->events = events;
	v->n_events = n;
	if (r == 0)
		r = report_history(v, format, out, err);
	for (size_t i = 0; i < n; i++)
		change_record_done(&events[i]);
	free(events);
	v->events = NULL;
	v->n_events = 0;
	return r;
}

static bool ends_in(const char *path, const char *end)
{
	size_t n = strlen(path), k = strlen(end);

	return n >= k && strcmp(path + n - k, end) == 0;
}

int history_write(const char *path, struct store *store, const char *host_id, const char *scenario,
		  const struct history *h, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	const struct run_figures *newest = &h->nights[h->n_nights - 1].first->figures;
	struct history_view v = {.h = h,
				 .scenario = scenario,
				 .host = newest->host_name,
				 .accel = history_accel(h),
				 .columns = 100};
	enum history_format format = ends_in(path, ".json")   ? HISTORY_JSON
				     : ends_in(path, ".csv")  ? HISTORY_CSV
				     : ends_in(path, ".html") ? HISTORY_PAGE
							      : HISTORY_TEXT;
	int r = history_render(store, host_id, &v, format, &out, err);

	return r < 0 ? r : bl_write_file(path, bl_buf_str(&out), out.len, err);
}
