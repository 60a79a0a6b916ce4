/* hv_live.h - a VM that somebody else runs, looked at and never touched.
 *
 * By libvirt: a connection opened read-only, the live XML and the domain's statistics; or, when a
 * person asks for the monitor too, a connection that may write (libvirt allows monitor commands on
 * no other, and marks the domain as tainted). By QEMU's own QMP socket, for VMs without libvirt.
 * Whatever the way, a monitor is sent nothing but query-* commands (and, on a socket, the
 * qmp_capabilities that begins every conversation).
 */
#ifndef HV_LIVE_H
#define HV_LIVE_H

#include <sys/types.h>

#include "record.h"
#include "series.h"

struct hv_live_options {
	const char *domain; /* name, UUID or id; with a '/' in it: the path of a QMP socket */
	const char *uri;    /* of libvirt; NULL: qemu:///system */
	bool with_monitor;  /* of a libvirt domain: merges, discards and errors are only there */
};

struct hv_live;

/* -ENOENT: no such domain (says which run) or socket; -ESRCH: it does not run; -EACCES; -ETIMEDOUT:
 * nobody answers at the socket (QEMU serves one client at a time); -ENOTSUP: no such libvirt;
 * -EINVAL: a URI whose driver would run in this process. */
int hv_live_open(const struct hv_live_options *opt, struct hv_live **ret, struct bl_err *err);
struct hv_live *hv_live_close(struct hv_live *l); /* NULL is fine; returns NULL */

const char *hv_live_name(const struct hv_live *l);    /* of the VM */
const char *hv_live_means(const struct hv_live *l);   /* "libvirt's statistics, read-only" */
const char *hv_live_xml(const struct hv_live *l);     /* NULL: no libvirt */
pid_t hv_live_pid(const struct hv_live *l);           /* of QEMU; 0: not on this host */
const char *hv_live_no_host(const struct hv_live *l); /* why there is no pid; NULL: there is */

/* Its disks, in the order that libvirt or QEMU has them: "vda", or the id of QEMU's device. CD
 * and floppy drives are left out. */
size_t hv_live_n_disks(const struct hv_live *l);
const char *hv_live_disk(const struct hv_live *l, size_t i);

/* disk_path.h's facts of disk @i, as they are now. */
int hv_live_path(struct hv_live *l, size_t i, struct facts *out, struct bl_err *err);

/* One reading: a new last moment of each of sets[hv_live_n_disks()], signals as in block_stats.h.
 * -EPIPE: the VM has ended. */
int hv_live_read(struct hv_live *l, struct series_set *sets, struct bl_err *err);

#endif
