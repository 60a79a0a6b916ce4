#!/usr/bin/env python3
"""NVMe passthrough in the emulated host: every way to one claimed device measured, proved and given
back; what inner guests wrote is verified on the backing file from outside; a killed run's device
comes back."""

import json
import os
import re
import subprocess

from case import InHost, build, main
from emulated_host import Nvme

DEVICE = "0000:00:10.0"
SIZE = 192 << 20
CLAIM_AT = SIZE - (1 << 20)
GIVEN_BACK = (r"the disk 'PASSME01' \(0000:00:10\.0\), which a killed run had: back at nvme with "
              r"nvme1n1 after ")

# What each bus writes: blocks of its own, with a checksum each, in a region of its own.
WRITTEN = {"vfio": 8, "nvme-userspace": 16, "virtio-blk": 24, "host": 32}  # MiB
REGION = 4 << 20


def written_job(bus):
    """The job that writes a bus's blocks; verified again outside with verify_only."""
    return (f"[written]\nrw=write\nbs=64k\noffset={WRITTEN[bus]}m\nsize=4m\n"
            f"ioengine=psync\ndirect=1\nverify=crc32c\ndo_verify=0\nend_fsync=1\n"
            f"randseed={1000 + WRITTEN[bus]}\n")


def written_scenario(bus):
    """Nothing but that job, on a disk that is not filled before."""
    storage = "" if bus in ("vfio", "nvme-userspace") else ", storage: [device]"
    needs = "needs: { live_migration: yes }\n" if bus == "vfio" else ""
    return (f"name: written-{bus}\nvm: {{ vcpus: 1, memory: 256MiB }}\n{needs}"
            f"backing: {{ size: 64MiB, precondition: none }}\n"
            f"axes: {{ bus: [{bus}]{storage} }}\njobs: written-{bus}.fio\nrepeats: 1\nseed: 1\n")


class OneDisk(InHost):
    """One disk, with a group of its own, and the runs of the scripts on it."""

    @classmethod
    def devices(cls):
        cls.disk = os.path.join(cls.out, "device.raw")
        with open(cls.disk, "wb") as f:
            f.truncate(SIZE)
        return [Nvme("PASSME01", addr="0x10", file=cls.disk)]

    @classmethod
    def make_scenario(cls, name, axes, jobs):
        """One trial of each cell, on a disk that is not filled before."""
        return cls.make_file(
            name + ".yaml",
            f"name: {name}\nvm: {{ vcpus: 1, memory: 256MiB }}\n"
            f"backing: {{ size: 16MiB, precondition: none }}\n"
            f"axes: {{ {axes} }}\njobs: {jobs}.fio\nrepeats: 1\nseed: 1\n")

    @classmethod
    def make_job(cls, name, seconds):
        return cls.make_file(name + ".fio", "[it]\nrw=randread\nbs=4k\ntime_based\n"
                             f"runtime={seconds}\nioengine=psync\ndirect=1\n")


class EveryWay(OneDisk):
    script = "passthrough.sh"
    files = ("passthrough.yaml", "passthrough.fio")

    @classmethod
    def made_files(cls):
        made = {}
        for bus in WRITTEN:
            made[f"written-{bus}.yaml"] = cls.make_file(f"{bus}.yaml", written_scenario(bus))
            made[f"written-{bus}.fio"] = cls.make_file(f"{bus}.fio", written_job(bus))
        return made

    def facts(self, cell):
        return dict(self.rows("SELECT f.key, f.value FROM trial_fact f JOIN trial t ON t.id = "
                              f"f.trial JOIN cell c ON c.id = t.cell WHERE c.name = '{cell}'"))

    def effective(self, cell):
        return {k: (a, e) for k, a, e in self.rows(
            "SELECT e.key, e.asked, e.effective FROM effective e JOIN trial t ON t.id = e.trial "
            f"JOIN cell c ON c.id = t.cell WHERE c.name = '{cell}'")}

    def cell(self, bus, storage=None, fmt=None):
        """The name of the cell of these values."""
        [(name,)] = self.rows(
            f"SELECT cell FROM cells WHERE bus = '{bus}'"
            + (f" AND storage = '{storage}'" if storage else "")
            + (f" AND format = '{fmt}'" if fmt else ""))
        return name

    def test_every_cell_ran_under_kvm(self):
        self.assertEqual(self.rows("SELECT accel FROM run"), [("kvm",)])
        self.assertEqual(
            self.rows("SELECT bus, storage, format, n_trials, n_ok FROM cells ORDER BY 1, 2, 3"),
            [("host", "device", None, 1, 1), ("nvme-userspace", None, None, 1, 1),
             ("vfio", None, None, 1, 1), ("virtio-blk", "device", "raw", 1, 1),
             ("virtio-blk", "filesystem", "qcow2", 1, 1),
             ("virtio-blk", "filesystem", "raw", 1, 1)])

    def test_the_run_tells_of_each_trial_and_the_decision(self):
        trials = re.findall(r"^trial (\d) of 6  .* ok ", self.text("progress.txt"), re.M)
        self.assertEqual(trials, ["1", "2", "3", "4", "5", "6"])
        self.assertRegex(self.text("table.txt"),
                         r"should this VM get passthrough\?\n +Cannot tell: ")

    def test_the_guest_has_the_controller_itself(self):
        rows = self.effective(self.cell("vfio"))
        self.assertEqual(rows["host.driver"], ("vfio-pci", "vfio-pci"))
        self.assertEqual(rows["guest.driver"], ("nvme", "nvme"))
        self.assertEqual(rows["guest.serial"], ("PASSME01", "PASSME01"))
        self.assertEqual(rows["guest.model"], ("QEMU NVMe Ctrl", "QEMU NVMe Ctrl"))
        self.assertEqual(rows["guest.firmware"][0], rows["guest.firmware"][1])
        self.assertIsNotNone(rows["guest.firmware"][1])
        self.assertEqual(rows["guest.queues"], ("2", "2"))
        self.assertEqual(rows["guest.msix_vectors"], ("3", "3"))

    def test_qemu_has_the_controller(self):
        rows = self.effective(self.cell("nvme-userspace"))
        self.assertEqual(rows["host.driver"], ("vfio-pci", "vfio-pci"))
        self.assertEqual(rows["guest.driver"], ("virtio_blk", "virtio_blk"))

    def test_virtio_lies_on_the_block_device(self):
        rows = self.effective(self.cell("virtio-blk", "device"))
        self.assertEqual(rows["image.file"], ("/dev/nvme1n1", "/dev/nvme1n1"))
        self.assertEqual(rows["image.o_direct"], ("on", "on"))

    def test_the_device_was_given_back(self):
        for when in ("before", "after"):
            self.assertEqual(self.text(f"driver-{when}.txt"), "nvme")
            self.assertEqual(self.text(f"node-{when}.txt"), "/dev/nvme1n1")
        rows = self.rows("SELECT kind, device, serial, driver_before, is_back, outcome "
                         "FROM handover ORDER BY given_ms")
        self.assertEqual(sorted(r[0] for r in rows), ["mount", "mount", "vfio", "vfio"])
        for kind, device, serial, before, is_back, outcome in rows:
            self.assertEqual((serial, is_back), ("PASSME01", 1), outcome)
            if kind == "vfio":
                self.assertEqual((device, before), (DEVICE, "nvme"))
                self.assertRegex(outcome, r"^back at nvme with nvme1n1 after ")

    def assert_written(self, facts, before, after):
        """The health log was read again: it has more written, and no new error."""
        before, after = ({k: int(facts[f"device.{when}.smart.{k}"])
                          for k in ("write_commands", "data_written_bytes", "media_errors",
                                    "error_log_entries")} for when in (before, after))
        self.assertGreater(after["write_commands"], before["write_commands"])
        self.assertGreater(after["data_written_bytes"], before["data_written_bytes"])
        self.assertEqual(after["media_errors"], 0)
        self.assertEqual(after["error_log_entries"], before["error_log_entries"])

    def test_who_the_device_is_and_how_it_fares(self):
        for cell in (self.cell("vfio"), self.cell("virtio-blk", "device"), self.cell("host")):
            facts = self.facts(cell)
            self.assertEqual(facts["device.serial"], "PASSME01", cell)
            self.assertEqual(facts["device.model"], "QEMU NVMe Ctrl", cell)
            self.assertEqual(facts["device.lba_format"], "512 B + 0 B metadata", cell)
            self.assert_written(facts, "before", "after")
            self.assertEqual([k for k in facts if k.endswith(".not_read")], [], cell)
        self.assert_written(self.facts(self.cell("vfio")), "guest_before", "guest_after")

    def job_facts(self, cell, like):
        return self.rows(
            "SELECT j.name, f.key, f.value FROM job_fact f JOIN job_result j ON j.id = f.job_result "
            "JOIN trial t ON t.id = j.trial JOIN cell c ON c.id = t.cell "
            f"WHERE c.name = '{cell}' AND f.key LIKE '{like}'")

    def test_interrupts_are_counted_on_both_sides(self):
        guest = self.job_facts(self.cell("vfio"), "irq.guest.nvme0q%")
        host = self.job_facts(self.cell("vfio"), "irq.host.vfio-msix%")
        in_guest, on_host = (sum(int(n) for _, _, v in facts for n in re.findall(r":(\d+)", v))
                             for facts in (guest, host))
        print(f"vfio: {in_guest} interrupts in the guest, {on_host} on the host")
        self.assertGreater(in_guest, 1000)
        self.assertGreater(on_host, in_guest / 2)  # those that come together are one
        self.assertTrue(self.job_facts(self.cell("virtio-blk", "device"), "irq.guest.virtio%"))
        self.assertTrue(self.job_facts(self.cell("virtio-blk", "device"), "irq.host.nvme1q%"))
        self.assertTrue(self.job_facts(self.cell("host"), "irq.host.nvme1q%"))
        # A host with one CPU has no other that could take them.
        found = json.loads(self.text("report.json"))["findings"]
        self.assertNotIn(("interrupts-one-cpu", "host"), [(f["cause"], f["layer"]) for f in found])

    def test_doctor_finds_it_ready(self):
        rows = {r["what"]: r for r in json.loads(self.text("doctor.json"))}
        for what, value in (("iommu", r"^\d+ groups"), ("vfio-pci", r"^loaded$"),
                            ("interrupt remapping", r"^on "), ("unsafe interrupts", r"^not allowed"),
                            ("nvme1n1", r"serial PASSME01, at 0000:00:10\.0, group \d+ \(alone\): "
                                        r"ready$")):
            self.assertEqual(rows[what]["level"], "ok", rows[what])
            self.assertRegex(rows[what]["value"], value)
        self.assertEqual(rows["nvme0n1"]["level"], "info")
        self.assertRegex(rows["nvme0n1"]["value"], r": not now$")
        self.assertIn("this host runs from it", rows["nvme0n1"]["meaning"])

    def test_claim_lists_the_disks(self):
        disks = {d["serial"]: d for d in json.loads(self.text("devices.json"))}
        self.assertEqual(sorted(disks), ["PASSME01", "ROOT", "in", "out"])
        mine = disks["PASSME01"]
        self.assertEqual((mine["pci"], mine["disk"], mine["driver"], mine["size_bytes"]),
                         (DEVICE, "nvme1n1", "nvme", SIZE))
        self.assertEqual(str(mine["iommu_group"]),
                         self.facts(self.cell("vfio"))["device.iommu_group"])
        self.assertEqual((mine["claim"], mine["may_be_claimed"], mine["may_be_passed"]),
                         (None, True, False))
        self.assertFalse(disks["ROOT"]["may_be_claimed"])

    def decision(self, report):
        """Its decision, the question that decided, and the lines of the checklist."""
        decision = report["decision"]
        [decided] = [line for line in decision["checklist"] if line["decided"]]
        return decision, decided["question"], decision["checklist"]

    def test_the_report_decides(self):
        self.assertIn("Should this VM get", self.text("report.html"))
        report = json.loads(self.text("report.json"))
        declared = report["run"]["declared"]
        self.assertEqual(declared["asked.scenario"], "/in/passthrough.yaml")
        self.assertEqual({k: v for k, v in declared.items() if not k.startswith("asked.")},
                         {"needs.live_migration": "no", "needs.snapshots": "no",
                          "needs.shared_device": "no", "needs.latency_critical": "yes",
                          "device.pci": DEVICE, "device.serial": "PASSME01",
                          "device.namespace": "1"})
        decision, decided, lines = self.decision(report)
        self.assertEqual(decision["decision"], "cannot-tell")  # by one trial a cell
        self.assertIn("tail better", decided)
        self.assertTrue(decision["sentence"].startswith("Cannot tell: "), decision["sentence"])
        self.assertEqual(decision["cell"], self.cell("vfio"))
        self.assertTrue(decision["best_virtio"].startswith("virtio-blk"), decision["best_virtio"])
        self.assertEqual(len(lines), 9)

    def test_a_need_decides_before_what_was_measured(self):
        decision, decided, lines = self.decision(json.loads(self.text("written-vfio.json")))
        self.assertEqual(decision["decision"], "virtio")
        self.assertEqual(decided, lines[0]["question"])
        self.assertIn("migrate live", decided)
        self.assertTrue(decision["sentence"].startswith("No, virtio: "), decision["sentence"])

    def verify(self, job):
        """Read the blocks of a job on the backing file and compare them with what it writes."""
        path = self.make_file("verify.fio", job.replace("do_verify=0", "do_verify=1")
                              + f"filename={self.disk}\nverify_only=1\n")
        return subprocess.run([os.path.join(build(), "blkjob"), path], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)

    def test_what_guests_wrote_is_on_the_device(self):
        for bus in WRITTEN:
            run = self.verify(written_job(bus))
            self.assertEqual(run.returncode, 0, f"{bus}: {run.stdout}")
        # The check bites: blocks that nobody wrote have no checksum.
        run = self.verify(written_job("vfio").replace("offset=8m", "offset=4m"))
        self.assertNotEqual(run.returncode, 0)

    def test_nobody_wrote_behind_the_disk(self):
        with open(self.disk, "rb") as f:
            f.seek(CLAIM_AT)
            claim = f.read(4096)
            end = f.read()
        # What lies before it is the cells'; behind the claim there is nothing.
        self.assertEqual(len(end), SIZE - CLAIM_AT - 4096)
        self.assertTrue(claim.startswith(b"blklab"), claim[:40])
        self.assertIn(b"PASSME01", claim)
        self.assertFalse(any(end))


class Killed(OneDisk):
    script = "killed.sh"

    @classmethod
    def made_files(cls):
        return {
            "killed.yaml": cls.make_scenario("killed", "bus: [vfio]", "long"),
            "killed-next.yaml": cls.make_scenario("killed-next", "bus: [host], storage: [device]",
                                                  "short"),
            "killed-mount.yaml": cls.make_scenario(
                "killed-mount", "bus: [host], storage: [filesystem]", "long"),
            "long.fio": cls.make_job("long", 120),
            "short.fio": cls.make_job("short", 1),
        }

    def assert_left_alone(self, name, state, refusal):
        """A second blklab beside the living one: recover knows of nothing, run is refused."""
        self.assertEqual(self.text(f"beside-{name}.txt").split("\n"),
                         state + ["not given back 1", "blklab lives"])
        self.assertNotIn("PASSME01", self.text(f"beside-{name}-recover.txt"))
        self.assertRegex(self.text(f"beside-{name}-run.txt"), refusal)

    def test_a_second_lab_leaves_the_guest_and_its_device_alone(self):
        self.assert_left_alone("guest", ["driver vfio-pci", "guests 1", "mounts 0"],
                               r"failed: .*(is at the driver 'vfio-pci', not at the host's own|"
                               r"is in a run of another blklab)")

    def test_a_second_lab_leaves_the_mount_alone(self):
        self.assert_left_alone("mount", ["driver nvme", "guests 0", "mounts 1"],
                               r"is in a run of another blklab")

    def test_the_disk_is_held_while_the_host_uses_it(self):
        self.assertEqual(self.text("held.txt"), "it is held")

    def test_a_killed_lab_leaves_the_guest_with_the_device(self):
        self.assertEqual(self.text("killed.txt").split("\n"),
                         ["driver vfio-pci", "emulators 1"])

    def test_recover_ends_the_guest_and_gives_it_back(self):
        self.assertEqual(self.text("recovered.txt").split("\n"),
                         ["driver nvme", "node /dev/nvme1n1", "emulators 0"])
        self.assertRegex(self.text("recover.txt"), GIVEN_BACK)

    def test_it_is_recorded_before_the_host_loses_it(self):
        self.assertEqual(self.text("frozen.txt"), f"vfio|{DEVICE}|PASSME01")
        self.assertEqual(self.text("frozen-recovered.txt").split("\n"),
                         ["driver nvme", "node /dev/nvme1n1", "emulators 0"])
        self.assertRegex(self.text("frozen-recover.txt"), GIVEN_BACK)

    def test_the_next_run_gives_it_back_when_qemu_died_too(self):
        self.assertEqual(self.text("both-killed.txt"), "driver vfio-pci")
        self.assertEqual(self.text("both-recovered.txt").split("\n"),
                         ["driver nvme", "node /dev/nvme1n1"])
        self.assertIn("which a killed run had: back at nvme", self.text("next.txt"))

    def test_ctrl_c_gives_it_back_at_once(self):
        self.assertEqual(self.text("interrupted.txt").split("\n"),
                         ["status 1", "driver nvme", "node /dev/nvme1n1"])

    def test_a_mount_is_ended(self):
        self.assertEqual(self.text("mounts.txt").split("\n"), ["1", "0"])
        self.assertRegex(self.text("recover-mount.txt"),
                         r"the file system on 'PASSME01' \(/dev/nvme1n1\), which a killed run had: "
                         r"unmounted")

    def test_another_disk_at_that_address_is_not_taken_for_it(self):
        self.assertRegex(self.text("other-disk.txt"),
                         r"'OTHER' at 0000:00:10\.0 is not back at .* has the serial 'PASSME01' now")

    def test_what_somebody_gave_to_vfio_after_a_restart_is_left_there(self):
        self.assertRegex(self.text("restarted.txt"),
                         r"'PASSME01' \(0000:00:10\.0\), which a killed run had: ended by a restart "
                         r"of the host, and left as it is: '0000:00:10\.0' is at vfio-pci")
        self.assertEqual(self.text("restarted-driver.txt"), "vfio-pci")

    def test_the_store_knows_how_each_came_back(self):
        rows = self.rows("SELECT kind, driver_before, is_back FROM handover")
        rows = sorted((k, b if k == "vfio" else "", i) for k, b, i in rows)
        # 2: ended by the restart, and nothing is owed any more
        self.assertEqual(rows, [("mount", "", 1)] + [("vfio", "nvme", 1)] * 3 + [("vfio", "nvme", 2)])


class Guards(OneDisk):
    """Disks that must not be touched, each with the reason and what to do."""
    script = "guards.sh"
    host = {"modules": ["dm-mod", "loop"]}

    @classmethod
    def devices(cls):
        slots = {"MOUNTED": "0x10", "SWAP": "0x11", "HELD": "0x12", "LOOPED": "0x13", "GPT": "0x15",
                 "BLANK": "0x16", "GOOD": "0x17", "OPEN": "0x18", "SIGNED": "0x19", "MOUNTED-P": "0x1a",
                 "LVM": "0x1b"}
        pair = [Nvme("PAIR-A", "32M", "0x14.0", multifunction="on"),
                Nvme("PAIR-B", "32M", "0x14.1")]
        return [Nvme(serial, "32M", slot) for serial, slot in slots.items()] + pair

    @classmethod
    def made_files(cls):
        return {"refused-host.yaml": cls.make_scenario("refused-host",
                                                       "bus: [host], storage: [device]", "short"),
                "refused-vfio.yaml": cls.make_scenario("refused-vfio", "bus: [vfio]", "short"),
                "short.fio": cls.make_job("short", 1)}

    def trial(self, name):
        return json.loads(self.text(f"refused-{name}.json"))

    def assert_refused(self, name, pattern):
        trial = self.trial(name)
        print(f"{name}: {trial['reason']}")
        self.assertEqual(trial["state"], "failed")
        self.assertRegex(trial["reason"], pattern)

    def test_all_could_be_claimed_before(self):
        self.assertFalse(os.path.exists(self.path("faults.txt")))

    def test_a_mounted_namespace(self):
        for name in ("mounted", "mounted-vfio"):
            self.assert_refused(name, r"^'nvme\d+n1' is mounted: nvme\d+n1 at '/mnt/data'; .*; "
                                      r"unmount it \(umount '/mnt/data'\) or take another disk$")

    def test_a_mounted_partition(self):
        self.assert_refused("mounted-partition", r"^'nvme\d+n1' is mounted: nvme\d+n1p1 at "
                                                 r"'/mnt/part'; .*umount '/mnt/part'")

    def test_swap(self):
        self.assert_refused("swap", r"^'nvme\d+n1' is swap of this host .*swapoff")

    def test_a_device_mapper_target_on_top(self):
        self.assert_refused("held", r"^'nvme\d+n1' is held by dm-0.*'taken'")

    def test_an_lvm_volume_on_top(self):
        self.assert_refused("lvm", r"^'nvme\d+n1' is held by dm-\d+, the LVM volume "
                                   r"'taken-volume': .*vgchange -an")

    def test_a_loop_device_on_top(self):
        self.assert_refused("looped", r"^'nvme\d+n1' has the loop device loop0 on top of it; .*"
                                      r"losetup -d /dev/loop0")

    def test_a_disk_that_a_process_has_open(self):
        self.assert_refused("open", r"^'nvme\d+n1' is open in process \d+ \(sleep, /dev/nvme\d+n1\)")

    def test_a_file_system_that_the_lab_did_not_write(self):
        self.assert_refused("signed", r"^'nvme\d+n1' holds what the lab did not write: ext4, UUID "
                                      r".*; it would be overwritten; .*blklab claim 'SIGNED'")

    def test_a_partition_table_that_the_lab_did_not_write(self):
        self.assert_refused("gpt", r"^'nvme\d+n1' holds what the lab did not write: GPT "
                                   r"partition table; partition nvme\d+n1p1, 20 MiB; it would")

    def test_a_disk_without_a_claim(self):
        self.assert_refused("unclaimed", r"^'nvme\d+n1' has no claim of this lab.*blklab claim ")

    def test_a_group_that_another_device_in_use_shares(self):
        self.assert_refused("group", r"^'nvme\d+n1' shares its IOMMU group \d+ with 0000:00:14\.1 "
                                     r"\(NVMe controller, driver nvme\), in use by this host")

    def test_the_disk_that_the_host_runs_from(self):
        self.assert_refused("root", r"^'nvme0n1' is the disk of '/' \(nvme0n1, ext4\): this host "
                                    r"runs from it; take another disk$")

    def test_another_serial_than_the_one_at_the_address(self):
        text = self.text("refused-serial.txt")
        self.assertRegex(text, r"has the serial 'GOOD', not 'WRONG'.*\nstatus 2$")
        self.assertNotIn("trial 1", text)  # all of the plan would fail alike: none is begun

    def test_a_claim_is_refused_too(self):
        for serial, why in (("MOUNTED", "is mounted"), ("SWAP", "is swap"), ("ROOT", "disk of '/'"),
                            ("GPT", "holds data, which would be lost: GPT partition table")):
            text = self.text(f"claim-{serial}.txt")
            self.assertIn(why, text)
            self.assertNotIn("status 0", text)

    def test_nothing_of_what_was_refused_was_touched(self):
        self.assertEqual(self.text("before.txt"), self.text("after.txt"))
        marks = self.text("after.txt").split("\n")
        self.assertEqual(len(marks), 9)
        for mark in marks:
            self.assertRegex(mark, r"^[A-Z-]+: [0-9a-f]{16}$")
        self.assertEqual(self.text("handovers.txt"), "0")

    def test_one_that_is_free_is_taken(self):
        self.assertEqual(self.trial("good")["state"], "ok")


class NoIommu(OneDisk):
    """Without an IOMMU nothing is handed over, and the rest of the plan goes on."""
    script = "no-iommu.sh"
    host = {"iommu": False}

    @classmethod
    def made_files(cls):
        return {"no-iommu.yaml": cls.make_scenario("no-iommu", "bus: [vfio, host], "
                                                   "storage: [device]", "short"),
                "short.fio": cls.make_job("short", 1)}

    def test_the_cell_is_impossible_and_says_why(self):
        trials = dict(self.rows("SELECT c.name, t.state FROM trial t JOIN cell c ON c.id = t.cell"))
        self.assertEqual(trials, {"vfio": "impossible", "host": "ok"})
        [(reason,)] = self.rows("SELECT reason FROM trial WHERE state = 'impossible'")
        print(f"no iommu: {reason}")
        self.assertRegex(reason, r"IOMMU.*(VT-d|AMD-Vi)")
        self.assertEqual(self.text("driver.txt"), "nvme")
        self.assertEqual(self.rows("SELECT count(*) FROM handover"), [(0,)])

    def test_the_run_says_that_it_is_not_for_passthrough_yet(self):
        self.assertIn("Not yet: nothing was handed over", self.text("table.txt"))

    def test_doctor_says_so(self):
        self.assertIn("off or absent", self.text("doctor.txt"))


class Trouble(OneDisk):
    """What befalls the device during a trial is a finding."""
    script = "trouble.sh"

    @classmethod
    def made_files(cls):
        return {"trouble-vfio.yaml": cls.make_scenario("trouble-vfio", "bus: [vfio]", "some"),
                "trouble-host.yaml": cls.make_scenario("trouble-host",
                                                       "bus: [host], storage: [device]", "some"),
                "some.fio": cls.make_job("some", 6)}

    def findings(self, name):
        found = json.loads(self.text(name + ".json"))["findings"]
        for f in found:
            print(f"{name}: {f['cause']}: {f['evidence']}")
        return {f["cause"]: f for f in found}

    def test_a_warning_of_the_health_log(self):
        found = self.findings("vfio")
        self.assertIn("device-health", found)
        self.assertIn("reliability", found["device-health"]["evidence"])
        self.assertNotIn("device-reset", found)

    def test_a_reset(self):
        found = self.findings("host")
        self.assertIn("device-reset", found)
        self.assertNotIn("device-health", found)


if __name__ == "__main__":
    main()
