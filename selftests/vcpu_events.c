// SPDX-License-Identifier: GPL-2.0
/*
 * vcpu_events.c - VCPU_EVENTS and MP_STATE: every member, every error, and a vCPU that moves into
 * another VM in the middle of an event.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "idt.h"
#include "kselftest_harness.h"

#define PAGE	4096UL
#define ALWAYS	(MINIVMX_VCPUEVENT_VALID_NMI_PENDING | MINIVMX_VCPUEVENT_VALID_SHADOW | \
		 MINIVMX_VCPUEVENT_VALID_SMM)

GUEST_CODE(nops16, 16, "nop\n\t nop\n\t hlt");
GUEST_CODE(nops32, 32, "nop\n\t nop\n\t hlt");
GUEST_CODE(nops64, 64, "nop\n\t nop\n\t hlt");
GUEST_CODE(breakpoint, 64, "int3\n\t hlt");
GUEST_CODE(software, 64, "int $0x80\n\t hlt");
GUEST_CODE(overflow, 32, "movb $0x7f, %al\n\t addb $1, %al\n\t into\n\t hlt");
GUEST_CODE(icebp, 64, ".byte 0xf1\n\t hlt");
GUEST_CODE(undefined, 64, "ud2\n\t hlt");
/* An instruction that exits, and that the guest's CPU does not have. */
GUEST_CODE(not_here, 64, "vmxoff\n\t hlt");
GUEST_CODE(misaligned, 64, "mov 0x10001, %eax\n\t hlt");
#define TSS	0x11000UL

VM_FIXTURE(vcpu_events)
{
	VM_SETUP(self, variant);
	ASSERT_EQ(0, IDT_START(&self->vm, VM_LONG, nops64));
}

TEST_F(vcpu_events, nothing_at_first)
{
	struct minivmx_vcpu_events events, zero = { .flags = ALWAYS };

	memset(&events, 0xee, sizeof(events));
	ASSERT_EQ(0, vm_get_events(&self->vm, &events));
	EXPECT_EQ(0, memcmp(&zero, &events, sizeof(events)));
	EXPECT_EQ(0, vm_set_events(&self->vm, &events));
	ASSERT_HALTED(&self->vm, VM_CODE + 3);
}

TEST_F(vcpu_events, round_trip)
{
	struct minivmx_vcpu_events in = {
		.exception = { .injected = 1, .nr = 14, .has_error_code = 1, .error_code = 0xabcd1234 },
		.interrupt = { .injected = 1, .nr = 0xfe, .shadow = MINIVMX_X86_SHADOW_INT_STI },
		.nmi = { .injected = 1, .pending = 1, .masked = 1 },
		.flags = ALWAYS,
	};
	struct minivmx_vcpu_events out;

	ASSERT_EQ(0, vm_set_events(&self->vm, &in));
	ASSERT_EQ(0, vm_get_events(&self->vm, &out));
	EXPECT_EQ(0, memcmp(&in, &out, sizeof(in)));
	in.interrupt.shadow = MINIVMX_X86_SHADOW_INT_MOV_SS;
	ASSERT_EQ(0, vm_set_events(&self->vm, &in));
	ASSERT_EQ(0, vm_get_events(&self->vm, &out));
	EXPECT_EQ(0, memcmp(&in, &out, sizeof(in)));
	/* No CPU has both. */
	in.interrupt.shadow = MINIVMX_X86_SHADOW_INT_MOV_SS | MINIVMX_X86_SHADOW_INT_STI;
	ASSERT_EQ(0, vm_set_events(&self->vm, &in));
	ASSERT_EQ(0, vm_get_events(&self->vm, &out));
	EXPECT_EQ(MINIVMX_X86_SHADOW_INT_MOV_SS, out.interrupt.shadow);
}

/* Without their flags these members are not taken. */
TEST_F(vcpu_events, flags_say_what_is_taken)
{
	struct minivmx_vcpu_events in = {
		.interrupt.shadow = MINIVMX_X86_SHADOW_INT_STI, .nmi = { .pending = 1 },
		.flags = ALWAYS,
	};
	struct minivmx_vcpu_events out;

	ASSERT_EQ(0, vm_set_events(&self->vm, &in));
	memset(&in, 0, sizeof(in));
	ASSERT_EQ(0, vm_set_events(&self->vm, &in));
	ASSERT_EQ(0, vm_get_events(&self->vm, &out));
	EXPECT_EQ(MINIVMX_X86_SHADOW_INT_STI, out.interrupt.shadow);
	EXPECT_EQ(1, out.nmi.pending);
	in.flags = ALWAYS;
	ASSERT_EQ(0, vm_set_events(&self->vm, &in));
	ASSERT_EQ(0, vm_get_events(&self->vm, &out));
	EXPECT_EQ(0, out.interrupt.shadow);
	EXPECT_EQ(0, out.nmi.pending);
}

TEST_F(vcpu_events, errors)
{
	struct minivmx_vcpu_events good, bad;
	struct vm *vm = &self->vm;

	ASSERT_EQ(0, vm_get_events(vm, &good));
	for (__u32 flag = 1U << 31; flag > MINIVMX_VCPUEVENT_VALID_TRIPLE_FAULT; flag >>= 1) {
		bad = good;
		bad.flags |= flag;
		EXPECT_EQ(-EINVAL, vm_set_events(vm, &bad)) {
			TH_LOG("flag %#x", flag);
		}
	}
	bad = good;
	bad.flags |= MINIVMX_VCPUEVENT_VALID_PAYLOAD;
	EXPECT_EQ(-EINVAL, vm_set_events(vm, &bad));
	bad = good;
	bad.flags |= MINIVMX_VCPUEVENT_VALID_TRIPLE_FAULT;
	EXPECT_EQ(-EINVAL, vm_set_events(vm, &bad));
	bad = good;
	bad.exception.injected = 1;
	bad.exception.nr = 32;
	EXPECT_EQ(-EINVAL, vm_set_events(vm, &bad));
	bad.exception.nr = 2;
	EXPECT_EQ(-EINVAL, vm_set_events(vm, &bad));
	bad.exception.nr = 255;
	EXPECT_EQ(-EINVAL, vm_set_events(vm, &bad));
	/* A vector that says nothing may be any; so may a SIPI vector, as there is no APIC. */
	bad.exception.injected = 0;
	bad.sipi_vector = 0x12;
	bad.flags |= MINIVMX_VCPUEVENT_VALID_SIPI_VECTOR;
	EXPECT_EQ(0, vm_set_events(vm, &bad));
	/* KVM may have been built with system-management mode. */
	if (!variant->kvm) {
		bad = good;
		bad.smi.smm = 1;
		EXPECT_EQ(-EINVAL, vm_set_events(vm, &bad));
		bad = good;
		bad.smi.pending = 1;
		EXPECT_EQ(-EINVAL, vm_set_events(vm, &bad));
		bad = good;
		bad.smi.smm_inside_nmi = 1;
		EXPECT_EQ(-EINVAL, vm_set_events(vm, &bad));
		bad.flags &= ~MINIVMX_VCPUEVENT_VALID_SMM;
		EXPECT_EQ(0, vm_set_events(vm, &bad));
	}
	EXPECT_EQ(-EFAULT, vm_ioctl(vm->vcpu, MINIVMX_GET_VCPU_EVENTS, 0x10));
	EXPECT_EQ(-EFAULT, vm_ioctl(vm->vcpu, MINIVMX_SET_VCPU_EVENTS, 0x10));
	EXPECT_EQ(-EFAULT, vm_ioctl(vm->vcpu, MINIVMX_INTERRUPT, 0x10));
	EXPECT_EQ(-EFAULT, vm_ioctl(vm->vcpu, MINIVMX_GET_MP_STATE, 0x10));
	EXPECT_EQ(-EFAULT, vm_ioctl(vm->vcpu, MINIVMX_SET_MP_STATE, 0x10));
	ASSERT_EQ(0, vm_set_events(vm, &good));
	ASSERT_HALTED(vm, VM_CODE + 3);
}

TEST_F(vcpu_events, mp_state_is_runnable)
{
	struct minivmx_mp_state state = { .mp_state = 99 };
	struct vm *vm = &self->vm;

	ASSERT_EQ(0, vm_ioctl(vm->vcpu, MINIVMX_GET_MP_STATE, (unsigned long)&state));
	EXPECT_EQ(MINIVMX_MP_STATE_RUNNABLE, state.mp_state);
	EXPECT_EQ(0, vm_ioctl(vm->vcpu, MINIVMX_SET_MP_STATE, (unsigned long)&state));
	for (__u32 i = 1; i < 12; i++) {
		state.mp_state = i;
		EXPECT_EQ(-EINVAL, vm_ioctl(vm->vcpu, MINIVMX_SET_MP_STATE, (unsigned long)&state));
	}
	/* HLT waits in userspace. */
	ASSERT_HALTED(vm, VM_CODE + 3);
	ASSERT_EQ(0, vm_ioctl(vm->vcpu, MINIVMX_GET_MP_STATE, (unsigned long)&state));
	EXPECT_EQ(MINIVMX_MP_STATE_RUNNABLE, state.mp_state);
}

/* -------------------------------------------------------------------- exceptions */

/*
 * Bochs 3.0 pushes RF with every exception that is injected, on KVM as well; 2.7 pushes what the
 * guest had. What tells them apart here is the monitor trap flag, which 2.7 does not have.
 */
static __u64 rflags_without_emulator_rf(__u64 rflags)
{
	enum { PROCBASED_CTLS = 0x482, MONITOR_TRAP_FLAG = 27 };
	struct {
		struct minivmx_vmx_caps head;
		struct minivmx_vmx_cap entries[32];
	} caps = { .head.nent = 32 };
	int device = open(MINIVMX_DEVICE, O_RDWR | O_CLOEXEC);

	if (device >= 0 && !vm_ioctl(device, MINIVMX_GET_VMX_CAPS, (unsigned long)&caps))
		for (__u32 i = 0; i < caps.head.nent; i++)
			if (caps.entries[i].msr == PROCBASED_CTLS &&
			    (caps.entries[i].value >> (32 + MONITOR_TRAP_FLAG) & 1))
				rflags &= ~RFLAGS_RF;
	close(device);
	return rflags;
}

/* Every exception, with its error code where it has one. #BP and #OF need an instruction's length. */
TEST_F(vcpu_events, every_exception)
{
	struct vm *vm = &self->vm;

	for (__u8 nr = 0; nr < 20; nr++) {
		bool has_error_code = 0x00027d00 >> nr & 1;
		struct minivmx_vcpu_events events = {
			.exception = {
				.injected = 1, .nr = nr,
				.has_error_code = has_error_code, .error_code = 0x12345678,
			},
		};
		struct idt_frame frame;

		/* Not vectors of exceptions: NMI, and the two that are reserved. */
		if (nr == 2 || nr == 3 || nr == 4 || nr == 9 || nr == 15)
			continue;
		ASSERT_EQ(0, IDT_START(vm, VM_LONG, nops64));
		ASSERT_EQ(0, vm_set_events(vm, &events));
		ASSERT_DELIVERED(vm, VM_LONG, nr, VM_CODE);
		ASSERT_EQ(0, idt_frame(vm, VM_LONG, nr, &frame));
		/* The upper half never is. */
		EXPECT_EQ(has_error_code ? 0x5678 : ~0UL, frame.error_code);
		/* RF is what the guest had. */
		EXPECT_EQ(RFLAGS_FIXED, rflags_without_emulator_rf(frame.rflags));
		ASSERT_HALTED(vm, VM_CODE + 3);
	}
}

/* A fault that the hypervisor raises pushes RF, as one that the CPU raises does. */
TEST_F(vcpu_events, faults_push_rf)
{
	struct vm *vm = &self->vm;
	struct idt_frame frame;

	ASSERT_EQ(0, IDT_START(vm, VM_LONG, undefined));
	ASSERT_DELIVERED(vm, VM_LONG, 6, VM_CODE);
	ASSERT_EQ(0, idt_frame(vm, VM_LONG, 6, &frame));
	EXPECT_EQ(RFLAGS_FIXED | RFLAGS_RF, frame.rflags);
	ASSERT_EQ(0, IDT_START(vm, VM_LONG, not_here));
	ASSERT_DELIVERED(vm, VM_LONG, 6, VM_CODE);
	ASSERT_EQ(0, idt_frame(vm, VM_LONG, 6, &frame));
	EXPECT_EQ(RFLAGS_FIXED | RFLAGS_RF, frame.rflags);
}

/* A trap does not: the breakpoint of the next instruction is still to come. */
TEST_F(vcpu_events, traps_push_no_rf)
{
	struct minivmx_guest_debug debug = {
		.control = MINIVMX_GUESTDBG_ENABLE | MINIVMX_GUESTDBG_INJECT_DB,
	};
	struct vm *vm = &self->vm;
	struct idt_frame frame;

	ASSERT_EQ(0, vm_ioctl(vm->vcpu, MINIVMX_SET_GUEST_DEBUG, (unsigned long)&debug));
	ASSERT_DELIVERED(vm, VM_LONG, 1, VM_CODE);
	ASSERT_EQ(0, idt_frame(vm, VM_LONG, 1, &frame));
	EXPECT_EQ(RFLAGS_FIXED, rflags_without_emulator_rf(frame.rflags));
}

/* STI's shadow without the flag that STI sets is a state that VM entry refuses. */
TEST_F(vcpu_events, sti_shadow_without_if)
{
	struct minivmx_vcpu_events events = {
		.flags = MINIVMX_VCPUEVENT_VALID_SHADOW,
		.interrupt.shadow = MINIVMX_X86_SHADOW_INT_STI,
	};
	struct vm *vm = &self->vm;

	ASSERT_EQ(0, vm_set_events(vm, &events));
	ASSERT_EXIT(vm, MINIVMX_EXIT_FAIL_ENTRY);
	ASSERT_EQ(0, vm_set_rflags(vm, RFLAGS_IF));
	ASSERT_HALTED(vm, VM_CODE + 3);
}

/* #AC, which is intercepted, is the guest's where it has asked for it. */
TEST_F(vcpu_events, alignment_check)
{
	struct vm *vm = &self->vm;
	struct minivmx_sregs sregs;

	ASSERT_EQ(0, IDT_START(vm, VM_LONG, misaligned));
	ASSERT_EQ(0, vm_get_sregs(vm, &sregs));
	sregs.cr0 |= 1 << 18;
	sregs.cs.selector |= 3;
	sregs.ss.selector |= 3;
	sregs.cs.dpl = 3;
	sregs.ss.dpl = 3;
	ASSERT_EQ(0, vm_set_sregs(vm, &sregs));
	ASSERT_EQ(0, vm_set_rflags(vm, 1 << 18));
	/* The stack of the handler, which runs at level 0. */
	*(__u64 *)(vm->mem + TSS + 4) = VM_STACK;
	sregs.tr.base = TSS;
	ASSERT_EQ(0, vm_set_sregs(vm, &sregs));
	ASSERT_DELIVERED(vm, VM_LONG, 17, VM_CODE);
}

/* In real mode there are none. */
TEST_F(vcpu_events, no_error_code_in_real_mode)
{
	struct minivmx_vcpu_events events = {
		.exception = { .injected = 1, .nr = 13, .has_error_code = 1, .error_code = 0x18 },
	};
	struct vm *vm = &self->vm;

	ASSERT_EQ(0, IDT_START(vm, VM_REAL, nops16));
	ASSERT_EQ(0, vm_set_events(vm, &events));
	ASSERT_DELIVERED(vm, VM_REAL, 13, VM_CODE);
	ASSERT_HALTED(vm, VM_CODE + 3);
}

/* VM entry knows which exceptions push one. */
TEST_F(vcpu_events, wrong_error_code)
{
	struct vm *vm = &self->vm;

	for (int has_error_code = 0; has_error_code < 2; has_error_code++) {
		struct minivmx_vcpu_events events = {
			.exception = {
				.injected = 1, .nr = has_error_code ? 6 : 14,
				.has_error_code = has_error_code,
			},
		};

		ASSERT_EQ(0, IDT_START(vm, VM_PROTECTED, nops32));
		ASSERT_EQ(0, vm_set_events(vm, &events));
		ASSERT_EXIT(vm, MINIVMX_EXIT_FAIL_ENTRY);
		/* Invalid control fields. */
		EXPECT_EQ(7, vm->run->fail_entry.hardware_entry_failure_reason);
		events.exception.has_error_code = !has_error_code;
		ASSERT_EQ(0, vm_set_events(vm, &events));
		ASSERT_DELIVERED(vm, VM_PROTECTED, events.exception.nr, VM_CODE);
		ASSERT_HALTED(vm, VM_CODE + 3);
	}
}

/* One whose delivery has begun goes on at the new RIP; SET_REGS takes none away. */
TEST_F(vcpu_events, set_regs_leaves_the_injected)
{
	struct minivmx_vcpu_events events = { .exception = { .injected = 1, .nr = 6 } };
	struct vm *vm = &self->vm;
	struct minivmx_regs regs;

	ASSERT_EQ(0, vm_set_events(vm, &events));
	ASSERT_EQ(0, vm_get_regs(vm, &regs));
	regs.rip = VM_CODE + 1;
	ASSERT_EQ(0, vm_set_regs(vm, &regs));
	ASSERT_DELIVERED(vm, VM_LONG, 6, VM_CODE + 1);
}

/* One that no entry has tried is the old RIP's, and goes with it. */
TEST_F(vcpu_events, set_regs_drops_the_pending)
{
	struct minivmx_guest_debug debug = {
		.control = MINIVMX_GUESTDBG_ENABLE | MINIVMX_GUESTDBG_INJECT_DB,
	};
	struct minivmx_vcpu_events events;
	struct vm *vm = &self->vm;
	struct minivmx_regs regs;

	ASSERT_EQ(0, vm_ioctl(vm->vcpu, MINIVMX_SET_GUEST_DEBUG, (unsigned long)&debug));
	ASSERT_EQ(0, vm_get_events(vm, &events));
	EXPECT_EQ(1, events.exception.injected);
	EXPECT_EQ(1, events.exception.pending);
	EXPECT_EQ(1, events.exception.nr);
	ASSERT_EQ(0, vm_get_regs(vm, &regs));
	ASSERT_EQ(0, vm_set_regs(vm, &regs));
	ASSERT_EQ(0, vm_get_events(vm, &events));
	EXPECT_EQ(0, events.exception.injected);
	ASSERT_HALTED(vm, VM_CODE + 3);
}

/* ---------------------------------------------- instructions that are events */

struct instruction {
	const char *name;
	enum vm_mode mode;
	const __u8 *start, *end;
	unsigned int vector, offset, length;
};

static const struct instruction instructions[] = {
	{ "INT3",    VM_LONG,      breakpoint_start, breakpoint_end, 3,    0, 1 },
	{ "INT n",   VM_LONG,      software_start,   software_end,   0x80, 0, 2 },
	{ "INTO",    VM_PROTECTED, overflow_start,   overflow_end,   4,    4, 1 },
	{ "INT1",    VM_LONG,      icebp_start,      icebp_end,      1,    0, 1 },
};

/* Their handlers return behind them, also when table and stack had to be fetched on the way. */
TEST_F(vcpu_events, instructions_are_delivered_again)
{
	struct vm *vm = &self->vm;

	for (unsigned int i = 0; i < ARRAY_SIZE(instructions); i++) {
		const struct instruction *insn = &instructions[i];

		ASSERT_EQ(0, idt_start(vm, insn->mode, insn->start, insn->end));
		idt_evict(vm, IDT_TABLE);
		idt_evict(vm, IDT_STACK_PAGE);
		idt_evict(vm, IDT_HANDLERS);
		ASSERT_DELIVERED(vm, insn->mode, insn->vector,
				 VM_CODE + insn->offset + insn->length);
		ASSERT_HALTED(vm, VM_CODE + insn->offset + insn->length + 1);
	}
}

/* Half delivered they are no events to userspace: RIP is at the instruction, which can run again. */
TEST_F(vcpu_events, instructions_are_not_shown)
{
	struct vm *vm = &self->vm;

	for (unsigned int i = 0; i < ARRAY_SIZE(instructions); i++) {
		const struct instruction *insn = &instructions[i];
		struct minivmx_vcpu_events events;
		struct minivmx_sregs sregs;
		struct minivmx_regs regs;

		/* KVM makes an exception of INT1, behind the instruction. */
		if (variant->kvm && insn->vector == 1)
			continue;
		ASSERT_EQ(0, idt_start(vm, insn->mode, insn->start, insn->end));
		ASSERT_EQ(0, mprotect(vm->mem + IDT_STACK_PAGE, PAGE, PROT_NONE));
		EXPECT_EQ(-EFAULT, vm_run(vm));
		ASSERT_EQ(0, vm_get_events(vm, &events));
		EXPECT_EQ(0, events.exception.injected) {
			TH_LOG("%s", insn->name);
		}
		EXPECT_EQ(0, events.interrupt.injected);
		EXPECT_EQ(0, events.interrupt.soft);
		ASSERT_EQ(0, vm_get_sregs(vm, &sregs));
		EXPECT_EQ(0, sregs.interrupt_bitmap[insn->vector / 64]);
		ASSERT_EQ(0, vm_get_regs(vm, &regs));
		EXPECT_EQ(VM_CODE + insn->offset, regs.rip);
		ASSERT_EQ(0, mprotect(vm->mem + IDT_STACK_PAGE, PAGE, PROT_READ | PROT_WRITE));
		ASSERT_DELIVERED(vm, insn->mode, insn->vector,
				 VM_CODE + insn->offset + insn->length);
	}
}

/* ------------------------------------------------------------- moved elsewhere */

/* Another VM with the same memory. */
static int twin_create(struct vm *twin, struct vm *vm, const char *device)
{
	int ret = vm_open(twin, device);

	if (!ret)
		ret = vm_set_slot(twin, 0, 0, 0, vm->mem_size, vm->mem);
	if (!ret)
		ret = vm_add_vcpu(twin);
	if (!ret)
		ret = vm_set_supported_cpuid(twin);
	return ret;
}

/* Saves the one and restores the other, in the order that KVM's users know. */
static int move(struct vm *from, struct vm *to)
{
	struct minivmx_vcpu_events events;
	struct minivmx_sregs sregs;
	struct minivmx_regs regs;
	int ret = vm_get_events(from, &events);

	if (!ret)
		ret = vm_get_sregs(from, &sregs);
	if (!ret)
		ret = vm_get_regs(from, &regs);
	/* It is in the events, too. */
	memset(sregs.interrupt_bitmap, 0, sizeof(sregs.interrupt_bitmap));
	if (!ret)
		ret = vm_set_regs(to, &regs);
	if (!ret)
		ret = vm_set_sregs(to, &sregs);
	to->mem = from->mem;
	return ret ? ret : vm_set_events(to, &events);
}

enum what { INTERRUPT, NMI, EXCEPTION, SOFTWARE, COUNT };

TEST_F(vcpu_events, moved_in_the_middle)
{
	static const unsigned int vectors[] = {
		[INTERRUPT] = 0x40, [NMI] = 2, [EXCEPTION] = 6, [SOFTWARE] = 0x80,
	};
	struct vm *vm = &self->vm;

	for (enum what what = INTERRUPT; what < COUNT; what++) {
		struct vm twin;

		ASSERT_EQ(0, twin_create(&twin, vm, variant->device));
		ASSERT_EQ(0, what == EXCEPTION ? IDT_START(vm, VM_LONG, undefined) :
			     what == SOFTWARE ? IDT_START(vm, VM_LONG, software) :
						IDT_START(vm, VM_LONG, nops64));
		ASSERT_EQ(0, vm_set_rflags(vm, RFLAGS_IF));
		if (what == INTERRUPT)
			ASSERT_EQ(0, vm_interrupt(vm, vectors[what]));
		if (what == NMI)
			ASSERT_EQ(0, vm_nmi(vm));
		ASSERT_EQ(0, mprotect(vm->mem + IDT_STACK_PAGE, PAGE, PROT_NONE));
		EXPECT_EQ(-EFAULT, vm_run(vm));
		/* Interrupts are on, but something else goes first. */
		EXPECT_EQ(1, vm->run->if_flag);
		EXPECT_EQ(0, vm->run->ready_for_interrupt_injection);
		ASSERT_EQ(0, mprotect(vm->mem + IDT_STACK_PAGE, PAGE, PROT_READ | PROT_WRITE));
		ASSERT_EQ(0, move(vm, &twin));
		ASSERT_DELIVERED(&twin, VM_LONG, vectors[what],
				 VM_CODE + (what == SOFTWARE ? 2 : 0));
		if (what != EXCEPTION)
			ASSERT_EXIT(&twin, MINIVMX_EXIT_HLT);
		twin.mem = NULL;
		vm_destroy(&twin);
		/* The one that it left has the event still: it was copied, not taken. */
		ASSERT_DELIVERED(vm, VM_LONG, vectors[what], VM_CODE + (what == SOFTWARE ? 2 : 0));
	}
}

/* In the NMI handler: the blocking moves along. */
TEST_F(vcpu_events, moved_in_the_nmi_handler)
{
	struct vm *vm = &self->vm, twin;

	ASSERT_EQ(0, twin_create(&twin, vm, variant->device));
	ASSERT_EQ(0, vm_nmi(vm));
	ASSERT_DELIVERED(vm, VM_LONG, 2, VM_CODE);
	/* Behind the handler's OUT. */
	vm->run->immediate_exit = 1;
	EXPECT_EQ(-EINTR, vm_run(vm));
	ASSERT_EQ(0, vm_nmi(vm));
	ASSERT_EQ(0, move(vm, &twin));
	ASSERT_DELIVERED(&twin, VM_LONG, 2, VM_CODE);
	ASSERT_HALTED(&twin, VM_CODE + 3);
	twin.mem = NULL;
	vm_destroy(&twin);
}

TEST_HARNESS_MAIN
