/* effective_priv.h - between the files that read the host's side back; nobody else includes it. */
#ifndef EFFECTIVE_PRIV_H
#define EFFECTIVE_PRIV_H

#ifndef EFFECTIVE_INTERNAL
#error "effective_priv.h is for the effective configuration only: include effective.h"
#endif

#include <jansson.h>

#include "effective.h"

/* Where each bus keeps what is compared. */
struct bus_row {
	const char *type;   /* QEMU's device */
	const char *queues; /* property; NULL: none */
	bool has_iothread;
	const char *controller; /* type of the one that has queues and iothread; NULL: the disk */
	bool has_nodes;         /* QEMU's block layer has the disk */
};

struct look {
	struct hv_vm *vm;
	const struct cell *cell;
	const struct domain_binding *with;
	size_t i; /* of the disk */
	const struct domain_disk *disk;
	const struct bus_row *bus;
	/* In QEMU: the disk's id, its path, and that of the device with queues and iothread. */
	char alias[DOMAIN_NAME_MAX], path[96], controller[96];
	struct effectives *out;
	int r; /* the first -ENOMEM */
};

const char *look_on_off(bool on);
void look_add(struct look *l, const char *key, const char *asked, const char *effective,
	      const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* A QMP reply, new; NULL with the reason in @why. Steals @args. */
json_t *look_ask(struct look *l, const char *command, json_t *args, struct bl_err *why);

/* A property as text, new; NULL with the reason in @why. */
char *look_property(struct look *l, const char *path, const char *name, struct bl_err *why);
void look_add_property(struct look *l, const char *key, const char *asked, const char *path,
		       const char *name);

/* The disk in QEMU's block layer, and in its process when @pid is above 0. */
void look_nodes(struct look *l, pid_t pid);

/* The PCI function that was handed over. */
void look_function(struct look *l);

#endif
