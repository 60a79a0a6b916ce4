/* hv_libvirt.c - the connection to libvirt. See hv_vm.c for what runs in it. */
#include "hv_libvirt.h"

#include <errno.h>
#include <libvirt/libvirt-qemu.h>
#include <libvirt/virterror.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fs.h"

/* Without a function of ours libvirt prints every error to standard error. */
static void keep_quiet(void *ctx, virErrorPtr error)
{
	(void)ctx;
	(void)error;
}

int lv_fail(struct bl_err *err, int code, const char *fmt, ...)
{
	char what[256], why[BL_ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	snprintf(why, sizeof why, "%s", virGetLastErrorMessage());
	for (size_t n = strlen(why); n > 0 && why[n - 1] == '\n'; n--)
		why[n - 1] = '\0';
	for (char *p = why; *p; p++) {
		if (*p == '\n' || *p == '\r')
			*p = ' ';
	}
	return bl_fail(err, code, "%s: %.760s", what, why);
}

/* libvirt's log goes to a file beside its state: by default its errors go to standard error, in
 * the middle of ours. A person who sets the variable has the last word. */
static void set_log(const char *root)
{
	BL_CLEANUP(bl_freep)
	char *to = root ? bl_strf("3:file:%s/libvirt.log", root) : bl_strf("4:file:/dev/null");

	if (to)
		setenv("LIBVIRT_LOG_OUTPUTS", to, 0);
}

static int open_failed(const struct lv *lv, struct bl_err *err)
{
	const virError *last = virGetLastError();
	const char *text = last && last->message ? last->message : "";

	if (last && (last->code == VIR_ERR_NO_CONNECT || last->code == VIR_ERR_CONFIG_UNSUPPORTED ||
		     strstr(text, "connection-driver")))
		return lv_fail(err, -ENOTSUP,
			       "libvirt has no driver for '%s' here (package "
			       "libvirt-daemon-driver-qemu)",
			       lv->uri);
	return lv_fail(err, -ENOTSUP, "cannot connect to '%s'", lv->uri);
}

static int connect_uri(struct lv *lv, struct bl_err *err)
{
	int r = lv->root ? lv_embed_check_lock(lv->root, err) : 0;

	if (r < 0)
		return r;
	lv->conn = virConnectOpen(lv->uri);
	if (!lv->conn)
		return open_failed(lv, err);
	if (lv->root)
		lv_embed_opened();
	lv->lifecycle =
		virConnectDomainEventRegisterAny(lv->conn, NULL, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
						 VIR_DOMAIN_EVENT_CALLBACK(lv_vm_event), lv, NULL);
	if (lv->lifecycle < 0)
		return lv_fail(err, -EIO, "cannot follow the life of domains at '%s'", lv->uri);
	/* A finer reason; without it (an old service) the coarse one has to do. */
	lv->shutdown = virConnectDomainQemuMonitorEventRegister(lv->conn, NULL, "SHUTDOWN",
								lv_vm_monitor_event, lv, NULL, 0);
	return 0;
}

static void lv_close(struct hv *hv)
{
	struct lv *lv = (struct lv *)hv;

	if (lv->conn) {
		if (lv->lifecycle >= 0)
			virConnectDomainEventDeregisterAny(lv->conn, lv->lifecycle);
		if (lv->shutdown >= 0)
			virConnectDomainQemuMonitorEventDeregister(lv->conn, lv->shutdown);
		virConnectClose(lv->conn);
	}
	lv_events_stop();
	if (lv->root)
		lv_embed_done(lv->root);
	pthread_cond_destroy(&lv->changed);
	pthread_mutex_destroy(&lv->lock);
	free(lv->root);
	free(lv->uri);
	free(lv);
}

int hv_libvirt_open(const char *uri, const char *root, struct hv **ret_hv, struct bl_err *err)
{
	pthread_condattr_t attr;
	struct lv *lv = calloc(1, sizeof *lv);
	int r = 0;

	if (!lv)
		return bl_fail(err, -ENOMEM, "out of memory");
	lv->base.ops = &hv_libvirt_ops;
	lv->lifecycle = lv->shutdown = -1;
	if (!uri)
		r = lv_embed_prepare(root, &lv->root, err);
	lv->uri = uri ? strdup(uri) : bl_strf("qemu:///embed?root=%s", lv->root ? lv->root : "");
	if (r == 0 && !lv->uri)
		r = bl_fail(err, -ENOMEM, "out of memory");
	if (r == 0 && lv->root)
		lv_reap_prepare();
	if (r == 0) {
		virSetErrorFunc(NULL, keep_quiet);
		set_log(lv->root);
		r = lv_events_start(err);
	}
	if (r < 0) {
		free(lv->root);
		free(lv->uri);
		free(lv);
		return r;
	}
	pthread_mutex_init(&lv->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&lv->changed, &attr);
	pthread_condattr_destroy(&attr);
	r = connect_uri(lv, err);
	if (r < 0) {
		lv_close(&lv->base);
		return r;
	}
	*ret_hv = &lv->base;
	return 0;
}

static const char *lv_uri(const struct hv *hv)
{
	return ((const struct lv *)hv)->uri;
}

/* libvirt's numbers: major * 1000000 + minor * 1000 + release. */
static int add_version(struct facts *out, const char *key, unsigned long v)
{
	return facts_addf(out, key, "%lu.%lu.%lu", v / 1000000, v / 1000 % 1000, v % 1000);
}

static int lv_facts(struct hv *hv, struct facts *out, struct bl_err *err)
{
	struct lv *lv = (struct lv *)hv;
	unsigned long v = 0;
	int r, timer;

	if (virConnectGetLibVersion(lv->conn, &v) < 0)
		return lv_fail(err, -EIO, "cannot ask for libvirt's version");
	r = add_version(out, "libvirt.version", v);
	timer = lv_reap_begin(lv);
	if (r == 0 && virConnectGetVersion(lv->conn, &v) == 0)
		r = add_version(out, "qemu.version", v);
	lv_reap_end(timer);
	if (r == 0)
		r = facts_add(out, "hypervisor.uri", lv->uri);
	return r;
}

static int lv_domain_capabilities(struct hv *hv, const char *emulator, const char *accel,
				  char **ret_xml, struct bl_err *err)
{
	struct lv *lv = (struct lv *)hv;
	const char *type = strcmp(accel, "kvm") == 0 ? "kvm" : "qemu";
	int timer = lv_reap_begin(lv);
	char *xml = virConnectGetDomainCapabilities(lv->conn, emulator, "x86_64", "q35", type, 0);

	lv_reap_end(timer);
	if (!xml)
		return lv_fail(err, -ENOTSUP, "cannot ask what '%s' can do with %s",
			       emulator ? emulator : "the default emulator", accel);
	*ret_xml = xml;
	return 0;
}

const struct hv_ops hv_libvirt_ops = {
	.name = "libvirt",
	.close = lv_close,
	.uri = lv_uri,
	.facts = lv_facts,
	.domain_capabilities = lv_domain_capabilities,
	.start = lv_vm_start,
	.end_orphans = lv_end_orphans,
	.send = lv_vm_send,
	.recv = lv_vm_recv,
	.state = lv_vm_state,
	.end_reason = lv_vm_end_reason,
	.wait_end = lv_vm_wait_end,
	.xml = lv_vm_xml,
	.qmp = lv_vm_qmp,
	.pid = lv_vm_pid,
	.stop = lv_vm_stop,
	.end = lv_vm_end,
};
