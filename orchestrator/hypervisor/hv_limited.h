/* hv_limited.h - questions to a VM's monitor that keep nobody waiting.
 *
 * hv_vm_qmp() waits as long as QEMU's main loop does, which may stand still for as long as its
 * storage does. Here each question has a thread of its own, and the one who asks a limit.
 */
#ifndef HV_LIMITED_H
#define HV_LIMITED_H

#include <signal.h>

#include "hypervisor.h"

/* A view of @vm (borrowed) for hv_vm_qmp(), hv_vm_xml() and hv_vm_pid(). A question takes @limit_ns
 * at most: -ETIMEDOUT, and so do those after it, at once, for they would wait behind it. -EINTR:
 * @stop (may be NULL) was set, seen within 100 ms. One that was given up frees itself when its
 * answer comes. hv_vm_end() frees the view and leaves @vm alone, which lives as long as hv_vm_qmp()
 * says. NULL: out of memory. */
struct hv_vm *hv_limited(struct hv_vm *vm, uint64_t limit_ns, volatile sig_atomic_t *stop);

#endif
