# SPDX-License-Identifier: GPL-2.0
"""What a hypervisor owes at each kind of operation, and the test that proves that minivmx pays.

A row that is cheap because a duty was dropped does not count. `run` prints the table and refuses to
if a test that it names is not there; `run --duties` looks for the two mitigations that the emulated
CPU (broadwell_ult) calls for in the instruction trace, of KVM and of minivmx. It has no IBRS, IBPB,
VERW that clears buffers, or branch-history clearing: those of arch/x86/enter.S and mitigate.c are not
executed here, by neither side, and are in no figure.
"""
import os
import re

SELFTESTS = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))

EXITS = "cpuid vmcall rdmsr pio_doorbell pio_coalesced"
USER = "wrmsr pio_out pio_in mmio_write mmio_read hlt rep_outs_64 mmio_doorbell mmio_coalesced inject"
FILLS = "fill_4k fill_4k_sweep fill_4k_absent fill_2m fill_2m_absent"
ALL = "every exit"
SLICE = "every slice"

# Duty, the rows that owe it, the tests: FILE.NAME, or what `run --duties` checks.
DUTIES = (
    ("return stack filled after an exit (default mitigations)", ALL, "trace.return_stack"),
    ("L1 data cache flushed before an entry (default)", SLICE, "trace.l1d_flush"),
    ("CR2, DR6 and the breakpoints of the host are its own", ALL,
     "host_state.cr2 host_state.hardware_breakpoint"),
    ("FPU, SSE and AVX registers of both sides", SLICE,
     "host_fpu.everybody_keeps_a_pattern host_fpu.avx_registers fpu.set_xsave"),
    ("SYSCALL MSRs, GS base, TSC_AUX of the host", SLICE,
     "host_state.syscall_msrs host_state.fs_and_gs_base host_state.tsc_aux"),
    ("GDT and IDT limits, LDT, I/O bitmap of the host", SLICE,
     "host_state.descriptor_table_limits host_state.ldt_and_segment_registers "
     "host_state.io_permission_bitmap"),
    ("the other owner of VMX finds its VMCS again", SLICE, "kvm_side_by_side.in_turns"),
    ("signals end RUN; a spinning guest shares its CPU", ALL,
     "signals.end_a_spinning_guest signals.spinning_guest_shares_its_cpu"),
    ("host NMIs are delivered", ALL, "nmi.reaches_the_host_each_time"),
    ("an event whose delivery an exit stopped is delivered once", ALL,
     "events.each_is_delivered_once interrupts.delivered_once_through_missing_pages"),
    ("TF traps behind an emulated instruction; the STI shadow ends", ALL,
     "guest_debug.own_step_over_an_emulated_instruction guest_debug.own_step_over_an_out "
     "interrupts.window_opens_behind_sti_and_one_more"),
    ("interrupts only where the guest can take them", "inject",
     "interrupts.window_opens_behind_mov_ss_and_one_more interrupts.sti_shadow_is_seen"),
    ("string I/O page by page, with its segment's checks", "rep_outs_64",
     "string_io.many_pages string_io.segment_limit string_io.segment_rights"),
    ("MMIO obeys the guest's paging; hands unknown instructions out", "mmio_write mmio_read",
     "mmio.across_pages mmio.unknown_instruction mmio.single_step"),
    ("doorbells ring only for their size and data", "pio_doorbell mmio_doorbell",
     "doorbells.port_in_each_size doorbells.data_match doorbells.wakes_who_waits"),
    ("the ring's indexes are not believed", "pio_coalesced mmio_coalesced", "coalesced.hostile_indexes"),
    ("the process's memory as it is now: unmapped, protected, moved", FILLS,
     "memory_live.stops_at_once memory_live.write_protected memory_host.mremap_over"),
    ("host pages are marked dirty and used; userfaultfd works", FILLS,
     "memory_reclaim.freed_and_then_written memory_reclaim.what_the_guest_uses_stays "
     "uffd.missing_pages_come_from_a_thread"),
    ("the dirty log names every page written", FILLS,
     "dirty_log.names_what_the_guest_wrote large_pages.logged_by_small_page"),
    ("the end of a VM leaves nothing behind", "teardown",
     "module.vms_leave_no_memory_behind lifecycle.sigkill_in_run_leaves_nothing"),
)

CACHE_LINES = 512       # of 64 bytes: an L1 data cache of 32 KiB
RETURN_STACK = 16
SOON = 150              # instructions after an exit


def missing_tests():
    found = []
    for name in {name for _, _, tests in DUTIES for name in tests.split()}:
        file, test = name.split(".")
        if file == "trace":
            continue
        with open(os.path.join(SELFTESTS, file + ".c")) as handle:
            if not re.search(rf"\bTEST(_F(_TIMEOUT)?)?\((\w+, )?{test}[,)]", handle.read()):
                found.append(name)
    return found


def table():
    missing = missing_tests()
    if missing:
        raise SystemExit(f"bench: selftests/bench/duties.py names tests that are not there: {missing}")
    lines = ["duties that the rows of minivmx keep, and what proves it (selftests/FILE.c, run by make test)"]
    for duty, rows, tests in DUTIES:
        lines += [f"{duty:66} {rows}", f"    {tests}"]
    return lines


def flushes_l1d(steps):
    """Does something read as many cache lines as the cache has, between the exit and the entry?"""
    counts = {}
    for address, _ in steps:
        counts[address] = counts.get(address, 0) + 1
    return max(counts.values()) >= CACHE_LINES


def fills_return_stack(steps):
    """As many calls as the return stack has places, soon after the exit."""
    kernel = [kind for address, kind in steps if address[0] == "f"]
    return kernel[:SOON].count("call") >= RETURN_STACK


def judge(traced):
    """TAP, of {(device, row): steps} with default mitigations; 0 if all is well."""
    checks = [("l1d_flush", "pio_out", flushes_l1d), ("return_stack", "cpuid", fills_return_stack),
              ("return_stack", "pio_out", fills_return_stack)]
    failed = False
    print(f"TAP version 13\n1..{2 * len(checks)}")
    number = 0
    for device in ("kvm", "minivmx"):
        for name, row, check in checks:
            number += 1
            good = check(traced[device, row])
            failed |= not good
            print(f"{'ok' if good else 'not ok'} {number} - duties.{name}.{row}.{device}")
    return int(failed)
