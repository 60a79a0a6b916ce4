/* emulator.h - which QEMU binary a cell runs.
 *
 * "" is the host's qemu-system-x86_64; a path to a binary is used as it is; a folder is unpacked
 * packages of another version (qemu-system-x86, -common, -data), started through the blklab-qemu
 * wrapper, which gives it its own module and firmware folders in a private mount namespace.
 */
#ifndef EMULATOR_H
#define EMULATOR_H

#include "err.h"

struct emulator {
	char *path;    /* for <emulator>: absolute */
	char *version; /* "7.2.22", as the binary says */
	char *binary; /* the program that will really run, behind links and the wrapper; NULL: @path
		       * is a script, which alone knows */
};

/* @state_dir: where a wrapper link for a folder is made. -ENOENT: nothing there; -EINVAL: not a
 * QEMU; -ENOTSUP: a folder without root privileges or without the wrapper. */
int emulator_resolve(const char *spec, const char *wrapper, const char *state_dir,
		     struct emulator *ret, struct bl_err *err);
void emulator_done(struct emulator *e);

#endif
