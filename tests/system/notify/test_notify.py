"""test_notify.py BLKLAB TELL_NIGHT SOURCE [root]: what others make of what they are told.
"root": only what needs root for a name server of its own; exit status 77 without it.

The nights are made (tests/unit/reports/nights.h), the receivers are real: Debian's node_exporter
and Pushgateway, Python's mail parser behind an SMTP sink, an HTTP server. And whatever the
receivers do, telling them ends within its budget.
"""
import base64
import email
import email.policy
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import jsonschema  # setup/packages.txt, group check: without it nothing here would be validated
import servers

BLKLAB, TELL_NIGHT, SOURCE = sys.argv[1:4]
DAEMONS = os.path.join(SOURCE, ".cache/packages/metrics/root")
NASTY = "a\"b'c<d>&e\\f g?`h`?[0m @channel <!channel> ]]> \u20ac"  # cleaned, as nights.h makes it

for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
    os.environ.pop(name, None)


def samples(text):
    """{(name, frozenset of labels): value} of /metrics, of our own metrics."""
    found = {}
    for line in text.splitlines():
        m = re.fullmatch(r'(blklab_\w+)\{(.*)\} (\S+)', line)
        if m:
            labels = re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', m[2])
            unescape = {k: re.sub(r"\\(.)", lambda c: "\n" if c[1] == "n" else c[1], v)
                        for k, v in labels}
            found[m[1], frozenset(unescape.items())] = float(m[3])
    return found


def value(found, name, **labels):
    """The one sample of that name with these labels, and maybe more."""
    hits = [v for (n, have), v in found.items() if n == name and set(labels.items()) <= have]
    assert len(hits) == 1, (name, labels, hits)
    return hits[0]


class Case(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="blklab-notify-")
        self.addCleanup(shutil.rmtree, self.dir)

    def put(self, name, text, mode=0o600):
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    def config(self, targets, budget=10):
        return self.put("notify.yaml", f"budget: {budget}s\ntargets:\n" +
                        "".join(f"  - {t}\n" for t in targets))

    def tell(self, config, night, failed=0):
        """Returns the notes and the milliseconds."""
        done = subprocess.run([TELL_NIGHT, config, night], capture_output=True, text=True,
                              timeout=100)
        self.assertEqual(done.returncode, 0, done.stderr)
        n, ms = map(int, done.stdout.split())
        self.assertEqual(n, failed, done.stderr)
        return done.stderr, ms


class NodeExporter(Case):
    def test_shows_our_values(self):
        config = self.config([f"textfile: {{ folder: '{self.dir}' }}"])
        with servers.node_exporter(DAEMONS, self.dir) as exporter:
            self.tell(config, "changed")
            path = os.path.join(self.dir, "blklab-quick.prom")
            self.assertEqual(os.stat(path).st_mode & 0o7777, 0o644)
            page = exporter.get("/metrics")
            self.assertIn("node_textfile_scrape_error 0", page)
            found = samples(page)
            self.assertEqual(value(found, "blklab_night_outcome", outcome="changed"), 1)
            self.assertEqual(value(found, "blklab_night_value", cell="virtio-blk io1 none raw",
                                   workload="randread-4k", metric="p99_ns"), 622640)
            self.assertEqual(value(found, "blklab_night_drifted_worse", cell="host",
                                   metric="max_ns"), 1)
            # nothing was measured: the figures of the night before don't stay
            self.tell(config, "not-measured")
            found = samples(exporter.get("/metrics"))
            self.assertEqual(value(found, "blklab_night_outcome", outcome="not measured"), 1)
            self.assertFalse([k for k in found if k[0] == "blklab_night_value"])

    def test_reads_names_that_need_escaping(self):
        with servers.node_exporter(DAEMONS, self.dir) as exporter:
            self.tell(self.config([f"textfile: {{ folder: '{self.dir}' }}"]), "nasty")
            page = exporter.get("/metrics")
            self.assertIn("node_textfile_scrape_error 0", page)
            self.assertEqual(value(samples(page), "blklab_night_value", cell=NASTY,
                                   scenario=NASTY), 1e6)

    def test_never_sees_half_a_file(self):
        config = self.config([f"textfile: {{ folder: '{self.dir}' }}"])
        self.tell(config, "many")
        with servers.node_exporter(DAEMONS, self.dir) as exporter:
            whole = len(samples(exporter.get("/metrics")))
            self.assertGreater(whole, 600)
            writer = threading.Thread(target=lambda: [self.tell(config, "many")
                                                      for _ in range(40)])
            writer.start()
            looks = 0
            while writer.is_alive():
                page = exporter.get("/metrics")
                self.assertIn("node_textfile_scrape_error 0", page)
                self.assertEqual(len(samples(page)), whole)
                looks += 1
            writer.join()
            self.assertGreater(looks, 5)
            print(f"node_exporter: {looks} looks while the file was replaced 40 times", flush=True)
        self.assertEqual(sorted(f for f in os.listdir(self.dir) if "prom" in f),
                         ["blklab-quick.prom"])


class Pushgateway(Case):
    def test_shows_our_values_by_job_instance_and_scenario(self):
        with servers.pushgateway(DAEMONS) as gateway:
            config = self.config([f"pushgateway: {{ url: 'http://127.0.0.1:{gateway.port}', "
                                  "grouping: { rack: 'r/7' } }"])
            self.tell(config, "changed")
            found = samples(gateway.get("/metrics"))
            labels = {"job": "blklab", "instance": "host1", "scenario": "quick", "rack": "r/7"}
            self.assertEqual(value(found, "blklab_night_value", cell="virtio-blk io1 none raw",
                                   workload="randread-4k", metric="p99_ns", **labels), 622640)
            self.assertEqual(len([k for k in found if k[0] == "blklab_night_value"]), 6)
            self.tell(config, "cannot-tell")  # one figure: the five others are gone
            found = samples(gateway.get("/metrics"))
            self.assertEqual(len([k for k in found if k[0] == "blklab_night_value"]), 1)
            self.tell(config, "nasty")  # a group of its own
            found = samples(gateway.get("/metrics"))
            self.assertEqual(value(found, "blklab_night_value", scenario=NASTY, cell=NASTY,
                                   instance=NASTY), 1e6)
            self.assertEqual(len([k for k in found if k[0] == "blklab_night_value"]), 2)


class Mail(Case):
    def mail(self, night, **more):
        with servers.Smtp(**more.pop("server", {})) as smtp:
            keys = "".join(f", {k}: {v}" for k, v in more.items())
            self.tell(self.config([f"mail: {{ smtp: 'smtp://localhost:{smtp.port}', from: "
                                   "lab@example.org, to: [a@example.org, b@example.org]"
                                   f"{keys}, on: always }}"]), night)
        self.assertEqual(len(smtp.got), 1)
        return smtp.got[0]

    def test_is_read_by_a_mail_parser(self):
        sender, to, raw, _, _ = self.mail("changed")
        self.assertEqual((sender, to), ("lab@example.org", ["a@example.org", "b@example.org"]))
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        self.assertEqual(mail.defects, [])
        self.assertEqual(mail["Subject"], "blklab: changed for the worse: quick on host1")
        self.assertEqual(mail["Date"].datetime.isoformat(), "2026-11-21T02:48:54+00:00")
        self.assertEqual([a.addr_spec for a in mail["To"].addresses], to)
        self.assertEqual(mail["Message-ID"],
                         "<blklab-019aa9d0-6c00-7000-8000-000000000001@host1>")
        self.assertEqual(mail.get_content_type(), "text/plain")
        with open(f"{SOURCE}/tests/unit/reports/expected/night-changed.txt",
                  encoding="utf-8") as f:
            self.assertEqual(mail.get_content().replace("\r\n", "\n").rstrip("\n"),
                             f.read().rstrip("\n"))

    def test_no_name_becomes_a_header(self):
        _, _, raw, _, _ = self.mail("nasty")
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        self.assertEqual(mail.defects, [])
        self.assertEqual(mail["Subject"],
                         f"blklab: changed for the worse: {NASTY} on {NASTY}")
        self.assertEqual(sorted(mail.keys()), sorted(
            ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version",
             "Content-Type", "Content-Transfer-Encoding"]))
        self.assertIn(f"  failed  {NASTY}, trial 1: {NASTY}", mail.get_content())

    def certificate(self, name):
        path = os.path.join(self.dir, name + ".pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}",
                        "-keyout", path + ".key", "-out", path], check=True, capture_output=True)
        with open(path, "a", encoding="ascii") as both, open(path + ".key",
                                                             encoding="ascii") as key:
            both.write(key.read())
        return path

    def test_the_password_goes_encrypted_and_only_to_who_proves_its_name(self):
        good, bad = self.certificate("localhost"), self.certificate("other.example.org")
        secret = {"user": "lab", "password_file": self.put("pw", "s3cr\u00e9t\n"),
                  "starttls": "yes"}
        _, _, _, encrypted, login = self.mail("quiet", server={"tls": good}, ca_file=good,
                                              **secret)
        self.assertTrue(encrypted)
        self.assertEqual(base64.b64decode(login).decode(), "\0lab\0s3cr\u00e9t")
        for server, ca, says in ((bad, bad, "no alternative certificate subject name matches"),
                                 (good, bad, "SSL certificate problem")):
            with servers.Smtp(tls=server) as smtp:
                keys = "".join(f", {k}: {v}" for k, v in secret.items())
                notes, _ = self.tell(self.config(
                    [f"mail: {{ smtp: 'smtp://localhost:{smtp.port}', from: l@x.org, to: a@x.org"
                     f"{keys}, ca_file: {ca}, on: always }}"], budget=3), "quiet", failed=1)
                self.assertIn(says, notes)
                self.assertEqual(smtp.got, [])


class Webhook(Case):
    def test_json_is_what_the_schema_says(self):
        with servers.Http() as http:
            self.tell(self.config([f"webhook: {{ url: 'http://127.0.0.1:{http.port}/in', headers: "
                                   "{ X-Token: t0 } }"]), "changed")
        (method, path, headers, body), = http.got
        self.assertEqual((method, path, headers["Content-Type"], headers["X-Token"]),
                         ("POST", "/in", "application/json", "t0"))
        document = json.loads(body)
        self.assertEqual(document["id"], "019aa9d0-6c00-7000-8000-000000000001")
        with open(f"{SOURCE}/reports/nights/night.schema.json", encoding="utf-8") as f:
            jsonschema.Draft7Validator(json.load(f)).validate(document)

    def test_text_is_for_chats(self):
        with servers.Http() as http:
            self.tell(self.config([f"webhook: {{ url: 'http://127.0.0.1:{http.port}/in', "
                                   "format: text }"]), "nasty")
        document = json.loads(http.got[0][3])
        self.assertEqual(list(document), ["text"])
        headline, _, code = document["text"].partition("\n```\n")
        self.assertTrue(headline.startswith("blklab: changed for the worse: a\"b'c&lt;d&gt;&amp;"))
        self.assertNotIn("<", document["text"])
        self.assertNotIn("@", headline)
        self.assertEqual(code.count("```"), 1)  # the end

    def test_only_who_asks_is_told(self):
        with servers.Http() as http:
            url = f"url: 'http://127.0.0.1:{http.port}"
            config = self.config([f"webhook: {{ {url}/default' }}",
                                  f"webhook: {{ {url}/worse', on: worse }}",
                                  f"webhook: {{ {url}/ok', on: [ok, cannot-tell] }}",
                                  f"webhook: {{ {url}/always', on: always }}"])
            told = {}
            for night in ("quiet", "changed", "not-measured", "cannot-tell"):
                self.tell(config, night)
                told[night] = sorted(path[1:] for _, path, _, _ in http.got)
                http.got.clear()
        self.assertEqual(told, {"quiet": ["always", "ok"],
                                "changed": ["always", "default", "worse"],
                                "not-measured": ["always", "default"],
                                "cannot-tell": ["always", "ok"]})


class Junit(Case):
    def test_the_file_is_replaced(self):
        self.put("blklab-quick.xml", "old")
        self.tell(self.config([f"junit: {{ folder: '{self.dir}' }}"]), "changed")
        with open(os.path.join(self.dir, "blklab-quick.xml"), "rb") as got, \
                open(f"{SOURCE}/tests/unit/reports/expected/night-changed.xml", "rb") as want:
            self.assertEqual(got.read(), want.read())


class Trouble(Case):
    def test_all_down_at_once_and_one_that_is_not(self):
        down = servers.free_port()
        silent = socket.create_server(("127.0.0.1", 0))  # accepts, and says nothing
        self.addCleanup(silent.close)
        quiet = silent.getsockname()[1]
        with servers.Http() as http:
            notes, ms = self.tell(self.config([
                f"webhook: {{ url: 'http://127.0.0.1:{down}/T0/secret' }}",
                f"webhook: {{ url: 'http://127.0.0.1:{http.port}/hang/secret' }}",
                f"webhook: {{ url: 'http://127.0.0.1:{http.port}/500/secret' }}",
                f"webhook: {{ url: 'http://name.invalid/secret' }}",
                f"mail: {{ smtp: 'smtp://127.0.0.1:{quiet}', from: a@b.c, to: d@e.f }}",
                f"mail: {{ smtp: 'smtps://127.0.0.1:{quiet}', from: a@b.c, to: d@e.f }}",
                f"pushgateway: {{ url: 'http://127.0.0.1:{down}' }}",
                f"textfile: {{ folder: '{self.dir}/nowhere' }}",
                f"webhook: {{ url: 'http://127.0.0.1:{http.port}/slow' }}",
                f"junit: {{ folder: '{self.dir}' }}",
            ], budget=4), "changed", failed=8)
        print(f"8 of 10 targets in trouble, budget 4 s: over after {ms} ms", flush=True)
        self.assertGreater(ms, 3900)
        self.assertLess(ms, 6000)
        self.assertEqual(notes.count(" was not told: "), 8)
        self.assertNotIn("secret", notes)
        for says in ("answered 500", "does not exist", "no answer", "attempts)"):
            self.assertIn(says, notes)
        self.assertIn("/slow", [path for _, path, _, _ in http.got])
        self.assertTrue(os.path.exists(os.path.join(self.dir, "blklab-quick.xml")))


class SilentNameServer(Case):
    def test_a_silent_name_server_does_not_hold_it(self):
        """getaddrinfo() can't be interrupted: with two tries of 5 s it would take 10."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as dns:
            dns.bind(("127.0.0.77", 53))
            resolv = self.put("resolv.conf", "nameserver 127.0.0.77\noptions timeout:5\n", 0o644)
            nsswitch = self.put("nsswitch.conf", "hosts: dns\n", 0o644)
            config = self.config(["webhook: { url: 'http://silent.example.org/' }"], budget=1)
            start = time.monotonic()
            done = subprocess.run(
                ["unshare", "-m", "sh", "-c", 'mount --bind "$1" /etc/resolv.conf && mount --bind '
                 '"$2" /etc/nsswitch.conf && exec "$3" "$4" changed', "sh", resolv, nsswitch,
                 TELL_NIGHT, config], capture_output=True, text=True, timeout=60)
            took = time.monotonic() - start
            dns.settimeout(0.1)
            self.assertIn(b"silent", dns.recv(512))  # it was asked
        self.assertEqual(done.returncode, 0, done.stderr)
        print(f"silent name server, budget 1 s: over after {took:.2f} s", flush=True)
        self.assertLess(took, 5)


class Verb(Case):
    def run_verb(self, config, *more):
        wide = dict(os.environ, COLUMNS="1000")  # a line a target
        done = subprocess.run([BLKLAB, "notify", config, *more], capture_output=True, text=True,
                              timeout=60, env=wide)
        return done.returncode, done.stdout, done.stderr

    def test_says_what_each_answered_and_leaves_nothing(self):
        with servers.Http() as http, servers.Smtp() as smtp, \
                servers.pushgateway(DAEMONS) as gateway:
            secret = self.put("url", f"http://127.0.0.1:{http.port}/T0/secret\n", 0o644)
            config = self.config([
                f"webhook: {{ url_file: {secret}, on: worse }}",
                f"mail: {{ smtp: 'smtp://127.0.0.1:{smtp.port}', from: l@x.org, to: a@x.org }}",
                f"pushgateway: {{ url: 'http://127.0.0.1:{gateway.port}' }}",
                f"textfile: {{ folder: {self.dir} }}"])
            code, out, err = self.run_verb(config)
            self.assertEqual(code, 0, out + err)
            self.assertEqual([line.split()[0] for line in out.splitlines()], ["ok"] * 4)
            self.assertIn(f"ok      webhook 127.0.0.1:{http.port} (notify.yaml:3): "
                          "answered 200: ok\n", out)
            self.assertIn("mail to a@x.org by", out)
            self.assertIn("and the group was removed again", out)
            self.assertIn("bytes, and removed it again", out)
            self.assertNotIn("secret", out + err.replace(f"'{secret}' holds a secret", ""))
            self.assertIn("can be read by others (mode 0644): chmod 600 it", err)
            self.assertEqual(json.loads(http.got[0][3])["scenario"], "blklab-notify-test")
            mail = email.message_from_bytes(smtp.got[0][2], policy=email.policy.default)
            self.assertIn("this is a test", mail.get_content())
            self.assertTrue(mail["subject"].startswith("blklab: this is a test: "))
            self.assertEqual(samples(gateway.get("/metrics")), {})
            self.assertEqual([f for f in os.listdir(self.dir) if "prom" in f], [])

    def test_takes_no_longer_than_its_budget_to_remove_what_it_sent(self):
        with servers.Http() as http, servers.pushgateway(DAEMONS) as gateway:
            config = self.config(
                [f"pushgateway: {{ url: 'http://127.0.0.1:{http.port}/keep{i}' }}" for i in range(3)]
                + [f"webhook: {{ url: 'http://127.0.0.1:{http.port}/hang' }}",
                   f"pushgateway: {{ url: 'http://127.0.0.1:{gateway.port}' }}"], budget=4)
            start = time.monotonic()
            code, out, err = self.run_verb(config)
            took = time.monotonic() - start
            self.assertEqual(code, 3, out + err)
            self.assertEqual(out.count("; the group of the test is still there: "), 3, out)
            self.assertEqual(out.count(", and the group was removed again"), 1, out)
            self.assertEqual(samples(gateway.get("/metrics")), {})
        print(f"3 of 4 groups can't be removed, budget 4 s: over after {took:.2f} s", flush=True)
        self.assertLess(took, 5.5)

    def test_fails_when_one_does(self):
        down = servers.free_port()
        config = self.config([f"webhook: {{ url: 'http://127.0.0.1:{down}/' }}",
                              f"junit: {{ folder: {self.dir} }}"], budget=2)
        code, out, _ = self.run_verb(config, "--json")
        self.assertEqual(code, 3)
        told = json.loads(out)
        self.assertEqual([t["is_sent"] for t in told], [False, True])
        self.assertIn("not reached: Failed to connect", told[0]["text"])
        self.assertEqual(told[0]["target"], f"webhook 127.0.0.1:{down} (notify.yaml:3)")

    def test_a_folder_that_is_missing_is_named(self):
        code, out, _ = self.run_verb(self.config(["textfile: { folder: /nonexistent/prom }"]))
        self.assertEqual(code, 3)
        self.assertIn("the folder '/nonexistent/prom' does not exist; make it", out)

    def test_a_file_that_is_wrong_is_bad_input(self):
        code, _, err = self.run_verb(self.config(["webhook: { ulr: x }"]))
        self.assertEqual(code, 2)
        self.assertIn("did you mean 'url'?", err)


if __name__ == "__main__":
    for program in ("prometheus-node-exporter", "prometheus-pushgateway"):
        if not os.path.exists(os.path.join(DAEMONS, "usr/bin", program)):
            sys.exit(f"{program} is not in {DAEMONS}: 'make guests' brings it")
    names = [c.__name__ for c in Case.__subclasses__() if c is not SilentNameServer]
    if sys.argv[4:] == ["root"]:
        if os.geteuid() != 0 or not shutil.which("unshare"):
            print("needs root and unshare, for a name server of its own")
            sys.exit(77)
        names = [SilentNameServer.__name__]
    unittest.main(argv=sys.argv[:1] + names, verbosity=2)
