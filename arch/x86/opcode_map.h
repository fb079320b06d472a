/* SPDX-License-Identifier: GPL-2.0 */
/*
 * opcode_map.h - the instructions that decode.c knows, as the SDM's opcode map has them.
 */
#ifndef _MINIVMX_ARCH_OPCODE_MAP_H
#define _MINIVMX_ARCH_OPCODE_MAP_H

#include <linux/types.h>

#include "arch/x86/decode.h"

/*
 * How an operand is encoded: the addressing method, in capitals, and the type, in small letters.
 * SDM 2D "Opcode Map", "Codes for Addressing Method" and "Codes for Operand Type".
 */
enum {
	METHOD_E = 0x10,	/* memory that ModRM describes */
	METHOD_G = 0x20,	/* register that ModRM.reg names */
	METHOD_I = 0x30,	/* immediate */
	METHOD_O = 0x40,	/* memory at an offset that follows the opcode */
	METHOD_X = 0x50,	/* memory at rSI */
	METHOD_Y = 0x60,	/* memory at ES:rDI */
	METHOD_A = 0x70,	/* AL, AX, EAX, RAX; the map spells them out */
	METHOD	 = 0xf0,

	TYPE_B = 0x01,		/* byte */
	TYPE_W = 0x02,		/* word */
	TYPE_V = 0x03,		/* word, doubleword, quadword: the operand size */
	TYPE_Z = 0x04,		/* the same, a doubleword at most */
	TYPE_Y = 0x05,		/* the same, a doubleword at least */
	TYPE   = 0x0f,
};

/* When an opcode means what the table says. */
enum {
	ONLY_64 = 1,		/* in 64-bit code */
	NOT_64,			/* in 16-bit and 32-bit code */
	NO_REP,			/* without F2 and F3 */
	NO_PREFIX,		/* without 66, F2 and F3 */
};

struct form {
	u8 op;
	u8 first;
	u8 second;
	u8 only;
	u8 group;
};

/* One-byte opcodes, those behind 0F, and those behind 0F 38. */
extern const struct form opcode_map[3][256];
/* Where form.group is not 0: by ModRM.reg. */
extern const struct form opcode_groups[][8];

/* What becomes of the first operand if that is memory; a second one is always read. */
bool op_reads_first(enum insn_op op);
bool op_writes_first(enum insn_op op);

#endif /* _MINIVMX_ARCH_OPCODE_MAP_H */
