/* hv_fake.c - the hypervisor row without a hypervisor: see hv_fake.h. */
#include "hv_fake.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "clock.h"
#include "hypervisor_priv.h"
#include "units.h"

struct fake {
	struct hv hv;
	char *uri;
	unsigned n_started;
};

struct fake_vm {
	struct hv_vm vm;
	struct fake_guest guest;
	pthread_t thread;
	int fd; /* the host's end */
	char *xml;
};

static _Atomic unsigned n_vms;

unsigned fake_n_vms(void)
{
	return n_vms;
}

/* --- the connection --- */

/* The word for the n-th VM; the last word holds on. */
static int fault_at(const char *uri, unsigned n, enum fake_fault *ret, struct bl_err *err)
{
	const char *s = strchr(uri, ':') + 1;
	size_t len = strcspn(s, ",");

	for (; n > 0 && s[len] == ','; n--) {
		s += len + 1;
		len = strcspn(s, ",");
	}
	*ret = FAKE_OK;
	if (len == 0)
		return 0;
	for (unsigned i = 0; i < FAKE_FAULTS; i++) {
		*ret = (enum fake_fault)i;
		if (strlen(fake_fault_names[i]) == len && !strncmp(s, fake_fault_names[i], len))
			return 0;
	}
	return bl_fail(err, -EINVAL,
		       "'%.*s' is nothing the fake hypervisor can do; one of ok, "
		       "mute, panic, panic-in-job, die-in-job, silent, garbage, oversized, error, "
		       "job-error, will-not-start, escapes, escape-type, escape-json, "
		       "other-kernel, wrong-driver, "
		       "short-disk, no-disk, hang",
		       (int)len, s);
}

static const char *fake_uri(const struct hv *hv)
{
	return ((const struct fake *)hv)->uri;
}

static int fake_facts(struct hv *hv, struct facts *out, struct bl_err *err)
{
	int r = facts_add(out, "hypervisor.uri", fake_uri(hv));

	if (r == 0)
		r = facts_add(out, "hypervisor.fake", "no VM runs; figures measure the lab itself");
	return r < 0 ? bl_fail(err, r, "out of memory") : 0;
}

static int fake_capabilities(struct hv *hv, const char *emulator, const char *accel, char **ret_xml,
			     struct bl_err *err)
{
	(void)hv;
	(void)emulator;
	(void)accel;
	(void)ret_xml;
	return bl_fail(err, -ENOTSUP, "the fake hypervisor has no capabilities to tell");
}

static int fake_end_orphans(struct hv *hv,
			    void (*each)(void *ctx, const char *name, const char *run,
					 const char *trial),
			    void *ctx, struct bl_err *err)
{
	(void)hv;
	(void)each;
	(void)ctx;
	(void)err;
	return 0; /* its guests are threads and end with their owner */
}

static void fake_close(struct hv *hv)
{
	struct fake *f = (struct fake *)hv;

	free(f->uri);
	free(f);
}

/* --- starting one --- */

#define WILL_NOT_START                                                                             \
	"qemu unexpectedly closed the monitor: 2026-11-22T03:44:17.367642Z qemu-system-x86_64: "   \
	"error: failed to set MSR 0x10a to 0x69 qemu-system-x86_64: ../../target/i386/kvm/kvm.c: " \
	"Assertion failed."

/* The guest's size of the disk: the file's, or what a qcow2 header says (bytes 24..31,
 * big endian; docs/interop/qcow2.txt). */
static int disk_size(const char *path, uint64_t *ret, struct bl_err *err)
{
	BL_CLEANUP(bl_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char head[32];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return bl_fail(err, -errno, "cannot open '%s': %s", path, strerror(errno));
	*ret = (uint64_t)st.st_size;
	if (pread(fd, head, sizeof head, 0) != sizeof head || memcmp(head, "QFI\xfb", 4) != 0)
		return 0;
	*ret = 0;
	for (int i = 24; i < 32; i++)
		*ret = *ret << 8 | head[i];
	return 0;
}

static void vm_free(struct fake_vm *v)
{
	bl_closep(&v->fd);
	bl_closep(&v->guest.fd);
	fake_domain_done(&v->guest.domain);
	free(v->xml);
	free(v);
}

static int vm_launch(struct fake_vm *v, struct bl_err *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return bl_fail(err, -errno, "cannot make a channel: %s", strerror(errno));
	v->fd = pair[0];
	v->guest.fd = pair[1];
	if (pthread_create(&v->thread, NULL, fake_guest_main, &v->guest) != 0)
		return bl_fail(err, -EAGAIN, "cannot start the fake guest");
	return 0;
}

static const struct hv_ops fake_ops;

static int fake_start(struct hv *hv, const char *xml, struct hv_vm **ret_vm, uint64_t *ret_start_ns,
		      struct bl_err *err)
{
	struct fake *f = (struct fake *)hv;
	struct fake_vm *v = calloc(1, sizeof *v);
	uint64_t start = bl_now_ns();
	int r;

	if (!v)
		return bl_fail(err, -ENOMEM, "out of memory");
	v->vm.ops = &fake_ops;
	v->fd = v->guest.fd = -1;
	v->xml = strdup(xml);
	r = v->xml ? fault_at(f->uri, f->n_started, &v->guest.fault, err) : -ENOMEM;
	if (r == 0 && v->guest.fault == FAKE_WILL_NOT_START)
		r = bl_fail(err, -EIO, "cannot start the domain: " WILL_NOT_START);
	if (r == 0)
		r = fake_domain_read(xml, &v->guest.domain, err);
	for (size_t i = 0; i < v->guest.domain.n_disks && r == 0; i++)
		r = disk_size(v->guest.domain.disks[i].path, &v->guest.domain.disks[i].size_bytes,
			      err);
	v->guest.disk = &v->guest.domain.disks[0];
	if (r == 0)
		r = vm_launch(v, err);
	if (r < 0) {
		vm_free(v);
		return r;
	}
	f->n_started++;
	n_vms++;
	*ret_vm = &v->vm;
	*ret_start_ns = start;
	return 0;
}

/* --- a VM --- */

static int fake_send(struct hv_vm *vm, const void *data, size_t len, uint64_t limit_ns,
		     struct bl_err *err)
{
	struct fake_vm *v = (struct fake_vm *)vm;
	uint64_t deadline = bl_now_ns() + limit_ns;
	const char *s = data;

	while (len) {
		ssize_t n = send(v->fd, s, len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return bl_fail(err, -EPIPE, "the guest is gone");
		if (bl_now_ns() > deadline)
			return bl_fail(err, -ETIMEDOUT, "the guest does not read its channel");
		if (n < 0)
			poll(&(struct pollfd){.fd = v->fd, .events = POLLOUT}, 1, 10);
		if (n > 0) {
			s += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static int fake_recv(struct hv_vm *vm, struct bl_buf *out, uint64_t limit_ns, struct bl_err *err)
{
	struct fake_vm *v = (struct fake_vm *)vm;
	struct pollfd p = {.fd = v->fd, .events = POLLIN};
	char chunk[65536];
	ssize_t n;

	if (poll(&p, 1, (int)(limit_ns / NS_PER_MS)) <= 0)
		return 0;
	n = recv(v->fd, chunk, sizeof chunk, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return bl_fail(err, -EPIPE, "the guest is gone");
	bl_buf_add(out, chunk, (size_t)n);
	return (int)n;
}

static enum hv_vm_state fake_state(struct hv_vm *vm)
{
	struct fake_vm *v = (struct fake_vm *)vm;

	if (!v->guest.has_ended)
		return HV_RUNNING;
	return v->guest.has_crashed ? HV_CRASHED : HV_SHUTOFF;
}

static const char *fake_end_reason(struct hv_vm *vm)
{
	switch (fake_state(vm)) {
	case HV_CRASHED:
		return "the guest panicked";
	case HV_SHUTOFF:
		return "the guest powered off";
	default:
		return NULL;
	}
}

static int fake_wait_end(struct hv_vm *vm, uint64_t limit_ns)
{
	struct fake_vm *v = (struct fake_vm *)vm;
	uint64_t deadline = bl_now_ns() + limit_ns;

	while (!v->guest.has_ended) {
		if (bl_now_ns() >= deadline)
			return -ETIMEDOUT;
		nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
	}
	return 0;
}

static int fake_xml(struct hv_vm *vm, char **ret_xml, struct bl_err *err)
{
	char *copy = strdup(((struct fake_vm *)vm)->xml);

	if (!copy)
		return bl_fail(err, -ENOMEM, "out of memory");
	*ret_xml = copy;
	return 0;
}

static int fake_qmp(struct hv_vm *vm, const char *command, const json_t *args, json_t **ret_reply,
		    struct bl_err *err)
{
	struct fake_vm *v = (struct fake_vm *)vm;

	return fake_domain_qmp(&v->guest.domain, command, args, ret_reply, err);
}

static void fake_end(struct hv_vm *vm)
{
	struct fake_vm *v = (struct fake_vm *)vm;

	v->guest.must_end = true;
	shutdown(v->fd, SHUT_RDWR);
	pthread_join(v->thread, NULL);
	vm_free(v);
	n_vms--;
}

static const struct hv_ops fake_ops = {
	.name = "fake",
	.close = fake_close,
	.uri = fake_uri,
	.facts = fake_facts,
	.domain_capabilities = fake_capabilities,
	.start = fake_start,
	.end_orphans = fake_end_orphans,
	.send = fake_send,
	.recv = fake_recv,
	.state = fake_state,
	.end_reason = fake_end_reason,
	.wait_end = fake_wait_end,
	.xml = fake_xml,
	.qmp = fake_qmp,
	.end = fake_end,
};

int hv_fake_open(const char *uri, struct hv **ret_hv, struct bl_err *err)
{
	struct fake *f = calloc(1, sizeof *f);
	enum fake_fault fault;
	unsigned n_words = 1;
	int r = 0;

	if (!f || !(f->uri = strdup(uri))) {
		free(f);
		return bl_fail(err, -ENOMEM, "out of memory");
	}
	for (const char *s = uri; *s; s++)
		n_words += *s == ',';
	for (unsigned i = 0; i < n_words && r == 0; i++)
		r = fault_at(uri, i, &fault, err);
	if (r < 0) {
		fake_close(&f->hv);
		return r;
	}
	f->hv.ops = &fake_ops;
	*ret_hv = &f->hv;
	return 0;
}
