/* faked.h - a host made of files: /proc, /sys and /dev below one folder, with the links that the
 * kernel makes. */
#ifndef FAKED_H
#define FAKED_H

#include <stddef.h>

extern char faked_root[64];

void faked_make(void); /* an empty host: a root disk sda, no swap, no IOMMU */
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

#endif
