/* attribution.h - whether a signal explains the spikes of another series.
 *
 * Spikes are a few windows of many: a correlation over all of them does not see what happens in
 * those. Asked is how often the signal was high in the moments before a spike, against how often it
 * is high anyway, and how often that would be so if the spikes lay elsewhere: the same count with
 * the whole train of spikes shifted around the series, which keeps the rhythm of both.
 *
 * High: above the 95th or the 99th percentile, for rare events any; before: within 0.3 s or 2 s.
 * What fits best is taken, and the shifted trains choose as freely, so that choosing is paid for.
 */
#ifndef ATTRIBUTION_H
#define ATTRIBUTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ATTRIBUTION_SPIKES_MIN 5
#define ATTRIBUTION_SPAN_MIN_S 10
#define ATTRIBUTION_FAST_S     0.3
#define ATTRIBUTION_SLOW_S     2.0

struct attribution {
	size_t n_spikes;
	double obs;  /* spikes with the signal high just before */
	double base; /* share of all windows that would count so */
	double rr;   /* (obs / n_spikes) / base */
	double af; /* share of the spikes that goes with the signal beyond chance; below 0: fewer */
	double af_lo, af_hi; /* 95 % over spikes (Wilson's interval of obs / n_spikes) */
	double p;            /* by shifts, this signal alone */
	double p_least;      /* the least that a series of this length can show */
	double p_holm;       /* attribution_holm() */
	double p_family;     /* over all signals tested together: attribution_family_p() */
	double score;  /* -ln of the binomial tail of obs: orders windows, thresholds and signals */
	double lead_s; /* when the signal is high most often before a spike; below 0: after it */
	bool is_fast;  /* within ATTRIBUTION_FAST_S, else ATTRIBUTION_SLOW_S */
	double threshold; /* high is above this */
	/* Spikes and signal have the same period: then it matches at many shifts and p is honestly
	 * large. They can't be told apart; change one period and measure again. */
	bool is_same_clock;
	double period_s; /* of the signal, 0: none was looked for or found */
};

/* What attribute() needs to be told of a signal. */
struct attribution_signal {
	const double *values; /* [n] on the spikes' grid; NAN: absent, never high */
	bool is_count_like;   /* any above 0 is high, unless that is so in most windows */
	bool is_low_bad;      /* high means low */
};

/* The best score at each shift, over all signals that were tested with it; {0} to begin. */
struct attribution_family {
	double *best;
	size_t n;
};
void attribution_family_done(struct attribution_family *f);

/* @is_spike[n] with windows of @dt_s. @family: NULL, or of the same spikes; on failure as before.
 * ret_explained: NULL, or [n], set for the spikes that count in obs.
 * 0; -ENODATA: the signal never changes or is absent in most windows, fewer than
 * ATTRIBUTION_SPIKES_MIN spikes, or a span below ATTRIBUTION_SPAN_MIN_S; -ENOMEM. p_holm and
 * p_family are p until they are set; is_same_clock is false. */
int attribute(const struct attribution_signal *signal, const bool *is_spike, size_t n, double dt_s,
	      struct attribution_family *family, bool *ret_explained, struct attribution *ret);

/* Holm's step-down over these. */
void attribution_holm(struct attribution *const *items, size_t n);
/* The share of shifts at which the best of all signals scores as high as @a: the chance that any of
 * them would, by the spikes' place alone (single step maxT, Westfall & Young 1993). Less wasteful
 * than Holm when many signals move together, which shifts keep. */
double attribution_family_p(const struct attribution_family *f, const struct attribution *a);

/* Sets is_same_clock and period_s: whether the signal's own highs are a clock with a period of
 * @spikes (a fundamental, its double or half). -ENOMEM. */
struct beat;
int attribution_clock(const struct attribution_signal *signal, size_t n, double dt_s,
		      const struct beat *spikes, uint64_t seed, struct attribution *a);

#endif
