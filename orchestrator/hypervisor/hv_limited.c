#include "hv_limited.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "helper.h"
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

/* The helper's until it is answered; then what came is taken from it. */
struct question {
	struct hv_vm *vm;
	char *command;
	json_t *args, *reply;
	int r;
	struct bl_err err;
};

static void question_free(void *ctx)
{
	struct question *q = ctx;

	json_decref(q->args);
	json_decref(q->reply);
	free(q->command);
	free(q);
}

static struct question *question_new(struct hv_vm *vm, const char *command, const json_t *args)
{
	struct question *q = calloc(1, sizeof *q);

	if (!q)
		return NULL;
	q->vm = vm;
	q->command = strdup(command);
	q->args = args ? json_deep_copy(args) : NULL;
	if (!q->command || (args && !q->args)) {
		question_free(q);
		return NULL;
	}
	return q;
}

static void ask(void *ctx)
{
	struct question *q = ctx;

	q->r = hv_vm_qmp(q->vm, q->command, q->args, &q->reply, &q->err);
}

/* 0: the answer is there. */
static int wait_for(const struct limited *l, struct bl_helper *helper)
{
	uint64_t deadline = bl_now_ns() + l->limit_ns, next = 0;

	while (!bl_helper_wait(helper, next)) {
		uint64_t now = bl_now_ns();

		if (l->stop && *l->stop)
			return -EINTR;
		if (now >= deadline)
			return -ETIMEDOUT;
		next = now + SLICE_NS < deadline ? now + SLICE_NS : deadline;
	}
	return 0;
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
	struct bl_helper *helper;
	struct question *q;
	int r;

	if (l->has_hung)
		return fail_hung(l, command, err);
	q = question_new(l->vm, command, args);
	if (!q)
		return bl_fail(err, -ENOMEM, "out of memory");
	r = bl_helper_new("qmp", ask, question_free, q, &helper);
	if (r < 0) {
		question_free(q);
		return bl_fail(err, r, "qmp %s: cannot start a thread: %s", command, strerror(-r));
	}
	bl_helper_ask(helper);
	r = wait_for(l, helper);
	if (r == -EINTR) {
		bl_fail(err, r, "qmp %s: stopped", command);
	} else if (r < 0) {
		l->has_hung = true;
		fail_hung(l, command, err);
	} else if (q->r < 0) {
		r = bl_fail(err, q->r, "%s", bl_err_text(&q->err));
	} else {
		*ret_reply = BL_STEAL(q->reply);
	}
	bl_helper_end(helper);
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
