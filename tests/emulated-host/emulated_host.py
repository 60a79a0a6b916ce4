#!/usr/bin/env python3
"""The emulated host: a QEMU machine under TCG with an IOMMU and emulated NVMe devices, in which
blklab, libvirt and QEMU run real guests under KVM. README.md has more.

    with EmulatedHost(build, nvme=[Nvme("PASSME01", "64M", "0x10")]) as host:
        result = host.run("#!/bin/sh\\nblklab doctor >/out/doctor.txt\\n", out="results")

Nothing of the real host is touched: no device, no module, no rights beyond a user's."""

import argparse
import base64
import collections
import fcntl
import glob
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import time

from host_root import SOURCE, Root, RootError, find_kernel_package
from talk import HostError, Lines, Qmp, Transcript

LAB_PROGRAMS = ("blklab", "blkjob", "blklab-agent", "blklab-qemu")
# mitigations, audit and self-tests cost boot time under emulation and change nothing we test.
# panic=-1 with -no-reboot: a panic ends QEMU at once. tsc=reliable, no_timer_check: see
# vmimages/build/image.h.
CMDLINE = ("console=ttyS0 quiet panic=-1 root=/dev/nvme0n1 rootwait rw init=/init "
           "mitigations=off nokaslr tsc=reliable no_timer_check audit=0 apparmor=0 "
           "cryptomgr.notests")
LEAST_SLOT = 0x8  # below it the machine's own devices
MIB = 1 << 20

Result = collections.namedtuple("Result", "status seconds console out")
Result.__doc__ = """How a script ended: its exit status, the seconds it took (with collecting the
results), what the console said meanwhile, and the folder of results or None."""


class Nvme:
    """An emulated NVMe device: its serial, size ("64M") or the file behind it, PCI slot ("0x10",
    "0x10.1"), and further properties of QEMU's nvme device by name."""

    def __init__(self, serial, size=None, addr="0x10", file=None, **properties):
        self.serial, self.size, self.addr = serial, size or "64M", addr
        self.file, self.properties = file, properties
        if int(addr.split(".")[0], 16) < LEAST_SLOT:
            raise HostError(f"nvme {serial}: addr {addr} is the machine's own; slots {LEAST_SLOT:#x} "
                            "to 0x1e are free")

    @classmethod
    def parse(cls, text):
        """serial=NAME,size=64M,addr=0x10[,file=PATH][,PROPERTY=VALUE...]"""
        words = dict((w.split("=", 1) if "=" in w else (w, "on")) for w in text.split(","))
        if "serial" not in words:
            raise HostError(f"nvme '{text}': it needs a serial, for example "
                            "serial=PASSME01,size=64M,addr=0x10")
        return cls(words.pop("serial"), **words)

    @property
    def id(self):
        """QEMU's name of the device, for QMP: qom path /machine/peripheral/ID."""
        return "nvme-" + self.serial

    def size_bytes(self):
        unit = {"K": 1 << 10, "M": MIB, "G": 1 << 30}.get(self.size[-1:].upper())
        return int(self.size[:-1]) * unit if unit else int(self.size)

    def arguments(self):
        """QEMU's arguments, once there is a file."""
        more = "".join(f",{k}={v}" for k, v in self.properties.items())
        path = self.file.replace(",", ",,")
        return ["-drive", f"if=none,id=drive-{self.serial},file={path},format=raw,cache=writeback,"
                "discard=unmap",
                "-device", f"nvme,id={self.id},drive=drive-{self.serial},serial={self.serial},"
                f"addr={self.addr}{more}"]


class EmulatedHost:
    """One boot of the emulated host; run() as many scripts in it as you like, one after another.

    build: the build folder with the lab's programs (they are in /lab, and in PATH)
    files: {name: path}: files and folders that are in /in/NAME
    nvme: Nvme devices.  modules: kernel modules to load beside KVM's and VFIO's
    cpus: with two and more, an inner guest under KVM loses an interrupt between CPUs now and then
        (QEMU 7.2's TCG: 4 of about 20 runs hung in a TLB flush, or their guest reset itself)
    handlers: {name: function(text) -> text}: what `outer NAME TEXT` does; raising HostError
        refuses it. Called between the script's lines, in run()
    transcript: path of the console's text (else it is in the work folder)
    keep: the work folder stays (its path is .work)
    """

    def __init__(self, build, files=None, nvme=(), modules=(), append="", memory_mb=1536, cpus=1,
                 iommu=True, qemu=(), handlers=None, transcript=None, boot_timeout=120, out_mb=256,
                 keep=False, say=lambda text: None):
        self.build = os.path.realpath(build)
        self.files, self.nvme = dict(files or {}), list(nvme)
        self.modules, self.append, self.qemu = list(modules), append, list(qemu)
        self.memory_mb, self.cpus, self.iommu = memory_mb, cpus, iommu
        self.handlers = {"qmp": self._handle_qmp, "set": self._handle_set, **(handlers or {})}
        self.transcript_path, self.boot_timeout = transcript, boot_timeout
        self.out_mb, self.keep, self.say = out_mb, keep, say
        self.work = self.lock = self.child = self.transcript = None
        self.qmp_link = self.requests = None
        self.pending = None  # the id of the inner side's "next", not yet answered
        self.boot_seconds = None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    # --- life ---

    def start(self):
        """Boot it: HostError when it is not ready in boot_timeout seconds."""
        programs = [os.path.join(self.build, p) for p in LAB_PROGRAMS]
        for p in programs:
            if not os.access(p, os.X_OK):
                raise HostError(f"there is no program '{p}': run 'make programs'")
        try:
            image, vmlinuz = Root(self.build, find_kernel_package(
                os.path.join(SOURCE, ".cache/packages")), programs).ensure(self.say)
        except RootError as e:
            raise HostError(str(e)) from e
        self._make_work()
        self._write_inputs(programs)
        with open(self._path("out.tar"), "wb") as f:
            f.truncate(self.out_mb * MIB)
        for n in self.nvme:
            if not n.file:
                n.file = self._path(n.serial + ".raw")
                with open(n.file, "wb") as f:
                    f.truncate(n.size_bytes())
        self._launch(image, vmlinuz)
        start = time.monotonic()
        self._serve(start + self.boot_timeout, "it was not ready")
        self.boot_seconds = time.monotonic() - start

    def close(self):
        """End it, whatever it does, and remove its files."""
        if self.pending:
            try:
                self._answer(self.pending, "ok off")
                self.child.wait(15)
            except (EOFError, subprocess.TimeoutExpired):
                pass
        if self.child:
            self.child.kill()
            self.child.wait()
            self.transcript.finish()
            self.child.stdout.close()
        for link in (self.qmp_link and self.qmp_link.lines, self.requests):
            if link:
                link.sock.close()
        self.child = self.pending = self.qmp_link = self.requests = None
        if self.lock:
            os.unlink(self._path("lock"))  # a kept folder is nobody's to remove
            self.lock.close()
            self.lock = None
        if self.work and not self.keep:
            shutil.rmtree(self.work, ignore_errors=True)

    def _make_work(self):
        """The work folder. Those of programs that died are removed: nobody has their lock."""
        parent = os.path.join(self.build, "test-work")
        os.makedirs(parent, exist_ok=True)
        for path in glob.glob(os.path.join(parent, "emulated-host-*", "lock")):
            try:
                with open(path, "rb") as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(os.path.dirname(path), ignore_errors=True)
            except OSError:
                continue  # in use, or just removed by another
        self.work = tempfile.mkdtemp(prefix="emulated-host-", dir=parent)
        # Locked before it has its name, so that no other start takes it for a dead one's.
        self.lock = open(self._path("new"), "w", encoding="ascii")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        os.rename(self._path("new"), self._path("lock"))

    def _path(self, name):
        return os.path.join(self.work, name)

    def _write_inputs(self, programs):
        """What changes with every run: a tar that the inner side unpacks into memory."""
        with tarfile.open(self._path("in.tar"), "w", format=tarfile.GNU_FORMAT,
                          dereference=True) as tar:
            for p in programs:
                tar.add(p, "lab/" + os.path.basename(p))
            tar.add(os.path.join(SOURCE, "scenarios"), "lab/share/blklab/scenarios",
                    filter=lambda t: t if t.isdir() or t.name.endswith((".yaml", ".fio"))
                    else None)
            for name, path in self.files.items():
                if not os.path.exists(path):
                    raise HostError(f"there is no '{path}', which is to be /in/{name}")
                tar.add(path, "in/" + name)

    def _arguments(self, image, vmlinuz, qmp, requests):
        cmdline = f"{CMDLINE} eh.modules={','.join(self.modules)} {self.append}"
        argv = ["setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64", "-M", "q35",
                "-accel", "tcg,thread=multi", "-cpu", "qemu64,+svm,+npt",
                "-smp", str(self.cpus), "-m", str(self.memory_mb), "-nodefaults", "-display",
                "none", "-no-user-config", "-no-reboot", "-nic", "none"]
        if self.iommu:  # before the devices that are behind it
            argv += ["-device", "intel-iommu,intremap=on"]
        argv += ["-kernel", vmlinuz, "-append", cmdline,
                 "-drive", f"if=none,id=root,file={image},format=raw,snapshot=on",
                 "-device", "nvme,id=root-disk,drive=root,serial=ROOT,addr=0x4",
                 "-drive", f"if=none,id=in,file={self._path('in.tar')},format=raw,readonly=on",
                 "-device", "virtio-blk-pci,drive=in,serial=in,addr=0x5",
                 "-drive", f"if=none,id=out,file={self._path('out.tar')},format=raw,"
                 "cache=writeback",
                 "-device", "virtio-blk-pci,drive=out,serial=out,addr=0x6",
                 "-device", "virtio-serial-pci,addr=0x7",
                 "-chardev", f"socket,id=outer,fd={requests}",
                 "-device", "virtserialport,chardev=outer,name=outer",
                 "-chardev", f"socket,id=qmp,fd={qmp}", "-mon", "chardev=qmp,mode=control",
                 "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"]
        for n in self.nvme:
            argv += n.arguments()
        return argv + self.qemu

    def _launch(self, image, vmlinuz):
        qmp, qmp_far = socket.socketpair()
        requests, requests_far = socket.socketpair()
        self.qmp_link, self.requests = Qmp(qmp), Lines(requests)
        argv = self._arguments(image, vmlinuz, qmp_far.fileno(), requests_far.fileno())
        self.started = time.monotonic()
        with open(self._path("qemu.log"), "wb") as log:
            self.child = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                pass_fds=(qmp_far.fileno(), requests_far.fileno()),
                env={**os.environ, "TMPDIR": self.work})
        qmp_far.close()
        requests_far.close()
        self.transcript = Transcript(self.child.stdout,
                                     self.transcript_path or self._path("console.log"),
                                     self.started)

    # --- requests of the inner side ---

    def _answer(self, request, text):
        self.requests.write(f"{request} {text}")

    def _serve(self, until, what):
        """Answer requests until the inner side asks for the next script. The text of its last
        "ended", or None. HostError when it does not come to that."""
        ended = None
        while True:
            try:
                line = self.requests.read(until)
                if line is None:
                    self._fail(f"{what} in time, {time.monotonic() - self.started:.0f} s after "
                               "its start; it hung after its last words below")
                request, verb, text = (line.split(" ", 2) + ["", ""])[:3]
                if verb == "next":
                    self.pending = request
                    return ended
                if verb == "ended":
                    ended = text
                    self._answer(request, "ok")
                else:
                    self._answer(request, self._handle(verb, text))
            except EOFError:
                self._fail(f"{what} and QEMU ended")

    def _handle(self, verb, text):
        handler = self.handlers.get(verb)
        if not handler:
            return f"error '{verb}' is not known; one of {', '.join(sorted(self.handlers))}"
        try:
            return "ok " + str(handler(text) or "").replace("\n", " ")
        except (HostError, ValueError, OSError) as e:
            return f"error {verb}: " + str(e).replace("\n", " ")

    def _handle_qmp(self, text):
        command = json.loads(text)
        return json.dumps(self.qmp(command["execute"], **command.get("arguments", {})))

    def _handle_set(self, text):
        words = text.split(" ")
        if len(words) != 3:
            raise HostError(f"'{text}' is not SERIAL PROPERTY VALUE")
        serial, name, value = words
        self.set_property(serial, name, int(value, 0) if value[:1].isdigit() else value)

    def _fail(self, what):
        """HostError with all that is known."""
        self.child.kill()
        self.child.wait()
        self.transcript.finish()
        with open(self._path("qemu.log"), encoding="utf-8", errors="replace") as f:
            said = f.read().strip()
        panic = self.transcript.panic()
        raise HostError(f"the emulated host: {what}{': ' + panic if panic else ''}\n"
                        f"its last words:\n{self.transcript.tail()}"
                        + (f"\nQEMU said: {said}" if said else ""))

    # --- what tests call ---

    def qmp(self, command, **arguments):
        """A QMP command for the QEMU that emulates the host: its "return". Names with a hyphen:
        qmp("blockdev-del", **{"node-name": "x"})."""
        return self.qmp_link.command(command, arguments)

    def set_property(self, serial, name, value):
        """Set a property of the NVMe device @serial while it runs, e.g. smart_critical_warning."""
        device = self.device(serial)
        self.qmp("qom-set", path="/machine/peripheral/" + device.id, property=name, value=value)

    def device(self, serial):
        """The Nvme of that serial."""
        for n in self.nvme:
            if n.serial == serial:
                return n
        raise HostError(f"no NVMe device has the serial '{serial}'; there are: "
                        + (", ".join(n.serial for n in self.nvme) or "none"))

    def run(self, script, out=None, timeout=300):
        """Run @script, the text of a program that begins with "#!", and wait for its end.

        What it leaves in /out is in the folder @out afterwards, which must be empty or missing, so
        that nobody takes old results for new ones.
        A script that fails is a Result with its status; HostError when the host panicked, did not
        end the script in @timeout seconds, or could not hand out the results."""
        if not self.pending:
            raise HostError("the emulated host does not run: start() it first")
        if out and os.path.isdir(out) and set(os.listdir(out)) - {"console.log"}:
            raise HostError(f"'{out}' is not empty: results of another run would be among these")
        start, first = time.monotonic(), len(self.transcript.lines)
        request, self.pending = self.pending, None
        try:
            self._answer(request, "ok run " + base64.b64encode(script.encode()).decode())
        except EOFError:
            self._fail("QEMU ended before the script")
        ended = self._serve(start + timeout, "the script did not end")
        status, saved = ended.split()
        if saved != "whole":
            raise HostError(f"the script left more than {self.out_mb} MiB in /out (out_mb is the "
                            "limit), or it can't be read; the console's last words:\n"
                            + self.transcript.tail())
        if out:
            self._extract(out)
        seconds = time.monotonic() - start
        console = self.transcript.between(first, "emulated-host: the script begins",
                                          "emulated-host: the script ended")
        return Result(int(status), seconds, console, out)

    def _extract(self, out):
        """The results, as plain files and folders: no links out of the folder, no owners."""
        os.makedirs(out, exist_ok=True)
        try:
            with tarfile.open(self._path("out.tar"), "r:", ignore_zeros=False) as tar:
                for member in tar:
                    path = os.path.realpath(os.path.join(out, member.name))
                    if not (path + "/").startswith(os.path.realpath(out) + "/"):
                        raise HostError(f"'{member.name}' in /out leads out of the folder")
                    if member.isdir():
                        os.makedirs(path, exist_ok=True)
                    elif member.isfile():
                        os.makedirs(os.path.dirname(path), exist_ok=True)
                        with open(path, "wb") as f:
                            shutil.copyfileobj(tar.extractfile(member) or io.BytesIO(), f)
        except tarfile.TarError as e:
            raise HostError(f"the results can't be read: {e}") from e


# --- the command line ---


def _options():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    run = p.add_subparsers(dest="verb", required=True).add_parser(
        "run", help="boot, run one script, hand out its results; exits with its status")
    run.add_argument("--script", required=True, metavar="FILE",
                     help="a program that begins with #!; '-' is standard input")
    run.add_argument("--in", dest="inputs", action="append", default=[], metavar="PATH:NAME",
                     help="a file or folder that is to be /in/NAME")
    run.add_argument("--out", metavar="DIR", help="where what is in /out goes, and console.log")
    run.add_argument("--nvme", action="append", default=[],
                     metavar="serial=S,size=64M,addr=0x10[,file=PATH][,PROPERTY=VALUE...]")
    run.add_argument("--modules", default="", metavar="A,B", help="kernel modules to load")
    run.add_argument("--append", default="", help="more for the kernel's command line")
    run.add_argument("--memory", type=int, default=1536, metavar="MB")
    run.add_argument("--cpus", type=int, default=1, metavar="N",
                     help="more than one is not safe with inner guests under KVM")
    run.add_argument("--no-iommu", action="store_true")
    run.add_argument("--qemu", action="append", default=[], metavar="ARG",
                     help="one more argument for QEMU")
    run.add_argument("--timeout", type=int, default=300, metavar="S", help="for the script")
    run.add_argument("--build", default=os.path.join(SOURCE, "build"), help="the build folder")
    run.add_argument("--keep", action="store_true", help="keep the work folder")
    return p.parse_args()


def _run(args):
    inputs = {}
    for text in args.inputs:
        path, _, name = text.rpartition(":")
        if not path:
            raise HostError(f"--in '{text}' is not PATH:NAME")
        inputs[name] = path
    if args.script == "-":
        script = sys.stdin.read()
    else:
        with open(args.script, encoding="utf-8") as f:
            script = f.read()
    if args.out:
        if os.path.exists(os.path.join(args.out, "console.log")):
            shutil.rmtree(args.out)  # results of an earlier run
        os.makedirs(args.out, exist_ok=True)
    host = EmulatedHost(args.build, inputs, [Nvme.parse(n) for n in args.nvme],
                        [m for m in args.modules.split(",") if m], args.append, args.memory,
                        args.cpus, not args.no_iommu, args.qemu, keep=args.keep,
                        transcript=args.out and os.path.join(args.out, "console.log"),
                        say=lambda text: print(text, file=sys.stderr))
    start = time.monotonic()
    with host:
        result = host.run(script, args.out, args.timeout)
    print(result.console)
    print(f"boot {host.boot_seconds:.1f} s, script {result.seconds:.1f} s, all "
          f"{time.monotonic() - start:.1f} s, status {result.status}"
          + (f"; work folder '{host.work}'" if args.keep else ""), file=sys.stderr)
    return result.status


def main():
    try:
        return _run(_options())
    except (HostError, OSError) as e:
        print(f"emulated_host.py: {e}", file=sys.stderr)
        return 125


if __name__ == "__main__":
    sys.exit(main())
