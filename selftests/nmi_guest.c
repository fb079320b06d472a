// SPDX-License-Identifier: GPL-2.0
/*
 * nmi_guest.c - NMIs for the guest: delivered whatever its flags, but not one inside another.
 *
 * nmi.c is about the host's. SDM 3A "Nonmaskable Interrupt (NMI)", "Handling Multiple NMIs"; SDM 3C
 * "Virtual NMIs", "Information About NMI Unblocking Due to IRET".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>

#include "idt.h"
#include "kselftest_harness.h"

#define PAGE	4096UL
#define NMI	2U

GUEST_CODE(nops16, 16, "nop\n\t nop\n\t hlt");
GUEST_CODE(nops32, 32, "nop\n\t nop\n\t hlt");
GUEST_CODE(nops64, 64, "nop\n\t nop\n\t hlt");

VM_FIXTURE(nmi_guest)
{
	VM_SETUP(self, variant);
	ASSERT_EQ(0, IDT_START(&self->vm, VM_LONG, nops64));
}

static struct minivmx_vcpu_events events_of(struct vm *vm)
{
	struct minivmx_vcpu_events events = { .nmi.pad = 0xee };

	vm_get_events(vm, &events);
	return events;
}

/* With interrupts off, too. */
TEST_F(nmi_guest, delivered_in_every_mode)
{
	static const struct { const __u8 *start, *end; } code[] = {
		[VM_REAL]	= { nops16_start, nops16_end },
		[VM_PROTECTED]	= { nops32_start, nops32_end },
		[VM_LONG]	= { nops64_start, nops64_end },
	};
	struct vm *vm = &self->vm;

	for (enum vm_mode mode = VM_REAL; mode <= VM_LONG; mode++) {
		ASSERT_EQ(0, idt_start(vm, mode, code[mode].start, code[mode].end));
		ASSERT_EQ(0, vm_nmi(vm));
		EXPECT_EQ(1, events_of(vm).nmi.pending);
		EXPECT_EQ(0, events_of(vm).nmi.injected);
		ASSERT_DELIVERED(vm, mode, NMI, VM_CODE);
		EXPECT_EQ(0, events_of(vm).nmi.pending);
		EXPECT_EQ(1, events_of(vm).nmi.masked);
		ASSERT_HALTED(vm, VM_CODE + 3);
		EXPECT_EQ(0, events_of(vm).nmi.masked);
	}
}

/* The next waits for the handler's IRET, and comes right behind it. */
TEST_F(nmi_guest, not_inside_the_handler)
{
	struct vm *vm = &self->vm;

	ASSERT_EQ(0, vm_nmi(vm));
	ASSERT_DELIVERED(vm, VM_LONG, NMI, VM_CODE);
	ASSERT_EQ(0, vm_nmi(vm));
	EXPECT_EQ(1, events_of(vm).nmi.pending);
	ASSERT_DELIVERED(vm, VM_LONG, NMI, VM_CODE);
	ASSERT_HALTED(vm, VM_CODE + 3);
}

/* Two can wait before the first is handled, one while it is. */
TEST_F(nmi_guest, more_are_merged)
{
	struct vm *vm = &self->vm;

	for (int i = 0; i < 5; i++) {
		ASSERT_EQ(0, vm_nmi(vm));
	}
	ASSERT_DELIVERED(vm, VM_LONG, NMI, VM_CODE);
	EXPECT_EQ(1, events_of(vm).nmi.pending);
	for (int i = 0; i < 5; i++) {
		ASSERT_EQ(0, vm_nmi(vm));
	}
	ASSERT_DELIVERED(vm, VM_LONG, NMI, VM_CODE);
	EXPECT_EQ(0, events_of(vm).nmi.pending);
	ASSERT_HALTED(vm, VM_CODE + 3);
}

/* Each shadow holds it back for one instruction. */
TEST_F(nmi_guest, not_in_a_shadow)
{
	struct minivmx_vcpu_events events = { .flags = MINIVMX_VCPUEVENT_VALID_SHADOW };
	struct vm *vm = &self->vm;

	for (__u8 shadow = 1; shadow <= 2; shadow++) {
		ASSERT_EQ(0, IDT_START(vm, VM_LONG, nops64));
		ASSERT_EQ(0, vm_set_rflags(vm, RFLAGS_IF));
		events.interrupt.shadow = shadow;
		ASSERT_EQ(0, vm_set_events(vm, &events));
		ASSERT_EQ(0, vm_nmi(vm));
		ASSERT_DELIVERED(vm, VM_LONG, NMI, VM_CODE + 1);
		ASSERT_HALTED(vm, VM_CODE + 3);
	}
}

/* The window that is opened for its sake is nobody else's. */
TEST_F(nmi_guest, no_interrupt_window_of_its_own)
{
	struct minivmx_vcpu_events events = {
		.flags = MINIVMX_VCPUEVENT_VALID_SHADOW,
		.interrupt.shadow = MINIVMX_X86_SHADOW_INT_STI,
	};
	struct vm *vm = &self->vm;
	struct minivmx_regs regs;

	ASSERT_EQ(0, vm_set_rflags(vm, RFLAGS_IF));
	ASSERT_EQ(0, vm_set_events(vm, &events));
	ASSERT_EQ(0, vm_nmi(vm));
	vm->run->request_interrupt_window = 1;
	ASSERT_EXIT(vm, MINIVMX_EXIT_IRQ_WINDOW_OPEN);
	ASSERT_EQ(0, vm_get_regs(vm, &regs));
	EXPECT_EQ(VM_CODE + 1, regs.rip);
	vm->run->request_interrupt_window = 0;
	ASSERT_DELIVERED(vm, VM_LONG, NMI, VM_CODE + 1);
	ASSERT_HALTED(vm, VM_CODE + 3);
}

/* Its delivery faults in the hypervisor: delivered once, and the next is held back. */
TEST_F(nmi_guest, delivered_once_through_missing_pages)
{
	struct vm *vm = &self->vm;

	for (int i = 0; i < 10; i++) {
		ASSERT_EQ(0, IDT_START(vm, VM_LONG, nops64));
		idt_evict(vm, IDT_TABLE);
		idt_evict(vm, IDT_STACK_PAGE);
		idt_evict(vm, IDT_HANDLERS);
		ASSERT_EQ(0, vm_nmi(vm));
		ASSERT_EQ(0, vm_nmi(vm));
		ASSERT_DELIVERED(vm, VM_LONG, NMI, VM_CODE);
		EXPECT_EQ(1, events_of(vm).nmi.masked);
		ASSERT_DELIVERED(vm, VM_LONG, NMI, VM_CODE);
		ASSERT_HALTED(vm, VM_CODE + 3);
	}
}

/* RUN fails in the middle. It is seen to be on its way, and not to block itself. */
TEST_F(nmi_guest, half_delivered)
{
	struct vm *vm = &self->vm;

	ASSERT_EQ(0, vm_nmi(vm));
	ASSERT_EQ(0, mprotect(vm->mem + IDT_STACK_PAGE, PAGE, PROT_NONE));
	EXPECT_EQ(-EFAULT, vm_run(vm));
	EXPECT_EQ(1, events_of(vm).nmi.injected);
	EXPECT_EQ(0, events_of(vm).nmi.pending);
	EXPECT_EQ(0, events_of(vm).nmi.masked);
	/* One more can wait meanwhile. */
	ASSERT_EQ(0, vm_nmi(vm));
	ASSERT_EQ(0, vm_nmi(vm));
	ASSERT_EQ(0, mprotect(vm->mem + IDT_STACK_PAGE, PAGE, PROT_READ | PROT_WRITE));
	ASSERT_DELIVERED(vm, VM_LONG, NMI, VM_CODE);
	ASSERT_DELIVERED(vm, VM_LONG, NMI, VM_CODE);
	ASSERT_HALTED(vm, VM_CODE + 3);
}

/*
 * IRET finds its stack gone: it has unblocked NMIs by then, but is not done. The one that waits must
 * not come before it is: it would find the handler still on the stack.
 */
TEST_F(nmi_guest, iret_through_a_missing_page)
{
	struct vm *vm = &self->vm;

	for (int i = 0; i < 5; i++) {
		ASSERT_EQ(0, IDT_START(vm, VM_LONG, nops64));
		ASSERT_EQ(0, vm_nmi(vm));
		ASSERT_DELIVERED(vm, VM_LONG, NMI, VM_CODE);
		idt_evict(vm, IDT_STACK_PAGE);
		ASSERT_EQ(0, vm_nmi(vm));
		ASSERT_DELIVERED(vm, VM_LONG, NMI, VM_CODE);
		ASSERT_HALTED(vm, VM_CODE + 3);
	}
}

/* The same, seen from userspace: RUN fails at the IRET, and NMIs are blocked still. */
TEST_F(nmi_guest, half_an_iret)
{
	struct vm *vm = &self->vm;
	struct minivmx_regs regs;

	ASSERT_EQ(0, vm_nmi(vm));
	ASSERT_DELIVERED(vm, VM_LONG, NMI, VM_CODE);
	ASSERT_EQ(0, mprotect(vm->mem + IDT_STACK_PAGE, PAGE, PROT_NONE));
	EXPECT_EQ(-EFAULT, vm_run(vm));
	ASSERT_EQ(0, vm_get_regs(vm, &regs));
	EXPECT_EQ(IDT_HANDLER(NMI) + 2, regs.rip);
	/* KVM has set the bit in its VMCS and remembers that it was clear. */
	EXPECT_EQ(!variant->kvm, events_of(vm).nmi.masked);
	ASSERT_EQ(0, mprotect(vm->mem + IDT_STACK_PAGE, PAGE, PROT_READ | PROT_WRITE));
	ASSERT_HALTED(vm, VM_CODE + 3);
	EXPECT_EQ(0, events_of(vm).nmi.masked);
}

/* An interrupt from userspace has begun already; the NMI interrupts its handler. */
TEST_F(nmi_guest, after_the_interrupt_that_has_begun)
{
	struct vm *vm = &self->vm;

	ASSERT_EQ(0, vm_set_rflags(vm, RFLAGS_IF));
	ASSERT_EQ(0, vm_interrupt(vm, 0x40));
	ASSERT_EQ(0, vm_nmi(vm));
	ASSERT_DELIVERED(vm, VM_LONG, NMI, IDT_HANDLER(0x40));
	ASSERT_DELIVERED(vm, VM_LONG, 0x40, VM_CODE);
	ASSERT_HALTED(vm, VM_CODE + 3);
}

/* An exception belongs to the instruction before. */
TEST_F(nmi_guest, after_the_exception)
{
	struct minivmx_vcpu_events events = { .exception = { .injected = 1, .nr = 6 } };
	struct vm *vm = &self->vm;

	ASSERT_EQ(0, vm_set_events(vm, &events));
	ASSERT_EQ(0, vm_nmi(vm));
	ASSERT_DELIVERED(vm, VM_LONG, NMI, IDT_HANDLER(6));
	ASSERT_DELIVERED(vm, VM_LONG, 6, VM_CODE);
	ASSERT_HALTED(vm, VM_CODE + 3);
}

/* What is half delivered goes before what waits, in this order. */
TEST_F(nmi_guest, half_delivered_goes_before_an_interrupt)
{
	struct minivmx_vcpu_events events = {
		.nmi.injected = 1,
		.interrupt = { .injected = 1, .nr = 0x40 },
	};
	struct vm *vm = &self->vm;

	ASSERT_EQ(0, vm_set_rflags(vm, RFLAGS_IF));
	ASSERT_EQ(0, vm_set_events(vm, &events));
	ASSERT_DELIVERED(vm, VM_LONG, NMI, VM_CODE);
	/* There was room for one. */
	ASSERT_HALTED(vm, VM_CODE + 3);
}

/* A debugger can hold them back while it steps. */
TEST_F(nmi_guest, held_back_by_the_debugger)
{
	struct minivmx_guest_debug debug = {
		.control = MINIVMX_GUESTDBG_ENABLE | MINIVMX_GUESTDBG_BLOCKIRQ,
	};
	struct vm *vm = &self->vm;

	ASSERT_EQ(0, vm_ioctl(vm->vcpu, MINIVMX_SET_GUEST_DEBUG, (unsigned long)&debug));
	ASSERT_EQ(0, vm_nmi(vm));
	ASSERT_HALTED(vm, VM_CODE + 3);
	EXPECT_EQ(1, events_of(vm).nmi.pending);
	debug.control = 0;
	ASSERT_EQ(0, vm_ioctl(vm->vcpu, MINIVMX_SET_GUEST_DEBUG, (unsigned long)&debug));
	ASSERT_DELIVERED(vm, VM_LONG, NMI, VM_CODE + 3);
}

TEST_HARNESS_MAIN
