// SPDX-License-Identifier: GPL-2.0
/*
 * uffd.c - guest memory whose pages another thread of the program provides when they are missing
 * (userfaultfd), as a program does that moves a running guest to another machine.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "vm.h"
#include "kselftest_harness.h"

#define PAGE	4096UL
#define GPA	0x100000U	/* of the memory under test, inside slot 0 */
#define PAGES	32

FIXTURE(uffd) {
	struct vm vm;
	int uffd, stop[2];
	pthread_t thread;
	/* Of the thread: what it saw and did. */
	int missing, protected;
	bool answer;		/* or let the faulting thread wait */
};
FIXTURE_VARIANT(uffd) { const char *device; bool kvm; };
FIXTURE_VARIANT_ADD(uffd, minivmx) { .device = MINIVMX_DEVICE };
FIXTURE_VARIANT_ADD(uffd, kvm) { .device = KVM_DEVICE, .kvm = true };

/* A page of words that tell which it is. */
static void provide(int uffd, unsigned long address, unsigned long base)
{
	static __u32 page[PAGE / 4] __attribute__((aligned(4096)));
	struct uffdio_copy copy = {
		.dst = address, .src = (unsigned long)page, .len = PAGE,
	};

	for (unsigned int i = 0; i < PAGE / 4; i++)
		page[i] = 0xab0000 + (address - base) / PAGE;
	ioctl(uffd, UFFDIO_COPY, &copy);
}

static void unprotect(int uffd, unsigned long address)
{
	struct uffdio_writeprotect wp = { .range = { .start = address, .len = PAGE } };

	ioctl(uffd, UFFDIO_WRITEPROTECT, &wp);
}

static void *serve(void *arg)
{
	FIXTURE_DATA(uffd) *self = arg;
	struct pollfd polled[2] = {
		{ .fd = self->uffd, .events = POLLIN }, { .fd = self->stop[0], .events = POLLIN },
	};
	unsigned long base = (unsigned long)self->vm.mem + GPA;
	struct uffd_msg msg;

	while (poll(polled, 2, -1) > 0 && !polled[1].revents) {
		if (read(self->uffd, &msg, sizeof(msg)) != sizeof(msg))
			continue;
		unsigned long address = msg.arg.pagefault.address & -PAGE;
		bool wp = msg.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WP;

		__atomic_add_fetch(wp ? &self->protected : &self->missing, 1, __ATOMIC_SEQ_CST);
		if (!self->answer)
			continue;
		if (wp)
			unprotect(self->uffd, address);
		else
			provide(self->uffd, address, base);
	}
	return NULL;
}

static bool open_uffd(FIXTURE_DATA(uffd) *self, __u64 features, __u64 mode)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	struct uffdio_register registration = {
		.range = { .start = (unsigned long)self->vm.mem + GPA, .len = PAGES * PAGE },
		.mode = mode,
	};

	self->uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	return self->uffd >= 0 && !ioctl(self->uffd, UFFDIO_API, &api) &&
	       !ioctl(self->uffd, UFFDIO_REGISTER, &registration);
}

FIXTURE_SETUP(uffd)
{
	VM_SETUP(self, variant);
	ASSERT_EQ(0, vm_start_peek_poke(&self->vm));
	ASSERT_EQ(0, pipe(self->stop));
	self->answer = true;
	self->uffd = -1;
}

FIXTURE_TEARDOWN(uffd)
{
	if (self->thread) {
		close(self->stop[1]);
		pthread_join(self->thread, NULL);
	}
	if (self->uffd >= 0)
		close(self->uffd);
	vm_destroy(&self->vm);
}

#define START_SERVING(features, mode) do {				\
	if (!open_uffd(self, features, mode))				\
		SKIP(return, "no userfaultfd of this kind");		\
	ASSERT_EQ(0, pthread_create(&self->thread, NULL, serve, self));	\
} while (0)

TEST_F(uffd, missing_pages_come_from_a_thread)
{
	__u32 value;

	START_SERVING(0, UFFDIO_REGISTER_MODE_MISSING);
	for (__u32 page = 0; page < PAGES; page += 2) {
		ASSERT_EQ(0, vm_peek(&self->vm, GPA + page * PAGE + 8, &value));
		EXPECT_EQ(0xab0000 + page, value);
	}
	EXPECT_EQ(PAGES / 2, self->missing);
	/* The first access to the others is a write. */
	for (__u32 page = 1; page < PAGES; page += 2) {
		ASSERT_EQ(0, vm_poke(&self->vm, GPA + page * PAGE, 7));
		EXPECT_EQ(7, *(int *)(self->vm.mem + GPA + page * PAGE));
		EXPECT_EQ((int)(0xab0000 + page), *(int *)(self->vm.mem + GPA + page * PAGE + 4));
	}
	EXPECT_EQ(PAGES, self->missing);
	/* What is given up is missing again. */
	ASSERT_EQ(0, madvise(self->vm.mem + GPA, PAGE, MADV_DONTNEED));
	ASSERT_EQ(0, vm_peek(&self->vm, GPA, &value));
	EXPECT_EQ(0xab0000U, value);
	EXPECT_EQ(PAGES + 1, self->missing);
}

TEST_F(uffd, write_protected_pages_are_reported)
{
	struct uffdio_writeprotect wp = { .mode = UFFDIO_WRITEPROTECT_MODE_WP };
	__u32 value;

	for (__u32 page = 0; page < PAGES; page++)
		ASSERT_EQ(0, vm_poke(&self->vm, GPA + page * PAGE, page));
	START_SERVING(UFFD_FEATURE_PAGEFAULT_FLAG_WP, UFFDIO_REGISTER_MODE_WP);
	wp.range.start = (unsigned long)self->vm.mem + GPA;
	wp.range.len = PAGES * PAGE;
	ASSERT_EQ(0, ioctl(self->uffd, UFFDIO_WRITEPROTECT, &wp));
	for (__u32 page = 0; page < PAGES; page++) {
		ASSERT_EQ(0, vm_peek(&self->vm, GPA + page * PAGE, &value));
		EXPECT_EQ(page, value);
	}
	EXPECT_EQ(0, self->protected);
	for (__u32 page = 0; page < PAGES; page += 2)
		ASSERT_EQ(0, vm_poke(&self->vm, GPA + page * PAGE, 100 + page));
	EXPECT_EQ(PAGES / 2, self->protected);
	for (__u32 page = 0; page < PAGES; page++)
		EXPECT_EQ(page % 2 ? page : 100 + page, *(__u32 *)(self->vm.mem + GPA + page * PAGE));
}

static void wake(int sig)
{
	(void)sig;
}

/* Linux before 6.3 lets only a deadly signal end the wait for a page. */
static bool wait_is_interruptible(void)
{
	int major = 0, minor = 0;
	struct utsname name;

	uname(&name);
	sscanf(name.release, "%d.%d", &major, &minor);
	return major > 6 || (major == 6 && minor >= 3);
}

/* A signal ends the wait for a page, as it ends any RUN, and the guest can go on later. */
TEST_F(uffd, a_signal_ends_the_wait)
{
	struct sigaction action = { .sa_handler = wake };
	__u32 value;

	if (!wait_is_interruptible())
		SKIP(return, "this kernel waits to the end");
	START_SERVING(0, UFFDIO_REGISTER_MODE_MISSING);
	self->answer = false;
	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	vm_arm_alarm(300);
	ASSERT_EQ(-EINTR, vm_peek(&self->vm, GPA, &value));
	EXPECT_LE(1, self->missing);
	self->answer = true;
	provide(self->uffd, (unsigned long)self->vm.mem + GPA, (unsigned long)self->vm.mem + GPA);
	ASSERT_EQ(0, vm_peek(&self->vm, GPA, &value));
	EXPECT_EQ(0xab0000U, value);
}

static void *run_once(void *arg)
{
	vm_run(arg);
	return NULL;
}

struct deletion {
	struct vm *vm;
	bool done;
};

static void *delete_slot(void *arg)
{
	struct deletion *deletion = arg;

	vm_set_slot(deletion->vm, 0, 0, 0, 0, deletion->vm->mem);
	__atomic_store_n(&deletion->done, true, __ATOMIC_SEQ_CST);
	return NULL;
}

/* The kernel waits for the page of an INS meanwhile: it must not write when the slot is gone. */
TEST_F(uffd, a_slot_goes_only_when_nobody_writes_through_it)
{
	static const __u8 insb_hlt[] = { 0x6c, 0xf4 };
	struct deletion deletion = { .vm = &self->vm };
	struct minivmx_sregs sregs;
	struct minivmx_regs regs;
	pthread_t runner, deleter;

	ASSERT_EQ(0, vm_start(&self->vm, VM_REAL, insb_hlt, insb_hlt + sizeof(insb_hlt)));
	ASSERT_EQ(0, vm_get_sregs(&self->vm, &sregs));
	sregs.es.base = GPA;
	ASSERT_EQ(0, vm_set_sregs(&self->vm, &sregs));
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	regs.rdi = 0;
	ASSERT_EQ(0, vm_set_regs(&self->vm, &regs));
	START_SERVING(0, UFFDIO_REGISTER_MODE_MISSING);
	self->answer = false;
	ASSERT_EQ(0, vm_run(&self->vm));
	ASSERT_EQ(MINIVMX_EXIT_IO, self->vm.run->exit_reason);
	*(__u8 *)vm_io_data(&self->vm) = 0x5a;

	ASSERT_EQ(0, pthread_create(&runner, NULL, run_once, &self->vm));
	for (int i = 0; i < 1000 && !__atomic_load_n(&self->missing, __ATOMIC_SEQ_CST); i++)
		usleep(1000);
	EXPECT_EQ(1, self->missing);
	ASSERT_EQ(0, pthread_create(&deleter, NULL, delete_slot, &deletion));
	usleep(100000);
	EXPECT_FALSE(__atomic_load_n(&deletion.done, __ATOMIC_SEQ_CST));
	provide(self->uffd, (unsigned long)self->vm.mem + GPA, (unsigned long)self->vm.mem + GPA);
	pthread_join(deleter, NULL);
	EXPECT_EQ(0x5a, self->vm.mem[GPA]);
	pthread_join(runner, NULL);
}

TEST_HARNESS_MAIN
