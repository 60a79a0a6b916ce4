/* log_files.h - fio's interval logs: PREFIX_{bw,iops,slat,clat,lat,clat_hist}[.N].log.
 *
 * A line a request (log_avg_msec=0) or a window and direction:
 *   time_ms, value, direction, bs, [offset,] priority       (bw KiB/s, latencies ns)
 * direction 0, 1, 2; a window has bs and offset 0. Of a histogram:
 *   time_ms, direction, bs, count of bucket 0, ..., 1855    (2^log_hist_coarseness added up)
 * Time counts from the end of the ramp, or from 1970 with log_unix_epoch. Windows lie on the
 * grid of log_avg_msec; the last one, which is cut short, is written, too.
 */
#ifndef BLKJOB_LOG_FILES_H
#define BLKJOB_LOG_FILES_H

#include "engine.h"

struct log_files; /* the files of one run: made new by their first writer, then continued */

struct log_files *log_files_new(void); /* NULL: out of memory */
struct log_files *log_files_free(struct log_files *l);
void log_files_freep(struct log_files **l);

/* Before the jobs run: is the folder of each file @prefix begins there, and may it be written to?
 * "" is none. Negative errno: @err names the folder. */
int log_prefix_check(const char *prefix, struct bl_err *err);
int log_files_check(const struct job *j, struct bl_err *err); /* the same for a job's logs */

/* All logs that @j asks of its clone @c. @number: of the clone in the whole run, from 1.
 * Negative errno: @err names the file. */
int log_files_write(struct log_files *l, const struct job *j, const struct engine_clone *c,
		    unsigned number, struct bl_err *err);

/* --bandwidth-log: agg-{read,write,trim}_bw.log, KiB/s of all clones together in windows of
 * 500 ms since @begin_ns (CLOCK_MONOTONIC). */
int log_files_write_total(struct log_files *l, const struct engine_clone *clones, size_t n,
			  uint64_t begin_ns, struct bl_err *err);

#endif
