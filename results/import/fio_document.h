/* fio_document.h - what fio 3 wrote by --output-format=json or json+, as the jobs of one trial.
 *
 * From a group's clones one job is made (histograms and counters are added). Kept of each job: I/Os
 * and bytes a direction, the latencies slat, clat and lat as far as they are there, runtime, CPU
 * time, its options as job text, its error. Slices, the clock and signals are not in such
 * documents. JSON+: a latency with `bins` has a histogram (fio_bins.h). By default fio keeps one of
 * clat only; with lat_percentiles=1 of lat. JSON: no histogram; n, min, max, mean and deviation are
 * there. Percentiles become facts of the job, "told.read.p99_ns", of lat where fio has them, else
 * of clat.
 */
#ifndef IMPORT_FIO_DOCUMENT_H
#define IMPORT_FIO_DOCUMENT_H

#include "record.h"

/* Which latency the percentiles are of. FIO_BOTH: of clat in some jobs, of lat in others. */
enum fio_ruler { FIO_NO_PERCENTILES, FIO_CLAT, FIO_LAT, FIO_BOTH };

struct fio_document {
	char version[32];      /* "fio-3.33"; of blkjob's documents "blkjob-0.1.0" */
	uint64_t timestamp_ms; /* of its end, since 1970; 0: not said */
	uint64_t runtime_ms;   /* of the longest job, with its ramp where fio says so */
	struct job_result *jobs;
	size_t n_jobs;
	enum fio_ruler ruler;
	bool has_histograms; /* every latency that `ruler` is about */
	bool has_clones;     /* told percentiles of clones can't be added and are left out */
	char *error;         /* of the first job that had one; NULL: none */
};

/* Whether the text is meant to be JSON: the first character, or that of a line behind fio's own
 * words, is '{'. */
bool fio_document_is_json(const char *text, size_t len);

/* Parse @text; of several documents in it (--status-interval) the last. @name is for messages.
 * -EBADMSG: not JSON, not of fio 3, contradicts itself; -ENOMEM. End *ret with
 * fio_document_done(). */
int fio_document_parse(const char *text, size_t len, const char *name, struct fio_document *ret,
		       struct bl_err *err);
void fio_document_done(struct fio_document *d);

#endif
