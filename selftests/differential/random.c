// SPDX-License-Identifier: GPL-2.0
/*
 * random.c - random numbers, random places, and how instructions are put together.
 */
#include <stdio.h>
#include <string.h>

#include "random.h"

/* SplitMix64 */
__u64 random_number(struct generator *g)
{
	__u64 z = g->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

unsigned int random_below(struct generator *g, unsigned int end)
{
	return random_number(g) % end;
}

bool one_in(struct generator *g, unsigned int n)
{
	return !random_below(g, n);
}

__u64 random_value(struct generator *g)
{
	__u64 value = random_number(g);

	switch (random_below(g, 6)) {
	case 0: return value & 0xff;
	case 1: return 1ULL << (value & 63);
	case 2: return (1ULL << (value & 63)) - 1;
	case 3: return -(value & 0xff);
	default: return value;
	}
}

unsigned int random_register(struct generator *g)
{
	unsigned int reg;

	do {
		reg = random_below(g, g->bits == 64 ? 16 : 8);
	} while (reg == 4);
	return reg;
}

/* ------------------------------------------------------------------------- places */

/* Near an edge between two kinds of memory, aligned or not. */
static __u64 near(struct generator *g, __u64 edge)
{
	return one_in(g, 2) ? edge - random_below(g, 10) : edge + random_below(g, 0x40);
}

static __u64 place_in_data(struct generator *g)
{
	return one_in(g, 4) ? 0x1000 * random_below(g, 8) + random_below(g, 16)
			    : random_below(g, 0x7ff0);
}

static __u64 real_offset(struct generator *g, enum segment segment, bool mmio)
{
	if (segment == SEG_GS)
		return random_below(g, 0x4000);
	if (!mmio)
		return random_below(g, 0x5f00);
	switch (random_below(g, 6)) {
	case 0: return 0xffff - random_below(g, 8);
	case 1: return 0x8000 + random_below(g, 0x7f00);
	case 2: return segment == SEG_FS ? near(g, 0x6000) : near(g, 0x8000);
	default: return place_in_data(g) % 0x5f00;
	}
}

static __u64 paged_address(struct generator *g, bool mmio)
{
	static const __u64 edges[] = {
		PAGE_ABSENT, PAGE_READ_ONLY, PAGE_SUPERVISOR, PAGE_BEFORE,
	};
	static const __u64 mmio_edges[] = { PAGE_HOLE, PAGE_AFTER, HOLE, HOLE + 0x1000 };

	if (mmio && one_in(g, 3))
		return near(g, mmio_edges[random_below(g, 4)]);
	if (one_in(g, 3))
		return edges[random_below(g, 4)] + random_below(g, 0xf00);
	if (g->bits == 64 && one_in(g, 16))
		return 0x800000000000;
	if (one_in(g, 16))
		return 0x400000 + random_below(g, 0x10000);
	return DATA + place_in_data(g);
}

static __u64 flat_address(struct generator *g, bool mmio)
{
	if (mmio && one_in(g, 3)) {
		switch (random_below(g, 4)) {
		case 0: return near(g, HOLE);
		case 1: return CODE + 0xd00 + random_below(g, 0x200);
		case 2: return near(g, FAR_HOLE + 0x1000);
		default: return HOLE + random_below(g, 0x8000);
		}
	}
	return DATA + place_in_data(g);
}

struct place random_place_in(struct generator *g, enum segment segment, bool mmio)
{
	struct place place = { .segment = segment };

	if (g->bits == 16)
		place.offset = real_offset(g, segment, mmio);
	else if (segment == SEG_FS)
		place.offset = mmio ? near(g, one_in(g, 2) ? 0x7ffc : 0x10) & 0xffff
				    : place_in_data(g) % 0x7f00;
	else if (segment == SEG_GS && g->bits == 64)
		place.offset = mmio ? random_below(g, 0x1100) : 0x1000 + random_below(g, 0xf00);
	else
		place.offset = g->mode >= PAGED ? paged_address(g, mmio) : flat_address(g, mmio);
	return place;
}

struct place random_place(struct generator *g, bool mmio)
{
	enum segment segment = SEG_DS;

	if (one_in(g, 4))
		segment = one_in(g, 2) ? SEG_ES : SEG_FS;
	/* In 16-bit modes all of GS is a hole. */
	if (one_in(g, 8) && (mmio || g->bits != 16))
		segment = SEG_GS;
	return random_place_in(g, segment, mmio);
}

/* ------------------------------------------------------------------- instructions */

void emit(struct generator *g, const void *bytes, unsigned int count)
{
	if (g->at + count > RANDOM_CODE_SIZE)
		return;
	memcpy(g->code + g->at, bytes, count);
	g->at += count;
}

void emit_byte(struct generator *g, __u8 byte)
{
	emit(g, &byte, 1);
}

void emit_step(struct generator *g)
{
	while (g->at % 16)
		emit_byte(g, 0x90);
}

void emit_load(struct generator *g, unsigned int reg, __u64 value)
{
	if (g->bits == 64)
		emit_byte(g, 0x48 | reg >> 3);
	else if (g->bits == 16)
		emit_byte(g, 0x66);
	emit_byte(g, 0xb8 | (reg & 7));
	emit(g, &value, g->bits == 64 ? 8 : 4);
}

/* An address, in the form in which ModRM has it. */
struct address {
	bool size_prefix;
	bool stack;		/* SS is its segment without a prefix */
	bool rip_relative;
	__u8 rex;		/* B and X */
	__u8 bytes[6];		/* ModRM, SIB, displacement */
	unsigned int size;
};

static void add_displacement(struct address *a, unsigned int mod, unsigned int size, __s32 value)
{
	a->bytes[0] |= mod << 6;
	memcpy(a->bytes + a->size, &value, size);
	a->size += size;
}

/* mod: 0 to 2. Returns the displacement that goes with it. */
static __s32 random_displacement(struct generator *g, unsigned int mod)
{
	if (!mod)
		return 0;
	return mod == 1 ? (__s8)random_number(g) : (__s16)random_number(g);
}

static struct address address_16(struct generator *g, __u16 offset)
{
	static const __u8 bases[8] = { 3, 3, 5, 5, 6, 7, 5, 3 }, indexes[4] = { 6, 7, 6, 7 };
	struct address a = { .size_prefix = g->bits != 16, .size = 1 };
	unsigned int mod = random_below(g, 3), rm = random_below(g, 8);
	__s32 displacement = random_displacement(g, mod);
	__u32 index = random_number(g);

	a.bytes[0] = rm;
	if (mod == 0 && rm == 6) {
		add_displacement(&a, 0, 2, offset);
		return a;
	}
	if (rm < 4)
		emit_load(g, indexes[rm], index);
	else
		index = 0;
	emit_load(g, bases[rm], (__u16)(offset - displacement - index) | random_number(g) << 16);
	a.stack = bases[rm] == 5;
	add_displacement(&a, mod, mod, displacement);
	return a;
}

static struct address address_32(struct generator *g, __u64 offset)
{
	unsigned int base, index, scale = random_below(g, 4), mod = random_below(g, 3);
	bool has_index = one_in(g, 3), is_long = g->bits == 64;
	__s32 displacement = random_displacement(g, mod);
	__u64 index_value = random_number(g), value;
	struct address a = { .size_prefix = g->bits == 16, .size = 1 };

	/* A displacement alone: absolute, or relative to RIP, for emit_insn() to fill in. */
	if (one_in(g, 6) && offset < 0x7fffffff) {
		a.bytes[0] = 5;
		a.rip_relative = is_long;
		add_displacement(&a, 0, 4, offset);
		return a;
	}
	if (is_long && !(offset >> 32) && one_in(g, 8))
		a.size_prefix = true;
	base = random_register(g);
	do {
		index = random_register(g);
	} while (index == base);
	if (!mod && (base & 7) == 5)
		mod = 1;
	value = offset - displacement;
	if (has_index) {
		emit_load(g, index, index_value);
		value -= index_value << scale;
		a.bytes[0] = 4;
		a.bytes[a.size++] = scale << 6 | (index & 7) << 3 | (base & 7);
		a.rex = base >> 3 | (index >> 3) << 1;
	} else if ((base & 7) == 4) {
		a.bytes[0] = 4;
		a.bytes[a.size++] = 4 << 3 | 4;
		a.rex = 1;
	} else {
		a.bytes[0] = base & 7;
		a.rex = base >> 3;
	}
	emit_load(g, base, value);
	a.stack = base == 5;
	add_displacement(&a, mod, mod == 2 ? 4 : mod, displacement);
	return a;
}

static struct address register_operand(unsigned int rm)
{
	return (struct address){ .bytes = { 0xc0 | (rm & 7) }, .size = 1, .rex = rm >> 3 };
}

static void emit_segment(struct generator *g, const struct place *place, bool stack)
{
	static const __u8 prefixes[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65 };

	/* In 64-bit mode the others are the same. */
	if (g->bits == 64 && place->segment < SEG_FS)
		return;
	if (place->segment != (stack ? SEG_SS : SEG_DS) || one_in(g, 16))
		emit_byte(g, prefixes[place->segment]);
}

void emit_insn(struct generator *g, const struct insn *insn, const struct place *place)
{
	struct address a = register_operand(insn->rm);
	__u8 rex;

	if (place) {
		bool wide = g->bits == 16 ? place->offset > 0xffff || one_in(g, 3)
					  : place->offset > 0xffff || !one_in(g, 6);

		a = g->bits == 64 || wide ? address_32(g, place->offset)
					  : address_16(g, place->offset);
	}
	emit_step(g);
	if (insn->word)
		emit_byte(g, 0x66);
	if (a.size_prefix)
		emit_byte(g, 0x67);
	if (place)
		emit_segment(g, place, a.stack);
	if (insn->lock)
		emit_byte(g, 0xf0);
	if (insn->prefix)
		emit_byte(g, insn->prefix);
	rex = a.rex | (insn->wide ? 8 : 0) | (insn->reg >> 3) << 2;
	if (g->bits == 64 && (rex || one_in(g, 8)))
		emit_byte(g, 0x40 | rex);
	emit(g, insn->opcode, insn->opcode_size);
	if (insn->modrm) {
		a.bytes[0] |= (insn->reg & 7) << 3;
		if (a.rip_relative) {
			__u32 next = CODE + g->at + a.size + insn->imm_size;
			__u32 target = place->offset - next;

			memcpy(a.bytes + 1, &target, 4);
		}
		emit(g, a.bytes, a.size);
	}
	emit(g, &insn->imm, insn->imm_size);
	emit_step(g);
}

/* ----------------------------------------------------------------------- programs */

static struct generator generator;

static void set_registers(struct machine *machine, struct kvm_sregs *sregs, struct kvm_regs *regs)
{
	__u64 rsp = regs->rsp, rflags = regs->rflags;

	(void)machine;
	(void)sregs;
	*regs = generator.regs;
	regs->rip = CODE;
	regs->rsp = rsp;
	/* Arithmetic flags and DF. */
	regs->rflags = rflags | (generator.regs.rflags & 0xcd5);
}

static bool goes_on(struct machine *machine, const struct event *event)
{
	(void)machine;
	return event->kind == EVENT_EXIT && event->address == KVM_EXIT_HLT;
}

const struct program *random_program(__u64 seed, __u64 number, int mode)
{
	static char name[64];
	static struct program program = {
		.name = name, .prepare = set_registers, .at_exit = goes_on,
	};
	struct generator *g = &generator;
	__u64 *reg = (__u64 *)&g->regs;
	unsigned int units;

	g->state = seed * 0xd1342543de82ef95 + number;
	random_number(g);
	g->mode = mode >= 0 ? mode : (int)random_below(g, MODES);
	g->bits = g->mode <= PROT16 ? 16 : g->mode >= LONG ? 64 : 32;
	g->at = 0;
	for (unsigned int i = 0; i < sizeof(g->regs) / sizeof(*reg); i++)
		reg[i] = random_value(g);
	units = 4 + random_below(g, 16);
	while (units-- && g->at < RANDOM_CODE_SIZE - 256)
		random_unit(g);
	emit_step(g);
	snprintf(name, sizeof(name), "random, seed %llu, number %llu", (unsigned long long)seed,
		 (unsigned long long)number);
	program.mode = g->mode;
	program.start = g->code;
	program.end = g->code + g->at;
	return &program;
}
