/* synthetic.h - runs made up for tests, with everything that can happen in one. */
#ifndef SYNTHETIC_H
#define SYNTHETIC_H

#include "record.h"

struct synthetic {
	unsigned repeats;
	unsigned seconds;   /* of each job */
	bool is_small;      /* three cells, one job: for golden documents */
	bool is_hostile;    /* names, reasons and consoles that try to break out */
	bool has_depths;    /* three more jobs that differ in iodepth only */
	bool has_devices;   /* cells on a real NVMe device, with hand-overs and some trouble */
	bool is_watched;    /* five cells with signals of guest, QEMU and host, two that stall */
	bool is_killed;     /* the run never ended */
	bool is_all_failed; /* no trial gave figures */
	const char *accel;  /* NULL: "tcg" */
	uint64_t seed;
};

/* The same @how gives the same run, byte for byte. End with run_data_done(). */
void synthetic_run(const struct synthetic *how, struct run_data *ret);

/* What has_devices adds to the trials of a run: device, health, interrupts, hand-overs, needs. */
void synthetic_devices(const struct synthetic *how, struct run_data *d);

/* What is_watched adds to the jobs of a run: a guest with a clock of its own, signals, CPU time by
 * role. */
void synthetic_watched(const struct synthetic *how, struct run_data *d);

/* Text that must never reach a document as it is. */
#define HOSTILE "</script><img src=x onerror=alert(1)>\033[31m'\"|`$(x)"

#endif
