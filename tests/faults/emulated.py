"""A run inside the emulated host of ../emulated-host, which has a device mapper, NVMe devices and a
working KVM of its own: faults of block devices, without touching any of this machine's."""

import os
import sys

from lab import LabError

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "emulated-host"))

from emulated_host import EmulatedHost, HostError, Nvme  # noqa: E402

SECTORS = 1 << 20  # 512 MiB

# A device mapper target over an NVMe device, a file system on it, and the lab in that.
SCRIPT = """#!/bin/sh
modprobe {module} || exit 1
echo "0 {sectors} {target}" | dmsetup create --noudevsync faulty && dmsetup mknodes || exit 1
mkfs.ext4 -q /dev/mapper/faulty || exit 1
mkdir /mnt/lab && mount /dev/mapper/faulty /mnt/lab || exit 1
blklab run /in/scenario.yaml --store /out/store.db --work-dir /mnt/lab --cache-dir /srv/cache \\
	--accel kvm
"""


class EmulatedRun:
    """@module, @target: of the device mapper, without start and length; the device below is
    /dev/nvme1n1."""

    def __init__(self, module, target):
        self.module, self.target = module, target

    def run(self, build, folder):
        """The path of the store that came out; scenario.yaml and jobs.fio lie in @folder."""
        files = {name: os.path.join(folder, name) for name in ("scenario.yaml", "jobs.fio")}
        script = SCRIPT.format(module=self.module, target=self.target, sectors=SECTORS)
        out = os.path.join(folder, "out")
        try:
            with EmulatedHost(build, files, [Nvme("SLOW", "512M", "0x10")],
                              memory_mb=2048) as host:
                result = host.run(script, out, timeout=240)
        except HostError as e:
            raise LabError(str(e)[-2000:]) from e
        if result.status:
            raise LabError(f"the script ended with {result.status}: {result.console[-1000:]}")
        return os.path.join(out, "store.db")
