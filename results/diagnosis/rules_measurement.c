/* Is what was measured what it says? */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "job_steady.h"
#include "judge.h"

/* ---- cached-reads ---- */

struct below {
	double share; /* of the bytes that were read; NAN: not known */
	const char *where;
	bool is_guest;
};

/* Did the guest's cache answer, or the host's? */
static struct below reads_below(const struct look *l)
{
	double engine = asked_bytes(l, IO_READ);
	double guest = bytes_at(l, LAYER_AT_GUEST_BLOCK, IO_READ);
	double host = bytes_at(l, LAYER_AT_HOST_BLOCK, IO_READ);
	double process = host_bytes(l, IO_READ);
	struct below b = {.share = guest / engine, .where = "the guest's disk", .is_guest = true};

	if (isnan(guest))
		guest = bytes_at(l, LAYER_AT_QEMU, IO_READ);
	if (b.share < limit(l, THRESHOLD_CACHED) || is_past_host_cache(l))
		return b;
	b = (struct below){.share = host / guest, .where = "the host's device"};
	/* Where QEMU's own count is there: the device may serve others. */
	if (!isnan(process))
		b = (struct below){.share = process / guest, .where = "storage, for QEMU"};
	return b;
}

static void rule_of_caches(struct look *l)
{
	struct below b = reads_below(l);
	double engine = bytes_at(l, LAYER_AT_ENGINE, IO_READ);
	double cached = number_in(facts_get(&l->a->t->facts, "backing.cached_bytes"));
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	struct found f = {.cause = "cached-reads", .confidence = CONFIDENCE_LIKELY};
	char a[FMT_MAX], part[FMT_MAX];

	if (!(engine > 1e6) || !(b.share < limit(l, THRESHOLD_CACHED)))
		return;
	if (b.share < limit(l, THRESHOLD_CACHED_ALL))
		f.confidence = CONFIDENCE_CERTAIN;
	say(&said, "of %s that %s read, %s came from %s: the rest was in the %s's page cache",
	    mib_text(a, asked_bytes(l, IO_READ)),
	    is_alone(l) ? "the job" : "the jobs that ran at once", pct_text(part, b.share), b.where,
	    b.is_guest ? "guest" : "host");
	if (cached > 0 && !b.is_guest)
		say(&said, "%s of the image were in it before the first job", mib_text(a, cached));
	if (!b.is_guest)
		strcpy(f.change, "cache=none");
	look_found(
		l, f, &said,
		b.is_guest
			? "the figures are of memory: direct=1 in the job, or a job on much more "
			  "data than the guest has memory; harmless when the cache is what is to "
			  "be measured"
			: "the figures are of the host's memory: cache=none, or a disk much larger "
			  "than it; harmless when the cache is what is to be measured");
}

/* ---- too-short ---- */

static void rule_of_length(struct look *l)
{
	const struct sample *s = l->a->j->sample;
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	double ios = 0;
	char a[FMT_MAX];

	if (!s || s->error)
		return;
	for (int d = 0; d < IO_DIRS; d++)
		ios += (double)s->dir[d].ios;
	if ((double)s->runtime_ns < limit(l, THRESHOLD_SHORT_TIME))
		say(&said, "the job was measured for %s", ns_text(a, (double)s->runtime_ns));
	if (ios < limit(l, THRESHOLD_SHORT_IOS))
		say(&said, "it completed %.0f requests", ios);
	look_found(
		l, (struct found){.cause = "too-short", .confidence = CONFIDENCE_CERTAIN}, &said,
		"let it run for 10 s or more (time_based, runtime); for percentiles 100 requests "
		"must "
		"lie beyond them: 100000 for p99.9; for a period of stalls ten of its cycles");
}

/* ---- not-steady ---- */

#define ROUNDS STEADY_ROUNDS

/* Of the job's time in five rounds: the excursion of the best line over the mean, signed, and how
 * much of the range that is. */
struct drift {
	double y[ROUNDS], excursion, trend;
};

static bool drift_of(const struct look *l, struct drift *ret)
{
	const struct timeline *line = &l->a->line;
	/* The last slice is seldom a whole one. */
	size_t whole = (size_t)((l->a->to_ns - l->a->from_ns) / (line->n ? line->step_ns : 1));
	size_t n = (line->n < whole ? line->n : whole) / ROUNDS;
	struct steady_state s;
	double sum = 0;

	if (!n || window_s(l) * 1e9 < limit(l, THRESHOLD_DRIFT_TIME))
		return false;
	for (size_t r = 0; r < ROUNDS; r++) {
		ret->y[r] = 0;
		for (size_t i = 0; i < n; i++)
			ret->y[r] += line->ios[r * n + i];
		ret->y[r] /= (double)n * (double)line->step_ns / 1e9;
		sum += ret->y[r];
	}
	if (!(sum > 0))
		return false;
	s = steady_snia(ret->y);
	ret->excursion = s.excursion;
	ret->trend = s.range > 0 ? fabs(s.excursion) / s.range : 0;
	return true;
}

static bool is_paced(const struct look *l)
{
	static const char *const options[] = {"rate_iops", "rate", "thinktime", "latency_target"};

	for (size_t i = 0; i < BL_ARRAY_LEN(options); i++)
		if (job_limits(l, options[i]))
			return true;
	return false;
}

static void rule_of_drift(struct look *l)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	struct found f = {.cause = "not-steady", .confidence = CONFIDENCE_LIKELY};
	bool is_drifting, is_wave = is_swinging(l), was_given_up;
	const char *reached = facts_get(&l->a->j->facts, STEADY_FACT_REACHED);
	const char *rounds = facts_get(&l->a->j->facts, STEADY_FACT_ROUNDS);
	struct drift d;
	char a[FMT_MAX], one[FMT_MAX];

	/* What a VM does by itself may come and go. */
	if (is_only_watched(l) || is_paced(l))
		return;
	was_given_up = reached && rounds && strncmp(reached, "no: ", 4) == 0;
	if (was_given_up)
		say(&said, "it was not steady before it was measured, after %s rounds: %s", rounds,
		    reached + 4);
	is_drifting = drift_of(l, &d) && fabs(d.excursion) > limit(l, THRESHOLD_DRIFT) &&
		      d.trend >= limit(l, THRESHOLD_DRIFT_TREND);
	if (is_drifting) {
		say(&said, "throughput drifted by %s%s over the job: ", d.excursion < 0 ? "-" : "+",
		    pct_text(a, fabs(d.excursion)));
		for (int r = 0; r < ROUNDS; r++)
			bl_buf_addf(&said, "%s%s", r ? ", " : "", num_text(one, d.y[r]));
		bl_buf_adds(&said, " requests/s in its fifths");
	}
	if (is_wave)
		say_swing(l, &said);
	if (!is_drifting && !is_wave && !was_given_up)
		return;
	look_found(
		l, f, &said,
		is_drifting || was_given_up
			? "warm up for longer (ramp_time), fill the disk before, and measure for "
			  "longer; a device that slows down once its cache is full is measured "
			  "after that"
			: "measure for whole periods; look at what comes and goes with that period "
			  "(the device's temperature and its cache, a rate that is adapted, a "
			  "limit's bursts), and judge by the slow part");
}

void rules_of_measurement(struct look *l)
{
	rule_of_length(l);
	rule_of_caches(l);
	rule_of_drift(l);
}
