/* trial_warm_up.c - SNIA's preconditioning: purge, the whole disk in order, rounds until steady.
 *
 * What is measured follows on it unwatched and unchanged; nothing of it is in the job's sample. */
#define TRIAL_INTERNAL
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "host_jobs.h"
#include "job_steady.h"
#include "jobfile.h"
#include "trial_priv.h"
#include "units.h"

#define SLOWEST_BYTES_S (4 * MiB) /* writing in order that is waited for */

/* --- purge --- */

/* The disk that is held, up to the claim: 0, or what it or the kernel says. */
static int discard(const struct trial *t, uint64_t bytes)
{
	uint64_t range[2] = {0, bytes};
	BL_CLEANUP(bl_closep) int fd = open(t->dev.node, O_WRONLY | O_CLOEXEC);
	struct stat held, opened;

	if (fd < 0 || fstat(fd, &opened) < 0 || fstat(t->hold_fd, &held) < 0)
		return -errno;
	if (!S_ISBLK(opened.st_mode) || opened.st_rdev != held.st_rdev)
		return -ESTALE;
	return ioctl(fd, BLKDISCARD, range) < 0 ? -errno : 0;
}

int trial_purge(struct trial *t, bool is_on_device)
{
	uint64_t bytes = claim_usable_bytes(t->dev.size_bytes);
	int r;

	if (!t->s->sc->warm_up.sequential)
		return 0;
	if (!is_on_device)
		return trial_fact(t, "backing.purge", "new image file");
	if (t->hold_fd < 0 || !t->claim.is_there)
		return bl_fail(&t->err, -EPERM, "'%s' is not held, and was not purged",
			       t->dev.node);
	r = discard(t, bytes);
	if (r == -ESTALE)
		return bl_fail(&t->err, r, "'%s' is another disk by now, and was not purged",
			       t->dev.node);
	if (r < 0) /* SNIA has its test begin anyway, and say so */
		return trial_fact(t, "backing.purge", "not done: discard: %s", strerror(-r));
	return trial_fact(t, "backing.purge", "discarded %" PRIu64 " bytes", bytes);
}

/* --- jobs that are not measured --- */

static void tick(void *ctx, const struct engine_progress *p)
{
	trial_tell(ctx,
		   p->elapsed_ns ? (double)p->ios * (double)NS_PER_S / (double)p->elapsed_ns : 0);
}

static int run_in_guest(struct trial *t, const struct job *jobs, size_t n, uint64_t limit_ns,
			struct sample **samples)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	BL_CLEANUP(guest_jobs_told_done) struct guest_jobs_told told = {.samples = samples};
	struct guest_jobs ask = {.device = t->disk->seen.device,
				 .n = n,
				 .limit_bytes = trial_limit_bytes(t),
				 .limit_ns = limit_ns};

	for (size_t i = 0; i < n; i++)
		job_to_text(&jobs[i], &text);
	if (bl_buf_failed(&text))
		return bl_fail(&t->err, -ENOMEM, "out of memory");
	ask.text = bl_buf_str(&text);
	return guest_run(t->guest, &ask, &told, &t->err);
}

static int run_on_host(struct trial *t, struct job *jobs, size_t n, uint64_t limit_ns,
		       struct sample **samples)
{
	struct host_jobs h = {.jobs = jobs,
			      .n_jobs = n,
			      .target = t->disk->backing.path,
			      .limit_bytes = trial_limit_bytes(t),
			      .limit_ns = limit_ns,
			      .stop = t->s->stop,
			      .tick = tick,
			      .ctx = t};

	for (size_t i = 0; i < n; i++) { /* as the measured ones are: trial_jobs.c */
		jobs[i].direct = true;
		jobs[i].filename[0] = '\0';
	}
	return host_jobs_run(&h, samples, &t->err);
}

/* samples[n] are new, also where a job failed. */
static int run_jobs(struct trial *t, struct job *jobs, size_t n, uint64_t limit_ns,
		    struct sample **samples)
{
	int r = t->guest ? run_in_guest(t, jobs, n, limit_ns, samples)
			 : run_on_host(t, jobs, n, limit_ns, samples);

	for (size_t i = 0; i < n && r == 0; i++)
		if (samples[i]->error)
			r = bl_fail(&t->err, samples[i]->error > 0 ? -samples[i]->error : -EIO,
				    "%s",
				    samples[i]->error_text[0] ? samples[i]->error_text
							      : strerror(samples[i]->error));
	return r;
}

/* --- the whole disk in order --- */

int trial_write_in_order(struct trial *t)
{
	static const char text[] = "[in-order]\nrw=write\nbs=128k\nioengine=libaio\niodepth=16\n"
				   "direct=1\nrefill_buffers=1\n";
	uint64_t begun_ns = bl_now_ns(), size = t->disk->backing.size_bytes;
	uint64_t limit_ns = t->s->sc->limit_job_ns + size / SLOWEST_BYTES_S * NS_PER_S;
	uint32_t passes = t->s->sc->warm_up.sequential;
	struct jobs jobs = {0};
	int r = passes ? jobfile_parse(text, "in-order", &jobs, &t->err) : 0;

	if (passes && r == 0 && t->guest && t->s->n_cells > 1)
		r = trial_turn_to(t);
	if (!passes || r < 0) {
		jobs_done(&jobs);
		return r;
	}
	jobs.items[0].size = size;
	for (uint32_t i = 0; i < passes && r == 0; i++) {
		BL_CLEANUP(sample_freep) struct sample *s = NULL;

		r = run_jobs(t, jobs.items, 1, limit_ns, &s);
	}
	jobs_done(&jobs);
	if (r < 0)
		return bl_wrap(&t->err, r, "cannot write the disk in order");
	r = trial_fact(t, "backing.written_in_order", "%u", passes);
	return r < 0 ? r
		     : trial_fact(t, "backing.written_in_order_ns", "%" PRIu64,
				  bl_now_ns() - begun_ns);
}

/* --- rounds --- */

/* A job over the rounds so far. */
struct track {
	double iops[STEADY_ROUNDS], ln_p99[STEADY_ROUNDS]; /* the last ones, oldest first */
	unsigned n_p99;                                    /* rounds in a row that have one */
	struct bl_buf iops_text, p99_text;
	struct steady_state by_iops, by_p99;
};

static void push(double window[STEADY_ROUNDS], double v)
{
	memmove(window, window + 1, (STEADY_ROUNDS - 1) * sizeof *window);
	window[STEADY_ROUNDS - 1] = v;
}

/* Of all reads, writes and trims; false: too few for a firm one. */
static bool p99_of(const struct sample *s, uint64_t *ret_ns)
{
	BL_CLEANUP(bl_freep) struct lat *all = calloc(1, sizeof *all);

	for (int d = 0; all && d < IO_DIRS; d++)
		if (d != IO_SYNC && s->dir[d].lat)
			lat_merge(all, s->dir[d].lat);
	return all && all->n >= JOB_STEADY_P99_MIN && lat_percentile(all, 99, ret_ns);
}

static void add_round(struct track *k, const struct sample *s)
{
	const char *between = k->iops_text.len ? " " : "";
	uint64_t p99;

	push(k->iops, sample_iops(s));
	bl_buf_addf(&k->iops_text, "%s%.0f", between, sample_iops(s));
	if (!p99_of(s, &p99)) {
		k->n_p99 = 0;
		bl_buf_addf(&k->p99_text, "%s-", between);
		return;
	}
	k->n_p99++;
	push(k->ln_p99, log((double)p99));
	bl_buf_addf(&k->p99_text, "%s%" PRIu64, between, p99);
}

static bool is_steady(struct track *k)
{
	k->by_iops = steady_snia(k->iops);
	k->by_p99 = steady_snia_log(k->ln_p99);
	return k->by_iops.is_steady && (k->n_p99 < STEADY_ROUNDS || k->by_p99.is_steady);
}

/* The job as it is, for the length of a round. */
static void make_round(struct job *to, const struct job *from, uint64_t round_ns)
{
	*to = *from;
	to->runtime_ns = round_ns;
	to->time_based = true;
	to->ramp_ns = to->startdelay_ns = to->startdelay_max_ns = 0;
	to->io_size = to->number_ios = 0;
	to->io_size_pct = 0;
	to->steadystate = JOB_SS_NONE;
	to->ss_dur_ns = to->ss_ramp_ns = 0;
}

static int run_round(struct trial *t, const struct trial_group *g, struct track *tracks,
		     bool *ret_steady)
{
	const uint64_t round_ns = t->s->sc->warm_up.round_ns;
	BL_CLEANUP(bl_freep) struct job *jobs = calloc(g->n, sizeof *jobs);
	BL_CLEANUP(bl_freep) struct sample **samples = calloc(g->n, sizeof(struct sample *));
	int r;

	if (!jobs || !samples)
		return bl_fail(&t->err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < g->n; i++)
		make_round(&jobs[i], &g->jobs[i], round_ns);
	r = run_jobs(t, jobs, g->n, round_ns + t->s->sc->limit_job_ns, samples);
	*ret_steady = true;
	for (size_t i = 0; i < g->n; i++) {
		if (r == 0) {
			add_round(&tracks[i], samples[i]);
			*ret_steady = is_steady(&tracks[i]) && *ret_steady;
		}
		sample_free(samples[i]);
	}
	return r;
}

static int keep_rounds(struct trial *t, struct job_result *j, const struct track *k, unsigned n)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf reached = BL_BUF_INIT;
	int r;

	steady_say(&k->by_iops, k->n_p99 < STEADY_ROUNDS ? NULL : &k->by_p99, &reached);
	if (bl_buf_failed(&reached) || bl_buf_failed(&k->iops_text) || bl_buf_failed(&k->p99_text))
		return bl_fail(&t->err, -ENOMEM, "out of memory");
	r = facts_addf(&j->facts, STEADY_FACT_ROUNDS, "%u", n);
	if (r == 0)
		r = facts_addf(&j->facts, STEADY_FACT_ROUND_NS, "%" PRIu64,
			       t->s->sc->warm_up.round_ns);
	if (r == 0)
		r = facts_add(&j->facts, STEADY_FACT_REACHED, bl_buf_str(&reached));
	if (r == 0)
		r = facts_add(&j->facts, STEADY_FACT_IOPS, bl_buf_str(&k->iops_text));
	if (r == 0)
		r = facts_add(&j->facts, STEADY_FACT_P99, bl_buf_str(&k->p99_text));
	return r < 0 ? bl_fail(&t->err, r, "out of memory") : 0;
}

int trial_until_steady(struct trial *t, const struct trial_group *g)
{
	const struct scenario_warm_up *w = &t->s->sc->warm_up;
	BL_CLEANUP(bl_freep) struct track *tracks = calloc(g->n, sizeof *tracks);
	char says[JOB_NAME_MAX + 32];
	bool steady = false;
	unsigned n = 0;
	int r = 0;

	if (!w->round_ns)
		return 0;
	if (!tracks)
		return bl_fail(&t->err, -ENOMEM, "out of memory");
	while (r == 0 && n < w->rounds && !(steady && n >= STEADY_ROUNDS)) {
		snprintf(says, sizeof says, "%s, round %u", g->jobs[0].name, ++n);
		trial_phase(t, PHASE_JOB, says, w->round_ns);
		r = trial_is_stopped(t) ? -EINTR : run_round(t, g, tracks, &steady);
	}
	for (size_t i = 0; i < g->n; i++) {
		if (r == 0)
			r = keep_rounds(t, &g->results[i], &tracks[i], n);
		bl_buf_done(&tracks[i].iops_text);
		bl_buf_done(&tracks[i].p99_text);
	}
	t->progress.job = NULL; /* @says ends here */
	return r < 0 ? bl_wrap(&t->err, r, "%s", says) : 0;
}

int trial_say_measured(struct trial *t, struct job_result *j)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	struct job_rounds rounds;
	int r;

	if (!job_rounds_of(j->sample, &rounds))
		return 0;
	/* Of what was measured the slope is judged; a wide range is the job's own. */
	rounds.by_iops.is_steady = !rounds.by_iops.has_drifted;
	steady_say(&rounds.by_iops, rounds.has_p99 ? &rounds.by_p99 : NULL, &text);
	r = bl_buf_failed(&text) ? -ENOMEM
				 : facts_add(&j->facts, STEADY_FACT_MEASURED, bl_buf_str(&text));
	return r < 0 ? bl_fail(&t->err, r, "out of memory") : 0;
}
