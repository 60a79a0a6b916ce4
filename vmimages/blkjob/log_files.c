#include "log_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "folded.h"
#include "fs.h"
#include "units.h"

#define TOTAL_WINDOW_NS (500 * NS_PER_MS)

struct log_files {
	char **names; /* begun in this run */
	size_t n;
};

struct log_files *log_files_new(void)
{
	return calloc(1, sizeof(struct log_files));
}

struct log_files *log_files_free(struct log_files *l)
{
	for (size_t i = 0; l && i < l->n; i++)
		free(l->names[i]);
	if (l)
		free(l->names);
	free(l);
	return NULL;
}

void log_files_freep(struct log_files **l)
{
	*l = log_files_free(*l);
}

/* Replaces what an earlier run left; adds to what this one has begun. Takes @name. */
static int open_log(struct log_files *l, char *name, FILE **ret, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *own = name;
	char **names;
	size_t i = 0;

	if (!name)
		return bl_fail(err, -ENOMEM, "out of memory");
	while (i < l->n && strcmp(l->names[i], name) != 0)
		i++;
	*ret = fopen(name, i < l->n ? "ae" : "we");
	if (!*ret)
		return bl_fail(err, -errno, "cannot open the log '%s': %s", name, strerror(errno));
	if (i < l->n)
		return 0;
	names = realloc(l->names, (l->n + 1) * sizeof(*names));
	if (!names) {
		bl_fclosep(ret);
		return bl_fail(err, -ENOMEM, "out of memory");
	}
	l->names = names;
	l->names[l->n++] = BL_STEAL(own);
	return 0;
}

static int close_log(FILE *f, const char *prefix, const char *name, struct bl_err *err)
{
	bool failed = ferror(f);

	if (fclose(f) != 0 || failed)
		return bl_fail(err, -EIO, "cannot write the log '%s_%s': %s", prefix, name,
			       strerror(errno));
	return 0;
}

int log_prefix_check(const char *prefix, struct bl_err *err)
{
	const char *slash = strrchr(prefix, '/');
	/* the '.' is there only if what is before it is a folder */
	BL_CLEANUP(bl_freep)
	char *folder = bl_strf("%.*s.", slash ? (int)(slash - prefix) + 1 : 0, prefix);

	if (!folder)
		return bl_fail(err, -ENOMEM, "out of memory");
	if (prefix[0] && access(folder, W_OK | X_OK) < 0)
		return bl_fail(err, -errno, "no log can be written to the folder of '%s': %s",
			       prefix, strerror(errno));
	return 0;
}

int log_files_check(const struct job *j, struct bl_err *err)
{
	const char *prefixes[] = {j->write_bw_log, j->write_iops_log, j->write_lat_log,
				  j->write_hist_log};
	int rc = 0;

	for (size_t i = 0; i < BL_ARRAY_LEN(prefixes) && rc == 0; i++)
		rc = log_prefix_check(prefixes[i], err);
	return rc < 0 ? bl_wrap(err, rc, "job '%s'", j->name) : 0;
}

enum kind { LOG_BW, LOG_IOPS, LOG_SLAT, LOG_CLAT, LOG_LAT, LOG_KINDS };
static const char *const kind_names[LOG_KINDS] = {"bw", "iops", "slat", "clat", "lat"};

struct writer {
	FILE *f;
	const struct job *j;
	const struct engine_clone *c;
	uint64_t zero_ms; /* added to every time */
};

static void put_line(const struct writer *w, uint64_t end_ns, uint64_t value, unsigned dir,
		     uint32_t bytes, uint64_t offset)
{
	const struct job *j = w->j;

	fprintf(w->f, "%llu, %llu, %u, %u", (unsigned long long)(w->zero_ms + end_ns / NS_PER_MS),
		(unsigned long long)value, dir, bytes);
	if (j->log_offset)
		fprintf(w->f, ", %llu", (unsigned long long)offset);
	/* priority as ioprio_set(2) has it: the class in the upper bits; else whether it is real
	 * time */
	if (j->log_prio)
		fprintf(w->f, ", 0x%04x\n", j->prioclass << 13 | j->prio);
	else
		fprintf(w->f, ", %d\n", j->prioclass == 1);
}

static uint64_t per_second(uint64_t amount, uint64_t ns)
{
	return ns ? (uint64_t)((unsigned __int128)amount * NS_PER_S / ns) : 0;
}

static uint64_t io_value(const struct engine_io *io, enum kind kind)
{
	switch (kind) {
	case LOG_BW:
		return per_second(io->bytes, io->clat_ns) / KiB;
	case LOG_SLAT:
		return io->slat_ns;
	case LOG_CLAT:
		return io->clat_ns;
	case LOG_LAT:
		return io->lat_ns;
	default:
		return 1;
	}
}

static uint64_t window_value(const struct writer *w, const struct engine_window *at, enum kind kind)
{
	int lat = kind == LOG_SLAT ? ENGINE_SLAT : kind == LOG_CLAT ? ENGINE_CLAT : ENGINE_LAT;
	uint64_t ns = at->end_ns - at->start_ns; /* the end of the job may cut it short */

	if (kind == LOG_BW)
		return per_second(at->bytes, ns) / KiB;
	if (kind == LOG_IOPS)
		return per_second(at->n, ns);
	if (w->j->log_max_value)
		return at->max_ns[lat];
	return at->n ? at->sum_ns[lat] / at->n : 0;
}

static void put_lines(const struct writer *w, enum kind kind)
{
	const struct engine_clone *c = w->c;

	for (size_t i = 0; !w->j->log_avg_ns && i < c->n_ios; i++)
		put_line(w, c->ios[i].end_ns, io_value(&c->ios[i], kind), c->ios[i].dir,
			 c->ios[i].bytes, c->ios[i].offset);
	for (size_t i = 0; w->j->log_avg_ns && i < c->n_windows; i++)
		put_line(w, c->windows[i].end_ns, window_value(w, &c->windows[i], kind),
			 c->windows[i].dir, 0, 0);
}

static void put_histograms(const struct writer *w)
{
	unsigned stride = 1u << w->j->log_hist_coarseness;

	for (size_t i = 0; i < w->c->n_hist_windows; i++) {
		const struct engine_hist_window *at = &w->c->hist_windows[i];
		uint64_t count[FOLDED_BUCKETS] = {0};

		for (uint32_t k = 0; k < at->n_buckets; k++)
			count[folded_index(at->buckets[k].index) / stride] += at->buckets[k].count;
		fprintf(w->f, "%llu, %u, %u",
			(unsigned long long)(w->zero_ms + at->end_ns / NS_PER_MS), at->dir,
			job_bs_max(w->j, at->dir));
		for (unsigned k = 0; k < (FOLDED_BUCKETS + stride - 1) / stride; k++)
			fprintf(w->f, ", %llu", (unsigned long long)count[k]);
		fputc('\n', w->f);
	}
}

/* @kind LOG_KINDS: the histograms. */
static int write_one(struct log_files *l, const struct job *j, const struct engine_clone *c,
		     const char *prefix, enum kind kind, unsigned number, struct bl_err *err)
{
	const char *name = kind == LOG_KINDS ? "clat_hist" : kind_names[kind];
	struct writer w = {.j = j, .c = c};
	int rc = open_log(l,
			  j->per_job_logs ? bl_strf("%s_%s.%u.log", prefix, name, number)
					  : bl_strf("%s_%s.log", prefix, name),
			  &w.f, err);

	if (rc < 0)
		return rc;
	if (j->log_unix_epoch)
		w.zero_ms = c->started_wall_ms + j->ramp_ns / NS_PER_MS;
	if (kind == LOG_KINDS)
		put_histograms(&w);
	else
		put_lines(&w, kind);
	return close_log(w.f, prefix, name, err);
}

int log_files_write(struct log_files *l, const struct job *j, const struct engine_clone *c,
		    unsigned number, struct bl_err *err)
{
	const struct {
		const char *prefix;
		enum kind kind;
		bool is_off;
	} logs[] = {
		{j->write_bw_log, LOG_BW, false},
		{j->write_iops_log, LOG_IOPS, false},
		{j->write_lat_log, LOG_SLAT, j->disable_slat},
		{j->write_lat_log, LOG_CLAT, j->disable_clat},
		{j->write_lat_log, LOG_LAT, j->disable_lat},
		{j->log_hist_ns ? j->write_hist_log : "", LOG_KINDS, j->disable_clat},
	};
	int rc = 0;

	for (size_t i = 0; i < BL_ARRAY_LEN(logs) && rc == 0; i++)
		if (logs[i].prefix[0] && !logs[i].is_off)
			rc = write_one(l, j, c, logs[i].prefix, logs[i].kind, number, err);
	return rc;
}

/* Bytes of @dir in each window; a slice belongs to the window in which it ends. */
static int total_windows(const struct engine_clone *clones, size_t n_clones, int dir,
			 uint64_t begin_ns, uint64_t **ret, size_t *ret_n)
{
	uint64_t end_ns = begin_ns, *sum;
	size_t n;

	for (size_t i = 0; i < n_clones; i++) {
		const struct sample *s = clones[i].sample;
		uint64_t last = s->n_intervals ? s->intervals[s->n_intervals - 1].index + 1 : 0;

		if (last && s->start_ns + last * s->interval_ns > end_ns)
			end_ns = s->start_ns + last * s->interval_ns;
	}
	n = (size_t)((end_ns - begin_ns + TOTAL_WINDOW_NS - 1) / TOTAL_WINDOW_NS);
	sum = calloc(n ? n : 1, sizeof(*sum));
	if (!sum)
		return -ENOMEM;
	for (size_t i = 0; i < n_clones; i++) {
		const struct sample *s = clones[i].sample;

		for (size_t k = 0; k < s->n_intervals; k++) {
			const struct interval *iv = &s->intervals[k];
			uint64_t at = s->start_ns + (iv->index + 1) * s->interval_ns - begin_ns - 1;

			if (iv->dir == dir && n)
				sum[at / TOTAL_WINDOW_NS < n ? at / TOTAL_WINDOW_NS : n - 1] +=
					iv->bytes;
		}
	}
	*ret = sum;
	*ret_n = n;
	return 0;
}

int log_files_write_total(struct log_files *l, const struct engine_clone *clones, size_t n,
			  uint64_t begin_ns, struct bl_err *err)
{
	int rc = 0;

	for (int dir = 0; dir < IO_SYNC && rc == 0; dir++) {
		BL_CLEANUP(bl_freep) uint64_t *sum = NULL;
		size_t n_windows;
		FILE *f;

		if (total_windows(clones, n, dir, begin_ns, &sum, &n_windows) < 0)
			return bl_fail(err, -ENOMEM, "out of memory");
		rc = open_log(l, bl_strf("agg-%s_bw.log", io_dir_names[dir]), &f, err);
		if (rc < 0)
			return rc;
		for (size_t i = 0; i < n_windows; i++)
			fprintf(f, "%llu, %llu, %d, 0, 0\n",
				(unsigned long long)((i + 1) * TOTAL_WINDOW_NS / NS_PER_MS),
				(unsigned long long)(per_second(sum[i], TOTAL_WINDOW_NS) / KiB),
				dir);
		rc = close_log(f, "agg", "bw", err);
	}
	return rc;
}
