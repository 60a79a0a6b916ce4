"""The faults: each makes one cause on purpose, in a real VM, and says what must be named.

An entry has two sets of parameters. Rules may be tuned while looking at the first; the second is
what they are judged by.
"""

import os
from dataclasses import dataclass, field

from emulated import EmulatedRun
from injectors import CpuHog, DirtyWriter, DiskLoad, MemoryGroup, Stalls
from lab import figures, rows

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
    seen: object = None  # a function of the store: None, or why the fault was not made


@dataclass
class Fault:
    """@causes: all of them must be named, as likely at least; "a|b": one of these. @unsure: why they
    can be no more than possible where the CPU is emulated. @may: may be named besides, since the
    fault really does that, too; all else, when it is likely or certain, is wrong. No causes: a calm
    control, where not even a possible cause may be named."""
    name: str
    causes: tuple
    what: str
    make: object
    tune: dict
    judge: dict
    may: tuple = ()
    unsure: str = None

    @property
    def is_control(self):
        return not self.causes

    def case(self, which, folder):
        return self.make(folder=folder, **getattr(self, which))


FAULTS = []


# --- that a fault was made, where no injector tells ---

def slower_than(ms, name, direction):
    """Half of a job's requests took at least that long."""
    def seen(store):
        n, p50, *_ = figures(store).get((name, direction), (0, None))
        if not n:
            return f"{name} has no {direction}"
        return None if p50 and p50 >= ms * 1e6 else f"{direction} p50 is {(p50 or 0) / 1e6:.2f} ms"
    return seen


def has(name, direction, least):
    """A job has that many requests."""
    def seen(store):
        n = figures(store).get((name, direction), (0,))[0]
        return None if n >= least else f"{name} has {n} of {direction}"
    return seen


def has_errors(store):
    return None if rows(store, "SELECT sum(n_errors) FROM job_result")[0][0] else "no request failed"


def fault(*causes, what, tune, judge, may=(), unsure=None):
    """The function's name is the entry's; it makes the Case of a set of parameters."""
    def add(make):
        FAULTS.append(Fault(make.__name__.replace("_", "-"), causes, what, make, tune, judge, may,
                            unsure))
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


@fault(what="virtio-blk on an iothread, random writes at a moderate rate and a rare commit",
       tune={"rate": 150, "fsync": 300}, judge={"rate": 100, "fsync": 150})
def calm_writes(folder, rate, fsync):
    return Case(job("writes", "randwrite", rate_iops=rate, fsync=fsync), scenario())


@fault(what="a qcow2 image whose clusters all are there, reads and writes at a moderate rate",
       tune={"rate": 150, "bs": "4k"}, judge={"rate": 100, "bs": "8k"})
def calm_qcow2(folder, rate, bs):
    return Case(job("mixed", "randrw", rate_iops=rate, bs=bs),
                scenario(axes={"format": "qcow2", "preallocation": "full"}))


@fault(what="an NBD server that does nothing but serve, random reads at a moderate rate",
       tune={"rate": 100}, judge={"rate": 150})
def calm_nbd(folder, rate):
    return Case(paced(rate, depth=1), scenario(axes={"storage": "nbd"}))


@fault(what="two queues, random reads one at a time as fast as they come back",
       tune={"bs": "4k"}, judge={"bs": "16k"})
def calm_unpaced(folder, bs):
    return Case(job("reads", "randread", bs=bs), scenario(vcpus=2, axes={"queues": 2}))


@fault(what="few writes into the host's page cache, with commits",
       tune={"rate": 50, "fsync": 32}, judge={"rate": 80, "fsync": 64})
def calm_cached_writes(folder, rate, fsync):
    return Case(job("writes", "randwrite", rate_iops=rate, fsync=fsync),
                scenario(axes={"cache": "writeback", "aio": "threads"}))


@fault(what="the same emulated host as faults are made in, its device without a delay",
       tune={"reads": 20, "commits": 10}, judge={"reads": 15, "commits": 8})
def calm_emulated(folder, reads, commits):
    plain = EmulatedRun("dm-mod", "linear /dev/nvme1n1 0")
    return Case(paced(reads, depth=2) + job("commits", "randwrite", 16, rate_iops=commits, fsync=1,
                                            stonewall=1),
                scenario("32MiB", axes={"aio": "threads"}), host=plain)


# --- the host's CPUs ---

@fault("iothread-starved", what="programs compute on the iothread's CPU",
       tune={"n": 1, "is_realtime": True, "on_s": 0.15, "off_s": 0.2},
       judge={"n": 2, "is_realtime": True, "on_s": 0.25, "off_s": 0.35},
       may=SYMPTOMS + ("busy-host",))
def iothread_starved(folder, **hog):
    return Case(paced(300, s=10), scenario(), [CpuHog("iothread", **hog)])


@fault("vcpu-starved", what="programs compute on the vCPU's CPU",
       tune={"n": 1, "is_realtime": True, "on_s": 0.15, "off_s": 0.1},
       judge={"n": 2, "is_realtime": True, "on_s": 0.25, "off_s": 0.2},
       may=SYMPTOMS + ("busy-host",))
def vcpu_starved(folder, **hog):
    return Case(paced(300, s=10), scenario(), [CpuHog("vcpu", **hog)])


@fault("busy-host", what="other programs compute on all CPUs",
       tune={"n": 4}, judge={"n": 6},
       may=SYMPTOMS + ("vcpu-starved", "iothread-starved"))
def busy_host(folder, n):
    return Case(paced(200, depth=1), scenario(), [CpuHog(None, n=n, when="run")])


# --- the host's memory ---

@fault("host-page-cache", what="writes into the host's page cache, beside another program's bursts",
       tune={"bs": "64k", "burst": 256, "rest": 1.5}, judge={"bs": "128k", "burst": 320, "rest": 1.0},
       may=SYMPTOMS)
def writeback(folder, bs, burst, rest):
    return Case(job("writes", "randwrite", 10, bs=bs, iodepth=4),
                scenario("256MiB", axes={"cache": "writeback", "aio": "threads"}),
                [DirtyWriter(burst, rest)], plain={"cache": "none"})


@fault("memory-pressure", what="the VM's memory cgroup at its limit, over and over",
       tune={"spare": 16, "bs": "64k"}, judge={"spare": 20, "bs": "128k"},
       may=SYMPTOMS)
def memory_pressure(folder, spare, bs):
    return Case(job("mixed", "randrw", 10, bs=bs, iodepth=16),
                scenario("512MiB", axes={"cache": "writeback", "aio": "threads"}),
                [MemoryGroup(spare)])


# --- the storage below ---

def control(folder):
    return os.path.join(folder, "pause.sock")


@fault("backend-stalls", "stutter", what="the NBD server stops answering at fixed intervals",
       tune={"period": 2.0, "length": 0.4, "s": 16}, judge={"period": 3.0, "length": 0.6, "s": 20})
def stalls(folder, period, length, s):
    return Case(paced(200, s=s), scenario(axes={"storage": "nbd"}, nbdkit="--filter=pause "
                f"pause-control={control(folder)}"), [Stalls(control(folder), period, length)])


@fault("backend-stalls", what="the NBD server stops answering at random moments",
       tune={"every": 1.5, "length": 0.4, "s": 14}, judge={"every": 2.2, "length": 0.6, "s": 18},
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
                plain={"storage": "file"}, seen=slower_than(ms, "reads", "read"))


@fault("io-errors", what="the NBD server fails some reads",
       tune={"percent": 3}, judge={"percent": 8}, may=("device-errors",))
def failing_server(folder, percent):
    return Case(paced(100, continue_on_error="io"), scenario(
        axes={"storage": "nbd"}, nbdkit=f"--filter=error error-pread-rate={percent}%"),
                plain={"storage": "file"}, seen=has_errors)


@fault("device-saturated", what="another program loads the disk below as far as it goes",
       tune={"job": "rw=randread\nbs=128k\niodepth=64\n"},
       judge={"job": "rw=randrw\nbs=256k\niodepth=32\nnumjobs=2\n"},
       may=SYMPTOMS)
def loaded_disk(folder, job):
    return Case(paced(100), scenario(), [DiskLoad(job)])


# At these rates and delays the device is busy most of the time, which is saturation by await and use.
@fault("backend-slow|device-saturated", what="each request delayed by dm-delay, in the emulated host",
       tune={"ms": 20}, judge={"ms": 35})
def dm_delay(folder, ms):
    slow = EmulatedRun("dm-delay", f"delay /dev/nvme1n1 0 {ms}")
    return Case(paced(20, depth=2), scenario("32MiB", axes={"aio": "threads"}), host=slow,
                seen=slower_than(ms, "reads", "read"))


# --- QEMU and its devices ---

@fault("io-throttled", what="a limit on the disk's I/O",
       tune={"limit": "200iops"}, judge={"limit": "1MiB/s"})
def limited(folder, limit):
    return Case(job("reads", "randread", iodepth=4), scenario(axes={"throttle": limit}),
                plain={"throttle": "off"})


@fault("emulated-controller", what="the disk on an AHCI controller, beside the same on virtio-blk",
       tune={"rw": "randread", "bs": "4k"}, judge={"rw": "randwrite", "bs": "16k"},
       may=("guest-cpu-bound",))
def ahci(folder, rw, bs):
    return Case(job("jobs", rw, iodepth=8, bs=bs),
                scenario(axes={"bus": ["virtio-blk", "sata"], "iothreads": 0}), kernel="full",
                plain={"bus": "virtio-blk"})


@fault("single-queue", what="parallel jobs on one queue",
       tune={"jobs": 4}, judge={"jobs": 8},
       may=("interrupts-one-cpu", "guest-cpu-bound"),  # one queue has one interrupt
       unsure="an emulated CPU needs most of a request's time, whatever the queue")
def one_queue(folder, jobs):
    return Case(job("reads", "randread", numjobs=jobs, iodepth=4, group_reporting=1),
                scenario(vcpus=2, axes={"queues": 1}), plain={"queues": "auto"})


@fault("qcow2-allocation", what="first writes to a qcow2 image, with commits",
       tune={"bs": "4k", "every": 8}, judge={"bs": "8k", "every": 4},
       may=("flush-storm",))
def fresh_qcow2(folder, bs, every):
    return Case(job("writes", "randwrite", bs=bs, iodepth=4, fsync=every),
                scenario("2GiB", axes={"format": "qcow2", "preallocation": "off"},
                         precondition="none"),
                plain={"preallocation": "full"})


@fault("qcow2-layout", what="large reads of a qcow2 image whose small clusters lie scattered",
       tune={"cluster": "4KiB", "bs": "64k"}, judge={"cluster": "2KiB", "bs": "128k"},
       may=("qcow2-allocation",))  # the job that fills it allocates
def small_clusters(folder, cluster, bs):
    fill = job("fill", "randwrite", bs=cluster[:2].lower(), iodepth=8, time_based=0, runtime="20s")
    return Case(fill + job("reads", "randread", 6, bs=bs, iodepth=2, stonewall=1),
                scenario("48MiB", axes={"format": "qcow2", "cluster_size": cluster},
                         precondition="none"),
                plain={"cluster_size": "auto"})


@fault("cache-unsafe", what="flushes thrown away",
       tune={"fsync": 1}, judge={"fsync": 8})
def unsafe(folder, fsync):
    return Case(job("writes", "randwrite", rate_iops=200, fsync=fsync),
                scenario(axes={"cache": "unsafe", "aio": "threads"}), plain={"cache": "none"})


# --- the guest's own load ---

# Few of them: that host has one CPU, on which its guest and QEMU wait for each other.
@fault("flush-storm", what="commits to a device that takes its time to flush, in the emulated host",
       tune={"ms": 60, "rate": 10}, judge={"ms": 90, "rate": 8}, may=SYMPTOMS)
def commits(folder, ms, rate):
    device = "/dev/nvme1n1 0"  # its reads, its writes and its flushes
    slow = EmulatedRun("dm-delay", f"delay {device} 0 {device} 0 {device} {ms}")
    return Case(job("commits", "randwrite", 16, rate_iops=rate, fsync=1),
                scenario("32MiB", axes={"aio": "threads"}), host=slow,
                seen=slower_than(ms, "commits", "sync"))


def one_at_a_time(**delays):
    """A server that serves one request after the other, each with a delay."""
    return "--filter=noparallel --filter=delay serialize=requests " + " ".join(
        f"{k.replace('_', '-')}={v}ms" for k, v in delays.items())


@fault("discard-burst", what="trims in bursts on a server that answers nothing else meanwhile",
       tune={"ms": 25, "think": "1s", "blocks": 20},
       judge={"ms": 35, "think": "800ms", "blocks": 16},
       may=SYMPTOMS)
def trims(folder, ms, think, blocks):
    trim = job("trims", "trim", 12, bs="4m", offset="64m", size="448m", thinktime=think,
               thinktime_blocks=blocks)
    return Case(paced(100, 12, size="64m") + trim,
                scenario("512MiB", axes={"storage": "nbd", "discard": "unmap"},
                         nbdkit=one_at_a_time(delay_trim=ms)),
                plain_jobs=paced(100, 12, size="64m"), seen=has("trims", "trim", 2 * blocks))


@fault("queue-too-deep", what="depths beyond the knee, on a server that serves one at a time",
       tune={"depths": (1, 4, 16, 64), "ms": 1}, judge={"depths": (1, 2, 8, 32, 128), "ms": 2},
       may=("backend-slow",))  # whom each of many waits for
def depth_sweep(folder, depths, ms):
    jobs = "".join(job(f"depth-{d}", "randread", 3, iodepth=d, stonewall=1) for d in depths)
    return Case(jobs, scenario(axes={"storage": "nbd"}, nbdkit=one_at_a_time(rdelay=ms)))


# --- the measurement itself ---

@fault("reads-of-holes", what="reads of an image that nobody filled",
       tune={"rw": "randread"}, judge={"rw": "read"})
def holes(folder, rw):
    return Case(job("reads", rw, 5, rate_iops=300), scenario(precondition="none"))


@fault("cached-reads", what="reads that the host's page cache answers",
       tune={"size": "2m"}, judge={"size": "1m"})
def cached(folder, size):
    return Case(job("reads", "randread", bs="32k", rate_iops=400, size=size),
                scenario(axes={"cache": "writeback", "aio": "threads"}), plain={"cache": "none"})


@fault("too-short", what="a job of half a second",
       tune={"ms": 500}, judge={"ms": 250})
def short(folder, ms):
    return Case(job("reads", "randread", rate_iops=150, runtime=f"{ms}ms"), scenario())


@fault("guest-cpu-bound", what="a job that computes between its requests",
       tune={"us": 800}, judge={"us": 2000},
       unsure="an emulated CPU is soon full, and that is no fault of the guest's")
def computing(folder, us):
    return Case(job("reads", "randread", numjobs=2, thinktime=us, thinktime_spin=us), scenario())
