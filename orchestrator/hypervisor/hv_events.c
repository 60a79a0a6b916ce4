/* hv_events.c - libvirt's event loop, in one thread, for as long as a connection is open. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "hv_libvirt.h"

static struct {
	pthread_mutex_t lock;
	pthread_t thread;
	unsigned users;
	bool is_registered; /* libvirt takes one implementation for the life of a process */
	atomic_bool stop;
} loop = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void *run(void *arg)
{
	(void)arg;
	while (!atomic_load(&loop.stop))
		virEventRunDefaultImpl();
	return NULL;
}

static void nothing(int timer, void *opaque)
{
	(void)timer;
	(void)opaque;
}

static int start_thread(void)
{
	sigset_t all, old;
	int r;

	/* Signals are for the threads that know what to do with them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	atomic_store(&loop.stop, false);
	r = pthread_create(&loop.thread, NULL, run, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -r;
}

int lv_events_start(struct bl_err *err)
{
	int r = 0;

	pthread_mutex_lock(&loop.lock);
	if (!loop.is_registered && virEventRegisterDefaultImpl() < 0)
		r = lv_fail(err, -EIO, "cannot register libvirt's event loop");
	loop.is_registered = loop.is_registered || r == 0;
	if (r == 0 && loop.users == 0) {
		r = start_thread();
		if (r < 0)
			bl_fail(err, r, "cannot start a thread for events: %s", strerror(-r));
	}
	if (r == 0)
		loop.users++;
	pthread_mutex_unlock(&loop.lock);
	return r;
}

void lv_events_stop(void)
{
	pthread_mutex_lock(&loop.lock);
	if (--loop.users == 0) {
		int timer;

		atomic_store(&loop.stop, true);
		timer = virEventAddTimeout(0, nothing, NULL, NULL); /* wakes it */
		pthread_join(loop.thread, NULL);
		virEventRemoveTimeout(timer);
	}
	pthread_mutex_unlock(&loop.lock);
}
