/* errors.h - which errors a job lives with; worker_fail() and worker_finish_io() of worker.h are in
 * errors.c, too.
 *
 * Inside the engine only.
 */
#ifndef ENGINE_ERRORS_H
#define ENGINE_ERRORS_H

#include "job.h"

/* ignore_error=LIST:LIST:LIST, of reads, writes and checks; names such as EIO, or numbers. */
bool job_ignores_error(const struct job *j, unsigned which, int error);

#endif
