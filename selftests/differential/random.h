/* SPDX-License-Identifier: GPL-2.0 */
/*
 * random.h - programs out of random numbers, for every mode.
 *
 * A program is a row of units (random_units.c): a few instructions that load what one interesting
 * instruction needs, then that instruction at a multiple of 16, so that a fault goes on behind it.
 * random.c has the numbers, and puts instructions together. Nothing jumps back, so every program
 * ends; writes go to places of our choice, so that the tables and handlers stay whole.
 */
#ifndef SELFTESTS_RANDOM_H
#define SELFTESTS_RANDOM_H

#include "differential.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define PICK(g, array)		((array)[random_below(g, ARRAY_SIZE(array))])

#define RANDOM_CODE_SIZE	0xc00

struct generator {
	__u64 state;
	enum mode mode;
	unsigned int bits;		/* of the code: 16, 32, 64 */
	__u8 code[RANDOM_CODE_SIZE];
	unsigned int at;
	struct kvm_regs regs;		/* at the start */
};

enum segment { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS };

/* A memory operand. */
struct place {
	enum segment segment;
	__u64 offset;
};

/* An instruction, but for its memory operand. */
struct insn {
	__u8 opcode[3];
	__u8 opcode_size;
	__u8 prefix;		/* 66, F2 or F3 as part of the opcode; 0: none */
	bool word;		/* 66 */
	bool lock, wide;	/* wide: REX.W */
	bool modrm;
	__u8 reg, rm;		/* of ModRM; rm without a place */
	__u8 imm_size;
	__u64 imm;
};

/* random.c */
__u64 random_number(struct generator *g);
unsigned int random_below(struct generator *g, unsigned int end);
bool one_in(struct generator *g, unsigned int n);
__u64 random_value(struct generator *g);	/* mostly one at the edge of something */
unsigned int random_register(struct generator *g);	/* not the stack pointer */
void emit(struct generator *g, const void *bytes, unsigned int count);
void emit_byte(struct generator *g, __u8 byte);
void emit_step(struct generator *g);
void emit_load(struct generator *g, unsigned int reg, __u64 value);
void emit_insn(struct generator *g, const struct insn *insn, const struct place *place);
struct place random_place(struct generator *g, bool mmio);
struct place random_place_in(struct generator *g, enum segment segment, bool mmio);

/* random_units.c */
void random_unit(struct generator *g);
void random_system_unit(struct generator *g);	/* random_system.c */

/* The program of this number under this seed; it is good until the next call. */
const struct program *random_program(__u64 seed, __u64 number, int mode);

#endif /* SELFTESTS_RANDOM_H */
