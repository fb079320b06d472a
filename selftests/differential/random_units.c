// SPDX-License-Identifier: GPL-2.0
/*
 * random_units.c - the kinds of things that random programs do.
 */
#include <string.h>

#include "random.h"

/* --------------------------------------------------------------------- arithmetic */

enum {
	BYTE	= 1 << 0,	/* 8-bit operands, else 16, 32 or 64 */
	IMM8	= 1 << 1,
	IMM	= 1 << 2,	/* of the operand's size, at most 32 bits */
	LOCK	= 1 << 3,	/* may be locked */
	MEMORY	= 1 << 4,	/* of memory only */
	REG	= 1 << 5,	/* of registers only, or of memory that is no MMIO: no emulation */
	MMIO	= 1 << 6,	/* memory may be MMIO */
	F3	= 1 << 7,	/* prefix F3 */
};

static const struct form {
	__u8 opcode_size, opcode[3];
	__u8 digits;		/* allowed values of ModRM.reg as bits; 0: it is a register */
	unsigned int flags;
} forms[] = {
	/* the eight operations: op r/m, r and op r, r/m */
#define ALU(base)								\
	{ 1, { base },     0, BYTE | MMIO | LOCK }, { 1, { base + 1 }, 0, MMIO | LOCK },	\
	{ 1, { base + 2 }, 0, BYTE | MMIO }, { 1, { base + 3 }, 0, MMIO }
	ALU(0x00), ALU(0x08), ALU(0x10), ALU(0x18), ALU(0x20), ALU(0x28), ALU(0x30), ALU(0x38),
	{ 1, { 0x80 }, 0xff, BYTE | IMM8 | MMIO | LOCK }, { 1, { 0x81 }, 0xff, IMM | MMIO | LOCK },
	{ 1, { 0x83 }, 0xff, IMM8 | MMIO | LOCK },
	{ 1, { 0x84 }, 0, BYTE | MMIO }, { 1, { 0x85 }, 0, MMIO },		/* TEST */
	{ 1, { 0x86 }, 0, BYTE | MMIO | LOCK }, { 1, { 0x87 }, 0, MMIO | LOCK },	/* XCHG */
	{ 1, { 0x88 }, 0, BYTE | MMIO }, { 1, { 0x89 }, 0, MMIO },		/* MOV */
	{ 1, { 0x8a }, 0, BYTE | MMIO }, { 1, { 0x8b }, 0, MMIO },
	{ 1, { 0xc6 }, 0x01, BYTE | IMM8 | MMIO }, { 1, { 0xc7 }, 0x01, IMM | MMIO },
	{ 1, { 0x8d }, 0, MEMORY | MMIO },					/* LEA */
	{ 1, { 0x69 }, 0, IMM }, { 1, { 0x6b }, 0, IMM8 }, { 2, { 0x0f, 0xaf }, 0, 0 },	/* IMUL */
	{ 1, { 0xc0 }, 0xff, BYTE | IMM8 }, { 1, { 0xc1 }, 0xff, IMM8 },	/* shifts */
	{ 1, { 0xd0 }, 0xff, BYTE }, { 1, { 0xd1 }, 0xff, 0 },
	{ 1, { 0xd2 }, 0xff, BYTE }, { 1, { 0xd3 }, 0xff, 0 },
	{ 1, { 0xf6 }, 0x03, BYTE | IMM8 | MMIO }, { 1, { 0xf7 }, 0x03, IMM | MMIO },	/* TEST */
	/* NOT, NEG */
	{ 1, { 0xf6 }, 0x0c, BYTE | MMIO | LOCK }, { 1, { 0xf7 }, 0x0c, MMIO | LOCK },
	{ 1, { 0xf6 }, 0xf0, BYTE }, { 1, { 0xf7 }, 0xf0, 0 },			/* MUL, DIV */
	/* INC, DEC */
	{ 1, { 0xfe }, 0x03, BYTE | MMIO | LOCK }, { 1, { 0xff }, 0x03, MMIO | LOCK },
	{ 1, { 0xfe }, 0xfc, BYTE }, { 1, { 0xff }, 0xc0, 0 },			/* PUSH, none */
	/* CMOV and SET, whatever the condition */
	{ 2, { 0x0f, 0x40 }, 0, 0 }, { 2, { 0x0f, 0x90 }, 0, BYTE },
	/* BT, BTS, BTR, BTC */
	{ 2, { 0x0f, 0xa3 }, 0, REG }, { 2, { 0x0f, 0xab }, 0, REG },
	{ 2, { 0x0f, 0xb3 }, 0, REG }, { 2, { 0x0f, 0xbb }, 0, REG },
	{ 2, { 0x0f, 0xba }, 0xf0, IMM8 | MMIO | LOCK },
	{ 2, { 0x0f, 0xa4 }, 0, IMM8 }, { 2, { 0x0f, 0xac }, 0, IMM8 },		/* SHLD, SHRD */
	{ 2, { 0x0f, 0xa5 }, 0, 0 }, { 2, { 0x0f, 0xad }, 0, 0 },
	/* CMPXCHG, XADD */
	{ 2, { 0x0f, 0xb0 }, 0, BYTE | MMIO | LOCK }, { 2, { 0x0f, 0xb1 }, 0, MMIO | LOCK },
	{ 2, { 0x0f, 0xc0 }, 0, BYTE | MMIO | LOCK }, { 2, { 0x0f, 0xc1 }, 0, MMIO | LOCK },
	{ 2, { 0x0f, 0xb6 }, 0, MMIO }, { 2, { 0x0f, 0xb7 }, 0, MMIO },		/* MOVZX */
	{ 2, { 0x0f, 0xbe }, 0, MMIO }, { 2, { 0x0f, 0xbf }, 0, MMIO },		/* MOVSX */
	{ 2, { 0x0f, 0xbc }, 0, 0 }, { 2, { 0x0f, 0xbd }, 0, 0 },		/* BSF, BSR */
	{ 2, { 0x0f, 0xbc }, 0, F3 }, { 2, { 0x0f, 0xbd }, 0, F3 }, { 2, { 0x0f, 0xb8 }, 0, F3 },
	{ 2, { 0x0f, 0xc7 }, 0x02, MEMORY | LOCK },				/* CMPXCHG8B, 16B */
	{ 2, { 0x0f, 0xc3 }, 0, MEMORY | MMIO },				/* MOVNTI */
	{ 2, { 0x0f, 0x0d }, 0x02, 0 }, { 2, { 0x0f, 0x18 }, 0x0f, 0 },
	{ 2, { 0x0f, 0x1f }, 0x01, 0 },
	{ 3, { 0x0f, 0x38, 0xf0 }, 0, MEMORY }, { 3, { 0x0f, 0x38, 0xf1 }, 0, MEMORY },
	{ 2, { 0x0f, 0xff }, 0, 0 }, { 2, { 0x0f, 0xb9 }, 0, 0 },		/* UD0, UD1 */
};

static void unit_form(struct generator *g)
{
	const struct form *form = &PICK(g, forms);
	bool memory = (form->flags & MEMORY) || (!(form->flags & REG) && one_in(g, 2));
	struct place place = random_place(g, form->flags & MMIO);
	struct insn insn = {
		.opcode_size = form->opcode_size,
		.modrm = true,
		.prefix = form->flags & F3 ? 0xf3 : 0,
		.reg = random_register(g),
		.rm = random_register(g),
		.word = one_in(g, 3),
		.wide = g->bits == 64 && one_in(g, 3),
		.lock = memory && (form->flags & LOCK) && one_in(g, 4),
		.imm = random_value(g),
	};

	memcpy(insn.opcode, form->opcode, sizeof(insn.opcode));
	if (form->opcode[0] == 0x0f && (form->opcode[1] & 0xf0) == 0x40)
		insn.opcode[1] = 0x40 | random_below(g, 16);
	if (form->opcode[0] == 0x0f && (form->opcode[1] & 0xf0) == 0x90)
		insn.opcode[1] = 0x90 | random_below(g, 16);
	if (form->digits)
		do
			insn.reg = random_below(g, 8);
		while (!(form->digits >> insn.reg & 1));
	if (form->flags & IMM8)
		insn.imm_size = 1;
	if (form->flags & IMM)
		insn.imm_size = insn.wide || (g->bits == 16) == insn.word ? 4 : 2;
	emit_insn(g, &insn, memory ? &place : NULL);
}

/* Without ModRM: accumulators, flags, conversions, exchanges. */
static void unit_short(struct generator *g)
{
	static const __u8 plain[] = {
		0x27, 0x2f, 0x37, 0x3f, 0x90, 0x91, 0x92, 0x93, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9e,
		0x9f, 0xd6, 0xf5, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0x9b,
	};
	static const __u8 with_byte[] = {
		0x04, 0x0c, 0x14, 0x1c, 0x24, 0x2c, 0x34, 0x3c, 0xa8, 0xb0, 0xb4, 0xb7, 0xd4, 0xd5,
	};
	struct insn insn = {
		.opcode = { PICK(g, plain) }, .opcode_size = 1, .word = one_in(g, 3),
		.wide = g->bits == 64 && one_in(g, 3), .imm = random_value(g),
	};

	if (one_in(g, 3)) {
		insn.opcode[0] = PICK(g, with_byte);
		insn.imm_size = 1;
	} else if (one_in(g, 6)) {
		/* BSWAP */
		insn.opcode[0] = 0x0f;
		insn.opcode[1] = 0xc8 | random_below(g, 4);
		insn.opcode_size = 2;
		insn.word = false;
	} else if (g->bits != 64 && one_in(g, 4)) {
		static const __u8 inc_dec[] = { 0x40, 0x41, 0x42, 0x43, 0x45, 0x48, 0x4b, 0x4f };

		insn.opcode[0] = PICK(g, inc_dec);
	}
	emit_insn(g, &insn, NULL);
}

/* ------------------------------------------------------- strings, ports, the stack */

static struct place plain_place(struct generator *g, enum segment segment)
{
	return (struct place){
		.segment = segment,
		.offset = 0x1000 + random_below(g, 0x5000) + (g->bits == 16 ? 0 : DATA),
	};
}

/* Leaves out what known.c has: devices that are read before other memory turns out to fault. */
static void tame_string(struct generator *g, const struct insn *insn, struct place *source,
			struct place *destination)
{
	bool is_ins = insn->opcode[0] == 0x6c || insn->opcode[0] == 0x6d;
	bool has_two = insn->opcode[0] >= 0xa4 && insn->opcode[0] <= 0xa7;
	bool compares = (insn->opcode[0] & 0xfe) == 0xa6 || (insn->opcode[0] & 0xfe) == 0xae;
	bool all = compares && insn->prefix;

	if (is_ins || all || (has_two && one_in(g, 2)))
		*destination = plain_place(g, SEG_ES);
	else if (has_two)
		*source = plain_place(g, SEG_DS);
	if (all)
		*source = plain_place(g, SEG_DS);
}

static void unit_string(struct generator *g)
{
	static const __u8 opcodes[] = {
		0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf,	/* MOVS to SCAS */
		0x6c, 0x6d, 0x6e, 0x6f,						/* INS, OUTS */
	};
	static const __u8 prefixes[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65 };
	static const __u8 repeats[] = { 0, 0xf3, 0xf3, 0xf2 };
	struct place source = random_place(g, true), destination = random_place_in(g, SEG_ES, true);
	struct insn insn = {
		.opcode = { PICK(g, opcodes) }, .opcode_size = 1, .prefix = PICK(g, repeats),
		.word = one_in(g, 3), .wide = g->bits == 64 && one_in(g, 3),
	};
	bool other_size, low;

	tame_string(g, &insn, &source, &destination);
	low = (source.offset | destination.offset) < 0x10000;
	other_size = (g->bits == 32 && low && one_in(g, 4)) ||
		     (g->bits == 16 && (!low || one_in(g, 3)));
	emit_load(g, 6, source.offset);
	emit_load(g, 7, destination.offset);
	emit_load(g, 1, random_below(g, one_in(g, 8) ? 80 : 12));
	if (insn.opcode[0] >= 0x6c && insn.opcode[0] <= 0x6f)
		emit_load(g, 2, one_in(g, 16) ? 0x3fe : random_below(g, 0x200) | 0x300);
	emit_byte(g, one_in(g, 3) ? 0xfd : 0xfc);
	emit_step(g);
	if (other_size)
		emit_byte(g, 0x67);
	if (source.segment != SEG_DS && (g->bits != 64 || source.segment >= SEG_FS))
		emit_byte(g, prefixes[source.segment]);
	if (insn.word)
		emit_byte(g, 0x66);
	if (insn.prefix)
		emit_byte(g, insn.prefix);
	if (insn.wide)
		emit_byte(g, 0x48);
	emit_byte(g, insn.opcode[0]);
	emit_step(g);
}

static void unit_port(struct generator *g)
{
	static const __u8 opcodes[] = { 0xe4, 0xe5, 0xe6, 0xe7, 0xec, 0xed, 0xee, 0xef };
	struct insn insn = {
		.opcode = { PICK(g, opcodes) }, .opcode_size = 1, .word = one_in(g, 3),
		/* Not the handlers' ports. */
		.imm = random_below(g, 0xe0),
	};

	if (insn.opcode[0] < 0xe8)
		insn.imm_size = 1;
	else
		emit_load(g, 2, one_in(g, 8) ? 0x5000 + random_below(g, 3)
					     : 0x300 + random_below(g, 0x100));
	emit_insn(g, &insn, NULL);
}

static void unit_stack(struct generator *g)
{
	static const __u8 plain[] = {
		0x50, 0x53, 0x55, 0x57, 0x54, 0x58, 0x5b, 0x5d, 0x5f, 0x9c, 0x60, 0x61, 0x06,
		0x0e, 0x16,
		0x1e,
	};
	struct insn insn = { .opcode = { PICK(g, plain) }, .opcode_size = 1, .word = one_in(g, 4) };
	struct place place = random_place(g, false);

	switch (random_below(g, 7)) {
	case 0:		/* PUSH imm */
		insn.opcode[0] = 0x6a;
		insn.imm_size = 1;
		insn.imm = random_number(g);
		break;
	case 1:		/* PUSH, POP memory */
		insn.modrm = true;
		insn.opcode[0] = one_in(g, 2) ? 0xff : 0x8f;
		insn.reg = insn.opcode[0] == 0xff ? 6 : 0;
		break;
	case 2:		/* ENTER */
		insn.opcode[0] = 0xc8;
		insn.imm_size = 3;
		insn.imm = random_below(g, 64) | random_below(g, 4) << 16;
		break;
	case 3:		/* an odd stack, or one as it was */
		emit_load(g, 4, (g->mode == V86 || g->mode == USER32 || g->mode == USER64 ?
				 USER_STACK : STACK) - (one_in(g, 2) ? random_below(g, 0x100) : 0));
		return;
	case 4:		/* POPF; TF is not for programs that must end */
		emit_byte(g, 0x6a);
		emit_byte(g, random_below(g, 128));
		insn.opcode[0] = 0x9d;
		break;
	case 5:		/* PUSH, POP FS */
		insn.opcode[0] = 0x0f;
		insn.opcode[1] = 0xa0;
		insn.opcode_size = 2;
		break;
	default:
		break;
	}
	emit_insn(g, &insn, insn.modrm ? &place : NULL);
}

/* ----------------------------------------------------------- control flow, faults */

static void unit_branch(struct generator *g)
{
	static const __u8 others[] = { 0xe0, 0xe1, 0xe2, 0xe3, 0xeb };
	unsigned int skipped = random_below(g, 4);

	emit_step(g);
	emit_byte(g, one_in(g, 4) ? PICK(g, others) : 0x70 | random_below(g, 16));
	emit_byte(g, 14 + 16 * skipped);
	emit_step(g);
	while (skipped--) {
		emit_byte(g, 0x90);
		emit_load(g, random_register(g), random_value(g));
		emit_step(g);
	}
}

static void unit_fault(struct generator *g)
{
	static const __u8 codes[][4] = {
		{ 1, 0xcc }, { 1, 0xf1 }, { 1, 0xce }, { 2, 0x0f, 0x0b }, { 2, 0xcd, 0x20 },
		{ 2, 0xcd, 0x2f }, { 2, 0xcd, 0x80 }, { 2, 0xcd, 0x30 }, { 2, 0xcd, 0x04 },
		{ 2, 0x0f, 0x0a }, { 2, 0x0f, 0x04 }, { 2, 0x0f, 0x36 }, { 3, 0x0f, 0x24, 0xc0 },
		{ 2, 0x8e, 0xc8 }, { 2, 0xf0, 0x90 }, { 1, 0xf4 }, { 2, 0x0f, 0xaa },
	};
	const __u8 *code = PICK(g, codes);

	emit_step(g);
	emit(g, code + 1, code[0]);
	emit_step(g);
}

/* ---------------------------------------------------------------------- the system */

/* FS with any selector, a read through it, and FS as it was. */
static void unit_segment(struct generator *g)
{
	static const __u16 selectors[] = {
		0, 3, SEL_CODE32, SEL_DATA, SEL_CODE64, SEL_STACK_16, SEL_USER_CODE32,
		SEL_USER_DATA, SEL_ABSENT, SEL_READ_ONLY, SEL_NO_READ, SEL_DOWN, SEL_LDT, SEL_TSS, SEL_GATE,
		GDT_LIMIT + 1,
		SEL_CONFORMING, 0x0c, 0xfffc, SEL_WINDOW | 3,
	};
	bool real = g->mode == REAL || g->mode == V86;
	struct place place = random_place_in(g, SEG_FS, false);
	struct insn read = {
		.opcode = { 0x8b }, .opcode_size = 1, .modrm = true, .reg = random_register(g),
	};
	static const __u8 load_fs[] = { 0x8e, 0xe0 };		/* mov %eax, %fs */

	emit_load(g, 0, real ? (DATA >> 4) + random_below(g, 0x200) : PICK(g, selectors));
	emit_step(g);
	emit(g, load_fs, 2);
	emit_step(g);
	emit_insn(g, &read, &place);
	emit_load(g, 0, real ? (DATA + 0x2000) >> 4 : SEL_WINDOW);
	emit_step(g);
	emit(g, load_fs, 2);
	emit_step(g);
}

/* Questions about descriptors and tables. */
static void unit_descriptor(struct generator *g)
{
	static const __u8 codes[][3] = {
		{ 0x0f, 0x02 }, { 0x0f, 0x03 }, { 0x0f, 0x00, 4 }, { 0x0f, 0x00, 5 }, { 0x0f,
		0x00, 0 },
		{ 0x0f, 0x00, 1 }, { 0x0f, 0x01, 4 }, { 0x63 },
	};
	const __u8 *code = PICK(g, codes);
	struct insn insn = {
		.opcode = { code[0], code[1] }, .opcode_size = code[0] == 0x0f ? 2 : 1,
		.modrm = true,
		.reg = code[0] == 0x0f && code[1] < 2 ? code[2] : 1, .word = one_in(g, 3),
	};
	struct place place = random_place(g, false);

	emit_load(g, 0, random_below(g, GDT_LIMIT + 16));
	emit_insn(g, &insn, one_in(g, 4) ? &place : NULL);
}

static void unit_cpuid(struct generator *g)
{
	static const __u32 leaves[] = { 0, 1, 2, 4, 6, 7, 0xb, 0xd, 0x40000000, 0x80000000,
	0x80000001,
					0x80000008, 0x12345678, 0xffffffff };
	static const __u8 cpuid[] = { 0x0f, 0xa2 };

	emit_load(g, 0, PICK(g, leaves));
	emit_load(g, 1, random_below(g, 3));
	emit_step(g);
	emit(g, cpuid, sizeof(cpuid));
	emit_step(g);
}

static const struct unit {
	void (*make)(struct generator *g);
	unsigned int weight;
} units[] = {
	{ unit_form, 40 }, { unit_short, 10 }, { unit_string, 10 }, { unit_port, 6 },
	{ unit_stack, 10 }, { unit_branch, 8 }, { unit_fault, 3 }, { unit_segment, 3 },
	{ unit_descriptor, 3 }, { unit_cpuid, 2 }, { random_system_unit, 14 },
};

void random_unit(struct generator *g)
{
	unsigned int total = 0, which;

	for (unsigned int i = 0; i < ARRAY_SIZE(units); i++)
		total += units[i].weight;
	which = random_below(g, total);
	for (unsigned int i = 0; i < ARRAY_SIZE(units); i++) {
		if (which < units[i].weight) {
			units[i].make(g);
			emit_step(g);
			return;
		}
		which -= units[i].weight;
	}
}
