#include "helper.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "units.h"

struct bl_helper {
	void (*work)(void *ctx), (*done)(void *ctx);
	void *ctx;
	char name[16];
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* CLOCK_MONOTONIC */
	bool is_busy, is_over, is_given_up;
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

bool bl_helper_wait(struct bl_helper *h, uint64_t until_ns)
{
	struct timespec ts = {.tv_sec = (time_t)(until_ns / NS_PER_S),
			      .tv_nsec = (long)(until_ns % NS_PER_S)};
	bool is_idle;
	int r = 0;

	pthread_mutex_lock(&h->lock);
	while (h->is_busy && r == 0)
		r = pthread_cond_timedwait(&h->changed, &h->lock, &ts);
	is_idle = !h->is_busy;
	pthread_mutex_unlock(&h->lock);
	return is_idle;
}

struct bl_helper *bl_helper_end(struct bl_helper *h)
{
	bool is_busy;

	if (!h)
		return NULL;
	pthread_mutex_lock(&h->lock);
	is_busy = h->is_given_up = h->is_busy;
	h->is_over = true;
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
