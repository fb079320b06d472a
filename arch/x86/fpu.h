/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fpu.h - x87, SSE and AVX registers of a guest.
 */
#ifndef _MINIVMX_ARCH_FPU_H
#define _MINIVMX_ARCH_FPU_H

#include <linux/types.h>
#include <asm/fpu/types.h>

struct host_state;
struct vmx_vcpu;

/* The components a guest may have, as in XCR0; 0: the kernel does not use XSAVE. */
extern u64 guest_xfeatures;

/* Bytes that XSAVE writes for these components, in the standard as in the compacted format. */
static inline u32 xsave_size(u64 xfeatures)
{
	return xfeatures & XFEATURE_MASK_YMM ? 832 : 576;
}

void fpu_setup(void);	/* at load */
void fpu_reset(struct vmx_vcpu *vmx);

/* In a slice, from host_enter() and host_leave(): the registers change sides. */
void fpu_enter(struct vmx_vcpu *vmx, struct host_state *host);
void fpu_leave(struct vmx_vcpu *vmx, struct host_state *host);

#endif /* _MINIVMX_ARCH_FPU_H */
