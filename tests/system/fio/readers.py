#!/usr/bin/env python3
"""What others read of the output: json+ by fio's own converter, terse fields, text, logs.

Log lines are checked by their form and by sums against the document.
"""
import json
import os
import re
import shlex
import shutil
import subprocess
import sys

import beside

CONVERTER = "fio_jsonplus_clat2csv"
LINE = re.compile(r"\d+, \d+, [012], \d+, \d+")  # ms, value, direction, bytes, priority
MIX = ["--rw=randrw", "--bs=4k", "--filename=mix.dat", "--size=2m"]
BINS = 1856
DIRS = ("read", "write", "trim")


def rows(path):
    with open(path, encoding="ascii") as f:
        return [line.rstrip("\n") for line in f]


class Readers:
    def __init__(self, args, scratch, report):
        self.args, self.scratch, self.report = args, scratch, report
        self.program = args.blkjob

    def begin(self, name):
        if not re.search(self.args.only, name):
            return False
        self.name = name
        self.report.cases += 1
        self.cwd = self.scratch.folder("readers")
        return True

    def check(self, good, why, group=None):
        return self.report.check(good, self.name, why, group or self.name)

    def job(self, *options, form="json+", name="job"):
        """Text of a run that must succeed, or None."""
        r = self.program.run([f"--name={name}", *options], self.cwd, form=form)
        if r.rc != 0:
            group, says = beside.refusal(r.err)
            self.check(False, f"{r.rc} {says}", group)
            return None
        return r

    def jobs(self, *options, **named):
        r = self.job(*options, **named)
        return self.program.document(r)["jobs"] if r else None

    def converter(self):
        if not self.begin("json+ to CSV") or not shutil.which(CONVERTER):
            return
        r = self.job(*MIX, "--ioengine=libaio", "--iodepth=4", "--numjobs=2",
                     "--slat_percentiles=1", "--lat_percentiles=1")
        if not r:
            return
        doc = self.program.document(r)
        with open(os.path.join(self.cwd, "doc.json"), "w", encoding="utf-8") as f:
            f.write(json.dumps(doc) if self.program.is_fio else r.text)
        for extra in ([], ["--validate"]):
            done = subprocess.run([CONVERTER, "doc.json", "doc.csv", *extra], cwd=self.cwd,
                                  capture_output=True, text=True, check=False)
            self.check(done.returncode == 0 and "rror" not in done.stderr,
                       f"{done.stdout} {done.stderr}")
        for n, job in enumerate(doc["jobs"]):
            self.csv(f"doc_job{n}.csv", job)

    def csv(self, name, job):
        path = os.path.join(self.cwd, name)
        if not self.check(os.path.exists(path), f"no {name}"):
            return
        table = [[x.strip() for x in line.split(",")] for line in rows(path)]
        for d in ("read", "write"):
            for lat in ("slat", "clat", "lat"):
                column = table[0].index(f"{d}_{lat}_ns_count")
                total = sum(int(row[column]) for row in table[1:] if row[column])
                n = job[d][f"{lat}_ns"]["N"]
                self.check(total == n > 0, f"{d} {lat}: {total} in {name}, N {n}")

    def terse(self):
        """Field by field the numbers of the JSON of the same run; scripts cut 7, 8, 48, 49."""
        if not self.begin("terse v3"):
            return
        r = self.job(*MIX, "--ioengine=psync", "--lat_percentiles=0", form="json,terse")
        if not r:
            return
        try:
            doc, end = json.JSONDecoder().raw_decode(r.text, r.text.find("{"))
        except ValueError as e:
            self.check(False, f"no JSON: {e}")
            return
        lines = [x for x in (r.text[:r.text.find("{")] + r.text[end:]).splitlines()
                 if x.startswith("3;")]
        if not self.check(len(lines) == 1, f"{len(lines)} lines of terse"):
            return
        self.terse_fields(lines[0].split(";"), doc["jobs"][0])

    def terse_fields(self, f, job):
        # 121 of the job, then 9 for each disk under the file
        if not self.check(len(f) >= 121 and (len(f) - 121) % 9 == 0, f"{len(f)} fields"):
            return
        self.check(f[1].startswith("fio-3"), f"field 2 is {f[1]}")
        want = {2: job["jobname"], 3: job["groupid"], 4: job["error"]}
        for d, at in (("read", 5), ("write", 46)):
            j = job[d]
            want.update({at: j["io_kbytes"], at + 1: j["bw"], at + 2: int(j["iops"]),
                         at + 3: j["runtime"]})
            want.update({at + 8: j["clat_ns"]["min"] // 1000, at + 9: j["clat_ns"]["max"] // 1000})
            want.update({at + 32: j["lat_ns"]["min"] // 1000, at + 33: j["lat_ns"]["max"] // 1000})
            for i, (point, value) in enumerate(j["clat_ns"]["percentile"].items()):
                want[at + 12 + i] = f"{point}%={value // 1000}"
        want.update({87 + 2: job["ctx"], 87 + 3: job["majf"], 87 + 4: job["minf"]})
        for i, value in sorted(want.items()):
            self.check(f[i] == str(value), f"field {i + 1} is {f[i]}, in the JSON {value}")
        self.check(re.fullmatch(r"[\d.]+%", f[87]) is not None, f"field 88 is {f[87]}")
        self.check(f[92].endswith("%") and f[98].endswith("%"), f"depths are {f[92:99]}")

    def minimal(self):
        if self.begin("--minimal"):
            r = self.program.run(["--minimal", "--name=m", "--ioengine=null", "--size=1m"],
                                 self.cwd)
            self.check(r.rc == 0 and r.out.startswith("3;fio-3") and r.out.count("\n") == 1,
                       f"{r.rc} {r.out[:80]!r} {r.err[:100]!r}")

    def text(self):
        if not self.begin("normal text"):
            return
        r = self.job(*MIX, form="normal")
        if not r:
            return
        for form in (r"^job: \(groupid=0, jobs=1\): err= 0: pid=",
                     r"read: IOPS=[\d.]+k?, BW=[\d.]+[KMG]iB/s \([\d.]+[kMG]B/s\)",
                     r"write: IOPS=[\d.]+k?, BW=[\d.]+[KMG]iB/s", r"clat \([num]sec\): min=",
                     r" lat \([num]sec\): min=\s*[\d.]+k?, max=", r"99\.00th=\[",
                     r"cpu +: usr=[\d.]+%, sys=[\d.]+%, ctx=\d+, majf=\d+, minf=\d+",
                     r"IO depths +: 1=", r"issued rwts: total=\d+,\d+,\d+,\d+",
                     r"Run status group 0", r"^ +READ: bw=.*io=.*run=", r"^ +WRITE: bw="):
            self.check(re.search(form, r.text, re.M) is not None, f"nothing like {form}")

    def logs(self):
        """One line a request: as many as total_ios, values that sum to what the document says."""
        if not self.begin("logs of each request"):
            return
        jobs = self.jobs(*MIX, "--ioengine=psync", "--numjobs=2", "--write_lat_log=l",
                         "--write_bw_log=l", "--write_iops_log=l")
        if not jobs:
            return
        for n, job in enumerate(jobs, 1):
            for kind in ("clat", "lat", "bw", "iops"):
                path = os.path.join(self.cwd, f"l_{kind}.{n}.log")
                if not self.check(os.path.exists(path), f"no l_{kind}.{n}.log"):
                    continue
                self.log(rows(path), kind, job)

    def log(self, lines, kind, job):
        bad = [x for x in lines if not LINE.fullmatch(x)]
        if not self.check(not bad, f"{kind}: {bad[:1]}"):
            return
        table = [[int(x) for x in line.split(",")] for line in lines]
        times = [row[0] for row in table]
        self.check(times == sorted(times), f"{kind}: times go back")
        for d, name in enumerate(DIRS[:2]):
            mine = [row for row in table if row[2] == d]
            j = job[name]
            self.check(len(mine) == j["total_ios"], f"{kind}: {len(mine)} {name} lines")
            self.check(all(row[3] == 4096 for row in mine), f"{kind}: sizes other than 4096")
            if kind == "iops":
                self.check(all(row[1] == 1 for row in mine), "iops other than 1")
            elif kind in ("clat", "lat") and mine:
                mean = sum(row[1] for row in mine) / len(mine)
                want = j[kind + "_ns"]["mean"]
                self.check(abs(mean - want) <= 0.001 * want + 1,
                           f"{kind}: {name} mean {mean:.0f}, document {want:.0f}")

    def windows(self):
        """log_avg_msec: one line a window and direction; rates times windows are the requests."""
        if not self.begin("logs of windows"):
            return
        prefix = "randrw-iodepth-4-numjobs-1"
        jobs = self.jobs(*MIX, "--ioengine=libaio", "--iodepth=4", "--time_based",
                         "--runtime=1050ms", "--log_avg_msec=100", f"--write_lat_log={prefix}",
                         f"--write_bw_log={prefix}", f"--write_iops_log={prefix}")
        if not jobs:
            return
        for kind in ("bw", "iops", "slat", "clat", "lat"):
            path = os.path.join(self.cwd, f"{prefix}_{kind}.1.log")
            if not self.check(os.path.exists(path), f"no {os.path.basename(path)}"):
                continue
            lines = rows(path)
            bad = [x for x in lines if not LINE.fullmatch(x)]
            if not self.check(not bad, f"{kind}: {bad[:1]}"):
                continue
            table = [[int(x) for x in line.split(",")] for line in lines]
            for d in (0, 1):
                mine = [row for row in table if row[2] == d]
                self.check(9 <= len(mine) <= 12, f"{kind}: {len(mine)} windows of 100 ms in 1.05 s")
                self.check(all(row[3] == 0 for row in mine), f"{kind}: a size in a window")
                if kind == "iops":
                    total = jobs[0][DIRS[d]]["total_ios"]
                    self.check(abs(sum(row[1] for row in mine) / 10 - total) <= 0.15 * total,
                               f"iops of {len(mine)} windows: {sum(r[1] for r in mine) / 10:.0f}, "
                               f"document {total}")

    def offsets(self):
        if not self.begin("log_offset, one log for all"):
            return
        jobs = self.jobs(*MIX, "--ioengine=psync", "--numjobs=2", "--write_lat_log=o",
                         "--log_offset=1", "--per_job_logs=0")
        if not jobs:
            return
        path = os.path.join(self.cwd, "o_clat.log")
        if not self.check(os.path.exists(path), f"no o_clat.log in {os.listdir(self.cwd)}"):
            return
        lines = rows(path)
        form = re.compile(r"\d+, \d+, [012], \d+, \d+, \d+")
        bad = [x for x in lines if not form.fullmatch(x)]
        if not self.check(not bad, f"{bad[:1]}"):
            return
        places = sorted(int(x.split(",")[4]) for x in lines)
        want = sorted(list(range(0, 2 << 20, 4096)) * 2)
        # fio's clones overwrite each other's log there, so it may hold only one of them
        good = places == want or self.program.is_fio
        self.check(good, f"{len(places)} offsets, want each of 512 twice")

    def histogram(self):
        if not self.begin("histogram log"):
            return
        jobs = self.jobs(*MIX, "--ioengine=psync", "--time_based", "--runtime=550ms",
                         "--write_hist_log=h", "--log_hist_msec=100")
        if not jobs:
            return
        path = os.path.join(self.cwd, "h_clat_hist.1.log")
        if not self.check(os.path.exists(path), f"no h_clat_hist.1.log in {os.listdir(self.cwd)}"):
            return
        table = [[int(x) for x in line.split(",")] for line in rows(path)]
        self.check(all(len(row) == 3 + BINS for row in table),
                   f"{ {len(row) for row in table} } columns, want {3 + BINS}")
        for d, name in enumerate(DIRS[:2]):
            counted = sum(sum(row[3:]) for row in table if row[1] == d)
            n = jobs[0][name]["clat_ns"]["N"]
            # fio leaves out the last, partial window
            good = 0.5 * n <= counted <= n if self.program.is_fio else counted == n
            self.check(good, f"{name}: {counted} counted in the log, N {n}")

    def errors(self):
        """No size: a whole document with error 22, and a status."""
        if self.begin("error in the document"):
            r = self.program.run(["--name=q", "--rw=read", "--filename=not-there"], self.cwd,
                                 form="json")
            self.check(r.rc == 1, f"exit status {r.rc}")
            try:
                job = self.program.document(r)["jobs"][0]
                self.check(job["error"] == 22, f"error {job['error']}")
            except (ValueError, LookupError) as e:
                self.check(False, f"no document: {e}")
        if self.begin("--readonly"):
            r = self.program.run(["--readonly", "--name=w", "--rw=write", "--size=1m",
                                  "--filename=ro.dat"], self.cwd)
            self.check(r.rc == 1 and not os.path.exists(os.path.join(self.cwd, "ro.dat")),
                       f"{r.rc} {os.listdir(self.cwd)}")
        if self.begin("--parse-only does nothing"):
            r = self.program.run(["--parse-only", "--name=w", "--rw=write", "--size=1m",
                                  "--filename=dry.dat"], self.cwd)
            self.check(r.rc == 0 and not os.path.exists(os.path.join(self.cwd, "dry.dat")),
                       f"{r.rc} {os.listdir(self.cwd)}")

    def inputs(self):
        job = "[global]\nioengine=null\nsize=1m\n[one]\nrw=read\n[two]\nrw=write\n"
        if self.begin("standard input"):
            r = self.program.run(["-"], self.cwd, form="json", stdin=job)
            names = [j["jobname"] for j in self.program.document(r)["jobs"]] if r.rc == 0 else r.err
            self.check(names == ["one", "two"], f"{names}")
        with open(os.path.join(self.cwd, "two.fio"), "w", encoding="utf-8") as f:
            f.write(job)
        if self.begin("--section"):
            with open(os.path.join(self.cwd, "two.fio"), "w", encoding="utf-8") as f:
                f.write(job)
            r = self.program.run(["--section=two", "two.fio"], self.cwd, form="json")
            names = [j["jobname"] for j in self.program.document(r)["jobs"]] if r.rc == 0 else r.err
            self.check(names == ["two"], f"{names}")
        if self.begin("--showcmd runs as a command line"):
            with open(os.path.join(self.cwd, "two.fio"), "w", encoding="utf-8") as f:
                f.write(job)
            r = self.program.run(["--showcmd", "two.fio"], self.cwd)
            words = shlex.split(next((x for x in r.out.splitlines() if "--name" in x), ""))
            r = self.program.run([w for w in words if w.startswith("--")], self.cwd, form="json")
            self.check(r.rc == 0 and bool(r.text), f"{words} gives {r.rc} {r.err[:200]}")
        if self.begin("several files stand behind each other"):
            for name in ("a", "b"):
                with open(os.path.join(self.cwd, name), "w", encoding="utf-8") as f:
                    f.write(f"[{name}]\nioengine=null\nsize=1m\n")
            r = self.program.run(["a", "b"], self.cwd, form="json")
            got = [(j["jobname"], j["groupid"]) for j in self.program.document(r)["jobs"]] \
                if r.rc == 0 else r.err
            self.check(got == [("a", 0), ("b", 1)], f"{got}")

    def status(self):
        """--status-interval: whole documents one after another, the last at the end."""
        if not self.begin("--status-interval"):
            return
        r = self.program.run(["--status-interval=1", "--name=s", "--ioengine=null", "--size=1g",
                              "--rate_iops=1000", "--time_based", "--runtime=2500ms"], self.cwd,
                             form="json")
        if not self.check(r.rc == 0, f"{r.rc} {r.err[:200]}"):
            return
        docs, at = [], r.text.find("{")
        while at >= 0:
            doc, at = json.JSONDecoder().raw_decode(r.text, at)
            docs.append(doc["jobs"][0]["read"]["total_ios"])
            at = r.text.find("{", at)
        self.check(len(docs) in (3, 4) and docs == sorted(docs), f"total_ios {docs}")

    def version(self):
        if self.begin("--version"):
            self.check("fio-3" in self.program.version, self.program.version)
        if self.begin("json has no bins"):
            jobs = self.jobs("--ioengine=null", "--size=1m", form="json")
            self.check(jobs and "bins" not in jobs[0]["read"]["clat_ns"], "bins in json")


def main():
    args = beside.arguments(__doc__)
    report = beside.Report()
    with beside.Scratch(args) as scratch:
        readers = Readers(args, scratch, report)
        for test in (readers.converter, readers.terse, readers.minimal, readers.text,
                     readers.logs, readers.windows, readers.offsets, readers.histogram,
                     readers.errors, readers.inputs, readers.status, readers.version):
            test()
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
