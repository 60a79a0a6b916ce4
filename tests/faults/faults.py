#!/usr/bin/env python3
"""Proof by injection: faults are made on purpose in real VMs, and `blklab diagnose` must name them.

    tests/faults/faults.py                      the judged set, the confusion matrix, exit 1 when
                                                it is not good enough
    tests/faults/faults.py --set tune --only stalls --only calm-host
    tests/faults/faults.py --effects            with each fault and without: does it do anything?
"""

import argparse
import copy
import fcntl
import glob
import json
import os
import shutil
import signal
import sys
import time

import catalogue
import matrix
from lab import Lab, LabError, figures

HERE = os.path.dirname(os.path.realpath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--build", default=os.path.join(SOURCE, "build"), help="folder of the programs")
    p.add_argument("--out", help="folder of all that is made (default: BUILD/faults)")
    p.add_argument("--set", dest="which", default="judge", choices=catalogue.SETS + ("both",))
    p.add_argument("--only", action="append", metavar="NAME", help="this entry; may be repeated")
    p.add_argument("--effects", action="store_true",
                   help="what each fault does to the latency; nothing is diagnosed")
    p.add_argument("--accel", default="auto", choices=("auto", "kvm", "tcg"))
    p.add_argument("--keep", action="store_true", help="keep scenarios, stores and logs of all runs")
    p.add_argument("--require-all", action="store_true",
                   help=f"no entry may be skipped (default: {matrix.MOST_SKIPPED} may)")
    p.add_argument("--list", action="store_true", help="the entries")
    return p.parse_args()


def newest(pattern):
    found = sorted(glob.glob(os.path.join(SOURCE, ".cache/packages", pattern)))
    if not found:
        sys.exit(f"no kernel package '{pattern}': `make guests` fetches it")
    return found[-1]


def chosen(only):
    names = [f.name for f in catalogue.FAULTS]
    for name in only or ():
        if name not in names:
            sys.exit(f"there is no entry '{name}'; one of {', '.join(names)}")
    return [f for f in catalogue.FAULTS if not only or f.name in only]


def why_not(case):
    return next((why for why in (i.why_not() for i in case.inject) if why), None)


def not_made(case, store):
    why = next((why for why in (i.check() for i in case.inject) if why), None)
    return why or (case.seen(store) if case.seen else None)


def reason(error):
    return str(error) if isinstance(error, LabError) else f"{type(error).__name__}: {error}"


class Session:
    def __init__(self, args):
        build = os.path.realpath(args.build)
        out = os.path.realpath(args.out or os.path.join(build, "faults"))
        os.makedirs(out, exist_ok=True)
        self.lock = open(os.path.join(out, "lock"), "w", encoding="ascii")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.out, self.keep = out, args.keep
        kernels = {"cloud": newest("cloud/linux-image-*.deb"), "full": newest("full/linux-image-*.deb")}
        self.lab = Lab(build, out, kernels, args.accel)

    def folder(self, fault, which):
        return os.path.join(self.out, "runs", f"{fault.name}-{which}")

    def clean(self, name):
        if not self.keep:
            shutil.rmtree(os.path.join(self.out, "runs", name), ignore_errors=True)

    def judge(self, fault, which):
        outcome = matrix.Outcome(fault, which)
        begun, name = time.monotonic(), f"{fault.name}-{which}"
        case = fault.case(which, self.folder(fault, which))
        outcome.skipped = why_not(case)
        if outcome.skipped:
            return outcome
        try:
            store = self.lab.run(name, case)
            document = self.lab.diagnose(store)
            outcome.found = matrix.named(document)
            outcome.evidence = [(f["cause"], f["confidence"], f["evidence"])
                                for f in matrix.findings_of(document)]
            why = not_made(case, store)
            if why:
                outcome.failed = "the fault was not made: " + why
        except Exception as e:  # one run that went wrong ends no session: the matrix says it
            outcome.failed = reason(e)
        outcome.seconds = time.monotonic() - begun
        if outcome.is_right:
            self.clean(name)
        return outcome

    def judge_control(self, fault, which):
        """No host is calm at every moment, and what disturbs it is found: one that has a finding is
        run again, once. What the rules make of calm they make twice."""
        first = self.judge(fault, which)
        if first.skipped or first.is_right:
            return first
        second = self.judge(fault, which)
        second.before = first
        return second

    # --- what the faults do ---

    def plain(self, case):
        """The same without the fault."""
        plain = copy.copy(case)
        plain.inject, plain.host = [], None
        plain.jobs = case.plain_jobs or case.jobs
        plain.scenario = copy.deepcopy(case.scenario)
        plain.scenario["axes"].update(case.plain)
        if "storage" in case.plain:
            plain.scenario["backing"].pop("nbdkit", None)
        return plain

    def effects(self, fault, which):
        folder = self.folder(fault, which)
        case = fault.case(which, folder)
        skipped = why_not(case)
        print(f"{fault.name}/{which}: {fault.what}" + (f"; skipped: {skipped}" if skipped else ""))
        if skipped:
            return
        name = f"{fault.name}-{which}"
        for what, one in (("without", self.plain(case)), ("with", case)):
            try:
                found = figures(self.lab.run(name, one))
            except Exception as e:  # the other entries' turn
                print(f"  {what:8}FAILED: {reason(e)}", flush=True)
                continue
            for (job, direction), values in found.items():
                n, *times = values
                print(f"  {what:8}{job} {direction}: {n} I/Os, p50 p99 p99.9 max ms: " +
                      "  ".join("-" if t is None else f"{t / 1e6:.2f}" for t in times), flush=True)
            for injector in one.inject:
                why = injector.check()
                print(f"  {type(injector).__name__}: made {injector.made}" +
                      (f"; NOT MADE: {why}" if why else ""))
        self.clean(name)


def interrupted(number, frame):
    raise KeyboardInterrupt


def judge_all(session, faults, sets, is_whole, most_skipped):
    outcomes = []
    for fault in faults:
        for which in sets:
            outcomes.append(session.judge_control(fault, which) if fault.is_control
                            else session.judge(fault, which))
            o = outcomes[-1]
            print(f"{o.label:28} {o.seconds:5.1f} s  {o.says()}", flush=True)
    result = matrix.Result(outcomes)
    print("\n" + matrix.text(result) + "\n\n" + matrix.summary(result))
    for name, content in (("matrix.md", matrix.markdown(result)),
                          ("matrix.json", json.dumps(matrix.as_json(result), indent=1))):
        with open(os.path.join(session.out, name), "w", encoding="utf-8") as f:
            f.write(content + "\n")
    complaints = result.complaints(is_whole, most_skipped)
    for c in complaints:
        print("not good enough:", c)
    return 1 if complaints else 0


def main():
    args = arguments()
    faults = chosen(args.only)
    if args.list:
        for f in faults:
            print(f"{f.name:20} {', '.join(f.causes) or 'nothing':34} {f.what}")
        return 0
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    session = Session(args)
    sets = catalogue.SETS if args.which == "both" else (args.which,)
    if args.effects:
        for fault in faults:
            for which in sets:
                session.effects(fault, which)
        return 0
    return judge_all(session, faults, sets, is_whole=not args.only,
                     most_skipped=0 if args.require_all else matrix.MOST_SKIPPED)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
