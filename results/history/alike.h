/* alike.h - hosts that should be alike: is one of them odd, at what, by how much, and what has it
 * that the others have not?
 *
 * A host is one value a figure (the mean of the logs of its runs). From four hosts on one is odd
 * when it lies beyond what the others predict; three only show one that stands out, two that they
 * differ.
 */
#ifndef ALIKE_H
#define ALIKE_H

#include "metric.h"
#include "run_figures.h"

#define ALIKE_HOSTS_MIN 4 /* to call one odd */
#define ALIKE_ODD_MAX   4 /* of one figure that are named */

/* Of three hosts one stands out when it is this many times as far from the nearer one as the two
 * others are apart. Of three alike that happens once in six times (`simulate_profile 1000 hosts`),
 * so it decides nothing. */
#define ALIKE_STANDS_OUT_TIMES 10

/* A host and its runs; all borrowed. */
struct alike_host {
	const char *id, *name;
	const struct run_figures *const *runs; /* of one scenario */
	size_t n_runs;
};

enum alike_verdict {
	ALIKE_SAME,       /* none is odd, or none differs by more than matters */
	ALIKE_ODD,        /* odd[] are */
	ALIKE_STANDS_OUT, /* three hosts: odd[0] is far from the two others, which proves nothing */
	ALIKE_DIFFER,     /* two hosts differ by more than matters: which is odd can't be said */
	ALIKE_CANNOT_TELL, /* fewer than two have it, or a thin percentile */
	ALIKE_VERDICTS
};
extern const char *const alike_verdict_names[ALIKE_VERDICTS]; /* "alike", "odd", ... */

struct alike_odd {
	size_t host;  /* index of the hosts given */
	double ratio; /* to the typical of those that are not odd */
	bool is_worse;
};

struct alike_row {
	const char *cell, *job; /* borrowed from the figures */
	uint64_t iodepth;
	enum metric metric;
	size_t n_hosts; /* that have it */
	double *values; /* of each host given, in the metric's unit; NAN: absent */
	double typical; /* median over hosts */
	double rel_mad; /* 1.4826 MAD of the logs over hosts (0.04: 4 %) */
	bool has_interval;
	double lo, hi; /* where the ratio of one more such host lies, 95 % */
	double min_effect;
	double p, p_adjusted; /* of none being odd; NAN: not tested */
	enum alike_verdict verdict;
	struct alike_odd odd[ALIKE_ODD_MAX]; /* the farthest first */
	size_t n_odd;
	char why[160];
};

/* A fact that one host has alone. */
struct alike_fact {
	size_t host;
	const char *key;            /* of the fingerprint */
	const char *value, *others; /* borrowed; NULL: none. @others: what most others have */
	size_t n_others;            /* of the other hosts have @others */
};

struct alike {
	struct alike_row *rows;
	size_t n;
	struct alike_fact *facts;
	size_t n_facts;
	size_t *n_odd,
		*n_worse;      /* of each host given: figures at which it is odd (or stands out) */
	char (*left_out)[160]; /* of each: why it is not compared; "" */
	size_t n_hosts;        /* given */
	size_t odd_host;       /* the one that is odd at most figures; SIZE_MAX: none */
	size_t by[ALIKE_VERDICTS]; /* rows of each verdict */
};

/* Each metric is a family, corrected by Benjamini and Hochberg. Within a figure: Rosner's
 * generalized ESD for at most a third of the hosts, as p-values of the prediction of one host from
 * the others (Student's t, Bonferroni over hosts). Assumes: logs of hosts normal. Hosts measured by
 * another engine or acceleration than most, and jobs that are other ones than most hosts', are left
 * out. @e NULL: min_effects_default. -EINVAL: fewer than two hosts; -ENOMEM. */
int alike_of(const struct alike_host *hosts, size_t n, const struct min_effects *e,
	     struct alike *ret, struct bl_err *err);
void alike_done(struct alike *a);

#endif
