// SPDX-License-Identifier: GPL-2.0
/*
 * memory_live.c - the process changes its memory while the vCPU runs.
 *
 * The guest polls one word, interrupts enabled, and no exit of its own making comes to the
 * rescue: the change must reach the CPU that is in the guest. Every test runs with the vCPU
 * on another CPU than the change, and with both on one.
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
#define WORD	0x100000U	/* what the guest polls */
#define ALIVE	0x101000U	/* what it counts in, so that the host sees it run */

/* Until the word at %ebx is zero. */
GUEST_CODE(poll_word, 32,
	"sti\n\t"
	"1: incl (%ecx)\n\t"
	"mov (%ebx), %eax\n\t"
	"test %eax, %eax\n\t"
	"jnz 1b\n\t"
	"hlt");

/* Writes the word for ever. */
GUEST_CODE(write_word, 32,
	"sti\n\t"
	"1: incl (%ecx)\n\t"
	"mov %ecx, (%ebx)\n\t"
	"jmp 1b");

FIXTURE(memory_live) {
	struct vm vm;
	pthread_t thread;
	int cpu;
	__u32 counter;	/* where the guest counts: a view of ALIVE */
	int result;	/* of the thread's RUN */
};
FIXTURE_VARIANT(memory_live) { const char *device; bool same_cpu; };
FIXTURE_VARIANT_ADD(memory_live, minivmx) { .device = MINIVMX_DEVICE };
FIXTURE_VARIANT_ADD(memory_live, minivmx_one_cpu) { MINIVMX_DEVICE, true };
FIXTURE_VARIANT_ADD(memory_live, kvm) { .device = KVM_DEVICE };
FIXTURE_VARIANT_ADD(memory_live, kvm_one_cpu) { KVM_DEVICE, true };

FIXTURE_SETUP(memory_live)
{
	VM_SETUP(self, variant);
	if (!variant->same_cpu && vm_count_cpus() < 2)
		SKIP(_exit(VM_SKIP_CODE), "one CPU");
	self->cpu = variant->same_cpu ? 0 : 1;
	self->counter = ALIVE;
	ASSERT_EQ(0, vm_pin_to_cpu(0));
}

FIXTURE_TEARDOWN(memory_live)
{
	vm_destroy(&self->vm);
}

static void wake(int sig)
{
	(void)sig;
}

static void *run_vcpu(void *arg)
{
	FIXTURE_DATA(memory_live) *self = arg;

	vm_pin_to_cpu(self->cpu);
	self->result = vm_run(&self->vm);
	return NULL;
}

static volatile __u32 *host(struct vm *vm, __u32 gpa)
{
	return (volatile __u32 *)(vm->mem + gpa);
}

/* Two seconds are enough for a timer tick to let either thread run. */
static bool guest_advances(struct vm *vm)
{
	__u32 before = *host(vm, ALIVE);

	for (int i = 0; i < 200; i++) {
		if (*host(vm, ALIVE) != before)
			return true;
		usleep(10000);
	}
	return false;
}

static void start(struct __test_metadata *_metadata, FIXTURE_DATA(memory_live) *self,
		  const __u8 *code, const __u8 *end)
{
	struct sigaction action = { .sa_handler = wake };
	struct minivmx_regs regs;

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	ASSERT_EQ(0, vm_start(&self->vm, VM_PROTECTED, code, end));
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	regs.rbx = WORD;
	regs.rcx = self->counter;
	ASSERT_EQ(0, vm_set_regs(&self->vm, &regs));
	*host(&self->vm, WORD) = 1;
	*host(&self->vm, ALIVE) = 0;
	ASSERT_EQ(0, pthread_create(&self->thread, NULL, run_vcpu, self));
	ASSERT_TRUE(guest_advances(&self->vm));
}

#define START(code)	start(_metadata, self, code##_start, code##_end)

TEST_F(memory_live, host_write_is_seen)
{
	START(poll_word);
	*host(&self->vm, WORD) = 0;
	ASSERT_EQ(0, pthread_join(self->thread, NULL));
	EXPECT_EQ(0, self->result);
	EXPECT_EQ(MINIVMX_EXIT_HLT, self->vm.run->exit_reason);
}

TEST_F(memory_live, dontneed)
{
	START(poll_word);
	ASSERT_EQ(0, madvise(self->vm.mem + WORD, PAGE, MADV_DONTNEED));
	ASSERT_EQ(0, pthread_join(self->thread, NULL));
	EXPECT_EQ(0, self->result);
	EXPECT_EQ(MINIVMX_EXIT_HLT, self->vm.run->exit_reason);
}

/*
 * The moment a change returns, nobody writes the page any more: it may be freed then. What the
 * process does to its own mapping interrupts the other CPU anyway, to flush its TLB; deleting
 * a slot does not, so only the hypervisor's own kick can end the guest's slice in time. The
 * slot is a second view of the page that the host watches.
 */
TEST_F(memory_live, stops_at_once)
{
	if (variant->same_cpu)
		SKIP(return, "the two never run at once");
	for (int i = 0; i < 20; i++) {
		__u32 seen;

		ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, VM_HOLE, PAGE, self->vm.mem + ALIVE));
		self->counter = VM_HOLE;
		START(write_word);
		ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, VM_HOLE, 0, self->vm.mem + ALIVE));
		seen = *host(&self->vm, ALIVE);
		for (int k = 0; k < 2000; k++)
			asm volatile("pause");
		EXPECT_EQ(seen, *host(&self->vm, ALIVE)) {
			TH_LOG("round %d: the guest still wrote", i);
		}
		ASSERT_EQ(0, pthread_join(self->thread, NULL));
		EXPECT_EQ(0, self->result);
		EXPECT_TRUE(vm_exit_is_unbacked(&self->vm, VM_HOLE));
	}
}

TEST_F(memory_live, unmapped)
{
	START(poll_word);
	ASSERT_EQ(0, munmap(self->vm.mem + WORD, PAGE));
	ASSERT_EQ(0, pthread_join(self->thread, NULL));
	EXPECT_EQ(-EFAULT, self->result);
}

TEST_F(memory_live, replaced)
{
	START(poll_word);
	ASSERT_NE(MAP_FAILED, mmap(self->vm.mem + WORD, PAGE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	ASSERT_EQ(0, pthread_join(self->thread, NULL));
	EXPECT_EQ(0, self->result);
	EXPECT_EQ(MINIVMX_EXIT_HLT, self->vm.run->exit_reason);
}

TEST_F(memory_live, no_access)
{
	struct minivmx_regs regs;

	START(poll_word);
	ASSERT_EQ(0, mprotect(self->vm.mem + WORD, PAGE, PROT_NONE));
	ASSERT_EQ(0, pthread_join(self->thread, NULL));
	EXPECT_EQ(-EFAULT, self->result);
	/* The guest is at the load and can go on when the page is back. */
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	EXPECT_EQ(VM_CODE + 3, regs.rip);
	ASSERT_EQ(0, mprotect(self->vm.mem + WORD, PAGE, PROT_READ | PROT_WRITE));
	*host(&self->vm, WORD) = 0;
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
}

/* After mprotect() returns nobody writes the page, not even a guest that is running. */
TEST_F(memory_live, write_protected)
{
	START(write_word);
	ASSERT_EQ(0, mprotect(self->vm.mem + WORD, PAGE, PROT_READ));
	ASSERT_EQ(0, pthread_join(self->thread, NULL));
	EXPECT_EQ(-EFAULT, self->result);
	EXPECT_EQ(ALIVE, *host(&self->vm, WORD));
}

/* The slot that the guest polls goes, or shows up elsewhere. */
static void take_slot_away(struct __test_metadata *_metadata, FIXTURE_DATA(memory_live) *self,
			   __u64 to_gpa)
{
	__u8 *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct minivmx_regs regs;
	__u32 gpa = 0x800000;

	ASSERT_NE(MAP_FAILED, page);
	*page = 1;
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, gpa, PAGE, page));
	START(poll_word);
	/* Let the guest poll the slot instead. */
	ASSERT_EQ(0, pthread_kill(self->thread, SIGUSR1));
	ASSERT_EQ(0, pthread_join(self->thread, NULL));
	ASSERT_EQ(-EINTR, self->result);
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	regs.rbx = gpa;
	ASSERT_EQ(0, vm_set_regs(&self->vm, &regs));
	ASSERT_EQ(0, pthread_create(&self->thread, NULL, run_vcpu, self));
	ASSERT_TRUE(guest_advances(&self->vm));
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, to_gpa, to_gpa ? PAGE : 0, page));
	ASSERT_EQ(0, pthread_join(self->thread, NULL));
	EXPECT_EQ(0, self->result);
	EXPECT_TRUE(vm_exit_is_unbacked(&self->vm, gpa)) {
		vm_print_exit(&self->vm);
	}
}

TEST_F(memory_live, slot_deleted)
{
	take_slot_away(_metadata, self, 0);
}

TEST_F(memory_live, slot_moved)
{
	take_slot_away(_metadata, self, 0x900000);
}

/* A storm of changes: no lost wakeup, no deadlock, and the guest still advances after it. */
TEST_F(memory_live, storm)
{
	START(write_word);
	for (int i = 0; i < 300; i++) {
		ASSERT_EQ(0, madvise(self->vm.mem + WORD, PAGE, MADV_DONTNEED));
		if (i % 50 == 0) {
			ASSERT_TRUE(guest_advances(&self->vm));
		}
	}
	ASSERT_TRUE(guest_advances(&self->vm));
	EXPECT_EQ(ALIVE, *host(&self->vm, WORD));
	ASSERT_EQ(0, pthread_kill(self->thread, SIGUSR1));
	ASSERT_EQ(0, pthread_join(self->thread, NULL));
	EXPECT_EQ(-EINTR, self->result);
}

/* The process ends while a thread is in the guest. */
TEST_F(memory_live, exit_with_a_running_vcpu)
{
	START(poll_word);
	/* exit_group() from this thread; the harness takes status 0 as passed. */
	_exit(!guest_advances(&self->vm));
}

TEST_HARNESS_MAIN
