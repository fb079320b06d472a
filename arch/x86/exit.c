// SPDX-License-Identifier: GPL-2.0
/*
 * exit.c - from a VM exit to its handler, and what becomes of the handler's answer.
 *
 * Reached from run.c after each VM exit, in the slice. exit_policy.h says what is done about each
 * reason, exit_*.c hold the handlers; a reason without one goes to userspace with everything known
 * about it.
 */
#include <linux/compiler.h>
#include <linux/nospec.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <asm/trapnr.h>
#include <asm/vmx.h>

#include <uapi/exit_reasons.h>

#include "arch/x86/debug.h"
#include "arch/x86/exit.h"
#include "arch/x86/exit_policy.h"
#include "arch/x86/inject.h"
#include "arch/x86/state.h"
#include "arch/x86/vcpu.h"
#include "arch/x86/vmcs.h"

static const char * const exit_names[MINIVMX_EXIT_REASON_COUNT] = {
#define EXIT_NAME(number, symbol, name)	[number] = name,
	MINIVMX_EXIT_REASONS(EXIT_NAME)
#undef EXIT_NAME
};

enum exit_number {
#define EXIT_NUMBER(number, symbol, name)	EXIT_NUMBER_##symbol = number,
	MINIVMX_EXIT_REASONS(EXIT_NUMBER)
#undef EXIT_NUMBER
};

/*
 * The handlers, by basic exit reason: the one in the slice, and the slow one after it. No handler:
 * the guest used something that is not emulated, or an exit came that we never asked for; both are
 * userspace's to see.
 */
static const struct {
	enum exit_action (*fast)(struct vmx_vcpu *vmx, const struct exit_info *exit);
	int (*slow)(struct vmx_vcpu *vmx, const struct exit_info *exit);
} exit_handlers[] = {
#define EXIT_HANDLER(symbol, fast, slow, policy)	[EXIT_NUMBER_##symbol] = { fast, slow },
	EXIT_POLICIES(EXIT_HANDLER)
#undef EXIT_HANDLER
};

/* As many rows as reasons: none is left out. (The compiler warns of one that stands twice.) */
#define EXIT_POLICY_ROW(symbol, fast, slow, policy)	+ 1
static_assert(0 EXIT_POLICIES(EXIT_POLICY_ROW) == MINIVMX_EXIT_REASON_COUNT);
static_assert(ARRAY_SIZE(exit_handlers) == MINIVMX_EXIT_REASON_COUNT);

const char *vmx_last_exit_name(struct vmx_vcpu *vmx)
{
	u32 basic = vmx->exit.reason & EXIT_REASON_BASIC;

	return basic < MINIVMX_EXIT_REASON_COUNT ? exit_names[basic] : "unknown exit reason";
}

/* Of what failed in the second-level paging. For other exits the field holds what it held. */
static bool exit_has_address(u32 reason)
{
	return reason == EXIT_REASON_EPT_VIOLATION || reason == EXIT_REASON_EPT_MISCONFIG;
}

void exit_read(struct vmx_vcpu *vmx)
{
	struct exit_info *exit = &vmx->exit;

	exit->reason = vmcs_read32(VM_EXIT_REASON);
	exit->cpu = smp_processor_id();
	exit->qualification = vmcs_read(EXIT_QUALIFICATION);
	exit->intr_info = vmcs_read32(VM_EXIT_INTR_INFO);
	exit->idt_vectoring = vmcs_read32(IDT_VECTORING_INFO_FIELD);
	exit->insn_len = vmcs_read32(VM_EXIT_INSTRUCTION_LEN);
	if (exit->intr_info & INTR_INFO_DELIVER_CODE_MASK)
		exit->intr_error_code = vmcs_read32(VM_EXIT_INTR_ERROR_CODE);
	if (exit->idt_vectoring & VECTORING_INFO_DELIVER_CODE_MASK)
		exit->idt_error_code = vmcs_read32(IDT_VECTORING_ERROR_CODE);
	exit->rip = vmcs_read(GUEST_RIP);
	exit->guest_physical = 0;
	if (exit_has_address(exit->reason)) {
		exit->guest_physical = vmcs_read64(GUEST_PHYSICAL_ADDRESS);
		exit->guest_linear = vmcs_read(GUEST_LINEAR_ADDRESS);
	}
}

static void exit_count(struct vmx_vcpu *vmx, u32 basic)
{
	vmx->stats.exits++;
	if (basic < MINIVMX_EXIT_REASON_COUNT)
		vmx->stats.exits_by_reason[array_index_nospec(basic, MINIVMX_EXIT_REASON_COUNT)]++;
}

static void exit_to_user_internal_error(struct vmx_vcpu *vmx, u32 suberror, const u64 *data,
					u32 ndata)
{
	struct minivmx_run *run = vmx->run;

	run->exit_reason = MINIVMX_EXIT_INTERNAL_ERROR;
	run->internal.suberror = suberror;
	run->internal.ndata = ndata;
	memcpy(run->internal.data, data, ndata * sizeof(*data));
}

void exit_to_user_unhandled(struct vmx_vcpu *vmx)
{
	const struct exit_info *exit = &vmx->exit;
	const u64 data[MINIVMX_ERROR_DATA_COUNT] = {
		[MINIVMX_ERROR_DATA_EXIT_REASON]	= exit->reason,
		[MINIVMX_ERROR_DATA_CPU]		= exit->cpu,
		[MINIVMX_ERROR_DATA_QUALIFICATION]	= exit->qualification,
		[MINIVMX_ERROR_DATA_INTR_INFO]		= exit->intr_info,
		[MINIVMX_ERROR_DATA_INTR_ERROR_CODE]	= exit->intr_error_code,
		[MINIVMX_ERROR_DATA_IDT_VECTORING]	= exit->idt_vectoring,
		[MINIVMX_ERROR_DATA_INSN_LEN]		= exit->insn_len,
		[MINIVMX_ERROR_DATA_INSN_INFO]		= vmcs_read32(VMX_INSTRUCTION_INFO),
		[MINIVMX_ERROR_DATA_GUEST_PHYSICAL]	= vmcs_read64(GUEST_PHYSICAL_ADDRESS),
		[MINIVMX_ERROR_DATA_GUEST_LINEAR]	= vmcs_read(GUEST_LINEAR_ADDRESS),
		[MINIVMX_ERROR_DATA_RIP]		= exit->rip,
	};

	exit_to_user_internal_error(vmx, MINIVMX_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON,
				    data, ARRAY_SIZE(data));
}

void exit_to_user_in_delivery(struct vmx_vcpu *vmx)
{
	const struct exit_info *exit = &vmx->exit;
	const u64 data[MINIVMX_DELIVERY_DATA_COUNT] = {
		[MINIVMX_DELIVERY_DATA_IDT_VECTORING]	= exit->idt_vectoring,
		[MINIVMX_DELIVERY_DATA_EXIT_REASON]	= exit->reason,
		[MINIVMX_DELIVERY_DATA_QUALIFICATION]	= exit->qualification,
		[MINIVMX_DELIVERY_DATA_GUEST_PHYSICAL]	= exit->guest_physical,
		[MINIVMX_DELIVERY_DATA_CPU]		= exit->cpu,
	};

	exit_to_user_internal_error(vmx, MINIVMX_INTERNAL_ERROR_DELIVERY_EV, data, ARRAY_SIZE(data));
}

void exit_to_user_failed_entry(struct vmx_vcpu *vmx, u64 reason, u64 qualification)
{
	struct minivmx_run *run = vmx->run;

	vmx->stats.entry_failures++;
	run->exit_reason = MINIVMX_EXIT_FAIL_ENTRY;
	run->fail_entry.hardware_entry_failure_reason = reason;
	run->fail_entry.cpu = smp_processor_id();
	run->fail_entry.padding = 0;
	run->fail_entry.qualification = qualification;
}

enum exit_action exit_to_user_shutdown(struct vmx_vcpu *vmx)
{
	vmx->run->exit_reason = MINIVMX_EXIT_SHUTDOWN;
	return EXIT_TO_USER;
}

void exit_to_user_emulation_failure(struct vmx_vcpu *vmx, const u8 *bytes, unsigned int count)
{
	struct minivmx_run *run = vmx->run;

	run->exit_reason = MINIVMX_EXIT_INTERNAL_ERROR;
	memset(&run->emulation_failure, 0, sizeof(run->emulation_failure));
	run->emulation_failure.suberror = MINIVMX_INTERNAL_ERROR_EMULATION;
	/* flags, instruction bytes (3 words together), and our two. */
	run->emulation_failure.ndata = 5;
	if (count) {
		run->emulation_failure.flags = MINIVMX_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES;
		run->emulation_failure.insn_size = count;
		memcpy(run->emulation_failure.insn_bytes, bytes, count);
	}
	if ((vmx->exit.reason & EXIT_REASON_BASIC) == EXIT_REASON_EPT_VIOLATION)
		run->emulation_failure.guest_phys_addr = vmx->exit.guest_physical;
	run->emulation_failure.qualification = vmx->exit.qualification;
}

enum exit_action exit_dispatch(struct vmx_vcpu *vmx)
{
	const struct exit_info *exit = &vmx->exit;
	u32 basic = exit->reason & EXIT_REASON_BASIC;
	enum exit_action action;

	if (exit->reason & MINIVMX_EXIT_REASON_FAILED_ENTRY) {
		exit_to_user_failed_entry(vmx, exit->reason, exit->qualification);
		return EXIT_TO_USER;
	}

	exit_count(vmx, basic);
	basic = array_index_nospec(basic, MINIVMX_EXIT_REASON_COUNT);
	if ((exit->reason & EXIT_REASON_BASIC) >= MINIVMX_EXIT_REASON_COUNT ||
	    !exit_handlers[basic].fast) {
		exit_to_user_unhandled(vmx);
		return EXIT_TO_USER;
	}

	action = exit_handlers[basic].fast(vmx, exit);
	switch (action) {
	case EXIT_SKIP_AND_RESUME:
	case EXIT_SKIP_AND_RELOAD:
	case EXIT_SKIP_AND_TO_USER:
		state_skip_instruction(exit->insn_len);
		return debug_after_skip(vmx, action);
	case EXIT_UNDEFINED:
		inject_exception(vmx, X86_TRAP_UD);
		return EXIT_RESUME;
	case EXIT_PROTECTION:
		inject_exception_code(vmx, X86_TRAP_GP, 0);
		return EXIT_RESUME;
	default:
		return action;
	}
}

int exit_handle_slow(struct vmx_vcpu *vmx)
{
	u32 basic = array_index_nospec(vmx->exit.reason & EXIT_REASON_BASIC,
				       MINIVMX_EXIT_REASON_COUNT);

	return exit_handlers[basic].slow(vmx, &vmx->exit);
}
