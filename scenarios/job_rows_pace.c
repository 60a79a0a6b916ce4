/* job_rows_pace.c - options: how fast, and how slow is too slow. */
#include "job_table.h"

#include "cleanup.h"
#include "units.h"

static const char *const processes[JOB_RATE_PROCESSES] = {"linear", "poisson"};
static const char *const blocks[JOB_THINK_BLOCKS] = {"complete", "issue"};

static const struct option_row rows[] = {
	{"rate", NULL, KIND_BYTES, AT_EACH(rate), .max = BYTES_MAX, .def = "0",
	 .help = "bytes a second of each clone, 'R,W,T'; 0: no limit"},
	{"rate_min", "ratemin", KIND_BYTES, AT_EACH(rate_min), .max = BYTES_MAX, .def = "0",
	 .help = "below this the job fails"},
	{"rate_iops", NULL, KIND_COUNT, AT_EACH(rate_iops), .max = 1000000000, .def = "0",
	 .help = "requests started a second, of each clone, 'R,W,T'; 0: no limit"},
	{"rate_iops_min", NULL, KIND_COUNT, AT_EACH(rate_iops_min), .max = 1000000000, .def = "0",
	 .help = "below this the job fails"},
	{"rate_process", NULL, KIND_ENUM, AT(rate_process), .def = "linear", NAMES(processes),
	 .help = "evenly, or with the gaps of a Poisson process"},
	{"rate_cycle", "ratecycle", KIND_TIME, AT(rate_cycle_ns), .unit = NS_PER_MS,
	 .max = TIME_MAX, .def = "1000", .help = "window of rate_min, in ms"},
	{"rate_ignore_thinktime", NULL, KIND_BOOL, AT(rate_ignore_thinktime), .max = 1, .def = "0",
	 .help = "thinktime shifts the schedule of rate, nothing is caught up"},
	{"thinktime", NULL, KIND_TIME, AT(thinktime_ns), .unit = NS_PER_US, .max = TIME_MAX,
	 .def = "0", .help = "pause between requests, in us"},
	{"thinktime_spin", NULL, KIND_TIME, AT(thinktime_spin_ns), .unit = NS_PER_US,
	 .max = TIME_MAX, .def = "0", .help = "the part of it that is spent computing, in us"},
	{"thinktime_blocks", NULL, KIND_COUNT, AT(thinktime_blocks), .max = COUNT_MAX, .def = "1",
	 .help = "requests between two pauses"},
	{"thinktime_blocks_type", NULL, KIND_ENUM, AT(thinktime_blocks_type), .def = "complete",
	 NAMES(blocks), .help = "whether they are counted when issued or completed"},
	{"thinktime_iotime", NULL, KIND_TIME, AT(thinktime_iotime_ns), .unit = NS_PER_S,
	 .max = TIME_MAX, .def = "0", .help = "time between two pauses, in s"},
	{"max_latency", NULL, KIND_TIME, AT_EACH(max_latency_ns), .unit = NS_PER_US,
	 .max = TIME_MAX, .def = "0", .help = "a slower request fails the job, in us, 'R,W,T'"},
	{"latency_target", NULL, KIND_TIME, AT(latency_target_ns), .unit = NS_PER_US,
	 .max = TIME_MAX, .def = "0", .help = "find the depth that keeps to this, in us"},
	{"latency_window", NULL, KIND_TIME, AT(latency_window_ns), .unit = NS_PER_US,
	 .max = TIME_MAX, .def = "0",
	 .help = "time each depth is tried, in us; 0: each request by itself"},
	{"latency_percentile", NULL, KIND_DOUBLE, AT(latency_percentile), .max = 100, .def = "100",
	 .help = "percent of requests that have to keep to it"},
	{"latency_run", NULL, KIND_BOOL, AT(latency_run), .max = 1, .def = "0",
	 .help = "go on when the depth is found"},
	{"flow", NULL, KIND_COUNT, AT(flow), .max = 1000, .def = "0",
	 .help = "share of this job among those of its flow_id; 0: none"},
	{"flow_id", NULL, KIND_COUNT, AT(flow_id), .max = COUNT_MAX, .def = "0",
	 .help = "which jobs share"},
	{"flow_sleep", NULL, KIND_TIME, AT(flow_sleep_ns), .unit = NS_PER_US, .max = TIME_MAX,
	 .def = "0", .help = "pause of a job that is ahead of its share, in us"},
};

const struct option_rows job_rows_pace = {"How fast", rows, BL_ARRAY_LEN(rows)};
