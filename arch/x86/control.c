// SPDX-License-Identifier: GPL-2.0
/*
 * control.c - which values CR0 and CR4 of a guest can hold.
 *
 * Reached from sregs.c (SET_SREGS), exit_cr.c (MOV to CR0), exit_cpuid.c (SET_CPUID2) and state.c
 * (reset). Pure functions of the vCPU's CPUID and of what the CPU has, in a slice or not.
 */
#include <linux/bits.h>
#include <linux/kernel.h>
#include <asm/cpufeature.h>

#include "arch/x86/caps.h"
#include "arch/x86/control.h"
#include "arch/x86/cpuid.h"

/* Of all guests; what CPUID shows of these features is between guest and userspace. */
#define CR4_ALWAYS	(X86_CR4_VME | X86_CR4_PVI | X86_CR4_TSD | X86_CR4_DE | X86_CR4_PSE |	\
			 X86_CR4_PAE | X86_CR4_MCE | X86_CR4_PGE | X86_CR4_PCE |		\
			 X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT)

/* Of guests whose CPUID shows the feature. SDM 3A "Control Registers" names it for each bit. */
static const struct {
	u64 cr4;
	unsigned int feature;
} cr4_optional[] = {
	{ X86_CR4_PCIDE,	X86_FEATURE_PCID },
	{ X86_CR4_OSXSAVE,	X86_FEATURE_XSAVE },
	{ X86_CR4_FSGSBASE,	X86_FEATURE_FSGSBASE },
	{ X86_CR4_SMEP,		X86_FEATURE_SMEP },
	{ X86_CR4_SMAP,		X86_FEATURE_SMAP },
	{ X86_CR4_UMIP,		X86_FEATURE_UMIP },
};

u64 cr4_allowed(const struct vmx_vcpu *vmx)
{
	u64 allowed = CR4_ALWAYS;

	for (int i = 0; i < ARRAY_SIZE(cr4_optional); i++)
		if (guest_has(vmx, cr4_optional[i].feature))
			allowed |= cr4_optional[i].cr4;
	/* A kernel that does not use XSAVE could not keep a guest's XCR0 from the host. */
	if (!boot_cpu_has(X86_FEATURE_OSXSAVE))
		allowed &= ~X86_CR4_OSXSAVE;
	return allowed & vmx_caps.cr4_fixed1;
}

bool cr0_valid(u64 cr0)
{
	if (cr0 >> 32)
		return false;
	if ((cr0 & X86_CR0_PG) && !(cr0 & X86_CR0_PE))
		return false;
	return !(cr0 & X86_CR0_NW) || (cr0 & X86_CR0_CD);
}
