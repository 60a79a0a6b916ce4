/* job_others.c - fio's options that have no field: without effect, of one value, or refused. */
#include "job_table.h"

#include "cleanup.h"

const struct opposite_row job_opposites[] = {{"buffered", "direct", 1},
					     {"rwmixwrite", "rwmixread", 100}};
const size_t job_opposites_n = BL_ARRAY_LEN(job_opposites);

#define NO_ZBD    "zoned block devices are not run"
#define NO_REPLAY "traces are not replayed"

const struct other_row job_ignored[] = {
	{"clocksource", .only = "gettimeofday clock_gettime cpu",
	 .why = "the clock is the fastest that the kernel trusts"},
	{"gtod_cpu", .why = "each clone reads the clock itself"},
	{"random_generator", .only = "tausworthe tausworthe64 lfsr",
	 .why = "offsets come from a keyed permutation, which is neither"},
	{"mem", "iomem", .only = "malloc mmap shm mmapshared",
	 .why = "buffers are anonymous pages"},
	{"hugepage-size", .why = "buffers are not in huge pages"},
	{"verify_async", .why = "the job's own threads check"},
	{"userspace_reap", .why = "completions are always reaped from the ring",
	 .may_stand_alone = true},
	{"unique_filename", .why = "there are no network clients"},
	{"log_entries", .why = "memory for the logs is taken as it is needed"},
	{"log_compression", .why = "logs are kept in memory as they are"},
	{"log_compression_cpus", .why = "logs are kept in memory as they are"},
	{"block_error_percentiles", .why = "not part of the result"},
	{"disable_bw_measurement", "disable_bw",
	 .why = "bandwidth is measured all the same, as by fio", .may_stand_alone = true},
	{"openfiles", .why = "all files of a clone stay open"},
	{"create_serialize", .why = "all files are made before any clock starts",
	 .may_stand_alone = true},
	{"create_fsync", .why = "a file that was laid out is always flushed",
	 .may_stand_alone = true},
	{"softrandommap", .why = "blocks of one size need no map, the others a bit a block",
	 .may_stand_alone = true},
	{"write_barrier", .why = "no engine here has barriers; fsync and fdatasync are there"},
	{"experimental_verify", .why = "what was written is remembered", .may_stand_alone = true},
	{"verify_state_save", .why = "the state of a stopped job is not saved",
	 .may_stand_alone = true},
	{"error_dump", .why = "the reason and offset of an error are always told",
	 .may_stand_alone = true},
	{"dedupe_working_set_percentage", .why = "belongs to dedupe_mode=working_set"},
	{"cgroup_nodelete", .why = "belongs to cgroup"},
	{"ignore_zone_limits", .why = NO_ZBD},
	{"read_beyond_wp", .why = NO_ZBD},
};
const size_t job_ignored_n = BL_ARRAY_LEN(job_ignored);

const struct other_row job_fixed[] = {
	{"io_submit_mode", .only = "inline", .why = "a clone submits its requests itself"},
	{"exit_what", .only = "group", .why = "exitall ends the jobs that run together"},
	{"dedupe_mode", .only = "repeat", .why = "repeated data is that of the write before"},
	{"dedupe_global", .only = "0", .why = "jobs do not share data"},
	{"lockfile", .only = "none", .why = "files are not locked"},
	{"atomic", .only = "0", .why = "there are no atomic writes"},
	{"write_hint", .only = "none", .why = "writes carry no hint"},
	{"unlink_each_loop", .only = "0", .why = "a loop writes the same files again"},
	{"verify_state_load", .only = "0", .why = "a saved state is not read"},
	{"log_store_compressed", .only = "0", .why = "logs are text"},
	{"log_alternate_epoch", .only = "0", .why = "log_unix_epoch is there"},
	{"log_alternate_epoch_clock_id", .only = "0", .why = "log_unix_epoch is there"},
	{"zonecapacity", .only = "0", .why = NO_ZBD},
	{"max_open_zones", .only = "0", .why = NO_ZBD},
	{"job_max_open_zones", .only = "0", .why = NO_ZBD},
	{"zone_reset_threshold", .only = "0", .why = NO_ZBD},
	{"zone_reset_frequency", .only = "0", .why = NO_ZBD},
};
const size_t job_fixed_n = BL_ARRAY_LEN(job_fixed);

const struct other_row job_refused[] = {
	{"read_iolog", .why = NO_REPLAY},
	{"read_iolog_chunked", .why = NO_REPLAY},
	{"replay_no_stall", .why = NO_REPLAY},
	{"replay_redirect", .why = NO_REPLAY},
	{"replay_scale", .why = NO_REPLAY},
	{"replay_align", .why = NO_REPLAY},
	{"replay_time_scale", .why = NO_REPLAY},
	{"replay_skip", .why = NO_REPLAY},
	{"write_iolog",
	 .why = "requests are not traced; write_lat_log with log_offset=1 lists them"},
	{"merge_blktrace_file", .why = NO_REPLAY},
	{"merge_blktrace_scalars", .why = NO_REPLAY},
	{"merge_blktrace_iters", .why = NO_REPLAY},
	{"profile", .why = "fio's built-in profiles are not here; write the jobs out"},
	{"opendir", .why = "whole folders are not used; name the files in filename"},
	{"cgroup", .why = "it is of cgroups version 1; start blkjob in the cgroup"},
	{"cgroup_weight", .why = "it is of cgroups version 1; set io.weight of the cgroup"},
	{"sync_file_range", .why = "it does not make data durable; fdatasync does"},
	{"cmd_type", .why = "NVMe pass-through is not here"},
};
const size_t job_refused_n = BL_ARRAY_LEN(job_refused);
