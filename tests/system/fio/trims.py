#!/usr/bin/env python3
"""Trims through fio and blkjob on a loop device of the test's own: counts, and what is left of the
data; and a device in use, which blkjob leaves alone.

Skipped where loop devices can't be had.
"""
import os
import re
import subprocess
import sys

import beside

SIZE = 4 << 20
BLOCK = 64 << 10
CASES = [
    ("trim", ["--rw=trim"]),
    ("randtrim", ["--rw=randtrim"]),
    ("randtrim, libaio", ["--rw=randtrim", "--ioengine=libaio", "--iodepth=8"]),
    ("trimwrite", ["--rw=trimwrite"]),
    ("trimwrite, libaio", ["--rw=trimwrite", "--ioengine=libaio", "--iodepth=8"]),
    ("randtrimwrite, io_uring", ["--rw=randtrimwrite", "--ioengine=io_uring", "--iodepth=8"]),
    ("randtrim, taken one by one", ["--rw=randtrim", "--ioengine=libaio", "--iodepth=8",
                                    "--iodepth_batch_complete_max=1"]),
    ("randtrimwrite, taken in twos", ["--rw=randtrimwrite", "--ioengine=io_uring", "--iodepth=8",
                                      "--iodepth_batch_complete_max=2"]),
    ("half of a trim", ["--rw=randtrim", f"--io_size={SIZE // 2}"]),
]


class Loop:
    """A loop device over a file of its own."""

    def __init__(self, path):
        self.path = path
        self.device = None

    def __enter__(self):
        with open(self.path, "wb") as f:
            f.write(b"\xa5" * SIZE)
        made = subprocess.run(["losetup", "--find", "--show", self.path], capture_output=True,
                              text=True, check=False)
        self.device = made.stdout.strip() if made.returncode == 0 else None
        return self

    def __exit__(self, *_):
        if self.device:
            subprocess.run(["losetup", "--detach", self.device], check=False)

    def zeros(self):
        """Bytes that a trim has left as zeros."""
        with open(self.path, "rb") as f:
            return f.read().count(0)


def one(program, case, options, folder):
    """(requests, bytes zeroed) of a run, or the reason why there is none."""
    with Loop(os.path.join(folder, "disk")) as loop:
        if not loop.device:
            return None
        r = program.run(["--name=t", f"--filename={loop.device}", f"--bs={BLOCK}",
                         f"--size={SIZE}", "--direct=1", *options], folder, form="json")
        if r.rc:
            return f"{case}: {r.err.strip()}"
        job = program.document(r)["jobs"][0]
        return ({d: (job[d]["total_ios"], job[d]["io_bytes"]) for d in ("read", "write", "trim")},
                None if "write" in case else loop.zeros())  # what is written has zeros, too


def checked_after_trim(program, folder, more):
    """verify with trim_percentage: what is trimmed is checked to be zeros (fio 3.33 aborts)."""
    with Loop(os.path.join(folder, "disk")) as loop:
        r = program.run(["--name=t", f"--filename={loop.device}", "--rw=randwrite", "--bs=4k",
                         f"--size={SIZE}", "--direct=1", "--ioengine=libaio", "--iodepth=8",
                         "--verify=crc32c", "--trim_percentage=30", *more], folder, form="json")
        if r.rc:
            return r.err.strip(), 0, 0
        job = program.document(r)["jobs"][0]
        return "", job["trim"]["total_ios"], loop.zeros()


def writes_to_used(program, folder):
    """Does it write to a device that somebody holds, whatever the device is called?"""
    with Loop(os.path.join(folder, "disk")) as loop:
        if not loop.device:
            return
        holder = os.open(loop.device, os.O_RDWR | os.O_EXCL)
        try:
            name = os.path.basename(loop.device)
            os.symlink(os.path.relpath(loop.device, os.path.realpath(folder)),
                       os.path.join(folder, "link"))
            for cwd, path in (("/", loop.device), ("/dev", name), (folder, "link")):
                done = subprocess.run([program.path, "--name=t", "--filename=" + path, "--rw=write",
                                       "--size=64k", "--output=/dev/null"], cwd=cwd,
                                      capture_output=True, text=True, check=False)
                if done.returncode == 0 or "in use" not in done.stderr:
                    yield f"{path}: exit status {done.returncode}: {done.stderr.strip()}"
        finally:
            os.close(holder)


def main():
    args = beside.arguments(__doc__)
    report = beside.Report()
    with beside.Scratch(args) as scratch:
        for case, options in CASES:
            if not re.search(args.only, case):
                continue
            report.cases += 1
            seen = [one(p, case, options, scratch.folder("t")) for p in (args.fio, args.blkjob)]
            if seen[0] is None:
                print("skipped: no loop device")
                return beside.SKIPPED
            report.check(seen[0] == seen[1] and isinstance(seen[1], tuple), case, f"{seen[1]}, fio {seen[0]}", "counts")
        if not args.blkjob.is_fio and re.search(args.only, "checked"):
            for more in ([], ["--trim_backlog=64", "--trim_backlog_batch=32"]):
                case = " ".join(["checked after a trim", *more])
                report.cases += 1
                says, trims, zeros = checked_after_trim(args.blkjob, scratch.folder("t"), more)
                report.check(not says, case, says)
                report.check(200 <= trims <= 420, case, f"{trims} trims of 1024 blocks")
                report.check(zeros >= trims * 4096, case, f"{zeros} zeros after {trims} trims")
        if not args.blkjob.is_fio and re.search(args.only, "used"):
            report.cases += 1
            for says in writes_to_used(args.blkjob, scratch.folder("t")):
                report.fail("a device in use", says)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
