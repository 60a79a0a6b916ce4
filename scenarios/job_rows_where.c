/* job_rows_where.c - options: files and the region of them. */
#include "job_table.h"

#include "cleanup.h"
#include "units.h"

static const char *const fallocates[JOB_FALLOCATES] = {"none", "native", "posix", "keep",
						       "truncate"};
static const struct choice fallocates_also[] = {
	{"0", JOB_FALLOCATE_NONE}, {"1", JOB_FALLOCATE_POSIX}, {NULL, 0}};
static const char *const fadvises[JOB_FADVISES] = {"0", "1", "random", "sequential"};

static const struct option_row rows[] = {
	{"name", NULL, KIND_OWN, .def = "", .first = -2, .set = row_set_name, .text = row_text_none,
	 .help = "the job's name, instead of that of its section"},
	{"description", NULL, KIND_TEXT, AT(description), .def = "",
	 .help = "what the job is for; shown in the result"},
	{"filename", NULL, KIND_TEXT, AT(filename), .def = "", .first = 1,
	 .help = "files or devices, ':' between them, '\\:' for a colon in a name"},
	{"directory", NULL, KIND_TEXT, AT(directory), .def = "",
	 .help = "where the files are; several with ':' are dealt out to the clones"},
	{"filename_format", NULL, KIND_TEXT, AT(filename_format), .def = JOB_FILENAME_FORMAT,
	 .first = 1,
	 .help = "name of a file without filename: $jobname, $jobnum, $filenum, $clientuid"},
	{"nrfiles", "nr_files", KIND_COUNT, AT(nrfiles), .min = 1, .max = 65536, .def = "1",
	 .help = "files of each clone"},
	{"file_service_type", NULL, KIND_OWN, .def = "roundrobin", .set = row_set_file_service,
	 .text = row_text_file_service,
	 .help = "which file is next: roundrobin, random, sequential; ':N' requests to each"},
	{"filesize", NULL, KIND_OWN, .def = "0", .set = row_set_filesize, .text = row_text_filesize,
	 .help = "bytes of each file, or a range to draw from"},
	{"size", NULL, KIND_BYTES, AT(size), PCT(size_pct), .pct_min = 1, .max = BYTES_MAX,
	 .def = "0", .help = "bytes of the region, or percent; 0: to the end of the target"},
	{"io_size", "io_limit", KIND_BYTES, AT(io_size), PCT(io_size_pct), .pct_min = 1,
	 .max = BYTES_MAX, .def = "0",
	 .help = "bytes to move, may be more than the region; 0: size"},
	{"offset", "fileoffset", KIND_BYTES, AT(offset), PCT(offset_pct), .max = BYTES_MAX,
	 .def = "0", .help = "where the region starts, or percent of the target"},
	{"offset_align", NULL, KIND_BYTES, AT(offset_align), .max = BYTES_MAX, .def = "0",
	 .help = "an offset in percent is rounded up to this; 0: to the smallest request"},
	{"offset_increment", NULL, KIND_BYTES, AT(offset_increment), PCT(offset_increment_pct),
	 .max = BYTES_MAX, .def = "0", .help = "each clone starts this much after the one before"},
	{"number_ios", NULL, KIND_COUNT, AT(number_ios), .max = BYTES_MAX, .def = "0",
	 .help = "requests after which the job ends; 0: no limit"},
	{"fill_device", "fill_fs", KIND_BOOL, AT(fill_device), .max = 1, .def = "0",
	 .help = "write until there is no space"},
	{"file_append", NULL, KIND_BOOL, AT(file_append), .max = 1, .def = "0",
	 .help = "start at the end of the file"},
	{"overwrite", NULL, KIND_BOOL, AT(overwrite), .max = 1, .def = "0",
	 .help = "lay files out before they are written"},
	{"create_on_open", NULL, KIND_BOOL, AT(create_on_open), .max = 1, .def = "0",
	 .help = "do not lay out or lengthen files before the job; its writes make them grow"},
	{"create_only", NULL, KIND_BOOL, AT(create_only), .max = 1, .def = "0",
	 .help = "make the files and do nothing else"},
	{"unlink", NULL, KIND_BOOL, AT(unlink), .max = 1, .def = "0",
	 .help = "remove the files after the job"},
	{"allow_file_create", NULL, KIND_BOOL, AT(allow_file_create), .max = 1, .def = "1",
	 .help = "0: a missing file is an error"},
	{"allow_mounted_write", NULL, KIND_BOOL, AT(allow_mounted_write), .max = 1, .def = "0",
	 .help = "1: write to a device that is in use: mounted, swap, or held by somebody"},
	{"pre_read", NULL, KIND_BOOL, AT(pre_read), .max = 1, .def = "0",
	 .help = "read the files into the page cache first"},
	{"invalidate", NULL, KIND_BOOL, AT(invalidate), .max = 1, .def = "1",
	 .help = "drop the target's page cache before the job"},
	{"fallocate", NULL, KIND_ENUM, AT(fallocate), .def = "native", NAMES(fallocates),
	 .also = fallocates_also, .help = "how space is taken for a new file"},
	{"fadvise_hint", NULL, KIND_ENUM, AT(fadvise_hint), .def = "1", NAMES(fadvises),
	 .help = "tell the kernel how the file is read: 1 as rw says"},
};

const struct option_rows job_rows_where = {"Where", rows, BL_ARRAY_LEN(rows)};
