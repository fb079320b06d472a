// SPDX-License-Identifier: GPL-2.0
/*
 * debug_registers.c - the guest's own DR0 to DR7: MOV DR, breakpoints that fire, GET_DEBUGREGS and
 * SET_DEBUGREGS.
 *
 * The host's debug registers meanwhile are host_state.c's. SDM 3B "Debug Registers".
 */
#include <errno.h>

#include "vm.h"
#include "kselftest_harness.h"

#define DR6_NOTHING	0xffff0ff0ULL
#define DR6_BD		0x2000ULL
#define DR7_NOTHING	0x400ULL
#define DR7_GD		0x2000ULL
#define CR4_DE		0x8UL

#define HANDLERS	0x2000UL

GUEST_CODE(round_trip, 64,
	"mov $0x1111111111111111, %rax\n\t mov %rax, %db0\n\t"
	"mov $0x2222, %eax\n\t mov %rax, %db3\n\t"
	"mov $0xffffffff, %eax\n\t mov %rax, %db6\n\t"
	"mov $0xffffcc00, %eax\n\t mov %rax, %db7\n\t"
	"xor %eax, %eax\n\t"
	"mov %db0, %rax\n\t mov %db3, %rbx\n\t mov %db6, %rcx\n\t mov %db7, %rdx\n\t mov %rsp, %db1\n\t"
	"mov %db1, %rsi\n\t hlt");
GUEST_CODE(high_half, 64, "mov $0x100000000, %rax\n\t mov %rax, %db7\n\t hlt");
GUEST_CODE(read_dr4, 64, "mov $0xffff0ff1, %eax\n\t mov %rax, %db6\n\t .byte 0x0f, 0x21, 0xe3\n\t hlt");
GUEST_CODE(read_dr7, 64, "mov %db7, %rbx\n\t hlt");
GUEST_CODE(own_watchpoint, 64,
	"mov $0x10000, %eax\n\t mov %rax, %db0\n\t mov $0xd0401, %eax\n\t mov %rax, %db7\n\t"
	"movl $5, 0x10000\n\t nop\n\t hlt");

VM_FIXTURE(debug_registers)
{
	VM_SETUP(self, variant);
}

static int start(struct vm *vm, const __u8 *code, const __u8 *end, __u64 cr4)
{
	struct minivmx_sregs sregs;
	int ret = vm_start(vm, VM_LONG, code, end);

	for (unsigned int i = 0; i < 32; i++) {
		__u64 *gate = (__u64 *)(vm->mem + VM_IDT) + 2 * i;

		gate[0] = (HANDLERS + 16 * i) | VM_SEL_CODE << 16 | 0x8e00ULL << 32;
		gate[1] = 0;
		vm->mem[HANDLERS + 16 * i] = 0xf4;
	}
	if (!ret)
		ret = vm_get_sregs(vm, &sregs);
	sregs.idt.limit = 32 * 16 - 1;
	sregs.cr4 |= cr4;
	return ret ? ret : vm_set_sregs(vm, &sregs);
}

#define START(vm, name, cr4)	start(vm, name##_start, name##_end, cr4)

static int get_debugregs(struct vm *vm, struct minivmx_debugregs *debug)
{
	return vm_ioctl(vm->vcpu, MINIVMX_GET_DEBUGREGS, (unsigned long)debug);
}

static int set_debugregs(struct vm *vm, const struct minivmx_debugregs *debug)
{
	return vm_ioctl(vm->vcpu, MINIVMX_SET_DEBUGREGS, (unsigned long)debug);
}

/* Runs to the HLT of the handler of @vector; RBX and the frame are left to look at. */
static void expect_exception(struct __test_metadata *_metadata, struct vm *vm, int vector)
{
	struct minivmx_regs regs;

	ASSERT_EXIT(vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(0, vm_get_regs(vm, &regs));
	EXPECT_EQ(HANDLERS + 16 * vector + 1, regs.rip);
}

TEST_F(debug_registers, mov_both_ways)
{
	struct minivmx_debugregs debug;
	struct minivmx_regs regs;

	ASSERT_EQ(0, START(&self->vm, round_trip, 0));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	EXPECT_EQ(0x1111111111111111, regs.rax);
	EXPECT_EQ(0x2222, regs.rbx);
	EXPECT_EQ(0xffffeff0 | 0xf, regs.rcx);
	EXPECT_EQ(0xffff0c00, regs.rdx);
	EXPECT_EQ(VM_STACK, regs.rsi);
	ASSERT_EQ(0, get_debugregs(&self->vm, &debug));
	EXPECT_EQ(0x1111111111111111, debug.db[0]);
	EXPECT_EQ(VM_STACK, debug.db[1]);
	EXPECT_EQ(0, debug.db[2]);
	EXPECT_EQ(0x2222, debug.db[3]);
	EXPECT_EQ(regs.rcx, debug.dr6);
	EXPECT_EQ(regs.rdx, debug.dr7);
	EXPECT_EQ(0, debug.flags);
}

TEST_F(debug_registers, high_half_of_dr7)
{
	struct minivmx_debugregs debug;

	ASSERT_EQ(0, START(&self->vm, high_half, 0));
	expect_exception(_metadata, &self->vm, 13);
	ASSERT_EQ(0, get_debugregs(&self->vm, &debug));
	EXPECT_EQ(DR7_NOTHING, debug.dr7);
}

/* DR4 is DR6, until CR4.DE says that there is none. */
TEST_F(debug_registers, dr4)
{
	struct minivmx_regs regs;

	ASSERT_EQ(0, START(&self->vm, read_dr4, 0));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	EXPECT_EQ(DR6_NOTHING | 1, regs.rbx);
	ASSERT_EQ(0, START(&self->vm, read_dr4, CR4_DE));
	expect_exception(_metadata, &self->vm, 6);
}

/* GD: the access raises #DB, which clears GD so that the handler has access. */
TEST_F(debug_registers, general_detect)
{
	struct minivmx_debugregs debug = { .dr6 = DR6_NOTHING, .dr7 = DR7_NOTHING | DR7_GD };
	struct minivmx_regs regs;

	ASSERT_EQ(0, START(&self->vm, read_dr7, 0));
	ASSERT_EQ(0, set_debugregs(&self->vm, &debug));
	expect_exception(_metadata, &self->vm, 1);
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	EXPECT_EQ(VM_CODE, *(__u64 *)(self->vm.mem + regs.rsp));
	ASSERT_EQ(0, get_debugregs(&self->vm, &debug));
	EXPECT_EQ(DR6_NOTHING | DR6_BD, debug.dr6);
	EXPECT_EQ(DR7_NOTHING, debug.dr7);
}

TEST_F(debug_registers, own_watchpoint_fires)
{
	struct minivmx_debugregs debug;
	struct minivmx_regs regs;

	ASSERT_EQ(0, START(&self->vm, own_watchpoint, 0));
	expect_exception(_metadata, &self->vm, 1);
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	EXPECT_EQ(VM_CODE + 27, *(__u64 *)(self->vm.mem + regs.rsp));
	EXPECT_EQ(5, *(__u32 *)(self->vm.mem + VM_DATA));
	ASSERT_EQ(0, get_debugregs(&self->vm, &debug));
	EXPECT_EQ(DR6_NOTHING | 1, debug.dr6);
}

/* Set by the ioctl, seen by the CPU. */
TEST_F(debug_registers, set_from_outside)
{
	struct minivmx_debugregs debug = {
		.db = { VM_DATA }, .dr6 = DR6_NOTHING, .dr7 = 0xd0401,
	};

	ASSERT_EQ(0, START(&self->vm, own_watchpoint, 0));
	/* Past the instructions that set the registers. */
	memset(self->vm.mem + VM_CODE, 0x90, 16);
	ASSERT_EQ(0, set_debugregs(&self->vm, &debug));
	expect_exception(_metadata, &self->vm, 1);
}

TEST_F(debug_registers, at_reset_and_errors)
{
	struct minivmx_debugregs debug;

	ASSERT_EQ(0, get_debugregs(&self->vm, &debug));
	EXPECT_EQ(DR6_NOTHING, debug.dr6);
	EXPECT_EQ(DR7_NOTHING, debug.dr7);
	debug.flags = 1;
	EXPECT_EQ(-EINVAL, set_debugregs(&self->vm, &debug));
	debug.flags = 0;
	debug.dr6 |= 1ULL << 32;
	EXPECT_EQ(-EINVAL, set_debugregs(&self->vm, &debug));
	debug.dr6 = DR6_NOTHING;
	debug.dr7 |= 1ULL << 32;
	EXPECT_EQ(-EINVAL, set_debugregs(&self->vm, &debug));
	EXPECT_EQ(-EFAULT, vm_ioctl(self->vm.vcpu, MINIVMX_GET_DEBUGREGS, 1));
	EXPECT_EQ(-EFAULT, vm_ioctl(self->vm.vcpu, MINIVMX_SET_DEBUGREGS, 1));
}

TEST_HARNESS_MAIN
