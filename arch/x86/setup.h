/* SPDX-License-Identifier: GPL-2.0 */
/*
 * setup.h - filling in a fresh VMCS.
 */
#ifndef _MINIVMX_ARCH_SETUP_H
#define _MINIVMX_ARCH_SETUP_H

struct vmx_vcpu;

int vmcs_setup_init(void);	/* at load: 0 or -ENOMEM */
void vmcs_setup_exit(void);

/* Writes the fields that stay as they are while the vCPU lives. In the vCPU's first slice. */
void vmcs_setup(struct vmx_vcpu *vmx);

#endif /* _MINIVMX_ARCH_SETUP_H */
