/* tree.h - reading /proc, /sys and /dev of this host, or of a faked tree of them.
 *
 * The first part of every path is @root: "" or NULL on a real host, a folder in tests. Nothing
 * here judges or writes.
 */
#ifndef TREE_H
#define TREE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "pci_address.h"

/* First line of ROOT/fmt..., cut at @len, without spaces at its end (names of disks are padded).
 * Negative errno and "" when it can't be read. */
int tree_line(const char *root, char *out, size_t len, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
int tree_u64(const char *root, uint64_t *ret, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
bool tree_exists(const char *root, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Whole file appended, at most 8 MiB; negative errno. */
int tree_file(const char *root, struct bl_buf *out, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Where ROOT/fmt... really is, all links followed. -ENOENT and "" when it is not there. */
int tree_real(const char *root, char out[PATH_MAX], const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The last part of a link's target: "nvme" of a function's driver. Negative errno and "". */
int tree_link(const char *root, char *out, size_t len, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The PCI function that the device ROOT/fmt... hangs at, the nearest to it: the last part of where
 * it really is that is the address of one. -ENOENT and "": it is not there, or hangs at none. */
int tree_pci(const char *root, char out[BL_PCI_TEXT_MAX], const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Names in a folder in alphabetical order, without "." and "..", calling @each. Returns how many
 * (@each NULL: only counted), or a negative errno. */
int tree_names(const char *root, const char *dir, void (*each)(void *ctx, const char *name),
	       void *ctx);

/* Every open file of every process that this user may look at: @each gets the process, its link
 * ROOT/proc/PID/fd/N and what that names ("": too long a path), and returns false to end it.
 * Returns how many processes kept files from this user (only root sees all; one that ended
 * meanwhile does not count), or a negative errno when /proc can't be read. */
int tree_open_files(const char *root,
		    bool (*each)(void *ctx, long pid, const char *link, const char *target),
		    void *ctx);

#endif
