/* SPDX-License-Identifier: GPL-2.0 */
/*
 * regs.h - where each register stands in vmx_vcpu.regs[] and .segments[], for C and assembly.
 *
 * The numbers are the CPU's own: those of ModRM, and of the VM-exit instruction
 * information. SDM 3C "Information for VM Exits Due to Instruction Execution".
 */
#ifndef _MINIVMX_ARCH_REGS_H
#define _MINIVMX_ARCH_REGS_H

#define VMX_RAX		0
#define VMX_RCX		1
#define VMX_RDX		2
#define VMX_RBX		3
#define VMX_RSP		4	/* kept in the VMCS while the guest runs */
#define VMX_RBP		5
#define VMX_RSI		6
#define VMX_RDI		7
#define VMX_R8		8
#define VMX_R9		9
#define VMX_R10		10
#define VMX_R11		11
#define VMX_R12		12
#define VMX_R13		13
#define VMX_R14		14
#define VMX_R15		15
#define VMX_NR_REGS	16

/* Also the order of the VMCS fields, which are two apart. */
#define SEGMENT_ES	0
#define SEGMENT_CS	1
#define SEGMENT_SS	2
#define SEGMENT_DS	3
#define SEGMENT_FS	4
#define SEGMENT_GS	5
#define SEGMENT_LDTR	6
#define SEGMENT_TR	7
#define SEGMENT_COUNT	8

#endif /* _MINIVMX_ARCH_REGS_H */
