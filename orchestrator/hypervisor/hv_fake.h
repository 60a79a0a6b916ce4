/* hv_fake.h - the fake hypervisor's guest: a thread that speaks the agent's protocol.
 *
 * No VM runs. Disks are real files, jobs run on the null engine, so that what comes out
 * measures the lab itself. For hv_fake.c and its tests.
 */
#ifndef HV_FAKE_H
#define HV_FAKE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "fake_domain.h"

/* What goes wrong, by name in the URI: "fake:ok,panic,mute". The n-th VM takes the n-th
 * word, later ones the last; "fake:" alone is all well. */
enum fake_fault {
	FAKE_OK,
	FAKE_MUTE,           /* runs, never says hello */
	FAKE_PANIC,          /* a kernel panic on the console instead of hello, then gone */
	FAKE_PANIC_IN_JOB,   /* the same in mid-job, and the VM stays, hung */
	FAKE_DIE_IN_JOB,     /* gone in mid-job */
	FAKE_SILENT,         /* says hello, then nothing any more, not even a heartbeat */
	FAKE_GARBAGE,        /* a frame that is not JSON */
	FAKE_OVERSIZED,      /* a frame that says it has 4 GiB */
	FAKE_ERROR,          /* answers `run` with an error */
	FAKE_JOB_ERROR,      /* a sample whose job ended with EIO */
	FAKE_WILL_NOT_START, /* no VM at all, with what QEMU says on a host whose KVM is broken */
	FAKE_ESCAPES,        /* every text it tells has terminal control sequences in it */
	FAKE_ESCAPE_TYPE,    /* answers `describe` with a message whose type is such a sequence */
	FAKE_ESCAPE_JSON,    /* a frame that is not JSON, with such sequences */
	FAKE_OTHER_KERNEL,   /* another kernel than the one it was started with */
	FAKE_WRONG_DRIVER,   /* another driver than the bus asked for */
	FAKE_SHORT_DISK,     /* a disk smaller than the backing */
	FAKE_NO_DISK,        /* answers `describe` with an error */
	FAKE_HANG,           /* says it will power off and does not */
	FAKE_BAD_INTERRUPTS, /* counts of interrupts that are no counts */
	FAKE_BAD_TELEMETRY,  /* telemetry that is no base64 */
	FAKE_DAMAGED_TELEMETRY, /* that is no set of series */
	FAKE_FOREIGN_TELEMETRY, /* with a signal that a guest does not have */
	FAKE_LATE_TELEMETRY,    /* with a moment at the end of time */
	FAKE_SECOND_JOB_ERROR,  /* as FAKE_JOB_ERROR, on the second of several disks */
	FAKE_SECOND_DRIVER,     /* as FAKE_WRONG_DRIVER, of the second of several disks */
	FAKE_DIE_IN_THIRD,      /* as FAKE_DIE_IN_JOB, at the third request to run jobs */
	FAKE_FAULTS
};
extern const char *const fake_fault_names[FAKE_FAULTS];

struct fake_guest {
	int fd; /* the guest's end of the channel */
	enum fake_fault fault;
	struct fake_domain domain;
	struct fake_disk *disk; /* under test: the one that was described last */
	unsigned n_runs;        /* requests to run jobs until now */
	_Atomic bool must_end;  /* power cut */
	_Atomic bool has_ended; /* fd is closed */
	_Atomic bool has_crashed;
};

/* VMs of this process that were started and not ended yet. */
unsigned fake_n_vms(void);

/* The guest's life; ends with fd closed and has_ended. For pthread_create(). */
void *fake_guest_main(void *guest);

#endif
