#include "nights_load.h"

#include <string.h>

#include "cleanup.h"

static int add(struct store *store, const char *id, struct history *h, struct bl_err *err)
{
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	int r = store_load_figures(store, id, &d, err);

	return r < 0 ? r : history_add(h, &d, err);
}

/* Names in the list are cut. */
static bool is_of(const struct store_run_info *i, const char *host_id, const char *scenario)
{
	return strncmp(i->scenario, scenario, sizeof i->scenario - 1) == 0 &&
	       strncmp(i->host_id, host_id, sizeof i->host_id - 1) == 0;
}

/* Nights, and what else was loaded. */
struct counts {
	size_t nights, others;
};

/* One more run, if there is still room for what it is. */
static int look_at(struct store *store, const char *id, const struct history_rules *rules,
		   struct history *h, struct counts *c, struct bl_err *err)
{
	bool is_full = c->others >= NIGHTS_LOAD_MAX && !rules->adopt;
	int r = is_full ? store_run_declares(store, id, NIGHTLY_FACT, err) : 1;

	if (r <= 0)
		return r;
	r = add(store, id, h, err);
	if (r < 0)
		return r;
	if (history_is_night(h->runs[h->n_runs - 1], rules))
		c->nights++;
	else
		c->others++;
	return 0;
}

int nights_load(struct store *store, const char *host_id, const char *scenario,
		const struct history_rules *rules, struct history *ret, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) struct store_run_info *list = NULL;
	BL_CLEANUP(history_done) struct history h = {0};
	struct counts c = {0};
	size_t n = 0;
	int r = store_list_runs(store, &list, &n, err);

	for (size_t i = 0; i < n && c.nights < NIGHTS_LOAD_MAX && r == 0; i++)
		if (is_of(&list[i], host_id, scenario))
			r = look_at(store, list[i].id, rules, &h, &c, err);
	if (r == 0)
		r = history_settle(&h, rules, err);
	if (r < 0)
		return r;
	*ret = h;
	h = (struct history){0};
	return 0;
}
