/* trial_watch_qemu.c - what QEMU counts of the disk under test while jobs run. */
#define TRIAL_INTERNAL
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cleanup.h"
#include "fs.h"
#include "trial_priv.h"
#include "units.h"

/* Four a second: a reading takes the main loop of QEMU 7.2 with four disks 0.24 ms of CPU time (own
 * measurement; 0.13 ms without histograms), so a thousandth of its time. */
#define READ_EVERY_NS (250 * NS_PER_MS)
#define LAST_NS       (5 * NS_PER_S) /* the longest that the last reading is waited for */

static int not_watched(struct trial *t, const char *why)
{
	return trial_fact_once(t, "qemu.not_watched", why);
}

int trial_watch_qemu(struct trial *t)
{
	struct bl_err why = BL_ERR_INIT;
	char alias[DOMAIN_NAME_MAX];
	struct hv_vm *vm;
	int r;

	if (!t->s->sc->has_telemetry)
		return 0;
	if (t->disk->cell->bus == BUS_VFIO)
		return not_watched(t, "the guest has the controller: qemu sees none of its I/O");
	vm = trial_ask(t);
	if (!vm)
		return bl_fail(&t->err, -ENOMEM, "out of memory");
	r = block_stats_find(vm, domain_name(DOMAIN_DISK_ALIAS, t->disk->at, alias), &t->disk->qdev,
			     &why);
	if (r < 0)
		r = not_watched(t, bl_err_text(&why));
	else if (block_stats_set_histograms(vm, t->disk->qdev, &why) < 0)
		r = trial_fact(t, "qemu.no_histograms", "%s", bl_err_text(&why));
	hv_vm_end(vm);
	return r;
}

/* A watch whose end was waited for in vain is free when its question has its answer: until then
 * another one would wait behind it. */
static bool is_free(struct trial *t)
{
	if (t->qemu_watch && block_watch_has_ended(t->qemu_watch))
		t->qemu_watch = block_watch_free(t->qemu_watch);
	return !t->qemu_watch;
}

void trial_watch_qemu_begin(struct trial *t)
{
	struct block_watch_options opt = {.qdev = t->disk->qdev, .interval_ns = READ_EVERY_NS};
	struct bl_err why = BL_ERR_INIT;

	t->qemu_is_watched = false;
	if (!t->disk->qdev || !is_free(t))
		return;
	if (block_watch_start(t->vm, &opt, &t->qemu_watch, &why) < 0)
		not_watched(t, bl_err_text(&why));
	t->qemu_is_watched = t->qemu_watch != NULL;
	t->qemu_begun_ns = bl_now_ns();
}

/* Some were read, and some not. */
static void note_failed(struct trial *t)
{
	BL_CLEANUP(bl_freep) char *text = NULL;

	if (!t->qemu_seen.why.code)
		return;
	text = bl_strf("%zu; the first reason: %s", t->qemu_seen.n_failed,
		       bl_err_text(&t->qemu_seen.why));
	trial_fact_once(t, "qemu.readings_failed", text ? text : "out of memory");
}

void trial_watch_qemu_end(struct trial *t)
{
	struct bl_err why = BL_ERR_INIT;
	int r;

	block_watched_done(&t->qemu_seen);
	if (!t->qemu_is_watched)
		return;
	t->qemu_is_watched = false;
	r = block_watch_stop(t->qemu_watch, LAST_NS, &t->qemu_seen, &why);
	if (r < 0)
		not_watched(t, bl_err_text(&why));
	else
		note_failed(t);
	if (r != -ETIMEDOUT)
		t->qemu_watch = block_watch_free(t->qemu_watch);
}

/* --- a job's share of it --- */

/* Moment @i of @from at the end of @to, as at @at_ns. Nothing when @to has a later one. */
static int add_moment(struct series_set *to, const struct series_set *from, size_t i,
		      uint64_t at_ns)
{
	int r = series_copy_moment(to, from, i, at_ns);

	return r == -EINVAL ? 0 : r;
}

/* Only the jobs use the disk: what QEMU had counted when the first of their requests was sent the
 * reading before it says, and what when the last was done the reading after it. With these two
 * moments a job's counted time is covered exactly, where it begins or ends with the group; readings
 * alone would have it to a part of READ_EVERY_NS. That the first reading is before and the last one
 * behind them is so by the order of things (the caller has seen that both are there), also where
 * the guest's clock is not known that well: the last one may seem to be before @last_io then. */
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

/* NULL: there is a reading on both sides of the jobs. */
static const char *lacks_a_side(const struct trial *t)
{
	const struct block_watched *b = &t->qemu_seen;

	if (b->set.at_ns[0] > t->qemu_begun_ns)
		return "qemu's monitor did not answer before the jobs began";
	if (!b->has_last)
		return "qemu's monitor gave no reading after the jobs";
	return NULL;
}

static void span_of(const struct trial *t, const struct job *jobs, const struct job_result *results,
		    size_t n, uint64_t *ret_first, uint64_t *ret_last)
{
	*ret_first = UINT64_MAX;
	*ret_last = 0;
	for (size_t i = 0; i < n; i++) {
		const struct sample *s = results[i].sample;
		uint64_t from = host_time(t, &results[i], minus(s->start_ns, jobs[i].ramp_ns));
		uint64_t to = host_time(t, &results[i], s->start_ns + s->runtime_ns);

		*ret_first = from < *ret_first ? from : *ret_first;
		*ret_last = to > *ret_last ? to : *ret_last;
	}
}

int trial_watch_qemu_take(struct trial *t, const struct job *jobs, struct job_result *results,
			  size_t n)
{
	BL_CLEANUP(series_done) struct series_set set = {0};
	struct block_watched *all = &t->qemu_seen;
	struct trial_seen seen = {.set = &set, .cost_ns = all->cost_ns, .readings = all->set.n};
	const char *lack = all->set.n ? lacks_a_side(t) : NULL;
	uint64_t first, last;
	int r;

	if (!all->set.n)
		return 0;
	if (lack)
		return not_watched(t, lack);
	block_stats_drop_uncounted(&all->set, cell_bus_names[t->disk->cell->bus]);
	span_of(t, jobs, results, n, &first, &last);
	r = with_edges(&all->set, first, last, &set);
	for (size_t i = 0; i < n && r == 0; i++)
		r = trial_keep_seen(&results[i], WATCHED_QEMU, &seen,
				    job_clock_offset_ns(t->rec, &results[i]));
	return r < 0 ? bl_fail(&t->err, r, "cannot keep what qemu counted: %s", strerror(-r)) : 0;
}

void trial_watch_qemu_done(struct trial *t)
{
	t->qemu_watch = block_watch_free(t->qemu_watch);
	t->qemu_is_watched = false;
	block_watched_done(&t->qemu_seen);
}
