// SPDX-License-Identifier: GPL-2.0
/*
 * decode_zydis.c - what Zydis makes of an instruction, in the words of arch/x86/decode.h.
 *
 * Reached from decode_fuzz.c. Written from Zydis's documentation, not from decode.c: what both
 * say is compared.
 */
#include "decode_zydis.h"

/* The instructions that we claim to know in every form with an operand in memory. */
static const struct {
	ZydisMnemonic mnemonic;
	enum insn_op op;
} claims[] = {
#define CLAIM_AS(mnemonic, op)	{ ZYDIS_MNEMONIC_##mnemonic, INSN_##op }
#define CLAIM(op)		CLAIM_AS(op, op)
#define CLAIM_STRING(op)	CLAIM_AS(op##B, op), CLAIM_AS(op##W, op), CLAIM_AS(op##D, op)
	CLAIM(ADD), CLAIM(OR), CLAIM(ADC), CLAIM(SBB), CLAIM(AND), CLAIM(SUB), CLAIM(XOR),
	CLAIM(CMP), CLAIM(TEST), CLAIM(NOT), CLAIM(NEG), CLAIM(INC), CLAIM(DEC), CLAIM(MOV),
	CLAIM_AS(MOVNTI, MOV), CLAIM(MOVZX), CLAIM(MOVSX), CLAIM_AS(MOVSXD, MOVSX), CLAIM(MOVBE),
	CLAIM(XCHG), CLAIM(CMPXCHG), CLAIM(XADD), CLAIM(BT), CLAIM(BTS), CLAIM(BTR), CLAIM(BTC),
	CLAIM_STRING(MOVS), CLAIM_AS(MOVSQ, MOVS), CLAIM_STRING(CMPS), CLAIM_AS(CMPSQ, CMPS),
	CLAIM_STRING(STOS), CLAIM_AS(STOSQ, STOS), CLAIM_STRING(LODS), CLAIM_AS(LODSQ, LODS),
	CLAIM_STRING(SCAS), CLAIM_AS(SCASQ, SCAS), CLAIM_STRING(INS), CLAIM_STRING(OUTS),
};

static enum insn_op op_of[ZYDIS_MNEMONIC_MAX_VALUE + 1];

static bool is_string(const struct zydis *z)
{
	return z->insn.meta.category == ZYDIS_CATEGORY_STRINGOP ||
	       z->insn.meta.category == ZYDIS_CATEGORY_IOSTRINGOP;
}

/* MOVSD and CMPSD are also names of SSE2 instructions; MOV of segment registers is not ours. */
bool zydis_is_claimed(const struct zydis *z)
{
	enum insn_op op = op_of[z->insn.mnemonic];
	bool memory = false;
	unsigned int i;

	if (!op || (op >= INSN_MOVS) != is_string(z))
		return false;
	for (i = 0; i < 2 && i < z->insn.operand_count; i++) {
		const ZydisDecodedOperand *operand = &z->operands[i];

		if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    ZydisRegisterGetClass(operand->reg.value) == ZYDIS_REGCLASS_SEGMENT)
			return false;
		memory |= operand->type == ZYDIS_OPERAND_TYPE_MEMORY;
	}
	return memory;
}

static void take_register(struct guest_insn *insn, ZydisRegister reg)
{
	insn->register_size = ZydisRegisterGetWidth(ZYDIS_MACHINE_MODE_LONG_64, reg) / 8;
	/* In Zydis's list AH to BH stand between BL and SPL. */
	insn->high_byte = reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH;
	if (insn->high_byte)
		insn->reg = reg - ZYDIS_REGISTER_AH;
	else if (reg >= ZYDIS_REGISTER_SPL && reg <= ZYDIS_REGISTER_R15B)
		insn->reg = reg - ZYDIS_REGISTER_SPL + VMX_RSP;
	else
		insn->reg = ZydisRegisterGetId(reg);
}

static u8 number_of(ZydisRegister reg)
{
	return reg == ZYDIS_REGISTER_NONE ? INSN_NO_REGISTER : ZydisRegisterGetId(reg);
}

static void take_memory(struct guest_insn *insn, const ZydisDecodedOperand *operand)
{
	ZydisRegister base = operand->mem.base;

	insn->operand_size = operand->size / 8;
	insn->reads |= !!(operand->actions & ZYDIS_OPERAND_ACTION_MASK_READ);
	insn->writes |= !!(operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE);
	/* The other operand of MOVS and CMPS. */
	if ((insn->op == INSN_MOVS || insn->op == INSN_CMPS) && number_of(base) == VMX_RDI &&
	    operand->mem.segment == ZYDIS_REGISTER_ES)
		return;
	insn->segment = ZydisRegisterGetId(operand->mem.segment);
	insn->rip_relative = base == ZYDIS_REGISTER_RIP || base == ZYDIS_REGISTER_EIP;
	insn->base = insn->rip_relative ? INSN_NO_REGISTER : number_of(base);
	insn->index = number_of(operand->mem.index);
	insn->scale = operand->mem.index == ZYDIS_REGISTER_NONE ? 1 : operand->mem.scale;
	insn->displacement = operand->mem.disp.value;
}

static enum insn_operand take_operand(struct guest_insn *insn, const struct zydis *z,
				      unsigned int i)
{
	const ZydisDecodedOperand *operand = &z->operands[i];

	if (i >= z->insn.operand_count ||
	    (operand->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN && !is_string(z)))
		return OPERAND_NONE;
	switch (operand->type) {
	case ZYDIS_OPERAND_TYPE_REGISTER:
		/* The port of INS and OUTS. */
		if (z->insn.meta.category == ZYDIS_CATEGORY_IOSTRINGOP)
			return OPERAND_NONE;
		take_register(insn, operand->reg.value);
		return OPERAND_REGISTER;
	case ZYDIS_OPERAND_TYPE_MEMORY:
		take_memory(insn, operand);
		return OPERAND_MEMORY;
	case ZYDIS_OPERAND_TYPE_IMMEDIATE:
		insn->immediate = (s64)(operand->imm.value.u << (64 - operand->size)) >>
				  (64 - operand->size);
		return OPERAND_IMMEDIATE;
	default:
		return OPERAND_NONE;
	}
}

struct guest_insn zydis_in_our_words(const struct zydis *z)
{
	struct guest_insn insn = {
		.op = op_of[z->insn.mnemonic],
		.length = z->insn.length,
		.address_size = z->insn.address_width / 8,
	};

	insn.first = take_operand(&insn, z, 0);
	insn.second = take_operand(&insn, z, 1);
	insn.lock = z->insn.attributes & ZYDIS_ATTRIB_HAS_LOCK || insn.op == INSN_XCHG;
	if (is_string(z) && z->insn.attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE))
		insn.rep = REP_REPE;
	else if (is_string(z) && z->insn.attributes & ZYDIS_ATTRIB_HAS_REPNE)
		insn.rep = REP_REPNE;
	return insn;
}

static ZydisDecoder decoders[3];

void zydis_begin(void)
{
	unsigned int i;

	ZydisDecoderInit(&decoders[CODE_16], ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_STACK_WIDTH_16);
	ZydisDecoderInit(&decoders[CODE_32], ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32);
	ZydisDecoderInit(&decoders[CODE_64], ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	for (i = 0; i < sizeof(claims) / sizeof(claims[0]); i++)
		op_of[claims[i].mnemonic] = claims[i].op;
}

void zydis_decode(struct zydis *z, const u8 *bytes, unsigned int count, enum code_size code)
{
	z->status = ZydisDecoderDecodeFull(&decoders[code], bytes, count, &z->insn, z->operands);
}

/*
 * Where Zydis 4.0 and the SDM differ, ours is the SDM's:
 * - MOVSXD with 66 and without REX.W reads a word: SDM 2B "MOVSX/MOVSXD", r16, r/m16. Zydis
 *   reads a doubleword, as AMD's CPUs do.
 * - SIB.base 5 with mod 0 stands for a displacement without base, whatever REX.B is: SDM 2A
 *   "Special Cases of REX Encodings". With 32-bit addresses and REX.B, Zydis makes R13 the base,
 *   and forgets the displacement, though it counts its bytes. False: skip base and displacement.
 */
bool zydis_adjust(const struct zydis *z, struct guest_insn *theirs, const struct guest_insn *ours)
{
	if (z->insn.mnemonic == ZYDIS_MNEMONIC_MOVSXD && theirs->register_size == 2)
		theirs->operand_size = 2;
	if (z->insn.raw.rex.B && theirs->address_size == 4 && z->insn.raw.modrm.mod == 0 &&
	    z->insn.raw.modrm.rm == 4 && z->insn.raw.sib.base == 5) {
		theirs->base = INSN_NO_REGISTER;
		theirs->displacement = ours->displacement;
		return false;
	}
	return true;
}
