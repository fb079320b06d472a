# SPDX-License-Identifier: GPL-2.0
"""What the emulator's instruction trace says about one operation: expensive instructions, functions.

Reached from `run` with the file that `testbed --trace` wrote: Bochs prints each instruction with its
address, between two marks. Nothing here counts by what the hypervisors say of themselves. The
VMCS's own work (host and guest state that VM entry and exit load) is no instruction.
"""
import bisect
import collections
import re

# (0).[TICKS] [PHYSICAL] SELECTOR:ADDRESS (unk. ctxt): INSTRUCTION ; BYTES
LINE = re.compile(r"\(\d+\)\.\[\d+\] \[\w+\] \w+:(\w+) \([^)]*\): (.*?)\s*; (\w\w)")

# Class: what its instructions look like. The first that matches counts. A kernel that finds one CPU
# makes LOCK prefixes (f0) DS prefixes (3e): those count as LOCK, which they are on other machines.
CLASSES = [(name, re.compile(pattern)) for name, pattern in (
    ("entry", r"vmlaunch|vmresume"),
    ("vmread", r"vmread"),
    ("vmwrite", r"vmwrite"),
    ("vmptrld", r"vmptrld"),
    ("vmptrst", r"vmptrst"),
    ("vmclear", r"vmclear"),
    ("vmxon", r"vmxon"),
    ("vmxoff", r"vmxoff"),
    ("invept", r"invept|invvpid"),
    ("rdmsr", r"rdmsr"),
    ("wrmsr", r"wrmsr"),
    ("mov_cr4", r"mov cr4,"),
    ("mov_cr3", r"mov cr3,"),
    ("mov_cr2", r"mov cr2,"),
    ("mov_cr0", r"mov cr[08],|lmsw|clts"),
    ("mov_dr", r"mov dr\d,"),
    ("xsave", r"xsave|fxsave"),
    ("xrstor", r"xrstor|fxrstor"),
    ("xsetbv", r"xsetbv"),
    ("lgdt", r"lgdt|lidt|lldt|ltr"),
    ("sldt", r"sldt|str |sgdt|sidt"),
    ("swapgs", r"swapgs"),
    ("syscall", r"syscall"),
    ("lock", r"f0 |xchg .*\[|3e (cmpxchg|xadd|add|sub|inc|dec|and|or|xor|bt[src]) "),
    ("rdtsc", r"rdtsc"),
    ("cpuid", r"cpuid"),
    ("popf", r"popf"),
    ("verw", r"verw"),
    ("lfence", r"lfence"),
    ("indirect", r"(call|jmp) (r\w+$|qword)"),
    ("invlpg", r"invlpg"),
    ("call", r"call"),
)]
KERNEL = 1 << 63

Operation = collections.namedtuple("Operation", "instructions classes functions")

# A slice of minivmx is opened from the first instruction of the one to VM entry, and closed from the
# first instruction of the other to the last of the third: arch/x86/run.c.
OPENS, CLOSES, CLOSED = "slice_begin", "state_save", "slice_end"


class Symbols:
    """Function names by address."""

    def __init__(self, lines):
        found = {}
        for line in lines:
            words = line.split()
            if len(words) >= 3 and words[1] in "tTwW":
                found.setdefault(int(words[0], 16), words[2])
        self.addresses = sorted(found)
        self.names = [found[address] for address in self.addresses]

    def name(self, address):
        if not address & KERNEL:
            return "(guest)" if address < 0x100000 else "(program)"
        place = bisect.bisect_right(self.addresses, address) - 1
        return self.names[place] if place >= 0 else "?"


def classify(prefix, text):
    """The class of an instruction, or None."""
    if prefix in ("f0", "3e"):
        text = f"{prefix} {text.removeprefix('lock ')}"
    return next((name for name, pattern in CLASSES if pattern.match(text)), None)


def marked(path, known):
    """Yields, for each pair of marks in the file, [(address, class or None)]."""
    steps = None
    with open(path, errors="replace") as handle:
        for line in handle:
            if line.startswith("Tracing enabled"):
                steps = []
            elif line.startswith("Tracing disabled"):
                yield steps
                steps = None
            elif steps is not None:
                match = LINE.match(line)
                if not match:
                    continue
                text = match[3] + " " + match[2]
                if text not in known:
                    known[text] = classify(*text.split(" ", 1))
                # What the guest and the program execute is not the hypervisor's.
                ours = match[1][0] == "f" or known[text] == "syscall"
                steps.append((match[1], known[text] if ours else None))


def summary(steps, symbols):
    functions = collections.Counter()
    for address, count in collections.Counter(address for address, _ in steps).items():
        functions[symbols.name(int(address, 16))] += count
    return Operation(len(steps), collections.Counter(name for _, name in steps if name), functions)


def slice_steps(steps, symbols):
    """What of an operation with one slice opens and closes it; None: it has none."""
    names = [symbols.name(int(address, 16)) for address, _ in steps]
    if OPENS not in names or CLOSED not in names or CLOSES not in names:
        return None
    opens = names.index(OPENS)
    entry = next((place for place, (_, name) in enumerate(steps) if name == "entry"), None)
    last = len(names) - names[::-1].index(CLOSED)
    closes = names.index(CLOSES)
    if entry is None:
        return None
    # Either the operation begins in the guest and the slice is closed first, or it ends there.
    return steps[opens:entry + 1] + steps[closes:last] if closes < last else None


def announced(path, lines):
    """Yields (device, situation, row), how many operations, steps: for each pair of marks."""
    pairs = marked(path, {})
    for line in lines:
        words = line.rstrip("\n").split("\t")
        if words[0] == "trace":
            for _ in range(int(words[4])):
                yield tuple(words[1:4]), int(words[5]), next(pairs)


def read(path, lines, symbols):
    """{(device, situation, row): (Operation, how many operations it is)}, of what the program
    announced in its lines. Of several pairs of marks the shortest: a timer interrupt hit the others.
    The row "slice" is what opens and closes the slice of HLT."""
    found = {}
    for key, operations, steps in announced(path, lines):
        if key in found and len(steps) >= found[key][0].instructions:
            continue
        found[key] = (summary(steps, symbols), operations)
        part = slice_steps(steps, symbols) if key[2] == "hlt" and key[0] == "minivmx" else None
        if part:
            found[key[0], key[1], "slice"] = (summary(part, symbols), 1)
    return found
