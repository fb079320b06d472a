// SPDX-License-Identifier: GPL-2.0
/*
 * guest_debug.c - SET_GUEST_DEBUG: single steps, breakpoints in code, breakpoints of the CPU,
 * injected #DB and #BP.
 *
 * An instruction that exits is emulated, so the CPU itself never traps behind it; those are
 * stepped here as well as ordinary ones. SDM 3B "Debugging, Branch Profiling, ...".
 */
#include <errno.h>

#include "vm.h"
#include "kselftest_harness.h"

#define STEP		(MINIVMX_GUESTDBG_ENABLE | MINIVMX_GUESTDBG_SINGLESTEP)
#define SW_BP		(MINIVMX_GUESTDBG_ENABLE | MINIVMX_GUESTDBG_USE_SW_BP)
#define HW_BP		(MINIVMX_GUESTDBG_ENABLE | MINIVMX_GUESTDBG_USE_HW_BP)

#define DB_VECTOR	1
#define BP_VECTOR	3
#define DR6_NOTHING	0xffff0ff0ULL
#define DR6_BS		0x4000ULL
#define DR7_EXECUTE_0	0x401ULL
#define DR7_WRITE4_0	0xd0401ULL	/* breakpoint 0: writes of 4 bytes */

#define HANDLERS	0x2000UL	/* of vector n: a HLT, 16 bytes on for each */

GUEST_CODE(steps, 64, "nop\n\t inc %eax\n\t sti\n\t nop\n\t cpuid\n\t out %al, $0x10\n\t"
	   "mov $0x10, %eax\n\t mov %eax, %ss\n\t nop\n\t nop\n\t int $0x20\n\t nop\n\t hlt");
GUEST_CODE(out, 64, "out %al, $0x10\n\t nop\n\t hlt");
GUEST_CODE(breakpoint, 64, "nop\n\t int3\n\t nop\n\t hlt");
GUEST_CODE(store, 64, "nop\n\t movl $5, 0x10000\n\t nop\n\t hlt");

/* TF, then an instruction that exits, then one that does not. */
GUEST_CODE(own_step, 64, "pushf\n\t orl $0x100, (%rsp)\n\t popf\n\t cpuid\n\t nop\n\t hlt");
GUEST_CODE(own_step_out, 64, "pushf\n\t orl $0x100, (%rsp)\n\t popf\n\t out %al, $0x10\n\t nop\n\t hlt");

VM_FIXTURE(guest_debug)
{
	VM_SETUP(self, variant);
}

static int guest_debug(struct vm *vm, __u32 control, __u64 address, __u64 dr7)
{
	struct minivmx_guest_debug debug = {
		.control = control,
		.arch.debugreg = { [0] = address, [7] = dr7 },
	};

	return vm_ioctl(vm->vcpu, MINIVMX_SET_GUEST_DEBUG, (unsigned long)&debug);
}

/* Gates for the first 64 vectors: each handler is a HLT, but INT 20h's is IRETQ. */
static int start(struct vm *vm, const __u8 *code, const __u8 *end)
{
	struct minivmx_sregs sregs;
	int ret = vm_start(vm, VM_LONG, code, end);

	for (unsigned int i = 0; i < 64; i++) {
		__u64 *gate = (__u64 *)(vm->mem + VM_IDT) + 2 * i;
		__u64 handler = HANDLERS + 16 * i;

		gate[0] = (handler & 0xffff) | VM_SEL_CODE << 16 | 0x8e00ULL << 32;
		gate[1] = 0;
		vm->mem[handler] = 0xf4;
	}
	memcpy(vm->mem + HANDLERS + 16 * 0x20, "\x48\xcf", 2);
	if (!ret)
		ret = vm_get_sregs(vm, &sregs);
	sregs.idt.limit = 64 * 16 - 1;
	return ret ? ret : vm_set_sregs(vm, &sregs);
}

#define START(vm, name)	start(vm, name##_start, name##_end)

/*
 * One step. Bochs 2.7 traps before an instruction that it enters with TF set after a VM exit in its
 * middle, on KVM as well: such a report, of a step to where we were, is asked for again.
 */
static int step(struct vm *vm, __u64 from)
{
	int ret;

	for (int i = 0; i < 20; i++) {
		ret = vm_run(vm);
		if (ret || vm->run->exit_reason != MINIVMX_EXIT_DEBUG || vm->run->debug.arch.pc != from)
			break;
	}
	return ret;
}

TEST_F(guest_debug, steps)
{
	/* NOP, INC, STI, NOP, CPUID; OUT; MOV; MOV SS; NOP; INT and IRET; NOP, HLT */
	static const __u64 expected[] = {
		VM_CODE + 1, VM_CODE + 3, VM_CODE + 4, VM_CODE + 5, VM_CODE + 7,
		VM_CODE + 9, VM_CODE + 14, VM_CODE + 17, VM_CODE + 18,
		HANDLERS + 16 * 0x20, VM_CODE + 20, VM_CODE + 21,
	};
	__u64 pc = VM_CODE;

	ASSERT_EQ(0, START(&self->vm, steps));
	ASSERT_EQ(0, guest_debug(&self->vm, STEP, 0, 0));
	for (unsigned int i = 0; i < ARRAY_SIZE(expected); i++) {
		ASSERT_EQ(0, step(&self->vm, pc));
		if (expected[i] == VM_CODE + 9) {
			ASSERT_EQ(MINIVMX_EXIT_IO, self->vm.run->exit_reason);
			ASSERT_EQ(0, step(&self->vm, pc));
		}
		ASSERT_EQ(MINIVMX_EXIT_DEBUG, self->vm.run->exit_reason) vm_print_exit(&self->vm);
		/* MOV SS holds back traps, but not the monitor trap flag: one step more. */
		if (self->vm.run->debug.arch.pc == VM_CODE + 16)
			ASSERT_EQ(0, step(&self->vm, VM_CODE + 16));
		EXPECT_EQ(DB_VECTOR, self->vm.run->debug.arch.exception);
		EXPECT_EQ(DR6_NOTHING | DR6_BS, self->vm.run->debug.arch.dr6);
		/* INT clears TF, IRET brings it back: then the handler is no step of its own. */
		if (self->vm.run->debug.arch.pc == VM_CODE + 21)
			break;
		ASSERT_EQ(expected[i], self->vm.run->debug.arch.pc) TH_LOG("step %u", i);
		pc = expected[i];
	}
	ASSERT_EQ(0, step(&self->vm, VM_CODE + 21));
	EXPECT_EQ(MINIVMX_EXIT_HLT, self->vm.run->exit_reason);
}

/* The debugger's TF is neither in RFLAGS as userspace sees it, nor left behind. */
TEST_F(guest_debug, flag_is_hidden_and_goes)
{
	struct minivmx_regs regs;

	ASSERT_EQ(0, START(&self->vm, breakpoint));
	self->vm.mem[VM_CODE + 1] = 0x90;
	ASSERT_EQ(0, guest_debug(&self->vm, STEP, 0, 0));
	ASSERT_EQ(0, step(&self->vm, VM_CODE));
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	EXPECT_EQ(2, regs.rflags & 0x102);
	ASSERT_EQ(0, guest_debug(&self->vm, 0, 0, 0));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	EXPECT_EQ(VM_CODE + 4, regs.rip);
	EXPECT_EQ(2, regs.rflags & 0x102);
}

/* Nor after a step that needed no VM entry: the rest of an OUT. */
TEST_F(guest_debug, flag_goes_after_an_out)
{
	struct minivmx_regs regs;

	ASSERT_EQ(0, START(&self->vm, out));
	ASSERT_EQ(0, guest_debug(&self->vm, STEP, 0, 0));
	ASSERT_EQ(0, step(&self->vm, VM_CODE));
	ASSERT_EQ(MINIVMX_EXIT_IO, self->vm.run->exit_reason);
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_DEBUG);
	EXPECT_EQ(VM_CODE + 2, self->vm.run->debug.arch.pc);
	ASSERT_EQ(0, guest_debug(&self->vm, 0, 0, 0));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	EXPECT_EQ(2, regs.rflags & 0x102);
	if (regs.rip == VM_CODE + 4)
		return;
	/* Bochs 2.7 traps once more, on KVM as well; but TF was not set. */
	EXPECT_EQ(HANDLERS + 16 * DB_VECTOR + 1, regs.rip);
	EXPECT_EQ(2, *(__u64 *)(self->vm.mem + regs.rsp + 16) & 0x102);
}

TEST_F(guest_debug, breakpoint_in_code)
{
	struct minivmx_regs regs;

	ASSERT_EQ(0, START(&self->vm, breakpoint));
	ASSERT_EQ(0, guest_debug(&self->vm, SW_BP, 0, 0));
	for (int i = 0; i < 2; i++) {
		ASSERT_EXIT(&self->vm, MINIVMX_EXIT_DEBUG);
		EXPECT_EQ(BP_VECTOR, self->vm.run->debug.arch.exception);
		EXPECT_EQ(VM_CODE + 1, self->vm.run->debug.arch.pc);
		ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
		EXPECT_EQ(VM_CODE + 1, regs.rip);
	}
	/* Not the debugger's after all: the guest gets it. */
	ASSERT_EQ(0, guest_debug(&self->vm, SW_BP | MINIVMX_GUESTDBG_INJECT_BP, 0, 0));
	EXPECT_EQ(-EBUSY, guest_debug(&self->vm, SW_BP | MINIVMX_GUESTDBG_INJECT_BP, 0, 0));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	EXPECT_EQ(HANDLERS + 16 * BP_VECTOR + 1, regs.rip);
	EXPECT_EQ(VM_CODE + 2, *(__u64 *)(self->vm.mem + regs.rsp));
}

/* Without a debugger INT3 is the guest's. */
TEST_F(guest_debug, breakpoint_of_the_guest)
{
	struct minivmx_regs regs;

	ASSERT_EQ(0, START(&self->vm, breakpoint));
	ASSERT_EQ(0, guest_debug(&self->vm, STEP & ~MINIVMX_GUESTDBG_SINGLESTEP, 0, 0));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	EXPECT_EQ(HANDLERS + 16 * BP_VECTOR + 1, regs.rip);
}

TEST_F(guest_debug, breakpoint_of_the_cpu)
{
	struct minivmx_regs regs;

	ASSERT_EQ(0, START(&self->vm, store));
	ASSERT_EQ(0, guest_debug(&self->vm, HW_BP, VM_CODE + 1, DR7_EXECUTE_0));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_DEBUG);
	EXPECT_EQ(DB_VECTOR, self->vm.run->debug.arch.exception);
	EXPECT_EQ(VM_CODE + 1, self->vm.run->debug.arch.pc);
	EXPECT_EQ(DR6_NOTHING | 1, self->vm.run->debug.arch.dr6);
	EXPECT_EQ(DR7_EXECUTE_0, self->vm.run->debug.arch.dr7);
	EXPECT_EQ(0, *(__u32 *)(self->vm.mem + VM_DATA));

	/* A watchpoint is reported behind the instruction that wrote. */
	ASSERT_EQ(0, guest_debug(&self->vm, HW_BP, VM_DATA, DR7_WRITE4_0));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_DEBUG);
	EXPECT_EQ(VM_CODE + 12, self->vm.run->debug.arch.pc);
	EXPECT_EQ(DR6_NOTHING | 1, self->vm.run->debug.arch.dr6);
	EXPECT_EQ(5, *(__u32 *)(self->vm.mem + VM_DATA));

	ASSERT_EQ(0, guest_debug(&self->vm, 0, 0, 0));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	EXPECT_EQ(VM_CODE + 14, regs.rip);
}

TEST_F(guest_debug, injected_debug_exception)
{
	struct minivmx_regs regs;

	ASSERT_EQ(0, START(&self->vm, store));
	ASSERT_EQ(0, guest_debug(&self->vm, MINIVMX_GUESTDBG_ENABLE | MINIVMX_GUESTDBG_INJECT_DB, 0, 0));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	EXPECT_EQ(HANDLERS + 16 * DB_VECTOR + 1, regs.rip);
	EXPECT_EQ(VM_CODE, *(__u64 *)(self->vm.mem + regs.rsp));
}

/* The guest steps itself; the trap must come behind an emulated instruction as behind any. */
static void expect_own_step(struct __test_metadata *_metadata, struct vm *vm)
{
	struct minivmx_debugregs debug;
	struct minivmx_regs regs;

	ASSERT_EXIT(vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(0, vm_get_regs(vm, &regs));
	EXPECT_EQ(HANDLERS + 16 * DB_VECTOR + 1, regs.rip);
	EXPECT_EQ(VM_CODE + 11, *(__u64 *)(vm->mem + regs.rsp));
	ASSERT_EQ(0, vm_ioctl(vm->vcpu, MINIVMX_GET_DEBUGREGS, (unsigned long)&debug));
	EXPECT_EQ(DR6_NOTHING | DR6_BS, debug.dr6);
}

TEST_F(guest_debug, own_step_over_an_emulated_instruction)
{
	ASSERT_EQ(0, START(&self->vm, own_step));
	expect_own_step(_metadata, &self->vm);
}

TEST_F(guest_debug, own_step_over_an_out)
{
	ASSERT_EQ(0, START(&self->vm, own_step_out));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_IO);
	expect_own_step(_metadata, &self->vm);
}

TEST_F(guest_debug, unknown_control)
{
	if (variant->kvm)
		SKIP(return, "KVM ignores them");
	EXPECT_EQ(-EINVAL, guest_debug(&self->vm, 0x80000000, 0, 0));
	EXPECT_EQ(-EINVAL, guest_debug(&self->vm, MINIVMX_GUESTDBG_ENABLE | 4, 0, 0));
}

TEST_HARNESS_MAIN
