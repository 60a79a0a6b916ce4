/* job_rows_how.c - options: how a request is made. */
#include "job_table.h"

#include "cleanup.h"
#include "units.h"

const char *const job_engine_names[JOB_ENGINES] = {"psync",  "sync",     "pvsync", "pvsync2",
						   "libaio", "io_uring", "null",   "nop"};
static const char *const syncs[JOB_SYNCS] = {"none", "sync", "dsync"};
static const struct choice syncs_also[] = {{"0", JOB_SYNC_NONE}, {"1", JOB_SYNC_SYNC}, {NULL, 0}};

static const struct option_row rows[] = {
	{"ioengine", NULL, KIND_ENUM, AT(engine), .def = "psync", NAMES(job_engine_names),
	 .first = -1, .help = "how requests are made"},
	{"iodepth", NULL, KIND_COUNT, AT(iodepth), .min = 1, .max = 4096, .def = "1",
	 .help = "requests kept in flight; sync engines run at 1"},
	{"iodepth_batch", "iodepth_batch_submit", KIND_COUNT, AT(batch_submit), .max = COUNT_MAX,
	 .def = "0", .help = "requests handed over in one go; 0: as many as are free (fio: 1)"},
	{"iodepth_batch_complete_min", "iodepth_batch_complete", KIND_COUNT, AT(batch_complete_min),
	 .max = COUNT_MAX, .def = "1", .help = "completions to wait for in one go; 0: poll"},
	{"iodepth_batch_complete_max", NULL, KIND_COUNT, AT(batch_complete_max), .max = COUNT_MAX,
	 .def = "0", .help = "most completions taken in one go; 0: no limit"},
	{"iodepth_low", NULL, KIND_COUNT, AT(iodepth_low), .max = COUNT_MAX, .def = "0",
	 .help = "a full queue is drained to this before it is filled again; 0: iodepth"},
	{"direct", NULL, KIND_BOOL, AT(direct), .max = 1, .def = "0",
	 .help = "1: O_DIRECT, past the page cache (buffered: the opposite)"},
	{"sync", NULL, KIND_ENUM, AT(sync), .def = "none", NAMES(syncs), .also = syncs_also,
	 .help = "open with O_SYNC or O_DSYNC"},
	{"hipri", NULL, KIND_FLAG, AT(hipri), .max = 1, .def = "0",
	 .engines = ENGINE(JOB_IO_URING) | ENGINE(JOB_PVSYNC2), .help = "poll for completions"},
	{"hipri_percentage", NULL, KIND_PERCENT, AT(hipri_percentage), .max = 100, .def = "100",
	 .engines = ENGINE(JOB_PVSYNC2), .help = "percent of the requests that hipri is for"},
	{"fixedbufs", NULL, KIND_FLAG, AT(fixedbufs), .max = 1, .def = "0",
	 .engines = ENGINES_URING,
	 .help = "register the buffers, as is done here wherever the kernel takes them"},
	{"registerfiles", NULL, KIND_FLAG, AT(registerfiles), .max = 1, .def = "0",
	 .engines = ENGINES_URING,
	 .help = "register the files, as is done here wherever the kernel takes them"},
	{"sqthread_poll", NULL, KIND_FLAG, AT(sqthread_poll), .max = 1, .def = "0",
	 .engines = ENGINES_URING, .help = "a thread of the kernel submits"},
	{"sqthread_poll_cpu", NULL, KIND_SIGNED, AT(sqthread_poll_cpu), .least = -1, .max = 65535,
	 .def = "-1", .engines = ENGINES_URING, .help = "its CPU; -1: any"},
	{"force_async", NULL, KIND_COUNT, AT(force_async), .max = COUNT_MAX, .def = "0",
	 .engines = ENGINE(JOB_IO_URING),
	 .help = "every N-th request goes to a worker of the kernel"},
	{"nonvectored", NULL, KIND_BOOL, AT(nonvectored), .max = 1, .def = "0",
	 .engines = ENGINES_URING, .help = "requests without a vector, as they always are here"},
	{"uncached", NULL, KIND_BOOL, AT(uncached), .max = 1, .def = "0", .engines = ENGINES_POLLED,
	 .help = "buffered requests that leave the page cache"},
	{"nowait", NULL, KIND_BOOL, AT(nowait), .max = 1, .def = "0", .engines = ENGINES_NOWAIT,
	 .help = "a request that would block fails with EAGAIN"},
	{"cmdprio_percentage", NULL, KIND_PERCENT, AT_EACH(cmdprio_percentage), .max = 100,
	 .def = "0", .engines = ENGINES_PRIO, .help = "percent of reads,writes with a priority"},
	{"cmdprio_bssplit", NULL, KIND_OWN, .def = "", .min = 1, .max = GiB,
	 .set = row_set_cmdprio_bssplit, .text = row_text_cmdprio_bssplit, .engines = ENGINES_PRIO,
	 .help = "the same by size, '4k/50:64k/10' or '4k/50/CLASS/LEVEL:...', reads,writes"},
	{"cmdprio_class", NULL, KIND_COUNT, AT_EACH(cmdprio_class), .max = 3, .def = "0",
	 .engines = ENGINES_PRIO, .help = "its class: 1 real time (also 0), 2 best effort, 3 idle"},
	{"cmdprio", NULL, KIND_COUNT, AT_EACH(cmdprio), .max = 7, .def = "0",
	 .engines = ENGINES_PRIO, .help = "its level, 0 the highest"},
	{"iomem_align", "mem_align", KIND_BYTES, AT(mem_align), .max = 1 << 30, .def = "0",
	 .help = "alignment of the buffers, a power of two; 0: a page"},
	{"lockmem", NULL, KIND_BYTES, AT(lockmem), .max = BYTES_MAX, .def = "0",
	 .help = "memory each clone keeps locked, to take it from the page cache"},
};

const struct option_rows job_rows_how = {"How", rows, BL_ARRAY_LEN(rows)};
