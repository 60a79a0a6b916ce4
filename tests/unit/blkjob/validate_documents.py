"""The documents in expected/ are valid under the shipped JSON Schema and built as fio's own.

Each *.json there is validated, some broken ones must not be, and a document of fio 3.33, made
here, must be valid, too. Then keys, their order and their types are compared with fio's: what
ours have beyond must be in ADDED. Exit status 77: python3-jsonschema is not there.
"""
import copy
import glob
import json
import shutil
import subprocess
import sys
import tempfile

try:
    import jsonschema
except ImportError as missing:
    print("not compared:", missing)
    sys.exit(77)

# What blkjob has and fio 3.33 has not, or has only at times; docs/fio-json.md names them.
ADDED = {
    "job_start", "error_text", "sched_lat_ns", "engine", "blkjob version", "ignored options",
    "read_sectors", "write_sectors",
}

root = sys.argv[1]
with open(root + "/vmimages/blkjob/fio-json.schema.json", encoding="utf-8") as f:
    schema = json.load(f)
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)

documents = {}
for path in sorted(glob.glob(root + "/tests/unit/blkjob/expected/*.json")):
    with open(path, encoding="utf-8") as f:
        documents[path.rsplit("/", 1)[1]] = json.load(f)
assert len(documents) >= 14, documents.keys()
for name, document in documents.items():
    validator.validate(document)
    for job in document["jobs"]:
        assert "engine" in job, name
    assert document["blkjob version"], name


def broken(change):
    document = copy.deepcopy(documents["reader-plus.json"])
    change(document)
    return document


BROKEN = [
    lambda d: d.pop("jobs"),
    lambda d: d.update({"fio version": "blkjob"}),
    lambda d: d["jobs"][0].pop("read"),
    lambda d: d["jobs"][0].update({"error": "none"}),
    lambda d: d["jobs"][0].update({"surprise": 1}),
    lambda d: d["jobs"][0]["read"].update({"iops": "many"}),
    lambda d: d["jobs"][0]["read"].update({"total_ios": 1.5}),
    lambda d: d["jobs"][0]["read"]["clat_ns"]["percentile"].update({"99": 1}),
    lambda d: d["jobs"][0]["read"]["clat_ns"].update({"N": 0}),
    lambda d: d["jobs"][0]["iodepth_level"].update({"1": 112.5}),
    lambda d: d["jobs"][0]["job options"].update({"bs": 4096}),
]
for number, change in enumerate(BROKEN):
    assert not validator.is_valid(broken(change)), "accepted: BROKEN[%d]" % number


def compare(ours, fios, where):
    """Keys in fio's order with fio's types; arrays by their first item."""
    if isinstance(fios, list):
        for a, b in zip(ours[:1], fios[:1]):
            compare(a, b, where + "[]")
        return
    if not isinstance(fios, dict):
        assert type(ours) is type(fios), "%s: %r, fio has %r" % (where, ours, fios)
        return
    if where.endswith(" options") or where.endswith("bins") or where.endswith("percentile"):
        return
    # fio has bins only with that latency's percentiles
    mine = [key for key in ours if key not in ADDED and (key != "bins" or key in fios)]
    assert mine == list(fios), "%s: %s, fio has %s" % (where, mine, list(fios))
    for key, value in fios.items():
        compare(ours[key], value, where + "/" + key)


fio = shutil.which("fio")
if not fio or "fio-3.33" not in subprocess.run([fio, "--version"], capture_output=True, text=True,
                                              check=True).stdout:
    print("not compared with fio: fio 3.33 is not there")
    sys.exit(0)

COMMON = ["--ioengine=null", "--size=1g", "--runtime=1", "--time_based=1", "--rate_iops=500"]
CASES = {
    "reader.json": ["--name=global", "--direct=0", "--name=a"] + COMMON + ["--rw=randread"],
    "merged.json": ["--name=a", "--numjobs=2", "--group_reporting=1", "--rw=randrw", "--fsync=8",
                    "--iodepth=4", "--slat_percentiles=1", "--lat_percentiles=1",
                    "--description=x", "--continue_on_error=all"] + COMMON,
    "unified.json": ["--name=a", "--rw=randrw", "--unified_rw_reporting=1",
                     "--name=b", "--rw=randrw", "--unified_rw_reporting=2"],
    "steady.json": ["--name=a", "--ss=iops:5%", "--ss_dur=3"] + COMMON,
    "disks.json": ["--name=global", "--direct=0", "--name=a", "--rw=randread", "--size=64k",
                   "--filename=data"],
    "reader-plus.json": ["--output-format=json+", "--name=global", "--direct=0", "--name=a"]
                        + COMMON,
}
CASES["unified.json"] = CASES["unified.json"][:3] + COMMON + CASES["unified.json"][3:] + COMMON
with tempfile.TemporaryDirectory() as folder:
    for name, arguments in CASES.items():
        if not arguments[0].startswith("--output-format"):
            arguments = ["--output-format=json"] + arguments
        theirs = json.loads(subprocess.run([fio] + arguments, cwd=folder, capture_output=True,
                                           text=True, check=True).stdout)
        for job in theirs["jobs"]:  # fio counts syncs as depth, but not as I/O
            for table in ("iodepth_level", "iodepth_submit", "iodepth_complete"):
                job[table] = {key: min(100.0, value) for key, value in job[table].items()}
        validator.validate(theirs)
        if name == "disks.json":  # one without others under it first; none on a tmpfs
            documents[name]["disk_util"].reverse()
            if "disk_util" not in theirs:
                del documents[name]["disk_util"]
        compare(documents[name], theirs, "")
print("%d documents valid, %d broken ones refused, %d compared with fio's"
      % (len(documents), len(BROKEN), len(CASES)))
