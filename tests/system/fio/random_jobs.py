#!/usr/bin/env python3
"""Random job files through fio and blkjob: do both do the same?

Compared: exit status, number of jobs, keys and types of the document, the echo of options, requests
and bytes in each direction, sync counts, names and lengths of the files, contents where they
are known, offsets from the logs. What is drawn at random (directions of a mix, block sizes
of a split) is compared within what its distribution allows; see `allowance`.
"""
import hashlib
import math
import os
import random
import re
import sys

import beside

K = 1024
M = 1024 * K
PATTERN = 0xA5
DIRS = ("read", "write", "trim")


class Job:
    """One random job: its options in file order, and what is known about it beforehand."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.options = {}
        self.draw()

    def maybe(self, p):
        return self.rng.random() < p

    def pick(self, *values):
        return self.rng.choice(values)

    def draw(self):
        o = self.options
        self.rw = self.pick("read", "write", "randread", "randwrite", "rw", "randrw",
                            "randwrite", "write", "randread")
        self.random = self.rw.startswith("rand")
        self.mixed = self.rw.endswith("rw")
        self.writes = self.rw not in ("read", "randread")
        self.engine = self.pick("psync", "sync", "pvsync2", "libaio", "io_uring", "libaio",
                                "io_uring", "psync")
        self.direct = self.maybe(0.5)
        o["ioengine"], o["rw"], o["direct"] = self.engine, self.rw, int(self.direct)
        self.draw_sizes()
        self.depth = 1
        if self.engine in ("libaio", "io_uring"):
            self.depth = o["iodepth"] = self.pick(1, 2, 4, 8, 16, 32)
            if self.depth >= 8 and self.maybe(0.3):
                o["iodepth_batch"] = self.pick(2, 4)
        self.clones = self.pick(1, 1, 1, 2, 3)
        if self.clones > 1:
            o["numjobs"] = self.clones
            if self.maybe(0.6):
                o["group_reporting"] = 1
            if self.maybe(0.5):
                o["thread"] = 1
        self.draw_target()
        self.draw_length()
        self.draw_writes()
        if self.mixed:
            self.percent_read = o["rwmixread"] = self.pick(20, 50, 70, 90)
        if self.random and not self.mixed and self.maybe(0.2) and "verify" not in o:
            o["norandommap"] = 1
        self.logged = self.maybe(0.4) and self.depth == 1 and "verify" not in o
        if self.logged:
            o["write_lat_log"], o["log_offset"] = "log", 1

    def draw_sizes(self):
        o = self.options
        self.size = self.pick(1, 1, 2, 3) * M
        self.fixed_bs = self.maybe(0.7)
        self.bs = self.pick(4, 4, 8, 16, 64) * K
        if self.fixed_bs:
            o["bs"] = f"{self.bs // K}k"
        elif self.maybe(0.5):
            o["bsrange"] = "4k-16k"
        else:
            o["bssplit"] = self.pick("4k/50:8k/50", "4k/70:16k/", "8k/30:16k/30:32k/40")
        o["size"] = self.size

    def draw_target(self):
        """A file for each clone, several files, or one for all, in parts or shared."""
        o = self.options
        self.files, self.before = 1, 0
        how = self.pick("own", "own", "files", "one", "parts")
        if how == "files" and self.fixed_bs:
            self.files = o["nrfiles"] = self.pick(2, 4)
            if self.maybe(0.3):
                o["file_service_type"] = self.pick("roundrobin", "sequential", "random")
        elif how == "one":
            o["filename"] = "one.dat"
        elif how == "parts":
            o["filename"], o["offset_increment"] = "parts.dat", self.size
            self.before = self.size * self.clones + M  # `filesize` would widen the region
            if self.maybe(0.5):
                o["offset"] = self.pick("64k", "128k", "1m")
        self.shared = how == "one" and self.clones > 1

    def draw_length(self):
        """More or less than one pass, by one of the three ways."""
        o = self.options
        how = self.pick("whole", "whole", "io_size", "number_ios", "loops")
        if how == "io_size":
            o["io_size"] = int(self.size * self.pick(0.25, 0.5, 2)) if self.files == 1 else \
                self.size // 2
        elif how == "number_ios":
            o["number_ios"] = self.pick(10, 50, 100)
        elif how == "loops":
            o["loops"] = self.pick(2, 3)
        self.how_long = how

    def draw_writes(self):
        o = self.options
        if not self.writes:
            return
        what = self.pick("plain", "plain", "fsync", "fdatasync", "verify")
        if what in ("fsync", "fdatasync"):
            o[what] = self.pick(1, 4, 8, 16)
        elif what == "verify" and not self.mixed and not self.shared and \
                self.how_long == "whole" and self.fixed_bs:
            o["verify"] = self.pick("crc32c", "md5", "sha256", "crc32c")
        if self.maybe(0.2):
            o["end_fsync"] = 1
        if "verify" not in o:
            o[self.pick("zero_buffers", "buffer_pattern")] = 1
            if "buffer_pattern" in o:
                o["buffer_pattern"] = hex(PATTERN)

    def text(self, extra=None):
        lines = [f"{k}={v}" for k, v in {**self.options, **(extra or {})}.items()]
        return "[random]\n" + "\n".join(lines) + "\n"

    # What follows from the options alone.

    def covers(self):
        """Each clone's whole region is done a whole number of times."""
        return self.how_long in ("whole", "loops") and "norandommap" not in self.options

    def count_is_fixed(self):
        """Requests do not depend on drawn block sizes."""
        return self.fixed_bs or (self.how_long == "number_ios" and
                                 self.options["number_ios"] * 32 * K <= self.size)

    def bytes_are_fixed(self):
        return self.fixed_bs or self.rw in ("read", "write") and \
            self.how_long in ("whole", "loops")


def totals(doc):
    """(ios, bytes) per direction and (syncs), over all jobs of a document."""
    ios, moved = ({d: sum(j[d][key] for j in doc["jobs"]) for d in DIRS}
                  for key in ("total_ios", "io_bytes"))
    return ios, moved, sum(j["sync"]["total_ios"] for j in doc["jobs"])


def allowance(job, ios):
    """Requests by which one direction of a mix may differ: five standard deviations of the
    difference of two binomials."""
    if not job.mixed:
        return 0
    p = job.percent_read / 100
    return 5 * math.sqrt(2 * ios * p * (1 - p)) + 2 * job.clones


def files_of(folder):
    for name in sorted(os.listdir(folder)):
        if not name.endswith((".log", ".fio", ".state")):
            yield name, os.path.join(folder, name)


def offsets(folder):
    """All (offset, direction) of the latency logs of a folder, in file order, per log."""
    for name in sorted(os.listdir(folder)):
        if re.search(r"_clat(\.\d+)?\.log$", name):
            with open(os.path.join(folder, name), encoding="ascii") as f:
                rows = [line.split(", ") for line in f]
            yield name, [(int(r[4]), int(r[2]), int(r[3])) for r in rows]


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


class Case:
    def __init__(self, name, job, args, scratch, report):
        self.name, self.job, self.args = name, job, args
        self.scratch, self.report = scratch, report
        self.strict = not args.blkjob.is_fio  # fio's own counts of syncs are wrong at depth

    def check(self, good, why, group=None):
        return self.report.check(good, self.name, why, group)

    def run(self):
        self.report.cases += 1
        ran = {}
        for who, program in (("fio", self.args.fio), ("blkjob", self.args.blkjob)):
            cwd = self.scratch.folder(who)
            # fio against itself must not pass because both draw the same numbers
            extra = {"randrepeat": 0} if who == "blkjob" and program.is_fio else None
            if self.job.before:
                with open(os.path.join(cwd, "parts.dat"), "wb") as f:
                    f.truncate(self.job.before)
            path = os.path.join(cwd, "job.fio")
            with open(path, "w", encoding="utf-8") as f:
                f.write(self.job.text(extra))
            ran[who] = program.run(["job.fio"], cwd, form="json+"), cwd
        theirs, ours = ran["fio"], ran["blkjob"]
        self.check(theirs[0].rc == 0, f"fio: {theirs[0].rc} {theirs[0].err[:200]}", "fio")
        if ours[0].rc != theirs[0].rc:
            group, says = beside.refusal(ours[0].err)
            self.check(False, f"exit status {ours[0].rc}: {says}", group)
            return
        if self.strict:
            self.check(not ours[0].err, f"says {ours[0].err[:100]!r}", "noise on success")
        try:
            docs = (self.args.fio.document(theirs[0]), self.args.blkjob.document(ours[0]))
        except ValueError as e:
            self.check(False, f"{e}", "invalid JSON")
            return
        for difference in beside.documents_differ(*docs):
            if "randrepeat" not in difference:
                self.check(False, difference, beside.group_of(difference))
        self.counts(*docs)
        self.syncs(*docs)
        self.files(theirs[1], ours[1])
        self.each_block_once(ours[1], totals(docs[1])[1]["write"])
        if self.job.logged:
            self.logs(theirs[1], ours[1])

    def counts(self, theirs, ours):
        job = self.job
        (a_ios, a_bytes, _), (b_ios, b_bytes, _) = totals(theirs), totals(ours)
        total = sum(a_ios.values()), sum(b_ios.values())
        if job.count_is_fixed():
            self.check(total[0] == total[1], f"{total[1]} requests, fio {total[0]}",
                       "total_ios")
        else:  # block sizes are drawn: the mean size of a few hundred
            self.check(abs(total[0] - total[1]) <= 0.25 * total[0] + 4,
                       f"{total[1]} requests of drawn size, fio {total[0]}", "total_ios drawn")
        moved = sum(a_bytes.values()), sum(b_bytes.values())
        if job.bytes_are_fixed():
            self.check(moved[0] == moved[1], f"{moved[1]} bytes, fio {moved[0]}", "io_bytes")
        elif job.how_long != "number_ios":  # the last requests may go over by one size
            self.check(abs(moved[0] - moved[1]) <= 0.05 * moved[0] + 64 * K * job.clones,
                       f"{moved[1]} bytes of drawn sizes, fio {moved[0]}", "io_bytes drawn")
        most = allowance(job, total[0])
        for d in DIRS:
            if job.count_is_fixed():
                self.check(abs(a_ios[d] - b_ios[d]) <= most,
                           f"{b_ios[d]} {d} requests, fio {a_ios[d]}, {most:.0f} allowed",
                           f"{d} requests")
            if job.fixed_bs:
                self.check(b_bytes[d] == b_ios[d] * job.bs,
                           f"{b_bytes[d]} {d} bytes in {b_ios[d]} requests", "bytes per request")
        if self.strict:
            self.own_sums(ours)

    def own_sums(self, ours):
        """In our own document a request is counted once and everywhere."""
        for j in ours["jobs"]:
            for d in DIRS:
                n = j[d]["total_ios"]
                for lat in ("clat_ns", "lat_ns"):
                    self.check(j[d][lat]["N"] == n, f"{d} {lat} N {j[d][lat]['N']} of {n}",
                               "N is total_ios")
                bins = j[d]["clat_ns"].get("bins", {})
                self.check(sum(bins.values()) == n, f"{d} bins sum to {sum(bins.values())}",
                           "bins sum to N")
                self.check(list(bins) == sorted(bins, key=int), f"{d} bins", "bins ascend")
            syncs = j["sync"]["lat_ns"]["N"], j["sync"]["total_ios"]
            self.check(syncs[0] == syncs[1], f"sync N {syncs[0]} of {syncs[1]}", "N is total_ios")
            percent = sum(j["iodepth_level"].values())
            self.check(percent < 101, f"levels sum to {percent}", "depths over 100 %")

    def syncs(self, theirs, ours):
        """One after every N issued writes of a clone but not after its last: (W-1)/N. 3.33
        counts no fdatasync and too many at depth; there the rule decides, not fio."""
        job = self.job
        every = job.options.get("fsync") or job.options.get("fdatasync")
        (_, _, a), (b_ios, _, b) = totals(theirs), totals(ours)
        if not every:
            self.check(b == 0, f"{b} syncs", "syncs without fsync")
            return
        if self.strict:
            each = b_ios["write"] / job.clones
            want = job.clones * ((each - 1) // every)
            # a mix has unequal clones and may end with a read; a pass may end with a sync
            loose = job.clones * job.options.get("loops", 2) if job.mixed or not job.fixed_bs \
                or job.how_long != "whole" else 0
            self.check(abs(b - want) <= loose,
                       f"{b} syncs for {b_ios['write']} writes of {job.clones}, every {every}, "
                       f"want {want:.0f}", "sync count")
        if "fsync" in job.options and job.depth == 1 and not job.mixed and job.fixed_bs:
            # 3.33 also syncs between passes
            self.check(abs(a - b) <= job.clones * (job.options.get("loops", 1) - 1),
                       f"{b} syncs, fio {a}", "sync count")

    def files(self, theirs, ours):
        job = self.job
        a, b = dict(files_of(theirs)), dict(files_of(ours))
        if not self.check(list(a) == list(b), f"files {list(b)}, fio {list(a)}", "file names"):
            return
        for name in a:
            sizes = os.path.getsize(a[name]), os.path.getsize(b[name])
            # without a map or with drawn sizes the end of a new file is a matter of luck
            if job.covers() or not job.writes:
                self.check(sizes[0] == sizes[1], f"{name} has {sizes[1]} bytes, fio {sizes[0]}",
                           "file length")
        if "verify" in job.options or not job.writes or job.mixed:
            return
        if job.how_long == "number_ios" and job.depth > 1:
            return  # 3.33 then counts syncs as writes, and sometimes writes one less
        if job.covers() and job.fixed_bs or not job.random and job.bytes_are_fixed():
            for name in a:
                self.check(digest(a[name]) == digest(b[name]), f"{name} differs from fio's",
                           "file contents")
        if "norandommap" in job.options and "buffer_pattern" in job.options and \
                job.how_long == "whole" and job.fixed_bs and not job.shared:
            self.coverage(b)

    def each_block_once(self, folder, moved):
        """Within one pass no block is written twice: as many bytes as were moved are new."""
        job = self.job
        if "buffer_pattern" not in job.options or "norandommap" in job.options or job.shared \
                or job.how_long == "loops" or job.options.get("io_size", 0) > job.size:
            return
        if job.how_long == "number_ios" and job.depth > 1 and not self.strict:
            return
        laid_out = job.mixed  # a mix reads, too, so fio writes its file before
        new = 0
        for _, path in files_of(folder):
            with open(path, "rb") as f:
                new += f.read().count(PATTERN)
        self.check(new == moved or laid_out and moved <= new,
                   f"{new} bytes are new, {moved} written", "each block once")

    def coverage(self, paths):
        """As many draws with return as there are blocks reach 1 - 1/e of them."""
        done = blocks = 0
        for path in paths.values():
            with open(path, "rb") as f:
                data = f.read()
            done += sum(data[i] == PATTERN for i in range(0, len(data), self.job.bs))
        blocks = self.job.clones * (self.job.size // self.job.bs)
        sigma = math.sqrt(blocks * (1 - 2 / math.e) / math.e)
        want = blocks * (1 - 1 / math.e)
        self.check(abs(done - want) <= 5 * sigma + 1,
                   f"{done} of {blocks} blocks written, want {want:.0f}", "norandommap coverage")

    def logs(self, theirs, ours):
        job = self.job
        a, b = dict(offsets(theirs)), dict(offsets(ours))
        if not self.check(list(a) == list(b), f"logs {list(b)}, fio {list(a)}", "log names"):
            return
        for name in a:
            if not job.fixed_bs or not job.count_is_fixed():
                continue
            self.check(len(a[name]) == len(b[name]),
                       f"{name} has {len(b[name])} lines, fio {len(a[name])}", "log lines")
            self.check(all(offset % job.bs == a[name][0][0] % job.bs or job.files > 1
                           for offset, _, _ in b[name]), f"{name}: odd offsets", "log offsets")
            if not job.random and not job.mixed:
                self.check([x[0] for x in a[name]] == [x[0] for x in b[name]],
                           f"{name}: offsets in another order", "log offsets")
            elif job.covers() and not job.mixed or job.covers() and job.how_long == "whole":
                self.check(sorted(x[0] for x in a[name]) == sorted(x[0] for x in b[name]),
                           f"{name}: another set of offsets", "log offsets")


def more(parser):
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=72)
    parser.add_argument("--print", action="store_true", help="show the job files, run nothing")


def main():
    args = beside.arguments(__doc__, more)
    report = beside.Report()
    with beside.Scratch(args) as scratch:
        for n in range(args.cases):
            name = f"seed {args.seed} case {n}"
            if not re.search(args.only + "$", name):
                continue
            job = Job(f"{args.seed}/{n}")
            if args.print:
                print(f"; {name}\n{job.text()}")
            else:
                Case(name, job, args, scratch, report).run()
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
