/* trial_watch_qemu.c - what QEMU counts of the disk under test while jobs run. */
#define TRIAL_INTERNAL
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cleanup.h"
#include "trial_priv.h"
#include "units.h"

/* Four a second: a reading takes the main loop of QEMU 7.2 with four disks 0.24 ms of CPU time (own
 * measurement; 0.13 ms without histograms), so a thousandth of its time. */
#define READ_EVERY_NS (250 * NS_PER_MS)
#define LAST_NS       (5 * NS_PER_S) /* the longest that the last reading is waited for */

static int not_watched(struct trial *t, const char *why)
{
	return facts_get(&t->rec->facts, "qemu.not_watched")
		       ? 0
		       : trial_fact(t, "qemu.not_watched", "%s", why);
}

int trial_watch_qemu(struct trial *t)
{
	struct bl_err why = BL_ERR_INIT;
	int r;

	if (!t->s->sc->has_telemetry)
		return 0;
	if (t->s->cell->bus == BUS_VFIO)
		return not_watched(t, "the guest has the controller: qemu sees none of its I/O");
	r = block_stats_find(t->vm, DOMAIN_DISK_ALIAS, &t->qdev, &why);
	if (r < 0)
		return not_watched(t, bl_err_text(&why));
	r = block_stats_set_histograms(t->vm, t->qdev, &why);
	return r < 0 ? trial_fact(t, "qemu.no_histograms", "%s", bl_err_text(&why)) : 0;
}

void trial_watch_qemu_begin(struct trial *t)
{
	struct bl_err why = BL_ERR_INIT;

	/* One that still waits for an answer is the last. */
	if (!t->qdev || t->qemu_watch)
		return;
	if (block_watch_start(t->vm, t->qdev, READ_EVERY_NS, &t->qemu_watch, &why) < 0)
		not_watched(t, bl_err_text(&why));
	t->qemu_begun_ns = bl_now_ns();
}

void trial_watch_qemu_end(struct trial *t)
{
	struct bl_err why = BL_ERR_INIT;
	int r;

	series_done(&t->qemu_seen);
	t->qemu_cost_ns = 0;
	if (!t->qemu_watch)
		return;
	r = block_watch_stop(t->qemu_watch, LAST_NS, &t->qemu_seen, &t->qemu_cost_ns, &why);
	if (r < 0)
		not_watched(t, bl_err_text(&why));
	if (r != -ETIMEDOUT)
		t->qemu_watch = block_watch_free(t->qemu_watch);
}

/* --- a job's share of it --- */

/* Copy moment @i of @from to the end of @to, as at @at_ns. Nothing when @to has a later one. */
static int add_moment(struct series_set *to, const struct series_set *from, size_t i,
		      uint64_t at_ns)
{
	int r = series_moment(to, at_ns);

	if (r == -EINVAL)
		return 0;
	for (size_t k = 0; k < from->n_series && r == 0; k++) {
		const struct series *one = &from->items[k];

		if (one->values[i] != SERIES_ABSENT)
			r = series_put(to, one->name, one->kind, one->values[i]);
	}
	return r;
}

/* Only the jobs use the disk: what QEMU had counted when the first of their requests was sent the
 * reading before it says, and what when the last was done the reading after it. With these two
 * moments a job's counted time is covered exactly, where it begins or ends with the group; readings
 * alone would have it to a part of READ_EVERY_NS. That the first reading is before and the last one
 * behind them is so by the order of things, also where the guest's clock is not known that well. */
static int with_edges(const struct series_set *seen, uint64_t first_io, uint64_t last_io,
		      struct series_set *ret)
{
	bool has_first = false, has_last = false;
	int r = 0;

	for (size_t i = 0; i < seen->n && r == 0; i++) {
		if (!has_first && seen->at_ns[i] > first_io) {
			r = add_moment(ret, seen, i ? i - 1 : 0, first_io);
			has_first = true;
		}
		if (r == 0 && !has_last && seen->at_ns[i] > last_io) {
			r = add_moment(ret, seen, i, last_io);
			has_last = true;
		}
		if (r == 0)
			r = add_moment(ret, seen, i, seen->at_ns[i]);
	}
	return r == 0 && !has_last ? add_moment(ret, seen, seen->n - 1, last_io) : r;
}

static uint64_t host_time(const struct trial *t, const struct job_result *j, uint64_t at)
{
	return (uint64_t)((int64_t)at + job_clock_offset_ns(t->rec, j));
}

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

int trial_watch_qemu_take(struct trial *t, const struct job *jobs, struct job_result *results,
			  size_t n)
{
	BL_CLEANUP(series_done) struct series_set seen = {0};
	uint64_t first = UINT64_MAX, last = 0;
	int r = 0;

	if (!t->qemu_seen.n)
		return 0;
	if (t->qemu_seen.at_ns[0] > t->qemu_begun_ns)
		return not_watched(t, "qemu's monitor did not answer before the jobs began");
	block_stats_drop_uncounted(&t->qemu_seen, cell_bus_names[t->s->cell->bus]);
	for (size_t i = 0; i < n; i++) {
		const struct sample *s = results[i].sample;
		uint64_t from = host_time(t, &results[i], minus(s->start_ns, jobs[i].ramp_ns));
		uint64_t to = host_time(t, &results[i], s->start_ns + s->runtime_ns);

		first = from < first ? from : first;
		last = to > last ? to : last;
	}
	r = with_edges(&t->qemu_seen, first, last, &seen);
	for (size_t i = 0; i < n && r == 0; i++) {
		struct job_result *j = &results[i];

		r = trial_cut_watched(j, WATCHED_QEMU, &seen, job_clock_offset_ns(t->rec, j));
		if (r == 0)
			r = facts_addf(&j->facts, "telemetry.qemu.cost_ns", "%" PRIu64,
				       t->qemu_cost_ns);
		if (r == 0)
			r = facts_addf(&j->facts, "telemetry.qemu.readings", "%zu", t->qemu_seen.n);
	}
	return r < 0 ? bl_fail(&t->err, r, "cannot keep what qemu counted: %s", strerror(-r)) : 0;
}

void trial_watch_qemu_done(struct trial *t)
{
	t->qemu_watch = block_watch_free(t->qemu_watch);
	series_done(&t->qemu_seen);
	bl_freep(&t->qdev);
}
