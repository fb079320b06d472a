// SPDX-License-Identifier: GPL-2.0
/*
 * decode.c - what an instruction does with memory, from its bytes.
 *
 * Reached from emulate.c. One function for each part of an instruction, in the order in which the
 * parts stand in memory: prefixes, opcode, ModRM, SIB, displacement, immediate. SDM 2A "Instruction
 * Format". What the opcodes mean is in opcode_map.c. Any context.
 */
#include <linux/types.h>

#include "arch/x86/decode.h"
#include "arch/x86/opcode_map.h"

/* The bytes, and what those that were read say. */
struct decoder {
	const u8 *bytes;
	unsigned int count;
	unsigned int at;		/* the next byte */
	enum code_size code;
	enum decode_result result;	/* of reading them */

	bool operand_size_prefix;	/* 66 */
	bool address_size_prefix;	/* 67 */
	bool lock;
	enum insn_rep rep;
	u8 segment;			/* the override, or NO_SEGMENT */
	u8 rex;				/* 0: none */
	u8 modrm;
};

#define NO_SEGMENT	0xff

/* SDM 2A "REX Prefixes": W widens operands, the others extend the fields they are named after. */
#define REX_W		0x08
#define REX_R		0x04	/* ModRM.reg */
#define REX_X		0x02	/* SIB.index */
#define REX_B		0x01	/* ModRM.rm, SIB.base */

/* SDM 2A "ModR/M and SIB Bytes" */
#define MODRM_MOD(modrm)	((modrm) >> 6)
#define MODRM_REG(modrm)	((modrm) >> 3 & 7)
#define MODRM_RM(modrm)		((modrm) & 7)
#define SIB_SCALE(sib)		((sib) >> 6)
#define SIB_INDEX(sib)		((sib) >> 3 & 7)
#define SIB_BASE(sib)		((sib) & 7)

#define MOD_DISPLACEMENT_8	1
#define MOD_REGISTER		3

/* Numbers in ModRM.rm, and the last one in SIB.base, that stand for no register. */
#define RM16_NO_BASE		6	/* mod 0: a displacement alone */
#define RM_SIB			4
#define RM_NO_BASE		5	/* mod 0: a displacement alone, or RIP-relative */

/* Behind the end all bytes are 0, an opcode and no prefix; what they make is not looked at. */
static u8 next_byte(struct decoder *d)
{
	if (d->at == INSN_MAX_LENGTH)
		d->result = DECODE_INVALID;
	else if (d->at == d->count)
		d->result = DECODE_MORE_BYTES;
	else
		return d->bytes[d->at++];
	return 0;
}

/* A displacement or an immediate of 1, 2, 4 or 8 bytes, sign-extended. */
static s64 next_signed(struct decoder *d, unsigned int size)
{
	unsigned int shift;
	u64 value = 0;

	for (shift = 0; shift < 8 * size; shift += 8)
		value |= (u64)next_byte(d) << shift;
	return (s64)(value << (64 - 8 * size)) >> (64 - 8 * size);
}

/* Takes the prefixes and returns the byte behind them, the opcode's first. */
static u8 decode_prefixes(struct decoder *d)
{
	for (;;) {
		u8 byte = next_byte(d);

		switch (byte) {
		case 0x26:	/* ES */
		case 0x2e:	/* CS */
		case 0x36:	/* SS */
		case 0x3e:	/* DS */
			if (d->code != CODE_64)
				d->segment = byte >> 3 & 3;
			break;
		case 0x64:
			d->segment = SEGMENT_FS;
			break;
		case 0x65:
			d->segment = SEGMENT_GS;
			break;
		case 0x66:
			d->operand_size_prefix = true;
			break;
		case 0x67:
			d->address_size_prefix = true;
			break;
		case 0xf0:
			d->lock = true;
			break;
		case 0xf2:
			d->rep = REP_REPNE;
			break;
		case 0xf3:
			d->rep = REP_REPE;
			break;
		case 0x40 ... 0x4f:
			if (d->code != CODE_64)
				return byte;
			d->rex = byte;
			continue;
		default:
			return byte;
		}
		/* REX counts only directly before the opcode. */
		d->rex = 0;
	}
}

/* 16-bit and 32-bit code have one size by default, and the other with the prefix. */
static u8 operand_size(const struct decoder *d)
{
	if (d->rex & REX_W)
		return 8;
	return (d->code == CODE_16) == d->operand_size_prefix ? 4 : 2;
}

static u8 address_size(const struct decoder *d)
{
	if (d->code == CODE_64)
		return d->address_size_prefix ? 4 : 8;
	return (d->code == CODE_16) == d->address_size_prefix ? 4 : 2;
}

static bool form_applies(const struct form *form, const struct decoder *d)
{
	switch (form->only) {
	case ONLY_64:
		return d->code == CODE_64;
	case NOT_64:
		return d->code != CODE_64;
	case NO_REP:
		return !d->rep;
	case NO_PREFIX:
		return !d->rep && !d->operand_size_prefix;
	default:
		return true;
	}
}

static bool has_method(const struct form *form, unsigned int method)
{
	return (form->first & METHOD) == method || (form->second & METHOD) == method;
}

/* Takes the rest of the opcode, and ModRM if there is one. NULL: none of ours. */
static const struct form *decode_opcode(struct decoder *d, u8 byte)
{
	const struct form *form;
	unsigned int map = 0;

	if (byte == 0x0f) {
		map = 1;
		byte = next_byte(d);
		if (byte == 0x38) {
			map = 2;
			byte = next_byte(d);
		}
	}
	form = &opcode_map[map][byte];
	if (!form_applies(form, d))
		return NULL;
	if (form->group || has_method(form, METHOD_E)) {
		d->modrm = next_byte(d);
		if (MODRM_MOD(d->modrm) == MOD_REGISTER)
			return NULL;
	}
	if (form->group)
		form = &opcode_groups[form->group][MODRM_REG(d->modrm)];
	return form->op ? form : NULL;
}

/* What the base register implies. SDM 1 "Specifying a Segment Selector". */
static void set_segment(struct guest_insn *insn, const struct decoder *d)
{
	if (d->segment != NO_SEGMENT)
		insn->segment = d->segment;
	else if (insn->base == VMX_RSP || insn->base == VMX_RBP)
		insn->segment = SEGMENT_SS;
	else
		insn->segment = SEGMENT_DS;
}

/* SDM 2A "16-Bit Addressing Forms with the ModR/M Byte" */
static void decode_memory_16(struct guest_insn *insn, struct decoder *d)
{
	static const struct {
		u8 base, index;
	} registers[8] = {
		{ VMX_RBX, VMX_RSI },
		{ VMX_RBX, VMX_RDI },
		{ VMX_RBP, VMX_RSI },
		{ VMX_RBP, VMX_RDI },
		{ VMX_RSI, INSN_NO_REGISTER },
		{ VMX_RDI, INSN_NO_REGISTER },
		{ VMX_RBP, INSN_NO_REGISTER },
		{ VMX_RBX, INSN_NO_REGISTER },
	};
	u8 mod = MODRM_MOD(d->modrm), rm = MODRM_RM(d->modrm);

	if (mod == 0 && rm == RM16_NO_BASE) {
		insn->displacement = next_signed(d, 2);
		return;
	}
	insn->base = registers[rm].base;
	insn->index = registers[rm].index;
	if (mod)
		insn->displacement = next_signed(d, mod == MOD_DISPLACEMENT_8 ? 1 : 2);
}

/* SDM 2A "32-Bit Addressing Forms with the SIB Byte" */
static void decode_sib(struct guest_insn *insn, struct decoder *d)
{
	u8 sib = next_byte(d);
	u8 index = SIB_INDEX(sib) | (d->rex & REX_X ? 8 : 0);

	insn->base = SIB_BASE(sib);
	/* RSP can't be an index. */
	if (index != VMX_RSP) {
		insn->index = index;
		insn->scale = 1 << SIB_SCALE(sib);
	}
}

/*
 * SDM 2A "32-Bit Addressing Forms with the ModR/M Byte", "RIP-Relative Addressing". REX.B is no
 * part of the numbers that stand for something other than a register.
 */
static void decode_memory_32(struct guest_insn *insn, struct decoder *d)
{
	u8 mod = MODRM_MOD(d->modrm);

	insn->base = MODRM_RM(d->modrm);
	if (insn->base == RM_SIB)
		decode_sib(insn, d);
	if (mod == 0 && insn->base == RM_NO_BASE) {
		insn->base = INSN_NO_REGISTER;
		insn->rip_relative = d->code == CODE_64 && MODRM_RM(d->modrm) != RM_SIB;
		insn->displacement = next_signed(d, 4);
		return;
	}
	if (d->rex & REX_B)
		insn->base |= 8;
	if (mod)
		insn->displacement = next_signed(d, mod == MOD_DISPLACEMENT_8 ? 1 : 4);
}

static u8 type_size(unsigned int type, u8 operand_size)
{
	switch (type) {
	case TYPE_B:
		return 1;
	case TYPE_W:
		return 2;
	case TYPE_Z:
		return operand_size == 2 ? 2 : 4;
	case TYPE_Y:
		return operand_size == 8 ? 8 : 4;
	default:
		return operand_size;
	}
}

/* Without REX, numbers 4 to 7 of a byte register are the second bytes of registers 0 to 3. */
static void set_register(struct guest_insn *insn, const struct decoder *d, u8 reg, u8 size)
{
	insn->high_byte = size == 1 && reg >= 4 && !d->rex;
	insn->reg = insn->high_byte ? reg - 4 : reg;
	insn->register_size = size;
}

static enum insn_operand decode_operand(struct guest_insn *insn, struct decoder *d, u8 encoding)
{
	u8 size = type_size(encoding & TYPE, operand_size(d));

	switch (encoding & METHOD) {
	case METHOD_G:
		set_register(insn, d, MODRM_REG(d->modrm) | (d->rex & REX_R ? 8 : 0), size);
		return OPERAND_REGISTER;
	case METHOD_A:
		set_register(insn, d, VMX_RAX, size);
		return OPERAND_REGISTER;
	case METHOD_I:
		insn->immediate = next_signed(d, size);
		return OPERAND_IMMEDIATE;
	case METHOD_E:
		if (insn->address_size == 2)
			decode_memory_16(insn, d);
		else
			decode_memory_32(insn, d);
		set_segment(insn, d);
		break;
	case METHOD_O:
		insn->displacement = next_signed(d, insn->address_size);
		set_segment(insn, d);
		break;
	case METHOD_X:
		insn->base = VMX_RSI;
		set_segment(insn, d);
		break;
	case METHOD_Y:
		/* Nothing overrides ES. Where there are two operands, the one at rSI is described. */
		if (insn->base != VMX_RSI) {
			insn->base = VMX_RDI;
			insn->segment = SEGMENT_ES;
		}
		break;
	default:
		return OPERAND_NONE;
	}
	insn->operand_size = size;
	return OPERAND_MEMORY;
}

enum decode_result decode_insn(struct guest_insn *insn, const u8 *bytes, unsigned int count,
			       enum code_size code)
{
	struct decoder d = { .bytes = bytes, .count = count, .code = code, .segment = NO_SEGMENT };
	u8 opcode = decode_prefixes(&d);
	const struct form *form = decode_opcode(&d, opcode);

	if (d.result != DECODE_OK)
		return d.result;
	if (!form)
		return DECODE_UNKNOWN;

	*insn = (struct guest_insn){
		.op = form->op,
		.address_size = address_size(&d),
		.base = INSN_NO_REGISTER,
		.index = INSN_NO_REGISTER,
		.scale = 1,
	};
	insn->first = decode_operand(insn, &d, form->first);
	insn->second = decode_operand(insn, &d, form->second);
	insn->length = d.at;
	insn->reads = insn->second == OPERAND_MEMORY ||
		      (insn->first == OPERAND_MEMORY && op_reads_first(insn->op));
	insn->writes = insn->first == OPERAND_MEMORY && op_writes_first(insn->op);
	if (insn_is_string(insn))
		insn->rep = d.rep;
	if (d.result != DECODE_OK)
		return d.result;

	/* LOCK is for instructions that read, modify and write, but not for string instructions. */
	if (d.lock && (insn_is_string(insn) || !insn->reads || !insn->writes))
		return DECODE_INVALID;
	insn->lock = d.lock || insn->op == INSN_XCHG;
	return DECODE_OK;
}

/*
 * BT and its kin take any bit number from a register, also a negative one, and access the word,
 * doubleword or quadword that the bit is in. SDM 2A "BT-Bit Test".
 */
static u64 bit_string_offset(const struct guest_insn *insn, u64 value)
{
	unsigned int bits = 8 * insn->operand_size;
	s64 bit = (s64)(value << (64 - bits)) >> (64 - bits);

	return (bit & -(s64)bits) / 8;
}

u64 insn_effective_address(const struct guest_insn *insn, const u64 regs[VMX_NR_REGS],
			   u64 next_rip)
{
	u64 address = insn->displacement;

	if (insn->rip_relative)
		address += next_rip;
	if (insn->base != INSN_NO_REGISTER)
		address += regs[insn->base];
	if (insn->index != INSN_NO_REGISTER)
		address += regs[insn->index] * insn->scale;
	if (insn->op >= INSN_BT && insn->op <= INSN_BTC && insn->second == OPERAND_REGISTER)
		address += bit_string_offset(insn, regs[insn->reg]);
	return address & insn_address_mask(insn);
}
