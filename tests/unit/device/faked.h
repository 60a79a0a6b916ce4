/* faked.h - a host made of files: /proc, /sys and /dev below one folder, with the links that the
 * kernel makes. */
#ifndef FAKED_H
#define FAKED_H

#include <stddef.h>
#include <sys/types.h>

extern char faked_root[64];

void faked_empty(void); /* nothing at all */
void faked_make(void);  /* a host with a root disk sda, without swap and IOMMU */
void faked_drop(void);
void faked_put(const char *path, const char *text); /* "/proc/swaps" */
void faked_put_bytes(const char *path, const void *data, size_t len);
void faked_link(const char *path, const char *target);
void faked_remove(const char *path);

/* A PCI function. @driver "" none; @group -1 none. */
void faked_pci(const char *pci, const char *class, const char *driver, int group);
void faked_driver(const char *pci, const char *driver); /* another one; "" none */

/* An NVMe controller "nvme@n" at @pci, bound to nvme. */
void faked_nvme(const char *pci, unsigned n, const char *serial, int group);
/* Its namespace "nvmeNnK", an image of 16 MiB at /dev/nvmeNnK with device number 259:minor. */
void faked_namespace(const char *pci, unsigned n, unsigned nsid, unsigned minor);
/* Partition @part of a namespace, 512 KiB, device number 259:minor, with a node of 512 KiB. */
void faked_partition(const char *pci, unsigned n, unsigned nsid, unsigned part, unsigned minor);
/* A disk without PCI function, such as "sdx": an image of 16 MiB. */
void faked_disk(const char *name, const char *serial, const char *number);
/* Bytes of a disk: @node is "nvme0n1". */
void faked_write_at(const char *node, const void *data, size_t len, off_t at);

/* faked_make(), and the NVMe disk "nvme0n1" that can be handed over to vfio-pci. */
#define PCI    "0000:5e:00.0"
#define SERIAL "S5XX-0001"
#define NS1    "/sys/devices/pci0000:00/" PCI "/nvme/nvme0/nvme0n1"
void faked_one_disk(void);

#endif
