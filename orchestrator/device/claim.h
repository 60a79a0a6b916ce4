/* claim.h - the lab's mark on a device: this disk is the lab's to overwrite.
 *
 * A block of 4096 bytes at CLAIM_RESERVED_BYTES before the end of the disk (of the namespace), so
 * that jobs, which are confined to the bytes before it, never meet it: magic, then "key: value"
 * lines, then zeroes, then a checksum. A claim holds for one serial and one size; one that does not
 * fit is no claim.
 */
#ifndef CLAIM_H
#define CLAIM_H

#include "clock.h" /* BL_UUID_TEXT */
#include "device.h"

#define CLAIM_RESERVED_BYTES (1u << 20) /* of the end; no job may write there */

struct claim {
	bool is_there;     /* the rest means something; @why_not does not */
	char why_not[200]; /* a claim is there and does not hold: "its checksum is wrong: ..."; ""
			    * there is nothing like a claim */
	char id[BL_UUID_TEXT];
	char serial[64];
	uint64_t size_bytes;        /* of the disk when it was claimed */
	uint64_t made_ms;           /* wall clock */
	char host[128];             /* where */
	char had[256];              /* what was on it then, in short; "" nothing */
	char fs_uuid[BL_UUID_TEXT]; /* of every file system that the lab makes there (no longer than
				     * claim_usable_bytes()): id with its last digit changed, so it
				     * can be told from others */
};

/* How many bytes jobs may use: size_bytes - CLAIM_RESERVED_BYTES, rounded down to 4096; 0 when it
 * is too small. The claim begins there. */
uint64_t claim_usable_bytes(uint64_t size_bytes);

/* Always 0 when the block could be read; ret->is_there tells. Read past the page cache. -EIO,
 * -EACCES; -ENODEV: the disk is not the host's now. */
int claim_read(const struct device *dev, struct claim *ret, struct bl_err *err);

/* When guard_check(GUARD_LOOK), which is called, says nothing: wipes the signatures and partition
 * table that are there (libblkid), writes the claim, reads it back, and has the kernel read the
 * partition table anew. Opened O_EXCL. What guard_check() returns; -EILSEQ: the serial is no
 * printable ASCII; -ENOSPC: the disk is too small; -EBUSY: somebody has it by now, or the kernel
 * keeps its partitions; -ESTALE, -ENODEV: its name is another disk's by now, or nobody's; -EIO: it
 * reads back other bytes; -ENOMEM; what open(2) and the disk say. Before the wiping nothing is
 * changed. */
int claim_write(const struct device *dev, struct claim *ret, struct bl_err *err);

/* Take the claim off again; nothing else is changed. -ENOKEY: there is none; else as claim_write().
 */
int claim_remove(const struct device *dev, struct bl_err *err);

#endif
