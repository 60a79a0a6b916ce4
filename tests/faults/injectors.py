"""What is done on purpose while a VM runs its jobs. Each injector is started and stopped by the
runner; what it starts ends with the runner, however that ends, and what it makes is removed."""

import ctypes
import glob
import mmap
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

PR_SET_PDEATHSIG = 1
MIB = 1 << 20


def die_with_parent(number=signal.SIGKILL):
    """For a child, right after the fork: no orphan is left, also of a kill -9."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)


class Injector:
    """start() and stop() around a run; @when: "run" from before the lab starts, "job" while jobs
    run in the VM. why_not(): a reason why this machine can't do it, or None. check(), after stop():
    a reason why the fault was not made, or None. @made: how often it was made."""
    when = "job"
    made = 0
    trouble = None  # the first thing that went wrong

    def why_not(self):
        return None

    def start(self, lab):
        raise NotImplementedError

    def stop(self):
        pass

    def fails(self, why):
        self.trouble = self.trouble or why

    def check(self):
        return self.trouble or (None if self.made else "it was made not once")


class Board:
    """A page that a child shares with us: how often it did its work, and why it ended."""
    TEXT = 8

    def __init__(self):
        self.page = mmap.mmap(-1, mmap.PAGESIZE)

    @property
    def made(self):
        return struct.unpack_from("Q", self.page)[0]

    def count(self):
        struct.pack_into("Q", self.page, 0, self.made + 1)

    @property
    def why(self):
        return self.page[self.TEXT:].split(b"\0", 1)[0].decode()

    def tell(self, why):
        text = why.encode()[:mmap.PAGESIZE - self.TEXT - 1]
        self.page[self.TEXT:self.TEXT + len(text)] = text


class Children(Injector):
    """Processes of ours, each in body(board, ...) of a fork, which does not return."""

    def __init__(self):
        self.children = []  # (pid, its board)

    def fork(self, body, *args):
        board = Board()
        pid = os.fork()
        if pid == 0:
            try:
                die_with_parent()
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                body(board, *args)
            except BaseException as e:  # pylint: disable=broad-except
                board.tell(f"{type(e).__name__}: {e}")
            finally:
                os._exit(1)
        self.children.append((pid, board))

    def stop(self):
        for pid, board in self.children:
            has_ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            if has_ended:
                self.fails("a program that makes it ended by itself: " + (board.why or "killed"))
            elif not board.made:
                self.fails("a program that makes it did its work not once")
            self.made += board.made
        self.children = []


# --- CPUs ---

def spin(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for _ in range(2000):
            pass


def be_realtime():
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


def may_be_realtime():
    """Root may be refused, too: in a container, in a group without time for it. So try, in a child."""
    pid = os.fork()
    if pid == 0:
        try:
            be_realtime()
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitpid(pid, 0)[1] == 0


def hog(board, cpus, is_realtime, on_s, off_s):
    os.sched_setaffinity(0, cpus)
    if is_realtime:
        be_realtime()
    while True:
        spin(on_s)
        board.count()
        if off_s:
            time.sleep(off_s)


class CpuHog(Children):
    """@n processes that compute. @beside: "iothread", "vcpu", "main": they share one CPU with those
    threads of the VM, and all its others are kept on the remaining CPUs; None: anywhere.
    @off_s: they rest as long after each @on_s. @is_realtime: nothing else runs there meanwhile; a
    fair scheduler lets a thread that mostly sleeps run at once, whoever computes beside it."""

    def __init__(self, beside, n=2, is_realtime=False, on_s=1.0, off_s=0.0, when="job"):
        super().__init__()
        self.beside, self.n, self.is_realtime, self.when = beside, n, is_realtime, when
        self.on_s, self.off_s = on_s, off_s

    def why_not(self):
        cpus = len(os.sched_getaffinity(0))
        if self.beside and cpus < 2:
            return "one CPU: the VM's threads can't be told apart by their CPU"
        if self.is_realtime and not may_be_realtime():
            return "no real-time priority is given to us (root, CAP_SYS_NICE or RLIMIT_RTPRIO)"
        return None

    def start(self, lab):
        cpus = os.sched_getaffinity(0)
        if self.beside:
            cpus = self.part(lab.vm_threads(), cpus)
        for _ in range(self.n):
            self.fork(hog, cpus, self.is_realtime, self.on_s, self.off_s)

    def part(self, threads, cpus):
        """The CPU that those threads are kept on now; all others are kept off it."""
        theirs, n = {min(cpus)}, 0
        for tid, role in threads:
            try:
                os.sched_setaffinity(tid, theirs if role == self.beside else cpus - theirs)
            except ProcessLookupError:  # QEMU's pool threads come and go
                continue
            n += role == self.beside
        if not n:
            self.fails(f"the VM has no thread '{self.beside}'")
        return theirs


# --- the host's page cache and memory ---

def write_bursts(board, path, burst, rest_s, file_bytes):
    data = os.urandom(4 * MIB)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    at = 0
    while True:
        for _ in range(burst // len(data)):
            os.pwrite(fd, data, at)
            at = (at + len(data)) % file_bytes
        os.fdatasync(fd)
        board.count()
        time.sleep(rest_s)


class DirtyWriter(Children):
    """Another program's buffered writes on the work folder's file system: @burst_mib, synced, and
    again after @rest_s."""

    def __init__(self, burst_mib, rest_s, n=1):
        super().__init__()
        self.burst, self.rest_s, self.n, self.paths = burst_mib * MIB, rest_s, n, []

    def start(self, lab):
        for i in range(self.n):
            path = os.path.join(lab.folder, f"dirty-{i}")
            self.paths.append(path)
            self.fork(write_bursts, path, self.burst, self.rest_s, max(self.burst, 256 * MIB))

    def stop(self):
        super().stop()
        for path in self.paths:
            if os.path.exists(path):
                os.unlink(path)


class MemoryGroup(Injector):
    """The lab and its VM in a memory cgroup, which gets a limit when the guest has touched what its
    jobs need: what is resident then, and @spare_mib for page cache, which is reclaimed over and
    over."""
    when = "run"
    PREFIX = "blklab-faults-"
    SETTLED_S = 2.5

    def __init__(self, spare_mib):
        self.spare, self.path, self.is_v2, self.timer = spare_mib * MIB, None, False, None

    @classmethod
    def base(cls):
        """The folder of this process's memory group, and whether it is of version 2."""
        with open("/proc/self/cgroup", encoding="ascii") as f:
            rows = [line.strip().split(":", 2) for line in f]
        with open("/proc/self/mountinfo", encoding="utf-8") as f:
            mounts = [line.split(" - ") for line in f]
        for _, names, path in rows:
            for left, right in mounts:
                kind, _, options = right.split(None, 2)
                v1 = kind == "cgroup" and "memory" in names.split(",") and "memory" in options
                v2 = kind == "cgroup2" and names == ""
                if v1 or v2:
                    root, at = left.split()[3:5]
                    inside = path[len(root):] if root != "/" and path.startswith(root) else path
                    yield at + (inside if os.path.isdir(at + inside) else ""), v2

    def make(self):
        for at, is_v2 in self.base():
            knob = "memory.max" if is_v2 else "memory.limit_in_bytes"
            path = os.path.join(at, f"{self.PREFIX}{os.getpid()}")
            self.remove_stale(at)
            try:
                os.mkdir(path)
            except OSError:
                continue
            if os.access(os.path.join(path, knob), os.W_OK):
                self.path, self.is_v2 = path, is_v2
                return True
            os.rmdir(path)
        return False

    def remove_stale(self, at):
        """Of a runner that was killed."""
        for path in glob.glob(os.path.join(at, self.PREFIX + "*")):
            if not os.path.exists("/proc/" + path.rsplit("-", 1)[1]):
                try:
                    os.rmdir(path)
                except OSError:
                    pass

    def why_not(self):
        if self.make():
            self.remove()
            return None
        return "no memory cgroup can be made below this process's own"

    def start(self, lab):
        if not self.make():
            raise RuntimeError("the memory cgroup can't be made any more")
        lab.in_child = self.enter
        self.timer = threading.Timer(self.SETTLED_S, self.limit)
        lab.on_job.append(self.timer.start)

    def enter(self):
        with open(os.path.join(self.path, "cgroup.procs"), "w", encoding="ascii") as f:
            f.write("0")

    def stat(self, name):
        with open(os.path.join(self.path, "memory.stat"), encoding="ascii") as f:
            values = dict(line.split() for line in f)
        return int(values.get(name, 0))

    def limit(self):
        try:
            self.set_limit()
        except (OSError, ValueError) as e:
            self.fails(f"the memory cgroup's limit can't be set: {e}")

    def set_limit(self):
        resident = self.stat("anon") + self.stat("shmem") if self.is_v2 else \
            self.stat("total_rss") + self.stat("total_shmem")
        knob = "memory.max" if self.is_v2 else "memory.limit_in_bytes"
        with open(os.path.join(self.path, knob), "w", encoding="ascii") as f:
            f.write(str(resident + self.spare))

    def hits(self):
        """How often the limit was reached."""
        if not self.is_v2:
            with open(os.path.join(self.path, "memory.failcnt"), encoding="ascii") as f:
                return int(f.read())
        with open(os.path.join(self.path, "memory.events"), encoding="ascii") as f:
            return int(dict(line.split() for line in f).get("max", 0))

    def remove(self):
        for _ in range(50):  # what ended in it is counted out a moment later
            try:
                os.rmdir(self.path)
                break
            except OSError as e:
                why = e
                time.sleep(0.1)
        else:
            print(f"faults: the memory cgroup {self.path} can't be removed: {why}; the next run with "
                  f"such an entry tries again, or by hand: rmdir {self.path}", file=sys.stderr)
        self.path = None

    def stop(self):
        if self.timer:
            self.timer.cancel()
            if self.timer.ident:  # it was started
                self.timer.join()
        if not self.path:
            return
        try:
            self.made = self.hits()
        except (OSError, ValueError) as e:
            self.fails(f"how often the limit was reached can't be read: {e}")
        self.remove()

    def check(self):
        return self.trouble or (None if self.made else "the memory cgroup's limit was never reached")


# --- the storage below ---

class DiskLoad(Injector):
    """Another user of the disk below the work folder: this project's engine with its own file there.
    @job: lines of a fio job file; @mib: size of the file, written before."""
    when = "run"

    def __init__(self, job, mib=256):
        self.job, self.bytes, self.child, self.path = job, mib * MIB, None, None

    def start(self, lab):
        self.path = os.path.join(lab.folder, "load")
        with open(self.path, "wb") as f:
            for _ in range(self.bytes // (4 * MIB)):
                f.write(os.urandom(4 * MIB))
            os.fsync(f.fileno())
        lab.on_job.append(lambda: self.begin(lab))
        lab.on_end.append(self.end)

    def begin(self, lab):
        file = self.path + ".fio"
        with open(file, "w", encoding="ascii") as f:
            f.write(f"[load]\nfilename={self.path}\nsize={self.bytes}\ndirect=1\n"
                    f"ioengine=io_uring\ntime_based\nruntime=600s\n{self.job}")
        with open(self.path + ".log", "wb") as log:
            self.child = subprocess.Popen([lab.program("blkjob"), file], stdout=log, stderr=log,
                                          preexec_fn=die_with_parent)

    def end(self):
        if not self.child:
            return
        if self.child.poll() is not None:
            with open(self.path + ".log", encoding="utf-8", errors="replace") as log:
                self.fails(f"the load ended by itself: {log.read().strip()[-300:]}")
        self.child.kill()
        self.child.wait()
        self.child = None
        self.made = 1

    def stop(self):
        self.end()
        for path in (self.path + end for end in ("", ".fio", ".log")):
            if os.path.exists(path):
                os.unlink(path)


class Stalls(Injector):
    """nbdkit's pause filter: every @period_s, no request is answered for @length_s. @is_random: the
    rest after each is random, of the same mean. The scenario's backing names the same control
    socket."""

    def __init__(self, control, period_s, length_s, is_random=False):
        self.control, self.period, self.length = control, period_s, length_s
        self.is_random, self.ended, self.thread = is_random, threading.Event(), None

    def start(self, lab):
        self.ended.clear()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def say(self, connection, letter):
        """It answers 'P' when what it had begun is done."""
        connection.sendall(letter)
        answer = connection.recv(1)
        if answer != letter.upper():
            raise OSError(f"the server answered {answer} to {letter}")

    def run(self):
        try:
            self.make_stalls()
        except OSError as e:
            if not self.ended.is_set():  # else the server may have gone before us
                self.fails(f"the server can't be made to stop: {e}")

    def make_stalls(self):
        rng = random.Random(f"{self.period} {self.length}")
        with socket.socket(socket.AF_UNIX) as c:
            c.settimeout(10)
            c.connect(self.control)
            at = time.monotonic()
            while True:
                at += self.period if not self.is_random else \
                    self.length + rng.expovariate(1 / (self.period - self.length))
                if self.ended.wait(max(0, at - time.monotonic())):
                    break
                self.say(c, b"p")
                self.ended.wait(self.length)
                self.made += 1
                self.say(c, b"r")

    def stop(self):
        self.ended.set()
        if self.thread:
            self.thread.join()
        if os.path.exists(self.control):
            os.unlink(self.control)
