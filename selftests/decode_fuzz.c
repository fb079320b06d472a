// SPDX-License-Identifier: GPL-2.0
/*
 * decode_fuzz.c - arch/x86/decode.c against Zydis, over random bytes.
 *
 * Usage: decode_fuzz [COUNT [SEED]]
 *
 * Each string of bytes is decoded by both. What Zydis says is put into our words, and all of it
 * must be equal; what Zydis takes for one of our instructions with a memory operand we must
 * accept, and what it refuses we must not. What is not compared is argued in decode_zydis.c.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "decode_text.h"
#include "decode_zydis.h"
#include "arch/x86/opcode_map.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

#define BUFFER_SIZE		24
#define MAX_REPORTS		20

/* ------------------------------------------------------------------ random instructions */

static uint64_t random_state;

/* splitmix64 */
static uint64_t next_random(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static unsigned int below(unsigned int limit)
{
	return (next_random() >> 32) * limit >> 32;
}

/* An opcode: most often one of ours, else anything. */
static unsigned int random_opcode(u8 *bytes)
{
	static const u8 prefix[3][2] = { { }, { 0x0f }, { 0x0f, 0x38 } };
	unsigned int map, opcode, tries = below(4) ? 64 : 1;

	do {
		map = below(8);
		map = map < 4 ? 0 : map < 7 ? 1 : 2;
		opcode = below(256);
	} while (!opcode_map[map][opcode].op && !opcode_map[map][opcode].group && --tries);
	memcpy(bytes, prefix[map], map);
	bytes[map] = opcode;
	return map + 1;
}

struct input {
	enum code_size code;
	unsigned int count;
	u8 bytes[BUFFER_SIZE];
};

static struct input random_input(void)
{
	/* Those of 64-bit code at the end. */
	static const u8 prefixes[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67,
				       0xf0, 0xf2, 0xf3, 0x40, 0x44, 0x48, 0x4b, 0x4f };
	struct input input = { .code = below(3), .count = BUFFER_SIZE };
	unsigned int kinds = input.code == CODE_64 ? 16 : 11;
	unsigned int i, at = 0, many = below(32) ? below(5) : below(INSN_MAX_LENGTH + 2);

	for (i = 0; i < BUFFER_SIZE; i += 8) {
		uint64_t value = next_random();

		memcpy(&input.bytes[i], &value, 8);
	}
	if (below(16)) {
		while (at < many)
			input.bytes[at++] = prefixes[below(kinds)];
		if (input.code == CODE_64 && below(2))
			input.bytes[at++] = 0x40 + below(16);
		random_opcode(&input.bytes[at]);
	}
	if (!below(4))
		input.count = below(INSN_MAX_LENGTH + 1);
	return input;
}

/* ------------------------------------------------------------------ comparison */

static const char *const code_names[] = { "16-bit", "32-bit", "64-bit" };
static const char *const result_names[] = { "ok", "more bytes", "invalid", "unknown" };

static unsigned long compared, accepted[3], refused, disagreements;
static bool seen[3][256][8];

static void disagree(const struct input *input, const char *what, s64 ours, s64 theirs)
{
	struct guest_insn insn;
	char text[INSN_TEXT_SIZE];
	unsigned int i;

	if (++disagreements > MAX_REPORTS)
		return;
	printf("# %s code, %u bytes:", code_names[input->code], input->count);
	for (i = 0; i < input->count && i < INSN_MAX_LENGTH + 1; i++)
		printf(" %02x", input->bytes[i]);
	printf("\n#   %s: ours %" PRIx64 ", Zydis %" PRIx64 "\n", what, (uint64_t)ours,
	       (uint64_t)theirs);
	if (decode_insn(&insn, input->bytes, input->count, input->code) == DECODE_OK) {
		insn_text(text, &insn);
		printf("#   ours: %s\n", text);
	}
}

/* The sum, over random registers. Zydis leaves out what a bit number adds. */
static void compare_address(const struct input *input, const struct guest_insn *ours,
			    const struct zydis *z)
{
	static ZydisRegisterContext context;
	bool second = ours->second == OPERAND_MEMORY && ours->op != INSN_CMPS;
	ZyanU64 rip = next_random(), theirs = 0;
	u64 regs[VMX_NR_REGS], address;
	unsigned int i;

	if (ours->op >= INSN_BT && ours->op <= INSN_BTC && ours->second == OPERAND_REGISTER)
		return;
	for (i = 0; i < VMX_NR_REGS; i++) {
		regs[i] = next_random();
		context.values[ZYDIS_REGISTER_RAX + i] = regs[i];
		context.values[ZYDIS_REGISTER_EAX + i] = (u32)regs[i];
		context.values[ZYDIS_REGISTER_AX + i] = (u16)regs[i];
	}
	ZydisCalcAbsoluteAddressEx(&z->insn, &z->operands[second], rip, &context, &theirs);
	address = insn_effective_address(ours, regs, rip + ours->length);
	if (address != theirs)
		disagree(input, "address", address, theirs);
}

static void compare_insns(const struct input *input, const struct guest_insn *ours,
			  const struct zydis *z)
{
	struct guest_insn theirs = zydis_in_our_words(z);

	if (zydis_adjust(z, &theirs, ours))
		compare_address(input, ours, z);
#define COMPARE(name)							\
	if (ours->name != theirs.name)					\
		disagree(input, #name, ours->name, theirs.name)
	COMPARE(op); COMPARE(first); COMPARE(second); COMPARE(length);
	COMPARE(reads); COMPARE(writes); COMPARE(lock); COMPARE(rep);
	COMPARE(operand_size); COMPARE(address_size); COMPARE(segment);
	COMPARE(base); COMPARE(index); COMPARE(scale);
	COMPARE(rip_relative); COMPARE(displacement);
	COMPARE(reg); COMPARE(register_size); COMPARE(high_byte); COMPARE(immediate);
}

static void mark_seen(const struct zydis *z)
{
	unsigned int map = z->insn.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT ? 0 :
			   z->insn.opcode_map == ZYDIS_OPCODE_MAP_0F	  ? 1 : 2;
	bool group = opcode_map[map][z->insn.opcode].group;

	seen[map][z->insn.opcode][group ? z->insn.raw.modrm.reg : 0] = true;
}

static enum decode_result decode(const struct input *input, unsigned int count)
{
	struct guest_insn insn;
	/* A copy that ends where the bytes do, for checkers of memory. */
	u8 bytes[count + !count];

	memcpy(bytes, input->bytes, count);
	return decode_insn(&insn, bytes, count, input->code);
}

static bool results_agree(const struct input *input, enum decode_result ours,
			  const struct zydis *z)
{
	switch (ours) {
	case DECODE_OK:
		return ZYAN_SUCCESS(z->status) && zydis_is_claimed(z);
	case DECODE_MORE_BYTES:
		/* Zydis does not need to see the bytes of a number that can't fit. */
		return z->status == ZYDIS_STATUS_NO_MORE_DATA ||
		       (z->status == ZYDIS_STATUS_INSTRUCTION_TOO_LONG &&
			decode(input, BUFFER_SIZE) == DECODE_INVALID);
	case DECODE_INVALID:
		return z->status == ZYDIS_STATUS_ILLEGAL_LOCK ||
		       z->status == ZYDIS_STATUS_INSTRUCTION_TOO_LONG;
	default:
		return !ZYAN_SUCCESS(z->status) || !zydis_is_claimed(z);
	}
}

static enum decode_result compare(const struct input *input)
{
	struct guest_insn insn;
	struct zydis z;
	enum decode_result result = decode_insn(&insn, input->bytes, input->count, input->code);

	zydis_decode(&z, input->bytes, input->count, input->code);
	compared++;
	if (!results_agree(input, result, &z)) {
		disagree(input, result_names[result], result, z.status);
	} else if (result == DECODE_OK) {
		accepted[input->code]++;
		compare_insns(input, &insn, &z);
		mark_seen(&z);
	} else if (result == DECODE_INVALID) {
		refused++;
	}
	return result;
}

/*
 * Of an instruction that both accept, we must know what becomes of it when bytes are missing, when
 * it has a LOCK prefix, and when prefixes make it too long: there "unknown" is no answer.
 */
static void compare_relatives(const struct input *input)
{
	struct input longer = *input;
	enum decode_result result;
	unsigned int count;

	for (count = 0; decode(input, count) != DECODE_OK; count++) {
		result = decode(input, count);
		if (result != DECODE_MORE_BYTES)
			disagree(input, "bytes missing", result, DECODE_MORE_BYTES);
	}
	memmove(longer.bytes + 1, input->bytes, BUFFER_SIZE - 1);
	longer.bytes[0] = 0xf0;
	longer.count = BUFFER_SIZE;
	result = compare(&longer);
	if (result == DECODE_UNKNOWN)
		disagree(&longer, "with LOCK", result, 0);
	count = INSN_MAX_LENGTH + 1 - count;
	memmove(longer.bytes + count, input->bytes, BUFFER_SIZE - count);
	memset(longer.bytes, 0x3e, count);
	result = compare(&longer);
	if (result != DECODE_INVALID)
		disagree(&longer, "too long", result, DECODE_INVALID);
}

/* Forms of the opcode map that never came up, and how many there are. */
static unsigned int unseen_forms(unsigned int *forms)
{
	unsigned int map, opcode, reg, unseen = 0;

	*forms = 0;
	for (map = 0; map < 3; map++)
		for (opcode = 0; opcode < 256; opcode++)
			for (reg = 0; reg < 8; reg++) {
				const struct form *form = &opcode_map[map][opcode];

				if (form->group)
					form = &opcode_groups[form->group][reg];
				else if (reg)
					break;
				if (!form->op)
					continue;
				++*forms;
				if (seen[map][opcode][reg])
					continue;
				unseen++;
				printf("# not seen: map %u opcode %02x /%u\n", map, opcode, reg);
			}
	return unseen;
}

int main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 0) : 1000000;
	unsigned long seed = argc > 2 ? strtoul(argv[2], NULL, 0) : (unsigned long)time(NULL);
	unsigned int forms, unseen;
	unsigned long i;
	bool good;

	zydis_begin();
	printf("1..1\n# seed %lu\n", seed);
	random_state = seed;
	for (i = 0; i < count; i++) {
		struct input input = random_input();

		if (compare(&input) == DECODE_OK)
			compare_relatives(&input);
	}

	unseen = unseen_forms(&forms);
	good = count && !disagreements && !unseen;
	printf("# and %lu made from those that are instructions\n", compared - count);
	printf("# accepted by both: %lu 16-bit, %lu 32-bit, %lu 64-bit; refused by both: %lu\n",
	       accepted[CODE_16], accepted[CODE_32], accepted[CODE_64], refused);
	printf("%s 1 decoder: %lu random byte strings, seed %lu, %u of %u forms, %lu disagreements\n",
	       good ? "ok" : "not ok", count, seed, forms - unseen, forms, disagreements);
	return !good;
}
