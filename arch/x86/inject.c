// SPDX-License-Identifier: GPL-2.0
/*
 * inject.c - events into the guest: what VM entry delivers through the guest's IDT.
 *
 * Reached from run.c around each VM entry, in the slice. An exit can come in the middle of a
 * delivery (the guest's IDT or stack was not mapped yet, say). The CPU then says what it was
 * delivering, and the next entry must deliver it again, or it is lost. SDM 3C "Information for VM
 * Exits That Occur During Event Delivery".
 */
#include <asm/processor-flags.h>
#include <asm/trapnr.h>
#include <asm/vmx.h>

#include "arch/x86/inject.h"
#include "arch/x86/vcpu.h"
#include "arch/x86/vmcs.h"

/* What the interruption-information fields of exits and of entries have in common. */
#define EVENT_FIELDS	(INTR_INFO_VECTOR_MASK | INTR_INFO_INTR_TYPE_MASK |	\
			 INTR_INFO_DELIVER_CODE_MASK | INTR_INFO_VALID_MASK)

void inject_exception(struct vmx_vcpu *vmx, unsigned int vector)
{
	vmx->event = (struct vmx_event){
		.info = vector | INTR_TYPE_HARD_EXCEPTION | INTR_INFO_VALID_MASK,
	};
}

void inject_exception_code(struct vmx_vcpu *vmx, unsigned int vector, u32 error_code)
{
	inject_exception(vmx, vector);
	vmx->event.info |= INTR_INFO_DELIVER_CODE_MASK;
	vmx->event.error_code = error_code;
}

void inject_breakpoint(struct vmx_vcpu *vmx)
{
	vmx->event = (struct vmx_event){
		.info = X86_TRAP_BP | INTR_TYPE_SOFT_EXCEPTION | INTR_INFO_VALID_MASK,
		.insn_len = 1,
	};
}

bool inject_is_pending(const struct vmx_vcpu *vmx)
{
	return vmx->event.info & INTR_INFO_VALID_MASK;
}

void inject_page_fault(struct vmx_vcpu *vmx, u64 address, u32 error_code)
{
	vmx->cr2 = address;
	inject_exception_code(vmx, X86_TRAP_PF, error_code);
}

void inject_exception_again(struct vmx_vcpu *vmx, const struct exit_info *exit)
{
	vmx->event = (struct vmx_event){
		.info = exit->intr_info & EVENT_FIELDS,
		.error_code = exit->intr_error_code,
		.insn_len = exit->insn_len,
	};
}

static bool needs_insn_len(u32 info)
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

void inject_before_entry(struct vmx_vcpu *vmx)
{
	struct vmx_event *event = &vmx->event;

	if (!(event->info & INTR_INFO_VALID_MASK)) {
		/* An exit clears the field's valid bit, a failed entry does not. */
		if (vmx->entry_failed)
			vmcs_write32(VM_ENTRY_INTR_INFO_FIELD, 0);
		return;
	}
	/* In real mode nothing pushes an error code, and VM entry refuses to. */
	if ((event->info & INTR_INFO_DELIVER_CODE_MASK) && !(vmcs_read(GUEST_CR0) & X86_CR0_PE))
		event->info &= ~INTR_INFO_DELIVER_CODE_MASK;
	vmcs_write32(VM_ENTRY_INTR_INFO_FIELD, event->info);
	if (event->info & INTR_INFO_DELIVER_CODE_MASK)
		vmcs_write32(VM_ENTRY_EXCEPTION_ERROR_CODE, event->error_code);
	if (needs_insn_len(event->info))
		vmcs_write32(VM_ENTRY_INSTRUCTION_LEN, event->insn_len);
}

void inject_after_exit(struct vmx_vcpu *vmx)
{
	const struct exit_info *exit = &vmx->exit;

	/* Delivered, or on its way and named below; the CPU has cleared the field's valid bit. */
	vmx->event.info = 0;
	if (exit->idt_vectoring & VECTORING_INFO_VALID_MASK) {
		vmx->event = (struct vmx_event){
			.info = exit->idt_vectoring & EVENT_FIELDS,
			.error_code = exit->idt_error_code,
			.insn_len = exit->insn_len,
		};
		/* An NMI that is delivered again must not find itself blocked. */
		if ((exit->idt_vectoring & VECTORING_INFO_TYPE_MASK) == INTR_TYPE_NMI_INTR)
			vmcs_write32(GUEST_INTERRUPTIBILITY_INFO,
				     vmcs_read32(GUEST_INTERRUPTIBILITY_INFO) & ~GUEST_INTR_STATE_NMI);
		return;
	}
	/*
	 * IRET ends the blocking of NMIs even when it exits half-way, before it is done: block
	 * again. The bit is in the interruption information, or in the qualification of an EPT
	 * violation.
	 */
	if (((exit->intr_info & INTR_INFO_VALID_MASK) && (exit->intr_info & INTR_INFO_UNBLOCK_NMI) &&
	     (exit->intr_info & INTR_INFO_VECTOR_MASK) != X86_TRAP_DF) ||
	    ((exit->reason & EXIT_REASON_BASIC) == EXIT_REASON_EPT_VIOLATION &&
	     (exit->qualification & INTR_INFO_UNBLOCK_NMI)))
		vmcs_write32(GUEST_INTERRUPTIBILITY_INFO,
			     vmcs_read32(GUEST_INTERRUPTIBILITY_INFO) | GUEST_INTR_STATE_NMI);
}
