#include "helper.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "clock.h"
#include "units.h"

struct bl_helper {
	void (*work)(void *ctx), (*done)(void *ctx);
	void *ctx;
	char name[16];
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* CLOCK_MONOTONIC */
	bool is_busy, is_over, is_given_up;
	bool is_paused, is_stopped; /* of a loop */
};

static void end(struct bl_helper *h)
{
	h->done(h->ctx);
	pthread_cond_destroy(&h->changed);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

static void *helper_main(void *arg)
{
	struct bl_helper *h = arg;
	bool is_given_up;

	pthread_setname_np(pthread_self(), h->name);
	pthread_mutex_lock(&h->lock);
	for (;;) {
		while (!h->is_busy && !h->is_over)
			pthread_cond_wait(&h->changed, &h->lock);
		if (!h->is_busy)
			break;
		pthread_mutex_unlock(&h->lock);
		h->work(h->ctx);
		pthread_mutex_lock(&h->lock);
		h->is_busy = false;
		pthread_cond_broadcast(&h->changed);
	}
	is_given_up = h->is_given_up;
	pthread_mutex_unlock(&h->lock);
	if (is_given_up)
		end(h);
	return NULL;
}

/* Signals are for the program's own thread: it decides what stops. */
static int start(struct bl_helper *h)
{
	pthread_condattr_t attr;
	sigset_t all, old;
	int r;

	pthread_mutex_init(&h->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&h->changed, &attr);
	pthread_condattr_destroy(&attr);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&h->thread, NULL, helper_main, h);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -r;
}

int bl_helper_new(const char *name, void (*work)(void *ctx), void (*done)(void *ctx), void *ctx,
		  struct bl_helper **ret)
{
	struct bl_helper *h = calloc(1, sizeof *h);
	int r;

	if (!h)
		return -ENOMEM;
	*h = (struct bl_helper){.work = work, .done = done, .ctx = ctx};
	snprintf(h->name, sizeof h->name, "%s", name);
	r = start(h);
	if (r < 0) {
		free(h);
		return r;
	}
	*ret = h;
	return 0;
}

bool bl_helper_ask(struct bl_helper *h)
{
	bool is_idle;

	pthread_mutex_lock(&h->lock);
	is_idle = !h->is_busy;
	h->is_busy = true;
	pthread_cond_broadcast(&h->changed);
	pthread_mutex_unlock(&h->lock);
	return is_idle;
}

/* Under the lock. false: @until_ns has come. */
static bool wait_change(struct bl_helper *h, uint64_t until_ns)
{
	struct timespec ts = {.tv_sec = (time_t)(until_ns / NS_PER_S),
			      .tv_nsec = (long)(until_ns % NS_PER_S)};

	return pthread_cond_timedwait(&h->changed, &h->lock, &ts) == 0;
}

/* Under the lock. */
static bool is_active(const struct bl_helper *h)
{
	return h->is_busy && (!h->is_paused || h->is_stopped);
}

bool bl_helper_wait(struct bl_helper *h, uint64_t until_ns)
{
	bool is_idle;

	pthread_mutex_lock(&h->lock);
	while (is_active(h) && wait_change(h, until_ns))
		;
	is_idle = !is_active(h);
	pthread_mutex_unlock(&h->lock);
	return is_idle;
}

void bl_helper_stop(struct bl_helper *h)
{
	pthread_mutex_lock(&h->lock);
	h->is_stopped = true;
	pthread_cond_broadcast(&h->changed);
	pthread_mutex_unlock(&h->lock);
}

bool bl_helper_pause(struct bl_helper *h, uint64_t until_ns)
{
	bool is_stopped;

	pthread_mutex_lock(&h->lock);
	h->is_paused = true;
	pthread_cond_broadcast(&h->changed);
	while (!h->is_stopped && wait_change(h, until_ns))
		;
	h->is_paused = false;
	is_stopped = h->is_stopped;
	pthread_mutex_unlock(&h->lock);
	return is_stopped;
}

bool bl_helper_tick(struct bl_helper *h, uint64_t *tick, uint64_t interval_ns)
{
	uint64_t now = bl_now_ns(), next = *tick + interval_ns;

	if (next <= now)
		next += ((now - next) / interval_ns + 1) * interval_ns;
	*tick = next;
	return bl_helper_pause(h, next);
}

struct bl_helper *bl_helper_end(struct bl_helper *h)
{
	bool is_busy;

	if (!h)
		return NULL;
	pthread_mutex_lock(&h->lock);
	is_busy = h->is_given_up = h->is_busy;
	h->is_over = h->is_stopped = true;
	pthread_cond_broadcast(&h->changed);
	if (is_busy)
		pthread_detach(h->thread);
	pthread_mutex_unlock(&h->lock);
	if (is_busy)
		return NULL;
	pthread_join(h->thread, NULL);
	end(h);
	return NULL;
}
