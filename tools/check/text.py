# SPDX-License-Identifier: GPL-2.0
"""Checks that read the sources: licence tags, leftovers, layers, names in the README, lengths."""
import os
import re

from tree import TREE, files, read

CODE = (".c", ".h", ".S", ".lds", ".py", ".sh", "Makefile", "Kbuild")
MAX_FILE, MAX_FUNCTION = 400, 60

# What a file may include by quotes or <uapi/...>: prefixes of paths in the tree, longest match.
MAY_INCLUDE = {
    "uapi/": ("uapi/",),
    "arch/": ("arch/", "uapi/"),
    "module/": ("module/", "arch/x86/vmx.h", "uapi/"),
    # The policy of exits is a table without code: it also says what the tools name.
    "tools/": ("tools/", "uapi/", "arch/x86/exit_policy.h"),
    # The decoders and rules under tools/ are a library that selftests also test; so is the
    # instruction decoder of the module.
    "selftests/": ("selftests/", "tools/", "uapi/", "arch/x86/decode.h", "arch/x86/opcode_map.h"),
}
# Include directories for each side, in the compiler's order.
SEARCH = {"arch/": ("",), "module/": ("",), "tools/": ("uapi", "tools"),
          "selftests/": ("uapi", "selftests", ""), "uapi/": ("uapi",)}


def is_code(path):
    if path.endswith(CODE):
        return True
    full = os.path.join(TREE, path)
    with open(full, "rb") as handle:
        return handle.read(2) == b"#!"


def spdx():
    for path in files():
        if is_code(path) and "SPDX-License-Identifier: GPL-2.0" not in "\n".join(
                read(path).splitlines()[:3]):
            yield f"{path}: no SPDX-License-Identifier in its first three lines"


def leftovers():
    # Spelt so that this file does not find itself.
    word = re.compile(r"\b(TO" "DO|FIX" "ME|X" "XX)\\b")
    for path in files():
        if path.startswith("tools/check/") or path == "LICENSE":
            continue
        for number, line in enumerate(read(path).splitlines(), 1):
            if word.search(line):
                yield f"{path}:{number}: {line.strip()}"


def whitespace():
    for path in files():
        if path == "LICENSE":
            continue
        text = read(path)
        for number, line in enumerate(text.split("\n"), 1):
            if line != line.rstrip():
                yield f"{path}:{number}: trailing whitespace"
        if text and not text.endswith("\n"):
            yield f"{path}: no newline at its end"


def layers():
    for path in files(ends=(".c", ".h", ".S")):
        side = next((key for key in MAY_INCLUDE if path.startswith(key)), None)
        if side is None or path.startswith("tools/testbed/"):
            continue
        for number, line in enumerate(read(path).splitlines(), 1):
            match = re.match(r'\s*#\s*include\s+(["<])([^">]+)[">]', line)
            if match:
                wrong = layer_error(path, side, match.group(1), match.group(2))
                if wrong:
                    yield f"{path}:{number}: {wrong}"


def layer_error(path, side, quote, name):
    """Why PATH must not include NAME, or None."""
    if quote == "<" and not name.startswith("uapi/"):
        if side == "arch/" and not name.startswith(("linux/", "asm/", "generated/", "trace/")):
            return f"arch includes <{name}>: only <linux/...>, <asm/...> and <trace/...> of the kernel"
        return None
    places = [os.path.dirname(path), *SEARCH[side]] if quote == '"' else [""]
    found = next((os.path.normpath(os.path.join(place, name)) for place in places
                  if os.path.isfile(os.path.join(TREE, place, name))), None)
    if found is None:
        # Not ours: e.g. kselftest_harness.h of the kernel.
        return None if side in ("selftests/", "tools/") else f'"{name}" is not in the tree'
    if not found.startswith(MAY_INCLUDE[side]):
        return f"{side[:-1]} must not include {found}"
    return None


def readme():
    """Backticks in these pages that look like a path, or `path: function()`, must hold."""
    for page in ("README.md", "SECURITY.md"):
        if page in files():
            yield from names_in(page)
        else:
            yield f"{page} is missing"


def names_in(page):
    known = files()
    folders = {os.path.dirname(p) for p in known} | {p.split("/")[0] for p in known}
    folders |= {"/".join(p.split("/")[:n]) for p in known for n in range(1, p.count("/") + 1)}
    tops = {p.split("/")[0] for p in known}
    for number, line in enumerate(read(page).splitlines(), 1):
        for span in re.findall(r"(?<!`)`([^`]+)`(?!`)", line):
            path, _, names = span.partition(": ")
            path = path.strip()
            if not re.fullmatch(r"[\w./+-]+", path) or path.split("/")[0] not in tops:
                continue
            if "/" not in path and path not in known and path not in folders:
                continue
            if path.rstrip("/") not in folders and path not in known:
                yield f"{page}:{number}: there is no {path}"
                continue
            for name in re.findall(r"(\w+)\(\)", names):
                if path not in known or not re.search(rf"\b{name}\b", read(path)):
                    yield f"{page}:{number}: {path} has no {name}()"


def msr_rows():
    """The rows that the README's table of MSRs has, from the policy in the sources."""
    policy = read("arch/x86/exit_msr.c").split("} msr_policies[] = {")[1].split("\n};")[0]
    why = ""
    for line in policy.splitlines():
        comment = re.fullmatch(r"\s*/\* (.*) \*/", line)
        row = re.fullmatch(r"\s*\{ (\w+), .*, (\w+), (\w+) \},", line)
        if comment:
            why = comment.group(1)
        elif row:
            name, exits, accept = row.groups()
            reads = "exits" if exits == "EXITS" else "no exit"
            writes = "#GP" if accept == "NULL" else f"`{accept}()`"
            if exits == "DIRECT":
                writes = "no exit"
            yield f"| `{name}` | {reads} | {writes} | {why} |"


def msrs():
    """The README's table of MSRs is the policy in arch/x86/exit_msr.c."""
    expected = list(msr_rows())
    found = [line for line in read("README.md").splitlines() if line.startswith("| `MSR_")]
    if not expected or found != expected:
        yield "the README's table of MSRs should be:"
        yield from expected


def ioctls():
    """The README's table of ioctls has those of the header, in its order."""
    define = re.compile(r"^#define (MINIVMX_\w+)\s+(?:\\\n\s+)?_IO[RW]*\(", re.M)
    expected = define.findall(read("uapi/minivmx.h"))
    found = re.findall(r"^\| `(MINIVMX_\w+)` \| (?:device|VM|vCPU)\b", read("README.md"), re.M)
    if not expected:
        yield "uapi/minivmx.h: no ioctls found"
    for name in expected:
        if name not in found:
            yield f"README.md: the table of ioctls lacks {name}"
    for name in found:
        if name not in expected:
            yield f"README.md: uapi/minivmx.h has no ioctl {name}"
    if sorted(found) == sorted(expected) and found != expected:
        yield "README.md: the ioctls are in another order than in uapi/minivmx.h: " + \
            ", ".join(name for name, other in zip(found, expected) if name != other)


def capabilities():
    """The README's table of capabilities has those of the header."""
    expected = set(re.findall(r"^#define MINIVMX_CAP_(\w+)", read("uapi/minivmx.h"), re.M))
    _, _, table = read("README.md").partition("| capability | value |\n")
    rows = table.split("\n\n")[0].splitlines()
    found = [name for row in rows for name in re.findall(r"`([A-Z0-9_]+)`", row.split("|")[1])]
    if not expected:
        yield "uapi/minivmx.h: no capabilities found"
    for name in sorted(expected ^ set(found)):
        yield f"only {'uapi/minivmx.h' if name in expected else 'README.md'} has capability {name}"
    for name in sorted(name for name in set(found) if found.count(name) > 1):
        yield f"README.md: capability {name} has two rows"


def long_parts():
    """Notes on C files and functions longer than this project aims for."""
    for path in files("module", "arch", "uapi", "tools", "selftests", ends=(".c", ".h")):
        lines = read(path).splitlines()
        if len(lines) > MAX_FILE:
            yield f"{path}: {len(lines)} lines (aim: {MAX_FILE})"
        start = name = None
        for number, line in enumerate(lines, 1):
            if line == "{" and number > 1:
                start = number
                head = " ".join(lines[max(0, number - 4):number - 1])
                names = re.findall(r"(\w+)\(", head)
                name = names[-1] if names else "?"
            elif line.startswith("}") and start:
                if number - start > MAX_FUNCTION:
                    yield f"{path}:{start}: {name}() has {number - start} lines (aim: {MAX_FUNCTION})"
                start = None
