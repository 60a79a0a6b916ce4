/* trial_path.c - the way of an I/O in this trial, as facts. */
#define TRIAL_INTERNAL
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "disk_path.h"
#include "fs.h"
#include "path_devices.h"
#include "trial_priv.h"

/* "none", "iothread1", "iothread1,iothread2": as libvirt names them. */
static int add_iothreads(struct trial *t)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;

	for (uint32_t i = 1; i <= t->disk->cell->iothreads; i++)
		bl_buf_addf(&b, "%siothread%u", i > 1 ? "," : "",
			    domain_iothreads_before(&t->bind, t->disk->at) + i);
	return trial_fact(t, "path.iothread", "%s", b.len ? bl_buf_str(&b) : "none");
}

/* The queues as they were read back. */
static int add_queues(struct trial *t)
{
	const struct effectives *e = &t->rec->effective;

	for (size_t i = 0; i < e->n; i++) {
		if (!strcmp(e->items[i].key, "queues") && e->items[i].effective)
			return trial_fact(t, "path.queues", "%s", e->items[i].effective);
	}
	return 0;
}

static int add_queue_size(struct trial *t, struct hv_vm *vm)
{
	bool is_scsi = t->disk->cell->bus == BUS_VIRTIO_SCSI;
	char name[DOMAIN_NAME_MAX], path[96];
	json_t *args;
	json_t *reply = NULL;
	int r = 0;

	snprintf(path, sizeof path, "/machine/peripheral/%s",
		 domain_name(is_scsi ? DOMAIN_CONTROLLER_ALIAS : DOMAIN_DISK_ALIAS, t->disk->at,
			     name));
	args = json_pack("{s:s, s:s}", "path", path, "property",
			 is_scsi ? "virtqueue_size" : "queue-size");
	if (hv_vm_qmp(vm, "qom-get", args, &reply, NULL) == 0 && json_is_integer(reply))
		r = trial_fact(t, "path.queue_size", "%lld", (long long)json_integer_value(reply));
	json_decref(reply);
	json_decref(args);
	return r;
}

/* What the cell says and was proved, so that it need not be guessed from what was built. */
static int add_known(struct trial *t, struct hv_vm *vm)
{
	const struct cell *c = t->disk->cell;
	int r = trial_fact(t, "path.bus", "%s", cell_bus_names[c->bus]);

	if (r == 0 && !cell_takes_controller(c))
		r = trial_fact(t, "path.storage", "%s", cell_storage_names[c->storage]);
	if (r == 0 && cell_takes_controller(c))
		r = trial_fact(t, "path.source", "%s", t->dev.pci);
	if (r == 0 && !t->vm)
		r = trial_fact(t, "path.source", "%s", t->disk->backing.path);
	if (r == 0 && t->vm && c->bus != BUS_VFIO)
		r = add_iothreads(t);
	if (r == 0 && t->vm)
		r = add_queues(t);
	if (r == 0 && t->vm && c->bus != BUS_VFIO)
		r = add_queue_size(t, vm);
	return r;
}

static int add_seen(struct trial *t, struct hv_vm *vm)
{
	char alias[DOMAIN_NAME_MAX];
	BL_CLEANUP(bl_freep)
	char *target = disk_path_target(t->boot.domain_xml,
					domain_name(DOMAIN_DISK_ALIAS, t->disk->at, alias));
	BL_CLEANUP(bl_freep)
	char *proc = hv_vm_pid(t->vm) > 0 ? bl_strf("/proc/%ld", (long)hv_vm_pid(t->vm)) : NULL;
	struct disk_path_from from = {.xml = t->boot.domain_xml,
				      .target = target,
				      .qdev = t->disk->qdev,
				      .proc_dir = proc};
	int r;

	disk_path_ask(vm, &from.qmp);
	r = disk_path_facts(&from, &t->rec->facts);
	disk_path_replies_done(&from.qmp);
	return r;
}

int trial_path(struct trial *t)
{
	struct hv_vm *vm = t->vm ? trial_ask(t) : NULL;
	int r = t->vm && !vm ? -ENOMEM : add_known(t, vm);

	if (r == 0)
		r = t->vm ? add_seen(t, vm) : disk_path_host(&t->rec->facts);
	/* Behind a server there is no device that the VM has a way to. */
	if (r == 0 && t->disk->backing.path && !cell_takes_controller(t->disk->cell) &&
	    !t->disk->nbd.pid)
		r = path_devices("", t->disk->backing.path, &t->rec->facts);
	hv_vm_end(vm);
	return r < 0 ? bl_fail(&t->err, r, "out of memory") : 0;
}
