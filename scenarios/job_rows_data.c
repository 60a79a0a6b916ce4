/* job_rows_data.c - options: what is written, whether it is checked, which errors are borne. */
#include "job_table.h"

#include "cleanup.h"
#include "job_verify.h"
#include "units.h"

static const struct choice continues[] = {
	{"none", 0},
	{"read", JOB_CONTINUE_READ},
	{"write", JOB_CONTINUE_WRITE},
	{"io", JOB_CONTINUE_READ | JOB_CONTINUE_WRITE},
	{"verify", JOB_CONTINUE_VERIFY},
	{"all", JOB_CONTINUE_ALL},
	{"0", 0},
	{"1", JOB_CONTINUE_ALL},
	{NULL, 0},
};

static const struct option_row rows[] = {
	{"refill_buffers", NULL, KIND_FLAG, AT(refill_buffers), .max = 1, .def = "0",
	 .help = "new data for each write"},
	{"scramble_buffers", NULL, KIND_BOOL, AT(scramble_buffers), .max = 1, .def = "1",
	 .help = "change a little of the data for each write"},
	{"zero_buffers", NULL, KIND_FLAG, AT(zero_buffers), .max = 1, .def = "0",
	 .help = "write zeros"},
	{"buffer_pattern", NULL, KIND_TEXT, AT(buffer_pattern), .def = "", .tidy = row_tidy_pattern,
	 .help = "write this: 0x.. digits, \"text\", 'path', numbers"},
	{"buffer_compress_percentage", NULL, KIND_PERCENT, AT(compress_pct), GIVEN(has_compress),
	 .max = 100, .def = "0", .help = "percent of each chunk that can be compressed away"},
	{"buffer_compress_chunk", NULL, KIND_BYTES, AT(compress_chunk), .max = GiB, .def = "512",
	 .help = "its bytes; 0: the request"},
	{"dedupe_percentage", NULL, KIND_PERCENT, AT(dedupe_pct), .max = 100, .def = "0",
	 .help = "percent of writes that repeat the data before"},
	{"verify", NULL, KIND_ENUM, AT(verify), GIVEN(has_verify), .def = "0",
	 .names = job_verify_names, .n_names = JOB_VERIFIES,
	 .help = "write data that can be checked, and check it"},
	{"do_verify", NULL, KIND_BOOL, AT(do_verify), .max = 1, .def = "1",
	 .help = "read back after writing"},
	{"verify_only", NULL, KIND_FLAG, AT(verify_only), .max = 1, .def = "0",
	 .help = "check what an earlier run wrote, write nothing"},
	{"verify_fatal", NULL, KIND_BOOL, AT(verify_fatal), .max = 1, .def = "0",
	 .help = "end at the first wrong block"},
	{"verify_dump", NULL, KIND_BOOL, AT(verify_dump), .max = 1, .def = "0",
	 .help = "keep wrong blocks, and what they should be, in files"},
	{"verify_interval", NULL, KIND_BYTES, AT(verify_interval), .min = JOB_VERIFY_INTERVAL_MIN,
	 .max = GiB, .def = "0", .help = "a header every N bytes; 0: one in a request"},
	{"verify_offset", NULL, KIND_BYTES, AT(verify_offset), .min = JOB_VERIFY_OFFSET_MIN,
	 .max = GiB, .def = "0", .help = "where in it the header is"},
	{"verify_pattern", NULL, KIND_TEXT, AT(verify_pattern), .def = "",
	 .tidy = row_tidy_verify_pattern,
	 .help = "data of checked blocks: 0x.. digits, \"text\", 'path', numbers, %o"},
	{"verify_backlog", NULL, KIND_COUNT, AT(verify_backlog), .max = COUNT_MAX, .def = "0",
	 .help = "check after N writes; 0: at the end"},
	{"verify_backlog_batch", NULL, KIND_COUNT, AT(verify_backlog_batch), .max = COUNT_MAX,
	 .def = "0", .help = "so many then; 0: verify_backlog"},
	{"trim_percentage", NULL, KIND_PERCENT, AT(trim_percentage), .max = 100, .def = "0",
	 .help = "percent of checked blocks that are trimmed"},
	{"trim_backlog", NULL, KIND_COUNT, AT(trim_backlog), .max = COUNT_MAX, .def = "0",
	 .help = "trim and check after N writes, without waiting for the end"},
	{"trim_backlog_batch", NULL, KIND_COUNT, AT(trim_backlog_batch), .max = COUNT_MAX,
	 .def = "0", .help = "so many then; 0: trim_backlog"},
	{"trim_verify_zero", NULL, KIND_BOOL, AT(trim_verify_zero), .max = 1, .def = "1",
	 .help = "trimmed blocks have to read as zeros"},
	{"continue_on_error", NULL, KIND_ENUM, AT(continue_on_error), .def = "none",
	 .also = continues, .help = "errors that do not end the job"},
	{"ignore_error", NULL, KIND_TEXT, AT(ignore_error), .def = "", .tidy = row_tidy_errors,
	 .help = "errors that are none, 'EIO,ENOSPC' of reads:writes:checks"},
};

const struct option_rows job_rows_data = {"Data and errors", rows, BL_ARRAY_LEN(rows)};
