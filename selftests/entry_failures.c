// SPDX-License-Identifier: GPL-2.0
/*
 * entry_failures.c - guest states that SET_REGS and SET_SREGS accept and the CPU refuses.
 *
 * RUN reports exit reason 33 with bit 31 set and the guest has not run; a repaired state then
 * runs. SDM 3C "Checks on the Guest State Area".
 */
#include <errno.h>

#include "vm.h"
#include "kselftest_harness.h"

#define INVALID_GUEST_STATE	(MINIVMX_EXIT_REASON_FAILED_ENTRY | 33)
#define NON_CANONICAL		0x0000900000000000UL

GUEST_CODE(halt, 64, "1: hlt\n\t jmp 1b");

struct refused {
	const char *name;
	enum vm_mode mode;
	void (*change)(struct minivmx_sregs *sregs, struct minivmx_regs *regs);
};

#define CHANGE(name, code)								\
	static void name(struct minivmx_sregs *s __attribute__((unused)),		\
			 struct minivmx_regs *r __attribute__((unused))) { code; }

CHANGE(rflags_bit_3, r->rflags |= 1 << 3)
CHANGE(rflags_bit_15, r->rflags |= 1 << 15)
CHANGE(rflags_bit_63, r->rflags |= 1UL << 63)
CHANGE(rflags_vm_in_long, r->rflags |= 1 << 17)
CHANGE(rip_above_4g, r->rip |= 1UL << 32)
CHANGE(tr_available, s->tr.type = 9)
CHANGE(tr_unusable, s->tr.unusable = 1; s->tr.present = 0)
CHANGE(tr_non_canonical, s->tr.base = NON_CANONICAL)
CHANGE(tr_from_ldt, s->tr.selector |= 4)
CHANGE(tr_16_bit_in_long, s->tr.type = 3)
CHANGE(ldt_wrong_type, s->ldt.type = 3)
CHANGE(cs_data, s->cs.type = 3; s->cs.dpl = 3)
CHANGE(ss_code, s->ss.type = 0xb)
CHANGE(fs_non_canonical, s->fs.base = NON_CANONICAL)
CHANGE(limit_without_g, s->ds.g = 0)
CHANGE(gdt_non_canonical, s->gdt.base = NON_CANONICAL)

static const struct refused refused[] = {
	{ "RFLAGS bit 3",			VM_PROTECTED,	rflags_bit_3 },
	{ "RFLAGS bit 15",			VM_REAL,	rflags_bit_15 },
	{ "RFLAGS bit 63",			VM_LONG,	rflags_bit_63 },
	{ "RFLAGS.VM in 64-bit mode",		VM_LONG,	rflags_vm_in_long },
	{ "RIP above 4 GiB in 32-bit mode",	VM_PROTECTED,	rip_above_4g },
	{ "TR is an available TSS",		VM_PROTECTED,	tr_available },
	{ "TR unusable",			VM_PROTECTED,	tr_unusable },
	{ "TR base not canonical",		VM_LONG,	tr_non_canonical },
	{ "TR selector in the LDT",		VM_PROTECTED,	tr_from_ldt },
	{ "TR is a 16-bit TSS in long mode",	VM_LONG,	tr_16_bit_in_long },
	{ "LDTR is no LDT",			VM_PROTECTED,	ldt_wrong_type },
	{ "CS is data with DPL 3",		VM_PROTECTED,	cs_data },
	{ "SS is code",				VM_PROTECTED,	ss_code },
	{ "FS base not canonical",		VM_LONG,	fs_non_canonical },
	{ "DS limit of 4 GiB without G",	VM_PROTECTED,	limit_without_g },
	{ "GDT base not canonical",		VM_LONG,	gdt_non_canonical },
};

VM_FIXTURE(entry_failures)
{
	VM_SETUP(self, variant);
}

TEST_F(entry_failures, reported_then_repaired)
{
	struct vm *vm = &self->vm;
	struct minivmx_sregs sregs;
	struct minivmx_regs regs;

	for (unsigned int i = 0; i < ARRAY_SIZE(refused); i++) {
		ASSERT_EQ(0, vm_start(vm, refused[i].mode, halt_start, halt_end));
		ASSERT_EQ(0, vm_get_sregs(vm, &sregs));
		ASSERT_EQ(0, vm_get_regs(vm, &regs));
		refused[i].change(&sregs, &regs);
		ASSERT_EQ(0, vm_set_sregs(vm, &sregs)) {
			TH_LOG("%s", refused[i].name);
		}
		ASSERT_EQ(0, vm_set_regs(vm, &regs));
		EXPECT_EQ(0, vm_run(vm));
		EXPECT_EQ(MINIVMX_EXIT_FAIL_ENTRY, vm->run->exit_reason) {
			TH_LOG("%s", refused[i].name);
			vm_print_exit(vm);
		}
		if (vm->run->exit_reason == MINIVMX_EXIT_FAIL_ENTRY) {
			EXPECT_EQ(INVALID_GUEST_STATE,
				  vm->run->fail_entry.hardware_entry_failure_reason);
		}
		ASSERT_EQ(0, vm_start(vm, refused[i].mode, halt_start, halt_end));
		ASSERT_EXIT(vm, MINIVMX_EXIT_HLT);
	}
}

/* A refused entry changes no register of the guest. */
TEST_F(entry_failures, state_is_kept)
{
	struct minivmx_regs before, after;

	ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, halt));
	ASSERT_EQ(0, vm_get_regs(&self->vm, &before));
	before.rflags |= 1 << 15;
	before.rax = 0x1234567890;
	ASSERT_EQ(0, vm_set_regs(&self->vm, &before));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_FAIL_ENTRY);
	EXPECT_GT((__u32)vm_count_cpus(), self->vm.run->fail_entry.cpu);
	/* 0 is what the CPU says of all but a few rules. KVM has no such member. */
	if (!variant->kvm) {
		EXPECT_EQ(0, self->vm.run->fail_entry.qualification);
	}
	ASSERT_EQ(0, vm_get_regs(&self->vm, &after));
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
}

TEST_HARNESS_MAIN
