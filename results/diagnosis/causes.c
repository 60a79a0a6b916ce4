/* causes.c - the one list of causes, in the order in which a cell's findings are told.
 *
 * First what makes the figures wrong or the disk bad, then where the time goes from the device
 * upwards, then symptoms, and last what is only to be known. The symptoms are what people bring:
 * the rows of a playbook.
 */
#include "diagnosis.h"

#include <string.h>

#include "cleanup.h"

/* docs/findings.md has a part for each. */
const struct cause_row cause_rows[] = {
	/* the device */
	{"device-not-returned", "A device did not come back",
	 "what a trial took from the host is not where it was: the host cannot use it as before",
	 LAYER_HOST, NULL},
	{"device-reset", "The device was reset or set up anew",
	 "requests waited for seconds or failed meanwhile: figures of that trial are of the reset",
	 LAYER_DEVICE, "a passed-through disk is fast until it falls off a cliff"},
	{"device-errors", "The device reported errors",
	 "requests were repeated, timed out or failed: latencies are those of a disk in trouble",
	 LAYER_DEVICE, "the kernel logs timeouts, and throughput has holes"},
	{"device-health", "The device says it is not healthy",
	 "a worn or degraded disk may be slower, and may fail", LAYER_DEVICE, NULL},
	{"device-thermal", "The device was too warm",
	 "a controller that throttles measures its cooling, not its speed", LAYER_DEVICE,
	 "fast for the first minutes, then steps down and stays there"},
	{"interrupts-one-cpu", "One CPU took all interrupts",
	 "completions of all queues wait for one CPU, whatever the others do", LAYER_GUEST,
	 "the disk is idle, the average is fine, one CPU is full and the tail is long"},
	{"io-errors", "Requests failed",
	 "a request that fails at once, or after repeats, is no request that was served",
	 LAYER_DEVICE, "programs report I/O errors, file systems become read-only"},
	{"device-saturated", "The device is busy all the time",
	 "requests queue at the host's block device: no setting of the VM makes it faster",
	 LAYER_DEVICE,
	 "host and guest both show a high await, and the device's utilization is "
	 "near 100 %"},
	{"backend-stalls", "The storage below QEMU stops answering",
	 "for moments nothing completes, although requests are in flight below QEMU", LAYER_DEVICE,
	 "freezes of a second or more, in the guest and on the host alike"},
	{"backend-slow", "The storage below QEMU answers slowly",
	 "the time is spent below QEMU, by storage that is not busy with this host's requests",
	 LAYER_DEVICE, "slow by day and fine at night; every VM on that storage feels it"},
	/* QEMU and its devices */
	{"io-throttled", "A limit that was set holds requests back",
	 "QEMU delays requests to stay below an I/O limit of this disk", LAYER_VIRTUAL,
	 "throughput is flat at a round number, whatever the job asks for"},
	{"main-loop", "QEMU's main loop serves the disk, and is busy",
	 "without an iothread disk requests wait for whatever else the main loop does",
	 LAYER_VIRTUAL, "guest await is high and host await low; one QEMU thread is full"},
	{"iothread-starved", "The thread that serves the disk waits for a CPU",
	 "requests and completions lie there until the scheduler lets that thread run", LAYER_HOST,
	 "good average and terrible p99.9 when the host has other work"},
	{"vcpu-starved", "The guest's CPUs wait for a CPU",
	 "the host takes CPU time away, so that the guest neither issues nor sees completions",
	 LAYER_HOST, "steal in the guest rises together with the latency"},
	{"virtual-queueing", "Requests wait between the guest and QEMU",
	 "guest await is high while QEMU and the host answer fast: queue, controller or dispatch",
	 LAYER_VIRTUAL, "guest await is high, host await is low"},
	{"single-queue", "One queue serves jobs that run in parallel",
	 "requests of all CPUs pass one queue, one lock and one interrupt", LAYER_GUEST,
	 "more threads bring no more throughput; one disk's load disturbs another's"},
	{"emulated-controller", "The disk is on an emulated controller",
	 "each request costs register accesses that QEMU must emulate; virtio was made to avoid it",
	 LAYER_VIRTUAL, "the guest's disk is sda on an AHCI or IDE controller, and it is slow"},
	{"qcow2-allocation", "Writes allocate clusters of a qcow2 image",
	 "a first write to a cluster also writes metadata and what it does not cover",
	 LAYER_VIRTUAL, "random writes stutter on qcow2, and not once the image has been written"},
	{"qcow2-layout", "The qcow2 image's layout costs lookups",
	 "small clusters and backing files add metadata reads to requests", LAYER_VIRTUAL,
	 "a VM on a snapshot or clone is slower than the one it came from"},
	/* the host */
	{"memory-pressure", "The host is short of memory",
	 "reclaim and swapping make requests and QEMU itself wait", LAYER_HOST,
	 "the host swaps, and disks of VMs become slow at random"},
	{"host-page-cache", "The host's page cache is in the path",
	 "the host takes writes into memory and writes them back in bursts", LAYER_HOST,
	 "stutter began when writeback was switched on for speed"},
	{"cpu-throttled", "The host's CPUs were throttled",
	 "the processor lowered its clock to cool down: all CPU costs are those of a slower one",
	 LAYER_HOST, "slow after minutes of load, together with everything on that host"},
	{"background-job", "A maintenance job of the host ran meanwhile",
	 "backup, scrub, trim or replication shares the disk for its time", LAYER_HOST,
	 "latency rises at a fixed time of day or every few minutes"},
	/* the guest */
	{"flush-storm", "Flushes take the time",
	 "requests wait for commits that have to reach stable storage", LAYER_GUEST,
	 "periodic freezes of seconds while the average throughput looks fine"},
	{"discard-burst", "Discards get in the way",
	 "the storage works on what was trimmed, and other requests wait", LAYER_GUEST,
	 "spikes every few minutes, when fstrim or a discarding file system cleans up"},
	{"queue-too-deep", "The queue is deeper than the disk can use",
	 "beyond the knee a deeper queue only makes each request wait longer", LAYER_GUEST,
	 "a deeper queue made it worse"},
	/* symptoms */
	{"stutter", "The disk stutters",
	 "for moments requests take many times longer than usual, or none completes",
	 LAYER_MEASUREMENT, "everything hangs for a moment, again and again"},
	{"bad-tail", "A good average hides a bad tail",
	 "one request in a thousand takes very much longer than most", LAYER_GUEST,
	 "the average is fine and p99.9 is not"},
	{"mean-misleads", "Average and tail disagree on the better cell",
	 "whoever picks by the average picks the cell with the worse tail", LAYER_MEASUREMENT,
	 "the benchmark is great, and the application still stutters"},
	{"no-cause", "No cause was found",
	 "there are stalls or a bad tail, and nothing that was watched goes with them",
	 LAYER_MEASUREMENT, NULL},
	/* to be known */
	{"cache-unsafe", "The cache mode loses data",
	 "flushes are not passed on: after a crash of the host what was committed is gone",
	 LAYER_VIRTUAL, "it is the fastest of all, and after a power cut the database is broken"},
	{"config-drift", "The configuration is not what it should be",
	 "asked and effective differ, or trials that should be alike are not", LAYER_VIRTUAL,
	 "the same VM performs differently on another host, or since some update"},
	{"reads-of-holes", "Reads of what was never written",
	 "holes are answered without a disk: the figures are of QEMU and the kernel",
	 LAYER_MEASUREMENT, "reads are much faster than the disk can be"},
	{"cached-reads", "Reads came from memory",
	 "a page cache answered: the figures are of memory", LAYER_MEASUREMENT,
	 "reads are much faster than the disk can be, from the second run on"},
	{"busy-host", "The host was busy with other work",
	 "other programs had a good part of the CPUs: latencies hold their time", LAYER_MEASUREMENT,
	 "figures differ from run to run"},
	{"too-short", "The job was too short", "too little was measured for what is shown",
	 LAYER_MEASUREMENT, NULL},
	{"not-steady", "The speed was not steady",
	 "it drifted while it was measured: the figures depend on when one looks",
	 LAYER_MEASUREMENT, "fast at first, then slower"},
	{"guest-cpu-bound", "The guest's CPU is the limit",
	 "the job's CPU is full: a faster disk would not show", LAYER_MEASUREMENT,
	 "IOPS stay the same whatever the disk is"},
	{"emulated-cpu", "The CPU is emulated",
	 "instructions cost many times what they cost a real CPU: compare paths, not times",
	 LAYER_MEASUREMENT, NULL},
};
const size_t n_cause_rows = BL_ARRAY_LEN(cause_rows);

const struct cause_row *cause_find(const char *name)
{
	for (size_t i = 0; i < n_cause_rows; i++)
		if (!strcmp(cause_rows[i].name, name))
			return &cause_rows[i];
	return NULL;
}
