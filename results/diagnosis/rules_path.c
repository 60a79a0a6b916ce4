/* Between the guest's block layer and QEMU's: the queue, the controller, the dispatch. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "judge.h"

static const enum metric shown[] = {METRIC_IOPS, METRIC_MEAN, METRIC_P99, METRIC_CPU_PER_IO};

static void say_virtual(const struct look *l, struct bl_buf *out)
{
	char own[FMT_MAX], share[FMT_MAX], guest[FMT_MAX], qemu[FMT_MAX];

	say(out,
	    "a request took %s between the guest's block layer and QEMU's, %s of its latency (%s "
	    "in "
	    "the guest's block layer and below, %s in QEMU's and below)",
	    ns_text(own, own_time_of(l, PART_VIRTUAL)), pct_text(share, share_of(l, PART_VIRTUAL)),
	    ns_text(guest, mean_at(l, LAYER_AT_GUEST_BLOCK)),
	    ns_text(qemu, mean_at(l, LAYER_AT_QEMU)));
}

/* So many requests that it matters how they are served. */
static bool is_used(const struct look *l)
{
	double n = 0;

	for (int d = 0; d < IO_DIRS; d++) {
		double of = count_at(l, top_of(l), (enum io_dir)d);

		n += isnan(of) ? 0 : of;
	}
	return n >= limit(l, THRESHOLD_SHORT_IOS);
}

/* ---- main-loop ---- */

static void rule_of_main_loop(struct look *l)
{
	double busy = rate_of(l, WATCHED_HOST, "thread.main.run_ns") / 1e9;
	double share = share_of(l, PART_VIRTUAL);
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	struct found f = {.cause = "main-loop"};
	struct sibling other;
	bool is_busy = busy >= limit(l, THRESHOLD_MAIN_BUSY), is_proven = false;
	bool is_unseen = is_only_watched(l) && is_used(l); /* how long they wait for it */
	char text[FMT_MAX];

	if (!is_served_by_qemu(l) || !path_is(l, "iothread", "none"))
		return;
	if (sibling_of(l->g, l->a->cell, l->a->j->name, "iothreads", NULL, &other) &&
	    strcmp(other.value, "0") != 0)
		is_proven = gained_by(&other, METRIC_P99) == GAINED_PROVEN;
	/* Busy alone is no harm, a large share alone has other reasons: both, or what shows it. */
	if (!is_busy || (!(share >= limit(l, THRESHOLD_MAIN_SHARE)) && !is_proven && !is_unseen))
		return;
	say(&said, "there is no iothread, and QEMU's main loop was busy %s of the time",
	    pct_text(text, busy));
	if (share > 0)
		say_virtual(l, &said);
	if (is_unseen)
		say(&said, "what requests waited for it only the guest could tell");
	if (is_proven)
		say_gain(l->g, &other, shown, BL_ARRAY_LEN(shown), &said);
	f.confidence = is_proven   ? CONFIDENCE_CERTAIN
		       : is_unseen ? CONFIDENCE_POSSIBLE
				   : CONFIDENCE_LIKELY;
	if (strcmp(l->bus, "virtio-blk") == 0 || strcmp(l->bus, "virtio-scsi") == 0)
		strcpy(f.change, "iothreads=1");
	look_found(
		l, f, &said,
		"give the disk an iothread of its own, and pin it: then its requests do not wait "
		"for timers, displays, monitors and other disks; one for each disk that matters is "
		"enough. Harmless where nobody waits for the disk");
}

/* ---- virtual-queueing ---- */

static void rule_of_queueing(struct look *l)
{
	double share = share_of(l, PART_VIRTUAL), own = own_time_of(l, PART_VIRTUAL);
	double waiting = waiting_between(l, LAYER_AT_GUEST_BLOCK, LAYER_AT_QEMU);
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	struct found f = {.cause = "virtual-queueing", .confidence = CONFIDENCE_LIKELY};
	char many[FMT_MAX];

	if (!is_served_by_qemu(l) || !(share >= limit(l, THRESHOLD_VIRTUAL_SHARE)) ||
	    !(own >= limit(l, THRESHOLD_VIRTUAL_TIME)) ||
	    !(waiting >= limit(l, THRESHOLD_VIRTUAL_QUEUE)))
		return;
	say_virtual(l, &said);
	say(&said, "on average %s requests waited there", num_text(many, waiting));
	/* Of a queue that is deep on purpose each request waits for those before it. */
	if (!(own / fmax(waiting, 1) >= limit(l, THRESHOLD_VIRTUAL_TIME)))
		f.confidence = CONFIDENCE_POSSIBLE;
	if (strcmp(l->bus, "virtio-blk") != 0)
		strcpy(f.change, "bus=virtio-blk");
	else if (!is_past_host_cache(l))
		strcpy(f.change, "cache=none");
	else if (path_is(l, "aio", "threads"))
		strcpy(f.change, "aio=native");
	look_found(
		l, f, &said,
		f.confidence == CONFIDENCE_POSSIBLE
			? "harmless when the queue is deep on purpose: measure it at a lower "
			  "iodepth; "
			  "else a queue for each vCPU, an iothread of its own, or aio=native with "
			  "direct I/O; change one at a time and compare p99"
			: "the storage is fast enough, requests do not get to it: a queue for each "
			  "vCPU, an iothread of its own, virtio-scsi with one controller for each "
			  "disk, or aio=native with direct I/O; change one at a time and compare "
			  "p99");
}

/* ---- emulated-controller ---- */

static bool is_emulated_bus(const char *bus)
{
	return !strcmp(bus, "sata") || !strcmp(bus, "ide") || !strcmp(bus, "usb");
}

static void rule_of_controller(struct look *l)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	struct found f = {.cause = "emulated-controller",
			  .confidence = CONFIDENCE_POSSIBLE,
			  .change = "bus=virtio-blk"};
	double share = share_of(l, PART_VIRTUAL), cpu;
	struct sibling other = {0};
	enum gained gain = GAINED_NOTHING;
	char text[FMT_MAX];

	if (!is_emulated_bus(l->bus) || (is_only_watched(l) && !is_used(l)))
		return;
	say(&said, "the guest drives its disk on an emulated %s controller", l->bus);
	if (job_metric(l->a->j, METRIC_CPU_PER_IO, &cpu))
		say(&said, "a request cost the host %s of CPU time", ns_text(text, cpu));
	if (!isnan(share))
		say_virtual(l, &said);
	if (share >= limit(l, THRESHOLD_VIRTUAL_SHARE))
		f.confidence = CONFIDENCE_LIKELY;
	if (sibling_of(l->g, l->a->cell, l->a->j->name, "bus", "virtio-blk", &other) ||
	    sibling_of(l->g, l->a->cell, l->a->j->name, "bus", "virtio-scsi", &other)) {
		for (size_t i = 0; i < BL_ARRAY_LEN(shown); i++)
			if (gained_by(&other, shown[i]) > gain)
				gain = gained_by(&other, shown[i]);
		say_gain(l->g, &other, shown, BL_ARRAY_LEN(shown), &said);
		snprintf(f.change, sizeof f.change, "bus=%.32s", other.value);
		f.confidence = gain == GAINED_PROVEN ? CONFIDENCE_CERTAIN
			       : gain == GAINED_SEEN ? CONFIDENCE_LIKELY
						     : CONFIDENCE_POSSIBLE;
	}
	if (gain == GAINED_NOTHING && other.by[METRIC_MEAN].has_interval)
		return; /* measured, and it did not matter here */
	look_found(
		l, f, &said,
		"use virtio-blk, or virtio-scsi with its own controller; emulated controllers are "
		"for installers and for guests without a virtio driver. Harmless where the disk is "
		"hardly used");
}

/* ---- single-queue ---- */

static void rule_of_queues(struct look *l)
{
	double threads = l->a->j->sample ? l->a->j->sample->n_threads : 0;
	double above = 1 - share_from(l, PART_QEMU); /* QEMU's border alone is asked for */
	double inflight = inflight_of(l, false);
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	struct found f = {.cause = "single-queue", .confidence = CONFIDENCE_POSSIBLE};
	struct sibling other;
	bool has_other;
	char many[FMT_MAX], share[FMT_MAX];

	if (!is_served_by_qemu(l) || path_number(l, "queues") != 1 || threads < 2 ||
	    vcpus_of(l) < 2 || !(inflight >= limit(l, THRESHOLD_PARALLEL)))
		return;
	if (above >= limit(l, THRESHOLD_VIRTUAL_SHARE))
		f.confidence = CONFIDENCE_LIKELY;
	say(&said,
	    "the disk has one queue for %u vCPUs, and %.0f threads had %s requests in flight",
	    vcpus_of(l), threads, num_text(many, inflight));
	if (above > 0)
		say(&said, "%s of their latency was spent above QEMU's block layer",
		    pct_text(share, above));
	has_other = sibling_of(l->g, l->a->cell, l->a->j->name, "queues", NULL, &other);
	if (has_other && gained_by(&other, METRIC_IOPS) == GAINED_PROVEN)
		f.confidence = CONFIDENCE_CERTAIN;
	if (has_other)
		say_gain(l->g, &other, shown, BL_ARRAY_LEN(shown), &said);
	if (!is_emulated_bus(l->bus))
		strcpy(f.change, "queues=auto");
	look_found(
		l, f, &said,
		"as many queues as vCPUs (`queues: auto` of virtio-blk and virtio-scsi); then look "
		"whether interrupts are spread, too. Harmless where the backend is the limit");
}

void rules_of_path(struct look *l)
{
	rule_of_main_loop(l);
	rule_of_controller(l);
	rule_of_queues(l);
	rule_of_queueing(l);
}
