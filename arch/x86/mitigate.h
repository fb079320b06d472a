/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mitigate.h - keeping a guest from reading the host, or another guest, through what the CPU
 * leaves in its caches, buffers and branch predictors.
 *
 * What must happen within a few instructions of VM entry or exit is in enter.S (VERW, return
 * stack, IBRS, branch history); here is what happens once a slice.
 */
#ifndef _MINIVMX_ARCH_MITIGATE_H
#define _MINIVMX_ARCH_MITIGATE_H

#include "arch/x86/vmx.h"

struct vmx_vcpu;

int mitigations_setup(enum mitigation_policy l1d_flush, enum mitigation_policy nx_large_pages);
void mitigations_teardown(void);

/*
 * Large pages of the guest are not executable, so that its instructions are always fetched through
 * 4 KiB pages.
 */
bool large_pages_are_nx(void);

/*
 * Before the first VM entry of a slice, and after the last VM exit. Interrupts off. @other_guest:
 * another hypervisor's guest is between two of its own VM entries on this CPU.
 */
void mitigations_enter(struct vmx_vcpu *vmx, bool other_guest);
void mitigations_leave(bool other_guest);

#endif /* _MINIVMX_ARCH_MITIGATE_H */
