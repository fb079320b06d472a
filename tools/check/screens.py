#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""screens.py: the screens in README.md, what commands print in a test machine.

Usage: screens.py FILE      FILE: what `selftests/screens.sh --print` printed there

A screen stands between `<!-- screen: COMMAND -->` and `<!-- screen: end -->`; this replaces what is
between. check() tells which screens are missing or too wide, and which command lines in the README
name a subcommand or an option that the tool does not have. selftests/screens.sh compares their text.
"""
import functools
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
sys.dont_write_bytecode = True

from tree import BUILD, TREE, Skip, output_of, read

MINIVMX = os.path.join(BUILD, "tools/minivmx")
SCREEN = re.compile(r"^<!-- screen: (?!end -->)([^\n]*) -->\n(.*?)^<!-- screen: end -->\n", re.M | re.S)
WANTED = ("vmcs", "explain", "stat", "step", "walk")
COLUMNS, LINES = 112, 34
# These take the options of `run` as well.
LIKE_RUN = ("step", "walk")


@functools.lru_cache(maxsize=None)
def options_of(subcommand):
    """The options that --help names; None: there is no such subcommand."""
    status, text = output_of([MINIVMX, subcommand, "--help"])
    if status:
        return None
    found = re.findall(r"^ +(?:-(\S), )?(?: *)--([\w-]+)", text, re.M)
    names = {f"-{short}" for short, _ in found if short} | {f"--{name}" for _, name in found}
    return names | (options_of("run") if subcommand in LIKE_RUN else set())


def wrong_in(command):
    """What is wrong with each `minivmx ...` of a command line."""
    for words in re.findall(r"\bminivmx ([a-z]+)((?:'[^']*'|[^|;&'])*?)(?= -- |[|;&]|$)", command):
        options = options_of(words[0])
        if options is None:
            yield f"there is no `minivmx {words[0]}`"
            continue
        for option in re.findall(r"(?<!\S)(--[\w-]+|-\w)", re.sub(r"'[^']*'", "", words[1])):
            if option not in options:
                yield f"`minivmx {words[0]}` has no option {option}"


def command_lines(text):
    """(line number, command line) of all that is code: in backticks, or a block's line."""
    in_block = in_screen = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            in_block = not in_block
        elif line.startswith("<!-- screen: "):
            in_screen = not line.endswith(": end -->")
        elif in_block and (not in_screen or line.startswith("$ ")):
            yield number, line.partition("  #")[0]
        elif not in_block:
            for span in re.findall(r"(?<!`)`(minivmx [^`]+)`(?!`)", line):
                yield number, span


def check():
    if not os.access(MINIVMX, os.X_OK):
        raise Skip(f"{MINIVMX} is not built")
    text = read("README.md")
    screens = SCREEN.findall(text)
    if len(screens) * 2 != text.count("<!-- screen: "):
        yield "README.md: a screen has no begin or no end"
    for subcommand in WANTED:
        if not any(f"minivmx {subcommand} " in command for command, _ in screens):
            yield f"README.md: no screen shows minivmx {subcommand}"
    for command, body in screens:
        lines = body.splitlines()
        if lines[:2] != ["```", f"$ {command}"] or lines[-1:] != ["```"] or len(lines) < 3:
            yield f"README.md: {command}: the screen is not of this command: `make screens`"
        if len(lines) > LINES + 2:
            yield f"README.md: {command}: {len(lines) - 2} lines, more than {LINES}"
        if (widest := max(map(len, lines), default=0)) > COLUMNS:
            yield f"README.md: {command}: a line has {widest} columns, more than {COLUMNS}"
    for number, command in command_lines(text):
        for fault in wrong_in(command):
            yield f"README.md:{number}: {fault}"


def main(arguments):
    if len(arguments) != 1:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    with open(arguments[0], encoding="utf-8", errors="replace") as handle:
        printed = {match[1]: match[0] for match in SCREEN.finditer(handle.read().replace("\r", ""))}
    text = read("README.md")
    missing = [command for command, _ in SCREEN.findall(text) if command not in printed]
    if missing:
        print(f"screens.py: {arguments[0]} has no screen of: {', '.join(missing)}", file=sys.stderr)
        return 1
    with open(os.path.join(TREE, "README.md"), "w", encoding="utf-8") as handle:
        handle.write(SCREEN.sub(lambda match: printed[match[1]], text))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
