// SPDX-License-Identifier: GPL-2.0
/*
 * host_fpu.c - FPU registers are the process's and the guests' own, each theirs.
 *
 * The process holds patterns in x87, SSE and AVX registers across system calls made by hand
 * (the C library may use vector registers); guests write other patterns and check that these
 * stay. SDM 1 "Managing State Using the XSAVE Feature Set".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vectors.h"
#include "vm.h"
#include "kselftest_harness.h"

/*
 * R8 is the guest's pattern. It fills the registers once; after each exit it compares, and
 * counts what differs in R9. A word's place tells which register moved.
 */
GUEST_CODE(keep_pattern, 64,
	"fninit\n\t mov %r8, 0x10000\n\t fildll 0x10000\n\t"
	"movl $0x1f80, 0x10010\n\t orl $0x8000, 0x10010\n\t ldmxcsr 0x10010\n\t"
	"movq %r8, %xmm0\n\t"
	"lea 1(%r8), %rax\n\t movq %rax, %xmm7\n\t"
	"lea 2(%r8), %rax\n\t movq %rax, %xmm15\n\t"
	"xor %r9, %r9\n\t"
	"1: out %al, $0x10\n\t"
	"movq %xmm0, %rax\n\t cmp %r8, %rax\n\t je 2f\n\t inc %r9\n\t"
	"2: movq %xmm7, %rax\n\t lea 1(%r8), %rcx\n\t cmp %rcx, %rax\n\t je 3f\n\t inc %r9\n\t"
	"3: movq %xmm15, %rax\n\t lea 2(%r8), %rcx\n\t cmp %rcx, %rax\n\t je 4f\n\t inc %r9\n\t"
	"4: fld %st(0)\n\t fistpll 0x10008\n\t mov 0x10008, %rax\n\t"
	"cmp %r8, %rax\n\t je 5f\n\t inc %r9\n\t"
	"5: stmxcsr 0x10014\n\t mov 0x10014, %eax\n\t cmp $0x9f80, %eax\n\t je 6f\n\t inc %r9\n\t"
	"6: jmp 1b");

/* Fills what it can reach and leaves the x87 stack full and its exceptions unmasked. */
GUEST_CODE(spoil, 64,
	"mov $0x5b015b01, %eax\n\t"
	"1: movq %rax, %xmm0\n\t movq %rax, %xmm1\n\t movq %rax, %xmm6\n\t movq %rax, %xmm15\n\t"
	"fninit\n\t fld1\n\t fld1\n\t fld1\n\t fld1\n\t fld1\n\t fld1\n\t fld1\n\t fld1\n\t"
	"movl $0x0c00, 0x10000\n\t fldcw 0x10000\n\t"
	"movl $0x1fc0, 0x10000\n\t ldmxcsr 0x10000\n\t"
	"out %al, $0x10\n\t jmp 1b");

VM_FIXTURE(host_fpu)
{
	VM_SETUP(self, variant);
	ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, spoil));
}

static long raw_run(int fd)
{
	long ret;

	asm volatile("syscall" : "=a" (ret)
		     : "a" (SYS_ioctl), "D" (fd), "S" (MINIVMX_RUN), "d" (0)
		     : "rcx", "r11", "memory");
	return ret;
}

static void fill(struct vectors *in)
{
	for (int i = 0; i < 16; i++) {
		for (int word = 0; word < 4; word++)
			in->words[i][word] = 0x1000100010001000UL * (i + 1) + word;
	}
}

TEST_F(host_fpu, sse_registers)
{
	struct vectors in, out = { 0 };

	fill(&in);
	ASSERT_EQ(0, HOLD_ACROSS_RUNS(XMM_LOAD, XMM_STORE, self->vm.vcpu, 2000, &in, &out));
	for (int i = 0; i < 16; i++) {
		EXPECT_EQ(0, memcmp(in.words[i], out.words[i], 16));
	}
}

TEST_F(host_fpu, avx_registers)
{
	struct vectors in, out = { 0 };

	if (!has_avx())
		SKIP(return, "no AVX");
	fill(&in);
	ASSERT_EQ(0, HOLD_ACROSS_RUNS(YMM_LOAD, YMM_STORE, self->vm.vcpu, 2000, &in, &out));
	asm volatile("vzeroupper");
	for (int i = 0; i < 16; i++) {
		EXPECT_EQ(0, memcmp(in.words[i], out.words[i], 32));
	}
}

TEST_F(host_fpu, x87_and_control_words)
{
	unsigned int mxcsr = 0x1f80 | 0x6000, mxcsr_after;	/* round towards zero */
	unsigned short cw = 0x0b7f, cw_after;			/* round up, exceptions masked */
	long in = 0x123456789abcdef, out;

	asm volatile("fninit\n\t fldcw %0\n\t ldmxcsr %1\n\t fildll %2"
		     : : "m" (cw), "m" (mxcsr), "m" (in));
	for (int i = 0; i < 500; i++) {
		ASSERT_EQ(0, raw_run(self->vm.vcpu));
	}
	asm volatile("fistpll %0\n\t fnstcw %1\n\t stmxcsr %2"
		     : "=m" (out), "=m" (cw_after), "=m" (mxcsr_after));
	asm volatile("fninit");
	EXPECT_EQ(in, out);
	EXPECT_EQ(cw, cw_after);
	EXPECT_EQ(mxcsr, mxcsr_after);
}

/* Two guests and the process, in turns, on every CPU. */
TEST_F(host_fpu, everybody_keeps_a_pattern)
{
	struct vm other, *vms[] = { &self->vm, &other };
	struct vectors in, out = { 0 };
	struct minivmx_regs regs;

	fill(&in);
	ASSERT_EQ(0, vm_create(&other, variant->device));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, VM_START(vms[i], VM_LONG, keep_pattern));
		ASSERT_EQ(0, vm_get_regs(vms[i], &regs));
		regs.r8 = 0xa5a50000 + 0x100 * i;
		ASSERT_EQ(0, vm_set_regs(vms[i], &regs));
	}
	for (int i = 0; i < 200; i++) {
		if (i % 10 == 0) {
			ASSERT_EQ(0, vm_pin_to_cpu(i / 10 % vm_count_cpus()));
		}
		ASSERT_EQ(0, HOLD_ACROSS_RUNS(XMM_LOAD, XMM_STORE, vms[i & 1]->vcpu, 3, &in, &out));
		ASSERT_EQ(MINIVMX_EXIT_IO, vms[i & 1]->run->exit_reason) {
			vm_print_exit(vms[i & 1]);
		}
		for (int n = 0; n < 16; n++) {
			ASSERT_EQ(0, memcmp(in.words[n], out.words[n], 16));
		}
	}
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, vm_get_regs(vms[i], &regs));
		EXPECT_EQ(0, regs.r9);
		EXPECT_EQ(0xa5a50000U + 0x100 * i, regs.r8);
	}
	vm_destroy(&other);
}

TEST_HARNESS_MAIN
