// SPDX-License-Identifier: GPL-2.0
/*
 * random_system.c - what else random programs do: registers of the system, and the FPU.
 *
 * What changes where memory is or where code goes is left out: SWAPGS, SYSCALL, segment bases.
 */
#include "random.h"

/* One slot: reads a control register into EAX, changes bits, writes it back. */
static void change_control_register(struct generator *g, unsigned int number, __u32 bits)
{
	const __u8 code[] = {
		0x0f, 0x20, 0xc0 | number << 3,			/* mov %crN, %eax */
		0x35, bits, bits >> 8, bits >> 16, bits >> 24,	/* xor $bits, %eax */
		0x0f, 0x22, 0xc0 | number << 3,			/* mov %eax, %crN */
	};

	emit_step(g);
	emit(g, code, 3);
	if (g->bits == 16)
		emit_byte(g, 0x66);
	emit(g, code + 3, sizeof(code) - 3);
	emit_step(g);
}

static void unit_control_register(struct generator *g)
{
	/* Not PE, PG and PAE, which would change the mode; of the others, legal ones or not. */
	static const __u32 cr0[] = {
		0x2, 0x4, 0x8, 0x8, 0x10, 0x20, 0x40, 0x10000, 0x20000, 0x40000, 0x20000000,
		0x40000000,
		0x60000000,
	};
	static const __u8 cr4[] = {
		0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 18, 19, 22, 23, 24,
		25, 31,
	};
	static const __u8 numbers[] = { 0, 1, 2, 3, 4, 5, 7, 8 };
	struct insn read = {
		.opcode = { 0x0f, 0x20 }, .opcode_size = 2, .modrm = true, .reg = PICK(g, numbers),
		.rm = random_register(g),
	};

	switch (random_below(g, 5)) {
	case 0:
		change_control_register(g, 0, PICK(g, cr0));
		break;
	case 1:
		change_control_register(g, 3, random_below(g, 4) << 3);
		break;
	case 2:
		change_control_register(g, 4, 1U << PICK(g, cr4));
		break;
	case 3:
		emit_load(g, 0, random_below(g, 16));
		read.opcode[1] = 0x22;
		read.reg = one_in(g, 2) ? 2 : 8;
		read.rm = 0;
		if (read.reg == 8 && g->bits != 64)
			read.reg = 2;
		emit_insn(g, &read, NULL);
		break;
	default:
		if (read.reg == 8 && g->bits != 64)
			read.reg = 4;
		emit_insn(g, &read, NULL);
	}
}

static void unit_msr(struct generator *g)
{
	static const __u32 msrs[] = {
		0x174, 0x175, 0x176, 0x1d9, 0x277, 0xdead, 0xc0000081, 0xc0000082, 0xc0000083,
		0xc0000084,
		0xc0000102, 0xc0000fff,
	};
	static const __u8 rdmsr[] = { 0x0f, 0x32 }, wrmsr[] = { 0x0f, 0x30 };
	__u32 msr = PICK(g, msrs);

	emit_load(g, 1, msr);
	if (one_in(g, 2)) {
		emit_load(g, 0, random_value(g));
		/* Bits 63:32 of FMASK: see known.c. */
		emit_load(g, 2, one_in(g, 3) && msr != 0xc0000084 ? random_value(g) : 0);
		emit_step(g);
		emit(g, wrmsr, 2);
		emit_step(g);
		emit_load(g, 1, msr);
	}
	emit_step(g);
	emit(g, rdmsr, 2);
	emit_step(g);
}

static void unit_xcr(struct generator *g)
{
	static const __u8 values[] = { 0, 1, 2, 3, 4, 5, 6, 7, 7, 7, 0x83 };
	static const __u8 xgetbv[] = { 0x0f, 0x01, 0xd0 }, xsetbv[] = { 0x0f, 0x01, 0xd1 };

	change_control_register(g, 4, 1 << 18);
	emit_load(g, 0, PICK(g, values));
	emit_load(g, 1, one_in(g, 6));
	emit_load(g, 2, one_in(g, 8));
	emit_step(g);
	emit(g, one_in(g, 3) ? xgetbv : xsetbv, 3);
	emit_step(g);
}

/* Data breakpoints: on code they would stop a program of 16 bits, whose IRET restores no RF. */
static void unit_debug_register(struct generator *g)
{
	static const __u8 types[] = { 1, 3 }, sizes[] = { 0, 1, 3 };
	unsigned int number = random_below(g, 8);
	struct insn insn = {
		.opcode = { 0x0f, one_in(g, 2) ? 0x21 : 0x23 }, .opcode_size = 2, .modrm = true,
		.reg = number,
	};
	__u32 dr7 = 1 << 2 * random_below(g, 4);

	for (unsigned int i = 0; i < 4; i++)
		dr7 |= (PICK(g, types) | PICK(g, sizes) << 2) << (16 + 4 * i);
	if (number == 6)
		emit_load(g, 0, random_number(g));
	else
		emit_load(g, 0, number < 4 ? DATA + 8 * random_below(g, 0x200) : dr7);
	emit_insn(g, &insn, NULL);
}

static void unit_system(struct generator *g)
{
	static const __u8 codes[][4] = {
		/* CLTS, INVD, WBINVD, RDPMC */
		{ 2, 0x0f, 0x06 }, { 2, 0x0f, 0x08 }, { 2, 0x0f, 0x09 }, { 2, 0x0f, 0x33 },
		/* MONITOR, MWAIT, GETSEC */
		{ 3, 0x0f, 0x01, 0xc8 }, { 3, 0x0f, 0x01, 0xc9 }, { 2, 0x0f, 0x37 },
		/* RSM, VMLAUNCH, VMXOFF */
		{ 2, 0x0f, 0xaa }, { 3, 0x0f, 0x01, 0xc2 }, { 3, 0x0f, 0x01, 0xc4 },
		/* VMFUNC, ENCLS, XEND */
		{ 3, 0x0f, 0x01, 0xd4 }, { 3, 0x0f, 0x01, 0xcf }, { 3, 0x0f, 0x01, 0xd5 },
		/* VMREAD, VMWRITE, SMSW */
		{ 3, 0x0f, 0x78, 0xc0 }, { 3, 0x0f, 0x79, 0xc0 }, { 3, 0x0f, 0x01, 0xe0 },
	};
	static const __u8 lmsw[] = { 0x0f, 0x01, 0xf0 }, vmcall[] = { 0x0f, 0x01, 0xc1 };
	struct insn invlpg = {
		.opcode = { 0x0f, 0x01 }, .opcode_size = 2, .modrm = true, .reg = 7,
	};
	struct place place = random_place(g, true);
	const __u8 *code = PICK(g, codes);

	switch (random_below(g, 6)) {
	case 0:
		emit_insn(g, &invlpg, &place);
		return;
	case 1:
		emit_load(g, 0, g->mode == REAL ? random_below(g, 8) << 1 : random_below(g, 16));
		emit_step(g);
		emit(g, lmsw, sizeof(lmsw));
		break;
	case 2:
		emit_load(g, 0, 0x1000 + random_below(g, 0x1000));
		emit_step(g);
		emit(g, vmcall, sizeof(vmcall));
		break;
	default:
		emit_step(g);
		emit(g, code + 1, code[0]);
	}
	emit_step(g);
}

/* ---------------------------------------------------------------------------- FPU */

/* Room for 512 bytes, or a page that is absent: no emulator knows these instructions. */
static struct place fpu_place(struct generator *g)
{
	struct place place = { .segment = SEG_DS, .offset = random_below(g, 0x7c00) };

	if (!one_in(g, 4))
		place.offset &= ~15ULL;
	if (g->bits != 16)
		place.offset += DATA;
	if (g->mode >= PAGED && one_in(g, 12))
		place.offset = PAGE_ABSENT + random_below(g, 0x800);
	return place;
}

static void unit_x87(struct generator *g)
{
	struct place place = fpu_place(g);
	struct insn insn = {
		.opcode = { 0xd8 | random_below(g, 8) }, .opcode_size = 1, .modrm = true,
		.reg = random_below(g, 8), .rm = random_below(g, 8),
	};

	emit_insn(g, &insn, one_in(g, 2) ? &place : NULL);
}

/* Any opcode of the second map that is SSE's or MMX's; many combinations are #UD. */
static void unit_sse(struct generator *g)
{
	static const __u8 prefixes[] = { 0, 0, 0x66, 0x66, 0xf2, 0xf3 };
	static const struct {
		__u8 first, last;
	} ranges[] = {
		{ 0x10, 0x17 }, { 0x28, 0x2f }, { 0x50, 0x6f }, { 0x70, 0x77 }, { 0x7c, 0x7f },
		{ 0xc2, 0xc2 },
		{ 0xc4, 0xc6 }, { 0xd0, 0xf6 }, { 0xf8, 0xfe },
	};
	unsigned int range = random_below(g, sizeof(ranges) / sizeof(ranges[0]));
	unsigned int span = ranges[range].last - ranges[range].first + 1;
	__u8 opcode = ranges[range].first + random_below(g, span);
	struct place place = fpu_place(g);
	struct insn insn = {
		.opcode = { 0x0f, opcode }, .opcode_size = 2, .modrm = true,
		.prefix = PICK(g, prefixes), .reg = random_register(g), .rm = random_register(g),
		.wide = g->bits == 64 && one_in(g, 6), .imm = 0x90,
	};

	if (opcode == 0xc2 || (opcode >= 0xc4 && opcode <= 0xc6) ||
	    (opcode >= 0x70 && opcode <= 0x73))
		insn.imm_size = 1;
	if (opcode == 0x77) {		/* EMMS has no ModRM */
		insn.modrm = false;
		emit_insn(g, &insn, NULL);
		return;
	}
	emit_insn(g, &insn, one_in(g, 2) ? &place : NULL);
}

/* FXSAVE, FXRSTOR, LDMXCSR, STMXCSR and the fences. */
static void unit_fpu_state(struct generator *g)
{
	struct place place = fpu_place(g);
	struct insn insn = {
		.opcode = { 0x0f, 0xae }, .opcode_size = 2, .modrm = true,
		.reg = random_below(g, 4),
	};

	if (one_in(g, 4)) {
		insn.reg = 5 + random_below(g, 3);
		emit_insn(g, &insn, NULL);
		return;
	}
	emit_insn(g, &insn, &place);
}

void random_system_unit(struct generator *g)
{
	static void (* const units[])(struct generator *g) = {
		unit_control_register, unit_msr, unit_xcr, unit_debug_register, unit_system,
		unit_x87, unit_x87, unit_sse, unit_sse, unit_fpu_state,
	};

	PICK(g, units)(g);
}
