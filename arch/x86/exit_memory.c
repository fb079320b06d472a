// SPDX-License-Identifier: GPL-2.0
/*
 * exit_memory.c - the guest touched a guest-physical address that the EPT does not map, or not
 * so.
 *
 * Reached from exit.c, in the slice. Finding the page may sleep, so this only notes the
 * access; vmx_run() hands it to module/memory.c, which maps the page and runs the guest again.
 */
#include <linux/string.h>
#include <asm/vmx.h>

#include "arch/x86/exit.h"
#include "arch/x86/vcpu.h"

/* SDM 3C "Exit Qualification for EPT Violations" */
#define EPT_VIOLATION_WRITE	BIT_ULL(1)

enum exit_action handle_ept_violation(struct vmx_vcpu *vmx, const struct exit_info *exit)
{
	vmx->fault = (struct vmx_memory_fault){
		.gpa = exit->guest_physical,
		.write = exit->qualification & EPT_VIOLATION_WRITE,
	};
	return EXIT_TO_MEMORY;
}

const struct vmx_memory_fault *vmx_fault(struct vmx_vcpu *vmx)
{
	return &vmx->fault;
}

void vmx_fault_to_user(struct vmx_vcpu *vmx)
{
	struct minivmx_run *run = vmx->run;

	/* No instruction made this access: the CPU was delivering an event. */
	if (vmx->exit.idt_vectoring & VECTORING_INFO_VALID_MASK) {
		exit_to_user_in_delivery(vmx);
		return;
	}
	run->exit_reason = MINIVMX_EXIT_INTERNAL_ERROR;
	memset(&run->emulation_failure, 0, sizeof(run->emulation_failure));
	run->emulation_failure.suberror = MINIVMX_INTERNAL_ERROR_EMULATION;
	/* flags, instruction bytes (3 words together), and our two. */
	run->emulation_failure.ndata = 5;
	run->emulation_failure.guest_phys_addr = vmx->fault.gpa;
	run->emulation_failure.qualification = vmx->exit.qualification;
}
