/* SPDX-License-Identifier: GPL-2.0 */
/*
 * msr.h - what others need to know of the MSRs in exit_msr.c.
 */
#ifndef _MINIVMX_ARCH_MSR_H
#define _MINIVMX_ARCH_MSR_H

#include <linux/types.h>

/* Clears the bits of the MSRs that a guest may access without an exit. */
void msr_bitmap_open(unsigned long *bitmap);

/* Values that the MSRs can hold, also when they are set as registers (SET_SREGS). */
bool msr_efer_valid(u64 efer);
bool msr_apic_base_valid(u64 apic_base);

#endif /* _MINIVMX_ARCH_MSR_H */
