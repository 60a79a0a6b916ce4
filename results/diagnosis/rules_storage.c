/* The storage below QEMU: busy, slow, stuck, limited or failing. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "judge.h"
#include "stalls.h"
#include "units.h"

/* ---- device-saturated ---- */

/* Of the device's bytes, those that the VM (or the job) asked for; NAN. */
static double own_part(const struct look *l)
{
	double device = 0, own;

	for (int d = 0; d < IO_SYNC; d++) {
		double bytes = bytes_at(l, LAYER_AT_HOST_BLOCK, (enum io_dir)d);

		device += isnan(bytes) ? 0 : bytes;
	}
	own = (rate_of(l, WATCHED_HOST, "process.read_bytes") +
	       rate_of(l, WATCHED_HOST, "process.write_bytes")) *
	      window_s(l);
	return device > 0 && own >= 0 ? fmin(own / device, 1) : NAN;
}

static void say_device(const struct look *l, struct bl_buf *out)
{
	const struct layer_seen *h = &l->a->layers[LAYER_AT_HOST_BLOCK];
	char busy[FMT_MAX], queue[FMT_MAX], mean[FMT_MAX], share[FMT_MAX];

	num_text(queue, h->mean_inflight);
	ns_text(mean, mean_at(l, LAYER_AT_HOST_BLOCK));
	if (strchr(h->device, ' '))
		say(out,
		    "of the host's devices %s the busiest was busy %s of the time; together they "
		    "had %s requests in flight and took %s for each",
		    h->device, pct_text(busy, h->busy_share), queue, mean);
	else
		say(out,
		    "%s%s was busy %s of the time with %s requests in flight and took %s for each",
		    *h->device ? "the host's " : "the host's device", h->device,
		    pct_text(busy, h->busy_share), queue, mean);
	if (!isnan(share_of(l, PART_HOST)))
		say(out, "%s of %s is there", pct_text(share, share_of(l, PART_HOST)),
		    latency_name(l));
}

/* Is most of the stalls' time spent there or below? */
static bool is_stalled_at(const struct look *l, enum layer_at at)
{
	return stalled_at(l, at) >= limit(l, THRESHOLD_STALL_BELOW);
}

/* What the bytes of a mean request take on storage that is nothing special. */
static double bytes_ns(const struct look *l, enum layer_at at)
{
	double bytes = 0, n = 0;

	for (int d = 0; d < IO_TRIM; d++) { /* a trim's are moved by nobody */
		double b = bytes_at(l, at, (enum io_dir)d), c = count_at(l, at, (enum io_dir)d);

		bytes += isnan(b) ? 0 : b;
		n += isnan(c) ? 0 : c;
	}
	return n >= 1 ? bytes / n / limit(l, THRESHOLD_BACKEND_BYTES) * 1e9 : 0;
}

static void rule_of_saturation(struct look *l)
{
	const struct layer_seen *h = &l->a->layers[LAYER_AT_HOST_BLOCK];
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	double share = share_of(l, PART_HOST), own = own_part(l), mean;
	enum finding_confidence sure = CONFIDENCE_LIKELY;
	char part[FMT_MAX];

	mean = mean_at(l, LAYER_AT_HOST_BLOCK);
	if (!(h->busy_share >= limit(l, THRESHOLD_DEVICE_BUSY)) ||
	    !(h->mean_inflight >= limit(l, THRESHOLD_DEVICE_QUEUE)) ||
	    !(share >= limit(l, THRESHOLD_DEVICE_SHARE)))
		return;
	if (own >= limit(l, THRESHOLD_DEVICE_OWN) ||
	    !(mean >= limit(l, THRESHOLD_DEVICE_AWAIT) + bytes_ns(l, LAYER_AT_HOST_BLOCK)))
		sure = CONFIDENCE_POSSIBLE;
	say_device(l, &said);
	if (own < 0.5)
		say(&said, "only %s of its bytes were this VM's: somebody else uses it",
		    pct_text(part, own));
	look_found(l,
		   (struct found){.cause = "device-saturated",
				  .confidence = sure,
				  .explains = is_stuttering(l) &&
					      is_stalled_at(l, LAYER_AT_HOST_BLOCK)},
		   &said,
		   sure == CONFIDENCE_POSSIBLE
			   ? "harmless when the job is meant to load the disk as "
			     "far as it goes: a fast "
			     "device that is kept busy by a deep queue does its "
			     "work; else ask for less "
			     "at once (iodepth, numjobs)"
			   : "settings of the VM will not help: take load off "
			     "the device (who uses it? "
			     "pidstat -d), use a faster one or spread over "
			     "several, or ask for less at "
			     "once (iodepth, numjobs)");
}

/* ---- backend-slow ---- */

static bool is_remote(const struct look *l)
{
	return path_is(l, "storage", "nbd") || path_is(l, "storage", "network");
}

static double slow_from(const struct look *l)
{
	for (int i = 0; i < 8; i++) {
		char key[48];

		snprintf(key, sizeof key, "device.%d.rotational", i);
		if (path_is(l, key, "1") || path_is(l, key, "yes"))
			return limit(l, THRESHOLD_BACKEND_MEAN_DISK);
	}
	return limit(l, THRESHOLD_BACKEND_MEAN);
}

/* Is a request slow by itself? Of many at once each waits for the others, and a large one takes the
 * time of its bytes. */
static bool is_slow_alone(const struct look *l, enum layer_at at)
{
	double at_once = fmax(l->a->layers[at].mean_inflight, 1); /* of NAN: 1 */

	return mean_at(l, at) / at_once >= slow_from(l) + bytes_ns(l, at);
}

static void rule_of_slowness(struct look *l)
{
	const struct layer_seen *h = &l->a->layers[LAYER_AT_HOST_BLOCK];
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	bool has_device = !*h->absent && !isnan(mean_at(l, LAYER_AT_HOST_BLOCK));
	double qemu = mean_at(l, LAYER_AT_QEMU), host = mean_at(l, LAYER_AT_HOST_BLOCK);
	enum layer_at at = isnan(qemu) ? LAYER_AT_HOST_BLOCK : LAYER_AT_QEMU;
	double mean = isnan(qemu) ? host : qemu, share;
	struct found f = {.cause = "backend-slow", .confidence = CONFIDENCE_LIKELY};
	char text[FMT_MAX], part[FMT_MAX];

	share = share_from(l, PART_QEMU);
	if (isnan(share)) /* at least */
		share = share_from(l, PART_HOST);
	if (!(mean >= slow_from(l)) || !(share >= limit(l, THRESHOLD_BACKEND_SHARE)))
		return;
	if (has_device && !(host >= slow_from(l)))
		return; /* then it lies above the device */
	if (!has_device && !is_remote(l))
		return;
	say(&said, "requests took %s at %s, %s of %s", ns_text(text, mean),
	    isnan(qemu) ? "the host's block layer" : "QEMU's block layer", pct_text(part, share),
	    latency_name(l));
	if (!is_slow_alone(l, at)) {
		f.confidence = CONFIDENCE_POSSIBLE;
		say(&said, "%s were there at once, of %s KiB each",
		    num_text(text, l->a->layers[at].mean_inflight),
		    num_text(part,
			     bytes_ns(l, at) * limit(l, THRESHOLD_BACKEND_BYTES) / 1e9 / 1024));
	}
	if (has_device)
		say_device(l, &said);
	else
		say(&said, "below QEMU is %s (%s), no device of this host", path_of(l, "storage"),
		    path_of(l, "source") ? path_of(l, "source") : "?");
	look_found(
		l, f, &said,
		f.confidence == CONFIDENCE_POSSIBLE
			? "harmless when as much at once, or as large, is asked for on purpose: "
			  "measure it at iodepth 1 with small requests; when it is slow then, look "
			  "at the storage itself"
			: "settings of the VM will not help: look at the storage itself (network, "
			  "recovery or rebuild in a cluster, a pool in a degraded state, a shared "
			  "array under others' load), or move the disk elsewhere and compare");
}

/* ---- backend-stalls ---- */

static void rule_of_stalls(struct look *l)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	double qemu = stalled_at(l, LAYER_AT_QEMU), host = stalled_at(l, LAYER_AT_HOST_BLOCK);
	double stuck = stuck_share(l), below = isnan(host) ? qemu : host;
	struct found f = {
		.cause = "backend-stalls", .confidence = CONFIDENCE_LIKELY, .explains = true};
	char text[FMT_MAX];

	if (!is_past_host_cache(l)) { /* what the host writes then is not what the job waits for */
		host = stuck = NAN;
		below = qemu;
	}
	if (!is_stuttering(l) || !(below >= limit(l, THRESHOLD_STALL_BELOW)))
		return;
	if (isnan(host) && !is_remote(l))
		return; /* QEMU, the file system or the cache may be it as well */
	if (stuck >= 0.5 || isnan(host))
		f.confidence = CONFIDENCE_CERTAIN;
	say_stalls(l, &said);
	say(&said, "of the time of requests that ended in them %s was spent %s",
	    pct_text(text, below),
	    isnan(host) ? "in QEMU's block layer or below, which is no device of this host"
			: "at the host's device");
	if (stuck > 0)
		say(&said, "in %s of their readings the device had requests and completed none",
		    pct_text(text, stuck));
	stalls_span(l, &f.from_s, &f.to_s);
	look_found(l, f, &said,
		   "settings of the VM will not help: look at the storage itself when it happens "
		   "(its log, firmware, garbage collection, network, failover), and measure it on "
		   "the host (bus host)");
}

/* ---- io-throttled ---- */

/* One limit: "500iops", "500 iops", "write 20 MiB/s". Binary units, as everywhere in the lab. */
static bool parse_limit(const char *text, double *ret, bool *ret_is_bytes)
{
	size_t skip = strcspn(text, "0123456789");
	const char *unit;
	char *end;

	*ret = strtod(text + skip, &end);
	unit = end + strspn(end, " ");
	*ret_is_bytes = strncmp(unit, "iops", strlen("iops")) != 0;
	if (*ret_is_bytes && *unit && strchr("KMGkmg", *unit))
		*ret *= strchr("Kk", *unit) ? 1024 : strchr("Mm", *unit) ? 1048576 : 1073741824;
	return text[skip] && *ret > 0 && (!*ret_is_bytes || strstr(unit, "/s"));
}

/* What all jobs had of the disk together, a second: of reads, of writes and trims, or of both. As
 * QEMU counts it, which holds it back; not all trims are counted there. */
static double had_of(const struct look *l, bool is_bytes, bool reads, bool writes)
{
	double sum = 0;

	for (int d = 0; d < IO_SYNC; d++) {
		enum io_dir dir = (enum io_dir)d;
		double v = is_bytes ? bytes_at(l, LAYER_AT_QEMU, dir)
				    : count_at(l, LAYER_AT_QEMU, dir);

		if (!(v > 0))
			v = is_bytes ? asked_bytes(l, dir) : asked_count(l, dir);
		if (!isnan(v) && (d == IO_READ ? reads : writes))
			sum += v;
	}
	return sum / window_s(l);
}

/* "500 iops, write 1 MiB/s": the limit that is used most, as a share of it; NAN: none is known. */
static double reached(const struct look *l, const char *text, const char **ret_unit)
{
	double most = NAN;

	*ret_unit = "requests";
	for (const char *at = text; at; at = strchr(at, ','), at = at ? at + 1 : NULL) {
		bool is_bytes, is_read = !strncmp(at + strspn(at, " "), "read", 4);
		bool is_write = !strncmp(at + strspn(at, " "), "write", 5);
		double of, share;

		if (!parse_limit(at, &of, &is_bytes))
			continue;
		share = had_of(l, is_bytes, !is_write, !is_read) / of;
		if (share <= most)
			continue;
		most = share;
		*ret_unit = is_bytes ? "bytes" : "requests";
	}
	return most;
}

static void rule_of_limit(struct look *l)
{
	const char *text = path_of(l, "throttle"), *unit;
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	struct found f = {.cause = "io-throttled", .confidence = CONFIDENCE_CERTAIN};
	double share, in_qemu = share_of(l, PART_QEMU);
	char part[FMT_MAX], budget[FMT_MAX];

	if (!text || !strcmp(text, "none") || !strcmp(text, "off") || !*text)
		return;
	share = reached(l, text, &unit);
	if (!(share >= limit(l, THRESHOLD_THROTTLE_REACHED)))
		return;
	f.explains = is_stuttering(l) && is_stalled_at(l, LAYER_AT_QEMU) &&
		     !is_stalled_at(l, LAYER_AT_HOST_BLOCK);
	if (share > 1.3) /* the limit is not understood, or holds for less than was counted */
		f.confidence = CONFIDENCE_POSSIBLE;
	if (*axis_of(l->g->d, l->a->cell, "throttle") || is_only_watched(l))
		snprintf(f.change, sizeof f.change, "throttle=off");
	say(&said, "the disk has a limit of %s, and %s %s were %s of it", text,
	    is_alone(l) ? whose(l) : "the jobs'", unit, pct_text(part, share));
	if (!isnan(in_qemu))
		say(&said, "%s of %s was spent in QEMU's block layer, which holds requests back",
		    pct_text(budget, in_qemu), latency_name(l));
	look_found(
		l, f, &said,
		"the disk does what it was told: lift or raise the limit (virsh blkdeviotune, "
		"<iotune> of the disk) when it is not wanted, or compare cells with the same one");
}

/* ---- io-errors ---- */

static void rule_of_errors(struct look *l)
{
	const struct sample *s = l->a->j->sample;
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	double qemu = rate_of(l, WATCHED_QEMU, "block.errors") * window_s(l);

	if (s && s->n_errors)
		say(&said, "%llu requests of the job failed", (unsigned long long)s->n_errors);
	if (s && s->error)
		say(&said, "the job ended with '%s'", s->error_text);
	if (qemu >= 0.5)
		say(&said, "QEMU counted %.0f failed requests of the disk", qemu);
	look_found(
		l, (struct found){.cause = "io-errors", .confidence = CONFIDENCE_CERTAIN}, &said,
		"do not compare these figures: find out what failed (the kernel's log of guest and "
		"host, the space left in the image's file system, the storage's own log)");
}

void rules_of_storage(struct look *l)
{
	rule_of_errors(l);
	rule_of_limit(l);
	rule_of_saturation(l);
	rule_of_slowness(l);
	rule_of_stalls(l);
}
