/* doctor.h - can this host run the lab, and what on it will spoil a measurement? */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "record.h"

enum doctor_level { DOCTOR_OK, DOCTOR_INFO, DOCTOR_WARN, DOCTOR_BAD, DOCTOR_LEVELS };
extern const char *const doctor_level_names[DOCTOR_LEVELS];

/* One answer. Strings are owned. */
struct doctor_row {
	char *area;              /* "acceleration", "memory", ... */
	char *what;              /* "cpu governor" */
	char *value;             /* "performance on all 8 cpus"; "not readable: ..." */
	enum doctor_level level; /* BAD: the lab can't run (that part) */
	char *meaning;           /* what it means for a measurement */
	char *remedy;            /* what to do; NULL: nothing */
};
struct doctor_rows {
	struct doctor_row *items;
	size_t n;
};

struct doctor_options {
	const char *root; /* "" on a real host; a folder with a faked /proc, /sys, /etc in tests */
	const char *work_dir; /* where backing files will live */
	uint64_t now_ms;
};

/* Rows from files of the host (cpu, memory, disk, timers, iommu). Things that can't be read are
 * rows too. The rows about KVM, QEMU and libvirt come from the runner's side: doctor_hypervisor().
 */
int doctor_host(const struct doctor_options *opt, struct doctor_rows *out, struct bl_err *err);
void doctor_rows_done(struct doctor_rows *r);

/* What is known about the hypervisor's side; NULL fields: not known, and rows say so. */
struct doctor_hypervisor {
	const char *libvirt_version; /* "9.0.0" */
	const char *qemu_version;    /* "7.2.22" */
	const char *uri;
	const char *fault;     /* why libvirt could not be opened; NULL: it was */
	int fault_code;        /* negative errno of @fault; -EBUSY: another process holds the work
				* folder, and @fault says which */
	const char *accel;     /* "kvm", "tcg" as proved by a probe guest; NULL: not proven */
	const char *accel_how; /* a sentence: how that was decided, or why not */
};
/* Rows about KVM, QEMU and libvirt, and which axis values they can't do. */
int doctor_hypervisor(const struct doctor_options *opt, const struct doctor_hypervisor *hv,
		      struct doctor_rows *out, struct bl_err *err);
int doctor_add(struct doctor_rows *r, const char *area, const char *what, enum doctor_level level,
	       const char *meaning, const char *remedy, const char *value_fmt, ...)
	__attribute__((format(printf, 7, 8)));

/* The environment snapshot: the same facts, without judgement, for run_record.environment
 * ("host.kernel", "cpu.model", "cpu.microcode", "cpu.mitigations", "cpu.governor",
 * "memory.total_bytes", "disk.scheduler", ...). */
int host_environment(const struct doctor_options *opt, struct facts *out, struct bl_err *err);

/* Stable id of the host: the first 16 hex digits of SHA-256("blklab" machine-id); never the
 * machine-id itself. On failure @out is "unknown". */
int host_id(const struct doctor_options *opt, char out[17], struct bl_err *err);

#endif
