// SPDX-License-Identifier: GPL-2.0
/*
 * decode_text.c - a decoded instruction as text.
 *
 * Reached from decode.c and decode_fuzz.c, the tests of arch/x86/decode.c.
 */
#include <stdio.h>

#include "decode_text.h"

static const char *register_name(unsigned int reg, unsigned int size, bool high_byte)
{
	static const char *const names[][VMX_NR_REGS] = {
		[1] = { "al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil", "r8b", "r9b", "r10b",
			"r11b", "r12b", "r13b", "r14b", "r15b" },
		[2] = { "ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "r8w", "r9w", "r10w",
			"r11w", "r12w", "r13w", "r14w", "r15w" },
		[4] = { "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "r8d", "r9d",
			"r10d", "r11d", "r12d", "r13d", "r14d", "r15d" },
		[8] = { "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10",
			"r11", "r12", "r13", "r14", "r15" },
	};
	static const char *const high[] = { "ah", "ch", "dh", "bh" };

	return high_byte ? high[reg] : names[size][reg];
}

static int number_text(char *text, const char *plus, s64 value)
{
	if (value < 0)
		return sprintf(text, "-%llx", -(unsigned long long)value);
	return sprintf(text, "%s%llx", plus, (unsigned long long)value);
}

static int memory_text(char *text, const struct guest_insn *insn)
{
	static const char *const segments[] = { "es", "cs", "ss", "ds", "fs", "gs" };
	unsigned int size = insn->address_size;
	char *at = text + sprintf(text, "%s:[", segments[insn->segment]);
	char *begin = at;

	if (insn->rip_relative)
		at += sprintf(at, "%s", size == 8 ? "rip" : "eip");
	if (insn->base != INSN_NO_REGISTER)
		at += sprintf(at, "%s", register_name(insn->base, size, false));
	if (insn->index != INSN_NO_REGISTER)
		at += sprintf(at, "%s%s*%u", at == begin ? "" : "+",
			      register_name(insn->index, size, false), insn->scale);
	if (insn->displacement && at == begin)
		at += sprintf(at, "%llx", insn_effective_address(insn, NULL, 0));
	else if (insn->displacement)
		at += number_text(at, "+", insn->displacement);
	at += sprintf(at, "]");
	return at - text;
}

static int operand_text(char *text, const struct guest_insn *insn, bool second)
{
	bool both = insn->first == insn->second;

	switch (second ? insn->second : insn->first) {
	case OPERAND_MEMORY:
		if (both && second == (insn->op == INSN_CMPS))
			return sprintf(text, "es:[%s]",
				       register_name(VMX_RDI, insn->address_size, false));
		return memory_text(text, insn);
	case OPERAND_REGISTER:
		return sprintf(text, "%s", register_name(insn->reg, insn->register_size,
							 insn->high_byte));
	case OPERAND_IMMEDIATE:
		return number_text(text, "", insn->immediate);
	default:
		return 0;
	}
}

void insn_text(char text[INSN_TEXT_SIZE], const struct guest_insn *insn)
{
	static const char *const names[] = {
		"unknown", "add", "or", "adc", "sbb", "and", "sub", "xor", "cmp", "test", "not",
		"neg", "inc", "dec", "mov", "movzx", "movsx", "movbe", "xchg", "cmpxchg", "xadd",
		"bt", "bts", "btr", "btc", "movs", "cmps", "stos", "lods", "scas", "ins", "outs",
	};
	static const char *const sizes[] = { [1] = "byte", [2] = "word", [4] = "dword",
					     [8] = "qword" };
	static const char *const reps[] = { "", "rep ", "repne " };

	text += sprintf(text, "%s%s%s %s ", insn->lock ? "lock " : "", reps[insn->rep],
			names[insn->op], sizes[insn->operand_size]);
	text += operand_text(text, insn, false);
	if (insn->first != OPERAND_NONE && insn->second != OPERAND_NONE)
		text += sprintf(text, ", ");
	text += operand_text(text, insn, true);
	sprintf(text, "; %s%s", insn->reads ? "r" : "", insn->writes ? "w" : "");
}
