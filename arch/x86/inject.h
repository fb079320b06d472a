/* SPDX-License-Identifier: GPL-2.0 */
/*
 * inject.h - events into the guest.
 */
#ifndef _MINIVMX_ARCH_INJECT_H
#define _MINIVMX_ARCH_INJECT_H

#include <linux/types.h>

struct exit_info;
struct vmx_vcpu;

/* Gives the guest an exception at the next VM entry; in a slice or outside. */
void inject_exception(struct vmx_vcpu *vmx, unsigned int vector);
/* The same for those that push an error code. */
void inject_exception_code(struct vmx_vcpu *vmx, unsigned int vector, u32 error_code);
/* #BP, as the INT3 at RIP would raise it. */
void inject_breakpoint(struct vmx_vcpu *vmx);
/* Is an exception, or another event, waiting for the next VM entry? */
bool inject_is_pending(const struct vmx_vcpu *vmx);
/* #PF: sets CR2 to the linear @address too. */
void inject_page_fault(struct vmx_vcpu *vmx, u64 address, u32 error_code);

/* Gives the guest the exception that made it exit. */
void inject_exception_again(struct vmx_vcpu *vmx, const struct exit_info *exit);

/* In run.c: before a VM entry, and after a VM exit that followed a successful entry. */
void inject_before_entry(struct vmx_vcpu *vmx);
void inject_after_exit(struct vmx_vcpu *vmx);

#endif /* _MINIVMX_ARCH_INJECT_H */
