/* thresholds.h - from where on something is a finding: all numbers of the rules of a job, and where
 * each comes from. Private to results/diagnosis/; docs/findings.md shows the table.
 *
 * Two values each: where the CPU is real, and where it is emulated. On an emulated CPU every
 * instruction of guest and QEMU costs ten to a hundred times more, so that what only shows CPU cost
 * (time between guest and QEMU, a full main loop, waiting for one of few CPUs) must be far
 * greater before it says anything.
 */
#ifndef DIAGNOSIS_THRESHOLDS_H
#define DIAGNOSIS_THRESHOLDS_H

#include <stdbool.h>
#include <stddef.h>

/* X(NAME, real, emulated, unit, why). "share" is 0 to 1: of the counted time, or of the latency
 * budget where it says so. */
#define THRESHOLDS(X)                                                                              \
	/* a signal explains stalls */                                                             \
	X(EXPLAINS_P, 0.05, 0.05, "p",                                                             \
	  "of the best of all signals tested together, by circular shifts, which keep their "      \
	  "level")                                                                                 \
	X(EXPLAINS_AF, 0.3, 0.3, "share",                                                          \
	  "attributable fraction: a third of the stalls; less leaves most of them unexplained")    \
	X(EXPLAINS_MOST, 0.6, 0.6, "share", "attributable fraction: most of the stalls")           \
	X(EXPLAINS_LAG, 0.15, 0.15, "s",                                                           \
	  "a signal that comes later than a slice and a half after the stalls is no cause")        \
	/* device and what is below QEMU */                                                        \
	X(DEVICE_BUSY, 0.9, 0.9, "share", "utilization near 100 % (playbook: host iostat)")        \
	X(DEVICE_QUEUE, 2, 2, "requests", "in flight on average: some wait behind others")         \
	X(DEVICE_SHARE, 0.5, 0.5, "share of the budget", "most of the latency is the device's")    \
	X(DEVICE_OWN, 0.9, 0.9, "share",                                                           \
	  "of its bytes: the job itself loads it as far as it goes, which may be what it is for")  \
	X(DEVICE_AWAIT, 1e6, 1e6, "ns",                                                            \
	  "below, a fast device that a deep queue keeps busy does its work: only possible")        \
	X(BACKEND_MEAN, 5e6, 8e6, "ns",                                                            \
	  "SSDs and networks of a data centre answer within 5 ms; the emulated CPU's part added")  \
	X(BACKEND_MEAN_DISK, 30e6, 30e6, "ns", "a rotating disk: a seek, a turn, and some queue")  \
	X(BACKEND_BYTES, 100e6, 100e6, "bytes/s",                                                  \
	  "a slow disk, or a network of 1 Gbit/s: the time that a large request's bytes may take") \
	X(BACKEND_SHARE, 0.6, 0.6, "share of the budget", "most of the latency is below QEMU")     \
	X(STALL_BELOW, 0.6, 0.6, "share", "of the stalls' time at or below a layer: most of it")   \
	X(THROTTLE_REACHED, 0.85, 0.85, "share",                                                   \
	  "of the limit: QEMU's leaky bucket lets the average stay a little below it")             \
	/* between guest and QEMU */                                                               \
	X(VIRTUAL_SHARE, 0.5, 0.7, "share of the budget", "most of the latency is spent there")    \
	X(VIRTUAL_TIME, 200e3, 50e6, "ns",                                                         \
	  "a virtio request costs some 20 us there on a real CPU; ten times that is waiting")      \
	X(VIRTUAL_QUEUE, 2, 4, "requests", "more in flight in the guest than in QEMU: they wait")  \
	X(MAIN_BUSY, 0.7, 0.97, "share of a CPU", "a thread that is busier makes what comes wait") \
	X(MAIN_SHARE, 0.4, 0.7, "share of the budget", "and the latency is really spent there")    \
	X(STARVED_WAIT, 0.1, 0.25, "share",                                                        \
	  "of the time that it is ready and not run; workers: of the requests' time")              \
	X(STARVED_RATIO, 0.3, 0.5, "share",                                                        \
	  "of what it wanted of a CPU: half is what one equal competitor takes")                   \
	X(STARVED_BY, 0, 0.3, "CPUs",                                                              \
	  "used by others meanwhile: an emulated VM's own threads fill few CPUs by themselves")    \
	X(VCPU_WAIT, 0.2, 0.3, "share", "of the time; the busiest vCPU thread")                    \
	X(STEAL, 0.1, 0.3, "share",                                                                \
	  "of a vCPU's time (playbook: mpstat, steal 9.7 % is too much)")                          \
	X(PARALLEL, 1.5, 1.5, "requests", "in flight on average: threads really run in parallel")  \
	X(PLAIN_GAIN, 1.1, 1.1, "ratio",                                                           \
	  "against a sibling cell, where trials are too few to tell")                              \
	/* image */                                                                                \
	X(WRITE_MORE, 1.3, 1.3, "ratio", "bytes or requests of the host against the guest's")      \
	X(READ_MORE, 1.2, 1.2, "ratio", "the same of reads: metadata is read beside the data")     \
	X(SPLIT, 2, 2, "ratio",                                                                    \
	  "requests of the host for one of the guest, on an image of small clusters")              \
	X(IMAGE_SHARE, 0.4, 0.5, "share of the budget", "spent in QEMU's block layer itself")      \
	X(ALLOCATED, 0.9, 0.9, "share", "of the image, when the jobs began")                       \
	X(CLUSTER, 65536, 65536, "bytes", "qemu-img's default; smaller means more metadata")       \
	/* memory of the host */                                                                   \
	X(MEMORY_SOME, 0.05, 0.05, "share", "PSI memory some: of the time somebody waited")        \
	X(SWAP_RATE, 256, 256, "pages/s", "1 MiB/s in or out: more than idle pages trickling")     \
	X(RECLAIM_RATE, 256, 256, "pages/s", "1 MiB/s that programs had to free themselves")       \
	X(LIMIT_HITS, 2, 2, "1/s", "reached the memory limit of its cgroup again and again")       \
	X(DIRTY_GROWTH, 67108864, 67108864, "bytes", "64 MiB: some seconds of writes in memory")   \
	X(FREQUENCY, 0.9, 0.9, "share", "lowest of the highest clock seen")                        \
	/* guest */                                                                                \
	X(FLUSH_SHARE, 0.3, 0.3, "share", "of the time of the job's threads spent in flushes")     \
	X(FLUSH_MEAN, 5e6, 20e6, "ns",                                                             \
	  "flushes of an SSD without power-loss protection take 1 to 5 ms")                        \
	X(FLUSHES, 5, 5, "flushes", "fewer say little")                                            \
	X(DISCARD_WORSE, 3, 3, "ratio",                                                            \
	  "worst latency of slices with discards against those without")                           \
	X(DISCARD_SLICES, 3, 3, "slices", "of each kind at least, to compare")                     \
	X(KNEE_LATENCY, 1.5, 1.5, "ratio",                                                         \
	  "mean latency against a shallower job's, from the knee on")                              \
	X(KNEE_GAIN, 1.1, 1.1, "ratio", "throughput against the same: it hardly grows")            \
	/* symptoms */                                                                             \
	X(STALLS, 3, 3, "stalls", "in a job: one or two happen on every host")                     \
	X(STALL_PEAK, 50e6, 250e6, "ns", "of each that counts: felt by a person or a timeout")     \
	X(STALLED, 0.01, 0.02, "share", "of the job's time")                                       \
	X(SWING, 1.25, 1.5, "ratio", "mean latency at the top of its wave against the bottom")     \
	X(TAIL_RATIO, 20, 100, "ratio", "p99.9 against p50; an idle path has 3 to 10")             \
	X(TAIL_TIME, 1e6, 50e6, "ns", "p99.9: below, no application feels it")                     \
	X(MEAN_WINS, 0.9, 0.9, "ratio", "of means, where trials are too few to tell")              \
	X(TAIL_LOSES, 1.25, 1.25, "ratio", "of p99.9, where trials are too few to tell")           \
	/* measurement */                                                                          \
	X(CACHED, 0.5, 0.5, "share", "of the bytes read that came from below")                     \
	X(CACHED_ALL, 0.1, 0.1, "share", "of the bytes read that came from below: hardly any")     \
	X(OTHERS_CPU, 0.25, 0.4, "share", "of all CPUs: a quarter of the host is somebody else's") \
	X(SHORT_TIME, 1e9, 1e9, "ns", "ten slices of 100 ms")                                      \
	X(SHORT_IOS, 100, 100, "requests", "no p99 exists")                                        \
	X(DRIFT, 0.1, 0.3, "ratio", "of the best line over five rounds to the mean (SNIA PTS)")    \
	X(DRIFT_TREND, 0.7, 0.7, "ratio", "of that to the range: a drift, not noise")              \
	X(DRIFT_TIME, 5e9, 5e9, "ns", "five rounds of a second")                                   \
	X(GUEST_BUSY, 0.95, 0.95, "share of a CPU", "the job's threads hardly ever wait for I/O")

enum threshold {
#define X(name, real, emulated, unit, why) THRESHOLD_##name,
	THRESHOLDS(X)
#undef X
		N_THRESHOLDS
};

struct threshold_row {
	const char *name; /* "DEVICE_BUSY" */
	double real, emulated;
	const char *unit, *why;
};
extern const struct threshold_row threshold_rows[N_THRESHOLDS];

static inline double threshold(enum threshold which, bool is_emulated)
{
	return is_emulated ? threshold_rows[which].emulated : threshold_rows[which].real;
}

#endif
