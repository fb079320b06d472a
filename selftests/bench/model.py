# SPDX-License-Identifier: GPL-2.0
"""A model, not a measurement: the cycles that an operation would take on silicon.

Reached from `run`. The emulated CPU takes a tick for every instruction, and VMRESUME is one. The
model divides the instructions by how many of them a CPU executes per cycle, and adds a weight for
each expensive one; low, mid and high are three guesses at the same CPU. Ratios of the model move by
0.02 between the three where both sides share the expensive part; the cycles themselves can't be
defended without hardware. "assumed": nobody's figure was found, the order is that of its kin.
"""
INSTRUCTIONS_PER_CYCLE = (2.5, 2.0, 1.4)    # assumed, for hot kernel code
WEIGHTS = {
    # class        low  mid  high  basis
    "entry":      (400, 500, 700, "exit and entry; at most 770 with KVM's part, kvm-x86 7649412af3ea"),
    "cold_entry": (100, 250, 600, "assumed: the first entry after VMPTRLD loads what was not in the CPU; "
                                  "SDM 3C expects VMLAUNCH to take longer than VMRESUME"),
    "vmread":     (5, 10, 30, "assumed"),
    "vmwrite":    (8, 15, 40, "assumed"),
    "vmptrld":    (75, 150, 300, "assumed"),
    "vmptrst":    (10, 20, 50, "assumed"),
    "vmclear":    (150, 300, 600, "assumed: writes back what the CPU holds of the VMCS"),
    "vmxon":      (150, 300, 800, "assumed: checks CR0, CR4, the region and its revision; serializing"),
    "vmxoff":     (100, 200, 500, "assumed"),
    "mov_cr4":    (80, 150, 300, "assumed: serializing, as MOV CR3; VMXE alone flushes no TLB"),
    "mov_cr3":    (80, 100, 200, "order of a hundred, Linux Documentation/x86/pti.rst"),
    "mov_cr2":    (50, 70, 90, "70, linux d3edefc00356"),
    "mov_cr0":    (80, 150, 300, "assumed, as MOV CR4"),
    "mov_dr":     (20, 40, 100, "assumed"),
    "invept":     (150, 300, 600, "assumed; INVVPID the same"),
    "invlpg":     (80, 100, 200, "assumed"),
    "rdmsr":      (60, 100, 120, "100, FPU performance suite, linux-kernel msg881754"),
    "wrmsr":      (120, 250, 400, "396, the same; 144 for IA32_SYSENTER_ESP, Uros issue 348"),
    "msr_list":   (60, 150, 300, "assumed: an entry of the VMCS's MSR lists, as RDMSR or WRMSR; not in "
                                 "the trace, and minivmx has none"),
    "xsave":      (50, 100, 150, "assumed, order of linux 7807fa6ca5af"),
    "xrstor":     (60, 110, 180, "assumed, the same"),
    "xsetbv":     (60, 100, 200, "assumed"),
    "lgdt":       (50, 100, 200, "assumed; LIDT, LLDT and LTR the same"),
    "sldt":       (10, 20, 50, "assumed; STR, SGDT and SIDT the same"),
    "swapgs":     (5, 15, 30, "assumed"),
    "syscall":    (70, 100, 150, "assumed, with SYSRET"),
    "lock":       (18, 20, 25, "assumed"),
    "rdtsc":      (12, 20, 25, "12, FPU performance suite"),
    "cpuid":      (100, 150, 300, "assumed; far more on Ice Lake and later, linux 1201f226c863"),
    "popf":       (20, 24, 28, "20 to 28, FPU performance suite"),
    "verw":       (20, 40, 500, "assumed; high where it overwrites buffers"),
    "lfence":     (5, 10, 20, "assumed"),
    "indirect":   (2, 5, 20, "assumed"),
}


def cycles(operation, operations):
    """(low, mid, high) of one of the traced operations."""
    classes = dict(operation.classes)
    classes["cold_entry"] = min(classes.get("vmptrld", 0), classes.get("entry", 0))
    return tuple(
        (operation.instructions / INSTRUCTIONS_PER_CYCLE[level] +
         sum(count * WEIGHTS[name][level] for name, count in classes.items() if name in WEIGHTS)) / operations
        for level in range(3))
