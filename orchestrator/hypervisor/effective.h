/* effective.h - trust but verify: what really runs, beside what the cell asked for.
 *
 * Host side: live XML, QMP (query-named-block-nodes, query-block, query-iothreads, device
 * properties by qom-get), QEMU's open file flags (/proc/PID/fdinfo), for a PCI function that
 * was handed over its driver (/sys/bus/pci). Guest side: the disk facts of
 * protocol.md. Each fills rows; a row whose asked and effective differ fails the trial.
 */
#ifndef EFFECTIVE_H
#define EFFECTIVE_H

#include "cell.h"
#include "domain.h"
#include "hypervisor.h"
#include "record.h"

/* Of the i-th disk of @b, and of the VM. */
int effective_host(struct hv_vm *vm, const struct domain_binding *b, size_t i,
		   struct effectives *out, struct bl_err *err);
/* @disk: facts as the agent described them; @guest: hello's facts ("cpus", "kernel"). */
int effective_guest(const struct domain_binding *b, size_t i, const struct facts *disk,
		    const struct facts *guest, struct effectives *out, struct bl_err *err);
/* One sentence that names the first differences: "cache.direct: asked on, effective off (qmp ...)".
 * new. */
char *effective_mismatch(const struct effectives *e); /* NULL: all match */

#endif
