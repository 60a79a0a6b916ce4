/* hypervisor.h - the one door to libvirt, and its stand-in for fast tests.
 *
 * Two rows: libvirt (any URI) and fake (a scripted guest in this process, for the
 * pipeline's unit tests). Nothing above this header knows libvirt's types.
 * A struct hv may be used from one thread; its event loop runs in its own. Only hv_vm_qmp() may be
 * called from a second one meanwhile.
 */
#ifndef HYPERVISOR_H
#define HYPERVISOR_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "buf.h"
#include "err.h"
#include "record.h"

struct hv;
struct hv_vm;

enum hv_vm_state { HV_RUNNING, HV_PAUSED, HV_SHUTOFF, HV_CRASHED };

/* @uri NULL: qemu:///embed?root=ROOT, whose etc/qemu.conf is written first (hv_embed.c). @root is
 * made when missing; libvirt's own log is ROOT/libvirt.log. A process can use one root in its life.
 * -ENOTSUP: no libvirt or QEMU driver; -EBUSY: another process works in ROOT (its pid is named). */
int hv_open(const char *uri, const char *root, struct hv **ret_hv, struct bl_err *err);
struct hv *hv_close(struct hv *hv);
const char *hv_uri(const struct hv *hv);

/* "libvirt.version", "qemu.version" (of the default emulator), "hypervisor.uri". */
int hv_facts(struct hv *hv, struct facts *out, struct bl_err *err);

/* The domain capabilities XML of @emulator (NULL: the default), new (free()). */
int hv_domain_capabilities(struct hv *hv, const char *emulator, const char *accel, char **ret_xml,
			   struct bl_err *err);

/* Create a transient domain from @xml and open its channel WIRE_PORT_NAME. QEMU runs when this
 * returns; *ret_start_ns is bl_now_ns() just before it was told to start. */
int hv_start(struct hv *hv, const char *xml, struct hv_vm **ret_vm, uint64_t *ret_start_ns,
	     struct bl_err *err);

/* Channel. send: all bytes or an error, within @limit_ns. recv: appends what is there; 0: nothing
 * came within
 * @limit_ns; > 0: bytes; -EPIPE: the guest or QEMU is gone. */
int hv_vm_send(struct hv_vm *vm, const void *data, size_t len, uint64_t limit_ns,
	       struct bl_err *err);
int hv_vm_recv(struct hv_vm *vm, struct bl_buf *out, uint64_t limit_ns, struct bl_err *err);

enum hv_vm_state hv_vm_state(struct hv_vm *vm);
/* Why it ended, as the hypervisor tells it: "the guest panicked", "the guest powered off", "qemu
 * ended by itself". NULL while it runs. Borrowed from @vm. */
const char *hv_vm_end_reason(struct hv_vm *vm);
/* 0 when the domain has ended within @limit_ns, else -ETIMEDOUT. */
int hv_vm_wait_end(struct hv_vm *vm, uint64_t limit_ns);
int hv_vm_xml(struct hv_vm *vm, char **ret_xml, struct bl_err *err); /* live XML, new */
/* One QMP command; @args (may be NULL) is borrowed. *ret_reply is the "return" value, new. It waits
 * as long as QEMU's main loop does. One that is under way in another thread when hv_vm_stop() is
 * called returns with an error, and touches @vm no more; none may begin then. */
int hv_vm_qmp(struct hv_vm *vm, const char *command, const json_t *args, json_t **ret_reply,
	      struct bl_err *err);
pid_t hv_vm_pid(struct hv_vm *vm); /* of QEMU; 0: not on this host */

/* End it by force if it still runs, and wait until it has. Nothing is freed: for those who wait in
 * another thread. NULL is fine. */
void hv_vm_stop(struct hv_vm *vm);
/* The same, and free. NULL is fine. Returns NULL. */
struct hv_vm *hv_vm_end(struct hv_vm *vm);

/* Domains with our metadata element whose owner process (pid and start time, on this host) is gone
 * are ended, and, in the embedded driver, QEMU processes of this root that libvirt has lost.
 * Calls @each (may be NULL) with the name, run and trial of each ("" when they can't be told).
 * Returns how many, or negative. */
int hv_end_orphans(struct hv *hv,
		   void (*each)(void *ctx, const char *name, const char *run, const char *trial),
		   void *ctx, struct bl_err *err);

/* This process, as domain metadata names it: field 22 of /proc/PID/stat. 0: no such process. */
uint64_t hv_process_start(pid_t pid);
/* The host that owner_pid belongs to, for domain_binding.owner_host. A hypervisor that several
 * hosts share (any URI but the embedded driver's) ends no domain that does not name its host. */
const char *hv_this_host(void);

#endif
