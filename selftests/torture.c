// SPDX-License-Identifier: GPL-2.0
/*
 * torture.c - all that no VM entry or exit switches, changed by everybody, on the same CPUs.
 *
 * A guest changes its vector and x87 registers, XCR0, debug registers, the MSRs of SYSCALL and of
 * segments, TSC_AUX, PAT and EFER in each round, and checks them at the start of the next; the
 * process around it does the same with what it has of these, and moves from CPU to CPU. Then several
 * such pairs preempt each other, on KVM too. MINIVMX_SECONDS says for how long; else it is a second,
 * or 1000 rounds.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <asm/ldt.h>
#include <asm/prctl.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vectors.h"
#include "vm.h"
#include "kselftest_harness.h"

#define CR4_OSXSAVE	(1ULL << 18)
#define EFER_SCE	0x001
#define EFER_NX		0x800

#define PORT_ROUND	0x10
#define PORT_BROKEN	0x11

/* Of the guest's memory: the table of MSRs, and words that hold what it expects. */
#define G_MSRS		0x10000
#define G_PATTERN	0x12000	/* 8 words for YMM0 and YMM15 */
#define G_STORED	0x12040
#define G_X87		0x12080	/* expected, found */
#define G_DR0		0x12090

struct guest_msr {
	__u64 number, value, toggle;	/* bits that change in each round */
};

enum { ROW_GS_BASE, ROW_KERNEL_GS_BASE, ROW_LSTAR, ROW_TSC_AUX };	/* that the guest knows */

#define HANDLER_A	(VM_CODE + 0x400)
#define HANDLER_B	(VM_CODE + 0x600)

static const struct guest_msr guest_msrs[] = {
	{ 0xc0000101, 0xffff800011110000, 0x1000 },			/* GS_BASE */
	{ 0xc0000102, 0xffff800022220000, 0x2000 },			/* KERNEL_GS_BASE */
	{ 0xc0000082, HANDLER_A, HANDLER_A ^ HANDLER_B },		/* LSTAR */
	{ 0xc0000103, 0x7777, 0x88880000 },				/* TSC_AUX */
	{ 0xc0000081, 0x0023000800000000, 0x0010000000000000 },		/* STAR: CS 8, SS 16 */
	{ 0xc0000083, 0x33330000, 0x3000 },				/* CSTAR */
	{ 0xc0000084, 0x400, 0x40000 },					/* FMASK: DF, AC */
	{ 0xc0000100, 0x44440000, 0x4000 },				/* FS_BASE */
	{ 0x277, 0x0007040600070406, 0x0000010000000000 },		/* PAT */
	{ 0xc0000080, 0xd01, EFER_NX },					/* EFER: SCE, LME, LMA, NX */
	{ 0x175, 0x55550000, 0x5000 },					/* SYSENTER_ESP */
	{ 0x176, 0x66660000, 0x6000 },					/* SYSENTER_EIP */
};

/*
 * R8: rounds. R14: 1 if there is AVX. R15: where it broke. A round ends with the OUT, which R13
 * makes with XCR0 lowered every other time.
 */
GUEST_CODE(torture, 64,
	"torture_round:\n\t"
	"mov $1, %r15d\n\t"
	"test %r14d, %r14d\n\t jz 1f\n\t"
	"xor %ecx, %ecx\n\t xgetbv\n\t cmp %r13d, %eax\n\t jne torture_broken\n\t"
	"mov $7, %eax\n\t xor %edx, %edx\n\t xsetbv\n\t"
	"vmovdqu %ymm0, 0x12040\n\t vmovdqu %ymm15, 0x12060\n\t jmp 2f\n\t"
	"1: movdqu %xmm0, 0x12040\n\t movdqu %xmm15, 0x12060\n\t"
	"movdqu 0x12010, %xmm1\n\t movdqu %xmm1, 0x12050\n\t"
	"movdqu 0x12030, %xmm1\n\t movdqu %xmm1, 0x12070\n\t"
	"2: mov $2, %r15d\n\t cld\n\t"
	"mov $0x12000, %esi\n\t mov $0x12040, %edi\n\t mov $8, %ecx\n\t repe cmpsq\n\t"
	"jne torture_broken\n\t"
	"mov $3, %r15d\n\t"
	"fistpll 0x12088\n\t mov 0x12088, %rax\n\t cmp 0x12080, %rax\n\t jne torture_broken\n\t"
	"mov $4, %r15d\n\t"
	"mov %dr0, %rax\n\t cmp 0x12090, %rax\n\t jne torture_broken\n\t"
	"mov %dr7, %rax\n\t cmp $0x402, %rax\n\t jne torture_broken\n\t"
	/* The MSRs, by RDMSR and by what uses them. */
	"mov $0x10000, %ebx\n\t mov %r12d, %edi\n\t mov $0x100, %r15d\n\t"
	"3: mov (%rbx), %ecx\n\t rdmsr\n\t shl $32, %rdx\n\t or %rdx, %rax\n\t"
	"cmp 8(%rbx), %rax\n\t jne torture_broken\n\t"
	"inc %r15d\n\t add $24, %ebx\n\t dec %edi\n\t jnz 3b\n\t"
	"mov $5, %r15d\n\t"
	"mov $300, %edi\n\t"
	"4: xor %ebx, %ebx\n\t syscall\n\t cmp 0x10038, %rbx\n\t jne torture_broken\n\t"
	"dec %edi\n\t jnz 4b\n\t"
	"mov $6, %r15d\n\t"
	"rdtscp\n\t cmp 0x10050, %ecx\n\t jne torture_broken\n\t"
	/* New values for everything. */
	"mov $0x12000, %ebx\n\t mov $8, %ecx\n\t"
	"5: add %r8, (%rbx)\n\t add $8, %ebx\n\t dec %ecx\n\t jnz 5b\n\t"
	"incq 0x12080\n\t fildll 0x12080\n\t"
	"addq $0x10, 0x12090\n\t mov 0x12090, %rax\n\t mov %rax, %dr0\n\t"
	"mov $0x402, %eax\n\t mov %rax, %dr7\n\t"
	"mov $0x10000, %ebx\n\t mov %r12d, %edi\n\t"
	"6: mov 16(%rbx), %rax\n\t xor 8(%rbx), %rax\n\t mov %rax, 8(%rbx)\n\t"
	"mov %rax, %rdx\n\t shr $32, %rdx\n\t mov (%rbx), %ecx\n\t wrmsr\n\t"
	"add $24, %ebx\n\t dec %edi\n\t jnz 6b\n\t"
	/* SWAPGS exchanges the first two. */
	"swapgs\n\t mov 0x10008, %rax\n\t xchg %rax, 0x10020\n\t mov %rax, 0x10008\n\t"
	"test %r14d, %r14d\n\t jz 7f\n\t"
	"vmovdqu 0x12000, %ymm0\n\t vmovdqu 0x12020, %ymm15\n\t"
	"xor $4, %r13d\n\t mov %r13d, %eax\n\t xor %edx, %edx\n\t xor %ecx, %ecx\n\t xsetbv\n\t"
	"jmp 8f\n\t"
	"7: movdqu 0x12000, %xmm0\n\t movdqu 0x12020, %xmm15\n\t"
	"8: inc %r8\n\t out %al, $0x10\n\t jmp torture_round\n\t"
	"torture_broken: out %al, $0x11\n\t"
	".org torture_start + 0x400\n\t"
	"9: lea 9b(%rip), %rbx\n\t push %r11\n\t popfq\n\t jmp *%rcx\n\t"
	".org torture_start + 0x600\n\t"
	"9: lea 9b(%rip), %rbx\n\t push %r11\n\t popfq\n\t jmp *%rcx\n\t");

/* --------------------------------------------------------------------------- the guest */

static int set_msrs(struct vm *vm)
{
	struct {
		struct minivmx_msrs head;
		struct minivmx_msr_entry entries[ARRAY_SIZE(guest_msrs)];
	} list = { .head.nmsrs = ARRAY_SIZE(guest_msrs) };

	for (unsigned int i = 0; i < ARRAY_SIZE(guest_msrs); i++)
		list.entries[i] = (struct minivmx_msr_entry){
			.index = guest_msrs[i].number, .data = guest_msrs[i].value,
		};
	memcpy(vm->mem + G_MSRS, guest_msrs, sizeof(guest_msrs));
	return vm_ioctl(vm->vcpu, MINIVMX_SET_MSRS, (unsigned long)&list) == ARRAY_SIZE(guest_msrs) ?
	       0 : -EPROTO;
}

/* Registers as the first round expects them. */
static int set_fpu(struct vm *vm, bool avx)
{
	struct minivmx_xcrs xcrs = { .nr_xcrs = 1, .xcrs = { { .value = 7 } } };
	struct minivmx_xsave xsave = { .region = { [6] = 0x1f80, [128] = avx ? 7 : 3 } };
	__u64 *pattern = (__u64 *)(vm->mem + G_PATTERN);
	__u8 *image = (__u8 *)xsave.region;

	for (int i = 0; i < 8; i++)
		pattern[i] = 0x0101010101010101 * (i + 1);
	memcpy(image + 160, pattern, 16);
	memcpy(image + 160 + 15 * 16, pattern + 4, 16);
	if (avx) {
		memcpy(image + 576, pattern + 2, 16);
		memcpy(image + 576 + 15 * 16, pattern + 6, 16);
	}
	/* 1.0 in ST0, which is the last physical register. */
	*(__u16 *)image = 0x37f;
	*(__u16 *)(image + 2) = 7 << 11;
	image[4] = 0x80;
	*(__u64 *)(image + 32) = 1ULL << 63;
	*(__u16 *)(image + 40) = 0x3fff;
	*(__u64 *)(vm->mem + G_X87) = 1;
	if (avx && vm_ioctl(vm->vcpu, MINIVMX_SET_XCRS, (unsigned long)&xcrs))
		return -EPROTO;
	return vm_ioctl(vm->vcpu, MINIVMX_SET_XSAVE, (unsigned long)&xsave);
}

static int start_guest(struct vm *vm, const char *device, bool avx)
{
	struct minivmx_debugregs debug = { .db = { 0x700000 }, .dr6 = 0xffff0ff0, .dr7 = 0x402 };
	struct minivmx_sregs sregs;
	struct minivmx_regs regs;
	int ret = vm_create(vm, device);

	if (!ret)
		ret = VM_START(vm, VM_LONG, torture);
	if (!ret)
		ret = vm_get_sregs(vm, &sregs);
	sregs.cr4 |= avx ? CR4_OSXSAVE : 0;
	if (!ret)
		ret = vm_set_sregs(vm, &sregs);
	if (!ret)
		ret = set_msrs(vm);
	if (!ret)
		ret = set_fpu(vm, avx);
	*(__u64 *)(vm->mem + G_DR0) = debug.db[0];
	if (!ret)
		ret = vm_ioctl(vm->vcpu, MINIVMX_SET_DEBUGREGS, (unsigned long)&debug);
	if (!ret)
		ret = vm_get_regs(vm, &regs);
	regs.rflags |= 1 << 9;	/* IF: emulators let the host's interrupts in by it */
	regs.r8 = 1;
	regs.r12 = ARRAY_SIZE(guest_msrs);
	regs.r13 = 7;
	regs.r14 = avx;
	return ret ? ret : vm_set_regs(vm, &regs);
}

/* ------------------------------------------------------------------------- the process */

static volatile unsigned long watched;
static unsigned long gs_anchors[2] = { 0x6500, 0x6501 };

struct host {
	bool avx;
	int breakpoint;		/* a perf event that counts writes to watched; -1: none */
};

#define LDT_SELECTOR	7

static int host_prepare(struct host *host)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_BREAKPOINT, .size = sizeof(attr),
		.bp_type = HW_BREAKPOINT_W, .bp_addr = (unsigned long)&watched,
		.bp_len = HW_BREAKPOINT_LEN_8, .exclude_kernel = 1,
	};
	struct user_desc desc = {
		.limit = 0xfff, .seg_32bit = 1, .useable = 1,
	};

	host->avx = has_avx();
	host->breakpoint = syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
	return syscall(SYS_modify_ldt, 1, &desc, sizeof(desc)) ? -errno : 0;
}

/* One RUN with everything the process has of such state in use. 0, or -EBADMSG. */
static int host_round(struct host *host, struct vm *vm, unsigned long round)
{
	unsigned int mxcsr = round & 1 ? 0x7f80 : 0x1f80, mxcsr_after;
	unsigned short cw = round & 1 ? 0xb7f : 0x37f, cw_after, es;
	unsigned int low, high, aux, cpu;
	struct vectors in, out = { 0 };
	unsigned long *anchor = &gs_anchors[round & 1], gs_word;
	int ret;

	for (int i = 0; i < 16; i++)
		for (int k = 0; k < 4; k++)
			in.words[i][k] = round * 0x100010001 + i * 16 + k;
	syscall(SYS_arch_prctl, ARCH_SET_GS, anchor);
	asm volatile("mov %0, %%es" : : "r" (LDT_SELECTOR));
	asm volatile("fninit\n\t fldcw %0\n\t ldmxcsr %1" : : "m" (cw), "m" (mxcsr));
	ret = host->avx ? HOLD_ACROSS_RUNS(YMM_LOAD, YMM_STORE, vm->vcpu, 1, &in, &out) :
			  HOLD_ACROSS_RUNS(XMM_LOAD, XMM_STORE, vm->vcpu, 1, &in, &out);
	asm volatile("fnstcw %0\n\t stmxcsr %1" : "=m" (cw_after), "=m" (mxcsr_after));
	/* Loading the selector once more faults where its table is gone. */
	asm volatile("mov %%es, %0\n\t mov %%gs:0, %1\n\t mov %2, %%es"
		     : "=&r" (es), "=&r" (gs_word) : "r" (LDT_SELECTOR));
	asm volatile("fninit\n\t ldmxcsr %0\n\t mov %1, %%es" : : "m" ((unsigned int){ 0x1f80 }), "r" (0));
	if (host->avx)
		asm volatile("vzeroupper");
	watched = round;
	if (ret)
		return ret == -1 ? -EIO : ret;
	for (int i = 0; i < 16; i++)
		if (memcmp(in.words[i], out.words[i], host->avx ? 32 : 16))
			return -EBADMSG;
	if (cw_after != cw || mxcsr_after != mxcsr || es != LDT_SELECTOR ||
	    gs_word != *anchor)
		return -EBADMSG;
	/* Unless it moved in between. */
	getcpu(&cpu, NULL);
	asm volatile("rdtscp" : "=a" (low), "=d" (high), "=c" (aux));
	if ((aux & 0xfff) != cpu && (unsigned int)sched_getcpu() == cpu)
		return -EBADMSG;
	return 0;
}

/* Rounds done, or -errno; -EBADMSG if guest or process found a wrong value. */
static long torture(const char *device, double seconds, bool migrate)
{
	double end = vm_seconds() + seconds;
	int cpus = vm_count_cpus(), ret;
	unsigned long rounds = 0, hits = 0;
	struct host host;
	struct vm vm;

	ret = host_prepare(&host);
	if (!ret)
		ret = start_guest(&vm, device, host.avx);
	watched = 0;
	while (!ret && vm_seconds() < end && (getenv("MINIVMX_SECONDS") || rounds < 1000)) {
		if (migrate && rounds % 8 == 0)
			vm_pin_to_cpu(rounds / 8 % cpus);
		rounds++;
		ret = host_round(&host, &vm, rounds);
		if (!ret && (vm.run->exit_reason != MINIVMX_EXIT_IO || vm.run->io.port != PORT_ROUND)) {
			struct minivmx_regs regs = { 0 };

			vm_get_regs(&vm, &regs);
			printf("# %s: broken at %#llx in round %llu\n", device, regs.r15, regs.r8);
			vm_print_exit(&vm);
			ret = -EBADMSG;
		}
	}
	/* As many hits as writes, where such breakpoints count at all. */
	if (!ret && host.breakpoint >= 0 && read(host.breakpoint, &hits, 8) == 8 && hits &&
	    hits != rounds + 1) {
		printf("# %s: %lu breakpoint hits in %lu rounds\n", device, hits, rounds);
		ret = -EBADMSG;
	}
	if (host.breakpoint >= 0)
		close(host.breakpoint);
	vm_destroy(&vm);
	return ret ? ret : (long)rounds;
}

static double seconds(void)
{
	const char *given = getenv("MINIVMX_SECONDS");

	return given ? atof(given) : 1;
}

/* In processes of their own, on one CPU to begin with. */
static void torture_together(struct __test_metadata *_metadata, const char * const *devices,
			     int count, bool migrate)
{
	pid_t pids[4];
	int status;

	for (int i = 0; i < count; i++) {
		pids[i] = fork();
		ASSERT_LE(0, pids[i]);
		if (!pids[i]) {
			long rounds;

			vm_pin_to_cpu(0);
			rounds = torture(devices[i], seconds(), migrate);
			printf("# %s: %ld rounds\n", devices[i], rounds);
			fflush(stdout);
			_exit(rounds <= 0);
		}
	}
	for (int i = 0; i < count; i++) {
		ASSERT_EQ(pids[i], waitpid(pids[i], &status, 0));
		EXPECT_EQ(0, status) {
			TH_LOG("%s", devices[i]);
		}
	}
}

FIXTURE(torture) { };
FIXTURE_VARIANT(torture) { const char *device; };
FIXTURE_VARIANT_ADD(torture, minivmx) { .device = MINIVMX_DEVICE };
FIXTURE_VARIANT_ADD(torture, kvm) { .device = KVM_DEVICE };

FIXTURE_SETUP(torture)
{
	VM_REQUIRE(variant->device);
}

FIXTURE_TEARDOWN(torture)
{
}

TEST_F_TIMEOUT(torture, alone, 600)
{
	const char *devices[] = { variant->device };

	torture_together(_metadata, devices, 1, true);
}

TEST_F_TIMEOUT(torture, two_preempt_each_other, 600)
{
	const char *devices[] = { variant->device, variant->device };

	torture_together(_metadata, devices, 2, false);
}

/* Each finds the other's SYSCALL MSRs, EFER and TSC_AUX in the CPU, now and then. */
TEST_F_TIMEOUT(torture, beside_kvm, 600)
{
	const char *devices[] = { variant->device, KVM_DEVICE, variant->device };

	VM_REQUIRE(KVM_DEVICE);
	torture_together(_metadata, devices, 2, false);
	torture_together(_metadata, devices, 3, true);
}

TEST_HARNESS_MAIN
