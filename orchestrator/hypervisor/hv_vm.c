/* hv_vm.c - one domain: its life, its channel, its QMP. */
#include <errno.h>
#include <libvirt/libvirt-qemu.h>
#include <libvirt/virterror.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "hv_log.h"
#include "hv_libvirt.h"
#include "units.h"
#include "wire.h"
#include "xml_tree.h"

/* An event can be lost (a service that restarts): ask now and then. */
#define ASK_EVERY_NS (2 * NS_PER_S)

struct lv_vm {
	struct hv_vm base;
	struct lv *lv;
	virDomainPtr dom;
	struct lv_channel *channel;
	char uuid[VIR_UUID_STRING_BUFLEN];
	enum hv_vm_state state; /* under lv->lock, as are why and exit_text */
	const char *why;
	char exit_text[96]; /* how the QEMU process ended; "": not known */
	char told[512];     /* why, with QEMU's last words; made when it is asked for */
	pid_t pid;          /* 0: not looked for yet, or not on this host */
	int pidfd, watch;   /* its end is an event; -1: none */
	uint64_t asked_ns;  /* when libvirt was last asked for the state */
	struct lv_vm *next;
};

static bool has_ended(enum hv_vm_state s)
{
	return s == HV_SHUTOFF || s == HV_CRASHED;
}

/* Under lv->lock. The first reason stays: a panic is followed by "destroyed". */
static void set_state(struct lv_vm *vm, enum hv_vm_state state, const char *why)
{
	if (has_ended(vm->state))
		return;
	vm->state = state;
	if (why && !vm->why)
		vm->why = why;
}

static void stopped(struct lv_vm *vm, int detail)
{
	switch ((virDomainEventStoppedDetailType)detail) {
	case VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN:
		set_state(vm, HV_SHUTOFF, "the guest powered off");
		break;
	case VIR_DOMAIN_EVENT_STOPPED_CRASHED:
		set_state(vm, HV_CRASHED, "the guest panicked");
		break;
	case VIR_DOMAIN_EVENT_STOPPED_FAILED:
		set_state(vm, HV_CRASHED,
			  vm->exit_text[0] ? vm->exit_text : "qemu ended by itself or was killed");
		break;
	default:
		set_state(vm, HV_SHUTOFF, "it was ended by force");
		break;
	}
}

int lv_vm_event(virConnectPtr conn, virDomainPtr dom, int event, int detail, void *opaque)
{
	struct lv *lv = opaque;
	char uuid[VIR_UUID_STRING_BUFLEN];

	(void)conn;
	if (virDomainGetUUIDString(dom, uuid) < 0)
		return 0;
	pthread_mutex_lock(&lv->lock);
	for (struct lv_vm *vm = lv->vms; vm; vm = vm->next) {
		if (strcmp(vm->uuid, uuid) != 0)
			continue;
		if (event == VIR_DOMAIN_EVENT_STOPPED)
			stopped(vm, detail);
		else if (event == VIR_DOMAIN_EVENT_CRASHED)
			set_state(vm, vm->state, "the guest panicked");
		else if (event == VIR_DOMAIN_EVENT_SHUTDOWN &&
			 detail != VIR_DOMAIN_EVENT_SHUTDOWN_HOST)
			set_state(vm, vm->state, "the guest powered off");
		else if (event == VIR_DOMAIN_EVENT_SUSPENDED)
			set_state(vm, HV_PAUSED, NULL);
		else if (event == VIR_DOMAIN_EVENT_RESUMED)
			set_state(vm, HV_RUNNING, NULL);
		pthread_cond_broadcast(&lv->changed);
	}
	pthread_mutex_unlock(&lv->lock);
	return 0;
}

/* QEMU's own words, which libvirt's event leaves out: "guest-reset" is what a panic (panic=-1) or a
 * reboot looks like. This event comes before libvirt's own. */
void lv_vm_monitor_event(virConnectPtr conn, virDomainPtr dom, const char *event, long long seconds,
			 unsigned micros, const char *details, void *opaque)
{
	struct lv *lv = opaque;
	bool is_reset = details && strstr(details, "\"guest-reset\"");
	bool is_panic = details && strstr(details, "\"guest-panic\"");
	char uuid[VIR_UUID_STRING_BUFLEN];

	(void)conn;
	(void)event;
	(void)seconds;
	(void)micros;
	if ((!is_reset && !is_panic) || virDomainGetUUIDString(dom, uuid) < 0)
		return;
	pthread_mutex_lock(&lv->lock);
	for (struct lv_vm *vm = lv->vms; vm; vm = vm->next) {
		if (strcmp(vm->uuid, uuid) == 0)
			set_state(
				vm, vm->state,
				is_reset
					? "the guest reset itself, which is what it does on a panic"
					: "the guest panicked");
	}
	pthread_mutex_unlock(&lv->lock);
}

/* The event loop's thread. The VM is looked for by its watch, for it may be gone by now. */
static void process_ended(int watch, int fd, int events, void *opaque)
{
	struct lv *lv = opaque;

	(void)fd;
	(void)events;
	pthread_mutex_lock(&lv->lock);
	for (struct lv_vm *vm = lv->vms; vm; vm = vm->next) {
		int status;

		if (vm->watch != watch)
			continue;
		virEventRemoveHandle(watch);
		vm->watch = -1;
		if (waitpid(vm->pid, &status, WNOHANG) != vm->pid)
			continue;
		if (WIFSIGNALED(status))
			snprintf(vm->exit_text, sizeof vm->exit_text,
				 "qemu was killed by signal %d (%s)", WTERMSIG(status),
				 strsignal(WTERMSIG(status)));
		else
			snprintf(vm->exit_text, sizeof vm->exit_text,
				 "qemu ended by itself with status %d", WEXITSTATUS(status));
	}
	pthread_mutex_unlock(&lv->lock);
}

static void watch_process(struct lv_vm *vm)
{
	if (!vm->lv->root || lv_vm_pid(&vm->base) <= 0)
		return;
	vm->pidfd = pidfd_open(vm->pid, 0);
	if (vm->pidfd < 0)
		return;
	pthread_mutex_lock(&vm->lv->lock);
	vm->watch = virEventAddHandle(vm->pidfd, VIR_EVENT_HANDLE_READABLE, process_ended, vm->lv,
				      NULL);
	pthread_mutex_unlock(&vm->lv->lock);
}

/* Not under the lock. A transient domain that has ended is not there any more. */
static void ask_state(struct lv_vm *vm)
{
	int state = 0, reason = 0;
	bool is_gone = false;

	vm->asked_ns = bl_now_ns();
	if (virDomainGetState(vm->dom, &state, &reason, 0) < 0) {
		const virError *e = virGetLastError();

		is_gone = e && e->code == VIR_ERR_NO_DOMAIN;
		if (!is_gone)
			return;
	}
	pthread_mutex_lock(&vm->lv->lock);
	if (is_gone || state == VIR_DOMAIN_SHUTOFF)
		set_state(vm, HV_SHUTOFF, "it ended");
	else if (state == VIR_DOMAIN_CRASHED)
		set_state(vm, HV_CRASHED, "the guest panicked");
	else if (state == VIR_DOMAIN_PAUSED)
		set_state(vm, HV_PAUSED, NULL);
	else if (state == VIR_DOMAIN_RUNNING)
		set_state(vm, HV_RUNNING, NULL);
	pthread_mutex_unlock(&vm->lv->lock);
}

static void vm_free(struct lv_vm *vm)
{
	struct lv *lv = vm->lv;

	pthread_mutex_lock(&lv->lock);
	for (struct lv_vm **p = &lv->vms; *p; p = &(*p)->next) {
		if (*p == vm) {
			*p = vm->next;
			break;
		}
	}
	if (vm->watch >= 0)
		virEventRemoveHandle(vm->watch);
	pthread_mutex_unlock(&lv->lock);
	if (vm->pidfd >= 0)
		close(vm->pidfd);
	lv_channel_close(vm->channel);
	if (lv->root)
		lv_log_remove(lv->root, virDomainGetName(vm->dom));
	virDomainFree(vm->dom);
	free(vm);
}

/* libvirt's error had QEMU's words in it. */
static void remove_log_of(const struct lv *lv, const char *xml)
{
	BL_CLEANUP(bl_freep) char *name = lv->root ? xml_at(xml, "/domain/name") : NULL;

	if (name)
		lv_log_remove(lv->root, name);
}

int lv_vm_start(struct hv *hv, const char *xml, struct hv_vm **ret_vm, uint64_t *ret_start_ns,
		struct bl_err *err)
{
	struct lv *lv = (struct lv *)hv;
	struct lv_vm *vm = calloc(1, sizeof *vm);
	uint64_t start_ns;
	int r, timer;

	if (!vm)
		return bl_fail(err, -ENOMEM, "out of memory");
	vm->base.ops = &hv_libvirt_ops;
	vm->lv = lv;
	vm->pidfd = vm->watch = -1;
	timer = lv_reap_begin(lv);
	start_ns = bl_now_ns();
	vm->dom = virDomainCreateXML(lv->conn, xml, 0);
	lv_reap_end(timer);
	if (!vm->dom) {
		free(vm);
		lv_fail(err, -EIO, "cannot start the domain");
		remove_log_of(lv, xml);
		return -EIO;
	}
	virDomainGetUUIDString(vm->dom, vm->uuid);
	pthread_mutex_lock(&lv->lock);
	vm->next = lv->vms;
	lv->vms = vm;
	pthread_mutex_unlock(&lv->lock);
	watch_process(vm);
	ask_state(vm); /* events from before it was in the list */
	r = lv_channel_open(lv, vm->dom, WIRE_PORT_NAME, &vm->channel, err);
	if (r < 0) {
		lv_vm_end(&vm->base);
		return r;
	}
	*ret_start_ns = start_ns;
	*ret_vm = &vm->base;
	return 0;
}

int lv_vm_send(struct hv_vm *base, const void *data, size_t len, uint64_t limit_ns,
	       struct bl_err *err)
{
	return lv_channel_send(((struct lv_vm *)base)->channel, data, len, limit_ns, err);
}

int lv_vm_recv(struct hv_vm *base, struct bl_buf *out, uint64_t limit_ns, struct bl_err *err)
{
	return lv_channel_recv(((struct lv_vm *)base)->channel, out, limit_ns, err);
}

enum hv_vm_state lv_vm_state(struct hv_vm *base)
{
	struct lv_vm *vm = (struct lv_vm *)base;
	enum hv_vm_state state;

	if (bl_now_ns() - vm->asked_ns > ASK_EVERY_NS)
		ask_state(vm);
	pthread_mutex_lock(&vm->lv->lock);
	state = vm->state;
	pthread_mutex_unlock(&vm->lv->lock);
	return state;
}

const char *lv_vm_end_reason(struct hv_vm *base)
{
	struct lv_vm *vm = (struct lv_vm *)base;
	const char *why;
	char last[300];
	bool is_by_itself;

	pthread_mutex_lock(&vm->lv->lock);
	why = has_ended(vm->state) ? vm->why : NULL;
	is_by_itself = why && vm->state == HV_CRASHED && strncmp(why, "qemu ", 5) == 0;
	pthread_mutex_unlock(&vm->lv->lock);
	if (!is_by_itself || !vm->lv->root ||
	    !lv_log_last_line(vm->lv->root, virDomainGetName(vm->dom), last, sizeof last))
		return why;
	snprintf(vm->told, sizeof vm->told, "%s: '%s'", why, last);
	return vm->told;
}

/* One wait; true when it has ended. */
static bool wait_some(struct lv_vm *vm, uint64_t until)
{
	struct timespec t = {.tv_sec = (time_t)(until / NS_PER_S),
			     .tv_nsec = (long)(until % NS_PER_S)};
	bool is_over;

	pthread_mutex_lock(&vm->lv->lock);
	while (!has_ended(vm->state) &&
	       pthread_cond_timedwait(&vm->lv->changed, &vm->lv->lock, &t) != ETIMEDOUT)
		;
	is_over = has_ended(vm->state);
	pthread_mutex_unlock(&vm->lv->lock);
	return is_over;
}

int lv_vm_wait_end(struct hv_vm *base, uint64_t limit_ns)
{
	struct lv_vm *vm = (struct lv_vm *)base;
	uint64_t deadline = bl_now_ns() + limit_ns, now;

	for (;;) {
		now = bl_now_ns();
		if (wait_some(vm, now + ASK_EVERY_NS < deadline ? now + ASK_EVERY_NS : deadline))
			return 0;
		ask_state(vm);
		if (bl_now_ns() >= deadline)
			return wait_some(vm, 0) ? 0 : -ETIMEDOUT;
	}
}

int lv_vm_xml(struct hv_vm *base, char **ret_xml, struct bl_err *err)
{
	char *xml = virDomainGetXMLDesc(((struct lv_vm *)base)->dom, 0);

	if (!xml)
		return lv_fail(err, -EIO, "cannot read the live domain XML");
	*ret_xml = xml;
	return 0;
}

int lv_qmp(virDomainPtr dom, const char *command, const json_t *args, json_t **ret_reply,
	   struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *text = NULL, *reply = NULL;
	json_t *msg = hv_qmp_question(command, args), *answer;
	int r = 0;

	text = msg ? json_dumps(msg, JSON_COMPACT) : NULL;
	json_decref(msg);
	if (!text)
		return bl_fail(err, -ENOMEM, "out of memory");
	virDomainRef(dom); /* the VM may be ended and freed meanwhile */
	if (virDomainQemuMonitorCommand(dom, text, &reply, 0) < 0)
		r = lv_fail(err, -EIO, "qmp %s", command);
	virDomainFree(dom);
	if (r < 0)
		return r;
	answer = json_loads(reply, 0, NULL);
	r = hv_qmp_answer(command, answer, ret_reply, err);
	json_decref(answer);
	return r;
}

int lv_vm_qmp(struct hv_vm *base, const char *command, const json_t *args, json_t **ret_reply,
	      struct bl_err *err)
{
	return lv_qmp(((struct lv_vm *)base)->dom, command, args, ret_reply, err);
}

pid_t lv_vm_pid(struct hv_vm *base)
{
	struct lv_vm *vm = (struct lv_vm *)base;

	if (!vm->pid)
		vm->pid = lv_find_qemu(vm->uuid);
	return vm->pid;
}

void lv_vm_stop(struct hv_vm *base)
{
	struct lv_vm *vm = (struct lv_vm *)base;

	if (!has_ended(lv_vm_state(base)) && virDomainDestroy(vm->dom) < 0 &&
	    lv_vm_wait_end(base, NS_PER_S) < 0 && lv_vm_pid(base) > 0)
		lv_kill(lv_vm_pid(base), 5 * NS_PER_S);
	lv_vm_wait_end(base, 10 * NS_PER_S);
}

void lv_vm_end(struct hv_vm *base)
{
	if (!has_ended(lv_vm_state(base)))
		lv_vm_stop(base);
	vm_free((struct lv_vm *)base);
}
