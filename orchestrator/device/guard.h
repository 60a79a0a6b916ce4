/* guard.h - may this device be overwritten, and may it be handed to a guest?
 *
 * A device is only handed out when it is named by its serial and nothing on the host
 * uses it. Any check that can't be made is a refusal, never a pass. Every refusal says what was
 * found, and what to do.
 */
#ifndef GUARD_H
#define GUARD_H

#include "claim.h"
#include "device.h"

enum guard_use {
	GUARD_LOOK,        /* to claim it: data on it is shown, not refused */
	GUARD_BLOCK,       /* as a block device of the host: jobs on it, or virtio on top of it */
	GUARD_PASSTHROUGH, /* GUARD_BLOCK, and the whole controller leaves the host */
};

/* 0: nothing speaks against @use. @claim (may be NULL): what claim_read() said, filled in when
 * that is reached (always when it returns 0). Refused, for the disk, and for GUARD_PASSTHROUGH for
 * every namespace of its controller:
 *
 * -EBUSY: it is mounted (disk or partition; where), swap, held (LVM, MD, device mapper, multipath,
 * bcache, a loop device on top, a ZFS member in an imported pool), the root, boot or EFI disk, open
 * in another process, the kernel's own O_EXCL, another program's flock; it is at vfio-pci.
 *
 * -EEXIST: a partition or a signature (libblkid) that the lab did not write: the claim knows the
 * file system that the lab makes; with GUARD_LOOK only listed, see guard_contents().
 *
 * -ENOKEY: no claim of this lab, or one for another serial or size: `blklab claim SERIAL`.
 *
 * -EINVAL: no serial given. -ENODEV: it has another one, or none; or it is gone. -ESTALE: its name
 * is another disk's by now. -EROFS, -ENOTBLK. -EIO: a check could not be made, whatever kept it
 * from being made: also when processes keep their open files from this user (who is not root).
 *
 * GUARD_PASSTHROUGH, -ENOTSUP: not an NVMe controller of its own; the IOMMU is off; vfio-pci is
 * neither loaded nor loadable. -EBUSY: the IOMMU group has another device with a driver other than
 * vfio-pci or none, bridges (class 0x0604) excepted: named with address, driver and what it is; or
 * the disk has a second path, by another controller of its subsystem. */
int guard_check(const struct device *dev, const char *serial, enum guard_use use,
		struct claim *claim, struct bl_err *err);

/* What is on it, for a person, one line each: "ext4, label 'data', UUID ..."; "GPT partition
 * table"; "partition nvme0n1p1, 512 MiB, vfat"; "claim of this lab, made 2026-11-26 on host ...".
 * new; "" nothing is known to be on it. */
int guard_contents(const struct device *dev, char **ret, struct bl_err *err);

/* Its lines in one: "a\nb\n" as "a; b". new; NULL: no memory. */
char *guard_contents_joined(const char *lines);

/* Every reason against GUARD_PASSTHROUGH, not only the first: for doctor. Calls @each with a reason
 * and a remedy (may be NULL); returns how many. */
int guard_reasons(const struct device *dev,
		  void (*each)(void *ctx, const char *reason, const char *remedy), void *ctx);

/* The same, kept. 0: *ret is yours, guard_list_done() it; none: guard_check() would pass. -ENOMEM.
 */
struct guard_list {
	struct guard_reason {
		char *reason, *remedy;
	} * items;
	size_t n;
};
int guard_list_make(const struct device *dev, struct guard_list *ret);
void guard_list_done(struct guard_list *l);

/* Hold the disk for the time of a trial as the udev convention has it (systemd, "block device
 * locking": flock(LOCK_EX) on the whole disk), so that no other program that keeps it, nor udev
 * itself, looks at or partitions it meanwhile. 0: *ret_fd is open; close() gives the disk back.
 * -EBUSY: another program holds it (named when it can be told); -ESTALE, -ENODEV: it is another
 * disk by now. After guard_check(), which would meet this lock itself. While it is held, its node
 * is no other disk's.
 *
 * For GUARD_PASSTHROUGH it must be closed before the driver is unbound: an open file keeps the
 * old disk's number in use, and what was nvme1n1 comes back as nvme1n2 (seen with Linux 6.1). */
int guard_hold(const struct device *dev, int *ret_fd, struct bl_err *err);

/* Hold the PCI function below it for the time of a run, also while the disk is a guest's. By
 * flock() on its folder in sysfs, which stays through every change of driver and leaves nothing
 * behind; only the lab knows of it. 0: *ret_fd is open, or -1 when there is no function; close()
 * ends it. -EBUSY: another blklab has it. */
int guard_hold_function(const struct device *dev, int *ret_fd, struct bl_err *err);
/* The same by its address: whoever takes it from a driver, or gives it back, holds it. Also
 * -ENOENT: there is no such function on the bus. */
int guard_hold_pci(const char *root, const char *pci, int *ret_fd, struct bl_err *err);

#endif
