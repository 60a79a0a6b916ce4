/* What the guest asks for: flushes, discards, more than its CPU can issue. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "judge.h"

/* ---- flush-storm ---- */

struct flushes {
	double n, mean_ns;
	double at_once; /* under way on average, for each thread of the job where it flushes */
	double share;   /* of the time: that much at the most has one under way */
	enum layer_at at;
	double other_mean_ns; /* of reads, writes and trims there; NAN */
};

/* At @at; false: none is counted there. */
static bool flushes_at(const struct look *l, enum layer_at at, struct flushes *ret)
{
	const struct layer_dir *f = &l->a->layers[at].dir[IO_SYNC];
	double threads = at == LAYER_AT_ENGINE && l->a->j->sample ? l->a->j->sample->n_threads : 1;

	if (!f->has || !(f->n >= 1) || isnan(f->mean_ns))
		return false;
	*ret = (struct flushes){.n = f->n,
				.mean_ns = f->mean_ns,
				.at_once = f->n * f->mean_ns / 1e9 / window_s(l) / fmax(threads, 1),
				.at = at,
				.other_mean_ns = mean_at(l, at)};
	ret->share = fmin(ret->at_once, 1); /* below the engine several wait side by side */
	return true;
}

static const char flush_signals[] = "*.flushes";

static void say_flushes(const struct look *l, const struct flushes *f, struct bl_buf *out)
{
	char mean[FMT_MAX], other[FMT_MAX], share[FMT_MAX], below[FMT_MAX];
	struct flushes qemu;

	say(out, "%.0f flushes took %s each at the %s, ", f->n, ns_text(mean, f->mean_ns),
	    layer_at_names[f->at]);
	if (f->at_once > 1)
		bl_buf_addf(out, "%s at once on average", num_text(share, f->at_once));
	else
		bl_buf_addf(out, "%s of the time", pct_text(share, f->share));
	if (!isnan(f->other_mean_ns))
		bl_buf_addf(out, " (others took %s)", ns_text(other, f->other_mean_ns));
	if (f->at != LAYER_AT_QEMU && flushes_at(l, LAYER_AT_QEMU, &qemu))
		say(out, "in QEMU and below they took %s", ns_text(below, qemu.mean_ns));
}

/* The job's own flushes, or those that a file system or O_DSYNC makes of its writes. */
static void rule_of_flushes(struct look *l)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	struct found found = {.cause = "flush-storm"};
	const struct signal *s = explains(l, flush_signals);
	struct flushes f;
	bool has_level, is_own;

	if (!flushes_at(l, LAYER_AT_ENGINE, &f) && !flushes_at(l, LAYER_AT_GUEST_BLOCK, &f) &&
	    !flushes_at(l, LAYER_AT_QEMU, &f))
		return;
	/* When it asks for none and another job does, those are the other's. */
	is_own = f.at == LAYER_AT_ENGINE || !(asked_count(l, IO_SYNC) > 0);
	has_level = is_own && f.n >= limit(l, THRESHOLD_FLUSHES) &&
		    f.mean_ns >= limit(l, THRESHOLD_FLUSH_MEAN) &&
		    f.share >= limit(l, THRESHOLD_FLUSH_SHARE);
	if (!has_level && !s)
		return;
	say_flushes(l, &f, &said);
	say_explains(l, s, &said);
	rest_on(l, &found, has_level, s);
	if (!is_past_host_cache(l))
		strcpy(found.change, "cache=none");
	else if (path_is(l, "format", "qcow2"))
		strcpy(found.change, "format=raw");
	look_found(
		l, found, &said,
		"make commits cheap where they end: storage with power-loss protection (or a log "
		"device that has it), cache=none, raw rather than qcow2; let programs commit in "
		"groups. Not by a cache mode that drops flushes: that loses what was committed");
}

/* ---- discard-burst ---- */

/* Worst latency of the slices with discards against those without; NAN. */
static double worse_with(const struct look *l, const struct signal *s, size_t *ret_with)
{
	double with = 0, without = 0;
	size_t n_with = 0, n_without = 0;

	for (size_t i = 0; i < l->a->line.n; i++) {
		double v = s->values[i], worst = l->a->line.worst_ns[i];

		if (isnan(v) || isnan(worst) || worst <= 0)
			continue;
		if (v > 0) {
			with += log(worst);
			n_with++;
		} else {
			without += log(worst);
			n_without++;
		}
	}
	*ret_with = n_with;
	if (n_with < limit(l, THRESHOLD_DISCARD_SLICES) ||
	    n_without < limit(l, THRESHOLD_DISCARD_SLICES))
		return NAN;
	return exp(with / (double)n_with - without / (double)n_without);
}

/* Discarded bytes: of this disk in the guest and in QEMU, of the host's device. */
static const struct signal *discards_of(const struct look *l, double *ret_worse, size_t *ret_with)
{
	static const char bytes[] = ".discard_bytes";
	const struct signal *most = NULL;

	*ret_worse = NAN;
	for (size_t i = 0; i < l->a->n_signals; i++) {
		const struct signal *s = &l->a->signals[i];
		size_t n = strlen(s->name), with;
		double worse;

		if (n < sizeof bytes || strcmp(s->name + n - (sizeof bytes - 1), bytes) != 0 ||
		    !(s->mean > 0))
			continue;
		worse = worse_with(l, s, &with);
		if (most && !(worse > *ret_worse || isnan(*ret_worse)))
			continue;
		most = s;
		*ret_worse = worse;
		*ret_with = with;
	}
	return most;
}

static void rule_of_discards(struct look *l)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	struct found f = {.cause = "discard-burst"};
	const struct signal *s = explains(l, "*discard*"), *d;
	size_t n_with = 0;
	double worse;
	bool has_level;
	char a[FMT_MAX], b[FMT_MAX];

	d = discards_of(l, &worse, &n_with);
	has_level = worse >= limit(l, THRESHOLD_DISCARD_WORSE);
	if (!d || (!has_level && !s))
		return;
	say(&said, "'%s': %s/s on average and up to %s/s, in %zu of %zu slices of 100 ms", d->title,
	    mib_text(a, d->mean), mib_text(b, d->max), n_with, l->a->line.n);
	if (!isnan(worse))
		say(&said, "the slowest request of those slices took %s times as long as elsewhere",
		    num_text(a, worse));
	say_explains(l, s, &said);
	rest_on(l, &f, has_level, s);
	if (path_is(l, "discard", "unmap"))
		strcpy(f.change, "discard=ignore");
	look_found(l, f, &said,
		   "trim at quiet times (fstrim by a timer, in small pieces) instead of always (no "
		   "mount "
		   "option discard), and measure again; where nothing is thin below, pass no "
		   "discards on");
}

/* ---- guest-cpu-bound ---- */

/* The busiest CPU of the guest; NAN. */
static double busiest_cpu(const struct look *l, unsigned *ret_cpu)
{
	static const char *const kinds[] = {"user", "system", "irq", "softirq"};
	double most = NAN;

	for (unsigned cpu = 0; cpu < 256; cpu++) {
		double busy = 0;

		for (size_t k = 0; k < BL_ARRAY_LEN(kinds); k++) {
			char name[48];
			double rate;

			snprintf(name, sizeof name, "cpu%u.%s_ns", cpu, kinds[k]);
			rate = rate_of(l, WATCHED_GUEST, name) / 1e9;
			if (isnan(rate) && !k)
				return most; /* no such CPU */
			busy += isnan(rate) ? 0 : rate;
		}
		if (busy <= most)
			continue;
		most = busy;
		*ret_cpu = cpu;
	}
	return most;
}

static void rule_of_guest_cpu(struct look *l)
{
	const struct sample *s = l->a->j->sample;
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	double threads = 0, busiest;
	unsigned cpu = 0;
	char a[FMT_MAX];

	busiest = busiest_cpu(l, &cpu);
	if (s && s->runtime_ns && s->n_threads)
		threads = (double)(s->cpu_user_ns + s->cpu_sys_ns) / (double)s->runtime_ns /
			  s->n_threads;
	if (!(threads >= limit(l, THRESHOLD_GUEST_BUSY)) &&
	    !(busiest >= limit(l, THRESHOLD_GUEST_BUSY)))
		return;
	if (threads >= limit(l, THRESHOLD_GUEST_BUSY))
		say(&said,
		    "the job's %u thread%s had a CPU %s of the time: hardly ever did one wait "
		    "for I/O",
		    s->n_threads, s->n_threads == 1 ? "" : "s", pct_text(a, threads));
	if (busiest >= limit(l, THRESHOLD_GUEST_BUSY))
		say(&said, "CPU %u of the guest was busy %s of the time", cpu,
		    pct_text(a, busiest));
	look_found(
		l, (struct found){.cause = "guest-cpu-bound", .confidence = CONFIDENCE_LIKELY},
		&said,
		"the disk is not what is measured: fewer, larger requests, more threads (numjobs) "
		"on "
		"more vCPUs; polling jobs (hipri, busy waiting) are full by design, which is "
		"harmless");
}

void rules_of_guest(struct look *l)
{
	rule_of_flushes(l);
	rule_of_discards(l);
	rule_of_guest_cpu(l);
}
