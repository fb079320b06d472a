# SPDX-License-Identifier: GPL-2.0
"""The gate: `make test` fails if an operation of minivmx needs more instructions than it did.

Reached from `run --gate` and `run --accept`. The file `expected` has a line for each row: its name,
and the instructions with no KVM VM alive and beside one. A change that makes a row dearer, and means
it, updates the file by `make bench-accept` and says why; so does one that makes it cheaper, or the
gate would let the gain be lost again. The figure is the minimum of a row's samples: another boot, or
a change elsewhere in the kernel's boot, moves when the timer interrupts, and not this.
"""
import os

from figures import Key
from rows import NOISY, ROWS

KERNEL = "6.1"
FILE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "expected")
GROWTH = 0.03
SITUATIONS = ("alone", "beside")
HEAD = """\
# Instructions that minivmx needs: Linux 6.1, one CPU, broadwell_ult, mitigations=off.
# Written by `make bench-accept`; `make test` fails if one grows by more than 3 %.
# row			alone	beside a KVM VM
"""


def measured(figures, row, situation):
    return figures.value(Key("off", "minivmx", situation, row.name))


def expected():
    """{(row, situation): instructions}"""
    found = {}
    with open(FILE) as handle:
        for line in handle:
            words = line.split()
            if words and words[0] != "#":
                found.update({(words[0], situation): float(value)
                              for situation, value in zip(SITUATIONS, words[1:]) if value != "-"})
    return found


def accept(figures):
    with open(FILE, "w") as handle:
        handle.write(HEAD)
        for row in ROWS:
            values = [measured(figures, row, situation) for situation in SITUATIONS]
            if row.name not in NOISY and any(values):
                cells = ["-" if value is None else f"{value:g}" for value in values]
                handle.write(f"{row.name:24}" + "\t".join(cells) + "\n")
    print(f"written: {FILE}")
    return 0


def judge(figures):
    """Prints TAP; 0 if no row has grown."""
    wanted = expected()
    rows = [(row, situation) for row in ROWS for situation in SITUATIONS
            if row.name not in NOISY and (measured(figures, row, situation) is not None or
                                          (row.name, situation) in wanted)]
    failed = False
    print(f"TAP version 13\n1..{len(rows)}")
    for number, (row, situation) in enumerate(rows, 1):
        value, limit = measured(figures, row, situation), wanted.get((row.name, situation))
        good = value is not None and limit is not None and value <= limit * (1 + GROWTH)
        failed |= not good
        change = f"{value:g}, expected {limit:g}, {value / limit - 1:+.1%}" if value and limit else \
            f"{value}, expected {limit}"
        print(f"{'ok' if good else 'not ok'} {number} - bench.{row.name}.{situation}: {change}")
        if good and value < limit * (1 - GROWTH):
            print(f"# {row.name} became cheaper: `make bench-accept` keeps it so")
    return int(failed)
