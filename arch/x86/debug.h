/* SPDX-License-Identifier: GPL-2.0 */
/*
 * debug.h - debug registers, single steps and breakpoints: the guest's own, and those by which
 * userspace debugs it.
 */
#ifndef _MINIVMX_ARCH_DEBUG_H
#define _MINIVMX_ARCH_DEBUG_H

#include <linux/types.h>

#include "arch/x86/exit.h"

struct exit_info;
struct vmx_vcpu;

/* What DR6 and DR7 hold at reset. SDM 3B "Debug Registers". */
#define DR6_AT_RESET	0xffff0ff0
#define DR7_AT_RESET	0x400

/* The DR7 that the CPU gets: the debugger's while one uses the breakpoints, else the guest's. */
u64 debug_effective_dr7(const struct vmx_vcpu *vmx);
/* The addresses that go with it: DR0 to DR3. */
const u64 *debug_effective_addresses(const struct vmx_vcpu *vmx);
/* Is one of the four breakpoints on? Then host.c must load the addresses. */
bool debug_breakpoints_on(const struct vmx_vcpu *vmx);

/*
 * Does a debugger step by RFLAGS.TF, for want of the monitor trap flag? Then the flag is its, and
 * hidden from userspace; a guest's PUSHF and the frames of its interrupts show it.
 */
bool debug_steps_by_tf(const struct vmx_vcpu *vmx);
/* Is there to be a trap behind each instruction, or element of a string instruction? */
bool debug_steps(const struct vmx_vcpu *vmx);
/* At the start of each RUN, which takes one step if somebody steps. */
void debug_begin_run(struct vmx_vcpu *vmx);

/* In a slice: writes what the VMCS has to know (STATE_DEBUG). */
void debug_load(struct vmx_vcpu *vmx);

/* In a slice: a #DB or #BP that made the guest exit. */
enum exit_action debug_exception(struct vmx_vcpu *vmx, const struct exit_info *exit);

/*
 * An instruction was emulated, so the CPU could not trap behind it, as it should if somebody
 * steps: in a slice, where @action is what the handler wants, and outside (an enum vmx_result or a
 * negative errno).
 */
enum exit_action debug_after_skip(struct vmx_vcpu *vmx, enum exit_action action);
int debug_after_skip_saved(struct vmx_vcpu *vmx);

#endif /* _MINIVMX_ARCH_DEBUG_H */
