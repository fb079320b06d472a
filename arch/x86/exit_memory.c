// SPDX-License-Identifier: GPL-2.0
/*
 * exit_memory.c - the guest touched a guest-physical address that the EPT does not map, or not
 * so.
 *
 * Reached from exit.c: in the slice first, where a page that the process has is mapped at once; else
 * after it, interrupts on, because making the page may sleep. Continues in module/memory.c, and the
 * guest tries again. Where no memory is, a device may be: emulate.c executes the instruction, with
 * userspace as the device.
 */
#include <linux/bits.h>
#include <linux/errno.h>
#include <asm/vmx.h>

#include "arch/x86/emulate.h"
#include "arch/x86/exit.h"
#include "arch/x86/vcpu.h"
#include "arch/x86/vmx.h"

/* SDM 3C "Exit Qualification for EPT Violations" */
#define EPT_VIOLATION_WRITE	BIT_ULL(1)
#define EPT_VIOLATION_FETCH	BIT_ULL(2)

static struct vmx_memory_fault fault_of(const struct exit_info *exit)
{
	return (struct vmx_memory_fault){
		.gpa = exit->guest_physical,
		.write = exit->qualification & EPT_VIOLATION_WRITE,
		.fetch = exit->qualification & EPT_VIOLATION_FETCH,
	};
}

enum exit_action handle_ept_violation(struct vmx_vcpu *vmx, const struct exit_info *exit)
{
	const struct vmx_memory_fault fault = fault_of(exit);

	switch (memory_fault_fast(vmx->vm, &vmx->ept_cache, &fault)) {
	case 0:
		return EXIT_RESUME;
	case -ENOENT:
		return EXIT_TO_EMULATION;
	default:
		return EXIT_TO_SLOW;
	}
}

int handle_ept_violation_slow(struct vmx_vcpu *vmx, const struct exit_info *exit)
{
	const struct vmx_memory_fault fault = fault_of(exit);
	int err = memory_fault(vmx->vm, &vmx->ept_cache, &fault);

	switch (err) {
	case 0:
		return VMX_RESUME;
	case -EINTR:
		return VMX_WORK_PENDING;
	case -ENOENT:
		break;
	default:
		return err;
	}
	if (!(exit->idt_vectoring & VECTORING_INFO_VALID_MASK))
		return emulate_instruction(vmx);
	/* No instruction made this access: the CPU was delivering an event. */
	exit_to_user_in_delivery(vmx);
	return VMX_TO_USER;
}
