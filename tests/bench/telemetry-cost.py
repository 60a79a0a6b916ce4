#!/usr/bin/env python3
"""What sampling costs: a job's IOPS and p99 with telemetry and without, in pairs of fresh VMs.

Each pair boots one VM with `telemetry: on` and one with `off`, in turn which is first. The ratio is
the geometric mean over the pairs, with the 95 % interval of Student's t on the logarithms.
"""

import argparse
import contextlib
import csv
import io
import math
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Student's t, two-sided 95 %, by degrees of freedom; between two of these the smaller, which is wider.
T95 = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262, 10: 2.228,
       11: 2.201, 12: 2.179, 13: 2.160, 14: 2.145, 15: 2.131, 19: 2.093}

JOBS = """[global]
direct=1
ioengine=io_uring
bs=4k
time_based=1
runtime={seconds}s
ramp_time=1s
stonewall
[read-qd1]
rw=randread
iodepth=1
[write-qd16]
rw=randwrite
iodepth=16
"""
SCENARIO = """name: telemetry-{how}
{vm}backing: {{ size: 64MiB }}
axes: {axes}
repeats: 1
jobs: jobs.fio
telemetry: {how}
"""


def options():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--build", default=os.path.join(ROOT, "build"), help="the build folder")
    p.add_argument("--kernel", default="installed", help="as of `blklab run`")
    p.add_argument("--accel", default="auto", help="as of `blklab run`")
    p.add_argument("--pairs", type=int, default=6, help="at least two")
    p.add_argument("--seconds", type=int, default=10, help="of each job")
    p.add_argument("--vcpus", type=int, default=1)
    p.add_argument("--on-host", action="store_true",
                   help="the jobs on the host: no VM, no emulated CPU, and of telemetry the host's part")
    o = p.parse_args()
    if o.pairs < 2:
        p.error(f"--pairs {o.pairs}: an interval needs two pairs at least")
    return o


def call(argv):
    r = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if r.returncode:
        sys.exit(f"{' '.join(argv)}: exit code {r.returncode}\n{r.stdout}{r.stderr}")
    return r.stdout


def measure(o, folder, how):
    """{job: {"iops", "p99"}} of one fresh VM, and what a reading cost in its last job."""
    blklab = os.path.join(o.build, "blklab")
    store = os.path.join(folder, "store.db")
    call([blklab, "run", os.path.join(folder, how + ".yaml"), "--store", store, "--quiet",
          "--kernel", o.kernel, "--accel", o.accel, "--work-dir", os.path.join(folder, "work"),
          "--cache-dir", os.path.join(o.build, "test-cache")])
    rows = csv.DictReader(io.StringIO(call([blklab, "report", "--store", store, "--format", "csv"])))
    found = {row["job"]: {"iops": float(row["iops"]), "p99": float(row["p99_ns"])}
             for row in rows if row["run"].startswith(newest(store)) and row["iops"]}
    return found, reading_cost(store)


def newest(store):
    with contextlib.closing(sqlite3.connect(store)) as db:
        return db.execute("SELECT id FROM run ORDER BY started_ms DESC").fetchone()[0]


def reading_cost(store):
    """ns of the guest's CPU time a reading, in the newest trial; None: nothing was sampled."""
    with contextlib.closing(sqlite3.connect(store)) as db:
        facts = dict(db.execute("SELECT f.key, f.value FROM job_fact f JOIN job_result j ON "
                                "j.id = f.job_result JOIN trial t ON t.id = j.trial WHERE t.run = ?",
                                (newest(store),)))
    if "telemetry.guest.cost_ns" not in facts:
        return None
    return float(facts["telemetry.guest.cost_ns"]) / float(facts["telemetry.guest.readings"])


def interval(ratios):
    logs = [math.log(r) for r in ratios]
    mean, n = statistics.fmean(logs), len(logs)
    half = T95[max(d for d in T95 if d < n)] * statistics.stdev(logs) / math.sqrt(n)
    return math.exp(mean), math.exp(mean - half), math.exp(mean + half)


def main():
    o = options()
    seen = {"on": [], "off": []}
    costs = []
    with tempfile.TemporaryDirectory(dir=o.build) as folder:
        with open(os.path.join(folder, "jobs.fio"), "w", encoding="utf-8") as f:
            f.write(JOBS.format(seconds=o.seconds))
        for how in seen:
            with open(os.path.join(folder, how + ".yaml"), "w", encoding="utf-8") as f:
                f.write(SCENARIO.format(
                    how=how, vm="" if o.on_host else f"vm: {{ vcpus: {o.vcpus} }}\n",
                    axes="{ bus: host }" if o.on_host else "{ bus: virtio-blk, iothreads: 1 }"))
        for i in range(o.pairs):
            for how in ("on", "off") if i % 2 == 0 else ("off", "on"):
                found, cost = measure(o, folder, how)
                seen[how].append(found)
                if cost:
                    costs.append(cost)
                print(f"pair {i + 1} {how:3}:", ", ".join(
                    f"{job} {v['iops']:.0f} IOPS p99 {v['p99'] / 1e3:.0f} us"
                    for job, v in found.items()), flush=True)
    for job in seen["on"][0]:
        for what in ("iops", "p99"):
            mean, low, high = interval([a[job][what] / b[job][what]
                                        for a, b in zip(seen["on"], seen["off"])])
            print(f"{job} {what}: on / off = {mean:.4f} [{low:.4f}, {high:.4f}] "
                  f"({o.pairs} pairs, {'the host' if o.on_host else f'{o.vcpus} vCPU'})")
    if costs:
        print(f"the guest's sampler: {statistics.median(costs) / 1e3:.0f} us of CPU time a reading")


if __name__ == "__main__":
    main()
