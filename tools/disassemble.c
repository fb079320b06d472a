// SPDX-License-Identifier: GPL-2.0
/*
 * disassemble.c - prints machine code, with the library Capstone.
 *
 * Reached from show_state.c; see disassemble.h.
 */
#include <capstone/capstone.h>
#include <inttypes.h>
#include <stdio.h>

#include "command.h"
#include "disassemble.h"

#define BEFORE	4		/* instructions that are shown */
#define AFTER	6
#define ZEROS	8		/* bytes in a row that are hardly code */
#define LONGEST	15		/* bytes. SDM 2A "Instruction Format" */

static void print_line(FILE *out, const char *mark, uint64_t address, unsigned int bits, const uint8_t *bytes,
		       size_t count, const char *mnemonic, const char *operands)
{
	fprintf(out, "  %s %0*" PRIx64 " ", mark, (int)bits / 4, address);
	for (size_t i = 0; i < count; i++)
		fprintf(out, " %02x", bytes[i]);
	fprintf(out, "%*s  %s%s%s\n", count < 8 ? (int)(3 * (8 - count)) : 0, "", mnemonic,
		*operands ? " " : "", operands);
}

static void print_instruction(FILE *out, const cs_insn *insn, const char *mark, unsigned int bits)
{
	print_line(out, mark, insn->address, bits, insn->bytes, insn->size, insn->mnemonic, insn->op_str);
}

/* How many of the bytes before the end may be code: memory that was never written is zero. */
static size_t without_zeros(const uint8_t *end, size_t count)
{
	size_t zeros = 0;

	for (size_t i = 0; i < count; i++) {
		zeros = *(end - 1 - i) ? 0 : zeros + 1;
		if (zeros == ZEROS)
			return i + 1 - ZEROS;
	}
	return count;
}

/* Each instruction before the current one has to end where the next begins, the last at the end. */
static void print_before(FILE *out, csh handle, const uint8_t *end, size_t count, uint64_t address, unsigned int bits)
{
	for (count = without_zeros(end, count); count; count--) {
		cs_insn *insns;
		size_t found = cs_disasm(handle, end - count, count, address - count, 0, &insns);
		bool leads_here = found && insns[found - 1].address + insns[found - 1].size == address;

		for (size_t i = found > BEFORE ? found - BEFORE : 0; leads_here && i < found; i++)
			print_instruction(out, &insns[i], "  ", bits);
		if (found)
			cs_free(insns, found);
		if (leads_here)
			return;
	}
}

void disassemble(FILE *out, const uint8_t *bytes, size_t count, size_t current, uint64_t address, unsigned int bits)
{
	cs_insn *insns;
	size_t found;
	csh handle;

	if (cs_open(CS_ARCH_X86, bits == 64 ? CS_MODE_64 : bits == 32 ? CS_MODE_32 : CS_MODE_16, &handle)) {
		complain("cannot disassemble: the library Capstone does not know x86, or there is no memory");
		return;
	}
	print_before(out, handle, bytes + current, current, address, bits);
	found = cs_disasm(handle, bytes + current, count - current, address, 1 + AFTER, &insns);
	for (size_t i = 0; i < found; i++)
		print_instruction(out, &insns[i], i ? "  " : "=>", bits);
	if (!found && current < count) {
		size_t rest = count - current < LONGEST ? count - current : LONGEST;

		print_line(out, "=>", address, bits, bytes + current, rest, "no instruction", "");
	}
	if (found)
		cs_free(insns, found);
	cs_close(&handle);
}
