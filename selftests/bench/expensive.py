# SPDX-License-Identifier: GPL-2.0
"""The benchmark's second table: expensive instructions of each operation, and the modelled cycles.

Reached from `run`, with what trace.py has read. Three lines a row: KVM; minivmx with VMX operation of
its own; minivmx that borrows it from KVM.
"""
import model
from rows import ROWS

SIDES = (("kvm", "alone", "KVM"), ("minivmx", "alone", "own VMXON"), ("minivmx", "beside", "borrowing"))
COLUMNS = (("entry",), ("vmread",), ("vmwrite",), ("rdmsr",), ("wrmsr",), ("vmptrld",), ("vmclear",),
           ("vmxon", "vmxoff"), ("mov_cr0", "mov_cr3", "mov_cr4"), ("invept",), ("xsave", "xrstor"),
           ("lgdt",), ("lock",))
HEADS = ("entry", "VMREAD", "VMWRITE", "RDMSR", "WRMSR", "PTRLD", "CLEAR", "ON/OFF", "CR", "INVEPT",
         "XSAVE", "LGDT", "LOCK")
TOLERANCE = 0.01


def table(traces):
    lines = ["expensive instructions of one operation, from the emulator's trace (mitigations=off);",
             "cycles on silicon: a MODEL (selftests/bench/model.py), low/mid/high; ratio to KVM of mid",
             f"{'operation':36}{'':11}{'instr':>8}" + "".join(f"{head:>8}" for head in HEADS) +
             f"{'cycles low':>11}{'mid':>9}{'high':>9}{'ratio':>7}"]
    for row in ROWS:
        base = None
        for device, situation, label in SIDES:
            if (device, situation, row.name) not in traces:
                continue
            operation, operations = traces[device, situation, row.name]
            cycles = model.cycles(operation, operations)
            base = cycles if device == "kvm" else base
            counts = [sum(operation.classes[name] for name in column) / operations for column in COLUMNS]
            title = row.title if label == "KVM" or base is None else ""
            lines.append(
                f"{title:36}{label:11}{operation.instructions / operations:>8,.0f}" +
                "".join(f"{'.' if not count else f'{count:.0f}':>8}" for count in counts) +
                f"{cycles[0]:>11,.0f}{cycles[1]:>9,.0f}{cycles[2]:>9,.0f}" +
                (f"{cycles[1] / base[1]:>7.2f}" if base and device != "kvm" else ""))
    return lines


def records(traces):
    """For bench.json: {(device, situation, row): record}"""
    return {key: {"instructions": operation.instructions / operations,
                  "expensive": {name: count / operations
                                for name, count in sorted(operation.classes.items())
                                if name in model.WEIGHTS},
                  "modelled_cycles": dict(zip(("low", "mid", "high"),
                                              map(round, model.cycles(operation, operations)))),
                  "functions": {name: count / operations
                                for name, count in operation.functions.most_common(60)}}
            for key, (operation, operations) in traces.items()}


def disagreements(traces, samples):
    """Rows whose trace has not as many instructions as ticks went by in one of the samples of the
    same boot: [(key, traced, ticks)]"""
    found = []
    for (device, situation, row), (operation, operations) in sorted(traces.items()):
        of_row = samples(device, situation, row)
        traced = operation.instructions / operations
        # The marks stand some instructions outside the two readings of the time.
        if of_row and not any(abs(traced - ticks) <= max(12, TOLERANCE * ticks) for ticks in of_row):
            found.append(((device, situation, row), traced, of_row[0]))
    return found
