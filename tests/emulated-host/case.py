"""What the tests of the emulated host share: a case that is one boot and one script, and the
command line."""

import argparse
import os
import shutil
import sqlite3
import sys
import tempfile
import unittest

from emulated_host import EmulatedHost
from host_root import HERE, SOURCE

CASES = os.path.join(HERE, "cases")
_options = argparse.Namespace(build=os.path.join(SOURCE, "build"))


def build():
    """The build folder whose programs are tested."""
    return _options.build


def scratch():
    """Where tests make their folders: on the disk of the build, as devices may be large."""
    path = os.path.join(build(), "test-work")
    os.makedirs(path, exist_ok=True)
    return path


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


class InHost(unittest.TestCase):
    """One boot, one script of cases/, its results."""
    script = None
    files = ()  # of cases/, beside lib.sh
    host = {}  # what EmulatedHost() is told besides

    @classmethod
    def devices(cls):
        """The Nvme devices of this boot; cls.out is there."""
        return []

    @classmethod
    def made_files(cls):
        """{name: path} of further files that are to be in /in."""
        return {}

    @classmethod
    def setUpClass(cls):
        cls.out = tempfile.mkdtemp(prefix="case-", dir=scratch())
        cls.addClassCleanup(shutil.rmtree, cls.out)
        files = {f: os.path.join(CASES, f) for f in ("lib.sh",) + cls.files}
        files.update(cls.made_files())
        with EmulatedHost(build(), files, cls.devices(), memory_mb=2048, **cls.host) as host:
            cls.result = host.run(read(os.path.join(CASES, cls.script)), cls.path(""), timeout=600)
            print(f"boot {host.boot_seconds:.1f} s, script {cls.result.seconds:.1f} s")
        print(cls.result.console)
        keep = os.environ.get("BLKLAB_KEEP_RESULTS")
        if keep:
            shutil.copytree(cls.path(""), os.path.join(keep, cls.__name__), dirs_exist_ok=True)
        assert cls.result.status == 0, f"the script ended with {cls.result.status}"

    @classmethod
    def make_file(cls, name, text):
        path = os.path.join(cls.out, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    @classmethod
    def path(cls, name):
        """A file that the script left in /out."""
        return os.path.join(cls.out, "results", name)

    def text(self, name):
        return read(self.path(name)).strip()

    def rows(self, sql, store="store.db"):
        db = sqlite3.connect(self.path(store))
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=build())
    args, rest = parser.parse_known_args()
    _options.build = os.path.realpath(args.build)
    unittest.main(argv=sys.argv[:1] + rest, verbosity=2)
