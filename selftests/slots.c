// SPDX-License-Identifier: GPL-2.0
/*
 * slots.c - slots made, moved, deleted and shared; and no translation outlives its slot.
 *
 * The errors of SET_USER_MEMORY_REGION are in errors.c.
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vm.h"
#include "kselftest_harness.h"

#define PAGE	4096UL
#define GPA	0x800000U	/* outside slot 0 */
#define SIZE	(4 * PAGE)

FIXTURE(slots) {
	struct vm vm;
	__u8 *first, *second;	/* backing memory, filled with 0x11 and 0x22 */
};
FIXTURE_VARIANT(slots) { const char *device; bool kvm; };
FIXTURE_VARIANT_ADD(slots, minivmx) { .device = MINIVMX_DEVICE };
FIXTURE_VARIANT_ADD(slots, kvm) { .device = KVM_DEVICE, .kvm = true };

static __u8 *filled_memory(int byte)
{
	__u8 *mem = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		return NULL;
	return memset(mem, byte, SIZE);
}

FIXTURE_SETUP(slots)
{
	VM_SETUP(self, variant);
	ASSERT_EQ(0, vm_start_peek_poke(&self->vm));
	self->first = filled_memory(0x11);
	self->second = filled_memory(0x22);
	ASSERT_NE(NULL, self->first);
	ASSERT_NE(NULL, self->second);
}

FIXTURE_TEARDOWN(slots)
{
	vm_destroy(&self->vm);
	munmap(self->first, SIZE);
	munmap(self->second, SIZE);
}

#define EXPECT_READS(value, gpa)					\
	do {								\
		__u32 __read;						\
									\
		ASSERT_EQ(0, vm_peek(&self->vm, gpa, &__read));		\
		EXPECT_EQ(MINIVMX_EXIT_HLT, self->vm.run->exit_reason);	\
		EXPECT_EQ(value, __read);				\
	} while (0)

#define EXPECT_UNBACKED(gpa)						\
	do {								\
		__u32 __read;						\
									\
		ASSERT_EQ(0, vm_peek(&self->vm, gpa, &__read));		\
		EXPECT_TRUE(vm_exit_is_unbacked(&self->vm, gpa)) {	\
			vm_print_exit(&self->vm);			\
		}							\
	} while (0)

#define SET_REGION2(region)						\
	vm_ioctl(self->vm.fd, MINIVMX_SET_USER_MEMORY_REGION2, (unsigned long)(region))

/*
 * An MMIO exit of KVM completes at the next RUN and then goes on with the instruction after;
 * the HLT there is taken out of the way before the next access.
 */
static int finish_access(struct vm *vm)
{
	return vm->run->exit_reason == MINIVMX_EXIT_MMIO ? vm_run(vm) : 0;
}

TEST_F(slots, deleted_slot_is_gone)
{
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, GPA, SIZE, self->first));
	EXPECT_READS(0x11111111, GPA + PAGE);
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, 0, 0, NULL));
	EXPECT_UNBACKED(GPA + PAGE);
	ASSERT_EQ(0, finish_access(&self->vm));
	/* The process's memory is untouched. */
	EXPECT_EQ(0x11, self->first[PAGE]);
}

TEST_F(slots, recreated_elsewhere_in_the_process)
{
	for (int i = 0; i < 10; i++) {
		ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, GPA, SIZE, self->first));
		EXPECT_READS(0x11111111, GPA);
		ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, 0, 0, NULL));
		ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, GPA, SIZE, self->second));
		EXPECT_READS(0x22222222, GPA);
		ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, 0, 0, NULL));
	}
}

TEST_F(slots, moved_to_another_address)
{
	__u32 there = GPA + 0x100000;

	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, GPA, SIZE, self->first));
	EXPECT_READS(0x11111111, GPA);
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, there, SIZE, self->first));
	EXPECT_READS(0x11111111, there);
	EXPECT_UNBACKED(GPA);
	ASSERT_EQ(0, finish_access(&self->vm));
	/* The old place is free for another. */
	ASSERT_EQ(0, vm_set_slot(&self->vm, 2, 0, GPA, SIZE, self->second));
	EXPECT_READS(0x22222222, GPA);
	EXPECT_READS(0x11111111, there);
}

/* A move by one page: old and new range overlap. */
TEST_F(slots, moved_onto_itself)
{
	self->first[0] = 0x77;
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, GPA, SIZE, self->first));
	EXPECT_READS(0x11111177, GPA);
	EXPECT_READS(0x11111111, GPA + PAGE);
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, GPA + PAGE, SIZE, self->first));
	EXPECT_READS(0x11111177, GPA + PAGE);
	EXPECT_UNBACKED(GPA);
	ASSERT_EQ(0, finish_access(&self->vm));
}

/* The larger structure says the same; what it adds is for memory that minivmx does not have. */
TEST_F(slots, region2)
{
	struct minivmx_userspace_memory_region2 region = {
		.slot = 1, .guest_phys_addr = GPA, .memory_size = SIZE,
		.userspace_addr = (unsigned long)self->first,
	};

	if (!vm_ioctl(self->vm.fd, MINIVMX_CHECK_EXTENSION, MINIVMX_CAP_USER_MEMORY2))
		SKIP(return, "this KVM has no SET_USER_MEMORY_REGION2");
	ASSERT_EQ(0, SET_REGION2(&region));
	EXPECT_READS(0x11111111, GPA);
	region.guest_phys_addr = GPA + SIZE;
	region.flags = MINIVMX_MEM_LOG_DIRTY_PAGES;
	region.guest_memfd = -1;
	region.guest_memfd_offset = 8;
	region.pad1 = region.pad2[13] = 1;
	ASSERT_EQ(0, SET_REGION2(&region));
	EXPECT_READS(0x11111111, GPA + SIZE);
	region.flags = 1 << 2;		/* KVM_MEM_GUEST_MEMFD, for machines of another type */
	EXPECT_EQ(-EINVAL, SET_REGION2(&region));
	region.flags = 1 << 3;
	EXPECT_EQ(-EINVAL, SET_REGION2(&region));
	EXPECT_EQ(-EFAULT, vm_ioctl(self->vm.fd, MINIVMX_SET_USER_MEMORY_REGION2, 8));
	region.flags = 0;
	region.memory_size = 0;
	ASSERT_EQ(0, SET_REGION2(&region));
	EXPECT_EQ(-EINVAL, SET_REGION2(&region));
}

TEST_F(slots, two_slots_on_the_same_memory)
{
	__u32 there = GPA + 0x100000;

	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, GPA, SIZE, self->first));
	ASSERT_EQ(0, vm_set_slot(&self->vm, 2, 0, there, SIZE, self->first));
	ASSERT_EQ(0, vm_poke(&self->vm, GPA + 8, 0x12345678));
	EXPECT_READS(0x12345678, there + 8);
	ASSERT_EQ(0, madvise(self->first, PAGE, MADV_DONTNEED));
	EXPECT_READS(0, GPA + 8);
	EXPECT_READS(0, there + 8);
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, 0, 0, NULL));
	EXPECT_READS(0x11111111, there + PAGE);
}

TEST_F(slots, readonly_slot)
{
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, MINIVMX_MEM_READONLY, GPA, SIZE, self->first));
	EXPECT_READS(0x11111111, GPA);
	ASSERT_EQ(0, vm_poke(&self->vm, GPA, 0x12345678));
	EXPECT_TRUE(vm_exit_is_unbacked(&self->vm, GPA)) {
		vm_print_exit(&self->vm);
	}
	EXPECT_EQ(0x11, self->first[0]);
	ASSERT_EQ(0, finish_access(&self->vm));
	/* The process can write it, and the guest sees that. */
	self->first[0] = 0x33;
	EXPECT_READS(0x11111133, GPA);
}

/* Memory that the process itself can only read is enough for a read-only slot. */
TEST_F(slots, readonly_slot_on_readonly_memory)
{
	ASSERT_EQ(0, mprotect(self->first, SIZE, PROT_READ));
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, MINIVMX_MEM_READONLY, GPA, SIZE, self->first));
	EXPECT_READS(0x11111111, GPA);
}

TEST_F(slots, replaced_by_a_writable_one)
{
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, MINIVMX_MEM_READONLY, GPA, SIZE, self->first));
	EXPECT_READS(0x11111111, GPA);
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, 0, 0, NULL));
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, GPA, SIZE, self->first));
	ASSERT_EQ(0, vm_poke(&self->vm, GPA, 0x12345678));
	EXPECT_EQ(MINIVMX_EXIT_HLT, self->vm.run->exit_reason);
	EXPECT_EQ(0x78, self->first[0]);
}

/* VM after VM at the same guest address: pages, roots and VPIDs come back, their past must not. */
TEST_F_TIMEOUT(slots, new_vm_sees_no_old_translation, 60)
{
	int rounds = variant->kvm ? 20 : 200;

	for (int i = 0; i < rounds; i++) {
		struct vm vm;
		__u32 value;

		ASSERT_EQ(0, vm_create(&vm, variant->device));
		ASSERT_EQ(0, vm_start_peek_poke(&vm));
		*(__u32 *)(vm.mem + VM_DATA) = 0x5000 + i;
		ASSERT_EQ(0, vm_peek(&vm, VM_DATA, &value));
		EXPECT_EQ(0x5000U + i, value);
		ASSERT_EQ(0, vm_peek(&vm, VM_DATA + PAGE, &value));
		EXPECT_EQ(0, value);
		ASSERT_EQ(0, vm_poke(&vm, VM_DATA + PAGE, 0xbad0bad));
		vm_destroy(&vm);
	}
}

/* Two VMs alternate on one CPU with different memory at the same guest address. */
TEST_F(slots, vms_do_not_share_translations)
{
	struct vm other;
	__u32 value;

	ASSERT_EQ(0, vm_create(&other, variant->device));
	ASSERT_EQ(0, vm_start_peek_poke(&other));
	ASSERT_EQ(0, vm_set_slot(&other, 1, 0, GPA, SIZE, self->second));
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, GPA, SIZE, self->first));
	for (int i = 0; i < 20; i++) {
		vm_pin_to_cpu(i / 4 % vm_count_cpus());
		EXPECT_READS(0x11111111, GPA);
		ASSERT_EQ(0, vm_peek(&other, GPA, &value));
		EXPECT_EQ(0x22222222, value);
	}
	vm_destroy(&other);
}

TEST_HARNESS_MAIN
