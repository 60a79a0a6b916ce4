/* document.h - the results of a blkjob run as fio's documents. */
#ifndef BLKJOB_REPORT_H
#define BLKJOB_REPORT_H

#include "buf.h"
#include "engine.h"

struct result {
	const struct job *job;
	struct sample *sample; /* owned by the caller; error set: what there is is shown */
	struct engine_depths depths;
	uint64_t started_ms; /* wall clock */
	uint64_t elapsed_ns; /* with ramp and drain */
};

struct results {
	const struct result *items;
	size_t n;
	uint64_t now_ms;     /* wall clock of the document */
	const char *ignored; /* options without effect, a line each; NULL: none */
};

/* One window of 500 ms: what fio samples for bw and iops. */
#define WINDOW_NS 500000000ull
struct window_stats {
	uint64_t n;
	double min, max, mean, stddev;
};
/* Of @dir's bytes (KiB/s) or completions (1/s), whole windows of the counted time only. */
void window_stats(const struct sample *s, enum io_dir dir, bool of_bytes, struct window_stats *out);

/* -ENOMEM. @plus: json+, with the bins of every histogram. */
int document_json(const struct results *r, bool plus, struct bl_buf *out);

/* fio's normal output: a block for each job. */
void document_text(const struct results *r, struct bl_buf *out);

#endif
