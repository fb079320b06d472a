// SPDX-License-Identifier: GPL-2.0
/*
 * decode.c - arch/x86/decode.c, built in userspace: what becomes of an instruction's bytes.
 *
 * What the decoder says is compared as text, which decode_text.c makes of it. Needs no device. decode_fuzz.c compares the same decoder with another one, over random bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "decode_text.h"
#include "kselftest_harness.h"

#define ARRAY_SIZE_OF(array)	(sizeof(array) / sizeof((array)[0]))

struct row {
	enum code_size code;
	char bytes[32];
	char text[48];
};

static const struct row rows[] = {
	/* ---- opcodes, in the order of the map */
	{ CODE_32, "00 08",		"add byte ds:[eax], cl; rw" },
	{ CODE_32, "01 08",		"add dword ds:[eax], ecx; rw" },
	{ CODE_32, "02 08",		"add byte cl, ds:[eax]; r" },
	{ CODE_32, "03 08",		"add dword ecx, ds:[eax]; r" },
	{ CODE_32, "09 10",		"or dword ds:[eax], edx; rw" },
	{ CODE_32, "0a 10",		"or byte dl, ds:[eax]; r" },
	{ CODE_32, "11 18",		"adc dword ds:[eax], ebx; rw" },
	{ CODE_32, "13 18",		"adc dword ebx, ds:[eax]; r" },
	{ CODE_32, "18 20",		"sbb byte ds:[eax], ah; rw" },
	{ CODE_32, "1b 20",		"sbb dword esp, ds:[eax]; r" },
	{ CODE_32, "21 28",		"and dword ds:[eax], ebp; rw" },
	{ CODE_32, "23 28",		"and dword ebp, ds:[eax]; r" },
	{ CODE_32, "29 30",		"sub dword ds:[eax], esi; rw" },
	{ CODE_32, "2a 30",		"sub byte dh, ds:[eax]; r" },
	{ CODE_32, "31 38",		"xor dword ds:[eax], edi; rw" },
	{ CODE_32, "33 38",		"xor dword edi, ds:[eax]; r" },
	{ CODE_32, "38 08",		"cmp byte ds:[eax], cl; r" },
	{ CODE_32, "39 08",		"cmp dword ds:[eax], ecx; r" },
	{ CODE_32, "3a 08",		"cmp byte cl, ds:[eax]; r" },
	{ CODE_32, "3b 08",		"cmp dword ecx, ds:[eax]; r" },
	{ CODE_64, "63 08",		"movsx dword ecx, ds:[rax]; r" },
	{ CODE_64, "48 63 08",		"movsx dword rcx, ds:[rax]; r" },
	{ CODE_64, "66 63 08",		"movsx word cx, ds:[rax]; r" },
	{ CODE_32, "6c",		"ins byte es:[edi]; w" },
	{ CODE_32, "6d",		"ins dword es:[edi]; w" },
	{ CODE_16, "6d",		"ins word es:[di]; w" },
	{ CODE_64, "48 6d",		"ins dword es:[rdi]; w" },
	{ CODE_32, "6e",		"outs byte ds:[esi]; r" },
	{ CODE_64, "48 6f",		"outs dword ds:[rsi]; r" },
	{ CODE_32, "80 00 80",		"add byte ds:[eax], -80; rw" },
	{ CODE_32, "80 08 7f",		"or byte ds:[eax], 7f; rw" },
	{ CODE_32, "80 10 01",		"adc byte ds:[eax], 1; rw" },
	{ CODE_32, "80 18 01",		"sbb byte ds:[eax], 1; rw" },
	{ CODE_32, "80 20 01",		"and byte ds:[eax], 1; rw" },
	{ CODE_32, "80 28 01",		"sub byte ds:[eax], 1; rw" },
	{ CODE_32, "80 30 01",		"xor byte ds:[eax], 1; rw" },
	{ CODE_32, "80 38 01",		"cmp byte ds:[eax], 1; r" },
	{ CODE_32, "81 00 78 56 34 12",	"add dword ds:[eax], 12345678; rw" },
	{ CODE_16, "81 00 34 12",	"add word ds:[bx+si*1], 1234; rw" },
	{ CODE_64, "48 81 38 fe ff ff ff", "cmp qword ds:[rax], -2; r" },
	{ CODE_32, "82 00 05",		"add byte ds:[eax], 5; rw" },
	{ CODE_64, "48 83 08 ff",	"or qword ds:[rax], -1; rw" },
	{ CODE_32, "84 08",		"test byte ds:[eax], cl; r" },
	{ CODE_32, "85 08",		"test dword ds:[eax], ecx; r" },
	{ CODE_32, "86 08",		"lock xchg byte ds:[eax], cl; rw" },
	{ CODE_32, "87 08",		"lock xchg dword ds:[eax], ecx; rw" },
	{ CODE_32, "88 08",		"mov byte ds:[eax], cl; w" },
	{ CODE_32, "89 08",		"mov dword ds:[eax], ecx; w" },
	{ CODE_32, "8a 08",		"mov byte cl, ds:[eax]; r" },
	{ CODE_32, "8b 08",		"mov dword ecx, ds:[eax]; r" },
	{ CODE_32, "a0 44 33 22 81",	"mov byte al, ds:[81223344]; r" },
	{ CODE_16, "a1 22 81",		"mov word ax, ds:[8122]; r" },
	{ CODE_64, "a2 88 77 66 55 44 33 22 81", "mov byte ds:[8122334455667788], al; w" },
	{ CODE_64, "48 a3 88 77 66 55 44 33 22 11", "mov qword ds:[1122334455667788], rax; w" },
	{ CODE_64, "67 a3 44 33 22 81",	"mov dword ds:[81223344], eax; w" },
	{ CODE_32, "a4",		"movs byte es:[edi], ds:[esi]; rw" },
	{ CODE_64, "48 a5",		"movs qword es:[rdi], ds:[rsi]; rw" },
	{ CODE_32, "a6",		"cmps byte ds:[esi], es:[edi]; r" },
	{ CODE_16, "a7",		"cmps word ds:[si], es:[di]; r" },
	{ CODE_32, "aa",		"stos byte es:[edi], al; w" },
	{ CODE_64, "48 ab",		"stos qword es:[rdi], rax; w" },
	{ CODE_32, "ac",		"lods byte al, ds:[esi]; r" },
	{ CODE_64, "48 ad",		"lods qword rax, ds:[rsi]; r" },
	{ CODE_32, "ad",		"lods dword eax, ds:[esi]; r" },
	{ CODE_32, "ae",		"scas byte al, es:[edi]; r" },
	{ CODE_32, "af",		"scas dword eax, es:[edi]; r" },
	{ CODE_32, "c6 00 ff",		"mov byte ds:[eax], -1; w" },
	{ CODE_32, "c7 00 44 33 22 11",	"mov dword ds:[eax], 11223344; w" },
	{ CODE_64, "48 c7 00 00 00 00 80", "mov qword ds:[rax], -80000000; w" },
	{ CODE_32, "f6 00 01",		"test byte ds:[eax], 1; r" },
	{ CODE_32, "f6 08 01",		"test byte ds:[eax], 1; r" },
	{ CODE_32, "f6 10",		"not byte ds:[eax]; rw" },
	{ CODE_32, "f6 18",		"neg byte ds:[eax]; rw" },
	{ CODE_32, "f7 00 44 33 22 11",	"test dword ds:[eax], 11223344; r" },
	{ CODE_32, "f7 10",		"not dword ds:[eax]; rw" },
	{ CODE_32, "f7 18",		"neg dword ds:[eax]; rw" },
	{ CODE_32, "fe 00",		"inc byte ds:[eax]; rw" },
	{ CODE_32, "fe 08",		"dec byte ds:[eax]; rw" },
	{ CODE_32, "ff 00",		"inc dword ds:[eax]; rw" },
	{ CODE_32, "ff 08",		"dec dword ds:[eax]; rw" },
	{ CODE_32, "0f a3 08",		"bt dword ds:[eax], ecx; r" },
	{ CODE_32, "0f ab 08",		"bts dword ds:[eax], ecx; rw" },
	{ CODE_32, "0f b0 08",		"cmpxchg byte ds:[eax], cl; rw" },
	{ CODE_32, "0f b1 08",		"cmpxchg dword ds:[eax], ecx; rw" },
	{ CODE_32, "0f b3 08",		"btr dword ds:[eax], ecx; rw" },
	{ CODE_32, "0f b6 08",		"movzx byte ecx, ds:[eax]; r" },
	{ CODE_64, "48 0f b7 08",	"movzx word rcx, ds:[rax]; r" },
	{ CODE_32, "0f ba 20 1f",	"bt dword ds:[eax], 1f; r" },
	{ CODE_32, "0f ba 28 1f",	"bts dword ds:[eax], 1f; rw" },
	{ CODE_32, "0f ba 30 1f",	"btr dword ds:[eax], 1f; rw" },
	{ CODE_32, "0f ba 38 1f",	"btc dword ds:[eax], 1f; rw" },
	{ CODE_32, "0f bb 08",		"btc dword ds:[eax], ecx; rw" },
	{ CODE_16, "0f be 08",		"movsx byte cx, ds:[bx+si*1]; r" },
	{ CODE_64, "48 0f bf 08",	"movsx word rcx, ds:[rax]; r" },
	{ CODE_32, "0f c0 08",		"xadd byte ds:[eax], cl; rw" },
	{ CODE_32, "0f c1 08",		"xadd dword ds:[eax], ecx; rw" },
	{ CODE_16, "0f c3 08",		"mov dword ds:[bx+si*1], ecx; w" },
	{ CODE_64, "48 0f c3 08",	"mov qword ds:[rax], rcx; w" },
	{ CODE_32, "0f 38 f0 08",	"movbe dword ecx, ds:[eax]; r" },
	{ CODE_32, "66 0f 38 f1 08",	"movbe word ds:[eax], cx; w" },

	/* ---- operand size: by code, 66, REX.W, which is stronger */
	{ CODE_16, "8b 07",		"mov word ax, ds:[bx]; r" },
	{ CODE_16, "66 8b 07",		"mov dword eax, ds:[bx]; r" },
	{ CODE_32, "66 66 8b 00",	"mov word ax, ds:[eax]; r" },
	{ CODE_64, "8b 00",		"mov dword eax, ds:[rax]; r" },
	{ CODE_64, "66 8b 00",		"mov word ax, ds:[rax]; r" },
	{ CODE_64, "66 48 8b 00",	"mov qword rax, ds:[rax]; r" },
	{ CODE_64, "66 48 c7 00 01 00 00 00", "mov qword ds:[rax], 1; w" },
	/* ---- address size */
	{ CODE_16, "67 8b 00",		"mov word ax, ds:[eax]; r" },
	{ CODE_32, "67 8b 00",		"mov dword eax, ds:[bx+si*1]; r" },
	{ CODE_64, "67 8b 00",		"mov dword eax, ds:[eax]; r" },
	{ CODE_16, "67 66 a5",		"movs dword es:[edi], ds:[esi]; rw" },
	{ CODE_64, "67 aa",		"stos byte es:[edi], al; w" },
	/* ---- segments */
	{ CODE_32, "26 8b 00",		"mov dword eax, es:[eax]; r" },
	{ CODE_32, "2e 8b 00",		"mov dword eax, cs:[eax]; r" },
	{ CODE_32, "36 8b 00",		"mov dword eax, ss:[eax]; r" },
	{ CODE_32, "3e 8b 45 00",	"mov dword eax, ds:[ebp]; r" },
	{ CODE_32, "64 a1 00 00 00 00",	"mov dword eax, fs:[]; r" },
	{ CODE_32, "64 65 8b 00",	"mov dword eax, gs:[eax]; r" },
	{ CODE_64, "64 3e 8b 00",	"mov dword eax, fs:[rax]; r" },
	{ CODE_64, "26 8b 00",		"mov dword eax, ds:[rax]; r" },
	{ CODE_32, "26 a4",		"movs byte es:[edi], es:[esi]; rw" },
	{ CODE_32, "64 a6",		"cmps byte fs:[esi], es:[edi]; r" },
	{ CODE_32, "64 aa",		"stos byte es:[edi], al; w" },
	{ CODE_32, "65 6e",		"outs byte gs:[esi]; r" },
	/* ---- REP, which is for string instructions */
	{ CODE_32, "f3 a4",		"rep movs byte es:[edi], ds:[esi]; rw" },
	{ CODE_32, "f2 a6",		"repne cmps byte ds:[esi], es:[edi]; r" },
	{ CODE_32, "f3 f2 ae",		"repne scas byte al, es:[edi]; r" },
	{ CODE_64, "f3 48 ab",		"rep stos qword es:[rdi], rax; w" },
	{ CODE_32, "f3 6c",		"rep ins byte es:[edi]; w" },
	{ CODE_32, "f3 89 08",		"mov dword ds:[eax], ecx; w" },
	/* ---- LOCK */
	{ CODE_32, "f0 01 08",		"lock add dword ds:[eax], ecx; rw" },
	{ CODE_32, "f0 f2 0f b1 08",	"lock cmpxchg dword ds:[eax], ecx; rw" },
	/* ---- REX: only where it stands last; bytes without it have AH to BH */
	{ CODE_64, "4c 8b 00",		"mov qword r8, ds:[rax]; r" },
	{ CODE_64, "45 88 38",		"mov byte ds:[r8], r15b; w" },
	{ CODE_64, "88 20",		"mov byte ds:[rax], ah; w" },
	{ CODE_64, "40 88 20",		"mov byte ds:[rax], spl; w" },
	{ CODE_64, "8a 38",		"mov byte bh, ds:[rax]; r" },
	{ CODE_64, "40 8a 38",		"mov byte dil, ds:[rax]; r" },
	{ CODE_64, "48 66 8b 00",	"mov word ax, ds:[rax]; r" },
	{ CODE_64, "44 41 8b 00",	"mov dword eax, ds:[r8]; r" },
	{ CODE_64, "0f b6 20",		"movzx byte esp, ds:[rax]; r" },

	/* ---- 16-bit addresses */
	{ CODE_16, "8a 00",		"mov byte al, ds:[bx+si*1]; r" },
	{ CODE_16, "8a 01",		"mov byte al, ds:[bx+di*1]; r" },
	{ CODE_16, "8a 02",		"mov byte al, ss:[bp+si*1]; r" },
	{ CODE_16, "8a 03",		"mov byte al, ss:[bp+di*1]; r" },
	{ CODE_16, "8a 04",		"mov byte al, ds:[si]; r" },
	{ CODE_16, "8a 05",		"mov byte al, ds:[di]; r" },
	{ CODE_16, "8a 06 34 82",	"mov byte al, ds:[8234]; r" },
	{ CODE_16, "8a 07",		"mov byte al, ds:[bx]; r" },
	{ CODE_16, "8a 46 fe",		"mov byte al, ss:[bp-2]; r" },
	{ CODE_16, "8a 40 7f",		"mov byte al, ds:[bx+si*1+7f]; r" },
	{ CODE_16, "8a 86 34 12",	"mov byte al, ss:[bp+1234]; r" },
	{ CODE_16, "8a 87 00 80",	"mov byte al, ds:[bx-8000]; r" },
	/* ---- 32-bit and 64-bit addresses */
	{ CODE_32, "8a 03",		"mov byte al, ds:[ebx]; r" },
	{ CODE_32, "8a 05 78 56 34 12",	"mov byte al, ds:[12345678]; r" },
	{ CODE_32, "8a 45 80",		"mov byte al, ss:[ebp-80]; r" },
	{ CODE_32, "8a 86 00 00 00 80",	"mov byte al, ds:[esi-80000000]; r" },
	{ CODE_64, "8a 05 fc ff ff ff",	"mov byte al, ds:[rip-4]; r" },
	{ CODE_64, "67 8a 05 04 00 00 00", "mov byte al, ds:[eip+4]; r" },
	{ CODE_64, "41 8a 05 04 00 00 00", "mov byte al, ds:[rip+4]; r" },
	{ CODE_64, "41 8a 45 00",	"mov byte al, ds:[r13]; r" },
	/* ---- SIB */
	{ CODE_32, "8a 04 24",		"mov byte al, ss:[esp]; r" },
	{ CODE_32, "8a 44 8b 10",	"mov byte al, ds:[ebx+ecx*4+10]; r" },
	{ CODE_32, "8a 04 6b",		"mov byte al, ds:[ebx+ebp*2]; r" },
	{ CODE_32, "8a 04 cd 04 00 00 00", "mov byte al, ds:[ecx*8+4]; r" },
	{ CODE_32, "8a 04 25 04 00 00 00", "mov byte al, ds:[4]; r" },
	{ CODE_32, "8a 44 05 01",	"mov byte al, ss:[ebp+eax*1+1]; r" },
	{ CODE_64, "8a 04 25 00 00 00 80", "mov byte al, ds:[ffffffff80000000]; r" },
	{ CODE_64, "42 8a 04 20",	"mov byte al, ds:[rax+r12*1]; r" },
	{ CODE_64, "41 8a 04 24",	"mov byte al, ds:[r12]; r" },
	{ CODE_64, "43 8a 84 ee 00 01 00 00", "mov byte al, ds:[r14+r13*8+100]; r" },
	{ CODE_64, "41 8a 04 25 04 00 00 00", "mov byte al, ds:[4]; r" },
	{ CODE_64, "67 41 8a 04 25 04 00 00 00", "mov byte al, ds:[4]; r" },
	{ CODE_64, "41 8a 44 25 00",	"mov byte al, ds:[r13]; r" },
};

static unsigned int bytes_of(const char *text, u8 bytes[])
{
	unsigned int count = 0;
	char *end;

	for (; *text; text = end)
		bytes[count++] = strtoul(text, &end, 16);
	return count;
}

static enum decode_result decode(struct guest_insn *insn, enum code_size code, const char *text)
{
	u8 bytes[32];

	return decode_insn(insn, bytes, bytes_of(text, bytes), code);
}

TEST(forms)
{
	struct guest_insn insn;
	char text[INSN_TEXT_SIZE];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE_OF(rows); i++) {
		u8 bytes[32] = { };
		unsigned int count = bytes_of(rows[i].bytes, bytes);

		/* What follows is none of its business. */
		EXPECT_EQ(DECODE_OK, decode_insn(&insn, bytes, sizeof(bytes), rows[i].code))
			TH_LOG("%s", rows[i].bytes);
		EXPECT_EQ(count, insn.length)
			TH_LOG("%s", rows[i].bytes);
		insn_text(text, &insn);
		EXPECT_STREQ(rows[i].text, text);
	}
}

TEST(bytes_are_missing)
{
	struct guest_insn insn;
	unsigned int i, count;
	u8 bytes[32];

	for (i = 0; i < ARRAY_SIZE_OF(rows); i++)
		for (count = bytes_of(rows[i].bytes, bytes); count--;)
			EXPECT_EQ(DECODE_MORE_BYTES,
				  decode_insn(&insn, bytes, count, rows[i].code))
				TH_LOG("%u of %s", count, rows[i].bytes);
}

/* With prefixes that change nothing, up to 15 bytes; with one more it is too long. */
TEST(longest)
{
	struct guest_insn insn;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE_OF(rows); i++) {
		u8 bytes[32];
		unsigned int count, fill;

		fill = INSN_MAX_LENGTH - bytes_of(rows[i].bytes, bytes);
		memset(bytes, 0x3e, fill);
		count = fill + bytes_of(rows[i].bytes, bytes + fill);
		EXPECT_EQ(INSN_MAX_LENGTH, count);
		EXPECT_EQ(DECODE_OK, decode_insn(&insn, bytes, count, rows[i].code));
		EXPECT_EQ(INSN_MAX_LENGTH, insn.length);

		bytes[fill] = 0x3e;
		bytes_of(rows[i].bytes, bytes + fill + 1);
		EXPECT_EQ(DECODE_INVALID, decode_insn(&insn, bytes, count + 1, rows[i].code));
		EXPECT_EQ(DECODE_INVALID, decode_insn(&insn, bytes, count, rows[i].code));
		EXPECT_EQ(DECODE_MORE_BYTES, decode_insn(&insn, bytes, count - 1, rows[i].code));
	}
}

/* LOCK goes with what reads, modifies and writes memory. SDM 2A "LOCK". */
TEST(lock)
{
	struct guest_insn insn;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE_OF(rows); i++) {
		bool string = strstr(rows[i].text, "movs byte es") ||
			      strstr(rows[i].text, "movs dword es") ||
			      strstr(rows[i].text, "movs qword es");
		bool allowed = strstr(rows[i].text, "; rw") && !string;
		u8 bytes[32] = { 0xf0 };
		unsigned int count = 1 + bytes_of(rows[i].bytes, bytes + 1);
		enum decode_result result = decode_insn(&insn, bytes, count, rows[i].code);

		EXPECT_EQ(allowed ? DECODE_OK : DECODE_INVALID, result)
			TH_LOG("f0 %s", rows[i].bytes);
		if (result == DECODE_OK)
			EXPECT_TRUE(insn.lock);
	}
}

TEST(not_ours)
{
	static const struct {
		enum code_size code;
		char bytes[32];
	} others[] = {
		{ CODE_32, "90" },			/* no operand */
		{ CODE_32, "05 00 00 00 00" },		/* no memory */
		{ CODE_32, "89 c8" },			/* registers: ModRM.mod 3 */
		{ CODE_32, "0f b6 c1" },
		{ CODE_32, "f7 d0" },
		{ CODE_32, "c6 08 00" },		/* undefined: C6 /1 */
		{ CODE_32, "f7 20" },			/* MUL */
		{ CODE_32, "ff 10" },			/* CALL */
		{ CODE_32, "ff 30" },			/* PUSH */
		{ CODE_32, "0f ba 00 00" },		/* undefined: 0F BA /0 */
		{ CODE_32, "0f 0b" },			/* UD2 */
		{ CODE_32, "0f 38 00 00" },		/* PSHUFB */
		{ CODE_32, "f2 0f 38 f0 00" },		/* CRC32 */
		{ CODE_32, "66 0f c3 00" },		/* undefined: MOVNTI with 66 */
		{ CODE_32, "8c 00" },			/* MOV of a segment register */
		{ CODE_32, "63 00" },			/* ARPL */
		{ CODE_64, "82 00 05" },		/* gone from 64-bit code */
		{ CODE_32, "48 8b 00" },		/* DEC EAX */
		{ CODE_32, "c4 e2 71 00 00" },		/* VEX */
	};
	struct guest_insn insn;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE_OF(others); i++)
		EXPECT_EQ(DECODE_UNKNOWN, decode(&insn, others[i].code, others[i].bytes))
			TH_LOG("%s", others[i].bytes);
	EXPECT_EQ(DECODE_MORE_BYTES, decode(&insn, CODE_32, ""));
	EXPECT_EQ(DECODE_MORE_BYTES, decode(&insn, CODE_32, "0f"));
	EXPECT_EQ(DECODE_MORE_BYTES, decode(&insn, CODE_32, "0f 38"));
	EXPECT_EQ(DECODE_INVALID,
		  decode(&insn, CODE_32, "66 66 66 66 66 66 66 66 66 66 66 66 66 66 66"));
}

TEST(effective_address)
{
	static const struct {
		enum code_size code;
		char bytes[32];
		u64 address;
	} cases[] = {
		/* rax 1111111111111110, rcx 8000000080008008, rbx fffffffffffffff0 */
		{ CODE_64, "8b 00",			0x1111111111111110 },
		{ CODE_64, "8b 40 80",			0x1111111111111090 },
		{ CODE_64, "67 8b 00",			0x11111110 },
		{ CODE_32, "8b 44 8b 20",		0x00020030 },
		{ CODE_64, "8b 44 8b 20",		0x0000000200020030 },
		{ CODE_16, "8b 00",			0x8210 },
		{ CODE_16, "8b 47 20",			0x0010 },
		{ CODE_16, "8b 06 34 82",		0x8234 },
		{ CODE_16, "67 8b 43 20",		0x00000010 },
		{ CODE_64, "8b 05 fc ff ff ff",		0x7ffffffffffc },
		{ CODE_64, "67 8b 05 fc ff ff ff",	0xfffffffc },
		{ CODE_32, "8b 05 fc ff ff ff",		0xfffffffc },
		{ CODE_64, "48 a1 88 77 66 55 44 33 22 81", 0x8122334455667788 },
		{ CODE_64, "a4",			0x8220 },
		{ CODE_64, "aa",			0x9330 },
		{ CODE_32, "a6",			0x8220 },
		/* A bit number from a register reaches beyond the operand, both ways... */
		{ CODE_64, "48 0f a3 08",		0x0111111121112110 },
		{ CODE_32, "0f ab 08",			0x01112110 },
		{ CODE_32, "66 0f b3 08",		0x11110110 },
		{ CODE_32, "0f bb 18",			0x1111110c },
		/* ... and one from the instruction does not. */
		{ CODE_32, "0f ba 28 ff",		0x11111110 },
	};
	static const u64 regs[VMX_NR_REGS] = {
		[VMX_RAX] = 0x1111111111111110,
		[VMX_RCX] = 0x8000000080008008,
		[VMX_RBX] = 0xfffffffffffffff0,
		[VMX_RSI] = 0x8220,
		[VMX_RDI] = 0x9330,
	};
	struct guest_insn insn;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE_OF(cases); i++) {
		ASSERT_EQ(DECODE_OK, decode(&insn, cases[i].code, cases[i].bytes));
		EXPECT_EQ(cases[i].address, insn_effective_address(&insn, regs, 0x800000000000))
			TH_LOG("%s", cases[i].bytes);
	}
}

TEST_HARNESS_MAIN
