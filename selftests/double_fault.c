// SPDX-License-Identifier: GPL-2.0
/*
 * double_fault.c - exceptions inside exceptions.
 *
 * The CPU merges what it raises itself; what an exit interrupts must still be merged when it is
 * injected again, and what the hypervisor raises follows the same rules. SDM 3A "Interrupt 8 -
 * Double Fault Exception (#DF)".
 */
#include <errno.h>
#include <string.h>

#include "idt.h"
#include "kselftest_harness.h"

#define DB	1U
#define UD	6U
#define DF	8U
#define NP	11U
#define GP	13U
#define PF	14U

/* Error code: a gate of the IDT, in the delivery of another event. SDM 3A "Error Code". */
#define ERROR_EXT	1
#define ERROR_IDT	2

/* Loading a selector outside the GDT. */
GUEST_CODE(protection, 64, "mov $0x50, %eax\n\t mov %eax, %ds\n\t hlt");
#define PROTECTION_RIP	(VM_CODE + 5)
GUEST_CODE(undefined, 64, "ud2\n\t hlt");
/* The first GiB is mapped. */
GUEST_CODE(page_fault, 64, "mov 0x40000000, %eax\n\t hlt");
GUEST_CODE(input_string, 64, "mov $0x600000, %edi\n\t mov $0x99, %edx\n\t insb\n\t hlt");

VM_FIXTURE(double_fault)
{
	VM_SETUP(self, variant);
}

/* Once with everything in place, once with the table and the stack to be fetched on the way. */
#define BOTH_WAYS(vm, code, prepare)						\
	for (int evicted = 0;							\
	     evicted < 2 && !IDT_START(vm, VM_LONG, code) && !(prepare) &&	\
	     evict_if(vm, evicted); evicted++)

static bool evict_if(struct vm *vm, bool evicted)
{
	if (evicted) {
		idt_evict(vm, IDT_TABLE);
		idt_evict(vm, IDT_STACK_PAGE);
	}
	return true;
}

static void expect_error_code(struct __test_metadata *_metadata, struct vm *vm,
			      unsigned int vector, __u64 error_code)
{
	struct idt_frame frame;

	ASSERT_EQ(0, idt_frame(vm, VM_LONG, vector, &frame));
	EXPECT_EQ(error_code, frame.error_code);
}

/* #GP, and no gate for it: #GP during #GP. */
TEST_F(double_fault, two_contributory)
{
	struct vm *vm = &self->vm;
	int rounds = 0;

	BOTH_WAYS(vm, protection, idt_limit(vm, VM_LONG, GP)) {
		ASSERT_DELIVERED(vm, VM_LONG, DF, PROTECTION_RIP);
		expect_error_code(_metadata, vm, DF, 0);
		rounds++;
	}
	EXPECT_EQ(2, rounds);
}

/* #PF, and no gate for it: #GP during #PF. */
TEST_F(double_fault, contributory_during_page_fault)
{
	struct vm *vm = &self->vm;
	int rounds = 0;

	BOTH_WAYS(vm, page_fault, idt_limit(vm, VM_LONG, PF)) {
		ASSERT_DELIVERED(vm, VM_LONG, DF, VM_CODE);
		rounds++;
	}
	EXPECT_EQ(2, rounds);
}

/*
 * In linear memory the table begins 14 gates before the boundary of two pages of 2 MiB, so the gate
 * of #PF is the first of the second page. One of the pages is not mapped by the guest.
 */
#define BOUNDARY	0x800000UL
#define SECOND_MIB	0x200000UL
#define PDE_LARGE	0x83UL		/* present, writable, a page of 2 MiB */

static int split_table(struct vm *vm, bool first_is_mapped)
{
	__u64 *pd = (__u64 *)(vm->mem + VM_PD);
	__u64 first = SECOND_MIB * 2 - 16 * PF;
	struct minivmx_sregs sregs;
	int ret = vm_get_sregs(vm, &sregs);

	memset(vm->mem + SECOND_MIB, 0, SECOND_MIB);
	if (first_is_mapped)
		memcpy(vm->mem + first, vm->mem + IDT_TABLE, 16 * PF);
	else
		memcpy(vm->mem + SECOND_MIB, vm->mem + IDT_TABLE + 16 * PF, 4096 - 16 * PF);
	pd[BOUNDARY / SECOND_MIB - 1] = first_is_mapped ? SECOND_MIB | PDE_LARGE : 0;
	pd[BOUNDARY / SECOND_MIB] = first_is_mapped ? 0 : SECOND_MIB | PDE_LARGE;
	sregs.idt = (struct minivmx_dtable){ .base = BOUNDARY - 16 * PF, .limit = 0xfff };
	return ret ? ret : vm_set_sregs(vm, &sregs);
}

/* A page fault on the way to the gate of #PF. */
TEST_F(double_fault, two_page_faults)
{
	struct vm *vm = &self->vm;
	int rounds = 0;

	BOTH_WAYS(vm, page_fault, split_table(vm, true)) {
		if (evicted)
			idt_evict(vm, SECOND_MIB * 2 - 1);
		ASSERT_DELIVERED(vm, VM_LONG, DF, VM_CODE);
		expect_error_code(_metadata, vm, DF, 0);
		rounds++;
	}
	EXPECT_EQ(2, rounds);
}

/* The same on the way to that of #GP: one after the other, the second first. */
TEST_F(double_fault, page_fault_during_contributory)
{
	struct vm *vm = &self->vm;
	struct minivmx_sregs sregs;
	int rounds = 0;

	BOTH_WAYS(vm, protection, split_table(vm, false)) {
		if (evicted)
			idt_evict(vm, SECOND_MIB);
		ASSERT_DELIVERED(vm, VM_LONG, PF, PROTECTION_RIP);
		/* Not present, a read by the supervisor. */
		expect_error_code(_metadata, vm, PF, 0);
		ASSERT_EQ(0, vm_get_sregs(vm, &sregs));
		EXPECT_EQ(BOUNDARY - 16, sregs.cr2);
		rounds++;
	}
	EXPECT_EQ(2, rounds);
}

/* #UD is benign: the second exception is delivered alone, and names the gate. */
TEST_F(double_fault, contributory_during_benign)
{
	struct vm *vm = &self->vm;
	int rounds = 0;

	BOTH_WAYS(vm, undefined, (idt_not_present(vm, VM_LONG, UD), 0)) {
		ASSERT_DELIVERED(vm, VM_LONG, NP, VM_CODE);
		expect_error_code(_metadata, vm, NP, UD << 3 | ERROR_IDT | ERROR_EXT);
		rounds++;
	}
	EXPECT_EQ(2, rounds);
}

/* No gate for #DF either. */
TEST_F(double_fault, triple)
{
	struct vm *vm = &self->vm;
	int rounds = 0;

	BOTH_WAYS(vm, protection, idt_limit(vm, VM_LONG, DF)) {
		ASSERT_EXIT(vm, MINIVMX_EXIT_SHUTDOWN);
		rounds++;
	}
	EXPECT_EQ(2, rounds);
}

/* The same with an exception that userspace injects. */
TEST_F(double_fault, injected_then_its_own)
{
	struct minivmx_vcpu_events events = {
		.exception = { .injected = 1, .nr = GP, .has_error_code = 1, .error_code = 0x18 },
	};
	struct vm *vm = &self->vm;

	ASSERT_EQ(0, IDT_START(vm, VM_LONG, undefined));
	ASSERT_EQ(0, idt_limit(vm, VM_LONG, GP));
	ASSERT_EQ(0, vm_set_events(vm, &events));
	ASSERT_DELIVERED(vm, VM_LONG, DF, VM_CODE);
}

static int inject_db(struct vm *vm)
{
	struct minivmx_guest_debug debug = {
		.control = MINIVMX_GUESTDBG_ENABLE | MINIVMX_GUESTDBG_INJECT_DB,
	};

	return vm_ioctl(vm->vcpu, MINIVMX_SET_GUEST_DEBUG, (unsigned long)&debug);
}

/* A guest at UD2, with the exception @nr on its way and #DB raised on top of it. */
static int start_with_two(struct vm *vm, struct minivmx_vcpu_events *events, __u8 nr)
{
	int ret = IDT_START(vm, VM_LONG, undefined);

	*events = (struct minivmx_vcpu_events){
		.exception = { .injected = 1, .nr = nr, .has_error_code = 1 },
	};
	if (!ret)
		ret = vm_set_events(vm, events);
	return ret ? ret : inject_db(vm);
}

/* Newer KVM counts an exception that userspace calls injected as one that waits. */
#define ASSERT_TWO(vm, events, nr)						\
	do {									\
		int ret = start_with_two(vm, events, nr);			\
										\
		if (variant->kvm && ret == -EBUSY)				\
			SKIP(return, "this KVM takes no second exception");	\
		ASSERT_EQ(0, ret);						\
	} while (0)

/* The hypervisor raises an exception while a double fault is on its way: shutdown. */
TEST_F(double_fault, raised_during_double_fault)
{
	struct minivmx_vcpu_events events;
	struct vm *vm = &self->vm;

	ASSERT_TWO(vm, &events, DF);
	/* Nothing more may be injected. */
	EXPECT_EQ(-EBUSY, inject_db(vm));
	ASSERT_EXIT(vm, MINIVMX_EXIT_SHUTDOWN);
	/* That was all of it: userspace may set the guest up anew. */
	ASSERT_EQ(0, IDT_START(vm, VM_LONG, undefined));
	events.exception.injected = 0;
	ASSERT_EQ(0, vm_set_events(vm, &events));
	ASSERT_DELIVERED(vm, VM_LONG, UD, VM_CODE);
}

/* A benign one takes the place of what was there: the instruction will raise that again. */
TEST_F(double_fault, raised_during_another)
{
	struct minivmx_vcpu_events events;
	struct vm *vm = &self->vm;

	ASSERT_TWO(vm, &events, PF);
	ASSERT_DELIVERED(vm, VM_LONG, DB, VM_CODE);
	ASSERT_DELIVERED(vm, VM_LONG, UD, VM_CODE);
}

/*
 * The hypervisor raises a page fault itself: the element that INS is to store has lost its page, and
 * a page fault is on its way.
 */
TEST_F(double_fault, raised_during_page_fault)
{
	struct minivmx_vcpu_events events = {
		.exception = { .injected = 1, .nr = PF, .has_error_code = 1 },
	};
	struct vm *vm = &self->vm;

	ASSERT_EQ(0, IDT_START(vm, VM_LONG, input_string));
	((__u64 *)(vm->mem + VM_PD))[3] = SECOND_MIB | PDE_LARGE;
	ASSERT_EXIT(vm, MINIVMX_EXIT_IO);
	((__u64 *)(vm->mem + VM_PD))[3] = 0;
	ASSERT_EQ(0, vm_set_events(vm, &events));
	ASSERT_DELIVERED(vm, VM_LONG, DF, VM_CODE + 10);
	expect_error_code(_metadata, vm, DF, 0);
}

TEST_HARNESS_MAIN
