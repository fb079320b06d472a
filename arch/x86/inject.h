/* SPDX-License-Identifier: GPL-2.0 */
/*
 * inject.h - events into the guest.
 */
#ifndef _MINIVMX_ARCH_INJECT_H
#define _MINIVMX_ARCH_INJECT_H

struct exit_info;
struct vmx_vcpu;

/* Gives the guest the exception that made it exit. */
void inject_exception_again(struct vmx_vcpu *vmx, const struct exit_info *exit);

/* In run.c: before a VM entry, and after a VM exit that followed a successful entry. */
void inject_before_entry(struct vmx_vcpu *vmx);
void inject_after_exit(struct vmx_vcpu *vmx);

#endif /* _MINIVMX_ARCH_INJECT_H */
