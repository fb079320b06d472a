/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cpuid.h - what a guest's CPUID shows, for those whose work depends on it.
 */
#ifndef _MINIVMX_ARCH_CPUID_H
#define _MINIVMX_ARCH_CPUID_H

#include <linux/types.h>
#include <asm/processor.h>

struct vmx_vcpu;

/* Does subleaf 0 of the leaf have one of these bits? The table is SET_CPUID2's. */
bool cpuid_shows(const struct vmx_vcpu *vmx, u32 leaf, enum cpuid_regs_idx reg, u32 bits);

#endif /* _MINIVMX_ARCH_CPUID_H */
