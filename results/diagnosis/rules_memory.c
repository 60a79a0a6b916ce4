/* The host's memory: short of it, or in the path. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "writes.h"
#include "judge.h"

/* ---- memory-pressure ---- */

static const char pressure_signals[] =
	"host.swap.* host.memory.direct_reclaim* host.memory.cgroup_* host.memory.major_faults "
	"host.pressure.memory.*";

struct pressure {
	double some, full, swap, reclaim, hits, cgroup;
};

static struct pressure pressure_of(const struct look *l)
{
	struct pressure p = {
		.some = rate_of(l, WATCHED_HOST, "pressure.memory.some_ns") / 1e9,
		.full = rate_of(l, WATCHED_HOST, "pressure.memory.full_ns") / 1e9,
		.swap = fmax(rate_of(l, WATCHED_HOST, "swap.in_pages"),
			     rate_of(l, WATCHED_HOST, "swap.out_pages")),
		.reclaim = rate_of(l, WATCHED_HOST, "memory.direct_reclaim_pages"),
		.hits = rate_of(l, WATCHED_HOST, "memory.cgroup_limit_hits"),
		.cgroup = rate_of(l, WATCHED_HOST, "memory.cgroup_reclaimed"),
	};

	return p;
}

/* A cgroup at its limit is only short of memory when it must free pages for what comes. */
static bool is_pressed(const struct look *l, const struct pressure *p)
{
	return p->some >= limit(l, THRESHOLD_MEMORY_SOME) ||
	       p->swap >= limit(l, THRESHOLD_SWAP_RATE) ||
	       p->reclaim >= limit(l, THRESHOLD_RECLAIM_RATE) ||
	       (p->hits >= limit(l, THRESHOLD_LIMIT_HITS) &&
		p->cgroup >= limit(l, THRESHOLD_RECLAIM_RATE));
}

static void say_pressure(const struct look *l, const struct pressure *p, struct bl_buf *out)
{
	double least = gauge_min(l, WATCHED_HOST, "memory.available_bytes");
	char a[FMT_MAX], b[FMT_MAX];

	if (p->some > 0)
		say(out,
		    "something on the host waited for memory %s of the time (PSI some; all of it "
		    "%s)",
		    pct_text(a, p->some), pct_text(b, isnan(p->full) ? 0 : p->full));
	if (p->swap >= 1)
		say(out, "%s pages/s were swapped in or out", num_text(a, p->swap));
	if (p->reclaim >= 1)
		say(out, "programs had to free %s pages/s themselves (direct reclaim)",
		    num_text(a, p->reclaim));
	if (p->hits > 0)
		say(out,
		    "the memory limit of QEMU's cgroup was reached %s times/s, and %s pages/s "
		    "were looked at to free some",
		    num_text(a, p->hits), num_text(b, isnan(p->cgroup) ? 0 : p->cgroup));
	if (least > 0)
		say(out, "at the least %s were available", mib_text(a, least));
}

static void rule_of_pressure(struct look *l)
{
	struct pressure p = pressure_of(l);
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	struct found f = {.cause = "memory-pressure"};
	const struct signal *s = explains(l, pressure_signals);
	bool has_level = is_pressed(l, &p);

	if (!has_level && !s)
		return;
	say_pressure(l, &p, &said);
	say_explains(l, s, &said);
	rest_on(l, &f, has_level, s);
	if (!is_past_host_cache(l))
		strcpy(f.change, "cache=none");
	look_found(l, f, &said,
		   "give the host room: fewer or smaller VMs, more memory, a higher limit of the "
		   "cgroup; cache=none makes the disk need less of it, but QEMU itself must not be "
		   "swapped either");
}

/* ---- host-page-cache ---- */

static const char writeback_signals[] = "host.memory.writeback* host.memory.dirty*";

/* Of the guest's written bytes, those that the host's device got meanwhile. */
static double absorbed_of(const struct look *l)
{
	double guest = bytes_at(l, LAYER_AT_QEMU, IO_WRITE);
	double host = bytes_at(l, LAYER_AT_HOST_BLOCK, IO_WRITE);

	if (isnan(guest))
		guest = asked_bytes(l, IO_WRITE);
	if (isnan(host))
		host = rate_of(l, WATCHED_HOST, "process.write_bytes") * window_s(l);
	return guest > 0 ? host / guest : NAN;
}

/* What the job wrote from one flush to the next, on average: no more of its own can be dirty, as a
 * flush has it written. NAN: it is not known what it wrote. */
static double unflushed(const struct look *l)
{
	double flushes = fmax(count_at(l, LAYER_AT_ENGINE, IO_SYNC),
			      count_at(l, LAYER_AT_QEMU, IO_SYNC)); /* of one NAN, the other */

	return bytes_at(l, top_of(l), IO_WRITE) / (isnan(flushes) ? 1 : flushes + 1);
}

static void rule_of_cache(struct look *l)
{
	double dirty, grown = gauge_rise(l, WATCHED_HOST, "memory.dirty_bytes", &dirty);
	double back = gauge_max(l, WATCHED_HOST, "memory.writeback_bytes");
	double absorbed = absorbed_of(l), written = bytes_at(l, top_of(l), IO_WRITE);
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	struct found f = {.cause = "host-page-cache", .change = "cache=none"};
	const struct signal *s;
	bool has_level;
	char a[FMT_MAX], b[FMT_MAX], c[FMT_MAX];

	if (!is_served_by_qemu(l) || is_past_host_cache(l))
		return;
	s = explains(l, writeback_signals);
	/* The dirty pages may be another program's. */
	has_level = grown >= limit(l, THRESHOLD_DIRTY_GROWTH) &&
		    unflushed(l) >= limit(l, THRESHOLD_DIRTY_GROWTH);
	if (!has_level && !s)
		return;
	say(&said, "the disk goes through the host's page cache (cache %s)",
	    path_of(l, "cache") ? path_of(l, "cache") : "mode not direct");
	say(&said, "dirty pages of the host grew by %s to %s, and up to %s were being written back",
	    mib_text(a, isnan(grown) ? 0 : grown), mib_text(b, isnan(dirty) ? 0 : dirty),
	    mib_text(c, isnan(back) ? 0 : back));
	if (!isnan(absorbed) && written > 0)
		say(&said, "the host's device got %s of the bytes written meanwhile",
		    pct_text(a, absorbed));
	if (job_is_buffered(l->a->j) && written > 0)
		say(&said, "the guest caches the same data once more (the job has no direct=1)");
	say_explains(l, s, &said);
	rest_on(l, &f, has_level, s);
	look_found(
		l, f, &said,
		"cache=none: one cache, the guest's, and what was flushed is on the disk. Keep "
		"writeback only with memory to spare and power-loss protection, with dirty limits "
		"low enough that writing back takes no seconds (vm.dirty_background_bytes)");
}

void rules_of_memory(struct look *l)
{
	rule_of_pressure(l);
	rule_of_cache(l);
}
