# SPDX-License-Identifier: GPL-2.0
"""What the checks share: the list of the tree's files, and running a command for its output."""
import os
import subprocess

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
BUILD = os.path.join(TREE, "build")


class Skip(Exception):
    """The check cannot be made here; says why."""


def files(*folders, ends=()):
    """Paths relative to the tree of its sources: what git tracks or would track; without git, all
    files outside build/. Optionally only those below FOLDERS, or ending in one of ENDS."""
    done = subprocess.run(["git", "-C", TREE, "ls-files", "-co", "--exclude-standard"],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          check=False)
    if done.returncode == 0:
        paths = done.stdout.splitlines()
    else:
        paths = []
        for base, dirs, names in os.walk(TREE):
            dirs[:] = [d for d in dirs if d not in (".git", "build", "__pycache__")]
            paths += [os.path.relpath(os.path.join(base, name), TREE) for name in names]
    return sorted({path for path in paths
                   if os.path.isfile(os.path.join(TREE, path))
                   and (not folders or path.startswith(tuple(f + "/" for f in folders)))
                   and (not ends or path.endswith(tuple(ends)))})


def read(path):
    with open(os.path.join(TREE, path), errors="replace") as handle:
        return handle.read()


def output_of(argv, **kwargs):
    """(status, stdout and stderr) of ARGV, run in the tree."""
    done = subprocess.run(argv, cwd=kwargs.pop("cwd", TREE), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", check=False, **kwargs)
    return done.returncode, done.stdout
