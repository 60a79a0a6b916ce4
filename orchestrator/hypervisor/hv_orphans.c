/* hv_orphans.c - VMs whose lab has died.
 *
 * In the embedded driver QEMU outlives the process that started it, and AUTODESTROY is refused. So
 * every domain names its owner in its metadata (domain.c), and whoever opens the same hypervisor
 * next ends those whose owner is gone. A process id can be used again: the start time tells them
 * apart. A domain that names another host is that host's business.
 */
#include <errno.h>
#include <libvirt/virterror.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "domain.h"
#include "fs.h"
#include "hv_log.h"
#include "hv_libvirt.h"
#include "units.h"

typedef void each_fn(void *ctx, const char *name, const char *run, const char *trial);

struct owner {
	char run[64], trial[64], host[256];
	long pid;
	uint64_t start;
};

static void get(xmlNode *n, const char *name, char *out, size_t len)
{
	xmlChar *v = xmlGetProp(n, (const xmlChar *)name);

	snprintf(out, len, "%s", v ? (const char *)v : "");
	xmlFree(v);
}

/* False: not one of ours. */
static bool read_owner(virDomainPtr dom, struct owner *o)
{
	BL_CLEANUP(bl_freep)
	char *text = virDomainGetMetadata(dom, VIR_DOMAIN_METADATA_ELEMENT, DOMAIN_NS,
					  VIR_DOMAIN_AFFECT_LIVE);
	xmlDoc *doc =
		text ? xmlReadMemory(text, (int)strlen(text), "metadata.xml", NULL,
				     XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NONET)
		     : NULL;
	xmlNode *n = doc ? xmlDocGetRootElement(doc) : NULL;
	char pid[32], start[32];

	if (n) {
		get(n, "run", o->run, sizeof o->run);
		get(n, "trial", o->trial, sizeof o->trial);
		get(n, "owner-host", o->host, sizeof o->host);
		get(n, "owner-pid", pid, sizeof pid);
		get(n, "owner-start", start, sizeof start);
		o->pid = strtol(pid, NULL, 10);
		o->start = strtoull(start, NULL, 10);
	}
	xmlFreeDoc(doc);
	return n != NULL;
}

static bool owner_is_gone(const struct lv *lv, const struct owner *o)
{
	if (o->host[0] ? strcmp(o->host, hv_this_host()) != 0 : !lv->root)
		return false;
	return o->pid <= 0 || hv_process_start((pid_t)o->pid) != o->start;
}

/* 1: it was an orphan and has been ended. */
static int end_domain(const struct lv *lv, virDomainPtr dom, each_fn *each, void *ctx,
		      struct bl_err *err)
{
	const char *name = virDomainGetName(dom);
	struct owner o = {0};

	if (!read_owner(dom, &o) || !owner_is_gone(lv, &o))
		return 0;
	if (virDomainDestroy(dom) < 0) {
		const virError *e = virGetLastError();

		/* It may have ended by itself meanwhile. */
		if (!e || (e->code != VIR_ERR_NO_DOMAIN && e->code != VIR_ERR_OPERATION_INVALID))
			return lv_fail(err, -EIO, "cannot end the orphaned domain '%s'", name);
	}
	if (each)
		each(ctx, name, o.run, o.trial);
	return 1;
}

static int end_domains(struct lv *lv, each_fn *each, void *ctx, struct bl_err *err)
{
	virDomainPtr *doms = NULL;
	int n, count = 0, r = 0;

	n = virConnectListAllDomains(lv->conn, &doms, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
	if (n < 0)
		return lv_fail(err, -EIO, "cannot list the domains of '%s'", lv->uri);
	for (int i = 0; i < n; i++) {
		r = r < 0 ? r : end_domain(lv, doms[i], each, ctx, err);
		count += r > 0;
		virDomainFree(doms[i]);
	}
	free(doms);
	return r < 0 ? r : count;
}

/* QEMU processes of our root that libvirt doesn't know: its state was deleted. */
struct lost {
	struct lv *lv;
	pid_t pids[64];
	char names[64][64];
	size_t n;
};

/* The value of @option in a command line whose arguments end with NUL. */
static const char *option(const struct bl_buf *cmdline, const char *name)
{
	const char *p = cmdline->data, *end = p + cmdline->len;

	for (; p < end; p += strlen(p) + 1) {
		if (strcmp(p, name) == 0 && p + strlen(p) + 1 < end)
			return p + strlen(p) + 1;
	}
	return NULL;
}

static void note_lost(void *ctx, pid_t pid, const struct bl_buf *cmdline)
{
	struct lost *l = ctx;
	const char *uuid = option(cmdline, "-uuid"), *name = option(cmdline, "-name");
	virDomainPtr dom = uuid ? virDomainLookupByUUIDString(l->lv->conn, uuid) : NULL;

	if (dom) {
		virDomainFree(dom);
		return;
	}
	if (l->n == BL_ARRAY_LEN(l->pids))
		return;
	if (name && strncmp(name, "guest=", 6) == 0)
		name += 6;
	snprintf(l->names[l->n], sizeof l->names[0], "%.*s", name ? (int)strcspn(name, ",") : 0,
		 name ? name : "");
	l->pids[l->n++] = pid;
}

static int end_lost(struct lv *lv, each_fn *each, void *ctx, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *word = bl_strf("%s/lib/qemu/domain-", lv->root);
	struct lost l = {.lv = lv};

	if (!word)
		return -ENOMEM;
	lv_each_qemu(word, note_lost, &l);
	for (size_t i = 0; i < l.n; i++) {
		int r = lv_kill(l.pids[i], 5 * NS_PER_S);

		if (r < 0)
			return bl_fail(err, r, "cannot end the orphaned qemu process %ld: %s",
				       (long)l.pids[i], strerror(-r));
		if (each)
			each(ctx, l.names[i], "", "");
	}
	return (int)l.n;
}

int lv_end_orphans(struct hv *hv, each_fn *each, void *ctx, struct bl_err *err)
{
	struct lv *lv = (struct lv *)hv;
	int timer = lv_reap_begin(lv); /* the orphan of a child of ours is our child now */
	int ended = end_domains(lv, each, ctx, err), lost = 0;

	/* This process holds the root's lock, so nobody else's QEMU can be in it. */
	if (ended >= 0 && lv->root)
		lost = end_lost(lv, each, ctx, err);
	if (ended >= 0 && lost >= 0 && lv->root && !lv->vms)
		lv_log_remove(lv->root, NULL);
	lv_reap_end(timer);
	return ended < 0 ? ended : lost < 0 ? lost : ended + lost;
}
