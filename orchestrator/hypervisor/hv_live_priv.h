/* hv_live_priv.h - what the ways to a VM of others have in common. hv_live*.c and their tests only.
 */
#ifndef HV_LIVE_PRIV_H
#define HV_LIVE_PRIV_H

#ifndef HV_LIVE_INTERNAL
#error "hv_live_priv.h is for hv_live only: include hv_live.h"
#endif

#include "hv_live.h"
#include "hypervisor_priv.h"

struct live_disk {
	char *name;   /* "vda", or the id of the device */
	char *target; /* "vda"; NULL: no libvirt */
	char *alias;  /* of libvirt's device; NULL */
	char *qdev;   /* as query-block names it; NULL: no monitor, or not found there */
};

struct live_domain; /* hv_live_libvirt.c */

struct hv_live {
	char *name, *means, *xml, *no_host;
	pid_t pid;
	struct hv_vm *monitor;      /* answers query-*; NULL: none */
	struct live_domain *domain; /* NULL: a socket */
	struct live_disk *disks;
	size_t n_disks;
};

/* 0 for query-*; -EPERM for anything else: the one place that keeps the promise. */
int live_check_command(const char *command, struct bl_err *err);

/* hv_live_qmp.c. A conversation on a socket; *ret_pid 0: whose end it is can't be told. */
int live_qmp_open(const char *path, struct hv_vm **ret, pid_t *ret_pid, struct bl_err *err);

/* hv_live_libvirt.c: fills name, xml, domain, pid, and monitor when it is asked for. */
int live_domain_open(const struct hv_live_options *opt, struct hv_live *l, struct bl_err *err);
/* One reading of all disks by the domain's statistics. */
int live_domain_read(struct live_domain *d, const struct live_disk *disks, size_t n,
		     struct series_set *sets, struct bl_err *err);
void live_domain_close(struct live_domain *d);
/* Whether @uri is of a libvirt on another host: it names one. */
bool live_uri_is_remote(const char *uri);
/* Whether @uri is only of a QEMU driver in a service that runs: not qemu:///embed, whose driver
 * would be in this process, nor an alias, which may be anything. */
bool live_uri_is_passive(const char *uri);

#endif
