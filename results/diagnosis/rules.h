/* rules.h - what the rules of a diagnosis share. Private to results/diagnosis/. */
#ifndef DIAGNOSIS_RULES_H
#define DIAGNOSIS_RULES_H

#include "buf.h"
#include "diagnosis.h"
#include "summary.h"

struct diagnosis {
	const struct run_data *d;
	const struct run_data *beside; /* what d should be like; NULL */
	const struct summaries *sums;  /* of d */
	struct findings found;
	bool failed; /* out of memory */
};

/* What a finding is about; confidence and layer come with it. */
struct where {
	uint32_t cell;
	size_t trial;
	const char *job; /* NULL */
	bool is_of_host; /* the layer, where the cause's row says another */
	bool has_layer;  /* likewise: layer */
	enum finding_layer layer;
	double from_s, to_s; /* both 0: no window */
	const char *change;  /* one of change_proposals (changes.h); NULL. Dropped where it does not
			      * fit */
};

/* One more finding; @evidence is emptied. Does nothing when @evidence is empty. */
void diagnosis_add(struct diagnosis *g, const char *cause, enum finding_confidence confidence,
		   struct where at, struct bl_buf *evidence, const char *remedy);

/* The value of an axis; "" when it has no meaning in the cell or the cell does not exist. */
const char *axis_of(const struct run_data *d, uint32_t cell, const char *axis);

/* Calls @rule for each job that some trial of the cell has, once. */
void each_job(struct diagnosis *g, uint32_t cell,
	      void (*rule)(struct diagnosis *g, uint32_t cell, const char *job));
/* The cell's first trial that ran and has that job (NULL: any); SIZE_MAX: none. */
size_t first_ok_trial(const struct run_data *d, uint32_t cell, const char *job);

/* The same job in another cell that differs only in one axis. */
struct sibling {
	uint32_t cell;
	const char *value;             /* of that axis there, borrowed from the run */
	struct comparison by[METRICS]; /* that cell against this one */
};
/* @value NULL: any; the one with the best p99, else mean. false: none has figures of the job. */
bool sibling_of(const struct diagnosis *g, uint32_t cell, const char *job, const char *axis,
		const char *value, struct sibling *ret);
/* Is the sibling better in @m? Proven by its interval, or only seen (too few trials). */
enum gained { GAINED_NOTHING, GAINED_SEEN, GAINED_PROVEN };
enum gained gained_by(const struct sibling *s, enum metric m);
/* "'virtio-blk' did better: mean -31 % [-37 %, -24 %], p99 ... (6 pairs)" of these metrics. */
void say_gain(const struct diagnosis *g, const struct sibling *s, const enum metric *which,
	      size_t n, struct bl_buf *out);

/* One file each. */
void rules_of_events(struct diagnosis *g, size_t trial);
void rules_of_counters(struct diagnosis *g, size_t trial);
void rules_of_health(struct diagnosis *g, uint32_t cell);
void rules_of_interrupts(struct diagnosis *g, uint32_t cell);
void rules_of_handovers(struct diagnosis *g);
void rules_of_configuration(struct diagnosis *g, uint32_t cell);
void rules_of_drift(struct diagnosis *g, uint32_t cell);
void rules_of_sweeps(struct diagnosis *g);
void rules_of_means(struct diagnosis *g);
void rules_of_jobs(struct diagnosis *g,
		   uint32_t cell); /* judge.c: all that need a job's analysis */

#endif
