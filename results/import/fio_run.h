/* fio_run.h - documents of fio as one run: a trial a document, its cell by name.
 *
 * What is known of such a run, and what not, is in its notes. version is fio's ("fio-3.33"; with
 * " (lat)" where its percentiles are of lat), so that verdicts between engines, or between
 * clat and lat, are refused as between versions of our own. accel is "unknown", also to whom fio
 * ran on the host: the documents don't say.
 */
#ifndef IMPORT_FIO_RUN_H
#define IMPORT_FIO_RUN_H

#include "record.h"

struct fio_source {
	const char *name; /* of the file, for messages */
	const char *cell; /* several of one cell are repeats, in order of their time */
	const char *text;
	size_t len;
};

struct fio_run_options {
	const char *scenario; /* name of the run's scenario */
	const char *host;     /* NULL: not known */
	uint64_t now_ms;      /* where no document says when it was */
};

/* The ids come from the contents, names and cells: the same import gives the same run.
 * -EBADMSG: a document that is none, or that does not go with the first: another version of fio,
 * another latency in the percentiles, with and without histograms; or the same as one before it,
 * of whichever cell: one measurement is one trial. -ENOMEM. End with
 * run_data_done(). */
int fio_run(const struct fio_source *files, size_t n, const struct fio_run_options *opt,
	    struct run_data *ret, struct bl_err *err);

#endif
