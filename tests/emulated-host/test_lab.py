#!/usr/bin/env python3
"""blklab in the emulated host: KVM is proved there by a guest that boots, and a run under it is
stored whole. Prints what the machine outside says, which needs no working KVM."""

import argparse
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest

from emulated_host import EmulatedHost, Nvme
from host_root import HERE, SOURCE, find_kernel_package

BUILD = os.path.join(SOURCE, "build")
CASES = os.path.join(HERE, "cases")


def probe_row(text):
    """doctor --json's answer about the probe guest."""
    return next(r for r in json.loads(text) if r["what"] == "probe guest")


def outside():
    """What doctor says of the machine itself."""
    with tempfile.TemporaryDirectory() as d:
        run = subprocess.run(
            [os.path.join(BUILD, "blklab"), "doctor", "--probe", "--json", "--work-dir",
             os.path.join(d, "work"), "--cache-dir", os.path.join(d, "cache"), "--kernel",
             find_kernel_package(os.path.join(SOURCE, ".cache/packages"))],
            stdout=subprocess.PIPE, text=True, check=False)
    return probe_row(run.stdout)


class UnderKvm(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.out = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.out)
        script = os.path.join(CASES, "kvm.sh")
        files = {f: os.path.join(CASES, f) for f in ("least.yaml", "least.fio")}
        with EmulatedHost(BUILD, files, [Nvme("WORK", "2G", "0x10")]) as host, \
                open(script, encoding="utf-8") as f:
            cls.result = host.run(f.read(), os.path.join(cls.out, "results"))
            print(f"boot {host.boot_seconds:.1f} s, script {cls.result.seconds:.1f} s")
        print(cls.result.console)
        assert cls.result.status == 0, f"the script ended with {cls.result.status}"
        cls.db = sqlite3.connect(cls.path("store.db"))
        cls.addClassCleanup(cls.db.close)

    @classmethod
    def path(cls, name):
        return os.path.join(cls.out, "results", name)

    def probe_row(self, name):
        with open(self.path(name), encoding="utf-8") as f:
            return probe_row(f.read())

    def rows(self, sql):
        return self.db.execute(sql).fetchall()

    def test_kvm_is_proved_by_a_guest(self):
        row = self.probe_row("doctor.json")
        print(f"outside: {outside()['value']}\ninside:  {row['value']}")
        self.assertEqual(row["level"], "ok")
        self.assertRegex(row["value"], r"^kvm: a probe guest said hello under KVM after ")

    def assert_no_kvm(self, row):
        self.assertEqual(row["level"], "warn")
        self.assertRegex(row["value"], r"^tcg: /dev/kvm does not open: ")

    def test_kvm_is_not_claimed_without_it(self):
        self.assert_no_kvm(self.probe_row("no-kvm.json"))
        if not os.path.exists("/dev/kvm"):
            self.assert_no_kvm(outside())

    def test_the_run_is_a_kvm_run(self):
        self.assertEqual(self.rows("SELECT accel FROM run"), [("kvm",)])
        [(xml,)] = self.rows("SELECT domain_xml FROM trial WHERE domain_xml <> ''")
        self.assertIn("<domain type='kvm'", xml)

    def test_all_trials_have_a_result(self):
        self.assertEqual(self.rows("SELECT bus, n_trials, n_ok FROM cells ORDER BY bus"),
                         [("host", 1, 1), ("virtio-blk", 1, 1)])
        for cell, n, p50_ns in self.rows("SELECT cell, n, p50_ns FROM percentiles "
                                         "WHERE kind = 'lat' AND direction = 'read'"):
            self.assertGreater(n, 20, cell)
            self.assertGreater(p50_ns, 1000, cell)

    def test_the_effective_configuration_was_read_back(self):
        rows = {key: (asked, effective, source, matches) for key, asked, effective, source, matches
                in self.rows("SELECT key, asked, effective, source, matches FROM effective")}
        self.assertEqual(rows["accel"], ("kvm", "kvm", "qmp query-kvm", 1))
        self.assertEqual(rows["device"][1], "virtio-blk-pci")
        self.assertEqual(rows["guest.driver"][1], "virtio_blk")
        self.assertEqual([k for k, row in rows.items() if not row[3]], [])

    def test_cpu_time_is_of_the_vcpu(self):
        [(vcpu_ns,)] = self.rows("SELECT value FROM job_fact WHERE key = 'cpu.vcpu_ns'")
        self.assertGreater(int(vcpu_ns), 100_000_000)  # of a job of 2 s

    def test_the_report_speaks_of_no_emulation(self):
        with open(self.path("report.html"), encoding="utf-8") as f:
            page = f.read()
        self.assertIn("<svg", page)  # gnuplot ran inside
        self.assertNotIn("emulated cpu", page.lower())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=BUILD)
    args, rest = parser.parse_known_args()
    BUILD = os.path.realpath(args.build)
    unittest.main(argv=sys.argv[:1] + rest, verbosity=2)
