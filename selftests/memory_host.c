// SPDX-License-Identifier: GPL-2.0
/*
 * memory_host.c - what else the process and the kernel do to memory that a guest uses: move it,
 * share it with a child, merge it, keep it in a file on a disk; and memory that is none.
 *
 * The simpler changes are in memory.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vm.h"
#include "kselftest_harness.h"

#define PAGE	4096UL
#define GPA	0x100000U	/* of the memory under test, inside slot 0 */
#define DISK	"/dev/ram0"
#define MOUNT	"/tmp/minivmx-disk"

VM_FIXTURE(memory_host)
{
	VM_SETUP(self, variant);
	ASSERT_EQ(0, vm_start_peek_poke(&self->vm));
}

static volatile __u32 *host(struct vm *vm, __u32 gpa)
{
	return (volatile __u32 *)(vm->mem + gpa);
}

#define EXPECT_GUEST_READS(value, gpa) do {				\
	__u32 __read;							\
	ASSERT_EQ(0, vm_peek(&self->vm, gpa, &__read));			\
	EXPECT_EQ((__u32)(value), __read);				\
} while (0)
#define GUEST_WRITES(value, gpa)	ASSERT_EQ(0, vm_poke(&self->vm, gpa, value))

/* The pages go elsewhere in the process: the guest must not follow them, nor use them any more. */
TEST_F(memory_host, mremap_away)
{
	__u8 *there = mmap(NULL, 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	__u32 value;

	ASSERT_NE(MAP_FAILED, there);
	GUEST_WRITES(0x1111, GPA);
	GUEST_WRITES(0x2222, GPA + PAGE);
	ASSERT_EQ(there, mremap(self->vm.mem + GPA, 2 * PAGE, 2 * PAGE,
				MREMAP_MAYMOVE | MREMAP_FIXED, there));
	EXPECT_EQ(-EFAULT, vm_peek(&self->vm, GPA, &value));
	EXPECT_EQ(-EFAULT, vm_poke(&self->vm, GPA + PAGE, 0x3333));
	EXPECT_EQ(0x1111, *(int *)there);
	EXPECT_EQ(0x2222, *(int *)(there + PAGE));
	/* And back. */
	ASSERT_EQ(self->vm.mem + GPA, mremap(there, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
					     self->vm.mem + GPA));
	EXPECT_GUEST_READS(0x1111, GPA);
	GUEST_WRITES(0x4444, GPA + PAGE);
	EXPECT_EQ(0x4444, *host(&self->vm, GPA + PAGE));
}

/* Other pages come to where the guest's memory is. */
TEST_F(memory_host, mremap_over)
{
	__u8 *other = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, other);
	*(__u32 *)other = 0x5555;
	GUEST_WRITES(0x6666, GPA);
	ASSERT_EQ(self->vm.mem + GPA, mremap(other, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
					     self->vm.mem + GPA));
	EXPECT_GUEST_READS(0x5555, GPA);
	GUEST_WRITES(0x7777, GPA);
	EXPECT_EQ(0x7777, *host(&self->vm, GPA));
}

/* The child writes its copy: neither the parent nor its guest may see that. */
TEST_F(memory_host, child_writes_its_copy)
{
	int status;
	pid_t pid;

	GUEST_WRITES(0x1001, GPA);
	EXPECT_GUEST_READS(0, GPA + PAGE);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		bool good = *host(&self->vm, GPA) == 0x1001;

		*host(&self->vm, GPA) = 0xbad;
		*host(&self->vm, GPA + PAGE) = 0xbad;
		_exit(!good);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_GUEST_READS(0x1001, GPA);
	EXPECT_GUEST_READS(0, GPA + PAGE);
	GUEST_WRITES(0x1002, GPA);
	EXPECT_EQ(0x1002, *host(&self->vm, GPA));
}

/* KSM makes one page of equal ones; the guest's write must get a page of its own. */
TEST_F(memory_host, merged_pages)
{
	const char *run = "/sys/kernel/mm/ksm/run";
	long merged = 0;

	for (__u32 i = 0; i < 8; i++)
		GUEST_WRITES(0x5a5a5a, GPA + i * PAGE);
	if (madvise(self->vm.mem + GPA, 8 * PAGE, MADV_MERGEABLE) || vm_read_number(run) != 0 ||
	    !vm_write_text("/sys/kernel/mm/ksm/sleep_millisecs", "5") || !vm_write_text(run, "1"))
		SKIP(return, "no KSM, or it is in use");
	for (int i = 0; i < 200 && merged < 7; i++) {
		usleep(10000);
		merged = vm_read_number("/sys/kernel/mm/ksm/pages_sharing");
	}
	EXPECT_LE(7, merged);
	EXPECT_GUEST_READS(0x5a5a5a, GPA + PAGE);
	GUEST_WRITES(0x77, GPA + PAGE);
	EXPECT_GUEST_READS(0x77, GPA + PAGE);
	EXPECT_EQ(0x77, *host(&self->vm, GPA + PAGE));
	for (__u32 i = 2; i < 8; i++) {
		EXPECT_GUEST_READS(0x5a5a5a, GPA + i * PAGE);
	}
	vm_write_text(run, "2");
	vm_write_text(run, "0");
}

/* The number in the file on the disk, past the page cache. */
static __u32 read_from_disk(const char *path, off_t offset)
{
	static __u32 block[PAGE / 4] __attribute__((aligned(4096)));
	int fd = open(path, O_RDONLY | O_DIRECT);

	block[0] = 0xdead;
	pread(fd, block, PAGE, offset);
	close(fd);
	return block[0];
}

/*
 * A shared mapping of a file on a disk: writing back makes its pages clean and read-only, and
 * whatever the guest writes later must be written back later.
 */
TEST_F(memory_host, file_on_a_disk)
{
	const char *path = MOUNT "/file";
	int fd;

	if (!access(DISK, F_OK) || system("modprobe brd rd_nr=1 rd_size=8192 2>/dev/null"))
		SKIP(return, "no RAM disk, or it is in use");
	mkdir(MOUNT, 0700);
	ASSERT_EQ(0, system("mke2fs " DISK " >/dev/null 2>&1"));
	ASSERT_EQ(0, mount(DISK, MOUNT, "ext2", 0, NULL));
	fd = open(path, O_RDWR | O_CREAT, 0600);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ftruncate(fd, 4 * PAGE));
	ASSERT_NE(MAP_FAILED, mmap(self->vm.mem + GPA, 4 * PAGE, PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_FIXED, fd, 0));
	for (__u32 round = 1; round < 4; round++) {
		EXPECT_GUEST_READS(round - 1, GPA);
		GUEST_WRITES(round, GPA);
		GUEST_WRITES(round + 10, GPA + PAGE);
		ASSERT_EQ(0, fsync(fd));
		EXPECT_EQ(round, read_from_disk(path, 0));
		EXPECT_EQ(round + 10, read_from_disk(path, PAGE));
	}
	/* A page that is clean can be dropped at any time; it comes back from the disk. */
	ASSERT_EQ(0, madvise(self->vm.mem + GPA, 4 * PAGE, MADV_DONTNEED));
	vm_write_text("/proc/sys/vm/drop_caches", "1");
	EXPECT_GUEST_READS(3, GPA);
	GUEST_WRITES(4, GPA);
	EXPECT_EQ(4, *host(&self->vm, GPA));
	munmap(self->vm.mem + GPA, 4 * PAGE);
	close(fd);
	EXPECT_EQ(0, umount(MOUNT));
	EXPECT_EQ(0, system("rmmod brd"));
}

/* Device memory is not mapped for a guest: RUN fails, at the access. */
TEST_F(memory_host, device_memory)
{
	struct minivmx_regs regs;
	int fd = open("/dev/mem", O_RDONLY);
	__u32 value;
	void *bios;

	if (variant->kvm)
		SKIP(return, "KVM maps it");
	if (fd < 0)
		SKIP(return, "no /dev/mem");
	/* The firmware's memory: reading it does nothing. */
	bios = mmap(self->vm.mem + GPA, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0xf0000);
	if (bios == MAP_FAILED)
		SKIP(return, "/dev/mem may not be mapped");
	close(fd);
	EXPECT_EQ(-EFAULT, vm_peek(&self->vm, GPA, &value));
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	EXPECT_EQ(VM_CODE, regs.rip);
	EXPECT_EQ(-EFAULT, vm_poke(&self->vm, GPA, 1));
	/* The rest of the slot is as before. */
	GUEST_WRITES(0x8888, GPA + PAGE);
	EXPECT_EQ(0x8888, *host(&self->vm, GPA + PAGE));
}

TEST_HARNESS_MAIN
