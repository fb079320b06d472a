/* SPDX-License-Identifier: GPL-2.0 */
/*
 * run.h - the way into the guest and the place where it comes out.
 */
#ifndef _MINIVMX_ARCH_RUN_H
#define _MINIVMX_ARCH_RUN_H

#include <linux/types.h>

/* What became of VMLAUNCH or VMRESUME. SDM 3C "VM Entries", "Conventions". */
enum vmx_entry_result {
	VMX_ENTRY_EXITED,	/* the CPU left the guest (or failed to enter it): read the exit reason */
	VMX_ENTRY_FAIL_VALID,	/* refused: read the VM-instruction error */
	VMX_ENTRY_FAIL_INVALID,	/* refused: no VMCS is current */
	VMX_ENTRY_FAULT,	/* #UD or #GP: the CPU is not in VMX operation */
};

/* enter.S: runs the guest with @regs (not RSP, which is in the VMCS) until it exits. */
enum vmx_entry_result vmx_enter(u64 *regs, bool launched);
/* enter.S: where the CPU goes on after a VM exit; not a function to call. */
void vmx_exit(void);

/* Behind a slice that one of these ended: the host's handler runs. Interrupts off. */
void deliver_host_nmi(void);
void deliver_host_machine_check(void);
/* Interrupts on, and those that wait have fired. */
void let_interrupts_in(void);

#endif /* _MINIVMX_ARCH_RUN_H */
