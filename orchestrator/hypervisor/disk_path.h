/* disk_path.h - the way of an I/O, from the guest's disk to what holds its bytes, as facts
 * "path.*".
 *
 * Made of what is there: the live XML, the monitor's answers, QEMU's command line. Pure. What is
 * below the image on the host (path.filesystem, path.device.N.*) is not of this folder.
 *
 *   path.bus path.target path.iothread path.queues path.queue_size
 *   path.cache path.cache_direct path.cache_writeback path.cache_no_flush     on|off
 *   path.aio path.discard path.detect_zeroes path.format path.cluster_bytes
 *   path.chain path.chain_depth      "a.qcow2 <- base.qcow2"; 1: no backing file
 *   path.preallocated_share          bytes that the image takes of those the guest sees, 0 to 1
 *   path.throttle                    "none", or the limits: "iops 500, write 1 MiB/s"
 *   path.storage path.source         file|device|nbd|network; a path or an address
 *   path.vm.vcpus path.vm.accel path.vm.machine path.vm.pinning path.emulator
 *   path.host.cpus path.host.memory_bytes
 */
#ifndef DISK_PATH_H
#define DISK_PATH_H

#include <jansson.h>

#include "hypervisor.h"
#include "record.h"

/* What a monitor answers; NULL where it does not. */
struct disk_path_replies {
	json_t *block; /* query-block */
	json_t *nodes; /* query-named-block-nodes */
	json_t *cpus;  /* query-cpus-fast */
	json_t *kvm;   /* query-kvm */
};
void disk_path_ask(struct hv_vm *vm, struct disk_path_replies *ret);
void disk_path_replies_done(struct disk_path_replies *r);

/* What is not to be had is NULL. */
struct disk_path_from {
	const char *xml;              /* of the running domain */
	const char *target;           /* the disk there: "vda" */
	const char *qdev;             /* the disk as query-block names it */
	const char *proc_dir;         /* "/proc/PID" of QEMU, when it runs on this host */
	struct disk_path_replies qmp; /* the caller's */
};

/* Adds what is known; a key that is in @out already stays as it is. -ENOMEM. */
int disk_path_facts(const struct disk_path_from *from, struct facts *out);

/* Only path.host.*, of this host. -ENOMEM. */
int disk_path_host(struct facts *out);

/* The target ("vda") of the disk with the alias or id @alias in @xml, new; NULL: none. */
char *disk_path_target(const char *xml, const char *alias);

#endif
