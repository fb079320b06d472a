/* SPDX-License-Identifier: GPL-2.0 */
/*
 * events.h - events as userspace sees them, outside slices.
 */
#ifndef _MINIVMX_ARCH_EVENTS_H
#define _MINIVMX_ARCH_EVENTS_H

#include <linux/types.h>

struct vmx_vcpu;

/* minivmx_sregs.interrupt_bitmap: the interrupt that waits, of 256. */
void events_to_bitmap(struct vmx_vcpu *vmx, u64 *bitmap);
/* Only the lowest counts; none changes nothing. */
void events_from_bitmap(struct vmx_vcpu *vmx, const u64 *bitmap);

/* Can the guest take an interrupt before its next instruction, and does none wait? */
bool events_ready_for_interrupt(struct vmx_vcpu *vmx);

#endif /* _MINIVMX_ARCH_EVENTS_H */
