/* Threads that are ready and not run, CPUs that were taken or slowed down, and who had them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "judge.h"
#include "stalls.h"

#define PIN                                                                                        \
	"give it a CPU of its own: pin the VM's threads and keep other work off those CPUs "       \
	"(isolation, cgroups, fewer VMs on the host); no setting of the disk cures it"

/* ---- iothread-starved ---- */

/* How a thread of the VM waits: shares of the time. */
struct waits {
	char role[24];
	double run, wait;
};

/* The worst of those that match; wait NAN: none was watched. */
static struct waits waits_of(const struct look *l, const char *roles)
{
	char pattern[64];
	const char *name = NULL;
	struct waits w = {.run = NAN};

	snprintf(pattern, sizeof pattern, "thread.%s.wait_ns", roles);
	w.wait = greatest_rate(l, WATCHED_HOST, pattern, &name) / 1e9;
	if (!name)
		return w;
	snprintf(w.role, sizeof w.role, "%.*s", (int)strcspn(name + strlen("thread."), "."),
		 name + strlen("thread."));
	snprintf(pattern, sizeof pattern, "thread.%s.run_ns", w.role);
	w.run = rate_of(l, WATCHED_HOST, pattern) / 1e9;
	return w;
}

static bool is_starved(const struct look *l, const struct waits *w)
{
	return w->wait >= limit(l, THRESHOLD_STARVED_WAIT) &&
	       w->wait / (w->wait + (isnan(w->run) ? 0 : w->run)) >=
		       limit(l, THRESHOLD_STARVED_RATIO);
}

static void say_waits(const struct waits *w, struct bl_buf *out)
{
	char wait[FMT_MAX], run[FMT_MAX];

	if (isnan(w->wait))
		return;
	say(out, "%s was ready and waited for a CPU %s of the %s", w->role, pct_text(wait, w->wait),
	    strcmp(w->role, "worker") ? "time" : "requests' time");
	if (!isnan(w->run))
		bl_buf_addf(out, ", and ran %s of it", pct_text(run, w->run));
}

static void say_others(const struct look *l, struct bl_buf *out)
{
	double others = rate_of(l, WATCHED_HOST, "cpu.others_ns") / 1e9;
	char cpus[FMT_MAX];

	if (!(others >= 0.05))
		return;
	say(out, "others used %s CPUs", num_text(cpus, others));
	say_who(l, out);
}

/* Who took the CPU? Where it is emulated the VM's own threads fill a small host, which is no more
 * than what that costs. */
static bool is_by_others(const struct look *l)
{
	double others = rate_of(l, WATCHED_HOST, "cpu.others_ns") / 1e9;

	return isnan(others) || others >= limit(l, THRESHOLD_STARVED_BY);
}

/* A pool's waits are the sum of its threads': at most as many wait at once as there are requests.
 * Where these are not known, nor is what one waited. */
static struct waits waits_of_workers(const struct look *l)
{
	struct waits w = waits_of(l, "worker");
	double at_once = inflight_of(l, true);

	if (isnan(at_once))
		w.wait = w.run = NAN;
	if (at_once > 1) {
		w.wait /= at_once;
		w.run /= at_once;
	}
	return w;
}

/* Who serves the disk: iothreads, or the main loop where there are none. Workers of the pool do
 * what aio=threads asks of them. */
static const char *servers_of(const struct look *l)
{
	return path_is(l, "iothread", "none") ? "main" : "iothread*";
}

static void rule_of_servers(struct look *l)
{
	struct waits server = waits_of(l, servers_of(l)), worker = waits_of_workers(l), *worst;
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	struct found f = {.cause = "iothread-starved"};
	const struct signal *s;
	bool has_level;
	char patterns[96];

	if (!is_served_by_qemu(l) || !is_by_others(l))
		return;
	snprintf(patterns, sizeof patterns,
		 "host.thread.%s.wait_ns host.thread.%s.preempted host.thread.worker.wait_ns",
		 servers_of(l), servers_of(l));
	s = explains(l, patterns);
	worst = is_starved(l, &worker) && !(server.wait >= worker.wait) ? &worker : &server;
	has_level = is_starved(l, worst);
	/* What hardly waits explains nothing, however well its few moments fit. */
	if (!has_level && !(s && worst->wait >= limit(l, THRESHOLD_STARVED_WAIT) / 4))
		return;
	say_waits(worst, &said);
	say_explains(l, s, &said);
	say_others(l, &said);
	rest_on(l, &f, has_level, s);
	look_found(l, f, &said, PIN);
}

/* ---- vcpu-starved ---- */

/* The vCPU that the host takes most from, by the guest's own count. */
static double steal_of(const struct look *l, const char **ret_name)
{
	return greatest_rate(l, WATCHED_GUEST, "cpu*.steal_ns", ret_name) / 1e9;
}

static void rule_of_vcpus(struct look *l)
{
	struct waits vcpu = waits_of(l, "vcpu*");
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	struct found f = {.cause = "vcpu-starved"};
	const struct signal *s =
		explains(l, "host.thread.vcpu*.wait_ns host.thread.vcpu*.preempted "
			    "guest.cpu*.steal_ns guest.cpu*.steal");
	const char *name = NULL;
	double steal = steal_of(l, &name);
	bool has_level =
		vcpu.wait >= limit(l, THRESHOLD_VCPU_WAIT) || steal >= limit(l, THRESHOLD_STEAL);
	char share[FMT_MAX];

	if (!is_by_others(l) && !(steal >= limit(l, THRESHOLD_STEAL)))
		return;
	if (!has_level && !(s && (vcpu.wait >= limit(l, THRESHOLD_VCPU_WAIT) / 4 ||
				  steal >= limit(l, THRESHOLD_STEAL) / 4)))
		return;
	say_waits(&vcpu, &said);
	if (steal > 0)
		say(&said, "in the guest %.*s lost %s of its time (steal)", (int)strcspn(name, "."),
		    name, pct_text(share, steal));
	say_explains(l, s, &said);
	say_others(l, &said);
	rest_on(l, &f, has_level, s);
	look_found(l, f, &said, PIN);
}

/* ---- cpu-throttled ---- */

/* The first reading in the counted time that counts more than the one before; the set's n: none. */
static size_t first_rise(const struct look *l, const struct series_set *set, const char *counter)
{
	const struct series *s = series_find(set, counter);

	for (size_t i = 1; s && i < set->n; i++)
		if (set->at_ns[i] >= l->a->from_ns && set->at_ns[i] <= l->a->to_ns &&
		    s->values[i] != SERIES_ABSENT && s->values[i - 1] != SERIES_ABSENT &&
		    s->values[i] > s->values[i - 1])
			return i;
	return set->n;
}

/* From the first event on: a clock that only came up to speed was not throttled. NAN. */
static double least_when_throttled(const struct look *l)
{
	const struct series_set *set = &l->a->j->watched[WATCHED_HOST];
	const struct series *clock = series_find(set, "frequency.mean_khz");
	double least = NAN;

	for (size_t i = first_rise(l, set, "throttle.events"); clock && i < set->n; i++)
		if (clock->values[i] != SERIES_ABSENT && set->at_ns[i] <= l->a->to_ns)
			least = fmin(least, (double)clock->values[i]);
	return least;
}

static void rule_of_throttling(struct look *l)
{
	double events = rate_of(l, WATCHED_HOST, "throttle.events") * window_s(l);
	double least = least_when_throttled(l);
	double most = gauge_max(l, WATCHED_HOST, "frequency.mean_khz");
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	bool is_slower = least / most < limit(l, THRESHOLD_FREQUENCY);
	char lo[FMT_MAX], hi[FMT_MAX];

	if (!(events >= 1))
		return;
	say(&said, "the host's CPUs were throttled for heat %.0f times", events);
	if (least > 0)
		say(&said, "from then on their mean clock was at the least %s of at most %s MHz",
		    num_text(lo, least / 1e3), num_text(hi, most / 1e3));
	look_found(
		l,
		(struct found){.cause = "cpu-throttled",
			       .confidence = is_slower ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY},
		&said,
		"cool the host (fans, dust, power limit of the firmware) and run again; or set a "
		"fixed lower clock, so that all trials have the same");
}

/* ---- busy-host ---- */

static void rule_of_others(struct look *l)
{
	double others = rate_of(l, WATCHED_HOST, "cpu.others_ns") / 1e9;
	double cpus = number_in(facts_get(&l->g->d->run.environment, "cpu.count"));
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	char share[FMT_MAX];

	if (isnan(cpus))
		cpus = path_number(l, "host.cpus");
	if (!(others / cpus >= limit(l, THRESHOLD_OTHERS_CPU)))
		return;
	say(&said,
	    "what is neither the VM nor the lab (kernel threads are in it) had %s of the host's "
	    "%.0f CPUs",
	    pct_text(share, others / cpus), cpus);
	say_who(l, &said);
	look_found(l, (struct found){.cause = "busy-host", .confidence = CONFIDENCE_LIKELY}, &said,
		   "run again on an idle host, or keep the others off the CPUs of the VM; when the "
		   "load "
		   "belongs to the question, say so and compare only trials that had it");
}

/* ---- background-job ---- */

#define JOBS_SHOWN 3

/* The same program as in an earlier of these facts: "dpkg-query (pid 123) from +0.7 s". */
static bool is_said(const struct facts *from, size_t at, const char *prefix)
{
	size_t n = strcspn(from->items[at].value, " ");

	for (size_t i = 0; i < at; i++)
		if (!strncmp(from->items[i].key, prefix, strlen(prefix)) &&
		    !strncmp(from->items[i].value, from->items[at].value, n + 1))
			return true;
	return false;
}

/* "timer.N": a timer that went off within the window; "host.ran.N": a maintenance program that
 * was seen running. */
static size_t say_jobs(const struct facts *from, const char *prefix, const char *what,
		       struct bl_buf *out)
{
	size_t n = 0, n_said = 0;

	for (size_t i = 0; i < from->n; i++) {
		if (strncmp(from->items[i].key, prefix, strlen(prefix)) != 0)
			continue;
		n++;
		if (is_said(from, i, prefix) || n_said++ >= JOBS_SHOWN)
			continue;
		bl_buf_addf(out, "%s%s%s",
			    n_said > 1 ? ", "
			    : out->len ? "; "
				       : "",
			    n_said > 1 ? "" : what, from->items[i].value);
	}
	if (n > n_said || n_said > JOBS_SHOWN)
		bl_buf_addf(out, "; %zu times in all", n);
	return n;
}

/* A timer alone says little: many go off and do nothing. */
static void rule_of_background(struct look *l)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	struct found f = {.cause = "background-job", .confidence = CONFIDENCE_POSSIBLE};
	bool is_stalling = is_stuttering(l);
	size_t n = say_jobs(&l->a->j->facts, "host.ran.", "meanwhile there ran ", &said);

	if (n)
		f.confidence = is_stalling ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE;
	else if (!is_stalling) /* nothing to explain */
		return;
	say_jobs(&l->a->j->facts, "timer.", "these timers went off: ", &said);
	if (said.len && is_stalling)
		say_stalls(l, &said);
	look_found(
		l, f, &said,
		"run again at another time: when the stalls are gone, give that job its own "
		"window, "
		"a limit (ionice, cgroup io.max, the tool's own bandwidth limit) or another disk; "
		"harmless when it works on other disks");
}

void rules_of_cpus(struct look *l)
{
	rule_of_servers(l);
	rule_of_vcpus(l);
	rule_of_throttling(l);
	rule_of_others(l);
	rule_of_background(l);
}
