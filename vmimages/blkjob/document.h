/* document.h - the results of a blkjob run as fio 3.33's documents.
 *
 * Order, names, units and number formats are fio's; what blkjob has beyond is marked in
 * docs/fio-json.md. A document may be made while the jobs run: figures are those so far.
 */
#ifndef BLKJOB_DOCUMENT_H
#define BLKJOB_DOCUMENT_H

#include "buf.h"
#include "engine.h"

struct disk_use; /* disk_util.h */

struct results {
	const struct jobs *jobs;
	/* Of all jobs in their order, those not started yet with an empty sample; .job is the
	 * index into jobs->items. */
	const struct engine_clone *clones;
	size_t n_clones;
	uint64_t now_ms;     /* wall clock of the document */
	uint64_t elapsed_ns; /* since the program began */
	uint64_t eta_s;      /* until all jobs have ended */
	int pid;
	const struct disk_use *disks; /* NULL: not asked for, or none under the jobs' files */
	size_t n_disks;
};

/* Each appends to @out. -ENOMEM. */
int document_json(const struct results *r, bool plus, struct bl_buf *out); /* plus: with bins */
int document_text(const struct results *r, struct bl_buf *out);            /* fio's "normal" */
/* @version 2 to 5; 3 is what most scripts expect. */
int document_terse(const struct results *r, unsigned version, struct bl_buf *out);

/* What the normal form shows before the jobs start: a line a job. */
void document_text_head(const struct jobs *jobs, struct bl_buf *out);

/* The version that the documents carry; tools look for "fio-3". */
#define DOCUMENT_VERSION "fio-3.33"

#endif
