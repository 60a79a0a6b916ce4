#include "beat.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "rng.h"

#define TWO_PI 6.283185307179586476925

/* Beginnings of what is not within @gap of what came before. */
static size_t join(const double *t, size_t n, double gap, double *out)
{
	size_t m = 0;

	for (size_t i = 0; i < n; i++)
		if (!i || t[i] - t[i - 1] > gap)
			out[m++] = t[i];
	return m;
}

/* A burst is what is closer than a quarter of the mean distance, which grows as bursts are joined.
 * Returns the dead time that then lies between any two. */
static double join_bursts(const double *t, size_t n, double span, double *out, size_t *ret_m)
{
	size_t m = join(t, n, BEAT_DEAD_S, out), last;
	double dead = BEAT_DEAD_S;

	do {
		last = m;
		dead = fmax(BEAT_DEAD_S, m ? 0.25 * span / (double)m : 0);
		m = join(t, n, dead, out);
	} while (m != last);
	*ret_m = m;
	return dead;
}

/* --- the scan --- */

struct scan {
	size_t n; /* events */
	double span, dead;
	double from_hz, step_hz;
	size_t n_f;
	double *z;    /* [n_f] of the last run */
	double *turn; /* [4 n] cos and sin of each event's angle, and of its step */
};

static struct scan plan_scan(size_t n, double span, double dead)
{
	struct scan s = {.n = n, .span = span, .dead = dead};
	double to_hz = fmin(2 * (double)n / span, 1 / (2 * dead));

	s.from_hz = 3 / span;
	s.step_hz = 1 / (8 * span);
	if (to_hz > s.from_hz)
		s.n_f = (size_t)((to_hz - s.from_hz) / s.step_hz + 1e-9) + 1;
	return s;
}

/* Rayleigh's Z = |sum of e^(2 pi i f t)|^2 / n at each frequency; the greatest is returned. From
 * one frequency to the next each event's angle turns by the same amount. */
static double run_scan(struct scan *s, const double *t)
{
	double *c = s->turn, *d = c + s->n, *dc = d + s->n, *dd = dc + s->n, best = 0;

	for (size_t k = 0; k < s->n; k++) {
		sincos(TWO_PI * s->from_hz * t[k], &d[k], &c[k]);
		sincos(TWO_PI * s->step_hz * t[k], &dd[k], &dc[k]);
	}
	for (size_t i = 0; i < s->n_f; i++) {
		double re = 0, im = 0;

		for (size_t k = 0; k < s->n; k++) {
			double was = c[k];

			re += was;
			im += d[k];
			c[k] = was * dc[k] - d[k] * dd[k];
			d[k] = was * dd[k] + d[k] * dc[k];
		}
		s->z[i] = (re * re + im * im) / (double)s->n;
		best = fmax(best, s->z[i]);
	}
	return best;
}

/* As many events without a clock and with the same dead time: sorted uniforms (normalised sums of
 * exponentials), each moved by the dead times before it. */
static void draw_events(struct rng *r, const struct scan *s, double *out)
{
	double room = s->span - (double)(s->n - 1) * s->dead, sum = 0;

	for (size_t k = 0; k < s->n; k++)
		out[k] = sum -= log1p(-rng_unit(r));
	sum -= log1p(-rng_unit(r));
	for (size_t k = 0; k < s->n; k++)
		out[k] = out[k] / sum * room + (double)k * s->dead;
}

/* Work of one scan is n n_f turns; this many are about a second. */
#define TURNS_MAX   6.4e8
#define DRAWS_MAX   999
#define DRAWS_LEAST 199 /* p down to 0.005 */
/* So many that were as clear: p is far above what is looked for, and known well enough (sequential
 * Monte Carlo: Besag & Clifford 1991). */
#define ENOUGH 30
/* Above this many events draws take too long; each of the span's independent frequencies (2.4 a
 * 1/span with a maximum between) then has the chance e^-Z. That is too good a chance for dense
 * trains, whose dead time is a rhythm of its own: without a clock, 3 to 25 % of 700 to 1300 events
 * an hour came out below 0.01, and F refused every one of them. */
#define EVENTS_DRAWN 600

static double chance_of(struct scan *s, double seen, uint64_t seed, double *scratch)
{
	double room = TURNS_MAX / ((double)s->n * (double)s->n_f);
	int draws = room > DRAWS_MAX ? DRAWS_MAX : room < DRAWS_LEAST ? DRAWS_LEAST : (int)room;
	int as_clear = 0, done = 0;
	struct rng r;

	if (s->n > EVENTS_DRAWN)
		return fmin(1, fmax(exp(-seen) * (double)s->n_f / 8 * 2.4, 1.0 / (1 + DRAWS_MAX)));
	rng_seed(&r, seed);
	while (done < draws && as_clear < ENOUGH) {
		draw_events(&r, s, scratch);
		as_clear += run_scan(s, scratch) >= seen;
		done++;
	}
	if (as_clear == ENOUGH)
		return (double)ENOUGH / done;
	return (1.0 + as_clear) / (1.0 + done);
}

/* --- the fundamental --- */

struct clock_fit {
	double period, first; /* a beat's time, not the earliest's */
	size_t kept, cycles;
	double rss, spread; /* residual sum of squares; sum (k - mean k)^2 */
	double fit, hit, f;
};

static double phase_of(const double *t, size_t n, double period)
{
	double re = 0, im = 0;

	for (size_t i = 0; i < n; i++) {
		re += cos(TWO_PI * t[i] / period);
		im += sin(TWO_PI * t[i] / period);
	}
	return period / TWO_PI * atan2(im, re);
}

/* One step: which events are on a beat, and least squares of their times on their cycles. */
static bool refit(const double *t, size_t n, struct clock_fit *c)
{
	double sk = 0, st = 0, skk = 0, skt = 0, last = NAN, m;
	double period = c->period, first = c->first;

	c->kept = c->cycles = 0;
	for (size_t i = 0; i < n; i++) {
		double k = round((t[i] - first) / period);

		if (fabs(t[i] - first - k * period) >= BEAT_ON * period)
			continue;
		c->cycles += !(k == last);
		last = k;
		c->kept++;
		sk += k;
		st += t[i];
		skk += k * k;
		skt += k * t[i];
	}
	if (c->cycles < 3)
		return false;
	m = (double)c->kept;
	c->spread = skk - sk * sk / m;
	c->period = (skt - sk * st / m) / c->spread;
	c->first = (st - c->period * sk) / m;
	return true;
}

static double residuals(const double *t, size_t n, const struct clock_fit *c)
{
	double rss = 0;

	for (size_t i = 0; i < n; i++) {
		double off = t[i] - c->first - round((t[i] - c->first) / c->period) * c->period;

		if (fabs(off) < BEAT_ON * c->period)
			rss += off * off;
	}
	return rss;
}

static bool fit_clock(const double *t, size_t n, double span, double period, struct clock_fit *ret)
{
	struct clock_fit c = {.period = period, .first = phase_of(t, n, period)};
	double was = 0;

	for (int i = 0; i < 6 && fabs(c.period - was) > 1e-12; i++) {
		was = c.period;
		if (!refit(t, n, &c))
			return false;
	}
	/* It slipped to another clock, which has its own maximum. */
	if (c.period < period * 0.8 || c.period > period * 1.2)
		return false;
	c.rss = residuals(t, n, &c);
	c.fit = (double)c.kept / (double)n;
	c.hit = fmin(1, (double)c.cycles / (span / c.period));
	c.f = 2 * c.fit * c.hit / (c.fit + c.hit);
	*ret = c;
	return true;
}

static bool is_local_maximum(const struct scan *s, size_t i)
{
	return (!i || s->z[i] >= s->z[i - 1]) && (i + 1 == s->n_f || s->z[i] >= s->z[i + 1]);
}

/* A half period is hit by half its beats, a double one fits half the events: harmonics lose. */
static bool best_clock(const struct scan *s, const double *t, double top, struct clock_fit *ret)
{
	struct clock_fit c = {0};
	bool any = false;

	for (size_t i = 0; i < s->n_f; i++) {
		double period = 1 / (s->from_hz + (double)i * s->step_hz);

		if (s->z[i] < 0.5 * top || !is_local_maximum(s, i) ||
		    !fit_clock(t, s->n, s->span, period, &c))
			continue;
		if (!any || c.f > ret->f)
			*ret = c;
		any = true;
	}
	return any;
}

static void tell(const struct clock_fit *c, size_t n, double span, double grid_s, struct beat *b)
{
	double rounding = grid_s * grid_s / 12; /* variance of a uniform rounding */

	b->period_s = c->period;
	b->phase_s = c->first - floor(c->first / c->period) * c->period;
	b->jitter_s = sqrt(fmax(c->kept > 2 ? c->rss / (double)(c->kept - 2) : 0, rounding));
	b->period_se_s = b->jitter_s / sqrt(c->spread);
	b->fit = c->fit;
	b->hit = c->hit;
	b->f = c->f;
	b->beats_seen = c->cycles;
	b->beats_expected = (size_t)floor((span - b->phase_s) / c->period) + 1;
	if (b->beats_expected < b->beats_seen)
		b->beats_expected = b->beats_seen; /* one just before the series began */
	b->unexplained = n - c->kept;
}

/* --- */

/* Periods that a clock would have been found at. */
static void say_testable(const struct scan *s, double span, struct beat *b)
{
	double shortest = 2 * BEAT_DEAD_S;

	if (s->n >= BEAT_EVENTS_MIN && s->n_f)
		shortest = 1 / (s->from_hz + (double)(s->n_f - 1) * s->step_hz);
	if (span / 3 < shortest)
		return;
	b->shortest_testable_s = shortest;
	b->longest_scanned_s = span / 3;
	if (span / 10 >= shortest)
		b->longest_testable_s = span / 10;
}

int beat_find(const double *at_s, size_t n, double span_s, double grid_s, uint64_t seed,
	      double *ret_onsets, struct beat *ret)
{
	BL_CLEANUP(bl_freep) double *mem = calloc(7 * n + 1, sizeof *mem), *z = NULL;
	double *t = mem, *scratch = mem + n, top, dead;
	struct beat b = {.p = 1};
	struct clock_fit c = {0};
	struct scan s;

	if (!mem)
		return -ENOMEM;
	dead = join_bursts(at_s, n, span_s, t, &b.n_events);
	s = plan_scan(b.n_events, span_s, dead);
	say_testable(&s, span_s, &b);
	if (b.n_events >= BEAT_EVENTS_MIN && s.n_f) {
		s.turn = mem + 2 * n;
		s.z = z = calloc(s.n_f, sizeof *z);
		if (!z)
			return -ENOMEM;
		b.is_tested = true;
		b.z = top = run_scan(&s, t);
		if (best_clock(&s, t, top, &c))
			tell(&c, s.n, span_s, grid_s, &b);
		b.p = chance_of(&s, top, seed, scratch);
		b.is_periodic = b.p <= BEAT_P_MAX && b.f >= BEAT_F_MIN;
	}
	if (ret_onsets)
		memcpy(ret_onsets, t, b.n_events * sizeof *t);
	*ret = b;
	return 0;
}

static const struct {
	double period_s;
	const char *what;
} known[] = {
	{5, "dirty pages are looked through every 5 s (vm.dirty_writeback_centisecs), and ext4 and "
	    "ZFS commit as often"},
	{10, "collectors of metrics and logs often wake every 10 s"},
	{15, "collectors of metrics often wake every 15 s"},
	{30, "dirty pages expire after 30 s (vm.dirty_expire_centisecs), and XFS and btrfs flush "
	     "as often"},
	{60, "cron, systemd timers and collectors wake every minute"},
	{300, "journald syncs every 5 minutes (SyncIntervalSec), and so do many cron jobs"},
	{3600, "hourly timers"},
};

#define SNAP 0.02 /* of a period */

const char *beat_known_clock(const struct beat *b)
{
	for (size_t i = 0; i < BL_ARRAY_LEN(known); i++)
		if (fabs(b->period_s - known[i].period_s) <=
		    SNAP * known[i].period_s + 3 * b->period_se_s)
			return known[i].what;
	return NULL;
}

static bool is_within(const struct beat *b, double period_s)
{
	double error = 3 * b->period_se_s;

	return error <= SNAP * period_s && fabs(b->period_s - period_s) <= error;
}

double beat_nominal_s(const struct beat *b)
{
	static const int spans_s[] = {60, 300};

	for (size_t i = 0; i < BL_ARRAY_LEN(known); i++)
		if (is_within(b, known[i].period_s))
			return known[i].period_s;
	for (size_t i = 0; i < BL_ARRAY_LEN(spans_s); i++)
		for (int n = 1; n <= spans_s[i]; n++)
			if (spans_s[i] % n == 0 && is_within(b, n))
				return n;
	return NAN;
}
