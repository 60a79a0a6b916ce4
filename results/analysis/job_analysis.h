/* job_analysis.h - all that reports and rules need of one job in one trial, computed once.
 *
 * Pure: from the record alone, and the same record gives the same bytes (random draws are seeded by
 * the trial's id and the job's name).
 */
#ifndef JOB_ANALYSIS_H
#define JOB_ANALYSIS_H

#include "budget.h"
#include "layers.h"
#include "signals.h"
#include "modulation.h"
#include "stutter.h"
#include "timeline.h"

/* CPU time on the host by role of the VM's threads, from the job's facts "cpu.ROLE_ns" and
 * "cpu.ROLE_wait_ns". */
struct role_cost {
	char role[24];         /* "vcpu", "iothread", "main", "worker", "vhost", "job", "other" */
	double run_ns_per_io;  /* per read, write or trim of all jobs at once; NAN: not known */
	double wait_ns_per_io; /* runnable without a CPU; NAN: not known */
	double run_share;      /* CPUs busy with it: run time over the counted time */
	double wait_share;     /* NAN: not known */
};
#define ROLE_COSTS_MAX 12

enum spike_kind {
	SPIKES_NONE,
	SPIKES_STALLS, /* onsets of the stalls */
	SPIKES_SLOW    /* the slowest slices: there are too few stalls to explain any */
};

struct job_analysis {
	/* Borrowed: must outlive this. */
	const struct run_data *d;
	size_t trial, job; /* indices into run_data.trials, trial_record.jobs */
	uint32_t cell;
	const struct trial_record *t;
	const struct job_result *j;

	uint64_t from_ns, to_ns; /* the counted time on the host's clock */
	struct layer_seen layers[LAYER_ATS];
	struct budget budget;
	struct timeline line;
	/* What the requests took that completed in each slice, of all jobs that ran at once,
	 * [IO_DIRS * line.n] as timeline_add_times() has it; NULL: not known of all of them. */
	double *times_ns;
	struct stutter stutter; /* times since the counted time began; empty when line.n is 0 */
	struct modulation modulation; /* of the line's means; not tested when line.n is 0 */
	/* When a period's beats fall, in [0, wall_period_s) of the wall clock's seconds since
	 * 1970, and the nominal period that is counted by (beat_nominal_s()). Both NAN: no period,
	 * none that is nominal, or the trial's fact "clock.wall_offset_ns" (wall clock less
	 * CLOCK_MONOTONIC) is absent. */
	double wall_phase_s, wall_period_s;
	double stall_tail_share; /* of the I/Os above the job's p99, those that completed within
				  * stalls; NAN: not known */
	/* What signals are tested against, a second apart or more: the stalls' onsets when there
	 * are ATTRIBUTION_SPIKES_MIN or more; else those among the slowest slices (1 % of them,
	 * eight at least) that took 1.5 times the median slice or longer. */
	enum spike_kind spike_kind;
	bool *is_spike; /* [line.n]; NULL when line.n is 0 */
	size_t n_spikes;
	/* Tested possible causes first, by attributable fraction descending; then tested symptoms
	 * likewise; then the others in the catalogue's order. */
	struct signal *signals;
	size_t n_signals;
	const struct signal
		*best; /* possible cause with p_family <= 0.05 and the greatest af; NULL */
	size_t n_rest; /* spikes that best does not explain */
	/* Of these: the signal with rest.p_family <= 0.05 and the greatest rest.af; NULL. */
	const struct signal *second;
	struct role_cost roles[ROLE_COSTS_MAX];
	size_t n_roles;
};

/* -ENODATA: the job has no sample and was not watched; -ENOMEM. *ret is new: job_analysis_done().
 */
int analyse_job(const struct run_data *d, size_t trial, size_t job, struct job_analysis *ret,
		struct bl_err *err);
void job_analysis_done(struct job_analysis *a); /* also empties it */

/* A raw counter's rise over the counted time, per second; NAN: absent. */
double analysis_rate(const struct job_analysis *a, enum watcher w, const char *counter);
/* Latency swings without stalls that would make a wave of their own, as a clock of them does. */
bool analysis_has_wave(const struct job_analysis *a);

#endif
