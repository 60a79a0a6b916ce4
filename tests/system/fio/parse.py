#!/usr/bin/env python3
"""The job files of tests/fixtures/jobs: what fio takes blkjob takes, what it refuses blkjob
refuses, too, and says which option in which line.

With --run the accepted ones are run, short and on small files, and the documents compared.
"""
import glob
import os
import re
import shlex
import sys

import beside

VALUES = {"SIZE": "4m", "RUNTIME": "100ms", "SUFFIX": "a", "MODE": "randread", "BLOCK": "4"}


def expectation(path):
    """The words of a refused file's first line: line, names, fio."""
    with open(path, encoding="utf-8") as f:
        return dict(w.split("=", 1) for w in f.readline().lstrip("; ").split())


def why_not_run(path):
    with open(path, encoding="utf-8") as f:
        found = re.match(r"; run: no, (.*)", f.readline())
    return found[1] if found else None


class Files:
    def __init__(self, args, scratch, report):
        self.args, self.scratch, self.report = args, scratch, report

    def chosen(self, pattern):
        for path in sorted(glob.glob(os.path.join(beside.JOBS, pattern))):
            name = os.path.relpath(path, beside.JOBS)
            if re.search(self.args.only, name):
                self.report.cases += 1
                yield name, path

    def at(self, program, args, form=None):
        """One run in an empty folder, which is also where ${DIR} is."""
        cwd = self.scratch.folder("here")  # the same for both: it is in the echo of options
        return program.run(args, cwd, {**VALUES, "DIR": cwd}, form)

    def accepted(self):
        files = list(self.chosen("*.fio"))
        # fio calibrates its clock for longer than it reads: all files in one start
        r = self.at(self.args.fio, ["--parse-only"] + [path for _, path in files])
        self.report.check(r.rc == 0, "all accepted ones", f"fio refuses one: {r.err[:200]}")
        for name, path in files:
            r = self.at(self.args.blkjob, ["--parse-only", path])
            if r.rc != 0:
                group, says = beside.refusal(r.err)
                self.report.fail(name, says, group)

    def command_lines(self):
        with open(os.path.join(beside.JOBS, "command-lines"), encoding="utf-8") as f:
            lines = [x.strip() for x in f if x.strip() and not x.startswith("#")]
        for n, line in enumerate(lines, 1):
            name = f"command line {n}"
            if not re.search(self.args.only, name):
                continue
            self.report.cases += 1
            for program in {self.args.fio, self.args.blkjob}:
                r = self.at(program, ["--parse-only"] + shlex.split(line))
                if r.rc != 0:
                    group, says = beside.refusal(r.err)
                    self.report.fail(name, f"{says} ({line})", group)

    def refuses(self, program, path, want):
        """Result of the first of a dry and, where fio sees it late, a real run that refuses."""
        r = self.at(program, ["--parse-only", path])
        if r.rc == 0 and want.get("fio") == "run":
            r = self.at(program, [path])
        return r

    def refused(self):
        for name, path in self.chosen("refused/*.fio"):
            want = expectation(path)
            if want.get("fio") == "accepts":  # on purpose, or since fio misreads it
                r = self.at(self.args.fio, ["--parse-only", path])
                self.report.check(r.rc == 0, name, f"fio refuses it: {r.err[:200]}")
            else:
                r = self.refuses(self.args.fio, path, want)
                self.report.check(r.rc > 0, name, "fio takes it")
            if not self.args.blkjob.is_fio:
                self.refused_by_us(name, path, want)

    def refused_by_us(self, name, path, want):
        r = self.refuses(self.args.blkjob, path, want)
        group = f"not refused: {want['names']}"
        if not self.report.check(r.rc == 1, name, f"exit status {r.rc}", group):
            return
        says = r.err.strip() or "nothing"
        where = rf"{re.escape(os.path.basename(path))}:({want['line']}):"
        self.report.check(want["names"] in says, name, f"names no {want['names']}: {says}",
                          "message without the option")
        self.report.check(want["line"] == "-" or re.search(where, says), name, f"no {where} in: {says}",
                          "message without the line")

    def each_option(self):
        """Every option of the accepted files by itself: all that is missing, at once."""
        seen = {}
        for name, path in self.chosen("*.fio"):
            with open(path, encoding="utf-8") as f:
                for line in (re.split("[;#]", x)[0].strip() for x in f):
                    if line and line[0] != "[" and not line.startswith("include"):
                        seen.setdefault(line, name)
        for option, name in sorted(seen.items()):
            for needs in ("runtime=1", "ioengine=io_uring", "ioengine=libaio",
                          "zonemode=strided\nzonesize=64k\nzonerange=64k\n[writer]"):
                with open(os.path.join(self.scratch.path, "one.fio"), "w", encoding="utf-8") as f:
                    f.write(f"[one]\nsize=1m\n{option}\n{needs}\n")
                r = self.at(self.args.blkjob, ["--parse-only", f.name])
                if r.rc == 0:
                    break
            else:
                group, says = beside.refusal(r.err)
                self.report.fail(option, f"{says.split(': ', 2)[-1]} (in {name})", group)

    def run(self):
        for name, path in self.chosen("*.fio"):
            if why_not_run(path):
                continue
            theirs, ours = (self.at(p, [path], "json+")
                            for p in (self.args.fio, self.args.blkjob))
            self.report.check(theirs.rc == 0, name, f"fio: {theirs.rc} {theirs.err[:200]}")
            if ours.rc != theirs.rc:
                group, says = beside.refusal(ours.err)
                self.report.fail(name, f"exit status {ours.rc}: {says}", group)
                continue
            if not self.args.blkjob.is_fio:
                self.report.check(not ours.err and not ours.out, name,
                                  f"says {(ours.err + ours.out)[:200]!r}", "noise on success")
            try:
                self.documents(name, self.args.fio.document(theirs),
                               self.args.blkjob.document(ours))
            except ValueError as e:
                self.report.fail(name, f"no JSON: {e}", "invalid JSON")

    def documents(self, name, theirs, ours):
        for difference in beside.documents_differ(theirs, ours):
            self.report.fail(name, difference, beside.group_of(difference))


def more(parser):
    parser.add_argument("--each-option", action="store_true",
                        help="try the options of all files one by one")
    parser.add_argument("--run", action="store_true", help="run the files, compare documents")


def main():
    args = beside.arguments(__doc__, more)
    report = beside.Report()
    with beside.Scratch(args) as scratch:
        files = Files(args, scratch, report)
        if args.run:
            files.run()
        elif args.each_option:
            files.each_option()
        else:
            files.accepted()
            files.command_lines()
            files.refused()
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
