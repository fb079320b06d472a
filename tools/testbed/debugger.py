# SPDX-License-Identifier: GPL-2.0
"""gdb for the test machine: Debian's gdb-minimal and the libraries it needs, in the cache.

Reached from session.py (--with-gdb). Downloaded and unpacked like the kernels, never installed.
gdb is linked with libdebuginfod, which would bring the libraries of a web client with it: some thirty,
to be loaded at each start. Nothing is ever looked up there, so an empty library stands for it.
"""
import os
import re
import shutil
import tempfile

import common
from common import cache_dir, lock, made_whole, run
from debian import depends, download

PACKAGE = "gdb-minimal"
LEFT_OUT = "libdebuginfod"
LOADER = "lib64/ld-linux-x86-64.so.2"
LIBRARIES = "lib/x86_64-linux-gnu"


def needed(path):
    """The names of the libraries that the ELF file PATH is linked with."""
    return re.findall(r"^\s+NEEDED\s+(\S+)", run(["objdump", "-p", path], "objdump"), re.M)


def empty_library(gdb, name, path):
    """Make PATH a library called NAME that has the versions GDB asks it for, and nothing else."""
    headers = run(["objdump", "-p", gdb], "objdump")
    section = re.search(rf"required from {re.escape(name)}:\n((?:\s+0x.*\n)+)", headers)
    versions = re.findall(r"(\S+)$", section[1], re.M) if section else []
    with tempfile.NamedTemporaryFile("w", suffix=".map") as script:
        script.write("".join(f"{version} {{}};\n" for version in versions))
        script.flush()
        run(["gcc", "-shared", "-nostdlib", "-x", "c", "/dev/null", f"-Wl,-soname,{name}",
             f"-Wl,--version-script={script.name}", "-o", path], "linking an empty library")


def lay_out(packages, target):
    """Copy gdb and its libraries from where PACKAGES were unpacked to where they are looked for."""
    gdb = os.path.join(target, "bin/gdb")
    os.makedirs(os.path.dirname(gdb))
    os.makedirs(os.path.join(target, LIBRARIES))
    os.makedirs(os.path.dirname(os.path.join(target, LOADER)))
    shutil.copy(os.path.join(packages, "usr/bin/gdb"), gdb)
    queue, done = [gdb], set()
    while queue:
        for name in needed(queue.pop()):
            if name in done:
                continue
            done.add(name)
            path = os.path.join(target, LOADER if name in LOADER else f"{LIBRARIES}/{name}")
            if name.startswith(LEFT_OUT):
                empty_library(gdb, name, path)
                continue
            found = [os.path.join(packages, prefix, LIBRARIES, name) for prefix in ("", "usr")]
            shutil.copy(next(filter(os.path.exists, found)), path)
            queue.append(path)


def overlay():
    """A directory to lay over the test machine's root, with bin/gdb."""
    path = os.path.join(cache_dir(), "gdb")
    with lock(path + ".lock"):
        if not os.path.isdir(path):
            common.note("testbed: fetching gdb-minimal and its libraries (once)")
            with made_whole(path) as target, tempfile.TemporaryDirectory() as packages:
                download([PACKAGE] + [name for name in depends(PACKAGE)
                                      if not name.startswith(LEFT_OUT)], packages)
                lay_out(packages, target)
    return path
