# SPDX-License-Identifier: GPL-2.0
"""Figures of a run of the benchmark: from the lines that the program prints, and what they show.

Reached from `run`. A figure is the minimum of both orders' samples: what the operation costs when no
timer interrupt comes in between; median and 90th percentile stand beside it. What memory a VM takes
is the larger order's: the kernel's caches keep what VMs before it have freed.
"""
import collections

from rows import ROWS

TOLERANCE = 0.03        # between the two orders

Sample = collections.namedtuple("Sample", "count minimum median p90 maximum")
Key = collections.namedtuple("Key", "mitigations device situation row")


def pick(key):
    return max if key.row == "vm_memory" else min


class Figures:
    """Of one or several boots."""

    def __init__(self):
        self.samples = collections.defaultdict(dict)    # Key: {order: Sample}

    def read(self, mitigations, lines):
        for line in lines:
            words = line.rstrip("\n").split("\t")
            if words[0] != "row":
                continue
            order, device, situation, row = words[1:5]
            self.samples[Key(mitigations, device, situation, row)][order] = Sample(
                int(words[5]), *map(float, words[6:10]))

    def value(self, key):
        """None: not measured."""
        orders = self.samples.get(key)
        if not orders:
            return None
        return pick(key)(sample.minimum for sample in orders.values())

    def median(self, key):
        return pick(key)(sample.median for sample in self.samples[key].values())

    def all_of(self, key):
        """The statistics of the samples that there are, the least first; empty: not measured."""
        return sorted(value for sample in self.samples.get(key, {}).values() for value in sample[1:])

    def spread(self, key):
        """How far the 90th percentile is above the minimum."""
        return min(sample.p90 - sample.minimum for sample in self.samples[key].values())

    def orders_differ(self):
        """[(key, one order's minimum, the other's)] beyond the tolerance."""
        found = []
        for key, orders in sorted(self.samples.items()):
            least = sorted(sample.minimum for sample in orders.values())
            if key.row != "vm_memory" and least[-1] > least[0] * (1 + TOLERANCE):
                found.append((key, least[0], least[-1]))
        return found

    def ratio(self, mitigations, situation, row):
        """minivmx to KVM."""
        kvm = self.value(Key(mitigations, "kvm", situation, row))
        ours = self.value(Key(mitigations, "minivmx", situation, row))
        return ours / kvm if kvm and ours is not None else None

    def records(self, traced):
        """What bench.json holds: a record for each row, mitigations and situation; with the modelled
        cycles where there is a trace (mitigations=off)."""
        found = []
        for mitigations in ("off", "default"):
            for situation in ("alone", "beside"):
                for row in ROWS:
                    keys = {device: Key(mitigations, device, situation, row.name)
                            for device in ("kvm", "minivmx")}
                    if any(self.value(key) is None for key in keys.values()):
                        continue
                    record = {"name": row.name, "title": row.title, "mitigations": mitigations,
                              "kvm_vm_alive": situation == "beside",
                              "ratio": round(self.ratio(mitigations, situation, row.name), 4),
                              "must": row.must, "aim": row.aim}
                    for device, key in keys.items():
                        trace = traced.get((device, situation, row.name))
                        if mitigations == "off" and trace:
                            record[device + "_modelled_cycles"] = trace["modelled_cycles"]
                        record[device] = self.value(key)
                        record[device + "_orders"] = {
                            order: sample._asdict() for order, sample in self.samples[key].items()}
                    found.append(record)
        return found


def number(value):
    return "-" if value is None else f"{value:,.0f}"


def table(figures, mitigations):
    """Lines of the text table: with VMX of our own, and borrowed from KVM, which has a VM then."""
    lines = [f"mitigations={mitigations}: instructions",
             f"{'':36}|{'no KVM VM alive':^31}|{'a KVM VM alive: borrowing':^31}|{'minivmx':^24}|",
             f"{'operation':36}|{'KVM':>11}{'minivmx':>12}{'ratio':>7} |{'KVM':>11}{'minivmx':>12}"
             f"{'ratio':>7} |{'median':>12}{'spread':>7}{'N':>4} |{'must':>5}{'aim':>5}"]
    for row in ROWS:
        ours = Key(mitigations, "minivmx", "alone", row.name)
        if figures.value(ours) is None:
            continue
        line = f"{row.title:36}|"
        for situation in ("alone", "beside"):
            ratio = figures.ratio(mitigations, situation, row.name)
            values = [number(figures.value(Key(mitigations, device, situation, row.name)))
                      for device in ("kvm", "minivmx")]
            line += f"{values[0]:>11}{values[1]:>12}{'-' if ratio is None else f'{ratio:.3f}':>7} |"
        count = next(iter(figures.samples[ours].values())).count
        line += f"{number(figures.median(ours)):>12}{number(figures.spread(ours)):>7}{count:>4} |"
        if mitigations == "off":
            line += "".join(f"{'' if limit is None else f'{limit:.2f}':>5}" for limit in (row.must, row.aim))
            missed = row.must and figures.ratio(mitigations, "alone", row.name) > row.must
            line += "  missed" if missed else ""
        lines.append(line.rstrip())
    return lines
