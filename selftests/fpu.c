// SPDX-License-Identifier: GPL-2.0
/*
 * fpu.c - x87, SSE and AVX registers and XCR0 of a guest: the ioctls, XSETBV, and that nothing is
 * lost between runs.
 *
 * Where the host does not use XSAVE, guests have none: then only what FXSAVE knows is tested. SDM 1
 * "Managing State Using the XSAVE Feature Set".
 */
#include <errno.h>
#include <string.h>

#include "fault.h"
#include "kselftest_harness.h"

#define CR4_OSXSAVE	(1ULL << 18)
#define CPUID_1_XSAVE	(1U << 26)
#define CPUID_1_OSXSAVE	(1U << 27)
#define CPUID_1_AVX	(1U << 28)

#define X87	1ULL
#define SSE	2ULL
#define AVX	4ULL

#define MXCSR_AT_RESET	0x1f80

/* SDM 1 "XSAVE Area" */
struct xsave {
	__u16 fcw, fsw;
	__u8 ftw, zero;
	__u16 fop;
	__u64 fip, fdp;
	__u32 mxcsr, mxcsr_mask;
	__u64 st[8][2];
	__u64 xmm[16][2];
	__u64 unused[12];
	__u64 xstate_bv, xcomp_bv, header[6];
	__u64 ymm_high[16][2];
	__u64 rest[(4096 - 832) / 8];
};
_Static_assert(sizeof(struct xsave) == sizeof(struct minivmx_xsave), "one page");

VM_FIXTURE(fpu)
{
	VM_SETUP(self, variant);
}

static int get_xsave(struct vm *vm, struct xsave *xsave)
{
	return vm_ioctl(vm->vcpu, MINIVMX_GET_XSAVE, (unsigned long)xsave);
}

static int set_xsave(struct vm *vm, const struct xsave *xsave)
{
	return vm_ioctl(vm->vcpu, MINIVMX_SET_XSAVE, (unsigned long)xsave);
}

static int get_xcr0(struct vm *vm, __u64 *value)
{
	struct minivmx_xcrs xcrs;
	int ret = vm_ioctl(vm->vcpu, MINIVMX_GET_XCRS, (unsigned long)&xcrs);

	*value = xcrs.xcrs[0].value;
	return ret ? ret : (int)xcrs.nr_xcrs;
}

static int set_xcr0(struct vm *vm, __u64 value)
{
	struct minivmx_xcrs xcrs = { .nr_xcrs = 1, .xcrs = { { .value = value } } };

	return vm_ioctl(vm->vcpu, MINIVMX_SET_XCRS, (unsigned long)&xcrs);
}

static bool has_xsave(struct vm *vm)
{
	return vm_ioctl(vm->fd, MINIVMX_CHECK_EXTENSION, MINIVMX_CAP_XCRS) > 0;
}

/* XCR0 as the guest may have it: what leaf 0xD shows. */
static __u64 supported_xcr0(struct vm *vm)
{
	static struct {
		struct minivmx_cpuid2 head;
		struct minivmx_cpuid_entry2 entries[MINIVMX_MAX_CPUID_ENTRIES];
	} table;

	table.head.nent = MINIVMX_MAX_CPUID_ENTRIES;
	if (vm_ioctl(vm->vcpu, MINIVMX_GET_CPUID2, (unsigned long)&table))
		return 0;
	for (__u32 i = 0; i < table.head.nent; i++)
		if (table.entries[i].function == 0xd && table.entries[i].index == 0)
			return table.entries[i].eax;
	return 0;
}

#define REQUIRE_AVX()									\
	do {										\
		if ((supported_xcr0(&self->vm) & 7) != 7)				\
			SKIP(return, "no AVX for guests");				\
	} while (0)

/* Ready for AVX: CR4.OSXSAVE, all of XCR0. */
static int start_avx(struct vm *vm, const __u8 *start, const __u8 *end)
{
	struct minivmx_sregs sregs;
	int ret = vm_start(vm, VM_LONG, start, end);

	if (!ret)
		ret = vm_get_sregs(vm, &sregs);
	sregs.cr4 |= CR4_OSXSAVE;
	if (!ret)
		ret = vm_set_sregs(vm, &sregs);
	return ret ? ret : set_xcr0(vm, X87 | SSE | AVX);
}

#define START_AVX(name)	ASSERT_EQ(0, start_avx(&self->vm, name##_start, name##_end))

/* ------------------------------------------------------------------------ the ioctls */

TEST_F(fpu, at_reset)
{
	struct minivmx_fpu fpu;
	struct xsave xsave;
	__u64 xcr0;

	EXPECT_LT(0, vm_ioctl(self->vm.fd, MINIVMX_CHECK_EXTENSION, MINIVMX_CAP_XSAVE));
	memset(&fpu, 0xff, sizeof(fpu));
	ASSERT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_GET_FPU, (unsigned long)&fpu));
	EXPECT_EQ(0x37f, fpu.fcw);
	EXPECT_EQ(0, fpu.fsw);
	EXPECT_EQ(0, fpu.ftwx);
	EXPECT_EQ(0, fpu.mxcsr);
	EXPECT_EQ(0, fpu.xmm[15][0]);
	memset(&xsave, 0xff, sizeof(xsave));
	ASSERT_EQ(0, get_xsave(&self->vm, &xsave));
	EXPECT_EQ(0x37f, xsave.fcw);
	EXPECT_EQ(MXCSR_AT_RESET, xsave.mxcsr);
	EXPECT_EQ(0, xsave.xmm[15][0]);
	EXPECT_EQ(0, xsave.xcomp_bv);
	EXPECT_EQ(0, xsave.ymm_high[15][1]);
	EXPECT_EQ(0, xsave.rest[0]);
	if (has_xsave(&self->vm)) {
		EXPECT_EQ(1, get_xcr0(&self->vm, &xcr0));
		EXPECT_EQ(X87, xcr0);
	} else {
		EXPECT_EQ(0, get_xcr0(&self->vm, &xcr0));
		EXPECT_EQ(X87 | SSE, xsave.xstate_bv);
	}
}

/* Stores what it finds, then changes it. */
GUEST_CODE(show_fpu, 64,
	"fxsave64 0x10000\n\t"
	"movq %xmm3, %rax\n\t inc %rax\n\t movq %rax, %xmm3\n\t"
	"movl $0x7f80, 0x11000\n\t ldmxcsr 0x11000\n\t"
	"fninit\n\t fldpi\n\t"
	"hlt");

static const struct xsave *guest_image(struct vm *vm)
{
	return (const struct xsave *)(vm->mem + 0x10000);
}

TEST_F(fpu, set_fpu)
{
	struct minivmx_fpu fpu = {
		.fcw = 0x27f, .fsw = 0x3800, .ftwx = 0x80, .last_opcode = 0x123,
		.last_ip = 0x4567, .last_dp = 0x89ab, .mxcsr = 0xffffffff,
	};
	const struct xsave *image = guest_image(&self->vm);
	struct xsave xsave;

	/* 1.0 in ST0, which is the last physical register. */
	fpu.fpr[0][7] = 0x80;
	fpu.fpr[0][8] = 0xff;
	fpu.fpr[0][9] = 0x3f;
	for (int i = 0; i < 16; i++)
		memset(fpu.xmm[i], 0x10 + i, 16);
	/* KVM loses what is set before the guest has used these registers. */
	if (variant->kvm) {
		xsave = (struct xsave){ .mxcsr = MXCSR_AT_RESET, .xstate_bv = X87 | SSE };
		ASSERT_EQ(0, set_xsave(&self->vm, &xsave));
	}
	ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, show_fpu));
	ASSERT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_SET_FPU, (unsigned long)&fpu));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	EXPECT_EQ(0x27f, image->fcw);
	EXPECT_EQ(0x3800, image->fsw);
	EXPECT_EQ(0x80, image->ftw);
	EXPECT_EQ(0x8000000000000000, image->st[0][0]);
	EXPECT_EQ(0x3fff, image->st[0][1] & 0xffff);
	/* MXCSR is not part of it. */
	EXPECT_EQ(MXCSR_AT_RESET, image->mxcsr);
	for (int i = 0; i < 16; i++)
		EXPECT_EQ(0x0101010101010101ULL * (0x10 + i), image->xmm[i][1]);

	ASSERT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_GET_FPU, (unsigned long)&fpu));
	EXPECT_EQ(0x37f, fpu.fcw);
	EXPECT_EQ(0x14, fpu.xmm[3][0]);
	EXPECT_EQ(0x13, fpu.xmm[3][1]);
	EXPECT_EQ(0x40, fpu.fpr[0][9]);	/* pi */
	ASSERT_EQ(0, get_xsave(&self->vm, &xsave));
	EXPECT_EQ(0x7f80, xsave.mxcsr);
	EXPECT_EQ(0x1313131313131314, xsave.xmm[3][0]);
	EXPECT_EQ(X87 | SSE, xsave.xstate_bv & (X87 | SSE));
}

TEST_F(fpu, set_xsave)
{
	const struct xsave *image = guest_image(&self->vm);
	struct xsave xsave = { .fcw = 0x27f, .mxcsr = 0x9f80, .xstate_bv = X87 | SSE };

	xsave.st[3][0] = 0x3333;
	xsave.xmm[3][0] = 0x4444;
	xsave.xmm[15][1] = 0x5555;
	ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, show_fpu));
	ASSERT_EQ(0, set_xsave(&self->vm, &xsave));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	EXPECT_EQ(0x27f, image->fcw);
	EXPECT_EQ(0x9f80, image->mxcsr);
	EXPECT_EQ(0x3333, image->st[3][0]);
	EXPECT_EQ(0x4444, image->xmm[3][0]);
	EXPECT_EQ(0x5555, image->xmm[15][1]);
}

/* What is not in use has its initial value, whatever the bytes say. */
TEST_F(fpu, set_xsave_of_fewer_components)
{
	const struct xsave *image = guest_image(&self->vm);
	struct xsave xsave = { .fcw = 0x27f, .mxcsr = 0x9f80, .xstate_bv = SSE };

	if (!has_xsave(&self->vm))
		SKIP(return, "no XSAVE");
	xsave.xmm[3][0] = 0x4444;
	xsave.ymm_high[3][0] = 0x5555;
	ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, show_fpu));
	ASSERT_EQ(0, set_xsave(&self->vm, &xsave));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	EXPECT_EQ(0x37f, image->fcw);
	EXPECT_EQ(0x9f80, image->mxcsr);
	EXPECT_EQ(0x4444, image->xmm[3][0]);
	ASSERT_EQ(0, get_xsave(&self->vm, &xsave));
	EXPECT_EQ(0, xsave.ymm_high[3][0]);
}

TEST_F(fpu, set_xsave_errors)
{
	struct xsave good = { .fcw = 0x37f, .mxcsr = MXCSR_AT_RESET, .xstate_bv = X87 | SSE }, bad;

	EXPECT_EQ(0, set_xsave(&self->vm, &good));
	bad = good;
	bad.mxcsr = 0x80001f80;
	EXPECT_EQ(-EINVAL, set_xsave(&self->vm, &bad));
	bad = good;
	bad.xstate_bv |= 1ULL << 62;
	EXPECT_EQ(-EINVAL, set_xsave(&self->vm, &bad));
	if (has_xsave(&self->vm)) {
		bad = good;
		bad.xcomp_bv = 1ULL << 63;
		EXPECT_EQ(-EINVAL, set_xsave(&self->vm, &bad));
		bad = good;
		bad.header[5] = 1;
		EXPECT_EQ(-EINVAL, set_xsave(&self->vm, &bad));
	}
	EXPECT_EQ(-EFAULT, vm_ioctl(self->vm.vcpu, MINIVMX_SET_XSAVE, 8));
	EXPECT_EQ(-EFAULT, vm_ioctl(self->vm.vcpu, MINIVMX_GET_XSAVE, 8));
	/* And nothing bad has stayed: the guest's registers load. */
	ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, show_fpu));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	EXPECT_EQ(MXCSR_AT_RESET, guest_image(&self->vm)->mxcsr);
}

TEST_F(fpu, xcrs)
{
	struct minivmx_xcrs xcrs = { .nr_xcrs = 1, .xcrs = { { .value = X87 } } };
	__u64 xcr0, supported = supported_xcr0(&self->vm);

	if (!has_xsave(&self->vm)) {
		EXPECT_EQ(-EINVAL, set_xcr0(&self->vm, X87));
		SKIP(return, "no XSAVE");
	}
	EXPECT_EQ(0, set_xcr0(&self->vm, X87 | SSE));
	EXPECT_EQ(1, get_xcr0(&self->vm, &xcr0));
	EXPECT_EQ(X87 | SSE, xcr0);
	EXPECT_EQ(-EINVAL, set_xcr0(&self->vm, 0));
	EXPECT_EQ(-EINVAL, set_xcr0(&self->vm, SSE));
	EXPECT_EQ(-EINVAL, set_xcr0(&self->vm, X87 | AVX));
	EXPECT_EQ(-EINVAL, set_xcr0(&self->vm, supported | 1ULL << 62));
	EXPECT_EQ(0, set_xcr0(&self->vm, supported));
	EXPECT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_SET_XCRS, (unsigned long)&xcrs));
	xcrs.nr_xcrs = MINIVMX_MAX_XCRS + 1;
	EXPECT_EQ(-EINVAL, vm_ioctl(self->vm.vcpu, MINIVMX_SET_XCRS, (unsigned long)&xcrs));
	xcrs.nr_xcrs = 1;
	xcrs.flags = 1;
	EXPECT_EQ(-EINVAL, vm_ioctl(self->vm.vcpu, MINIVMX_SET_XCRS, (unsigned long)&xcrs));
	/* Other registers than XCR0 are nobody's. */
	xcrs.flags = 0;
	xcrs.xcrs[0].xcr = 1;
	EXPECT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_SET_XCRS, (unsigned long)&xcrs));
	EXPECT_EQ(1, get_xcr0(&self->vm, &xcr0));
	EXPECT_EQ(X87, xcr0);
}

/* ---------------------------------------------------------------------------- XSETBV */

/* XSETBV with ECX, EDX:EAX as given; then CPUID 0xD in EBX and leaf 1 in ECX. */
GUEST_CODE(set_xcr0_once, 64,
	"xsetbv\n\t"
	"xor %ecx, %ecx\n\t xgetbv\n\t mov %rax, %rsi\n\t"
	"mov $0xd, %eax\n\t xor %ecx, %ecx\n\t cpuid\n\t mov %rbx, %rdi\n\t"
	"mov $1, %eax\n\t cpuid\n\t"
	"hlt");

static int xsetbv(struct vm *vm, int ring, __u64 rcx, __u64 value, struct minivmx_regs *regs)
{
	int ret = start_avx(vm, set_xcr0_once_start, set_xcr0_once_end);

	if (!ret)
		ret = vm_catch_faults(vm, VM_LONG);
	if (!ret && ring)
		ret = vm_enter_ring3(vm);
	if (!ret)
		ret = vm_get_regs(vm, regs);
	regs->rcx = rcx;
	regs->rax = 0x1111111100000000 | (__u32)value;
	regs->rdx = 0x2222222200000000 | value >> 32;
	if (!ret)
		ret = vm_set_regs(vm, regs);
	if (!ret)
		ret = vm_run(vm);
	if (!ret)
		ret = vm_get_regs(vm, regs);
	return ret;
}

TEST_F(fpu, xsetbv)
{
	static const struct {
		__u64 rcx, value;
		int ring, fault;
	} tries[] = {
		{ 0, X87, 0, NO_FAULT },
		{ 0, X87 | SSE, 0, NO_FAULT },
		{ 0, X87 | SSE | AVX, 0, NO_FAULT },
		{ 0x100000000, X87 | SSE, 0, NO_FAULT },
		{ 0, 0, 0, VECTOR_GP },
		{ 0, SSE, 0, VECTOR_GP },
		{ 0, X87 | AVX, 0, VECTOR_GP },
		{ 0, X87 | 1ULL << 62, 0, VECTOR_GP },
		{ 0, X87 | 1ULL << 32, 0, VECTOR_GP },
		{ 1, X87, 0, VECTOR_GP },
		{ 0, X87, 3, VECTOR_GP },
	};
	struct minivmx_regs regs;
	__u64 xcr0;

	REQUIRE_AVX();
	for (unsigned int i = 0; i < ARRAY_SIZE(tries); i++) {
		ASSERT_EQ(0, xsetbv(&self->vm, tries[i].ring, tries[i].rcx, tries[i].value, &regs));
		ASSERT_EQ(MINIVMX_EXIT_HLT, self->vm.run->exit_reason) {
			vm_print_exit(&self->vm);
		}
		EXPECT_EQ(tries[i].fault, vm_caught(&self->vm)) {
			TH_LOG("try %u", i);
		}
		EXPECT_EQ(1, get_xcr0(&self->vm, &xcr0));
		if (tries[i].fault != NO_FAULT) {
			EXPECT_EQ(X87 | SSE | AVX, xcr0);
			continue;
		}
		EXPECT_EQ(tries[i].value, xcr0);
		EXPECT_EQ(tries[i].value, regs.rsi);
		/* The size of the XSAVE area follows, and so does OSXSAVE. */
		EXPECT_EQ(tries[i].value & AVX ? 832 : 576, regs.rdi);
		EXPECT_NE(0, regs.rcx & CPUID_1_OSXSAVE);
	}
}

/* Without CR4.OSXSAVE there is no such instruction. */
TEST_F(fpu, xsetbv_without_osxsave)
{
	ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, set_xcr0_once));
	ASSERT_EQ(0, vm_catch_faults(&self->vm, VM_LONG));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	EXPECT_EQ(VECTOR_UD, vm_caught(&self->vm));
}

/* ------------------------------------------------------------------------------- AVX */

/*
 * Lowers XCR0, exits, raises it again: the upper halves have waited. SSE works without its bit, and
 * what it does is kept, too.
 */
GUEST_CODE(lower_xcr0, 64,
	"vmovdqu 0x10000, %ymm0\n\t vmovdqu 0x10020, %ymm15\n\t"
	"xor %ecx, %ecx\n\t xor %edx, %edx\n\t"
	"mov $1, %eax\n\t xsetbv\n\t"
	"mov $0x77, %ebx\n\t movd %ebx, %xmm1\n\t out %al, $0x10\n\t movd %xmm1, %ebx\n\t"
	"mov $3, %eax\n\t xsetbv\n\t out %al, $0x10\n\t"
	"mov $7, %eax\n\t xsetbv\n\t out %al, $0x10\n\t"
	"vmovdqu %ymm0, 0x10040\n\t vmovdqu %ymm15, 0x10060\n\t"
	"hlt");

TEST_F(fpu, upper_halves_outlive_a_lower_xcr0)
{
	__u64 *words = (__u64 *)(self->vm.mem + 0x10000);
	struct minivmx_regs regs;
	struct xsave xsave;

	REQUIRE_AVX();
	START_AVX(lower_xcr0);
	for (int i = 0; i < 8; i++)
		words[i] = 0x1000 + i;
	for (int i = 0; i < 3; i++) {
		ASSERT_EXIT(&self->vm, MINIVMX_EXIT_IO);
		ASSERT_EQ(0, vm_pin_to_cpu(i % vm_count_cpus()));
		/* The host's own use of them, while the guest is stopped. */
		asm volatile("vpcmpeqd %%ymm0, %%ymm0, %%ymm0\n\t vmovdqa %%ymm0, %%ymm15\n\t"
			     "vzeroupper" : : : "xmm0", "xmm15");
	}
	ASSERT_EQ(0, get_xsave(&self->vm, &xsave));
	EXPECT_EQ(0x1002, xsave.ymm_high[0][0]);
	EXPECT_EQ(0x1007, xsave.ymm_high[15][1]);
	EXPECT_EQ(AVX, xsave.xstate_bv & AVX);
	xsave.ymm_high[0][0] = 0x2002;
	ASSERT_EQ(0, set_xsave(&self->vm, &xsave));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	EXPECT_EQ(0x77, regs.rbx);
	EXPECT_EQ(0x2002, words[10]);
	words[10] = 0x1002;
	EXPECT_EQ(0, memcmp(words, words + 8, 64));
}

/* A guest without AVX in XCR0 has no AVX. */
GUEST_CODE(use_avx, 64, "vzeroupper\n\t hlt");

TEST_F(fpu, avx_needs_xcr0)
{
	REQUIRE_AVX();
	START_AVX(use_avx);
	ASSERT_EQ(0, set_xcr0(&self->vm, X87 | SSE));
	ASSERT_EQ(0, vm_catch_faults(&self->vm, VM_LONG));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	EXPECT_EQ(VECTOR_UD, vm_caught(&self->vm));
	START_AVX(use_avx);
	ASSERT_EQ(0, vm_catch_faults(&self->vm, VM_LONG));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	EXPECT_EQ(NO_FAULT, vm_caught(&self->vm));
}

/* ------------------------------------------------------------------------------- TSC */

TEST_F(fpu, tsc_frequency)
{
	int khz = vm_ioctl(self->vm.vcpu, MINIVMX_GET_TSC_KHZ, 0);

	EXPECT_LT(0, vm_ioctl(self->vm.fd, MINIVMX_CHECK_EXTENSION, MINIVMX_CAP_GET_TSC_KHZ));
	ASSERT_LT(0, khz);
	EXPECT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_SET_TSC_KHZ, khz));
	EXPECT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_SET_TSC_KHZ, 0));
	EXPECT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_SET_TSC_KHZ, khz + 1));
	EXPECT_EQ(khz + 1, vm_ioctl(self->vm.vcpu, MINIVMX_GET_TSC_KHZ, 0));
	if (vm_ioctl(self->vm.fd, MINIVMX_CHECK_EXTENSION, MINIVMX_CAP_TSC_CONTROL) == 0) {
		EXPECT_EQ(-EINVAL, vm_ioctl(self->vm.vcpu, MINIVMX_SET_TSC_KHZ, khz / 2));
		/* KVM makes up for a higher one by jumps. */
		if (!variant->kvm) {
			EXPECT_EQ(-EINVAL, vm_ioctl(self->vm.vcpu, MINIVMX_SET_TSC_KHZ, khz * 2));
		}
	}
}

TEST_HARNESS_MAIN
