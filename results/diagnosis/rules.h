/* rules.h - what the rules of a diagnosis share. Private to results/diagnosis/. */
#ifndef DIAGNOSIS_RULES_H
#define DIAGNOSIS_RULES_H

#include "buf.h"
#include "diagnosis.h"

struct diagnosis {
	const struct run_data *d;
	struct findings found;
	bool failed; /* out of memory */
};

/* What a finding is about; confidence and layer come with it. */
struct where {
	uint32_t cell;
	size_t trial;
	const char *job;     /* NULL */
	bool is_of_host;     /* the layer, where the cause's row says another */
	double from_s, to_s; /* both 0: no window */
	const char *change;  /* finding.change; NULL */
};

/* One more finding; @evidence is emptied. Does nothing when @evidence is empty. */
void diagnosis_add(struct diagnosis *g, const char *cause, enum finding_confidence confidence,
		   struct where at, struct bl_buf *evidence, const char *remedy);

/* The value of an axis; "" when it has no meaning in the cell or the cell does not exist. */
const char *axis_of(const struct run_data *d, uint32_t cell, const char *axis);

/* One file each. */
void rules_of_events(struct diagnosis *g, size_t trial);
void rules_of_counters(struct diagnosis *g, size_t trial);
void rules_of_health(struct diagnosis *g, uint32_t cell);
void rules_of_interrupts(struct diagnosis *g, uint32_t cell);
void rules_of_handovers(struct diagnosis *g);

#endif
