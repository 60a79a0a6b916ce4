#include "readback.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "fs.h"

static int make_plan(const struct job *j, struct verify_plan *p, struct bl_err *err)
{
	int rc;

	*p = (struct verify_plan){.type = (enum job_verify)j->verify,
				  .interval = (uint32_t)j->verify_interval,
				  .header_at = (uint32_t)j->verify_offset};
	if (j->verify_pattern[0]) {
		rc = job_pattern_parse(j->verify_pattern, true, &p->pattern, err);
		if (rc < 0)
			return bl_wrap(err, rc, "verify_pattern");
	}
	for (unsigned d = 0; d < 2; d++) {
		if (d == 0 ? !job_reads(j) : !job_writes(j))
			continue;
		rc = verify_plan_check(p, job_bs_min(j, d), err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static void gcd_with(uint64_t *unit, uint64_t v)
{
	while (v) {
		uint64_t rest = *unit % v;

		*unit = v;
		v = rest;
	}
}

/* What divides the place and the length of every write, from the region's start. */
static uint32_t common_unit(const struct job *j)
{
	uint64_t unit = job_bs_min(j, IO_WRITE),
		 hole = (uint64_t)(j->rw_hole < 0 ? -j->rw_hole : j->rw_hole);

	if (j->bs_unaligned)
		return 1;
	for (unsigned d = 0; d < 2; d++) {
		if (d == IO_READ && !job_reads(j))
			continue;
		gcd_with(&unit, job_bs_min(j, d));
		gcd_with(&unit, job_bs_max(j, d));
		gcd_with(&unit, j->blockalign[d]);
		for (uint32_t i = 0; i < j->bssplit[d].n; i++)
			gcd_with(&unit, j->bssplit[d].at[i].value);
	}
	gcd_with(&unit, hole);
	if (j->zonemode == JOB_ZONES_STRIDED) {
		gcd_with(&unit, j->zonerange);
		gcd_with(&unit, j->zonesize);
		gcd_with(&unit, j->zoneskip);
	}
	return (uint32_t)unit;
}

static int new_books(struct worker *w, struct readback *rb)
{
	rb->books = calloc(w->n_files, sizeof(*rb->books));
	if (!rb->books)
		return -ENOMEM;
	rb->n_books = w->n_files;
	for (unsigned i = 0; i < w->n_files; i++) {
		struct book *b = &rb->books[i];
		void *mem;

		b->offset = w->job->file_append ? w->files[i].plan->bytes : w->files[i].offset;
		b->n = w->files[i].size / rb->unit + 1;
		mem = mmap(NULL, b->n * sizeof(*b->at), PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (mem == MAP_FAILED)
			return -ENOMEM;
		b->at = mem;
	}
	return 0;
}

/* The larger of the two: what has to be remembered. */
static uint32_t backlog_of(const struct job *j)
{
	uint32_t trims = j->trim_percentage ? j->trim_backlog : 0;

	return j->verify_backlog > trims ? j->verify_backlog : trims;
}

int readback_new(struct worker *w, struct readback **ret, struct bl_err *err)
{
	const struct job *j = w->job;
	struct readback *rb = calloc(1, sizeof(*rb));
	int rc;

	if (!rb)
		return bl_fail(err, -ENOMEM, "out of memory");
	rc = make_plan(j, &rb->plan, err);
	if (rc == 0 && job_writes(j)) {
		rb->unit = common_unit(j);
		rb->most = job_bs_max(j, IO_WRITE) / rb->unit + 1;
		rb->rng = rng_mix(w->seed + 31);
		rb->trim_pct = j->trim_percentage;
		rb->trims_to_zero = j->trim_verify_zero;
		rb->fifo_cap = backlog_of(j) ? (uint64_t)backlog_of(j) + w->depth + 1 : 0;
		rb->fifo = rb->fifo_cap ? calloc(rb->fifo_cap, sizeof(*rb->fifo)) : NULL;
		if (new_books(w, rb) < 0 || (rb->fifo_cap && !rb->fifo))
			rc = bl_fail(err, -ENOMEM, "out of memory for what verify= remembers");
	}
	if (rc < 0)
		readback_free(rb);
	else
		*ret = rb;
	return rc;
}

void readback_free(struct readback *rb)
{
	if (!rb)
		return;
	for (unsigned i = 0; i < rb->n_books; i++)
		if (rb->books[i].at)
			munmap(rb->books[i].at, rb->books[i].n * sizeof(*rb->books[i].at));
	free(rb->books);
	free(rb->fifo);
	free(rb);
}

void readback_fill(struct worker *w, struct readback *rb, struct slot *s)
{
	struct verify_stamp stamp = {.offset = s->offset,
				     .time_ns = bl_wall_ms() * 1000000u,
				     .clone = (uint16_t)(w->clone + 1)};

	s->number = stamp.number = rb->next_number++;
	s->seed = stamp.seed = rb->plan.pattern.len ? 0 : rng_next(&rb->rng);
	verify_data(&rb->plan, s->buf, s->len, s->offset, s->seed);
	verify_stamp(&rb->plan, s->buf, s->len, &stamp);
}

/* What it covers of earlier requests can't be checked as they were written any more. */
void readback_wrote(struct readback *rb, const struct slot *s)
{
	struct book *b = &rb->books[s->file];
	uint64_t at = (s->offset - b->offset) / rb->unit, n = (s->len + rb->unit - 1) / rb->unit;
	uint64_t from = at > rb->most ? at - rb->most : 0;

	for (uint64_t i = from; i < at; i++)
		if (b->at[i].len && (at - i) * rb->unit < b->at[i].len)
			b->at[i].len = 0;
	for (uint64_t i = at + 1; i < at + n && i < b->n; i++)
		b->at[i].len = 0;
	b->at[at] = (struct written){.seed = s->seed, .len = s->len, .number = s->number};
	if (!rb->fifo_cap)
		return;
	rb->fifo[(rb->fifo_head + rb->fifo_n) % rb->fifo_cap] = (uint64_t)s->file << 48 | at;
	if (rb->fifo_n < rb->fifo_cap)
		rb->fifo_n++;
	else
		rb->fifo_head = (rb->fifo_head + 1) % rb->fifo_cap;
}

uint32_t readback_due(const struct readback *rb, const struct job *j)
{
	if (j->verify_backlog && rb->fifo_n >= j->verify_backlog)
		return j->verify_backlog_batch ? j->verify_backlog_batch : j->verify_backlog;
	if (j->trim_backlog && j->trim_percentage && rb->fifo_n >= j->trim_backlog)
		return j->trim_backlog_batch ? j->trim_backlog_batch : j->trim_backlog;
	return 0;
}

/* False: it comes again, as a check for zeros. */
static bool make_check(struct readback *rb, struct slot *s, unsigned file, uint64_t unit)
{
	struct book *b = &rb->books[file];
	struct written *e = &b->at[unit];
	bool trims = !e->is_trimmed && rb->trim_pct && rng_below(&rb->rng, 100) < rb->trim_pct;

	s->kind = e->is_trimmed ? SLOT_CHECK_ZERO : SLOT_CHECK;
	s->dir = IO_READ;
	if (trims) {
		s->kind = SLOT_IO;
		s->dir = IO_TRIM;
	}
	s->file = file;
	s->offset = b->offset + unit * rb->unit;
	s->len = e->len;
	s->seed = e->seed;
	s->number = e->number;
	e->is_trimmed = trims;
	if (trims && rb->trims_to_zero)
		return false;
	e->len = 0; /* once is enough */
	return true;
}

static bool next_of_backlog(struct readback *rb, struct slot *s)
{
	while (rb->fifo_n && rb->batch_left) {
		uint64_t key = rb->fifo[rb->fifo_head];
		unsigned file = (unsigned)(key >> 48);
		uint64_t unit = key & 0xffffffffffff;
		bool is_there = rb->books[file].at[unit].len > 0;
		bool is_last = !is_there || make_check(rb, s, file, unit);

		if (is_last) {
			rb->fifo_head = (rb->fifo_head + 1) % rb->fifo_cap;
			rb->fifo_n--;
			rb->batch_left -= is_there;
		}
		if (is_there)
			return true;
	}
	return false;
}

bool readback_next(struct readback *rb, struct slot *s, bool of_backlog)
{
	if (of_backlog)
		return next_of_backlog(rb, s);
	for (; rb->file < rb->n_books; rb->file++, rb->cursor = 0) {
		const struct book *b = &rb->books[rb->file];

		while (rb->cursor < b->n && !b->at[rb->cursor].len)
			rb->cursor++;
		if (rb->cursor == b->n)
			continue;
		rb->cursor += make_check(rb, s, rb->file, rb->cursor);
		return true;
	}
	rb->file = 0;
	rb->cursor = 0;
	return false;
}

/* verify_dump: what was read, and what should have been there where it is known. */
static void dump(struct worker *w, struct readback *rb, const struct slot *s)
{
	const char *path = w->files[s->file].plan->path, *slash = strrchr(path, '/');
	BL_CLEANUP(bl_freep)
	char *got = bl_strf("%s.%llu.received", slash ? slash + 1 : path,
			    (unsigned long long)s->offset);
	BL_CLEANUP(bl_freep)
	char *want = bl_strf("%s.%llu.expected", slash ? slash + 1 : path,
			     (unsigned long long)s->offset);
	struct verify_stamp stamp = {.offset = s->offset,
				     .seed = s->seed,
				     .clone = (uint16_t)(w->clone + 1),
				     .number = s->number};

	if (!got || !want || bl_write_file(got, s->buf, s->len, NULL) < 0)
		return;
	verify_data(&rb->plan, s->buf, s->len, s->offset, s->seed);
	verify_stamp(&rb->plan, s->buf, s->len, &stamp);
	(void)bl_write_file(want, s->buf, s->len, NULL);
}

/* What was trimmed reads as zeros on a device that says so (discard_zeroes_data is no promise). */
static int check_zeros(const struct slot *s, struct verify_mismatch *m)
{
	for (uint32_t i = 0; i < s->len; i++) {
		if (!s->buf[i])
			continue;
		*m = (struct verify_mismatch){.part = VERIFY_PART_DATA,
					      .type = JOB_VERIFY_PATTERN,
					      .interval_at = s->offset,
					      .interval_len = s->len,
					      .at = s->offset + i,
					      .is_exact = true,
					      .got = (uint8_t)s->buf[i]};
		return -EILSEQ;
	}
	return 0;
}

int readback_check(struct worker *w, struct readback *rb, const struct slot *s, bool is_ours)
{
	struct verify_mismatch m;
	char text[VERIFY_TEXT_MAX];
	int rc;

	rb->plan.is_strict = is_ours && !w->job->verify_only; /* read as it was written */
	rc = s->kind == SLOT_CHECK_ZERO ? check_zeros(s, &m)
					: verify_check(&rb->plan, s->buf, s->len, s->offset,
						       rb->plan.is_strict ? &s->seed : NULL, &m);

	if (rc == 0)
		return 0;
	w->n_errors++;
	if (!w->first_error) {
		w->first_error = EILSEQ;
		w->first_error_offset = m.at;
	}
	if (w->job->verify_dump)
		dump(w, rb, s);
	if (w->job->continue_on_error & JOB_CONTINUE_VERIFY)
		return rc;
	if (!w->sample->error) {
		w->sample->error = EILSEQ;
		snprintf(w->sample->error_text, sizeof(w->sample->error_text), "%.200s ('%.40s')",
			 verify_mismatch_text(&m, text), w->files[s->file].plan->path);
	}
	if (w->job->verify_fatal)
		w->is_ending = true;
	return rc;
}
