/* shape.c - what a rich job does next: the order of requests, syncs and checks, and when it has
 * done all; what becomes of each when it is done.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "journal.h"
#include "shape_priv.h"

#define PRETEND_BETWEEN_LOOKS 4096 /* at the stop flags */

/* verify_only: as if it had been written. */
static void pretend(struct worker *w, struct shape *sh)
{
	struct slot s = {.len = 0};
	uint64_t due, n = 0;

	memset(sh->pacing.is_rated, 0, sizeof(sh->pacing.is_rated));
	while (sh->bytes_left && sh->ios_left && !w->is_ending) {
		if (shape_place(w, sh, &s, w->start, &due) != SHAPE_GO)
			return;
		if (s.dir == IO_WRITE)
			readback_wrote(sh->readback, &s);
		sh->bytes_left -= s.len < sh->bytes_left ? s.len : sh->bytes_left;
		sh->ios_left--;
		if (++n % PRETEND_BETWEEN_LOOKS == 0)
			worker_event(w, clk_now(w->clk));
	}
}

static bool checks_later(const struct shape *sh, const struct job *j)
{
	return sh->readback && job_writes(j) && j->do_verify;
}

/* verify_only writes nothing ever, also where nothing is read back; fio counts such a job's
 * requests as done, here none is: none was. */
static void skip_writes(struct worker *w, struct shape *sh)
{
	if (!checks_later(sh, w->job)) {
		sh->phase = PHASE_OVER;
		return;
	}
	pretend(w, sh);
	sh->phase = PHASE_CHECK;
}

/* Written and checked: once more, or done. */
static void end_pass(struct worker *w, struct shape *sh)
{
	uint32_t left = sh->loops_left - 1;

	sh->phase = PHASE_OVER;
	if (!left)
		return;
	sh->passes_left = 0;
	shape_start_over(w, sh);
	shape_set_amounts(w, sh);
	sh->loops_left = left;
	sh->phase = PHASE_IO;
}

static enum shape_answer make_check(struct worker *w, struct shape *sh, struct slot *s)
{
	bool of_backlog = sh->phase == PHASE_BACKLOG;

	s->flags = 0;
	if (readback_next(sh->readback, s, of_backlog)) {
		s->due = clk_now(w->clk);
		return SHAPE_GO;
	}
	if (!worker_is_idle(w))
		return SHAPE_WAIT;
	if (of_backlog)
		sh->phase = PHASE_IO;
	else
		end_pass(w, sh);
	return SHAPE_WAIT;
}

static bool is_through(const struct shape *sh)
{
	return (!sh->bytes_left || !sh->ios_left) && !sh->has_trim_pending && !sh->has_held;
}

static enum shape_answer next_of_phase(struct worker *w, struct slot *s, uint64_t now,
				       uint64_t *ret_due)
{
	struct shape *sh = w->shape;
	const struct job *j = w->job;
	uint32_t batch;

	if (sh->phase == PHASE_IO && j->verify_only && job_writes(j))
		skip_writes(w, sh);
	if (sh->phase == PHASE_OVER)
		return SHAPE_END;
	if (sh->phase != PHASE_IO)
		return make_check(w, sh, s);
	if (is_through(sh)) { /* no sync behind the last write: that is what end_fsync= is for */
		if (!checks_later(sh, j))
			return SHAPE_END;
		if (worker_is_idle(w))
			sh->phase = PHASE_CHECK;
		return SHAPE_WAIT;
	}
	if (sh->sync_owed)
		return shape_make_sync(sh, s);
	batch = checks_later(sh, j) ? readback_due(sh->readback, j) : 0;
	if (batch) {
		if (!worker_is_idle(w)) /* nothing may write while it is checked */
			return SHAPE_WAIT;
		sh->phase = PHASE_BACKLOG;
		sh->readback->batch_left = batch;
		return SHAPE_WAIT;
	}
	if (!pacing_may_start(&sh->pacing, w, now, ret_due))
		return SHAPE_WAIT;
	return shape_make_io(w, sh, s, now, ret_due);
}

enum shape_answer shape_next(struct worker *w, struct slot *s, uint64_t now, uint64_t *ret_due)
{
	enum shape_answer answer;

	if (now >= w->end)
		return SHAPE_END;
	if (now >= w->start && !w->is_counting) /* before the first request that counts */
		worker_event(w, now);
	answer = next_of_phase(w, s, now, ret_due);
	if (answer == SHAPE_WAIT && worker_is_idle(w) && *ret_due == UINT64_MAX)
		*ret_due = now; /* the phase has changed: ask again */
	return answer;
}

void shape_submit(struct worker *w)
{
	for (unsigned i = 0; i < w->n_queued; i++) {
		struct slot *s = queued_slot(w, i);

		if (!slot_is_at_once(w, s))
			continue;
		w->at_once_result[w->n_at_once] =
			job_engine_is_null(w->job->engine) ? (int)s->len : sync_io(w, s);
		w->at_once[w->n_at_once++] = s->id;
	}
}

static bool is_full_device(const struct worker *w, const struct slot *s, int res)
{
	return w->job->fill_device && s->dir == IO_WRITE && (res == -ENOSPC || res == 0);
}

bool shape_done(struct worker *w, struct slot *s, int res, uint64_t *now)
{
	struct shape *sh = w->shape;

	s->flags &= (uint8_t)~SLOT_BUSY;
	if ((uint32_t)res != s->len) {
		if (is_full_device(w, s, res)) {
			w->is_ending = true;
			return false;
		}
		if (worker_finish_io(w, s, res) < 0)
			return false;
		*now = clk_now(w->clk);
	}
	if (s->dir == IO_SYNC || !sh->readback || job_engine_is_null(w->job->engine))
		return true;
	if (s->kind == SLOT_CHECK || s->kind == SLOT_CHECK_ZERO) {
		bool is_ours = job_writes(w->job);

		(void)readback_check(w, sh->readback, s, is_ours);
	} else if (s->dir == IO_WRITE) {
		readback_wrote(sh->readback, s);
	}
	return true;
}

void shape_record(struct worker *w, const struct slot *s, uint64_t now)
{
	struct meter *m = &w->meter[s->dir];
	uint64_t lat = clk_ns(w->clk, now - s->start);
	uint64_t most = s->dir < JOB_DDIRS ? w->job->max_latency_ns[s->dir] : 0;

	m->bytes += s->len;
	if (m->sched)
		lat_add(m->sched, clk_ns(w->clk, now - s->due));
	if (s->dir < 2 && w->clat_by_prio[s->dir][0])
		lat_add(w->clat_by_prio[s->dir][s->prio], clk_ns(w->clk, now - s->issue));
	if (w->journal)
		journal_add(w, s, now);
	if (most && lat > most && !w->is_ending)
		worker_fail(w, ETIMEDOUT, "max_latency: %s at offset %llu took %llu us",
			    io_dir_names[s->dir], (unsigned long long)s->offset,
			    (unsigned long long)lat / 1000);
	if (s->dir < JOB_DDIRS && pacing_done(&w->shape->pacing, w, lat, now))
		w->is_ending = true;
}

void shape_end(struct worker *w)
{
	pacing_end(&w->shape->pacing, w);
	for (unsigned i = 0; w->job->end_fsync && job_writes(w->job) && i < w->n_files; i++)
		if (w->files[i].fd >= 0 && fsync(w->files[i].fd) < 0)
			worker_fail(w, errno, "end_fsync: %s ('%.100s')", strerror(errno),
				    w->files[i].plan->path);
	w->finished = clk_now(w->clk);
}

void shape_tell(const struct worker *w, struct engine_clone *c)
{
	const struct pacing *p = &w->shape->pacing;

	c->latency_depth = p->seeks ? p->search.depth : 0;
	c->latency_failed = p->seeks && p->search.state == DEPTH_FAILED;
}
