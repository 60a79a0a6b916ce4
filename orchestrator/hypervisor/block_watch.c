#include "block_watch.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "clock.h"
#include "units.h"

#define FIRST_NS (5 * NS_PER_S)

struct block_watch {
	struct hv_vm *vm;
	char *qdev;
	uint64_t interval_ns;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* of what is below; CLOCK_MONOTONIC */
	bool must_stop, has_begun, has_ended;
	/* The thread's own until has_ended. */
	struct series_set set;
	uint64_t cost_ns;
	struct bl_err why; /* of the first reading that failed */
};

static struct timespec when(uint64_t ns)
{
	return (struct timespec){.tv_sec = (time_t)(ns / NS_PER_S),
				 .tv_nsec = (long)(ns % NS_PER_S)};
}

/* One that fails is left out: the rises across it are told by the neighbours. */
static void read_once(struct block_watch *w)
{
	uint64_t from = bl_now_ns();
	struct bl_err why = BL_ERR_INIT;
	int r = block_stats_read(w->vm, w->qdev, &w->set, &why);

	if (r == 0)
		r = block_stats_read_iothreads(w->vm, &w->set, &why);
	if (r < 0)
		bl_fail(&w->why, r, "%s", bl_err_text(&why));
	w->cost_ns += bl_now_ns() - from;
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

static void *watch(void *arg)
{
	struct block_watch *w = arg;
	uint64_t asked;

	do {
		asked = bl_now_ns();
		read_once(w);
	} while (!pause_until(w, asked + w->interval_ns));
	read_once(w);
	pthread_mutex_lock(&w->lock);
	w->has_ended = true;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
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

static void destroy(struct block_watch *w)
{
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	series_done(&w->set);
	free(w->qdev);
	free(w);
}

int block_watch_start(struct hv_vm *vm, const char *qdev, uint64_t interval_ns,
		      struct block_watch **ret, struct bl_err *err)
{
	struct block_watch *w = calloc(1, sizeof *w);
	pthread_condattr_t attr;
	int r;

	if (!w)
		return bl_fail(err, -ENOMEM, "out of memory");
	w->vm = vm;
	w->interval_ns = interval_ns;
	w->qdev = strdup(qdev);
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->changed, &attr);
	pthread_condattr_destroy(&attr);
	r = w->qdev ? pthread_create(&w->thread, NULL, watch, w) : ENOMEM;
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

int block_watch_stop(struct block_watch *w, uint64_t limit_ns, struct series_set *ret_set,
		     uint64_t *ret_cost_ns, struct bl_err *err)
{
	bool has_ended;

	pthread_mutex_lock(&w->lock);
	w->must_stop = true;
	pthread_cond_broadcast(&w->changed);
	has_ended = wait_for(w, &w->has_ended, limit_ns);
	pthread_mutex_unlock(&w->lock);
	if (!has_ended)
		return bl_fail(err, -ETIMEDOUT,
			       "qemu has not answered its monitor for %llu s: what it counted "
			       "is not known",
			       (unsigned long long)(limit_ns / NS_PER_S));
	if (!w->set.n_series)
		return bl_fail(err, -ENODATA, "%s", bl_err_text(&w->why));
	*ret_set = w->set;
	*ret_cost_ns = w->cost_ns;
	w->set = (struct series_set){0};
	return 0;
}

struct block_watch *block_watch_free(struct block_watch *w)
{
	if (!w)
		return NULL;
	pthread_mutex_lock(&w->lock);
	w->must_stop = true;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	destroy(w);
	return NULL;
}
