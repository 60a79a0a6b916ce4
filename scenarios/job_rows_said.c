/* job_rows_said.c - options: what the result and the logs say. */
#include "job_table.h"

#include "cleanup.h"
#include "units.h"

static const char *const unifieds[JOB_UNIFIEDS] = {"none", "mixed", "both"};
static const struct choice unifieds_also[] = {
	{"0", JOB_UNIFIED_NONE}, {"1", JOB_UNIFIED_MIXED}, {"2", JOB_UNIFIED_BOTH}, {NULL, 0}};
static const struct choice kb_bases[] = {{"1024", 1024}, {"1000", 1000}, {NULL, 0}};
static const struct choice unit_bases[] = {{"0", 0}, {"1", 1}, {"8", 8}, {NULL, 0}};

static const struct option_row rows[] = {
	{"gtod_reduce", NULL, KIND_OWN, .def = "0", .set = row_set_gtod_reduce,
	 .text = row_text_none, .help = "1: all disable_*, no percentiles"},
	{"disable_lat", NULL, KIND_BOOL, AT(disable_lat), .max = 1, .def = "0",
	 .help = "do not show lat"},
	{"disable_clat", NULL, KIND_BOOL, AT(disable_clat), .max = 1, .def = "0",
	 .help = "do not show clat"},
	{"disable_slat", NULL, KIND_BOOL, AT(disable_slat), .max = 1, .def = "0",
	 .help = "do not show slat"},
	{"clat_percentiles", NULL, KIND_BOOL, AT(clat_percentiles), .max = 1, .def = "1",
	 .help = "show percentiles of clat"},
	{"lat_percentiles", NULL, KIND_BOOL, AT(lat_percentiles), .max = 1, .def = "0",
	 .help = "show percentiles of lat"},
	{"slat_percentiles", NULL, KIND_BOOL, AT(slat_percentiles), .max = 1, .def = "0",
	 .help = "show percentiles of slat"},
	{"percentile_list", NULL, KIND_OWN,
	 .def = "1:5:10:20:30:40:50:60:70:80:90:95:99:99.5:99.9:99.95:99.99",
	 .set = row_set_percentiles, .text = row_text_percentiles,
	 .help = "which, at most 20, ':' between them"},
	{"unified_rw_reporting", NULL, KIND_ENUM, AT(unified_rw_reporting), .def = "none",
	 NAMES(unifieds), .also = unifieds_also,
	 .help = "one result for reads, writes and trims, or both ways"},
	{"disk_util", NULL, KIND_BOOL, AT(disk_util), .max = 1, .def = "1",
	 .help = "show what the block layer counted"},
	{"stats", NULL, KIND_BOOL, AT(stats), .max = 1, .def = "1", .help = "0: no result"},
	{"kb_base", NULL, KIND_ENUM, AT(kb_base), .def = "1024", .also = kb_bases, .first = -3,
	 .help = "1024: k is 1024 and kib 1000, in the whole section; 1000: the reverse"},
	{"unit_base", NULL, KIND_ENUM, AT(unit_base), .def = "0", .also = unit_bases,
	 .help = "units of the normal output: 8 bytes, 1 bits, 0 by itself"},
	{"significant_figures", NULL, KIND_COUNT, AT(significant_figures), .min = 1, .max = 10,
	 .def = "4", .help = "of the normal output"},
	{"bwavgtime", NULL, KIND_TIME, AT(bwavgtime_ns), .unit = NS_PER_MS, .max = TIME_MAX,
	 .def = "500", .help = "window of the samples of bandwidth, in ms"},
	{"iopsavgtime", NULL, KIND_TIME, AT(iopsavgtime_ns), .unit = NS_PER_MS, .max = TIME_MAX,
	 .def = "500", .help = "window of the samples of IOPS, in ms"},
	{"write_bw_log", NULL, KIND_TEXT, AT(write_bw_log), .def = "", .may_stand_alone = true,
	 .set = row_set_log, .help = "log of bandwidth; PREFIX, or alone: the job's name"},
	{"write_iops_log", NULL, KIND_TEXT, AT(write_iops_log), .def = "", .may_stand_alone = true,
	 .set = row_set_log, .help = "log of IOPS, likewise"},
	{"write_lat_log", NULL, KIND_TEXT, AT(write_lat_log), .def = "", .may_stand_alone = true,
	 .set = row_set_log, .help = "logs of slat, clat and lat, likewise"},
	{"write_hist_log", NULL, KIND_TEXT, AT(write_hist_log), .def = "", .may_stand_alone = true,
	 .set = row_set_log, .help = "log of histograms, likewise; needs log_hist_msec"},
	{"log_avg_msec", NULL, KIND_TIME, AT(log_avg_ns), .unit = NS_PER_MS, .max = TIME_MAX,
	 .def = "0", .help = "window of a line of the logs, in ms; 0: each request"},
	{"log_hist_msec", NULL, KIND_TIME, AT(log_hist_ns), .unit = NS_PER_MS, .max = TIME_MAX,
	 .def = "0", .help = "window of a histogram, in ms"},
	{"log_hist_coarseness", NULL, KIND_COUNT, AT(log_hist_coarseness), .max = 6, .def = "0",
	 .help = "2^N bins are added up to one"},
	{"log_max_value", NULL, KIND_BOOL, AT(log_max_value), .max = 1, .def = "0",
	 .help = "the greatest latency of a window, not the mean"},
	{"log_offset", NULL, KIND_BOOL, AT(log_offset), .max = 1, .def = "0",
	 .help = "with the offset"},
	{"log_prio", NULL, KIND_BOOL, AT(log_prio), .max = 1, .def = "0",
	 .help = "with the priority"},
	{"log_unix_epoch", NULL, KIND_BOOL, AT(log_unix_epoch), .max = 1, .def = "0",
	 .help = "times since 1970, not since the start"},
	{"per_job_logs", NULL, KIND_BOOL, AT(per_job_logs), .max = 1, .def = "1",
	 .help = "the number of the clone in the name"},
};

const struct option_rows job_rows_said = {"What is said of it", rows, BL_ARRAY_LEN(rows)};
