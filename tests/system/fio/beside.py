"""Two programs that take fio's jobs, run beside each other: what the tests here share.

Each test takes the paths of both programs. With --blkjob set to fio itself the tests look at
nothing but their own claims, and must pass; that is how they were made.
"""
import argparse
import collections
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
JOBS = os.path.normpath(os.path.join(HERE, "../../fixtures/jobs"))
SKIPPED = 77  # for ctest

Result = collections.namedtuple("Result", "rc out err text")


class Program:
    """fio or blkjob: runs with a limit of time, in a folder, its document in a file."""

    def __init__(self, path, limit=60):
        self.path = shutil.which(path) or path
        self.limit = limit
        said = subprocess.run([self.path, "--version"], capture_output=True, text=True, check=False)
        self.version = said.stdout.strip()
        self.is_fio = re.fullmatch(r"fio-3\.\d+\S*", self.version) is not None

    def run(self, args, cwd, env=None, form=None, stdin=None):
        """Result of one run; with @form, .text is the document of that form."""
        doc = os.path.join(cwd, ".document")
        line = [self.path]
        if form:
            line += ["--output-format=" + form, "--output=" + doc]
        try:
            done = subprocess.run(line + list(args), cwd=cwd, capture_output=True, text=True,
                                  input=stdin or "", timeout=self.limit, check=False,
                                  env={**os.environ, "LC_ALL": "C", **(env or {})})
        except subprocess.TimeoutExpired:
            return Result(-1, "", f"still running after {self.limit} s", "")
        text = ""
        if form and os.path.exists(doc):
            with open(doc, encoding="utf-8", errors="replace") as f:
                text = f.read()
            os.unlink(doc)
        return Result(done.returncode, done.stdout, done.stderr, text)

    def document(self, result):
        """fio puts warnings before its JSON, so there it may begin later in the text."""
        text = result.text
        if self.is_fio:
            begin = re.search(r"^\{", text, re.M)
            text = text[begin.start():] if begin else text
        return json.loads(text)


class Report:
    """Counts cases; a failure belongs to a group, so that one cause is seen as one."""

    def __init__(self):
        self.cases = 0
        self.failures = []

    def fail(self, case, why, group=None):
        self.failures.append((group or why.split(":")[0], case, why))

    def check(self, good, case, why, group=None):
        if not good:
            self.fail(case, why, group)
        return good

    def end(self):
        groups = collections.defaultdict(list)
        for group, case, why in self.failures:
            groups[group].append((case, why))
        for group in sorted(groups, key=lambda g: (-len({c for c, _ in groups[g]}), g)):
            print(f"FAIL [{group}] in {len({c for c, _ in groups[group]})}")
            for case, why in groups[group][:12]:
                print(f"    {case}: {why}")
            if len(groups[group]) > 12:
                print(f"    ... and {len(groups[group]) - 12} more")
        bad = len({case for _, case, _ in self.failures})
        print(f"{self.cases} cases, {bad} failed")
        return 1 if self.failures else 0


def refusal(err):
    """(group, text) of what a program said when it would not run a job."""
    line = next((x for x in err.splitlines() if x.strip()), "says nothing")
    found = re.search(r":\d+: ([a-z_0-9]+): ", line) or re.search(r"--([a-z_0-9]+)", line) \
        or re.search(r"blkjob: ([a-z_0-9]+): ", line)
    return ("refused: " + found[1] if found else "refused"), line


def kind(value):
    return {dict: "object", list: "array", str: "string", int: "integer", float: "real",
            bool: "true or false", type(None): "null"}[type(value)]


# Their keys are data. "prios" needs two priorities.
DATA_KEYS = {"bins", "percentile", "job options", "global options"}


def tree_missing(want, have, path=""):
    """What @want has and @have has not, or with another JSON type; extra keys are fine."""
    for key, value in want.items():
        sub = f"{path}/{key}"
        if key in ("bins", "percentile") and have.get("N") == 0:
            continue  # what is not there has none; whether it should be is for the counts
        if key not in have:
            yield f"{sub} is missing"
        elif kind(value) != kind(have[key]):
            yield f"{sub} is {kind(have[key])}, in fio {kind(value)}"
        elif isinstance(value, dict) and key not in DATA_KEYS:
            yield from tree_missing(value, have[key], sub)
        elif isinstance(value, dict) and key == "percentile":
            if list(value) != list(have[key]):
                yield f"{sub} has {' '.join(have[key])}, in fio {' '.join(value)}"
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            if not have[key]:
                yield f"{sub} is empty"
            elif key != "jobs":
                yield from tree_missing(value[0], have[key][0], sub + "[0]")


def options_differ(want, have):
    """fio 3.33 leaves bare flags out of the echo, later ones show them as ""; both are fine."""
    if have is None:
        return  # missing as a whole, said elsewhere
    for key, value in (want or {}).items():
        if key not in have:
            yield f"{key} is missing"
        elif have[key] != value:
            yield f"{key} is {have[key]!r}, in fio {value!r}"
    for key, value in have.items():
        if key not in (want or {}) and value not in ("", "1"):
            yield f"{key}={value!r} is not in fio's"


def arguments(about, more=None):
    """The command line of a test, or no return: skipped where there is no fio 3.x."""
    p = argparse.ArgumentParser(description=about)
    p.add_argument("--blkjob", required=True, help="the program under test, or fio")
    p.add_argument("--fio", default="fio", help="what it is compared with")
    p.add_argument("--only", default="", help="cases whose name matches this expression")
    p.add_argument("--keep", action="store_true", help="leave the folder of files there")
    p.add_argument("--scratch", default="/var/tmp", help="where O_DIRECT works (not tmpfs)")
    if more:
        more(p)
    args = p.parse_args()
    if not shutil.which(args.fio):
        print("skipped: no fio in PATH")
        sys.exit(SKIPPED)
    args.fio = Program(args.fio)
    args.blkjob = Program(os.path.abspath(args.blkjob))
    if not args.fio.version.startswith("fio-3"):
        print(f"skipped: {args.fio.version} is not fio 3.x")
        sys.exit(SKIPPED)
    return args


class Scratch:
    """A folder for the files of a test, gone afterwards."""

    def __init__(self, args):
        self.keep = args.keep
        self.path = tempfile.mkdtemp(prefix="blklab-beside-", dir=args.scratch)

    def folder(self, name):
        path = os.path.join(self.path, name)
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        return path

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.keep:
            print("files:", self.path)
        else:
            shutil.rmtree(self.path, ignore_errors=True)


def documents_differ(theirs, ours):
    """All that is different in the shape of two documents: keys, types, names, options."""
    for missing in tree_missing(theirs, ours):
        yield missing
    for what in options_differ(theirs.get("global options"), ours.get("global options")):
        yield f"global options: {what}"
    # 3.33 has nameless entries for jobs with stats=0
    jobs = [[j for j in d["jobs"] if "jobname" in j] for d in (theirs, ours)]
    pairs = [[(j["jobname"], j["groupid"]) for j in some] for some in jobs]
    if pairs[0] != pairs[1]:
        yield f"jobs: {pairs[1]}, in fio {pairs[0]}"
        return
    for a, b in zip(*jobs):
        for missing in tree_missing(a, b, "/jobs"):
            yield missing
        for what in options_differ(a.get("job options"), b.get("job options")):
            yield f"job options: {what}"


def group_of(difference):
    """The cause a difference is filed under: its place, without numbers and values."""
    if "options: " in difference:
        return " ".join(difference.split()[:2]) + (
            " missing" if difference.endswith("is missing") else " not as fio echoes them")
    return re.sub(r"\[\d+\]", "", re.split(r" (is|has) |: ", difference)[0])
