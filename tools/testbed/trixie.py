# SPDX-License-Identifier: GPL-2.0
"""A Debian 13 (trixie) root in the cache: Linux 7.2 with its headers, gcc-14, and Bochs 3.0.

The 7.2 headers hold programs linked against a newer C library than Debian 12 has, so the module
is built for it inside this root (see in-root). Bochs 3.0 runs from it without entering it.
Made by debootstrap from the mirror that the user's own apt uses; that needs root, once.
"""
import os
import re
import subprocess

import common
from common import TestbedError, as_root, cache_dir, lock, run

# bochs-term, a small one, stands for the display that the bochs package wants.
PACKAGES = ["bochs", "bochs-term", "bochsbios", "vgabios", "gcc-14", "make", "libelf1t64",
            "xz-utils", "kmod"]
SERIES = "7.2"
APT = ["env", "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"]


def mirror():
    """The Debian archive that the user's apt is set up with."""
    done = subprocess.run(["apt-get", "indextargets", "--format", "$(SITE) $(SUITE) $(CODENAME)",
                           "Created-By: Packages"], stdout=subprocess.PIPE, text=True, check=False)
    for line in done.stdout.splitlines():
        site, *suites = line.split()
        if any(re.fullmatch(r"bookworm|trixie|stable|oldstable", suite) for suite in suites):
            return site
    raise TestbedError("found no Debian archive in apt's sources (apt-get indextargets); "
                       "the trixie root is made from the same mirror")


def root():
    """The root's path; made if it is not there."""
    path = os.path.join(cache_dir(), "trixie")
    with lock(path + ".lock"):
        if not os.path.isdir(path):
            make(path)
    return path


def make(path):
    site = mirror()
    common.note("testbed: making a Debian 13 root for Linux 7.2 and Bochs 3.0 (once, a minute or "
                "two)")
    tmp = path + ".tmp"
    try:
        run(as_root(["rm", "-rf", tmp]), "clearing an unfinished root")
        run(as_root(["debootstrap", "--variant=minbase", "trixie", tmp, site]), "debootstrap",
            hint="package debootstrap; run tools/setup")
        # Reach the mirror as the user's apt does: through the same proxy, by the same names.
        acquire = run(["apt-config", "dump", "Acquire"], "apt-config")
        write(tmp + "/etc/apt/apt.conf.d/host", acquire)
        write(tmp + "/etc/apt/sources.list.d/backports.list",
              f"deb {site} trixie-backports main\n")
        run(as_root(["cp", "/etc/resolv.conf", tmp + "/etc/resolv.conf"]), "copying resolv.conf")
        inside = as_root(["chroot", tmp, *APT])
        run([*inside, "apt-get", "-q", "update"], "apt-get update in the trixie root")
        run([*inside, "apt-get", "-q", "install", "-y", "--no-install-recommends", *PACKAGES],
            "installing packages in the trixie root")
        kernel_into(inside)
        run([*inside, "apt-get", "clean"], "apt-get clean")
        run(as_root(["chmod", "755", tmp]), "opening the root")
        run(as_root(["mv", tmp, path]), "putting the root in place")
    finally:
        run(as_root(["rm", "-rf", tmp]), "clearing an unfinished root")


def write(path, text):
    done = subprocess.run(as_root(["tee", path]), input=text, text=True, check=False,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if done.returncode:
        raise TestbedError(f"writing {path} failed: {done.stderr.strip()}")


def kernel_into(inside):
    """Download Linux 7.2's image and headers inside the root and unpack them over it; unpacked at
    their own absolute paths, Debian's headers need no change."""
    names = run([*inside, "apt-cache", "pkgnames", f"linux-image-{SERIES}."], "apt-cache").split()
    releases = [m.group(1) for m in (re.fullmatch(
        rf"linux-image-({re.escape(SERIES)}\.[^ ]*-cloud-amd64)", name) for name in names) if m]
    if not releases:
        raise TestbedError(f"trixie-backports on this mirror has no Linux {SERIES} cloud kernel")
    release = max(releases, key=lambda r: [int(n) for n in re.findall(r"\d+", r)])
    headers = "linux-headers-" + release
    wanted = run([*inside, "apt-cache", "depends", headers, "linux-image-" + release],
                 "apt-cache depends")
    # The image package only holds what its installation runs; kernel and modules are apart.
    packages = sorted({headers, *(
        name for name in re.findall(r"Depends: <?([^\s<>]+)", wanted)
        if re.match(r"linux-(headers-.*-common|kbuild-|binary-|modules-)", name))})
    script = ("set -e; mkdir -p /fetch; cd /fetch; "
              f"apt-get -q -o APT::Sandbox::User=root download {' '.join(packages)}; "
              "for deb in *.deb; do dpkg-deb --fsys-tarfile $deb | tar -xf - -C / "
              "--keep-directory-symlink; done; "
              f"cd /; rm -rf /fetch; echo {release} >/release")
    run([*inside, "sh", "-c", script], f"fetching Linux {SERIES}")


def kernel():
    import debian
    path = root()
    with open(os.path.join(path, "release")) as handle:
        release = handle.read().strip()
    result = debian.Kernel(SERIES, path, release)
    # Inside the root, where it is used, this path is absolute.
    result.headers = "/usr/src/linux-headers-" + release
    result.chroot = path
    return result
