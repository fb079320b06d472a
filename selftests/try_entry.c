// SPDX-License-Identifier: GPL-2.0
/*
 * try_entry.c - TRY_ENTRY: who may, what may be changed, what the CPU answers, and that nothing of it
 * stays, neither in the vCPU nor in the guest's memory.
 *
 * Without the module's study mode the call is refused, and the other tests are skipped: prove.sh loads
 * the module both ways.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "idt.h"
#include "vm.h"
#include "../tools/vmcs_fields.h"
#include "kselftest_harness.h"

#define ROOM		512
#define FAILED_ENTRY	(1U << 31)
#define EVENT_VALID	(1U << 31)
#define BAD_RFLAGS	0x8002
#define MSR_PAT		0x277
#define MSR_KERNEL_GS	0xc0000102
#define MSR_FS_BASE	0xc0000100
#define GOOD_PAT	0x0007040600070406ULL
#define EXPECT_FAILURE	MINIVMX_TRY_EXPECT_FAILURE

/* Counts in memory, and says so. */
GUEST_CODE(count, 64, "1: incl 0x10000\n\t mov 0x10000, %eax\n\t out %al, $0x80\n\t jmp 1b");

static bool in_study_mode(void)
{
	FILE *file = fopen("/sys/module/minivmx/parameters/study", "r");
	bool on = file && fgetc(file) == 'Y';

	if (file)
		fclose(file);
	return on;
}

FIXTURE(try_entry) {
	struct vm vm;
	struct minivmx_try_entry try;
};

FIXTURE_SETUP(try_entry)
{
	VM_REQUIRE(MINIVMX_DEVICE);
	ASSERT_EQ(0, vm_create(&self->vm, MINIVMX_DEVICE));
	ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, count));
}

FIXTURE_TEARDOWN(try_entry)
{
	vm_destroy(&self->vm);
}

#define REQUIRE_STUDY_MODE()						\
	do {								\
		if (!in_study_mode())					\
			SKIP(return, "the module is not in study mode");	\
	} while (0)

static int try(struct vm *vm, struct minivmx_try_entry *request)
{
	return vm_ioctl(vm->vcpu, MINIVMX_TRY_ENTRY, (unsigned long)request);
}

static int try_field(struct vm *vm, struct minivmx_try_entry *request, __u32 flags, __u32 encoding, __u64 value)
{
	*request = (struct minivmx_try_entry){ .flags = flags, .nent = 1 };
	request->entries[0] = (struct minivmx_vmcs_field){ .encoding = encoding, .value = value };
	return try(vm, request);
}

static int try_msr(struct vm *vm, struct minivmx_try_entry *request, __u32 flags, __u32 msr, __u64 value)
{
	*request = (struct minivmx_try_entry){ .flags = flags, .nmsrs = 2 };
	request->msrs[0] = (struct minivmx_msr_entry){ .index = MSR_PAT, .data = GOOD_PAT };
	request->msrs[1] = (struct minivmx_msr_entry){ .index = msr, .data = value };
	return try(vm, request);
}

TEST_F(try_entry, refused_outside_of_study_mode)
{
	if (in_study_mode())
		SKIP(return, "the module is in study mode");
	EXPECT_EQ(-EOPNOTSUPP, try(&self->vm, &self->try));
	EXPECT_EQ(-EOPNOTSUPP, vm_ioctl(self->vm.vcpu, MINIVMX_TRY_ENTRY, 0));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_IO);
}

/* Of this thread alone; the test's process ends with it. */
static int give_up(unsigned int capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		return -errno;
	data[CAP_TO_INDEX(capability)].effective &= ~CAP_TO_MASK(capability);
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

TEST_F(try_entry, needs_the_capability)
{
	REQUIRE_STUDY_MODE();
	EXPECT_EQ(0, try(&self->vm, &self->try));
	ASSERT_EQ(0, give_up(CAP_SYS_RAWIO));
	EXPECT_EQ(-EPERM, try(&self->vm, &self->try));
	EXPECT_EQ(-EPERM, vm_ioctl(self->vm.vcpu, MINIVMX_TRY_ENTRY, 0));
}

struct refusal {
	__u32 flags, encoding;
	__u64 value;
	int error;
};

TEST_F(try_entry, changes_that_are_refused)
{
	static const struct refusal rows[] = {
		/* No field; a high half; more than the width holds. */
		{ EXPECT_FAILURE, 0x6fff, 0, -EINVAL },
		{ EXPECT_FAILURE, VMCS_EPT_POINTER + 1, 0, -EINVAL },
		{ EXPECT_FAILURE, 0x10000 | VMCS_GUEST_RFLAGS, 2, -EINVAL },
		{ 0, VMCS_GUEST_ES_SELECTOR, 0x10000, -EINVAL },
		{ 0, VMCS_GUEST_ACTIVITY_STATE, 1ULL << 32, -EINVAL },
		/* VM-exit information, and what is not the caller's. */
		{ EXPECT_FAILURE, VMCS_EXIT_REASON, 0, -EINVAL },
		{ EXPECT_FAILURE, VMCS_PREEMPTION_TIMER_VALUE, 1, -EINVAL },
		{ EXPECT_FAILURE, VMCS_HOST_RSP, 0, -EINVAL },
		/* An unknown flag. */
		{ 2, VMCS_GUEST_RFLAGS, 2, -EINVAL },
		/* What might harm the host, were it accepted. */
		{ 0, VMCS_HOST_CR0, 0, -EACCES },
		{ 0, VMCS_PIN_BASED_CONTROLS, 0x16, -EACCES },
		{ 0, VMCS_EPT_POINTER, 0x1000, -EACCES },
		{ 0, VMCS_ENTRY_MSR_LOAD_COUNT, 0, -EACCES },
		{ 0, VMCS_VMCS_LINK_POINTER, 0x1000, -EACCES },
		/* Wait-for-SIPI. */
		{ 0, VMCS_GUEST_ACTIVITY_STATE, 3, -EACCES },
		{ EXPECT_FAILURE, VMCS_GUEST_ACTIVITY_STATE, 3, -EACCES },
	};

	REQUIRE_STUDY_MODE();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		EXPECT_EQ(rows[i].error,
			  try_field(&self->vm, &self->try, rows[i].flags, rows[i].encoding, rows[i].value))
			TH_LOG("row %zu", i);
	}
	EXPECT_EQ(-EACCES, try_msr(&self->vm, &self->try, 0, MSR_FS_BASE, 0));
	EXPECT_EQ(-EFAULT, vm_ioctl(self->vm.vcpu, MINIVMX_TRY_ENTRY, 0));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_IO);
}

TEST_F(try_entry, requests_that_are_refused)
{
	REQUIRE_STUDY_MODE();
	self->try.nent = MINIVMX_TRY_CHANGES + 1;
	EXPECT_EQ(-EINVAL, try(&self->vm, &self->try));
	self->try = (struct minivmx_try_entry){ .nmsrs = MINIVMX_TRY_MSRS + 1 };
	EXPECT_EQ(-EINVAL, try(&self->vm, &self->try));
	self->try = (struct minivmx_try_entry){ .nent = 1, .entries[0] = { VMCS_GUEST_RFLAGS, 1, 2 } };
	EXPECT_EQ(-EINVAL, try(&self->vm, &self->try));
	self->try = (struct minivmx_try_entry){ .nmsrs = 1, .msrs[0] = { MSR_PAT, 1, GOOD_PAT } };
	EXPECT_EQ(-EINVAL, try(&self->vm, &self->try));
}

static void expect(struct __test_metadata *_metadata, const struct minivmx_try_entry *request, __u32 outcome,
		   __u64 reason, __u64 qualification)
{
	EXPECT_EQ(outcome, request->outcome);
	EXPECT_EQ(reason, request->reason);
	EXPECT_EQ(qualification, request->qualification);
}

TEST_F(try_entry, what_the_cpu_answers)
{
	struct vm *vm = &self->vm;

	REQUIRE_STUDY_MODE();
	/* As it is; the host's interrupt may come before the timer. */
	ASSERT_EQ(0, try(vm, &self->try));
	EXPECT_EQ(MINIVMX_TRIED_VM_EXIT, self->try.outcome);
	EXPECT_EQ(0, self->try.reason & FAILED_ENTRY);
	ASSERT_EQ(0, try_field(vm, &self->try, EXPECT_FAILURE, VMCS_VPID, 0));
	expect(_metadata, &self->try, MINIVMX_TRIED_VMFAIL_VALID, 7, 0);
	ASSERT_EQ(0, try_field(vm, &self->try, EXPECT_FAILURE, VMCS_HOST_CS_SELECTOR, 0));
	expect(_metadata, &self->try, MINIVMX_TRIED_VMFAIL_VALID, 8, 0);
	ASSERT_EQ(0, try_field(vm, &self->try, 0, VMCS_GUEST_RFLAGS, BAD_RFLAGS));
	expect(_metadata, &self->try, MINIVMX_TRIED_VM_EXIT, FAILED_ENTRY | 33, 0);
	ASSERT_EQ(0, try_field(vm, &self->try, EXPECT_FAILURE, VMCS_VMCS_LINK_POINTER, 1));
	expect(_metadata, &self->try, MINIVMX_TRIED_VM_EXIT, FAILED_ENTRY | 33, 4);
	ASSERT_EQ(0, try_msr(vm, &self->try, EXPECT_FAILURE, MSR_FS_BASE, 0));
	expect(_metadata, &self->try, MINIVMX_TRIED_VM_EXIT, FAILED_ENTRY | 34, 2);
	ASSERT_EQ(0, try_msr(vm, &self->try, 0, MSR_PAT, GOOD_PAT));
	EXPECT_EQ(0, self->try.reason & FAILED_ENTRY);
}

/* HLT, and shutdown, which no interrupt ends. */
TEST_F(try_entry, states_without_instructions_come_back)
{
	REQUIRE_STUDY_MODE();
	for (__u64 state = 1; state <= 2; state++) {
		ASSERT_EQ(0, try_field(&self->vm, &self->try, 0, VMCS_GUEST_ACTIVITY_STATE, state));
		EXPECT_EQ(MINIVMX_TRIED_VM_EXIT, self->try.outcome);
		EXPECT_EQ(0, self->try.reason & FAILED_ENTRY);
	}
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_IO);
}

struct vmcs {
	struct minivmx_vmcs head;
	struct minivmx_vmcs_field entries[ROOM];
};

static int get_vmcs(struct vm *vm, struct vmcs *vmcs)
{
	memset(vmcs, 0, sizeof(*vmcs));
	vmcs->head.nent = ROOM;
	return vm_ioctl(vm->vcpu, MINIVMX_GET_VMCS, (unsigned long)vmcs);
}

/* All but the VM-exit information, and the host's CR3, FS and whatever else moves by itself. */
static void expect_same_vmcs(struct __test_metadata *_metadata, const struct vmcs *a, const struct vmcs *b)
{
	ASSERT_EQ(a->head.nent, b->head.nent);
	for (__u32 i = 0; i < a->head.nent; i++) {
		unsigned int type = a->entries[i].encoding >> 10 & 3;

		if (type == 0 || type == 2) {
			EXPECT_EQ(a->entries[i].value, b->entries[i].value)
				TH_LOG("field %#x", a->entries[i].encoding);
		}
	}
}

/* One of each kind, and events into the guest, which has a stack and an IDT. */
static void try_all_kinds(struct __test_metadata *_metadata, struct vm *vm)
{
	static const struct {
		__u32 flags, encoding;
		__u64 value;
	} changes[] = {
		{ EXPECT_FAILURE, VMCS_VPID, 0 },
		{ EXPECT_FAILURE, VMCS_PRIMARY_CONTROLS, 0 },
		{ EXPECT_FAILURE, VMCS_EPT_POINTER, 0 },
		{ EXPECT_FAILURE, VMCS_HOST_RIP, 1ULL << 62 },
		{ 0, VMCS_GUEST_RFLAGS, BAD_RFLAGS },
		{ 0, VMCS_GUEST_RIP, 0x2000 },
		{ 0, VMCS_GUEST_RSP, 0x3000 },
		{ 0, VMCS_GUEST_DS_ACCESS_RIGHTS, 0x10000 },
		{ 0, VMCS_GUEST_ACTIVITY_STATE, 1 },
		{ 0, VMCS_GUEST_INTERRUPTIBILITY_STATE, 2 },
		{ 0, VMCS_ENTRY_INTERRUPTION_INFORMATION, EVENT_VALID | 3 << 8 | 6 },
		{ 0, VMCS_ENTRY_INTERRUPTION_INFORMATION, EVENT_VALID | 2 << 8 | 2 },
	};
	struct minivmx_try_entry request;

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		ASSERT_EQ(0, try_field(vm, &request, changes[i].flags, changes[i].encoding, changes[i].value))
			TH_LOG("row %zu", i);
	}
	ASSERT_EQ(0, try_msr(vm, &request, 0, MSR_KERNEL_GS, 0x1234));
	EXPECT_EQ(0, request.reason & FAILED_ENTRY);
}

TEST_F(try_entry, nothing_stays)
{
	static struct vmcs before, after;
	struct minivmx_regs regs, regs_after;
	static __u8 memory[VM_MEM_SIZE];
	struct minivmx_vcpu_events events;
	struct vm *vm = &self->vm;

	REQUIRE_STUDY_MODE();
	ASSERT_EQ(0, IDT_START(vm, VM_LONG, count));
	/* On a vCPU that has not run, and, with an exit to be finished, on one that has. */
	for (__u8 round = 0; round < 3; round++) {
		ASSERT_EQ(0, get_vmcs(vm, &before));
		ASSERT_EQ(0, vm_get_regs(vm, &regs));
		memcpy(memory, vm->mem, sizeof(memory));
		try_all_kinds(_metadata, vm);
		ASSERT_EQ(0, get_vmcs(vm, &after));
		ASSERT_EQ(0, vm_get_regs(vm, &regs_after));
		expect_same_vmcs(_metadata, &before, &after);
		EXPECT_EQ(0, memcmp(&regs, &regs_after, sizeof(regs)));
		EXPECT_EQ(0, memcmp(memory, vm->mem, sizeof(memory)));
		ASSERT_EXIT(vm, MINIVMX_EXIT_IO);
		EXPECT_EQ(round + 1, *(__u8 *)vm_io_data(vm));
		/* A delivery from now on would find its way to the stack. */
		if (round == 0) {
			ASSERT_EQ(0, vm_get_events(vm, &events));
			events.exception.injected = 1;
			events.exception.nr = 6;
			ASSERT_EQ(0, vm_set_events(vm, &events));
			ASSERT_EXIT(vm, MINIVMX_EXIT_IO);
			ASSERT_EQ(6, vm->run->io.port);
		}
	}
}

/* What waits for the guest waits on, and is delivered once. */
TEST_F(try_entry, events_wait_on)
{
	struct minivmx_vcpu_events before, after;

	REQUIRE_STUDY_MODE();
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_IO);
	ASSERT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_GET_VCPU_EVENTS, (unsigned long)&before));
	before.exception.injected = 1;
	before.exception.nr = 13;
	before.exception.has_error_code = 1;
	ASSERT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_SET_VCPU_EVENTS, (unsigned long)&before));
	ASSERT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_GET_VCPU_EVENTS, (unsigned long)&before));
	for (int round = 0; round < 3; round++) {
		ASSERT_EQ(0, try(&self->vm, &self->try));
		EXPECT_EQ(0, self->try.reason & FAILED_ENTRY);
	}
	ASSERT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_GET_VCPU_EVENTS, (unsigned long)&after));
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
	/* It has no IDT. */
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_SHUTDOWN);
}

/* An MSR that the entry has loaded is the host's again, and the guest's is the guest's. */
TEST_F(try_entry, msrs_are_put_back)
{
	struct {
		struct minivmx_msrs head;
		struct minivmx_msr_entry entry;
	} msrs = { .head.nmsrs = 1, .entry = { .index = MSR_KERNEL_GS, .data = 0x5678 } };

	REQUIRE_STUDY_MODE();
	ASSERT_EQ(1, vm_ioctl(self->vm.vcpu, MINIVMX_SET_MSRS, (unsigned long)&msrs));
	ASSERT_EQ(0, try_msr(&self->vm, &self->try, 0, MSR_KERNEL_GS, 0x1234));
	EXPECT_EQ(0, self->try.reason & FAILED_ENTRY);
	ASSERT_EQ(1, vm_ioctl(self->vm.vcpu, MINIVMX_GET_MSRS, (unsigned long)&msrs));
	EXPECT_EQ(0x5678, msrs.entry.data);
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_IO);
}

TEST_HARNESS_MAIN
