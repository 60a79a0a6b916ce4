/* shape_request.c - one request: which file, which direction, how many bytes, with which data. */
#include "shape_priv.h"

#define SIZE_TRIES 16

bool shape_start_over(struct worker *w, struct shape *sh)
{
	const struct job *j = w->job;
	bool goes_on = (j->time_based && !j->verify) || j->io_size || j->io_size_pct;

	if (w->is_counting && sh->passes_left && !--sh->passes_left && !goes_on) {
		sh->bytes_left = 0;
		return false;
	}
	for (unsigned i = 0; i < w->n_files; i++) {
		region_restart(&sh->regions[i]);
		sh->is_over[i] = false;
		if (shape_drops_cache_again(w->job))
			target_drop_cache(&w->files[i]);
	}
	sh->n_over = 0;
	return true;
}

static void next_file(struct worker *w, struct shape *sh)
{
	const struct job *j = w->job;

	if (j->file_service_type == JOB_FILES_RANDOM) {
		sh->file = (unsigned)rng_below(&sh->rng, w->n_files);
		for (unsigned i = 0; i < w->n_files && sh->is_over[sh->file]; i++)
			sh->file = (sh->file + 1) % w->n_files;
	} else if (j->file_service_type == JOB_FILES_ROUNDROBIN || sh->is_over[sh->file])
		sh->file = (sh->file + 1) % w->n_files;
	sh->file_left = j->file_service_n ? j->file_service_n : 1;
}

/* The direction of the next request; rated: whose turn comes first. -1: none is due. */
static int choose(struct worker *w, struct shape *sh, uint64_t now, uint64_t *ret_due)
{
	struct pacing *p = &sh->pacing;
	const struct job *j = w->job;
	unsigned dir;

	if (sh->has_trim_pending)
		return IO_WRITE;
	if (job_trims(j))
		return pacing_is_due(p, IO_TRIM, now, ret_due) ? IO_TRIM : -1;
	if (!w->is_mixed)
		return pacing_is_due(p, w->only_dir, now, ret_due) ? w->only_dir : -1;
	if (p->is_rated[IO_READ] && p->is_rated[IO_WRITE])
		dir = schedule_due(&p->schedule[IO_WRITE]) < schedule_due(&p->schedule[IO_READ]);
	else
		dir = rng_next(&w->mix) >> 32 < w->read_threshold ? IO_READ : IO_WRITE;
	if (pacing_is_due(p, dir, now, ret_due))
		return (int)dir;
	return pacing_is_due(p, !dir, now, ret_due) ? (int)!dir : -1;
}

/* A size that fits before the end of a sequential region, if one does. */
static uint32_t draw_size(struct shape *sh, unsigned sized, unsigned dir)
{
	const struct split *split = &sh->split[sized];
	uint64_t room = region_room(&sh->regions[sh->file], dir);
	uint32_t len = split_next(split, &sh->rng);

	for (int tries = 0; len > room && tries < SIZE_TRIES; tries++)
		len = split_next(split, &sh->rng);
	return len > room && split->min <= room ? split->min : len;
}

/* A place for it in one of the files. False: every pass is over. */
static bool find_place(struct worker *w, struct shape *sh, struct slot *s)
{
	const struct job *j = w->job;
	/* bs_is_seq_rand: the first size is for sequential requests, the second for random ones */
	unsigned sized = j->bs_is_seq_rand ? (unsigned)job_is_random(j) : s->dir;
	uint32_t len = draw_size(sh, sized, s->dir);

	for (unsigned tries = 0; tries <= 2 * w->n_files; tries++) {
		if (!sh->file_left)
			next_file(w, sh);
		s->len = len;
		if (!sh->is_over[sh->file] &&
		    region_next(&sh->regions[sh->file], s->dir, &s->len, &s->offset)) {
			s->file = sh->file;
			sh->file_left--;
			return true;
		}
		sh->n_over += !sh->is_over[sh->file];
		sh->is_over[sh->file] = true;
		sh->file_left = 0;
		if (sh->n_over == w->n_files && !shape_start_over(w, sh))
			return false;
	}
	return false;
}

static void owe_syncs(struct shape *sh, const struct job *j)
{
	const uint32_t every[2] = {j->fsync, j->fdatasync};

	for (unsigned kind = 0; kind < 2; kind++) {
		if (!every[kind] || ++sh->since_sync[kind] < every[kind])
			continue;
		sh->since_sync[kind] = 0;
		sh->sync_owed |= (uint8_t)(1u << kind);
	}
}

enum shape_answer shape_make_sync(struct shape *sh, struct slot *s)
{
	s->dir = IO_SYNC;
	s->kind = sh->sync_owed & 1 ? SLOT_FSYNC : SLOT_FDATASYNC;
	s->len = 0;
	s->offset = 0;
	s->file = sh->trim_file = sh->file; /* of the last write */
	s->flags = 0;
	sh->sync_owed &= (uint8_t)(sh->sync_owed - 1);
	return SHAPE_GO;
}

/* The place of a priority in the worker's list, which has room for all that were counted. */
static uint8_t prio_index(const struct worker *w, uint16_t ioprio)
{
	uint8_t i = 1;

	while (i < w->n_prios - 1 && w->ioprio[i] != ioprio)
		i++;
	return i;
}

/* Which priority a request of its direction and size draws; 0: the job's own. */
static uint8_t draw_priority(const struct worker *w, struct shape *sh, const struct slot *s)
{
	const struct job *j = w->job;
	const struct job_splits *by_size = &j->cmdprio_bssplit[s->dir];
	uint64_t draw = rng_below(&sh->rng, 100);

	if (!by_size->n)
		return draw < j->cmdprio_percentage[s->dir]
			       ? prio_index(w, job_cmdprio(j, s->dir, 0))
			       : 0;
	for (uint32_t i = 0; i < by_size->n; i++) {
		if (by_size->at[i].value != s->len)
			continue;
		if (draw < by_size->at[i].pct)
			return prio_index(w, job_cmdprio(j, s->dir, by_size->at[i].prio));
		draw -= by_size->at[i].pct;
	}
	return 0;
}

static void mark(struct worker *w, struct shape *sh, struct slot *s)
{
	const struct job *j = w->job;

	s->flags = j->serialize_overlap ? SLOT_BUSY : 0;
	s->prio = s->dir < 2 && w->n_prios > 1 ? draw_priority(w, sh, s) : 0;
	if (j->force_async && sh->n_built % j->force_async == 0)
		s->flags |= SLOT_ASYNC;
	if (j->hipri && rng_below(&sh->rng, 100) < j->hipri_percentage)
		s->flags |= SLOT_POLL;
}

static void fill(struct worker *w, struct shape *sh, struct slot *s, uint64_t now)
{
	if (sh->readback)
		readback_fill(w, sh->readback, s);
	else if (sh->buffer_work == BUFFER_REFILL)
		buffers_fill(&sh->buffers, &sh->buffer_rng, s->buf, s->len);
	else if (sh->buffer_work == BUFFER_SCRAMBLE)
		buffers_scramble(s->buf, s->len, s->offset, now);
}

/* serialize_overlap: does it touch what is in flight? */
static bool overlaps(const struct worker *w, const struct slot *s)
{
	for (unsigned i = 0; i < w->depth; i++) {
		const struct slot *o = &w->slots[i];

		if (o != s && o->flags & SLOT_BUSY && o->file == s->file &&
		    o->offset < s->offset + s->len && s->offset < o->offset + o->len)
			return true;
	}
	return false;
}

/* Direction, file, offset and length of the next request. */
static enum shape_answer place(struct worker *w, struct shape *sh, struct slot *s, uint64_t now,
			       uint64_t *ret_due)
{
	const struct job *j = w->job;
	int dir = choose(w, sh, now, ret_due);

	if (dir < 0)
		return SHAPE_WAIT;
	s->dir = (uint8_t)dir;
	s->kind = sh->readback && dir == IO_READ && !job_writes(j) ? SLOT_CHECK : SLOT_IO;
	if (sh->has_trim_pending) {
		s->offset = sh->trim_offset;
		s->len = sh->trim_len;
		s->file = sh->trim_file;
		sh->has_trim_pending = false;
	} else if (!find_place(w, sh, s)) {
		return sh->bytes_left ? SHAPE_END : SHAPE_WAIT; /* what is through may be checked */
	}
	if (dir == IO_TRIM && job_writes(j)) {
		sh->has_trim_pending = true;
		sh->trim_offset = s->offset;
		sh->trim_len = s->len;
		sh->trim_file = s->file;
	}
	return SHAPE_GO;
}

/* The one that was held back goes first. */
enum shape_answer shape_place(struct worker *w, struct shape *sh, struct slot *s, uint64_t now,
			      uint64_t *ret_due)
{
	enum shape_answer answer = SHAPE_GO;

	if (sh->has_held) {
		s->dir = sh->held.dir;
		s->kind = sh->held.kind;
		s->offset = sh->held.offset;
		s->len = sh->held.len;
		s->file = sh->held.file;
	} else {
		answer = place(w, sh, s, now, ret_due);
	}
	if (answer != SHAPE_GO || !w->job->serialize_overlap)
		return answer;
	sh->has_held = overlaps(w, s);
	sh->held = *s;
	return sh->has_held ? SHAPE_WAIT : SHAPE_GO;
}

enum shape_answer shape_make_io(struct worker *w, struct shape *sh, struct slot *s, uint64_t now,
				uint64_t *ret_due)
{
	enum shape_answer answer = shape_place(w, sh, s, now, ret_due);

	if (answer != SHAPE_GO)
		return answer;
	pacing_started(&sh->pacing, w->job, s->dir, s->len, now, &s->due);
	mark(w, sh, s);
	if (s->dir == IO_WRITE) {
		fill(w, sh, s, now);
		owe_syncs(sh, w->job);
	}
	sh->n_built++;
	if (now >= w->start) {
		sh->bytes_left -= s->len < sh->bytes_left ? s->len : sh->bytes_left;
		sh->ios_left -= sh->ios_left > 0;
	}
	return SHAPE_GO;
}
