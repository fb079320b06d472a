// SPDX-License-Identifier: GPL-2.0
/*
 * ept_walk.c - GET_EPT_WALK: the entries that translate a guest-physical address, as accesses of the
 * guest and changes of the process's memory make them, and who may see host-physical addresses.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vm.h"
#include "../tools/vmcs_fields.h"
#include "kselftest_harness.h"

#define THP		"/sys/kernel/mm/transparent_hugepage/enabled"
#define PAGE		4096UL
#define HUGE		0x200000UL
#define GPA		0x00800000U	/* outside slot 0 */

/* SDM 3C "Format of an EPT Page-Table Entry that Maps a 4-KByte Page" */
#define READ		0x1UL
#define WRITE		0x2UL
#define EXECUTE		0x4UL
#define RIGHTS		0x7UL
#define TYPE_AND_IPAT	0x78UL
#define WRITE_BACK	0x70UL		/* and the guest's PAT is ignored */
#define LARGE		0x80UL			/* of a leaf above the lowest level */
#define ACCESSED	0x100UL
#define DIRTY		0x200UL
#define ADDRESS		0x000ffffffffff000UL

FIXTURE(ept_walk) {
	struct vm vm;
	__u8 *area;
	struct minivmx_ept_walk walk;
};

FIXTURE_SETUP(ept_walk)
{
	VM_REQUIRE(MINIVMX_DEVICE);
	ASSERT_EQ(0, vm_create(&self->vm, MINIVMX_DEVICE));
	self->area = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->area);
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, GPA, 2 * PAGE, self->area));
	ASSERT_EQ(0, vm_start_peek_poke(&self->vm));
}

FIXTURE_TEARDOWN(ept_walk)
{
	munmap(self->area, 2 * PAGE);
	vm_destroy(&self->vm);
}

static int get_walk(struct vm *vm, __u64 gpa, struct minivmx_ept_walk *walk)
{
	memset(walk, 0xff, sizeof(*walk));
	walk->guest_physical = gpa;
	walk->flags = 0;
	return vm_ioctl(vm->fd, MINIVMX_GET_EPT_WALK, (unsigned long)walk);
}

static __u64 last(const struct minivmx_ept_walk *walk)
{
	return walk->entries[walk->count - 1];
}

static bool has_accessed_dirty(const struct minivmx_ept_walk *walk)
{
	return walk->eptp & 0x40;
}

TEST_F(ept_walk, calling_convention)
{
	struct minivmx_ept_walk *walk = &self->walk;

	for (__u32 bit = 0; bit < 32; bit++) {
		*walk = (struct minivmx_ept_walk){ .flags = 1U << bit };
		EXPECT_EQ(-EINVAL, vm_ioctl(self->vm.fd, MINIVMX_GET_EPT_WALK, (unsigned long)walk));
	}
	EXPECT_EQ(-EINVAL, get_walk(&self->vm, 1UL << 52, walk));
	EXPECT_EQ(-EINVAL, get_walk(&self->vm, ~0UL, walk));
	EXPECT_EQ(-EFAULT, vm_ioctl(self->vm.fd, MINIVMX_GET_EPT_WALK, 8));
	EXPECT_EQ(-EFAULT, vm_ioctl(self->vm.fd, MINIVMX_GET_EPT_WALK, -8UL));
	EXPECT_EQ(-ENOTTY, vm_ioctl(self->vm.vcpu, MINIVMX_GET_EPT_WALK, (unsigned long)walk));
	EXPECT_EQ(-ENOTTY, vm_ioctl(self->vm.dev, MINIVMX_GET_EPT_WALK, (unsigned long)walk));
	EXPECT_EQ(0, get_walk(&self->vm, GPA + 0x123, walk));
	EXPECT_EQ(GPA + 0x123, walk->guest_physical);
	EXPECT_EQ(0, walk->flags);
}

/* Nothing has been accessed: the root table is empty. */
TEST_F(ept_walk, nothing_mapped)
{
	ASSERT_EQ(0, get_walk(&self->vm, GPA, &self->walk));
	EXPECT_EQ(1, self->walk.count);
	for (unsigned int i = 0; i < MINIVMX_EPT_LEVELS; i++)
		EXPECT_EQ(0, self->walk.entries[i]);
}

/* Another address ends where the tables part. */
TEST_F(ept_walk, ends_at_the_first_that_is_not_present)
{
	__u32 value = 0;

	ASSERT_EQ(0, vm_peek(&self->vm, GPA, &value));
	ASSERT_EQ(0, get_walk(&self->vm, GPA + PAGE, &self->walk));
	EXPECT_EQ(4, self->walk.count);
	EXPECT_EQ(0, last(&self->walk));
	ASSERT_EQ(0, get_walk(&self->vm, 0x40000000, &self->walk));
	EXPECT_EQ(2, self->walk.count);
	EXPECT_EQ(0, last(&self->walk));
	EXPECT_EQ(0, self->walk.entries[2]);
}

/* A read maps what can't be written; a write maps it anew. */
TEST_F(ept_walk, follows_accesses)
{
	__u32 value = 0;

	ASSERT_EQ(0, vm_peek(&self->vm, GPA, &value));
	ASSERT_EQ(0, get_walk(&self->vm, GPA + 0x10, &self->walk));
	ASSERT_EQ(4, self->walk.count);
	for (unsigned int i = 0; i < 3; i++)
		EXPECT_EQ(RIGHTS, self->walk.entries[i] & RIGHTS);
	EXPECT_EQ(READ | EXECUTE, last(&self->walk) & RIGHTS);
	EXPECT_EQ(WRITE_BACK, last(&self->walk) & TYPE_AND_IPAT);
	if (has_accessed_dirty(&self->walk)) {
		EXPECT_EQ(ACCESSED, last(&self->walk) & (ACCESSED | DIRTY));
	}
	ASSERT_EQ(0, vm_poke(&self->vm, GPA, 5));
	ASSERT_EQ(0, get_walk(&self->vm, GPA, &self->walk));
	EXPECT_EQ(RIGHTS, last(&self->walk) & RIGHTS);
	if (has_accessed_dirty(&self->walk)) {
		EXPECT_EQ(ACCESSED | DIRTY, last(&self->walk) & (ACCESSED | DIRTY));
	}
	ASSERT_EQ(0, madvise(self->area, PAGE, MADV_DONTNEED));
	ASSERT_EQ(0, get_walk(&self->vm, GPA, &self->walk));
	EXPECT_EQ(0, last(&self->walk));
}

/* The kernel's own word for where the process's page is: bits 54:0 of an entry in pagemap. */
static __u64 page_frame(const void *address)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	__u64 entry = 0;

	if (fd < 0)
		return 0;
	if (pread(fd, &entry, sizeof(entry), (unsigned long)address / PAGE * sizeof(entry)) != sizeof(entry))
		entry = 0;
	close(fd);
	return entry & ((1UL << 55) - 1);
}

TEST_F(ept_walk, host_physical_addresses)
{
	struct {
		struct minivmx_vmcs head;
		struct minivmx_vmcs_field entries[512];
	} vmcs = { .head.nent = 512 };
	__u64 eptp = 0;

	ASSERT_EQ(0, vm_poke(&self->vm, GPA + PAGE, 5));
	ASSERT_EQ(0, get_walk(&self->vm, GPA + PAGE, &self->walk));
	EXPECT_NE(0, page_frame(self->area + PAGE));
	EXPECT_EQ(page_frame(self->area + PAGE) * PAGE, last(&self->walk) & ADDRESS);
	ASSERT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_GET_VMCS, (unsigned long)&vmcs));
	for (__u32 i = 0; i < vmcs.head.nent; i++)
		if (vmcs.entries[i].encoding == VMCS_EPT_POINTER)
			eptp = vmcs.entries[i].value;
	EXPECT_EQ(eptp, self->walk.eptp);
}

/* Where the process has a huge page, its entry is the last one. */
TEST_F(ept_walk, huge_page)
{
	__u8 *area = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	__u8 *huge = (__u8 *)(((unsigned long)area + HUGE - 1) & -HUGE);
	char thp[64];

	ASSERT_NE(MAP_FAILED, area);
	vm_read_choice(THP, thp, sizeof(thp));
	if (!vm_write_text(THP, "madvise") || madvise(huge, HUGE, MADV_HUGEPAGE))
		SKIP(return, "no transparent huge pages");
	huge[0] = 1;
	vm_write_text(THP, thp);
	ASSERT_EQ(0, vm_set_slot(&self->vm, 2, 0, 2 * GPA, HUGE, huge));
	ASSERT_EQ(0, vm_poke(&self->vm, 2 * GPA + PAGE, 5));
	ASSERT_EQ(0, get_walk(&self->vm, 2 * GPA + 3 * PAGE, &self->walk));
	if (self->walk.count == 4)
		SKIP(return, "no huge page is to be had");
	ASSERT_EQ(3, self->walk.count);
	EXPECT_EQ(LARGE, last(&self->walk) & LARGE);
	EXPECT_EQ(page_frame(huge) * PAGE, last(&self->walk) & ADDRESS);
	EXPECT_EQ(READ | WRITE, last(&self->walk) & (READ | WRITE));
	EXPECT_EQ(0, self->walk.entries[3]);
}

TEST_F(ept_walk, host_is_hidden)
{
	ASSERT_EQ(0, vm_poke(&self->vm, GPA, 5));
	/* The system call: this thread's rights only, and no more of libc's. */
	if (syscall(SYS_setresuid, 65534, 65534, 65534))
		SKIP(return, "no right to give up rights");
	ASSERT_EQ(0, get_walk(&self->vm, GPA, &self->walk));
	EXPECT_EQ(MINIVMX_EPT_HOST_HIDDEN, self->walk.flags);
	ASSERT_EQ(4, self->walk.count);
	EXPECT_EQ(0, self->walk.eptp & ADDRESS);
	EXPECT_EQ(3, self->walk.eptp >> 3 & 7);
	for (unsigned int i = 0; i < 4; i++) {
		EXPECT_EQ(0, self->walk.entries[i] & ADDRESS);
		EXPECT_EQ(RIGHTS, self->walk.entries[i] & RIGHTS);
	}
}

TEST_HARNESS_MAIN
