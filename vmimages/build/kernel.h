/* kernel.h - where a guest's kernel and its modules are: what a kernel spec names, as paths. */
#ifndef KERNEL_H
#define KERNEL_H

#include "image.h"

/* Strings are owned. */
struct kernel {
	char *vmlinuz; /* bzImage */
	char *release; /* as the bzImage says it */
	char *modules; /* folder of this release; has modules.dep */
};

/* Find, fetch or unpack what @spec names. @root stands in front of /boot and /lib ("" on a real
 * host). Errors as image_build(). */
int kernel_find(const struct image_spec *spec, const char *root, struct kernel *ret_kernel,
		struct bl_err *err);
void kernel_done(struct kernel *k);

/* The release a bzImage was built as (Linux boot protocol, kernel_version at 0x20e).
 * -EINVAL: not a bzImage. */
int kernel_release(const char *vmlinuz, char out[128], struct bl_err *err);

#endif
