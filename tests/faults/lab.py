"""One run of blklab with things done to it while its jobs run."""

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import threading
import time

from injectors import die_with_parent

LIMIT_S = 300  # of a run; then it has as long as it wants to end its VM, but not longer than
END_S = 30
DIAGNOSE_S = 120


class LabError(Exception):
    pass


ROLES = ((re.compile(r"^IO iothread\d"), "iothread"), (re.compile(r"^CPU \d+/"), "vcpu"))


class Lab:
    """Programs and folders of a whole session; run() is one run in a folder of its own."""

    def __init__(self, build, out, kernels, accel):
        self.build, self.out, self.kernels, self.accel = build, out, kernels, accel
        self.work, self.cache = os.path.join(out, "work"), os.path.join(out, "cache")
        self.folder = None
        self.child = None
        self.in_child, self.on_job, self.on_end = None, [], []

    def program(self, name):
        return os.path.join(self.build, name)

    # --- the VM of the run under way ---

    def vm_pid(self):
        """Of our own QEMU: its command line names the work folder."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    words = f.read()
            except OSError:
                continue
            if b"qemu-system" in words.split(b"\0")[0] and self.work.encode() + b"/" in words:
                return int(pid)
        raise LabError("no QEMU of this run is there")

    def vm_threads(self):
        """[(tid, role)]: "iothread", "vcpu", "main" for all else."""
        pid, found = self.vm_pid(), []
        for tid in os.listdir(f"/proc/{pid}/task"):
            try:
                with open(f"/proc/{pid}/task/{tid}/comm", encoding="utf-8") as f:
                    comm = f.read()
            except (FileNotFoundError, ProcessLookupError):  # QEMU's pool threads come and go
                continue
            found.append((int(tid), next((r for p, r in ROLES if p.match(comm)), "main")))
        return found

    # --- a run ---

    def run(self, name, case):
        """The store of the finished run. LabError: it has no result, with the reason."""
        self.prepare(name, case)
        if case.host:
            return case.host.run(self.build, self.folder)
        started = []
        try:
            for injector in case.inject:
                if injector.when == "run":
                    started.append(injector)
                    injector.start(self)
            self.drive(case, started)
        finally:
            self.end_child()
            for injector in reversed(started):
                injector.stop()
        return os.path.join(self.folder, "store.db")

    def prepare(self, name, case):
        self.folder = os.path.join(self.out, "runs", name)
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        with open(os.path.join(self.folder, "jobs.fio"), "w", encoding="ascii") as f:
            f.write(case.jobs)
        with open(os.path.join(self.folder, "scenario.yaml"), "w", encoding="ascii") as f:
            json.dump(dict(case.scenario, name=name, jobs="jobs.fio"), f, indent=1)
        self.in_child, self.on_job, self.on_end = None, [], []

    def child_main(self):
        die_with_parent(signal.SIGTERM)  # then it ends its VM
        if self.in_child:
            self.in_child()

    def drive(self, case, started):
        log = open(os.path.join(self.folder, "blklab.log"), "w", encoding="utf-8")
        words = [self.program("blklab"), "run", os.path.join(self.folder, "scenario.yaml"), "--json",
                 "--store", os.path.join(self.folder, "store.db"), "--work-dir", self.work,
                 "--cache-dir", self.cache, "--kernel", self.kernels[case.kernel], "--accel",
                 self.accel]
        with log:
            self.child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log, text=True,
                                          preexec_fn=self.child_main)
            timers = [threading.Timer(LIMIT_S, self.child.terminate),
                      threading.Timer(LIMIT_S + END_S, self.child.kill)]
            for t in timers:
                t.start()
            begun = time.monotonic()
            try:
                self.follow(case, started)
                status = self.child.wait()
            finally:
                for t in timers:
                    t.cancel()
        if status != 0:
            raise LabError(f"no end after {LIMIT_S} s" if time.monotonic() - begun > LIMIT_S else
                           self.why())

    def follow(self, case, started):
        """Injectors begin with the first job and end with the last."""
        in_jobs = False
        for line in self.child.stdout:
            event = json.loads(line)
            is_job = event["event"] == "progress" and event["phase"] == "job"
            if is_job and not in_jobs:
                for begin in self.on_job:
                    begin()
                for injector in case.inject:
                    if injector.when == "job":
                        started.append(injector)
                        injector.start(self)
            if in_jobs and not is_job:
                for end in self.on_end:
                    end()
                for injector in [i for i in started if i.when == "job"]:
                    injector.stop()
                    started.remove(injector)
            in_jobs = is_job

    def end_child(self):
        """It ends its VM and removes what it made."""
        if self.child and self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        if self.child and self.child.stdout:
            self.child.stdout.close()
        self.child = None

    def why(self):
        db = os.path.join(self.folder, "store.db")
        if os.path.exists(db):
            for (reason,) in rows(db, "SELECT reason FROM trial WHERE state <> 'ok'"):
                return reason
        with open(os.path.join(self.folder, "blklab.log"), encoding="utf-8") as f:
            return f.read().strip()[-500:] or "blklab failed without a word"

    def diagnose(self, store):
        """What `blklab diagnose --json` says of a store's only run."""
        run = subprocess.run([self.program("blklab"), "diagnose", "--json", "--store", store],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
                             timeout=DIAGNOSE_S)
        if run.returncode > 1 or not run.stdout:
            raise LabError(f"blklab diagnose: {run.stderr.strip()}")
        return json.loads(run.stdout)


def rows(store, sql):
    db = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    try:
        return db.execute(sql).fetchall()
    finally:
        db.close()


def figures(store):
    """{(job, direction): (n, p50, p99, p99.9, max)} in ns, of the first trial; a percentile that
    is beyond what was counted is None."""
    return {(job, direction): tuple(values) for job, direction, *values in rows(
        store, "SELECT job, direction, n, p50_ns, p99_ns, p99_9_ns, max_ns FROM percentiles "
               "WHERE kind = 'lat'")}
