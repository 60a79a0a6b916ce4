/* hv_live_libvirt.c - a domain of any libvirt, by a connection that can't change it. */
#define HV_LIVE_INTERNAL
#include <errno.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block_stats.h"
#include "cleanup.h"
#include "clock.h"
#include "hv_libvirt.h"
#include "hv_live_priv.h"
#include "tame.h"

#define NAMED_MAX 20 /* domains that a message lists */

struct live_domain {
	virConnectPtr conn;
	virDomainPtr dom;
	bool has_counted; /* some disk had numbers: vhost-user's never have */
};

struct live_monitor {
	struct hv_vm base;
	virDomainPtr dom; /* borrowed of the live_domain, which lives longer */
};

bool live_uri_is_remote(const char *uri)
{
	const char *at = strstr(uri, "://");
	bool has_transport = at && memchr(uri, '+', (size_t)(at - uri));

	if (!at)
		return false;
	at += 3;
	/* qemu+unix:///system?socket=... is here, too */
	return has_transport ? *at != '/' : *at != '/' && *at != '\0';
}

bool live_uri_is_passive(const char *uri)
{
	const char *at = strstr(uri, "://"), *path = at ? strchr(at + 3, '/') : NULL;
	size_t n = path ? strcspn(path, "?") : 0;

	if (!path || strncmp(uri, "qemu", 4) != 0 || (uri[4] != ':' && uri[4] != '+'))
		return false;
	return (n == 7 && !strncmp(path, "/system", n)) ||
	       (n == 8 && !strncmp(path, "/session", n));
}

static void be_quiet(void *ctx, virErrorPtr error)
{
	(void)ctx;
	(void)error;
}

/* --- which one --- */

/* "running are 'a', 'b'" */
static void add_running(virConnectPtr conn, struct bl_buf *out)
{
	virDomainPtr *list = NULL;
	int n = virConnectListAllDomains(conn, &list, VIR_CONNECT_LIST_DOMAINS_ACTIVE);

	for (int i = 0; i < n; i++) {
		char tame[128];

		bl_tame(tame, sizeof tame, virDomainGetName(list[i]), SIZE_MAX);
		if (i < NAMED_MAX)
			bl_buf_addf(out, "%s'%s'", i ? ", " : "", tame);
		virDomainFree(list[i]);
	}
	if (n > NAMED_MAX)
		bl_buf_addf(out, " and %d more", n - NAMED_MAX);
	free(list);
}

static virDomainPtr look_up(virConnectPtr conn, const char *given)
{
	virDomainPtr dom = virDomainLookupByName(conn, given);
	char *end;
	long id;

	if (!dom)
		dom = virDomainLookupByUUIDString(conn, given);
	id = strtol(given, &end, 10);
	if (!dom && *given && !*end && id > 0)
		dom = virDomainLookupByID(conn, (int)id);
	return dom;
}

static int find_domain(struct live_domain *d, const char *given, const char *uri,
		       struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf running = BL_BUF_INIT;
	int state = 0;

	d->dom = look_up(d->conn, given);
	if (d->dom && virDomainGetState(d->dom, &state, NULL, 0) == 0 &&
	    (state == VIR_DOMAIN_RUNNING || state == VIR_DOMAIN_PAUSED ||
	     state == VIR_DOMAIN_BLOCKED))
		return 0;
	add_running(d->conn, &running);
	if (d->dom)
		return bl_fail(err, -ESRCH,
			       "domain '%s' at '%s' does not run: only a running VM has anything "
			       "to look at; running there: %s",
			       given, uri, running.len ? bl_buf_str(&running) : "none");
	return bl_fail(err, -ENOENT,
		       "'%s' has no domain '%s' (a name, a UUID or an id); running there: %s", uri,
		       given, running.len ? bl_buf_str(&running) : "none");
}

/* --- its monitor, when a person wants that --- */

static int monitor_ask(struct hv_vm *vm, const char *command, const json_t *args,
		       json_t **ret_reply, struct bl_err *err)
{
	int r = live_check_command(command, err);

	return r < 0 ? r : lv_qmp(((struct live_monitor *)vm)->dom, command, args, ret_reply, err);
}

static enum hv_vm_state monitor_state(struct hv_vm *vm)
{
	return virDomainIsActive(((struct live_monitor *)vm)->dom) == 1 ? HV_RUNNING : HV_SHUTOFF;
}

static void monitor_end(struct hv_vm *vm)
{
	free(vm);
}

static const struct hv_ops monitor_ops = {
	.name = "monitor", .qmp = monitor_ask, .state = monitor_state, .end = monitor_end};

/* --- open and close --- */

void live_domain_close(struct live_domain *d)
{
	if (!d)
		return;
	if (d->dom)
		virDomainFree(d->dom);
	if (d->conn)
		virConnectClose(d->conn);
	free(d);
}

static int connect_to(struct live_domain *d, const char *uri, bool is_writing, struct bl_err *err)
{
	const virError *last;

	if (!live_uri_is_passive(uri))
		return bl_fail(
			err, -EINVAL,
			"--uri '%s' may start a driver inside of this program, which can "
			"change what it finds; a VM is only looked at through a libvirt that "
			"runs: qemu:///system, qemu:///session, or on another host "
			"qemu+ssh://HOST/system",
			uri);
	setenv("LIBVIRT_AUTOSTART", "0", 1); /* qemu:///session would start a service */
	virSetErrorFunc(NULL, be_quiet);
	d->conn = is_writing ? virConnectOpen(uri) : virConnectOpenReadOnly(uri);
	if (d->conn)
		return 0;
	last = virGetLastError();
	if (last && last->code == VIR_ERR_AUTH_FAILED)
		return lv_fail(
			err, -EACCES,
			"'%s' does not let this user in; be root or in the group libvirt, or "
			"name another --uri",
			uri);
	return lv_fail(err,
		       strstr(virGetLastErrorMessage(), "ermission denied") ? -EACCES : -ENOTSUP,
		       "cannot connect to '%s' (a VM that runs without libvirt is named by the "
		       "path of its QMP socket)",
		       uri);
}

static int keep(struct hv_live *l, bool has_monitor, struct bl_err *err)
{
	struct live_monitor *m = has_monitor ? calloc(1, sizeof *m) : NULL;
	char tame[128];

	bl_tame(tame, sizeof tame, virDomainGetName(l->domain->dom), SIZE_MAX);
	l->name = strdup(tame);
	l->means = strdup(has_monitor ? "libvirt and the monitor behind it, query-* commands only"
				      : "libvirt's statistics, read-only");
	if (!l->name || !l->means || (has_monitor && !m))
		return bl_fail(err, -ENOMEM, "out of memory");
	if (m) {
		*m = (struct live_monitor){.base.ops = &monitor_ops, .dom = l->domain->dom};
		l->monitor = &m->base;
	}
	return 0;
}

int live_domain_open(const struct hv_live_options *opt, struct hv_live *l, struct bl_err *err)
{
	const char *uri = opt->uri ? opt->uri : "qemu:///system";
	char uuid[VIR_UUID_STRING_BUFLEN];
	int r;

	l->domain = calloc(1, sizeof *l->domain);
	if (!l->domain)
		return bl_fail(err, -ENOMEM, "out of memory");
	r = connect_to(l->domain, uri, opt->with_monitor, err);
	if (r == 0)
		r = find_domain(l->domain, opt->domain, uri, err);
	if (r < 0)
		return r;
	l->xml = virDomainGetXMLDesc(l->domain->dom, 0);
	if (!l->xml)
		return lv_fail(err, -EIO, "cannot read the XML of domain '%s'", opt->domain);
	if (live_uri_is_remote(uri))
		l->no_host = strdup("its libvirt is on another host, whose side can't be seen from "
				    "here");
	else if (virDomainGetUUIDString(l->domain->dom, uuid) == 0)
		l->pid = lv_find_qemu(uuid);
	return keep(l, opt->with_monitor, err);
}

/* --- readings --- */

/* "block.N.name" that is @target; -1: none. */
static int index_of(const virDomainStatsRecord *s, const char *target)
{
	for (int i = 0; i < s->nparams; i++) {
		const virTypedParameter *p = &s->params[i];
		int n = -1, len = 0;

		if (p->type == VIR_TYPED_PARAM_STRING &&
		    sscanf(p->field, "block.%d.name%n", &n, &len) == 1 && len > 0 &&
		    !p->field[len] && !strcmp(p->value.s, target))
			return n;
	}
	return -1;
}

static int put_disk(const virDomainStatsRecord *s, int n, struct series_set *set)
{
	static const char *const rows[][2] = {
		{"rd.reqs", "block.reads"},        {"rd.bytes", "block.read_bytes"},
		{"rd.times", "block.read_ns"},     {"wr.reqs", "block.writes"},
		{"wr.bytes", "block.write_bytes"}, {"wr.times", "block.write_ns"},
		{"fl.reqs", "block.flushes"},      {"fl.times", "block.flush_ns"},
	};
	int r = 0;

	for (size_t i = 0; i < BL_ARRAY_LEN(rows) && r == 0; i++) {
		char field[64];
		unsigned long long v;

		snprintf(field, sizeof field, "block.%d.%s", n, rows[i][0]);
		if (virTypedParamsGetULLong(s->params, s->nparams, field, &v) == 1)
			r = series_put(set, rows[i][1], SERIES_COUNTER, v);
	}
	return r;
}

/* "iothread.ID.poll-max-ns" */
static int put_iothreads(const virDomainStatsRecord *s, struct series_set *set)
{
	int r = 0;

	for (int i = 0; i < s->nparams && r == 0; i++) {
		const virTypedParameter *p = &s->params[i];
		unsigned id;
		int len = 0;

		if (p->type == VIR_TYPED_PARAM_ULLONG &&
		    sscanf(p->field, "iothread.%u.poll-max-ns%n", &id, &len) == 1 && len > 0)
			r = series_putf(set, SERIES_GAUGE, p->value.ul, "iothread%u.poll_ns", id);
	}
	return r;
}

static int put_all(const virDomainStatsRecord *s, const struct live_disk *disks, size_t n,
		   struct series_set *sets)
{
	uint64_t now = bl_now_ns();
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		int at = index_of(s, disks[i].target);

		r = series_moment(&sets[i], now);
		if (r == 0 && at >= 0)
			r = put_disk(s, at, &sets[i]);
		if (r == 0)
			r = put_iothreads(s, &sets[i]);
	}
	return r;
}

static bool has_numbers(const virDomainStatsRecord *s)
{
	for (int i = 0; i < s->nparams; i++)
		if (strstr(s->params[i].field, ".rd.reqs"))
			return true;
	return false;
}

int live_domain_read(struct live_domain *d, const struct live_disk *disks, size_t n,
		     struct series_set *sets, struct bl_err *err)
{
	virDomainPtr one[] = {d->dom, NULL};
	virDomainStatsRecordPtr *list = NULL;
	int got, r;

	got = virDomainListGetStats(one, VIR_DOMAIN_STATS_BLOCK | VIR_DOMAIN_STATS_IOTHREAD, &list,
				    VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);
	if (got <= 0) {
		r = got < 0 && virDomainIsActive(d->dom) == 1 ? -EIO : -EPIPE;
		virDomainStatsRecordListFree(list);
		return r == -EPIPE ? bl_fail(err, r, "the VM has ended")
				   : lv_fail(err, r, "cannot read the domain's statistics");
	}
	if (has_numbers(list[0])) {
		d->has_counted = true;
	} else if (d->has_counted && virDomainIsActive(d->dom) == 1) {
		virDomainStatsRecordListFree(list);
		return bl_fail(err, -ETIMEDOUT,
			       "libvirt has no numbers now: another job has the domain's monitor");
	}
	r = put_all(list[0], disks, n, sets);
	virDomainStatsRecordListFree(list);
	/* A VM that has ended leaves a record without numbers, or an error. */
	if (r == 0 && virDomainIsActive(d->dom) != 1)
		return bl_fail(err, -EPIPE, "the VM has ended");
	return r < 0 ? bl_fail(err, r, "cannot keep what libvirt counts: %s", strerror(-r)) : 0;
}
