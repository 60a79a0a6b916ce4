/* trial_jobs.c - the jobs of a trial in their groups, in the guest or on the host. */
#define TRIAL_INTERNAL
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fs.h"
#include "host_jobs.h"
#include "trial_priv.h"
#include "units.h"

/* The group that begins at job @first. */
static struct trial_group group_at(const struct trial *t, size_t first)
{
	const struct jobs *all = &t->s->sc->jobs;
	struct trial_group g = {.jobs = all->items + first, .results = t->rec->jobs + first};

	while (first + g.n < all->n && g.jobs[g.n].group == g.jobs[0].group) {
		const struct job *j = &g.jobs[g.n];
		uint64_t ns = j->startdelay_max_ns + j->ramp_ns + j->runtime_ns;

		if (ns > g.expected_ns)
			g.expected_ns = ns;
		g.n++;
	}
	return g;
}

static int name_results(struct trial *t)
{
	const struct jobs *all = &t->s->sc->jobs;

	t->rec->jobs = calloc(all->n, sizeof *t->rec->jobs);
	if (!t->rec->jobs)
		return bl_fail(&t->err, -ENOMEM, "out of memory");
	t->rec->n_jobs = all->n;
	for (size_t i = 0; i < all->n; i++) {
		struct bl_buf text = BL_BUF_INIT;

		job_to_text(&all->items[i], &text);
		t->rec->jobs[i].job_text = bl_buf_take(&text);
		t->rec->jobs[i].name = strdup(all->items[i].name);
		if (!t->rec->jobs[i].name || !t->rec->jobs[i].job_text)
			return bl_fail(&t->err, -ENOMEM, "out of memory");
	}
	return 0;
}

static void group_text(const struct trial_group *g, struct bl_buf *out)
{
	for (size_t i = 0; i < g->n; i++)
		bl_buf_adds(out, g->results[i].job_text);
}

static int take_samples(struct trial *t, struct trial_group *g, struct sample **samples,
			const struct guest_clock *clock)
{
	int r = 0;

	for (size_t i = 0; i < g->n; i++) {
		g->results[i].sample = samples[i];
		samples[i] = NULL;
		if (r == 0)
			r = trial_watch_host_take(t, &g->results[i], g->n,
						  clock ? clock->offset_ns : 0);
	}
	for (size_t i = 0; i < g->n && r == 0; i++)
		r = trial_say_measured(t, &g->results[i]);
	for (size_t i = 0; i < g->n && r == 0; i++) {
		const struct sample *s = g->results[i].sample;

		if (s->error)
			r = bl_fail(&t->err, s->error > 0 ? -s->error : -EIO, "job '%s': %s",
				    g->results[i].name,
				    s->error_text[0] ? s->error_text : strerror(s->error));
	}
	return r;
}

/* --- interrupts --- */

struct irq_to {
	struct trial_group *g;
	const char *where; /* "guest", "host" */
	int r;
};

/* Nobody can tell the jobs of a group apart: all get the same. */
static void irq_fact(void *ctx, const char *name, const char *counts)
{
	struct irq_to *to = ctx;
	BL_CLEANUP(bl_freep) char *key = bl_strf("irq.%s.%s", to->where, name);

	if (!key)
		to->r = -ENOMEM;
	for (size_t i = 0; i < to->g->n && to->r == 0; i++)
		to->r = facts_add(&to->g->results[i].facts, key, counts);
}

static int add_guest_irqs(struct trial *t, struct trial_group *g, const struct facts *irqs)
{
	struct irq_to to = {.g = g, .where = "guest"};

	for (size_t i = 0; i < irqs->n; i++)
		irq_fact(&to, irqs->items[i].key, irqs->items[i].value);
	return to.r < 0 ? bl_fail(&t->err, to.r, "out of memory") : 0;
}

/* What the device has interrupted the host with until now; empty: it can't be told. */
static void read_host_irqs(const struct trial *t, struct irq_table *ret)
{
	if (!t->disk->irq_pci[0] || irq_read_pci("", t->disk->irq_pci, ret) < 0)
		*ret = (struct irq_table){0};
}

/* @before is ended here. */
static int add_host_irqs(struct trial *t, struct trial_group *g, struct irq_table *before)
{
	struct irq_to to = {.g = g, .where = "host"};
	struct irq_table after;
	int r;

	read_host_irqs(t, &after);
	r = irq_each_delta(before, &after, irq_fact, &to);
	irq_table_done(&after);
	irq_table_done(before);
	return r < 0 || to.r < 0 ? bl_fail(&t->err, -ENOMEM, "out of memory") : 0;
}

/* --- in the guest --- */

static int run_in_guest(struct trial *t, struct trial_group *g)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) struct sample **samples = calloc(g->n, sizeof(struct sample *));
	BL_CLEANUP(guest_jobs_told_done) struct guest_jobs_told told = {.samples = samples};
	struct guest_jobs jobs = {.device = t->disk->seen.device,
				  .n = g->n,
				  .limit_bytes = trial_limit_bytes(t),
				  .limit_ns = g->expected_ns + t->s->sc->limit_job_ns};
	struct guest_clock clock;
	struct irq_table before;
	int r;

	group_text(g, &text);
	if (!samples || bl_buf_failed(&text))
		return bl_fail(&t->err, -ENOMEM, "out of memory");
	trial_watch_host_prepare(t);
	trial_watch_host_begin(t, hv_vm_pid(t->vm), CPU_OTHER);
	read_host_irqs(t, &before);
	jobs.text = bl_buf_str(&text);
	trial_watch_qemu_begin(t);
	r = trial_run_watched(t, &jobs, &told, &clock);
	trial_watch_qemu_end(t);
	trial_watch_host_end(t);
	if (r < 0)
		bl_wrap(&t->err, r, "job '%s'", g->results[0].name);
	else
		r = take_samples(t, g, samples, &clock);
	if (r == 0)
		r = trial_keep_watched(t, g->results, g->n, &told, &clock);
	if (r == 0)
		r = trial_watch_qemu_take(t, g->jobs, g->results, g->n);
	if (r == 0)
		r = add_guest_irqs(t, g, &told.interrupts);
	if (r == 0)
		r = add_host_irqs(t, g, &before);
	else
		irq_table_done(&before);
	return r;
}

static int each_group(struct trial *t, int (*run)(struct trial *t, struct trial_group *g))
{
	int r = name_results(t);

	for (size_t i = 0; i < t->s->sc->jobs.n && r == 0;) {
		struct trial_group g = group_at(t, i);

		r = trial_until_steady(t, &g);
		if (r < 0)
			break;
		trial_phase(t, PHASE_JOB, g.jobs[0].name, g.expected_ns);
		r = run(t, &g);
		i += g.n;
	}
	return r;
}

int trial_jobs_in_guest(struct trial *t)
{
	return each_group(t, run_in_guest);
}

/* --- on the host --- */

static void host_tick(void *ctx, const struct engine_progress *p)
{
	uint64_t elapsed = p->elapsed_ns;

	trial_tell(ctx, elapsed ? (double)p->ios * (double)NS_PER_S / (double)elapsed : 0);
}

/* Bus host has no QEMU whose cache mode could be asked for: the floor is measured past the
 * page cache, as cells with cache none are. The record shows the job as it ran. */
static struct job *copy_direct(const struct trial_group *g)
{
	struct job *jobs = calloc(g->n, sizeof *jobs);

	for (size_t i = 0; jobs && i < g->n; i++) {
		struct bl_buf text = BL_BUF_INIT;

		jobs[i] = g->jobs[i];
		jobs[i].direct = true;
		jobs[i].filename[0] = '\0'; /* never anything but the backing */
		job_to_text(&jobs[i], &text);
		free(g->results[i].job_text);
		g->results[i].job_text = bl_buf_take(&text);
	}
	return jobs;
}

static int prove_host(struct trial *t, bool seen, bool direct)
{
	int r = 0;

	for (size_t i = 0; i < t->rec->effective.n; i++) {
		if (strcmp(t->rec->effective.items[i].key, "target.direct") == 0)
			return 0; /* by an earlier group */
	}
	if (seen)
		r = effectives_add(&t->rec->effective, "target.direct", "on", direct ? "on" : "off",
				   "flags in /proc/PID/fdinfo of the jobs' process");
	if (r < 0)
		return bl_fail(&t->err, r, "out of memory");
	if (!seen || direct)
		return 0;
	t->state = TRIAL_MISMATCH;
	return bl_fail(&t->err, -EINVAL, "target.direct: asked on, effective off (fdinfo)");
}

static void host_started(void *ctx, pid_t pid)
{
	trial_watch_host_begin(ctx, pid, CPU_JOB);
}

static void host_ended(void *ctx)
{
	trial_watch_host_end(ctx);
}

static int run_on_host(struct trial *t, struct trial_group *g)
{
	BL_CLEANUP(bl_freep) struct job *jobs = copy_direct(g);
	BL_CLEANUP(bl_freep) struct sample **samples = calloc(g->n, sizeof(struct sample *));
	bool seen = false, direct = false;
	struct irq_table before;
	struct host_jobs h = {.jobs = jobs,
			      .n_jobs = g->n,
			      .target = t->disk->backing.path,
			      .limit_bytes = trial_limit_bytes(t),
			      .limit_ns = g->expected_ns + t->s->sc->limit_job_ns,
			      .stop = t->s->stop,
			      .started = host_started,
			      .ended = host_ended,
			      .tick = host_tick,
			      .ctx = t,
			      .ret_seen = &seen,
			      .ret_direct = &direct};
	int r;

	if (!jobs || !samples)
		return bl_fail(&t->err, -ENOMEM, "out of memory");
	read_host_irqs(t, &before);
	trial_watch_host_prepare(t);
	r = host_jobs_run(&h, samples, &t->err);
	if (r < 0)
		bl_wrap(&t->err, r, "job '%s'", g->results[0].name);
	else
		r = take_samples(t, g, samples, NULL);
	if (r < 0) {
		irq_table_done(&before);
		return r;
	}
	r = add_host_irqs(t, g, &before);
	return r < 0 ? r : prove_host(t, seen, direct);
}

int trial_jobs_on_host(struct trial *t)
{
	return each_group(t, run_on_host);
}
