// SPDX-License-Identifier: GPL-2.0
/*
 * alu.c - arithmetic and its flags: the CPU that we run on computes them itself.
 *
 * Reached from emulate.c. The carry flag goes in, for ADC, SBB, and those that leave it alone; all
 * the flags come out. Any context.
 */
#include <linux/types.h>
#include <asm/processor-flags.h>

#include "arch/x86/emulate.h"

#define ARITHMETIC_FLAGS	(X86_EFLAGS_CF | X86_EFLAGS_PF | X86_EFLAGS_AF | X86_EFLAGS_ZF | \
				 X86_EFLAGS_SF | X86_EFLAGS_OF)

/* BT of bit 0, which is CF's, puts it where ADC looks for it. */
#define EXECUTE(type, instruction)						\
	do {									\
		type a = first, b = second;					\
										\
		asm("bt $0, %[flags]\n\t"					\
		    instruction "\n\t"						\
		    "pushf\n\t"							\
		    "pop %[flags]"						\
		    : [a] "+q" (a), [flags] "+r" (flags) : [b] "q" (b) : "cc");	\
		result = a;							\
	} while (0)

/* The operands' types choose the instruction's size. */
#define EXECUTE_SIZED(instruction)		\
	do {					\
		switch (size) {			\
		case 1:				\
			EXECUTE(u8, instruction);	\
			break;			\
		case 2:				\
			EXECUTE(u16, instruction);	\
			break;			\
		case 4:				\
			EXECUTE(u32, instruction);	\
			break;			\
		default:			\
			EXECUTE(u64, instruction);	\
			break;			\
		}				\
	} while (0)

#define BINARY(name)	EXECUTE_SIZED(name " %[b], %[a]")
#define UNARY(name)	EXECUTE_SIZED(name " %[a]")

u64 alu_execute(enum insn_op op, unsigned int size, u64 first, u64 second, u64 *rflags)
{
	u64 flags = *rflags, result = first;

	switch (op) {
	case INSN_ADD:
	case INSN_XADD:
		BINARY("add");
		break;
	case INSN_OR:
		BINARY("or");
		break;
	case INSN_ADC:
		BINARY("adc");
		break;
	case INSN_SBB:
		BINARY("sbb");
		break;
	case INSN_AND:
		BINARY("and");
		break;
	case INSN_SUB:
		BINARY("sub");
		break;
	case INSN_XOR:
		BINARY("xor");
		break;
	case INSN_TEST:
		BINARY("test");
		break;
	case INSN_NEG:
		UNARY("neg");
		break;
	case INSN_INC:
		UNARY("inc");
		break;
	case INSN_DEC:
		UNARY("dec");
		break;
	default:
		BINARY("cmp");
		break;
	}
	*rflags = (*rflags & ~(u64)ARITHMETIC_FLAGS) | (flags & ARITHMETIC_FLAGS);
	return result;
}
