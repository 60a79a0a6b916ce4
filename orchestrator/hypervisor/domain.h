/* domain.h - the libvirt domain XML of a VM and its disks under test, built as a tree.
 *
 * One disk, or several that are measured in turns, each as its cell says. The same cells and
 * binding give the same bytes on every host (golden tests).
 */
#ifndef DOMAIN_H
#define DOMAIN_H

#include "cell.h"

#define DOMAIN_DISK_SERIAL "blklab-dut" /* serial of the disk under test */
#define DOMAIN_NS          "urn:blklab:domain:1"

/* Ids the disk under test has in QEMU, whatever the bus: qdev "/machine/peripheral/ua-dut". */
#define DOMAIN_DISK_ALIAS       "ua-dut"
#define DOMAIN_CONTROLLER_ALIAS "ua-dut-controller" /* virtio-scsi */

/* These are the names of the first disk; those of the i-th, 0-based, have its number behind them:
 * "ua-dut-2". Returns @out. */
#define DOMAIN_NAME_MAX 48
char *domain_name(const char *base, size_t i, char out[DOMAIN_NAME_MAX]);

/* A disk under test: its cell, and everything about it that the cell does not say. */
struct domain_disk {
	const struct cell *cell;
	const char *path;       /* backing file or block device */
	bool is_block;          /* /dev/... */
	const char *nbd_socket; /* storage nbd: on which the server of @path listens */
	/* Bus vfio and nvme-userspace: the function that is handed over, instead of @path. */
	const char *pci; /* "0000:5e:00.0" */
	uint32_t nsid;   /* namespace, nvme-userspace */
	/* Bus vfio: what the guest must find of it; NULL or 0: not known, so not asked for. */
	const char *device_serial; /* always known: a device is named by it */
	const char *device_model, *device_firmware;
	unsigned device_io_queues;    /* the most I/O queues that the controller grants */
	unsigned device_msix_vectors; /* that the function has */
};

/* Everything about this VM that the cells do not say. */
struct domain_binding {
	const char *name; /* of the domain */
	const char *uuid;
	const char *run_id, *trial_id;
	long owner_pid;         /* with its start time: who may end it, see orphans */
	uint64_t owner_start;   /* clock ticks since boot, /proc/PID/stat field 22 */
	const char *owner_host; /* where owner_pid means something; NULL: left out */
	const char *accel;      /* "kvm" or "tcg" */
	const char *machine;    /* "q35" */
	uint64_t memory_bytes;
	const char *emulator;         /* absolute path */
	const char *emulator_binary;  /* the file that /proc/PID/exe should be; NULL: not known */
	const char *emulator_version; /* "7.2.22": some values need a newer one; NULL: not known */
	const char *kernel, *initrd, *cmdline;
	const char *
		kernel_release; /* of @kernel: what the guest's uname should say; NULL: not known */
	const char *console_log; /* file that gets the serial console */
	const char *host_root;   /* before /sys/bus/pci; NULL: "" */
	/* At least one; the VM's own axes are those of the first's cell, which the others share. */
	const struct domain_disk *disks;
	size_t n_disks;
};

/* The serial by which the guest finds the i-th disk under test: the device's own with vfio, else
 * of DOMAIN_DISK_SERIAL. @out or borrowed. */
const char *domain_disk_serial(const struct domain_binding *b, size_t i, char out[DOMAIN_NAME_MAX]);

/* Iothreads are numbered through: how many disks before the i-th have. With n_disks: all. */
uint32_t domain_iothreads_before(const struct domain_binding *b, size_t i);

/* How the disk is opened: the cell's cache mode; writeback for nvme-userspace, whose cells have
 * none. */
struct cache_bits domain_cache_bits(const struct cell *c);

/* *ret_xml is new (free()). -ENOTSUP: a cell has no domain (bus host), or this bus or emulator
 * can't do a value (says which and what it needs). -EINVAL: a text that XML can't carry, or no PCI
 * address where the bus needs one. */
int domain_xml(const struct domain_binding *b, char **ret_xml, struct bl_err *err);

#endif
