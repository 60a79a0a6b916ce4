#include "baseline_find.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "doctor.h"

void this_host(char out[17])
{
	struct doctor_options here = {.root = "", .work_dir = "/"};

	host_id(&here, out, NULL);
}

/* ---- by name ---- */

static bool is_of_host(const struct baseline_record *b, const char *host)
{
	return !host || !strcmp(b->host_name, host) || !strncmp(b->host, host, strlen(host));
}

/* How near a baseline is to what is meant; 0: it is not. */
static int rank(const struct baseline_record *b, const struct args *a, const char *here)
{
	if (strcmp(b->name, a->name) != 0 || !is_of_host(b, a->host) ||
	    (a->of && strcmp(b->scenario, a->of) != 0))
		return 0;
	return 1 + 2 * !b->retired_ms + !strcmp(b->host, here);
}

static void describe(const struct baseline_record *b, struct bl_buf *out)
{
	bl_buf_addf(out, "%s'%s' of %s on %s%s", out->len ? ", " : "", b->name, b->scenario,
		    b->host_name, b->retired_ms ? " (retired)" : "");
}

static int none(const struct args *a, const struct baseline_record *list, size_t n,
		struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf all = BL_BUF_INIT;

	for (size_t i = 0; i < n && all.len < 500; i++)
		describe(&list[i], &all);
	if (!n)
		return bl_fail(err, -ENOENT,
			       "'%s' is no baseline: the store has none; `blklab baseline record` "
			       "makes one",
			       a->name);
	return bl_fail(err, -ENOENT, "'%s' is no baseline%s%s; there are %s", a->name,
		       a->of ? " of that scenario" : "", a->host ? " on that host" : "",
		       bl_buf_str(&all));
}

static int several(const struct args *a, const struct baseline_record *list, size_t n, int best,
		   const char *here, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf all = BL_BUF_INIT;

	for (size_t i = 0; i < n && all.len < 500; i++)
		if (rank(&list[i], a, here) == best)
			describe(&list[i], &all);
	return bl_fail(err, -ENOTUNIQ,
		       "'%s' is several baselines: %s; say which by --scenario or "
		       "--host",
		       a->name, bl_buf_str(&all));
}

static void list_done(struct baseline_record *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		baseline_record_done(&list[i]);
	free(list);
}

int baseline_find(struct store *s, const struct args *a, bool with_retired,
		  struct baseline_record *ret, struct bl_err *err)
{
	struct baseline_record *list = NULL;
	size_t n = 0, n_best = 0, at = 0;
	char here[17];
	int best = 0, r = store_list_baselines(s, NULL, with_retired, &list, &n, err);

	if (r < 0)
		return r;
	this_host(here);
	for (size_t i = 0; i < n; i++) {
		int k = rank(&list[i], a, here);

		if (k < best || !k)
			continue;
		n_best = k > best ? 1 : n_best + 1;
		best = k;
		at = i;
	}
	if (!best)
		r = none(a, list, n, err);
	else if (n_best > 1)
		r = several(a, list, n, best, here, err);
	if (r == 0) {
		*ret = list[at];
		memset(&list[at], 0, sizeof list[at]);
	}
	list_done(list, n);
	return r;
}

/* ---- runs ---- */

void figures_list_done(struct figures_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		run_figures_done(&l->items[i]);
	free(l->items);
	*l = (struct figures_list){.items = NULL};
}

int figures_list_add(struct figures_list *l, struct store *s, const char *id,
		     struct run_record *ret_record, struct bl_err *err)
{
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	struct run_figures *more;
	int r = store_load_figures(s, id, &d, err);

	if (r < 0)
		return r;
	more = reallocarray(l->items, l->n + 1, sizeof *more);
	if (!more)
		return bl_fail(err, -ENOMEM, "out of memory");
	l->items = more;
	r = run_figures_of(&d, &more[l->n]);
	if (r < 0)
		return bl_fail(err, r, "out of memory");
	l->n++;
	if (ret_record) {
		*ret_record = d.run;
		memset(&d.run, 0, sizeof d.run);
	}
	return 0;
}

int figures_list_load(struct figures_list *l, struct store *s, const struct baseline_record *b,
		      struct bl_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < b->n_runs; i++)
		r = figures_list_add(l, s, b->runs[i], NULL, err);
	return r;
}
