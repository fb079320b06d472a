/* SPDX-License-Identifier: GPL-2.0 */
/*
 * control.h - CR0 and CR4 of a guest: which values they can hold, and whose each bit is.
 *
 * A guest-owned bit the guest changes without an exit. The others are host-owned: a change exits
 * (exit_cr.c), reads give the read shadow. SDM 3C "Guest/Host Masks and Read Shadows for CR0
 * and CR4".
 */
#ifndef _MINIVMX_ARCH_CONTROL_H
#define _MINIVMX_ARCH_CONTROL_H

#include <linux/types.h>
#include <asm/processor-flags.h>

#include "arch/x86/vcpu.h"

/*
 * NE must be 1 in VMX operation. CD and NW must be ours because VM entry and exit leave them as
 * they are, so a guest's CD would switch off the host's cache. SDM 3C "Loading Guest Control
 * Registers, Debug Registers, and MSRs".
 */
#define CR0_HOST_OWNED	((u64)(X86_CR0_NE | X86_CR0_CD | X86_CR0_NW))

/*
 * Those that a guest can change; so is every bit that it can't. With MCE clear a machine check,
 * which is the host's, would shut the CPU down before it could exit. OSXSAVE says whether host.c
 * switches XCR0.
 */
#define CR4_HOST_OWNED	((u64)(X86_CR4_MCE | X86_CR4_OSXSAVE))

/* CR8: the bits that are not reserved. SDM 3A "Task Priority". */
#define CR8_PRIORITY	0xfull

/*
 * The bits of CR4 that this vCPU may set: what its CPUID shows and the CPU has. Kept in
 * vmx->cr4_allowed.
 */
u64 cr4_allowed(const struct vmx_vcpu *vmx);

static inline u64 cr4_guest_owned(const struct vmx_vcpu *vmx)
{
	return vmx->cr4_allowed & ~CR4_HOST_OWNED;
}

/* Can CR0 hold this, whatever the rest of the CPU's state? */
bool cr0_valid(u64 cr0);

#endif /* _MINIVMX_ARCH_CONTROL_H */
