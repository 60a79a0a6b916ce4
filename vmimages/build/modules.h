/* modules.h - which kernel modules an image needs, in load order (libkmod). */
#ifndef MODULES_H
#define MODULES_H

#include <stddef.h>

#include "buf.h"
#include "err.h"

/* One module file. Strings are owned. */
struct module_file {
	char *name; /* "virtio_blk" */
	char *path; /* may end in .ko, .ko.xz, .ko.zst, .ko.gz */
};

struct modules {
	struct module_file *items; /* each after all it depends on */
	size_t n;
	struct bl_buf builtin, missing; /* names, space separated */
};

/* Resolve the wanted names in the modules folder @dir, which has modules.dep.
 * -EINVAL: the folder's indexes can't be read. */
int modules_resolve(const char *dir, const char *const *wanted, size_t n_wanted,
		    struct modules *ret_modules, struct bl_err *err);
void modules_done(struct modules *m);

/* Append the module as the kernel takes it: decompressed. -EINVAL: not a module. */
int module_read(const struct module_file *m, struct bl_buf *out, struct bl_err *err);

/* A folder with modules.dep for the modules in @dir: @dir itself when it has one, else a view
 * of it in the cache on which depmod(8) ran. *ret_dir is new. */
int modules_index(const char *dir, const char *release, const char *cache_dir, char **ret_dir,
		  struct bl_err *err);

/* Run depmod(8) on BASE/lib/modules/RELEASE. -ENOENT: no such program (package kmod). */
int modules_depmod(const char *base, const char *release, struct bl_err *err);

#endif
