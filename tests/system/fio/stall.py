#!/usr/bin/env python3
"""A stop of one second in a rated run, and the rate of random arrivals.

Requests that were due while the program was stopped waited for up to that second. fio counts
from the moment it gets round to a request and shows nothing of it; blkjob's sched_lat_ns
counts from when it was due: at 1000 a second for five seconds, with one lost, a fifth waited
evenly spread over 0 to 1 s, so p90 is near 500 ms and the greatest near 1 s.
"""
import os
import re
import signal
import subprocess
import sys
import time

import beside

RATE = 1000
MS = 1_000_000


class Stall:
    def __init__(self, args, scratch, report):
        self.args, self.report = args, report
        self.cwd = scratch.folder("stall")

    def stopped_run(self, program, options):
        """The job's document of a 5 s run that stands still from 2 s to 3 s."""
        doc = os.path.join(self.cwd, "document")
        with subprocess.Popen(
                [program.path, "--output-format=json", f"--output={doc}", "--name=stall",
                 "--filename=target.dat", "--size=16m", "--rw=randread", "--bs=4k",
                 f"--rate_iops={RATE}", "--norandommap", "--time_based", "--runtime=5s",
                 "--thread", "--invalidate=0", *options],
                cwd=self.cwd, start_new_session=True, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, text=True) as child:
            time.sleep(2)
            if child.poll() is None:
                os.kill(child.pid, signal.SIGSTOP)
                time.sleep(1)
                os.kill(child.pid, signal.SIGCONT)
            says = child.communicate(timeout=30)[1]
        if child.returncode != 0:
            return None, says
        with open(doc, encoding="utf-8") as f:
            read = beside.Result(0, "", says, f.read())
        return program.document(read)["jobs"][0], says

    def stop(self, engine):
        name = f"a stop of 1 s, {engine}"
        if not re.search(self.args.only, name):
            return
        self.report.cases += 1
        with open(os.path.join(self.cwd, "target.dat"), "wb") as f:
            f.write(bytes(16 << 20))
        options = [f"--ioengine={engine}", "--iodepth=4"]
        theirs, says = self.stopped_run(self.args.fio, options)
        if self.report.check(theirs is not None, name, f"fio: {says[:200]}"):
            clat = theirs["read"]["clat_ns"]
            print(f"{name}: fio    N {clat['N']} clat p99.9 "
                  f"{clat['percentile']['99.900000'] / MS:.3f} ms, max {clat['max'] / MS:.1f} ms")
            # that it hides the stop is why sched_lat_ns is there; if it no longer did, we'd know
            self.report.check(clat["percentile"]["99.900000"] < 100 * MS, name,
                              "fio shows the stop", "fio")
        ours, says = self.stopped_run(self.args.blkjob, options)
        if ours is None:
            group, says = beside.refusal(says)
            self.report.fail(name, says, group)
        elif not self.args.blkjob.is_fio:
            self.judge(name, ours["read"])

    def judge(self, name, read):
        sched = read.get("sched_lat_ns")
        if not self.report.check(sched is not None, name, "no sched_lat_ns", "sched_lat_ns"):
            return
        p90, p99 = (sched["percentile"][p] / MS for p in ("90.000000", "99.000000"))
        most = sched["max"] / MS
        print(f"{name}: blkjob N {sched['N']} sched p90 {p90:.0f} ms, p99 {p99:.0f} ms, max "
              f"{most:.0f} ms; clat p99.9 {read['clat_ns']['percentile']['99.900000'] / MS:.3f} ms")
        self.report.check(400 <= p90 <= 650, name, f"p90 {p90:.0f} ms", "sched p90 of the stop")
        self.report.check(850 <= p99 <= 1200, name, f"p99 {p99:.0f} ms", "sched p99 of the stop")
        self.report.check(900 <= most <= 1400, name, f"max {most:.0f} ms", "sched max of the stop")
        # the schedule catches up: nothing of the five seconds is lost
        self.report.check(abs(sched["N"] - 5 * RATE) <= 0.02 * 5 * RATE, name,
                          f"N {sched['N']}", "catches up after the stop")

    def rate(self, process, rate):
        """The null engine keeps up with anything, so the arrivals are the program's own."""
        name = f"{process} arrivals at {rate} a second"
        if not re.search(self.args.only, name):
            return
        self.report.cases += 1
        ratio = {}
        for who in ("fio", "blkjob"):
            program = getattr(self.args, who)
            r = program.run(["--name=rate", "--ioengine=null", "--size=1g", "--rw=randread",
                             "--bs=4k", "--norandommap", "--time_based", "--runtime=2s",
                             f"--rate_iops={rate}", f"--rate_process={process}",
                             "--iodepth=32", "--thread"], self.cwd, form="json")
            if r.rc != 0:
                group, says = beside.refusal(r.err)
                self.report.fail(name, f"{who}: {says}", group)
                return
            ratio[who] = program.document(r)["jobs"][0]["read"]["iops"] / rate
        print(f"{name}: fio {ratio['fio']:.3f}, blkjob {ratio['blkjob']:.3f} of it")
        if not self.args.blkjob.is_fio:
            self.report.check(abs(ratio["blkjob"] - 1) <= 0.01, name,
                              f"{ratio['blkjob']:.4f} of the rate", f"{process} rate")


def main():
    args = beside.arguments(__doc__)
    report = beside.Report()
    with beside.Scratch(args) as scratch:
        stall = Stall(args, scratch, report)
        for engine in ("psync", "io_uring"):
            stall.stop(engine)
        for process, rate in (("linear", 20000), ("poisson", 20000), ("poisson", 300000)):
            stall.rate(process, rate)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
