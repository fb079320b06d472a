// SPDX-License-Identifier: GPL-2.0
/*
 * memory.c - guest memory is the process's own: what either changes, the other sees.
 *
 * Each test changes the process's mapping in one way and looks through the guest, and the
 * other way round. Changes under a running vCPU are in memory_live.c, memory pressure is in
 * memory_reclaim.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vm.h"
#include "kselftest_harness.h"

#define PAGE	4096UL
#define GPA	0x100000U	/* of the memory under test, inside slot 0 */
#define PAGES	64

#define EXPECT_GUEST_READS(vm, value, gpa)			\
	do {							\
		__u32 __read;					\
								\
		ASSERT_EQ(0, vm_peek(vm, gpa, &__read)) {	\
			vm_print_exit(vm);			\
		}						\
		EXPECT_EQ((__u32)(value), __read) {		\
			vm_print_exit(vm);			\
		}						\
	} while (0)

#define GUEST_WRITES(vm, value, gpa)				\
	do {							\
		ASSERT_EQ(0, vm_poke(vm, gpa, value)) {		\
			vm_print_exit(vm);			\
		}						\
		ASSERT_EQ(MINIVMX_EXIT_HLT, (vm)->run->exit_reason) {	\
			vm_print_exit(vm);			\
		}						\
	} while (0)

static volatile __u32 *host(struct vm *vm, __u32 gpa)
{
	return (volatile __u32 *)(vm->mem + gpa);
}

VM_FIXTURE(memory)
{
	VM_SETUP(self, variant);
	ASSERT_EQ(0, vm_start_peek_poke(&self->vm));
}

TEST_F(memory, guest_reads_what_the_host_wrote)
{
	for (__u32 i = 0; i < PAGES; i++)
		*host(&self->vm, GPA + i * PAGE) = 0xabc00000 + i;
	for (__u32 i = 0; i < PAGES; i++) {
		EXPECT_GUEST_READS(&self->vm, 0xabc00000 + i, GPA + i * PAGE);
	}
	/* Not only at the first look. */
	for (__u32 i = 0; i < PAGES; i++)
		*host(&self->vm, GPA + i * PAGE) = i;
	for (__u32 i = 0; i < PAGES; i++) {
		EXPECT_GUEST_READS(&self->vm, i, GPA + i * PAGE);
	}
}

TEST_F(memory, host_reads_what_the_guest_wrote)
{
	for (__u32 i = 0; i < PAGES; i++)
		GUEST_WRITES(&self->vm, 0xdef00000 + i, GPA + i * PAGE + 0xffc);
	for (__u32 i = 0; i < PAGES; i++) {
		EXPECT_EQ(0xdef00000 + i, *host(&self->vm, GPA + i * PAGE + 0xffc));
	}
}

/* A read maps the shared page of zeroes; the write after it must get a page of its own. */
TEST_F(memory, write_after_reading_the_zero_page)
{
	for (__u32 i = 0; i < 4; i++) {
		EXPECT_GUEST_READS(&self->vm, 0, GPA + i * PAGE);
	}
	GUEST_WRITES(&self->vm, 0x1111, GPA + PAGE);
	EXPECT_EQ(0x1111, *host(&self->vm, GPA + PAGE));
	EXPECT_GUEST_READS(&self->vm, 0x1111, GPA + PAGE);
	EXPECT_GUEST_READS(&self->vm, 0, GPA);
	EXPECT_GUEST_READS(&self->vm, 0, GPA + 2 * PAGE);
	*host(&self->vm, GPA + 2 * PAGE) = 0x2222;
	EXPECT_GUEST_READS(&self->vm, 0x2222, GPA + 2 * PAGE);
	EXPECT_EQ(0, *host(&self->vm, GPA + 3 * PAGE));
}

TEST_F(memory, dontneed_gives_zeroes)
{
	GUEST_WRITES(&self->vm, 0x3333, GPA);
	ASSERT_EQ(0, madvise(self->vm.mem + GPA, PAGE, MADV_DONTNEED));
	EXPECT_GUEST_READS(&self->vm, 0, GPA);
	GUEST_WRITES(&self->vm, 0x4444, GPA);
	EXPECT_EQ(0x4444, *host(&self->vm, GPA));
}

TEST_F(memory, unmapped_page_fails_with_efault)
{
	__u32 value;

	*host(&self->vm, GPA) = 0x5555;
	EXPECT_GUEST_READS(&self->vm, 0x5555, GPA);
	ASSERT_EQ(0, munmap(self->vm.mem + GPA, PAGE));
	EXPECT_EQ(-EFAULT, vm_peek(&self->vm, GPA, &value));
	EXPECT_EQ(-EFAULT, vm_poke(&self->vm, GPA, 1));
	/* A new mapping at the same address serves the guest again. */
	ASSERT_NE(MAP_FAILED, mmap(self->vm.mem + GPA, PAGE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	EXPECT_GUEST_READS(&self->vm, 0, GPA);
}

TEST_F(memory, protection_is_obeyed)
{
	__u8 *page = self->vm.mem + GPA;
	__u32 value;

	GUEST_WRITES(&self->vm, 0x6666, GPA);
	ASSERT_EQ(0, mprotect(page, PAGE, PROT_READ));
	EXPECT_GUEST_READS(&self->vm, 0x6666, GPA);
	EXPECT_EQ(-EFAULT, vm_poke(&self->vm, GPA, 0x7777));
	EXPECT_EQ(0x6666, *host(&self->vm, GPA));
	ASSERT_EQ(0, mprotect(page, PAGE, PROT_NONE));
	EXPECT_EQ(-EFAULT, vm_peek(&self->vm, GPA, &value));
	ASSERT_EQ(0, mprotect(page, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_GUEST_READS(&self->vm, 0x6666, GPA);
	GUEST_WRITES(&self->vm, 0x7777, GPA);
	EXPECT_EQ(0x7777, *host(&self->vm, GPA));
}

/* Shared file memory: the guest and read(), write() work on the same pages. */
TEST_F(memory, shared_memfd)
{
	int fd = memfd_create("guest", MFD_CLOEXEC);
	__u32 value = 0x8888;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ftruncate(fd, 2 * PAGE));
	ASSERT_NE(MAP_FAILED, mmap(self->vm.mem + GPA, 2 * PAGE, PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_FIXED, fd, 0));
	EXPECT_GUEST_READS(&self->vm, 0, GPA);
	ASSERT_EQ(4, pwrite(fd, &value, 4, 0));
	EXPECT_GUEST_READS(&self->vm, 0x8888, GPA);
	GUEST_WRITES(&self->vm, 0x9999, GPA + 8);
	ASSERT_EQ(4, pread(fd, &value, 4, 8));
	EXPECT_EQ(0x9999, value);
	/* A page that the file no longer has would be SIGBUS to the process. */
	GUEST_WRITES(&self->vm, 1, GPA + PAGE);
	ASSERT_EQ(0, ftruncate(fd, PAGE));
	EXPECT_EQ(-EFAULT, vm_peek(&self->vm, GPA + PAGE, &value));
	EXPECT_GUEST_READS(&self->vm, 0x8888, GPA);
	close(fd);
}

/* A private file mapping: a guest write copies the page and leaves the file alone. */
TEST_F(memory, private_memfd)
{
	int fd = memfd_create("guest", MFD_CLOEXEC);
	__u32 value = 0xaaaa;

	ASSERT_LE(0, fd);
	ASSERT_EQ(4, pwrite(fd, &value, 4, 0));
	ASSERT_NE(MAP_FAILED, mmap(self->vm.mem + GPA, PAGE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_FIXED, fd, 0));
	EXPECT_GUEST_READS(&self->vm, 0xaaaa, GPA);
	GUEST_WRITES(&self->vm, 0xbbbb, GPA);
	EXPECT_GUEST_READS(&self->vm, 0xbbbb, GPA);
	EXPECT_EQ(0xbbbb, *host(&self->vm, GPA));
	ASSERT_EQ(4, pread(fd, &value, 4, 0));
	EXPECT_EQ(0xaaaa, value);
	close(fd);
}

/* What the child finds in its copy after the parent and its guest wrote. */
static int check_copy(struct vm *vm, int gate)
{
	char byte;

	if (read(gate, &byte, 1) != 0)
		return 2;
	return *host(vm, GPA) == 0x1001 && *host(vm, GPA + PAGE) == 0x1002 ? 0 : 1;
}

/*
 * fork() makes the pages copy-on-write. The guest belongs to the parent: its writes must not
 * reach the child's copy through a translation from before, and it must follow the parent's
 * pages when the parent's own writes move them.
 */
TEST_F(memory, fork_leaves_the_guest_with_the_parent)
{
	int gate[2], status;
	pid_t pid;

	GUEST_WRITES(&self->vm, 0x1001, GPA);
	GUEST_WRITES(&self->vm, 0x1002, GPA + PAGE);
	ASSERT_EQ(0, pipe(gate));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(gate[1]);
		_exit(check_copy(&self->vm, gate[0]));
	}
	GUEST_WRITES(&self->vm, 0x2001, GPA);
	*host(&self->vm, GPA + PAGE) = 0x2002;
	EXPECT_EQ(0x2001, *host(&self->vm, GPA));
	EXPECT_GUEST_READS(&self->vm, 0x2001, GPA);
	EXPECT_GUEST_READS(&self->vm, 0x2002, GPA + PAGE);
	close(gate[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
	GUEST_WRITES(&self->vm, 0x3001, GPA);
	EXPECT_EQ(0x3001, *host(&self->vm, GPA));
}

TEST_HARNESS_MAIN
