#!/usr/bin/env python3
"""What an I/O costs the engine beside fio: instructions in an emulated guest, and CPU time on
this host. README.md has more."""

import argparse
import os
import signal
import sys

import bench_agree
import bench_bounds
import bench_cases
import bench_guest
import bench_host
import bench_measure
import bench_table

ROOT = bench_measure.ROOT


def options():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--build", default=os.path.join(ROOT, "build"), help="the build folder")
    p.add_argument("--blkjob", help="a static blkjob (default: BUILD/blkjob-static)")
    p.add_argument("--kernel", help="a kernel package (default: Debian's cloud kernel)")
    p.add_argument("--packages", default=os.path.join(ROOT, ".cache/packages"),
                   help="where packages are downloaded to")
    p.add_argument("--only", help="cases, comma separated")
    p.add_argument("--no-fio", action="store_true", help="blkjob alone")
    p.add_argument("--t-io-uring", default=os.environ.get("T_IO_URING"), metavar="PATH",
                   help="fio's t/io_uring, as a further column (default: $T_IO_URING)")
    p.add_argument("--gate", action="store_true",
                   help="blkjob against bounds.json, which BLKLAB_REGEN=1 rewrites, and one case "
                   "beside fio's percentiles")
    p.add_argument("--host", action="store_true", help="CPU time on this host, too")
    p.add_argument("--out", help="folder for table.md")
    p.add_argument("--seconds", type=float,
                   help="virtual seconds a run (default: 1; for --gate 0.25)")
    p.add_argument("--timeout", type=int, default=1200, help="real seconds for the guest")
    return p.parse_args()


def gate(args, cases):
    agree = [c for c in bench_agree.by_name(args.only) if c.name in bench_agree.IN_GATE]
    counted = bench_measure.count(args, cases, agree)
    for line in counted.problems():
        print(line)
    if os.environ.get("BLKLAB_REGEN"):
        bench_bounds.store(counted)
        print(f"wrote {bench_bounds.PATH}")
        return 0
    bounds = bench_bounds.load()
    print(bench_table.against(counted, cases, bounds["instructions_per_io"]).text())
    failures, remarks = bench_bounds.check(counted, bounds, cases)
    more_failures, more_remarks = bench_agree.check(counted, agree)
    failures += more_failures
    for line in remarks + more_remarks:
        print(line)
    for line in failures:
        print("FAILED " + line)
    return 1 if failures else 0


def setup_line(counted, cases):
    spreads = [s for s in (counted.spread_pct(c.name, "blkjob") for c in cases) if s is not None]
    return "; ".join(f"{k} {v}" for k, v in counted.setup.items()) + \
        (f"; two runs of blkjob differ by at most {max(spreads):.2f} %" if spreads else "")


def table(args, cases):
    agree = [] if args.no_fio else bench_agree.by_name(args.only)
    counted = bench_measure.count(args, cases, agree)
    tables = [bench_table.instructions(counted, cases), bench_table.delayed(counted, cases),
              bench_table.agreement(counted, agree), bench_table.goals(counted, cases, agree)]
    tables = [t for t in tables if t.rows]
    notes = [f"blkjob does not run {case}: {why}" for case, why in counted.skipped.items()]
    notes += counted.problems() + [setup_line(counted, cases)]
    tables[0].notes = notes
    if args.host:
        blkjob = args.blkjob or os.path.join(args.build, "blkjob-static")
        tables.append(bench_table.host(
            bench_host.measure(blkjob, args.out or os.path.join(ROOT, "out"))))
    print("\n".join(t.text() for t in tables))
    if args.out:
        os.makedirs(args.out, exist_ok=True)
        with open(os.path.join(args.out, "table.md"), "w", encoding="utf-8") as f:
            f.write("\n".join(t.markdown() for t in tables))
    return 0


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the guest and its files go, too
    args = options()
    cases = bench_cases.by_name(args.only)
    args.seconds = args.seconds or (0.25 if args.gate else 1)
    if args.gate:
        if args.only and os.environ.get("BLKLAB_REGEN"):
            raise ValueError("--only: bounds are rewritten all together")
        args.no_fio, args.t_io_uring = True, None
        return gate(args, cases)
    return table(args, cases)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (bench_guest.GuestError, ValueError) as e:
        sys.exit(f"engine-bench: {e}")
