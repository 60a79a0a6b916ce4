#!/usr/bin/env python3
"""Latencies: near fio's on the same rated target, and exactly those of the log.

The limit on the difference to fio is wide (--limit, percent; p99 a factor of 4), because the
machine may be busy: medians of the runs or their least must be within it, or within what fio's
own runs differ by where that is more. The table shows what was seen; fio beside itself differs
by 30 % where others work, and by a factor of 10 when they take the CPUs. Percentiles against the
log have no such excuse: each must be within one bucket, 1/64 of its value, of the order statistic
of the lines.
"""
import math
import os
import re
import statistics
import sys

import beside

POINTS = ("50.000000", "90.000000", "95.000000", "99.000000", "99.900000")
JUDGED = POINTS[:3]  # by --limit; p99 by this factor; p99.9 is only shown
P99_FACTOR = 4
CASES = {
    "psync QD1": ["--ioengine=psync"],
    "io_uring QD1": ["--ioengine=io_uring"],
    "libaio QD1": ["--ioengine=libaio"],
}
SIZE = 64 << 20


def first_job(program, args, cwd, report, name):
    """The only job's document, or None and a failure in @report."""
    r = program.run(args, cwd, form="json+")
    if r.rc != 0:
        group, says = beside.refusal(r.err)
        report.fail(name, f"{os.path.basename(program.path)}: {says}", group)
        return None
    return program.document(r)["jobs"][0]


def lay_out(cwd):
    """A file of real blocks: reading a hole measures nothing."""
    path = os.path.join(cwd, "target.dat")
    with open(path, "wb") as f:
        for _ in range(SIZE >> 20):
            f.write(os.urandom(1 << 20))
        f.flush()
        os.fsync(f.fileno())


class Latency:
    def __init__(self, args, scratch, report):
        self.args, self.report = args, report
        self.cwd = scratch.folder("latency")
        lay_out(self.cwd)

    def rated(self, program, options, name):
        return first_job(program, [
            "--name=rated", "--filename=target.dat", "--rw=randread", "--bs=4k", "--direct=1",
            "--rate_iops=2000", "--norandommap", "--time_based", f"--runtime={self.args.runtime}",
            "--ramp_time=100ms", *options], self.cwd, self.report, name)

    def beside_fio(self):
        for name, options in CASES.items():
            name = "beside fio " + name
            if not re.search(self.args.only, name):
                continue
            self.report.cases += 1
            runs = {"fio": [], "blkjob": []}
            for i in range(self.args.rounds):  # A B B A: a drift hits both alike
                for who in (("fio", "blkjob"), ("blkjob", "fio"))[i % 2]:
                    job = self.rated(getattr(self.args, who), options, name)
                    if job is None:
                        return
                    runs[who].append(job)
            self.compare(name, runs)

    def compare(self, name, runs):
        print(f"{name}: clat in us, medians of {self.args.rounds} runs")
        for point in POINTS:
            seen = {who: [j["read"]["clat_ns"]["percentile"][point] / 1000 for j in jobs]
                    for who, jobs in runs.items()}
            a, b = statistics.median(seen["fio"]), statistics.median(seen["blkjob"])
            off, least = 100 * (b / a - 1), min(seen["blkjob"]) / min(seen["fio"])
            own = 100 * (max(seen["fio"]) / min(seen["fio"]) - 1)
            print(f"  p{float(point):<5g} fio {a:9.2f}  blkjob {b:9.2f}  {off:+6.1f} %"
                  f"  (fio's own runs differ by {own:.0f} %)")
            if point in JUDGED:
                near = min(abs(off), 100 * abs(least - 1))
                limit = max(self.args.limit, own)
                self.report.check(near <= limit, name, f"p{point} {off:+.1f} %",
                                  "clat beside fio")
            elif point == "99.000000":
                factor = max(P99_FACTOR, 1 + own / 100)
                self.report.check(1 / factor < least < factor, name,
                                  f"p99 is {least:.1f} of fio's", "clat beside fio")
        rates = {who: [j["read"]["iops"] for j in jobs] for who, jobs in runs.items()}
        least = min(1900, *rates["fio"])  # what this machine let be held
        for who, seen in rates.items():
            for rate in seen:
                self.report.check(0.95 * least < rate < 2100, name, f"{who} {rate:.0f} IOPS",
                                  "rate of the latency test")

    def exact(self):
        """The whole log of a run against the percentiles of its document."""
        for engine, depth in (("psync", 1), ("io_uring", 8), ("libaio", 8)):
            name = f"percentiles of the log, {engine} QD{depth}"
            if not re.search(self.args.only, name):
                continue
            self.report.cases += 1
            job = first_job(self.args.blkjob, [
                "--name=exact", "--filename=target.dat", "--rw=randread", "--bs=4k", "--direct=1",
                f"--ioengine={engine}", f"--iodepth={depth}", "--time_based", "--runtime=500ms",
                "--ramp_time=100ms", "--norandommap", "--lat_percentiles=1",
                "--slat_percentiles=1", "--clat_percentiles=1",
                "--percentile_list=1:25:50:75:90:99:99.9:99.99:100",
                "--write_lat_log=exact"], self.cwd, self.report, name)
            if job:
                for kind in ("clat", "lat") if depth == 1 else ("slat", "clat", "lat"):
                    self.against_log(name, job["read"][kind + "_ns"], kind)

    def against_log(self, name, lat, kind):
        path = os.path.join(self.cwd, f"exact_{kind}.1.log")
        if not self.report.check(os.path.exists(path), name, f"no {kind} log", "write_lat_log"):
            return
        with open(path, encoding="ascii") as f:
            values = sorted(int(line.split(",")[1]) for line in f)
        os.unlink(path)
        # fio counts, but does not log, what the ramp began: as many as may be in flight
        slack = 8 if self.args.blkjob.is_fio else 0
        n = lat["N"]
        self.report.check(abs(n - len(values)) <= slack, name,
                          f"{kind} N is {n}, the log has {len(values)} lines", "N of the log")
        for point, value in lat["percentile"].items():
            rank = max(1, math.ceil(float(point) / 100 * len(values)))
            near = {values[min(len(values), max(1, rank + k)) - 1]
                    for k in range(-slack, slack + 1)}
            off = min(abs(value - x) / max(x, 64) for x in near)
            self.report.check(off <= 1 / 64, name,
                              f"{kind} p{point} is {value}, in the log {values[rank - 1]}",
                              "percentiles of the log")
        mean = sum(values) / len(values)
        self.report.check(abs(lat["mean"] - mean) <= 0.01 * mean + 1, name,
                          f"{kind} mean {lat['mean']}, of the log {mean:.1f}", "mean of the log")
        if not self.args.blkjob.is_fio:
            ends = lat["min"], lat["max"]
            self.report.check(ends == (values[0], values[-1]), name,
                              f"{kind} min, max {ends}, in the log {values[0]}, {values[-1]}",
                              "min and max of the log")
        print(f"{name}: {kind} N {n}, p50 {lat['percentile']['50.000000'] / 1000:.2f} us, "
              f"p99.9 {lat['percentile']['99.900000'] / 1000:.2f} us, "
              f"in the log {values[max(1, math.ceil(0.999 * len(values))) - 1] / 1000:.2f} us")


def more(parser):
    parser.add_argument("--limit", type=float, default=40, help="percent p50..p95 may differ")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--runtime", default="1s", help="of one run")


def main():
    args = beside.arguments(__doc__, more)
    report = beside.Report()
    with beside.Scratch(args) as scratch:
        latency = Latency(args, scratch, report)
        latency.beside_fio()
        latency.exact()
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
