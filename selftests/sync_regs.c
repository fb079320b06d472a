// SPDX-License-Identifier: GPL-2.0
/*
 * sync_regs.c - what RUN takes from the run page and leaves there: registers and CR8.
 *
 * MINIVMX_CAP_SYNC_REGS in KVM's API document, "KVM_CAP_SYNC_REGS".
 */
#include <errno.h>
#include <string.h>

#include "idt.h"
#include "kselftest_harness.h"

#define REGS	MINIVMX_SYNC_X86_REGS
#define SREGS	MINIVMX_SYNC_X86_SREGS
#define EVENTS	MINIVMX_SYNC_X86_EVENTS
#define ALL	MINIVMX_SYNC_X86_VALID_FIELDS
#define UNKNOWN	(1UL << 3)

GUEST_CODE(count, 64, "1: inc %rbx\n\t out %al, $0x99\n\t jmp 1b");
#define COUNT_OUT	(VM_CODE + 3)
GUEST_CODE(input, 64, "in $0x99, %al\n\t hlt");

VM_FIXTURE(sync_regs)
{
	VM_SETUP(self, variant);
	ASSERT_EQ(0, IDT_START(&self->vm, VM_LONG, count));
}

/* What RUN stores is what the calls get. */
TEST_F(sync_regs, stored_when_run_ends)
{
	struct minivmx_sync_regs *sync = &self->vm.run->s.regs;
	struct minivmx_vcpu_events events;
	struct minivmx_sregs sregs;
	struct minivmx_regs regs;
	struct vm *vm = &self->vm;

	/* KVM does not write the padding. */
	memset(sync, 0, sizeof(*sync));
	vm->run->minivmx_valid_regs = ALL;
	ASSERT_EXIT(vm, MINIVMX_EXIT_IO);
	ASSERT_EQ(0, vm_get_regs(vm, &regs));
	ASSERT_EQ(0, vm_get_sregs(vm, &sregs));
	ASSERT_EQ(0, vm_get_events(vm, &events));
	EXPECT_EQ(0, memcmp(&regs, &sync->regs, sizeof(regs)));
	EXPECT_EQ(0, memcmp(&sregs, &sync->sregs, sizeof(sregs)));
	EXPECT_EQ(0, memcmp(&events, &sync->events, sizeof(events)));
	EXPECT_EQ(COUNT_OUT, sync->regs.rip);
	EXPECT_EQ(ALL, vm->run->minivmx_valid_regs);
}

/* Each set alone; the others are left as they were. */
TEST_F(sync_regs, stored_one_by_one)
{
	struct minivmx_sync_regs *sync = &self->vm.run->s.regs;
	struct minivmx_sync_regs untouched;
	struct vm *vm = &self->vm;

	memset(&untouched, 0xee, sizeof(untouched));
	for (__u64 set = 0; set <= ALL; set++) {
		*sync = untouched;
		vm->run->minivmx_valid_regs = set;
		ASSERT_EXIT(vm, MINIVMX_EXIT_IO);
		EXPECT_EQ(!(set & REGS), !memcmp(&untouched.regs, &sync->regs, sizeof(sync->regs)));
		EXPECT_EQ(!(set & SREGS),
			  !memcmp(&untouched.sregs, &sync->sregs, sizeof(sync->sregs)));
		EXPECT_EQ(!(set & EVENTS),
			  !memcmp(&untouched.events, &sync->events, sizeof(sync->events)));
	}
}

TEST_F(sync_regs, taken_when_run_begins)
{
	struct minivmx_sync_regs *sync = &self->vm.run->s.regs;
	struct minivmx_sregs sregs;
	struct minivmx_regs regs;
	struct vm *vm = &self->vm;

	vm->run->minivmx_valid_regs = ALL;
	ASSERT_EXIT(vm, MINIVMX_EXIT_IO);
	EXPECT_EQ(1, sync->regs.rbx);
	sync->regs.rbx = 100;
	sync->sregs.cr2 = 0x123456789000;
	sync->events.exception.injected = 1;
	sync->events.exception.nr = 6;
	vm->run->minivmx_dirty_regs = ALL;
	ASSERT_DELIVERED(vm, VM_LONG, 6, COUNT_OUT + 2);
	EXPECT_EQ(0, vm->run->minivmx_dirty_regs);
	EXPECT_EQ(100, sync->regs.rbx);
	ASSERT_EQ(0, vm_get_sregs(vm, &sregs));
	EXPECT_EQ(0x123456789000, sregs.cr2);
	ASSERT_EXIT(vm, MINIVMX_EXIT_IO);
	EXPECT_EQ(101, sync->regs.rbx);
	/* Not marked, not taken. */
	sync->regs.rbx = 200;
	ASSERT_EXIT(vm, MINIVMX_EXIT_IO);
	ASSERT_EQ(0, vm_get_regs(vm, &regs));
	EXPECT_EQ(102, regs.rbx);
}

/* The data of an IN is there too: registers are taken before the instruction is finished. */
TEST_F(sync_regs, taken_before_an_in_is_finished)
{
	struct minivmx_sync_regs *sync = &self->vm.run->s.regs;
	struct vm *vm = &self->vm;

	ASSERT_EQ(0, IDT_START(vm, VM_LONG, input));
	vm->run->minivmx_valid_regs = REGS;
	ASSERT_EXIT(vm, MINIVMX_EXIT_IO);
	sync->regs.rax = 0x1111;
	vm->run->minivmx_dirty_regs = REGS;
	*(__u8 *)vm_io_data(vm) = 0x42;
	ASSERT_EXIT(vm, MINIVMX_EXIT_HLT);
	EXPECT_EQ(0x1142, sync->regs.rax);
}

/* Also when RUN has done nothing. */
TEST_F(sync_regs, stored_by_a_run_that_fails)
{
	struct vm *vm = &self->vm;

	vm->run->minivmx_valid_regs = REGS;
	vm->run->s.regs.regs.rip = 1;
	vm->run->immediate_exit = 1;
	EXPECT_EQ(-EINTR, vm_run(vm));
	vm->run->immediate_exit = 0;
	EXPECT_EQ(VM_CODE, vm->run->s.regs.regs.rip);
}

TEST_F(sync_regs, errors)
{
	struct minivmx_run *run = self->vm.run;
	struct vm *vm = &self->vm;
	struct minivmx_regs regs;

	for (__u64 unknown = UNKNOWN; unknown; unknown <<= 15) {
		/* Newer KVMs look at the lower half alone. */
		if (variant->kvm && unknown >> 32)
			break;
		run->minivmx_valid_regs = unknown;
		EXPECT_EQ(-EINVAL, vm_run(vm));
		run->minivmx_valid_regs = ALL | unknown;
		EXPECT_EQ(-EINVAL, vm_run(vm));
		run->minivmx_valid_regs = 0;
		run->minivmx_dirty_regs = unknown;
		EXPECT_EQ(-EINVAL, vm_run(vm));
		run->minivmx_dirty_regs = 0;
	}
	/* What the calls refuse is refused here. */
	ASSERT_EQ(0, vm_get_sregs(vm, &run->s.regs.sregs));
	run->s.regs.sregs.cr0 |= 1UL << 32;
	run->minivmx_dirty_regs = SREGS;
	EXPECT_EQ(-EINVAL, vm_run(vm));
	EXPECT_EQ(SREGS, run->minivmx_dirty_regs);
	ASSERT_EQ(0, vm_get_events(vm, &run->s.regs.events));
	run->s.regs.events.flags = 1U << 31;
	run->minivmx_dirty_regs = EVENTS;
	EXPECT_EQ(-EINVAL, vm_run(vm));
	/* None of these ran the guest. */
	run->minivmx_dirty_regs = 0;
	ASSERT_EQ(0, vm_get_regs(vm, &regs));
	EXPECT_EQ(VM_CODE, regs.rip);
	ASSERT_EXIT(vm, MINIVMX_EXIT_IO);
}

/* ---------------------------------------------------------------------------- CR8 */

static __u64 cr8_of(struct vm *vm)
{
	struct minivmx_sregs sregs;

	return vm_get_sregs(vm, &sregs) ? ~0UL : sregs.cr8;
}

TEST_F(sync_regs, cr8_is_taken_from_the_run_page)
{
	struct minivmx_sregs sregs;
	struct vm *vm = &self->vm;

	vm->run->cr8 = 9;
	ASSERT_EXIT(vm, MINIVMX_EXIT_IO);
	EXPECT_EQ(9, cr8_of(vm));
	EXPECT_EQ(9, vm->run->cr8);
	/* What SET_SREGS sets lasts until RUN, which takes the page's. */
	ASSERT_EQ(0, vm_get_sregs(vm, &sregs));
	sregs.cr8 = 5;
	ASSERT_EQ(0, vm_set_sregs(vm, &sregs));
	EXPECT_EQ(5, cr8_of(vm));
	EXPECT_EQ(9, vm->run->cr8);
	ASSERT_EXIT(vm, MINIVMX_EXIT_IO);
	EXPECT_EQ(9, cr8_of(vm));
}

TEST_F(sync_regs, cr8_that_does_not_exist)
{
	struct minivmx_regs regs;
	struct vm *vm = &self->vm;

	vm->run->cr8 = 9;
	ASSERT_EXIT(vm, MINIVMX_EXIT_IO);
	vm->run->cr8 = 16;
	EXPECT_EQ(-EINVAL, vm_run(vm));
	/* The guest's is left, and shown. */
	EXPECT_EQ(9, vm->run->cr8);
	vm->run->cr8 = 1UL << 63;
	EXPECT_EQ(-EINVAL, vm_run(vm));
	ASSERT_EQ(0, vm_get_regs(vm, &regs));
	EXPECT_EQ(COUNT_OUT, regs.rip);
	ASSERT_EXIT(vm, MINIVMX_EXIT_IO);
}

TEST_HARNESS_MAIN
