/* pairing.h - two cells side by side, of one run or of two: what compare prints and its JSON. */
#ifndef REPORT_PAIRING_H
#define REPORT_PAIRING_H

#include "fingerprint.h"
#include "report.h"
#include "view.h"

struct pairing_job {
	const char *name;
	const struct view_row *a, *b; /* both with figures */
	struct comparison by[METRICS];
};

/* A value that is not the same on both sides; NULL: absent there. */
struct difference {
	const char *key, *a, *b;
};

struct pairing {
	struct view va, vb;
	uint32_t cell_a, cell_b;
	bool is_same_run;
	struct report_options opt;
	/* No verdict: other engines or accelerators, or two runs. (Cells of fio that took turns are
	 * imported as one run.) */
	bool is_refused;
	const char *refusal; /* in a comparison's words; static */
	char note[400];      /* why verdicts are refused or weaker; "" */
	bool is_unpaired;    /* the cells took no turns */
	struct gate gate;    /* after the correction */
	struct pairing_job *jobs;
	size_t n_jobs;
	struct difference *config;
	size_t n_config;
	struct env_changes environment; /* of the fingerprints of two runs */
};

/* -ENOENT: no such cell. End with pairing_done(), also after a failure. */
int pairing_init(struct pairing *p, const struct run_data *da, const char *cell_a,
		 const struct run_data *db, const char *cell_b, const struct report_options *opt,
		 struct bl_err *err);
void pairing_done(struct pairing *p);

#endif
