"""CPU time per I/O on this host: blkjob and fio in turn, on one CPU."""

import collections
import json
import os
import shutil
import statistics
import subprocess
import tempfile

import bench_cases

FILE_BYTES = 256 << 20
Row = collections.namedtuple("Row", "name title ours fio ratio n_pairs reason")
# fio has no engine that sends no-ops through a ring. Beside it stands its null engine at the same
# depth, which has the advantage: it makes no system call.
NOP_BESIDE = bench_cases.Case("null_qd128", "NOP QD128 (fio: null QD128)", None,
                              ["--ioengine=null", "--iodepth=128", "--size=1g"], ("fio",), None)


def _cases(cached):
    picked = [c for c in bench_cases.CASES
              if c.name in ("null_qd1", "null_qd32", "nop_qd128", "zero_qd32")]
    for engine, depth in (("io_uring", 32), ("psync", 1)):
        picked.append(bench_cases.Case(
            f"cached_{engine}", f"cached file {engine} QD{depth}", None,
            [f"--ioengine={engine}", f"--iodepth={depth}", f"--filename={cached}",
             f"--size={FILE_BYTES}", "--invalidate=0"], ("fio",), None))
    return picked


def _cpu_ns_per_io(argv, cpu):
    """(ns, None) or (None, reason). The process's own rusage has its io-wq workers, too."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                 preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        text, said = out.read().decode(), err.read().decode().strip()
    if child.returncode:
        return None, (said or "failed").splitlines()[0].removeprefix("blkjob: ")
    n_ios = json.loads(text[text.index("{"):])["jobs"][0]["read"]["total_ios"]
    return (usage.ru_utime + usage.ru_stime) * 1e9 / n_ios, None


def _pairs(case, blkjob, fio, seconds, n_pairs, cpu):
    beside = NOP_BESIDE if case.name == "nop_qd128" else case
    case = case._replace(title=beside.title)
    argv = {"blkjob": [blkjob, "--output-format=json", *bench_cases.job(case, seconds)],
            "fio": [fio, *bench_cases.fio_job(beside, seconds, "fio")]}
    seen = {"blkjob": [], "fio": []}
    programs = ["blkjob"] + (["fio"] if fio else [])
    for i in range(n_pairs):
        for program in programs if i % 2 == 0 else reversed(programs):
            ns, reason = _cpu_ns_per_io(argv[program], cpu)
            if reason:
                return Row(case.name, case.title, None, None, None, 0, f"{program}: {reason}")
            seen[program].append(ns)
    ratios = [f / o for o, f in zip(seen["blkjob"], seen["fio"])]
    return Row(case.name, case.title, statistics.median(seen["blkjob"]),
               statistics.median(seen["fio"]) if ratios else None,
               statistics.median(ratios) if ratios else None, n_pairs,
               None if ratios else "no program 'fio'")


def measure(blkjob, folder, seconds=1, n_pairs=5):
    """Rows of medians over @n_pairs pairs. Needs 256 MiB in @folder, for as long as it runs."""
    fio, cpu = shutil.which("fio"), max(os.sched_getaffinity(0))
    os.makedirs(folder, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, prefix="cached-") as cached:
        for _ in range(FILE_BYTES >> 20):
            cached.write(os.urandom(1 << 20))
        cached.flush()
        os.fsync(cached.fileno())
        return [_pairs(case, blkjob, fio, seconds, n_pairs, cpu) for case in _cases(cached.name)]
