# SPDX-License-Identifier: GPL-2.0
"""The test machine's initramfs: busybox, the module, the tools, the selftests, the command.

Reached from the testbed command with what to lay in; gives the bytes of an uncompressed cpio
archive to emulators.py (unpacking costs the emulated CPU less than decompressing would). The
archive is written here rather than with cpio(1) so that it needs no root for device nodes and
comes out the same each time.
"""
import os
import shlex
import shutil
import stat
import subprocess
import tempfile

import debian
import disk
from common import BUILD, HERE, TestbedError, run

KVM = ("irqbypass", "kvm", "kvm_intel")

# brd: a disk to swap to and to hold files.
COMPANIONS = ("msr", "brd")


class Cpio:
    """A cpio archive in the kernel's "newc" format, in memory."""

    def __init__(self):
        self.parts, self.names, self.size = [], {}, 0

    def add(self, name, mode, data=b"", rdev=(0, 0)):
        name = name.strip("/")
        parent = os.path.dirname(name)
        if parent and parent not in self.names:
            self.add(parent, stat.S_IFDIR | 0o755)
        if name in self.names and stat.S_ISDIR(mode):
            return
        self.names[name] = mode
        self._entry(name, mode, data, rdev)

    def _entry(self, name, mode, data, rdev):
        fields = (len(self.parts) + 1, mode, 0, 0, 1, 0, len(data), 0, 0, *rdev, len(name) + 1, 0)
        head = b"070701" + b"".join(b"%08x" % field for field in fields)
        for part in (head + name.encode() + b"\0", data):
            self.parts.append(part + b"\0" * (-len(part) % 4))

    def file(self, name, data, executable=False):
        self.add(name, stat.S_IFREG | (0o755 if executable else 0o644), data)

    def link(self, name, target):
        self.add(name, stat.S_IFLNK | 0o777, target.encode())

    def tree(self, source, dest, keep=lambda path: True):
        """Add every file below the directory SOURCE under DEST."""
        for base, dirs, files in os.walk(source):
            dirs.sort()
            inside = os.path.join(dest, os.path.relpath(base, source))
            self.add(os.path.normpath(inside), stat.S_IFDIR | 0o755)
            for name in sorted(files + [d for d in dirs if os.path.islink(os.path.join(base, d))]):
                path = os.path.join(base, name)
                target = os.path.normpath(os.path.join(inside, name))
                if os.path.islink(path) and not os.path.isabs(os.readlink(path)):
                    self.link(target, os.readlink(path))
                elif os.path.isfile(path) and keep(path):
                    with open(path, "rb") as handle:
                        self.file(target, handle.read(), os.access(path, os.X_OK))

    def finish(self):
        self._entry("TRAILER!!!", 0, b"", (0, 0))
        return b"".join(self.parts)


def busybox(cpio):
    path = next((p for p in ("/bin/busybox", "/usr/bin/busybox") if os.path.exists(p)), None)
    if not path:
        raise TestbedError("no busybox here; run tools/setup (package busybox-static)")
    with open(path, "rb") as handle:
        data = handle.read()
    if b"\x7fELF" == data[:4] and b"/ld-linux-x86-64.so" in data:
        raise TestbedError(f"{path} is not static; run tools/setup (package busybox-static)")
    cpio.file("bin/busybox", data, True)
    for applet in run([path, "--list"], "busybox --list").split():
        if applet != "busybox":
            cpio.link("bin/" + applet, "busybox")
    for alias in ("sbin", "usr/bin", "usr/sbin"):
        cpio.link(alias, "/bin")


def modules(cpio, kern, names, module=None):
    """Lay the kernel's modules NAMES, those it has, and the file MODULE in /lib/modules so that
    modprobe finds them by name and by alias; depmod writes the indexes here, where it is fast."""
    with tempfile.TemporaryDirectory(prefix="minivmx-mod.") as tmp:
        base = os.path.join(tmp, "lib/modules", kern.release)
        os.makedirs(base)
        for name in names:
            data = debian.module_bytes(kern, name)
            if data:
                path = os.path.join(base, name.replace("_", "-") + ".ko")
                with open(path, "wb") as handle:
                    handle.write(data)
                # Type information, names for trace formats and the signature (objcopy drops what
                # follows the ELF file) would be parsed at load: seconds in an emulator.
                run(["objcopy", "-g", "-R", ".BTF", "-R", ".BTF.base", "-R", "_ftrace_eval_map",
                     path], "objcopy")
            elif name == "kvm":
                raise TestbedError(f"--with-kvm: Linux {kern.release} has no kvm module")
        if module:
            shutil.copy(module, os.path.join(base, "minivmx.ko"))
            cpio.link("minivmx/minivmx.ko", f"/lib/modules/{kern.release}/minivmx.ko")
        for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
            source = os.path.join(kern.modules, name)
            if os.path.isfile(source):
                shutil.copy(source, base)
        depmod = shutil.which("depmod") or "/sbin/depmod"
        run([depmod, "-b", tmp, kern.release], "depmod")
        for name in ("modules.order", "modules.builtin.modinfo"):
            if os.path.exists(os.path.join(base, name)):
                os.unlink(os.path.join(base, name))
        cpio.tree(os.path.join(tmp, "lib"), "lib")


def is_payload(path):
    """Executables and scripts and data, but not what a build leaves beside them."""
    return not path.endswith((".o", ".d", ".a", ".cmd", ".lock", ".log"))


def stripped(path):
    """A temporary copy of the directory PATH, its programs without symbols: the loader reads it all.
    The guests are small, and a debugger asks for their symbols."""
    tmp = tempfile.mkdtemp(prefix="minivmx-strip.")
    for base, dirs, files in os.walk(path):
        dirs[:] = [d for d in dirs if d not in ("obj", ".obj", "__pycache__")]
        inside = os.path.join(tmp, os.path.relpath(base, path))
        os.makedirs(inside, exist_ok=True)
        for name in files:
            if is_payload(name):
                shutil.copy2(os.path.join(base, name), inside)
    elves = []
    for base, _, files in os.walk(tmp):
        for name in files:
            full = os.path.join(base, name)
            with open(full, "rb") as handle:
                head = handle.read(18)
            if head[:4] == b"\x7fELF" and head[16] in (2, 3):
                elves.append(full)
    if elves and os.path.basename(path) != "guests":
        subprocess.run(["strip", *elves], stderr=subprocess.DEVNULL, check=False)
    return tmp


def run_file(settings, argv):
    """The shell fragment /minivmx/.run that init reads."""
    lines = [f"{name}={shlex.quote(str(value))}" for name, value in settings.items()]
    body = " ".join(shlex.quote(arg) for arg in argv) or "true"
    return "\n".join(lines) + "\ncommand() { " + body + "\n}\n"


def linux_guest(cpio, guest):
    """What `make linux-guest` has made; "+pvh": and vmlinux, which is booted by its PVH note."""
    kernel = guest.removesuffix("+pvh")
    source, inside = os.path.join(BUILD, "linux", kernel), "minivmx/linux/" + kernel
    if not os.path.isdir(source):
        raise TestbedError(f"there is no {source}; make linux-guest KERNEL={kernel} builds it")
    cpio.tree(source, inside)
    if kernel != guest:
        path = debian.kernel(kernel).image
        with open(path, "rb") as handle:
            cpio.file(inside + "/vmlinux", disk.decompressed(handle.read(), path))


def initramfs(kern, module, argv, settings, with_kvm=False, overlays=(), linux=()):
    """The whole archive, as bytes."""
    cpio = Cpio()
    cpio.add("dev/console", stat.S_IFCHR | 0o600, rdev=(5, 1))
    for name in ("proc", "sys", "tmp", "root", "etc", "dev", "minivmx/bin"):
        cpio.add(name, stat.S_IFDIR | 0o755)
    cpio.file("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n")
    cpio.file("etc/group", b"root:x:0:\nnogroup:x:65534:\n")
    busybox(cpio)
    modules(cpio, kern, COMPANIONS + (KVM if with_kvm else ()), module)
    for part, dest in (("tools", "bin"), ("guests", "guests"), ("selftests", "selftests")):
        source = os.path.join(BUILD, part)
        if os.path.isdir(source):
            slim = stripped(source)
            try:
                cpio.tree(slim, "minivmx/" + dest, is_payload)
            finally:
                shutil.rmtree(slim)
    if linux:
        with open(os.path.join(HERE, "../linux/boot"), "rb") as handle:
            cpio.file("minivmx/linux/boot", handle.read(), True)
    for guest in linux:
        linux_guest(cpio, guest)
    with open(os.path.join(HERE, "init"), "rb") as handle:
        cpio.file("init", handle.read(), True)
    cpio.file("minivmx/.run", run_file(settings, argv).encode())
    for overlay in overlays:
        if not os.path.isdir(overlay):
            raise TestbedError(f"--add {overlay}: no such directory")
        cpio.tree(overlay, "")
    return cpio.finish()
