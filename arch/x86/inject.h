/* SPDX-License-Identifier: GPL-2.0 */
/*
 * inject.h - events into the guest.
 */
#ifndef _MINIVMX_ARCH_INJECT_H
#define _MINIVMX_ARCH_INJECT_H

#include <linux/types.h>

struct exit_info;
struct vmx_vcpu;

/*
 * Raises an exception in the guest, for the next VM entry; in a slice or outside. With one that
 * waits already it makes a double fault, or takes its place.
 */
void inject_exception(struct vmx_vcpu *vmx, unsigned int vector);
/* The same for those that push an error code. */
void inject_exception_code(struct vmx_vcpu *vmx, unsigned int vector, u32 error_code);
/* #BP, as the INT3 at RIP would raise it. */
void inject_breakpoint(struct vmx_vcpu *vmx);
/* Does an exception wait that no VM entry has tried to deliver yet? */
bool inject_is_pending(const struct vmx_vcpu *vmx);
/* #PF: sets CR2 to the linear @address too. */
void inject_page_fault(struct vmx_vcpu *vmx, u64 address, u32 error_code);

/* Gives the guest the exception that made it exit. */
void inject_exception_again(struct vmx_vcpu *vmx, const struct exit_info *exit);

/* The VM-entry interruption information of an exception that pushes no error code. */
u32 exception_info(unsigned int vector);
/* Was the event an instruction, behind which its handler returns? INT n, INT3, INTO, INT1. */
bool event_has_insn_len(u32 info);

/* In run.c: before a VM entry, and after a VM exit that followed a successful entry. */
void inject_before_entry(struct vmx_vcpu *vmx);
void inject_after_exit(struct vmx_vcpu *vmx);

#endif /* _MINIVMX_ARCH_INJECT_H */
