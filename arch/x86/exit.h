/* SPDX-License-Identifier: GPL-2.0 */
/*
 * exit.h - what a handler of a VM exit gets, and what it may answer.
 *
 * A handler is named handle_ and its reason in lower case. It runs in the slice: interrupts off,
 * our VMCS current, no sleeping, no printing, no locks but those of devices_write() and
 * memory_fault_fast(). Its inputs are the exit, read once, and the vCPU; it neither advances RIP
 * nor calls another handler: it answers, and exit.c acts. exit_policy.h has the table.
 *
 * What a handler can't do there, because it needs the guest's memory or may sleep, is done by the
 * reason's second, slow handler: after the slice, interrupts on, registers in struct vmx_vcpu.
 */
#ifndef _MINIVMX_ARCH_EXIT_H
#define _MINIVMX_ARCH_EXIT_H

#include <linux/types.h>
#include <asm/vmx.h>

struct exit_info;
struct vmx_vcpu;

enum exit_action {
	EXIT_RESUME,			/* run the guest again: retry, or an event is waiting */
	EXIT_RELOAD,			/* the same, in a new slice: what host.c switches has changed */
	EXIT_SKIP_AND_RESUME,		/* emulated: go on behind the instruction */
	EXIT_SKIP_AND_RELOAD,		/* the same, in a new slice */
	EXIT_UNDEFINED,			/* give the guest #UD: no such instruction here */
	EXIT_PROTECTION,		/* give the guest #GP(0) */
	EXIT_TO_HOST,			/* end the slice, so that the host gets its interrupt; go on */
	EXIT_TO_NMI,			/* end the slice, then deliver the NMI that ended the guest */
	EXIT_TO_MACHINE_CHECK,		/* end the slice, then handle the machine check */
	/* From here on the exit is not done with in the slice. */
	EXIT_TO_SLOW,			/* end the slice, then call the slow handler */
	EXIT_TO_EMULATION,		/* the same, and it will want all registers */
	EXIT_TO_USER,			/* end the slice: the run page is filled in */
	EXIT_SKIP_AND_TO_USER,		/* the same, behind the instruction */
};

/* Of VM-exit interruption information with reason 0: it is the host's NMI, no exception of the guest. */
static inline bool intr_info_is_nmi(u32 intr_info)
{
	return (intr_info & INTR_INFO_INTR_TYPE_MASK) == INTR_TYPE_NMI_INTR;
}

/* Reads the exit from the VMCS, into vmx->exit. */
void exit_read(struct vmx_vcpu *vmx);
/* Finds the handler, calls it, and advances RIP or injects a fault if it says so. */
enum exit_action exit_dispatch(struct vmx_vcpu *vmx);
/* After EXIT_TO_SLOW or EXIT_TO_EMULATION, outside the slice: an enum vmx_result or a negative errno. */
int exit_handle_slow(struct vmx_vcpu *vmx);

/*
 * Exits to userspace, filled into the run page: nothing handles this one; it came in the middle
 * of an event's delivery; the VM entry failed, with an exit reason (and qualification) or a
 * VM-instruction error; an instruction needs emulation and can't be had (@bytes, @count of them).
 */
void exit_to_user_unhandled(struct vmx_vcpu *vmx);
void exit_to_user_in_delivery(struct vmx_vcpu *vmx);
void exit_to_user_failed_entry(struct vmx_vcpu *vmx, u64 reason, u64 qualification);
void exit_to_user_emulation_failure(struct vmx_vcpu *vmx, const u8 *bytes, unsigned int count);
/* The guest's CPU has shut down. */
enum exit_action exit_to_user_shutdown(struct vmx_vcpu *vmx);

/* What one answer does for several reasons. */
enum exit_action always_skip(struct vmx_vcpu *vmx, const struct exit_info *exit);
enum exit_action always_undefined(struct vmx_vcpu *vmx, const struct exit_info *exit);
enum exit_action always_protection(struct vmx_vcpu *vmx, const struct exit_info *exit);

/* The handlers; the file is named after the group. */
enum exit_action handle_exception_nmi(struct vmx_vcpu *vmx, const struct exit_info *exit);
enum exit_action handle_external_interrupt(struct vmx_vcpu *vmx, const struct exit_info *exit);
enum exit_action handle_triple_fault(struct vmx_vcpu *vmx, const struct exit_info *exit);
enum exit_action handle_interrupt_window(struct vmx_vcpu *vmx, const struct exit_info *exit);
enum exit_action handle_nmi_window(struct vmx_vcpu *vmx, const struct exit_info *exit);
enum exit_action handle_preemption_timer(struct vmx_vcpu *vmx, const struct exit_info *exit);
enum exit_action handle_dr_access(struct vmx_vcpu *vmx, const struct exit_info *exit);
enum exit_action handle_monitor_trap_flag(struct vmx_vcpu *vmx, const struct exit_info *exit);
enum exit_action handle_cpuid(struct vmx_vcpu *vmx, const struct exit_info *exit);
enum exit_action handle_cr_access(struct vmx_vcpu *vmx, const struct exit_info *exit);
enum exit_action handle_vmcall(struct vmx_vcpu *vmx, const struct exit_info *exit);
enum exit_action handle_hlt(struct vmx_vcpu *vmx, const struct exit_info *exit);
enum exit_action handle_ept_violation(struct vmx_vcpu *vmx, const struct exit_info *exit);
enum exit_action handle_io_instruction(struct vmx_vcpu *vmx, const struct exit_info *exit);
enum exit_action handle_xsetbv(struct vmx_vcpu *vmx, const struct exit_info *exit);
enum exit_action handle_rdmsr(struct vmx_vcpu *vmx, const struct exit_info *exit);
enum exit_action handle_wrmsr(struct vmx_vcpu *vmx, const struct exit_info *exit);

/* The slow handlers: an enum vmx_result or a negative errno. */
int handle_io_string(struct vmx_vcpu *vmx, const struct exit_info *exit);
int handle_ept_violation_slow(struct vmx_vcpu *vmx, const struct exit_info *exit);

#endif /* _MINIVMX_ARCH_EXIT_H */
