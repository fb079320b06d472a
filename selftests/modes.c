// SPDX-License-Identifier: GPL-2.0
/*
 * modes.c - guests that start in each mode a CPU has, and one that goes through them all.
 *
 * A mode is told by what its code does: how wide its operands are, what its segments reach, which
 * page a linear address leads to. SDM 3A "System Architecture Overview", "Modes of Operation".
 */
#include <errno.h>
#include <string.h>

#include "fault.h"
#include "kselftest_harness.h"

#define CR0_PE		0x00000001UL
#define CR0_PG		0x80000000UL
#define CR4_VME		0x00000001UL
#define CR4_PSE		0x00000010UL
#define CR4_PAE		0x00000020UL
#define EFER_LME	0x00000100UL
#define EFER_LMA	0x00000400UL
#define RFLAGS_VM	(1UL << 17)
#define RFLAGS_IOPL3	(3UL << 12)

#define PAGE		4096UL
#define PRESENT		1UL
#define WRITABLE	2UL
#define USER		4UL
#define LARGE		0x80UL

/* Where the tests put page tables, and a page whose linear address is another than its physical. */
#define TABLE		0x20000UL	/* top level */
#define DIRECTORY	0x21000UL	/* four pages of PAE directories follow */
#define MAPPED		0x300000UL	/* physical */
#define LINEAR		0x40000000UL	/* its linear address, with a table of 4 KiB pages */
#define PAGE_TABLE	0x28000UL
#define MAGIC		0x600dca5eUL

VM_FIXTURE(modes)
{
	VM_SETUP(self, variant);
}

static __u32 *word_at(struct vm *vm, __u64 gpa)
{
	return (__u32 *)(vm->mem + gpa);
}

static __u64 *entry_at(struct vm *vm, __u64 table, unsigned int index)
{
	return (__u64 *)(vm->mem + table) + index;
}

/* ----------------------------------------------------------------- starts in each mode */

/* The same bytes in every mode: `mov $0x1234, %ax` and two NOPs, or `mov $imm32, %eax`. */
GUEST_CODE(operand_size, 32,
	"xor %eax, %eax\n\t"
	".byte 0xb8, 0x34, 0x12, 0x90, 0x90\n\t"
	"hlt");

static int start_and_get_rax(struct vm *vm, __u64 *rax)
{
	struct minivmx_regs regs;
	int ret = vm_run(vm);

	if (!ret && vm->run->exit_reason != MINIVMX_EXIT_HLT)
		ret = -EPROTO;
	if (!ret)
		ret = vm_get_regs(vm, &regs);
	*rax = regs.rax;
	return ret;
}

TEST_F(modes, operand_sizes)
{
	struct minivmx_sregs sregs;
	__u64 rax;

	ASSERT_EQ(0, VM_START(&self->vm, VM_REAL, operand_size));
	ASSERT_EQ(0, start_and_get_rax(&self->vm, &rax));
	EXPECT_EQ(0x1234, rax & 0xffff);

	ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, operand_size));
	ASSERT_EQ(0, start_and_get_rax(&self->vm, &rax));
	EXPECT_EQ(0x90901234, rax);

	/* 16-bit protected mode: a code segment with D clear. */
	ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, operand_size));
	ASSERT_EQ(0, vm_get_sregs(&self->vm, &sregs));
	sregs.cs.db = 0;
	ASSERT_EQ(0, vm_set_sregs(&self->vm, &sregs));
	ASSERT_EQ(0, start_and_get_rax(&self->vm, &rax));
	EXPECT_EQ(0x1234, rax);

	/* Compatibility mode: long mode's paging with 32-bit and with 16-bit code. */
	for (int db = 0; db <= 1; db++) {
		ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, operand_size));
		ASSERT_EQ(0, vm_get_sregs(&self->vm, &sregs));
		sregs.cs.l = 0;
		sregs.cs.db = db;
		ASSERT_EQ(0, vm_set_sregs(&self->vm, &sregs));
		ASSERT_EQ(0, start_and_get_rax(&self->vm, &rax));
		EXPECT_EQ(db ? 0x90901234 : 0x1234, rax);
	}

	ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, operand_size));
	ASSERT_EQ(0, start_and_get_rax(&self->vm, &rax));
	EXPECT_EQ(0x90901234, rax);
}

/* Real mode: the base of a segment is its selector times 16, and 64 KiB is all it reaches. */
GUEST_CODE(real_segment, 16,
	"mov $0x1230, %ax\n\t mov %ax, %ds\n\t mov 4, %eax\n\t hlt");
GUEST_CODE(beyond_64k, 16,
	"mov $0x200000, %ebx\n\t mov (%ebx), %eax\n\t hlt");

TEST_F(modes, real_mode_segments)
{
	__u64 rax;

	*word_at(&self->vm, 0x12304) = MAGIC;
	ASSERT_EQ(0, VM_START(&self->vm, VM_REAL, real_segment));
	ASSERT_EQ(0, start_and_get_rax(&self->vm, &rax));
	EXPECT_EQ(MAGIC, rax);
	ASSERT_EQ(0, VM_START(&self->vm, VM_REAL, beyond_64k));
	ASSERT_EQ(0, vm_catch_faults(&self->vm, VM_REAL));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	EXPECT_EQ(VECTOR_GP, vm_caught(&self->vm));
}

/* Big real mode: a limit of 4 GiB that a visit to protected mode has left in DS. */
TEST_F(modes, big_real_mode)
{
	struct minivmx_sregs sregs;
	__u64 rax;

	*word_at(&self->vm, 0x200000) = MAGIC;
	ASSERT_EQ(0, VM_START(&self->vm, VM_REAL, beyond_64k));
	ASSERT_EQ(0, vm_get_sregs(&self->vm, &sregs));
	sregs.ds.limit = 0xffffffff;
	sregs.ds.g = 1;
	ASSERT_EQ(0, vm_set_sregs(&self->vm, &sregs));
	ASSERT_EQ(0, start_and_get_rax(&self->vm, &rax));
	EXPECT_EQ(MAGIC, rax);
}

/* Address line 20 is not masked: FFFF:0010 is the first byte above 1 MiB, not address 0. */
GUEST_CODE(above_1m, 16,
	"mov $0xffff, %ax\n\t mov %ax, %ds\n\t mov 0x10, %eax\n\t hlt");

TEST_F(modes, a20_is_not_emulated)
{
	__u64 rax;

	*word_at(&self->vm, 0) = 0x01234567;
	*word_at(&self->vm, 0x100000) = MAGIC;
	ASSERT_EQ(0, VM_START(&self->vm, VM_REAL, above_1m));
	ASSERT_EQ(0, start_and_get_rax(&self->vm, &rax));
	EXPECT_EQ(MAGIC, rax);
}

/* -------------------------------------------------------------------------- paging */

GUEST_CODE(read_linear, 32, "mov 0x40000000, %eax\n\t hlt");

static int enable_paging(struct vm *vm, __u64 cr3, __u64 cr4)
{
	struct minivmx_sregs sregs;
	int ret = vm_get_sregs(vm, &sregs);

	if (ret)
		return ret;
	sregs.cr3 = cr3;
	sregs.cr4 = cr4;
	sregs.cr0 |= CR0_PG;
	return vm_set_sregs(vm, &sregs);
}

/* 32-bit paging: entries of 4 bytes, 4 MiB for each of the first level. */
static void write_tables_32(struct vm *vm)
{
	word_at(vm, TABLE)[0] = LARGE | WRITABLE | PRESENT;
	word_at(vm, TABLE)[LINEAR >> 22] = PAGE_TABLE | WRITABLE | PRESENT;
	word_at(vm, PAGE_TABLE)[0] = MAPPED | PRESENT;
}

/* PAE: entries of 8 bytes, 1 GiB for each of the four that the CPU keeps. */
static void write_tables_pae(struct vm *vm, __u64 table)
{
	for (unsigned int i = 0; i < 4; i++)
		*entry_at(vm, table, i) = (DIRECTORY + i * PAGE) | PRESENT;
	*entry_at(vm, DIRECTORY, 0) = LARGE | WRITABLE | PRESENT;
	*entry_at(vm, DIRECTORY + (LINEAR >> 30) * PAGE, 0) = PAGE_TABLE | WRITABLE | PRESENT;
	*entry_at(vm, PAGE_TABLE, 0) = MAPPED | PRESENT;
}

TEST_F(modes, paging_of_32_bits)
{
	__u64 rax;

	*word_at(&self->vm, MAPPED) = MAGIC;
	ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, read_linear));
	write_tables_32(&self->vm);
	ASSERT_EQ(0, enable_paging(&self->vm, TABLE, CR4_PSE));
	ASSERT_EQ(0, start_and_get_rax(&self->vm, &rax));
	EXPECT_EQ(MAGIC, rax);
}

/* The table of four is 32 bytes, and need not be at the start of a page. */
TEST_F(modes, pae_paging)
{
	static const __u64 tables[] = { TABLE, TABLE + 0x20, TABLE + PAGE - 0x20 };
	__u64 rax;

	*word_at(&self->vm, MAPPED) = MAGIC;
	for (unsigned int i = 0; i < ARRAY_SIZE(tables); i++) {
		memset(self->vm.mem + TABLE, 0, PAGE);
		ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, read_linear));
		write_tables_pae(&self->vm, tables[i]);
		ASSERT_EQ(0, enable_paging(&self->vm, tables[i], CR4_PAE));
		/* As after MOV to CR3, the CPU does not look at the table again. */
		memset(self->vm.mem + TABLE, 0, PAGE);
		ASSERT_EQ(0, start_and_get_rax(&self->vm, &rax));
		EXPECT_EQ(MAGIC, rax);
	}
}

/* Entries that MOV to CR3 would refuse: SET_SREGS keeps those that the CPU has. */
TEST_F(modes, pae_keeps_what_it_has)
{
	static const __u64 bad[] = { 1 << 1, 1 << 2, 1 << 5, 1 << 8, 1UL << 52, 1UL << 63 };
	__u64 rax;

	*word_at(&self->vm, MAPPED) = MAGIC;
	ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, read_linear));
	write_tables_pae(&self->vm, TABLE);
	ASSERT_EQ(0, enable_paging(&self->vm, TABLE, CR4_PAE));
	ASSERT_EQ(0, start_and_get_rax(&self->vm, &rax));
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		struct minivmx_regs regs;

		*entry_at(&self->vm, TABLE, 3) = DIRECTORY | PRESENT | bad[i];
		/* Were it taken, nothing would be mapped. */
		*entry_at(&self->vm, TABLE, 0) = 0;
		ASSERT_EQ(0, enable_paging(&self->vm, TABLE, CR4_PAE));
		ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
		regs.rip = VM_CODE;
		ASSERT_EQ(0, vm_set_regs(&self->vm, &regs));
		ASSERT_EQ(0, start_and_get_rax(&self->vm, &rax)) {
			TH_LOG("bit %#llx", bad[i]);
			vm_print_exit(&self->vm);
		}
		EXPECT_EQ(MAGIC, rax);
	}
	/* Nor can a table that no memory backs be taken. */
	ASSERT_EQ(0, enable_paging(&self->vm, VM_HOLE, CR4_PAE));
	ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, read_linear));
}

/* An entry that is not present may hold anything, and its GiB is not there. */
TEST_F(modes, pae_entry_not_present)
{
	ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, read_linear));
	write_tables_pae(&self->vm, TABLE);
	*entry_at(&self->vm, TABLE, LINEAR >> 30) = ~PRESENT;
	ASSERT_EQ(0, enable_paging(&self->vm, TABLE, CR4_PAE));
	ASSERT_EQ(0, vm_catch_faults(&self->vm, VM_PROTECTED));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	EXPECT_EQ(VECTOR_PF, vm_caught(&self->vm));
}

/* Entries that the guest has loaded itself survive exits and register calls. */
GUEST_CODE(load_cr3, 32,
	"mov $0x20000, %ebx\n\t mov %ebx, %cr3\n\t"
	"mov 0x40000000, %eax\n\t out %al, $0x10\n\t"
	"mov 0x40000000, %eax\n\t hlt");

TEST_F(modes, pae_entries_of_the_guest)
{
	struct minivmx_sregs sregs;
	__u64 rax;

	ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, load_cr3));
	write_tables_pae(&self->vm, TABLE);
	write_tables_pae(&self->vm, TABLE + 0x40);
	/* The table that it starts with does not map the page. */
	*entry_at(&self->vm, TABLE + 0x40, LINEAR >> 30) = 0;
	*word_at(&self->vm, MAPPED) = MAGIC;
	ASSERT_EQ(0, enable_paging(&self->vm, TABLE + 0x40, CR4_PAE));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_IO);
	memset(self->vm.mem + TABLE, 0, PAGE);
	ASSERT_EQ(0, vm_get_sregs(&self->vm, &sregs));
	EXPECT_EQ(TABLE, sregs.cr3);
	ASSERT_EQ(0, start_and_get_rax(&self->vm, &rax));
	EXPECT_EQ(MAGIC, rax);
}

/* ------------------------------------------------------------------------------ v8086 */

#define V86_CODE	0x4000UL

/* In v8086 mode a far pointer is a real-mode one; CLI needs IOPL 3, HLT ring 0. */
GUEST_CODE(v86, 16,
	"mov $0x1230, %ax\n\t mov %ax, %ds\n\t mov 4, %eax\n\t cli\n\t hlt");

static void v86_segment(struct minivmx_segment *segment, __u16 selector)
{
	*segment = (struct minivmx_segment){
		.base = (__u64)selector << 4, .limit = 0xffff, .selector = selector, .type = 3,
		.present = 1, .dpl = 3, .s = 1,
	};
}

static int start_v86(struct vm *vm, __u64 iopl)
{
	struct minivmx_sregs sregs;
	struct minivmx_regs regs;
	int ret = VM_START(vm, VM_PROTECTED, v86);

	if (!ret)
		ret = vm_catch_faults(vm, VM_PROTECTED);
	if (!ret)
		ret = vm_get_sregs(vm, &sregs);
	if (!ret)
		ret = vm_get_regs(vm, &regs);
	if (ret)
		return ret;
	memcpy(vm->mem + V86_CODE, v86_start, v86_end - v86_start);
	v86_segment(&sregs.cs, V86_CODE >> 4);
	for (struct minivmx_segment *s = &sregs.ds; s <= &sregs.ss; s++)
		v86_segment(s, 0);
	regs.rip = 0;
	regs.rflags = 2 | RFLAGS_VM | iopl;
	/* RFLAGS first: they say which segments are valid. */
	ret = vm_set_regs(vm, &regs);
	return ret ? ret : vm_set_sregs(vm, &sregs);
}

TEST_F(modes, v8086)
{
	struct minivmx_sregs sregs;
	struct minivmx_regs regs;

	*word_at(&self->vm, 0x12304) = MAGIC;
	ASSERT_EQ(0, start_v86(&self->vm, RFLAGS_IOPL3));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	/* The HLT that ended RUN is the handler's of #GP: the guest's own is not allowed. */
	EXPECT_EQ(VECTOR_GP, vm_caught(&self->vm));
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	EXPECT_EQ(MAGIC, regs.rax);
	EXPECT_EQ(0, regs.rflags & RFLAGS_VM);
	/* Error code, EIP, CS, EFLAGS, ESP, SS, ES, DS, FS, GS are on its stack. */
	EXPECT_EQ(v86_end - v86_start - 1, *word_at(&self->vm, regs.rsp + 4));
	EXPECT_EQ(V86_CODE >> 4, *word_at(&self->vm, regs.rsp + 8));
	EXPECT_EQ(RFLAGS_VM, *word_at(&self->vm, regs.rsp + 12) & RFLAGS_VM);
	EXPECT_EQ(0x1230, *word_at(&self->vm, regs.rsp + 28) & 0xffff);
	ASSERT_EQ(0, vm_get_sregs(&self->vm, &sregs));
	EXPECT_EQ(VM_SEL_CODE, sregs.cs.selector);
	EXPECT_EQ(0, sregs.ss.dpl);
}

TEST_F(modes, v8086_without_iopl)
{
	struct minivmx_regs regs;

	ASSERT_EQ(0, start_v86(&self->vm, 0));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	EXPECT_EQ(VECTOR_GP, vm_caught(&self->vm));
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	/* CLI it was. */
	EXPECT_EQ(v86_end - v86_start - 2, *word_at(&self->vm, regs.rsp + 4));
}

/* -------------------------------------------------------------------- what is hidden */

#define LEAF_7_ECX_LA57	(1U << 16)

/* Linear addresses have 48 bits, whatever this CPU can do; CR4.LA57 is reserved then. */
TEST_F(modes, no_5_level_paging)
{
	static struct {
		struct minivmx_cpuid2 head;
		struct minivmx_cpuid_entry2 entries[MINIVMX_MAX_CPUID_ENTRIES];
	} cpuid = { .head.nent = MINIVMX_MAX_CPUID_ENTRIES };
	int seen = 0;

	if (variant->kvm)
		SKIP(return, "KVM has 5-level paging where the CPU has it");
	ASSERT_EQ(0, vm_ioctl(self->vm.dev, MINIVMX_GET_SUPPORTED_CPUID, (unsigned long)&cpuid));
	for (unsigned int i = 0; i < cpuid.head.nent; i++) {
		const struct minivmx_cpuid_entry2 *entry = &cpuid.entries[i];

		if (entry->function == 7 && entry->index == 0) {
			EXPECT_EQ(0, entry->ecx & LEAF_7_ECX_LA57);
			seen++;
		}
		if (entry->function == 0x80000008) {
			EXPECT_EQ(48, entry->eax >> 8 & 0xff);
			seen++;
		}
	}
	EXPECT_EQ(2, seen);
}

TEST_HARNESS_MAIN
