/* scripted.h - a VM whose monitor answers from a JSON object: command -> reply, and for qom-get
 * "PATH PROPERTY" -> value. It has no XML and no process. For tests. */
#ifndef SCRIPTED_H
#define SCRIPTED_H

#include <jansson.h>

#include "effective.h"
#include "hypervisor_priv.h"

struct scripted {
	struct hv_vm base;
	json_t *replies;
};
extern const struct hv_ops scripted_ops;

#define DUT    "/machine/peripheral/ua-dut" /* the disk under test, in QEMU's tree */
#define KERNEL "6.1.0-56-cloud-amd64"

/* What QEMU 7.2 answers about the VM of scripted_binding(), but for 'query-kvm'. */
#define SCRIPTED_VM                                                                                \
	"'query-version': {'qemu': {'major': 7, 'minor': 2, 'micro': 22}, 'package': 'Debian'},"   \
	" 'query-cpus-fast': [{'cpu-index': 0}, {'cpu-index': 1}],"                                \
	" 'query-memory-size-summary': {'base-memory': 268435456, 'plugged-memory': 0},"           \
	" '/machine type': 'pc-q35-7.2-machine',"

/* virtio-blk with two queues on one iothread, and a VM of two CPUs for it. */
struct cell scripted_cell(void);
/* Of a VM with that one disk, which is filled in; both are borrowed. */
struct domain_binding scripted_binding(struct domain_disk *disk, const struct cell *c);

/* A guest's fact; none when @value is NULL. */
void scripted_fact(struct facts *f, const char *key, const char *value);

int scripted_no_xml(struct hv_vm *vm, char **ret_xml, struct bl_err *err);

/* JSON with ' for "; new. */
json_t *scripted_json(const char *text);

/* The sentence for the first disk when @answers are given, but @value at @at (NULL: no answer
 * there); new, NULL: all match. */
char *scripted_sentence(const char *answers, const struct domain_binding *b, const char *at,
			const char *value);

#endif
