#!/usr/bin/env python3
"""planted.py BLKLAB AGENT CACHE PACKAGES: a regression that is made on purpose is found by nightly, with its cause.

Real VMs, emulated (TCG). Five calm nights, then the program behind the scenario's `emulator:` path becomes a script that
starts the same QEMU without chained translation blocks and with a log of every interrupt: less than half as fast, and
nothing that the effective configuration shows. Three nights later nightly has to say that CPU per I/O and IOPS or latency
got worse, since which night, and that the emulator is another one, and fresh trials have to confirm both."""
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

QEMU = shutil.which("qemu-system-x86_64")
CALM, SLOW = 5, 3
SPEED = ("iops", "mean_ns", "p50_ns", "p99_ns")
SCENARIO = """name: planted
backing: { size: 32MiB }
axes:
  bus: [virtio-blk]
  emulator: [%s]
jobs: read.fio
repeats: 1
telemetry: off
"""
JOB = "[read]\nrw=randread\nbs=4k\niodepth=4\ntime_based\nruntime=1s\n"


def exchange(path, text):
    """In one step, as a package manager does."""
    with open(path + ".new", "w") as f:
        f.write(text)
    os.chmod(path + ".new", 0o755)
    os.rename(path + ".new", path)


class Lab:
    def __init__(self, blklab, agent, cache, kernel, folder):
        self.blklab = blklab
        self.folder = folder
        self.where = ["--store", "s.db"]
        self.how = ["--agent", agent, "--kernel", kernel, "--accel", "tcg", "--cache-dir", cache, *self.where]
        self.env = dict(os.environ, XDG_STATE_HOME=folder + "/state")

    def run(self, *args, codes):
        done = subprocess.run([self.blklab, *args], cwd=self.folder, env=self.env, capture_output=True, text=True,
                              timeout=300)
        if done.returncode not in codes:
            sys.exit("blklab %s: exit %d, wanted %s\n%s%s" % (" ".join(args), done.returncode, codes, done.stdout,
                                                              done.stderr))
        return done.stdout

    def ordinary(self):
        self.run("run", "planted.yaml", *self.how, "--quiet", codes=[0])

    def night(self, *args, codes):
        out = self.run("nightly", "planted.yaml", *self.how, "--adopt", "--busy", "measure", "--json", *args, codes=codes)
        return json.loads(out)


def check(what, is_so, night):
    if not is_so:
        sys.exit("%s\n%s" % (what, json.dumps(night, indent=1)))


def judge(night):
    changes = {c["metric"]: c for c in night["changes"]}
    print(night["text"])
    check("not changed for the worse", night["outcome"] == "changed" and night["is_worse"], night)
    # What the host does beside it is seen in times; CPU time per I/O hardly.
    cpu = changes.get("cpu_ns_per_io")
    check("CPU per I/O is not among the changes", cpu, night)
    check("the wrong night", cpu["nights_since"] == SLOW, night)
    check("no cause, or another one", "QEMU" in (cpu.get("cause") or ""), night)
    check("the wrong size", 1.3 < cpu["ratio"] < 5, night)
    check("not confirmed", cpu["state"] == "confirmed" and "8 fresh trials" in cpu["confirmation"], night)
    # A person asks how fast it is: one of these at least, for the worse, and confirmed by itself.
    slower = [c for m, c in changes.items() if m in SPEED and c["is_worse"]]
    check("neither IOPS nor latency is among the changes", slower, night)
    check("IOPS or latency: another night, cause or size", any(
        c["nights_since"] == SLOW and "QEMU" in (c.get("cause") or "") and c["state"] == "confirmed" and
        max(c["ratio"], 1 / c["ratio"]) > 1.3 for c in slower), night)
    for c in night["changes"]:
        print("%-14s x %.2f, %d nights, %s" % (c["metric"], c["ratio"], c["nights_since"], c["state"]))
    check("several events", len({c["event"] for c in night["changes"]}) == 1, night)


def nights(lab):
    for _ in range(CALM - 1):
        lab.ordinary()
    night = lab.night("--confirm", "off", codes=[0, 5])
    check("something changed before anything was", not night["changes"] and not night["environment"], night)
    exchange(lab.folder + "/qemu", '#!/bin/sh\nexec %s "$@" -d nochain,int -D /dev/null\n' % QEMU)
    night = lab.night("--confirm", "off", codes=[0, 5])
    check("the other emulator is not seen", any("QEMU" in e for e in night["environment"]), night)
    for _ in range(SLOW - 2):
        lab.ordinary()
    judge(lab.night("--confirm", "1", codes=[4]))
    history = json.loads(lab.run("history", "planted", "--adopt", *lab.where, "--json", codes=[0]))
    check("the fresh trials became a night", len(history["nights"]) == CALM + SLOW, history)
    check("what was told is not remembered", any(c["state"] == "confirmed" for c in history["reported"]), history)
    print(lab.run("history", "planted", "--adopt", *lab.where, codes=[0]))


def main():
    kernels = [os.environ.get("BLKLAB_TEST_KERNEL")] if os.environ.get("BLKLAB_TEST_KERNEL") else []
    kernels += sorted(glob.glob(sys.argv[-1] + "/linux-image-*.deb"))
    if len(sys.argv) < 5 or not kernels or not QEMU:
        print("no guest agent, no kernel ('make guests') or no QEMU")
        return 77
    folder = tempfile.mkdtemp(prefix="blklab-planted-")
    begun = time.monotonic()
    try:
        os.symlink(QEMU, folder + "/qemu")
        with open(folder + "/planted.yaml", "w") as f:
            f.write(SCENARIO % (folder + "/qemu"))
        with open(folder + "/read.fio", "w") as f:
            f.write(JOB)
        nights(Lab(sys.argv[1], sys.argv[2], sys.argv[3], kernels[0], folder))
    finally:
        shutil.rmtree(folder)
    print("%d nights and 8 fresh trials in %.0f s" % (CALM + SLOW, time.monotonic() - begun))
    return 0


sys.exit(main())
