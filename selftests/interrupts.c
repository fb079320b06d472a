// SPDX-License-Identifier: GPL-2.0
/*
 * interrupts.c - external interrupts from userspace, and when a guest can take one.
 *
 * SDM 3A "Masking Maskable Hardware Interrupts", "Masking Exceptions and Interrupts When Switching
 * Stacks"; SDM 3C "Interrupt-window exiting".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>

#include "idt.h"
#include "kselftest_harness.h"

#define PAGE		4096UL
#define VECTOR		0x40U
#define REFUSED		(MINIVMX_EXIT_REASON_FAILED_ENTRY | 33)

GUEST_CODE(nops16, 16, "nop\n\t nop\n\t hlt");
GUEST_CODE(nops32, 32, "nop\n\t nop\n\t hlt");
GUEST_CODE(nops64, 64, "nop\n\t nop\n\t hlt");
/* Each opens the window at the offset that its test names. */
GUEST_CODE(open_sti, 32, "nop\n\t sti\n\t nop\n\t nop\n\t hlt");
GUEST_CODE(open_sti_hlt, 32, "sti\n\t hlt\n\t nop\n\t hlt");
GUEST_CODE(open_mov_ss, 32, "mov %ss, %eax\n\t sti\n\t mov %eax, %ss\n\t nop\n\t nop\n\t hlt");
GUEST_CODE(open_popf, 32, "push $0x202\n\t popf\n\t nop\n\t hlt");
GUEST_CODE(sti_cli, 32, "sti\n\t cli\n\t sti\n\t cli\n\t hlt");
/* An exit in the shadow, which ends it. */
GUEST_CODE(out_in_sti, 32, "sti\n\t out %al, $0x99\n\t nop\n\t hlt");
GUEST_CODE(out_in_mov_ss, 32, "mov %ss, %eax\n\t mov %eax, %ss\n\t out %al, $0x99\n\t nop\n\t hlt");

VM_FIXTURE(interrupts)
{
	VM_SETUP(self, variant);
}

static int start_nops(struct vm *vm, enum vm_mode mode, __u64 rflags)
{
	int ret;

	switch (mode) {
	case VM_REAL:
		ret = IDT_START(vm, mode, nops16);
		break;
	case VM_LONG:
		ret = IDT_START(vm, mode, nops64);
		break;
	default:
		ret = IDT_START(vm, mode, nops32);
		break;
	}
	return ret ? ret : vm_set_rflags(vm, rflags);
}

static bool waits(struct vm *vm, unsigned int vector)
{
	struct minivmx_sregs sregs;

	return !vm_get_sregs(vm, &sregs) &&
	       (sregs.interrupt_bitmap[vector / 64] >> vector % 64 & 1);
}

TEST_F(interrupts, delivered_in_every_mode)
{
	struct vm *vm = &self->vm;

	for (enum vm_mode mode = VM_REAL; mode <= VM_LONG; mode++) {
		ASSERT_EQ(0, start_nops(vm, mode, RFLAGS_IF)) {
			TH_LOG("%s mode", MODE_NAME(mode));
		}
		ASSERT_EQ(0, vm_interrupt(vm, VECTOR));
		EXPECT_TRUE(waits(vm, VECTOR));
		ASSERT_DELIVERED(vm, mode, VECTOR, VM_CODE);
		EXPECT_FALSE(waits(vm, VECTOR));
		/* An interrupt gate has cleared IF. */
		EXPECT_EQ(0, vm->run->if_flag);
		EXPECT_EQ(0, vm->run->ready_for_interrupt_injection);
		ASSERT_HALTED(vm, VM_CODE + 3);
		EXPECT_EQ(1, vm->run->if_flag);
	}
}

TEST_F(interrupts, every_vector)
{
	struct vm *vm = &self->vm;
	static const unsigned int vectors[] = { 0, 31, 32, 63, 64, 128, 255 };

	for (unsigned int i = 0; i < ARRAY_SIZE(vectors); i++) {
		/* With the vector of an exception too it pushes no error code. */
		ASSERT_EQ(0, start_nops(vm, VM_PROTECTED, RFLAGS_IF));
		ASSERT_EQ(0, vm_interrupt(vm, vectors[i]));
		EXPECT_TRUE(waits(vm, vectors[i]));
		ASSERT_DELIVERED(vm, VM_PROTECTED, vectors[i], VM_CODE);
	}
	EXPECT_EQ(-EINVAL, vm_interrupt(vm, 256));
	EXPECT_EQ(-EINVAL, vm_interrupt(vm, 0xffffffff));
}

/* There is room for one. */
TEST_F(interrupts, the_last_one_counts)
{
	struct vm *vm = &self->vm;

	ASSERT_EQ(0, start_nops(vm, VM_PROTECTED, RFLAGS_IF));
	ASSERT_EQ(0, vm_interrupt(vm, 0x50));
	ASSERT_EQ(0, vm_interrupt(vm, VECTOR));
	ASSERT_DELIVERED(vm, VM_PROTECTED, VECTOR, VM_CODE);
	ASSERT_HALTED(vm, VM_CODE + 3);
}

TEST_F(interrupts, refused_with_interrupts_off)
{
	struct vm *vm = &self->vm;

	ASSERT_EQ(0, start_nops(vm, VM_LONG, 0));
	ASSERT_EQ(0, vm_interrupt(vm, VECTOR));
	ASSERT_EXIT(vm, MINIVMX_EXIT_FAIL_ENTRY);
	EXPECT_EQ(REFUSED, vm->run->fail_entry.hardware_entry_failure_reason);
	EXPECT_EQ(0, vm->run->ready_for_interrupt_injection);
	/* It goes on waiting. */
	EXPECT_TRUE(waits(vm, VECTOR));
	ASSERT_EQ(0, vm_set_rflags(vm, RFLAGS_IF));
	ASSERT_DELIVERED(vm, VM_LONG, VECTOR, VM_CODE);
	ASSERT_HALTED(vm, VM_CODE + 3);
}

/* What a failed entry left behind is not delivered when it has been taken back. */
TEST_F(interrupts, taken_back_after_a_failed_entry)
{
	struct minivmx_vcpu_events events;
	struct vm *vm = &self->vm;

	ASSERT_EQ(0, start_nops(vm, VM_LONG, 0));
	ASSERT_EQ(0, vm_interrupt(vm, VECTOR));
	ASSERT_EXIT(vm, MINIVMX_EXIT_FAIL_ENTRY);
	ASSERT_EQ(0, vm_get_events(vm, &events));
	EXPECT_EQ(1, events.interrupt.injected);
	events.interrupt.injected = 0;
	ASSERT_EQ(0, vm_set_events(vm, &events));
	ASSERT_EQ(0, vm_set_rflags(vm, RFLAGS_IF));
	/* KVM leaves it in the VMCS, so there it comes. */
	if (variant->kvm)
		ASSERT_DELIVERED(vm, VM_LONG, VECTOR, VM_CODE);
	ASSERT_HALTED(vm, VM_CODE + 3);
}

TEST_F(interrupts, refused_in_a_shadow)
{
	struct minivmx_vcpu_events events = { .flags = MINIVMX_VCPUEVENT_VALID_SHADOW };
	struct vm *vm = &self->vm;

	for (__u8 shadow = 1; shadow <= 2; shadow++) {
		ASSERT_EQ(0, start_nops(vm, VM_LONG, RFLAGS_IF));
		events.interrupt.shadow = shadow;
		ASSERT_EQ(0, vm_set_events(vm, &events));
		ASSERT_EQ(0, vm_interrupt(vm, VECTOR));
		ASSERT_EXIT(vm, MINIVMX_EXIT_FAIL_ENTRY);
		EXPECT_EQ(REFUSED, vm->run->fail_entry.hardware_entry_failure_reason);
		events.interrupt.shadow = 0;
		ASSERT_EQ(0, vm_set_events(vm, &events));
	}
}

/* An exception comes first, and the interrupt that did not wait for its turn is lost. */
TEST_F(interrupts, lost_behind_an_exception)
{
	struct minivmx_vcpu_events events = { .exception = { .injected = 1, .nr = 6 } };
	struct vm *vm = &self->vm;

	ASSERT_EQ(0, start_nops(vm, VM_PROTECTED, RFLAGS_IF));
	ASSERT_EQ(0, vm_set_events(vm, &events));
	ASSERT_EQ(0, vm_interrupt(vm, VECTOR));
	ASSERT_DELIVERED(vm, VM_PROTECTED, 6, VM_CODE);
	ASSERT_HALTED(vm, VM_CODE + 3);
}

/* -------------------------------------------------------------------- the window */

/* The next exit is the open window, before the instruction at the address. */
#define ASSERT_WINDOW(vm, address)						\
	do {									\
		struct minivmx_regs regs_;					\
										\
		ASSERT_EXIT(vm, MINIVMX_EXIT_IRQ_WINDOW_OPEN);			\
		EXPECT_EQ(1, (vm)->run->ready_for_interrupt_injection);		\
		EXPECT_EQ(1, (vm)->run->if_flag);				\
		ASSERT_EQ(0, vm_get_regs(vm, &regs_));				\
		EXPECT_EQ(address, regs_.rip);					\
	} while (0)

#define ASSERT_OPENS_AT(vm, code, offset)					\
	do {									\
		ASSERT_EQ(0, IDT_START(vm, VM_PROTECTED, code));		\
		(vm)->run->request_interrupt_window = 1;			\
		ASSERT_WINDOW(vm, VM_CODE + (offset));				\
		/* Taken there, and nowhere else. */				\
		(vm)->run->request_interrupt_window = 0;			\
		ASSERT_EQ(0, vm_interrupt(vm, VECTOR));				\
		ASSERT_DELIVERED(vm, VM_PROTECTED, VECTOR, VM_CODE + (offset));	\
		ASSERT_HALTED(vm, VM_CODE + (code##_end - code##_start));	\
	} while (0)

TEST_F(interrupts, window_opens_behind_sti_and_one_more)
{
	ASSERT_OPENS_AT(&self->vm, open_sti, 3);
}

/* STI's shadow covers MOV SS, and that one's the next. */
TEST_F(interrupts, window_opens_behind_mov_ss_and_one_more)
{
	ASSERT_OPENS_AT(&self->vm, open_mov_ss, 6);
}

TEST_F(interrupts, window_opens_behind_popf)
{
	ASSERT_OPENS_AT(&self->vm, open_popf, 6);
}

/* Nothing can come between the two: a wake-up is not lost. */
TEST_F(interrupts, sti_hlt_is_one)
{
	struct vm *vm = &self->vm;

	ASSERT_EQ(0, IDT_START(vm, VM_PROTECTED, open_sti_hlt));
	vm->run->request_interrupt_window = 1;
	ASSERT_HALTED(vm, VM_CODE + 2);
	/* The shadow covered HLT. */
	EXPECT_EQ(1, vm->run->ready_for_interrupt_injection);
	ASSERT_WINDOW(vm, VM_CODE + 2);
}

TEST_F(interrupts, window_never_opens)
{
	struct vm *vm = &self->vm;

	ASSERT_EQ(0, IDT_START(vm, VM_PROTECTED, sti_cli));
	vm->run->request_interrupt_window = 1;
	ASSERT_HALTED(vm, VM_CODE + 5);
	EXPECT_EQ(0, vm->run->ready_for_interrupt_injection);
}

/* Open from the start: no instruction is executed, however often it is asked for. */
TEST_F(interrupts, window_open_already)
{
	struct vm *vm = &self->vm;

	ASSERT_EQ(0, start_nops(vm, VM_PROTECTED, RFLAGS_IF));
	vm->run->request_interrupt_window = 1;
	for (int i = 0; i < 3; i++) {
		ASSERT_WINDOW(vm, VM_CODE);
	}
	vm->run->request_interrupt_window = 0;
	ASSERT_HALTED(vm, VM_CODE + 3);
}

/* Not while an interrupt waits: behind its delivery, if the gate leaves IF set. */
TEST_F(interrupts, window_with_an_interrupt_and_a_trap_gate)
{
	struct vm *vm = &self->vm;

	ASSERT_EQ(0, start_nops(vm, VM_LONG, RFLAGS_IF));
	idt_trap_gate(vm, VM_LONG, VECTOR);
	ASSERT_EQ(0, vm_interrupt(vm, VECTOR));
	vm->run->request_interrupt_window = 1;
	ASSERT_WINDOW(vm, IDT_HANDLER(VECTOR));
	vm->run->request_interrupt_window = 0;
	ASSERT_DELIVERED(vm, VM_LONG, VECTOR, VM_CODE);
	ASSERT_HALTED(vm, VM_CODE + 3);
}

/* Else its handler's IRET opens it. */
TEST_F(interrupts, window_with_an_interrupt)
{
	struct vm *vm = &self->vm;

	ASSERT_EQ(0, start_nops(vm, VM_PROTECTED, RFLAGS_IF));
	ASSERT_EQ(0, vm_interrupt(vm, VECTOR));
	vm->run->request_interrupt_window = 1;
	ASSERT_DELIVERED(vm, VM_PROTECTED, VECTOR, VM_CODE);
	ASSERT_WINDOW(vm, VM_CODE);
}

/* --------------------------------------------------------------------- the shadow */

static void expect_shadow(struct __test_metadata *_metadata, struct vm *vm, __u8 shadow,
			  __u8 if_flag)
{
	struct minivmx_vcpu_events events;

	ASSERT_EXIT(vm, MINIVMX_EXIT_IO);
	EXPECT_EQ(0x99, vm->run->io.port);
	EXPECT_EQ(if_flag, vm->run->if_flag);
	EXPECT_EQ(0, vm->run->ready_for_interrupt_injection);
	ASSERT_EQ(0, vm_get_events(vm, &events));
	EXPECT_EQ(shadow, events.interrupt.shadow);
	/* Userspace finishes the OUT, and with it the shadow. */
	vm->run->immediate_exit = 1;
	EXPECT_EQ(-EINTR, vm_run(vm));
	vm->run->immediate_exit = 0;
	EXPECT_EQ(1, vm->run->ready_for_interrupt_injection);
	ASSERT_EQ(0, vm_get_events(vm, &events));
	EXPECT_EQ(0, events.interrupt.shadow);
}

TEST_F(interrupts, sti_shadow_is_seen)
{
	ASSERT_EQ(0, IDT_START(&self->vm, VM_PROTECTED, out_in_sti));
	expect_shadow(_metadata, &self->vm, MINIVMX_X86_SHADOW_INT_STI, 1);
}

TEST_F(interrupts, mov_ss_shadow_is_seen)
{
	ASSERT_EQ(0, IDT_START(&self->vm, VM_PROTECTED, out_in_mov_ss));
	ASSERT_EQ(0, vm_set_rflags(&self->vm, RFLAGS_IF));
	expect_shadow(_metadata, &self->vm, MINIVMX_X86_SHADOW_INT_MOV_SS, 1);
}

/* --------------------------------------------------- SET_SREGS, interrupted delivery */

TEST_F(interrupts, sregs_bitmap)
{
	struct minivmx_sregs sregs;
	struct vm *vm = &self->vm;

	ASSERT_EQ(0, start_nops(vm, VM_PROTECTED, RFLAGS_IF));
	ASSERT_EQ(0, vm_get_sregs(vm, &sregs));
	sregs.interrupt_bitmap[1] = 1UL << 5 | 1UL << 63;
	sregs.interrupt_bitmap[3] = 1;
	ASSERT_EQ(0, vm_set_sregs(vm, &sregs));
	ASSERT_EQ(0, vm_get_sregs(vm, &sregs));
	EXPECT_EQ(0, sregs.interrupt_bitmap[0]);
	EXPECT_EQ(1UL << 5, sregs.interrupt_bitmap[1]);
	EXPECT_EQ(0, sregs.interrupt_bitmap[2]);
	EXPECT_EQ(0, sregs.interrupt_bitmap[3]);
	/* No bit changes nothing. */
	sregs.interrupt_bitmap[1] = 0;
	ASSERT_EQ(0, vm_set_sregs(vm, &sregs));
	ASSERT_DELIVERED(vm, VM_PROTECTED, 64 + 5, VM_CODE);
	ASSERT_HALTED(vm, VM_CODE + 3);
}

/* The table, then the stack is not there: it is delivered once all the same. */
TEST_F(interrupts, delivered_once_through_missing_pages)
{
	struct vm *vm = &self->vm;

	for (enum vm_mode mode = VM_REAL; mode <= VM_LONG; mode++) {
		ASSERT_EQ(0, start_nops(vm, mode, RFLAGS_IF)) {
			TH_LOG("%s mode", MODE_NAME(mode));
		}
		for (int i = 0; i < 5; i++) {
			idt_evict(vm, IDT_TABLE);
			idt_evict(vm, IDT_STACK_PAGE);
			idt_evict(vm, IDT_HANDLERS);
			ASSERT_EQ(0, vm_interrupt(vm, VECTOR + i));
			ASSERT_DELIVERED(vm, mode, VECTOR + i, VM_CODE);
			/* The handler's IRET leads back to where the guest was. */
			vm->run->request_interrupt_window = 1;
			ASSERT_WINDOW(vm, VM_CODE);
			vm->run->request_interrupt_window = 0;
		}
		ASSERT_HALTED(vm, VM_CODE + 3);
	}
}

/* RUN fails in the middle of the delivery: the interrupt is seen to wait, and SET_REGS leaves it. */
TEST_F(interrupts, half_delivered)
{
	struct vm *vm = &self->vm;

	ASSERT_EQ(0, start_nops(vm, VM_LONG, RFLAGS_IF));
	ASSERT_EQ(0, vm_interrupt(vm, VECTOR));
	ASSERT_EQ(0, mprotect(vm->mem + IDT_STACK_PAGE, PAGE, PROT_NONE));
	EXPECT_EQ(-EFAULT, vm_run(vm));
	EXPECT_TRUE(waits(vm, VECTOR));
	EXPECT_EQ(1, vm->run->if_flag);
	EXPECT_EQ(0, vm->run->ready_for_interrupt_injection);
	ASSERT_EQ(0, vm_set_rflags(vm, RFLAGS_IF));
	EXPECT_TRUE(waits(vm, VECTOR));
	ASSERT_EQ(0, mprotect(vm->mem + IDT_STACK_PAGE, PAGE, PROT_READ | PROT_WRITE));
	ASSERT_DELIVERED(vm, VM_LONG, VECTOR, VM_CODE);
	ASSERT_HALTED(vm, VM_CODE + 3);
}

TEST_HARNESS_MAIN
