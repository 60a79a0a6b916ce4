#!/usr/bin/env python3
"""blklab in the emulated host: KVM is proved there by a guest that boots, and a run under it is
stored whole. Prints what the machine outside says, which needs no working KVM."""

import json
import os
import subprocess
import tempfile

from case import InHost, build, main, scratch
from emulated_host import Nvme
from host_root import SOURCE, find_kernel_package


def probe_row(text):
    """doctor --json's answer about the probe guest."""
    return next(r for r in json.loads(text) if r["what"] == "probe guest")


def outside():
    """What doctor says of the machine itself."""
    with tempfile.TemporaryDirectory(dir=scratch()) as d:
        run = subprocess.run(
            [os.path.join(build(), "blklab"), "doctor", "--probe", "--json", "--work-dir",
             os.path.join(d, "work"), "--cache-dir", os.path.join(d, "cache"), "--kernel",
             find_kernel_package(os.path.join(SOURCE, ".cache/packages"))],
            stdout=subprocess.PIPE, text=True, check=False)
    return probe_row(run.stdout)


class UnderKvm(InHost):
    script = "kvm.sh"
    files = ("least.yaml", "least.fio")

    @classmethod
    def devices(cls):
        return [Nvme("WORK", "2G", "0x10")]

    def probe_row(self, name):
        return probe_row(self.text(name))

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
        page = self.text("report.html")
        self.assertIn("<svg", page)  # gnuplot ran inside
        self.assertNotIn("emulated cpu", page.lower())


if __name__ == "__main__":
    main()
