"""The root disk of the emulated host: an ext4 image of this machine's own programs.

Made without root's rights: a tree of files, and mke2fs -d. It is kept in the build folder under
the hash of what it was made of (paths, sizes, times), so that it is made once, and again when a
package was upgraded. What changes with every build of blklab is not in it, only the libraries
that need is.
"""

import fcntl
import glob
import hashlib
import os
import re
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
LIB = "usr/lib/x86_64-linux-gnu"  # where the loader looks without a cache

# Programs and the package of each. The first that exists is taken.
PROGRAMS = (
    ("/usr/bin/busybox", "busybox-static"),
    ("/usr/bin/qemu-system-x86_64", "qemu-system-x86"),
    ("/usr/bin/qemu-img", "qemu-utils"),
    ("/usr/bin/gnuplot", "gnuplot-nox"),
    ("/usr/bin/sqlite3", "sqlite3"),
    ("/usr/bin/bash", "bash"),
    ("/usr/bin/dash", "dash"),
    ("/usr/bin/kmod", "kmod"),
    ("/usr/bin/flock", "util-linux"),
    ("/usr/bin/pgrep", "procps"),
    ("/usr/bin/mount", "mount"),
    ("/usr/bin/umount", "mount"),
    ("/usr/sbin/blkid", "util-linux"),
    ("/usr/sbin/blockdev", "util-linux"),
    ("/usr/sbin/dmsetup", "dmsetup"),
    ("/usr/sbin/losetup", "mount"),
    ("/usr/sbin/lvm", "lvm2"),
    ("/usr/sbin/mke2fs", "e2fsprogs"),
    ("/usr/sbin/mkswap", "util-linux"),
    ("/usr/sbin/sfdisk", "fdisk"),
    ("/usr/sbin/swapoff", "mount"),
    ("/usr/sbin/swapon", "mount"),
)
# Names that a program answers to.
NAMES = {
    # Not busybox, whose shell runs its own mount, losetup and modprobe whatever PATH says.
    "usr/bin/dash": ("usr/bin/sh",),
    "usr/bin/kmod": ("usr/sbin/modprobe", "usr/sbin/insmod", "usr/sbin/rmmod", "usr/sbin/lsmod",
                     "usr/sbin/depmod", "usr/sbin/modinfo"),
    "usr/sbin/mke2fs": ("usr/sbin/mkfs.ext4", "usr/sbin/mkfs.ext2"),
    "usr/sbin/lvm": tuple("usr/sbin/" + n for n in (
        "pvcreate", "pvremove", "pvs", "vgcreate", "vgremove", "vgs", "vgchange", "lvcreate",
        "lvremove", "lvs", "lvchange")),
}
# Loaded by name while a program runs, so that ldd does not tell.
PLUGINS = (
    (LIB + "/libvirt/connection-driver/libvirt_driver_*.so", "libvirt-daemon-driver-qemu"),
    (LIB + "/qemu/accel-tcg-*.so", "qemu-system-x86"),
    (LIB + "/libgcc_s.so.1", "libgcc-s1"),
)
DATA = (
    ("usr/share/libvirt/cpu_map", "libvirt0"),
    ("usr/share/seabios", "seabios"),
    ("usr/share/qemu/*.bin", "qemu-system-data"),
    ("usr/share/qemu/*.rom", "qemu-system-data"),
    ("usr/lib/ipxe/qemu/*.rom", "ipxe-qemu"),
    ("usr/share/gnuplot", "gnuplot-nox"),
)
# Subsystems of the kernel that no test of storage loads: half of its modules' bytes.
NO_MODULES = ("net", "sound", "drivers/net", "drivers/gpu", "drivers/infiniband", "drivers/media",
              "drivers/isdn", "drivers/hid", "drivers/usb", "drivers/input")
ETC = {
    "passwd": "root:x:0:0:root:/root:/bin/sh\nlibvirt-qemu:x:64055:64055::/:/bin/false\n",
    "group": "root:x:0:\ndisk:x:6:\nkvm:x:104:\nlibvirt-qemu:x:64055:\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "hosts": "127.0.0.1 localhost emulated-host\n",
    "hostname": "emulated-host\n",
    # 128 bits, fixed: the same host every time.
    "machine-id": "00000000e3018ed405700000b1c1ab00\n",
}
DIRS = ("boot", "dev", "etc", "in", "lab", "mnt", "out", "proc", "root", "run", "srv", "sys", "tmp",
        "usr/bin", "usr/sbin", "usr/lib64", LIB, "var/cache", "var/lib", "var/log")
LINKS = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64",
         "var/run": "../run", "etc/mtab": "../proc/self/mounts"}
# Room for tests beside the files; the image is sparse.
FREE_MB = 1024


class RootError(Exception):
    """The message says what is missing and which package has it."""


def _run(argv, **kwargs):
    run = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         check=False, **kwargs)
    if run.returncode:
        last = (run.stdout.strip().splitlines() or ["no output"])[-1]
        raise RootError(f"'{argv[0]}' failed with {run.returncode}: {last}")
    return run.stdout


def libraries(paths):
    """The shared libraries of programs, and the loader, as existing paths."""
    found = set()
    for path in paths:
        run = subprocess.run(["ldd", path], capture_output=True, text=True, check=False)
        if "not found" in run.stdout:
            missing = [line.strip() for line in run.stdout.splitlines() if "not found" in line]
            raise RootError(f"'{path}' has libraries that are not there: {missing[0]}")
        found.update(re.findall(r"(/\S+) \(0x", run.stdout))
    return sorted(found)


def _existing(pattern, package):
    paths = sorted(glob.glob("/" + pattern.lstrip("/")))
    if not paths:
        raise RootError(f"there is no '/{pattern.lstrip('/')}', which the emulated host is made "
                        f"of: install {package}, or run 'make check-passthrough'")
    return paths


def _tree_files(folder):
    if not os.path.isdir(folder):
        return [folder]
    return sorted(os.path.join(d, f) for d, _, files in os.walk(folder) for f in files)


class Root:
    """What an image is made of, and where it is kept."""

    def __init__(self, build, kernel_package, lab_programs):
        self.folder = os.path.join(build, "emulated-host")
        self.kernel_package = kernel_package
        programs = [_existing(path, package)[0] for path, package in PROGRAMS]
        plugins = [p for pattern, package in PLUGINS for p in _existing(pattern, package)]
        data = [f for pattern, package in DATA for p in _existing(pattern, package)
                for f in _tree_files(p)]
        # Flat, by name: the loader finds them there whatever folder they had.
        self.files = {os.path.join(LIB, os.path.basename(p)): p
                      for p in libraries(programs + plugins + list(lab_programs))}
        self.files.update({p.lstrip("/"): p for p in programs + plugins + data})
        self.files["usr/lib64/ld-linux-x86-64.so.2"] = "/lib64/ld-linux-x86-64.so.2"
        self.files["init"] = os.path.join(HERE, "inner", "init")
        self.files["usr/bin/outer"] = os.path.join(HERE, "inner", "outer")

    def key(self):
        """A hash of all inputs, this program's text among them."""
        h = hashlib.sha256()
        with open(__file__, "rb") as f:
            h.update(f.read())
        for to, path in sorted(self.files.items()) + [("kernel", self.kernel_package)]:
            st = os.stat(path)
            h.update(f"{to}\0{path}\0{st.st_size}\0{st.st_mtime_ns}\n".encode())
        return h.hexdigest()[:16]

    def ensure(self, say=lambda text: None):
        """The image, made unless it is there: (path of the image, path of its kernel)."""
        os.makedirs(self.folder, exist_ok=True)
        # One maker at a time; others wait and find it made.
        with open(os.path.join(self.folder, "lock"), "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            stem = os.path.join(self.folder, "root-" + self.key())
            if not os.path.exists(stem + ".img"):
                say("making the root disk of the emulated host")
                self._forget()
                self._make(stem)
        return stem + ".img", stem + ".vmlinuz"

    def _forget(self):
        """Images of inputs that are gone. One in use stays readable for who has it open."""
        for old in glob.glob(os.path.join(self.folder, "root-*")):
            shutil.rmtree(old) if os.path.isdir(old) else os.unlink(old)

    def _make(self, stem):
        tree = stem + ".tree"
        try:
            os.makedirs(tree)
            vmlinuz = self._fill(tree)
            size_kb = sum(os.lstat(os.path.join(d, f)).st_size // 1024 + 4
                          for d, _, files in os.walk(tree) for f in files)
            _run(["/usr/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-m", "0", "-O", "^has_journal",
                  "-E", "root_owner=0:0,lazy_itable_init=1", "-d", tree, stem + ".part",
                  f"{size_kb // 1024 + FREE_MB}M"])
            shutil.copyfile(vmlinuz, stem + ".vmlinuz")
            os.rename(stem + ".part", stem + ".img")
        finally:
            shutil.rmtree(tree, ignore_errors=True)
            if os.path.exists(stem + ".part"):
                os.unlink(stem + ".part")

    def _fill(self, tree):
        for d in DIRS:
            os.makedirs(os.path.join(tree, d), exist_ok=True)
        for name, target in LINKS.items():
            os.symlink(target, os.path.join(tree, name))
        for to, path in self.files.items():
            to = os.path.join(tree, to)
            os.makedirs(os.path.dirname(to), exist_ok=True)
            shutil.copyfile(path, to)
            # No set-user-id bit: the files belong to who made the image, and mount would act for it.
            os.chmod(to, os.stat(path).st_mode & 0o755)
        for to, text in ETC.items():
            with open(os.path.join(tree, "etc", to), "w", encoding="ascii") as f:
                f.write(text)
        for program, names in NAMES.items():
            for name in names:
                os.symlink("/" + program, os.path.join(tree, name))
        for name in _run(["busybox", "--list"]).split():
            to = os.path.join(tree, "usr/bin", name)
            if not os.path.lexists(to) and not os.path.lexists(os.path.join(tree, "usr/sbin",
                                                                            name)):
                os.symlink("busybox", to)
        return self._add_kernel(tree)

    def _add_kernel(self, tree):
        """The kernel as if installed, for inner guests and for modprobe. Returns its bzImage."""
        unpacked = os.path.join(tree, "run", "kernel")
        _run(["dpkg-deb", "-x", self.kernel_package, unpacked])
        found = glob.glob(os.path.join(unpacked, "boot", "vmlinuz-*"))
        if len(found) != 1:
            raise RootError(f"'{self.kernel_package}' has {len(found)} kernels; the emulated host "
                            "needs Debian's linux-image-cloud-amd64: run 'make guests'")
        release = os.path.basename(found[0])[len("vmlinuz-"):]
        modules = os.path.join(unpacked, "lib", "modules", release)
        for folder in NO_MODULES:
            shutil.rmtree(os.path.join(modules, "kernel", folder), ignore_errors=True)
        os.makedirs(os.path.join(tree, "usr/lib/modules"))
        shutil.move(modules, os.path.join(tree, "usr/lib/modules", release))
        vmlinuz = os.path.join(tree, "boot", os.path.basename(found[0]))
        shutil.move(found[0], vmlinuz)
        shutil.rmtree(unpacked)
        _run(["/usr/sbin/depmod", "-b", tree, release])
        return vmlinuz


def find_kernel_package(packages):
    """Debian's cloud kernel, where `make guests` puts it; fetched when it is not there."""
    given = os.environ.get("BLKLAB_TEST_KERNEL")
    if given:
        return given
    pattern = os.path.join(packages, "cloud", "linux-image-*.deb")
    if not glob.glob(pattern):
        _run([os.path.join(SOURCE, "vmimages/build/fetch-packages.sh"), "--out",
              os.path.join(packages, "cloud"), "linux-image-cloud-amd64"])
    found = glob.glob(pattern)
    if not found:
        raise RootError(f"there is no '{pattern}': run 'make guests'")
    return max(found, key=os.path.getmtime)
