/* SPDX-License-Identifier: GPL-2.0 */
/*
 * walk.h - from an address as an instruction has it to a guest-physical one: segmentation, then
 * the guest's own page tables.
 *
 * Both check what the CPU would have checked, and say which exception it would have raised. All
 * may sleep: outside slices, after state_fetch().
 */
#ifndef _MINIVMX_ARCH_WALK_H
#define _MINIVMX_ARCH_WALK_H

#include <linux/bitops.h>
#include <linux/types.h>
#include <asm/trap_pf.h>

#include "arch/x86/vmx.h"

struct vmx_vcpu;

/* Bits of a linear address, without 5-level paging, which CPUID hides. */
#define LINEAR_ADDRESS_BITS	48

/*
 * As what is kept of it makes the address: bits 63:48 are what bit 47 is. An address that is not
 * like this already is not canonical. SDM 1 "Canonical Addressing".
 */
static inline u64 linear_made_canonical(u64 linear)
{
	return sign_extend64(linear, LINEAR_ADDRESS_BITS - 1);
}

static inline bool linear_is_canonical(u64 linear)
{
	return linear == linear_made_canonical(linear);
}

/*
 * What is done with the memory: a set of X86_PF_WRITE, X86_PF_INSTR (an instruction fetch) and
 * X86_PF_USER (by code in ring 3), as a page fault would report it; none of them: a read.
 */
#define GUEST_READ	0
#define GUEST_WRITE	X86_PF_WRITE
#define GUEST_FETCH	X86_PF_INSTR

/* An exception that the access raises; all of these push an error code. */
struct guest_fault {
	u8 vector;		/* #PF, #GP, #SS */
	u32 error_code;
	u64 address;		/* #PF: for CR2 */
};

/* How guest_linear(), guest_walk() and what is built on them end, besides 0 or a negative errno. */
#define GUEST_FAULT	1	/* @fault says how */

bool guest_in_64bit_code(const struct vmx_vcpu *vmx);
/* GUEST_WRITE and so on, with X86_PF_USER if the guest is in ring 3. */
u32 guest_access(const struct vmx_vcpu *vmx, u32 access);

/* The linear address of @size bytes at @offset in a segment (regs.h). */
int guest_linear(struct vmx_vcpu *vmx, unsigned int segment, u64 offset, unsigned int size,
		 u32 access, u64 *linear, struct guest_fault *fault);
/*
 * Where the page tables lead to; sets accessed and dirty bits as the CPU does. An access may cross
 * a page, and then needs two walks.
 */
int guest_walk(struct vmx_vcpu *vmx, u64 linear, u32 access, gpa_t *gpa,
	       struct guest_fault *fault);

#endif /* _MINIVMX_ARCH_WALK_H */
