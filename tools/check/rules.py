#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""rules.py: tools/ENTRY-RULES.md, the rules of VM entry and whether a CPU has proved them.

Usage: rules.py NAME=FILE...      NAME: of a machine; FILE: what `minivmx prove --json` said there

Writes the file: a table for each section of the SDM, with a row for each rule. check() tells where
it and the rules of build/tools/minivmx disagree.
"""
import json
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
sys.dont_write_bytecode = True

from tree import BUILD, TREE, Skip, output_of, read

TABLE = "tools/ENTRY-RULES.md"
MINIVMX = os.path.join(BUILD, "tools/minivmx")
SKIPPED = "left out by --skip"

HEAD = """\
# The rules of VM entry

What a CPU tests before it enters a guest, as `tools/rules_*.c` has it: %d rules, by the sections of SDM 3C "VM Entries".
`minivmx explain RULE-ID` says more of each. `make rules-table` writes this file: on emulated CPUs, in study mode, `minivmx prove`
breaks each rule in a good VMCS, alone, and tries the entry. A rule is proved where the entry fails just as predicted.

"""


def rules():
    """[(id, section, outcome)], as the tool has them."""
    if not os.access(MINIVMX, os.X_OK):
        raise Skip(f"{MINIVMX} is not built")
    status, text = output_of([MINIVMX, "explain", "--list", "--json"])
    if status:
        raise Skip(f"{MINIVMX} explain --list fails: {text.strip()}")
    return [(rule["id"], rule["section"], rule["outcome"]) for rule in json.loads(text)]


def reports(arguments):
    """{machine: what prove said there}"""
    found = {}
    for argument in arguments:
        name, _, path = argument.partition("=")
        with open(path, encoding="utf-8", errors="replace") as handle:
            text = handle.read().replace("\r", "")
        found[name] = json.loads(text[text.index("{"):text.rindex("}") + 1])
    return found


def verdict(rule, by_machine):
    """What the CPUs say of it: proved by any, contradicted, or not tested, and why."""
    results = {name: results[rule] for name, results in by_machine.items()}
    proved = [name for name, row in results.items() if row["result"] == "proved"]
    if proved:
        return "proved" if len(proved) == len(results) else "proved on " + ", ".join(proved)
    for name, row in results.items():
        if row["result"] == "disagrees":
            # All the machines are one emulator.
            return f"the emulator has another opinion: {row['cpu']}"
    reasons = [row["why"] for row in results.values()]
    if SKIPPED in reasons:
        return "not tested: the emulator ends where a CPU would refuse"
    return f"not tested: {reasons[0]}"


def table(found):
    by_machine = {name: {row["id"]: row for row in report["rules"]} for name, report in found.items()}
    every = rules()
    verdicts = {rule: verdict(rule, by_machine) for rule, _, _ in every}
    yield HEAD % len(every)
    yield "| machine | CPU | right values that entered | rules proved | contradicted | not tested |\n"
    yield "|---|---|---|---|---|---|\n"
    for name, report in found.items():
        counts = [[row["result"] for row in report[kind]].count(result) for kind, result in
                  (("right_values", "proved"), ("rules", "proved"), ("rules", "disagrees"),
                   ("rules", "untested"))]
        yield f"| {name} | {report['cpu']} | {' | '.join(map(str, counts))} |\n"
    total = sum(text.startswith("proved") for text in verdicts.values())
    yield f"\nTogether they prove {total} of {len(every)} rules.\n"
    previous = None
    for rule, section, outcome in every:
        if section != previous:
            yield f"\n## {section}\n\n| rule | if broken | the CPU |\n|---|---|---|\n"
            previous = section
        yield f"| `{rule}` | {outcome} | {verdicts[rule]} |\n"


def table_rows():
    """[(id, section, outcome)] as the file has them."""
    section, rows = None, []
    for line in read(TABLE).splitlines():
        section = line[3:] if line.startswith("## ") else section
        if row := re.match(r"\| `([^`]+)` \| ([^|]+) \| \S", line):
            rows.append((row[1], section, row[2]))
    return rows


def check():
    """Each rule has one row, below its section, and no row is without a rule."""
    every, rows = rules(), table_rows()
    for row in every:
        if row not in rows:
            yield f"{TABLE} lacks {row[0]}, below \"{row[1]}\", with {row[2]}; `make rules-table` writes it"
    for row in rows:
        if row not in every:
            yield f"{TABLE}: there is no rule {row[0]}, below \"{row[1]}\", with {row[2]}"
    for row in sorted({row for row in rows if rows.count(row) > 1}):
        yield f"{TABLE}: {row[0]} has more than one row"


def main(arguments):
    if not arguments or any("=" not in argument for argument in arguments):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    text = "".join(table(reports(arguments)))
    with open(os.path.join(TREE, TABLE), "w", encoding="utf-8") as handle:
        handle.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
