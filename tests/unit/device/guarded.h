/* guarded.h - a faked host with one NVMe disk, and what the guard says of it. */
#ifndef GUARDED_H
#define GUARDED_H

#include "guard.h"

#define PCI    "0000:5e:00.0"
#define SERIAL "S5XX-0001"
#define NS1    "/sys/devices/pci0000:00/" PCI "/nvme/nvme0/nvme0n1"

/* A host on which the NVMe disk SERIAL, "nvme0n1", can be handed over; faked_drop() ends it. */
void make_host(void);

struct device dev(void); /* that disk, as it is now */
void claimed(void);      /* it is the lab's from here on */

/* guard_check() of it returns @code and says @says. */
void refused_as(const char *serial, enum guard_use use, int code, const char *says);
void refused(enum guard_use use, int code, const char *says); /* by its own serial */
void passes(enum guard_use use);

#endif
