/* device.h - a real disk of this host that a person named: who it is and where it hangs.
 *
 * Everything is read from sysfs when it is asked for; nothing here writes. A device is named by
 * its serial, and beside that by its PCI address or its path. While a controller belongs to
 * vfio-pci the kernel knows neither its serial nor its namespaces: those fields are "".
 */
#ifndef DEVICE_H
#define DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "pci_address.h"

#define DEVICE_CLASS_NVME          0x010802 /* mass storage, non-volatile memory, NVM Express */
#define DEVICE_CLASS_PCI_BRIDGE_16 0x0604   /* base class and subclass only: class >> 8 */

/* How a person names one. NULL or "": not given. */
struct device_name {
	const char
		*root; /* "" on a real host; a folder with a faked /proc, /sys and /dev in tests */
	const char *pci;  /* "0000:5e:00.0" or "5e:00.0" */
	const char *path; /* "/dev/nvme0n1", "/dev/disk/by-id/..."; links are followed */
	const char *serial;
	uint32_t nsid; /* which namespace of a controller; 0: that of the path, else the first */
};

struct device {
	char root[256];            /* of device_name */
	char pci[BL_PCI_TEXT_MAX]; /* of the PCI function that the disk hangs at; "": none
				     (virtio-mmio, loop) */
	char driver[32]; /* that has the PCI function now: "nvme", "vfio-pci", "ahci"; "" none */
	bool is_nvme;    /* PCI class 0x010802: an NVMe controller of its own */
	char controller[32]; /* "nvme0"; "" when it is no NVMe or has no driver of the host */
	char block[64];      /* "nvme0n1", "sda"; "" while it is not the host's */
	char node[336];      /* "/dev/nvme0n1" (ROOT before it); "" like block */
	char serial[64], model[64], firmware[16]; /* without padding; "" not known */
	uint32_t nsid;                            /* 0: not an NVMe namespace */
	uint64_t size_bytes;                      /* 0: not known */
	uint32_t logical_block_bytes;
	int iommu_group; /* -1: none */
	int numa_node;   /* -1: none */
};

/* The one disk that all given parts of @name agree on. -ENODEV: none has this serial (the
 * serials that there are are listed), there is no such address, path or namespace, or what is there
 * has another serial (both named), or none; -ENOTUNIQ: several have the serial (their addresses are
 * listed: name one, too); -ENOTBLK: a partition, or no disk; -EINVAL: not the form of a PCI
 * address, or no serial was given; -ENOMEM; what listing /sys/class/block says.
 * A controller at vfio-pci is found by its address only; its serial then is "" and must be proved
 * by others (the store's record of the hand-over, or the guest). */
int device_find(const struct device_name *name, struct device *ret, struct bl_err *err);

/* What sysfs says of the whole disk @name ("nvme0n1"); a disk that is not there is all "". */
void device_look(const char *root, const char *name, struct device *ret);

/* Is @was still what it was when it was found? Names are given anew when a controller comes back to
 * its driver, so "nvme1n1" may be another disk a minute later. @fd (-1: none): open on it; while it
 * is, the kernel gives its name to no other disk. -ESTALE: another disk has its name, or another
 * function or size has it, or @fd is another disk; -ENODEV: nothing has its name. */
int device_check_same(const struct device *was, int fd, struct bl_err *err);

/* All disks of the host by name: every NVMe namespace, every other whole disk that is no loop, ram,
 * zram, dm or md device, then every NVMe controller without a namespace (or at vfio-pci). *ret is
 * new (free()); NULL when there is none. */
int device_list(const char *root, struct device **ret, size_t *ret_n, struct bl_err *err);

/* "0000:5e:00.0" of "5e:00.0" or "0000:5E:00.0". -EINVAL. */
int device_pci_text(const char *given, char out[BL_PCI_TEXT_MAX], struct bl_err *err);

/* The driver bound to @pci now: "nvme", "vfio-pci"; "" none. -ENODEV: no such function. */
int device_pci_driver(const char *root, const char *pci, char *out, size_t len);

/* What a function is, for a person: "NVMe controller", "Ethernet controller",
 * "PCI device of class 0x0c0330"; "" when there is none. Returns its class (24 bits), 0: not known.
 */
uint32_t device_pci_class(const char *root, const char *pci, char *out, size_t len);

/* Is vfio-pci, which hands a function over, in this kernel, or a file that modprobe can load?
 * @release: the kernel's; "" not known. */
enum device_vfio { DEVICE_VFIO_NONE, DEVICE_VFIO_LOADABLE, DEVICE_VFIO_LOADED };
enum device_vfio device_vfio_state(const char *root, char *release, size_t len);

/* "nvme0" of an NVMe controller that has a driver of the host; "" none. */
void device_pci_controller(const char *root, const char *pci, char *out, size_t len);

/* The serial of an NVMe controller, without padding; "" not known. */
void device_controller_serial(const char *root, const char *controller, char *out, size_t len);

/* "nvme0n1 nvme0n2": the namespaces of the controller at @pci that have a block device now,
 * in order; "" none. new (free()). NULL: can't be told (errno). */
char *device_namespaces(const char *root, const char *pci);
/* Is @block ("nvme0n1") one of them? 1, 0, or a negative errno. */
int device_has_namespace(const char *root, const char *pci, const char *block);

/* How many MSI-X vectors the function has (PCI capability 0x11, from its config space); 0: not
 * known. */
unsigned device_msix_vectors(const char *root, const char *pci);

#endif
