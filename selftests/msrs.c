// SPDX-License-Identifier: GPL-2.0
/*
 * msrs.c - every MSR that a guest has: what RDMSR, WRMSR, GET_MSRS and SET_MSRS make of it.
 *
 * One table says for each MSR a value that it takes and one that it does not; the guest and the
 * ioctls try both. What is not in the table raises #GP. SDM 4 "Model-Specific Registers".
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vm.h"
#include "kselftest_harness.h"

#define MSR_TSC			0x10
#define MSR_PLATFORM_ID		0x17
#define MSR_APIC_BASE		0x1b
#define MSR_FEATURE_CONTROL	0x3a
#define MSR_TSC_ADJUST		0x3b
#define MSR_BIOS_SIGN_ID	0x8b
#define MSR_SYSENTER_CS		0x174
#define MSR_SYSENTER_ESP	0x175
#define MSR_SYSENTER_EIP	0x176
#define MSR_MISC_ENABLE		0x1a0
#define MSR_DEBUGCTL		0x1d9
#define MSR_PAT			0x277
#define MSR_EFER		0xc0000080
#define MSR_STAR		0xc0000081
#define MSR_LSTAR		0xc0000082
#define MSR_CSTAR		0xc0000083
#define MSR_FMASK		0xc0000084
#define MSR_FS_BASE		0xc0000100
#define MSR_GS_BASE		0xc0000101
#define MSR_KERNEL_GS_BASE	0xc0000102
#define MSR_TSC_AUX		0xc0000103

#define EFER_SCE	0x001
#define EFER_LME	0x100
#define EFER_LMA	0x400
#define EFER_NX		0x800

#define NONCANONICAL	0x0000800000000000
#define HALF_WAY	0x12345678
/* Takes any value: there is none to refuse. */
#define NO_BAD		0xbadbadbadbadbad

static const struct msr {
	const char *name;
	__u32 number;
	__u64 at_reset;		/* of vCPU 0, in vm_create()'s state */
	__u64 good;		/* a value that the guest can write and reads back */
	__u64 bad;		/* one that the guest can't write, and neither can SET_MSRS ... */
	bool guest_only_bad;	/* ... but here it can */
} msrs[] = {
	{ "APIC_BASE", MSR_APIC_BASE, 0xfee00900, 0xfee00100, 0xfee00901, false },
	{ "APIC_BASE moved", MSR_APIC_BASE, 0xfee00900, 0xfed00900, 1ULL << 52, false },
	{ "FEATURE_CONTROL", MSR_FEATURE_CONTROL, 0, 1, 1ULL << 40, false },
	{ "TSC_ADJUST", MSR_TSC_ADJUST, 0, 0x100, NO_BAD, false },
	{ "SYSENTER_CS", MSR_SYSENTER_CS, 0, 0x10, NO_BAD, false },
	{ "SYSENTER_ESP", MSR_SYSENTER_ESP, 0, 0xffffffff80001000, NONCANONICAL, true },
	{ "SYSENTER_EIP", MSR_SYSENTER_EIP, 0, 0xffffffff80002000, NONCANONICAL, true },
	{ "MISC_ENABLE", MSR_MISC_ENABLE, 0x1800, 0x1801, 0x0800, true },
	{ "DEBUGCTL", MSR_DEBUGCTL, 0, 0, 1 << 2, false },
	{ "PAT", MSR_PAT, 0x0007040600070406, 0x0105040600070406, 0x0007040600070402, false },
	{ "PAT type 3", MSR_PAT, 0x0007040600070406, 0, 0x0300000000000000, false },
	{ "PAT type 8", MSR_PAT, 0x0007040600070406, 0x0606060606060606, 0x80000, false },
	{ "EFER", MSR_EFER, EFER_LME | EFER_LMA, EFER_LME | EFER_LMA | EFER_SCE | EFER_NX,
	  EFER_LME | EFER_LMA | 1 << 1, false },
	{ "EFER.LME", MSR_EFER, EFER_LME | EFER_LMA, EFER_LME | EFER_LMA | EFER_SCE, EFER_LMA, true },
	{ "STAR", MSR_STAR, 0, 0x0023001000000000, NO_BAD, false },
	{ "LSTAR", MSR_LSTAR, 0, 0xffffffff80003000, NONCANONICAL, false },
	{ "CSTAR", MSR_CSTAR, 0, 0xffffffff80004000, NONCANONICAL, false },
	{ "FMASK", MSR_FMASK, 0, 0x47700, NO_BAD, false },
	{ "FS_BASE", MSR_FS_BASE, 0, 0xffff800000001000, NONCANONICAL, false },
	{ "GS_BASE", MSR_GS_BASE, 0, 0xffff800000002000, NONCANONICAL, false },
	{ "KERNEL_GS_BASE", MSR_KERNEL_GS_BASE, 0, 0xffff800000003000, NONCANONICAL, false },
	{ "TSC_AUX", MSR_TSC_AUX, 0, 0x12345, 1ULL << 32, false },
};

/* RDMSR at VM_CODE, WRMSR at VM_CODE + 16; #GP leads to another HLT. */
GUEST_CODE(access_msr, 64,
	"rdmsr\n\t hlt\n\t .p2align 4\n\t wrmsr\n\t hlt\n\t .p2align 4\n\t"
	"hlt\n\t");
#define CODE_READ	VM_CODE
#define CODE_WRITE	(VM_CODE + 0x10)
#define CODE_FAULT	(VM_CODE + 0x20)

#define VECTOR_GP	13

VM_FIXTURE(msrs)
{
	__u32 *gate;

	VM_SETUP(self, variant);
	ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, access_msr));
	/* An interrupt gate for #GP. */
	gate = (__u32 *)(self->vm.mem + VM_IDT + VECTOR_GP * 16);
	gate[0] = VM_SEL_CODE << 16 | CODE_FAULT;
	gate[1] = 0x8e00;
	struct minivmx_sregs sregs;
	ASSERT_EQ(0, vm_get_sregs(&self->vm, &sregs));
	sregs.idt.limit = 32 * 16 - 1;
	ASSERT_EQ(0, vm_set_sregs(&self->vm, &sregs));
}

struct one_msr {
	struct minivmx_msrs head;
	struct minivmx_msr_entry entry;
};

static int get_msr(struct vm *vm, __u32 number, __u64 *value)
{
	struct one_msr msr = { .head.nmsrs = 1, .entry.index = number };
	int ret = vm_ioctl(vm->vcpu, MINIVMX_GET_MSRS, (unsigned long)&msr);

	*value = msr.entry.data;
	return ret;
}

static int set_msr(struct vm *vm, __u32 number, __u64 value)
{
	struct one_msr msr = { .head.nmsrs = 1, .entry = { .index = number, .data = value } };

	return vm_ioctl(vm->vcpu, MINIVMX_SET_MSRS, (unsigned long)&msr);
}

/* 1: done, 0: #GP, as the ioctls count. RAX and RDX have noise above bit 31. */
static int guest_access(struct vm *vm, __u64 code, __u32 number, __u64 *value)
{
	struct minivmx_regs regs = {
		.rip = code, .rsp = VM_STACK, .rflags = 2, .rcx = 0xdead000000000000 | number,
		.rax = 0xbeef000000000000 | (__u32)*value, .rdx = 0xcafe000000000000 | *value >> 32,
	};
	int ret = vm_set_regs(vm, &regs);

	if (!ret)
		ret = vm_run(vm);
	if (!ret && vm->run->exit_reason != MINIVMX_EXIT_HLT)
		ret = -EPROTO;
	if (!ret)
		ret = vm_get_regs(vm, &regs);
	if (ret)
		return ret;
	if (regs.rip == CODE_FAULT + 1)
		return 0;
	if (regs.rip != code + 3)
		return -EPROTO;
	if (code == CODE_READ)
		*value = regs.rdx << 32 | regs.rax;
	return 1;
}

static int guest_read(struct vm *vm, __u32 number, __u64 *value)
{
	*value = 0;
	return guest_access(vm, CODE_READ, number, value);
}

static int guest_write(struct vm *vm, __u32 number, __u64 value)
{
	return guest_access(vm, CODE_WRITE, number, &value);
}

#define EACH_MSR(msr)	\
	for (const struct msr *msr = msrs; msr < msrs + ARRAY_SIZE(msrs); msr++)

/* What both, guest and userspace, read. */
#define EXPECT_MSR(vm, msr, expected)						\
	do {									\
		__u64 __value;							\
										\
		EXPECT_EQ(1, guest_read(vm, (msr)->number, &__value)) {		\
			TH_LOG("RDMSR %s", (msr)->name);			\
			vm_print_exit(vm);					\
		}								\
		EXPECT_EQ((__u64)(expected), __value) {				\
			TH_LOG("RDMSR %s", (msr)->name);			\
		}								\
		EXPECT_EQ(1, get_msr(vm, (msr)->number, &__value)) {		\
			TH_LOG("GET_MSRS %s", (msr)->name);			\
		}								\
		EXPECT_EQ((__u64)(expected), __value) {				\
			TH_LOG("GET_MSRS %s", (msr)->name);			\
		}								\
	} while (0)

TEST_F(msrs, at_reset)
{
	EACH_MSR(msr)
		EXPECT_MSR(&self->vm, msr, msr->at_reset);
}

TEST_F(msrs, written_by_the_guest)
{
	EACH_MSR(msr) {
		EXPECT_EQ(1, guest_write(&self->vm, msr->number, msr->good)) {
			TH_LOG("WRMSR %s", msr->name);
		}
		EXPECT_MSR(&self->vm, msr, msr->good);
	}
}

TEST_F(msrs, set_by_userspace)
{
	EACH_MSR(msr) {
		EXPECT_EQ(1, set_msr(&self->vm, msr->number, msr->good)) {
			TH_LOG("SET_MSRS %s", msr->name);
		}
		EXPECT_MSR(&self->vm, msr, msr->good);
	}
}

/* A refused value changes nothing. */
TEST_F(msrs, refused_to_the_guest)
{
	EACH_MSR(msr) {
		__u64 before, after;

		if (msr->bad == NO_BAD)
			continue;
		EXPECT_EQ(1, guest_read(&self->vm, msr->number, &before));
		EXPECT_EQ(0, guest_write(&self->vm, msr->number, msr->bad)) {
			TH_LOG("WRMSR %s", msr->name);
		}
		EXPECT_EQ(1, guest_read(&self->vm, msr->number, &after));
		EXPECT_EQ(before, after);
	}
}

TEST_F(msrs, refused_to_userspace)
{
	EACH_MSR(msr) {
		__u64 before, after;

		if (msr->bad == NO_BAD || msr->guest_only_bad)
			continue;
		EXPECT_EQ(1, get_msr(&self->vm, msr->number, &before));
		EXPECT_EQ(0, set_msr(&self->vm, msr->number, msr->bad)) {
			TH_LOG("SET_MSRS %s", msr->name);
		}
		EXPECT_EQ(1, get_msr(&self->vm, msr->number, &after));
		EXPECT_EQ(before, after);
	}
}

TEST_F(msrs, unknown)
{
	static const __u32 unknown[] = { 0x3, 0x4b564d0f, 0x1fff, 0x2000, 0xc0001fff, 0xc0002000 };
	__u64 value;

	for (unsigned int i = 0; i < ARRAY_SIZE(unknown); i++) {
		EXPECT_EQ(0, guest_read(&self->vm, unknown[i], &value)) {
			TH_LOG("RDMSR %#x", unknown[i]);
		}
		EXPECT_EQ(0, guest_write(&self->vm, unknown[i], 0)) {
			TH_LOG("WRMSR %#x", unknown[i]);
		}
		EXPECT_EQ(0, get_msr(&self->vm, unknown[i], &value));
		EXPECT_EQ(0, set_msr(&self->vm, unknown[i], 0));
	}
}

/* What a CPU needs the host's facilities for does not exist here; KVM emulates some of it. */
TEST_F(msrs, hidden)
{
	static const __u32 hidden[] = {
		0x48 /* SPEC_CTRL */, 0xfe /* MTRRCAP */, 0x17a /* MCG_STATUS */,
		0x480 /* VMX_BASIC */, 0x6e0 /* TSC_DEADLINE */, 0x802 /* x2APIC ID */, 0xda0 /* XSS */,
	};
	__u64 value;

	if (variant->kvm)
		SKIP(return, "KVM has these");
	for (unsigned int i = 0; i < ARRAY_SIZE(hidden); i++) {
		EXPECT_EQ(0, guest_read(&self->vm, hidden[i], &value)) {
			TH_LOG("RDMSR %#x", hidden[i]);
		}
		EXPECT_EQ(0, guest_write(&self->vm, hidden[i], 0));
		EXPECT_EQ(0, get_msr(&self->vm, hidden[i], &value));
	}
}

/* Linux writes 0 before it reads the version, which only userspace sets. */
TEST_F(msrs, microcode_version)
{
	__u64 value;

	EXPECT_EQ(1, guest_read(&self->vm, MSR_BIOS_SIGN_ID, &value));
	EXPECT_EQ(0x100000000, value);
	EXPECT_EQ(1, guest_write(&self->vm, MSR_BIOS_SIGN_ID, 0));
	EXPECT_EQ(1, guest_read(&self->vm, MSR_BIOS_SIGN_ID, &value));
	EXPECT_EQ(0x100000000, value);
	EXPECT_EQ(1, set_msr(&self->vm, MSR_BIOS_SIGN_ID, 0x4200000000));
	EXPECT_EQ(1, guest_read(&self->vm, MSR_BIOS_SIGN_ID, &value));
	EXPECT_EQ(0x4200000000, value);
	EXPECT_EQ(1, guest_read(&self->vm, MSR_PLATFORM_ID, &value));
	EXPECT_EQ(0, value);
	EXPECT_EQ(0, guest_write(&self->vm, MSR_PLATFORM_ID, 0));
}

TEST_F(msrs, feature_control_locks)
{
	EXPECT_EQ(1, guest_write(&self->vm, MSR_FEATURE_CONTROL, 0));
	EXPECT_EQ(1, guest_write(&self->vm, MSR_FEATURE_CONTROL, 1));
	EXPECT_EQ(0, guest_write(&self->vm, MSR_FEATURE_CONTROL, 1));
	EXPECT_EQ(0, guest_write(&self->vm, MSR_FEATURE_CONTROL, 0));
	EXPECT_EQ(1, set_msr(&self->vm, MSR_FEATURE_CONTROL, 0));
}

/* Branch tracing is accepted and stays off. */
TEST_F(msrs, debugctl_branch_bits)
{
	__u64 value;

	EXPECT_EQ(1, guest_write(&self->vm, MSR_DEBUGCTL, 3));
	EXPECT_EQ(1, guest_read(&self->vm, MSR_DEBUGCTL, &value));
	EXPECT_EQ(0, value);
}

/* "Performance monitoring available" ignores writes. */
TEST_F(msrs, misc_enable_performance_bit)
{
	__u64 value;

	EXPECT_EQ(1, guest_write(&self->vm, MSR_MISC_ENABLE, 0x1880));
	EXPECT_EQ(1, guest_read(&self->vm, MSR_MISC_ENABLE, &value));
	EXPECT_EQ(0x1800, value);
	EXPECT_EQ(1, set_msr(&self->vm, MSR_MISC_ENABLE, 0x1));
	EXPECT_EQ(1, guest_read(&self->vm, MSR_MISC_ENABLE, &value));
	EXPECT_EQ(0x1, value);
}

TEST_F(msrs, sysenter_made_canonical_for_userspace)
{
	__u64 value;

	EXPECT_EQ(1, set_msr(&self->vm, MSR_SYSENTER_EIP, NONCANONICAL));
	EXPECT_EQ(1, guest_read(&self->vm, MSR_SYSENTER_EIP, &value));
	EXPECT_EQ(0xffff800000000000, value);
	EXPECT_EQ(1, set_msr(&self->vm, MSR_SYSENTER_CS, 0x1100000022));
	EXPECT_EQ(1, get_msr(&self->vm, MSR_SYSENTER_CS, &value));
	EXPECT_EQ(0x22, value);
}

/* LMA is the CPU's; what SREGS show and what the MSRs show is the same. */
TEST_F(msrs, also_in_sregs)
{
	struct minivmx_sregs sregs;
	__u64 value;

	EXPECT_EQ(1, guest_write(&self->vm, MSR_EFER, EFER_LME | EFER_NX));
	EXPECT_EQ(1, guest_write(&self->vm, MSR_FS_BASE, 0x1111000));
	EXPECT_EQ(1, set_msr(&self->vm, MSR_GS_BASE, 0x2222000));
	EXPECT_EQ(1, guest_write(&self->vm, MSR_APIC_BASE, 0xfee00800));
	ASSERT_EQ(0, vm_get_sregs(&self->vm, &sregs));
	EXPECT_EQ(EFER_LME | EFER_LMA | EFER_NX, sregs.efer);
	EXPECT_EQ(0x1111000, sregs.fs.base);
	EXPECT_EQ(0x2222000, sregs.gs.base);
	EXPECT_EQ(0xfee00800, sregs.apic_base);
	EXPECT_EQ(0xfee00800, self->vm.run->apic_base);
	sregs.efer = EFER_LME | EFER_LMA | EFER_SCE;
	sregs.gs.base = 0x3333000;
	sregs.apic_base = 0xfee00900;
	ASSERT_EQ(0, vm_set_sregs(&self->vm, &sregs));
	EXPECT_EQ(1, guest_read(&self->vm, MSR_EFER, &value));
	EXPECT_EQ(sregs.efer, value);
	EXPECT_EQ(1, guest_read(&self->vm, MSR_GS_BASE, &value));
	EXPECT_EQ(0x3333000, value);
	EXPECT_EQ(1, guest_read(&self->vm, MSR_APIC_BASE, &value));
	EXPECT_EQ(0xfee00900, value);
	/* SYSENTER's are not in SREGS and not touched by them. */
	EXPECT_EQ(1, guest_write(&self->vm, MSR_SYSENTER_ESP, 0x5000));
	ASSERT_EQ(0, vm_set_sregs(&self->vm, &sregs));
	EXPECT_EQ(1, get_msr(&self->vm, MSR_SYSENTER_ESP, &value));
	EXPECT_EQ(0x5000, value);
	EXPECT_EQ(1, guest_read(&self->vm, MSR_SYSENTER_ESP, &value));
	EXPECT_EQ(0x5000, value);
}

/* Set before the first RUN, when no VMCS has been written. */
TEST_F(msrs, set_before_the_first_run)
{
	struct vm vm;
	__u64 value;

	ASSERT_EQ(0, vm_create(&vm, variant->device));
	EXPECT_EQ(1, set_msr(&vm, MSR_SYSENTER_EIP, 0x6000));
	EXPECT_EQ(1, set_msr(&vm, MSR_PAT, 0x0606060606060606));
	EXPECT_EQ(1, set_msr(&vm, MSR_KERNEL_GS_BASE, 0x7000));
	ASSERT_EQ(0, VM_START(&vm, VM_LONG, access_msr));
	EXPECT_EQ(1, set_msr(&vm, MSR_FS_BASE, 0x8000));
	EXPECT_EQ(1, guest_read(&vm, MSR_SYSENTER_EIP, &value));
	EXPECT_EQ(0x6000, value);
	EXPECT_EQ(1, guest_read(&vm, MSR_PAT, &value));
	EXPECT_EQ(0x0606060606060606, value);
	EXPECT_EQ(1, guest_read(&vm, MSR_KERNEL_GS_BASE, &value));
	EXPECT_EQ(0x7000, value);
	EXPECT_EQ(1, guest_read(&vm, MSR_FS_BASE, &value));
	EXPECT_EQ(0x8000, value);
	vm_destroy(&vm);
}

/* What the vCPU's CPUID does not show the guest can't switch on. */
TEST_F(msrs, without_cpuid)
{
	struct vm vm;
	__u64 value;

	ASSERT_EQ(0, vm_open(&vm, variant->device));
	ASSERT_EQ(0, vm_add_memory(&vm, VM_MEM_SIZE));
	ASSERT_EQ(0, vm_add_vcpu(&vm));
	ASSERT_EQ(0, VM_START(&vm, VM_PROTECTED, access_msr));
	/* Without long mode HLT has no IDT to go to: a fault is a triple fault. */
	EXPECT_EQ(1, guest_write(&vm, MSR_EFER, EFER_SCE));
	EXPECT_EQ(-EPROTO, guest_write(&vm, MSR_EFER, EFER_NX));
	EXPECT_EQ(MINIVMX_EXIT_SHUTDOWN, vm.run->exit_reason);
	vm_destroy(&vm);

	ASSERT_EQ(0, vm_open(&vm, variant->device));
	ASSERT_EQ(0, vm_add_memory(&vm, VM_MEM_SIZE));
	ASSERT_EQ(0, vm_add_vcpu(&vm));
	ASSERT_EQ(0, VM_START(&vm, VM_PROTECTED, access_msr));
	EXPECT_EQ(1, set_msr(&vm, MSR_EFER, EFER_NX));
	EXPECT_EQ(1, set_msr(&vm, MSR_TSC_AUX, 7));
	EXPECT_EQ(1, get_msr(&vm, MSR_TSC_AUX, &value));
	EXPECT_EQ(7, value);
	EXPECT_EQ(-EPROTO, guest_read(&vm, MSR_TSC_AUX, &value));
	EXPECT_EQ(MINIVMX_EXIT_SHUTDOWN, vm.run->exit_reason);
	vm_destroy(&vm);
}

/* ---------------------------------------------------------------------------- time */

#define FAR	(1ULL << 50)	/* ticks: days away from any TSC here */

TEST_F(msrs, tsc)
{
	__u64 before, after, adjust, value;

	EXPECT_EQ(1, set_msr(&self->vm, MSR_TSC, FAR));
	EXPECT_EQ(1, guest_read(&self->vm, MSR_TSC, &before));
	EXPECT_LE(FAR, before);
	EXPECT_GT(FAR + (1ULL << 40), before);
	EXPECT_EQ(1, get_msr(&self->vm, MSR_TSC, &after));
	EXPECT_LT(before, after);
	EXPECT_EQ(1, get_msr(&self->vm, MSR_TSC_ADJUST, &adjust));
	EXPECT_EQ(0, adjust);

	/* A guest's write shows in TSC_ADJUST, and a write to that moves the TSC. */
	EXPECT_EQ(1, guest_write(&self->vm, MSR_TSC, 2 * FAR));
	EXPECT_EQ(1, guest_read(&self->vm, MSR_TSC, &value));
	EXPECT_LE(2 * FAR, value);
	EXPECT_EQ(1, guest_read(&self->vm, MSR_TSC_ADJUST, &adjust));
	EXPECT_GT(FAR, adjust);
	EXPECT_LT(FAR - (1ULL << 40), adjust);
	EXPECT_EQ(1, guest_write(&self->vm, MSR_TSC_ADJUST, adjust + FAR));
	EXPECT_EQ(1, guest_read(&self->vm, MSR_TSC, &value));
	EXPECT_LE(3 * FAR, value);
	EXPECT_EQ(1, get_msr(&self->vm, MSR_TSC, &value));
	EXPECT_LE(3 * FAR, value);
	/* Userspace restores TSC_ADJUST beside the TSC: it moves nothing. */
	EXPECT_EQ(1, set_msr(&self->vm, MSR_TSC_ADJUST, 0));
	EXPECT_EQ(1, guest_read(&self->vm, MSR_TSC, &value));
	EXPECT_LE(3 * FAR, value);
}

/* ------------------------------------------------------------------------- the calls */

TEST_F(msrs, index_list)
{
	struct {
		struct minivmx_msr_list head;
		__u32 indices[1024];
	} list = { .head.nmsrs = 0 };
	__u32 count;
	__u64 value;
	bool tsc = false, lstar = false;

	EXPECT_EQ(-E2BIG, vm_ioctl(self->vm.dev, MINIVMX_GET_MSR_INDEX_LIST, (unsigned long)&list));
	count = list.head.nmsrs;
	ASSERT_LT(5, count);
	ASSERT_GE(ARRAY_SIZE(list.indices), count);
	list.head.nmsrs = count - 1;
	EXPECT_EQ(-E2BIG, vm_ioctl(self->vm.dev, MINIVMX_GET_MSR_INDEX_LIST, (unsigned long)&list));
	EXPECT_EQ(count, list.head.nmsrs);
	EXPECT_EQ(0, list.indices[0]);
	ASSERT_EQ(0, vm_ioctl(self->vm.dev, MINIVMX_GET_MSR_INDEX_LIST, (unsigned long)&list));
	EXPECT_EQ(count, list.head.nmsrs);
	for (__u32 i = 0; i < count; i++) {
		tsc |= list.indices[i] == MSR_TSC;
		lstar |= list.indices[i] == MSR_LSTAR;
		/* KVM lists some that need features this vCPU does not have. */
		if (variant->kvm)
			continue;
		EXPECT_EQ(1, get_msr(&self->vm, list.indices[i], &value));
		EXPECT_EQ(1, set_msr(&self->vm, list.indices[i], value));
	}
	EXPECT_TRUE(tsc);
	EXPECT_TRUE(lstar);
}

#define LIMIT	MINIVMX_MAX_MSR_ENTRIES

TEST_F(msrs, lists_stop_at_the_first_failure)
{
	struct {
		struct minivmx_msrs head;
		struct minivmx_msr_entry entries[LIMIT];
	} list = {
		.head.nmsrs = 3,
		.entries = {
			{ .index = MSR_LSTAR, .data = 0x1000 },
			{ .index = MSR_CSTAR, .data = NONCANONICAL },
			{ .index = MSR_STAR, .data = 0x2000 },
		},
	};
	__u64 value;

	EXPECT_EQ(1, vm_ioctl(self->vm.vcpu, MINIVMX_SET_MSRS, (unsigned long)&list));
	EXPECT_EQ(1, get_msr(&self->vm, MSR_STAR, &value));
	EXPECT_EQ(0, value);
	list.entries[1].index = 0x4b564d0f;
	list.entries[0].data = list.entries[2].data = 0;
	EXPECT_EQ(1, vm_ioctl(self->vm.vcpu, MINIVMX_GET_MSRS, (unsigned long)&list));
	EXPECT_EQ(0x1000, list.entries[0].data);
	list.head.nmsrs = 0;
	EXPECT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_SET_MSRS, (unsigned long)&list));
	for (int i = 0; i < LIMIT; i++)
		list.entries[i] = (struct minivmx_msr_entry){ .index = MSR_STAR, .data = i };
	list.head.nmsrs = LIMIT;
	EXPECT_EQ(-E2BIG, vm_ioctl(self->vm.vcpu, MINIVMX_SET_MSRS, (unsigned long)&list));
	EXPECT_EQ(-E2BIG, vm_ioctl(self->vm.vcpu, MINIVMX_GET_MSRS, (unsigned long)&list));
	list.head.nmsrs = LIMIT - 1;
	EXPECT_EQ(LIMIT - 1, vm_ioctl(self->vm.vcpu, MINIVMX_SET_MSRS, (unsigned long)&list));
	EXPECT_EQ(1, get_msr(&self->vm, MSR_STAR, &value));
	EXPECT_EQ(LIMIT - 2, value);
	EXPECT_EQ(-EFAULT, vm_ioctl(self->vm.vcpu, MINIVMX_GET_MSRS, 8));
	EXPECT_EQ(-EFAULT, vm_ioctl(self->vm.vcpu, MINIVMX_SET_MSRS, 8));
}

TEST_HARNESS_MAIN
