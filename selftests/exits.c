// SPDX-License-Identifier: GPL-2.0
/*
 * exits.c - what RUN reports for each exit, and where it leaves the guest.
 *
 * I/O is in exits_io.c, signals in signals.c, refused VM entries in entry_failures.c.
 * Exits that nobody handles come with their reason and RIP, so that the test below is also
 * the list of them. SDM 3C "VMX Non-Root Operation".
 */
#include <errno.h>

#include "vm.h"
#include "kselftest_harness.h"

#define QUALIFICATION_ACCESS	7	/* bits 2:0: read, write, fetch */

#define REASON_TASK_SWITCH	9
#define REASON_EPT_VIOLATION	48

GUEST_CODE(halts, 32, "hlt\n\t hlt");
GUEST_CODE(undefined, 16, "ud2");
GUEST_CODE(load, 32, "mov (%ebx), %eax\n\t hlt");
GUEST_CODE(store, 32, "mov %eax, (%ebx)\n\t hlt");
GUEST_CODE(jump, 32, "jmp *%ebx");
GUEST_CODE(breakpoint, 32, "int3\n\t hlt");

VM_FIXTURE(exits)
{
	VM_SETUP(self, variant);
}

TEST_F(exits, hlt_ends_after_the_instruction)
{
	struct minivmx_regs regs;

	ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, halts));
	for (int i = 1; i <= 2; i++) {
		ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
		ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
		EXPECT_EQ(VM_CODE + i, regs.rip);
		EXPECT_EQ(0, self->vm.run->if_flag);
	}
}

TEST_F(exits, hlt_in_every_mode)
{
	for (enum vm_mode mode = VM_REAL; mode <= VM_LONG; mode++) {
		ASSERT_EQ(0, VM_START(&self->vm, mode, halts));
		ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	}
}

TEST_F(exits, if_flag_follows_rflags)
{
	struct minivmx_regs regs;

	ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, halts));
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	regs.rflags |= 1 << 9;
	ASSERT_EQ(0, vm_set_regs(&self->vm, &regs));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	EXPECT_EQ(1, self->vm.run->if_flag);
	EXPECT_EQ(1, self->vm.run->ready_for_interrupt_injection);
}

/* An interrupt table without room for a vector turns any exception into a triple fault. */
TEST_F(exits, triple_fault_is_a_shutdown)
{
	ASSERT_EQ(0, VM_START(&self->vm, VM_REAL, undefined));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_SHUTDOWN);
	ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, undefined));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_SHUTDOWN);
}

/* After a shutdown the registers can be set and the vCPU goes on. */
TEST_F(exits, shutdown_is_not_the_end)
{
	ASSERT_EQ(0, VM_START(&self->vm, VM_REAL, undefined));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_SHUTDOWN);
	ASSERT_EQ(0, VM_START(&self->vm, VM_REAL, halts));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
}

static int start_at_hole(struct vm *vm, const __u8 *start, const __u8 *end)
{
	struct minivmx_regs regs;
	int ret = vm_start(vm, VM_PROTECTED, start, end);

	if (!ret)
		ret = vm_get_regs(vm, &regs);
	regs.rbx = VM_HOLE + 0x123;
	return ret ? ret : vm_set_regs(vm, &regs);
}

TEST_F(exits, load_outside_the_slots)
{
	struct minivmx_regs regs;

	ASSERT_EQ(0, start_at_hole(&self->vm, load_start, load_end));
	ASSERT_EQ(0, vm_run(&self->vm));
	ASSERT_TRUE(vm_exit_is_unbacked(&self->vm, VM_HOLE + 0x123)) {
		vm_print_exit(&self->vm);
	}
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	EXPECT_EQ(VM_CODE, regs.rip);
}

TEST_F(exits, store_outside_the_slots)
{
	ASSERT_EQ(0, start_at_hole(&self->vm, store_start, store_end));
	ASSERT_EQ(0, vm_run(&self->vm));
	ASSERT_TRUE(vm_exit_is_unbacked(&self->vm, VM_HOLE + 0x123)) {
		vm_print_exit(&self->vm);
	}
}

TEST_F(exits, fetch_outside_the_slots)
{
	struct minivmx_regs regs;

	ASSERT_EQ(0, start_at_hole(&self->vm, jump_start, jump_end));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_INTERNAL_ERROR);
	EXPECT_EQ(MINIVMX_INTERNAL_ERROR_EMULATION, self->vm.run->internal.suberror);
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	EXPECT_EQ(VM_HOLE + 0x123, regs.rip);
	if (variant->kvm)
		return;
	EXPECT_EQ(VM_HOLE + 0x123, self->vm.run->emulation_failure.guest_phys_addr);
	EXPECT_EQ(4, self->vm.run->emulation_failure.qualification & QUALIFICATION_ACCESS);
}

/* Userspace's answer counts, also if there is memory by now. */
TEST_F(exits, memory_given_after_the_exit)
{
	struct vm *vm = &self->vm;
	struct minivmx_regs regs;

	ASSERT_EQ(0, start_at_hole(vm, load_start, load_end));
	ASSERT_EXIT(vm, MINIVMX_EXIT_MMIO);
	*(__u32 *)vm->run->mmio.data = 0xfeedface;
	*(__u32 *)(vm->mem + VM_DATA + 0x123) = 0x12345678;
	ASSERT_EQ(0, vm_set_slot(vm, 1, 0, VM_HOLE, 0x1000, vm->mem + VM_DATA));
	ASSERT_EXIT(vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(0, vm_get_regs(vm, &regs));
	EXPECT_EQ(0xfeedface, regs.rax);
}

/* The IDT is where no memory is: the exit comes in the middle of an event's delivery. */
TEST_F(exits, exit_during_event_delivery)
{
	struct minivmx_sregs sregs;
	__u64 *data;

	ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, breakpoint));
	ASSERT_EQ(0, vm_get_sregs(&self->vm, &sregs));
	sregs.idt = (struct minivmx_dtable){ .base = VM_HOLE, .limit = 0xfff };
	ASSERT_EQ(0, vm_set_sregs(&self->vm, &sregs));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_INTERNAL_ERROR);
	/* Older KVM calls it a failed emulation. */
	if (variant->kvm && self->vm.run->internal.suberror == MINIVMX_INTERNAL_ERROR_EMULATION)
		return;
	ASSERT_EQ(MINIVMX_INTERNAL_ERROR_DELIVERY_EV, self->vm.run->internal.suberror) {
		vm_print_exit(&self->vm);
	}
	data = self->vm.run->internal.data;
	/* Valid, software exception, vector 3. SDM 3C "IDT-Vectoring Information Field". */
	EXPECT_EQ(0x80000603, data[MINIVMX_DELIVERY_DATA_IDT_VECTORING]);
	EXPECT_EQ(MINIVMX_DELIVERY_DATA_COUNT, self->vm.run->internal.ndata);
	EXPECT_EQ(VM_HOLE + 3 * 8, data[MINIVMX_DELIVERY_DATA_GUEST_PHYSICAL]);
	EXPECT_GT(vm_count_cpus(), (int)data[MINIVMX_DELIVERY_DATA_CPU]);
	/* KVM has the access as an EPT misconfiguration, which it uses to mark MMIO. */
	if (!variant->kvm) {
		EXPECT_EQ(REASON_EPT_VIOLATION, data[MINIVMX_DELIVERY_DATA_EXIT_REASON]);
	}
}

/* A far jump to an available task-state segment: the CPU leaves all of the switch to us. */
GUEST_CODE(switch_task, 32, "ljmp $0x18, $0\n\t hlt");
#define LJMP_LENGTH	7

FIXTURE(unhandled) { struct vm vm; };

FIXTURE_SETUP(unhandled)
{
	VM_REQUIRE(MINIVMX_DEVICE);
	ASSERT_EQ(0, vm_create(&self->vm, MINIVMX_DEVICE));
}

FIXTURE_TEARDOWN(unhandled)
{
	vm_destroy(&self->vm);
}

TEST_F(unhandled, exit_is_named_and_can_be_skipped)
{
	struct vm *vm = &self->vm;
	__u64 *data = vm->run->internal.data;
	struct minivmx_regs regs;

	ASSERT_EQ(0, VM_START(vm, VM_PROTECTED, switch_task));
	vm->mem[VM_GDT + VM_SEL_TSS + 5] = 0x89;
	ASSERT_EXIT(vm, MINIVMX_EXIT_INTERNAL_ERROR);
	EXPECT_EQ(MINIVMX_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON, vm->run->internal.suberror);
	EXPECT_EQ(MINIVMX_ERROR_DATA_COUNT, vm->run->internal.ndata);
	EXPECT_EQ(REASON_TASK_SWITCH, data[MINIVMX_ERROR_DATA_EXIT_REASON]);
	EXPECT_EQ(LJMP_LENGTH, data[MINIVMX_ERROR_DATA_INSN_LEN]);
	EXPECT_EQ(VM_CODE, data[MINIVMX_ERROR_DATA_RIP]);
	EXPECT_GT(vm_count_cpus(), (int)data[MINIVMX_ERROR_DATA_CPU]);
	EXPECT_EQ(0, data[MINIVMX_ERROR_DATA_IDT_VECTORING] >> 31);
	ASSERT_EQ(0, vm_get_regs(vm, &regs));
	EXPECT_EQ(VM_CODE, regs.rip);
	regs.rip += LJMP_LENGTH;
	ASSERT_EQ(0, vm_set_regs(vm, &regs));
	ASSERT_EXIT(vm, MINIVMX_EXIT_HLT);
}

/* STI holds interrupts back for one instruction, whether the CPU executes it or the hypervisor. */
GUEST_CODE(sti_out, 32, "sti\n\t out %al, $0x10\n\t hlt");
GUEST_CODE(sti_cpuid_out, 32, "sti\n\t cpuid\n\t out %al, $0x10\n\t hlt");

TEST_F(exits, interrupt_shadow)
{
	ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, sti_out));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_IO);
	EXPECT_EQ(1, self->vm.run->if_flag);
	EXPECT_EQ(0, self->vm.run->ready_for_interrupt_injection);
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);

	ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, sti_cpuid_out));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_IO);
	EXPECT_EQ(1, self->vm.run->if_flag);
	EXPECT_EQ(1, self->vm.run->ready_for_interrupt_injection);
}

TEST_HARNESS_MAIN
