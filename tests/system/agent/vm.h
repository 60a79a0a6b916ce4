/* vm.h - one plain QEMU with the guest image, and the host's end of its agent's channel.
 *
 * No libvirt here: what is tested is the image and the agent. A failed step is a failed test. */
#ifndef VM_H
#define VM_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "image.h"
#include "wire.h"

struct vm {
	pid_t pid; /* 0: not running */
	int fd;    /* the channel; -1: not connected */
	struct wire_reader reader;
	char dir[64]; /* socket, console, disks */
	uint64_t started_ns;
	unsigned n_progress; /* "progress" messages passed over */
	json_t *progress;    /* the last one that was not idle; NULL: none */
	json_int_t next_id;
};

/* The image that the environment asks for: BLKLAB_AGENT, the kernel in @variable or else the newest
 * package matching @pattern below the source folder. NULL: there is no such kernel. */
struct image *vm_image(const char *variable, const char *pattern);

/* A new folder, and a raw disk in it. */
void vm_init(struct vm *vm);
void vm_make_disk(struct vm *vm, const char *name, uint64_t bytes);

/* Start with @words added to the kernel's command line and @devices (QEMU arguments, NULL at the
 * end;
 * "%s" stands for the folder). */
void vm_start(struct vm *vm, const struct image *img, const char *words,
	      const char *const *devices);
void vm_connect(struct vm *vm);
void vm_disconnect(struct vm *vm);

/* The next message that is no progress; NULL: the other side closed, or nothing in time. */
json_t *vm_receive(struct vm *vm, uint64_t limit_ns);
/* The same, of type @type. */
json_t *vm_expect(struct vm *vm, const char *type, uint64_t limit_ns);

/* Send with the next id (takes @request); answered by a message of @type with the same id. */
void vm_send(struct vm *vm, json_t *request);
json_t *vm_ask(struct vm *vm, json_t *request, const char *type, uint64_t limit_ns);

/* Exit status of QEMU; -1: still running at the limit. */
int vm_wait_exit(struct vm *vm, uint64_t limit_ns);
/* True when the console has @text by then. */
bool vm_console_has(struct vm *vm, const char *text, uint64_t limit_ns);
void vm_done(struct vm *vm); /* ends QEMU, removes the folder */

#endif
