"""Lines to and from the emulated host: QMP, the requests of its inner side, and its console."""

import json
import socket
import threading
import time


class HostError(Exception):
    """What went wrong with the emulated host itself; a script that fails is a result."""


class Lines:
    """Whole lines from a stream socket, with a time limit."""

    def __init__(self, sock):
        self.sock = sock
        self.rest = b""

    def read(self, until):
        """The next line, None at the time @until (monotonic). EOFError when the peer is gone."""
        while b"\n" not in self.rest:
            left = until - time.monotonic()
            if left <= 0:
                return None
            self.sock.settimeout(left)
            try:
                more = self.sock.recv(65536)
            except socket.timeout:
                return None
            except OSError as e:
                raise EOFError from e
            if not more:
                raise EOFError
            self.rest += more
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode(errors="replace")

    def write(self, text):
        self.sock.settimeout(None)
        try:
            self.sock.sendall(text.encode() + b"\n")
        except OSError as e:
            raise EOFError from e


class Qmp:
    """One command at a time; events in between are kept in .events."""

    def __init__(self, sock):
        self.lines = Lines(sock)
        self.lock = threading.Lock()
        self.events = []
        self.is_greeted = False

    def command(self, name, arguments=None, limit_s=30):
        """The command's "return". HostError with QEMU's words when it refused."""
        with self.lock:
            until = time.monotonic() + limit_s
            try:
                if not self.is_greeted:
                    self._read(until)
                    self.is_greeted = True
                    self._ask("qmp_capabilities", None, until)
                return self._ask(name, arguments, until)
            except EOFError as e:
                raise HostError(f"QMP command '{name}': QEMU has ended") from e

    def _read(self, until):
        line = self.lines.read(until)
        if line is None:
            raise HostError("QEMU does not answer QMP commands in time")
        return json.loads(line)

    def _ask(self, name, arguments, until):
        command = {"execute": name}
        if arguments:
            command["arguments"] = arguments
        self.lines.write(json.dumps(command))
        while True:
            answer = self._read(until)
            if "event" in answer:
                self.events.append(answer)
            elif "error" in answer:
                raise HostError(f"QMP command '{name}': {answer['error'].get('desc', answer)}")
            elif "return" in answer:
                return answer["return"]


class Transcript:
    """The console of the emulated host, line by line with the seconds since its start."""

    def __init__(self, stream, path, start):
        self.path = path
        self.lines = []
        self.thread = threading.Thread(target=self._copy, args=(stream, start), daemon=True)
        self.thread.start()

    def _copy(self, stream, start):
        with open(self.path, "w", encoding="utf-8") as out:
            for raw in stream:
                text = raw.decode(errors="replace").rstrip("\r\n")
                line = f"[{time.monotonic() - start:7.2f}] {text}"
                self.lines.append(line)
                out.write(line + "\n")
                out.flush()

    def finish(self):
        """Once QEMU has ended: what it still had to say is there afterwards."""
        self.thread.join(10)

    def between(self, first, begin, end, limit_s=5):
        """The lines after the one with @begin and before the one with @end, from line @first on,
        without the times. What was said before a request may arrive after it: waits for @end."""
        until = time.monotonic() + limit_s
        while time.monotonic() < until:
            lines = [line.split("] ", 1)[1] for line in self.lines[first:]]
            begins = [i + 1 for i, line in enumerate(lines) if begin in line]
            ends = [i for i, line in enumerate(lines) if end in line]
            if begins and ends:
                return "\n".join(lines[begins[0]:ends[-1]])
            time.sleep(0.02)
        return "\n".join(line.split("] ", 1)[1] for line in self.lines[first:])

    def tail(self, n=20):
        return "\n".join("  " + line for line in self.lines[-n:]) or "  (nothing)"

    def panic(self):
        """The kernel's words when it panicked, else None."""
        for line in self.lines:
            if "Kernel panic" in line:
                return line.split("] ", 1)[1]
        return None
