/* package.h - Debian packages, downloaded by name and unpacked, never installed.
 *
 * What is unpacked is kept in the cache by the packages' bytes and used again.
 */
#ifndef PACKAGE_H
#define PACKAGE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "err.h"

/* Where packages come from. */
struct package_source {
	const char *cache_dir;
	const char *fetcher;         /* fetch-packages.sh; NULL: none, and only files are taken */
	volatile sig_atomic_t *stop; /* ends a download: -EINTR; may be NULL */
};

/* Download the packages @names[@n] of @spec ("apt:..."; its version and suite hold for all of them)
 * with apt, unless they are there already. ret_paths[@n] are new (free()).
 * -EINVAL: not such a spec; -ENOTSUP: no fetcher; -ENOENT: apt does not know one, or can't reach
 * its archive (what it said is told); -EINTR; -ETIMEDOUT. */
int package_fetch(const struct package_source *from, const char *spec, const char *const *names,
		  size_t n, char **ret_paths, struct bl_err *err);

/* Unpack boot/ and lib/modules/ of the .deb at @path into CACHE/packages/SHA256, once.
 * *ret_dir is new (free()). -ENOENT; -EINVAL: not a .deb, or without a kernel; -ENOSPC. */
int package_unpack(const char *path, const char *cache_dir, char **ret_dir, struct bl_err *err);

/* All packages of one QEMU into one folder, by their bytes together. *ret_dir is new. */
int package_unpack_emulator(const char *const *paths, size_t n, const char *cache_dir,
			    char **ret_dir, struct bl_err *err);

/* The QEMU of "apt:qemu-system-x86...", or of the .deb of qemu-system-x86 at a path, beside which
 * those of qemu-system-common and qemu-system-data of its version must be: unpacked together into
 * CACHE/packages/. *ret_dir is new. As package_fetch() and package_unpack(). */
int package_emulator(const struct package_source *from, const char *spec, char **ret_dir,
		     struct bl_err *err);
/* Whether @spec is one for package_emulator(). */
bool package_is_emulator(const char *spec);

#endif
