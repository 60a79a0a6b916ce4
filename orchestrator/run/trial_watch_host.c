/* trial_watch_host.c - what this host does while jobs run: the sampler around each group. */
#define TRIAL_INTERNAL
#include <errno.h>
#include <inttypes.h>

#include "neighbours.h"
#include "trial_priv.h"

static int not_watched(struct trial *t, const char *why)
{
	return trial_fact_once(t, "host.not_watched", why);
}

void trial_watch_host_prepare(struct trial *t)
{
	trial_watch_host_done(t);
	if (t->s->sc->has_telemetry)
		t->neighbours = neighbours_new("", bl_now_ns());
}

void trial_watch_host_begin(struct trial *t, pid_t pid, enum cpu_role unnamed)
{
	/* A controller that the guest has is no block device of this host, and what lies below a
	 * server would not be, were it elsewhere: its disk has the server's requests, not QEMU's.
	 */
	bool is_hosts = !cell_takes_controller(t->disk->cell) && !t->disk->nbd.pid;
	struct sampler_watch w = {.pid = pid,
				  .unnamed = unnamed,
				  .server = t->disk->nbd.pid,
				  .path = is_hosts ? t->disk->backing.path : NULL,
				  .pci = t->disk->irq_pci,
				  .only_threads = !t->s->sc->has_telemetry,
				  .neighbours = t->neighbours};
	struct bl_err why = BL_ERR_INIT;

	t->watched_pid = pid;
	if (sampler_start(&w, &t->sampler, &why) < 0)
		not_watched(t, bl_err_text(&why));
}

void trial_watch_host_end(struct trial *t)
{
	int r = t->sampler ? sampler_stop(t->sampler, &t->host_seen, &t->host_cost_ns) : 0;

	if (r == -ETIMEDOUT) {
		not_watched(t, "a reading of this host's files hangs in the kernel (a device that "
			       "does not answer?): nothing of this host is known");
		t->neighbours = NULL; /* the thread that hangs has them */
	} else if (r < 0) {
		not_watched(t, "out of memory for what the host did: readings are missing");
	}
	t->sampler = sampler_free(t->sampler);
	if (t->neighbours)
		neighbours_end(t->neighbours, t->watched_pid, bl_now_ns());
}

/* --- a job's share of it --- */

static int add_cpu(struct trial *t, struct job_result *j, size_t n_jobs, uint64_t from, uint64_t to)
{
	int r = sampler_cpu(&t->host_seen, from, to, &j->host_cpu_ns, &j->facts);

	j->has_host_cpu = r == 0;
	if (r == 0 && n_jobs > 1)
		r = facts_addf(&j->facts, "cpu.jobs_in_window", "%zu", n_jobs);
	return r == -ENODATA ? 0 : r;
}

int trial_watch_host_take(struct trial *t, struct job_result *j, size_t n_jobs, int64_t offset_ns)
{
	uint64_t from = j->sample->start_ns + (uint64_t)offset_ns;
	uint64_t to = from + j->sample->runtime_ns;
	struct trial_seen seen = {
		.set = &t->host_seen, .cost_ns = t->host_cost_ns, .readings = t->host_seen.n};
	int r = add_cpu(t, j, n_jobs, from, to);

	if (r == 0 && t->neighbours)
		r = neighbours_facts(t->neighbours, from, to, &j->facts);
	if (r == 0 && t->s->sc->has_telemetry)
		r = trial_keep_seen(j, WATCHED_HOST, &seen, offset_ns);
	return r < 0 ? bl_fail(&t->err, r, "out of memory") : 0;
}

void trial_watch_host_done(struct trial *t)
{
	t->sampler = sampler_free(t->sampler);
	t->neighbours = neighbours_free(t->neighbours);
	series_done(&t->host_seen);
}
