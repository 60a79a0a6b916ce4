/* guest.h - the host's side of a session with the guest agent (wire/protocol.md).
 *
 * One request at a time, each with a time limit. The guest is not trusted: lengths,
 * types and numbers are checked before they are used, and all of its text that leaves here
 * is printable ASCII ('?' for the rest): it ends up in terminals and reports. Every call may
 * return, besides its own errors: -ETIMEDOUT  the step's limit passed, or the guest was silent for
 * too long -EPIPE      the guest or QEMU is gone -EBADMSG    what came is not the protocol -EINTR
 * @stop was set -EREMOTEIO  the agent answered with an error (its text is the reason) or what
 * @watch returned.
 */
#ifndef GUEST_H
#define GUEST_H

#include <signal.h>

#include "hypervisor.h"
#include "record.h"

struct guest_state {
	char phase[16]; /* "idle", "fill", "ramp", "run", as the agent last said */
	uint64_t elapsed_ns, ios, bytes;
};

struct guest_options {
	volatile sig_atomic_t *stop; /* may be NULL */
	uint64_t silence_ns; /* after hello, so long without a message is a failure; 0: 10 s */
	/* Called at least every 100 ms while waiting, with what is known. Negative ends the wait:
	 * the watcher has seen the guest die and noted the reason in @err. May be NULL. */
	int (*watch)(void *ctx, const struct guest_state *state, struct bl_err *err);
	void (*log)(void *ctx, const char *text); /* the agent's `log` messages; may be NULL */
	void *ctx;
};

struct guest; /* borrows the VM */

int guest_new(struct hv_vm *vm, const struct guest_options *opt, struct guest **ret);
struct guest *guest_free(struct guest *g); /* returns NULL */
void guest_freep(struct guest **g);

/* The facts of `hello`: "agent_version", "kernel", "cpus", ... @ret_at_ns: when it came.
 * -EPROTONOSUPPORT: another protocol version. */
int guest_hello(struct guest *g, uint64_t limit_ns, struct facts *out, uint64_t *ret_at_ns,
		struct bl_err *err);

/* host time = guest time + offset_ns, within +- uncertainty_ns (half of the fastest
 * of @n round trips; the true offset is inside as both directions took some time). */
struct guest_clock {
	int64_t offset_ns;
	uint64_t uncertainty_ns;
};
int guest_clock(struct guest *g, unsigned n, uint64_t limit_ns, struct guest_clock *ret,
		struct bl_err *err);
/* Of what lies between two measurements, between which the clocks may have drifted apart: covers
 * both. */
struct guest_clock guest_clock_between(const struct guest_clock *before,
				       const struct guest_clock *after);
uint64_t guest_clock_to_host(const struct guest_clock *c, uint64_t guest_ns);

struct guest_disk {
	char device[64]; /* "/dev/vda" */
	uint64_t size_bytes;
	uint64_t first_read_ns; /* guest's clock: its first 4 KiB had been read */
	struct facts facts;     /* "Disk facts" of protocol.md */
};
/* @nsid: of several namespaces that an NVMe controller with this serial has; 0: the first. */
int guest_describe(struct guest *g, const char *serial, uint32_t nsid, uint64_t limit_ns,
		   struct guest_disk *ret, struct bl_err *err);
void guest_disk_done(struct guest_disk *d);

/* @limit_bytes: the target ends there, the agent refuses to touch what lies behind (-EREMOTEIO); 0:
 * the whole disk. */
int guest_precondition(struct guest *g, const char *device, uint64_t size_bytes,
		       uint64_t limit_bytes, uint64_t seed, uint64_t limit_ns,
		       uint64_t *ret_elapsed_ns, struct bl_err *err);

/* The jobs of one group. */
struct guest_jobs {
	const char *device;
	const char *text; /* fio text */
	size_t n;
	uint64_t limit_bytes; /* the target ends there, as in guest_precondition() */
	uint64_t limit_ns;    /* to their answer */
	uint64_t
		watch_interval_ns; /* how often the guest samples itself meanwhile; 0: not at all */
};
struct guest_jobs_told {
	struct sample **samples; /* [n], the caller's room; the samples are new */
	/* A fact for each interrupt of the disk that counted while the jobs ran: "nvme0q1" =
	 * "0:1234 3:55", CPU:count. */
	struct facts interrupts;
	/* Signals of the guest's table in results/series/signals.md, by the guest's clock. Empty:
	 * it sampled nothing. */
	struct series_set watched;
	uint64_t watch_cost_ns; /* CPU time of the guest that this took */
	uint64_t watch_readings;
};
/* @ret: {.samples = room}. On failure it is as it was. */
int guest_run(struct guest *g, const struct guest_jobs *jobs, struct guest_jobs_told *ret,
	      struct bl_err *err);
/* All but the samples, which are the caller's. */
void guest_jobs_told_done(struct guest_jobs_told *t);

/* What the disk's NVMe controller says of itself is added to @ret_facts (keys of nvme_info.h;
 * "failed": why some are missing; none of them when the disk is no NVMe; "events.not_read": why
 * there are no events). What the guest's kernel logged about trouble with the disk since boot or
 * since the last call is added to @ret_events as "0", "1"... On failure both are as they were. */
int guest_health(struct guest *g, uint64_t limit_ns, struct facts *ret_facts,
		 struct facts *ret_events, struct bl_err *err);

int guest_drop(struct guest *g, uint64_t limit_ns, struct bl_err *err);

/* Returns when the agent has said that it will; the VM ends a moment later. A VM that
 * is gone before the answer came has done as told: 0. */
int guest_poweroff(struct guest *g, uint64_t limit_ns, struct bl_err *err);

#endif
