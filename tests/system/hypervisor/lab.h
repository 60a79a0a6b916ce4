/* lab.h - one VM of the lab for a test: libvirt's embedded driver, the guest image, its agent.
 *
 * A failed step is a failed test. Everything is in lab.dir and removed by lab_done().
 */
#ifndef LAB_H
#define LAB_H

#include <check.h>

#include "domain.h"
#include "guest.h"
#include "hypervisor.h"
#include "image.h"

struct lab {
	char dir[64];
	char *root; /* of the hypervisor */
	struct hv *hv;
	struct image *image;
	struct cell cell;
	struct domain_binding bind;
	struct domain_disk bound;
	char *xml, *disk, *console;
	char uuid[37];
	struct hv_vm *vm;
	uint64_t start_ns;
	struct guest *guest;
	struct facts hello;
	struct guest_disk described;
	struct bl_err err;
};

#define CLOUD          "BLKLAB_TEST_KERNEL", ".cache/packages/cloud/linux-image-*.deb"
#define FULL           "BLKLAB_TEST_FULL_KERNEL", ".cache/packages/full/linux-image-*.deb"
#define LAB_DISK_BYTES (16u << 20)

/* The folder, the image with the kernel of @variable or else the newest match of @pattern in the
 * source folder; not yet connected. The cell holds the defaults. */

void lab_init(struct lab *lab, const char *variable, const char *pattern);
void lab_open(struct lab *lab); /* hypervisor in lab->root */
void lab_make_disk(struct lab *lab);
/* Fill bind from cell and write the XML. */
void lab_bind(struct lab *lab);
void lab_start(struct lab *lab); /* the VM runs @xml */
void lab_hello(struct lab *lab); /* the agent has spoken, the disk is described */
void lab_end(struct lab *lab);   /* of the VM */
void lab_done(struct lab *lab);

#endif
