#include "hypervisor.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hypervisor_priv.h"
#include "process_stat.h"

int hv_open(const char *uri, const char *root, struct hv **ret_hv, struct bl_err *err)
{
	if (uri && strncmp(uri, "fake:", 5) == 0)
		return hv_fake_open(uri, ret_hv, err);
	return hv_libvirt_open(uri, root, ret_hv, err);
}

struct hv *hv_close(struct hv *hv)
{
	if (hv)
		hv->ops->close(hv);
	return NULL;
}

const char *hv_uri(const struct hv *hv)
{
	return hv->ops->uri(hv);
}

int hv_facts(struct hv *hv, struct facts *out, struct bl_err *err)
{
	return hv->ops->facts(hv, out, err);
}

int hv_domain_capabilities(struct hv *hv, const char *emulator, const char *accel, char **ret_xml,
			   struct bl_err *err)
{
	return hv->ops->domain_capabilities(hv, emulator, accel, ret_xml, err);
}

int hv_start(struct hv *hv, const char *xml, struct hv_vm **ret_vm, uint64_t *ret_start_ns,
	     struct bl_err *err)
{
	return hv->ops->start(hv, xml, ret_vm, ret_start_ns, err);
}

int hv_end_orphans(struct hv *hv,
		   void (*each)(void *ctx, const char *name, const char *run, const char *trial),
		   void *ctx, struct bl_err *err)
{
	return hv->ops->end_orphans(hv, each, ctx, err);
}

int hv_vm_send(struct hv_vm *vm, const void *data, size_t len, uint64_t limit_ns,
	       struct bl_err *err)
{
	return vm->ops->send(vm, data, len, limit_ns, err);
}

int hv_vm_recv(struct hv_vm *vm, struct bl_buf *out, uint64_t limit_ns, struct bl_err *err)
{
	return vm->ops->recv(vm, out, limit_ns, err);
}

enum hv_vm_state hv_vm_state(struct hv_vm *vm)
{
	return vm->ops->state(vm);
}

const char *hv_vm_end_reason(struct hv_vm *vm)
{
	return vm->ops->end_reason ? vm->ops->end_reason(vm) : NULL;
}

int hv_vm_wait_end(struct hv_vm *vm, uint64_t limit_ns)
{
	return vm->ops->wait_end(vm, limit_ns);
}

int hv_vm_xml(struct hv_vm *vm, char **ret_xml, struct bl_err *err)
{
	return vm->ops->xml(vm, ret_xml, err);
}

int hv_vm_qmp(struct hv_vm *vm, const char *command, const json_t *args, json_t **ret_reply,
	      struct bl_err *err)
{
	return vm->ops->qmp(vm, command, args, ret_reply, err);
}

pid_t hv_vm_pid(struct hv_vm *vm)
{
	return vm->ops->pid ? vm->ops->pid(vm) : 0;
}

void hv_vm_stop(struct hv_vm *vm)
{
	if (vm && vm->ops->stop)
		vm->ops->stop(vm);
}

struct hv_vm *hv_vm_end(struct hv_vm *vm)
{
	if (vm)
		vm->ops->end(vm);
	return NULL;
}

const char *hv_this_host(void)
{
	static _Thread_local char name[256];

	if (gethostname(name, sizeof name - 1) < 0)
		name[0] = '\0';
	return name;
}

uint64_t hv_process_start(pid_t pid)
{
	struct process_stat st;

	return process_stat_read("", pid, 0, &st) < 0 ? 0 : st.start_ticks;
}
