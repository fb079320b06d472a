/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cpuid.h - features: which a guest has, and where CPUID shows them.
 */
#ifndef _MINIVMX_ARCH_CPUID_H
#define _MINIVMX_ARCH_CPUID_H

#include <linux/bits.h>
#include <linux/types.h>
#include <asm/cpufeatures.h>

#include <uapi/minivmx.h>

struct vmx_vcpu;

/* The ranges of leaves: each begins with a leaf whose EAX is the highest of the range. */
#define CPUID_EXTENDED		0x80000000u
#define CPUID_HYPERVISOR	0x40000000u

static inline u32 cpuid_range_of(u32 leaf)
{
	if (leaf >= CPUID_HYPERVISOR && leaf < CPUID_HYPERVISOR + 0x10000000)
		return leaf & ~0xffu;
	return leaf & CPUID_EXTENDED;
}

/*
 * The kernel numbers features in words of 32; those below are registers of CPUID, bit for bit.
 * NULL: @entry does not have word number @word.
 */
u32 *cpuid_word(struct minivmx_cpuid_entry2 *entry, unsigned int word);

/* The bit of an X86_FEATURE_* in its register. */
#define FEATURE_BIT(name)	BIT(X86_FEATURE_##name % 32)

/* The components of XCR0 that the vCPU's CPUID shows. */
u64 guest_cpuid_xfeatures(const struct vmx_vcpu *vmx);

/* Does the vCPU's CPUID show @feature, an X86_FEATURE_*? Without SET_CPUID2 it shows none. */
bool guest_has(const struct vmx_vcpu *vmx, unsigned int feature);

#endif /* _MINIVMX_ARCH_CPUID_H */
