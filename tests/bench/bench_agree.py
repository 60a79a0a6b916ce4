"""Do blkjob and fio report one device's latencies alike? Rated jobs on null_blk whose requests take
known times, spread widely; both programs run the same jobs in the same boot."""

import collections
import heapq
import json
import math

TOLERANCE_PCT = 3
GOALS = (50, 90, 95, 99)
SHOWN = GOALS + (99.9,)

# One job at a fixed rate: the devices it takes in turn, requests of @parts blocks of 4 KiB.
Stream = collections.namedtuple("Stream", "rate_iops devices parts more")
# What is compared is all of the streams' clat, or the first one's alone (is_merged False).
# depth: of each; is_serial: a device does one block at a time, a request of several is as many.
Agree = collections.namedtuple(
    "Agree", "name title device ns engine depth seconds streams is_merged is_serial")

SIX_NS = [100_000 << i for i in range(6)]
WIDE_NS = [round(100_000 * 1.085 ** i) for i in range(33)]
BULK_NS = [400_000]


def _commands(ns, *attributes):
    common = ("queue_mode=2", "irqmode=2", "size=4096", "blocksize=4096", "submit_queues=1")
    return [("load", "null_blk", "nr_devices=0")] + [
        ("device", f"nullb{i}", *common, *attributes, f"completion_nsec={t}")
        for i, t in enumerate(ns)]


# 'bulk' queues in the scheduler, not for tags: who waits for a tag is not served in turn, and may
# not be in the time that is clat. Requests of more than a block are split, and not put together.
DEVICES = {
    "six": _commands(SIX_NS, "hw_queue_depth=64"),
    "wide": _commands(WIDE_NS, "hw_queue_depth=64"),
    "bulk": _commands(BULK_NS, "hw_queue_depth=1", "max_sectors=8") + [
        ("write", "/sys/block/nullb0/queue/scheduler", "mq-deadline"),
        ("write", "/sys/block/nullb0/queue/nr_requests", "64")],
}

# Rates whose shares, and a number of devices, that put no percentile at the edge between two of them.
_SIX = [Stream(rate, [i], 1, ()) for i, rate in enumerate((900, 500, 300, 140, 90, 70))]
_WIDE = [Stream(6000, range(len(WIDE_NS)), 1, ())]
# Two rates without a common divisor meet in every phase, whenever each job starts; with three the
# percentiles depend on it. The small ones sort behind the bulk, so that the scheduler is a queue.
_BULK = [Stream(499, [0], 1, ("--offset=3g", "--size=1g")), Stream(197, [0], 8, ("--size=1g",))]

CASES = [
    Agree("agree_psync", "psync QD1, 6 jobs, devices of 0.1 to 3.2 ms", "six", SIX_NS, "psync", 1,
          10.5, _SIX, True, False),
    Agree("agree_uring", "io_uring QD1, 6 jobs, devices of 0.1 to 3.2 ms", "six", SIX_NS,
          "io_uring", 1, 10.5, _SIX, True, False),
    Agree("agree_aio", "libaio QD8, 33 devices of 0.1 to 1.4 ms in turn", "wide", WIDE_NS,
          "libaio", 8, 3.5, _WIDE, True, False),
    Agree("agree_bulk", "psync QD1 behind bulk reads, one queue", "bulk", BULK_NS, "psync", 1, 41,
          _BULK, False, True),
]
IN_GATE = ("agree_aio",)


def by_name(names):
    """As bench_cases.by_name(), without complaint about other names."""
    return [c for c in CASES if not names or c.name in names.split(",")]


def job(case):
    argv = ["--name=global", "--rw=randread", "--direct=1", "--time_based=1",
            f"--runtime={round(case.seconds * 1000)}ms", f"--ioengine={case.engine}",
            f"--iodepth={case.depth}"] + ["--group_reporting=1"] * case.is_merged
    for i, s in enumerate(case.streams):
        argv += [f"--name=j{i}", f"--bs={4 * s.parts}k", f"--rate_iops={s.rate_iops}",
                 "--filename=" + ":".join(f"/dev/nullb{d}" for d in s.devices), *s.more]
    return argv


def commands(case):
    """The guest's commands of one case: blkjob, then fio."""
    yield ("run", case.name + "/blkjob/1", "/bin/blkjob", "--output-format=json", *job(case))
    yield ("run", case.name + "/fio/1", "/bin/fio", "--output-format=json", "--eta=never",
           *job(case))


class Percentiles:
    """Of one run: ns by percentile, of @n requests; or why there are none."""

    def __init__(self, frame):
        self.n, self.ns, self.reason = 0, {}, None
        if frame.status:
            self.reason = frame.reason()
            return
        read = json.loads(frame.out[frame.out.index("{"):])["jobs"][0]["read"]
        self.n = read["total_ios"]
        self.ns = {p: read["clat_ns"]["percentile"][f"{p:f}"] for p in SHOWN}


def device_alone(case):
    """The same percentiles of a program that takes no time: the devices' times and queues."""
    free = [0] * len(case.ns)
    # Of a job with depth 1 the next request waits for the one before; deeper ones never fill up.
    queue = [(0.0, 0, i) for i in range(len(case.streams))]
    found = []
    while queue:
        at, k, i = heapq.heappop(queue)
        s = case.streams[i]
        device = s.devices[k % len(s.devices)]
        begin = max(at, free[device]) if case.is_serial else at
        done = begin + s.parts * case.ns[device]
        free[device] = done
        if case.is_merged or i == 0:
            found.append(done - at)
        due = max((k + 1) * 1e9 / s.rate_iops, done if case.depth == 1 else 0)
        if due < case.seconds * 1e9:
            heapq.heappush(queue, (due, k + 1, i))
    found.sort()
    return {p: found[max(0, math.ceil(p / 100 * len(found)) - 1)] for p in SHOWN}


def difference_pct(counted, case, p):
    """blkjob's percentile beside fio's; None without both."""
    ours, theirs = (counted.agreement.get(case.name, {}).get(x) for x in ("blkjob", "fio"))
    if not ours or not theirs or p not in ours.ns or p not in theirs.ns:
        return None
    return 100 * (ours.ns[p] / theirs.ns[p] - 1)


def worst_pct(counted, case):
    """The largest difference of the percentiles that have a goal, without sign; or None."""
    found = [difference_pct(counted, case, p) for p in GOALS]
    return None if None in found else max(abs(d) for d in found)


def check(counted, cases):
    """(failures, remarks), lines of text."""
    failures, remarks = [], []
    for case in cases:
        for p in GOALS:
            by = counted.agreement.get(case.name, {})
            d = difference_pct(counted, case, p)
            if d is None:
                why = [f"{x}: {r.reason}" for x, r in by.items() if r.reason]
                failures.append(f"{case.name}: not measured: {'; '.join(why) or 'did not run'}")
                break
            line = (f"{case.name}: p{p}: blkjob {by['blkjob'].ns[p] / 1000:.1f} us, fio "
                    f"{by['fio'].ns[p] / 1000:.1f} us ({d:+.1f} %, {TOLERANCE_PCT} % let pass)")
            (failures if abs(d) > TOLERANCE_PCT else remarks).append(line)
    return failures, remarks
