/* job_table.c - every option a job file may have, and how its field is reached. */
#include "job_table.h"

#include <string.h>

#include "cleanup.h"
#include "units.h"

const char *const job_engine_names[JOB_ENGINES] = {"psync", "io_uring", "null"};
const char *const job_rw_names[JOB_RWS] = {"read",      "write", "randread",
					   "randwrite", "rw",    "randrw"};

#define AT(f)     .at = offsetof(struct job, f), .width = sizeof(((struct job *)0)->f)
#define PCT(f)    .pct_at = offsetof(struct job, f)
#define BYTES_MAX ((uint64_t)1 << 60)

const struct option_row job_rows[] = {
	{"filename", NULL, KIND_TEXT, AT(filename), .def = "",
	 .help = "file or device; one only, '\\:' for a colon in its name"},
	{"ioengine", NULL, KIND_ENUM, AT(engine), .def = "psync", .names = job_engine_names,
	 .n_names = JOB_ENGINES, .help = "how requests are made"},
	{"rw", "readwrite", KIND_ENUM, AT(rw), .def = "read", .names = job_rw_names,
	 .n_names = JOB_RWS, .help = "what is done, in which order"},
	{"rwmixread", NULL, KIND_COUNT, AT(rwmixread), .max = 100, .def = "50",
	 .help = "percent of reads in rw and randrw (rwmixwrite: of writes)"},
	{"bs", "blocksize", KIND_BYTES, AT(bs), .min = 512, .max = 64 * MiB, .def = "4096",
	 .help = "bytes in one request"},
	{"iodepth", NULL, KIND_COUNT, AT(iodepth), .min = 1, .max = 4096, .def = "1",
	 .help = "requests kept in flight; psync runs at 1"},
	{"numjobs", NULL, KIND_COUNT, AT(numjobs), .min = 1, .max = 256, .def = "1",
	 .help = "clones of the job, a thread each"},
	{"direct", NULL, KIND_FLAG, AT(direct), .max = 1, .def = "0",
	 .help = "1: O_DIRECT, past the page cache (buffered: the opposite)"},
	{"size", NULL, KIND_BYTES, AT(size), PCT(size_pct), .max = BYTES_MAX, .def = "0",
	 .help = "bytes of the region, or percent; 0: to the end of the target"},
	{"offset", NULL, KIND_BYTES, AT(offset), PCT(offset_pct), .max = BYTES_MAX, .def = "0",
	 .help = "where the region starts, or percent of the target"},
	{"io_size", NULL, KIND_BYTES, AT(io_size), .max = BYTES_MAX, .def = "0",
	 .help = "bytes to move, may be more than the region; 0: size"},
	{"runtime", "timeout", KIND_TIME, AT(runtime_ns), .max = 366 * 86400 * NS_PER_S, .def = "0",
	 .help = "longest counted time; 0: until the bytes are moved"},
	{"time_based", NULL, KIND_FLAG, AT(time_based), .max = 1, .def = "0",
	 .help = "go on for the whole runtime, over and over"},
	{"ramp_time", NULL, KIND_TIME, AT(ramp_ns), .max = 86400 * NS_PER_S, .def = "0",
	 .help = "time before counting starts"},
	{"fsync", NULL, KIND_COUNT, AT(fsync), .max = UINT32_MAX, .def = "0",
	 .help = "fsync after every N writes, measured apart"},
	{"fdatasync", NULL, KIND_COUNT, AT(fdatasync), .max = UINT32_MAX, .def = "0",
	 .help = "fdatasync after every N writes, measured apart"},
	{"rate_iops", NULL, KIND_COUNT, AT(rate_iops), .max = 1000000000, .def = "0",
	 .help = "requests started a second, per clone and direction; 0: no limit"},
	{"randseed", NULL, KIND_COUNT, AT(randseed), .max = UINT64_MAX, .def = "137",
	 .help = "same seed, same offsets"},
	{"norandommap", NULL, KIND_FLAG, AT(norandommap), .max = 1, .def = "0",
	 .help = "independent random blocks, not each block once a pass"},
	{"stonewall", "wait_for_previous", KIND_FLAG, AT(stonewall), .max = 1, .def = "0",
	 .help = "start when all jobs above have ended"},
	{"invalidate", NULL, KIND_FLAG, AT(invalidate), .max = 1, .def = "1",
	 .help = "drop the target's page cache before the job"},
};
const size_t job_rows_n = BL_ARRAY_LEN(job_rows);

const struct opposite_row job_opposites[] = {{"buffered", "direct", 1},
					     {"rwmixwrite", "rwmixread", 100}};

const struct ignored_row job_ignored[] = {
	{"group_reporting", "clones are always merged into one result"},
	{"thread", "clones are always threads"},
	{"new_group", "every section has its own result"},
	{"description", "not part of the result"},
	{"log_avg_msec", "intervals are always 100 ms"},
	{"log_hist_msec", "intervals are always 100 ms"},
	{"write_lat_log", "intervals are part of the result"},
	{"write_bw_log", "intervals are part of the result"},
	{"write_iops_log", "intervals are part of the result"},
	{"write_hist_log", "intervals are part of the result"},
	{"per_job_logs", "there are no log files"},
	{"log_offset", "there are no log files"},
	{"log_max_value", "there are no log files"},
	{"log_unix_epoch", "there are no log files"},
	{"log_hist_coarseness", "there are no log files"},
	{"bwavgtime", "samples come from 100 ms intervals"},
	{"iopsavgtime", "samples come from 100 ms intervals"},
	{"clat_percentiles", "whole histograms are always kept"},
	{"lat_percentiles", "whole histograms are always kept"},
	{"slat_percentiles", "whole histograms are always kept"},
	{"percentile_list", "whole histograms are always kept"},
	{"disable_lat", "latency is always measured"},
	{"disable_clat", "latency is always measured"},
	{"disable_slat", "latency is always measured"},
	{"disable_bw", "bandwidth is always measured"},
	{"disable_bw_measurement", "bandwidth is always measured"},
	{"gtod_reduce", "latency is always measured"},
	{"disk_util", "not part of the result"},
	{"unit_base", "output has its own units"},
	{"significant_figures", "output has its own format"},
	{"random_generator", "offsets come from a keyed permutation"},
	{"refill_buffers", "written data is random and stamped with its offset"},
	{"scramble_buffers", "written data is random and stamped with its offset"},
	{"fixedbufs", "used by io_uring wherever the kernel takes them"},
	{"registerfiles", "used by io_uring wherever the kernel takes them"},
	{"create_serialize", "files are made before the clock starts"},
};
const size_t job_ignored_n = BL_ARRAY_LEN(job_ignored);
const size_t job_opposites_n = BL_ARRAY_LEN(job_opposites);

const struct fixed_row job_fixed[] = {
	{"kb_base", "1024"},
	{"randrepeat", "1"},
	{"allrandrepeat", "1"},
	{"loops", "1"},
	{"nrfiles", "1"},
	{"verify", "0"},
	{"sync", "0"},
	{"end_fsync", "0"},
	{"percentage_random", "100"},
	{"iodepth_batch", "1"},
	{"zonemode", "none"},
	{"random_distribution", "random"},
	{"rate_process", "linear"},
	{"startdelay", "0"},
	{"io_submit_mode", "inline"},
	{"fsync_on_close", "0"},
	{"allow_mounted_write", "0"},
	{"hipri", "0"},
	{"sqthread_poll", "0"},
	{"thinktime", "0"},
	{"zero_buffers", "0"},
	{"fill_device", "0"},
	{"exitall", "0"},
};
const size_t job_fixed_n = BL_ARRAY_LEN(job_fixed);

const struct option_row *job_row(const char *name)
{
	for (size_t i = 0; i < job_rows_n; i++)
		if (!strcmp(job_rows[i].name, name) ||
		    (job_rows[i].alias && !strcmp(job_rows[i].alias, name)))
			return &job_rows[i];
	return NULL;
}

uint64_t job_field(const struct job *j, const struct option_row *r)
{
	const char *p = (const char *)j + r->at;
	uint64_t u64 = 0;
	uint32_t u32 = 0;

	if (r->width == sizeof(u64)) {
		memcpy(&u64, p, sizeof(u64));
		return u64;
	}
	if (r->width == 1)
		return (uint8_t)*p;
	memcpy(&u32, p, sizeof(u32));
	return u32;
}

void job_field_set(struct job *j, const struct option_row *r, uint64_t v)
{
	char *p = (char *)j + r->at;
	uint32_t u32 = (uint32_t)v;

	if (r->width == sizeof(v))
		memcpy(p, &v, sizeof(v));
	else if (r->width == 1)
		*(bool *)p = v != 0;
	else
		memcpy(p, &u32, sizeof(u32));
}

uint32_t *job_field_pct(const struct job *j, const struct option_row *r)
{
	return (uint32_t *)((uintptr_t)j + r->pct_at);
}
