/* SPDX-License-Identifier: GPL-2.0 */
/*
 * host.h - what the CPU does not switch between host and guest: enter/leave pairs.
 */
#ifndef _MINIVMX_ARCH_HOST_H
#define _MINIVMX_ARCH_HOST_H

#include <linux/types.h>
#include <asm/desc_defs.h>

#include "arch/x86/vcpu.h"

/* What a slice took from the host and must put back. */
struct host_state {
	u16 ds, es, fs, gs, ldt;
	struct desc_ptr gdt;
	u64 fs_base, kernel_gs_base;
	u64 debugctl;
	u64 xcr0;
	u64 breakpoints[4];	/* DR0 to DR3 */
	bool breakpoints_switched;
	bool xcr0_switched;
	unsigned int msrs_switched;	/* a bit for each enum switched_msr */
	u64 msrs[SWITCHED_COUNT];
};

/* Writes the host-state area where it has changed. In a slice, before host_enter(). */
void host_fields_refresh(struct vmx_vcpu *vmx, struct host_state *host);

/* In a slice: before the first VM entry and after the last VM exit. */
void host_enter(struct vmx_vcpu *vmx, struct host_state *host);
void host_leave(struct vmx_vcpu *vmx, struct host_state *host);

#endif /* _MINIVMX_ARCH_HOST_H */
