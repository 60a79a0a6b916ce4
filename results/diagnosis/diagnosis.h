/* diagnosis.h - what went wrong or is suspicious in a run, with evidence and remedy.
 *
 * Pure: reads a stored run and makes findings, so that rules may grow better without measuring
 * again. A finding speaks of trials that failed too. No finding means that no rule fired, not that
 * all is well: what was not measured can't be judged.
 */
#ifndef DIAGNOSIS_H
#define DIAGNOSIS_H

#include "buf.h"
#include "finding_layer.h"
#include "record.h"

enum finding_confidence { CONFIDENCE_POSSIBLE, CONFIDENCE_LIKELY, CONFIDENCE_CERTAIN, CONFIDENCES };
extern const char *const finding_confidence_names[CONFIDENCES]; /* "possible", ... */

/* How the remedy of a symptom begins whose cause is named, and has a finding of its own. */
#define FINDING_BY_CAUSE "do what is said of the cause"

struct finding {
	const char *cause; /* a name of cause_rows, static */
	enum finding_layer layer;
	enum finding_confidence confidence;
	uint32_t cell; /* index into run_data.cells, or NO_CELL: its trial was not stored,
			* as the run was killed in it */
	size_t trial;  /* index into run_data.trials, the first it was seen in (of those in which it
			* is surest); SIZE_MAX: none */
	char *job;     /* NULL: not one job */
	double from_s, to_s; /* since the job's counted time began; NAN: no such window, or all */
	char *evidence;      /* a sentence with its numbers; has foreign text */
	char *remedy;        /* what to do or try */
	char *change;        /* the remedy as a change of the cell that `run --with` takes there,
			      * "iothreads=1"; NULL: it is none */
};
/* What was looked at in one job of a cell, over its trials. */
struct looked_at {
	uint32_t cell;
	char *job;
	size_t n_trials; /* that have figures or were watched */
	char *there;  /* "threads of QEMU, guest's CPUs, ...: 84 signals, 61 of them tested against
		       * 12 stalls" */
	char *absent; /* "the guest's disk (why)", ...; "": nothing */
};

struct findings {
	struct finding *items; /* by cell; in a cell by cause in the order of cause_rows */
	size_t n;
	struct looked_at *looked; /* by cell, then job as first met */
	size_t n_looked;
};

struct cause_row {
	const char *name;  /* "device-reset" */
	const char *title; /* "The device was reset" */
	const char *help;  /* what it means, one sentence */
	enum finding_layer layer;
	/* What people see who have it, as the row of a playbook; NULL: it has none. */
	const char *symptom;
};
extern const struct cause_row cause_rows[];
extern const size_t n_cause_rows;
const struct cause_row *cause_find(const char *name); /* NULL: no such cause */

/* *ret is new: findings_done(). -ENOMEM. */
int diagnose_run(const struct run_data *d, struct findings *ret, struct bl_err *err);
/* And what makes the run unlike @beside, which should be alike (another host, an earlier night):
 * config-drift of hosts, kernels, QEMU, their settings, and of path and jobs of cells that have the
 * same name. What only one of them knows is not compared. -ENOENT: no cell's name is in both. */
int diagnose_beside(const struct run_data *d, const struct run_data *beside, struct findings *ret,
		    struct bl_err *err);
void findings_done(struct findings *f);

/* Those of one cell, surest first; of alike sure ones those come first that say more: causes, then
 * symptoms, then what is only to be known. *ret: NULL when there are none, else n borrowed ones and
 * a NULL, free() the list. -ENOMEM. */
int findings_of_cell(const struct findings *f, uint32_t cell, const struct finding ***ret,
		     size_t *ret_n);
/* NULL: no such job in the cell, or nothing of it was measured or watched. */
const struct looked_at *findings_looked_at(const struct findings *f, uint32_t cell,
					   const char *job);

/* The guest has the device's controller, or QEMU has: the host's driver has not. */
bool is_handed_out(const struct run_data *d, uint32_t cell);

#endif
