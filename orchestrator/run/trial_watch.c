/* trial_watch.c - what was watched while jobs ran, on the host's clock, goes to each job. */
#define TRIAL_INTERNAL
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "trial_priv.h"
#include "units.h"

#define CLOCK_PINGS    8
#define CLOCK_LIMIT_NS (5 * NS_PER_S)
#define DRIFT_PPM      1000 /* two clocks that NTP slews, each by 500 at most (adjtimex(2)) */
#define AROUND_NS      (3 * NS_PER_S) /* of a job's counted time that is kept, too */
#define INTERVAL_NS    (100 * NS_PER_MS)

static int measure_clock(struct trial *t, struct guest_clock *ret, struct bl_err *err)
{
	int r = guest_clock(t->guest, CLOCK_PINGS, CLOCK_LIMIT_NS, ret, err);

	return r < 0 ? bl_wrap(err, r, "clock") : 0;
}

/* What holds from @before, measured at @at_ns, until now, with nothing measured since. */
static struct guest_clock clock_since(const struct guest_clock *before, uint64_t at_ns)
{
	struct guest_clock c = *before;

	c.uncertainty_ns += (bl_now_ns() - at_ns) / 1000000 * DRIFT_PPM;
	return c;
}

/* The jobs have run: that a guest which is busy with what they left answers late is no reason to
 * throw them away. */
static int clock_after(struct trial *t, const struct guest_clock *before, uint64_t at_ns,
		       struct guest_clock *ret)
{
	struct bl_err why = BL_ERR_INIT;
	struct guest_clock after;
	int r;

	*ret = clock_since(before, at_ns);
	if (!t->s->sc->has_telemetry) /* nothing that needs it to the millisecond */
		return 0;
	r = measure_clock(t, &after, &why);
	if (r == 0)
		*ret = guest_clock_between(before, &after);
	else if (r != -ETIMEDOUT)
		return bl_fail(&t->err, r, "%s", bl_err_text(&why));
	else if (!facts_get(&t->rec->facts, "clock.not_measured"))
		return trial_fact(t, "clock.not_measured", "after a job: %s", bl_err_text(&why));
	return 0;
}

static int to_hosts_clock(struct trial *t, struct series_set *set, const struct guest_clock *clock)
{
	series_shift(set, clock->offset_ns);
	if (set->n && !set->at_ns[0]) /* no two moments may become one */
		return bl_fail(
			&t->err, -EBADMSG,
			"the guest's telemetry begins before this host did: its clock is off by "
			"%" PRId64 " ns",
			clock->offset_ns);
	return 0;
}

int trial_run_watched(struct trial *t, struct guest_jobs *jobs, struct guest_jobs_told *ret,
		      struct guest_clock *ret_clock)
{
	struct guest_clock before;
	int r = measure_clock(t, &before, &t->err);
	uint64_t at_ns = bl_now_ns();

	if (r < 0)
		return r;
	jobs->watch_interval_ns = t->s->sc->has_telemetry ? INTERVAL_NS : 0;
	r = guest_run(t->guest, jobs, ret, &t->err);
	if (r < 0)
		return r;
	r = clock_after(t, &before, at_ns, ret_clock);
	if (r == 0)
		r = to_hosts_clock(t, &ret->watched, ret_clock);
	if (r < 0) {
		for (size_t i = 0; i < jobs->n; i++)
			ret->samples[i] = sample_free(ret->samples[i]);
		guest_jobs_told_done(ret);
	}
	return r;
}

static int add_cost(struct facts *facts, const char *who, const struct trial_seen *seen)
{
	char key[64];
	int r;

	snprintf(key, sizeof key, "telemetry.%s.cost_ns", who);
	r = facts_addf(facts, key, "%" PRIu64, seen->cost_ns);
	snprintf(key, sizeof key, "telemetry.%s.readings", who);
	return r < 0 ? r : facts_addf(facts, key, "%" PRIu64, seen->readings);
}

int trial_keep_seen(struct job_result *j, enum watcher who, const struct trial_seen *seen,
		    int64_t clock_offset_ns)
{
	uint64_t from = j->sample->start_ns + (uint64_t)clock_offset_ns;
	uint64_t to = from + j->sample->runtime_ns;
	int r;

	if (!seen->set->n)
		return 0;
	r = add_cost(&j->facts, watcher_names[who], seen);
	if (r < 0)
		return r;
	series_done(&j->watched[who]);
	return series_cut(seen->set, from > AROUND_NS ? from - AROUND_NS : 0, to + AROUND_NS,
			  &j->watched[who]);
}

static int add_clock(struct job_result *j, const struct guest_clock *clock)
{
	int r = facts_addf(&j->facts, "clock.offset_ns", "%" PRId64, clock->offset_ns);

	return r < 0 ? r
		     : facts_addf(&j->facts, "clock.uncertainty_ns", "%" PRIu64,
				  clock->uncertainty_ns);
}

int trial_keep_watched(struct trial *t, struct job_result *results, size_t n,
		       const struct guest_jobs_told *told, const struct guest_clock *clock)
{
	struct trial_seen seen = {.set = &told->watched,
				  .cost_ns = told->watch_cost_ns,
				  .readings = told->watch_readings};
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		r = add_clock(&results[i], clock);
		if (r == 0)
			r = trial_keep_seen(&results[i], WATCHED_GUEST, &seen, clock->offset_ns);
	}
	return r < 0 ? bl_fail(&t->err, r, "out of memory") : 0;
}
