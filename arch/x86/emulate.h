/* SPDX-License-Identifier: GPL-2.0 */
/*
 * emulate.h - executes one instruction that accesses memory, in the CPU's stead.
 *
 * The parts are here for INS and OUTS, which exit_io.c emulates. All outside slices, interrupts on;
 * but for emulate_fetch() after state_fetch().
 */
#ifndef _MINIVMX_ARCH_EMULATE_H
#define _MINIVMX_ARCH_EMULATE_H

#include <linux/types.h>

#include "arch/x86/decode.h"
#include "arch/x86/walk.h"

struct vmx_vcpu;

/* An instruction under way. */
struct emulation {
	struct vmx_vcpu *vmx;
	u8 bytes[INSN_MAX_LENGTH];
	unsigned int count;		/* of them, fetched */
	struct guest_insn insn;
	struct guest_fault fault;
};

/* Also an end of the functions below, besides those in walk.h and mmio.h: it can't be had. */
#define EMULATE_UNKNOWN	3

/* Executes the instruction at RIP: an enum vmx_result or a negative errno. */
int emulate_instruction(struct vmx_vcpu *vmx);
/* The same with the instruction that asked userspace to read, now that it has. */
int emulate_again(struct vmx_vcpu *vmx, const struct guest_insn *insn);

/* Fetches and decodes the instruction at RIP. */
int emulate_fetch(struct emulation *emulation);

/* How often a string instruction is to be executed: 1 without a REP prefix. */
u64 string_count(const struct vmx_vcpu *vmx, const struct guest_insn *insn);
/* The offset in its segment of what rSI or rDI points to, @elements on. */
u64 string_offset(const struct vmx_vcpu *vmx, const struct guest_insn *insn, unsigned int reg,
		  unsigned int elements);
/* One element is done: steps rSI, rDI and rCX. True: so is the instruction. */
bool string_step(struct vmx_vcpu *vmx, const struct guest_insn *insn);

/*
 * The instruction, or one element of it, is executed: puts RIP, RFLAGS.RF and the interrupt shadow
 * where they should be behind it.
 */
int emulate_commit(struct vmx_vcpu *vmx, const struct guest_insn *insn, bool done);
/* From how the emulation ended to what RUN does: an enum vmx_result or a negative errno. */
int emulate_end(struct emulation *emulation, int result);

/* alu.c: what the CPU makes of two operands of @size bytes, and of the flags in @rflags. */
u64 alu_execute(enum insn_op op, unsigned int size, u64 first, u64 second, u64 *rflags);

#endif /* _MINIVMX_ARCH_EMULATE_H */
