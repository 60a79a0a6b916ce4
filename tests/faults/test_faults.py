#!/usr/bin/env python3
"""The judgement of faults.py and its catalogue, without a VM."""

import argparse
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

import catalogue
import faults
import injectors
import matrix
from catalogue import Fault

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
_options = argparse.Namespace(build=os.path.join(SOURCE, "build"))


def finding(cause, confidence="likely"):
    return {"cause": cause, "confidence": confidence, "evidence": "seen"}


def document(*of_jobs, of_trial=(), of_run=()):
    return {"findings": list(of_run), "trials": [
        {"cell": "c", "findings": list(of_trial), "jobs": [
            {"job": f"j{i}", "findings": [f]} for i, f in enumerate(of_jobs)]}]}


def entry(causes, may=(), unsure=None):
    return Fault("entry", tuple(causes), "what", None, {}, {}, tuple(may), unsure)


def outcome(causes, found, may=(), which="judge", unsure=None, **more):
    fault = entry(causes, may, unsure)
    return matrix.Outcome(fault, which, found=dict(found), **more)


class Judgement(unittest.TestCase):
    def test_findings_are_taken_from_wherever_they_stand_and_the_surest_counts(self):
        d = document(finding("a", "possible"), finding("a", "certain"), of_trial=[finding("b")],
                     of_run=[finding("c", "possible")])
        self.assertEqual(matrix.named(d), {"a": "certain", "b": "likely", "c": "possible"})
        self.assertEqual(matrix.named(document()), {})

    def test_what_is_no_diagnosis_is_not_taken_for_one_that_names_nothing(self):
        broken = document({"cause": "a", "evidence": "seen"})
        for d in ({}, {"findings": []}, {"findings": [], "trials": [{"jobs": []}]}, broken):
            with self.assertRaises(KeyError):
                matrix.named(d)

    def test_a_cause_that_must_be_named_is_likely_at_least(self):
        self.assertTrue(outcome(["a"], {"a": "likely"}).is_right)
        self.assertFalse(outcome(["a"], {}).is_right)
        self.assertFalse(outcome(["a", "b"], {"a": "certain"}).is_right)
        self.assertTrue(outcome(["a|b"], {"b": "likely", "a": "possible"}).is_right)
        weak = outcome(["a"], {"a": "possible", "emulated-cpu": "certain"})
        self.assertEqual(weak.says(), "WRONG: a was only possible")

    def test_or_possible_where_the_cpu_is_emulated_and_the_entry_says_why(self):
        self.assertTrue(outcome(["a"], {"a": "possible", "emulated-cpu": "certain"},
                                unsure="why").is_right)
        self.assertFalse(outcome(["a"], {"a": "possible"}, unsure="why").is_right)
        self.assertFalse(outcome(["a"], {"emulated-cpu": "certain"}, unsure="why").is_right)

    def test_one_who_says_that_everything_is_possible_is_not_right(self):
        found = {c: "possible" for c in matrix.each_must(catalogue.FAULTS)}
        found["emulated-cpu"] = "certain"
        for f in catalogue.FAULTS:
            one = matrix.Outcome(f, "judge", found=found)
            self.assertEqual(one.is_right, f.unsure is not None, f.name)
            self.assertFalse(one.is_strictly_right(matrix.each_must(catalogue.FAULTS)), f.name)

    def test_strictly_no_other_entrys_cause_is_as_sure(self):
        def is_strict(found, may=("z",), **more):
            return outcome(["a"], found, may=may, **more).is_strictly_right({"a", "z"})

        self.assertTrue(is_strict({"a": "likely", "z": "possible"}))
        self.assertTrue(is_strict({"a": "certain", "z": "likely"}))
        self.assertFalse(is_strict({"a": "likely", "z": "likely"}))
        self.assertFalse(is_strict({"a": "likely", "z": "certain"}))
        self.assertFalse(is_strict({"a": "certain", "z": "likely"}, may=()))  # not right at all
        self.assertTrue(is_strict({"a": "likely", "n": "likely"}, may=("n",)))  # nobody's cause
        self.assertTrue(is_strict({"a": "likely", "stutter": "certain"}, may=("stutter",)))
        self.assertFalse(is_strict({"a": "possible", "emulated-cpu": "certain"}, unsure="why"))
        self.assertFalse(outcome(["a", "b"], {"a": "certain", "b": "likely", "z": "likely"},
                                 may=["z"]).is_strictly_right({"z"}))

    def test_another_cause_counts_against_when_it_is_likely(self):
        self.assertFalse(outcome(["a"], {"a": "likely", "z": "likely"}).is_right)
        self.assertTrue(outcome(["a"], {"a": "likely", "z": "possible"}).is_right)
        self.assertTrue(outcome(["a"], {"a": "likely", "z": "certain"}, may=["z"]).is_right)
        self.assertTrue(outcome(["a"], {"a": "likely", "emulated-cpu": "certain"}).is_right)

    def test_a_calm_control_has_nothing_but_the_emulated_cpu(self):
        self.assertTrue(outcome([], {"emulated-cpu": "certain"}).is_right)
        self.assertFalse(outcome([], {"a": "possible"}).is_right)

    def test_a_run_without_a_result_is_wrong_and_a_skipped_one_is_neither(self):
        failed = outcome(["a"], {}, failed="no VM")
        skipped = outcome(["a"], {}, skipped="one CPU")
        self.assertFalse(failed.is_right)
        self.assertEqual(failed.says(), "FAILED: no VM")
        self.assertEqual(len(matrix.Result([failed, skipped]).judged), 1)

    def result(self, n_right, n_wrong, controls):
        right = [outcome([f"c{i}"], {f"c{i}": "likely"}) for i in range(n_right)]
        wrong = [outcome([f"w{i}"], {}) for i in range(n_wrong)]
        return matrix.Result(right + wrong + controls)

    def test_causes_are_counted_as_they_were_named_right(self):
        made = [outcome(["a|b"], {"b": "likely"}), outcome(["b"], {"b": "certain"}),
                outcome(["c"], {"c": "likely"}), outcome(["d"], {}), outcome([], {})]
        self.assertEqual(matrix.Result(made).causes, ["b", "c"])

    def test_few_may_be_skipped(self):
        skipped = [outcome(["a"], {}, skipped="one CPU") for _ in range(4)]
        self.assertEqual(matrix.Result(skipped[:3]).complaints(False), [])
        said = matrix.Result(skipped).complaints(False)
        self.assertIn("4 entries were skipped, and 3 may be: entry/judge, one CPU", said[0])
        self.assertEqual(len(matrix.Result(skipped[:1]).complaints(False, most_skipped=0)), 1)

    def test_what_is_good_enough(self):
        calm = [outcome([], {}) for _ in range(6)]
        self.assertEqual(self.result(18, 2, calm).complaints(True), [])
        self.assertIn("89 % were named right", self.result(17, 2, calm).complaints(True)[0])
        self.assertIn("11 causes", self.result(11, 0, calm).complaints(True)[0])
        self.assertEqual(self.result(11, 0, []).complaints(False), [])
        self.assertIn("11 causes were named right", self.result(11, 1, calm).complaints(True)[0])
        self.assertIn("1 calm controls", self.result(12, 0, calm[:1]).complaints(True)[0])
        loud = self.result(12, 0, calm + [outcome([], {"a": "possible"})]).complaints(False)
        self.assertEqual(loud, ["calm control entry/judge: WRONG: a was named (possible)"])

    def test_a_control_that_is_calm_when_run_again_is_told_and_one_that_is_not_is_wrong(self):
        class Twice(faults.Session):
            def __init__(self, *found):
                self.found = list(found)

            def judge(self, fault, which):
                return outcome([], self.found.pop(0))

        once = Twice({}, {"a": "likely"})
        self.assertIsNone(once.judge_control(entry([]), "judge").before)
        self.assertEqual(len(once.found), 1)
        calm = matrix.Result([Twice({"a": "likely"}, {}).judge_control(entry([]), "judge")])
        self.assertEqual(calm.complaints(False), [])
        self.assertIn("0 of 1 calm controls without a finding, 1 more when run again (entry/judge); 0 skipped",
                      matrix.summary(calm))
        self.assertIn("right (run again; at first WRONG: a was named (likely))", matrix.text(calm))
        loud = matrix.Result([Twice({"a": "likely"}, {"b": "likely"}).judge_control(entry([]), "judge")])
        self.assertEqual(len(loud.complaints(False)), 1)

    def test_marks(self):
        o = outcome(["a|b", "m", "w"], {"a": "likely", "n": "likely", "q": "possible",
                                        "z": "certain", "w": "possible"}, may=["n"])
        self.assertEqual([matrix.mark(o, c) for c in ("a", "b", "m", "w", "n", "q", "z", "y")],
                         ["X", ".", "-", "x", "+", "?", "!", "."])

    def test_the_documents_say_all(self):
        r = matrix.Result([outcome(["a"], {"z": "likely"}), outcome(["b"], {}, skipped="why not")])
        r.outcomes[0].evidence.append(("z", "likely", "because of it"))
        for text in (matrix.text(r), matrix.markdown(r)):
            self.assertIn("a was not named, z was named (likely)", text)
            self.assertIn("why not", text)
        self.assertIn("because of it", matrix.markdown(r))
        doubtful = matrix.Result([outcome(["a"], {"a": "likely", "z": "certain"}, may=["z"])],
                                 [entry(["z"])])
        for text in (matrix.text(doubtful), matrix.markdown(doubtful)):
            self.assertRegex(text, "not strictly right:? entry/judge: z is as sure .certain.")
        self.assertIn("1 of 1 faults named right (100 %), 0 of them strictly (0 %), 1 causes",
                      matrix.summary(doubtful))
        self.assertIn("0 of 1 faults named right (0 %), 0 of them strictly (0 %), 0 causes; 0 of 0 "
                      "calm controls", matrix.summary(r))
        self.assertEqual(json.loads(json.dumps(matrix.as_json(r)))["entries"][0]["named"],
                         {"z": "likely"})


class Seen(unittest.TestCase):
    """That a fault was made is told from the store."""

    def store(self, *results, errors=0):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        path = os.path.join(folder, "store.db")
        db = sqlite3.connect(path)
        db.execute("CREATE TABLE percentiles (job, direction, kind, n, p50_ns, p99_ns, p99_9_ns, max_ns)")
        db.execute("CREATE TABLE job_result (n_errors)")
        db.execute("INSERT INTO job_result VALUES (?)", (errors,))
        for job, direction, n, p50 in results:
            db.execute("INSERT INTO percentiles VALUES (?, ?, 'lat', ?, ?, NULL, NULL, NULL)",
                       (job, direction, n, p50))
        db.commit()
        db.close()
        return path

    def test_how_slow(self):
        seen = catalogue.slower_than(20, "reads", "read")
        self.assertIsNone(seen(self.store(("reads", "read", 100, 20.5e6))))
        self.assertEqual(seen(self.store(("reads", "read", 100, 19e6))), "read p50 is 19.00 ms")
        self.assertEqual(seen(self.store(("reads", "write", 100, 30e6))), "reads has no read")

    def test_how_many(self):
        seen = catalogue.has("trims", "trim", 40)
        self.assertIsNone(seen(self.store(("trims", "trim", 40, 1))))
        self.assertEqual(seen(self.store(("trims", "trim", 39, 1))), "trims has 39 of trim")
        self.assertEqual(seen(self.store()), "trims has 0 of trim")

    def test_errors(self):
        self.assertIsNone(catalogue.has_errors(self.store(errors=2)))
        self.assertEqual(catalogue.has_errors(self.store()), "no request failed")

    def test_one_that_was_not_made_is_wrong_whatever_was_named(self):
        case = catalogue.Case("", {}, seen=lambda store: f"nothing in {store}")
        self.assertEqual(faults.not_made(case, "x"), "nothing in x")
        self.assertIsNone(faults.not_made(catalogue.Case("", {}), "x"))


class Injectors(unittest.TestCase):
    """That a fault was made is looked at, and not believed."""

    def made_by(self, body):
        one = injectors.Children()
        one.fork(body)
        time.sleep(0.3)
        one.stop()
        return one

    def test_a_program_that_works_until_it_is_stopped(self):
        def works(board):
            board.count()
            board.count()
            time.sleep(60)

        one = self.made_by(works)
        self.assertIsNone(one.check())
        self.assertEqual(one.made, 2)

    def test_one_that_dies_says_why(self):
        def dies(board):
            board.count()
            raise PermissionError(1, "Operation not permitted")

        self.assertRegex(self.made_by(dies).check(), "ended by itself.*Operation not permitted")

    def test_one_that_does_nothing(self):
        self.assertIn("not once", self.made_by(lambda board: time.sleep(60)).check())

    def test_a_server_that_is_not_there_or_that_answers_amiss(self):
        with tempfile.TemporaryDirectory() as d:
            path = os.path.join(d, "pause.sock")
            none = injectors.Stalls(path, 0.01, 0.01)
            none.start(None)
            none.thread.join()
            none.stop()
            self.assertIn("can't be made to stop", none.check())
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(path)
                server.listen()
                amiss = injectors.Stalls(path, 0.01, 0.01)
                amiss.start(None)
                with server.accept()[0] as c:
                    c.recv(1)
                    c.sendall(b"X")
                    amiss.thread.join()
                amiss.stop()
            self.assertIn("answered b'X'", amiss.check())

    def test_a_limit_that_was_not_set_or_not_reached(self):
        with tempfile.TemporaryDirectory() as d:
            group = injectors.MemoryGroup(16)
            group.path = os.path.join(d, "gone")
            group.limit()
            self.assertIn("can't be set", group.check())
        self.assertIn("never reached", injectors.MemoryGroup(16).check())

    def test_a_vm_without_such_a_thread(self):
        hog = injectors.CpuHog("iothread")
        hog.part([(2 ** 22 + 1, "iothread")], {0, 1})  # ended meanwhile
        self.assertIn("no thread 'iothread'", hog.check())


class Catalogue(unittest.TestCase):
    def test_names_are_distinct_and_sets_differ(self):
        names = [f.name for f in catalogue.FAULTS]
        self.assertEqual(len(names), len(set(names)))
        for f in catalogue.FAULTS:
            self.assertEqual(f.tune.keys(), f.judge.keys(), f.name)
            self.assertNotEqual(f.tune, f.judge, f.name)

    def test_there_are_causes_and_controls_enough(self):
        firsts = {f.causes[0] for f in catalogue.FAULTS if f.causes}
        self.assertGreaterEqual(len(firsts), matrix.LEAST_CAUSES + 3)  # some machines skip some
        self.assertGreaterEqual(sum(f.is_control for f in catalogue.FAULTS),
                                matrix.LEAST_CONTROLS)

    def test_every_cause_is_one_that_is_documented(self):
        with open(os.path.join(SOURCE, "docs/findings.md"), encoding="utf-8") as f:
            documented = set(re.findall(r"^## ([a-z0-9-]+)$", f.read(), re.M))
        for f in catalogue.FAULTS:
            for cause in [one for c in f.causes for one in c.split("|")] + list(f.may):
                self.assertIn(cause, documented, f.name)

    def test_every_scenario_can_be_planned(self):
        for f in catalogue.FAULTS:
            for which in catalogue.SETS:
                with self.subTest(entry=f.name, set=which), tempfile.TemporaryDirectory() as d:
                    case = f.case(which, d)
                    with open(os.path.join(d, "jobs.fio"), "w", encoding="ascii") as out:
                        out.write(case.jobs)
                    with open(os.path.join(d, "s.yaml"), "w", encoding="ascii") as out:
                        json.dump(dict(case.scenario, name="s", jobs="jobs.fio"), out)
                    run = subprocess.run([os.path.join(_options.build, "blklab"), "plan",
                                          os.path.join(d, "s.yaml"), "--json"],
                                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                         text=True, check=False)
                    self.assertEqual(run.returncode, 0, run.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=_options.build)
    args, rest = parser.parse_known_args()
    _options.build = os.path.realpath(args.build)
    unittest.main(argv=sys.argv[:1] + rest, verbosity=1)
