// SPDX-License-Identifier: GPL-2.0
/*
 * exits_insn.c - instructions that exit to no effect, or that a guest is not to have: what each
 * does in 32-bit and 64-bit code, in ring 0 and in ring 3.
 *
 * The policies are those of arch/x86/exit_policy.h; KVM, asked in the same way, has the same.
 */
#include <string.h>

#include "fault.h"
#include "kselftest_harness.h"

#define UD	VECTOR_UD
#define GP	VECTOR_GP
#define NONE	NO_FAULT

struct instruction {
	const char *name;
	int ring0, ring3;	/* the exception, or NONE */
	bool kvm_has;		/* KVM shows the feature to its guests: another answer */
	__u8 length;
	__u8 code[6];
};

/* RBX points to data; EAX, ECX and EDX are 0 but for VMCALL and friends, where it does not matter. */
static const struct instruction instructions[] = {
	{ "invd",	NONE, GP, false, 2, { 0x0f, 0x08 } },
	{ "wbinvd",	NONE, GP, false, 2, { 0x0f, 0x09 } },
	{ "rdpmc",	GP, GP,   false, 2, { 0x0f, 0x33 } },
	{ "getsec",	UD, UD,   false, 2, { 0x0f, 0x37 } },
	{ "rsm",	UD, UD,   false, 2, { 0x0f, 0xaa } },
	{ "vmclear",	UD, UD,   false, 4, { 0x66, 0x0f, 0xc7, 0x33 } },
	{ "vmlaunch",	UD, UD,   false, 3, { 0x0f, 0x01, 0xc2 } },
	{ "vmptrld",	UD, UD,   false, 3, { 0x0f, 0xc7, 0x33 } },
	{ "vmptrst",	UD, UD,   false, 3, { 0x0f, 0xc7, 0x3b } },
	{ "vmread",	UD, UD,   false, 3, { 0x0f, 0x78, 0xc1 } },
	{ "vmresume",	UD, UD,   false, 3, { 0x0f, 0x01, 0xc3 } },
	{ "vmwrite",	UD, UD,   false, 3, { 0x0f, 0x79, 0xc1 } },
	{ "vmxoff",	UD, UD,   false, 3, { 0x0f, 0x01, 0xc4 } },
	{ "vmxon",	UD, UD,   false, 4, { 0xf3, 0x0f, 0xc7, 0x33 } },
	{ "invept",	UD, UD,   false, 5, { 0x66, 0x0f, 0x38, 0x80, 0x03 } },
	{ "invvpid",	UD, UD,   false, 5, { 0x66, 0x0f, 0x38, 0x81, 0x03 } },
	{ "vmfunc",	UD, UD,   false, 3, { 0x0f, 0x01, 0xd4 } },
	{ "monitor",	NONE, UD, false, 3, { 0x0f, 0x01, 0xc8 } },
	{ "mwait",	NONE, UD, false, 3, { 0x0f, 0x01, 0xc9 } },
	{ "pause",	NONE, NONE, false, 2, { 0xf3, 0x90 } },
	{ "rdtsc",	NONE, NONE, false, 2, { 0x0f, 0x31 } },
	{ "invlpg",	NONE, GP, false, 3, { 0x0f, 0x01, 0x3b } },
	{ "clts",	NONE, GP, false, 2, { 0x0f, 0x06 } },
	{ "lmsw %ax",	NONE, GP, false, 3, { 0x0f, 0x01, 0xf0 } },
	{ "encls",	UD, UD,   false, 3, { 0x0f, 0x01, 0xcf } },
	{ "enclv",	UD, UD,   false, 3, { 0x0f, 0x01, 0xc0 } },
	{ "pconfig",	UD, UD,   false, 3, { 0x0f, 0x01, 0xc5 } },
	{ "tpause %eax", UD, UD,  false, 4, { 0x66, 0x0f, 0xae, 0xf0 } },
	{ "umwait %eax", UD, UD,  false, 4, { 0xf2, 0x0f, 0xae, 0xf0 } },
	{ "loadiwkey",	UD, UD,   false, 5, { 0xf3, 0x0f, 0x38, 0xdc, 0xc1 } },
	{ "seamcall",	UD, UD,   false, 4, { 0x66, 0x0f, 0x01, 0xcf } },
	{ "tdcall",	UD, UD,   false, 4, { 0x66, 0x0f, 0x01, 0xcc } },
	{ "wrmsrlist",	UD, UD,   false, 4, { 0xf3, 0x0f, 0x01, 0xc6 } },
	{ "invpcid",	NONE, GP, false, 5, { 0x66, 0x0f, 0x38, 0x82, 0x03 } },
	{ "xsaves",	UD, UD,   true,  3, { 0x0f, 0xc7, 0x2b } },
	{ "xrstors",	UD, UD,   true,  3, { 0x0f, 0xc7, 0x1b } },
};

VM_FIXTURE(exits_insn)
{
	VM_SETUP(self, variant);
}

static int execute(struct vm *vm, enum vm_mode mode, int ring, const struct instruction *insn,
		   __u64 rax)
{
	__u8 code[sizeof(insn->code) + 4];
	struct minivmx_regs regs;
	int ret;

	memcpy(code, insn->code, insn->length);
	/* Ring 3 can't halt: an INT3 ends it there, vector 3. */
	code[insn->length] = ring ? 0xcc : 0xf4;
	ret = vm_start(vm, mode, code, code + insn->length + 1);
	if (!ret)
		ret = vm_catch_faults(vm, mode);
	if (!ret && ring)
		ret = vm_enter_ring3(vm);
	if (!ret)
		ret = vm_get_regs(vm, &regs);
	if (ret)
		return ret;
	regs.rax = rax;
	regs.rbx = VM_DATA;
	ret = vm_set_regs(vm, &regs);
	return ret ? ret : vm_run(vm);
}

/* INT3's gate has DPL 0, so in ring 3 it is #GP with the gate's number as error code. */
#define RING3_END_ERROR	(3 * 8 + 2)

static __u64 error_code(struct vm *vm)
{
	struct minivmx_regs regs;

	if (vm_get_regs(vm, &regs))
		return ~0ULL;
	return *(__u32 *)(vm->mem + regs.rsp);
}

static int outcome(struct vm *vm, int ring)
{
	int vector = vm_caught(vm);

	if (ring && vector == GP && error_code(vm) == RING3_END_ERROR)
		return NONE;
	return vector;
}

TEST_F(exits_insn, each_in_each_ring)
{
	struct vm *vm = &self->vm;

	for (unsigned int i = 0; i < ARRAY_SIZE(instructions); i++) {
		const struct instruction *insn = &instructions[i];

		if (variant->kvm && insn->kvm_has)
			continue;
		for (enum vm_mode mode = VM_PROTECTED; mode <= VM_LONG; mode++)
			for (int ring = 0; ring <= 3; ring += 3) {
				ASSERT_EQ(0, execute(vm, mode, ring, insn, 0));
				EXPECT_EQ(MINIVMX_EXIT_HLT, vm->run->exit_reason) {
					vm_print_exit(vm);
				}
				EXPECT_EQ(ring ? insn->ring3 : insn->ring0, outcome(vm, ring)) {
					TH_LOG("%s in ring %d, mode %d", insn->name, ring, mode);
				}
			}
	}
}

/* A fault leaves RIP at the instruction, an emulated instruction moves it behind. */
TEST_F(exits_insn, rip_of_the_fault)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(instructions); i++) {
		const struct instruction *insn = &instructions[i];
		struct minivmx_regs regs;

		if (variant->kvm && insn->kvm_has)
			continue;
		ASSERT_EQ(0, execute(&self->vm, VM_LONG, 0, insn, 0));
		ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
		if (insn->ring0 == NONE) {
			EXPECT_EQ(VM_CODE + insn->length + 1, regs.rip) {
				TH_LOG("%s", insn->name);
			}
		} else {
			__u64 *frame = (void *)(self->vm.mem + regs.rsp);

			EXPECT_EQ(VM_CODE, frame[insn->ring0 == GP ? 1 : 0]) {
				TH_LOG("%s", insn->name);
			}
		}
	}
}

/* In real mode the table of vectors is another, and what VMX instructions do is the same. */
TEST_F(exits_insn, real_mode)
{
	static const char * const names[] = { "invd", "rdpmc", "vmxoff", "vmlaunch", "mwait" };

	for (unsigned int i = 0; i < ARRAY_SIZE(instructions); i++)
		for (unsigned int k = 0; k < ARRAY_SIZE(names); k++) {
			if (strcmp(names[k], instructions[i].name))
				continue;
			ASSERT_EQ(0, execute(&self->vm, VM_REAL, 0, &instructions[i], 0));
			EXPECT_EQ(MINIVMX_EXIT_HLT, self->vm.run->exit_reason);
			EXPECT_EQ(instructions[i].ring0, vm_caught(&self->vm)) {
				TH_LOG("%s", names[k]);
			}
		}
}

static const struct instruction vmcall = { "vmcall", NONE, NONE, false, 3, { 0x0f, 0x01, 0xc1 } };

/* An unknown hypercall: -1000 in ring 0, -1 outside; in 32-bit code it is a 32-bit number. */
TEST_F(exits_insn, hypercall_is_answered)
{
	static const struct {
		enum vm_mode mode;
		int ring;
		__u64 answer;
	} cases[] = {
		{ VM_PROTECTED,	0, 0xfffffc18 },
		{ VM_PROTECTED,	3, 0xffffffff },
		{ VM_LONG,	0, -1000 },
		{ VM_LONG,	3, -1 },
		{ VM_REAL,	0, 0xfffffc18 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct minivmx_regs regs;

		ASSERT_EQ(0, execute(&self->vm, cases[i].mode, cases[i].ring, &vmcall, 0x7fff));
		ASSERT_EQ(MINIVMX_EXIT_HLT, self->vm.run->exit_reason) {
			vm_print_exit(&self->vm);
		}
		EXPECT_EQ(NONE, outcome(&self->vm, cases[i].ring));
		ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
		EXPECT_EQ(cases[i].answer, regs.rax) {
			TH_LOG("case %u", i);
		}
	}
}

TEST_HARNESS_MAIN
