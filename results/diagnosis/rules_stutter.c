/* Symptoms: stalls and tails, with what explains them, or that nothing does. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "judge.h"
#include "stalls.h"

/* Causes that can make requests wait for moments. What is the same all the time (a controller, an
 * image's layout) makes them slow, and explains no stall and no tail. */
static const char *const momentary[] = {
	"io-errors",       "device-saturated", "backend-stalls", "io-throttled",
	"main-loop",       "iothread-starved", "vcpu-starved",   "qcow2-allocation",
	"memory-pressure", "host-page-cache",  "cpu-throttled",  "background-job",
	"flush-storm",     "discard-burst",
};

/* The surest of them; what is only possible is none. */
static const struct found *surest(const struct look *l, bool explains)
{
	const struct found *best = NULL;

	for (size_t i = 0; i < BL_ARRAY_LEN(momentary); i++) {
		const struct found *f = look_find(l, momentary[i]);

		if (f && f->explains == explains && f->confidence > CONFIDENCE_POSSIBLE &&
		    (!best || f->confidence > best->confidence))
			best = f;
	}
	return best;
}

/* What goes with the stalls or slow moments. */
static const struct found *named_cause(const struct look *l)
{
	return surest(l, true);
}

/* What was found in the same job, and nothing ties to them. */
static const struct found *beside(const struct look *l)
{
	return surest(l, false);
}

/* What the kernel and the device said of that trial. */
static const struct finding *device_trouble(const struct look *l)
{
	const struct findings *all = &l->g->found;

	for (size_t i = 0; i < all->n; i++)
		if (all->items[i].trial == l->a->trial && all->items[i].layer == LAYER_DEVICE &&
		    all->items[i].confidence == CONFIDENCE_CERTAIN)
			return &all->items[i];
	return NULL;
}

static bool is_explained(const struct look *l)
{
	return named_cause(l) || device_trouble(l) || explains(l, "*");
}

static enum finding_layer layer_of_symptom(const struct look *l, enum finding_layer otherwise)
{
	const struct found *f = named_cause(l);
	const struct signal *s = explains(l, "*");

	if (device_trouble(l))
		return LAYER_DEVICE;
	if (f)
		return f->has_layer ? f->layer : cause_find(f->cause)->layer;
	return s ? s->layer : otherwise;
}

/* Where its requests were, when nothing else tells. */
static void say_where(const struct look *l, struct bl_buf *out)
{
	double qemu = stalled_at(l, LAYER_AT_QEMU), host = stalled_at(l, LAYER_AT_HOST_BLOCK);
	char a[FMT_MAX], b[FMT_MAX];

	if (!isnan(qemu))
		say(out, "of their time %s was spent in QEMU's block layer or below",
		    pct_text(a, qemu));
	if (!isnan(host))
		say(out, "%s at the host's device", pct_text(b, host));
}

/* What explains those that the first cause leaves. */
static void say_second(const struct look *l, const struct signal *first, struct bl_buf *out)
{
	const struct signal *s = l->a->second;
	char af[FMT_MAX], p[FMT_MAX];

	if (!s || first != l->a->best || s->rest.af < limit(l, THRESHOLD_EXPLAINS_AF) ||
	    s->rest.lead_s < -limit(l, THRESHOLD_EXPLAINS_LAG))
		return;
	say(out,
	    "of the %zu that it leaves '%s' is high before %.0f (attributable fraction %s, p %s "
	    "over all signals): a second cause",
	    s->rest.n_spikes, s->title, s->rest.obs, num_text(af, s->rest.af),
	    num_text(p, s->rest.p_family));
}

static void say_why(const struct look *l, struct bl_buf *out)
{
	const struct finding *trouble = device_trouble(l);
	const struct found *f = named_cause(l), *other = beside(l);
	const struct signal *s = explains(l, "*");

	if (trouble)
		say(out, "in this trial there was %s", trouble->cause);
	if (f)
		say(out, "cause: %s (%s)", f->cause, finding_confidence_names[f->confidence]);
	say_explains(l, s, out);
	say_second(l, s, out);
	if (!f && !s && !trouble)
		say(out, "nothing that was watched explains it");
	if (!f && other)
		say(out, "beside it: %s (%s)", other->cause,
		    finding_confidence_names[other->confidence]);
}

/* ---- stutter ---- */

static void say_period(const struct look *l, struct bl_buf *out)
{
	const struct stutter *s = &l->a->stutter;
	const struct beat *b = &s->beat;
	const char *clock = beat_known_clock(b);
	char at[FMT_MAX], se[FMT_MAX], p[FMT_MAX], lost[FMT_MAX], lo[FMT_MAX], hi[FMT_MAX];

	if (b->is_periodic) {
		say(out,
		    "every %s s (+- %s s; p %s), %zu of %zu beats, %zu beside them, %s s lost in "
		    "each",
		    num_text(at, b->period_s), num_text(se, b->period_se_s), num_text(p, b->p),
		    b->beats_seen, b->beats_expected, b->unexplained,
		    num_text(lost, s->lost_per_beat_s));
		if (s->beat_least_ns > 0)
			say(out, "of the %zu stalls of %s or longer", b->n_events,
			    ns_text(at, s->beat_least_ns));
		if (!isnan(l->a->wall_phase_s))
			say(out, "beats fall %s s after multiples of %s s on the wall clock",
			    num_text(at, l->a->wall_phase_s), num_text(se, l->a->wall_period_s));
		if (clock)
			say(out, "clocks with that period: %s", clock);
	} else if (b->is_tested && b->p <= BEAT_P_MAX)
		say(out,
		    "perhaps every %s s (p %s), but only %zu of %zu beats are there and %zu beside "
		    "them",
		    num_text(at, b->period_s), num_text(p, b->p), b->beats_seen, b->beats_expected,
		    b->unexplained);
	else if (b->is_tested && b->longest_testable_s > b->shortest_testable_s)
		say(out, "no period between %s and %s s", num_text(lo, b->shortest_testable_s),
		    num_text(hi, b->longest_testable_s));
	else if (b->is_tested)
		say(out, "no clean clock of %s to %s s, and too short for another to be told",
		    num_text(lo, b->shortest_testable_s), num_text(hi, b->longest_scanned_s));
	else
		say(out, "too few for a period to be told");
}

static void rule_of_stutter(struct look *l)
{
	const struct stutter *s = &l->a->stutter;
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	struct found f = {.cause = "stutter", .has_layer = true};
	char share[FMT_MAX];

	if (!is_stuttering(l))
		return;
	f.layer = layer_of_symptom(l, LAYER_MEASUREMENT);
	f.confidence = s->beat.is_periodic || stalls_felt(l) >= BEAT_EVENTS_MIN ? CONFIDENCE_CERTAIN
										: CONFIDENCE_LIKELY;
	say_stalls(l, &said);
	if (l->a->stall_tail_share > 0)
		say(&said, "%s of the requests above p99 are theirs",
		    pct_text(share, l->a->stall_tail_share));
	say_period(l, &said);
	if (is_swinging(l))
		say_swing(l, &said);
	say_where(l, &said);
	say_why(l, &said);
	stalls_span(l, &f.from_s, &f.to_s);
	look_found(
		l, f, &said,
		named_cause(l)
			? FINDING_BY_CAUSE "; then the same job once more"
			: "run for ten cycles of what you suspect; look at what the host does with "
			  "that period (writeback, journal, timers, collectors, backups), change "
			  "that "
			  "period, and see whether the stalls follow");
}

/* ---- bad-tail ---- */

static void rule_of_tail(struct look *l)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	struct found f = {.cause = "bad-tail", .confidence = CONFIDENCE_LIKELY, .has_layer = true};
	struct tail t;
	char p50[FMT_MAX], p99_9[FMT_MAX], mean[FMT_MAX], ratio[FMT_MAX];

	if (!has_bad_tail(l, &t))
		return;
	f.layer = layer_of_symptom(l, LAYER_GUEST);
	if (is_explained(l))
		f.confidence = CONFIDENCE_CERTAIN;
	say(&said, "p99.9 is %s, %s times the p50 of %s; the mean of %s does not show it",
	    ns_text(p99_9, t.p99_9), num_text(ratio, t.p99_9 / t.p50), ns_text(p50, t.p50),
	    ns_text(mean, t.mean));
	say_why(l, &said);
	look_found(l, f, &said,
		   named_cause(l)
			   ? FINDING_BY_CAUSE "; judge by p99 and p99.9, not by the "
					      "average"
			   : "judge by p99 and p99.9, not by the average. The usual suspects: a "
			     "thread of the VM that waits for a CPU (pin them), interrupts on one "
			     "CPU, the host's page cache, a queue that is too deep");
}

/* ---- no-cause ---- */

static void rule_of_nothing(struct look *l)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf there = BL_BUF_INIT;
	BL_CLEANUP(bl_buf_done) struct bl_buf absent = BL_BUF_INIT;
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	struct found f = {.cause = "no-cause", .confidence = CONFIDENCE_LIKELY};

	if ((!look_find(l, "stutter") && !look_find(l, "bad-tail")) || is_explained(l) || beside(l))
		return;
	say_looked_at(l, &there, &absent);
	say(&said, "%s without a signal that goes with it",
	    look_find(l, "stutter") ? "stalls" : "a bad tail");
	say(&said, "looked at: %s", there.len ? bl_buf_str(&there) : "nothing");
	if (absent.len)
		say(&said, "not there: %s", bl_buf_str(&absent));
	if (absent.len)
		f.confidence = CONFIDENCE_POSSIBLE;
	look_found(
		l, f, &said,
		"run for longer, so that more stalls can be compared with what goes on; run with "
		"one thing changed at a time, from the layer that has the greatest part of the "
		"latency; and measure the storage on the host (bus host)");
}

void rules_of_symptoms(struct look *l)
{
	rule_of_stutter(l);
	rule_of_tail(l);
	rule_of_nothing(l);
}
