#include "signal_rows.h"

#include <stdio.h>
#include <string.h>

#include "cleanup.h"

/* Symptoms are what a slow request makes by itself: requests in flight, their mean time, iowait,
 * PSI io, and what goes up and down with the number of requests (the CPU time of those that serve
 * them, their interrupts and the time in these). Sums come first, single CPUs last: SIGNALS_MAX
 * cuts the end. */
#define HOST(...)                                                                                  \
	{                                                                                          \
		.watcher = WATCHED_HOST, __VA_ARGS__                                               \
	}
#define GUEST(...)                                                                                 \
	{                                                                                          \
		.watcher = WATCHED_GUEST, __VA_ARGS__                                              \
	}
#define QEMU(...)                                                                                  \
	{                                                                                          \
		.watcher = WATCHED_QEMU, __VA_ARGS__                                               \
	}
#define SHARE(pat, tit, lay, ...)                                                                  \
	.pattern = pat, .title = tit, .layer = lay, .how = SIGNAL_SHARE, .unit = "share",          \
	##__VA_ARGS__
#define CPUS(pat, tit, lay, ...)                                                                   \
	.pattern = pat, .title = tit, .layer = lay, .how = SIGNAL_SHARE, .unit = "CPUs",           \
	##__VA_ARGS__
#define RATE(pat, tit, lay, ...)                                                                   \
	.pattern = pat, .title = tit, .layer = lay, .how = SIGNAL_RATE, .unit = "1/s", ##__VA_ARGS__
#define BYTES_S(pat, tit, lay, ...)                                                                \
	.pattern = pat, .title = tit, .layer = lay, .how = SIGNAL_RATE, .unit = "bytes/s",         \
	##__VA_ARGS__
#define GAUGE(pat, tit, un, lay, ...)                                                              \
	.pattern = pat, .title = tit, .unit = un, .layer = lay, .how = SIGNAL_GAUGE, ##__VA_ARGS__
#define AWAIT(pat, pr, la, tit, lay)                                                               \
	.pattern = pat, .per = pr, .last = la, .title = tit, .layer = lay, .how = SIGNAL_AWAIT,    \
	.unit = "ns", .is_symptom = true
#define SUM     .is_sum = true
#define EVENTS  .is_count_like = true
#define SYMPTOM .is_symptom = true
#define LOW_BAD .is_low_bad = true
/* Changes in minutes, and is read every 10 s: it fits stalls of a second by chance only. */
#define UNTESTED .is_untested = true
#define PAGES    .scale = 4096 /* of every kernel that this runs on: x86-64 */

/* clang-format off */
const struct signal_row signal_rows[] = {
	/* who waits for a CPU */
	HOST(CPUS("thread.vcpu#.wait_ns", "vCPUs wait for a CPU", LAYER_HOST, SUM)),
	HOST(CPUS("thread.iothread#.wait_ns", "iothreads wait for a CPU", LAYER_HOST, SUM)),
	HOST(SHARE("thread.*.wait_ns", "%s waits for a CPU", LAYER_HOST)),
	GUEST(CPUS("cpu#.steal_ns", "steal, all vCPUs", LAYER_HOST, SUM)),
	HOST(CPUS("cpu.others_ns", "others use CPUs of the host", LAYER_HOST)),
	HOST(CPUS("cpu.steal_ns", "steal from the host itself", LAYER_HOST)),
	HOST(RATE("thread.*.preempted", "%s is preempted", LAYER_HOST, EVENTS)),
	HOST(SHARE("pressure.cpu.some_ns", "host: tasks wait for a CPU (PSI)", LAYER_HOST)),
	HOST(GAUGE("frequency.mean_khz", "mean CPU frequency", "kHz", LAYER_HOST, LOW_BAD)),
	HOST(GAUGE("frequency.min_khz", "lowest CPU frequency", "kHz", LAYER_HOST, LOW_BAD)),
	HOST(RATE("throttle.events", "CPUs are throttled by heat", LAYER_HOST, EVENTS)),
	/* memory of the host */
	HOST(GAUGE("memory.dirty_bytes", "host: dirty page cache", "bytes", LAYER_HOST)),
	HOST(GAUGE("memory.writeback_bytes", "host: page cache being written back", "bytes", LAYER_HOST)),
	HOST(GAUGE("memory.available_bytes", "host: memory available", "bytes", LAYER_HOST, LOW_BAD)),
	HOST(BYTES_S("memory.direct_reclaim_pages", "host: tasks free memory themselves", LAYER_HOST, PAGES, EVENTS)),
	HOST(RATE("memory.major_faults", "host: pages are read back", LAYER_HOST, EVENTS)),
	HOST(BYTES_S("swap.in_pages", "host: swap in", LAYER_HOST, PAGES, EVENTS)),
	HOST(BYTES_S("swap.out_pages", "host: swap out", LAYER_HOST, PAGES, EVENTS)),
	HOST(BYTES_S("memory.cgroup_reclaimed", "the VM's cgroup reclaims memory", LAYER_HOST, PAGES, EVENTS)),
	HOST(RATE("memory.cgroup_limit_hits", "the VM's cgroup is at its limit", LAYER_HOST, EVENTS)),
	HOST(SHARE("pressure.memory.some_ns", "host: tasks wait for memory (PSI)", LAYER_HOST)),
	HOST(SHARE("pressure.memory.full_ns", "host: all tasks wait for memory (PSI)", LAYER_HOST)),
	/* the host's devices; what others do with them is derived in signals.c */
	HOST(RATE("disk.*.flushes", "flushes at %s", LAYER_DEVICE)),
	HOST(BYTES_S("disk.*.discard_bytes", "discards at %s", LAYER_DEVICE, EVENTS)),
	HOST(SHARE("disk.*.busy_ns", "%s is busy", LAYER_DEVICE, SYMPTOM)),
	HOST(GAUGE("disk.*.in_flight", "requests in flight at %s", "count", LAYER_DEVICE, SYMPTOM)),
	HOST(AWAIT("disk.*.read_ns", "reads", "read_await_ns", "mean read at %s", LAYER_DEVICE)),
	HOST(AWAIT("disk.*.write_ns", "writes", "write_await_ns", "mean write at %s", LAYER_DEVICE)),
	HOST(AWAIT("disk.*.flush_ns", "flushes", "flush_await_ns", "mean flush at %s", LAYER_DEVICE)),
	HOST(AWAIT("disk.*.discard_ns", "discards", "discard_await_ns", "mean discard at %s", LAYER_DEVICE)),
	HOST(BYTES_S("disk.*.read_bytes", "reads at %s", LAYER_DEVICE, SYMPTOM)),
	HOST(BYTES_S("disk.*.write_bytes", "writes at %s", LAYER_DEVICE, SYMPTOM)),
	HOST(RATE("irq.*", "interrupts of %s at the host", LAYER_HOST, SYMPTOM)),
	HOST(GAUGE("temperature.*_mc", "temperature of %s", "C", LAYER_DEVICE, UNTESTED, .scale = 1e-3)),
	/* QEMU */
	QEMU(RATE("block.flushes", "flushes arrive in QEMU", LAYER_GUEST)),
	QEMU(BYTES_S("block.discard_bytes", "discards arrive in QEMU", LAYER_GUEST, EVENTS)),
	QEMU(RATE("block.errors", "requests fail in QEMU", LAYER_DEVICE, EVENTS)),
	QEMU(AWAIT("block.read_ns", "reads", "read_await_ns", "mean read at QEMU", LAYER_VIRTUAL)),
	QEMU(AWAIT("block.write_ns", "writes", "write_await_ns", "mean write at QEMU", LAYER_VIRTUAL)),
	QEMU(AWAIT("block.flush_ns", "flushes", "flush_await_ns", "mean flush at QEMU", LAYER_VIRTUAL)),
	QEMU(AWAIT("block.discard_ns", "discards", "discard_await_ns", "mean discard at QEMU", LAYER_VIRTUAL)),
	QEMU(GAUGE("iothread*.poll_ns", "iothread%s polls at most", "ns", LAYER_VIRTUAL, SYMPTOM)),
	/* the guest's disk and memory */
	GUEST(RATE("disk.flushes", "the guest flushes", LAYER_GUEST)),
	GUEST(BYTES_S("disk.discard_bytes", "the guest discards", LAYER_GUEST, EVENTS)),
	GUEST(SHARE("disk.busy_ns", "guest: the disk is busy", LAYER_GUEST, SYMPTOM)),
	GUEST(GAUGE("disk.in_flight", "guest: requests in flight", "count", LAYER_GUEST, SYMPTOM)),
	GUEST(AWAIT("disk.read_ns", "reads", "read_await_ns", "guest: mean read", LAYER_GUEST)),
	GUEST(AWAIT("disk.write_ns", "writes", "write_await_ns", "guest: mean write", LAYER_GUEST)),
	GUEST(AWAIT("disk.flush_ns", "flushes", "flush_await_ns", "guest: mean flush", LAYER_GUEST)),
	GUEST(AWAIT("disk.discard_ns", "discards", "discard_await_ns", "guest: mean discard", LAYER_GUEST)),
	GUEST(GAUGE("memory.dirty_bytes", "guest: dirty page cache", "bytes", LAYER_GUEST)),
	GUEST(GAUGE("memory.writeback_bytes", "guest: page cache being written back", "bytes", LAYER_GUEST)),
	GUEST(GAUGE("memory.available_bytes", "guest: memory available", "bytes", LAYER_GUEST, LOW_BAD)),
	GUEST(SHARE("pressure.cpu.some_ns", "guest: tasks wait for a CPU (PSI)", LAYER_GUEST)),
	GUEST(SHARE("pressure.memory.some_ns", "guest: tasks wait for memory (PSI)", LAYER_GUEST)),
	GUEST(SHARE("pressure.io.some_ns", "guest: tasks wait for I/O (PSI)", LAYER_GUEST, SYMPTOM)),
	HOST(SHARE("pressure.io.some_ns", "host: tasks wait for I/O (PSI)", LAYER_HOST, SYMPTOM)),
	GUEST(CPUS("cpu#.iowait_ns", "guest: iowait, all vCPUs", LAYER_GUEST, SUM, SYMPTOM)),
	GUEST(CPUS("cpu#.softirq_ns", "guest: soft interrupts, all vCPUs", LAYER_GUEST, SUM, SYMPTOM)),
	GUEST(CPUS("cpu#.irq_ns", "guest: interrupts, all vCPUs", LAYER_GUEST, SUM, SYMPTOM)),
	GUEST(RATE("irq.*", "interrupts of %s in the guest", LAYER_GUEST, SYMPTOM)),
	/* who works */
	HOST(CPUS("thread.vcpu#.run_ns", "vCPUs run", LAYER_GUEST, SUM, SYMPTOM)),
	HOST(CPUS("thread.iothread#.run_ns", "iothreads run", LAYER_VIRTUAL, SUM, SYMPTOM)),
	HOST(SHARE("thread.*.run_ns", "%s runs", LAYER_VIRTUAL, SYMPTOM)),
	HOST(CPUS("cpu.busy_ns", "host: CPUs are busy", LAYER_HOST, SYMPTOM)),
	HOST(CPUS("cpu.iowait_ns", "host: iowait", LAYER_HOST, SYMPTOM)),
	HOST(CPUS("cpu.softirq_ns", "host: soft interrupts", LAYER_HOST, SYMPTOM)),
	HOST(CPUS("cpu.irq_ns", "host: interrupts", LAYER_HOST, SYMPTOM)),
	HOST(RATE("kvm.exits", "exits from the guest", LAYER_VIRTUAL, SYMPTOM)),
	HOST(BYTES_S("process.read_bytes", "the VM reads from storage", LAYER_HOST, SYMPTOM)),
	HOST(BYTES_S("process.write_bytes", "the VM writes to storage", LAYER_HOST, SYMPTOM)),
	/* one by one */
	GUEST(SHARE("cpu#.steal_ns", "steal, vCPU %s", LAYER_HOST)),
	GUEST(SHARE("cpu#.softirq_ns", "guest: soft interrupts on CPU %s", LAYER_GUEST, SYMPTOM)),
	GUEST(SHARE("cpu#.user_ns", "guest: CPU %s in user space", LAYER_GUEST, SYMPTOM)),
	GUEST(SHARE("cpu#.system_ns", "guest: CPU %s in the kernel", LAYER_GUEST, SYMPTOM)),
	GUEST(SHARE("cpu#.iowait_ns", "guest: iowait, CPU %s", LAYER_GUEST, SYMPTOM)),
};
/* clang-format on */
const size_t n_signal_rows = BL_ARRAY_LEN(signal_rows);

bool signal_matches(const char *pattern, const char *name, char what[SERIES_NAME_MAX])
{
	size_t head = strcspn(pattern, "*#"), n;
	const char *tail = pattern + head, *rest = name + head;

	what[0] = '\0';
	if (strncmp(pattern, name, head))
		return false;
	if (!*tail)
		return !*rest;
	n = *tail == '#' ? strspn(rest, "0123456789") : strcspn(rest, ".");
	/* the pattern may end a word itself: "temperature.*_mc" */
	if (*tail == '*' && tail[1] && tail[1] != '.') {
		size_t end = strlen(tail + 1);

		if (n < end || strlen(rest) != n || strcmp(rest + n - end, tail + 1))
			return false;
		n -= end;
	}
	if (!n || n >= SERIES_NAME_MAX || strcmp(rest + n, tail + 1))
		return false;
	snprintf(what, SERIES_NAME_MAX, "%.*s", (int)n, rest);
	return true;
}
