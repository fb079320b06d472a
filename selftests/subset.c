// SPDX-License-Identifier: GPL-2.0
/*
 * subset.c - what of KVM's interface is there and what is not: each ioctl on each kind of file, and
 * each capability.
 *
 * The calls are those of <linux/kvm.h>; one that minivmx has is in the first list, with the kinds
 * of file it works on, every other is answered ENOTTY before anybody looks at its argument.
 */
#include <errno.h>
#include <linux/kvm.h>

#include "vm.h"
#include "kselftest_harness.h"

enum { ON_DEVICE = 1, ON_VM = 2, ON_VCPU = 4 };

struct call {
	const char *name;
	unsigned long request;
	int kinds;
};

#define CALL(name, kinds)	{ #name, name, kinds }

static const struct call inside[] = {
	CALL(KVM_GET_API_VERSION, ON_DEVICE),
	CALL(KVM_CREATE_VM, ON_DEVICE),
	CALL(KVM_CHECK_EXTENSION, ON_DEVICE | ON_VM),
	CALL(KVM_GET_VCPU_MMAP_SIZE, ON_DEVICE),
	CALL(KVM_GET_SUPPORTED_CPUID, ON_DEVICE),
	CALL(KVM_GET_MSR_INDEX_LIST, ON_DEVICE),
	CALL(KVM_CREATE_VCPU, ON_VM),
	CALL(KVM_SET_USER_MEMORY_REGION, ON_VM),
	/* Younger than some <linux/kvm.h>. */
	CALL(MINIVMX_SET_USER_MEMORY_REGION2, ON_VM),
	CALL(KVM_GET_DIRTY_LOG, ON_VM),
	CALL(KVM_SET_TSS_ADDR, ON_VM),
	CALL(KVM_SET_IDENTITY_MAP_ADDR, ON_VM),
	CALL(KVM_IOEVENTFD, ON_VM),
	CALL(KVM_REGISTER_COALESCED_MMIO, ON_VM),
	CALL(KVM_UNREGISTER_COALESCED_MMIO, ON_VM),
	CALL(KVM_GET_STATS_FD, ON_VM | ON_VCPU),
	CALL(KVM_RUN, ON_VCPU),
	CALL(KVM_GET_REGS, ON_VCPU),
	CALL(KVM_SET_REGS, ON_VCPU),
	CALL(KVM_GET_SREGS, ON_VCPU),
	CALL(KVM_SET_SREGS, ON_VCPU),
	CALL(KVM_INTERRUPT, ON_VCPU),
	CALL(KVM_SET_SIGNAL_MASK, ON_VCPU),
	CALL(KVM_GET_MSRS, ON_VCPU),
	CALL(KVM_SET_MSRS, ON_VCPU),
	CALL(KVM_SET_CPUID2, ON_VCPU),
	CALL(KVM_GET_CPUID2, ON_VCPU),
	CALL(KVM_GET_FPU, ON_VCPU),
	CALL(KVM_SET_FPU, ON_VCPU),
	CALL(KVM_GET_XSAVE, ON_VCPU),
	CALL(KVM_SET_XSAVE, ON_VCPU),
	CALL(KVM_GET_XCRS, ON_VCPU),
	CALL(KVM_SET_XCRS, ON_VCPU),
	CALL(KVM_SET_TSC_KHZ, ON_VCPU),
	CALL(KVM_GET_TSC_KHZ, ON_VCPU),
	CALL(KVM_GET_MP_STATE, ON_VCPU),
	CALL(KVM_SET_MP_STATE, ON_VCPU),
	CALL(KVM_NMI, ON_VCPU),
	CALL(KVM_SET_GUEST_DEBUG, ON_VCPU),
	CALL(KVM_GET_VCPU_EVENTS, ON_VCPU),
	CALL(KVM_SET_VCPU_EVENTS, ON_VCPU),
	CALL(KVM_GET_DEBUGREGS, ON_VCPU),
	CALL(KVM_SET_DEBUGREGS, ON_VCPU),
};

static const struct call outside[] = {
	CALL(KVM_GET_EMULATED_CPUID, 0),
	CALL(KVM_GET_MSR_FEATURE_INDEX_LIST, 0),
	CALL(KVM_X86_GET_MCE_CAP_SUPPORTED, 0),
	CALL(KVM_SET_NR_MMU_PAGES, 0),
	CALL(KVM_GET_NR_MMU_PAGES, 0),
	CALL(KVM_SET_BOOT_CPU_ID, 0),
	CALL(KVM_CREATE_IRQCHIP, 0),
	CALL(KVM_IRQ_LINE, 0),
	CALL(KVM_IRQ_LINE_STATUS, 0),
	CALL(KVM_GET_IRQCHIP, 0),
	CALL(KVM_SET_IRQCHIP, 0),
	CALL(KVM_CREATE_PIT, 0),
	CALL(KVM_CREATE_PIT2, 0),
	CALL(KVM_GET_PIT2, 0),
	CALL(KVM_SET_PIT2, 0),
	CALL(KVM_REINJECT_CONTROL, 0),
	CALL(KVM_SET_GSI_ROUTING, 0),
	CALL(KVM_SIGNAL_MSI, 0),
	CALL(KVM_IRQFD, 0),
	CALL(KVM_XEN_HVM_CONFIG, 0),
	CALL(KVM_SET_CLOCK, 0),
	CALL(KVM_GET_CLOCK, 0),
	CALL(KVM_CREATE_DEVICE, 0),
	CALL(KVM_CLEAR_DIRTY_LOG, 0),
	CALL(KVM_RESET_DIRTY_RINGS, 0),
	CALL(KVM_SET_PMU_EVENT_FILTER, 0),
	CALL(KVM_X86_SET_MSR_FILTER, 0),
	CALL(KVM_MEMORY_ENCRYPT_OP, 0),
	CALL(KVM_SET_CPUID, 0),
	CALL(KVM_GET_LAPIC, 0),
	CALL(KVM_SET_LAPIC, 0),
	CALL(KVM_TPR_ACCESS_REPORTING, 0),
	CALL(KVM_SET_VAPIC_ADDR, 0),
	CALL(KVM_X86_SETUP_MCE, 0),
	CALL(KVM_X86_SET_MCE, 0),
	CALL(KVM_GET_PIT, 0),
	CALL(KVM_ENABLE_CAP, 0),
	CALL(KVM_GET_XSAVE2, 0),
	CALL(KVM_GET_SREGS2, 0),
	CALL(KVM_SET_SREGS2, 0),
	CALL(KVM_SMI, 0),
	CALL(KVM_KVMCLOCK_CTRL, 0),
	CALL(KVM_GET_NESTED_STATE, 0),
	CALL(KVM_SET_NESTED_STATE, 0),
	CALL(KVM_GET_REG_LIST, 0),
	CALL(KVM_GET_ONE_REG, 0),
	CALL(KVM_SET_ONE_REG, 0),
	CALL(KVM_GET_SUPPORTED_HV_CPUID, 0),
};

FIXTURE(subset) { struct vm vm; };

FIXTURE_SETUP(subset)
{
	VM_REQUIRE(MINIVMX_DEVICE);
	ASSERT_EQ(0, vm_create(&self->vm, MINIVMX_DEVICE));
}

FIXTURE_TEARDOWN(subset)
{
	vm_destroy(&self->vm);
}

static void check_call(struct __test_metadata *_metadata, struct vm *vm, const struct call *call)
{
	const struct { int kind, fd; } files[] = {
		{ ON_DEVICE, vm->dev }, { ON_VM, vm->fd }, { ON_VCPU, vm->vcpu },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(files); i++) {
		/* No pointer leads to the last page, and as a number it is too large for all calls. */
		int ret = vm_ioctl(files[i].fd, call->request, -4096UL);

		EXPECT_EQ(!(call->kinds & files[i].kind), ret == -ENOTTY) {
			TH_LOG("%s on file %u: %d", call->name, i, ret);
		}
		/* GET_STATS_FD takes anything. */
		if (ret > 0)
			close(ret);
	}
}

TEST_F(subset, what_is_inside_works_on_its_files_alone)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(inside); i++)
		check_call(_metadata, &self->vm, &inside[i]);
}

TEST_F(subset, what_is_outside_is_unknown)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(outside); i++)
		check_call(_metadata, &self->vm, &outside[i]);
}

struct capability {
	const char *name;
	int number, value;	/* FREE: depends on the machine */
};

#define FREE			-1
#define CAP(name, value)	{ #name, KVM_CAP_##name, value }

static const struct capability capabilities[] = {
	CAP(USER_MEMORY, 1),
	CAP(SET_TSS_ADDR, 1),
	CAP(EXT_CPUID, 1),
	CAP(NR_VCPUS, FREE),
	CAP(NR_MEMSLOTS, MINIVMX_MAX_SLOTS),
	CAP(NOP_IO_DELAY, 1),
	CAP(MP_STATE, 1),
	CAP(COALESCED_MMIO, MINIVMX_COALESCED_MMIO_PAGE_OFFSET),
	CAP(SYNC_MMU, 1),
	CAP(DESTROY_MEMORY_REGION_WORKS, 1),
	CAP(USER_NMI, 1),
	CAP(SET_GUEST_DEBUG, 1),
	CAP(JOIN_MEMORY_REGIONS_WORKS, 1),
	CAP(IOEVENTFD, 1),
	CAP(SET_IDENTITY_MAP_ADDR, 1),
	CAP(INTERNAL_ERROR_DATA, 1),
	CAP(VCPU_EVENTS, 1),
	CAP(INTR_SHADOW, 1),
	CAP(DEBUGREGS, 1),
	CAP(XSAVE, 1),
	CAP(XCRS, FREE),	/* 0 without XSAVE */
	CAP(GET_TSC_KHZ, 1),
	CAP(MAX_VCPUS, MINIVMX_MAX_VCPUS),
	CAP(SYNC_REGS, MINIVMX_SYNC_X86_VALID_FIELDS),
	CAP(READONLY_MEM, 1),
	CAP(IOEVENTFD_NO_LENGTH, 1),
	CAP(CHECK_EXTENSION_VM, 1),
	CAP(IOEVENTFD_ANY_LENGTH, 1),
	CAP(MAX_VCPU_ID, MINIVMX_MAX_VCPUS),
	CAP(IMMEDIATE_EXIT, 1),
	CAP(COALESCED_PIO, 1),
	CAP(SET_GUEST_DEBUG2, FREE),
	CAP(BINARY_STATS_FD, 1),
	{ "USER_MEMORY2", MINIVMX_CAP_USER_MEMORY2, 1 },
};

static const struct capability *capability_of(int number)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(capabilities); i++)
		if (capabilities[i].number == number)
			return &capabilities[i];
	return NULL;
}

TEST_F(subset, capabilities)
{
	int fds[] = { self->vm.dev, self->vm.fd };

	for (unsigned int f = 0; f < ARRAY_SIZE(fds); f++) {
		for (int number = 0; number < 300; number++) {
			const struct capability *wanted = capability_of(number);
			int value = vm_ioctl(fds[f], MINIVMX_CHECK_EXTENSION, number);

			if (wanted && wanted->value == FREE && value >= 0)
				continue;
			EXPECT_EQ(wanted ? wanted->value : 0, value) {
				TH_LOG("%s (%d)", wanted ? wanted->name : "not listed", number);
			}
		}
	}
	EXPECT_EQ(0, vm_ioctl(self->vm.dev, MINIVMX_CHECK_EXTENSION, -1UL));
	EXPECT_EQ(0, vm_ioctl(self->vm.dev, MINIVMX_CHECK_EXTENSION, 0x100000003UL));
	/* There are no such calls on a vCPU. */
	EXPECT_EQ(-ENOTTY, vm_ioctl(self->vm.vcpu, MINIVMX_CHECK_EXTENSION, 3));
}

TEST_HARNESS_MAIN
