/* rows.h - the option rows that several verbs share, so that each is written once. */
#ifndef ROWS_H
#define ROWS_H

#include "options.h"

#define ROW_STORE                                                                                  \
	{                                                                                          \
		.name = "store", .letter = 's', .kind = OPTION_FILE, .arg = "FILE",                \
		.at = AT(store), .def_says = "store.db in the work folder",                        \
		.help = "the SQLite store with the results"                                        \
	}
#define ROW_WORK_DIR                                                                               \
	{                                                                                          \
		.name = "work-dir", .kind = OPTION_FOLDER, .arg = "DIR", .at = AT(work_dir),       \
		.def_says = "$XDG_STATE_HOME/blklab; root: /var/lib/blklab",                       \
		.help = "folder for state and backing disks; the disk below it is the one that "   \
			"gets measured"                                                            \
	}
#define ROW_CACHE_DIR                                                                              \
	{                                                                                          \
		.name = "cache-dir", .kind = OPTION_FOLDER, .arg = "DIR", .at = AT(cache_dir),     \
		.def_says = "$XDG_CACHE_HOME/blklab; root: /var/cache/blklab",                     \
		.help = "guest images, fetched kernels, probe answers"                             \
	}
#define ROW_URI                                                                                    \
	{                                                                                          \
		.name = "uri", .kind = OPTION_TEXT, .arg = "URI", .at = AT(uri),                   \
		.def_says = "qemu:///embed, inside this process",                                  \
		.help = "libvirt connection, for example qemu:///system"                           \
	}
#define ROW_KERNEL                                                                                 \
	{                                                                                          \
		.name = "kernel", .letter = 'k', .kind = OPTION_FILE, .arg = "KERNEL",             \
		.at = AT(kernel), .def = "installed",                                              \
		.help = "guest kernel: 'installed' (the newest in /boot), a kernel file, a .deb, " \
			"apt:PACKAGE, a folder of an unpacked package, or URL#sha256=HEX"          \
	}
#define ROW_AGENT                                                                                  \
	{                                                                                          \
		.name = "agent", .kind = OPTION_FILE, .arg = "FILE", .at = AT(agent),              \
		.def_says = "blklab-agent beside this program or in libexec",                      \
		.help = "the static guest agent, /init of the guest"                               \
	}
#define ROW_ACCEL                                                                                  \
	{                                                                                          \
		.name = "accel", .kind = OPTION_ENUM, .arg = "HOW", .at = AT(accel),               \
		.values = accel_values, .def = "auto",                                             \
		.help = "CPU of the guest; auto: KVM when a probe guest boots under it"            \
	}
#define ROW_REPEATS                                                                                \
	{                                                                                          \
		.name = "repeats", .letter = 'n', .kind = OPTION_COUNT, .arg = "N",                \
		.at = AT(repeats), .min = 1, .max = 1000, .word = "auto",                          \
		.def_says = "the scenario's",                                                      \
		.help = "trials per cell, from six on verdicts have an interval; auto: until the " \
			"intervals are narrow enough"                                              \
	}
#define ROW_BUDGET                                                                                 \
	{                                                                                          \
		.name = "budget", .letter = 'b', .kind = OPTION_TEXT, .arg = "TIME",               \
		.at = AT(budget), .def_says = "the scenario's",                                    \
		.help = "time for all trials, for example 30m: no block of them is begun that "    \
			"would not fit"                                                            \
	}
#define ROW_CELLS                                                                                  \
	{                                                                                          \
		.name = "cell", .letter = 'c', .kind = OPTION_WORDS, .arg = "CELL",                \
		.at = AT(cells), .def_says = "all cells",                                          \
		.help = "only this cell, by name or number; may be given several times"            \
	}
#define ROW_WITH                                                                                   \
	{                                                                                          \
		.name = "with", .letter = 'w', .kind = OPTION_WORDS, .arg = "AXIS=VALUE",          \
		.at = AT(with),                                                                    \
		.help = "run the cells once more with that axis so, to compare; several axes at "  \
			"once by commas; may be given several times, each for itself"              \
	}
#define ROW_DEVICE                                                                                 \
	{                                                                                          \
		.name = "device", .kind = OPTION_FILE, .arg = "PCI-OR-PATH", .at = AT(device),     \
		.def_says = "the scenario's",                                                      \
		.help = "the disk that cells of bus vfio and nvme-userspace, and of storage "      \
			"device and filesystem, run on: an NVMe controller by its PCI address, "   \
			"or a block device by its path; what is on it is lost"                     \
	}
#define ROW_SERIAL                                                                                 \
	{                                                                                          \
		.name = "serial", .kind = OPTION_TEXT, .arg = "SERIAL", .at = AT(serial),          \
		.def_says = "the scenario's",                                                      \
		.help = "its serial number; a disk with another one is not touched"                \
	}
#define ROW_MIN_EFFECT                                                                             \
	{                                                                                          \
		.name = "min-effect", .kind = OPTION_WORDS, .arg = "METRIC=PCT",                   \
		.at = AT(min_effects),                                                             \
		.def_says = "what the run's scenario says, else 5% for p99",                       \
		.help = "the least change of a metric that matters, for example p99=5%; may be "   \
			"given several times"                                                      \
	}
#define ROW_ADOPT                                                                                  \
	{                                                                                          \
		.name = "adopt", .at = AT(adopt),                                                  \
		.help = "ordinary runs of the scenario are nights of its history, too"             \
	}
#define ROW_PAGE(of)                                                                               \
	{                                                                                          \
		.name = "report", .letter = 'r', .kind = OPTION_FILE, .arg = "FILE",               \
		.at = AT(report), .help = "write a page with pictures of " of " there"             \
	}
#define ROW_JSON                                                                                   \
	{                                                                                          \
		.name = "json", .letter = 'j', .at = AT(json), .help = "JSON for programs"         \
	}
#define ROW_CSV(of)                                                                                \
	{                                                                                          \
		.name = "csv", .kind = OPTION_FILE, .arg = "FILE", .at = AT(csv),                  \
		.help = of "; '-': standard input"                                                 \
	}
#define ROW_CALIBRATION                                                                            \
	{                                                                                          \
		.name = "calibration", .kind = OPTION_TEXT, .arg = "RUN", .at = AT(calibration),   \
		.help = "a run of 'blklab calibrate': no change counts that is below what equal "  \
			"cells differed by in it"                                                  \
	}
/* What verbs have that make runs: which cells, how often, on what, in which folders. */
#define ROWS_OF_RUN                                                                                \
	ROW_CELLS, ROW_WITH, ROW_DEVICE, ROW_SERIAL, ROW_REPEATS, ROW_BUDGET, ROW_KERNEL,          \
		ROW_ACCEL, ROW_URI, ROW_WORK_DIR, ROW_CACHE_DIR, ROW_AGENT
#define OPERAND_SCENARIO                                                                           \
	{                                                                                          \
		.name = "SCENARIO", .kind = OPTION_FILE, .is_needed = true, .at = AT(scenario),    \
		.suffixes = "yaml yml",                                                            \
		.help = "scenario file, or the bare name of one in the library ('quick')"          \
	}

extern const char *const accel_values[];

extern const struct verb verb_doctor;
extern const struct verb verb_claim;
extern const struct verb verb_plan;
extern const struct verb verb_run;
extern const struct verb verb_nightly;
extern const struct verb verb_calibrate;
extern const struct verb verb_baseline;
extern const struct verb verb_hosts;
extern const struct verb verb_history;
extern const struct verb verb_recover;
extern const struct verb verb_image;
extern const struct verb verb_report;
extern const struct verb verb_diagnose;
extern const struct verb verb_compare;
extern const struct verb verb_changes;
extern const struct verb verb_stutter;
extern const struct verb verb_list;
extern const struct verb verb_merge;
extern const struct verb verb_export;
extern const struct verb verb_import;
extern const struct verb verb_notify;
extern const struct verb verb_help;
extern const struct verb verb_man;
extern const struct verb verb_completion;
extern const struct verb verb_version;
extern const struct verb verb_baseline_check;
extern const struct verb verb_baseline_record;

#endif
