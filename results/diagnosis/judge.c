/* One job of one cell: each trial by itself, then what they have in common. */
#include "judge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

/* One cause over the trials: the first of those in which it is surest stands for all. */
struct gathered {
	struct found best;
	size_t trial, n;
};

struct gathering {
	struct gathered *items;
	size_t n;
	size_t n_trials; /* that could be judged */
	struct looked_at looked;
};

static void gathering_done(struct gathering *all)
{
	for (size_t i = 0; i < all->n; i++) {
		free(all->items[i].best.evidence);
		free(all->items[i].best.remedy);
	}
	free(all->items);
	free(all->looked.job);
	free(all->looked.there);
	free(all->looked.absent);
}

static struct gathered *gathered_of(struct gathering *all, const char *cause)
{
	struct gathered *more;

	for (size_t i = 0; i < all->n; i++)
		if (!strcmp(all->items[i].best.cause, cause))
			return &all->items[i];
	more = reallocarray(all->items, all->n + 1, sizeof *more);
	if (!more)
		return NULL;
	all->items = more;
	more[all->n] = (struct gathered){0};
	return &more[all->n++];
}

static void swap_in(struct gathered *to, struct found *f, size_t trial)
{
	struct found old = to->best;

	to->best = *f;
	*f = old; /* its texts go with the look */
	to->trial = trial;
}

static void gather(struct gathering *all, struct look *l)
{
	for (size_t i = 0; i < l->n_found; i++) {
		struct found *f = &l->found[i];
		struct gathered *g = f->is_shadow ? NULL : gathered_of(all, f->cause);

		if (!g && !f->is_shadow)
			l->g->failed = true;
		if (!g)
			continue;
		if (!g->n++ || f->confidence > g->best.confidence)
			swap_in(g, f, l->a->trial);
	}
}

static void look_around(struct gathering *all, const struct look *l)
{
	struct bl_buf there = BL_BUF_INIT, absent = BL_BUF_INIT;

	if (all->n_trials++)
		return;
	say_looked_at(l, &there, &absent);
	all->looked.job = strdup(l->a->j->name);
	all->looked.there = bl_buf_take(&there);
	all->looked.absent = bl_buf_take(&absent);
	if (!all->looked.job || !all->looked.there || !all->looked.absent)
		l->g->failed = true;
}

static void judge_trial(struct diagnosis *g, size_t trial, size_t job, struct gathering *all)
{
	struct job_analysis a;
	struct look l = {.g = g, .a = &a, .is_emulated = run_is_emulated(&g->d->run)};
	int r = analyse_job(g->d, trial, job, &a, NULL);

	if (r < 0) {
		g->failed |= r != -ENODATA;
		return;
	}
	l.bus = path_of(&l, "bus") ? path_of(&l, "bus") : "";
	l.is_emulated = l.is_emulated && strcmp(l.bus, "host") != 0;
	rules_of_measurement(&l);
	rules_of_storage(&l);
	rules_of_memory(&l);
	rules_of_cpus(&l);
	rules_of_path(&l);
	rules_of_image(&l);
	rules_of_guest(&l);
	lower_unsound(&l); /* what proves nothing hides nothing that does */
	hide_shadows(&l);  /* symptoms name what is left */
	rules_of_symptoms(&l);
	lower_unsound(&l);
	hide_shadows(&l);
	look_around(all, &l);
	gather(all, &l);
	look_done(&l);
	job_analysis_done(&a);
}

/* What the record says of one trial is so, whatever the others say. */
static const char *const of_one_trial[] = {"io-errors",    "cpu-throttled", "reads-of-holes",
					   "cached-reads", "too-short",     "cache-unsafe"};

/* What most trials do not have is a chance more than a cause. Of one or two there is no most. */
static enum finding_confidence sure_over(const struct gathering *all, const struct gathered *x)
{
	enum finding_confidence sure = x->best.confidence;

	for (size_t i = 0; i < BL_ARRAY_LEN(of_one_trial); i++)
		if (!strcmp(of_one_trial[i], x->best.cause))
			return sure;
	return all->n_trials > 2 && 2 * x->n <= all->n_trials && sure > CONFIDENCE_POSSIBLE
		       ? (enum finding_confidence)(sure - 1)
		       : sure;
}

static void tell(struct diagnosis *g, uint32_t cell, const char *job, struct gathering *all)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct gathered *x = &all->items[i];
		const struct found *f = &x->best;
		BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
		struct where at = {.cell = cell,
				   .trial = x->trial,
				   .job = job,
				   .has_layer = f->has_layer,
				   .layer = f->layer,
				   .from_s = f->from_s,
				   .to_s = f->to_s,
				   .change = *f->change ? f->change : NULL};

		bl_buf_adds(&said, f->evidence);
		if (all->n_trials > 1)
			bl_buf_addf(&said, "; so in %zu of %zu trials", x->n, all->n_trials);
		diagnosis_add(g, f->cause, sure_over(all, x), at, &said, f->remedy);
	}
}

static void keep_looked_at(struct diagnosis *g, uint32_t cell, struct gathering *all)
{
	struct looked_at *more;

	if (!all->n_trials)
		return;
	more = reallocarray(g->found.looked, g->found.n_looked + 1, sizeof *more);
	if (!more) {
		g->failed = true;
		return;
	}
	g->found.looked = more;
	all->looked.cell = cell;
	all->looked.n_trials = all->n_trials;
	more[g->found.n_looked++] = all->looked;
	all->looked = (struct looked_at){0};
}

static void judge_job(struct diagnosis *g, uint32_t cell, const char *job)
{
	struct gathering all = {0};

	for (size_t i = 0; i < g->d->n_trials; i++) {
		const struct trial_record *t = &g->d->trials[i];
		const struct job_result *j = t->cell == cell ? trial_job(t, job) : NULL;

		if (j)
			judge_trial(g, i, (size_t)(j - t->jobs), &all);
	}
	tell(g, cell, job, &all);
	keep_looked_at(g, cell, &all);
	gathering_done(&all);
}

void rules_of_jobs(struct diagnosis *g, uint32_t cell)
{
	each_job(g, cell, judge_job);
}

/* ---- what was looked at ---- */

static const struct kind {
	enum watcher watcher;
	const char *pattern, *what;
	bool needs_qemu; /* means nothing on bus host */
} kinds[] = {
	{WATCHED_HOST, "thread.*", "threads on the host", false},
	{WATCHED_HOST, "disk.*", "the host's devices", false},
	{WATCHED_HOST, "memory.*", "the host's memory", false},
	{WATCHED_HOST, "pressure.*", "the host's pressure stalls (PSI)", false},
	{WATCHED_HOST, "cpu.others_ns", "CPU time of others", false},
	{WATCHED_HOST, "throttle.events", "throttling of CPUs", false},
	{WATCHED_GUEST, "cpu0.*", "the guest's CPUs and steal", true},
	{WATCHED_GUEST, "disk.*", "the guest's disk", true},
	{WATCHED_QEMU, "block.*", "QEMU's block layer", true},
};

static bool has_any(const struct look *l, const struct kind *k)
{
	const struct series_set *set = &l->a->j->watched[k->watcher];

	for (size_t i = 0; i < set->n_series; i++)
		if (is_one_of(k->pattern, set->items[i].name))
			return true;
	return false;
}

void say_looked_at(const struct look *l, struct bl_buf *there, struct bl_buf *absent)
{
	size_t n_tested = 0;

	for (size_t i = 0; i < BL_ARRAY_LEN(kinds); i++) {
		struct bl_buf *to = has_any(l, &kinds[i]) ? there : absent;

		if (kinds[i].needs_qemu && !strcmp(l->bus, "host"))
			continue;
		bl_buf_addf(to, "%s%s", to->len ? ", " : "", kinds[i].what);
	}
	for (size_t i = 0; i < l->a->n_signals; i++)
		n_tested += l->a->signals[i].is_tested && !l->a->signals[i].is_symptom;
	bl_buf_addf(there, "%s%zu signals, %zu of them tested against %zu %s",
		    there->len ? ": " : "", l->a->n_signals, n_tested, l->a->n_spikes,
		    spikes_word(l));
}
