// SPDX-License-Identifier: GPL-2.0
/*
 * gdb_registers.c - the guest's registers for gdb, and their description in XML.
 *
 * Reached from gdb_commands.c; see gdb_target.h. One table lists them all. gdb knows two register sets of x86 and can't
 * change between them while it is connected: so the guest's mode at that time decides. The 64-bit
 * set is for long mode; the 32-bit set for the others, where gdb would refuse the 64-bit one as
 * soon as it is told to disassemble 32- or 16-bit code. A debugger that connects anew after
 * the guest has changed its mode gets the other set.
 *
 * The program counter is linear here, segment base plus RIP, because gdb has no segments: in
 * real mode a breakpoint at 0x7c00 is hit whether the guest says 0000:7C00 or 07C0:0000.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "gdb_target.h"

#define CR0_PE		(1u << 0)
#define RFLAGS_VM	(1u << 17)
#define VALUE_MAX	16	/* bytes of the widest register */
#define X87_OPCODE	0x7ff	/* FOP has 11 bits */

struct state {
	struct minivmx_regs regs;
	struct minivmx_sregs sregs;
	struct minivmx_fpu fpu;
	bool has_fpu;
	uint32_t ftag, zero;	/* see load_state() */
};

/* The features that gdb looks for by name, and ours. Types of a feature come before its registers. */
enum feature { CORE, SSE, SEGMENTS, SYSTEM, FEATURES };

#define FLAG(name, bit)		"<field name='" name "' start='" #bit "' end='" #bit "'/>"
#define WIDE_FIELD(name, low, high) "<field name='" name "' start='" #low "' end='" #high "'/>"

static const struct {
	const char *name, *types;
} features[] = {
	[CORE] = { "org.gnu.gdb.i386.core",
		"<flags id='i386_eflags' size='4'>"
		FLAG("CF", 0) FLAG("PF", 2) FLAG("AF", 4) FLAG("ZF", 6) FLAG("SF", 7) FLAG("TF", 8) FLAG("IF", 9)
		FLAG("DF", 10) FLAG("OF", 11) WIDE_FIELD("IOPL", 12, 13) FLAG("NT", 14) FLAG("RF", 16)
		FLAG("VM", 17) FLAG("AC", 18) FLAG("VIF", 19) FLAG("VIP", 20) FLAG("ID", 21) "</flags>" },
	[SSE] = { "org.gnu.gdb.i386.sse",
		"<vector id='v4f' type='ieee_single' count='4'/><vector id='v2d' type='ieee_double' count='2'/>"
		"<vector id='v16i8' type='int8' count='16'/><vector id='v8i16' type='int16' count='8'/>"
		"<vector id='v4i32' type='int32' count='4'/><vector id='v2i64' type='int64' count='2'/>"
		"<union id='vec128'><field name='v4_float' type='v4f'/><field name='v2_double' type='v2d'/>"
		"<field name='v16_int8' type='v16i8'/><field name='v8_int16' type='v8i16'/>"
		"<field name='v4_int32' type='v4i32'/><field name='v2_int64' type='v2i64'/>"
		"<field name='uint128' type='uint128'/></union>" },
	[SEGMENTS] = { "org.gnu.gdb.i386.segments", "" },
	[SYSTEM] = { "org.minivmx.system",
		"<flags id='cr0' size='8'>" FLAG("PE", 0) FLAG("MP", 1) FLAG("EM", 2) FLAG("TS", 3) FLAG("ET", 4)
		FLAG("NE", 5) FLAG("WP", 16) FLAG("AM", 18) FLAG("NW", 29) FLAG("CD", 30) FLAG("PG", 31) "</flags>"
		"<flags id='cr4' size='8'>" FLAG("VME", 0) FLAG("PVI", 1) FLAG("TSD", 2) FLAG("DE", 3) FLAG("PSE", 4)
		FLAG("PAE", 5) FLAG("MCE", 6) FLAG("PGE", 7) FLAG("PCE", 8) FLAG("OSFXSR", 9) FLAG("OSXMMEXCPT", 10)
		FLAG("UMIP", 11) FLAG("FSGSBASE", 16) FLAG("PCIDE", 17) FLAG("OSXSAVE", 18) FLAG("SMEP", 20)
		FLAG("SMAP", 21) FLAG("PKE", 22) "</flags>"
		"<flags id='efer' size='8'>" FLAG("SCE", 0) FLAG("LME", 8) FLAG("LMA", 10) FLAG("NXE", 11) "</flags>" },
};

enum presence { ALWAYS, LONG_ONLY, LEGACY_ONLY };

struct gdb_register {
	const char *name;	/* in the 64-bit set; in the 32-bit set rax is eax, and so on */
	const char *type;	/* NULL: the integer of its size */
	enum feature feature;
	enum presence presence;
	uint8_t size;		/* bytes for gdb; 0: 8, and 4 in the 32-bit set */
	uint8_t stored;		/* bytes in struct state; the rest is 0 */
	uint16_t offset;
	bool read_only;
};

#define AT(member)	sizeof(((struct state *)0)->member), offsetof(struct state, member)
#define GPR(name)	{ #name, NULL, CORE, ALWAYS, 0, AT(regs.name), false }
#define POINTER(name, type) { #name, type, CORE, ALWAYS, 0, AT(regs.name), false }
#define GPR_LONG(name)	{ #name, NULL, CORE, LONG_ONLY, 8, AT(regs.name), false }
#define SELECTOR(name)	{ #name, NULL, CORE, ALWAYS, 4, AT(sregs.name.selector), false }
#define ST(i)		{ "st" #i, "i387_ext", CORE, ALWAYS, 10, 10, offsetof(struct state, fpu.fpr[i]), false }
#define X87(name, member, read_only) { name, NULL, CORE, ALWAYS, 4, AT(member), read_only }
#define XMM(i, presence) { "xmm" #i, "vec128", SSE, presence, 16, AT(fpu.xmm[i]), false }
#define BASE(name, feature, presence) { #name "_base", NULL, feature, presence, 0, AT(sregs.name.base), false }
#define CONTROL(name, type) { #name, type, SYSTEM, ALWAYS, 8, AT(sregs.name), false }
#define LIMIT(name)	{ #name "_limit", NULL, SYSTEM, ALWAYS, 4, AT(sregs.name.limit), false }

static const struct gdb_register registers[] = {
	GPR(rax), GPR(rbx), GPR(rcx), GPR(rdx), GPR(rsi), GPR(rdi),
	POINTER(rbp, "data_ptr"), POINTER(rsp, "data_ptr"),
	GPR_LONG(r8), GPR_LONG(r9), GPR_LONG(r10), GPR_LONG(r11),
	GPR_LONG(r12), GPR_LONG(r13), GPR_LONG(r14), GPR_LONG(r15),
	POINTER(rip, "code_ptr"),
	{ "eflags", "i386_eflags", CORE, ALWAYS, 4, 4, offsetof(struct state, regs.rflags), false },
	SELECTOR(cs), SELECTOR(ss), SELECTOR(ds), SELECTOR(es), SELECTOR(fs), SELECTOR(gs),
	ST(0), ST(1), ST(2), ST(3), ST(4), ST(5), ST(6), ST(7),
	X87("fctrl", fpu.fcw, false), X87("fstat", fpu.fsw, false), X87("ftag", ftag, false),
	X87("fiseg", zero, true), { "fioff", NULL, CORE, ALWAYS, 4, 4, offsetof(struct state, fpu.last_ip), false },
	X87("foseg", zero, true), { "fooff", NULL, CORE, ALWAYS, 4, 4, offsetof(struct state, fpu.last_dp), false },
	X87("fop", fpu.last_opcode, false),
	XMM(0, ALWAYS), XMM(1, ALWAYS), XMM(2, ALWAYS), XMM(3, ALWAYS),
	XMM(4, ALWAYS), XMM(5, ALWAYS), XMM(6, ALWAYS), XMM(7, ALWAYS),
	XMM(8, LONG_ONLY), XMM(9, LONG_ONLY), XMM(10, LONG_ONLY), XMM(11, LONG_ONLY),
	XMM(12, LONG_ONLY), XMM(13, LONG_ONLY), XMM(14, LONG_ONLY), XMM(15, LONG_ONLY),
	{ "mxcsr", NULL, SSE, ALWAYS, 4, AT(fpu.mxcsr), false },
	/* gdb takes these two for the 64-bit set alone. */
	BASE(fs, SEGMENTS, LONG_ONLY), BASE(gs, SEGMENTS, LONG_ONLY),
	BASE(cs, SYSTEM, LEGACY_ONLY), BASE(ss, SYSTEM, LEGACY_ONLY), BASE(ds, SYSTEM, LEGACY_ONLY),
	BASE(es, SYSTEM, LEGACY_ONLY), BASE(fs, SYSTEM, LEGACY_ONLY), BASE(gs, SYSTEM, LEGACY_ONLY),
	CONTROL(cr0, "cr0"), CONTROL(cr2, NULL), CONTROL(cr3, NULL), CONTROL(cr4, "cr4"), CONTROL(cr8, NULL),
	CONTROL(efer, "efer"),
	BASE(gdt, SYSTEM, ALWAYS), LIMIT(gdt), BASE(idt, SYSTEM, ALWAYS), LIMIT(idt),
	{ "tr", NULL, SYSTEM, ALWAYS, 4, AT(sregs.tr.selector), true },
	{ "ldt", NULL, SYSTEM, ALWAYS, 4, AT(sregs.ldt.selector), true },
};

#define REGISTERS	(sizeof(registers) / sizeof(registers[0]))

static bool present(const struct target *target, const struct gdb_register *reg)
{
	return reg->presence == ALWAYS || (reg->presence == LONG_ONLY) == target->long_mode;
}

static unsigned int size_of(const struct target *target, const struct gdb_register *reg)
{
	return reg->size ? reg->size : target->long_mode ? 8 : 4;
}

/* By gdb's number, which counts the registers of the set in the table's order. */
static const struct gdb_register *find_register(const struct target *target, uint64_t number)
{
	for (size_t i = 0; i < REGISTERS; i++)
		if (present(target, &registers[i]) && !number--)
			return &registers[i];
	return NULL;
}

/* gdb wants two bits a register: 0 valid, 3 empty; FXSAVE has one. */
static uint32_t full_tag(uint8_t abridged)
{
	uint32_t tag = 0;

	for (unsigned int i = 0; i < 8; i++)
		if (!(abridged & 1 << i))
			tag |= 3u << 2 * i;
	return tag;
}

static uint8_t abridged_tag(uint32_t tag)
{
	uint8_t abridged = 0;

	for (unsigned int i = 0; i < 8; i++)
		if ((tag >> 2 * i & 3) != 3)
			abridged |= 1 << i;
	return abridged;
}

static int load_state(struct target *target, struct state *state)
{
	int vcpu = target->vcpu->fd;

	*state = (struct state){ 0 };
	if (ioctl(vcpu, MINIVMX_GET_REGS, &state->regs) < 0 || ioctl(vcpu, MINIVMX_GET_SREGS, &state->sregs) < 0)
		return errno;
	state->has_fpu = ioctl(vcpu, MINIVMX_GET_FPU, &state->fpu) == 0;
	state->ftag = full_tag(state->fpu.ftwx);
	state->regs.rip += state->sregs.cs.base;
	return 0;
}

/*
 * A selector has a hidden part: the base follows it in real and virtual-8086 mode; elsewhere it comes
 * from a descriptor table when the guest itself loads the segment, and gdb may not change it.
 */
static int follow_selectors(struct state *state, const struct state *old)
{
	static const uint16_t segments[] = {
		offsetof(struct state, sregs.cs), offsetof(struct state, sregs.ss), offsetof(struct state, sregs.ds),
		offsetof(struct state, sregs.es), offsetof(struct state, sregs.fs), offsetof(struct state, sregs.gs),
	};
	bool real = !(state->sregs.cr0 & CR0_PE) || state->regs.rflags & RFLAGS_VM;

	for (size_t i = 0; i < sizeof(segments) / sizeof(segments[0]); i++) {
		struct minivmx_segment *now = (void *)((uint8_t *)state + segments[i]);
		const struct minivmx_segment *before = (const void *)((const uint8_t *)old + segments[i]);

		if (now->selector == before->selector)
			continue;
		if (!real)
			return EINVAL;
		now->base = (uint32_t)now->selector << 4;
	}
	return 0;
}

static int store_state(struct target *target, struct state *state, const struct state *old)
{
	int vcpu = target->vcpu->fd, error = follow_selectors(state, old);

	if (error)
		return error;
	state->fpu.ftwx = abridged_tag(state->ftag);
	state->fpu.last_opcode &= X87_OPCODE;
	state->regs.rip -= state->sregs.cs.base;
	if (!target->long_mode)
		state->regs.rip &= 0xffffffff;
	if (memcmp(&state->sregs, &old->sregs, sizeof(state->sregs)) &&
	    ioctl(vcpu, MINIVMX_SET_SREGS, &state->sregs) < 0)
		return errno;
	if (ioctl(vcpu, MINIVMX_SET_REGS, &state->regs) < 0)
		return errno;
	if (state->has_fpu && memcmp(&state->fpu, &old->fpu, sizeof(state->fpu)) &&
	    ioctl(vcpu, MINIVMX_SET_FPU, &state->fpu) < 0)
		return errno;
	return 0;
}

static bool is_known(const struct state *state, const struct gdb_register *reg)
{
	return state->has_fpu || reg->offset < offsetof(struct state, fpu);
}

static void send_register(const struct target *target, const struct state *state, const struct gdb_register *reg,
			  struct packet *packet)
{
	unsigned int size = size_of(target, reg);
	uint8_t value[VALUE_MAX] = { 0 };

	if (!is_known(state, reg)) {
		while (size--)
			packet_text(packet, "xx");
		return;
	}
	memcpy(value, (const uint8_t *)state + reg->offset, reg->stored);
	packet_hex(packet, value, size);
}

/* Takes the digits of one register; an 'x' leaves what is there. */
static int receive_register(const struct target *target, struct state *state, const struct gdb_register *reg,
			    const char *hex)
{
	unsigned int size = size_of(target, reg);
	char digits[2 * VALUE_MAX + 1];
	uint8_t value[VALUE_MAX] = { 0 };
	uint8_t *place = (uint8_t *)state + reg->offset;

	if (hex[0] == 'x')
		return 0;
	snprintf(digits, sizeof(digits), "%.*s", (int)(2 * size), hex);
	if (!parse_hex_bytes(digits, value, size))
		return EINVAL;
	if (!is_known(state, reg))
		return EOPNOTSUPP;
	if (reg->read_only && memcmp(place, value, reg->stored))
		return EINVAL;
	memcpy(place, value, reg->stored);
	return 0;
}

int target_read_registers(struct target *target, struct packet *packet)
{
	struct state state;
	int error = load_state(target, &state);

	for (size_t i = 0; i < REGISTERS && !error; i++)
		if (present(target, &registers[i]))
			send_register(target, &state, &registers[i], packet);
	return error;
}

int target_read_register(struct target *target, uint64_t number, struct packet *packet)
{
	const struct gdb_register *reg = find_register(target, number);
	struct state state;
	int error = reg ? load_state(target, &state) : EINVAL;

	if (!error)
		send_register(target, &state, reg, packet);
	return error;
}

int target_write_registers(struct target *target, const char *hex)
{
	struct state state, old;
	int error = load_state(target, &state);

	old = state;
	for (size_t i = 0; i < REGISTERS && !error; i++) {
		unsigned int digits = 2 * size_of(target, &registers[i]);

		if (!present(target, &registers[i]))
			continue;
		if (strnlen(hex, digits) < digits)
			return EINVAL;
		error = receive_register(target, &state, &registers[i], hex);
		hex += digits;
	}
	if (!error && *hex)
		error = EINVAL;
	return error ? error : store_state(target, &state, &old);
}

int target_write_register(struct target *target, uint64_t number, const char *hex)
{
	const struct gdb_register *reg = find_register(target, number);
	struct state state, old;
	int error;

	if (!reg || strlen(hex) != 2 * size_of(target, reg))
		return EINVAL;
	error = load_state(target, &state);
	if (error)
		return error;
	old = state;
	error = receive_register(target, &state, reg, hex);
	return error ? error : store_state(target, &state, &old);
}

int target_set_pc(struct target *target, uint64_t address)
{
	struct state state, old;
	int error = load_state(target, &state);

	if (error)
		return error;
	old = state;
	state.regs.rip = address;
	return store_state(target, &state, &old);
}

/* rax, rbx, ..., rip are eax, ebx, ..., eip in the 32-bit set. */
static void print_name(FILE *xml, const struct target *target, const struct gdb_register *reg)
{
	bool renamed = !target->long_mode && reg->feature == CORE && reg->name[0] == 'r';

	fprintf(xml, "%s%s", renamed ? "e" : "", reg->name + renamed);
}

static void print_register(FILE *xml, const struct target *target, const struct gdb_register *reg)
{
	unsigned int bits = 8 * size_of(target, reg);

	fputs("<reg name='", xml);
	print_name(xml, target, reg);
	fprintf(xml, "' bitsize='%u' type='", bits);
	if (reg->type)
		fputs(reg->type, xml);
	else
		fprintf(xml, "int%u", bits);
	fputs("'/>\n", xml);
}

static void print_feature(FILE *xml, const struct target *target, enum feature feature)
{
	if (feature == SEGMENTS && !target->long_mode)
		return;
	fprintf(xml, "<feature name='%s'>\n%s\n", features[feature].name, features[feature].types);
	for (size_t i = 0; i < REGISTERS; i++)
		if (registers[i].feature == feature && present(target, &registers[i]))
			print_register(xml, target, &registers[i]);
	fputs("</feature>\n", xml);
}

int target_choose_registers(struct target *target)
{
	struct minivmx_sregs sregs;

	if (ioctl(target->vcpu->fd, MINIVMX_GET_SREGS, &sregs) < 0)
		return errno;
	target->long_mode = sregs.efer & EFER_LMA;
	target->real_mode = !(sregs.cr0 & CR0_PE);
	return 0;
}

int target_description(const struct target *target, char **text, size_t *length)
{
	FILE *xml = open_memstream(text, length);

	if (!xml)
		return ENOMEM;
	fprintf(xml, "<?xml version='1.0'?><!DOCTYPE target SYSTEM 'gdb-target.dtd'>\n<target>\n"
		"<architecture>%s</architecture>\n<osabi>none</osabi>\n",
		target->long_mode ? "i386:x86-64" : target->real_mode ? "i8086" : "i386");
	for (enum feature feature = 0; feature < FEATURES; feature++)
		print_feature(xml, target, feature);
	fputs("</target>\n", xml);
	return fclose(xml) ? ENOMEM : 0;
}
