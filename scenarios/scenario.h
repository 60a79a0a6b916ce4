/* scenario.h - a scenario file as data: VM, backing, axes, jobs, repeats.
 *
 * Immutable once read. Every value has been checked; where it stood is kept for
 * messages only.
 */
#ifndef SCENARIO_H
#define SCENARIO_H

#include "cell.h"
#include "job.h"
#include "yaml_tree.h"

enum precondition { PRECONDITION_RANDOM_FILL, PRECONDITION_NONE, PRECONDITIONS };
extern const char *const precondition_names[PRECONDITIONS];

struct scenario_axis {
	const struct axis_row *row;
	char **values;       /* canonical text, no two alike */
	struct text_pos *at; /* where each stood */
	size_t n_values;
	bool is_from_vm; /* vm: {vcpus: N} of a scenario without that axis */
};

/* include/exclude entry: some axes with one value each. */
struct scenario_match {
	char name[CELL_NAME_MAX]; /* include only; "" when not given */
	struct scenario_axis *axes;
	size_t n_axes;
	struct text_pos at;
};

/* The disk that cells with cell_needs_device() run on, as its owner named it. */
struct scenario_device {
	char *pci;     /* "0000:5e:00.0", with domain and in small letters; NULL: named by path */
	char *path;    /* "/dev/sdb"; NULL: named by pci */
	char *serial;  /* what the disk there must have; NULL: no device is named */
	uint32_t nsid; /* namespace of the controller; default 1; 0 with path */
	struct text_pos at; /* of its mapping; line 0: not from the file */
};

/* What the VM that the scenario stands for must be able to do. */
enum need { NEED_UNSAID, NEED_NO, NEED_YES };
enum need_row {
	NEEDS_LIVE_MIGRATION,
	NEEDS_SNAPSHOTS,
	NEEDS_SHARED_DEVICE,
	NEEDS_LATENCY_CRITICAL,
	NEEDS_DEVICE_FAULTS_HANDLED,
	NEED_ROWS
};
const char *need_name(enum need_row need); /* "live_migration", ...; static */

/* What a figure of a job is called in a scenario. */
enum scenario_metric {
	SCENARIO_IOPS,
	SCENARIO_BANDWIDTH,
	SCENARIO_MEAN,
	SCENARIO_P50,
	SCENARIO_P99,
	SCENARIO_P99_9,
	SCENARIO_MAX,
	SCENARIO_CPU,
	SCENARIO_METRICS
};
extern const char *const scenario_metric_names[SCENARIO_METRICS]; /* "iops", ..., "p99.9" */

/* The fewest pairs that have a 95 % interval, and the most that a comparison keeps. */
#define SCENARIO_AUTO_MIN 6
#define SCENARIO_AUTO_MAX 64

/* repeats: auto, and a budget. */
struct scenario_more {
	bool is_auto;   /* scenario.repeats is then the most there may be; default 30 */
	uint32_t least; /* before the first look; default 8 */
	double narrow;  /* half width that is enough, as ratio - 1; 0: half of what matters */
	enum scenario_metric metric; /* default p99 */
	uint64_t budget_ns;          /* of the run; 0: none. Of a fixed number, too */
};

/* What is done with a disk after its fill and before it is measured. */
struct scenario_warm_up {
	uint32_t sequential; /* passes of 128 KiB writes over all of it, after a purge; 0: none */
	uint64_t round_ns;   /* of the rounds of a job; 0: none */
	uint32_t rounds;     /* at most; default 25 */
};

struct scenario {
	char *name;
	char *description; /* "" when not given */
	char *text;        /* the file as read */
	char *path;
	uint64_t memory_bytes;  /* of the VM; default 512 MiB, whole MiB */
	char *machine;          /* "q35" */
	char *backing_dir;      /* "auto": the lab's work folder */
	uint64_t backing_bytes; /* default 1 GiB, whole MiB */
	enum precondition precondition;
	struct scenario_warm_up warm_up;
	char *nbdkit; /* filters and parameters of storage nbd's server, one blank between; "" */
	struct text_pos nbdkit_at;
	struct scenario_device device;
	enum need needs[NEED_ROWS];
	struct scenario_axis *axes; /* in file order */
	size_t n_axes;
	struct scenario_match *include, *exclude;
	size_t n_include, n_exclude;
	struct text_pos reference_at;
	char *reference;  /* cell name that verdicts compare against; "" the first cell */
	struct jobs jobs; /* the job file, overrides applied */
	char *jobs_path;
	uint32_t repeats; /* default 3 */
	struct scenario_more more;
	double min_effect[SCENARIO_METRICS]; /* ratio - 1 that matters; 0: not said */
	bool is_interleaved;                 /* order: interleaved (default) or sequential */
	/* interleave: between-boots (default); within-boot: cells that differ only in the disk
	 * share boots, and take turns in @rounds (default 2; 1 with between-boots). */
	bool is_within_boot;
	uint32_t rounds;
	struct text_pos interleave_at;
	uint64_t seed; /* default 1 */
	/* telemetry: on (default): host, guest and QEMU are sampled while jobs run; off: what that
	 * costs can be measured. CPU time by role is there either way. */
	bool has_telemetry;
	/* time limits of the steps; limit_job: on top of ramp + runtime */
	uint64_t limit_boot_ns, limit_job_ns, limit_shutdown_ns;
};

/* Read @path. Relative paths in it (jobs, kernel, backing dir) are relative to the file.
 * -EINVAL/-ERANGE/-ENOENT: "key: reason (file:line:column)". */
int scenario_read(const char *path, struct scenario **ret_scenario, struct bl_err *err);
int scenario_parse(const char *text, const char *path, struct scenario **ret_scenario,
		   struct bl_err *err);
struct scenario *scenario_free(struct scenario *s);
void scenario_freep(struct scenario **s);

/* @device (a PCI address or an absolute path) and @serial of the command line, instead of what the
 * file says; NULL: not given. A serial alone is for the file's device, and a device alone must have
 * the file's serial. -EINVAL: not one of these forms, or one of the two is said nowhere. */
int scenario_set_device(struct scenario *s, const char *device, const char *serial,
			struct bl_err *err);

/* --repeats and --budget of the command line. @repeats: 0 not given; SCENARIO_REPEATS_AUTO: auto,
 * as the file has it or with its defaults; else that many, and the file's budget is not meant.
 * @budget: a time, NULL: not given. -EINVAL: not a time, or the order is not in blocks. */
#define SCENARIO_REPEATS_AUTO UINT64_MAX
int scenario_set_repeats(struct scenario *s, uint64_t repeats, const char *budget,
			 struct bl_err *err);

/* The scenario with every default filled in, and its jobs, as text. */
void scenario_to_text(const struct scenario *s, struct bl_buf *out);

/* Every key of a scenario file, for help, documentation and the JSON Schema's test. */
struct scenario_key {
	const char *name;
	const char *help;
	const char *accepts;
	bool is_required;
};

/* The @i-th key of the mapping @section: "" the file itself, "vm", "backing", "axes",
 * "include", "exclude", "jobs", "limits", "device", "needs", "repeats", "min_effect",
 * "precondition". Its texts are static.
 * False: no such section, or @i is past its last key. */
bool scenario_key_at(const char *section, size_t i, struct scenario_key *ret_key);

#endif
