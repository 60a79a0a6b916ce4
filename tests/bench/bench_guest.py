"""A guest that counts instructions: QEMU's TCG at one instruction a virtual nanosecond."""

import os
import re
import shutil
import subprocess
import sys
import time

CMDLINE = ("console=ttyS0 quiet panic=-1 mitigations=off tsc=reliable no_timer_check "
           "cryptomgr.notests")
QEMU = "qemu-system-x86_64"
# setpriv: the guest ends with this program, whatever ends that.
ARGV = ["setpriv", "--pdeathsig", "KILL", QEMU, "-M", "q35", "-accel", "tcg,thread=single",
        "-icount", "shift=0,sleep=off", "-cpu", "max", "-smp", "1", "-m", "1G", "-nographic",
        "-no-reboot", "-nic", "none", "-monitor", "none"]


class GuestError(Exception):
    pass


class Frame:
    """What one command of the guest gave."""

    def __init__(self, name, status, out, err):
        self.name, self.status, self.out, self.err = name, status, out, err

    def reason(self):
        lines = (self.err.strip() or self.out.strip() or "no output").splitlines()
        return f"exit {self.status}: {lines[0]}"


def libraries(program):
    """The shared libraries of a program and its loader, as the paths the loader looks for."""
    out = subprocess.run(["ldd", program], capture_output=True, text=True)
    if out.returncode:
        return []  # static
    return sorted(set(re.findall(r"(/\S+) \(0x", out.stdout)))


def build(tools, kernel, cache, initrd, programs, commands):
    """Write the initramfs; returns (path of the kernel, its release)."""
    listing = initrd + ".commands"
    with open(listing, "w", encoding="utf-8") as f:
        f.writelines("\t".join(c) + "\n" for c in commands)
    pairs = {"init": os.path.join(tools, "bench-guest-init"), "commands": listing}
    for name, path in programs.items():
        pairs["bin/" + name] = path
        for lib in libraries(path):
            pairs[lib.lstrip("/")] = lib
    run = subprocess.run([os.path.join(tools, "bench-guest-image"), kernel, cache, initrd,
                          *(f"{k}={v}" for k, v in pairs.items())],
                         capture_output=True, text=True)
    if run.returncode:
        raise GuestError(run.stderr.strip())
    vmlinuz, release = run.stdout.split("\n")[:2]
    return vmlinuz, release


def frames(data):
    """The frames of the debug port's bytes, up to where they end."""
    found, at = [], 0
    while True:
        end = data.find(b"\n", at)
        if end < 0 or not data.startswith(b"@@", at):
            return found
        name, status, n_out, n_err = data[at + 2:end].decode().split(" ")
        out, err = end + 1, end + 1 + int(n_out)
        at = err + int(n_err)
        if at > len(data):
            return found
        found.append(Frame(name, int(status), data[out:err].decode(errors="replace"),
                           data[err:at].decode(errors="replace")))


def _read(path):
    try:
        with open(path, "rb") as f:
            return f.read()
    except FileNotFoundError:
        return b""


def _wait(child, port, n_runs, timeout):
    """Wait for the guest's end, with a live line on a terminal: False when it took too long."""
    until = time.monotonic() + timeout
    while time.monotonic() < until:
        try:
            child.wait(timeout=1)
            return True
        except subprocess.TimeoutExpired:
            pass
        if sys.stderr.isatty():
            got = [f.name for f in frames(_read(port)) if "/" in f.name]
            sys.stderr.write(f"\r\033[Kguest: {len(got)} of {n_runs} runs {got[-1] if got else ''}")
            sys.stderr.flush()
    return False


def boot(vmlinuz, initrd, folder, n_runs, timeout):
    """Run the guest to its end: its frames."""
    if not shutil.which(QEMU):
        raise GuestError(f"no program '{QEMU}': run 'make setup'")
    port, console = os.path.join(folder, "frames"), os.path.join(folder, "console.log")
    said = os.path.join(folder, "qemu.log")
    argv = ARGV + ["-kernel", vmlinuz, "-initrd", initrd, "-append", CMDLINE,
                   "-serial", "file:" + console, "-debugcon", "file:" + port]
    with open(said, "wb") as log:
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            is_done = _wait(child, port, n_runs, timeout)
        finally:
            child.kill()
            child.wait()
            if sys.stderr.isatty():
                sys.stderr.write("\r\033[K")
    got = frames(_read(port))
    if got and got[-1].name == "end":
        return got
    why = "the guest ended early" if is_done else f"the guest was not done after {timeout} s"
    tail = (_read(said) + _read(console)[-800:]).decode(errors="replace")
    raise GuestError(f"{why}; the last it gave: {got[-1].name if got else 'nothing'}\n{tail}")
