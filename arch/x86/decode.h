/* SPDX-License-Identifier: GPL-2.0 */
/*
 * decode.h - what an instruction does with memory, from its bytes.
 *
 * For instructions that touched memory behind which there is none (MMIO) and for INS and OUTS:
 * the CPU says where such an access went, but neither what to do with the data nor how much of
 * it there is. Pure functions: no vCPU, no guest memory. Userspace builds them too, to test them.
 */
#ifndef _MINIVMX_ARCH_DECODE_H
#define _MINIVMX_ARCH_DECODE_H

#include <linux/types.h>

#include "arch/x86/regs.h"

#define INSN_MAX_LENGTH	15

/* What the instruction does; first and second are its operands, in the SDM's order. */
enum insn_op {
	INSN_UNKNOWN,
	/* In the order of opcodes 00 to 3F and of ModRM.reg in opcodes 80 to 83. */
	INSN_ADD, INSN_OR, INSN_ADC, INSN_SBB, INSN_AND, INSN_SUB, INSN_XOR, INSN_CMP,
	INSN_TEST, INSN_NOT, INSN_NEG, INSN_INC, INSN_DEC,
	INSN_MOV,		/* MOVNTI as well */
	INSN_MOVZX,		/* zero-extends operand_size to register_size */
	INSN_MOVSX,		/* sign-extends; MOVSXD as well */
	INSN_MOVBE,		/* reverses the order of the bytes */
	INSN_XCHG,
	INSN_CMPXCHG,		/* compares with the accumulator; always writes memory */
	INSN_XADD,
	INSN_BT, INSN_BTS, INSN_BTR, INSN_BTC,	/* the bit: second operand modulo operand size */
	/* String instructions: they step registers, and repeat if rep says so. */
	INSN_MOVS,		/* first: ES:rDI, second: the memory operand */
	INSN_CMPS,		/* first: the memory operand, second: ES:rDI */
	INSN_STOS, INSN_LODS, INSN_SCAS,
	INSN_INS, INSN_OUTS,	/* the other operand is the port in DX */
};

enum insn_operand {
	OPERAND_NONE,
	OPERAND_MEMORY,
	OPERAND_REGISTER,
	OPERAND_IMMEDIATE,
};

enum insn_rep {
	REP_NONE,
	REP_REPE,		/* F3: REP, REPE */
	REP_REPNE,		/* F2: the same as REP unless the instruction compares */
};

/* Stands for no register in base and index. */
#define INSN_NO_REGISTER	0xff

/*
 * Registers have the numbers of regs.h. The memory operand is at
 *
 *	segment : base + index * scale + displacement, truncated to address_size
 *
 * which is insn_effective_address(). MOVS and CMPS have a second one, always at ES:rDI, of the
 * same size: there the memory operand described here is the one at rSI.
 */
struct guest_insn {
	enum insn_op op;
	enum insn_operand first;
	enum insn_operand second;
	u8 length;		/* of the instruction, in bytes */

	bool reads;		/* reads memory */
	bool writes;		/* writes memory; both: reads, modifies and writes */
	bool lock;		/* LOCK prefix, or XCHG, which needs none */
	enum insn_rep rep;	/* string instructions only */

	u8 operand_size;	/* of the memory operand, in bytes: 1, 2, 4, 8 */
	u8 address_size;	/* of the effective address and of rSI, rDI, rCX: 2, 4, 8 */
	u8 segment;		/* SEGMENT_ES to SEGMENT_GS: the override, or the default */
	u8 base;
	u8 index;
	u8 scale;		/* 1, 2, 4, 8 */
	bool rip_relative;	/* the base is the address of the next instruction */
	s64 displacement;

	/* OPERAND_REGISTER */
	u8 reg;
	u8 register_size;	/* in bytes; operand_size for all but MOVZX and MOVSX */
	bool high_byte;		/* AH, CH, DH, BH: bits 15 to 8 of reg */

	/* OPERAND_IMMEDIATE; sign-extended: the low operand_size bytes count. */
	s64 immediate;
};

/* The size of code, that is of operands and addresses without prefixes: CS.L and CS.D. */
enum code_size {
	CODE_16,
	CODE_32,
	CODE_64,
};

enum decode_result {
	DECODE_OK,
	DECODE_MORE_BYTES,	/* the instruction goes on behind the bytes given */
	DECODE_INVALID,		/* the CPU would refuse it: LOCK misplaced, or too long */
	DECODE_UNKNOWN,		/* none of the instructions above, or no memory operand */
};

/* Decodes the instruction that count bytes begin with. *insn is valid for DECODE_OK only. */
enum decode_result decode_insn(struct guest_insn *insn, const u8 *bytes, unsigned int count,
			       enum code_size code);

static inline bool insn_is_string(const struct guest_insn *insn)
{
	return insn->op >= INSN_MOVS;
}

/* The bits of a register that addresses are made of. */
static inline u64 insn_address_mask(const struct guest_insn *insn)
{
	return ~0ull >> (64 - 8 * insn->address_size);
}

/* The offset of the memory operand in its segment. next_rip: behind this instruction. */
u64 insn_effective_address(const struct guest_insn *insn, const u64 regs[VMX_NR_REGS],
			   u64 next_rip);

#endif /* _MINIVMX_ARCH_DECODE_H */
