// SPDX-License-Identifier: GPL-2.0
/*
 * mmio_forms.c - every form of access to a device does what it does to memory.
 *
 * Each instruction runs twice: on memory, where the CPU executes it, and where no memory is, with
 * this program as the device. Registers, flags and bytes must be the same afterwards.
 */
#include <stdlib.h>
#include <string.h>

#include "vm.h"
#include "kselftest_harness.h"

#define ARITHMETIC_FLAGS	0x8d5UL
#define RFLAGS_DF		0x400UL

/* Two windows of the same size: the first for DS and rSI, the second for ES and rDI. */
#define WINDOW			64
#define OPERAND			24	/* the operand's place in the window */
#define MEMORY(which)		(VM_DATA + 0x1000UL * (which))
#define DEVICE(which)		(VM_HOLE + 0x1000UL * (which))

enum {
	WIDE = 1,	/* opcode for bytes and, plus 1, for the operand size; all sizes */
	MODRM = 2,	/* memory at rBX, register rDX or the extension */
	STRING = 4,
	IMM8 = 8,
	IMMZ = 16,
	MOFFS = 32,	/* the address follows the opcode */
	NO_66 = 64,	/* 32 bits without the prefix that chooses them in 16-bit code */
};

struct form {
	const char *name;
	__u8 prefix, map, opcode, extension;
	__u8 flags;
	__u8 sizes;	/* where not WIDE: the sum of the sizes in bytes */
};

#define DX	2
#define DH	6

static const struct form forms[] = {
	{ "mov r, m",	0, 0, 0x8a, DX, WIDE | MODRM, 0 },
	{ "mov m, r",	0, 0, 0x88, DX, WIDE | MODRM, 0 },
	{ "mov dh, m",	0, 0, 0x8a, DH, MODRM, 1 },
	{ "mov m, dh",	0, 0, 0x88, DH, MODRM, 1 },
	{ "mov m, i",	0, 0, 0xc6, 0, WIDE | MODRM | IMMZ, 0 },
	{ "mov a, moffs", 0, 0, 0xa0, 0, WIDE | MOFFS, 0 },
	{ "mov moffs, a", 0, 0, 0xa2, 0, WIDE | MOFFS, 0 },
	{ "add m, r",	0, 0, 0x00, DX, WIDE | MODRM, 0 },
	{ "add r, m",	0, 0, 0x02, DX, WIDE | MODRM, 0 },
	{ "or m, r",	0, 0, 0x08, DX, WIDE | MODRM, 0 },
	{ "or r, m",	0, 0, 0x0a, DX, WIDE | MODRM, 0 },
	{ "adc m, r",	0, 0, 0x10, DX, WIDE | MODRM, 0 },
	{ "adc r, m",	0, 0, 0x12, DX, WIDE | MODRM, 0 },
	{ "sbb m, r",	0, 0, 0x18, DX, WIDE | MODRM, 0 },
	{ "sbb r, m",	0, 0, 0x1a, DX, WIDE | MODRM, 0 },
	{ "and m, r",	0, 0, 0x20, DX, WIDE | MODRM, 0 },
	{ "and r, m",	0, 0, 0x22, DX, WIDE | MODRM, 0 },
	{ "sub m, r",	0, 0, 0x28, DX, WIDE | MODRM, 0 },
	{ "sub r, m",	0, 0, 0x2a, DX, WIDE | MODRM, 0 },
	{ "xor m, r",	0, 0, 0x30, DX, WIDE | MODRM, 0 },
	{ "xor r, m",	0, 0, 0x32, DX, WIDE | MODRM, 0 },
	{ "cmp m, r",	0, 0, 0x38, DX, WIDE | MODRM, 0 },
	{ "cmp r, m",	0, 0, 0x3a, DX, WIDE | MODRM, 0 },
	{ "adc m, i",	0, 0, 0x80, 2, WIDE | MODRM | IMMZ, 0 },
	{ "sub m, i8",	0, 0, 0x83, 5, MODRM | IMM8, 2 + 4 + 8 },
	{ "test m, r",	0, 0, 0x84, DX, WIDE | MODRM, 0 },
	{ "test m, i",	0, 0, 0xf6, 0, WIDE | MODRM | IMMZ, 0 },
	{ "not m",	0, 0, 0xf6, 2, WIDE | MODRM, 0 },
	{ "neg m",	0, 0, 0xf6, 3, WIDE | MODRM, 0 },
	{ "inc m",	0, 0, 0xfe, 0, WIDE | MODRM, 0 },
	{ "dec m",	0, 0, 0xfe, 1, WIDE | MODRM, 0 },
	{ "xchg m, r",	0, 0, 0x86, DX, WIDE | MODRM, 0 },
	{ "xchg m, dh",	0, 0, 0x86, DH, MODRM, 1 },
	{ "xadd",	0, 1, 0xc0, DX, WIDE | MODRM, 0 },
	{ "cmpxchg",	0, 1, 0xb0, DX, WIDE | MODRM, 0 },
	{ "lock add",	0xf0, 0, 0x00, DX, WIDE | MODRM, 0 },
	{ "lock xadd",	0xf0, 1, 0xc0, DX, WIDE | MODRM, 0 },
	{ "lock cmpxchg", 0xf0, 1, 0xb0, DX, WIDE | MODRM, 0 },
	{ "movzx r, b",	0, 1, 0xb6, DX, MODRM, 2 + 4 + 8 },
	{ "movzx r, w",	0, 1, 0xb7, DX, MODRM, 4 + 8 },
	{ "movsx r, b",	0, 1, 0xbe, DX, MODRM, 2 + 4 + 8 },
	{ "movsx r, w",	0, 1, 0xbf, DX, MODRM, 4 + 8 },
	{ "movsxd",	0, 0, 0x63, DX, MODRM, 8 },
	{ "movnti",	0, 1, 0xc3, DX, MODRM | NO_66, 4 + 8 },
	{ "bt m, r",	0, 1, 0xa3, DX, MODRM, 2 + 4 + 8 },
	{ "bts m, r",	0, 1, 0xab, DX, MODRM, 2 + 4 + 8 },
	{ "btr m, r",	0, 1, 0xb3, DX, MODRM, 2 + 4 + 8 },
	{ "btc m, r",	0, 1, 0xbb, DX, MODRM, 2 + 4 + 8 },
	{ "bt m, i",	0, 1, 0xba, 4, MODRM | IMM8, 2 + 4 + 8 },
	{ "btc m, i",	0, 1, 0xba, 7, MODRM | IMM8, 2 + 4 + 8 },
	{ "movs",	0, 0, 0xa4, 0, WIDE | STRING, 0 },
	{ "rep movs",	0xf3, 0, 0xa4, 0, WIDE | STRING, 0 },
	{ "cmps",	0, 0, 0xa6, 0, WIDE | STRING, 0 },
	{ "repe cmps",	0xf3, 0, 0xa6, 0, WIDE | STRING, 0 },
	{ "repne cmps",	0xf2, 0, 0xa6, 0, WIDE | STRING, 0 },
	{ "stos",	0, 0, 0xaa, 0, WIDE | STRING, 0 },
	{ "rep stos",	0xf3, 0, 0xaa, 0, WIDE | STRING, 0 },
	{ "lods",	0, 0, 0xac, 0, WIDE | STRING, 0 },
	{ "rep lods",	0xf3, 0, 0xac, 0, WIDE | STRING, 0 },
	{ "repne scas",	0xf2, 0, 0xae, 0, WIDE | STRING, 0 },
	{ "repe scas",	0xf3, 0, 0xae, 0, WIDE | STRING, 0 },
};

/* What the guest begins with. */
static const struct start {
	__u64 rax, rcx, rdx, rflags;
} starts[] = {
	{ 0x8899aabbccddeeff, 3, 0xfffffffffffffff3, 2 },
	/* The accumulator is what memory holds; the bit number is behind the operand. */
	{ 0x1f1e1d1c1b1a1918, 2, 37, 2 | ARITHMETIC_FLAGS },
	{ 0x8000000080008080, 3, 0xffffffffffffff80, 2 | RFLAGS_DF },
};

VM_FIXTURE(mmio_forms)
{
	VM_SETUP(self, variant);
}

static bool has_size(const struct form *form, unsigned int size)
{
	return form->flags & WIDE || form->sizes & size;
}

static __u64 target(bool device, int which)
{
	return device ? DEVICE(which) : MEMORY(which);
}

static unsigned int encode(const struct form *form, enum vm_mode mode, unsigned int size,
			   __u64 address, __u8 *code)
{
	__u8 *at = code;

	if (form->prefix)
		*at++ = form->prefix;
	if (size == (mode == VM_REAL ? 4 : 2) && !(form->flags & NO_66))
		*at++ = 0x66;
	if (size == 8)
		*at++ = 0x48;
	if (form->map)
		*at++ = 0x0f;
	*at++ = form->opcode + (form->flags & WIDE && size > 1);
	if (form->flags & MODRM)
		*at++ = form->extension << 3 | (mode == VM_REAL ? 7 : 3);
	if (form->flags & MOFFS) {
		unsigned int bytes = mode == VM_REAL ? 2 : mode == VM_LONG ? 8 : 4;

		memcpy(at, &address, bytes);
		at += bytes;
	}
	if (form->flags & IMM8 || (form->flags & IMMZ && size == 1)) {
		*at++ = 0x85;
	} else if (form->flags & IMMZ) {
		memcpy(at, &(__u32){ 0x81234567 }, 4);
		at += size == 2 ? 2 : 4;
	}
	*at++ = 0xf4;
	return at - code;
}

/* What a run leaves behind. */
struct outcome {
	struct minivmx_regs regs;
	__u8 bytes[2][WINDOW];
	unsigned int exits;
};

/* The bytes of the windows count up, and differ in one place that comparisons find. */
static void fill(__u8 bytes[2][WINDOW])
{
	for (int i = 0; i < WINDOW; i++)
		bytes[0][i] = bytes[1][i] = i;
	bytes[1][OPERAND + 9] ^= 0x80;
}

static int serve(struct vm *vm, struct outcome *o)
{
	struct minivmx_run *run = vm->run;
	int which = (run->mmio.phys_addr >> 12) & 1;
	__u64 offset = run->mmio.phys_addr - DEVICE(which);
	__u8 *bytes = o->bytes[which] + offset;

	if (offset >= WINDOW || run->mmio.len > 8 || offset + run->mmio.len > WINDOW)
		return -1;
	if (run->mmio.is_write)
		memcpy(bytes, run->mmio.data, run->mmio.len);
	else
		memcpy(run->mmio.data, bytes, run->mmio.len);
	o->exits++;
	return 0;
}

/* In 16-bit and 32-bit code the windows are segments, in 64-bit code addresses. */
static int run_form(struct vm *vm, const struct form *form, enum vm_mode mode, unsigned int size,
		    const struct start *start, const bool device[2], struct outcome *o)
{
	__u64 base[2] = { target(device[0], 0), target(device[1], 1) };
	__u64 origin[2] = { mode == VM_LONG ? base[0] : 0, mode == VM_LONG ? base[1] : 0 };
	struct minivmx_sregs sregs;
	__u8 code[24];
	unsigned int length = encode(form, mode, size, origin[0] + OPERAND, code);
	int ret = vm_start(vm, mode, code, code + length);

	o->exits = 0;
	fill(o->bytes);
	memcpy(vm->mem + MEMORY(0), o->bytes[0], WINDOW);
	memcpy(vm->mem + MEMORY(1), o->bytes[1], WINDOW);
	if (!ret)
		ret = vm_get_sregs(vm, &sregs);
	if (mode != VM_LONG) {
		sregs.ds.base = base[0];
		sregs.es.base = base[1];
	}
	if (!ret)
		ret = vm_set_sregs(vm, &sregs);
	o->regs = (struct minivmx_regs){
		.rax = start->rax, .rcx = start->rcx, .rdx = start->rdx, .rflags = start->rflags,
		.rbx = origin[0] + OPERAND, .rsi = origin[0] + OPERAND, .rdi = origin[1] + OPERAND,
		.rip = VM_CODE, .rsp = VM_STACK,
	};
	if (!ret)
		ret = vm_set_regs(vm, &o->regs);
	while (!ret) {
		ret = vm_run(vm);
		if (ret || vm->run->exit_reason != MINIVMX_EXIT_MMIO)
			break;
		ret = serve(vm, o);
	}
	if (ret || vm->run->exit_reason != MINIVMX_EXIT_HLT)
		return -1;
	for (int i = 0; i < 2; i++)
		if (!device[i])
			memcpy(o->bytes[i], vm->mem + MEMORY(i), WINDOW);
	ret = vm_get_regs(vm, &o->regs);
	o->regs.rbx -= origin[0];
	o->regs.rsi -= origin[0];
	o->regs.rdi -= origin[1];
	/* Where registers have 32 bits, the others are nobody's business. */
	if (mode != VM_LONG)
		for (__u64 *reg = (__u64 *)&o->regs; reg < (__u64 *)(&o->regs + 1); reg++)
			*reg = (__u32)*reg;
	return ret;
}

/* The instruction on memory alone is the model for all others. */
static void check_form(struct __test_metadata *_metadata, struct vm *vm, const struct form *form,
		       enum vm_mode mode, unsigned int size, const struct start *start)
{
	static const bool places[][2] = { { false, false }, { true, true }, { true, false }, { false, true } };
	struct outcome want, got;

	ASSERT_EQ(0, run_form(vm, form, mode, size, start, places[0], &want)) {
		vm_print_exit(vm);
	}
	EXPECT_EQ(0, want.exits);
	for (int i = 1; i < (form->flags & STRING ? 4 : 2); i++) {
		ASSERT_EQ(0, run_form(vm, form, mode, size, start, places[i], &got)) {
			vm_print_exit(vm);
		}
		if (i == 1)
			EXPECT_NE(0, got.exits);
		EXPECT_EQ(0, memcmp(&want.regs, &got.regs, sizeof(want.regs))) {
			TH_LOG("rflags %llx %llx rax %llx %llx rdx %llx %llx rip %llx %llx",
			       want.regs.rflags, got.regs.rflags, want.regs.rax, got.regs.rax,
			       want.regs.rdx, got.regs.rdx, want.regs.rip, got.regs.rip);
			TH_LOG("rcx %llx %llx rsi %llx %llx rdi %llx %llx", want.regs.rcx, got.regs.rcx,
			       want.regs.rsi, got.regs.rsi, want.regs.rdi, got.regs.rdi);
		}
		EXPECT_EQ(0, memcmp(want.bytes, got.bytes, sizeof(want.bytes)));
	}
}

static void check_mode(struct __test_metadata *_metadata, struct vm *vm, enum vm_mode mode)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(forms); i++)
		for (unsigned int size = 1; size <= (mode == VM_LONG ? 8 : 4); size *= 2)
			for (unsigned int k = 0; k < ARRAY_SIZE(starts); k++) {
				bool passed = _metadata->passed;

				if (!has_size(&forms[i], size))
					continue;
				check_form(_metadata, vm, &forms[i], mode, size, &starts[k]);
				if (passed && !_metadata->passed)
					TH_LOG("in: %s, %u bytes, start %u", forms[i].name, size, k);
			}
}

TEST_F_TIMEOUT(mmio_forms, real_mode, 120)
{
	check_mode(_metadata, &self->vm, VM_REAL);
}

TEST_F_TIMEOUT(mmio_forms, protected_mode, 120)
{
	check_mode(_metadata, &self->vm, VM_PROTECTED);
}

TEST_F_TIMEOUT(mmio_forms, long_mode, 120)
{
	check_mode(_metadata, &self->vm, VM_LONG);
}

TEST_HARNESS_MAIN
