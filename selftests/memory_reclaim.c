// SPDX-License-Identifier: GPL-2.0
/*
 * memory_reclaim.c - guest memory under memory pressure: it is swapped out and in like any other,
 * nothing that the guest wrote is lost, and what the guest uses most goes last.
 *
 * Needs a swap device of its own (a RAM disk, which the test makes where there is none) and a memory
 * cgroup: without them the tests are skipped. For the guest's accesses none goes through the
 * process's own mapping, so the kernel hears of them from the hypervisor alone.
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
#include <sys/swap.h>
#include <unistd.h>

#include "vm.h"
#include "kselftest_harness.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif

#define PAGE	4096UL
#define GPA	0x100000U	/* of the memory under test, inside slot 0 */
#define PAGES	256
#define DISK	"/dev/ram0"
#define GROUPS	"/tmp/minivmx-cgroup"
#define GROUP	GROUPS "/test"

/* Adds %edx to a word in every second page of [%ebx, %ecx). */
GUEST_CODE(touch, 32,
	"1: add %edx, (%ebx)\n\t"
	"add $0x2000, %ebx\n\t"
	"cmp %ecx, %ebx\n\t"
	"jb 1b\n\t"
	"hlt");

FIXTURE(memory_reclaim) {
	struct vm vm;
	bool made_disk, has_group;
};
FIXTURE_VARIANT(memory_reclaim) { const char *device; bool kvm; };
FIXTURE_VARIANT_ADD(memory_reclaim, minivmx) { .device = MINIVMX_DEVICE };
FIXTURE_VARIANT_ADD(memory_reclaim, kvm) { .device = KVM_DEVICE, .kvm = true };

/* A disk that is there already belongs to somebody. */
static bool make_swap(void)
{
	return access(DISK, F_OK) && !system("modprobe brd rd_nr=1 rd_size=16384 2>/dev/null") &&
	       !system("mkswap " DISK " >/dev/null 2>&1") && !swapon(DISK, 0);
}

static bool make_group(void)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", getpid());
	mkdir(GROUPS, 0700);
	if (mount("none", GROUPS, "cgroup2", 0, NULL))
		return false;
	return vm_write_text(GROUPS "/cgroup.subtree_control", "+memory") &&
	       (!mkdir(GROUP, 0700) || errno == EEXIST) &&
	       vm_write_text(GROUP "/cgroup.procs", pid);
}

FIXTURE_SETUP(memory_reclaim)
{
	VM_REQUIRE(variant->device);
	if (!access(DISK, F_OK))
		SKIP(_exit(VM_SKIP_CODE), "%s is in use", DISK);
	self->made_disk = make_swap();
	self->has_group = make_group();
	if (!self->made_disk || !self->has_group || access(GROUP "/memory.reclaim", W_OK)) {
		system("swapoff " DISK " 2>/dev/null; rmmod brd 2>/dev/null");
		SKIP(_exit(VM_SKIP_CODE), "no swap device or no memory cgroup");
	}
	ASSERT_EQ(0, vm_create(&self->vm, variant->device));
	ASSERT_EQ(0, vm_start_peek_poke(&self->vm));
}

FIXTURE_TEARDOWN(memory_reclaim)
{
	char pid[16];

	vm_destroy(&self->vm);
	snprintf(pid, sizeof(pid), "%d", getpid());
	vm_write_text(GROUPS "/cgroup.procs", pid);
	rmdir(GROUP);
	umount(GROUPS);
	swapoff(DISK);
	system("rmmod brd");
}

static volatile __u32 *host(struct vm *vm, unsigned long page)
{
	return (volatile __u32 *)(vm->mem + GPA + page * PAGE);
}

/* Is the page of the process in memory? */
static bool resident(struct vm *vm, unsigned long page)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	__u64 entry = 0;

	pread(fd, &entry, 8, (unsigned long)host(vm, page) / PAGE * 8);
	close(fd);
	return entry >> 63;
}

/* How many of the pages first, first + 2, ... are. */
static int count_resident(struct vm *vm, int first)
{
	int count = 0;

	for (int page = first; page < PAGES; page += 2)
		count += resident(vm, page);
	return count;
}

/* Memory pressure: the kernel takes back about this much from the test's process. */
static void reclaim(unsigned long kib)
{
	char text[32];

	snprintf(text, sizeof(text), "%luK", kib);
	vm_write_text(GROUP "/memory.reclaim", text);
}

/* Until the kernel has taken all it can: what was used since it looked last is spared once. */
static void page_out(struct vm *vm)
{
	for (int round = 0; round < 4; round++)
		madvise(vm->mem + GPA, PAGES * PAGE, MADV_PAGEOUT);
}

/* The guest adds to every second page from page @first on. */
static void touch(struct __test_metadata *_metadata, struct vm *vm, int first, __u32 add)
{
	struct minivmx_regs regs;

	ASSERT_EQ(0, VM_START(vm, VM_PROTECTED, touch));
	ASSERT_EQ(0, vm_get_regs(vm, &regs));
	regs.rbx = GPA + first * PAGE;
	regs.rcx = GPA + PAGES * PAGE;
	regs.rdx = add;
	ASSERT_EQ(0, vm_set_regs(vm, &regs));
	ASSERT_EXIT(vm, MINIVMX_EXIT_HLT);
}

TEST_F(memory_reclaim, swapped_out_and_in)
{
	touch(_metadata, &self->vm, 0, 5);
	touch(_metadata, &self->vm, 1, 6);
	page_out(&self->vm);
	EXPECT_GT(PAGES / 8, count_resident(&self->vm, 0));
	EXPECT_GT(PAGES / 8, count_resident(&self->vm, 1));
	/* One half comes back through the guest, the other through the process. */
	touch(_metadata, &self->vm, 0, 1);
	for (int page = 0; page < PAGES; page++)
		ASSERT_EQ(6U, *host(&self->vm, page));
	touch(_metadata, &self->vm, 1, 1);
	page_out(&self->vm);
	for (int page = 0; page < PAGES; page++)
		ASSERT_EQ(page % 2 ? 7U : 6U, *host(&self->vm, page));
}

/*
 * MADV_FREE leaves pages writable but clean, which the kernel may drop while they stay clean. What
 * the guest wrote after it must stay; that pages were dropped that nobody wrote shows that the
 * kernel tried.
 */
TEST_F(memory_reclaim, freed_and_then_written)
{
	int dropped = 0;

	touch(_metadata, &self->vm, 0, 5);
	touch(_metadata, &self->vm, 1, 5);
	ASSERT_EQ(0, madvise(self->vm.mem + GPA, PAGES * PAGE, MADV_FREE));
	touch(_metadata, &self->vm, 0, 1);
	page_out(&self->vm);
	for (int page = 0; page < PAGES; page += 2)
		ASSERT_EQ(6U, *host(&self->vm, page));
	for (int page = 1; page < PAGES; page += 2)
		dropped += *host(&self->vm, page) == 0;
	EXPECT_LT(PAGES / 4, dropped);
}

/* A page of a memfd that was mapped by a read is clean too when the guest writes it. */
TEST_F(memory_reclaim, memfd_read_and_then_written)
{
	int fd = memfd_create("guest", MFD_CLOEXEC);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ftruncate(fd, PAGES * PAGE));
	ASSERT_NE(MAP_FAILED, mmap(self->vm.mem + GPA, PAGES * PAGE, PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_FIXED, fd, 0));
	for (int page = 0; page < PAGES; page++)
		ASSERT_EQ(0U, *host(&self->vm, page));
	touch(_metadata, &self->vm, 0, 9);
	page_out(&self->vm);
	EXPECT_GT(PAGES / 8, count_resident(&self->vm, 0));
	for (int page = 0; page < PAGES; page++)
		ASSERT_EQ(page % 2 ? 0U : 9U, *host(&self->vm, page));
	close(fd);
}

/*
 * Every second page is used by the guest again and again, the ones between were used once. The
 * kernel must take mostly the latter, though nobody but the guest used either.
 */
TEST_F(memory_reclaim, what_the_guest_uses_stays)
{
	int hot, cold = 0;	/* pages that are gone */

	touch(_metadata, &self->vm, 1, 1);
	for (int round = 0; round < 20 && cold < PAGES / 8; round++) {
		touch(_metadata, &self->vm, 0, 1);
		touch(_metadata, &self->vm, 0, 1);
		reclaim(64);
		cold = PAGES / 2 - count_resident(&self->vm, 1);
	}
	hot = PAGES / 2 - count_resident(&self->vm, 0);
	EXPECT_LE(PAGES / 8, cold);
	EXPECT_LT(4 * hot, cold) {
		TH_LOG("%d hot pages and %d cold ones were taken", hot, cold);
	}
}

TEST_HARNESS_MAIN
