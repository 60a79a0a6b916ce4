#!/usr/bin/env python3
"""Verify blocks and buffer contents: what fio 3.33 writes we check, what we write fio checks.

usage: verify_beside_fio.py VERIFY_FILE [FOLDER]
A damaged byte must be found by both, ours at its offset. Compression and deduplication are
compared as ratios. Status 77: there is no fio 3.33.
"""
import os
import subprocess
import sys
import tempfile
import zlib

SIZE = 256 * 1024
SUMS = ("md5 crc64 crc32 crc32c crc32c-intel crc16 crc7 sha1 sha256 sha512 "
        "sha3-224 sha3-256 sha3-384 sha3-512 xxhash").split()
# Bytes of header and checksum: where they do not fit, fio writes over the next interval.
HEAD = {"sha256": 104, "sha512": 168, "sha3-384": 88, "sha3-512": 104}  # others are shorter
LAYOUTS = [{}, {"interval": 1024}, {"interval": 1024, "header_at": 200},
           {"bs": 2560, "interval": 160}]
PATTERN = '"blk"%o0xdeadbee-7'
FIO_KEYS = {"interval": "verify_interval", "header_at": "verify_offset", "pattern":
            "verify_pattern", "type": "verify"}
PATTERNS = ["0x1", "0x123", "0xDEADBEEF", "0xdeadbeefcafebabe0123456789", "1", "10", "255", "-1",
            "-12", "65536", "0", "010", "2147483647", "-2147483648", '"ab"0x12', '"a\\nb"', "1 2",
            "0x1-1", "1%o", "%o1", '0x12"a"', "%o%o", '0x1"a"%o-2', "+5", "1+2"]
BAD_PATTERNS = ["4294967296", "2147483648", "0x", "abc", '"abc', "%d", "1,2", "-", "-0x12", "0xg"]

failures = []


def check(is_true, what):
    if not is_true:
        failures.append(what)
        print("FAILED:", what)


class Side:
    """Both programs on one file."""

    def __init__(self, ours, path):
        self.ours, self.path = ours, path

    def us(self, verb, **keys):
        args = [f"{k}={v}" for k, v in {"size": SIZE, **keys}.items()]
        r = subprocess.run([self.ours, verb, self.path, *args], capture_output=True, text=True)
        check(r.returncode in (0, 1), f"{verb} {args}: {r.stderr}")
        return r

    def fio(self, *args, size=SIZE, bs=4096, **keys):
        options = [f"--{FIO_KEYS.get(k, k)}={v}" for k, v in keys.items()]
        # pattern_hdr has no name in 3.33: it is what a verify_pattern alone means
        options = [o for o in options if o != "--verify=pattern_hdr"]
        return subprocess.run(
            ["fio", "--clocksource=clock_gettime", "--name=x", f"--filename={self.path}", "--output=/dev/null", f"--bs={bs}",
             f"--size={size}", "--verify_state_save=0", *args, *options],
            capture_output=True, text=True)

    def fio_writes(self, **keys):
        self.remove()
        r = self.fio("--rw=write", "--do_verify=0", **keys)
        check(r.returncode == 0, f"fio writes {keys}: {r.stderr}")

    def fio_accepts(self, **keys):
        # without verify_fatal fio's status is that of the last interval of a request
        r = self.fio("--rw=read", "--verify_fatal=1", **keys)
        return r.returncode == 0 and not r.stderr

    def remove(self):
        if os.path.exists(self.path):
            os.unlink(self.path)

    def flip(self, at):
        with open(self.path, "r+b") as f:
            f.seek(at)
            byte = f.read(1)[0]
            f.seek(at)
            f.write(bytes([byte ^ 0x40]))


def damage(side, where, keys, is_seen_by_fio=True):
    """One byte at @where: ours says so, fio refuses."""
    what = f"{keys} damaged at {where}"
    side.flip(where)
    r = side.us("check", **keys)
    at, exact, text = (r.stdout + "  ").split(" ", 2)
    check(r.returncode == 1 and (at, exact) == (str(where), "1"), f"{what}: {r.stdout!r}")
    if is_seen_by_fio:
        check(not side.fio_accepts(**keys), f"fio accepts {what}")
    side.flip(where)
    return text


def cross(side, keys, where=None, is_seen_by_fio=True):
    """Both ways; with @where a damaged byte in each file, too. Returns ours about it."""
    size = SIZE - SIZE % keys.get("bs", 4096)
    keys = {"size": size, **keys}
    side.fio_writes(**keys)
    r = side.us("check", **keys)
    check(r.returncode == 0, f"ours refuses fio's {keys}: {r.stdout}")
    text = "" if where is None else damage(side, where, keys, False)
    side.remove()
    side.us("write", **keys)
    r = side.us("check", strict=1, **keys)
    check(r.returncode == 0, f"ours refuses its own {keys}: {r.stdout}")
    check(side.fio_accepts(**keys), f"fio refuses ours {keys}")
    if where is not None:
        damage(side, where, keys, is_seen_by_fio)
    return text.strip()


def sums(side):
    for kind in SUMS:
        text = ""
        for layout in LAYOUTS:
            if HEAD.get(kind, 44) >= layout.get("interval", 4096):
                continue
            bs = layout.get("bs", 4096)
            at = 3 * bs + layout.get("interval", bs) - 3  # in the tail that sha256 and sha512 store
            seen = cross(side, {"type": kind, **layout}, at, not layout)
            text = text or seen
        print(kind, "ok,", text)


def everything_else(side):
    for keys in ({"type": "meta"}, {"type": "meta", "interval": 1024, "header_at": 200},
                 {"type": "null"}, {"type": "crc32c", "pattern": PATTERN},
                 {"type": "meta", "pattern": PATTERN}, {"type": "pattern_hdr", "pattern": PATTERN},
                 {"type": "pattern_hdr", "pattern": PATTERN, "interval": 1024},
                 {"type": "pattern_hdr", "pattern": "0xdeadbeef01", "interval": 512},
                 {"type": "pattern", "pattern": PATTERN, "interval": 1024},
                 {"type": "pattern", "pattern": "0xdeadbeef01"}):
        cross(side, keys, 5 * 4096 + 2001 if "pattern" in keys else None)
    # the header's fields, and the stored sum; the place of a wrong crc is not known
    side.us("write", type="crc32c")
    for at in (8192, 8193, 8196, 8199, 8208, 8215, 8192 + 40, 8192 + 43):
        damage(side, at, {"type": "crc32c"})
    for at in (8194, 8200, 8216, 8224, 8228, 8231):
        side.flip(at)
        r = side.us("check", type="crc32c")
        check(r.stdout.startswith("8192 0 verify: header of the block at 8192: crc is 0x"), r.stdout)
        check(not side.fio_accepts(type="crc32c"), f"fio accepts a header damaged at {at}")
        side.flip(at)
    # what a sum leaves out is seen only by strict, in fio by nothing
    side.us("write", type="sha512")
    side.flip(2000)
    check(side.us("check", type="sha512").returncode == 0, "sha512 became better than fio's")
    check(side.fio_accepts(type="sha512"), "fio's sha512 became better than it was")
    r = side.us("check", type="sha512", strict=1)
    check(r.stdout.startswith("2000 1 verify: data of the 4096 bytes at 0"), r.stdout)
    print("meta, null, patterns, header, strict ok")


def patterns(side):
    for text in PATTERNS:
        side.fio_writes(type="pattern", pattern=text)
        want = open(side.path, "rb").read()
        side.remove()
        side.us("write", type="pattern", pattern=text)
        check(open(side.path, "rb").read() == want, f"pattern {text}")
    for text in BAD_PATTERNS:
        r = subprocess.run([side.ours, "write", side.path, "type=pattern", f"pattern={text}"],
                           capture_output=True, text=True)
        check(r.returncode == 2 and r.stderr.count("\n") == 1, f"{text}: {r.stderr}")
        check(side.fio("--rw=write", type="pattern", pattern=text).returncode != 0,
              f"fio takes the pattern {text}")
    print(len(PATTERNS), "patterns as fio's,", len(BAD_PATTERNS), "refused as by fio")


def ratio(path):
    """Compressed share of the file, each MiB by itself."""
    data = open(path, "rb").read()
    return sum(len(zlib.compress(data[i:i + (1 << 20)], 1))
               for i in range(0, len(data), 1 << 20)) / len(data)


def distinct(path, bs):
    data = open(path, "rb").read()
    return len({data[i:i + bs] for i in range(0, len(data), bs)}) * bs / len(data)


def contents(side):
    size = 16 << 20
    for bs in (4096, 65536):
        for pct in (0, 25, 50, 75, 100):
            side.remove()
            side.fio("--rw=write", "--refill_buffers", size=size, bs=bs,
                     buffer_compress_percentage=pct)
            fio = ratio(side.path)
            side.remove()
            side.us("fill", size=size, bs=bs, compress=pct, refill=1)
            ours = ratio(side.path)
            print(f"bs {bs:5} compress {pct:3} %: kept {ours:.3f}, fio {fio:.3f}")
            check(abs(ours - fio) <= 0.1, f"compress {pct}: {ours} beside fio's {fio}")
            check(abs(ours - (1 - pct / 100)) <= 0.1, f"compress {pct}: {ours}")
    for pct in (0, 25, 50, 75, 100):
        side.remove()
        side.fio("--rw=write", size=size, dedupe_percentage=pct, refill_buffers=1)
        fio = distinct(side.path, 4096)
        side.remove()
        side.us("fill", size=size, dedupe=pct, refill=1)
        ours = distinct(side.path, 4096)
        print(f"dedupe {pct:3} %: distinct {ours:.3f}, fio {fio:.3f}")
        check(abs(ours - fio) <= 0.05 and abs(ours - (1 - pct / 100)) <= 0.05, f"dedupe {pct}")
    side.remove()
    side.us("fill", size=size)
    check(distinct(side.path, 512) == 1, "scrambled sectors repeat")
    side.remove()
    side.us("fill", size=size, scramble=0)
    check(distinct(side.path, 4096) < 0.001, "without scramble nothing repeats")


def main():
    try:
        version = subprocess.run(["fio", "--version"], capture_output=True, text=True).stdout.strip()
    except OSError:
        version = "none"
    if version != "fio-3.33":
        print("not tested: the format is that of fio-3.33, here is", version)
        return 77
    folder = sys.argv[2] if len(sys.argv) > 2 else "/var/tmp"
    with tempfile.TemporaryDirectory(prefix="blklab-verify-", dir=folder) as scratch:
        side = Side(sys.argv[1], os.path.join(scratch, "file"))
        sums(side)
        everything_else(side)
        patterns(side)
        contents(side)
    print("failures:", len(failures))
    return 1 if failures else 0


sys.exit(main())
