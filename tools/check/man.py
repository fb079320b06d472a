# SPDX-License-Identifier: GPL-2.0
"""Checks of the man pages: they are well formed, and name what the sources have."""
import os
import re
import shutil

from tree import BUILD, Skip, files, output_of, read

DEVICE, COMMAND = "man/minivmx.4", "man/minivmx.1"


def lint(page):
    """What groff and mandoc say to a page."""
    for argv in (["groff", "-mandoc", "-ww", "-z", page], ["mandoc", "-T", "lint", "-W", "warning", page]):
        for line in output_of(argv)[1].splitlines():
            # help2man writes a month, not a day.
            if "cannot parse date" not in line and "makewhatis" not in line:
                yield f"{argv[0]}: {line}"


def lacks(page, kind, names):
    """Which of the NAMES, of a KIND, the page does not have as a word."""
    text = read(page)
    if not names:
        yield f"{page}: no {kind} found in the sources"
    for name in names:
        if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text):
            yield f"{page} lacks the {kind} {name}"


def check():
    for tool in ("help2man", "groff", "mandoc"):
        if not shutil.which(tool):
            raise Skip(f"{tool} is not installed")
    status, output = output_of(["make", "-s", "man"])
    if status:
        yield f"make man: {output}"
        return
    # In build/ may be a page of a subcommand that is no more.
    subcommands = re.findall(r'^\t\{ "(\w+)",', read("tools/main.c"), re.M)
    for page in ["minivmx.1", "minivmx.4"] + [f"minivmx-{name}.1" for name in subcommands]:
        path = os.path.join(BUILD, "man", page)
        if not os.path.exists(path):
            yield f"make man makes no {page}"
            continue
        yield from lint(path)
    yield from lacks(COMMAND, "page", [f"minivmx-{name}" for name in subcommands])
    statuses = re.findall(r"^\tSTATUS_\w+\s*= (\d+)", read("tools/command.h"), re.M)
    items = re.findall(r"^\.It (\d+)$", read(COMMAND), re.M)
    if sorted(statuses) != sorted(items):
        yield f"{COMMAND}: the exit statuses are {' '.join(statuses)} in tools/command.h, {' '.join(items)} here"

    sources = "".join(read(path) for path in files("module", "arch", ends=(".c", ".h")))
    yield from lacks(DEVICE, "parameter", re.findall(r"^module_param\((\w+)", sources, re.M))
    yield from lacks(DEVICE, "tracepoint", re.findall(r"^(?:TRACE_EVENT|DEFINE_EVENT)\((?:\w+, )?(minivmx_\w+)", sources, re.M))
    header = read("uapi/minivmx.h")
    yield from lacks(DEVICE, "ioctl", re.findall(r"^#define (MINIVMX_\w+)\s+(?:\\\n\s+)?_IO[RW]*\(MINIVMX_EXT,", header, re.M))
    for name in sorted(set(re.findall(r"\bMINIVMX_\w+", read(DEVICE)))):
        if not re.search(rf"^#define {name}\b", header, re.M):
            yield f"{DEVICE}: uapi/minivmx.h has no {name}"
    for name in ("VCPUS", "SLOTS"):
        limit = re.search(rf"^#define MINIVMX_MAX_{name}\s+(\d+)", header, re.M)[1]
        if not re.search(rf"\b{limit} {name.lower()}\b", read(DEVICE), re.I):
            yield f"{DEVICE}: the limit MINIVMX_MAX_{name} is {limit}"
