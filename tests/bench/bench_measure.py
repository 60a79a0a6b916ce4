"""The counted part: cases become the guest's commands, its frames become figures."""

import glob
import json
import os
import re
import shutil
import statistics
import subprocess
import tempfile

import bench_agree
import bench_cases
import bench_guest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
UNIT = {"M": 1e6, "K": 1e3, "": 1}


class Figure:
    """One run of one program: virtual ns per I/O, which is instructions, and latency; or why
    there is none."""

    def __init__(self, ns_per_io=None, lat_p50_ns=None, reason=None):
        self.ns_per_io, self.lat_p50_ns, self.reason = ns_per_io, lat_p50_ns, reason


class Counted:
    """All of one boot. figures[case][program] is a list, a repetition each;
    agreement[case][program] are bench_agree.Percentiles."""

    def __init__(self):
        self.figures, self.agreement, self.skipped, self.setup = {}, {}, {}, {}

    def first(self, case, program):
        """The first repetition that measured something, or None."""
        for figure in self.figures.get(case, {}).get(program, []):
            if figure.ns_per_io:
                return figure
        return None

    def spread_pct(self, case, program):
        """How far the repetitions are apart; None when there is only one."""
        seen = [f.ns_per_io for f in self.figures.get(case, {}).get(program, []) if f.ns_per_io]
        return 100 * (max(seen) / min(seen) - 1) if len(seen) > 1 else None

    def problems(self):
        """Runs that gave no figure, a line each."""
        return [f"{case} {program}: {figure.reason}" for case, by in self.figures.items()
                for program, figures in by.items() for figure in figures if figure.reason]


def kernel_package(packages):
    """Debian's cloud kernel, downloaded unless it is there; an installed kernel is not taken, so
    that all hosts count the same one."""
    folder = os.path.join(packages, "cloud")
    run = subprocess.run([os.path.join(ROOT, "vmimages/build/fetch-packages.sh"), "--out", folder,
                          "linux-image-cloud-amd64"], capture_output=True, text=True)
    found = [line for line in run.stdout.split() if line.endswith(".deb")] or \
        sorted(glob.glob(os.path.join(folder, "linux-image-*.deb")), key=os.path.getmtime)
    if not found:
        raise bench_guest.GuestError(f"no kernel package: {run.stderr.strip()}")
    return found[-1]


def compiler(build):
    """What built the programs, from the build folder's cache."""
    try:
        with open(os.path.join(build, "CMakeCache.txt"), encoding="utf-8") as f:
            path = re.search(r"^CMAKE_C_COMPILER:\w+=(.+)$", f.read(), re.M).group(1)
    except (OSError, AttributeError):
        return "unknown"
    return version([path, "--version"])


def version(argv):
    """The first line a program says about itself."""
    try:
        return subprocess.run(argv, capture_output=True, text=True).stdout.splitlines()[0]
    except (OSError, IndexError):
        return "unknown"


def _refusal(blkjob, job):
    """Why this blkjob does not take a job, or None."""
    run = subprocess.run([blkjob, "--parse-only", *job], capture_output=True, text=True)
    said = (run.stderr.strip() or "refused").splitlines()[0]
    return said.removeprefix("blkjob: ") if run.returncode else None


def _case_commands(case, seconds, has_fio, has_uring, runs_blkjob):
    def line(program, repetition, *argv):
        return ("run", f"{case.name}/{program}/{repetition}", *argv)

    if runs_blkjob:
        for repetition in "12":
            yield line("blkjob", repetition, "/bin/blkjob", "--output-format=json",
                       *bench_cases.job(case, seconds))
    for program in case.programs if has_fio else ():
        yield line(program.rstrip("01"), 1, "/bin/fio",
                   *bench_cases.fio_job(case, seconds, program))
    if has_uring and case.uring:
        yield line("uring", 1, "/bin/t_io_uring", *case.uring)


def _runs(case, args, programs, skipped):
    """A case's commands, once its device is there."""
    if isinstance(case, bench_agree.Agree):
        return list(bench_agree.commands(case))
    refusal = _refusal(programs["blkjob"], bench_cases.job(case, args.seconds))
    if refusal:
        skipped[case.name] = refusal
    return list(_case_commands(case, args.seconds, not args.no_fio, "t_io_uring" in programs,
                               not refusal))


def _plan(cases, args, programs, skipped):
    commands, loaded = [("settle", "clocksource")], None
    for case in cases:
        run = _runs(case, args, programs, skipped)
        if run and case.device and case.device != loaded:
            if loaded:
                commands.append(("unload", "null_blk"))
            commands += bench_cases.DEVICES[case.device]
            loaded = case.device
        commands += run
    return commands


def _figure(program, frame, seconds):
    if frame.status:
        return Figure(reason=frame.reason())
    if program == "uring":
        iops = [float(n) * UNIT[unit]
                for n, unit in re.findall(r"^IOPS=([0-9.]+)([MK]?),", frame.out, re.M)]
        return Figure(1e9 / statistics.median(iops)) if iops else Figure(reason="no IOPS line")
    job = json.loads(frame.out[frame.out.index("{"):])["jobs"][0]
    read = job["read"]
    if job["error"] or not read["total_ios"]:
        return Figure(reason=f"error {job['error']}, {read['total_ios']} I/Os")
    # Not "iops": its runtime is rounded to a millisecond.
    return Figure(seconds * 1e9 / read["total_ios"], read["lat_ns"]["percentile"]["50.000000"])


def _read(frames, seconds, counted):
    for frame in frames:
        parts = frame.name.split("/")
        if len(parts) == 3:
            case, program, _ = parts
            if bench_agree.by_name(case):
                counted.agreement.setdefault(case, {})[program] = bench_agree.Percentiles(frame)
                continue
            counted.figures.setdefault(case, {}).setdefault(program, []).append(
                _figure(program, frame, seconds))
        elif frame.name == "clocksource":
            counted.setup["clocksource"] = frame.out.strip()
        elif frame.status:
            raise bench_guest.GuestError(f"{frame.name}: {frame.err.strip()}")
    if counted.setup.get("clocksource") != "tsc":
        raise bench_guest.GuestError(
            f"the guest's clock is '{counted.setup.get('clocksource')}', not tsc: reading it "
            "would be what is counted")


def count(args, cases, agree):
    """Boot once and run all of @cases, and those of bench_agree in @agree: Counted."""
    counted = Counted()
    programs = {"blkjob": args.blkjob or os.path.join(args.build, "blkjob-static")}
    if not args.no_fio or agree:
        programs["fio"] = shutil.which("fio") or "fio"
    if args.t_io_uring:
        programs["t_io_uring"] = args.t_io_uring
    for name, path in programs.items():
        if not os.access(path, os.X_OK):
            raise bench_guest.GuestError(f"{name}: no program '{path}'")
    commands = _plan([*cases, *agree], args, programs, counted.skipped)
    with tempfile.TemporaryDirectory(prefix="bench-engine-") as folder:
        initrd = os.path.join(folder, "initrd.img")
        vmlinuz, counted.setup["kernel"] = bench_guest.build(
            os.path.join(args.build, "tests"), args.kernel or kernel_package(args.packages),
            os.path.join(args.build, "test-cache"), initrd, programs, commands)
        counted.setup["qemu"] = version([bench_guest.QEMU, "--version"])
        counted.setup["compiler"] = compiler(args.build)
        n_runs = sum(c[0] == "run" for c in commands)
        _read(bench_guest.boot(vmlinuz, initrd, folder, n_runs, args.timeout), args.seconds,
              counted)
    return counted
