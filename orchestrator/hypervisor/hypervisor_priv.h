/* hypervisor_priv.h - what one hypervisor must provide; hypervisor.c calls through it.
 *
 * struct hv and struct hv_vm of an implementation begin with these. Only hypervisor.c, the
 * implementations (hv_*.c) and their unit tests include this.
 */
#ifndef HYPERVISOR_PRIV_H
#define HYPERVISOR_PRIV_H

#include "hypervisor.h"

struct hv_ops {
	const char *name;
	void (*close)(struct hv *hv);
	const char *(*uri)(const struct hv *hv);
	int (*facts)(struct hv *hv, struct facts *out, struct bl_err *err);
	int (*domain_capabilities)(struct hv *hv, const char *emulator, const char *accel,
				   char **ret_xml, struct bl_err *err);
	int (*start)(struct hv *hv, const char *xml, struct hv_vm **ret_vm, uint64_t *ret_start_ns,
		     struct bl_err *err);
	int (*end_orphans)(struct hv *hv,
			   void (*each)(void *ctx, const char *name, const char *run,
					const char *trial),
			   void *ctx, struct bl_err *err);

	int (*send)(struct hv_vm *vm, const void *data, size_t len, uint64_t limit_ns,
		    struct bl_err *err);
	int (*recv)(struct hv_vm *vm, struct bl_buf *out, uint64_t limit_ns, struct bl_err *err);
	enum hv_vm_state (*state)(struct hv_vm *vm);
	const char *(*end_reason)(struct hv_vm *vm); /* may be absent */
	int (*wait_end)(struct hv_vm *vm, uint64_t limit_ns);
	int (*xml)(struct hv_vm *vm, char **ret_xml, struct bl_err *err);
	int (*qmp)(struct hv_vm *vm, const char *command, const json_t *args, json_t **ret_reply,
		   struct bl_err *err);
	pid_t (*pid)(struct hv_vm *vm); /* may be absent: 0 */
	void (*stop)(struct hv_vm *vm); /* may be absent: end does it */
	void (*end)(struct hv_vm *vm);
};

struct hv {
	const struct hv_ops *ops;
};
struct hv_vm {
	const struct hv_ops *ops;
};

/* QMP, whatever way it goes: "{execute, arguments}", new. NULL: out of memory. */
json_t *hv_qmp_question(const char *command, const json_t *args);
/* The "return" of @answer, new; -ENOTSUP: QEMU has no such command, -EIO: with its own words (which
 * may be a stranger's: printable ASCII only). */
int hv_qmp_answer(const char *command, const json_t *answer, json_t **ret_reply,
		  struct bl_err *err);

int hv_libvirt_open(const char *uri, const char *root, struct hv **ret_hv, struct bl_err *err);

/* @uri: "fake:" and a script, see hv_fake.h. */
int hv_fake_open(const char *uri, struct hv **ret_hv, struct bl_err *err);

#endif
