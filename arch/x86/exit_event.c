// SPDX-License-Identifier: GPL-2.0
/*
 * exit_event.c - exits that no instruction caused: interrupts, exceptions, timers, the end.
 *
 * Reached from exit.c, in the slice.
 */
#include <linux/bits.h>
#include <linux/bitfield.h>
#include <linux/compiler.h>
#include <asm/processor-flags.h>
#include <asm/trapnr.h>
#include <asm/vmx.h>

#include "arch/x86/debug.h"
#include "arch/x86/exit.h"
#include "arch/x86/inject.h"
#include "arch/x86/state.h"
#include "arch/x86/vcpu.h"
#include "arch/x86/vmcs.h"

/*
 * Nothing to do: we do not ask the CPU to acknowledge the interrupt at the exit, so it is still
 * pending and fires, through the host's own entry code, as soon as the slice has ended.
 */
enum exit_action handle_external_interrupt(struct vmx_vcpu *vmx, const struct exit_info *exit)
{
	return EXIT_TO_HOST;
}

/* The guest has run for about a host tick without an exit. */
enum exit_action handle_preemption_timer(struct vmx_vcpu *vmx, const struct exit_info *exit)
{
	return EXIT_TO_HOST;
}

/*
 * The guest asks for #AC by CR0.AM and RFLAGS.AC, at privilege level 3 alone. One that comes
 * without is the host's: it looks for accesses across cache lines that lock the bus. SDM 3A
 * "Alignment Check Exception".
 */
static bool alignment_check_is_guests(void)
{
	return state_cpl() == 3 && (vmcs_read(GUEST_CR0) & X86_CR0_AM) &&
	       (vmcs_read(GUEST_RFLAGS) & X86_EFLAGS_AC);
}

/*
 * Reason 0 is two things: the host's NMI, or an exception of the guest that debug.c intercepts.
 */
enum exit_action handle_exception_nmi(struct vmx_vcpu *vmx, const struct exit_info *exit)
{
	unsigned int vector = exit->intr_info & INTR_INFO_VECTOR_MASK;

	if (intr_info_is_nmi(exit->intr_info))
		return EXIT_TO_NMI;
	switch (vector) {
	case X86_TRAP_MC:
		return EXIT_TO_MACHINE_CHECK;
	case X86_TRAP_DB:
	case X86_TRAP_BP:
		return debug_exception(vmx, exit);
	case X86_TRAP_AC:
		if (!alignment_check_is_guests()) {
			exit_to_user_unhandled(vmx);
			return EXIT_TO_USER;
		}
		/* As for #DB (debug.c): it may raise itself again without end. */
		inject_exception_again(vmx, exit);
		return EXIT_TO_HOST;
	default:
		exit_to_user_unhandled(vmx);
		return EXIT_TO_USER;
	}
}

/*
 * A fault while delivering a double fault: on a real machine the CPU shuts down. SDM 3A "Double
 * Fault Exception".
 */
enum exit_action handle_triple_fault(struct vmx_vcpu *vmx, const struct exit_info *exit)
{
	return exit_to_user_shutdown(vmx);
}

/*
 * The guest can take an interrupt, and is just before the instruction that it would interrupt.
 * Nobody may be waiting: userspace has changed its mind, or it was for the sake of an NMI.
 */
enum exit_action handle_interrupt_window(struct vmx_vcpu *vmx, const struct exit_info *exit)
{
	if (!READ_ONCE(vmx->run->request_interrupt_window))
		return EXIT_TO_HOST;
	vmx->run->exit_reason = MINIVMX_EXIT_IRQ_WINDOW_OPEN;
	return EXIT_TO_USER;
}

/* The guest can take an NMI: the next VM entry brings it. */
enum exit_action handle_nmi_window(struct vmx_vcpu *vmx, const struct exit_info *exit)
{
	return EXIT_RESUME;
}
