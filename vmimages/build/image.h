/* image.h - a bootable guest: a kernel and an initramfs with the agent as /init.
 *
 * Same inputs, same bytes. Built images are kept in the cache folder by a hash of
 * all their inputs (kernel, modules, agent, builder version) and reused.
 */
#ifndef IMAGE_H
#define IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "fetch.h"

/* The guest kernel's command line. Part of every result's environment: changing a word here changes
 * what is measured. mitigations=off is not among them: it changes what an I/O costs, and made no
 * boot faster.
 *   console=ttyS0        the host keeps the serial console as the reason of a crash
 *   quiet                every byte to an emulated serial port is an exit to the emulator
 *   panic=-1             a panic resets at once, which ends the VM instead of leaving it hung
 *   tsc=reliable         the cheapest clock; an emulated CPU does not promise that it is
 *                        constant, and the kernel would take the hpet, an exit for each reading
 *   no_timer_check       on a busy host an emulated CPU may get no tick in the 10 ms of the test,
 *                        and the kernel panics: "IO-APIC + timer doesn't work!" (seen); under KVM
 *                        the kernel leaves the test out by itself
 *   cryptomgr.notests    the kernel's self-tests of ciphers: 0.3 s of 2 s under emulation */
#define IMAGE_CMDLINE "console=ttyS0 quiet panic=-1 tsc=reliable no_timer_check cryptomgr.notests"

/* Where the kernel comes from, as written in a scenario's kernel axis or on the command line:
 *   "" or "installed"   the newest /boot/vmlinuz-* with a /lib/modules folder
 *   /path/vmlinuz       a kernel file; modules in modules_dir, else found beside it
 *                       (../lib/modules/RELEASE of an unpacked package, /lib/modules/RELEASE)
 *   /path/x.deb         a kernel package: unpacked into the cache
 *   /path/folder        an unpacked kernel package (boot/, lib/modules/)
 *   apt:PACKAGE         a kernel package by name, see apt_spec.h
 *   URL#sha256=HEX      a kernel package to fetch */
struct image_spec {
	const char *kernel;
	const char *modules_dir; /* NULL: found as above; the RELEASE folder, or one that holds it
				  * (as RELEASE or lib/modules/RELEASE) */
	const char *agent;       /* path of the static agent binary */
	const char *cache_dir;   /* images and unpacked packages live here */
	const char *fetcher;     /* of apt: packages, see package.h; NULL: none */
	fetch_progress_fn progress;
	void *ctx;
	volatile sig_atomic_t *stop; /* ends a fetch: -EINTR; may be NULL */
};

struct image {
	char *kernel_path; /* bzImage for <kernel> */
	char *initrd_path;
	char *release; /* "6.1.0-56-cloud-amd64" */
	char *modules; /* names in load order, space separated */
	char *builtin; /* wanted modules that the kernel has built in */
	char *missing; /* wanted modules that neither are built in nor exist, e.g. "ahci" */
	uint64_t initrd_bytes, kernel_bytes;
	bool was_cached;
};

/* Module names that every image tries to hold, in the order of the list. */
extern const char *const image_modules[];
extern const size_t n_image_modules;

/* -ENOENT: no such kernel (says what would be one); -ENOPKG: none is named and none is installed
 * (says what was looked at and how to get one, first of all a package that `make bench` fetched
 * below the current folder); -EINVAL: not a kernel package, or the agent is not a static program;
 * what fetch_file() returns; -ENOMEM. */
int image_build(const struct image_spec *spec, struct image **ret_image, struct bl_err *err);

/* True when the image can drive a disk on the controller module @module ("ahci", "virtio_blk",
 * "virtio_scsi", "nvme"): loaded or built in. */
bool image_has_module(const struct image *img, const char *module);

struct image *image_free(struct image *img);
void image_freep(struct image **img);

#endif
