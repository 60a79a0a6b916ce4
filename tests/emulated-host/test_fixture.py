#!/usr/bin/env python3
"""The emulated host itself: scripts and files go in, results and faults come out, nothing stays."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

from case import build, main, scratch
from emulated_host import EmulatedHost, Nvme
from host_root import HERE, PROGRAMS, SOURCE, Root, RootError, find_kernel_package
from talk import HostError

SH = "#!/bin/sh\n"


def command_line(pid):
    """Empty once the process has ended, also when nobody has asked for its status yet."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            return f.read()
    except OSError:
        return b""


def qemu_of(host):
    """A process that has this host's work folder on its command line, or None."""
    return next((pid for pid in filter(str.isdigit, os.listdir("/proc"))
                 if host.work.encode() in command_line(pid)), None)


class OneBoot(unittest.TestCase):
    """What works within one boot, script after script."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="case-", dir=scratch())
        cls.given = os.path.join(cls.folder, "given")
        os.mkdir(cls.given)
        with open(os.path.join(cls.given, "word"), "w", encoding="ascii") as f:
            f.write("from outside\n")
        cls.asked, cls.moments = [], []
        cls.host = EmulatedHost(
            build(), {"given": cls.given}, modules=["dm-delay"], out_mb=8,
            nvme=[Nvme("PASSME01", "16M", "0x10"), Nvme.parse("serial=SLOW02,size=16M,addr=0x11")],
            handlers={"echo": lambda text: cls.asked.append(text) or f"heard {text}",
                      "now": lambda text: cls.moments.append(time.monotonic())})
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.addClassCleanup(cls.host.close)
        cls.host.start()

    def run_sh(self, text, **more):
        return self.host.run(SH + text, **more)

    def test_status_console_and_results_come_out(self):
        out = os.path.join(self.folder, "out")
        r = self.run_sh("cat /in/given/word; mkdir /out/deep; echo 42 >/out/deep/file; exit 7",
                        out=out)
        self.assertEqual(r.status, 7)
        self.assertEqual(r.console, "from outside")
        with open(os.path.join(out, "deep", "file"), encoding="ascii") as f:
            self.assertEqual(f.read(), "42\n")
        with self.assertRaisesRegex(HostError, "is not empty"):
            self.run_sh("true", out=out)
        out = os.path.join(self.folder, "next")
        self.assertEqual(self.run_sh("echo >/out/other", out=out).status, 0)
        self.assertEqual(os.listdir(out), ["other"])

    def test_too_many_results_are_refused(self):
        with self.assertRaisesRegex(HostError, "more than 8 MiB"):
            self.run_sh("dd if=/dev/zero of=/out/big bs=1M count=9 2>/dev/null")
        self.assertEqual(self.run_sh("ls /out").console, "")

    def test_devices_are_what_was_asked(self):
        r = self.run_sh("for n in 1 2; do cat /sys/class/nvme/nvme$n/serial; "
                        "cat /sys/class/nvme/nvme$n/address; cat /sys/block/nvme${n}n1/size; "
                        "ls /sys/class/nvme/nvme$n/device/iommu_group/devices; done; "
                        "dmsetup targets | grep -c delay; "
                        "[ -c /dev/kvm ] && [ -c /dev/vfio/vfio ] && echo both")
        self.assertEqual(r.console.split(),
                         ["PASSME01", "0000:00:10.0", "32768", "0000:00:10.0",
                          "SLOW02", "0000:00:11.0", "32768", "0000:00:11.0", "1", "both"])

    def test_a_device_is_a_file_outside(self):
        r = self.run_sh("echo written inside | dd of=/dev/nvme1n1 bs=512 seek=8 conv=sync,fsync "
                        "2>/dev/null")
        self.assertEqual(r.status, 0, r.console)
        with open(self.host.device("PASSME01").file, "rb") as f:
            f.seek(8 * 512)
            self.assertEqual(f.read(15), b"written inside\n")

    def test_the_inner_side_asks_for_a_fault(self):
        r = self.run_sh("outer set PASSME01 smart_critical_warning 4 && "
                        "outer qmp '{\"execute\": \"qom-get\", \"arguments\": {\"path\": "
                        "\"/machine/peripheral/nvme-PASSME01\", \"property\": "
                        "\"smart_critical_warning\"}}'")
        self.assertEqual((r.status, r.console.split()), (0, ["4"]))

    def test_a_handler_is_called_and_refusals_are_told(self):
        r = self.run_sh("outer echo two words; outer nonsense || echo refused $?; "
                        "outer set NOBODY x 1; outer qmp nonsense; "
                        "outer qmp '{\"execute\": \"nonsense\"}'")
        self.assertIn("two words", self.asked)
        lines = r.console.splitlines()
        self.assertEqual(lines[0], "heard two words")
        self.assertIn("outer: 'nonsense' is not known; one of echo, now, qmp, set", lines[1])
        self.assertEqual(lines[2], "refused 1")
        self.assertIn("no NVMe device has the serial 'NOBODY'; there are: PASSME01, SLOW02",
                      lines[3])
        self.assertIn("outer: qmp: ", lines[4])
        self.assertIn("The command nonsense has not been found", lines[5])

    def test_a_device_goes_to_vfio_and_back(self):
        r = self.run_sh(
            "pci=0000:00:11.0; sys=/sys/bus/pci/devices/$pci\n"
            "to() { echo $pci >$sys/driver/unbind; echo $1 >$sys/driver_override; "
            "echo $pci >/sys/bus/pci/drivers_probe; basename $(readlink $sys/driver); }\n"
            "to vfio-pci; echo quit | qemu-system-x86_64 -M pc -accel kvm -S -nodefaults "
            "-display none -monitor stdio -device vfio-pci,host=$pci >/tmp/log 2>&1 && echo given "
            "|| cat /tmp/log; to nvme")
        self.assertEqual(r.console.split(), ["vfio-pci", "given", "nvme"])

    def test_a_device_is_made_slow_from_outside(self):
        read = "dd if=/dev/nvme2n1 of=/dev/null bs=4k count=20 iflag=direct 2>/dev/null; outer now"
        self.host.qmp("block_set_io_throttle", id=self.host.device("SLOW02").id, bps=0, bps_rd=0,
                      bps_wr=0, iops=20, iops_rd=0, iops_wr=0)
        self.run_sh(f"outer now; {read}")
        begin, end = self.moments
        self.assertGreater(end - begin, 0.7)  # 20 requests at 20/s; QEMU lets 0.1 s' worth burst


class NoIommu(unittest.TestCase):
    def test_it_has_no_groups(self):
        with EmulatedHost(build(), iommu=False, cpus=1, append="eh.word=here") as host:
            r = host.run(SH + "ls /sys/kernel/iommu_groups; nproc; grep -o eh.word=here "
                         "/proc/cmdline")
        self.assertEqual(r.console.split(), ["1", "eh.word=here"])


class Ends(unittest.TestCase):
    """Whatever ends a boot: it is told, with the last words, and nothing stays."""

    def fails(self, script, **more):
        host = EmulatedHost(build())
        with self.assertRaises(HostError) as caught, host:
            self.assertIsNotNone(qemu_of(host))
            host.run(SH + script, **more)
        self.assertIsNone(qemu_of(host))
        self.assertFalse(os.path.exists(host.work))
        return str(caught.exception)

    def test_a_panic(self):
        said = self.fails("echo last words; sleep 0.5; echo c >/proc/sysrq-trigger; sleep 60")
        self.assertIn("QEMU ended: ", said)
        self.assertIn("Kernel panic", said)
        self.assertIn("last words", said)

    def test_a_script_that_hangs(self):
        said = self.fails("echo about to hang; sleep 60", timeout=10)
        self.assertIn("the script did not end in time", said)
        self.assertIn("about to hang", said.splitlines()[-1])

    def test_a_host_that_does_not_start(self):
        host = EmulatedHost(build(), qemu=["-device", "nonsense"])
        with self.assertRaisesRegex(HostError, "QEMU said: .*'nonsense' is not a valid device"):
            host.start()
        host.close()
        self.assertFalse(os.path.exists(host.work))

    def test_an_exception_of_the_test(self):
        host = EmulatedHost(build())
        with self.assertRaises(ZeroDivisionError), host:
            print(1 // 0)
        self.assertIsNone(qemu_of(host))
        self.assertFalse(os.path.exists(host.work))

    def test_the_outer_program_is_killed(self):
        program = ("import sys; sys.path.insert(0, sys.argv[1])\n"
                   "from emulated_host import EmulatedHost\n"
                   "def begun(_): print(host.work, host.child.pid, flush=True)\n"
                   "host = EmulatedHost(sys.argv[2], handlers={'begun': begun}); host.start()\n"
                   "host.run('#!/bin/sh\\nouter begun; sleep 60\\n')\n")
        with subprocess.Popen([sys.executable, "-c", program, HERE, build()],
                              stdout=subprocess.PIPE, text=True) as child:
            work, pid = child.stdout.readline().split()
            child.kill()
        until = time.monotonic() + 5
        while command_line(pid) and time.monotonic() < until:
            time.sleep(0.05)
        self.assertEqual(command_line(pid), b"", "QEMU outlived who started it")
        self.assertTrue(os.path.exists(work))
        with EmulatedHost(build()):  # the next one removes what was left
            self.assertFalse(os.path.exists(work))


class RootDisk(unittest.TestCase):
    def root(self):
        return Root(build(), find_kernel_package(os.path.join(SOURCE, ".cache/packages")),
                    [os.path.join(build(), "blklab")])

    def test_it_is_made_once(self):
        image, _ = self.root().ensure()
        before = os.stat(image).st_mtime_ns
        self.assertEqual(self.root().ensure(lambda text: self.fail(text))[0], image)
        self.assertEqual(os.stat(image).st_mtime_ns, before)

    def test_another_input_is_another_disk(self):
        root, other = self.root(), self.root()
        other.files["usr/bin/extra"] = __file__
        self.assertNotEqual(root.key(), other.key())

    def test_what_is_missing_is_named_with_its_package(self):
        programs = PROGRAMS + (("/usr/bin/no-such-program", "such-package"),)
        import host_root
        host_root.PROGRAMS, kept = programs, host_root.PROGRAMS
        self.addCleanup(setattr, host_root, "PROGRAMS", kept)
        with self.assertRaisesRegex(RootError, "no-such-program.*install such-package"):
            self.root()


if __name__ == "__main__":
    main()
