// SPDX-License-Identifier: GPL-2.0
/*
 * control_registers.c - MOV to CR0 and CR4 in the guest: which values raise #GP, what the
 * register holds afterwards, and that the bit does what it is for.
 *
 * A refused value changes nothing. SDM 2B "MOV-Move to/from Control Registers".
 */
#include <cpuid.h>
#include <errno.h>
#include <stdlib.h>

#include "fault.h"
#include "kselftest_harness.h"

#define CR0_PE		(1ULL << 0)
#define CR0_MP		(1ULL << 1)
#define CR0_TS		(1ULL << 3)
#define CR0_ET		(1ULL << 4)
#define CR0_NE		(1ULL << 5)
#define CR0_WP		(1ULL << 16)
#define CR0_AM		(1ULL << 18)
#define CR0_NW		(1ULL << 29)
#define CR0_CD		(1ULL << 30)
#define CR0_PG		(1ULL << 31)
#define CR4_DE		(1ULL << 3)
#define CR4_PAE		(1ULL << 5)
#define CR4_MCE		(1ULL << 6)
#define CR4_PGE		(1ULL << 7)
#define CR4_PCE		(1ULL << 8)
#define CR4_OSFXSR	(1ULL << 9)
#define CR4_UMIP	(1ULL << 11)
#define CR4_LA57	(1ULL << 12)
#define CR4_VMXE	(1ULL << 13)
#define CR4_SMXE	(1ULL << 14)
#define CR4_FSGSBASE	(1ULL << 16)
#define CR4_PCIDE	(1ULL << 17)
#define CR4_OSXSAVE	(1ULL << 18)
#define CR4_SMEP	(1ULL << 20)
#define CR4_SMAP	(1ULL << 21)
#define CR4_PKE		(1ULL << 22)
#define CR4_CET		(1ULL << 23)
#define PTE_USER	(1ULL << 2)

/* Value in RAX; the register read back in RBX. */
GUEST_CODE(cr0_32, 32, "mov %eax, %cr0\n\t mov %cr0, %ebx\n\t hlt");
GUEST_CODE(cr0_64, 64, "mov %rax, %cr0\n\t mov %cr0, %rbx\n\t hlt");
GUEST_CODE(cr4_32, 32, "mov %eax, %cr4\n\t mov %cr4, %ebx\n\t hlt");
GUEST_CODE(cr4_64, 64, "mov %rax, %cr4\n\t mov %cr4, %rbx\n\t hlt");

struct row {
	enum vm_mode mode;
	unsigned int cr;
	__u64 set, clear;
	int fault;
	__u64 ignored;		/* bits that the CPU leaves as they were */
	bool ours_only;		/* KVM offers the feature, so the bit is not reserved there */
};

#define P	VM_PROTECTED
#define L	VM_LONG
#define GP	VECTOR_GP
#define OK	NO_FAULT

static const struct row rows[] = {
	{ L, 0, CR0_CD,				0,	OK, 0, false },
	{ P, 0, CR0_CD,				0,	OK, 0, false },
	{ L, 0, CR0_CD | CR0_NW,		0,	OK, 0, false },
	{ L, 0, CR0_NW,				0,	GP, 0, false },
	{ P, 0, CR0_NW,				0,	GP, 0, false },
	{ L, 0, 0,			   CR0_NE,	OK, 0, false },
	{ L, 0, CR0_CD | CR0_WP | CR0_AM | CR0_TS, CR0_MP | CR0_NE, OK, 0, false },
	{ L, 0, 0,			   CR0_ET,	OK, CR0_ET, false },
	{ L, 0, 1ULL << 6 | 1ULL << 28,		0,	OK, 1ULL << 6 | 1ULL << 28, false },
	{ L, 0, 1ULL << 6 | CR0_CD,	   CR0_ET,	OK, 1ULL << 6 | CR0_ET, false },
	{ L, 0, 1ULL << 32,			0,	GP, 0, false },
	{ L, 0, 1ULL << 32 | CR0_CD,		0,	GP, 0, false },
	{ L, 0, 1ULL << 63,			0,	GP, 0, false },
	{ L, 0, 0,			   CR0_PG,	GP, 0, false },
	{ L, 0, CR0_CD,			   CR0_PG,	GP, 0, false },
	{ L, 0, CR0_CD,			   CR0_PE,	GP, 0, false },
	{ P, 0, CR0_CD | CR0_PG,	   CR0_PE,	GP, 0, false },
	{ L, 4, CR4_MCE | CR4_PCE | CR4_DE | CR4_PGE, 0, OK, 0, false },
	{ P, 4, CR4_MCE | CR4_OSFXSR,		0,	OK, 0, false },
	{ L, 4, CR4_MCE,		   CR4_OSFXSR,	OK, 0, false },
	{ L, 4, 0,			   CR4_PAE,	GP, 0, false },
	{ L, 4, CR4_MCE,		   CR4_PAE,	GP, 0, false },
	{ L, 4, CR4_SMXE,			0,	GP, 0, false },
	{ L, 4, CR4_LA57,			0,	GP, 0, false },
	{ P, 4, CR4_LA57,			0,	GP, 0, false },
	{ L, 4, CR4_CET,			0,	GP, 0, false },
	{ L, 4, 1ULL << 15,			0,	GP, 0, false },
	{ L, 4, 1ULL << 19,			0,	GP, 0, false },
	{ L, 4, 1ULL << 28,			0,	GP, 0, false },
	{ L, 4, 1ULL << 32,			0,	GP, 0, false },
	{ L, 4, 1ULL << 63 | CR4_MCE,		0,	GP, 0, false },
	{ L, 4, CR4_PKE,			0,	GP, 0, true },
	{ L, 4, CR4_VMXE,			0,	GP, 0, true },
	{ P, 4, CR4_VMXE,			0,	GP, 0, true },
};

VM_FIXTURE(control_registers)
{
	VM_SETUP(self, variant);
}

static int start(struct vm *vm, enum vm_mode mode, unsigned int cr)
{
	int ret;

	if (mode == VM_LONG)
		ret = cr ? VM_START(vm, mode, cr4_64) : VM_START(vm, mode, cr0_64);
	else
		ret = cr ? VM_START(vm, mode, cr4_32) : VM_START(vm, mode, cr0_32);
	return ret ? ret : vm_catch_faults(vm, mode);
}

TEST_F(control_registers, values)
{
	struct vm *vm = &self->vm;

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		struct minivmx_sregs before, after;
		struct minivmx_regs regs;
		__u64 old, new, want, got;

		if (variant->kvm && row->ours_only)
			continue;
		ASSERT_EQ(0, start(vm, row->mode, row->cr));
		ASSERT_EQ(0, vm_get_sregs(vm, &before));
		old = row->cr ? before.cr4 : before.cr0;
		new = (old | row->set) & ~row->clear;
		ASSERT_EQ(0, vm_run_with_rax(vm, new));
		ASSERT_EQ(MINIVMX_EXIT_HLT, vm->run->exit_reason) {
			TH_LOG("row %u", i);
			vm_print_exit(vm);
		}
		EXPECT_EQ(row->fault, vm_caught(vm)) {
			TH_LOG("row %u", i);
		}
		ASSERT_EQ(0, vm_get_sregs(vm, &after));
		got = row->cr ? after.cr4 : after.cr0;
		want = row->fault == OK ? (new & ~row->ignored) | (old & row->ignored) : old;
		EXPECT_EQ(want, got) {
			TH_LOG("row %u", i);
		}
		ASSERT_EQ(0, vm_get_regs(vm, &regs));
		if (row->fault == OK) {
			EXPECT_EQ(want, regs.rbx) {
				TH_LOG("row %u", i);
			}
		}
		/* EFER, CR3 and the other one are as they were. */
		EXPECT_EQ(before.efer, after.efer);
		EXPECT_EQ(before.cr3, after.cr3);
		EXPECT_EQ(row->cr ? before.cr0 : before.cr4, row->cr ? after.cr0 : after.cr4);
	}
}

/* The operand of 32-bit code has 32 bits, whatever the rest of the register holds. */
TEST_F(control_registers, upper_half_is_ignored_in_32_bit_code)
{
	struct minivmx_sregs sregs;

	ASSERT_EQ(0, start(&self->vm, VM_PROTECTED, 0));
	ASSERT_EQ(0, vm_get_sregs(&self->vm, &sregs));
	ASSERT_EQ(0, vm_run_with_rax(&self->vm, 0xffffffff00000000 | sregs.cr0 | CR0_CD));
	ASSERT_EQ(MINIVMX_EXIT_HLT, self->vm.run->exit_reason);
	EXPECT_EQ(NO_FAULT, vm_caught(&self->vm));
	ASSERT_EQ(0, vm_get_sregs(&self->vm, &sregs));
	EXPECT_EQ(CR0_CD, sregs.cr0 & CR0_CD);
}

/* The value may come from any register, RSP too. */
GUEST_CODE(from_rsp, 64,
	"mov %cr4, %rax\n\t or $0x40, %rax\n\t mov %rsp, %rcx\n\t mov %rax, %rsp\n\t"
	"mov %rsp, %cr4\n\t mov %rcx, %rsp\n\t mov %cr4, %rbx\n\t hlt");
GUEST_CODE(from_r15, 64,
	"mov %cr4, %r15\n\t or $0x40, %r15\n\t mov %r15, %cr4\n\t mov %cr4, %rbx\n\t hlt");

TEST_F(control_registers, from_any_register)
{
	struct minivmx_regs regs;

	ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, from_rsp));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	EXPECT_EQ(CR4_MCE, regs.rbx & CR4_MCE);
	EXPECT_EQ(VM_STACK, regs.rsp);
	ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, from_r15));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	EXPECT_EQ(CR4_MCE, regs.rbx & CR4_MCE);
}

/* ------------------------------------------------------------ features behind CR4 */

struct cpuid_table {
	struct minivmx_cpuid2 head;
	struct minivmx_cpuid_entry2 entries[MINIVMX_MAX_CPUID_ENTRIES];
};

static const struct feature {
	const char *name;
	__u64 cr4;
	__u32 leaf;
	int reg;		/* 1: EBX, 2: ECX */
	unsigned int bit;
} features[] = {
	{ "PCIDE",	CR4_PCIDE,	1, 2, 17 },
	{ "OSXSAVE",	CR4_OSXSAVE,	1, 2, 26 },
	{ "FSGSBASE",	CR4_FSGSBASE,	7, 1, 0 },
	{ "SMEP",	CR4_SMEP,	7, 1, 7 },
	{ "SMAP",	CR4_SMAP,	7, 1, 20 },
	{ "UMIP",	CR4_UMIP,	7, 2, 2 },
};

static bool cpu_has(const struct feature *feature)
{
	__u32 r[4] = { 0 };

	__get_cpuid_count(feature->leaf, 0, &r[0], &r[1], &r[2], &r[3]);
	return r[feature->reg] >> feature->bit & 1;
}

/* The supported table, with or without the features that the CPU has of those above. */
static int set_features(struct vm *vm, bool shown)
{
	struct cpuid_table *table = calloc(1, sizeof(*table));
	int ret;

	table->head.nent = MINIVMX_MAX_CPUID_ENTRIES;
	ret = vm_ioctl(vm->dev, MINIVMX_GET_SUPPORTED_CPUID, (unsigned long)table);
	for (unsigned int i = 0; i < table->head.nent; i++)
		for (unsigned int k = 0; k < ARRAY_SIZE(features); k++) {
			struct minivmx_cpuid_entry2 *entry = &table->entries[i];
			__u32 *reg = &entry->eax + features[k].reg;

			if (entry->function != features[k].leaf || entry->index)
				continue;
			*reg &= ~(1U << features[k].bit);
			if (shown && cpu_has(&features[k]))
				*reg |= 1U << features[k].bit;
		}
	if (!ret)
		ret = vm_ioctl(vm->vcpu, MINIVMX_SET_CPUID2, (unsigned long)table);
	free(table);
	return ret;
}

/* A bit whose feature CPUID hides is reserved, for MOV and for SET_SREGS. */
TEST_F(control_registers, features_that_cpuid_hides)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(features); i++) {
		struct minivmx_sregs sregs;

		ASSERT_EQ(0, set_features(&self->vm, false));
		ASSERT_EQ(0, start(&self->vm, VM_LONG, 4));
		ASSERT_EQ(0, vm_get_sregs(&self->vm, &sregs));
		ASSERT_EQ(0, vm_run_with_rax(&self->vm, sregs.cr4 | features[i].cr4));
		ASSERT_EQ(MINIVMX_EXIT_HLT, self->vm.run->exit_reason);
		EXPECT_EQ(GP, vm_caught(&self->vm)) {
			TH_LOG("%s", features[i].name);
		}
		sregs.cr4 |= features[i].cr4;
		EXPECT_EQ(-EINVAL, vm_set_sregs(&self->vm, &sregs)) {
			TH_LOG("%s", features[i].name);
		}
	}
}

TEST_F(control_registers, features_that_cpuid_shows)
{
	ASSERT_EQ(0, set_features(&self->vm, true));
	for (unsigned int i = 0; i < ARRAY_SIZE(features); i++) {
		struct minivmx_sregs sregs;
		struct minivmx_regs regs;

		if (!cpu_has(&features[i]))
			continue;
		ASSERT_EQ(0, start(&self->vm, VM_LONG, 4));
		/* No user's page: SMEP and SMAP would keep ring 0 off it. */
		*(__u64 *)(self->vm.mem + VM_PML4) &= ~PTE_USER;
		ASSERT_EQ(0, vm_get_sregs(&self->vm, &sregs));
		ASSERT_EQ(0, vm_run_with_rax(&self->vm, sregs.cr4 | features[i].cr4));
		ASSERT_EQ(MINIVMX_EXIT_HLT, self->vm.run->exit_reason);
		EXPECT_EQ(NO_FAULT, vm_caught(&self->vm)) {
			TH_LOG("%s", features[i].name);
		}
		ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
		EXPECT_EQ(sregs.cr4 | features[i].cr4, regs.rbx);
		/* And off again. */
		ASSERT_EQ(0, vm_run_with_rax(&self->vm, sregs.cr4));
		ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
		EXPECT_EQ(sregs.cr4, regs.rbx);
	}
}

/* With PCIDE set, paging can't be left, and PCIDE can't be set with a PCID in CR3 or outside long mode. */
TEST_F(control_registers, pcide_rules)
{
	struct minivmx_sregs sregs;

	if (!cpu_has(&features[0]))
		SKIP(return, "the CPU has no PCIDs");
	ASSERT_EQ(0, set_features(&self->vm, true));
	ASSERT_EQ(0, start(&self->vm, VM_LONG, 4));
	ASSERT_EQ(0, vm_get_sregs(&self->vm, &sregs));
	sregs.cr3 |= 8;
	ASSERT_EQ(0, vm_set_sregs(&self->vm, &sregs));
	ASSERT_EQ(0, vm_run_with_rax(&self->vm, sregs.cr4 | CR4_PCIDE));
	EXPECT_EQ(GP, vm_caught(&self->vm));
	/* The same with a bit that exits, so that the hypervisor has to find it. */
	ASSERT_EQ(0, vm_run_with_rax(&self->vm, sregs.cr4 | CR4_PCIDE | CR4_MCE));
	EXPECT_EQ(GP, vm_caught(&self->vm));
	ASSERT_EQ(0, vm_get_sregs(&self->vm, &sregs));
	EXPECT_EQ(0, sregs.cr4 & CR4_MCE);

	ASSERT_EQ(0, start(&self->vm, VM_PROTECTED, 4));
	ASSERT_EQ(0, vm_get_sregs(&self->vm, &sregs));
	ASSERT_EQ(0, vm_run_with_rax(&self->vm, sregs.cr4 | CR4_PCIDE | CR4_MCE));
	EXPECT_EQ(GP, vm_caught(&self->vm));
	ASSERT_EQ(0, vm_get_sregs(&self->vm, &sregs));
	EXPECT_EQ(0, sregs.cr4 & CR4_MCE);
}

/* What the bits do: XGETBV is there, RDFSBASE is there, SMEP keeps ring 0 off a user's page. */
GUEST_CODE(use_osxsave, 64,
	"mov %cr4, %rax\n\t or $0x40000, %rax\n\t mov %rax, %cr4\n\t"
	"xor %ecx, %ecx\n\t xgetbv\n\t mov %eax, %ebx\n\t"
	"mov %cr4, %rax\n\t and $~0x40000, %rax\n\t mov %rax, %cr4\n\t"
	"xgetbv\n\t hlt");
GUEST_CODE(use_fsgsbase, 64,
	"mov %cr4, %rax\n\t or $0x10000, %rax\n\t mov %rax, %cr4\n\t"
	"mov $0x1234567, %eax\n\t wrfsbase %rax\n\t rdfsbase %rbx\n\t"
	"mov %cr4, %rax\n\t and $~0x10000, %rax\n\t mov %rax, %cr4\n\t"
	"rdfsbase %rcx\n\t hlt");
GUEST_CODE(use_smep, 64,
	"mov $0x77, %ebx\n\t mov %cr4, %rax\n\t or $0x100000, %rax\n\t mov %rax, %cr4\n\t"
	"hlt");

TEST_F(control_registers, osxsave_takes_effect)
{
	struct minivmx_regs regs;

	if (!cpu_has(&features[1]))
		SKIP(return, "the CPU has no XSAVE");
	ASSERT_EQ(0, set_features(&self->vm, true));
	ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, use_osxsave));
	ASSERT_EQ(0, vm_catch_faults(&self->vm, VM_LONG));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	EXPECT_EQ(VECTOR_UD, vm_caught(&self->vm));
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	/* XCR0 after reset: x87 alone. The host's is wider. */
	EXPECT_EQ(1, regs.rbx);
}

TEST_F(control_registers, fsgsbase_takes_effect)
{
	struct minivmx_regs regs;

	if (!cpu_has(&features[2]))
		SKIP(return, "the CPU has no RDFSBASE");
	ASSERT_EQ(0, set_features(&self->vm, true));
	ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, use_fsgsbase));
	ASSERT_EQ(0, vm_catch_faults(&self->vm, VM_LONG));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	EXPECT_EQ(VECTOR_UD, vm_caught(&self->vm));
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	EXPECT_EQ(0x1234567, regs.rbx);
}

/* All pages of vm_start() are user pages, so the instruction after the MOV can't be fetched. */
TEST_F(control_registers, smep_takes_effect)
{
	struct minivmx_regs regs;

	if (!cpu_has(&features[3]))
		SKIP(return, "the CPU has no SMEP");
	ASSERT_EQ(0, set_features(&self->vm, true));
	ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, use_smep));
	/* No handler could be fetched either. */
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_SHUTDOWN);
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	EXPECT_EQ(0x77, regs.rbx);
}

TEST_HARNESS_MAIN
