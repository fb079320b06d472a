# SPDX-License-Identifier: GPL-2.0
"""What all parts of the testbed share: errors, paths, locks, quiet commands.

The cache (kernels, headers, the trixie root) is shared by all checkouts of a user and survives
`make distclean`; everything in it is made in a temporary directory and renamed, so a reader sees
a whole entry or none, and two testbeds may fill it at once.
"""
import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(TREE, "build")


class TestbedError(Exception):
    """Something the user can act on; shown without a traceback, exit status 125."""


def cache_dir():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    path = os.environ.get("MINIVMX_CACHE") or os.path.join(base, "minivmx")
    os.makedirs(path, exist_ok=True)
    return os.path.abspath(path)


@contextlib.contextmanager
def lock(path):
    """Hold an exclusive flock on PATH; it is released when the process dies, however it dies."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def made_whole(path):
    """Yield a temporary directory that becomes PATH if the body succeeds, and vanishes if not."""
    tmp = tempfile.mkdtemp(prefix=os.path.basename(path) + ".tmp.", dir=os.path.dirname(path))
    os.chmod(tmp, 0o755)
    try:
        yield tmp
        os.rename(tmp, path)
    finally:
        shutil.rmtree(tmp, ignore_errors=True)


def run(argv, what, hint="", **kwargs):
    """Run ARGV quietly and return its output; on failure say what failed and show its output."""
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", **kwargs)
    except FileNotFoundError:
        raise TestbedError(f"{what}: no command '{argv[0]}' here; run tools/setup") from None
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-15:])
        raise TestbedError(f"{what} failed ({' '.join(argv[:6])} …, status {done.returncode})"
                           f"{'; ' + hint if hint else ''}\n{tail}")
    return done.stdout


def note(text):
    print(text, file=sys.stderr, flush=True)


def as_root(argv):
    """ARGV, to be run as root: as it is, or through sudo where there is one."""
    if os.geteuid() == 0:
        return argv
    if shutil.which("sudo"):
        return ["sudo", *argv]
    raise TestbedError(f"'{' '.join(argv[:3])} …' needs root, and there is no sudo here; "
                       "run this once as root")
