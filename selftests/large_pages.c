// SPDX-License-Identifier: GPL-2.0
/*
 * large_pages.c - guest memory in transparent huge pages: mapped as a whole where that is right,
 * and always the memory that the process has there.
 *
 * What leaves the hypervisor uses is seen by what it costs to touch every small page of a block: one
 * fault or 512.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

#include "vm.h"
#include "kselftest_harness.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

#define PAGE	4096UL
#define HUGE	0x200000UL
#define GPA	0x800000U	/* outside slot 0, a multiple of HUGE */
#define THP	"/sys/kernel/mm/transparent_hugepage/enabled"

/* Adds to a word of each page in [%ebx, %ecx). */
GUEST_CODE(add, 32,
	"1: add %eax, (%ebx)\n\t"
	"add $0x1000, %ebx\n\t"
	"cmp %ecx, %ebx\n\t"
	"jb 1b\n\t"
	"hlt");

/* Reads a word of each. */
GUEST_CODE(sum, 32,
	"1: add (%ebx), %eax\n\t"
	"add $0x1000, %ebx\n\t"
	"cmp %ecx, %ebx\n\t"
	"jb 1b\n\t"
	"hlt");

FIXTURE(large_pages) {
	struct vm vm;
	__u8 *area;	/* two blocks and what aligning them takes */
	__u8 *huge;	/* the first block */
	char thp[64];	/* the machine's setting before */
};
FIXTURE_VARIANT(large_pages) { const char *device; bool kvm; };
FIXTURE_VARIANT_ADD(large_pages, minivmx) { .device = MINIVMX_DEVICE };
FIXTURE_VARIANT_ADD(large_pages, kvm) { .device = KVM_DEVICE, .kvm = true };

/* How much of the mapping that starts at @start is in huge pages. */
static long huge_kib(const void *start)
{
	FILE *file = fopen("/proc/self/smaps", "r");
	unsigned long first, last;
	bool inside = false;
	long kib, found = 0;
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx ", &first, &last) == 2)
			inside = first <= (unsigned long)start && (unsigned long)start < last;
		else if (inside && sscanf(line, "AnonHugePages: %ld kB", &kib) == 1)
			found = kib;
	}
	if (file)
		fclose(file);
	return found;
}

FIXTURE_SETUP(large_pages)
{
	VM_SETUP(self, variant);
	vm_read_choice(THP, self->thp, sizeof(self->thp));
	if (!vm_write_text(THP, "madvise"))
		SKIP(_exit(VM_SKIP_CODE), "no transparent huge pages");
	self->area = mmap(NULL, 3 * HUGE, PROT_READ | PROT_WRITE | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->area);
	self->huge = (__u8 *)(((unsigned long)self->area + HUGE - 1) & -HUGE);
	ASSERT_EQ(0, madvise(self->huge, 2 * HUGE, MADV_HUGEPAGE));
}

FIXTURE_TEARDOWN(large_pages)
{
	if (*self->thp)
		vm_write_text(THP, self->thp);
	munmap(self->area, 3 * HUGE);
	vm_destroy(&self->vm);
}

/* Runs guest code over [gpa, gpa + size); the ticks that took. */
static __u64 walk(struct __test_metadata *_metadata, struct vm *vm, const __u8 *code,
		  const __u8 *end, __u32 gpa, __u32 size, __u32 *eax)
{
	struct minivmx_regs regs;
	__u64 ticks;

	ASSERT_EQ(0, vm_start(vm, VM_PROTECTED, code, end));
	ASSERT_EQ(0, vm_get_regs(vm, &regs));
	regs.rax = *eax;
	regs.rbx = gpa;
	regs.rcx = gpa + size;
	ASSERT_EQ(0, vm_set_regs(vm, &regs));
	ticks = __rdtsc();
	ASSERT_EXIT(vm, MINIVMX_EXIT_HLT);
	ticks = __rdtsc() - ticks;
	ASSERT_EQ(0, vm_get_regs(vm, &regs));
	*eax = regs.rax;
	return ticks;
}

#define GUEST_ADDS(value, gpa, size) ({					\
	__u32 __eax = (value);						\
	walk(_metadata, &self->vm, add_start, add_end, gpa, size, &__eax); })
#define GUEST_SUM(gpa, size) ({						\
	__u32 __eax = 0;						\
	walk(_metadata, &self->vm, sum_start, sum_end, gpa, size, &__eax);	\
	__eax; })

/* One fault for the block: far cheaper than the same in small pages. */
#define EXPECT_LARGE(large, small)					\
	EXPECT_LT(8 * (large), small) {					\
		TH_LOG("%llu ticks against %llu", (unsigned long long)(large),	\
		       (unsigned long long)(small));			\
	}

static __u64 cost_of_small_pages(struct __test_metadata *_metadata, FIXTURE_DATA(large_pages) *self)
{
	__u8 *small = mmap(NULL, HUGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	__u64 ticks;

	ASSERT_NE(MAP_FAILED, small);
	ASSERT_EQ(0, vm_set_slot(&self->vm, 5, 0, 0x4000000, HUGE, small));
	ticks = GUEST_ADDS(1, 0x4000000, HUGE);
	ASSERT_EQ(0, vm_set_slot(&self->vm, 5, 0, 0, 0, NULL));
	munmap(small, HUGE);
	return ticks;
}

TEST_F(large_pages, one_fault_for_a_block)
{
	__u64 small = cost_of_small_pages(_metadata, self);
	__u64 large;

	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, GPA, 2 * HUGE, self->huge));
	memset(self->huge, 0, 2 * HUGE);
	ASSERT_EQ(2 * HUGE / 1024, (unsigned long)huge_kib(self->huge));
	large = GUEST_ADDS(3, GPA, HUGE);
	EXPECT_LARGE(large, small);
	for (unsigned long i = 0; i < HUGE; i += PAGE)
		ASSERT_EQ(3, *(__u32 *)(self->huge + i));
	/* The other block through a read first. */
	EXPECT_EQ(0U, GUEST_SUM(GPA + HUGE, PAGE));
	large = GUEST_ADDS(4, GPA + HUGE, HUGE);
	EXPECT_LARGE(large, small);
	EXPECT_EQ(4 * HUGE / PAGE, GUEST_SUM(GPA + HUGE, HUGE));
	EXPECT_EQ(2, vm_stat(&self->vm, "pages_2m"));
	ASSERT_EQ(0, munmap(self->huge + PAGE, PAGE));
	EXPECT_EQ(1, vm_stat(&self->vm, "pages_2m"));
}

/*
 * The hypervisor's own tables are given back with the memory that they mapped; what is left are the
 * tables of slot 0.
 */
TEST_F(large_pages, tables_are_given_back)
{
	unsigned long size = 32 * HUGE;
	__u8 *mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	long before, small;

	if (variant->kvm)
		SKIP(return, "KVM does not count them");
	ASSERT_NE(MAP_FAILED, mem);
	GUEST_ADDS(1, VM_DATA, PAGE);
	before = vm_stat(&self->vm, "ept_tables");
	small = vm_stat(&self->vm, "pages_4k");
	EXPECT_LT(0, before);
	for (int way = 0; way < 3; way++) {
		/* One small page, in a table of its own, of each block. */
		ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, 0x40000000, size, mem));
		for (unsigned long i = 0; i < 32; i++)
			GUEST_ADDS(1, 0x40000000 + i * HUGE, PAGE);
		EXPECT_EQ(small + 32, vm_stat(&self->vm, "pages_4k"));
		EXPECT_EQ(before + 33, vm_stat(&self->vm, "ept_tables"));
		/* All at once, or page by page, or with the slot. */
		if (way == 0)
			ASSERT_EQ(0, madvise(mem, size, MADV_DONTNEED));
		for (unsigned long i = 0; way == 1 && i < 32; i++)
			ASSERT_EQ(0, madvise(mem + i * HUGE, PAGE, MADV_DONTNEED));
		if (way == 2)
			ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, 0, 0, NULL));
		EXPECT_EQ(small, vm_stat(&self->vm, "pages_4k"));
		EXPECT_EQ(before, vm_stat(&self->vm, "ept_tables"));
	}
	munmap(mem, size);
}

/* A guest access makes the huge page, if the process has none yet. */
TEST_F(large_pages, first_touched_by_the_guest)
{
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, GPA, HUGE, self->huge));
	EXPECT_EQ(0U, GUEST_SUM(GPA, HUGE));
	GUEST_ADDS(5, GPA, HUGE);
	EXPECT_EQ(5 * HUGE / PAGE, GUEST_SUM(GPA, HUGE));
	EXPECT_EQ(5, *(__u32 *)(self->huge + HUGE - PAGE));
}

/* Guest and user address differ within the block: no large leaf can show that. */
TEST_F(large_pages, shifted_slot)
{
	for (unsigned long i = 0; i < 2 * HUGE; i += PAGE)
		*(__u32 *)(self->huge + i) = i / PAGE;
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, GPA, HUGE, self->huge + PAGE));
	for (unsigned long i = 0; i < HUGE; i += 37 * PAGE)
		EXPECT_EQ(i / PAGE + 1, GUEST_SUM(GPA + i, PAGE));
}

/* The slot ends, and another begins, within the block. */
TEST_F(large_pages, slots_share_a_block)
{
	__u8 *other = self->huge + HUGE;
	__u32 value;

	memset(self->huge, 0x11, HUGE);
	memset(other, 0x22, HUGE);
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, GPA, HUGE - 2 * PAGE, self->huge));
	ASSERT_EQ(0, vm_set_slot(&self->vm, 2, 0, GPA + HUGE - PAGE, PAGE, other + HUGE - PAGE));
	EXPECT_EQ(0x11111111, GUEST_SUM(GPA, PAGE));
	EXPECT_EQ(0x11111111, GUEST_SUM(GPA + HUGE - 3 * PAGE, PAGE));
	EXPECT_EQ(0x22222222, GUEST_SUM(GPA + HUGE - PAGE, PAGE));
	ASSERT_EQ(0, vm_start_peek_poke(&self->vm));
	ASSERT_EQ(0, vm_peek(&self->vm, GPA + HUGE - 2 * PAGE, &value));
	EXPECT_TRUE(vm_exit_is_unbacked(&self->vm, GPA + HUGE - 2 * PAGE));
}

/* Code in a block that was first used as data, and data in a block that was first executed. */
TEST_F(large_pages, code_and_data_in_a_block)
{
	struct minivmx_regs regs;

	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, GPA, 2 * HUGE, self->huge));
	memset(self->huge, 0, 2 * HUGE);
	for (int block = 0; block < 2; block++) {
		__u32 gpa = GPA + block * HUGE;

		memcpy(self->huge + block * HUGE, add_start, add_end - add_start);
		if (block == 0)
			GUEST_ADDS(6, gpa + PAGE, HUGE - PAGE);
		ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
		regs.rip = gpa;
		regs.rax = 7;
		regs.rbx = gpa + PAGE;
		regs.rcx = gpa + HUGE;
		if (block == 1)
			ASSERT_EQ(0, vm_start(&self->vm, VM_PROTECTED, add_start, add_end));
		ASSERT_EQ(0, vm_set_regs(&self->vm, &regs));
		ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
		for (unsigned long i = PAGE; i < HUGE; i += PAGE)
			ASSERT_EQ(block ? 7 : 13, *(int *)(self->huge + block * HUGE + i));
		EXPECT_EQ(0, memcmp(self->huge + block * HUGE, add_start, add_end - add_start));
	}
}

/* One page of a huge page changes: its neighbours stay what they were. */
TEST_F(large_pages, hole)
{
	__u32 value;

	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, GPA, HUGE, self->huge));
	memset(self->huge, 0, HUGE);
	GUEST_ADDS(8, GPA, HUGE);
	ASSERT_EQ(0, munmap(self->huge + HUGE / 2, PAGE));
	EXPECT_EQ(8 * 256U, GUEST_SUM(GPA, HUGE / 2));
	EXPECT_EQ(8 * 255U, GUEST_SUM(GPA + HUGE / 2 + PAGE, HUGE / 2 - PAGE));
	ASSERT_EQ(0, vm_start_peek_poke(&self->vm));
	EXPECT_EQ(-EFAULT, vm_peek(&self->vm, GPA + HUGE / 2, &value));
}

TEST_F(large_pages, part_given_up_or_protected)
{
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, GPA, HUGE, self->huge));
	memset(self->huge, 0, HUGE);
	GUEST_ADDS(9, GPA, HUGE);
	ASSERT_EQ(0, madvise(self->huge + PAGE, PAGE, MADV_DONTNEED));
	EXPECT_EQ(9 * 511U, GUEST_SUM(GPA, HUGE));
	ASSERT_EQ(0, mprotect(self->huge + 2 * PAGE, PAGE, PROT_READ));
	EXPECT_EQ(9 * 511U, GUEST_SUM(GPA, HUGE));
	ASSERT_EQ(0, vm_start_peek_poke(&self->vm));
	EXPECT_EQ(-EFAULT, vm_poke(&self->vm, GPA + 2 * PAGE, 1));
	EXPECT_EQ(0, vm_poke(&self->vm, GPA + 3 * PAGE, 1));
	EXPECT_EQ(9, *(int *)(self->huge + 2 * PAGE));
	EXPECT_EQ(1, *(int *)(self->huge + 3 * PAGE));
}

/* The kernel gathers small pages into a huge one, elsewhere in memory. */
TEST_F(large_pages, collapse)
{
	__u64 small = cost_of_small_pages(_metadata, self);
	__u64 large;

	ASSERT_EQ(0, madvise(self->huge, HUGE, MADV_NOHUGEPAGE));
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, GPA, HUGE, self->huge));
	GUEST_ADDS(10, GPA, HUGE);
	ASSERT_EQ(0, huge_kib(self->huge));
	ASSERT_EQ(0, madvise(self->huge, HUGE, MADV_HUGEPAGE));
	if (madvise(self->huge, HUGE, MADV_COLLAPSE) && errno == EINVAL)
		SKIP(return, "this kernel has no MADV_COLLAPSE");
	ASSERT_EQ(HUGE / 1024, (unsigned long)huge_kib(self->huge));
	large = GUEST_ADDS(1, GPA, HUGE);
	/* KVM of Linux 6.1 goes on with small ones. */
	if (!variant->kvm)
		EXPECT_LARGE(large, small);
	EXPECT_EQ(11 * 512U, GUEST_SUM(GPA, HUGE));
	for (unsigned long i = 0; i < HUGE; i += PAGE)
		ASSERT_EQ(11, *(int *)(self->huge + i));
}

/* A dirty log names pages of 4 KiB, also those of a block that was mapped as a whole before. */
TEST_F(large_pages, logged_by_small_page)
{
	__u32 flags = MINIVMX_MEM_LOG_DIRTY_PAGES;
	__u64 bits[8];
	struct minivmx_dirty_log log = { .slot = 1, .dirty_bitmap = bits };

	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, GPA, HUGE, self->huge));
	memset(self->huge, 0, HUGE);
	GUEST_ADDS(1, GPA, HUGE);
	for (int round = 0; round < 2; round++) {
		ASSERT_EQ(0, vm_set_slot(&self->vm, 1, flags, GPA, HUGE, self->huge));
		GUEST_ADDS(1, GPA + 64 * PAGE, 3 * PAGE);
		ASSERT_EQ(0, vm_ioctl(self->vm.fd, MINIVMX_GET_DIRTY_LOG, (unsigned long)&log));
		for (int i = 0; i < 8; i++)
			EXPECT_EQ(i == 1 ? 7 : 0, bits[i]);
		/* Logging ends: the block may be mapped as a whole again. */
		ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, GPA, HUGE, self->huge));
		GUEST_ADDS(1, GPA, PAGE);
	}
	EXPECT_EQ(512 + 8U, GUEST_SUM(GPA, HUGE));
}

/* fork() shares the huge page: the guest's writes must not reach the child. */
TEST_F(large_pages, fork)
{
	int gate[2], status;
	char byte;
	pid_t pid;

	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, GPA, HUGE, self->huge));
	memset(self->huge, 0, HUGE);
	GUEST_ADDS(1, GPA, HUGE);
	ASSERT_EQ(0, pipe(gate));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		int sum = 0;

		close(gate[1]);
		if (read(gate[0], &byte, 1) != 0)
			_exit(2);
		for (unsigned long i = 0; i < HUGE; i += PAGE)
			sum += *(int *)(self->huge + i);
		_exit(sum != 512);
	}
	GUEST_ADDS(1, GPA, HUGE / 2);
	close(gate[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_EQ(512 + 256U, GUEST_SUM(GPA, HUGE));
}

TEST_HARNESS_MAIN
