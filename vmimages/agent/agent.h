/* agent.h - the parts of the guest agent, as main.c puts them together. */
#ifndef AGENT_H
#define AGENT_H

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

/* A line on the console, which the host keeps. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The reason, then the end: PID 1 leaving is a kernel panic, which the host sees. */
_Noreturn void fatal(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Reset the machine now: no sync, no flush, no shutdown of devices. */
void power_cut(void);

/* boot.c */
struct boot {
	json_t *modules; /* names loaded, in order */
	json_t *errors;  /* [{module, error}] */
};
void boot_mount(void);
void boot_modules(struct boot *b);
/* True when the kernel command line has @word. */
bool boot_has_word(const char *word);

/* port.c: open the virtio-serial port named WIRE_PORT_NAME, for reading and writing without
 * waiting. Ends the agent when it does not appear in time. */
int port_open(void);

/* disk.c: "/dev/vda" for the disk whose serial number is @serial. Of several namespaces of an NVMe
 * controller the one with id @nsid; 0: the first. -ENOENT: not there (yet). */
#define DISK_NAME_MAX 64
int disk_find(const char *serial, uint32_t nsid, char device[DISK_NAME_MAX]);
/* Read its first 4 KiB past the page cache; *ret_ns: when they were there, CLOCK_MONOTONIC. */
int disk_first_read(const char *device, uint64_t *ret_ns, struct bl_err *err);
/* The serial number of /sys/block/NAME. -ENOENT: it has none. */
int disk_serial(const char *name, char out[128]);

/* facts.c: {string: string}, as "Disk facts" in protocol.md. New; NULL: out of memory. */
json_t *disk_facts(const char *device);

/* health.c: a "health" message about the disk under test, "/dev/nvme0n1". May wait as long as the
 * controller does. New; NULL: out of memory. */
json_t *health_answer(json_int_t id, const char *device);

/* sysfs.c: one value, trimmed of blanks on both sides; negative errno. */
int sysfs_read(char *out, size_t len, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void trim(char *s);

/* telemetry.c: what was sampled becomes `telemetry` and its costs in a "result" message, thinned
 * out where it is long. -ENOMEM: some members may be missing. */
struct guest_sampled;
int telemetry_add(json_t *result, struct guest_sampled *all);

/* work.c: what takes long runs in a thread of its own, one at a time. */
enum work_kind { WORK_FILL, WORK_RUN, WORK_DROP, WORK_HEALTH };
struct work;

/* The request is copied. *ret_work is new. -EINVAL and so on, with @err: nothing was started.
 * @device is the disk under test. When it ends, 8 bytes are written to @event_fd. */
int work_start(enum work_kind kind, const json_t *request, const char *device, int event_fd,
	       struct work **ret_work, struct bl_err *err);
/* A "progress" message without its type; @w NULL: idle. */
json_t *work_progress(struct work *w);
/* Wait for its end and give its answer (new), then free it. */
json_t *work_finish(struct work *w);
void work_stop(struct work *w); /* end early, then work_finish() */

/* An "error" message for the request @id. */
json_t *error_message(json_int_t id, const struct bl_err *err);

/* serve.c: say hello, answer, until poweroff. */
void serve(int port, const struct boot *b);

#endif
