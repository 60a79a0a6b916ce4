/* What the rules ask of what was watched, and how they say it. */
#include <fnmatch.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "look.h"
#include "stalls.h"

static const struct series *series_of(const struct look *l, enum watcher w, const char *name)
{
	return series_find(&l->a->j->watched[w], name);
}

double rate_of(const struct look *l, enum watcher w, const char *counter)
{
	return analysis_rate(l->a, w, counter);
}

double greatest_rate(const struct look *l, enum watcher w, const char *pattern,
		     const char **ret_name)
{
	const struct series_set *set = &l->a->j->watched[w];
	double most = NAN;

	for (size_t i = 0; i < set->n_series; i++) {
		double rate;

		if (fnmatch(pattern, set->items[i].name, 0) != 0)
			continue;
		rate = rate_of(l, w, set->items[i].name);
		if (isnan(rate) || rate <= most)
			continue;
		most = rate;
		if (ret_name)
			*ret_name = set->items[i].name;
	}
	return most;
}

/* The next reading of a gauge within the counted time from *@at on, which is moved behind it; NAN:
 * there is none. */
static double next_reading(const struct look *l, enum watcher w, const struct series *s, size_t *at)
{
	const struct series_set *set = &l->a->j->watched[w];

	while (s && *at < set->n) {
		size_t i = (*at)++;

		if (s->values[i] != SERIES_ABSENT && set->at_ns[i] >= l->a->from_ns &&
		    set->at_ns[i] <= l->a->to_ns)
			return (double)s->values[i];
	}
	return NAN;
}

double gauge_max(const struct look *l, enum watcher w, const char *name)
{
	const struct series *s = series_of(l, w, name);
	double most = NAN, v;

	for (size_t i = 0; !isnan(v = next_reading(l, w, s, &i));)
		most = fmax(most, v);
	return most;
}

double gauge_min(const struct look *l, enum watcher w, const char *name)
{
	const struct series *s = series_of(l, w, name);
	double least = NAN, v;

	for (size_t i = 0; !isnan(v = next_reading(l, w, s, &i));)
		least = fmin(least, v);
	return least;
}

double gauge_rise(const struct look *l, enum watcher w, const char *name, double *ret_to)
{
	const struct series *s = series_of(l, w, name);
	double least = INFINITY, most = NAN, v;

	*ret_to = NAN;
	for (size_t i = 0; !isnan(v = next_reading(l, w, s, &i));) {
		least = fmin(least, v);
		if (v - least <= most)
			continue;
		most = v - least;
		*ret_to = v;
	}
	return most;
}

double rise_in(const struct look *l, enum watcher w, const char *counter, double from_s,
	       double to_s)
{
	const struct series *s = series_of(l, w, counter);
	uint64_t from = l->a->from_ns + (uint64_t)(fmax(from_s, 0) * 1e9);
	uint64_t to = l->a->from_ns + (uint64_t)(fmax(to_s, 0) * 1e9);
	double rise;

	return s && series_rise(&l->a->j->watched[w], s, from, to, &rise) ? rise : NAN;
}

/* ---- who explains the stalls ---- */

bool is_one_of(const char *patterns, const char *name)
{
	char one[128];

	while (*patterns) {
		size_t n = strcspn(patterns, " ");

		snprintf(one, sizeof one, "%.*s", (int)n, patterns);
		if (!fnmatch(one, name, 0))
			return true;
		patterns += n + strspn(patterns + n, " ");
	}
	return false;
}

static bool is_explaining(const struct look *l, const struct signal *s)
{
	return s->is_tested && !s->is_symptom &&
	       s->why.p_family <= limit(l, THRESHOLD_EXPLAINS_P) &&
	       s->why.af >= limit(l, THRESHOLD_EXPLAINS_AF) &&
	       s->why.lead_s >= -limit(l, THRESHOLD_EXPLAINS_LAG);
}

const struct signal *explains(const struct look *l, const char *patterns)
{
	const struct signal *best = NULL;

	for (size_t i = 0; i < l->a->n_signals; i++) {
		const struct signal *s = &l->a->signals[i];

		if (is_explaining(l, s) && is_one_of(patterns, s->name) &&
		    (!best || s->why.af > best->why.af))
			best = s;
	}
	return best;
}

bool explains_most(const struct look *l, const struct signal *s)
{
	return s && s->why.af >= limit(l, THRESHOLD_EXPLAINS_MOST);
}

const char *spikes_word(const struct look *l)
{
	if (l->a->spike_kind != SPIKES_STALLS)
		return "slow moments";
	return l->a->n_spikes == l->a->stutter.n_stalls ? "stalls" : "groups of stalls";
}

void say_explains(const struct look *l, const struct signal *s, struct bl_buf *out)
{
	char at[FMT_MAX], lo[FMT_MAX], hi[FMT_MAX], p[FMT_MAX], holm[FMT_MAX];

	if (!s)
		return;
	say(out,
	    "'%s' is high before %.0f of %zu %s (attributable fraction %s [%s, %s], p %s over all "
	    "signals, %s by Holm)",
	    s->title, s->why.obs, s->why.n_spikes, spikes_word(l), num_text(at, s->why.af),
	    num_text(lo, s->why.af_lo), num_text(hi, s->why.af_hi), num_text(p, s->why.p_family),
	    num_text(holm, s->why.p_holm));
	if (s->why.is_same_clock)
		say(out,
		    "both have the same period, so that they can't be told apart: change one of "
		    "the periods and run again");
}

/* Where nothing is felt there is nothing to explain: the slowest moments of any job go with
 * something. */
static enum finding_confidence surer(bool has_level, const struct look *l, const struct signal *s)
{
	bool is_clear = s && !s->why.is_same_clock && is_felt(l);

	if (has_level && is_clear && explains_most(l, s))
		return CONFIDENCE_CERTAIN;
	return has_level || is_clear ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE;
}

void rest_on(const struct look *l, struct found *f, bool has_level, const struct signal *s)
{
	f->confidence = surer(has_level, l, s);
	f->explains = s;
	if (s)
		stalls_span(l, &f->from_s, &f->to_s);
}

/* ---- waves ---- */

bool is_swinging(const struct look *l)
{
	const struct modulation *m = &l->a->modulation;

	return analysis_has_wave(l->a) && m->swing >= limit(l, THRESHOLD_SWING);
}

void say_swing(const struct look *l, struct bl_buf *out)
{
	const struct modulation *m = &l->a->modulation;
	char at[FMT_MAX], swing[FMT_MAX], lo[FMT_MAX], hi[FMT_MAX];

	say(out,
	    "latency swings every %s s, to %s times its lowest (p below 0.001 over all periods "
	    "from %s to %s s)",
	    num_text(at, m->period_s), num_text(swing, m->swing), num_text(lo, m->shortest_s),
	    num_text(hi, m->longest_s));
}

/* ---- words ---- */

void say(struct bl_buf *out, const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	bl_buf_addf(out, "%s%s", out->len ? "; " : "", text);
}

const char *ns_text(char out[FMT_MAX], double ns)
{
	return fmt_ns(&fmt_plain, out, ns);
}

const char *num_text(char out[FMT_MAX], double v)
{
	return fmt_sig3(&fmt_plain, out, v);
}

const char *pct_text(char out[FMT_MAX], double share)
{
	char num[FMT_MAX];

	snprintf(out, FMT_MAX, "%s %%", fmt_sig3(&fmt_plain, num, 100 * share));
	return out;
}

const char *mib_text(char out[FMT_MAX], double bytes)
{
	char num[FMT_MAX];

	snprintf(out, FMT_MAX, "%s MiB", fmt_mib(&fmt_plain, num, bytes));
	return out;
}

/* Those of the job, else of the trial. */
void say_who(const struct look *l, struct bl_buf *out)
{
	const struct facts *from[] = {&l->a->j->facts, &l->a->t->facts};
	size_t n = 0;

	for (size_t i = 0; i < BL_ARRAY_LEN(from) && !n; i++)
		for (size_t k = 0; k < from[i]->n && n < 3; k++) {
			const struct fact *f = &from[i]->items[k];

			if (strncmp(f->key, "host.top.", strlen("host.top.")) != 0)
				continue;
			bl_buf_addf(out, "%s%s", n ? ", " : " (the busiest: ", f->value);
			n++;
		}
	if (n)
		bl_buf_addc(out, ')');
}
