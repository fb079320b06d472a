# SPDX-License-Identifier: GPL-2.0
"""Debian's cloud kernels for the test machine: image, modules and headers, in the cache.

Packages are downloaded with the user's own apt and unpacked, never installed: the system the
tests run on keeps the kernel it has. The newest version apt knows is found through Debian's
metapackages and looked up again once a day.
Used by image.py (what to boot) and by the Makefile through the `kernels` command (what to build
against). The 7.2 kernel, whose headers need a newer userland, comes from trixie.py.
"""
import glob
import lzma
import os
import re
import shutil
import subprocess
import time

import common
from common import TestbedError, cache_dir, lock, made_whole, run

SERIES = ("6.1", "6.12", "7.2")
DAY = 24 * 3600


class Kernel:
    """One bootable kernel: its name, image, modules and the directory to build modules against."""

    def __init__(self, name, root, release):
        self.name, self.root, self.release = name, root, release
        self.image = os.path.join(root, "boot", "vmlinuz-" + release)
        self.modules = first_dir(os.path.join(root, "lib/modules", release),
                                 os.path.join(root, "usr/lib/modules", release))
        if not os.path.exists(self.image):
            self.image = os.path.join(self.modules, "vmlinuz")
        self.headers = os.path.join(root, "usr/src/linux-headers-" + release)
        # Set where the headers work only inside another root (see trixie.py).
        self.chroot = None


def first_dir(*paths):
    return next((path for path in paths if os.path.isdir(path)), paths[0])


def kernel(name):
    """The kernel called NAME: one of SERIES, or a directory of the user's own."""
    if name == "7.2":
        import trixie
        return trixie.kernel()
    if name in SERIES:
        return packaged(name)
    if os.path.isdir(name):
        return from_directory(os.path.abspath(name))
    raise TestbedError(f"no kernel '{name}': give {', '.join(SERIES)} or a directory that holds "
                       "bzImage or vmlinuz, and modules")


def from_directory(path):
    """A kernel of the user's own: PATH is a kernel build tree (arch/x86/boot/bzImage) or a
    directory with bzImage or vmlinuz* and lib/modules/RELEASE (or modules/ holding .ko files)."""
    names = ("bzImage", "vmlinuz", "vmlinuz-*", "boot/vmlinuz-*", "arch/x86/boot/bzImage")
    images = [hit for name in names for hit in sorted(glob.glob(os.path.join(path, name)))]
    if not images:
        raise TestbedError(f"{path}: no bzImage or vmlinuz in it")
    with open(images[0], "rb") as handle:
        release = release_of_image(handle.read(0x10000), images[0])
    result = Kernel(path, path, release)
    result.image = images[0]
    result.modules = first_dir(result.modules, os.path.join(path, "usr/lib/modules", release),
                               os.path.join(path, "modules"), path)
    # A build tree is its own headers; an unpacked package may have them below usr/src.
    if os.path.isfile(os.path.join(path, "Makefile")) or not os.path.isdir(result.headers):
        result.headers = path
    return result


def release_of_image(head, path):
    """The release string that the setup header's kernel_version field points to."""
    if head[0x202:0x206] != b"HdrS":
        raise TestbedError(f"{path}: not an x86 kernel image (no HdrS signature)")
    offset = int.from_bytes(head[0x20e:0x210], "little") + 0x200
    return head[offset:head.index(b"\0", offset)].split()[0].decode()


def packaged(series):
    link = os.path.join(cache_dir(), "kernel-" + series)
    with lock(os.path.join(cache_dir(), ".lock-kernel-" + series)):
        try:
            fresh = time.time() - os.lstat(link).st_mtime < DAY
        except OSError:
            fresh = False
        if not fresh or not os.path.isdir(link):
            try:
                target = unpacked(series)
                replace_link(link, os.path.basename(target))
            except TestbedError:
                # A mirror that is away must not stop work with what the cache already has.
                if not os.path.isdir(link):
                    raise
    root = os.path.realpath(link)
    with open(os.path.join(root, "release")) as handle:
        return Kernel(series, root, handle.read().strip())


def replace_link(link, target):
    tmp = f"{link}.{os.getpid()}"
    os.symlink(target, tmp)
    os.rename(tmp, link)


def apt_cache(*args):
    done = subprocess.run(["apt-cache", *args], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True)
    return done.stdout if done.returncode == 0 else ""


def depends(package):
    """The names PACKAGE depends on, first alternative only, as apt's candidate version says."""
    return re.findall(r"^ +\|?Depends: <?([^\s<>]+)", apt_cache("depends", package), re.M)


def resolve(series):
    """The release that the metapackages give for SERIES, e.g. 6.1.0-56-cloud-amd64."""
    for meta in (f"linux-image-{series}-cloud-amd64", "linux-image-cloud-amd64"):
        for name in depends(meta):
            release = name.removeprefix("linux-image-").removesuffix("-unsigned")
            if release.startswith(series + "."):
                return release
    raise TestbedError(f"apt knows no linux-image cloud package for Linux {series}; this needs "
                       "Debian 12 with its security archive, and a fresh 'apt-get update'")


def unpacked(series):
    """Download and unpack image and headers of SERIES; return their directory in the cache."""
    release = resolve(series)
    target = os.path.join(cache_dir(), "linux-" + release)
    if os.path.isdir(target):
        return target
    headers = "linux-headers-" + release
    packages = ["linux-image-" + release, headers]
    packages += [name for name in depends(headers)
                 if re.match(r"linux-(headers-.*-common|kbuild-)", name)]
    common.note(f"testbed: fetching Linux {release} (image and headers, once)")
    with made_whole(target) as root:
        download(packages, root)
        relocate_headers(root, target)
        with open(os.path.join(root, "release"), "w") as handle:
            handle.write(release + "\n")
    return target


def download(packages, root, files=None):
    """Fetch PACKAGES with apt into ROOT and unpack them there (all, or FILES by tar pattern)."""
    options = ["-o", "APT::Sandbox::User=root"] if os.geteuid() == 0 else []
    run(["apt-get", "-q", *options, "download", *packages], f"download of {packages[0]}",
        hint="run 'apt-get update' if it is a 404, else check the network", cwd=root)
    for deb in glob.glob(os.path.join(root, "*.deb")):
        if files is None:
            run(["dpkg-deb", "-x", deb, root], f"unpacking {os.path.basename(deb)}")
            os.unlink(deb)


def relocate_headers(root, final):
    """Debian's header packages name /usr/src and /usr/lib by absolute path; point them at FINAL,
    where ROOT is going to be."""
    for path in glob.glob(os.path.join(root, "usr/src/linux-headers-*")):
        for name in ("Makefile", ".kernelvariables", "scripts"):
            full = os.path.join(path, name)
            if os.path.islink(full) and os.readlink(full).startswith("/"):
                target = final + os.readlink(full)
                os.unlink(full)
                os.symlink(target, full)
            elif os.path.isfile(full):
                with open(full) as handle:
                    text = handle.read()
                changed = re.sub(r"(?<![\w/])/usr/(src|lib)/linux-", final + r"/usr/\1/linux-",
                                 text)
                if changed != text:
                    with open(full, "w") as handle:
                        handle.write(changed)


def module_bytes(kern, name):
    """The contents of kernel module NAME (as in modprobe), or None where KERN has none."""
    wanted = name.replace("-", "_")
    for base, _, files in os.walk(kern.modules):
        for file in files:
            stem, dot, ext = file.partition(".ko")
            if dot and stem.replace("-", "_") == wanted and ext in ("", ".xz", ".zst"):
                with open(os.path.join(base, file), "rb") as handle:
                    data = handle.read()
                if ext == ".xz":
                    return lzma.decompress(data)
                if ext == ".zst":
                    return subprocess.run(["zstd", "-dc"], input=data, check=True,
                                          stdout=subprocess.PIPE).stdout
                return data
    return None


def kselftest():
    """A directory with kselftest_harness.h and kselftest.h, from Debian's kernel source."""
    own = os.environ.get("KSELFTEST")
    if own:
        for path in (own, os.path.join(own, "tools/testing/selftests")):
            if os.path.isfile(os.path.join(path, "kselftest_harness.h")):
                return os.path.abspath(path)
        raise TestbedError(f"KSELFTEST={own}: no kselftest_harness.h in it or in its "
                           "tools/testing/selftests")
    target = os.path.join(cache_dir(), "kselftest-6.1")
    with lock(target + ".lock"):
        if not os.path.isdir(target):
            common.note("testbed: fetching the kselftest headers from linux-source-6.1 (once)")
            with made_whole(target) as root:
                download(["linux-source-6.1"], root, files="only these two")
                deb = glob.glob(os.path.join(root, "*.deb"))[0]
                run(["bash", "-c", "set -o pipefail; dpkg-deb --fsys-tarfile \"$1\" |"
                     " tar -xO --wildcards './usr/src/linux-source-*.tar.xz' |"
                     " tar -xJ --strip-components=4 --wildcards"
                     " '*/tools/testing/selftests/kselftest.h'"
                     " '*/tools/testing/selftests/kselftest_harness.h'", "bash", deb],
                    "extracting the kselftest headers", cwd=root)
                os.unlink(deb)
    return target


def memtest():
    """A directory with boot/memtest86+x64.bin, a kernel that is not Linux, from its package."""
    target = os.path.join(cache_dir(), "memtest86+")
    with lock(target + ".lock"):
        if not os.path.isdir(target):
            common.note("testbed: fetching memtest86+ (once)")
            with made_whole(target) as root:
                download(["memtest86+"], root)
                # Images of disks, and what a system needs of the package.
                for part in ("usr", "etc"):
                    shutil.rmtree(os.path.join(root, part))
    return target
