#define HV_LIVE_INTERNAL
#include "hv_live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block_stats.h"
#include "cleanup.h"
#include "clock.h"
#include "disk_path.h"
#include "fs.h"
#include "hv_live_priv.h"
#include "hv_process.h"
#include "tame.h"
#include "xml_tree.h"

#define DISKS_MAX 256

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

/* --- the disks --- */

static struct live_disk *add_disk(struct hv_live *l)
{
	struct live_disk *more = reallocarray(l->disks, l->n_disks + 1, sizeof *more);

	if (!more)
		return NULL;
	l->disks = more;
	more[l->n_disks] = (struct live_disk){0};
	return &more[l->n_disks++];
}

static char *disk_xml(const struct hv_live *l, size_t i, const char *below)
{
	BL_CLEANUP(bl_freep)
	char *at = bl_strf("(//devices/disk[@device='disk' or @device='lun' or not(@device)])[%zu]"
			   "%s",
			   i + 1, below);

	return at ? xml_at(l->xml, at) : NULL;
}

static int disks_of_xml(struct hv_live *l)
{
	for (size_t i = 0; i < DISKS_MAX; i++) {
		BL_CLEANUP(bl_freep) char *target = disk_xml(l, i, "/target/@dev");
		struct live_disk *d = target ? add_disk(l) : NULL;

		if (!target)
			return 0;
		if (!d || !(d->name = strdup(target)))
			return -ENOMEM;
		d->target = BL_STEAL(target);
		d->alias = disk_xml(l, i, "/alias/@name");
	}
	return 0;
}

static bool is_drive(const json_t *block)
{
	const char *device = text_of(block, "device");

	return json_is_true(json_object_get(block, "removable")) || /* CD, floppy */
	       !json_object_get(block, "inserted") || (device && !strncmp(device, "pflash", 6));
}

/* "data" of "/machine/peripheral/data/virtio-backend"; a device without an id is "device[1]". */
static void name_of(const char *qdev, const char *device, char *out, size_t len)
{
	static const char backend[] = "/virtio-backend";
	BL_CLEANUP(bl_freep) char *copy = strdup(qdev);
	char *at = copy ? strstr(copy, backend) : NULL, *slash;

	if (at && !at[sizeof backend - 1])
		*at = '\0';
	slash = copy ? strrchr(copy, '/') : NULL;
	bl_tame(out, len, device && *device ? device : slash ? slash + 1 : qdev, SIZE_MAX);
}

/* As QEMU has them: those that a device of the guest uses. */
static int disks_of_monitor(struct hv_live *l, const json_t *blocks)
{
	const json_t *b;
	size_t i;

	json_array_foreach (blocks, i, b) {
		const char *qdev = text_of(b, "qdev"), *device = text_of(b, "device");
		char tame[128];
		struct live_disk *d;

		if (!qdev || is_drive(b) || l->n_disks >= DISKS_MAX)
			continue;
		name_of(qdev, device, tame, sizeof tame);
		d = add_disk(l);
		if (!d || !(d->name = strdup(tame)) || !(d->qdev = strdup(qdev)))
			return -ENOMEM;
	}
	return 0;
}

static int find_in_monitor(struct hv_live *l, const json_t *blocks)
{
	const json_t *b;
	size_t i;

	json_array_foreach (blocks, i, b) {
		const char *qdev = text_of(b, "qdev");

		for (size_t k = 0; k < l->n_disks && qdev; k++) {
			struct live_disk *d = &l->disks[k];

			if (d->qdev || !d->alias || !block_stats_is(qdev, d->alias))
				continue;
			d->qdev = strdup(qdev);
			if (!d->qdev)
				return -ENOMEM;
		}
	}
	return 0;
}

static int list_disks(struct hv_live *l, struct bl_err *err)
{
	json_t *blocks = NULL;
	int r = l->monitor ? hv_vm_qmp(l->monitor, "query-block", NULL, &blocks, err) : 0;

	if (r < 0)
		return r;
	if (l->xml)
		r = disks_of_xml(l);
	if (r == 0)
		r = l->xml ? find_in_monitor(l, blocks) : disks_of_monitor(l, blocks);
	json_decref(blocks);
	if (r < 0)
		return bl_fail(err, r, "out of memory");
	return l->n_disks
		       ? 0
		       : bl_fail(err, -ENOENT,
				 "'%s' has no disk that QEMU knows of: there is nothing to look "
				 "at (a controller that the guest has by itself is not seen here)",
				 l->name);
}

/* --- open and close --- */

static int open_socket(const char *path, struct hv_live *l, struct bl_err *err)
{
	json_t *reply = NULL;
	const char *uuid, *name;
	char tame[128];
	int r = live_qmp_open(path, &l->monitor, &l->pid, err);

	if (r < 0)
		return r;
	if (!lv_is_qemu("", l->pid)) /* who started QEMU and handed the socket on */
		l->pid = 0;
	if (!l->pid && hv_vm_qmp(l->monitor, "query-uuid", NULL, &reply, NULL) == 0) {
		uuid = text_of(reply, "UUID");
		if (uuid && strspn(uuid, "0-") != strlen(uuid))
			l->pid = lv_find_qemu(uuid);
	}
	json_decref(reply);
	reply = NULL;
	if (hv_vm_qmp(l->monitor, "query-name", NULL, &reply, NULL) == 0) {
		name = text_of(reply, "name");
		bl_tame(tame, sizeof tame, name ? name : "", SIZE_MAX);
		l->name = tame[0] ? strdup(tame) : NULL;
	}
	json_decref(reply);
	l->name = l->name ? l->name : strdup(path);
	l->means = strdup("QEMU's monitor, query-* commands only");
	return l->name && l->means ? 0 : bl_fail(err, -ENOMEM, "out of memory");
}

int hv_live_open(const struct hv_live_options *opt, struct hv_live **ret, struct bl_err *err)
{
	struct hv_live *l = calloc(1, sizeof *l);
	int r;

	if (!l)
		return bl_fail(err, -ENOMEM, "out of memory");
	r = strchr(opt->domain, '/') ? open_socket(opt->domain, l, err)
				     : live_domain_open(opt, l, err);
	if (r == 0)
		r = list_disks(l, err);
	if (r == 0 && !l->pid && !l->no_host)
		l->no_host = strdup("no QEMU process of this VM is seen on this host");
	if (r < 0) {
		hv_live_close(l);
		return r;
	}
	*ret = l;
	return 0;
}

struct hv_live *hv_live_close(struct hv_live *l)
{
	if (!l)
		return NULL;
	l->monitor = hv_vm_end(l->monitor); /* lets go of it */
	live_domain_close(l->domain);
	for (size_t i = 0; i < l->n_disks; i++) {
		free(l->disks[i].name);
		free(l->disks[i].target);
		free(l->disks[i].alias);
		free(l->disks[i].qdev);
	}
	free(l->disks);
	free(l->name);
	free(l->means);
	free(l->xml);
	free(l->no_host);
	free(l);
	return NULL;
}

/* --- what there is --- */

const char *hv_live_name(const struct hv_live *l)
{
	return l->name;
}

const char *hv_live_means(const struct hv_live *l)
{
	return l->means;
}

const char *hv_live_xml(const struct hv_live *l)
{
	return l->xml;
}

pid_t hv_live_pid(const struct hv_live *l)
{
	return l->pid;
}

const char *hv_live_no_host(const struct hv_live *l)
{
	return l->no_host;
}

size_t hv_live_n_disks(const struct hv_live *l)
{
	return l->n_disks;
}

const char *hv_live_disk(const struct hv_live *l, size_t i)
{
	return l->disks[i].name;
}

int hv_live_path(struct hv_live *l, size_t i, struct facts *out, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *proc = l->pid ? bl_strf("/proc/%ld", (long)l->pid) : NULL;
	struct disk_path_from from = {.xml = l->xml,
				      .target = l->disks[i].target,
				      .qdev = l->disks[i].qdev,
				      .proc_dir = proc};
	int r;

	if (l->monitor)
		disk_path_ask(l->monitor, &from.qmp);
	r = disk_path_facts(&from, out);
	disk_path_replies_done(&from.qmp);
	return r < 0 ? bl_fail(err, r, "out of memory") : 0;
}

static int read_monitor(struct hv_live *l, struct series_set *sets, struct bl_err *err)
{
	json_t *reply = NULL;
	int r = hv_vm_qmp(l->monitor, "query-blockstats", NULL, &reply, err);
	uint64_t now = bl_now_ns();

	if (r < 0)
		return hv_vm_state(l->monitor) == HV_RUNNING ? r : -EPIPE;
	for (size_t i = 0; i < l->n_disks && r == 0; i++) {
		r = series_moment(&sets[i], now);
		if (r == 0 && l->disks[i].qdev)
			r = block_stats_put(reply, l->disks[i].qdev, &sets[i]);
		if (r == -ENODATA) /* it was taken out of the VM */
			r = 0;
	}
	json_decref(reply);
	return r < 0 ? bl_fail(err, r, "cannot keep what qemu counts: %s", strerror(-r)) : 0;
}

int hv_live_read(struct hv_live *l, struct series_set *sets, struct bl_err *err)
{
	return l->monitor ? read_monitor(l, sets, err)
			  : live_domain_read(l->domain, l->disks, l->n_disks, sets, err);
}
