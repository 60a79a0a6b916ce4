/* in_use.h - is somebody using this block device? */
#ifndef IN_USE_H
#define IN_USE_H

#include "err.h"

/* 0: @path is not a block device, or neither it nor a partition of it is mounted, swap or
 * held by another device (LVM, MD, dm), nor opened exclusively by anybody. -EBUSY: @err names the
 * user where a list does. */
int in_use_check(const char *path, struct bl_err *err);

#endif
