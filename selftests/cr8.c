// SPDX-License-Identifier: GPL-2.0
/*
 * cr8.c - CR8, the guest's task priority: MOV to and from it, the exit when it sinks, and the run
 * page's copy, which each RUN takes.
 *
 * Nothing here acts on the priority: interrupts come from userspace, which looks at it.
 */
#include <errno.h>

#include "fault.h"
#include "kselftest_harness.h"

VM_FIXTURE(cr8)
{
	VM_SETUP(self, variant);
}

GUEST_CODE(write_cr8, 64, "mov %rax, %cr8\n\t mov %cr8, %rbx\n\t hlt");
GUEST_CODE(cr8_rsp, 64,
	"mov $5, %eax\n\t mov %rax, %cr8\n\t mov %rsp, %rcx\n\t mov %cr8, %rsp\n\t"
	"mov %rsp, %rbx\n\t mov %rcx, %rsp\n\t hlt");

static int start_cr8(struct vm *vm, __u64 value)
{
	int ret = VM_START(vm, VM_LONG, write_cr8);

	if (!ret)
		ret = vm_catch_faults(vm, VM_LONG);
	return ret ? ret : vm_run_with_rax(vm, value);
}

TEST_F(cr8, up_and_down)
{
	struct vm *vm = &self->vm;
	struct minivmx_regs regs;

	ASSERT_EQ(0, start_cr8(vm, 9));
	ASSERT_EQ(MINIVMX_EXIT_HLT, vm->run->exit_reason);
	EXPECT_EQ(9, vm->run->cr8);
	ASSERT_EQ(0, vm_get_regs(vm, &regs));
	EXPECT_EQ(9, regs.rbx);
	/* The same again is not lower. */
	ASSERT_EQ(0, start_cr8(vm, 9));
	ASSERT_EQ(MINIVMX_EXIT_HLT, vm->run->exit_reason);
	/* Lower: userspace hears of it, behind the instruction. */
	ASSERT_EQ(0, start_cr8(vm, 3));
	ASSERT_EQ(MINIVMX_EXIT_SET_TPR, vm->run->exit_reason);
	EXPECT_EQ(3, vm->run->cr8);
	ASSERT_EQ(0, vm_get_regs(vm, &regs));
	EXPECT_EQ(VM_CODE + 4, regs.rip);
	ASSERT_EXIT(vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(0, vm_get_regs(vm, &regs));
	EXPECT_EQ(3, regs.rbx);
}

TEST_F(cr8, reserved_bits)
{
	ASSERT_EQ(0, start_cr8(&self->vm, 15));
	EXPECT_EQ(NO_FAULT, vm_caught(&self->vm));
	ASSERT_EQ(0, start_cr8(&self->vm, 16));
	EXPECT_EQ(VECTOR_GP, vm_caught(&self->vm));
	EXPECT_EQ(15, self->vm.run->cr8);
	/* KVM looks at the low byte only. */
	if (!variant->kvm) {
		ASSERT_EQ(0, start_cr8(&self->vm, 1ULL << 32 | 15));
		EXPECT_EQ(VECTOR_GP, vm_caught(&self->vm));
	}
}

TEST_F(cr8, through_rsp)
{
	struct minivmx_regs regs;

	ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, cr8_rsp));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	EXPECT_EQ(5, regs.rbx);
	EXPECT_EQ(VM_STACK, regs.rsp);
}

/* RUN takes CR8 from the run page, and refuses what CR8 can't hold. */
TEST_F(cr8, from_the_run_page)
{
	struct vm *vm = &self->vm;
	struct minivmx_sregs sregs;

	ASSERT_EQ(0, VM_START(vm, VM_LONG, write_cr8));
	ASSERT_EQ(0, vm_get_sregs(vm, &sregs));
	sregs.cr8 = 7;
	ASSERT_EQ(0, vm_set_sregs(vm, &sregs));
	vm->run->cr8 = 2;
	ASSERT_EQ(0, vm_run_with_rax(vm, 1));
	EXPECT_EQ(MINIVMX_EXIT_SET_TPR, vm->run->exit_reason);
	vm->run->cr8 = 16;
	EXPECT_EQ(-EINVAL, vm_run(vm));
	EXPECT_EQ(1, vm->run->cr8);
	ASSERT_EXIT(vm, MINIVMX_EXIT_HLT);
}

TEST_HARNESS_MAIN
