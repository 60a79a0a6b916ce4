/* job_rows_what.c - options: which request comes next, and the flushes between them. */
#include "job_table.h"

#include "cleanup.h"
#include "units.h"

const char *const job_rw_names[JOB_RWS] = {"read",      "write",        "trim", "randread",
					   "randwrite", "randtrim",     "rw",   "randrw",
					   "trimwrite", "randtrimwrite"};
static const char *const sequencers[JOB_SEQUENCERS] = {"sequential", "identical"};
static const char *const zonemodes[JOB_ZONEMODES] = {"none", "strided"};

static const struct option_row rows[] = {
	{"rw", "readwrite", KIND_OWN, AT(rw), .def = "read", NAMES(job_rw_names), .set = row_set_rw,
	 .text = row_text_rw,
	 .help = "what is done, in which order; 'randread:8' draws every 8th, 'write:4k' skips"},
	{"rw_sequencer", NULL, KIND_ENUM, AT(rw_sequencer), .def = "sequential", NAMES(sequencers),
	 .help = "between the draws of 'randread:8': go on, or repeat"},
	{"rwmixread", NULL, KIND_PERCENT, AT(rwmixread), .max = 100, .def = "50",
	 .help = "percent of reads in rw and randrw (rwmixwrite: of writes)"},
	{"bs", "blocksize", KIND_OWN, .def = "4096", .min = 1, .max = GiB, .set = row_set_bs,
	 .text = row_text_bs, .help = "bytes in one request, 'R,W,T'"},
	{"bsrange", "blocksize_range", KIND_OWN, .def = "", .min = 1, .max = GiB,
	 .set = row_set_bsrange, .text = row_text_bsrange,
	 .help = "bytes in one request, drawn from a range, '1k-4k' or 'R,W,T' of them"},
	{"bssplit", NULL, KIND_OWN, .def = "", .min = 1, .max = GiB, .set = row_set_bssplit,
	 .text = row_text_bssplit,
	 .help = "bytes and percent, '4k/60:64k/40'; an empty percent shares the rest"},
	{"bs_unaligned", "blocksize_unaligned", KIND_FLAG, AT(bs_unaligned), .max = 1, .def = "0",
	 .help = "bsrange gives any size, not multiples of the smallest"},
	{"bs_is_seq_rand", NULL, KIND_BOOL, AT(bs_is_seq_rand), .max = 1, .def = "0",
	 .help = "bs=A,B is for sequential and random requests, not for reads and writes"},
	{"ba", "blockalign", KIND_BYTES, AT_EACH(blockalign), .max = GiB, .def = "0",
	 .help = "random offsets are multiples of this; 0: of the smallest request"},
	{"random_distribution", NULL, KIND_OWN, .def = "random", .set = row_set_dist,
	 .text = row_text_dist,
	 .help = "random, zipf:THETA, pareto:H, normal:DEV (each ':CENTER'), zoned:A/S:..., "
		 "zoned_abs:A/SIZE:..."},
	{"percentage_random", NULL, KIND_PERCENT, AT_EACH(percentage_random), .max = 100,
	 .def = "100", .help = "percent of requests of a random job that are random"},
	{"norandommap", NULL, KIND_FLAG, AT(norandommap), .max = 1, .def = "0",
	 .help = "independent random blocks, not each once a pass (so are those of randread:N, "
		 "percentage_random, ba, zones and skewed draws)"},
	{"randseed", NULL, KIND_COUNT, AT(randseed), .max = UINT64_MAX, .def = "137",
	 .help = "same seed, same offsets"},
	{"randrepeat", NULL, KIND_BOOL, AT(randrepeat), .max = 1, .def = "1",
	 .help = "the same offsets in each run"},
	{"allrandrepeat", NULL, KIND_BOOL, AT(allrandrepeat), .max = 1, .def = "0",
	 .help = "whatever is drawn is the same in each run"},
	{"zonemode", NULL, KIND_ENUM, AT(zonemode), .def = "none", NAMES(zonemodes),
	 .help = "strided: stay in a zone, then skip"},
	{"zonesize", NULL, KIND_BYTES, AT(zonesize), .max = BYTES_MAX, .def = "0",
	 .help = "bytes to move in a zone"},
	{"zonerange", NULL, KIND_BYTES, AT(zonerange), .max = BYTES_MAX, .def = "0",
	 .help = "size of a zone; 0: zonesize"},
	{"zoneskip", NULL, KIND_BYTES, AT(zoneskip), .max = BYTES_MAX, .def = "0",
	 .help = "bytes between zones"},
	{"loops", NULL, KIND_COUNT, AT(loops), .max = COUNT_MAX, .def = "1",
	 .help = "how often the whole is done"},
	{"serialize_overlap", NULL, KIND_BOOL, AT(serialize_overlap), .max = 1, .def = "0",
	 .help = "a request waits for those in flight that touch its bytes"},
	{"fsync", NULL, KIND_COUNT, AT(fsync), .max = COUNT_MAX, .def = "0",
	 .help = "fsync after every N writes, measured apart"},
	{"fdatasync", NULL, KIND_COUNT, AT(fdatasync), .max = COUNT_MAX, .def = "0",
	 .help = "fdatasync after every N writes, measured apart"},
	{"end_fsync", NULL, KIND_BOOL, AT(end_fsync), .max = 1, .def = "0",
	 .help = "fsync at the end of the job"},
	{"fsync_on_close", NULL, KIND_BOOL, AT(fsync_on_close), .max = 1, .def = "0",
	 .help = "fsync before a file is closed"},
};

const struct option_rows job_rows_what = {"What", rows, BL_ARRAY_LEN(rows)};
