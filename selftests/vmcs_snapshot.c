// SPDX-License-Identifier: GPL-2.0
/*
 * vmcs_snapshot.c - GET_VMCS: the calling convention, the fields, what VM entry would find in them,
 * who may see the host's, and that the call changes nothing for the guest.
 *
 * The values are compared with what the register calls say, or with the SDM's format of the field.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vm.h"
#include "../tools/vmcs_fields.h"
#include "kselftest_harness.h"

#define ROOM		512
#define TYPE(encoding)	((encoding) >> 10 & 3)
#define TYPE_HOST	3
#define NOT_THERE	0xdeadULL		/* stands for a field that is not in the list */
#define EVENT_VALID	(1U << 31)
#define INVALID_GUEST_STATE	(MINIVMX_EXIT_REASON_FAILED_ENTRY | 33)
#define FLAG		VM_DATA

GUEST_CODE(halt, 64, "1: hlt\n\t jmp 1b");
/* Until the process writes to FLAG. */
GUEST_CODE(wait, 64, "1: cmpl $0, 0x10000\n\t je 1b\n\t hlt");

FIXTURE(vmcs_snapshot) {
	struct vm vm;
	struct minivmx_vmcs *vmcs;
};

FIXTURE_SETUP(vmcs_snapshot)
{
	VM_REQUIRE(MINIVMX_DEVICE);
	ASSERT_EQ(0, vm_create(&self->vm, MINIVMX_DEVICE));
	self->vmcs = calloc(1, sizeof(*self->vmcs) + ROOM * sizeof(struct minivmx_vmcs_field));
	ASSERT_NE(NULL, self->vmcs);
}

FIXTURE_TEARDOWN(vmcs_snapshot)
{
	free(self->vmcs);
	vm_destroy(&self->vm);
}

static int get_vmcs_with(struct vm *vm, struct minivmx_vmcs *vmcs, __u32 room)
{
	vmcs->nent = room;
	vmcs->flags = 0;
	return vm_ioctl(vm->vcpu, MINIVMX_GET_VMCS, (unsigned long)vmcs);
}

static int get_vmcs(struct vm *vm, struct minivmx_vmcs *vmcs)
{
	return get_vmcs_with(vm, vmcs, ROOM);
}

static __u64 field(const struct minivmx_vmcs *vmcs, __u32 encoding)
{
	for (__u32 i = 0; i < vmcs->nent; i++)
		if (vmcs->entries[i].encoding == encoding)
			return vmcs->entries[i].value;
	return NOT_THERE;
}

TEST_F(vmcs_snapshot, calling_convention)
{
	__u8 *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct minivmx_vmcs *at_end = (void *)(page + 4096 - sizeof(*at_end));
	__u32 needed;

	EXPECT_EQ(-E2BIG, get_vmcs_with(&self->vm, self->vmcs, 0));
	needed = self->vmcs->nent;
	ASSERT_LT(100, needed);
	ASSERT_GT(ROOM, needed);
	EXPECT_EQ(-E2BIG, get_vmcs_with(&self->vm, self->vmcs, needed - 1));
	EXPECT_EQ(needed, self->vmcs->nent);
	EXPECT_EQ(0, self->vmcs->entries[1].encoding);
	EXPECT_EQ(0, get_vmcs_with(&self->vm, self->vmcs, needed));
	EXPECT_EQ(needed, self->vmcs->nent);
	EXPECT_EQ(0, self->vmcs->entries[needed].encoding);
	EXPECT_EQ(0, get_vmcs_with(&self->vm, self->vmcs, 0xffffffff));
	EXPECT_EQ(needed, self->vmcs->nent);

	for (__u32 bit = 0; bit < 32; bit++) {
		self->vmcs->nent = ROOM;
		self->vmcs->flags = 1U << bit;
		EXPECT_EQ(-EINVAL, vm_ioctl(self->vm.vcpu, MINIVMX_GET_VMCS, (unsigned long)self->vmcs));
	}
	ASSERT_NE(MAP_FAILED, page);
	ASSERT_EQ(0, munmap(page + 4096, 4096));
	EXPECT_EQ(-EFAULT, vm_ioctl(self->vm.vcpu, MINIVMX_GET_VMCS, 8));
	EXPECT_EQ(-EFAULT, vm_ioctl(self->vm.vcpu, MINIVMX_GET_VMCS, -8UL));
	EXPECT_EQ(-EFAULT, get_vmcs_with(&self->vm, at_end, ROOM));
	EXPECT_EQ(-ENOTTY, vm_ioctl(self->vm.fd, MINIVMX_GET_VMCS, (unsigned long)self->vmcs));
	EXPECT_EQ(-ENOTTY, vm_ioctl(self->vm.dev, MINIVMX_GET_VMCS, (unsigned long)self->vmcs));
	EXPECT_EQ(-ENOTTY, vm_ioctl(self->vm.vcpu, MINIVMX_GET_VMX_CAPS, (unsigned long)self->vmcs));
}

/* By encoding, each once, of access type "full"; those that every CPU with EPT has. */
TEST_F(vmcs_snapshot, list_of_fields)
{
	static const __u32 always[] = {
		VMCS_GUEST_ES_SELECTOR, VMCS_HOST_TR_SELECTOR, VMCS_MSR_BITMAPS, VMCS_EPT_POINTER,
		VMCS_GUEST_PHYSICAL_ADDRESS, VMCS_GUEST_PDPTE3, VMCS_HOST_IA32_EFER, VMCS_PIN_BASED_CONTROLS,
		VMCS_SECONDARY_CONTROLS, VMCS_VM_INSTRUCTION_ERROR, VMCS_EXIT_INSTRUCTION_INFORMATION,
		VMCS_GUEST_IA32_SYSENTER_CS, VMCS_HOST_IA32_SYSENTER_CS, VMCS_CR3_TARGET_VALUE_3,
		VMCS_GUEST_LINEAR_ADDRESS, VMCS_GUEST_IA32_SYSENTER_EIP, VMCS_HOST_RIP,
	};

	ASSERT_EQ(0, get_vmcs(&self->vm, self->vmcs));
	EXPECT_EQ(0, self->vmcs->flags);
	for (__u32 i = 0; i < self->vmcs->nent; i++) {
		EXPECT_EQ(0, self->vmcs->entries[i].encoding & ~0x6ffeU);
		EXPECT_EQ(0, self->vmcs->entries[i].padding);
		if (i) {
			EXPECT_LT(self->vmcs->entries[i - 1].encoding, self->vmcs->entries[i].encoding);
		}
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(always); i++) {
		EXPECT_NE(NOT_THERE, field(self->vmcs, always[i])) {
			TH_LOG("field %#x", always[i]);
		}
	}
}

/* The reset state, before any slice; CPUID can still change, and the guest runs. */
TEST_F(vmcs_snapshot, before_the_first_run)
{
	struct vm fresh;

	ASSERT_EQ(0, vm_open(&fresh, MINIVMX_DEVICE));
	ASSERT_EQ(0, vm_add_memory(&fresh, VM_MEM_SIZE));
	ASSERT_EQ(0, vm_add_vcpu(&fresh));
	ASSERT_EQ(0, get_vmcs(&fresh, self->vmcs));
	EXPECT_EQ(0xfff0, field(self->vmcs, VMCS_GUEST_RIP));
	EXPECT_EQ(0xf000, field(self->vmcs, VMCS_GUEST_CS_SELECTOR));
	EXPECT_EQ(0xffff0000, field(self->vmcs, VMCS_GUEST_CS_BASE));
	EXPECT_EQ(2, field(self->vmcs, VMCS_GUEST_RFLAGS));
	EXPECT_EQ(~0ULL, field(self->vmcs, VMCS_VMCS_LINK_POINTER));
	EXPECT_NE(0, field(self->vmcs, VMCS_HOST_CR3));
	ASSERT_EQ(0, vm_set_supported_cpuid(&fresh));
	ASSERT_EQ(0, get_vmcs(&fresh, self->vmcs));
	ASSERT_EQ(0, VM_START(&fresh, VM_LONG, halt));
	ASSERT_EXIT(&fresh, MINIVMX_EXIT_HLT);
	vm_destroy(&fresh);
}

static __u32 access_rights(const struct minivmx_segment *s)
{
	return s->type | s->s << 4 | s->dpl << 5 | s->present << 7 | s->avl << 12 | s->l << 13 | s->db << 14 |
	       s->g << 15 | s->unusable << 16;
}

#define EXPECT_SEGMENT(NAME, member)								\
	do {											\
		EXPECT_EQ(sregs.member.selector, field(self->vmcs, VMCS_GUEST_##NAME##_SELECTOR));	\
		EXPECT_EQ(sregs.member.base, field(self->vmcs, VMCS_GUEST_##NAME##_BASE));	\
		EXPECT_EQ(sregs.member.limit, field(self->vmcs, VMCS_GUEST_##NAME##_LIMIT));	\
		EXPECT_EQ(access_rights(&sregs.member),						\
			  field(self->vmcs, VMCS_GUEST_##NAME##_ACCESS_RIGHTS));		\
	} while (0)

/* What the register calls have set is there before RUN, what the guest did after it. */
TEST_F(vmcs_snapshot, guest_state)
{
	struct minivmx_sregs sregs;
	struct minivmx_regs regs;

	ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, halt));
	for (int round = 0; round < 3; round++) {
		ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
		ASSERT_EQ(0, vm_get_sregs(&self->vm, &sregs));
		if (round == 2) {
			regs.rip += 1;
			regs.rsp = 0x123456789abc;
			sregs.fs.base = 0xcafe0000;
			sregs.gdt.limit = 0x1f;
			ASSERT_EQ(0, vm_set_regs(&self->vm, &regs));
			ASSERT_EQ(0, vm_set_sregs(&self->vm, &sregs));
		}
		ASSERT_EQ(0, get_vmcs(&self->vm, self->vmcs));
		EXPECT_EQ(regs.rip, field(self->vmcs, VMCS_GUEST_RIP));
		EXPECT_EQ(regs.rsp, field(self->vmcs, VMCS_GUEST_RSP));
		EXPECT_EQ(regs.rflags, field(self->vmcs, VMCS_GUEST_RFLAGS));
		EXPECT_EQ(sregs.cr0, field(self->vmcs, VMCS_CR0_READ_SHADOW));
		EXPECT_EQ(sregs.cr3, field(self->vmcs, VMCS_GUEST_CR3));
		EXPECT_EQ(sregs.cr4, field(self->vmcs, VMCS_CR4_READ_SHADOW));
		EXPECT_EQ(sregs.efer, field(self->vmcs, VMCS_GUEST_IA32_EFER));
		EXPECT_EQ(sregs.gdt.base, field(self->vmcs, VMCS_GUEST_GDTR_BASE));
		EXPECT_EQ(sregs.gdt.limit, field(self->vmcs, VMCS_GUEST_GDTR_LIMIT));
		EXPECT_SEGMENT(CS, cs);
		EXPECT_SEGMENT(SS, ss);
		EXPECT_SEGMENT(FS, fs);
		EXPECT_SEGMENT(TR, tr);
		EXPECT_SEGMENT(LDTR, ldt);
		if (round == 0) {
			ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
		}
	}
	/* HLT was the last exit; write-back or uncacheable tables, a walk of 4, an address. */
	EXPECT_EQ(12, field(self->vmcs, VMCS_EXIT_REASON));
	EXPECT_EQ(3, field(self->vmcs, VMCS_EPT_POINTER) >> 3 & 7);
	EXPECT_NE(0, field(self->vmcs, VMCS_EPT_POINTER) >> 12);
	EXPECT_EQ(1, field(self->vmcs, VMCS_ENTRY_CONTROLS) >> 9 & 1);
}

/* VM entry would inject the exception; once it is withdrawn, it would not, and nothing is left of it. */
TEST_F(vmcs_snapshot, event_that_waits)
{
	struct minivmx_vcpu_events events, none;
	__u64 rflags;

	ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, halt));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(0, get_vmcs(&self->vm, self->vmcs));
	EXPECT_EQ(0, field(self->vmcs, VMCS_ENTRY_INTERRUPTION_INFORMATION) & EVENT_VALID);
	rflags = field(self->vmcs, VMCS_GUEST_RFLAGS);
	ASSERT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_GET_VCPU_EVENTS, (unsigned long)&none));
	events = none;
	events.exception.injected = 1;
	events.exception.nr = 13;
	events.exception.has_error_code = 1;
	events.exception.error_code = 0x18;
	ASSERT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_SET_VCPU_EVENTS, (unsigned long)&events));
	for (int round = 0; round < 2; round++) {
		ASSERT_EQ(0, get_vmcs(&self->vm, self->vmcs));
		EXPECT_EQ(EVENT_VALID | 1 << 11 | 3 << 8 | 13,
			  field(self->vmcs, VMCS_ENTRY_INTERRUPTION_INFORMATION));
		EXPECT_EQ(0x18, field(self->vmcs, VMCS_ENTRY_EXCEPTION_ERROR_CODE));
	}
	ASSERT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_SET_VCPU_EVENTS, (unsigned long)&none));
	ASSERT_EQ(0, get_vmcs(&self->vm, self->vmcs));
	EXPECT_EQ(0, field(self->vmcs, VMCS_ENTRY_INTERRUPTION_INFORMATION) & EVENT_VALID);
	EXPECT_EQ(rflags, field(self->vmcs, VMCS_GUEST_RFLAGS));
	/* Without an IDT the exception would be a triple fault. */
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
}

/* An NMI that waits is one NMI, however often somebody looks. */
TEST_F(vmcs_snapshot, nmi_that_waits)
{
	struct minivmx_vcpu_events before, after;

	ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, halt));
	ASSERT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_NMI, 0));
	ASSERT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_GET_VCPU_EVENTS, (unsigned long)&before));
	ASSERT_EQ(0, get_vmcs(&self->vm, self->vmcs));
	EXPECT_EQ(EVENT_VALID | 2 << 8 | 2, field(self->vmcs, VMCS_ENTRY_INTERRUPTION_INFORMATION));
	ASSERT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_GET_VCPU_EVENTS, (unsigned long)&after));
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
}

/* The VMCS that failed, each time one looks, with what the CPU says of it. */
TEST_F(vmcs_snapshot, after_a_failed_entry)
{
	struct minivmx_regs regs;

	ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, halt));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	regs.rflags |= 1 << 15;
	ASSERT_EQ(0, vm_set_regs(&self->vm, &regs));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_FAIL_ENTRY);
	for (int round = 0; round < 2; round++) {
		ASSERT_EQ(0, get_vmcs(&self->vm, self->vmcs));
		EXPECT_EQ(INVALID_GUEST_STATE, field(self->vmcs, VMCS_EXIT_REASON));
		EXPECT_EQ(regs.rflags, field(self->vmcs, VMCS_GUEST_RFLAGS));
		EXPECT_EQ(regs.rip, field(self->vmcs, VMCS_GUEST_RIP));
		/* The search for fields must not have left its own error there. */
		EXPECT_NE(12, field(self->vmcs, VMCS_VM_INSTRUCTION_ERROR));
	}
	ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, halt));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
}

/* Nothing that says where the host's kernel is. */
TEST_F(vmcs_snapshot, host_is_hidden)
{
	__u32 all;

	ASSERT_EQ(0, get_vmcs(&self->vm, self->vmcs));
	all = self->vmcs->nent;
	/* The system call: this thread's rights only, and no more of libc's. */
	if (syscall(SYS_setresuid, 65534, 65534, 65534))
		SKIP(return, "no right to give up rights");
	ASSERT_EQ(0, get_vmcs(&self->vm, self->vmcs));
	EXPECT_EQ(MINIVMX_VMCS_HOST_HIDDEN, self->vmcs->flags);
	EXPECT_GT(all, self->vmcs->nent);
	for (__u32 i = 0; i < self->vmcs->nent; i++) {
		EXPECT_NE(TYPE_HOST, TYPE(self->vmcs->entries[i].encoding));
	}
	EXPECT_EQ(0, field(self->vmcs, VMCS_EPT_POINTER) >> 12);
	EXPECT_EQ(3, field(self->vmcs, VMCS_EPT_POINTER) >> 3 & 7);
	EXPECT_EQ(0, field(self->vmcs, VMCS_MSR_BITMAPS));
	EXPECT_EQ(0xfff0, field(self->vmcs, VMCS_GUEST_RIP));
}

static void *run_vcpu(void *vm)
{
	return (void *)(long)vm_run(vm);
}

struct look {
	struct vm *vm;
	struct minivmx_vmcs *vmcs;
	volatile bool done;
};

static void *look_at_vmcs(void *argument)
{
	struct look *look = argument;
	long result = get_vmcs(look->vm, look->vmcs);

	look->done = true;
	return (void *)result;
}

/* While another thread is in RUN the call waits, and then sees how that ended. */
/*
 * A thread that owes the kernel other work ends RUN, and is back in it without its program noticing: then the one
 * that waits may be first. Not each time.
 */
TEST_F(vmcs_snapshot, waits_for_run)
{
	bool waited = false;

	for (int try = 0; try < 5 && !waited; try++) {
		struct look look = { .vm = &self->vm, .vmcs = self->vmcs };
		pthread_t guest, looker;
		void *result;

		*(volatile __u32 *)(self->vm.mem + FLAG) = 0;
		ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, wait));
		ASSERT_EQ(0, pthread_create(&guest, NULL, run_vcpu, &self->vm));
		usleep(100000);
		ASSERT_EQ(0, pthread_create(&looker, NULL, look_at_vmcs, &look));
		usleep(100000);
		waited = !look.done;
		*(volatile __u32 *)(self->vm.mem + FLAG) = 1;
		ASSERT_EQ(0, pthread_join(looker, &result));
		EXPECT_EQ(NULL, result);
		ASSERT_EQ(0, pthread_join(guest, &result));
		EXPECT_EQ(NULL, result);
		if (waited)
			EXPECT_EQ(12, field(self->vmcs, VMCS_EXIT_REASON));
	}
	EXPECT_TRUE(waited);
}

TEST_HARNESS_MAIN
