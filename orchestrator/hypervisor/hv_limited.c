#include "hv_limited.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "hypervisor_priv.h"
#include "units.h"

#define SLICE_NS (100 * NS_PER_MS)

struct limited {
	struct hv_vm base;
	struct hv_vm *vm;
	uint64_t limit_ns;
	volatile sig_atomic_t *stop;
	bool has_hung;
};

/* Of two owners: the last one frees it. */
struct question {
	struct hv_vm *vm;
	char *command;
	json_t *args;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* CLOCK_MONOTONIC */
	bool has_answer, is_given_up;
	/* The thread's own until has_answer. */
	json_t *reply;
	int r;
	struct bl_err err;
};

static void question_free(struct question *q)
{
	pthread_cond_destroy(&q->changed);
	pthread_mutex_destroy(&q->lock);
	json_decref(q->args);
	json_decref(q->reply);
	free(q->command);
	free(q);
}

static struct question *question_new(struct hv_vm *vm, const char *command, const json_t *args)
{
	struct question *q = calloc(1, sizeof *q);
	pthread_condattr_t attr;

	if (!q)
		return NULL;
	q->vm = vm;
	q->command = strdup(command);
	q->args = args ? json_deep_copy(args) : NULL;
	pthread_mutex_init(&q->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&q->changed, &attr);
	pthread_condattr_destroy(&attr);
	if (!q->command || (args && !q->args)) {
		question_free(q);
		return NULL;
	}
	return q;
}

static void *ask(void *arg)
{
	struct question *q = arg;
	bool is_given_up;

	q->r = hv_vm_qmp(q->vm, q->command, q->args, &q->reply, &q->err);
	pthread_mutex_lock(&q->lock);
	q->has_answer = true;
	is_given_up = q->is_given_up;
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->lock);
	if (is_given_up)
		question_free(q);
	return NULL;
}

/* Signals are for the program's own thread: it decides what stops. */
static int start_thread(struct question *q, pthread_t *ret)
{
	sigset_t all, old;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(ret, NULL, ask, q);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -r;
}

/* 0: the answer is there; else it is given up. */
static int wait_for(const struct limited *l, struct question *q)
{
	uint64_t deadline = bl_now_ns() + l->limit_ns;
	int r = 0;

	pthread_mutex_lock(&q->lock);
	while (!q->has_answer && r == 0) {
		uint64_t now = bl_now_ns(), next = now + SLICE_NS;
		struct timespec t;

		if (l->stop && *l->stop)
			r = -EINTR;
		else if (now >= deadline)
			r = -ETIMEDOUT;
		next = next < deadline ? next : deadline;
		t = (struct timespec){.tv_sec = (time_t)(next / NS_PER_S),
				      .tv_nsec = (long)(next % NS_PER_S)};
		if (r == 0)
			pthread_cond_timedwait(&q->changed, &q->lock, &t);
	}
	q->is_given_up = r < 0;
	pthread_mutex_unlock(&q->lock);
	return r;
}

static int fail_hung(const struct limited *l, const char *command, struct bl_err *err)
{
	return bl_fail(err, -ETIMEDOUT, "qmp %s: qemu has not answered its monitor for %llu s",
		       command, (unsigned long long)(l->limit_ns / NS_PER_S));
}

static int limited_qmp(struct hv_vm *vm, const char *command, const json_t *args,
		       json_t **ret_reply, struct bl_err *err)
{
	struct limited *l = (struct limited *)vm;
	struct question *q;
	pthread_t thread;
	int r;

	if (l->has_hung)
		return fail_hung(l, command, err);
	q = question_new(l->vm, command, args);
	if (!q)
		return bl_fail(err, -ENOMEM, "out of memory");
	r = start_thread(q, &thread);
	if (r < 0) {
		question_free(q);
		return bl_fail(err, r, "qmp %s: cannot start a thread: %s", command, strerror(-r));
	}
	r = wait_for(l, q);
	if (r < 0) {
		pthread_detach(thread); /* q is the thread's now */
		l->has_hung = r == -ETIMEDOUT;
		return r == -EINTR ? bl_fail(err, r, "qmp %s: stopped", command)
				   : fail_hung(l, command, err);
	}
	pthread_join(thread, NULL);
	r = q->r;
	if (r < 0) {
		bl_fail(err, r, "%s", bl_err_text(&q->err));
	} else {
		*ret_reply = q->reply;
		q->reply = NULL;
	}
	question_free(q);
	return r;
}

static int limited_xml(struct hv_vm *vm, char **ret_xml, struct bl_err *err)
{
	return hv_vm_xml(((struct limited *)vm)->vm, ret_xml, err);
}

static pid_t limited_pid(struct hv_vm *vm)
{
	return hv_vm_pid(((struct limited *)vm)->vm);
}

static void limited_end(struct hv_vm *vm)
{
	free(vm);
}

static const struct hv_ops limited_ops = {
	.name = "limited",
	.qmp = limited_qmp,
	.xml = limited_xml,
	.pid = limited_pid,
	.end = limited_end,
};

struct hv_vm *hv_limited(struct hv_vm *vm, uint64_t limit_ns, volatile sig_atomic_t *stop)
{
	struct limited *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	*l = (struct limited){
		.base.ops = &limited_ops, .vm = vm, .limit_ns = limit_ns, .stop = stop};
	return &l->base;
}
