# SPDX-License-Identifier: GPL-2.0
"""The rows of the benchmark: what each is, and what it is held to.

`must` and `aim` are ratios to KVM: of instructions, with mitigations=off.
"""
import collections

Row = collections.namedtuple("Row", "name title must aim")

ROWS = [Row(*fields) for fields in (
    ("cpuid", "CPUID", 0.30, 0.20),
    ("vmcall", "VMCALL", 0.30, 0.20),
    ("rdmsr", "RDMSR", None, None),
    ("wrmsr", "WRMSR", None, None),
    ("pio_out", "OUT to userspace and back", 0.60, 0.40),
    ("pio_in", "IN from userspace", 0.60, 0.40),
    ("mmio_write", "MMIO write to userspace and back", 0.45, 0.30),
    ("mmio_read", "MMIO read from userspace", 0.45, 0.30),
    ("hlt", "HLT to userspace and back", None, None),
    ("slice", "in that: the slice around the exit", None, None),
    ("rep_outs_64", "REP OUTS of 64 elements", 0.05, 0.01),
    ("pio_doorbell", "doorbell: OUT to an eventfd", 0.45, 0.30),
    ("mmio_doorbell", "doorbell: MMIO of 4 bytes", 0.45, 0.30),
    ("mmio_doorbell_any", "doorbell: MMIO of any size", 0.45, 0.30),
    ("pio_coalesced", "OUT to the coalesced ring", None, None),
    ("mmio_coalesced", "MMIO write to the coalesced ring", None, None),
    ("interrupt_call", "ioctl INTERRUPT", None, None),
    ("interrupt_run", "RUN that injects, to the next exit", None, None),
    ("inject", "both: an interrupt from userspace", 0.50, 0.27),
    ("fill_4k", "EPT fill, a lone page", 0.50, None),
    ("fill_4k_sweep", "EPT fill, a page of many", 0.50, 0.20),
    ("fill_4k_absent", "EPT fill, the host has no page yet", None, None),
    ("fill_2m", "EPT fill of 2 MiB", 0.50, 0.15),
    ("fill_2m_absent", "EPT fill of 2 MiB, the host has none", None, None),
    ("ioctl_nothing", "ioctl GET_TSC_KHZ: next to nothing", None, None),
    ("get_regs", "ioctl GET_REGS", None, None),
    ("set_regs", "ioctl SET_REGS", None, None),
    ("get_sregs", "ioctl GET_SREGS", None, None),
    ("set_sregs", "ioctl SET_SREGS", None, None),
    ("create_vm", "making: the VM", None, None),
    ("set_memory", "making: its memory", None, None),
    ("create_vcpu", "making: the vCPU", None, None),
    ("set_registers", "making: CPUID and registers", None, None),
    ("first_run", "making: first RUN", None, None),
    ("create_to_exit", "all of that: create to first exit", 0.15, 0.05),
    ("teardown", "teardown", 0.15, 0.03),
    ("vm_memory", "memory of a VM, bytes", 0.30, 0.15),
    ("cpuid_64_vms", "CPUID with 64 VMs alive", 0.30, 0.20),
    ("linux_boot", "Linux boot, a command, power off", 1.00, 0.97),
)]

# Not in the gate: the host clears 2 MiB, several timer interrupts long; what memory is free counts
# pages, and whose they are changes from boot to boot; and Linux boots for minutes.
NOISY = {"fill_2m_absent", "vm_memory", "linux_boot"}
