/* domain_priv.h - between the files that build a domain; nobody else includes it. */
#ifndef DOMAIN_PRIV_H
#define DOMAIN_PRIV_H

#ifndef DOMAIN_INTERNAL
#error "domain_priv.h is for the domain XML only: include domain.h"
#endif

#include "domain.h"
#include "xml_tree.h"

struct build {
	struct tree tree;
	const struct domain_binding *with;
	xmlNode *domain, *devices, *arguments;
	/* The disk that is added now. */
	size_t i;
	const struct domain_disk *disk;
	const struct cell *cell;
	unsigned n_slots, n_scsi, n_sata; /* that those before it took */
};

/* The i-th disk under test, by its cell's bus. -ENOTSUP: can't be done, and what it needs; -EINVAL:
 * the binding does not name the device. */
int domain_add_disk(struct build *b, size_t i, struct bl_err *err);

/* domain_own.c: the same of a disk that libvirt has no words for: virtio on several iothreads, and
 * QEMU's own NVMe controller. */
int domain_own_virtio_blk(struct build *b, struct bl_err *err);
int domain_own_virtio_scsi(struct build *b, struct bl_err *err);
int domain_own_nvme(struct build *b, struct bl_err *err);

#endif
