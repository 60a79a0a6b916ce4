#include "hgrm.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "entry.h"
#include "fs.h"

#define TICKS_PER_HALF 5

/* The next level to report: the distance to 100 % is halved ever again, and each half has as
 * many ticks. */
static double next_level(double level)
{
	double halvings = floor(log2(100 / (100 - level))) + 1;

	return level + 100 / (TICKS_PER_HALF * exp2(halvings));
}

static void add_line(double value_ns, double level, uint64_t count, struct bl_buf *out)
{
	bl_buf_addf(out, "%12.3f %2.12f %10llu", value_ns / 1e3, level / 100,
		    (unsigned long long)count);
	if (level < 100)
		bl_buf_addf(out, " %14.2f", 1 / (1 - level / 100));
	bl_buf_addc(out, '\n');
}

void hgrm_format(const struct lat *l, struct bl_buf *out)
{
	uint64_t total = hist_total(&l->hist), seen = 0;
	double level = 0;

	if (!total)
		return;
	bl_buf_addf(out, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount",
		    "1/(1-Percentile)");
	for (unsigned i = 0; i < HIST_BUCKETS && seen < total; i++) {
		uint64_t value = hist_high(i) < l->max_ns ? hist_high(i) : l->max_ns;

		if (!l->hist.count[i])
			continue;
		seen += l->hist.count[i];
		/* the last bucket holds all levels that are left: one line, then 100 % */
		while (100 * (double)seen / (double)total >= level && level < 100) {
			add_line((double)value, level, seen, out);
			if (seen == total)
				break;
			level = next_level(level);
		}
	}
	add_line((double)l->max_ns, 100, total, out);
	bl_buf_addf(out, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n", lat_mean_ns(l) / 1e3,
		    lat_stddev_ns(l) / 1e3);
	bl_buf_addf(out, "#[Max     = %12.3f, Total count    = %12llu]\n", (double)l->max_ns / 1e3,
		    (unsigned long long)total);
	bl_buf_addf(out, "#[Buckets = %12d, SubBuckets     = %12d]\n", 64 - HIST_SUB_BITS,
		    2 * (int)HIST_SUB);
}

struct place {
	const char *prefix;
	char *job; /* as part of a file's name */
	size_t number;
};

static int write_one(const struct place *p, const char *dir, const char *kind, const struct lat *l,
		     struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *path = NULL;
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

	if (!l || !l->n)
		return 0;
	path = bl_strf("%s_%s.%zu_%s_%s.hgrm", p->prefix, p->job, p->number, dir, kind);
	hgrm_format(l, &text);
	if (!path || bl_buf_failed(&text))
		return bl_fail(err, -ENOMEM, "out of memory");
	return bl_write_file(path, bl_buf_str(&text), text.len, err);
}

static int write_entry(const struct entry *e, const struct place *p, struct bl_err *err)
{
	unsigned sides = entry_sides(e);
	int rc = 0;

	for (int i = 0; i < SIDES && rc == 0; i++) {
		const struct side *s = &e->side[i];

		if (!(sides & 1u << i))
			continue;
		rc = write_one(p, side_names[i], "slat", s->slat, err);
		rc = rc < 0 ? rc : write_one(p, side_names[i], "clat", s->clat, err);
		rc = rc < 0 ? rc : write_one(p, side_names[i], "lat", s->lat, err);
		rc = rc < 0 ? rc : write_one(p, side_names[i], "sched", s->sched, err);
	}
	return rc < 0 ? rc : write_one(p, "sync", "lat", e->sample->dir[IO_SYNC].lat, err);
}

int hgrm_write(const char *prefix, const struct results *r, struct bl_err *err)
{
	BL_CLEANUP(entries_done) struct entries all = {0};
	int rc = 0;

	if (entries_make(r, &all) < 0)
		return bl_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < all.n && rc == 0; i++) {
		BL_CLEANUP(bl_freep) char *name = strdup(all.items[i].job->name);

		if (!name)
			return bl_fail(err, -ENOMEM, "out of memory");
		for (char *c = name; *c; c++)
			*c = isalnum((unsigned char)*c) || strchr(".-_", *c) ? *c : '_';
		rc = write_entry(&all.items[i], &(struct place){prefix, name, i + 1}, err);
	}
	return rc;
}
