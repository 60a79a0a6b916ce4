/* fixture.h - a small kernel package made by hand: a file that reads as a bzImage, modules that
 * depmod reads, and all of it as a .deb. Real kernels are booted by tests/system/agent. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include "buf.h"
#include "image.h"

#define FIXTURE_RELEASE "6.1.0-test"

extern char fixture_dir[64]; /* a new folder for each case */

void fixture_set_up(void);
void fixture_tear_down(void);

/* DIR/boot/vmlinuz-RELEASE and DIR/lib/modules/RELEASE below the fixture's folder: virtio_blk needs
 * virtio needs virtio_ring; sd_mod is compressed; nvme is built in; ahci does not exist. */
void fixture_package(const char *dir, const char *release);
void fixture_kernel(const char *path, const char *release);
/* The folder as DIR.deb, its data as tar with @filter ("xz", "zstd", "gzip"). */
void fixture_deb(const char *dir, const char *filter);
/* A static program (@dynamic: one with an interpreter), as far as ELF headers go. */
void fixture_agent(const char *name, bool is_dynamic);

char *fixture_path(const char *name); /* in fixture_dir; new */

/* The files of a cpio as "mode size path" lines; one file's bytes. */
char *fixture_list(const char *initrd);
void fixture_member(const char *initrd, const char *path, struct bl_buf *out);

#endif
