#!/usr/bin/env python3
"""told.py BLKLAB AGENT CLONE_RUNS: whom a change reaches, and until when it is news.

The fake hypervisor; the nights before are copies of its first run (clone_runs.py), seven of them with 30 % fewer IOPS
than those before."""
import http.server
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

SCENARIO = "name: told\nbacking: { size: 16MiB }\naxes:\n  bus: [%s]\njobs: one.fio\nrepeats: 1\n"
JOB = "[read]\nrw=randread\nbs=4k\ntime_based\nruntime=60ms\n"


JOBS = """SELECT j.id, c.name, j.runtime_ns, d.ios FROM sample_direction d JOIN job_result j ON d.job_result = j.id
    JOIN trial t ON j.trial = t.id JOIN cell c ON t.cell = c.id"""
QUIET = [x for m in ("mean", "p50", "p99", "p99.9", "max", "cpu") for x in ("--min-effect", m + "=100%")]


class Webhook:
    """Keeps what is posted; not there at all outside of its `with`."""

    def __init__(self):
        self.got = []
        with socket.socket() as s:  # a port that nobody has
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]

    def __enter__(self):
        got = self.got

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *what):
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *what):
        self.server.shutdown()
        self.server.server_close()


class Lab:
    def __init__(self, folder, buses):
        self.folder, self.store = folder, folder + "/s.db"
        self.env = dict(os.environ, XDG_STATE_HOME=folder + "/state", XDG_CACHE_HOME=folder + "/cache")
        with open(folder + "/told.yaml", "w") as f:
            f.write(SCENARIO % buses)
        with open(folder + "/one.fio", "w") as f:
            f.write(JOB)
        done = subprocess.run([BLKLAB, "run", "told.yaml", *self.fake(), "--quiet"], cwd=folder, env=self.env)
        assert done.returncode == 0
        with sqlite3.connect(self.store) as db:
            self.rate = {cell: ios / ns for _, cell, ns, ios in db.execute(JOBS)}
        nights = [{"day": d, "iops": (1 if d >= -6 else 1 / 0.7) * (1 + 0.01 * (d * 7 % 5 - 2))} for d in range(-30, 0)]
        subprocess.run([sys.executable, CLONE, self.store, *map(json.dumps, nights)], check=True, stdout=subprocess.DEVNULL)
        with sqlite3.connect(self.store) as db:
            self.seen = {row[0] for row in db.execute(JOBS)}

    def fake(self):
        return ["--uri", "fake:", "--agent", AGENT, "--store", self.store]

    def command(self, *more):
        return [BLKLAB, "nightly", "told.yaml", *self.fake(), "--adopt", "--busy", "measure", "--json", *QUIET, *more]

    def night(self, *more):
        done = subprocess.run(self.command(*more), cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=120)
        assert done.stdout, done.stderr
        self.smooth()
        return done.returncode, json.loads(done.stdout), done.stderr

    def smooth(self):
        """What the fake measures is any figure: from the next night on it is one like the copies."""
        db = sqlite3.connect(self.store)
        for job, cell, ns, _ in db.execute(JOBS).fetchall():
            if job not in self.seen:
                ios = int(self.rate[cell] * ns)
                db.execute("UPDATE sample_direction SET ios = ?, bytes = ? WHERE job_result = ?", (ios, ios * 4096, job))
            self.seen.add(job)
        db.commit()
        db.close()

    def changes(self):
        with sqlite3.connect(self.store) as db:
            return db.execute("SELECT state, reported_ms FROM change_event").fetchall()

    def sql(self, text):
        db = sqlite3.connect(self.store)
        db.execute(text)
        db.commit()
        db.close()


def targets(folder, *hooks):
    with open(folder + "/notify.yaml", "w") as f:
        f.write("budget: 1s\ntargets:\n")
        f.writelines("  - webhook: { url: \"http://127.0.0.1:%d/\" }\n" % hook.port for hook in hooks)
    return ["--notify", "notify.yaml"]


def a_target_that_was_down_is_told_later_and_nobody_is_told_again(folder):
    lab, down, there = Lab(folder, "virtio-blk, sata"), Webhook(), Webhook()
    options = ["--confirm", "off", *targets(folder, down, there)]
    outbox = folder + "/state/blklab/outbox"
    with there:
        code, first, err = lab.night(*options)
        assert code == 4 and first["is_worse"], (code, first["text"], err)
        assert "was not told" in err, err
        assert [n["id"] for n in there.got] == [first["id"]], there.got
        assert lab.changes() and all(ms for _, ms in lab.changes()), lab.changes()
        told = {c["id"] for c in first["changes"] if c["is_new"]}
        assert len(os.listdir(outbox)) == 1, os.listdir(outbox)
        # What the fake measures may be news by itself; what was told is none.
        with down:
            code, second, err = lab.night(*options)
            late = [n for n in down.got if n["id"] == first["id"]]
            assert len(late) == 1 and late[0]["is_worse"], (down.got, err)
        for night in (second, *there.got[1:]):
            assert night["id"] != first["id"], night
            assert not any(c["is_new"] for c in night["changes"] if c["id"] in told), night["text"]
        assert (code == 4) == second["is_worse"], (code, second["text"])
        assert not os.listdir(outbox), os.listdir(outbox)


def a_change_that_can_not_be_stored_is_an_alarm(folder):
    lab = Lab(folder, "virtio-blk, sata")
    lab.sql("CREATE TRIGGER full BEFORE INSERT ON change_event BEGIN SELECT raise(ABORT, 'the disk is full'); END")
    code, night, err = lab.night("--confirm", "off")
    assert code == 4 and night["outcome"] == "changed" and night["is_worse"], (code, night["reason"], err)
    assert any("the disk is full" in note for note in night["notes"]) and "the disk is full" in err, (night["notes"], err)


def stopped_while_it_confirms(lab, *more):
    p = subprocess.Popen(lab.command("--confirm", "1", *more), cwd=lab.folder, env=lab.env, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True)
    seen = []
    for line in p.stderr:
        seen.append(line)
        if "fresh trials" in line:
            break
    p.terminate()
    out, err = p.communicate(timeout=120)
    assert any("fresh trials" in line for line in seen), seen
    return p.returncode, json.loads(out)


def who_stops_a_night_stops_no_alarm(folder):
    hook = Webhook()
    for buses, wanted in (("virtio-blk, sata", 4), ("virtio-blk", 1)):
        with tempfile.TemporaryDirectory(dir=folder) as inner, hook:
            lab = Lab(inner, buses)
            code, night = stopped_while_it_confirms(lab, *targets(inner, hook))
        assert code == wanted and night["is_worse"] == (wanted == 4), (code, night["text"])
        assert any("stopped" in note for note in night["notes"]), night["notes"]
    assert len(hook.got) == 1 and hook.got[0]["is_worse"], hook.got


def a_candidate_of_an_earlier_night_is_tried_again(folder):
    lab = Lab(folder, "virtio-blk")
    code, night, err = lab.night("--confirm", "off")
    assert code == 4 and night["is_worse"], (code, night["text"])  # as the person chose
    lab.sql("UPDATE change_event SET reported_ms = NULL")  # as a night leaves one that it could not confirm
    code, night, err = lab.night("--confirm", "1")
    assert "8 fresh trials of 1 cell" in err, err
    assert any("fresh trials" in c.get("confirmation", "") for c in night["changes"]), night["text"]
    assert (code == 4) == night["is_worse"], (code, night["text"])
    # What the fake gives is any: it held, or not, or nights differ too much, and only that stays untold.
    counts = any(c["state"] == "confirmed" and c["is_new"] for c in night["changes"])
    for state, ms in lab.changes():
        assert (ms is None) == (state == "candidate" and not counts), (lab.changes(), night["text"])
    if not counts and any(c["state"] == "candidate" and c["is_new"] for c in night["changes"]):
        assert code == 5 and "tried again next night" in night["reason"], (code, night["reason"])


def a_file_that_can_not_be_written_leaves_the_verdict(folder):
    lab = Lab(folder, "virtio-blk, sata")
    os.mkdir(folder + "/out")
    p = subprocess.Popen(lab.command("--confirm", "off", "--junit", "out/j.xml"), cwd=folder, env=lab.env,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    backing = folder + "/state/blklab/backing"
    until = time.monotonic() + 60
    while time.monotonic() < until and not any(f.startswith("blklab-%d-" % p.pid) for f in os.listdir(backing)):
        time.sleep(0.005)
    shutil.rmtree(folder + "/out")
    out, err = p.communicate(timeout=120)
    assert p.returncode == 4, (p.returncode, err)
    assert any("--junit" in note for note in json.loads(out)["notes"]) and "--junit" in err, (out, err)


def a_clock_that_is_behind_is_said(folder):
    lab = Lab(folder, "virtio-blk")
    lab.sql("UPDATE run SET started_ms = started_ms + 864000000 WHERE started_ms = (SELECT max(started_ms) FROM run)")
    code, night, err = lab.night("--confirm", "off")
    assert code == 5 and "the clock is behind" in night["reason"], (code, night["reason"], err)


if len(sys.argv) < 4:
    print("this build has no guest agent")
    sys.exit(77)
BLKLAB, AGENT, CLONE = map(os.path.abspath, sys.argv[1:4])
for test in (a_target_that_was_down_is_told_later_and_nobody_is_told_again, a_change_that_can_not_be_stored_is_an_alarm,
             who_stops_a_night_stops_no_alarm, a_candidate_of_an_earlier_night_is_tried_again,
             a_file_that_can_not_be_written_leaves_the_verdict, a_clock_that_is_behind_is_said):
    with tempfile.TemporaryDirectory(prefix="blklab-told-") as folder:
        test(folder)
    print(test.__name__.replace("_", " "))
