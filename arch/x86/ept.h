/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ept.h - struct ept, and how a slice enters and leaves it.
 *
 * vmx.h has the calls that module/ makes to fill and empty the table.
 */
#ifndef _MINIVMX_ARCH_EPT_H
#define _MINIVMX_ARCH_EPT_H

#include <linux/cpumask.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct vmx_vcpu;

struct ept {
	/*
	 * Guards the table and the members below it. Its holder waits for no IPI, allocates
	 * nothing and touches no user memory; with interrupts off it is only ever tried.
	 */
	spinlock_t lock;
	u64 *root;
	u64 eptp;			/* what the VMCS and INVEPT want: root and walk format */
	unsigned long sequence;		/* moves when an invalidation begins or ends */
	unsigned int invalidations;	/* that have begun and not ended */

	/* Read in slices without the lock. */
	unsigned long generation;	/* moves when something is unmapped */
	cpumask_var_t running;		/* CPUs in a slice of this VM */
};

/* Brackets the use of @vmx->ept on this CPU. In a slice. */
void ept_enter(struct vmx_vcpu *vmx);
void ept_leave(struct vmx_vcpu *vmx);

#endif /* _MINIVMX_ARCH_EPT_H */
