/* record.h - what the lab remembers: run, cell, trial, job result, hand-over, baseline, change.
 *
 * Plain data, made by the runner, written by the store, read back by reports.
 * Strings are owned (malloc) and never NULL unless the comment says so; an
 * empty list is {NULL, 0}. What was not measured is absent: a missing fact, a NULL
 * string, never 0.
 */
#ifndef RECORD_H
#define RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "sample.h"
#include "series.h"

/* An ordered list of facts: "kernel" = "6.1.0-56-cloud-amd64". Keys are dotted lower
 * case, with the unit at the end when there is one ("memory.free_bytes"). */
struct fact {
	char *key, *value;
};
struct facts {
	struct fact *items;
	size_t n;
};
int facts_add(struct facts *f, const char *key, const char *value); /* copies; -ENOMEM */
int facts_addf(struct facts *f, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
const char *facts_get(const struct facts *f, const char *key); /* borrowed; NULL: absent */
/* Appends all of @from. -ENOMEM: @to may hold the first of them. */
int facts_copy(struct facts *to, const struct facts *from);
void facts_done(struct facts *f);

/* One line of the proof that the VM ran what was asked. */
struct effective {
	char *key;       /* "cache.direct", "iothread", "guest.driver", ... */
	char *asked;     /* NULL: the cell does not say; shown for information only */
	char *effective; /* NULL: could not be read; @source then says why */
	char *source;    /* "qmp query-named-block-nodes", "guest sysfs", "live XML" */
	bool matches;    /* true when asked is NULL or both are alike */
};
struct effectives {
	struct effective *items;
	size_t n;
};
/* Copies the strings; computes matches by string equality. A value that was asked and
 * could not be read does not match. -ENOMEM. */
int effectives_add(struct effectives *e, const char *key, const char *asked, const char *effective,
		   const char *source);
void effectives_done(struct effectives *e);

enum trial_state {
	TRIAL_OK,          /* ran what was asked, all jobs measured */
	TRIAL_FAILED,      /* boot, hello, job or shutdown failed; reason says */
	TRIAL_MISMATCH,    /* asked and effective configuration differ */
	TRIAL_IMPOSSIBLE,  /* this host, kernel or emulator can't do the cell */
	TRIAL_INTERRUPTED, /* the user stopped it */
	TRIAL_STATES
};
extern const char *const trial_state_names[TRIAL_STATES];

/* Who watched while a job ran. */
enum watcher { WATCHED_HOST, WATCHED_GUEST, WATCHED_QEMU, WATCHERS };
extern const char *const watcher_names[WATCHERS]; /* "host", "guest", "qemu" */

/* One job in one trial. */
struct job_result {
	char *name;            /* section name */
	char *job_text;        /* the job as canonical fio text */
	struct sample *sample; /* owned; NULL when the job gave none (see trial reason) */
	/* CPU time of the whole VM process on the host (all its threads) while the job
	 * ran; for bus host, of the process that ran the job. has_host_cpu false: absent. */
	bool has_host_cpu;
	uint64_t host_cpu_ns;
	struct facts facts; /* further measurements of this job's window, e.g.
			     * "cpu.vcpu_ns", "cpu.iothread_ns", "cpu.main_ns"; "steady.*"
			     * (job_steady.h) of the rounds before it, and of itself */
	/* The job's counted time and a little around it, all on the host's CLOCK_MONOTONIC;
	 * empty: not watched. The signals' names are in results/series/signals.md. */
	struct series_set watched[WATCHERS];
};

struct trial_record {
	char id[BL_UUID_TEXT];
	char run_id[BL_UUID_TEXT];
	uint32_t cell;   /* index into run_data.cells */
	uint32_t repeat; /* 0-based */
	uint32_t order;  /* position in the plan, 0-based */
	/* The boot it ran in, by the id of that boot's first trial: its own id, unless variants
	 * alternate in one boot. "" when put: its own id; never "" when loaded. */
	char boot[BL_UUID_TEXT];
	uint32_t round; /* 0-based in its boot; above 0 only where variants alternate in one */
	enum trial_state state;
	char *reason;                  /* NULL when state is TRIAL_OK */
	uint64_t started_ms, ended_ms; /* wall clock */
	struct facts facts;            /* "boot.start_to_hello_ns", "boot.start_to_first_io_ns",
					* "emulator.version", "image.kernel", guest facts
					* ("guest.kernel", ...), "clock.offset_ns", ... */
	struct effectives effective;
	char *domain_xml;   /* live XML; NULL for bus host or when it never started */
	char *console_tail; /* last lines of the serial console; NULL: none */
	struct job_result *jobs;
	size_t n_jobs;
};

struct cell_record {
	char *name;        /* unique in the run */
	struct facts axes; /* axis name -> value, in the order of the axis table; absent: the
			    * axis has no meaning in this cell */
	char *durability;  /* one line: what survives which crash */
};

struct run_record {
	char id[BL_UUID_TEXT];
	char *scenario_name;
	char *scenario_text; /* the YAML as read */
	char *host_id;       /* stable id of the host (hash of machine-id) */
	char *host_name;
	char *accel;   /* "kvm" or "tcg" as proved by the probe; "none": no cell has a VM */
	char *version; /* of blklab */
	uint64_t seed;
	uint32_t repeats;
	uint64_t started_ms, ended_ms; /* ended 0: never ended (killed) */
	struct facts environment;      /* kernel, qemu, libvirt, microcode, governor, ... */
	/* trust notes: key = short name, value = sentence; "repeats.stopped": why a run of auto or
	 * a budget ended, beginning with a word of enough_names */
	struct facts notes;
	/* What the scenario says of the VM that it is for, and of its device:
	 * "needs.live_migration", "needs.snapshots", "needs.shared_device",
	 * "needs.latency_critical", "needs.device_faults_handled" = "yes" or "no"; "device.serial",
	 * "device.pci" or "device.path", "device.namespace"; "min_effect.p99" = "0.05" and others;
	 * "repeats.asked" (of auto), "repeats.budget"; "precondition.sequential",
	 * "precondition.round_ns", "precondition.rounds". Absent: not said. How the run was
	 * asked for: "asked.scenario" as it was given, each "asked.cell" and "asked.with",
	 * "asked.kernel", "asked.repeats", "asked.budget". */
	struct facts declared;
};

/* Something of the host that a trial has in its hands, to be given back. Stored before it is taken,
 * so that the next start knows what a killed run had. */
enum handover_kind {
	HANDOVER_VFIO,  /* a PCI function leaves its driver for vfio-pci */
	HANDOVER_MOUNT, /* a file system that the lab made on a claimed disk is mounted */
	HANDOVER_KINDS
};
extern const char *const handover_kind_names[HANDOVER_KINDS]; /* "vfio", "mount" */

struct handover_record {
	char id[BL_UUID_TEXT];
	char run_id[BL_UUID_TEXT], trial_id[BL_UUID_TEXT];
	enum handover_kind kind;
	char *host_id;        /* only this host may give it back */
	long owner_pid;       /* of the program that took it, with its start (clock ticks since */
	uint64_t owner_start; /* boot): while it lives, only that one may give it back */
	char *device;         /* PCI address; for a mount "/dev/nvme0n1" */
	char *serial, *model; /* "": not known */
	char *driver_before;  /* "nvme"; for a mount: the mount point */
	char *namespaces;     /* "nvme0n1 nvme0n2" that were visible before; "": none */
	uint64_t given_ms;    /* wall clock, as returned_ms */
	uint64_t returned_ms; /* when giving it back was last tried; 0: not yet */
	bool is_back;         /* checked: at its driver with its namespaces, or unmounted */
	bool is_ended;        /* not back, and not to be given back any more: the host was restarted
			       * since, or a person had it forgotten (outcome says which) */
	char *outcome;        /* NULL: not yet; "back at nvme with nvme0n1 after 1.2 s", or what is
			       * wrong */
};

/* A name for a set of stored runs that others are checked against; nothing of them is copied. */
struct baseline_record {
	char id[BL_UUID_TEXT];
	char *name; /* one in use for each host and scenario */
	char *host; /* run_record.host_id of its runs */
	char *host_name;
	char *scenario; /* scenario_name of its runs */
	uint64_t made_ms;
	char *note;                 /* "": none */
	uint64_t retired_ms;        /* 0: in use */
	char *retired_why;          /* NULL: in use, or nobody said */
	char (*runs)[BL_UUID_TEXT]; /* owned; in the order they were added */
	size_t n_runs;
};

/* A change found in the history of one series: (host, scenario, cell, job, metric). */
struct change_record {
	char id[BL_UUID_TEXT];
	char event[BL_UUID_TEXT]; /* shared by series that shifted together */
	char *host;               /* host_id */
	char *scenario, *cell, *job, *metric;
	char at_run[BL_UUID_TEXT];    /* first run after the change */
	char found_run[BL_UUID_TEXT]; /* the run whose night found it */
	double before, after;         /* in the metric's unit; NaN, here and below: not known */
	double lo, hi, p;             /* of the ratio after / before */
	bool is_drift;
	char *cause;        /* NULL: nothing in the environment changed then */
	char *state;        /* CHANGE_CANDIDATE_NAME until it is decided, then what became of it */
	char *confirmation; /* NULL: none was run */
	uint64_t reported_ms; /* 0: not yet */
};
#define CHANGE_CANDIDATE_NAME "candidate"

/* The job of that name; NULL: the trial has none. */
const struct job_result *trial_job(const struct trial_record *t, const char *name);
/* What the job's text says of one of fio's options; *ret: borrowed, @ret_len long, empty where it
 * has no value. false: nothing. */
bool job_option(const struct job_result *j, const char *option, const char **ret, size_t *ret_len);
/* host time = the sample's time + this: the job's fact "clock.offset_ns", else the trial's; 0 where
 * the host ran the job. */
int64_t job_clock_offset_ns(const struct trial_record *t, const struct job_result *j);
/* A reading of the device before or after (@when) the trial, "smart.media_errors": by the host,
 * else by the guest that had the device then. Borrowed; NULL: neither. */
const char *trial_reading(const struct trial_record *t, const char *when, const char *name);
/* Its VMs had an emulated CPU: what a layer costs that says little of what it costs a real one. */
bool run_is_emulated(const struct run_record *r);
/* It was measured by another program, outside of the lab; its notes say what that means. */
bool run_is_imported(const struct run_record *r);

#define NO_CELL UINT32_MAX /* no index into run_data.cells */

/* A whole run, as reports read it. */
struct run_data {
	struct run_record run;
	struct cell_record *cells;
	size_t n_cells;
	struct trial_record *trials; /* in plan order */
	size_t n_trials;
	struct handover_record *handovers; /* in order of given_ms */
	size_t n_handovers;
};

uint32_t cell_named(const struct run_data *d, const char *name); /* or NO_CELL */

/* Free what the record owns and zero it; the record itself is the caller's. */
void job_result_done(struct job_result *j);
void trial_record_done(struct trial_record *t);
void cell_record_done(struct cell_record *c);
void run_record_done(struct run_record *r);
void handover_record_done(struct handover_record *h);
void run_data_done(struct run_data *d);
void baseline_record_done(struct baseline_record *b);
void change_record_done(struct change_record *c);

#endif
