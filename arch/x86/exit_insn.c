// SPDX-License-Identifier: GPL-2.0
/*
 * exit_insn.c - instructions that a guest executes to no effect, or that it is not to have, and the
 * answers that several reasons share.
 *
 * Reached from exit.c, in the slice. The CPU has checked privilege before it exits: an INVD in
 * ring 3 is #GP, an MWAIT there #UD, and neither comes here. SDM 3C "Relative Priority of Faults
 * and VM Exits".
 */
#include <asm/vmx.h>

#include "arch/x86/exit.h"
#include "arch/x86/state.h"
#include "arch/x86/vcpu.h"
#include "arch/x86/vmcs.h"

enum exit_action always_skip(struct vmx_vcpu *vmx, const struct exit_info *exit)
{
	return EXIT_SKIP_AND_RESUME;
}

enum exit_action always_undefined(struct vmx_vcpu *vmx, const struct exit_info *exit)
{
	return EXIT_UNDEFINED;
}

enum exit_action always_protection(struct vmx_vcpu *vmx, const struct exit_info *exit)
{
	return EXIT_PROTECTION;
}

/* Answers to a hypercall: KVM's numbers, which Linux guests know. */
#define HYPERCALL_NOT_PERMITTED	(-1LL)
#define HYPERCALL_UNKNOWN	(-1000LL)

/* There are no hypercalls, and like KVM we say so instead of raising #UD. */
enum exit_action handle_vmcall(struct vmx_vcpu *vmx, const struct exit_info *exit)
{
	u64 answer = state_cpl() == 0 ? HYPERCALL_UNKNOWN : HYPERCALL_NOT_PERMITTED;

	vmx->regs[VMX_RAX] = state_in_64bit_code() ? answer : (u32)answer;
	return EXIT_SKIP_AND_RESUME;
}
