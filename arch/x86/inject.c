// SPDX-License-Identifier: GPL-2.0
/*
 * inject.c - events into the guest: what VM entry delivers through the guest's IDT.
 *
 * Reached from run.c around each VM entry, in the slice, and from whoever raises an exception in
 * the guest: exit.c and handlers in the slice, emulate.c outside. events.c is what userspace sees
 * of it. An entry delivers one event. An exit can come in the middle of a delivery (the guest's IDT
 * or stack was not mapped yet, say): the CPU then says what it was delivering, and the next entry
 * must deliver it again, or it is lost. SDM 3C "Information for VM Exits That Occur During Event
 * Delivery", "Event Injection".
 */
#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/minmax.h>
#include <asm/processor-flags.h>
#include <asm/trapnr.h>
#include <asm/vmx.h>

#include "arch/x86/inject.h"
#include "arch/x86/state.h"
#include "arch/x86/trace.h"
#include "arch/x86/vcpu.h"
#include "arch/x86/vmcs.h"

/* What the interruption-information fields of exits and of entries have in common. */
#define EVENT_FIELDS	(INTR_INFO_VECTOR_MASK | INTR_INFO_INTR_TYPE_MASK |	\
			 INTR_INFO_DELIVER_CODE_MASK | INTR_INFO_VALID_MASK)

#define NMI_INFO	(X86_TRAP_NMI | INTR_TYPE_NMI_INTR | INTR_INFO_VALID_MASK)

/* ------------------------------------------------------------ exceptions are raised */

bool event_has_insn_len(u32 info)
{
	switch (info & INTR_INFO_INTR_TYPE_MASK) {
	case INTR_TYPE_SOFT_INTR:
	case INTR_TYPE_SOFT_EXCEPTION:
	case INTR_TYPE_PRIV_SW_EXCEPTION:
		return true;
	default:
		return false;
	}
}

/*
 * #VE and #CP, which belong to the second and third class too, can't happen here. SDM 3A "Interrupt
 * and Exception Classes".
 */
enum exception_class { BENIGN, CONTRIBUTORY, PAGE_FAULT };

static enum exception_class exception_class(u32 info)
{
	switch (info & INTR_INFO_VECTOR_MASK) {
	case X86_TRAP_DE:
	case X86_TRAP_TS:
	case X86_TRAP_NP:
	case X86_TRAP_SS:
	case X86_TRAP_GP:
		return CONTRIBUTORY;
	case X86_TRAP_PF:
		return PAGE_FAULT;
	default:
		return BENIGN;
	}
}

/* SDM 3A "Conditions for Generating a Double Fault" */
static bool makes_double_fault(u32 first, u32 second)
{
	if (exception_class(first) == PAGE_FAULT)
		return exception_class(second) != BENIGN;
	return exception_class(first) == CONTRIBUTORY && exception_class(second) == CONTRIBUTORY;
}

/*
 * An exception that is raised while another waits or is being delivered makes a double fault with
 * it, or takes its place: the instruction runs again after the handler and raises the first anew.
 */
static void exception_raise(struct vmx_vcpu *vmx, u32 info, u32 error_code)
{
	struct vmx_events *events = &vmx->events;
	u32 first = events->exception;

	if ((first & INTR_INFO_VALID_MASK) && (first & INTR_INFO_VECTOR_MASK) == X86_TRAP_DF) {
		events->triple_fault = true;
		return;
	}
	if ((first & INTR_INFO_VALID_MASK) && makes_double_fault(first, info)) {
		info = exception_info(X86_TRAP_DF) | INTR_INFO_DELIVER_CODE_MASK;
		error_code = 0;
	}
	events->exception = info;
	events->error_code = error_code;
	events->exception_is_new = true;
}

u32 exception_info(unsigned int vector)
{
	bool soft = vector == X86_TRAP_BP || vector == X86_TRAP_OF;

	return vector | INTR_INFO_VALID_MASK |
	       (soft ? INTR_TYPE_SOFT_EXCEPTION : INTR_TYPE_HARD_EXCEPTION);
}

void inject_exception(struct vmx_vcpu *vmx, unsigned int vector)
{
	exception_raise(vmx, exception_info(vector), 0);
}

void inject_exception_code(struct vmx_vcpu *vmx, unsigned int vector, u32 error_code)
{
	exception_raise(vmx, exception_info(vector) | INTR_INFO_DELIVER_CODE_MASK, error_code);
}

void inject_page_fault(struct vmx_vcpu *vmx, u64 address, u32 error_code)
{
	vmx->cr2 = address;
	inject_exception_code(vmx, X86_TRAP_PF, error_code);
}

void inject_breakpoint(struct vmx_vcpu *vmx)
{
	vmx->events.insn_len = 1;
	inject_exception(vmx, X86_TRAP_BP);
}

bool inject_is_pending(const struct vmx_vcpu *vmx)
{
	return vmx->events.triple_fault ||
	       (vmx->events.exception_is_new && (vmx->events.exception & INTR_INFO_VALID_MASK));
}

void inject_exception_again(struct vmx_vcpu *vmx, const struct exit_info *exit)
{
	if (event_has_insn_len(exit->intr_info))
		vmx->events.insn_len = exit->insn_len;
	exception_raise(vmx, exit->intr_info & EVENT_FIELDS, exit->intr_error_code);
}

/* --------------------------------------------------------------- before a VM entry */

/*
 * Faults push RFLAGS with RF set, so that an instruction breakpoint does not stop the instruction a
 * second time; traps, aborts and #DB do not. VM entry pushes RFLAGS as they are. SDM 3B
 * "Instruction-Breakpoint Exception Condition", SDM 3C "Details of Vectored-Event Injection".
 */
static bool is_fault(u32 info)
{
	const u32 others = BIT(X86_TRAP_DB) | BIT(X86_TRAP_DF) | BIT(X86_TRAP_MC);

	return (info & INTR_INFO_INTR_TYPE_MASK) == INTR_TYPE_HARD_EXCEPTION &&
	       !(others & BIT(info & INTR_INFO_VECTOR_MASK & 31));
}

static void event_write(struct vmx_vcpu *vmx, u32 info)
{
	vmcs_write32(VM_ENTRY_INTR_INFO_FIELD, info);
	if (info & INTR_INFO_DELIVER_CODE_MASK)
		/* VM entry wants the upper half clear, which no CPU ever sets. */
		vmcs_write32(VM_ENTRY_EXCEPTION_ERROR_CODE, (u16)vmx->events.error_code);
	if (event_has_insn_len(info))
		vmcs_write32(VM_ENTRY_INSTRUCTION_LEN, vmx->events.insn_len);
	vmx->events.in_vmcs = info & INTR_INFO_VALID_MASK;
	vmx->stats.events_injected += vmx->events.in_vmcs;
	if (vmx->events.in_vmcs)
		trace_minivmx_inject(vmx->id, info, vmx->events.error_code);
}

static void exception_write(struct vmx_vcpu *vmx)
{
	struct vmx_events *events = &vmx->events;

	if (events->exception_is_new && is_fault(events->exception))
		vmcs_write(GUEST_RFLAGS, vmcs_read(GUEST_RFLAGS) | X86_EFLAGS_RF);
	events->exception_is_new = false;
	/* In real mode nothing pushes an error code, and VM entry refuses to. */
	if ((events->exception & INTR_INFO_DELIVER_CODE_MASK) &&
	    !(vmcs_read(GUEST_CR0) & X86_CR0_PE))
		events->exception &= ~INTR_INFO_DELIVER_CODE_MASK;
	event_write(vmx, events->exception);
}

/* STI's shadow holds NMIs back too: SDM 3C lets a CPU refuse to inject one there. */
#define BLOCKS_NMI	(GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS | GUEST_INTR_STATE_NMI)

/*
 * The order is that of SDM 3A "Priority Among Concurrent Events": what has begun goes on, an
 * exception belongs to the instruction before, NMIs go before interrupts; except that an interrupt
 * from userspace counts as begun, since its controller has been told that it is.
 */
void inject_before_entry(struct vmx_vcpu *vmx)
{
	struct vmx_events *events = &vmx->events;
	bool interrupt_window = READ_ONCE(vmx->run->request_interrupt_window);
	bool nmi_due = events->nmis_waiting &&
		       !(vmx->debug.control & MINIVMX_GUESTDBG_BLOCKIRQ);
	u32 windows = 0, blocking = 0;

	if (nmi_due)
		blocking = vmcs_read32(GUEST_INTERRUPTIBILITY_INFO);

	if (events->exception & INTR_INFO_VALID_MASK) {
		exception_write(vmx);
	} else if (events->nmi) {
		event_write(vmx, NMI_INFO);
	} else if (events->interrupt & INTR_INFO_VALID_MASK) {
		event_write(vmx, events->interrupt);
	} else if (nmi_due && !(blocking & BLOCKS_NMI)) {
		nmi_due = --events->nmis_waiting;
		events->nmi = true;
		event_write(vmx, NMI_INFO);
	} else if (events->in_vmcs) {
		event_write(vmx, 0);
	}

	/* The NMI window may open in STI's shadow, the interrupt window does not. */
	if (nmi_due) {
		if (blocking & GUEST_INTR_STATE_STI)
			interrupt_window = true;
		else
			windows = CPU_BASED_NMI_WINDOW_EXITING;
	}
	if (interrupt_window)
		windows |= CPU_BASED_INTR_WINDOW_EXITING;
	state_switch_primary(vmx, CPU_BASED_INTR_WINDOW_EXITING | CPU_BASED_NMI_WINDOW_EXITING,
			     windows);
}

/* ----------------------------------------------------------------- after a VM exit */

static void block_nmis(bool block)
{
	u32 blocking = vmcs_read32(GUEST_INTERRUPTIBILITY_INFO);

	vmcs_write32(GUEST_INTERRUPTIBILITY_INFO, block ? blocking | GUEST_INTR_STATE_NMI :
							  blocking & ~GUEST_INTR_STATE_NMI);
}

/* The exit came in the middle of this event's delivery. */
static void event_keep(struct vmx_vcpu *vmx, const struct exit_info *exit)
{
	struct vmx_events *events = &vmx->events;
	u32 info = exit->idt_vectoring & EVENT_FIELDS;

	if (event_has_insn_len(info))
		events->insn_len = exit->insn_len;
	switch (info & INTR_INFO_INTR_TYPE_MASK) {
	case INTR_TYPE_NMI_INTR:
		events->nmi = true;
		/* When it is delivered again it must not find itself blocked. */
		block_nmis(false);
		break;
	case INTR_TYPE_EXT_INTR:
	case INTR_TYPE_SOFT_INTR:
		events->interrupt = info;
		break;
	default:
		events->exception = info;
		events->error_code = exit->idt_error_code;
		break;
	}
}

/*
 * IRET ends the blocking of NMIs even when it exits half-way, before it is done. The CPU says so in
 * the interruption information, or in the qualification of an EPT violation. SDM 3C "Information
 * About NMI Unblocking Due to IRET".
 */
static bool iret_unblocked_nmis(const struct exit_info *exit)
{
	if ((exit->reason & EXIT_REASON_BASIC) == EXIT_REASON_EPT_VIOLATION)
		return exit->qualification & INTR_INFO_UNBLOCK_NMI;
	return (exit->intr_info & INTR_INFO_VALID_MASK) &&
	       (exit->intr_info & INTR_INFO_UNBLOCK_NMI) &&
	       (exit->intr_info & INTR_INFO_VECTOR_MASK) != X86_TRAP_DF;
}

void inject_after_exit(struct vmx_vcpu *vmx)
{
	const struct exit_info *exit = &vmx->exit;
	struct vmx_events *events = &vmx->events;

	/* Delivered, or on its way and named below; the CPU has cleared the field's valid bit. */
	events->in_vmcs = false;
	events->exception &= ~INTR_INFO_VALID_MASK;
	events->interrupt &= ~INTR_INFO_VALID_MASK;
	events->nmi = false;

	if (exit->idt_vectoring & VECTORING_INFO_VALID_MASK)
		event_keep(vmx, exit);
	else if (iret_unblocked_nmis(exit))
		block_nmis(true);
}
