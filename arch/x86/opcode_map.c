// SPDX-License-Identifier: GPL-2.0
/*
 * opcode_map.c - the instructions that decode.c knows, as the SDM's opcode map has them.
 *
 * Excerpts of SDM 2D "Opcode Map", in its notation: Eb is a byte in memory that ModRM describes.
 * They hold what programs do to memory they share with a device: no instruction is here without
 * a memory operand. Reached from decode.c; constant.
 */
#include <linux/types.h>

#include "arch/x86/opcode_map.h"

enum {
	Eb = METHOD_E | TYPE_B, Ew = METHOD_E | TYPE_W, Ev = METHOD_E | TYPE_V,
	Ez = METHOD_E | TYPE_Z, Ey = METHOD_E | TYPE_Y,
	Gb = METHOD_G | TYPE_B, Gv = METHOD_G | TYPE_V, Gy = METHOD_G | TYPE_Y,
	Ib = METHOD_I | TYPE_B, Iz = METHOD_I | TYPE_Z,
	Ob = METHOD_O | TYPE_B, Ov = METHOD_O | TYPE_V,
	Xb = METHOD_X | TYPE_B, Xv = METHOD_X | TYPE_V, Xz = METHOD_X | TYPE_Z,
	Yb = METHOD_Y | TYPE_B, Yv = METHOD_Y | TYPE_V, Yz = METHOD_Y | TYPE_Z,
	AL = METHOD_A | TYPE_B, rAX = METHOD_A | TYPE_V,
};

/* Opcodes that ModRM.reg extends. SDM 2D "Opcode Extensions for One-Byte And Two-byte Opcodes". */
enum {
	NO_GROUP,
	GROUP_80, GROUP_81, GROUP_83, GROUP_C6, GROUP_C7,
	GROUP_F6, GROUP_F7, GROUP_FE, GROUP_FF, GROUP_0FBA,
};

#define ARITHMETIC(op)	{ op, Eb, Gb }, { op, Ev, Gv }, { op, Gb, Eb }, { op, Gv, Ev }
#define GROUP(number)	{ .group = GROUP_##number }

const struct form opcode_map[3][256] = {
	{
		[0x00] = ARITHMETIC(INSN_ADD),
		[0x08] = ARITHMETIC(INSN_OR),
		[0x10] = ARITHMETIC(INSN_ADC),
		[0x18] = ARITHMETIC(INSN_SBB),
		[0x20] = ARITHMETIC(INSN_AND),
		[0x28] = ARITHMETIC(INSN_SUB),
		[0x30] = ARITHMETIC(INSN_XOR),
		[0x38] = ARITHMETIC(INSN_CMP),
		[0x63] = { INSN_MOVSX,	Gv,	Ez,	ONLY_64 },
		[0x6c] = { INSN_INS,	Yb },
		[0x6d] = { INSN_INS,	Yz },
		[0x6e] = { INSN_OUTS,	0,	Xb },
		[0x6f] = { INSN_OUTS,	0,	Xz },
		[0x80] = GROUP(80),
		[0x81] = GROUP(81),
		[0x82] = { .group = GROUP_80, .only = NOT_64 },
		[0x83] = GROUP(83),
		[0x84] = { INSN_TEST,	Eb,	Gb },
		[0x85] = { INSN_TEST,	Ev,	Gv },
		[0x86] = { INSN_XCHG,	Eb,	Gb },
		[0x87] = { INSN_XCHG,	Ev,	Gv },
		[0x88] = { INSN_MOV,	Eb,	Gb },
		[0x89] = { INSN_MOV,	Ev,	Gv },
		[0x8a] = { INSN_MOV,	Gb,	Eb },
		[0x8b] = { INSN_MOV,	Gv,	Ev },
		[0xa0] = { INSN_MOV,	AL,	Ob },
		[0xa1] = { INSN_MOV,	rAX,	Ov },
		[0xa2] = { INSN_MOV,	Ob,	AL },
		[0xa3] = { INSN_MOV,	Ov,	rAX },
		[0xa4] = { INSN_MOVS,	Yb,	Xb },
		[0xa5] = { INSN_MOVS,	Yv,	Xv },
		[0xa6] = { INSN_CMPS,	Xb,	Yb },
		[0xa7] = { INSN_CMPS,	Xv,	Yv },
		[0xaa] = { INSN_STOS,	Yb,	AL },
		[0xab] = { INSN_STOS,	Yv,	rAX },
		[0xac] = { INSN_LODS,	AL,	Xb },
		[0xad] = { INSN_LODS,	rAX,	Xv },
		[0xae] = { INSN_SCAS,	AL,	Yb },
		[0xaf] = { INSN_SCAS,	rAX,	Yv },
		[0xc6] = GROUP(C6),
		[0xc7] = GROUP(C7),
		[0xf6] = GROUP(F6),
		[0xf7] = GROUP(F7),
		[0xfe] = GROUP(FE),
		[0xff] = GROUP(FF),
	}, {
		[0xa3] = { INSN_BT,	Ev,	Gv },
		[0xab] = { INSN_BTS,	Ev,	Gv },
		[0xb0] = { INSN_CMPXCHG, Eb,	Gb },
		[0xb1] = { INSN_CMPXCHG, Ev,	Gv },
		[0xb3] = { INSN_BTR,	Ev,	Gv },
		[0xb6] = { INSN_MOVZX,	Gv,	Eb },
		[0xb7] = { INSN_MOVZX,	Gv,	Ew },
		[0xba] = GROUP(0FBA),
		[0xbb] = { INSN_BTC,	Ev,	Gv },
		[0xbe] = { INSN_MOVSX,	Gv,	Eb },
		[0xbf] = { INSN_MOVSX,	Gv,	Ew },
		[0xc0] = { INSN_XADD,	Eb,	Gb },
		[0xc1] = { INSN_XADD,	Ev,	Gv },
		[0xc3] = { INSN_MOV,	Ey,	Gy,	NO_PREFIX },	/* MOVNTI */
	}, {
		[0xf0] = { INSN_MOVBE,	Gv,	Ev,	NO_REP },
		[0xf1] = { INSN_MOVBE,	Ev,	Gv,	NO_REP },
	},
};

#define GROUP_1(E, I)							\
	{ { INSN_ADD, E, I }, { INSN_OR,  E, I }, { INSN_ADC, E, I }, { INSN_SBB, E, I },	\
	  { INSN_AND, E, I }, { INSN_SUB, E, I }, { INSN_XOR, E, I }, { INSN_CMP, E, I } }
/* /1 is TEST as well, though the SDM leaves it out. */
#define GROUP_3(E, I)							\
	{ { INSN_TEST, E, I }, { INSN_TEST, E, I }, { INSN_NOT, E }, { INSN_NEG, E } }

const struct form opcode_groups[][8] = {
	[GROUP_80]   = GROUP_1(Eb, Ib),
	[GROUP_81]   = GROUP_1(Ev, Iz),
	[GROUP_83]   = GROUP_1(Ev, Ib),
	[GROUP_C6]   = { { INSN_MOV, Eb, Ib } },
	[GROUP_C7]   = { { INSN_MOV, Ev, Iz } },
	[GROUP_F6]   = GROUP_3(Eb, Ib),
	[GROUP_F7]   = GROUP_3(Ev, Iz),
	[GROUP_FE]   = { { INSN_INC, Eb }, { INSN_DEC, Eb } },
	[GROUP_FF]   = { { INSN_INC, Ev }, { INSN_DEC, Ev } },
	[GROUP_0FBA] = { [4] = { INSN_BT,  Ev, Ib }, { INSN_BTS, Ev, Ib },
			       { INSN_BTR, Ev, Ib }, { INSN_BTC, Ev, Ib } },
};

bool op_reads_first(enum insn_op op)
{
	switch (op) {
	case INSN_MOV:
	case INSN_MOVBE:
	case INSN_MOVS:
	case INSN_STOS:
	case INSN_INS:
		return false;
	default:
		return true;
	}
}

bool op_writes_first(enum insn_op op)
{
	switch (op) {
	case INSN_CMP:
	case INSN_TEST:
	case INSN_BT:
	case INSN_CMPS:
		return false;
	default:
		return true;
	}
}
