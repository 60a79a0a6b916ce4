/* look.h - one job of one trial under the eyes of the rules. Private to results/diagnosis/.
 *
 * A rule reads the job's analysis and tells what it found; what belongs to the same cell and job is
 * put together over the trials afterwards (judge.c). Figures that are absent are NAN, and every
 * comparison with NAN is false: a rule that lacks what it needs is quiet by itself.
 */
#ifndef DIAGNOSIS_LOOK_H
#define DIAGNOSIS_LOOK_H

#include "figure.h"
#include "job_analysis.h"
#include "rules.h"
#include "thresholds.h"

/* What a rule found in a trial. */
struct found {
	const char *cause; /* of cause_rows */
	enum finding_confidence confidence;
	bool has_layer; /* layer instead of the row's */
	enum finding_layer layer;
	double from_s, to_s; /* both 0: no window */
	bool explains;       /* it goes with the stalls or slow moments, not only in the same job */
	char change[64];     /* "iothreads=1"; "": none */
	char *evidence, *remedy;
	/* What became of it after all rules had looked: shadows.c. */
	bool is_shadow;
};

struct look {
	struct diagnosis *g;
	const struct job_analysis *a;
	bool is_emulated;
	const char *bus; /* "": not known */
	struct found *found;
	size_t n_found;
};

void look_done(struct look *l);

/* One more, unless @evidence is empty; it is emptied. @f needs no texts but change. */
void look_found(struct look *l, struct found f, struct bl_buf *evidence, const char *remedy);
struct found *look_find(const struct look *l, const char *cause); /* NULL; not a shadow */

static inline double limit(const struct look *l, enum threshold which)
{
	return threshold(which, l->is_emulated);
}

/* ---- the path ---- */

/* "path.KEY" of the trial's facts, else what the effective configuration or the cell's axes say of
 * the same; NULL: not known. Keys: bus, iothread, queues, cache, cache_direct, cache_no_flush, aio,
 * discard, format, cluster_bytes, chain_depth, storage, throttle, ... */
const char *path_of(const struct look *l, const char *key);
bool path_is(const struct look *l, const char *key, const char *value);
double number_in(const char *text);                        /* the number it begins with; NAN */
double path_number(const struct look *l, const char *key); /* NAN */
bool is_served_by_qemu(const struct look *l);              /* not the host's own job, not vfio */
bool is_past_host_cache(const struct look *l); /* O_DIRECT below QEMU, or nothing of it there */
unsigned vcpus_of(const struct look *l);       /* 0: not known */
double job_number(const struct look *l, const char *option, double otherwise);
/* Is one of its numbers above 0? "1m", ",1m" (reads, writes, trims), "0,500". */
bool job_limits(const struct look *l, const char *option);

/* ---- requests ---- */

/* Nothing of the lab did I/O: the requests are those of whoever uses the VM, and what they took
 * above QEMU is not known. */
bool is_only_watched(const struct look *l);
/* Where requests are counted that the rest is compared with: the engine, QEMU where there is none.
 */
enum layer_at top_of(const struct look *l);
const char *whose(const struct look *l);        /* "the job's", "the disk's" */
const char *latency_name(const struct look *l); /* "the job's latency", "their time in QEMU" */
/* What QEMU's process moved, and what the device did, is this disk's alone. */
bool is_only_disk(const struct look *l);
/* At the top, by Little's law: of this job, or of all that ran at once; NAN. */
double inflight_of(const struct look *l, bool of_all_jobs);
bool is_alone(const struct look *l); /* no other job of the trial ran at the same time */
/* What all jobs that ran at once asked for, which the guest's disk, QEMU and the host count
 * together; of a job alone what it asked for itself. NAN: nothing, or one of them is not known. */
double asked_count(const struct look *l, enum io_dir dir);
double asked_bytes(const struct look *l, enum io_dir dir);
/* Of all directions' time, what is spent in a part by itself. NAN: where its neighbour's border
 * can't be used the part has that one's time too, and such directions have more than a tenth of
 * all. */
double share_of(const struct look *l, enum budget_part p);
double share_from(const struct look *l, enum budget_part p);  /* in it or any part below; NAN */
double own_time_of(const struct look *l, enum budget_part p); /* per request, as share_of() */
/* More requests at once at @above than at @below, of the directions that both count; NAN. */
double waiting_between(const struct look *l, enum layer_at above, enum layer_at below);
/* At that place, reads, writes and trims together; NAN: not known. */
double mean_at(const struct look *l, enum layer_at at);
double bytes_at(const struct look *l, enum layer_at at, enum io_dir dir); /* NAN */
double count_at(const struct look *l, enum layer_at at, enum io_dir dir); /* NAN */
/* What the VM's process (the job's) read from storage, or wrote, in bytes. NAN: not known, or not
 * by that process: storage that is no device of this host, a controller that the guest or QEMU's
 * own driver has. */
double host_bytes(const struct look *l, enum io_dir dir);
double window_s(const struct look *l); /* length of the counted time */

/* ---- signals ---- */

double rate_of(const struct look *l, enum watcher w, const char *counter); /* 1/s; NAN */
/* The greatest rate of the counters whose names match @pattern (fnmatch), and that one's name. */
double greatest_rate(const struct look *l, enum watcher w, const char *pattern,
		     const char **ret_name);
double gauge_max(const struct look *l, enum watcher w, const char *gauge); /* in the window; NAN */
double gauge_min(const struct look *l, enum watcher w, const char *gauge);
/* Its greatest rise from one reading to a later one, and what it came to; NAN. */
double gauge_rise(const struct look *l, enum watcher w, const char *gauge, double *ret_to);
/* A counter's rise between two times since the counted time began; NAN. */
double rise_in(const struct look *l, enum watcher w, const char *counter, double from_s,
	       double to_s);

/* Does @name match one of these (fnmatch, separated by blanks)? */
bool is_one_of(const char *patterns, const char *name);
/* The signal that explains the stalls best among those whose names match one of the patterns
 * (fnmatch, separated by blanks); NULL: none does. Symptoms never do. */
const struct signal *explains(const struct look *l, const char *patterns);
bool explains_most(const struct look *l, const struct signal *s);
/* What signals were tested against: "stalls", "groups of stalls" where several lie within a second,
 * "slow moments". */
const char *spikes_word(const struct look *l);
/* "A goes before 9 of the 10 stalls (attributable fraction 0.87 [0.55, 0.97]; p 0.012 over all
 * signals, 0.31 by Holm)". */
void say_explains(const struct look *l, const struct signal *s, struct bl_buf *out);

/* What @f rests on: that a level was passed, a signal that explains (NULL: none), or both, which
 * leave little doubt. A signal alone is only possible where the job neither stutters nor has a bad
 * tail. Sets how sure it is, and of a signal that it explains, from when to when. */
void rest_on(const struct look *l, struct found *f, bool has_level, const struct signal *s);

/* ---- waves ---- */

/* A wave in the latency that is clear, and high enough to be felt. Beside a clock of stalls:
 * theirs. */
bool is_swinging(const struct look *l);
void say_swing(const struct look *l, struct bl_buf *out);

/* ---- words ---- */

/* "; " before all but the first. */
void say(struct bl_buf *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *ns_text(char out[FMT_MAX], double ns);     /* "412 us" */
const char *pct_text(char out[FMT_MAX], double share); /* "31 %" */
const char *num_text(char out[FMT_MAX], double v);
const char *mib_text(char out[FMT_MAX], double bytes); /* "120 MiB" */
/* Facts host.top.N: "stress-ng (98 %), ..."; adds nothing when there are none. */
void say_who(const struct look *l, struct bl_buf *out);

#endif
