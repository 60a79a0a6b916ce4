"""The stored bound of each case: what an I/O may cost before the build fails."""

import json
import os

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bounds.json")
TOLERANCE_PCT = 3
# Another compiler or kernel than the bounds': its own few per cent are no regression of ours.
TOLERANCE_ELSEWHERE_PCT = 10
SPREAD_PCT = 1  # of two runs in one boot
SETUP = ("kernel", "qemu", "compiler")
# On a device of 100 us at one instruction a nanosecond: the kernel's way to it and back is most of
# the rest. Fixed, not measured: fio needs that much, and a measuring program must not add to it.
LAT_P50_NS_MAX = {"delay_qd1": 110000}


def load():
    with open(PATH, encoding="utf-8") as f:
        return json.load(f)


def store(counted):
    bounds = {"measured_with": {key: counted.setup[key] for key in SETUP},
              "instructions_per_io": {
                  case: round(counted.first(case, "blkjob").ns_per_io, 1)
                  for case in counted.figures if counted.first(case, "blkjob")}}
    with open(PATH, "w", encoding="utf-8") as f:
        json.dump(bounds, f, indent=2)
        f.write("\n")


def differences(counted, bounds):
    """What this run was measured with and the bounds were not, a line each."""
    return [f"{key}: the bounds have '{bounds['measured_with'][key]}', this is "
            f"'{counted.setup[key]}'" for key in SETUP
            if bounds["measured_with"][key] != counted.setup[key]]


def check(counted, bounds, cases):
    """(failures, remarks), lines of text."""
    elsewhere = differences(counted, bounds)
    tolerance = TOLERANCE_ELSEWHERE_PCT if elsewhere else TOLERANCE_PCT
    failures, remarks = [], list(elsewhere)
    if elsewhere:
        remarks.append(f"so {tolerance} % above a bound is let pass, not {TOLERANCE_PCT} %")
    for case in cases:
        bound = bounds["instructions_per_io"].get(case.name)
        seen = counted.first(case.name, "blkjob")
        if not seen and not bound:
            remarks.append(f"{case.name}: skipped: {counted.skipped.get(case.name)}")
        elif not seen:
            failures.append(f"{case.name}: has a bound, {bound}, and did not run: "
                            f"{counted.skipped.get(case.name, 'see above')}")
        elif not bound:
            failures.append(f"{case.name}: {seen.ns_per_io:.1f} seen and no bound: "
                            "BLKLAB_REGEN=1 writes one")
        else:
            change = 100 * (seen.ns_per_io / bound - 1)
            line = f"{case.name}: bound {bound:.1f}, seen {seen.ns_per_io:.1f} ({change:+.1f} %)"
            if change > tolerance:
                failures.append(line)
            elif change < -TOLERANCE_PCT:
                remarks.append(line + ": better; tighten the bound with BLKLAB_REGEN=1")
        most = LAT_P50_NS_MAX.get(case.name)
        if seen and most and seen.lat_p50_ns > most:
            failures.append(f"{case.name}: p50 {seen.lat_p50_ns} ns, at most {most}")
        spread = counted.spread_pct(case.name, "blkjob")
        # a device's 100 us fall into the batches now so, now so; where only instructions count, less
        most = TOLERANCE_PCT if case.device == "delay" else SPREAD_PCT
        if spread is not None and spread > most:
            failures.append(f"{case.name}: two runs of one boot are {spread:.1f} % apart")
    return failures, remarks
