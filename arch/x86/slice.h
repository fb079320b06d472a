/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slice.h - a slice: a stretch of kernel code during which this CPU is in VMX operation for us.
 *
 * Between slices nothing of ours is in the CPU, so migration, CPU hotplug, suspend, kexec, module
 * unload and another hypervisor need no attention. Interrupts are off for the whole slice.
 */
#ifndef _MINIVMX_ARCH_SLICE_H
#define _MINIVMX_ARCH_SLICE_H

#include <linux/types.h>

struct vmx_region;

/* A VMCS: the page, and what VMPTRLD wants to know of it. */
struct vmcs_region {
	struct vmx_region *region;
	u64 pa;
	bool cleared;		/* VMCLEAR has initialized it */
	bool written;		/* the constant fields have been written */
};

struct slice {
	u64 cr4;		/* as we found it */
	u64 previous_vmcs;	/* the other owner's, or NO_VMCS */
	bool borrowed;		/* the CPU was in VMX operation already */
};

/* What VMPTRST stores when no VMCS is current. SDM 3C "VMPTRST". */
#define NO_VMCS		(~0ULL)

/* Is a guest of the owner's, KVM's say, between two of its VM entries on this CPU? */
static inline bool slice_has_other_guest(const struct slice *slice)
{
	return slice->borrowed && slice->previous_vmcs != NO_VMCS;
}

int vmcs_alloc(struct vmcs_region *vmcs);	/* 0 or -ENOMEM */
void vmcs_free(struct vmcs_region *vmcs);

/*
 * Takes the CPU and makes @vmcs current; interrupts must be off. -EBUSY: somebody else has VMX
 * and can't lend it; -EXDEV: the CPU is unlike the others; -EIO: it refused. On error nothing has
 * changed.
 */
int slice_begin(struct slice *slice, struct vmcs_region *vmcs);
/* Writes the VMCS back to memory and gives the CPU back as it was found. */
void slice_end(struct slice *slice, struct vmcs_region *vmcs);

#endif /* _MINIVMX_ARCH_SLICE_H */
