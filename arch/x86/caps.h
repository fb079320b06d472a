/* SPDX-License-Identifier: GPL-2.0 */
/*
 * caps.h - what this machine's VMX can do, read once when the module loads.
 */
#ifndef _MINIVMX_ARCH_CAPS_H
#define _MINIVMX_ARCH_CAPS_H

#include <linux/bits.h>
#include <linux/types.h>
#include <asm/vmx.h>

/* The control words of a VMCS, in the SDM's order. */
enum vmx_control_word {
	VMX_PIN_BASED,
	VMX_PRIMARY,
	VMX_SECONDARY,
	VMX_EXIT,
	VMX_ENTRY,
	VMX_CONTROL_WORDS
};

struct vmx_capabilities {
	u32 revision;				/* first word of every VMXON region and VMCS */
	u32 control[VMX_CONTROL_WORDS];		/* the bits we set: required, optional, forced */
	u64 cr0_fixed0, cr0_fixed1;		/* bits that must be 1, bits that may be 1 */
	u64 cr4_fixed0, cr4_fixed1;
	u64 misc;
	u64 ept_vpid;
	bool has_vpid;				/* VPID, with the INVVPID we need */
	bool has_preemption_timer;
	bool has_monitor_trap_flag;
	bool has_ept_accessed_dirty;
	bool has_ept_2m;			/* leaves of 2 MiB */
	bool has_perf_global_ctrl;		/* entry and exit can switch it */
};

extern struct vmx_capabilities vmx_caps;

/* Can a guest have RDTSCP and RDPID, and so IA32_TSC_AUX? */
static inline bool vmx_caps_has_tsc_aux(void)
{
	return vmx_caps.control[VMX_SECONDARY] & SECONDARY_EXEC_ENABLE_RDTSCP;
}

/* IA32_VMX_EPT_VPID_CAP. SDM 3D "VPID and EPT Capabilities"; the kernel names some of them. */
#define EPT_CAP_INVVPID			BIT_ULL(32)
#define EPT_CAP_INVVPID_SINGLE_CONTEXT	BIT_ULL(41)

/* IA32_VMX_MISC. SDM 3D "Miscellaneous Data". */
#define MISC_PREEMPTION_TIMER_RATE	GENMASK_ULL(4, 0)	/* log2 of TSC ticks per timer tick */
#define MISC_PROCESSOR_TRACE_IN_VMX	BIT_ULL(14)

/* Fills in vmx_caps, or refuses this machine; errors as for vmx_setup(). */
int vmx_caps_setup(void);
/* Is this CPU like those that vmx_caps_setup() saw, if it came online since? Interrupts off. */
bool vmx_caps_cpu_fits(void);

#endif /* _MINIVMX_ARCH_CAPS_H */
