# SPDX-License-Identifier: GPL-2.0
"""SECURITY.md: each hazard has its row, and the tests named there exist."""
import os
import re

from tree import TREE, read

HAZARDS = 53
ROW = re.compile(r"^\| (\d+) \|.*\| ([^|]*) \|$")
TEST = re.compile(r"`([a-z0-9_]+): ([a-z0-9_]+)`")
SCRIPT = re.compile(r"`([a-z]+\.sh)`")


def tests_of(name):
    """The names of the tests in a file of selftests/."""
    path = f"selftests/{name}.c"
    if not os.path.exists(os.path.join(TREE, path)):
        return None
    return set(re.findall(r"^TEST\w*\((?:\w+, )?(\w+)", read(path), re.M))


def row_errors(number, shown_by):
    tests = TEST.findall(shown_by)
    for name, test in tests:
        found = tests_of(name)
        if found is None or test not in found:
            yield f"SECURITY.md, hazard {number}: there is no test {name}: {test}"
    scripts = SCRIPT.findall(shown_by)
    for script in scripts:
        if not os.path.exists(os.path.join(TREE, "selftests", script)):
            yield f"SECURITY.md, hazard {number}: there is no selftests/{script}"
    row = re.search(r'the row "([^"]+)"', shown_by)
    if row and f'"{row[1]}"' not in read("selftests/matrix"):
        yield f"SECURITY.md, hazard {number}: make test has no row \"{row[1]}\""
    if not (tests or scripts or row or re.search(r"(^|; )- \w", shown_by)):
        yield f"SECURITY.md, hazard {number}: neither a test nor a reason"


def check():
    page = read("SECURITY.md")
    rows = [match.groups() for match in map(ROW.match, page.splitlines()) if match]
    if [int(number) for number, _ in rows] != list(range(1, HAZARDS + 1)):
        yield f"SECURITY.md has not the hazards 1 to {HAZARDS}, in this order"
    for number, shown_by in rows:
        yield from row_errors(number, shown_by)
