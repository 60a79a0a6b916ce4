"""The logs of blkjob beside those that fio 3.33 writes for the same jobs.

The same files, and in each lines of the same form: columns, which of them are hexadecimal, the
directions and sizes. Figures are the run's own. Exit status 77: fio 3.33 is not there.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

blkjob = sys.argv[1]
fio = shutil.which("fio")
if not fio or "fio-3.33" not in subprocess.run([fio, "--version"], capture_output=True, text=True,
                                              check=True).stdout:
    print("not compared: fio 3.33 is not there")
    sys.exit(77)

HEAD = """[global]
ioengine=libaio
filename=data
size=256k
bs=4k
rw=randrw
iodepth=2
fallocate=none
invalidate=0
"""
CASES = {
    "each request": """[first]
write_bw_log=p
write_iops_log=p
write_lat_log=q
[second]
write_iops_log=p
numjobs=2
""",
    "offset and priority": """[a]
write_iops_log=p
write_lat_log=p
log_offset=1
log_prio=1
per_job_logs=0
""",
    "windows": """[a]
time_based=1
runtime=1
write_bw_log=p
write_iops_log=p
write_lat_log=p
log_avg_msec=200
log_offset=1
[b]
time_based=1
runtime=1
write_lat_log=p
log_avg_msec=200
log_max_value=1
""",
    "histograms": """[a]
time_based=1
runtime=1
write_hist_log=p
log_hist_msec=200
[b]
time_based=1
runtime=1
write_hist_log=p
log_hist_msec=200
log_hist_coarseness=3
log_unix_epoch=1
""",
}


def shape(line):
    """What is fixed in a line: separators, hexadecimal columns, width of the clock."""
    columns = line.rstrip("\n").split(", ")
    assert all(re.fullmatch(r"[0-9]+|0x[0-9a-f]{4}", column) for column in columns), line
    kinds = "".join("x" if column.startswith("0x") else "d" for column in columns)
    return kinds, "epoch" if len(columns[0]) > 9 else "run"


def run(program, job, folder):
    with open(os.path.join(folder, "data"), "wb") as f:
        f.write(os.urandom(256 * 1024))
    with open(os.path.join(folder, "job.fio"), "w", encoding="utf-8") as f:
        f.write(job)
    subprocess.run([program, "--output=out", "job.fio"], cwd=folder, check=True, timeout=60)
    logs = {}
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".log"):
            continue
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            lines = f.readlines()
        assert lines, "%s: %s is empty" % (program, name)
        direction = 1 if "_hist" in name else 2  # and the size behind it
        logs[name] = ({shape(line) for line in lines},
                      {tuple(line.split(", ")[direction:direction + 2]) for line in lines})
    return logs


for case, jobs in CASES.items():
    with tempfile.TemporaryDirectory() as ours, tempfile.TemporaryDirectory() as theirs:
        mine, fios = run(blkjob, HEAD + jobs, ours), run(fio, HEAD + jobs, theirs)
    assert fios, case
    assert list(mine) == list(fios), "%s: %s, fio has %s" % (case, list(mine), list(fios))
    for name, fixed in fios.items():
        assert mine[name] == fixed, "%s: %s: %s, fio has %s" % (case, name, mine[name], fixed)
    print("%s: %s" % (case, ", ".join(mine)))
