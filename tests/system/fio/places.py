#!/usr/bin/env python3
"""Where requests go: the offsets and sizes of every request, from the logs of both programs.

What the options fix is compared one by one, in order. What is drawn is compared by a figure of
the draws (`figures`), within an allowance that fio itself keeps with other random numbers.
"""
import collections
import math
import os
import re
import sys

import beside

K = 1024
BASE = ["--ioengine=psync", "--bs=4k", "--write_lat_log=log", "--log_offset=1"]

# name, options. The file is there before, 4 MiB.
IN_ORDER = [
    ("sequential", ["--rw=read", "--size=1m"]),
    ("offset in bytes", ["--rw=read", "--size=1m", "--offset=300k"]),
    ("offset in percent", ["--rw=read", "--size=1m", "--offset=33%"]),
    ("offset in percent, 64k blocks", ["--rw=read", "--size=1m", "--offset=33%", "--bs=64k"]),
    ("offset_align", ["--rw=read", "--size=1m", "--offset=33%", "--offset_align=64k"]),
    ("size in percent", ["--rw=read", "--size=30%"]),
    ("offset and size in percent", ["--rw=read", "--offset=50%", "--size=25%"]),
    ("offset_increment", ["--rw=read", "--size=512k", "--offset_increment=768k", "--numjobs=3"]),
    ("offset_increment in percent", ["--rw=read", "--size=10%", "--offset_increment=25%",
                                     "--numjobs=3"]),
    ("to the end", ["--rw=read", "--offset=3m"]),
    ("size beyond the end", ["--rw=read", "--size=16m", "--offset=2m"]),
    ("io_size less", ["--rw=read", "--size=2m", "--io_size=512k"]),
    ("io_size more: it wraps", ["--rw=write", "--size=512k", "--io_size=1280k"]),
    ("io_size more, with an offset", ["--rw=read", "--offset=1m", "--size=512k", "--io_size=1m"]),
    ("io_size in percent", ["--rw=read", "--size=2m", "--io_size=50%"]),
    ("loops", ["--rw=read", "--size=256k", "--loops=3"]),
    ("number_ios", ["--rw=write", "--size=1m", "--number_ios=77"]),
    ("holes", ["--rw=write:12k", "--size=1m"]),
    ("backwards", ["--rw=read:-8k", "--size=1m", "--number_ios=50"]),
    # In a longer file fio reads one block more, beyond size; here a pass ends before it.
    ("strided", ["--rw=read", "--size=4m", "--zonemode=strided", "--zonerange=256k",
                 "--zonesize=64k", "--zoneskip=256k"]),
    ("strided, zonesize alone", ["--rw=read", "--size=4m", "--zonemode=strided",
                                 "--zonesize=128k", "--zoneskip=384k"]),
    ("strided, a zone more than once", ["--rw=read", "--size=1m", "--io_size=1m",
                                        "--zonemode=strided", "--zonerange=64k",
                                        "--zonesize=128k", "--zoneskip=64k"]),
]

# name, options, and allowances where draws are fewer than requests: figure's first words, absolute.
QUARTERS = {"in quarter": 0.25, "least": 0.3, "end": 0.3}
# the hot place is itself drawn
ANYWHERE = {"in quarter": 1, "least": 1, "end": 1, "aligned to 64k": 0.5, "follow on": 0.1}
# 3.33 takes the next free block when a drawn one is used, so the last ones stand in rows
ROWS = {"follow on": 0.15}
DRAWN = [
    ("random, map on", ["--rw=randread", "--size=4m"], ROWS),
    ("random, region in the file", ["--rw=randread", "--offset=1m", "--size=1m"], ROWS),
    ("random, filesize wider than size", ["--rw=randread", "--filename=fs.dat", "--filesize=4m",
                                          "--size=1m"], {}),
    ("random, io_size wraps", ["--rw=randread", "--size=512k", "--io_size=1m"], ROWS),
    ("random, loops", ["--rw=randread", "--size=512k", "--loops=2"], ROWS),
    ("norandommap", ["--rw=randread", "--size=4m", "--norandommap"], {}),
    ("lfsr", ["--rw=randread", "--size=4m", "--random_generator=lfsr"], {}),
    ("tausworthe64", ["--rw=randread", "--size=4m", "--random_generator=tausworthe64"], {}),
    ("runs of eight", ["--rw=randread:8", "--size=4m", "--number_ios=800"], QUARTERS),
    ("identical", ["--rw=randread:4", "--rw_sequencer=identical", "--size=4m",
                   "--number_ios=800"], QUARTERS),
    ("percentage_random", ["--rw=randread", "--size=4m", "--percentage_random=30",
                           "--norandommap"], QUARTERS),
    ("zipf", ["--rw=randread", "--size=4m", "--random_distribution=zipf:1.2"], ANYWHERE),
    ("zipf, centred", ["--rw=randread", "--size=4m", "--random_distribution=zipf:1.2:0.5"],
     ANYWHERE),
    ("pareto", ["--rw=randread", "--size=4m", "--random_distribution=pareto:0.2"],
     ANYWHERE),
    ("normal", ["--rw=randread", "--size=4m", "--random_distribution=normal:10"],
     ANYWHERE),
    ("zoned", ["--rw=randread", "--size=4m", "--norandommap",
               "--random_distribution=zoned:60/10:30/20:10/70"], {}),
    ("zoned_abs", ["--rw=randread", "--size=4m", "--norandommap",
                   "--random_distribution=zoned_abs:70/1m:20/1m:10/2m"], {}),
    ("bsrange", ["--rw=randread", "--size=4m", "--bsrange=4k-16k"], ROWS),
    ("bsrange, sequential", ["--rw=read", "--size=4m", "--bsrange=4k-16k"], {}),
    ("bsrange unaligned", ["--rw=randread", "--size=8m", "--bsrange=1k-9001", "--bs_unaligned",
                           "--norandommap"],
     {**ROWS, "distinct sizes": 400}),
    ("bssplit", ["--rw=randread", "--size=4m", "--bssplit=4k/60:8k/30:32k/10",
                 "--norandommap"], {}),
    ("bssplit, the rest shared", ["--rw=read", "--size=4m", "--bssplit=4k/60:8k/:16k/"], {}),
    ("sizes per direction", ["--rw=randrw", "--size=4m", "--bs=4k,16k", "--norandommap"], {}),
    ("bssplit per direction", ["--rw=randrw", "--size=4m", "--norandommap",
                               "--bssplit=4k/50:8k/50,16k/50:32k/50"], {}),
    ("blockalign", ["--rw=randread", "--size=4m", "--ba=64k"], {}),
    ("mix 80", ["--rw=randrw", "--rwmixread=80", "--size=4m"], {}),
    ("mix 10, sequential", ["--rw=rw", "--rwmixwrite=90", "--size=4m"], {}),
    ("mix zero", ["--rw=randrw", "--rwmixread=0", "--size=1m"], {}),
]

SIZED = ("requests", "distinct blocks", "mean size", "share of read bytes")
Request = collections.namedtuple("Request", "direction size offset")


def requests(folder):
    """Per log, in file order: every request of one clone."""
    logs = {}
    for name in sorted(os.listdir(folder)):
        if re.fullmatch(r"log_clat(\.\d+)?\.log", name):
            with open(os.path.join(folder, name), encoding="ascii") as f:
                table = [[int(x) for x in line.split(",")] for line in f]
            logs[name] = [Request(row[2], row[3], row[4]) for row in table]
    return logs


def figures(reqs):
    """Numbers that tell how requests are spread; each is a share or a mean of many draws."""
    n = len(reqs)
    offsets = [r.offset for r in reqs]
    often = sorted(collections.Counter(o // (4 * K) for o in offsets).values(), reverse=True)
    last = [b.offset - a.offset - a.size for a, b in zip(reqs, reqs[1:])]
    out = {
        "requests": n,
        "distinct blocks": len(often),
        "share of the top tenth": sum(often[:max(1, len(often) // 10)]) / n,
        "follow on": sum(x == 0 for x in last) / n,
        "repeat": sum(b.offset == a.offset for a, b in zip(reqs, reqs[1:])) / n,
        "aligned to 4k": sum(o % (4 * K) == 0 for o in offsets) / n,
        "aligned to 64k": sum(o % (64 * K) == 0 for o in offsets) / n,
        "distinct sizes": len({r.size for r in reqs}),
        "mean size": sum(r.size for r in reqs) / n,
        "reads": sum(r.direction == 0 for r in reqs) / n,
        "share of read bytes": sum(r.size for r in reqs if r.direction == 0) /
                               sum(r.size for r in reqs),
        "least offset": min(offsets) / (4 << 20),
        "end": max(r.offset + r.size for r in reqs) / (4 << 20),
    }
    for q in range(4):
        out[f"in quarter {q + 1}"] = sum(o >> 20 == q for o in offsets) / n
    return out


class Places:
    def __init__(self, args, scratch, report):
        self.args, self.scratch, self.report = args, scratch, report

    def run(self, name, options):
        """(fio's logs, blkjob's logs), or None with a failure in the report."""
        if not re.search(self.args.only, name):
            return None
        self.report.cases += 1
        got = []
        for program, extra in ((self.args.fio, []), (self.args.blkjob, ["--randrepeat=0"])):
            cwd = self.scratch.folder("places")
            with open(os.path.join(cwd, "at.dat"), "wb") as f:
                f.truncate(4 << 20)
            own = [] if any("filename" in x for x in options) else ["--filename=at.dat"]
            r = program.run(["--name=at", *BASE, *own, *options,
                             *(extra if self.args.blkjob.is_fio else [])], cwd, form="json")
            if r.rc != 0:
                group, says = beside.refusal(r.err)
                self.report.fail(name, f"{program.path}: {says}", group)
                return None
            got.append(requests(cwd))
        if not self.report.check(bool(got[1]) and list(got[0]) == list(got[1]), name,
                                 f"logs {list(got[1])}, fio {list(got[0])}", "log names"):
            return None
        return got

    def in_order(self, name, options):
        got = self.run(name, options)
        # 3.33 numbers clones and parts of the target in opposite orders
        for log, a, b in zip(got[0], *(sorted(x.values()) for x in got)) if got else ():
            at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
            self.report.check(a == b, name, f"{log}: {len(b)} requests, fio {len(a)}; the first "
                              f"that differ: {b[at:at + 2]}, fio {a[at:at + 2]}", name)

    def drawn(self, name, options, allowed):
        got = self.run(name, options)
        if not got:
            return
        a, b = ([r for log in x.values() for r in log] for x in got)
        if not self.report.check(bool(b), name, "an empty log", name):
            return
        want, have = figures(a), figures(b)
        mean = want["mean size"]
        spread = math.sqrt(sum((r.size - mean) ** 2 for r in a) / len(a)) / mean
        drawn_sizes = 5 * math.sqrt(2 / len(a)) * spread  # relative, for what depends on them
        for figure, value in want.items():
            # five standard deviations of the difference of two shares, or some percent of it
            share = min(max(value, 1 / len(a)), 1)
            slack = max(5 * math.sqrt(2 * share * (1 - share) / len(a)), 0.12 * value,
                        drawn_sizes * value if figure in SIZED else 0,
                        *(x for words, x in allowed.items() if figure.startswith(words)))
            self.report.check(abs(have[figure] - value) <= slack, name,
                              f"{figure}: {have[figure]:.4g}, fio {value:.4g} +- {slack:.2g}", name)


def main():
    args = beside.arguments(__doc__)
    report = beside.Report()
    with beside.Scratch(args) as scratch:
        places = Places(args, scratch, report)
        for case in IN_ORDER:
            places.in_order(*case)
        for case in DRAWN:
            places.drawn(*case)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
