// SPDX-License-Identifier: GPL-2.0
/*
 * events.c - exceptions in the guest are delivered once, whatever exits come in between.
 *
 * The IDT, its handlers' stack or both are in pages that the guest has never touched, so
 * delivery itself causes an EPT violation; the hypervisor must inject the event again, with its
 * error code and, for INT3 and INT n, its length. SDM 3C "Information for VM Exits That Occur
 * During Event Delivery".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>

#include "vm.h"
#include "kselftest_harness.h"

#define PAGE	4096UL
#define IDT	0x200000U	/* its own page */
#define STACK	0x300000U	/* top of an untouched page below */
#define HANDLER	VM_CODE		/* all guest code starts with the handler */

/* The handler pops the frame into registers: EBX, ECX, EDX, from the top of the stack. */
#define HANDLER_CODE "pop %ebx\n\t pop %ecx\n\t pop %edx\n\t inc %esi\n\t hlt\n\t .p2align 4\n\t"
#define START_OFFSET	16

GUEST_CODE(breakpoint, 32, HANDLER_CODE "int3\n\t hlt");
GUEST_CODE(software, 32, HANDLER_CODE "int $0x80\n\t hlt");
GUEST_CODE(undefined, 32, HANDLER_CODE "ud2\n\t hlt");
GUEST_CODE(protection, 32, HANDLER_CODE "mov $0x50, %eax\n\t mov %ax, %ds\n\t hlt");
GUEST_CODE(divide, 32, HANDLER_CODE "xor %ecx, %ecx\n\t div %ecx\n\t hlt");

/* TF traps after the instruction that follows POPF, 10 bytes on. */
GUEST_CODE(step, 32, HANDLER_CODE "pushf\n\t orl $0x100, (%esp)\n\t popf\n\t nop\n\t hlt");

VM_FIXTURE(events)
{
	VM_SETUP(self, variant);
}

struct gate {
	__u16 offset_low, selector, type, offset_high;
};

static int start(struct vm *vm, const __u8 *code, const __u8 *end, int vector)
{
	struct gate *idt = (struct gate *)(vm->mem + IDT);
	struct minivmx_sregs sregs;
	struct minivmx_regs regs;
	int ret = vm_start(vm, VM_PROTECTED, code, end);

	/* Written by the host: the guest has no translation for it yet. */
	memset(idt, 0, PAGE);
	idt[vector] = (struct gate){ HANDLER, VM_SEL_CODE, 0x8e00, 0 };
	madvise(vm->mem + STACK - PAGE, PAGE, MADV_DONTNEED);
	if (!ret)
		ret = vm_get_sregs(vm, &sregs);
	sregs.idt = (struct minivmx_dtable){ .base = IDT, .limit = 0x7ff };
	if (!ret)
		ret = vm_set_sregs(vm, &sregs);
	if (!ret)
		ret = vm_get_regs(vm, &regs);
	regs.rip = VM_CODE + START_OFFSET;
	regs.rsp = STACK;
	regs.rsi = 0;
	return ret ? ret : vm_set_regs(vm, &regs);
}

/* Runs to the handler's HLT; without an error code, EBX is EIP; with one, it is the code. */
static void expect_frame(struct __test_metadata *_metadata, struct vm *vm, __u64 first,
			 __u64 second)
{
	struct minivmx_regs regs;

	ASSERT_EXIT(vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(0, vm_get_regs(vm, &regs));
	EXPECT_EQ(1, regs.rsi);
	EXPECT_EQ(first, regs.rbx);
	EXPECT_EQ(second, regs.rcx);
	/* Three one-byte pops, INC, HLT. */
	EXPECT_EQ(HANDLER + 5, regs.rip);
}

/* INT3 and INT n push the address after the instruction. */
TEST_F(events, breakpoint)
{
	ASSERT_EQ(0, start(&self->vm, breakpoint_start, breakpoint_end, 3));
	expect_frame(_metadata, &self->vm, VM_CODE + START_OFFSET + 1, VM_SEL_CODE);
}

TEST_F(events, software_interrupt)
{
	ASSERT_EQ(0, start(&self->vm, software_start, software_end, 0x80));
	expect_frame(_metadata, &self->vm, VM_CODE + START_OFFSET + 2, VM_SEL_CODE);
}

/* Faults push the address of the instruction. */
TEST_F(events, undefined_opcode)
{
	ASSERT_EQ(0, start(&self->vm, undefined_start, undefined_end, 6));
	expect_frame(_metadata, &self->vm, VM_CODE + START_OFFSET, VM_SEL_CODE);
}

TEST_F(events, divide_error)
{
	ASSERT_EQ(0, start(&self->vm, divide_start, divide_end, 0));
	expect_frame(_metadata, &self->vm, VM_CODE + START_OFFSET + 2, VM_SEL_CODE);
}

/* The selector that was refused is the error code, on top of the address. */
TEST_F(events, general_protection_with_error_code)
{
	ASSERT_EQ(0, start(&self->vm, protection_start, protection_end, 13));
	expect_frame(_metadata, &self->vm, 0x50, VM_CODE + START_OFFSET + 5);
}

/*
 * A single-step trap comes after its instruction: run again, the instruction would not raise it a
 * second time, so here nothing but injecting it again can deliver it.
 */
TEST_F(events, single_step_trap)
{
	ASSERT_EQ(0, start(&self->vm, step_start, step_end, 1));
	expect_frame(_metadata, &self->vm, VM_CODE + START_OFFSET + 10, VM_SEL_CODE);
}

/*
 * The same with the stack's page unmapped: RUN fails in the middle of the delivery. When the
 * page is back the event is delivered, once.
 */
TEST_F(events, delivery_goes_on_after_efault)
{
	__u8 *stack = self->vm.mem + STACK - PAGE;

	ASSERT_EQ(0, start(&self->vm, breakpoint_start, breakpoint_end, 3));
	ASSERT_EQ(0, mprotect(stack, PAGE, PROT_NONE));
	EXPECT_EQ(-EFAULT, vm_run(&self->vm));
	EXPECT_EQ(-EFAULT, vm_run(&self->vm));
	ASSERT_EQ(0, mprotect(stack, PAGE, PROT_READ | PROT_WRITE));
	expect_frame(_metadata, &self->vm, VM_CODE + START_OFFSET + 1, VM_SEL_CODE);
}

/* Many times over, with the pages taken away each time: no event is lost or doubled. */
TEST_F(events, each_is_delivered_once)
{
	for (int i = 0; i < 50; i++) {
		ASSERT_EQ(0, start(&self->vm, breakpoint_start, breakpoint_end, 3));
		expect_frame(_metadata, &self->vm, VM_CODE + START_OFFSET + 1, VM_SEL_CODE);
	}
}

TEST_HARNESS_MAIN
