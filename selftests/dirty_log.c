// SPDX-License-Identifier: GPL-2.0
/*
 * dirty_log.c - GET_DIRTY_LOG: exactly the pages that the guest wrote, once each time.
 *
 * The same programs on KVM must find the same bits.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vm.h"
#include "kselftest_harness.h"

#define PAGE	4096UL
#define GPA	0x800000U	/* outside slot 0 */
#define PAGES	200		/* more than three words of bits, and not a multiple of 64 */
#define WORDS	((PAGES + 63) / 64)
#define LOG	MINIVMX_MEM_LOG_DIRTY_PAGES

FIXTURE(dirty_log) {
	struct vm vm;
	__u8 *mem;
	__u64 bits[WORDS + 1];		/* one more, to see that nothing else is written */
};
FIXTURE_VARIANT(dirty_log) { const char *device; bool kvm; };
FIXTURE_VARIANT_ADD(dirty_log, minivmx) { .device = MINIVMX_DEVICE };
FIXTURE_VARIANT_ADD(dirty_log, kvm) { .device = KVM_DEVICE, .kvm = true };

FIXTURE_SETUP(dirty_log)
{
	VM_SETUP(self, variant);
	ASSERT_EQ(0, vm_start_peek_poke(&self->vm));
	self->mem = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->mem);
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, LOG, GPA, PAGES * PAGE, self->mem));
}

FIXTURE_TEARDOWN(dirty_log)
{
	vm_destroy(&self->vm);
	munmap(self->mem, PAGES * PAGE);
}

static int get_log(struct vm *vm, __u32 slot, void *bits)
{
	struct minivmx_dirty_log log = { .slot = slot, .dirty_bitmap = bits };

	return vm_ioctl(vm->fd, MINIVMX_GET_DIRTY_LOG, (unsigned long)&log);
}

#define GUEST_WRITES(page)	ASSERT_EQ(0, vm_poke(&self->vm, GPA + (page) * PAGE, 0x600d))
#define GUEST_READS(page) do {						\
	__u32 __value;							\
	ASSERT_EQ(0, vm_peek(&self->vm, GPA + (page) * PAGE, &__value));	\
} while (0)

/* The log names these pages and no others. */
#define EXPECT_LOG(...) do {						\
	static const int __pages[] = { -1, ##__VA_ARGS__ };		\
	__u64 __want[WORDS] = { 0 };					\
									\
	for (unsigned int __i = 1; __i < sizeof(__pages) / sizeof(int); __i++)	\
		__want[__pages[__i] / 64] |= 1ULL << __pages[__i] % 64;	\
	memset(self->bits, 0xff, sizeof(self->bits));			\
	ASSERT_EQ(0, get_log(&self->vm, 1, self->bits));		\
	for (int __i = 0; __i < WORDS; __i++)				\
		EXPECT_EQ(__want[__i], self->bits[__i]);		\
	EXPECT_EQ(~0ULL, self->bits[WORDS]);				\
} while (0)

TEST_F(dirty_log, names_what_the_guest_wrote)
{
	EXPECT_LOG();
	GUEST_WRITES(0);
	GUEST_WRITES(63);
	GUEST_WRITES(64);
	GUEST_WRITES(199);
	GUEST_READS(5);
	self->mem[7 * PAGE] = 1;
	EXPECT_LOG(0, 63, 64, 199);
	/* Fetching clears. */
	EXPECT_LOG();
}

/* Each round: a page written before must be write-protected again. */
TEST_F(dirty_log, a_page_is_named_again)
{
	for (int round = 0; round < 4; round++) {
		GUEST_WRITES(3);
		GUEST_WRITES(100);
		GUEST_WRITES(100);
		EXPECT_LOG(3, 100);
		GUEST_READS(3);
		GUEST_READS(101);
		EXPECT_LOG();
	}
	EXPECT_EQ(0x600d, *(__u32 *)(self->mem + 3 * PAGE));
}

/* Logging begins on a slot that is in use, and ends again. */
TEST_F(dirty_log, switched_on_and_off)
{
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, GPA, PAGES * PAGE, self->mem));
	EXPECT_EQ(-ENOENT, get_log(&self->vm, 1, self->bits));
	GUEST_WRITES(10);
	GUEST_WRITES(11);
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, LOG, GPA, PAGES * PAGE, self->mem));
	EXPECT_LOG();
	GUEST_WRITES(11);
	GUEST_WRITES(12);
	/* The same once more changes nothing. */
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, LOG, GPA, PAGES * PAGE, self->mem));
	EXPECT_LOG(11, 12);
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, GPA, PAGES * PAGE, self->mem));
	EXPECT_EQ(-ENOENT, get_log(&self->vm, 1, self->bits));
	GUEST_WRITES(13);
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, LOG, GPA, PAGES * PAGE, self->mem));
	EXPECT_LOG();
}

/* The log belongs to the slot's pages, wherever the slot is. */
TEST_F(dirty_log, moves_with_the_slot)
{
	GUEST_WRITES(20);
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, LOG, GPA + 0x400000, PAGES * PAGE, self->mem));
	ASSERT_EQ(0, vm_poke(&self->vm, GPA + 0x400000 + 21 * PAGE, 1));
	EXPECT_LOG(20, 21);
	ASSERT_EQ(0, vm_poke(&self->vm, GPA + 0x400000 + 21 * PAGE, 2));
	EXPECT_LOG(21);
}

/* What the process does to its memory between is no write of the guest. */
TEST_F(dirty_log, survives_changes_of_the_memory)
{
	GUEST_WRITES(30);
	GUEST_WRITES(31);
	ASSERT_EQ(0, madvise(self->mem + 30 * PAGE, PAGE, MADV_DONTNEED));
	EXPECT_LOG(30, 31);
	ASSERT_EQ(0, madvise(self->mem + 31 * PAGE, PAGE, MADV_DONTNEED));
	GUEST_READS(31);
	EXPECT_LOG();
	GUEST_WRITES(31);
	EXPECT_LOG(31);
}

TEST_F(dirty_log, of_a_readonly_slot_is_empty)
{
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, 0, 0, NULL));
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, LOG | MINIVMX_MEM_READONLY, GPA, PAGES * PAGE, self->mem));
	GUEST_READS(0);
	ASSERT_EQ(0, vm_poke(&self->vm, GPA, 1));
	EXPECT_NE(MINIVMX_EXIT_HLT, self->vm.run->exit_reason);
	EXPECT_LOG();
}

/* Copies a word from a device to memory. */
GUEST_CODE(copy_from_device, 32,
	"movsl\n\t"
	"hlt");

/* The hypervisor itself carries out the write to memory. */
TEST_F(dirty_log, names_what_the_kernel_wrote)
{
	struct minivmx_regs regs;
	__u32 word = 0x12345678;

	for (int round = 0; round < 2; round++) {
		ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, copy_from_device));
		ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
		regs.rsi = VM_HOLE;
		regs.rdi = GPA + 40 * PAGE;
		ASSERT_EQ(0, vm_set_regs(&self->vm, &regs));
		ASSERT_EXIT(&self->vm, MINIVMX_EXIT_MMIO);
		memcpy(self->vm.run->mmio.data, &word, sizeof(word));
		ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
		EXPECT_EQ(word, *(__u32 *)(self->mem + 40 * PAGE));
		EXPECT_LOG(40);
	}
}

TEST_F(dirty_log, errors)
{
	int slots = vm_ioctl(self->vm.dev, MINIVMX_CHECK_EXTENSION, MINIVMX_CAP_NR_MEMSLOTS);

	EXPECT_EQ(-ENOENT, get_log(&self->vm, 0, self->bits));
	EXPECT_EQ(-ENOENT, get_log(&self->vm, 2, self->bits));
	EXPECT_EQ(-EINVAL, get_log(&self->vm, slots, self->bits));
	EXPECT_EQ(-EINVAL, get_log(&self->vm, 0x20001, self->bits));
	EXPECT_EQ(-EINVAL, get_log(&self->vm, -1, self->bits));
	EXPECT_EQ(-EFAULT, vm_ioctl(self->vm.fd, MINIVMX_GET_DIRTY_LOG, 8));
	EXPECT_EQ(-EFAULT, get_log(&self->vm, 1, (void *)8));
	EXPECT_EQ(-EINVAL, vm_set_slot(&self->vm, 1, LOG | MINIVMX_MEM_READONLY, GPA, PAGES * PAGE, self->mem));
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, 0, 0, NULL));
	EXPECT_EQ(-ENOENT, get_log(&self->vm, 1, self->bits));
}

/* Increments a word in each page of a range, for ever. */
GUEST_CODE(writer, 32,
	"sti\n\t"
	"1: mov %ecx, %ebx\n\t"
	"2: incl (%ebx)\n\t"
	"add $0x1000, %ebx\n\t"
	"cmp %edx, %ebx\n\t"
	"jb 2b\n\t"
	"jmp 1b");

static void *run_vcpu(void *arg)
{
	vm_pin_to_cpu(vm_count_cpus() - 1);
	return (void *)(long)vm_run(arg);
}

static void wake(int sig)
{
	(void)sig;
}

/* Fetches the log and copies the pages that it names; how many. */
static int copy_dirty(struct __test_metadata *_metadata, FIXTURE_DATA(dirty_log) *self, __u8 *copy)
{
	int copied = 0;

	ASSERT_EQ(0, get_log(&self->vm, 1, self->bits));
	for (int page = 0; page < PAGES; page++)
		if (self->bits[page / 64] & 1ULL << page % 64) {
			memcpy(copy + page * PAGE, self->mem + page * PAGE, PAGE);
			copied++;
		}
	return copied;
}

/*
 * What a migration does: while the guest writes, fetch the log and copy the pages, again and again;
 * once more when the guest has stopped, and the copy must equal the memory. It would not if a page
 * could be written after its bit was fetched without setting the bit again.
 */
TEST_F(dirty_log, a_copy_catches_up_with_a_running_guest)
{
	struct sigaction action = { .sa_handler = wake };
	__u8 *copy = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct minivmx_regs regs;
	pthread_t thread;
	void *result;
	int copied = 0;

	ASSERT_NE(MAP_FAILED, copy);
	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, writer));
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	regs.rcx = GPA;
	regs.rdx = GPA + 16 * PAGE;
	ASSERT_EQ(0, vm_set_regs(&self->vm, &regs));
	vm_pin_to_cpu(0);
	ASSERT_EQ(0, pthread_create(&thread, NULL, run_vcpu, &self->vm));
	for (int round = 0; round < 100; round++) {
		usleep(round % 10 ? 0 : 10000);
		copied += copy_dirty(_metadata, self, copy);
	}
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, &result);
	ASSERT_EQ(-EINTR, (long)result);
	EXPECT_LT(16, copied);
	copy_dirty(_metadata, self, copy);
	EXPECT_EQ(0, memcmp(copy, self->mem, PAGES * PAGE));
	munmap(copy, PAGES * PAGE);
}

TEST_HARNESS_MAIN
