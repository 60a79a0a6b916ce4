/* fake_domain.h - the fake's QEMU: what a domain XML asks for, and a monitor that tells it back.
 *
 * It answers the QMP commands by which the effective configuration is read. What it tells is
 * what was asked, so it proves nothing about QEMU; it lets that stage of the pipeline run.
 */
#ifndef FAKE_DOMAIN_H
#define FAKE_DOMAIN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "err.h"

#define FAKE_DISKS_MAX 32

struct fake_disk {
	char *alias, *serial;
	char *bus;    /* libvirt's word; "nvme" for QEMU's own device, "vfio" for one handed over */
	char *format; /* "raw", "qcow2" */
	char *path;
	uint64_t size_bytes; /* as the guest sees it; filled in by the hypervisor */
	unsigned queues;
	bool is_block;
	bool is_direct, is_no_flush, is_writeback;
	char *iothreads; /* that serve it: "iothread1", "iothread1,iothread2"; "" none */
	uint64_t throttle_iops, throttle_bytes_s; /* 0: no limit */
};

struct fake_domain {
	char *accel, *machine; /* "tcg", "q35" */
	uint64_t memory_bytes;
	unsigned vcpus, iothreads;
	char *console_path;
	char *pci;     /* of a function that is handed over: "0000:5e:00.0"; NULL: none */
	unsigned nsid; /* of its namespace, below QEMU; 0: the guest has the controller */
	char *release; /* what is behind "vmlinuz-" in the kernel's name; NULL: nothing */
	struct fake_disk disks[FAKE_DISKS_MAX];
	size_t n_disks;
};

/* The file that stands for an NVMe controller that is handed over; nothing is handed to the fake.
 */
#define FAKE_DEVICE_ENV "BLKLAB_FAKE_DEVICE"

/* -EINVAL: no disk in it, or a function is handed over and FAKE_DEVICE_ENV names no regular
 * file. */
int fake_domain_read(const char *xml, struct fake_domain *d, struct bl_err *err);
void fake_domain_done(struct fake_domain *d);

/* One QMP command; *ret_reply is new. -ENOTSUP: the fake does not know it. */
int fake_domain_qmp(const struct fake_domain *d, const char *command, const json_t *args,
		    json_t **ret_reply, struct bl_err *err);

#endif
