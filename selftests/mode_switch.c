// SPDX-License-Identifier: GPL-2.0
/*
 * mode_switch.c - a guest that goes by itself from real mode through protected mode and PAE paging
 * to long mode, and all the way back; and one that does it many times.
 *
 * At each step it tells the step's number by OUT, and the registers are what the step makes them.
 * SDM 3A "Initializing IA-32e Mode", "Switching Modes".
 */
#include <errno.h>

#include "vm.h"
#include "kselftest_harness.h"

#define CR0_PE		0x00000001UL
#define CR0_PG		0x80000000UL
#define CR4_PAE		0x00000020UL
#define EFER_LME	0x00000100UL
#define EFER_LMA	0x00000400UL

#define SEL_CODE_64	0x18
#define SEL_CODE_16	0x20
#define GDT_POINTER	0x9100UL
#define STEP_PORT	0x10

/* Legacy PAE paging: the linear address is LINEAR, the page behind it MAPPED. */
#define TABLE		0x20000UL
#define DIRECTORY	0x21000UL
#define MAPPED		0x200000UL
#define LINEAR		0x40000000UL
#define MAGIC		0x600dca5eUL

/* The address of a label at VM_CODE. */
#define AT(label)	#label " - boot_start + 0x1000"
#define STEP(number)	"mov $" #number ", %al\n\t out %al, $0x10\n\t"

GUEST_CODE(boot, 16,
	STEP(1)
	"lgdtl 0x9100\n\t"
	"mov %cr0, %eax\n\t or $1, %al\n\t mov %eax, %cr0\n\t"
	"ljmpl $0x08, $" AT(boot_protected) "\n"
	".code32\n"
	"boot_protected:\n\t"
	"mov $0x10, %eax\n\t mov %eax, %ds\n\t mov %eax, %es\n\t mov %eax, %ss\n\t"
	"mov $0x8000, %esp\n\t"
	STEP(2)
	/* Legacy PAE paging. */
	"mov $0x20000, %eax\n\t mov %eax, %cr3\n\t"
	"mov %cr4, %eax\n\t or $0x20, %eax\n\t mov %eax, %cr4\n\t"
	"mov %cr0, %eax\n\t or $0x80000000, %eax\n\t mov %eax, %cr0\n\t"
	"mov 0x40000000, %ebx\n\t"
	STEP(3)
	/* Paging off, long mode's tables, LME, paging on: compatibility mode. */
	"mov %cr0, %eax\n\t and $0x7fffffff, %eax\n\t mov %eax, %cr0\n\t"
	"mov $0xa000, %eax\n\t mov %eax, %cr3\n\t"
	"mov $0xc0000080, %ecx\n\t rdmsr\n\t or $0x100, %eax\n\t wrmsr\n\t"
	"mov %cr0, %eax\n\t or $0x80000000, %eax\n\t mov %eax, %cr0\n\t"
	STEP(4)
	"ljmp $0x18, $" AT(boot_long) "\n"
	".code64\n"
	"boot_long:\n\t"
	"movabs $0x1122334455667788, %rbx\n\t"
	STEP(5)
	"push $0x08\n\t push $" AT(boot_compatibility) "\n\t lretq\n"
	".code32\n"
	"boot_compatibility:\n\t"
	STEP(6)
	/* Paging off ends long mode; LME goes, and PAE. */
	"mov %cr0, %eax\n\t and $0x7fffffff, %eax\n\t mov %eax, %cr0\n\t"
	"mov $0xc0000080, %ecx\n\t rdmsr\n\t mov %eax, %ebx\n\t and $~0x100, %eax\n\t wrmsr\n\t"
	"mov %cr4, %eax\n\t and $~0x20, %eax\n\t mov %eax, %cr4\n\t"
	STEP(7)
	"ljmp $0x20, $" AT(boot_16) "\n"
	".code16\n"
	"boot_16:\n\t"
	"mov $0x28, %ax\n\t mov %ax, %ds\n\t mov %ax, %es\n\t mov %ax, %ss\n\t"
	STEP(8)
	"mov %cr0, %eax\n\t and $0xfe, %al\n\t mov %eax, %cr0\n\t"
	"ljmp $0, $" AT(boot_real) "\n"
	"boot_real:\n\t"
	"xor %ax, %ax\n\t mov %ax, %ds\n\t mov %ax, %es\n\t mov %ax, %ss\n\t"
	STEP(9)
	"jmp boot_start");

static const struct step {
	__u64 cr0, cr4, efer;	/* of the bits PE and PG, PAE, LME and LMA */
	__u8 l, db;		/* of CS */
	__u32 ebx;		/* what the step has found, where it looks */
} steps[] = {
	[1] = { 0, 0, 0, 0, 0, 0 },
	[2] = { CR0_PE, 0, 0, 0, 1, 0 },
	[3] = { CR0_PE | CR0_PG, CR4_PAE, 0, 0, 1, MAGIC },
	[4] = { CR0_PE | CR0_PG, CR4_PAE, EFER_LME | EFER_LMA, 0, 1, 0 },
	[5] = { CR0_PE | CR0_PG, CR4_PAE, EFER_LME | EFER_LMA, 1, 0, 0x55667788 },
	[6] = { CR0_PE | CR0_PG, CR4_PAE, EFER_LME | EFER_LMA, 0, 1, 0 },
	/* LMA has gone with paging, before LME. */
	[7] = { CR0_PE, 0, 0, 0, 1, EFER_LME },
	[8] = { CR0_PE, 0, 0, 0, 0, 0 },
	[9] = { 0, 0, 0, 0, 0, 0 },
};

VM_FIXTURE(mode_switch)
{
	VM_SETUP(self, variant);
}

static int start_boot(struct vm *vm)
{
	__u64 *gdt = (__u64 *)(vm->mem + VM_GDT);
	/* For long mode's page tables. */
	int ret = VM_START(vm, VM_LONG, boot);

	gdt[VM_SEL_CODE / 8] = 0x00cf9b000000ffff;
	gdt[VM_SEL_DATA / 8] = 0x00cf93000000ffff;
	gdt[SEL_CODE_64 / 8] = 0x00af9b000000ffff;
	gdt[SEL_CODE_16 / 8] = 0x00009b000000ffff;
	gdt[SEL_CODE_16 / 8 + 1] = 0x000093000000ffff;
	*(__u16 *)(vm->mem + GDT_POINTER) = 6 * 8 - 1;
	*(__u32 *)(vm->mem + GDT_POINTER + 2) = VM_GDT;

	for (unsigned int i = 0; i < 4; i++)
		((__u64 *)(vm->mem + TABLE))[i] = (DIRECTORY + i * 0x1000) | 1;
	*(__u64 *)(vm->mem + DIRECTORY) = 0x83;
	*(__u64 *)(vm->mem + DIRECTORY + (LINEAR >> 30) * 0x1000) = MAPPED | 0x83;
	*(__u32 *)(vm->mem + MAPPED) = MAGIC;
	return ret ? ret : VM_START(vm, VM_REAL, boot);
}

TEST_F(mode_switch, up_and_down)
{
	struct vm *vm = &self->vm;

	ASSERT_EQ(0, start_boot(vm));
	for (unsigned int i = 1; i < ARRAY_SIZE(steps); i++) {
		const struct step *step = &steps[i];
		struct minivmx_sregs sregs;
		struct minivmx_regs regs;

		ASSERT_EXIT(vm, MINIVMX_EXIT_IO);
		ASSERT_EQ(i, *(__u8 *)vm_io_data(vm));
		ASSERT_EQ(0, vm_get_sregs(vm, &sregs));
		ASSERT_EQ(0, vm_get_regs(vm, &regs));
		EXPECT_EQ(step->cr0, sregs.cr0 & (CR0_PE | CR0_PG)) {
			TH_LOG("step %u", i);
		}
		EXPECT_EQ(step->cr4, sregs.cr4 & CR4_PAE) {
			TH_LOG("step %u", i);
		}
		EXPECT_EQ(step->efer, sregs.efer & (EFER_LME | EFER_LMA)) {
			TH_LOG("step %u", i);
		}
		EXPECT_EQ(step->l, sregs.cs.l);
		EXPECT_EQ(step->db, sregs.cs.db) {
			TH_LOG("step %u", i);
		}
		if (step->ebx) {
			EXPECT_EQ(step->ebx, (__u32)regs.rbx) {
				TH_LOG("step %u", i);
			}
		}
	}
}

/* Whatever is kept from one mode must not show in the next, also the second time round. */
TEST_F(mode_switch, round_and_round)
{
	ASSERT_EQ(0, start_boot(&self->vm));
	for (int round = 0; round < 20; round++)
		for (unsigned int i = 1; i < ARRAY_SIZE(steps); i++) {
			ASSERT_EXIT(&self->vm, MINIVMX_EXIT_IO);
			ASSERT_EQ(i, *(__u8 *)vm_io_data(&self->vm)) {
				TH_LOG("round %d", round);
			}
		}
}

TEST_HARNESS_MAIN
