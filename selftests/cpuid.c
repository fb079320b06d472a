// SPDX-License-Identifier: GPL-2.0
/*
 * cpuid.c - what CPUID answers in the guest is what SET_CPUID2 said.
 *
 * The leaves are from the range that KVM passes on unchanged; in others it fills in bits that
 * follow from the guest's state. SDM 2A "CPUID".
 */
#include <errno.h>

#include "vm.h"
#include "kselftest_harness.h"

#define INTEL_EBX	0x756e6547	/* "Genu" */
#define INTEL_EDX	0x49656e69	/* "ineI" */
#define INTEL_ECX	0x6c65746e	/* "ntel" */

#define LEAF_1_ECX_VMX	(1 << 5)

GUEST_CODE(cpuid, 64, "cpuid\n\t hlt");

struct table {
	struct minivmx_cpuid2 head;
	struct minivmx_cpuid_entry2 entries[5];
};

static const struct table table = {
	.head.nent = 5,
	.entries = {
		{ .function = 0, .eax = 4, .ebx = INTEL_EBX, .ecx = INTEL_ECX, .edx = INTEL_EDX },
		{ .function = 4, .index = 0, .flags = MINIVMX_CPUID_FLAG_SIGNIFCANT_INDEX,
		  .eax = 0x10, .ebx = 0x11, .ecx = 0x12, .edx = 0x13 },
		{ .function = 4, .index = 1, .flags = MINIVMX_CPUID_FLAG_SIGNIFCANT_INDEX,
		  .eax = 0x20, .ebx = 0x21, .ecx = 0x22, .edx = 0x23 },
		{ .function = 0x40000010, .eax = 0xa, .ebx = 0xb, .ecx = 0xc, .edx = 0xffffffff },
		{ .function = 0x80000000, .eax = 0x80000000 },
	},
};

VM_FIXTURE(cpuid)
{
	VM_REQUIRE(variant->device);
	ASSERT_EQ(0, vm_open(&self->vm, variant->device));
	ASSERT_EQ(0, vm_add_memory(&self->vm, VM_MEM_SIZE));
	ASSERT_EQ(0, vm_add_vcpu(&self->vm));
	/* Newer KVM refuses long mode to a vCPU whose CPUID does not offer it. */
	ASSERT_EQ(0, VM_START(&self->vm, variant->kvm ? VM_PROTECTED : VM_LONG, cpuid));
}

/* CPUID with these inputs; the upper halves are noise that it must ignore and clear. */
static int execute(struct vm *vm, __u32 leaf, __u32 subleaf, struct minivmx_regs *regs)
{
	int ret;

	*regs = (struct minivmx_regs){
		.rip = VM_CODE, .rsp = VM_STACK, .rflags = 0x8d7,
		.rax = 0x1111111100000000 | leaf, .rcx = 0x2222222200000000 | subleaf,
		.rbx = 0x3333333333333333, .rdx = 0x4444444444444444, .rsi = 0x55, .r15 = 0x66,
	};
	ret = vm_set_regs(vm, regs);
	if (!ret)
		ret = vm_run(vm);
	if (!ret && vm->run->exit_reason != MINIVMX_EXIT_HLT)
		ret = -EPROTO;
	return ret ? ret : vm_get_regs(vm, regs);
}

#define EXPECT_CPUID(vm, leaf, subleaf, a, b, c, d)			\
	do {								\
		struct minivmx_regs __regs;				\
									\
		ASSERT_EQ(0, execute(vm, leaf, subleaf, &__regs)) {	\
			vm_print_exit(vm);				\
		}							\
		EXPECT_EQ((__u64)(a), __regs.rax);			\
		EXPECT_EQ((__u64)(b), __regs.rbx);			\
		EXPECT_EQ((__u64)(c), __regs.rcx);			\
		EXPECT_EQ((__u64)(d), __regs.rdx);			\
	} while (0)

TEST_F(cpuid, zero_before_it_is_set)
{
	EXPECT_CPUID(&self->vm, 0, 0, 0, 0, 0, 0);
	EXPECT_CPUID(&self->vm, 1, 0, 0, 0, 0, 0);
	EXPECT_CPUID(&self->vm, 0x80000000, 0, 0, 0, 0, 0);
}

TEST_F(cpuid, leaves_as_set)
{
	ASSERT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_SET_CPUID2, (unsigned long)&table));
	EXPECT_CPUID(&self->vm, 0, 0, 4, INTEL_EBX, INTEL_ECX, INTEL_EDX);
	EXPECT_CPUID(&self->vm, 0x40000010, 0, 0xa, 0xb, 0xc, 0xffffffff);
	EXPECT_CPUID(&self->vm, 0x80000000, 0, 0x80000000, 0, 0, 0);
}

TEST_F(cpuid, index_counts_where_it_is_significant)
{
	ASSERT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_SET_CPUID2, (unsigned long)&table));
	EXPECT_CPUID(&self->vm, 4, 0, 0x10, 0x11, 0x12, 0x13);
	EXPECT_CPUID(&self->vm, 4, 1, 0x20, 0x21, 0x22, 0x23);
	EXPECT_CPUID(&self->vm, 4, 2, 0, 0, 0, 0);
	EXPECT_CPUID(&self->vm, 0x40000010, 77, 0xa, 0xb, 0xc, 0xffffffff);
}

TEST_F(cpuid, absent_leaf_in_range_is_zero)
{
	ASSERT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_SET_CPUID2, (unsigned long)&table));
	EXPECT_CPUID(&self->vm, 2, 0, 0, 0, 0, 0);
	EXPECT_CPUID(&self->vm, 3, 0, 0, 0, 0, 0);
}

/* An Intel CPU answers a leaf above the highest with the highest basic one. */
TEST_F(cpuid, leaf_above_the_highest)
{
	ASSERT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_SET_CPUID2, (unsigned long)&table));
	EXPECT_CPUID(&self->vm, 0x20, 0, 0x10, 0x11, 0x12, 0x13);
	EXPECT_CPUID(&self->vm, 0x80000007, 1, 0x20, 0x21, 0x22, 0x23);
}

TEST_F(cpuid, other_registers_and_flags_stay)
{
	struct minivmx_regs regs;

	ASSERT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_SET_CPUID2, (unsigned long)&table));
	ASSERT_EQ(0, execute(&self->vm, 0, 0, &regs));
	EXPECT_EQ(0x55, regs.rsi);
	EXPECT_EQ(0x66, regs.r15);
	EXPECT_EQ(0x8d7, regs.rflags);
	EXPECT_EQ(VM_STACK, regs.rsp);
	EXPECT_EQ(VM_CODE + 3, regs.rip);
}

TEST_F(cpuid, supported_leaves_reach_the_guest)
{
	static struct {
		struct minivmx_cpuid2 head;
		struct minivmx_cpuid_entry2 entries[MINIVMX_MAX_CPUID_ENTRIES];
	} supported = { .head.nent = MINIVMX_MAX_CPUID_ENTRIES };
	struct minivmx_cpuid_entry2 *entry;
	struct minivmx_regs regs;

	ASSERT_EQ(0, vm_ioctl(self->vm.dev, MINIVMX_GET_SUPPORTED_CPUID,
			      (unsigned long)&supported));
	ASSERT_LT(2, supported.head.nent);
	ASSERT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_SET_CPUID2, (unsigned long)&supported));
	for (entry = supported.entries; entry < supported.entries + supported.head.nent; entry++) {
		if (entry->function > 1)
			continue;
		ASSERT_EQ(0, execute(&self->vm, entry->function, entry->index, &regs));
		EXPECT_EQ(entry->eax, regs.rax);
		EXPECT_EQ(entry->edx, regs.rdx);
		/* Nested VMX does not exist here; KVM has it. */
		if (entry->function == 1 && !variant->kvm) {
			EXPECT_EQ(0, regs.rcx & LEAF_1_ECX_VMX);
		}
	}
}

TEST_HARNESS_MAIN
