/* SPDX-License-Identifier: GPL-2.0 */
/*
 * state.h - guest registers between struct vmx_vcpu and the VMCS.
 */
#ifndef _MINIVMX_ARCH_STATE_H
#define _MINIVMX_ARCH_STATE_H

#include <linux/types.h>

struct vmx_vcpu;

/* The CPU's state after reset. SDM 3A "Processor State After Reset". */
void state_reset(struct vmx_vcpu *vmx);

/* Outside slices: brings in the groups that only the VMCS has. 0, or an error of slice_begin(). */
int state_fetch(struct vmx_vcpu *vmx);

/* In a slice: writes the dirty groups, before the first VM entry. */
void state_load(struct vmx_vcpu *vmx);
/* In a slice: reads what each slice reads, after the last VM exit. */
void state_save(struct vmx_vcpu *vmx);
/* In a slice: reads the groups that state_save() leaves in the VMCS. */
void state_save_rest(struct vmx_vcpu *vmx);

/* In a slice: CR0, CR3, CR4 and EFER alone, for handlers that look at them or change them. */
void state_load_control(struct vmx_vcpu *vmx);
void state_save_control(struct vmx_vcpu *vmx);
/* In a slice: does the guest run 64-bit code? (Compatibility mode is not.) */
bool state_in_64bit_code(void);
/* In a slice: the privilege level. */
unsigned int state_cpl(void);

/* In a slice: general register @number; RSP is in the VMCS. Outside 64-bit code 32 bits count. */
u64 state_read_gpr(struct vmx_vcpu *vmx, unsigned int number);
void state_write_gpr(struct vmx_vcpu *vmx, unsigned int number, u64 value);

/* In a slice: of the primary VM-execution controls @controls, sets those that are @on. */
void state_switch_primary(struct vmx_vcpu *vmx, u32 controls, u32 on);

/* Moves RIP behind the instruction, as executing it would: in a slice. */
void state_skip_instruction(u32 insn_len);
/* The same outside slices: an enum vmx_result, or an error of slice_begin(). */
int state_skip_saved(struct vmx_vcpu *vmx, u32 insn_len);
/* The first half of it, which leaves debug_after_skip_saved() for later. 0, or an error. */
int state_move_rip(struct vmx_vcpu *vmx, u32 insn_len);

#endif /* _MINIVMX_ARCH_STATE_H */
