"""The cases of the engine's benchmark, one row each, and the command lines they become."""

import collections

import bench_agree

ZERO, NULLBLK = "/dev/zero", "/dev/nullb0"
TUNED = ["--fixedbufs=1", "--registerfiles=1", "--norandommap=1", "--iodepth_batch_submit=16",
         "--iodepth_batch_complete_min=16", "--iodepth_batch_complete_max=32"]

# null_blk as each group of cases needs it: no latency and a polled queue; 100 us exactly.
# The guest's commands that make it.
DEVICES = {
    "plain": [("load", "null_blk", "queue_mode=2 irqmode=0 gb=4 bs=4096 hw_queue_depth=256 "
               "submit_queues=1 poll_queues=1 no_sched=1")],
    "delay": [("load", "null_blk", "queue_mode=2 irqmode=2 completion_nsec=100000 gb=4 bs=4096 "
               "hw_queue_depth=256 submit_queues=1 no_sched=1")],
    **bench_agree.DEVICES,
}

# device: the null_blk that must be loaded, or None. options: job options that fio and blkjob
# share. programs: who runs it beside blkjob. uring: arguments of t/io_uring.
Case = collections.namedtuple("Case", "name title device options programs uring")


def _io(engine, depth, target=None, *more):
    options = [f"--ioengine={engine}", f"--iodepth={depth}"]
    if target:
        options.append(f"--filename={target}")
    return options + list(more)


def _uring(depth, target, polled=0, direct=1, nop=0):
    return ["-d", str(depth), "-s", str(min(depth, 32)), "-c", str(min(depth, 32)), "-b", "4096",
            "-p", str(polled), "-B", "1", "-F", "1", "-O", str(direct), "-N", str(nop), "-n", "1",
            "-r", "3", target]


GIG, DEVICE = "--size=1g", "--direct=1"
CASES = [
    Case("null_qd1", "null QD1", None, _io("null", 1, None, GIG), ("fio",), None),
    Case("null_qd32", "null QD32", None, _io("null", 32, None, GIG), ("fio", "tuned0"), None),
    Case("nop_qd128", "NOP QD128", None, _io("nop", 128, None, GIG), (),
         _uring(128, ZERO, direct=0, nop=1)),
    Case("zero_qd1", "/dev/zero io_uring QD1", None, _io("io_uring", 1, ZERO, GIG),
         ("fio", "tuned1"), None),
    Case("zero_qd32", "/dev/zero io_uring QD32", None, _io("io_uring", 32, ZERO, GIG),
         ("fio", "tuned"), None),
    Case("zero_psync", "/dev/zero psync", None, _io("psync", 1, ZERO, GIG), ("fio",), None),
    Case("nullblk_qd1", "null_blk io_uring QD1", "plain", _io("io_uring", 1, NULLBLK, DEVICE),
         ("fio", "tuned1"), _uring(1, NULLBLK)),
    Case("nullblk_qd32", "null_blk io_uring QD32", "plain", _io("io_uring", 32, NULLBLK, DEVICE),
         ("fio", "tuned"), _uring(32, NULLBLK)),
    Case("nullblk_polled", "null_blk QD32 polled", "plain",
         _io("io_uring", 32, NULLBLK, DEVICE, "--hipri=1"), ("fio", "tuned"),
         _uring(32, NULLBLK, polled=1)),
    Case("nullblk_psync", "null_blk psync", "plain", _io("psync", 1, NULLBLK, DEVICE),
         ("fio",), None),
    Case("delay_qd1", "100 us null_blk QD1", "delay", _io("io_uring", 1, NULLBLK, DEVICE),
         ("fio", "tuned1"), None),
    Case("delay_qd32", "100 us null_blk QD32", "delay", _io("io_uring", 32, NULLBLK, DEVICE),
         ("fio", "tuned"), _uring(32, NULLBLK)),
]


def by_name(names):
    """The cases of a comma-separated list, in the table's order; all of them for None."""
    if not names:
        return list(CASES)
    wanted = names.split(",")
    known = {case.name for case in CASES + bench_agree.CASES}
    for name in wanted:
        if name not in known:
            raise ValueError(f"--only: no case '{name}'; there are {', '.join(sorted(known))}")
    return [case for case in CASES if case.name in wanted]


def job(case, seconds):
    """A case as job options that blkjob and fio take alike."""
    return [f"--name={case.name}", "--rw=randread", "--bs=4k", "--time_based=1",
            f"--runtime={round(seconds * 1000)}ms", "--lat_percentiles=1", *case.options]


def fio_job(case, seconds, program):
    """The same for fio. 'tuned1' is for QD1 and has no batches, 'tuned0' is for the null engine
    and has nothing of io_uring."""
    extra = {"fio": [], "tuned": TUNED, "tuned1": TUNED[:3], "tuned0": TUNED[2:]}[program]
    return job(case, seconds) + ["--output-format=json", "--eta=never", *extra]
