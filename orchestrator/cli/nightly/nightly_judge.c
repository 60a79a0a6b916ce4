/* nightly_judge.c - what the store holds of the nights before, and the judgement on this one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "baseline_find.h"
#include "cleanup.h"
#include "clock.h"
#include "fs.h"
#include "nightly.h"
#include "nights_load.h"

/* --- the baseline --- */

struct checks {
	struct figures_list base;
	struct profile_check items[JUDGE_BASELINE_NIGHTS];
	size_t n;
};

static void checks_done(struct checks *c)
{
	figures_list_done(&c->base);
	for (size_t i = 0; i < c->n; i++)
		profile_check_done(&c->items[i]);
}

static void baselines_done(struct baseline_record *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		baseline_record_done(&list[i]);
	free(list);
}

/* --baseline, or the only one in use. NULL: none. */
static int choose(const struct nightly *n, struct baseline_record *list, size_t n_list,
		  const struct baseline_record **ret, struct bl_err *err)
{
	const char *scenario = n->session.plan.scenario->name;
	size_t found = 0;

	*ret = NULL;
	for (size_t i = 0; i < n_list; i++) {
		if (strcmp(list[i].scenario, scenario) != 0 ||
		    (n->args->baseline && strcmp(list[i].name, n->args->baseline) != 0))
			continue;
		*ret = &list[i];
		found++;
	}
	if (n->args->baseline && !*ret)
		return bl_fail(
			err, -ENOENT,
			"--baseline: this host has no baseline '%s' of scenario '%s' in use; "
			"'blklab baseline list' shows those there are, 'blklab baseline "
			"record' makes one",
			n->args->baseline, scenario);
	if (found > 1) /* which one is meant has to be said */
		*ret = NULL;
	return 0;
}

int nightly_check_baseline(struct nightly *n, struct bl_err *err)
{
	struct baseline_record *list = NULL;
	const struct baseline_record *b;
	size_t n_list = 0, n_own = 0;
	int r = 0;

	if (n->session.store) /* else there is none yet, and no baseline */
		r = store_list_baselines(n->session.store, n->host_id, false, &list, &n_list, err);
	if (r == 0)
		r = choose(n, list, n_list, &b, err);
	for (size_t i = 0; i < n_list; i++)
		n_own += strcmp(list[i].scenario, n->session.plan.scenario->name) == 0;
	if (r == 0 && !b && n_own > 1)
		nightly_note(n,
			     "%zu baselines of this scenario are in use, and none was named: "
			     "figures are compared with none; --baseline names one",
			     n_own);
	baselines_done(list, n_list);
	return r;
}

static int make_checks(struct nightly *n, struct checks *c, struct bl_err *err)
{
	struct baseline_record *list = NULL;
	const struct baseline_record *b;
	size_t n_list = 0;
	int r = store_list_baselines(n->session.store, n->host_id, false, &list, &n_list, err);

	if (r == 0)
		r = choose(n, list, n_list, &b, err);
	if (r == 0 && b) {
		free(n->night.baseline);
		n->night.baseline = strdup(b->name);
		r = figures_list_load(&c->base, n->session.store, b, err);
		if (r == 0)
			r = night_check_baseline(&n->history, c->base.items, c->base.n, &n->effects,
						 c->items, &c->n, err);
	}
	baselines_done(list, n_list);
	return r;
}

/* --- the judgement --- */

static void new_id(void *ctx, char id[BL_UUID_TEXT])
{
	(void)ctx;
	bl_uuid7(id, bl_wall_ms());
}

void nightly_forget(struct nightly *n)
{
	history_done(&n->history);
	for (size_t i = 0; i < n->n_earlier; i++)
		change_record_done(&n->earlier[i]);
	free(n->earlier);
	n->earlier = NULL;
	n->n_earlier = 0;
}

/* What was loaded before stays until all of it is. */
static int load(struct nightly *n, struct bl_err *err)
{
	struct history_rules rules = {.adopt = n->args->adopt};
	const char *scenario = n->session.plan.scenario->name;
	struct change_record *earlier;
	struct history h = {0};
	size_t n_earlier;
	int r = nights_load(n->session.store, n->host_id, scenario, &rules, &h, err);

	if (r == 0)
		r = store_list_changes(n->session.store, n->host_id, scenario, &earlier, &n_earlier,
				       err);
	if (r < 0) {
		history_done(&h);
		return r;
	}
	nightly_forget(n);
	n->history = h;
	n->earlier = earlier;
	n->n_earlier = n_earlier;
	return 0;
}

/* Only the last night is judged, and nights are in the order of the clock. NULL: none. */
static const struct night_figures *last_night(const struct nightly *n)
{
	const struct history *h = &n->history;

	return h->n_nights ? &h->nights[h->n_nights - 1] : NULL;
}

static const struct history_run *tonight(const struct nightly *n)
{
	for (size_t i = 0; i < n->history.n_runs; i++)
		if (strcmp(n->history.runs[i]->figures.run, n->run_id) == 0)
			return n->history.runs[i];
	return NULL;
}

/* Tonight's run is not the last night: nothing of it could be measured, or it seems to be older
 * than another one. */
static int not_judged(struct nightly *n, struct bl_err *err)
{
	const struct night_figures *last = last_night(n);
	const struct history_run *run = tonight(n);
	char when[32];

	n->night.outcome = NIGHT_CANNOT_TELL;
	n->night.n_nights = n->history.n_nights;
	free(n->night.reason);
	if (last && run && run->figures.started_ms < last->started_ms)
		n->night.reason =
			bl_strf("the clock is behind: a night of the history began at %s, which is "
				"later than this one, so what came before it can't be told; set "
				"the clock, or wait until it is past that",
				bl_format_utc(when, last->started_ms));
	else
		n->night.reason = strdup("the run gave no figures that could be compared");
	return n->night.reason ? 0 : bl_fail(err, -ENOMEM, "out of memory");
}

int nightly_judge(struct nightly *n, struct bl_err *err)
{
	BL_CLEANUP(checks_done) struct checks checks = {0};
	struct judge_rules rules = {.effects = &n->effects, .new_id = new_id};
	int r = load(n, err);

	if (r < 0)
		return r;
	if (!last_night(n) || strcmp(last_night(n)->run, n->run_id) != 0)
		return not_judged(n, err);
	r = make_checks(n, &checks, err);
	if (r < 0)
		return r;
	rules.earlier = n->earlier;
	rules.n_earlier = n->n_earlier;
	rules.checks = checks.items;
	rules.n_checks = checks.n;
	return night_judge(&n->history, &rules, &n->night, err);
}

/* --- what is remembered --- */

static const struct change_record *known(const struct nightly *n, const struct night_change *c)
{
	for (size_t i = 0; i < n->n_earlier; i++)
		if (strcmp(n->earlier[i].id, c->id) == 0)
			return &n->earlier[i];
	return NULL;
}

static struct change_record first_record(struct nightly *n, const struct night_change *c)
{
	struct change_record r = {
		.host = n->host_id,
		.scenario = n->session.plan.scenario->name,
		.cell = c->cell,
		.job = c->job,
		.metric = (char *)metric_names[c->metric],
		.before = c->before,
		.after = c->after,
		.lo = c->lo,
		.hi = c->hi,
		.p = c->p,
		.is_drift = c->is_drift,
		.cause = c->cause,
	};

	memcpy(r.id, c->id, sizeof r.id);
	memcpy(r.event, c->event, sizeof r.event);
	memcpy(r.at_run, c->at_run, sizeof r.at_run);
	memcpy(r.found_run, n->run_id, sizeof r.found_run);
	return r;
}

/* Of what an earlier night found, what became of it; the rest is as it was found. */
int nightly_remember(struct nightly *n, struct bl_err *err)
{
	int r = 0;

	for (size_t i = 0; i < n->night.n_changes && r == 0; i++) {
		const struct night_change *c = &n->night.changes[i];
		const struct change_record *before = known(n, c);
		struct change_record record = before ? *before : first_record(n, c);

		record.state = (char *)change_state_names[c->state];
		record.confirmation = c->confirmation;
		if (!record.reported_ms && night_change_is_told(&n->night, c))
			record.reported_ms = bl_wall_ms();
		r = store_put_change(n->session.store, &record, err);
	}
	return r;
}
