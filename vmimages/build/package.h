/* package.h - a kernel package (.deb), unpacked without installing it. */
#ifndef PACKAGE_H
#define PACKAGE_H

#include "err.h"

/* Unpack boot/ and lib/modules/ of the .deb at @path into CACHE/packages/SHA256, once.
 * *ret_dir is new (free()). -ENOENT; -EINVAL: not a .deb, or without a kernel; -ENOSPC. */
int package_unpack(const char *path, const char *cache_dir, char **ret_dir, struct bl_err *err);

#endif
