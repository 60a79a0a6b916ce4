"""The faults: each makes one cause on purpose, in a real VM, and says what must be named.

An entry has two sets of parameters. Rules may be tuned while looking at the first; the second is
what they are judged by.
"""

import os
from dataclasses import dataclass, field

from injectors import CpuHog, DirtyWriter, DiskLoad, MemoryGroup, Stalls

SETS = ("tune", "judge")

# Said of every run with an emulated CPU, and no fault.
ALWAYS = ("emulated-cpu",)
# What people feel: a fault that shows in a few requests may be told by these besides its cause.
SYMPTOMS = ("stutter", "bad-tail")


@dataclass
class Case:
    """What is run: a scenario without name and jobs, fio jobs, and what is done meanwhile."""
    jobs: str
    scenario: dict
    inject: list = field(default_factory=list)
    kernel: str = "cloud"  # "full": with a driver for AHCI
    plain: dict = field(default_factory=dict)  # axes that take the fault away
    plain_jobs: str = None  # jobs without the fault
    host: object = None  # an EmulatedRun: runs inside the emulated host


@dataclass
class Fault:
    """@causes: all of them must be named; "a|b": one of these. @may: may be named besides; all
    else, when it is likely or certain, is wrong. No causes: a calm control, where not even a
    possible cause may be named."""
    name: str
    causes: tuple
    what: str
    make: object
    tune: dict
    judge: dict
    may: tuple = ()

    @property
    def is_control(self):
        return not self.causes

    def case(self, which, folder):
        return self.make(folder=folder, **getattr(self, which))


FAULTS = []


def fault(*causes, what, tune, judge, may=()):
    """The function's name is the entry's; it makes the Case of a set of parameters."""
    def add(make):
        FAULTS.append(Fault(make.__name__.replace("_", "-"), causes, what, make, tune, judge, may))
        return make
    return add


def scenario(size="64MiB", vcpus=1, memory="256MiB", axes=None, **backing):
    """One cell: virtio-blk on an iothread, raw, cache none, unless @axes say otherwise."""
    axes = dict({"iothreads": 1, "aio": "io_uring"}, **(axes or {}))
    if axes.get("storage") == "nbd":
        del axes["aio"]
    return {"vm": {"memory": memory, "vcpus": vcpus}, "backing": dict(backing, size=size),
            "axes": axes, "repeats": 1}


def job(name, rw, s=8, **options):
    """One fio job, direct, by time."""
    words = dict({"rw": rw, "bs": "4k", "direct": 1, "ioengine": "io_uring", "iodepth": 1,
                  "time_based": 1, "runtime": f"{s}s"}, **options)
    return f"[{name}]\n" + "".join(f"{k}={v}\n" for k, v in words.items())


def paced(rate, s=8, depth=4, **options):
    """Random reads at a rate that an emulated CPU keeps up with: what is late was held up."""
    return job("reads", "randread", s, iodepth=depth, rate_iops=rate, **options)


# --- calm controls: nothing is done, and nothing may be named ---

@fault(what="virtio-blk on an iothread, random reads at a moderate rate",
       tune={"rate": 150}, judge={"rate": 250})
def calm_virtio_blk(folder, rate):
    return Case(paced(rate, depth=1), scenario())


@fault(what="virtio-scsi on an iothread, sequential reads at a moderate rate",
       tune={"rate": 100, "bs": "16k"}, judge={"rate": 60, "bs": "64k"})
def calm_virtio_scsi(folder, rate, bs):
    return Case(job("reads", "read", rate_iops=rate, bs=bs),
                scenario(axes={"bus": "virtio-scsi"}))


@fault(what="the host itself, random reads at a moderate rate",
       tune={"rate": 500}, judge={"rate": 1000})
def calm_host(folder, rate):
    return Case(paced(rate, depth=1), {"backing": {"size": "64MiB"}, "axes": {"bus": "host"},
                                       "repeats": 1})


# --- the host's CPUs ---

@fault("iothread-starved", what="programs compute on the iothread's CPU",
       tune={"n": 1, "is_realtime": True, "on_s": 0.15, "off_s": 0.2},
       judge={"n": 2, "is_realtime": True, "on_s": 0.25, "off_s": 0.35},
       may=SYMPTOMS + ("busy-host", "virtual-queueing"))
def iothread_starved(folder, **hog):
    return Case(paced(300, s=10), scenario(), [CpuHog("iothread", **hog)])


@fault("vcpu-starved", what="programs compute on the vCPU's CPU",
       tune={"n": 1, "is_realtime": True, "on_s": 0.15, "off_s": 0.1},
       judge={"n": 2, "is_realtime": True, "on_s": 0.25, "off_s": 0.2},
       may=SYMPTOMS + ("busy-host", "guest-cpu-bound", "virtual-queueing"))
def vcpu_starved(folder, **hog):
    return Case(paced(300, s=10), scenario(), [CpuHog("vcpu", **hog)])


@fault("busy-host", what="other programs compute on all CPUs",
       tune={"n": 4}, judge={"n": 6},
       may=SYMPTOMS + ("vcpu-starved", "iothread-starved", "cpu-throttled"))
def busy_host(folder, n):
    return Case(paced(200, depth=1), scenario(), [CpuHog(None, n=n, when="run")])


# --- the host's memory ---

@fault("host-page-cache", what="writes into the host's page cache, beside another program's bursts",
       tune={"bs": "64k", "burst": 256, "rest": 1.5}, judge={"bs": "256k", "burst": 384, "rest": 2.0},
       may=SYMPTOMS + ("device-saturated", "flush-storm", "busy-host"))
def writeback(folder, bs, burst, rest):
    return Case(job("writes", "randwrite", 10, bs=bs, iodepth=4, fsync=256),
                scenario("256MiB", axes={"cache": "writeback", "aio": "threads"}),
                [DirtyWriter(burst, rest)], plain={"cache": "none"})


@fault("memory-pressure", what="the VM's memory cgroup at its limit, over and over",
       tune={"spare": 24, "bs": "64k"}, judge={"spare": 32, "bs": "128k"},
       may=SYMPTOMS + ("host-page-cache", "device-saturated"))
def memory_pressure(folder, spare, bs):
    return Case(job("mixed", "randrw", 10, bs=bs, iodepth=4),
                scenario("512MiB", axes={"cache": "writeback", "aio": "threads"}),
                [MemoryGroup(spare)])


# --- the storage below ---

def control(folder):
    return os.path.join(folder, "pause.sock")


@fault("backend-stalls", "stutter", what="the NBD server stops answering at fixed intervals",
       tune={"period": 2.0, "length": 0.4, "s": 16}, judge={"period": 3.0, "length": 0.6, "s": 20},
       may=("bad-tail",))
def stalls(folder, period, length, s):
    return Case(paced(200, s=s), scenario(axes={"storage": "nbd"}, nbdkit="--filter=pause "
                f"pause-control={control(folder)}"), [Stalls(control(folder), period, length)])


@fault("backend-stalls", what="the NBD server stops answering at random moments",
       tune={"every": 1.5, "length": 0.4, "s": 14}, judge={"every": 2.5, "length": 0.7, "s": 16},
       may=SYMPTOMS)
def random_stalls(folder, every, length, s):
    return Case(paced(200, s=s), scenario(axes={"storage": "nbd"}, nbdkit="--filter=pause "
                f"pause-control={control(folder)}"),
                [Stalls(control(folder), every, length, is_random=True)])


@fault("backend-slow", what="the NBD server answers late, each time",
       tune={"ms": 15}, judge={"ms": 25})
def slow_server(folder, ms):
    return Case(paced(60), scenario(axes={"storage": "nbd"},
                                    nbdkit=f"--filter=delay rdelay={ms}ms wdelay={ms}ms"),
                plain={"storage": "file"})


@fault("io-errors", what="the NBD server fails some reads",
       tune={"percent": 3}, judge={"percent": 8}, may=("device-errors",))
def failing_server(folder, percent):
    return Case(paced(100, continue_on_error="io"), scenario(
        axes={"storage": "nbd"}, nbdkit=f"--filter=error error-pread-rate={percent}%"),
                plain={"storage": "file"})


@fault("device-saturated", what="another program loads the disk below as far as it goes",
       tune={"job": "rw=randread\nbs=128k\niodepth=64\n"},
       judge={"job": "rw=randrw\nbs=256k\niodepth=32\nnumjobs=2\n"},
       may=SYMPTOMS + ("backend-slow", "busy-host", "background-job", "backend-stalls"))
def loaded_disk(folder, job):
    return Case(paced(100), scenario(), [DiskLoad(job)])


# --- QEMU and its devices ---

@fault("io-throttled", what="a limit on the disk's I/O",
       tune={"limit": "200iops"}, judge={"limit": "1MiB/s"})
def limited(folder, limit):
    return Case(job("reads", "randread", iodepth=4), scenario(axes={"throttle": limit}),
                plain={"throttle": "off"})


@fault("emulated-controller", what="the disk on an AHCI controller",
       tune={"rw": "randread", "bs": "4k"}, judge={"rw": "randwrite", "bs": "16k"},
       may=("main-loop", "virtual-queueing", "guest-cpu-bound"))
def ahci(folder, rw, bs):
    return Case(job("jobs", rw, iodepth=8, bs=bs), scenario(axes={"bus": "sata", "iothreads": 0}),
                kernel="full", plain={"bus": "virtio-blk"})


@fault("single-queue", what="parallel jobs on one queue",
       tune={"jobs": 4}, judge={"jobs": 8},
       may=("interrupts-one-cpu", "virtual-queueing", "guest-cpu-bound", "busy-host"))
def one_queue(folder, jobs):
    return Case(job("reads", "randread", numjobs=jobs, iodepth=4, group_reporting=1),
                scenario(vcpus=2, axes={"queues": 1}), plain={"queues": "auto"})


@fault("qcow2-allocation", what="first writes to a qcow2 image",
       tune={"bs": "4k"}, judge={"bs": "8k"}, may=("flush-storm", "guest-cpu-bound"))
def fresh_qcow2(folder, bs):
    return Case(job("writes", "randwrite", 6, bs=bs, iodepth=4),
                scenario("2GiB", axes={"format": "qcow2", "preallocation": "off"},
                         precondition="none"),
                plain={"preallocation": "full"})


@fault("qcow2-layout", what="a qcow2 image of small clusters",
       tune={"cluster": "512", "bs": "16k"}, judge={"cluster": "1KiB", "bs": "32k"},
       may=("guest-cpu-bound",))
def small_clusters(folder, cluster, bs):
    return Case(job("reads", "randread", 6, bs=bs, iodepth=4),
                scenario("128MiB", axes={"format": "qcow2", "cluster_size": cluster}),
                plain={"cluster_size": "auto"})


@fault("cache-unsafe", what="flushes thrown away",
       tune={"fsync": 1}, judge={"fsync": 8}, may=("host-page-cache",))
def unsafe(folder, fsync):
    return Case(job("writes", "randwrite", rate_iops=200, fsync=fsync),
                scenario(axes={"cache": "unsafe", "aio": "threads"}), plain={"cache": "none"})


# --- the guest's own load ---

@fault("flush-storm", what="a commit after each write, on a disk whose flushes are slow",
       tune={"every": 1, "ms": 30}, judge={"every": 2, "ms": 45}, may=("backend-slow",))
def commits(folder, every, ms):
    return Case(job("commits", "randwrite", fsync=every),
                scenario(axes={"storage": "nbd"}, nbdkit="--filter=delay --filter=fua "
                         f"fuamode=none delay-write={ms // 10}ms"), plain_jobs=None)


@fault("discard-burst", what="trims in bursts beside paced reads",
       tune={"bs": "4m", "think": "800ms", "blocks": 12},
       judge={"bs": "8m", "think": "1200ms", "blocks": 10},
       may=SYMPTOMS + ("reads-of-holes", "cached-reads", "flush-storm"))
def trims(folder, bs, think, blocks):
    return Case(paced(150, 12, size="64m") + job("trims", "trim", 12, bs=bs, offset="64m", size="448m",
                                                 thinktime=think, thinktime_blocks=blocks),
                scenario("512MiB", axes={"discard": "unmap"}))


@fault("queue-too-deep", what="depths beyond the knee, on a disk with a limit of its own",
       tune={"depths": (1, 4, 16, 64)}, judge={"depths": (1, 2, 8, 32, 128)},
       may=("io-throttled", "guest-cpu-bound", "backend-slow"))
def depth_sweep(folder, depths):
    jobs = "".join(job(f"depth-{d}", "randread", 3, iodepth=d, stonewall=1) for d in depths)
    return Case(jobs, scenario())


# --- the measurement itself ---

@fault("reads-of-holes", what="reads of an image that nobody filled",
       tune={"rw": "randread"}, judge={"rw": "read"}, may=("guest-cpu-bound", "cached-reads"))
def holes(folder, rw):
    return Case(job("reads", rw, 5, rate_iops=300), scenario(precondition="none"))


@fault("cached-reads", what="reads that the host's page cache answers",
       tune={"size": "16m"}, judge={"size": "8m"}, may=("guest-cpu-bound", "host-page-cache"))
def cached(folder, size):
    return Case(job("reads", "randread", rate_iops=400, size=size),
                scenario(axes={"cache": "writeback", "aio": "threads"}), plain={"cache": "none"})


@fault("too-short", what="a job of half a second",
       tune={"ms": 500}, judge={"ms": 250})
def short(folder, ms):
    return Case(job("reads", "randread", rate_iops=150, runtime=f"{ms}ms"), scenario())


@fault("guest-cpu-bound", what="a job that computes more than it waits",
       tune={"verify": "sha256"}, judge={"verify": "sha512"}, may=("virtual-queueing",))
def computing(folder, verify):
    return Case(job("verified", "randwrite", bs="64k", iodepth=1, verify=verify, do_verify=0,
                    size="32m", refill_buffers=1), scenario())
