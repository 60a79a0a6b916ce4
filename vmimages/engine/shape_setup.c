/* shape_setup.c - which jobs are rich, and what theirs is made of. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "journal.h"
#include "shape_priv.h"

static bool writes_plain_data(const struct job *j)
{
	return !job_writes(j) || (j->scramble_buffers && !j->refill_buffers && !j->zero_buffers &&
				  !j->buffer_pattern[0] && !j->has_compress && !j->dedupe_pct);
}

static bool goes_plainly(const struct job *j)
{
	for (unsigned d = 0; d < JOB_DDIRS; d++)
		if (j->percentage_random[d] != 100 || j->blockalign[d] || j->max_latency_ns[d])
			return false;
	return j->rw_nr <= 1 && !j->rw_hole && j->dist == JOB_DIST_RANDOM &&
	       j->zonemode == JOB_ZONES_NONE && job_has_one_bs(j) && !j->bs_is_seq_rand &&
	       !j->serialize_overlap;
}

static bool goes_at_full_speed(const struct job *j)
{
	return !job_is_rated(j) && !j->thinktime_ns && !j->latency_target_ns && !j->flow;
}

bool shape_drops_cache_again(const struct job *j)
{
	return j->invalidate && !j->direct && !job_is_random(j) &&
	       (j->time_based || j->loops > 1 || j->io_size) && !job_engine_is_null(j->engine);
}

bool shape_is_needed(const struct job *j, const struct plan_files *f)
{
	bool marks = j->force_async || job_has_cmdprio(j) || (j->engine == JOB_PVSYNC2 && j->hipri);

	return f->per_clone > 1 || marks || job_trims(j) || !writes_plain_data(j) ||
	       !goes_plainly(j) || !goes_at_full_speed(j) || shape_drops_cache_again(j) ||
	       j->verify || j->fsync || j->fdatasync || j->end_fsync || j->fill_device ||
	       j->file_append || j->verify_only || journal_wants_each(j);
}

static int set_splits(struct shape *sh, const struct job *j, struct bl_err *err)
{
	struct split_part parts[JOB_SPLITS];
	int rc = 0;

	for (unsigned d = 0; d < JOB_DDIRS && rc == 0; d++) {
		const struct job_splits *from = &j->bssplit[d];

		for (unsigned i = 0; i < from->n; i++)
			parts[i] = (struct split_part){.bytes = (uint32_t)from->at[i].value,
						       .pct = from->at[i].pct};
		if (from->n)
			rc = split_table(&sh->split[d], parts, from->n, err);
		else if (j->bs[d].min == j->bs[d].max)
			split_fixed(&sh->split[d], j->bs[d].min);
		else
			split_range(&sh->split[d], j->bs[d].min, j->bs[d].max, j->bs_unaligned);
	}
	return rc;
}

static int set_buffers(struct worker *w, struct shape *sh, struct bl_err *err)
{
	const struct job *j = w->job;
	struct buffer_plan *p = &sh->buffers;
	int rc = 0;

	*p = (struct buffer_plan){.zero = j->zero_buffers,
				  .compress_pct = j->compress_pct,
				  .compress_chunk = j->compress_chunk,
				  .dedupe_pct = j->dedupe_pct,
				  .block = job_bs_min(j, IO_WRITE),
				  .refill = j->refill_buffers,
				  .scramble = j->scramble_buffers};
	if (j->buffer_pattern[0])
		rc = job_pattern_parse(j->buffer_pattern, false, &p->pattern, err);
	if (rc < 0)
		return bl_wrap(err, rc, "buffer_pattern");
	sh->buffer_rng = buffers_rng(w->seed);
	sh->buffer_work = buffers_work(p);
	if (sh->buffer_work == BUFFER_ONCE && w->is_mixed) /* reads leave other data there */
		sh->buffer_work = BUFFER_REFILL;
	if (job_writes(j))
		buffers_fill(p, &sh->buffer_rng, w->buffers, w->buffers_len);
	return 0;
}

void shape_set_amounts(struct worker *w, struct shape *sh)
{
	const struct job *j = w->job;
	uint64_t size = target_bytes(j, w->files, w->n_files);
	uint64_t bytes = j->io_size_pct ? size / 100 * j->io_size_pct
			 : j->io_size   ? j->io_size
					: size;

	sh->loops_left = sh->passes_left = 1;
	if (j->verify && job_writes(j)) /* each pass is checked before the next */
		sh->loops_left = j->loops;
	else
		sh->passes_left = j->loops;
	if (sh->passes_left > 1 && bytes <= size &&
	    __builtin_mul_overflow(bytes, (uint64_t)j->loops, &bytes))
		bytes = UINT64_MAX;
	sh->ios_left = j->number_ios ? (uint64_t)j->number_ios * j->loops : UINT64_MAX;
	if (j->rw == JOB_RW_TRIMWRITE || j->rw == JOB_RW_RANDTRIMWRITE) { /* each block twice */
		bytes = bytes > UINT64_MAX / 2 ? UINT64_MAX : 2 * bytes;
		sh->ios_left = sh->ios_left > UINT64_MAX / 2 ? UINT64_MAX : 2 * sh->ios_left;
	}
	/* With checks to come, time_based is one pass, as in fio. */
	sh->bytes_left = (j->time_based && !j->verify) || j->fill_device ? UINT64_MAX : bytes;
}

int shape_new(struct worker *w, struct bl_err *err)
{
	const struct job *j = w->job;
	struct shape *sh = w->shape = calloc(1, sizeof(*sh));
	int rc;

	if (!sh)
		return bl_fail(err, -ENOMEM, "out of memory");
	sh->regions = calloc(w->n_files, sizeof(*sh->regions));
	sh->is_over = calloc(w->n_files, sizeof(*sh->is_over));
	if (!sh->regions || !sh->is_over)
		return bl_fail(err, -ENOMEM, "out of memory");
	rc = set_splits(sh, j, err);
	for (unsigned i = 0; i < w->n_files && rc == 0; i++) {
		const struct file *f = &w->files[i];
		uint64_t offset = j->file_append ? f->plan->bytes : f->offset;

		rc = region_init(&sh->regions[i], j, offset, f->size, rng_mix(w->seed + i), err);
	}
	if (rc == 0)
		rc = set_buffers(w, sh, err);
	if (rc == 0 && j->verify_only && j->trim_percentage)
		rc = bl_fail(err, -EINVAL,
			     "trim_percentage: '%u' trims what verify_only only reads",
			     j->trim_percentage);
	if (rc == 0 && j->verify)
		rc = readback_new(w, &sh->readback, err);
	sh->rng = rng_mix(w->seed + 3);
	sh->file_left = j->file_service_n;
	shape_set_amounts(w, sh);
	pacing_init(&sh->pacing, w);
	return rc;
}

void shape_free(struct worker *w)
{
	struct shape *sh = w->shape;

	if (!sh)
		return;
	for (unsigned i = 0; sh->regions && i < w->n_files; i++)
		region_done(&sh->regions[i]);
	readback_free(sh->readback);
	free(sh->regions);
	free(sh->is_over);
	free(sh);
	w->shape = NULL;
}

void shape_begin(struct worker *w)
{
	pacing_begin(&w->shape->pacing, w, w->begun);
}

void shape_counts(struct worker *w)
{
	struct shape *sh = w->shape;

	pacing_counts(&sh->pacing, w);
	if (w->start == w->begun)
		return;
	for (unsigned i = 0; i < w->n_files; i++) { /* the ramp's pass does not count */
		region_restart(&sh->regions[i]);
		sh->is_over[i] = false;
	}
	sh->n_over = 0;
	shape_set_amounts(w, sh);
}
