# SPDX-License-Identifier: GPL-2.0
"""The README's table of what operations cost, against selftests/bench/expected, which `make test` measures."""
import os
import re
import sys

from tree import TREE, read

sys.path.insert(0, os.path.join(TREE, "selftests/bench"))
import rows

ROW = re.compile(r"^\| ([^|]+) \| ([\d,]+) \| ([\d,]+) \| ([\d.]+) \|$")
TOLERANCE = 1.03    # that of the gate


def number(text):
    return int(text.replace(",", ""))


def expected():
    """Instructions by the row's title."""
    lines = [line.split() for line in read("selftests/bench/expected").splitlines()
             if not line.startswith("#")]
    alone = {fields[0]: float(fields[1]) for fields in lines}
    return {row.title: alone[row.name] for row in rows.ROWS if row.name in alone}


def check():
    """Each figure is that of the gate, and each ratio that of its figures."""
    section = read("README.md").partition("\n## Speed\n")[2].partition("\n## ")[0]
    held = expected()
    found = [match.groups() for match in map(ROW.match, section.splitlines()) if match]
    if not found:
        yield "the README's section Speed has no row of figures"
    for title, kvm, minivmx, ratio in found:
        if title not in held:
            yield f"{title}: no row of selftests/bench/expected"
            continue
        if not held[title] / TOLERANCE <= number(minivmx) <= held[title] * TOLERANCE:
            yield f"{title}: {minivmx}, but selftests/bench/expected has {held[title]:,.0f}"
        if f"{number(minivmx) / number(kvm):.2f}" != ratio:
            yield f"{title}: the ratio is not {ratio}"
