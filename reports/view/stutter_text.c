#include "stutter_text.h"

#include <math.h>
#include <stdio.h>

#include "cleanup.h"
#include "signal_text.h"

#define SIGNALS_SAID 3
#define SAME_PERIOD  1.005

static char *seconds(const struct fmt_style *st, char out[FMT_MAX], double s)
{
	return fmt_ns(st, out, s * 1e9 * (1 + 1e-9)); /* 1 s, not 1000 ms */
}

void stutter_headline(const struct job_analysis *a, const struct fmt_style *st, struct bl_buf *out)
{
	const struct stutter *s = &a->stutter;
	char span[FMT_MAX], period[FMT_MAX];

	seconds(st, span, s->span_s);
	if (!s->n_stalls) {
		bl_buf_addf(out, "no stall in %s", span);
		return;
	}
	bl_buf_addf(out, "%zu stall%s in %s", s->n_stalls, s->n_stalls == 1 ? "" : "s", span);
	if (s->beat.is_periodic)
		bl_buf_addf(out, ", one every %s", seconds(st, period, s->beat.period_s));
}

/* Of so few draws more digits would say nothing. */
static char *p_text(char out[FMT_MAX], double p)
{
	snprintf(out, FMT_MAX, p < 0.0095 ? "%.3f" : "%.2f", p);
	return out;
}

static void say_length(const struct job_analysis *a, const struct fmt_style *st, struct lines *out)
{
	const struct stutter *s = &a->stutter;
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	const struct stall *worst = &s->stalls[0];
	char n1[FMT_MAX], n2[FMT_MAX];
	size_t n_gaps = 0;

	for (size_t i = 0; i < s->n_stalls; i++) {
		n_gaps += s->stalls[i].is_gap;
		if (s->stalls[i].peak_ns > worst->peak_ns)
			worst = &s->stalls[i];
	}
	bl_buf_addf(&b, "\001%zu stall%s\002: ", s->n_stalls, s->n_stalls == 1 ? "" : "s");
	bl_buf_addf(&b, "%s of %s stalled", seconds(st, n1, s->stalled_s),
		    seconds(st, n2, s->span_s));
	bl_buf_addf(&b, " (%s%s)", fmt_sig3(st, n1, s->stalled_s / s->span_s * 100), st->percent);
	bl_buf_addf(&b, ", the slowest I/O %s, in the one that begins at %s",
		    fmt_ns(st, n1, worst->peak_ns), seconds(st, n2, worst->at_s));
	if (n_gaps)
		bl_buf_addf(&b, "; in %zu nothing completed at all", n_gaps);
	if (isfinite(a->stall_tail_share))
		bl_buf_addf(&b, ". They hold %.0f%s of the I/Os slower than p99",
			    a->stall_tail_share * 100, st->percent);
	bl_buf_addf(&b, ". A slice counts as slow above %s%s the median of its 30 s, %s", st->times,
		    fmt_sig3(st, n1, s->threshold_ratio), fmt_ns(st, n2, s->base_ns));
	out->failed |= bl_buf_failed(&b);
	lines_add(out, "%s.", bl_buf_str(&b));
}

static void add_testable(const struct beat *b, const struct fmt_style *st, struct bl_buf *out)
{
	char lo[FMT_MAX], hi[FMT_MAX];

	if (b->longest_testable_s > b->shortest_testable_s)
		bl_buf_addf(out, "periods from %s to %s would have been found",
			    seconds(st, lo, b->shortest_testable_s),
			    seconds(st, hi, b->longest_testable_s));
	else
		bl_buf_adds(out, "it is too short for ten beats of any period");
	if (b->longest_scanned_s > b->longest_testable_s)
		bl_buf_addf(out, ", up to %s only a clean clock",
			    seconds(st, hi, b->longest_scanned_s));
}

static void say_period(const struct job_analysis *a, const struct fmt_style *st, struct lines *out)
{
	const struct beat *beat = &a->stutter.beat;
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	const char *clock = beat_known_clock(beat);
	char n1[FMT_MAX], n2[FMT_MAX], n3[FMT_MAX], n4[FMT_MAX];

	if (!beat->is_tested) {
		bl_buf_addf(&b,
			    "Too few to look for a period: %zu after bursts are joined, four are "
			    "the least",
			    beat->n_events);
	} else if (!beat->is_periodic && beat->p <= BEAT_P_MAX) {
		bl_buf_addf(
			&b,
			"\001Perhaps every %s\002 (p %s), but only %zu of %zu beats are there and "
			"%zu stalls beside them: too ragged to be called a period",
			seconds(st, n1, beat->period_s), p_text(n2, beat->p), beat->beats_seen,
			beat->beats_expected, beat->unexplained);
	} else if (!beat->is_periodic) {
		bl_buf_addf(&b, "\001No period\002 (p %s): ", p_text(n1, beat->p));
		add_testable(beat, st, &b);
	} else {
		bl_buf_addf(&b, "\001One every %s\002 (standard error %s, jitter %s, p %s)",
			    seconds(st, n1, beat->period_s), seconds(st, n2, beat->period_se_s),
			    seconds(st, n3, beat->jitter_s), p_text(n4, beat->p));
		bl_buf_addf(&b, ": %zu of %zu beats seen, %zu beside the beat; %s lost per beat",
			    beat->beats_seen, beat->beats_expected, beat->unexplained,
			    seconds(st, n1, a->stutter.lost_per_beat_s));
		if (a->stutter.beat_least_ns > 0)
			bl_buf_addf(&b, ". That is of the %zu of %s or longer", beat->n_events,
				    fmt_ns(st, n1, a->stutter.beat_least_ns));
		if (isfinite(a->wall_phase_s))
			bl_buf_addf(&b, "; beats fall %s after multiples of %s on the wall clock",
				    seconds(st, n1, a->wall_phase_s),
				    seconds(st, n2, a->wall_period_s));
		if (clock)
			bl_buf_addf(&b, ". Known with this period: %s", clock);
	}
	out->failed |= bl_buf_failed(&b);
	lines_add(out, "%s.", bl_buf_str(&b));
}

static void say_testable(const struct beat *beat, const struct fmt_style *st, struct lines *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;

	add_testable(beat, st, &b);
	out->failed |= bl_buf_failed(&b);
	lines_add(out, "Of others, %s.", bl_buf_str(&b));
}

void stutter_series_lines(const struct stutter *s, const struct fmt_style *st, struct lines *out)
{
	struct job_analysis a = {
		.stutter = *s, .stall_tail_share = NAN, .wall_phase_s = NAN, .wall_period_s = NAN};
	char span[FMT_MAX];

	if (!s->n_stalls) {
		lines_add(out, "\001No stall\002 in %s.", seconds(st, span, s->span_s));
		return;
	}
	say_length(&a, st, out);
	say_period(&a, st, out);
	if (s->beat.is_periodic)
		say_testable(&s->beat, st, out);
}

static void say_signal(const struct signal *s, const struct attribution *w,
		       const struct fmt_style *st, struct lines *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	char n1[FMT_MAX], n2[FMT_MAX];

	bl_buf_addf(&b,
		    "\001%s\002 goes with %.0f%s of them beyond chance [%.0f, %.0f]: ", s->title,
		    w->af * 100, st->percent, w->af_lo * 100, w->af_hi * 100);
	if (w->threshold > 0 || s->is_low_bad)
		bl_buf_addf(&b, "%s %s", s->is_low_bad ? "below" : "above",
			    signal_value(st, n1, s, w->threshold));
	else
		bl_buf_adds(&b, "seen");
	bl_buf_addf(&b, " before %.0f of %zu, and before %s%s of all moments", w->obs, w->n_spikes,
		    fmt_sig3(st, n1, w->base * 100), st->percent);
	bl_buf_addf(&b, " (%s%s as often, p %s)", st->times, fmt_sig3(st, n1, w->rr),
		    p_text(n2, w->p_family));
	out->failed |= bl_buf_failed(&b);
	lines_add(out, "%s.", bl_buf_str(&b));
}

/* Two clocks match at many shifts: neither is proved, and saying so is the answer. */
static bool say_clocks(const struct signal *s, const struct fmt_style *st, struct lines *out)
{
	char n1[FMT_MAX], n2[FMT_MAX];

	if (s->is_symptom || !s->is_tested || !s->why.is_same_clock)
		return false;
	lines_add(out,
		  "\001%s\002 has the same period (%s): both are clocks, and such a test cannot "
		  "part them (p %s). Change one of the two periods and measure again.",
		  s->title, seconds(st, n1, s->why.period_s), p_text(n2, s->why.p_family));
	return true;
}

static void say_causes(const struct job_analysis *a, const struct fmt_style *st, struct lines *out)
{
	size_t n = 0, n_tested = 0;

	for (size_t i = 0; i < a->n_signals; i++) {
		const struct signal *s = &a->signals[i];

		n_tested += s->is_tested && !s->is_symptom;
		if (n >= SIGNALS_SAID || !signal_explains(s))
			continue;
		say_signal(s, &s->why, st, out);
		n++;
	}
	for (size_t i = 0; i < a->n_signals && n < SIGNALS_SAID; i++) {
		if (!signal_explains(&a->signals[i]))
			n += say_clocks(&a->signals[i], st, out);
	}
	if (n)
		return;
	if (n_tested)
		lines_add(out,
			  "\001Nothing that was watched explains them\002: %zu signal%s tested.",
			  n_tested, n_tested == 1 ? " was" : "s were");
	else if (!a->n_signals)
		lines_add(out, "Nothing was watched that could explain them.");
	else
		lines_add(out, "Too few, or too short a job, to say what explains them.");
}

bool stutter_is_told(const struct job_analysis *a)
{
	return a->stutter.n_stalls || analysis_has_wave(a);
}

static void say_wave(const struct job_analysis *a, const struct fmt_style *st, struct lines *out)
{
	const struct modulation *m = &a->modulation;
	char n1[FMT_MAX], n2[FMT_MAX];

	lines_add(out,
		  "\001Latency swings every %s\002, to %s%s its lowest (p below 0.001): a wave, no "
		  "stalls.",
		  seconds(st, n1, m->period_s), st->times, fmt_sig3(st, n2, m->swing));
}

void stutter_lines(const struct job_analysis *a, const struct fmt_style *st, struct lines *out)
{
	if (analysis_has_wave(a))
		say_wave(a, st, out);
	if (!a->stutter.n_stalls)
		return;
	say_length(a, st, out);
	say_period(a, st, out);
	say_causes(a, st, out);
}

void stutter_trials(const struct view_row *row, const struct fmt_style *st, struct lines *out)
{
	const struct view_stutter *t = &row->stutter;
	char n1[FMT_MAX], n2[FMT_MAX];

	if (t->n_trials < 2)
		return;
	if (!t->n_periodic)
		lines_add(out, "Over trials: stalls in %zu of %zu, with a period in none.",
			  t->n_stalled, t->n_trials);
	else if (t->most_s > t->least_s * SAME_PERIOD)
		lines_add(out, "Over trials: stalls in %zu of %zu, with a period in %zu (%s%s%s).",
			  t->n_stalled, t->n_trials, t->n_periodic, seconds(st, n1, t->least_s),
			  st->to, seconds(st, n2, t->most_s));
	else
		lines_add(out, "Over trials: stalls in %zu of %zu, with a period of %s in %zu.",
			  t->n_stalled, t->n_trials, seconds(st, n1, t->least_s), t->n_periodic);
}
