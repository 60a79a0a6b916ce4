#!/usr/bin/env python3
"""What one program writes with verify= the other one verifies; what is damaged is found.

Pinned to fio 3.33: later releases write another header and refuse this one.
"""
import os
import re
import sys

import beside

SIZE = 1 << 20
BLOCK = 4096
EILSEQ = 84
SUMS = {
    "crc32c": [], "md5": [], "sha256": [],
    "pattern": ["--verify_pattern=0xdeadface"],
}
MORE_SUMS = {name: [] for name in ("crc7", "crc16", "crc32", "crc64", "sha1", "sha512", "xxhash",
                                   "crc32c-intel", "sha3-256")}
MORE_SUMS["pattern"] = ["--verify_pattern=%o"]
MORE_SUMS["crc32c"] = ["--verify_interval=1k"]
MORE_SUMS["md5"] = ["--bs=16k", "--verify_interval=4k"]
MORE_SUMS["sha256"] = ["--verify_pattern=0x5a", "--offset=64k", "--size=512k"]
ENGINES = {
    "psync": ["--ioengine=psync"],
    "libaio QD8": ["--ioengine=libaio", "--iodepth=8", "--direct=1"],
    "io_uring QD8": ["--ioengine=io_uring", "--iodepth=8", "--direct=1"],
}


class Pairs:
    def __init__(self, args, scratch, report):
        self.args, self.scratch, self.report = args, scratch, report

    def job(self, program, rw, *options):
        """One run on the file of the case; (exit status, job of the document, what it said)."""
        r = program.run(["--name=pair", "--filename=pair.dat", f"--size={SIZE}", f"--bs={BLOCK}",
                         f"--rw={rw}", "--verify_state_save=0", *options],
                        self.cwd, form="json")
        try:
            return r.rc, program.document(r)["jobs"][0], r.err + r.out + r.text
        except (ValueError, LookupError):
            return r.rc, None, r.err or "no document"

    def begin(self, name):
        if not re.search(self.args.only, name):
            return False
        self.name = name
        self.report.cases += 1
        self.cwd = self.scratch.folder("pair")
        return True

    def clean(self, program, rw, *options):
        """A run that must find nothing wrong."""
        rc, job, said = self.job(program, rw, *options)
        group = f"{os.path.basename(program.path)} {rw}"
        if rc != 0 and re.search("unknown option|not supported|not a switch", said):
            group = beside.refusal(said)[0]
        if not self.report.check(rc == 0, self.name, f"{rw}: {rc} {said[:300]}", group):
            return None
        self.report.check(job["error"] == 0, self.name, f"{rw}: error {job['error']}")
        return job

    def written_by_one_read_by_other(self):
        for engine, how in ENGINES.items():
            for sums in ((SUMS, MORE_SUMS) if engine == "psync" else (SUMS,)):
                for verify, options in sums.items():
                    for writer, reader in ((self.args.fio, self.args.blkjob),
                                           (self.args.blkjob, self.args.fio)):
                        who = "fio to blkjob" if writer is self.args.fio else "blkjob to fio"
                        name = " ".join([who, verify, engine, *options])
                        if self.begin(name):
                            self.pair(writer, reader, [f"--verify={verify}", *options, *how])

    def pair(self, writer, reader, options):
        wrote = self.clean(writer, "randwrite", "--do_verify=0", "--randseed=17", *options)
        if not wrote:
            return
        rw = "randread" if "--iodepth=8" in options else "read"
        read = self.clean(reader, rw, "--randseed=99", *options)
        if read:
            a, b = wrote["write"]["io_bytes"], read["read"]["io_bytes"]
            self.report.check(a == b, self.name, f"{rw}: {b} bytes of {a} written",
                              "bytes verified")

    def within_one_job(self):
        """A pass of writes, then of reads, counted in both directions."""
        for engine, how in ENGINES.items():
            for extra in ([], ["--verify_backlog=32"], ["--rw=write", "--loops=2"],
                          ["--rw=randwrite", "--verify_backlog=16", "--verify_backlog_batch=4"]):
                if not self.begin(" ".join(["one job", engine, *extra])):
                    continue
                options = ["--verify=crc32c", *how, *extra]
                theirs = self.clean(self.args.fio, "randwrite", *options)
                ours = self.clean(self.args.blkjob, "randwrite", *options)
                for d in ("read", "write") if theirs and ours else ():
                    a, b = (x[d]["io_bytes"] for x in (theirs, ours))
                    self.report.check(a == b, self.name, f"{d}: {b} bytes, fio {a}",
                                      "bytes verified")

    def damage(self, *offsets):
        with open(os.path.join(self.cwd, "pair.dat"), "r+b") as f:
            for offset in offsets:
                f.seek(offset)
                byte = f.read(1)[0]
                f.seek(offset)
                f.write(bytes([byte ^ 0x10]))

    def damaged(self):
        places = {"data": 37 * BLOCK + 1234, "last byte": 256 * BLOCK - 1,
                  "magic": 5 * BLOCK, "header": 200 * BLOCK + 17, "checksum": BLOCK + 40}
        for engine, how in ENGINES.items():
            for place, offset in places.items():
                if self.begin(f"damaged {place} {engine}"):
                    if self.clean(self.args.blkjob, "write", "--verify=crc32c", "--do_verify=0",
                                  *how):
                        self.damage(offset)
                        self.found(offset, how)

    def found(self, offset, how):
        """Both programs must say so, ours with the offset of the block."""
        for program in (self.args.fio, self.args.blkjob):
            who = os.path.basename(program.path)
            rc, job, said = self.job(program, "read", "--verify=crc32c", *how)
            # 3.33 ends with 1, or 3 when a second request finds its error late
            good = rc > 0 if program.is_fio else rc == 1
            self.report.check(good, self.name, f"{who}: exit status {rc}", f"{who} finds damage")
            error = job["error"] if job else "no document"
            self.report.check(error == EILSEQ, self.name, f"{who}: error {error}",
                              f"{who} error 84")
            block = offset - offset % BLOCK
            self.report.check(re.search(rf"\b({block}|{offset})\b", said) is not None, self.name,
                              f"{who} does not say {block}: {said[:200]!r}",
                              f"{who} says the offset")

    def damaged_and_going_on(self):
        """continue_on_error=verify counts them; verify_fatal=1 ends at the first."""
        if not self.begin("damaged thrice"):
            return
        if not self.clean(self.args.blkjob, "write", "--verify=md5", "--do_verify=0"):
            return
        self.damage(3 * BLOCK + 100, 90 * BLOCK + 4000, 255 * BLOCK + 77)
        for program in (self.args.fio, self.args.blkjob):
            who = os.path.basename(program.path)
            rc, job, said = self.job(program, "read", "--verify=md5",
                                     "--continue_on_error=verify")
            if not self.report.check(job is not None, self.name, f"{who}: {rc} {said[:200]}",
                                     "continue_on_error=verify"):
                continue
            got = job.get("total_err"), job.get("first_error"), job["read"]["io_bytes"]
            self.report.check(got == (3, EILSEQ, SIZE), self.name,
                              f"{who}: total_err, first_error, bytes {got}",
                              "continue_on_error=verify")
            rc, job, said = self.job(program, "read", "--verify=md5", "--verify_fatal=1")
            self.report.check(rc > 0 and job is not None and job["error"] == EILSEQ and
                              job["read"]["total_ios"] <= 5, self.name,
                              f"{who}: verify_fatal {rc} {said[:200]}", "verify_fatal")

    def wrong_expectation(self):
        """Another checksum, other data, another place: nothing of it passes as verified."""
        cases = {"other sum": ["--verify=md5"],
                 "other place": ["--verify=crc32c", "--offset=2k", "--size=512k"]}
        for name, options in cases.items():
            for writer, reader in ((self.args.fio, self.args.blkjob),
                                   (self.args.blkjob, self.args.fio)):
                who = "fio to blkjob" if writer is self.args.fio else "blkjob to fio"
                if not self.begin(f"{name} {who}"):
                    continue
                if self.clean(writer, "write", "--verify=crc32c", "--do_verify=0"):
                    rc, job, said = self.job(reader, "read", *options)
                    self.report.check(rc > 0 and job and job["error"] == EILSEQ, self.name,
                                      f"{rc} {said[:200]}", "wrong expectation passes")

    def never_written(self):
        """Zeros are no block."""
        for program in {self.args.fio, self.args.blkjob}:
            if self.begin(f"never written {os.path.basename(program.path)}"):
                with open(os.path.join(self.cwd, "pair.dat"), "wb") as f:
                    f.truncate(SIZE)
                rc, job, said = self.job(program, "read", "--verify=sha256")
                self.report.check(rc > 0 and job and job["error"] == EILSEQ, self.name,
                                  f"{rc} {said[:200]}", "zeros pass")


def main():
    args = beside.arguments(__doc__)
    report = beside.Report()
    with beside.Scratch(args) as scratch:
        pairs = Pairs(args, scratch, report)
        pairs.written_by_one_read_by_other()
        pairs.within_one_job()
        pairs.damaged()
        pairs.damaged_and_going_on()
        pairs.wrong_expectation()
        pairs.never_written()
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
