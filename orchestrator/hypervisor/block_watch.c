#include "block_watch.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "clock.h"
#include "units.h"

#define FIRST_NS        (5 * NS_PER_S)
#define INTERVAL_MAX_NS (60 * NS_PER_S)

struct block_watch {
	struct hv_vm *vm;
	char *qdev;
	uint64_t interval_ns;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* of what is below; CLOCK_MONOTONIC */
	bool must_stop, has_begun, has_ended;
	bool is_abandoned; /* QEMU is asked nothing more: the VM may be gone */
	bool is_let_go;    /* the thread frees what is left */
	/* The thread's own until has_ended. */
	size_t values_max;
	struct block_watched all;
};

void block_watched_done(struct block_watched *b)
{
	series_done(&b->set);
	*b = (struct block_watched){0};
}

static struct timespec when(uint64_t ns)
{
	return (struct timespec){.tv_sec = (time_t)(ns / NS_PER_S),
				 .tv_nsec = (long)(ns % NS_PER_S)};
}

static bool may_ask(struct block_watch *w)
{
	bool may;

	pthread_mutex_lock(&w->lock);
	may = !w->is_abandoned;
	pthread_mutex_unlock(&w->lock);
	return may;
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

	if (!may_ask(w))
		return false;
	if ((set->n + 1) * set->n_series > w->values_max)
		make_sparser(w);
	r = block_stats_read(w->vm, w->qdev, set, &w->all.why);
	if (r == 0 && may_ask(w)) /* without how long iothreads poll it is a reading, too */
		block_stats_read_iothreads(w->vm, set, &w->all.why);
	if (r < 0)
		w->all.n_failed++;
	w->all.cost_ns += bl_now_ns() - from;
	return r == 0;
}

/* True: to stop. The next reading is due @interval_ns after the last was asked for; one that took
 * longer is followed by a pause as long. */
static bool pause_until(struct block_watch *w, uint64_t due)
{
	uint64_t now = bl_now_ns();
	struct timespec t = when(due > now ? due : now + w->interval_ns);
	bool must_stop;

	pthread_mutex_lock(&w->lock);
	w->has_begun = true;
	pthread_cond_broadcast(&w->changed);
	while (!w->must_stop && pthread_cond_timedwait(&w->changed, &w->lock, &t) != ETIMEDOUT)
		;
	must_stop = w->must_stop;
	pthread_mutex_unlock(&w->lock);
	return must_stop;
}

static void destroy(struct block_watch *w)
{
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	block_watched_done(&w->all);
	free(w->qdev);
	free(w);
}

static void *watch(void *arg)
{
	struct block_watch *w = arg;
	bool is_let_go;
	uint64_t asked;

	do {
		asked = bl_now_ns();
		read_once(w);
	} while (!pause_until(w, asked + w->interval_ns));
	w->all.has_last = read_once(w);
	pthread_mutex_lock(&w->lock);
	w->has_ended = true;
	is_let_go = w->is_let_go;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
	if (is_let_go)
		destroy(w);
	return NULL;
}

/* Under the lock; false: not within @limit_ns. */
static bool wait_for(struct block_watch *w, const bool *what, uint64_t limit_ns)
{
	struct timespec t = when(bl_now_ns() + limit_ns);

	while (!*what && pthread_cond_timedwait(&w->changed, &w->lock, &t) != ETIMEDOUT)
		;
	return *what;
}

/* Signals are for the program's own thread: it decides what stops. */
static int start_thread(struct block_watch *w)
{
	sigset_t all, old;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&w->thread, NULL, watch, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return r;
}

int block_watch_start(struct hv_vm *vm, const struct block_watch_options *opt,
		      struct block_watch **ret, struct bl_err *err)
{
	struct block_watch *w = calloc(1, sizeof *w);
	pthread_condattr_t attr;
	int r;

	if (!w)
		return bl_fail(err, -ENOMEM, "out of memory");
	w->vm = vm;
	w->interval_ns = opt->interval_ns;
	w->values_max = opt->values_max ? opt->values_max : SERIES_VALUES_MAX;
	w->qdev = strdup(opt->qdev);
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->changed, &attr);
	pthread_condattr_destroy(&attr);
	r = w->qdev ? start_thread(w) : ENOMEM;
	if (r != 0) {
		destroy(w);
		return bl_fail(err, -r, "cannot watch what qemu counts: %s", strerror(r));
	}
	pthread_mutex_lock(&w->lock);
	wait_for(w, &w->has_begun, FIRST_NS);
	pthread_mutex_unlock(&w->lock);
	*ret = w;
	return 0;
}

int block_watch_stop(struct block_watch *w, uint64_t limit_ns, struct block_watched *ret,
		     struct bl_err *err)
{
	bool has_ended;

	pthread_mutex_lock(&w->lock);
	w->must_stop = true;
	pthread_cond_broadcast(&w->changed);
	has_ended = wait_for(w, &w->has_ended, limit_ns);
	w->is_abandoned = true;
	pthread_mutex_unlock(&w->lock);
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
	bool has_ended;

	pthread_mutex_lock(&w->lock);
	has_ended = w->has_ended;
	pthread_mutex_unlock(&w->lock);
	return has_ended;
}

struct block_watch *block_watch_free(struct block_watch *w)
{
	pthread_t thread;
	bool has_ended;

	if (!w)
		return NULL;
	thread = w->thread;
	pthread_mutex_lock(&w->lock);
	w->must_stop = w->is_abandoned = true;
	pthread_cond_broadcast(&w->changed);
	has_ended = wait_for(w, &w->has_ended, BLOCK_WATCH_FREE_NS);
	w->is_let_go = !has_ended;
	pthread_mutex_unlock(&w->lock);
	if (has_ended) {
		pthread_join(thread, NULL);
		destroy(w);
	} else {
		pthread_detach(thread); /* w is the thread's now */
	}
	return NULL;
}
