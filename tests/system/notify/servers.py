"""Servers on loopback: HTTP that keeps what it gets or misbehaves, an SMTP sink, and Debian's
node_exporter and Pushgateway as children. Each picks a free port and ends with its `with`."""
import http.server
import os
import socket
import socketserver
import ssl
import subprocess
import threading
import time
import urllib.request


class Served:
    """A socketserver in a thread."""

    def __enter__(self):
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.port = self.server.server_address[1]
        return self

    def __exit__(self, *what):
        self.server.shutdown()
        self.server.server_close()


class Threads(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True


class Http(Served):
    """Keeps (method, path, headers, body) of each request; a path that begins with /hang is never
    answered, nor is a DELETE of one that begins with /keep, /500 gets 500, /slow is answered after
    0.5 s."""

    def __init__(self):
        self.got = got = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                got.append((self.command, self.path, self.headers, body))
                if self.path.startswith("/hang") or \
                        (self.path.startswith("/keep") and self.command == "DELETE"):
                    time.sleep(60)
                if self.path.startswith("/slow"):
                    time.sleep(0.5)
                self.send_response(500 if self.path.startswith("/500") else 200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            do_PUT = do_DELETE = do_POST

            def log_message(self, *what):
                pass

        self.server = Threads(("127.0.0.1", 0), Handler)


class Smtp(Served):
    """Keeps (envelope from, envelope to, message, was it encrypted, user and password) of each mail.
    With @tls (certificate and key in one file) offers STARTTLS, and AUTH PLAIN once it is on."""

    def __init__(self, tls=None):
        self.got = got = []

        class Handler(socketserver.StreamRequestHandler):
            def say(self, text):
                self.wfile.write(text.encode() + b"\r\n")

            def encrypt(self):
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(tls)
                self.connection = context.wrap_socket(self.connection, server_side=True)
                self.rfile = self.connection.makefile("rb")
                self.wfile = self.connection.makefile("wb", 0)
                self.is_encrypted = True

            def data(self):
                lines = []
                while True:
                    line = self.rfile.readline()
                    if line in (b".\r\n", b""):
                        return b"".join(lines)
                    assert line.endswith(b"\r\n"), line
                    lines.append(line[1:] if line.startswith(b"..") else line)

            def handle(self):
                self.is_encrypted = False
                try:
                    self.talk()
                except (OSError, ssl.SSLError):
                    pass
                if self.is_encrypted:
                    self.connection.close()

            def talk(self):
                login, sender, to = None, None, []
                self.say("220 sink ESMTP")
                while True:
                    line = self.rfile.readline().decode().strip()
                    word = line.upper()
                    if not line or word.startswith("QUIT"):
                        self.say("221 bye")
                        return
                    if word.startswith("EHLO"):
                        self.say("250-sink")
                        self.say("250 STARTTLS" if tls and not self.is_encrypted
                                 else "250 AUTH PLAIN")
                    elif word.startswith("STARTTLS") and tls:
                        self.say("220 go on")
                        self.encrypt()
                    elif word.startswith("AUTH PLAIN"):
                        rest = line[10:].strip()
                        if not rest:
                            self.say("334 ")
                            rest = self.rfile.readline().decode().strip()
                        login = rest
                        self.say("235 welcome")
                    elif word.startswith("MAIL FROM:"):
                        sender = line[10:].split(">")[0].strip("< ")
                        self.say("250 ok")
                    elif word.startswith("RCPT TO:"):
                        to.append(line[8:].strip("<> "))
                        self.say("250 ok")
                    elif word.startswith("DATA"):
                        self.say("354 go on")
                        got.append((sender, to, self.data(), self.is_encrypted, login))
                        self.say("250 queued")
                    else:
                        self.say("502 what?")

        self.server = Threads(("127.0.0.1", 0), Handler)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Program:
    """A daemon that answers HTTP on @port once it is up."""

    def __init__(self, argv, port):
        self.argv, self.port = argv, port

    def __enter__(self):
        self.child = subprocess.Popen(self.argv, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL)
        until = time.monotonic() + 20
        while True:
            try:
                self.get("/metrics")
                return self
            except OSError:
                if time.monotonic() > until or self.child.poll() is not None:
                    self.child.kill()
                    raise
                time.sleep(0.05)

    def __exit__(self, *what):
        self.child.terminate()
        self.child.wait()

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return answer.read().decode()


def node_exporter(root, folder):
    port = free_port()
    return Program([os.path.join(root, "usr/bin/prometheus-node-exporter"),
                    f"--web.listen-address=127.0.0.1:{port}", "--collector.disable-defaults",
                    "--collector.textfile", f"--collector.textfile.directory={folder}"], port)


def pushgateway(root):
    port = free_port()
    return Program([os.path.join(root, "usr/bin/prometheus-pushgateway"),
                    f"--web.listen-address=127.0.0.1:{port}"], port)
