// SPDX-License-Identifier: GPL-2.0
/*
 * exit_cr.c - MOV to CR0 and CR4 that changes a host-owned bit, and MOV to and from CR8.
 *
 * Reached from exit.c, in the slice. A value that a CPU takes goes into the read shadow, as far as
 * its bits are host-owned, and the guest executes the instruction again: now those bits agree with
 * the shadow, so it does not exit, and the CPU itself does the rest, from entering long mode to
 * loading the page-directory pointers and forgetting translations. A value that it does not
 * take must be found before, or the fault would leave the shadow changed. SDM 3C "Instructions
 * That Cause VM Exits Conditionally", "Changes to Instruction Behavior in VMX Non-Root Operation".
 */
#include <linux/bitfield.h>
#include <linux/bits.h>
#include <asm/msr-index.h>
#include <asm/vmx.h>

#include "arch/x86/control.h"
#include "arch/x86/exit.h"
#include "arch/x86/state.h"
#include "arch/x86/trace.h"
#include "arch/x86/vcpu.h"
#include "arch/x86/vmcs.h"

/* SDM 3C "Exit Qualification for Control-Register Accesses" */
#define CR_NUMBER	GENMASK_ULL(3, 0)
#define CR_ACCESS_TYPE	GENMASK_ULL(5, 4)
#define CR_REGISTER	GENMASK_ULL(11, 8)

enum cr_access_type { MOV_TO_CR, MOV_FROM_CR, CLTS, LMSW };

/* Bits of CR3 that are not reserved flags, but the process-context identifier. */
#define CR3_PCID	GENMASK_ULL(11, 0)

/* SDM 2B "MOV-Move to/from Control Registers": what raises #GP. */
static bool cr0_load_valid(const struct vmx_vcpu *vmx, u64 cr0)
{
	u64 changed = vmx->cr0 ^ cr0;

	if (!cr0_valid(cr0))
		return false;
	if (!(changed & X86_CR0_PG))
		return true;
	if (!(cr0 & X86_CR0_PG))
		return !state_in_64bit_code() && !(vmx->cr4 & X86_CR4_PCIDE);
	/* Long mode begins in 32-bit code, with PAE. */
	return !(vmx->efer & EFER_LME) || ((vmx->cr4 & X86_CR4_PAE) &&
					   !(vmcs_read32(GUEST_CS_AR_BYTES) & VMX_AR_L_MASK));
}

static bool cr4_load_valid(const struct vmx_vcpu *vmx, u64 cr4)
{
	bool long_mode = vmx->efer & EFER_LMA;

	if (cr4 & ~vmx->cr4_allowed)
		return false;
	if (long_mode && !(cr4 & X86_CR4_PAE))
		return false;
	if (cr4 & ~vmx->cr4 & X86_CR4_PCIDE)
		return long_mode && !(vmx->cr3 & CR3_PCID);
	return true;
}

static enum exit_action load_cr0(struct vmx_vcpu *vmx, u64 value)
{
	state_save_control(vmx);
	if (!cr0_load_valid(vmx, value))
		return EXIT_PROTECTION;
	vmx->cr0 = (vmx->cr0 & ~CR0_HOST_OWNED) | (value & CR0_HOST_OWNED);
	state_load_control(vmx);
	return EXIT_RESUME;
}

static enum exit_action load_cr4(struct vmx_vcpu *vmx, u64 value)
{
	u64 owned = cr4_guest_owned(vmx), changed;

	state_save_control(vmx);
	if (!cr4_load_valid(vmx, value))
		return EXIT_PROTECTION;
	changed = vmx->cr4 ^ value;
	vmx->cr4 = (vmx->cr4 & owned) | (value & ~owned);
	state_load_control(vmx);
	/* host.c switches XCR0 for a guest that can use it. */
	return changed & X86_CR4_OSXSAVE ? EXIT_RELOAD : EXIT_RESUME;
}

/* A task priority that sinks may let an interrupt through that userspace holds back. */
static enum exit_action load_cr8(struct vmx_vcpu *vmx, u64 value)
{
	u64 old = vmx->cr8;

	if (value & ~CR8_PRIORITY)
		return EXIT_PROTECTION;
	vmx->cr8 = value;
	if (value >= old)
		return EXIT_SKIP_AND_RESUME;
	vmx->run->exit_reason = MINIVMX_EXIT_SET_TPR;
	return EXIT_SKIP_AND_TO_USER;
}

/*
 * Not among these: CR3 (no control asks for its exits), CLTS and LMSW (their bits are
 * guest-owned), and reading CR0 and CR4 (the CPU takes the shadow).
 */
enum exit_action handle_cr_access(struct vmx_vcpu *vmx, const struct exit_info *exit)
{
	unsigned int cr = FIELD_GET(CR_NUMBER, exit->qualification);
	unsigned int reg = FIELD_GET(CR_REGISTER, exit->qualification);
	u64 value = state_read_gpr(vmx, reg);

	switch (FIELD_GET(CR_ACCESS_TYPE, exit->qualification)) {
	case MOV_TO_CR:
		trace_minivmx_cr(vmx->id, true, cr, value);
		if (cr == 0)
			return load_cr0(vmx, value);
		if (cr == 4)
			return load_cr4(vmx, value);
		if (cr == 8)
			return load_cr8(vmx, value);
		break;
	case MOV_FROM_CR:
		if (cr != 8)
			break;
		trace_minivmx_cr(vmx->id, false, cr, vmx->cr8);
		state_write_gpr(vmx, reg, vmx->cr8);
		return EXIT_SKIP_AND_RESUME;
	}
	exit_to_user_unhandled(vmx);
	return EXIT_TO_USER;
}
