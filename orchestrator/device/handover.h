/* handover.h - a PCI function between its driver and vfio-pci.
 *
 * libvirt does both ways (managed='yes'). Here is what is checked around it, and the way back
 * by hand for when libvirt could not.
 */
#ifndef HANDOVER_H
#define HANDOVER_H

#include "device.h"

/* Wait until the function at @pci is at @driver and has at least as many namespaces with a block
 * device as @namespaces names ("nvme0n1 nvme0n2"; ""), under whatever names. @ret_namespaces (may
 * be NULL): what is there, new. -ETIMEDOUT: not within @limit_ns: says where it is. -ENODEV: it is
 * gone from the bus. */
int handover_wait_back(const char *root, const char *pci, const char *driver,
		       const char *namespaces, uint64_t limit_ns, char **ret_namespaces,
		       struct bl_err *err);

/* Give the function back by sysfs: unbind from vfio-pci, clear driver_override, bind to @driver
 * (drivers_probe when it refuses). 0 also when it is there already. Touches nothing that is
 * bound to any other driver than vfio-pci: -EBUSY (says which). */
int handover_return(const char *root, const char *pci, const char *driver, struct bl_err *err);

/* How a person gives @pci (or "ADDRESS") back, for messages. Returns @out. */
#define HANDOVER_REMEDY_MAX 256
char *handover_remedy(const char *pci, char out[HANDOVER_REMEDY_MAX]);

/* Is any process using the VFIO group of @pci (an open /dev/vfio/GROUP)? Its pid, else 0. Negative
 * errno: none that can be seen, and not all can (-EACCES: not root). */
long handover_user(const char *root, const char *pci);

#endif
