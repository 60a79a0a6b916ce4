/* The image: what its format and its holes cost. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "judge.h"
#include "together.h"

static const enum metric shown[] = {METRIC_IOPS, METRIC_MEAN, METRIC_P99};

/* All of it, by the cell's own path, after any fill. */
static bool is_written_in_order(const struct look *l)
{
	return facts_get(&l->a->t->facts, "backing.written_in_order") != NULL;
}

static bool is_unfilled(const struct look *l)
{
	const char *fill = facts_get(&l->a->t->facts, "backing.fill");

	return fill && !is_written_in_order(l) && !strncmp(fill, "none", strlen("none"));
}

/* Of the image, what has been written when it was filled: by qemu-img, else all; NAN: not known. */
static double mapped_of(const struct look *l)
{
	double size = number_in(facts_get(&l->a->t->facts, "backing.size_bytes"));
	double mapped = number_in(facts_get(&l->a->t->facts, "backing.mapped_bytes"));

	if (!facts_get(&l->a->t->facts, "backing.fill"))
		return NAN;
	if (is_written_in_order(l))
		return 1;
	return size > 0 && mapped >= 0 ? fmin(mapped / size, 1) : 1;
}

/* Of a qcow2 image, the share that had clusters when the jobs began; NAN. */
static double allocated_of(const struct look *l)
{
	const char *prealloc = axis_of(l->g->d, l->a->cell, "preallocation");

	if (is_unfilled(l))
		return *prealloc && strcmp(prealloc, "off") ? 1 : 0;
	if (!isnan(mapped_of(l)))
		return mapped_of(l);
	return path_number(l, "preallocated_share"); /* of a VM that the lab did not make */
}

/* Of an image, the share that holds data when the jobs began; NAN. What is allocated and was
 * not written reads as zeros, without a disk; only preallocation full writes. */
static double written_of(const struct look *l)
{
	if (is_unfilled(l))
		return strcmp(axis_of(l->g->d, l->a->cell, "preallocation"), "full") ? 0 : 1;
	return mapped_of(l);
}

/* Of all its disks QEMU's process knows the sum only, and a file's device serves other files. */
static bool has_own_device(const struct look *l)
{
	return !is_only_watched(l) || path_is(l, "storage", "device");
}

/* What the host wrote or read against what the guest asked for; NAN. Only where nothing of it can
 * stay in a cache of the host, and it is this disk's. */
static double times_more(const struct look *l, enum io_dir dir)
{
	double guest = bytes_at(l, LAYER_AT_QEMU, dir), host = NAN;

	if (isnan(guest))
		guest = asked_bytes(l, dir);
	if (is_only_disk(l))
		host = host_bytes(l, dir);
	if (isnan(host) && has_own_device(l))
		host = bytes_at(l, LAYER_AT_HOST_BLOCK, dir);
	return guest > 1e6 && is_past_host_cache(l) ? host / guest : NAN;
}

static void say_image(const struct look *l, double more, enum io_dir dir, struct bl_buf *out)
{
	double share = share_of(l, PART_QEMU), own = own_time_of(l, PART_QEMU);
	char a[FMT_MAX], b[FMT_MAX];

	if (!isnan(more))
		say(out, "the host %s %s times the bytes that the guest %s",
		    dir == IO_READ ? "read" : "wrote", num_text(a, more),
		    dir == IO_READ ? "read" : "wrote");
	if (!isnan(share))
		say(out, "QEMU's block layer took %s for a request, %s of %s", ns_text(a, own),
		    pct_text(b, share), latency_name(l));
}

/* Requests of the host for one of the guest; NAN. */
static double split_of(const struct look *l)
{
	double guest = 0, host = 0;

	for (int d = 0; d < IO_SYNC; d++) {
		double n = asked_count(l, (enum io_dir)d);
		double below = count_at(l, LAYER_AT_HOST_BLOCK, (enum io_dir)d);

		guest += isnan(n) ? 0 : n;
		host += isnan(below) ? 0 : below;
	}
	return guest >= 1 && is_past_host_cache(l) && has_own_device(l) ? host / guest : NAN;
}

/* ---- qcow2-allocation ---- */

static void rule_of_allocation(struct look *l)
{
	double allocated = allocated_of(l), more = times_more(l, IO_WRITE);
	double share = share_of(l, PART_QEMU);
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	struct found f = {.cause = "qcow2-allocation", .confidence = CONFIDENCE_LIKELY};
	bool has_more = more >= limit(l, THRESHOLD_WRITE_MORE);
	bool has_share = share >= limit(l, THRESHOLD_IMAGE_SHARE), is_proven;
	struct sibling full = {0};
	char part[FMT_MAX];

	if (!path_is(l, "format", "qcow2") || !(count_at(l, top_of(l), IO_WRITE) > 0) ||
	    !(allocated < limit(l, THRESHOLD_ALLOCATED)))
		return;
	is_proven = sibling_of(l->g, l->a->cell, l->a->j->name, "preallocation", NULL, &full) &&
		    strcmp(full.value, "off") != 0 &&
		    gained_by(&full, METRIC_MEAN) == GAINED_PROVEN;
	if (!has_more && !has_share && !is_proven)
		return;
	if ((has_more && has_share) || is_proven)
		f.confidence = CONFIDENCE_CERTAIN;
	say(&said, "%s of the qcow2 image was allocated when the jobs began",
	    pct_text(part, allocated));
	say_image(l, more, IO_WRITE, &said);
	if (is_proven)
		say_gain(l->g, &full, shown, BL_ARRAY_LEN(shown), &said);
	strcpy(f.change, "preallocation=full");
	look_found(
		l, f, &said,
		"allocate before it matters (preallocation full, or write the image once), or use "
		"raw on a block device for disks with random writes: snapshots are what qcow2 is "
		"for");
}

/* ---- qcow2-layout ---- */

static void say_layout(const struct look *l, double cluster, double depth, struct bl_buf *out)
{
	char size[FMT_MAX];

	if (cluster < limit(l, THRESHOLD_CLUSTER))
		say(out,
		    "the image has clusters of %s bytes, each with 8 bytes of metadata to look up",
		    num_text(size, cluster));
	if (depth > 1)
		say(out, "it has %.0f backing file%s below it (%s)", depth - 1,
		    depth > 2 ? "s" : "", path_of(l, "chain") ? path_of(l, "chain") : "?");
}

static void rule_of_layout(struct look *l)
{
	double cluster = path_number(l, "cluster_bytes"), depth = path_number(l, "chain_depth");
	double reads = times_more(l, IO_READ), writes = times_more(l, IO_WRITE);
	double share = share_of(l, PART_QEMU);
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	struct found f = {.cause = "qcow2-layout", .confidence = CONFIDENCE_LIKELY};
	bool is_small = cluster < limit(l, THRESHOLD_CLUSTER);
	bool is_split = is_small && split_of(l) >= limit(l, THRESHOLD_SPLIT);
	struct sibling other = {0};
	enum gained gain = GAINED_NOTHING;
	char many[FMT_MAX];

	if (!path_is(l, "format", "qcow2") || (!is_small && !(depth > 1)))
		return;
	if ((is_small &&
	     sibling_of(l->g, l->a->cell, l->a->j->name, "cluster_size", NULL, &other)) ||
	    sibling_of(l->g, l->a->cell, l->a->j->name, "format", "raw", &other))
		gain = gained_by(&other, METRIC_MEAN);
	if (gain == GAINED_NOTHING && !(reads >= limit(l, THRESHOLD_READ_MORE)) &&
	    !(writes >= limit(l, THRESHOLD_WRITE_MORE)) &&
	    !(share >= limit(l, THRESHOLD_IMAGE_SHARE)) && !is_split)
		return;
	if (gain == GAINED_PROVEN)
		f.confidence = CONFIDENCE_CERTAIN;
	say_layout(l, cluster, depth, &said);
	if (is_split)
		say(&said, "the host had %s requests for one of the guest",
		    num_text(many, split_of(l)));
	say_image(l, reads >= limit(l, THRESHOLD_READ_MORE) ? reads : writes,
		  reads >= limit(l, THRESHOLD_READ_MORE) ? IO_READ : IO_WRITE, &said);
	if (gain != GAINED_NOTHING)
		say_gain(l->g, &other, shown, BL_ARRAY_LEN(shown), &said);
	strcpy(f.change, is_small ? "cluster_size=auto" : "format=raw");
	look_found(l, f, &said,
		   is_small
			   ? "use clusters of 64 KiB or more (qemu-img convert -o "
			     "cluster_size=...), or "
			     "raw"
			   : "flatten the chain (virsh blockpull, qemu-img rebase -b \"\"), or use "
			     "raw; "
			     "keep snapshots short-lived");
}

/* ---- reads-of-holes ---- */

/* An earlier job of the trial may have written, or trimmed, some of it. */
static bool wrote_before(const struct look *l, enum io_dir dir)
{
	const struct trial_record *t = l->a->t;

	for (size_t i = 0; i < l->a->job; i++) {
		const struct job_result *j = &t->jobs[i];

		if (j->sample && j->sample->dir[dir].ios && !jobs_overlap(t, l->a->j, j))
			return true;
	}
	return false;
}

/* Nor meanwhile, by this job or one that ran beside it. */
static bool was_written(const struct look *l)
{
	return wrote_before(l, IO_WRITE) || asked_count(l, IO_WRITE) > 0;
}

static void rule_of_holes(struct look *l)
{
	double reads = count_at(l, LAYER_AT_ENGINE, IO_READ), written = written_of(l);
	double below = times_more(l, IO_READ);
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	struct found f = {.cause = "reads-of-holes", .confidence = CONFIDENCE_LIKELY};
	bool may_be_hole = written < limit(l, THRESHOLD_ALLOCATED) || wrote_before(l, IO_TRIM);
	char part[FMT_MAX];

	/* When the device was asked for what was read, there was something. */
	if (!(reads > 0) || !may_be_hole || below >= limit(l, THRESHOLD_ALLOCATED))
		return;
	if (below < limit(l, THRESHOLD_CACHED_ALL) ||
	    (isnan(below) && written < limit(l, THRESHOLD_CACHED) && !was_written(l)))
		f.confidence = CONFIDENCE_CERTAIN;
	else if (was_written(l) || written >= limit(l, THRESHOLD_ALLOCATED))
		f.confidence = CONFIDENCE_POSSIBLE;
	say(&said, "the job read an image of which %s held data when the jobs began%s",
	    pct_text(part, written),
	    wrote_before(l, IO_TRIM)    ? ", and an earlier job trimmed"
	    : wrote_before(l, IO_WRITE) ? ", and earlier jobs wrote"
					: "");
	if (!isnan(below))
		say(&said, "of the bytes read the host read %s", pct_text(part, below));
	look_found(l, f, &said,
		   "fill the disk before it is read (precondition: random-fill), and measure trims "
		   "after reads");
}

void rules_of_image(struct look *l)
{
	rule_of_holes(l);
	rule_of_allocation(l);
	rule_of_layout(l);
}
