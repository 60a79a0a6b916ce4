#include "block_watch.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "helper.h"
#include "units.h"

#define FIRST_NS        (5 * NS_PER_S)
#define INTERVAL_MAX_NS (60 * NS_PER_S)

struct block_watch {
	struct hv_vm *vm;
	char *qdev;
	struct bl_helper *helper;
	atomic_bool is_abandoned; /* QEMU is asked nothing more: the VM may be gone */
	/* The thread's own while it works. */
	uint64_t interval_ns;
	size_t values_max;
	struct block_watched all;
};

void block_watched_done(struct block_watched *b)
{
	series_done(&b->set);
	*b = (struct block_watched){0};
}

static void make_sparser(struct block_watch *w)
{
	series_thin(&w->all.set);
	if (w->interval_ns < INTERVAL_MAX_NS)
		w->interval_ns *= 2;
}

/* One that fails is left out: the rises across it are told by the neighbours. False: it did. */
static bool read_once(struct block_watch *w)
{
	struct series_set *set = &w->all.set;
	uint64_t from = bl_now_ns();
	int r;

	if (w->is_abandoned)
		return false;
	if ((set->n + 1) * set->n_series > w->values_max)
		make_sparser(w);
	r = block_stats_read(w->vm, w->qdev, set, &w->all.why);
	if (r == 0 && !w->is_abandoned) /* without how long iothreads poll it is a reading, too */
		block_stats_read_iothreads(w->vm, set, &w->all.why);
	if (r < 0)
		w->all.n_failed++;
	w->all.cost_ns += bl_now_ns() - from;
	return r == 0;
}

static void destroy(void *ctx)
{
	struct block_watch *w = ctx;

	block_watched_done(&w->all);
	free(w->qdev);
	free(w);
}

/* The next reading is due @interval_ns after the last was asked for; one that took longer is
 * followed by a pause as long. */
static void watch(void *ctx)
{
	struct block_watch *w = ctx;
	uint64_t now, due;

	do {
		due = bl_now_ns() + w->interval_ns;
		read_once(w);
		now = bl_now_ns();
	} while (!bl_helper_pause(w->helper, due > now ? due : now + w->interval_ns));
	w->all.has_last = read_once(w);
}

int block_watch_start(struct hv_vm *vm, const struct block_watch_options *opt,
		      struct block_watch **ret, struct bl_err *err)
{
	struct block_watch *w = calloc(1, sizeof *w);
	int r;

	if (!w)
		return bl_fail(err, -ENOMEM, "out of memory");
	w->vm = vm;
	w->interval_ns = opt->interval_ns;
	w->values_max = opt->values_max ? opt->values_max : SERIES_VALUES_MAX;
	w->qdev = strdup(opt->qdev);
	r = w->qdev ? bl_helper_new("block watch", watch, destroy, w, &w->helper) : -ENOMEM;
	if (r < 0) {
		destroy(w);
		return bl_fail(err, r, "cannot watch what qemu counts: %s", strerror(-r));
	}
	bl_helper_ask(w->helper);
	bl_helper_wait(w->helper, bl_now_ns() + FIRST_NS);
	*ret = w;
	return 0;
}

int block_watch_stop(struct block_watch *w, uint64_t limit_ns, struct block_watched *ret,
		     struct bl_err *err)
{
	bool has_ended;

	bl_helper_stop(w->helper);
	has_ended = bl_helper_wait(w->helper, bl_now_ns() + limit_ns);
	w->is_abandoned = true;
	if (!has_ended)
		return bl_fail(err, -ETIMEDOUT,
			       "qemu has not answered its monitor for %llu s: what it counted "
			       "is not known",
			       (unsigned long long)(limit_ns / NS_PER_S));
	if (!w->all.set.n_series)
		return bl_fail(err, -ENODATA, "%s", bl_err_text(&w->all.why));
	*ret = w->all;
	w->all = (struct block_watched){0};
	return 0;
}

bool block_watch_has_ended(struct block_watch *w)
{
	return bl_helper_wait(w->helper, 0);
}

struct block_watch *block_watch_free(struct block_watch *w)
{
	if (!w)
		return NULL;
	w->is_abandoned = true;
	bl_helper_stop(w->helper);
	bl_helper_wait(w->helper, bl_now_ns() + BLOCK_WATCH_FREE_NS);
	bl_helper_end(w->helper);
	return NULL;
}
