// SPDX-License-Identifier: GPL-2.0
/*
 * registers.c - general registers: set, seen by the guest, changed by it, read back.
 *
 * Segments, control registers and the reset state are in sregs.c.
 */
#include <errno.h>
#include <stddef.h>

#include "vm.h"
#include "kselftest_harness.h"

#define RFLAGS_FIXED	2UL
/* CF PF AF ZF SF DF OF, and ID */
#define RFLAGS_CHANGED	0x200cd5UL

/* Everything to memory, one after the other, in the order of struct minivmx_regs. */
GUEST_CODE(store_all, 64,
	"mov %rax, 0x10000\n\t mov %rbx, 0x10008\n\t mov %rcx, 0x10010\n\t mov %rdx, 0x10018\n\t"
	"mov %rsi, 0x10020\n\t mov %rdi, 0x10028\n\t mov %rsp, 0x10030\n\t mov %rbp, 0x10038\n\t"
	"mov %r8,  0x10040\n\t mov %r9,  0x10048\n\t mov %r10, 0x10050\n\t mov %r11, 0x10058\n\t"
	"mov %r12, 0x10060\n\t mov %r13, 0x10068\n\t mov %r14, 0x10070\n\t mov %r15, 0x10078\n\t"
	"mov $0x8000, %esp\n\t"
	"pushfq\n\t popq 0x10088\n\t"
	"hlt");

/* One pattern for each, the other way round. */
GUEST_CODE(load_all, 64,
	"mov $0x8000, %esp\n\t"
	"pushq $0x200cd5\n\t popfq\n\t"
	"movabs $0x0101010101010101, %rax\n\t movabs $0x0202020202020202, %rbx\n\t"
	"movabs $0x0303030303030303, %rcx\n\t movabs $0x0404040404040404, %rdx\n\t"
	"movabs $0x0505050505050505, %rsi\n\t movabs $0x0606060606060606, %rdi\n\t"
	"movabs $0x0707070707070707, %rsp\n\t movabs $0x0808080808080808, %rbp\n\t"
	"movabs $0x0909090909090909, %r8\n\t  movabs $0x0a0a0a0a0a0a0a0a, %r9\n\t"
	"movabs $0x0b0b0b0b0b0b0b0b, %r10\n\t movabs $0x0c0c0c0c0c0c0c0c, %r11\n\t"
	"movabs $0x0d0d0d0d0d0d0d0d, %r12\n\t movabs $0x0e0e0e0e0e0e0e0e, %r13\n\t"
	"movabs $0x0f0f0f0f0f0f0f0f, %r14\n\t movabs $0x1010101010101010, %r15\n\t"
	"hlt");

/* Exits of another kind between loads and stores must not disturb any register. */
GUEST_CODE(exits_between, 64, "out %al, $0x10\n\t out %al, $0x11\n\t hlt");

#define NR_GPRS	16	/* rax to r15, in the structure's order */

static void fill(struct minivmx_regs *regs, __u64 seed)
{
	__u64 *gpr = &regs->rax;

	for (int i = 0; i < NR_GPRS; i++)
		gpr[i] = seed ^ (0x1111111111111111UL * (i + 1));
	regs->rip = VM_CODE;
	regs->rflags = RFLAGS_FIXED;
}

VM_FIXTURE(registers)
{
	VM_SETUP(self, variant);
	ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, store_all));
}

TEST_F(registers, round_trip)
{
	struct minivmx_regs in, out;

	fill(&in, 0xf0e1d2c3b4a59687);
	in.rip = 0x123456789abc;
	in.rflags = RFLAGS_CHANGED | RFLAGS_FIXED;
	ASSERT_EQ(0, vm_set_regs(&self->vm, &in));
	memset(&out, 0xff, sizeof(out));
	ASSERT_EQ(0, vm_get_regs(&self->vm, &out));
	for (unsigned int i = 0; i < sizeof(in) / 8; i++) {
		EXPECT_EQ((&in.rax)[i], (&out.rax)[i]) {
			TH_LOG("register %u of struct minivmx_regs", i);
		}
	}
}

TEST_F(registers, rflags_bit_1_is_forced)
{
	struct minivmx_regs regs;

	fill(&regs, 0);
	regs.rflags = 0;
	ASSERT_EQ(0, vm_set_regs(&self->vm, &regs));
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	EXPECT_EQ(RFLAGS_FIXED, regs.rflags);
}

TEST_F(registers, guest_sees_what_was_set)
{
	struct minivmx_regs regs;
	__u64 *stored = (__u64 *)(self->vm.mem + VM_DATA);

	fill(&regs, 0x0123456789abcdef);
	regs.rflags = RFLAGS_CHANGED | RFLAGS_FIXED;
	ASSERT_EQ(0, vm_set_regs(&self->vm, &regs));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	for (int i = 0; i < NR_GPRS; i++) {
		EXPECT_EQ((&regs.rax)[i], stored[i]) {
			TH_LOG("register %d of struct minivmx_regs", i);
		}
	}
	EXPECT_EQ(RFLAGS_CHANGED | RFLAGS_FIXED, stored[offsetof(struct minivmx_regs, rflags) / 8]);
}

TEST_F(registers, host_sees_what_the_guest_changed)
{
	struct minivmx_regs regs;

	ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, load_all));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	for (int i = 0; i < NR_GPRS; i++) {
		EXPECT_EQ(0x0101010101010101UL * (i + 1), (&regs.rax)[i]) {
			TH_LOG("register %d of struct minivmx_regs", i);
		}
	}
	EXPECT_EQ(VM_CODE + (load_all_end - load_all_start), regs.rip);
	EXPECT_EQ(RFLAGS_CHANGED | RFLAGS_FIXED, regs.rflags);
}

TEST_F(registers, survive_exits)
{
	struct minivmx_regs in, out;

	ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, exits_between));
	fill(&in, 0x5a5a5a5a5a5a5a5a);
	in.rflags |= RFLAGS_CHANGED;
	ASSERT_EQ(0, vm_set_regs(&self->vm, &in));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_IO);
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_IO);
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(0, vm_get_regs(&self->vm, &out));
	in.rip = VM_CODE + (exits_between_end - exits_between_start);
	EXPECT_EQ(0, memcmp(&in, &out, sizeof(in)));
}

/* Registers read between exits are current, and one set there takes effect. */
TEST_F(registers, changed_between_exits)
{
	struct minivmx_regs regs;

	ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, exits_between));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
		regs.rax = 0xa0 + i;
		ASSERT_EQ(0, vm_set_regs(&self->vm, &regs));
		ASSERT_EXIT(&self->vm, MINIVMX_EXIT_IO);
		EXPECT_EQ(0xa0 + i, *(__u8 *)vm_io_data(&self->vm));
	}
}

TEST_HARNESS_MAIN
