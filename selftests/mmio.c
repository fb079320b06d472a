// SPDX-License-Identifier: GPL-2.0
/*
 * mmio.c - the exits of accesses where no memory is: their pieces, their order, what the registers
 * are at each, and what comes instead of them.
 *
 * That each instruction does what it should is in mmio_forms.c.
 */
#include <errno.h>
#include <string.h>

#include "fault.h"
#include "kselftest_harness.h"

#define RFLAGS_TF	0x100UL
#define PAGE		0x1000UL
#define VECTOR_DB	1

GUEST_CODE(load, 32, "mov (%ebx), %eax\n\t hlt");
GUEST_CODE(load_64, 64, "mov (%rbx), %rax\n\t hlt");
GUEST_CODE(store, 32, "mov %eax, (%ebx)\n\t hlt");
GUEST_CODE(store_64, 64, "mov %rax, (%rbx)\n\t hlt");
GUEST_CODE(add, 32, "add %eax, (%ebx)\n\t hlt");
GUEST_CODE(lock_add, 32, "lock add %eax, (%ebx)\n\t hlt");
GUEST_CODE(compare, 32, "cmpsl\n\t hlt");
GUEST_CODE(move, 32, "movsl\n\t hlt");
GUEST_CODE(step_load, 32, "popf\n\t mov (%ebx), %eax\n\t hlt");
GUEST_CODE(step_store, 32, "popf\n\t mov %eax, (%ebx)\n\t hlt");
GUEST_CODE(float_load, 32, "fldl (%ebx)\n\t hlt");

VM_FIXTURE(mmio)
{
	VM_SETUP(self, variant);
}

static int start_at(struct vm *vm, enum vm_mode mode, const __u8 *start, const __u8 *end, __u64 address)
{
	struct minivmx_regs regs;
	int ret = vm_start(vm, mode, start, end);

	if (!ret)
		ret = vm_catch_faults(vm, mode);
	if (!ret)
		ret = vm_get_regs(vm, &regs);
	regs.rbx = address;
	regs.rax = 0x8877665544332211;
	return ret ? ret : vm_set_regs(vm, &regs);
}

#define START_AT(mode, name, address)	\
	ASSERT_EQ(0, start_at(&self->vm, mode, name##_start, name##_end, address))

#define EXPECT_ACCESS(address, bytes, write)				\
	do {								\
		ASSERT_EXIT(&self->vm, MINIVMX_EXIT_MMIO);		\
		EXPECT_EQ((__u64)(address), self->vm.run->mmio.phys_addr);	\
		EXPECT_EQ((__u32)(bytes), self->vm.run->mmio.len);	\
		EXPECT_EQ(write, self->vm.run->mmio.is_write);		\
	} while (0)

#define EXPECT_READ(address, bytes, value)				\
	do {								\
		EXPECT_ACCESS(address, bytes, 0);			\
		memcpy(self->vm.run->mmio.data, &(__u64){ value }, 8);	\
	} while (0)

#define EXPECT_WRITE(address, bytes, value)				\
	do {								\
		EXPECT_ACCESS(address, bytes, 1);			\
		EXPECT_EQ(0, memcmp(self->vm.run->mmio.data, &(__u64){ value }, bytes));	\
	} while (0)

#define EXPECT_RIP(want)						\
	do {								\
		struct minivmx_regs __regs;				\
									\
		ASSERT_EQ(0, vm_get_regs(&self->vm, &__regs));		\
		EXPECT_EQ((__u64)(want), __regs.rip);			\
	} while (0)

#define EXPECT_RAX(want)						\
	do {								\
		struct minivmx_regs __regs;				\
									\
		ASSERT_EQ(0, vm_get_regs(&self->vm, &__regs));		\
		EXPECT_EQ((__u64)(want), __regs.rax);			\
	} while (0)

TEST_F(mmio, read_then_write)
{
	START_AT(VM_PROTECTED, add, VM_HOLE + 4);
	EXPECT_READ(VM_HOLE + 4, 4, 0x01010101);
	EXPECT_RIP(VM_CODE);
	EXPECT_WRITE(VM_HOLE + 4, 4, 0x45342312);
	EXPECT_RIP(VM_CODE + 2);
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
}

/* A page's end splits an access; each part goes where it belongs. */
TEST_F(mmio, across_pages)
{
	/* Two pages of nothing. */
	START_AT(VM_LONG, load_64, VM_HOLE + PAGE - 3);
	EXPECT_READ(VM_HOLE + PAGE - 3, 3, 0x332211);
	EXPECT_READ(VM_HOLE + PAGE, 5, 0x8877665544);
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	EXPECT_RAX(0x8877665544332211);
	START_AT(VM_LONG, store_64, VM_HOLE + PAGE - 3);
	EXPECT_WRITE(VM_HOLE + PAGE - 3, 3, 0x332211);
	EXPECT_WRITE(VM_HOLE + PAGE, 5, 0x8877665544);
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
}

TEST_F(mmio, across_the_end_of_memory)
{
	__u8 *memory = self->vm.mem + VM_DATA;

	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, VM_HOLE + PAGE, PAGE, memory));
	/* Nothing, then memory. */
	memcpy(memory, "\x33\x44", 2);
	START_AT(VM_PROTECTED, load, VM_HOLE + PAGE - 2);
	EXPECT_READ(VM_HOLE + PAGE - 2, 2, 0x2211);
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	EXPECT_RAX(0x44332211);
	START_AT(VM_PROTECTED, store, VM_HOLE + PAGE - 2);
	EXPECT_WRITE(VM_HOLE + PAGE - 2, 2, 0x2211);
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	EXPECT_EQ(0, memcmp(memory, "\x33\x44", 2));
	/* Memory, then nothing. */
	memcpy(memory + PAGE - 1, "\x99", 1);
	START_AT(VM_PROTECTED, load, VM_HOLE + 2 * PAGE - 1);
	EXPECT_READ(VM_HOLE + 2 * PAGE, 3, 0xccbbaa);
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	EXPECT_RAX(0xccbbaa99);
	START_AT(VM_PROTECTED, store, VM_HOLE + 2 * PAGE - 1);
	EXPECT_WRITE(VM_HOLE + 2 * PAGE, 3, 0x443322);
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	EXPECT_EQ(0x11, memory[PAGE - 1]);
}

TEST_F(mmio, four_reads_of_one_instruction)
{
	struct minivmx_regs regs;

	START_AT(VM_PROTECTED, compare, 0);
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	regs.rsi = VM_HOLE + PAGE - 1;
	regs.rdi = VM_HOLE + 3 * PAGE - 3;
	ASSERT_EQ(0, vm_set_regs(&self->vm, &regs));
	EXPECT_READ(VM_HOLE + PAGE - 1, 1, 0x44);
	EXPECT_READ(VM_HOLE + PAGE, 3, 0x112233);
	EXPECT_READ(VM_HOLE + 3 * PAGE - 3, 3, 0x223344);
	EXPECT_READ(VM_HOLE + 3 * PAGE, 1, 0x11);
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	EXPECT_EQ(0x40, regs.rflags & 0x40);	/* ZF: equal */
	EXPECT_EQ(VM_HOLE + PAGE + 3, regs.rsi);
}

/* Memory that can't be written is read as memory and written as a device; locked or not. */
TEST_F(mmio, readonly_slot)
{
	__u32 *memory = (__u32 *)(self->vm.mem + VM_DATA);

	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, MINIVMX_MEM_READONLY, VM_HOLE, PAGE, memory));
	*memory = 0x01010101;
	START_AT(VM_PROTECTED, add, VM_HOLE);
	EXPECT_WRITE(VM_HOLE, 4, 0x45342312);
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	START_AT(VM_PROTECTED, lock_add, VM_HOLE);
	EXPECT_WRITE(VM_HOLE, 4, 0x45342312);
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	EXPECT_EQ(0x01010101, *memory);
}

TEST_F(mmio, immediate_exit_completes_the_read)
{
	START_AT(VM_PROTECTED, load, VM_HOLE);
	EXPECT_READ(VM_HOLE, 4, 0x12345678);
	self->vm.run->immediate_exit = 1;
	/* What the run page says of the exit is not believed. */
	self->vm.run->mmio.len = 0xffffffff;
	self->vm.run->mmio.phys_addr = 0;
	EXPECT_EQ(-EINTR, vm_run(&self->vm));
	EXPECT_RAX(0x12345678);
	EXPECT_RIP(VM_CODE + 2);
}

/* Who moves RIP has done the access. KVM completes the old instruction all the same. */
TEST_F(mmio, rip_moved_by_userspace)
{
	struct minivmx_regs regs;

	if (variant->kvm)
		SKIP(return, "KVM completes the instruction that exited");
	START_AT(VM_PROTECTED, load, VM_HOLE);
	EXPECT_READ(VM_HOLE, 4, 0x12345678);
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	regs.rip += 2;
	regs.rax = 7;
	ASSERT_EQ(0, vm_set_regs(&self->vm, &regs));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	EXPECT_RAX(7);
}

/* The trap of a single step comes after the access. KVM forgets it behind a write. */
TEST_F(mmio, single_step)
{
	struct minivmx_regs regs;

	for (int write = 0; write < (variant->kvm ? 1 : 2); write++) {
		ASSERT_EQ(0, start_at(&self->vm, VM_PROTECTED, write ? step_store_start : step_load_start,
				      write ? step_store_end : step_load_end, VM_HOLE));
		ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
		regs.rsp -= 4;
		*(__u32 *)(self->vm.mem + regs.rsp) = RFLAGS_TF | 2;
		ASSERT_EQ(0, vm_set_regs(&self->vm, &regs));
		EXPECT_ACCESS(VM_HOLE, 4, write);
		ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
		EXPECT_EQ(VECTOR_DB, vm_caught(&self->vm));
		ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
		EXPECT_EQ(VM_CODE + 3, *(__u32 *)(self->vm.mem + regs.rsp));
	}
}

/* A device's data that the guest has no place for. */
TEST_F(mmio, fault_at_the_other_operand)
{
	struct minivmx_sregs sregs;
	struct minivmx_regs regs;

	START_AT(VM_PROTECTED, move, 0);
	ASSERT_EQ(0, vm_get_sregs(&self->vm, &sregs));
	sregs.es.limit = 0xfff;
	sregs.es.g = 0;
	ASSERT_EQ(0, vm_set_sregs(&self->vm, &sregs));
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	regs.rsi = VM_HOLE;
	regs.rdi = 0xffe;
	ASSERT_EQ(0, vm_set_regs(&self->vm, &regs));
	ASSERT_EQ(0, vm_run(&self->vm));
	if (self->vm.run->exit_reason == MINIVMX_EXIT_MMIO)
		ASSERT_EQ(0, vm_run(&self->vm));
	ASSERT_EQ(MINIVMX_EXIT_HLT, self->vm.run->exit_reason);
	EXPECT_EQ(VECTOR_GP, vm_caught(&self->vm));
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	EXPECT_EQ(VM_HOLE, regs.rsi);
	EXPECT_EQ(0xffe, regs.rdi);
}

/* What is not emulated: userspace gets the bytes, and the guest #UD if nothing is done about it. */
TEST_F(mmio, unknown_instruction)
{
	START_AT(VM_PROTECTED, float_load, VM_HOLE);
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_INTERNAL_ERROR);
	EXPECT_EQ(MINIVMX_INTERNAL_ERROR_EMULATION, self->vm.run->emulation_failure.suberror);
	EXPECT_EQ(1, self->vm.run->emulation_failure.flags);
	EXPECT_EQ(15, self->vm.run->emulation_failure.insn_size);
	EXPECT_EQ(0, memcmp(self->vm.run->emulation_failure.insn_bytes, float_load_start, 3));
	if (!variant->kvm)
		EXPECT_EQ(VM_HOLE, self->vm.run->emulation_failure.guest_phys_addr);
	EXPECT_RIP(VM_CODE);
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	EXPECT_EQ(VECTOR_UD, vm_caught(&self->vm));
}

TEST_F(mmio, unknown_instruction_of_user_code)
{
	START_AT(VM_PROTECTED, float_load, VM_HOLE);
	ASSERT_EQ(0, vm_enter_ring3(&self->vm));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	EXPECT_EQ(VECTOR_UD, vm_caught(&self->vm));
}

TEST_HARNESS_MAIN
