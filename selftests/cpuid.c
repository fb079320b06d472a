// SPDX-License-Identifier: GPL-2.0
/*
 * cpuid.c - what CPUID answers in the guest is what SET_CPUID2 said.
 *
 * The leaves are from the range that KVM passes on unchanged; in others it fills in bits that
 * follow from the guest's state. SDM 2A "CPUID".
 */
#include <cpuid.h>
#include <errno.h>
#include <string.h>

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

/* ------------------------------------------------------- the whole table, and features */

struct full_table {
	struct minivmx_cpuid2 head;
	struct minivmx_cpuid_entry2 entries[MINIVMX_MAX_CPUID_ENTRIES];
};

static int get_supported(struct vm *vm, struct full_table *full)
{
	full->head.nent = MINIVMX_MAX_CPUID_ENTRIES;
	return vm_ioctl(vm->dev, MINIVMX_GET_SUPPORTED_CPUID, (unsigned long)full);
}

static struct minivmx_cpuid_entry2 *find(struct full_table *full, __u32 leaf, __u32 subleaf)
{
	for (__u32 i = 0; i < full->head.nent; i++)
		if (full->entries[i].function == leaf && full->entries[i].index == subleaf)
			return &full->entries[i];
	return NULL;
}

TEST_F(cpuid, get_returns_what_set_gave)
{
	struct table read = { .head.nent = table.head.nent - 1 };

	ASSERT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_SET_CPUID2, (unsigned long)&table));
	EXPECT_EQ(-E2BIG, vm_ioctl(self->vm.vcpu, MINIVMX_GET_CPUID2, (unsigned long)&read));
	read.head.nent = table.head.nent;
	ASSERT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_GET_CPUID2, (unsigned long)&read));
	EXPECT_EQ(table.head.nent, read.head.nent);
	EXPECT_EQ(0, memcmp(table.entries, read.entries, sizeof(table.entries)));
	EXPECT_EQ(-EFAULT, vm_ioctl(self->vm.vcpu, MINIVMX_GET_CPUID2, 8));
}

/* A guest that has run has seen it. */
TEST_F(cpuid, no_change_after_run)
{
	static struct full_table full;

	ASSERT_EQ(0, get_supported(&self->vm, &full));
	ASSERT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_SET_CPUID2, (unsigned long)&full));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	EXPECT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_SET_CPUID2, (unsigned long)&full));
	find(&full, 1, 0)->ecx ^= 1;
	EXPECT_EQ(-EINVAL, vm_ioctl(self->vm.vcpu, MINIVMX_SET_CPUID2, (unsigned long)&full));
	find(&full, 1, 0)->ecx ^= 1;
	full.head.nent--;
	EXPECT_EQ(-EINVAL, vm_ioctl(self->vm.vcpu, MINIVMX_SET_CPUID2, (unsigned long)&full));
}

TEST_F(cpuid, impossible_linear_width)
{
	static struct full_table full;

	ASSERT_EQ(0, get_supported(&self->vm, &full));
	find(&full, 0x80000008, 0)->eax = 40 | 47 << 8;
	EXPECT_EQ(-EINVAL, vm_ioctl(self->vm.vcpu, MINIVMX_SET_CPUID2, (unsigned long)&full));
	find(&full, 0x80000008, 0)->eax = 40 | 48 << 8;
	EXPECT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_SET_CPUID2, (unsigned long)&full));
}

#define CR4_OSXSAVE		(1ULL << 18)
#define LEAF_1_ECX_XSAVE	(1U << 26)
#define LEAF_1_ECX_OSXSAVE	(1U << 27)
#define LEAF_1_EDX_APIC		(1U << 9)

/* OSXSAVE is CR4's bit, APIC says whether APIC_BASE enables one, whatever the table says. */
TEST_F(cpuid, state_is_reflected)
{
	static struct full_table full;
	struct minivmx_sregs sregs;
	struct minivmx_regs regs;

	ASSERT_EQ(0, get_supported(&self->vm, &full));
	find(&full, 1, 0)->ecx |= LEAF_1_ECX_OSXSAVE;
	find(&full, 1, 0)->edx |= LEAF_1_EDX_APIC;
	ASSERT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_SET_CPUID2, (unsigned long)&full));
	ASSERT_EQ(0, execute(&self->vm, 1, 0, &regs));
	if (regs.rcx & LEAF_1_ECX_XSAVE) {
		EXPECT_EQ(0, regs.rcx & LEAF_1_ECX_OSXSAVE);
	}
	EXPECT_NE(0, regs.rdx & LEAF_1_EDX_APIC);
	ASSERT_EQ(0, vm_get_sregs(&self->vm, &sregs));
	if (regs.rcx & LEAF_1_ECX_XSAVE)
		sregs.cr4 |= CR4_OSXSAVE;
	sregs.apic_base &= ~(1ULL << 11);
	ASSERT_EQ(0, vm_set_sregs(&self->vm, &sregs));
	ASSERT_EQ(0, execute(&self->vm, 1, 0, &regs));
	/* Where the host does not use XSAVE, KVM leaves the bit as it is. */
	if (!variant->kvm || (regs.rcx & LEAF_1_ECX_XSAVE)) {
		EXPECT_EQ(!!(regs.rcx & LEAF_1_ECX_XSAVE), !!(regs.rcx & LEAF_1_ECX_OSXSAVE));
	}
	EXPECT_EQ(0, regs.rdx & LEAF_1_EDX_APIC);
	full.head.nent = MINIVMX_MAX_CPUID_ENTRIES;
	ASSERT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_GET_CPUID2, (unsigned long)&full));
	EXPECT_EQ(regs.rcx, find(&full, 1, 0)->ecx);
	EXPECT_EQ(regs.rdx, find(&full, 1, 0)->edx);
}

/* What the table does not show is undefined, where the CPU lets a hypervisor say so. */
GUEST_CODE(rdtscp, 32, "rdtscp\n\t hlt");
GUEST_CODE(invpcid, 32, "xor %eax, %eax\n\t invpcid (%esp), %eax\n\t hlt");

TEST_F(cpuid, hidden_instructions_are_undefined)
{
	static const struct {
		const __u8 *start, *end;
		__u32 leaf, ebx, edx;	/* the bits of the feature */
	} features[] = {
		{ rdtscp_start, rdtscp_end, 0x80000001, 0, 1 << 27 },
		{ invpcid_start, invpcid_end, 7, 1 << 10, 0 },
	};
	static struct full_table full;

	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(features); i++) {
		bool hide = i & 1;
		struct minivmx_cpuid_entry2 *entry;
		struct vm vm;

		ASSERT_EQ(0, vm_open(&vm, variant->device));
		ASSERT_EQ(0, vm_add_memory(&vm, VM_MEM_SIZE));
		ASSERT_EQ(0, vm_add_vcpu(&vm));
		ASSERT_EQ(0, get_supported(&vm, &full));
		entry = find(&full, features[i / 2].leaf, 0);
		if (!(entry->ebx & features[i / 2].ebx) && !(entry->edx & features[i / 2].edx)) {
			vm_destroy(&vm);
			continue;
		}
		if (hide) {
			entry->ebx &= ~features[i / 2].ebx;
			entry->edx &= ~features[i / 2].edx;
			/* RDPID stands for TSC_AUX, too. */
			find(&full, 7, 0)->ecx &= ~(1 << 22);
		}
		ASSERT_EQ(0, vm_ioctl(vm.vcpu, MINIVMX_SET_CPUID2, (unsigned long)&full));
		ASSERT_EQ(0, vm_start(&vm, VM_PROTECTED, features[i / 2].start, features[i / 2].end));
		/* No IDT: #UD is a triple fault. */
		ASSERT_EXIT(&vm, hide ? MINIVMX_EXIT_SHUTDOWN : MINIVMX_EXIT_HLT);
		vm_destroy(&vm);
	}
}

/* CR4 takes no bit of a feature that is not shown. */
TEST_F(cpuid, hidden_features_can_not_be_switched_on)
{
	static struct full_table full;
	struct minivmx_sregs sregs;

	ASSERT_EQ(0, get_supported(&self->vm, &full));
	find(&full, 1, 0)->ecx &= ~LEAF_1_ECX_XSAVE;
	ASSERT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_SET_CPUID2, (unsigned long)&full));
	ASSERT_EQ(0, vm_get_sregs(&self->vm, &sregs));
	sregs.cr4 |= CR4_OSXSAVE;
	EXPECT_EQ(-EINVAL, vm_set_sregs(&self->vm, &sregs));
}

/* Each feature that is shown is one of this CPU's, but for the few that need nothing from it. */
TEST_F(cpuid, supported_is_a_part_of_the_cpus)
{
	static struct full_table full;
	const struct minivmx_cpuid_entry2 *hypervisor;
	__u32 a, b, c, d;

	if (variant->kvm)
		SKIP(return, "KVM emulates more");
	ASSERT_EQ(0, get_supported(&self->vm, &full));
	__cpuid(1, a, b, c, d);
	EXPECT_EQ(0, find(&full, 1, 0)->ecx & ~(c | 1U << 31));
	EXPECT_EQ(0, find(&full, 1, 0)->edx & ~d);
	EXPECT_EQ(0, find(&full, 1, 0)->ebx & ~0xff00);
	__cpuid_count(7, 0, a, b, c, d);
	EXPECT_EQ(0, find(&full, 7, 0)->ebx & ~(b | 1 << 1));
	EXPECT_EQ(0, find(&full, 7, 0)->ecx & ~c);
	hypervisor = find(&full, 0x40000000, 0);
	ASSERT_NE(NULL, hypervisor);
	EXPECT_EQ(0, memcmp(&hypervisor->ebx, "minivmx", 8));
	/* No performance counters, no machine checks, no MTRRs, no APIC, no VMX. */
	EXPECT_EQ(NULL, find(&full, 0xa, 0));
	EXPECT_EQ(0, find(&full, 1, 0)->edx & (1 << 7 | 1 << 9 | 1 << 12 | 1 << 14));
	EXPECT_EQ(0, find(&full, 1, 0)->ecx & LEAF_1_ECX_VMX);
}

TEST_HARNESS_MAIN
