#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""exits.py: the README's table of exits, made from the sources and from what tests have seen.

Usage: exits.py LOG...      LOG: output of selftests/run-tests (in a test machine's log)

Names come from uapi/exit_reasons.h, policies from arch/x86/exit_policy.h. Which tests provoke an
exit, and on which CPU model, stands in the logs: `# exit REASON TEST COUNT MODEL`. Writes the table
between the two marks in README.md. check() tells where the README and the sources disagree.
"""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
sys.dont_write_bytecode = True

from tree import TREE, read

BEGIN, END = "<!-- exits: made by `make exit-table` -->\n", "<!-- exits: end -->\n"
TESTS_SHOWN = 2


def reasons():
    """[(number, name, policy)], in order."""
    names = re.findall(r'X\((\d+), (\w+), "([^"]*)"\)', read("uapi/exit_reasons.h"))
    rows = re.findall(r'X\(([A-Z0-9_]+), [^"]*"([^"]*)"\)', read("arch/x86/exit_policy.h"))
    policies = dict(rows)
    return [(int(number), name, policies.get(symbol, "")) for number, symbol, name in names]


def seen_in(logs):
    """{reason: ({test: count}, {models})}"""
    seen = {}
    for path in logs:
        with open(path, errors="replace") as handle:
            for line in handle:
                match = re.match(r"# exit (\d+) (\S+) (\d+) (.*\S)", line)
                if match:
                    tests, models = seen.setdefault(int(match[1]), ({}, set()))
                    tests[match[2]] = tests.get(match[2], 0) + int(match[3])
                    models.add(match[4])
    return seen


def table(logs):
    seen = seen_in(logs)
    yield "| | exit | policy | test | seen on |"
    yield "|---|---|---|---|---|"
    for number, name, policy in reasons():
        tests, models = seen.get(number, ({}, set()))
        # Those that provoke it most often say most about it.
        most = sorted(sorted(tests), key=lambda test: -tests[test])[:TESTS_SHOWN]
        yield (f"| {number} | {name} | {policy} | {', '.join(f'`{test}`' for test in most)} "
               f"| {', '.join(sorted(models))} |")


def readme_rows():
    text = read("README.md")
    if BEGIN not in text or END not in text:
        return None
    body = text[text.index(BEGIN) + len(BEGIN):text.index(END)]
    return [[cell.strip() for cell in line.strip("|").split("|")]
            for line in body.splitlines()[2:]]


def check():
    rows = readme_rows()
    if rows is None:
        yield "README.md: the marks of the table of exits are missing"
        return
    wanted = reasons()
    if len(rows) != len(wanted):
        yield f"README.md: {len(rows)} exits, the sources have {len(wanted)}"
    for row, (number, name, policy) in zip(rows, wanted):
        if not policy.startswith(("kernel:", "userspace:", "never")):
            yield f"arch/x86/exit_policy.h: exit {number} \"{name}\" has no policy"
        if row[:3] != [str(number), name, policy]:
            yield (f"README.md: exit {number} is \"{name}\", \"{policy}\" in the sources: "
                   "`make exit-table`")
        tests = re.findall(r"`([^`]+)`", row[3])
        for test in tests:
            if not any(os.path.exists(os.path.join(TREE, "selftests", test + end))
                       for end in (".c", "")):
                yield f"README.md: exit {number}: no selftest is called {test}"
        if tests and policy.startswith("never:"):
            yield f"exit {number} \"{name}\" never comes, but {', '.join(tests)} has seen it"


def sources():
    """What tools/exit_source.c names holds: each handler of the policy, in the file where it is."""
    handlers = {name for row in re.findall(r'X\([A-Z0-9_]+, (\w+), (\w+),', read("arch/x86/exit_policy.h"))
                for name in row} - {"NULL"}
    places = re.findall(r'"([\w/]+\.c): (\w+)\(\)"', read("tools/exit_source.c"))
    for handler in sorted(handlers - {function for _, function in places}):
        yield f"tools/exit_source.c: the handler {handler}() has no place"
    for path, function in places:
        if not os.path.exists(os.path.join(TREE, path)) or \
           not re.search(rf"^\w[\w *]*\b{function}\(", read(path), re.M):
            yield f"tools/exit_source.c: {path} defines no {function}()"


def main(logs):
    text = read("README.md")
    start, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    text = text[:start] + "\n".join(table(logs)) + "\n" + text[end:]
    with open(os.path.join(TREE, "README.md"), "w") as handle:
        handle.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
