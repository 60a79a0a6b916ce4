/* initramfs.h - a reproducible initramfs: newc cpio, fixed times, owners and order. */
#ifndef INITRAMFS_H
#define INITRAMFS_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

struct initramfs;

/* -ENOMEM. The archive grows in memory. */
int initramfs_new(struct initramfs **ret_fs, struct bl_err *err);
int initramfs_add_dir(struct initramfs *fs, const char *path, struct bl_err *err);
int initramfs_add_file(struct initramfs *fs, const char *path, unsigned mode, const void *data,
		       size_t len, struct bl_err *err);
int initramfs_add_device(struct initramfs *fs, const char *path, unsigned major, unsigned minor,
			 struct bl_err *err);
/* Close the archive; its bytes go to @out, which must be empty. */
int initramfs_finish(struct initramfs *fs, struct bl_buf *out, struct bl_err *err);
struct initramfs *initramfs_free(struct initramfs *fs);
void initramfs_freep(struct initramfs **fs);

#endif
