/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ept.h - struct ept, and how a slice enters and leaves it.
 *
 * vmx.h has the calls that module/ makes to fill and empty the table.
 */
#ifndef _MINIVMX_ARCH_EPT_H
#define _MINIVMX_ARCH_EPT_H

#include <linux/cpumask.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "arch/x86/vmx.h"

struct vmx_vcpu;

struct ept {
	/*
	 * Guards the table and the members below it. Its holder waits for no IPI, allocates
	 * nothing and touches no user memory. In a slice it is only tried.
	 */
	spinlock_t lock;
	u64 *root;
	u64 eptp;			/* what the VMCS and INVEPT want: root and walk format */
	unsigned long sequence;		/* moves when an invalidation begins or ends */
	unsigned int invalidations;	/* that have begun and not ended */
	struct list_head removed;	/* tables taken out, to be freed after a kick-and-wait */
	struct ept_counts counts;	/* what is in removed tables still counts */

	/* Read in slices without the lock. */
	unsigned long generation;	/* moves when something is unmapped */
	cpumask_var_t running;		/* CPUs in a slice of this VM */
};

/* Brackets the use of @vmx->ept on this CPU. In a slice. */
void ept_enter(struct vmx_vcpu *vmx);
void ept_leave(struct vmx_vcpu *vmx);

/* ept_table.c: frees tables that no CPU can reach any more, with all that is below them. */
void ept_free_tables(struct ept *ept, struct list_head *tables, bool may_sleep);
void ept_free_root(struct ept *ept);

#endif /* _MINIVMX_ARCH_EPT_H */
