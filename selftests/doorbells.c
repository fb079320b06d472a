// SPDX-License-Identifier: GPL-2.0
/*
 * doorbells.c - guest writes that signal an eventfd (IOEVENTFD) instead of ending RUN.
 *
 * A guest writes to one address once in each size; what nobody takes ends RUN, so the exits and
 * the eventfds' counts together are all writes. coalesced.c has the writes that wait in a ring.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "vm.h"
#include "kselftest_harness.h"

#define PORT	0x510
#define DATA	0x1122334455667788UL
#define PIO	MINIVMX_IOEVENTFD_FLAG_PIO
#define MATCH	MINIVMX_IOEVENTFD_FLAG_DATAMATCH

/* RAX to port DX, and to (RBX), once in each size. */
GUEST_CODE(write_port, 64, "out %al, %dx\n\t out %ax, %dx\n\t out %eax, %dx\n\t hlt");
GUEST_CODE(write_memory, 64, "mov %al, (%rbx)\n\t mov %ax, (%rbx)\n\t mov %eax, (%rbx)\n\t"
	   "mov %rax, (%rbx)\n\t hlt");
GUEST_CODE(write_string, 64, "cld\n\t mov $0x10000, %esi\n\t mov $4, %ecx\n\t rep outsb\n\t hlt");
/* RCX times; IF is set, so that nothing holds the host back. */
GUEST_CODE(write_often, 64, "sti\n\t 1: out %al, %dx\n\t dec %ecx\n\t jnz 1b\n\t hlt");

FIXTURE(doorbells) { struct vm vm; int bell; };
FIXTURE_VARIANT(doorbells) { const char *device; bool kvm; };
FIXTURE_VARIANT_ADD(doorbells, minivmx) { .device = MINIVMX_DEVICE };
FIXTURE_VARIANT_ADD(doorbells, kvm) { .device = KVM_DEVICE, .kvm = true };

FIXTURE_SETUP(doorbells)
{
	VM_SETUP(self, variant);
	self->bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	ASSERT_LE(0, self->bell);
}

FIXTURE_TEARDOWN(doorbells)
{
	vm_destroy(&self->vm);
	close(self->bell);
}

static int ioeventfd(struct vm *vm, int fd, __u32 flags, __u64 addr, __u32 len, __u64 match)
{
	struct minivmx_ioeventfd args = {
		.datamatch = match, .addr = addr, .len = len, .fd = fd, .flags = flags,
	};

	return vm_ioctl(vm->fd, MINIVMX_IOEVENTFD, (unsigned long)&args);
}

static int assign(struct vm *vm, int fd, __u32 flags, __u64 addr, __u32 len)
{
	return ioeventfd(vm, fd, flags, addr, len, 0);
}

static int deassign(struct vm *vm, int fd, __u32 flags, __u64 addr, __u32 len)
{
	return ioeventfd(vm, fd, flags | MINIVMX_IOEVENTFD_FLAG_DEASSIGN, addr, len, 0);
}

/* How often the bell has rung since the last call. */
static long rung(int bell)
{
	__u64 count;

	return read(bell, &count, sizeof(count)) == sizeof(count) ? (long)count : 0;
}

static int start(struct vm *vm, const __u8 *code, const __u8 *end, __u64 address)
{
	struct minivmx_regs regs;
	int ret = vm_start(vm, VM_LONG, code, end);

	if (!ret)
		ret = vm_get_regs(vm, &regs);
	regs.rax = DATA;
	regs.rbx = regs.rdx = address;
	return ret ? ret : vm_set_regs(vm, &regs);
}

#define START(vm, name, address)	start(vm, name##_start, name##_end, address)

/* Runs until HLT; the sum of the sizes of all writes that came here, or a negative number. */
static int sizes_seen(struct vm *vm)
{
	int ret, sizes = 0;

	while (!(ret = vm_run(vm)) && vm->run->exit_reason != MINIVMX_EXIT_HLT) {
		if (vm->run->exit_reason == MINIVMX_EXIT_IO)
			sizes += vm->run->io.size * vm->run->io.count;
		else if (vm->run->exit_reason == MINIVMX_EXIT_MMIO && vm->run->mmio.is_write)
			sizes += vm->run->mmio.len;
		else
			return -1000;
	}
	return ret ? ret : sizes;
}

TEST_F(doorbells, port_in_each_size)
{
	struct vm *vm = &self->vm;
	static const struct { __u32 len; int seen, rings; } cases[] = {
		{ 1, 2 + 4, 1 }, { 2, 1 + 4, 1 }, { 4, 1 + 2, 1 }, { 8, 1 + 2 + 4, 0 }, { 0, 0, 3 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		ASSERT_EQ(0, assign(vm, self->bell, PIO, PORT, cases[i].len));
		ASSERT_EQ(0, START(vm, write_port, PORT));
		EXPECT_EQ(cases[i].seen, sizes_seen(vm));
		EXPECT_EQ(cases[i].rings, rung(self->bell));
		ASSERT_EQ(0, deassign(vm, self->bell, PIO, PORT, cases[i].len));
		ASSERT_EQ(0, START(vm, write_port, PORT));
		EXPECT_EQ(1 + 2 + 4, sizes_seen(vm));
		EXPECT_EQ(0, rung(self->bell));
	}
}

TEST_F(doorbells, memory_in_each_size)
{
	struct vm *vm = &self->vm;
	static const struct { __u32 len; int seen, rings; } cases[] = {
		{ 1, 2 + 4 + 8, 1 }, { 2, 1 + 4 + 8, 1 }, { 4, 1 + 2 + 8, 1 }, { 8, 1 + 2 + 4, 1 },
		{ 0, 0, 4 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		ASSERT_EQ(0, assign(vm, self->bell, 0, VM_HOLE, cases[i].len));
		ASSERT_EQ(0, START(vm, write_memory, VM_HOLE));
		EXPECT_EQ(cases[i].seen, sizes_seen(vm));
		EXPECT_EQ(cases[i].rings, rung(self->bell));
		ASSERT_EQ(0, deassign(vm, self->bell, 0, VM_HOLE, cases[i].len));
		ASSERT_EQ(0, START(vm, write_memory, VM_HOLE));
		EXPECT_EQ(1 + 2 + 4 + 8, sizes_seen(vm));
		EXPECT_EQ(0, rung(self->bell));
	}
}

/* Ports and addresses are two worlds, and a neighbour is somebody else. */
TEST_F(doorbells, only_its_own_address)
{
	struct vm *vm = &self->vm;

	ASSERT_EQ(0, assign(vm, self->bell, 0, PORT, 0));
	ASSERT_EQ(0, assign(vm, self->bell, PIO, PORT + 1, 0));
	ASSERT_EQ(0, assign(vm, self->bell, PIO, PORT - 1, 4));
	ASSERT_EQ(0, assign(vm, self->bell, PIO, 0x10000 + PORT, 0));
	ASSERT_EQ(0, START(vm, write_port, PORT));
	EXPECT_EQ(1 + 2 + 4, sizes_seen(vm));
	EXPECT_EQ(0, rung(self->bell));
}

TEST_F(doorbells, data_match)
{
	struct vm *vm = &self->vm;
	int other = eventfd(0, EFD_NONBLOCK);

	ASSERT_LE(0, other);
	ASSERT_EQ(0, ioeventfd(vm, self->bell, PIO | MATCH, PORT, 2, DATA & 0xffff));
	ASSERT_EQ(0, ioeventfd(vm, other, PIO | MATCH, PORT, 2, 0x1234));
	/* Bits that the write does not have: never. */
	ASSERT_EQ(0, ioeventfd(vm, other, PIO | MATCH, PORT, 4, DATA));
	ASSERT_EQ(0, START(vm, write_port, PORT));
	EXPECT_EQ(1 + 4, sizes_seen(vm));
	EXPECT_EQ(1, rung(self->bell));
	EXPECT_EQ(0, rung(other));

	ASSERT_EQ(0, ioeventfd(vm, self->bell, MATCH, VM_HOLE, 8, DATA));
	ASSERT_EQ(0, ioeventfd(vm, other, MATCH, VM_HOLE, 4, DATA & 0xffffffff));
	ASSERT_EQ(0, ioeventfd(vm, other, MATCH, VM_HOLE, 1, 0x89));
	ASSERT_EQ(0, START(vm, write_memory, VM_HOLE));
	EXPECT_EQ(1 + 2, sizes_seen(vm));
	EXPECT_EQ(1, rung(self->bell));
	EXPECT_EQ(1, rung(other));
	close(other);
}

/* Each element of OUTS is a write. */
TEST_F(doorbells, strings)
{
	struct vm *vm = &self->vm;

	memcpy(vm->mem + VM_DATA, "abca", 4);
	ASSERT_EQ(0, ioeventfd(vm, self->bell, PIO | MATCH, PORT, 1, 'a'));
	ASSERT_EQ(0, START(vm, write_string, PORT));
	EXPECT_EQ(2, sizes_seen(vm));
	EXPECT_EQ(2, rung(self->bell));
}

TEST_F(doorbells, collisions)
{
	struct vm *vm = &self->vm;
	int bell = self->bell;

	ASSERT_EQ(0, ioeventfd(vm, bell, PIO | MATCH, PORT, 2, 7));
	EXPECT_EQ(-EEXIST, ioeventfd(vm, bell, PIO | MATCH, PORT, 2, 7));
	EXPECT_EQ(-EEXIST, ioeventfd(vm, bell, PIO, PORT, 2, 7));
	EXPECT_EQ(-EEXIST, ioeventfd(vm, bell, PIO, PORT, 0, 7));
	EXPECT_EQ(0, ioeventfd(vm, bell, PIO | MATCH, PORT, 2, 8));
	EXPECT_EQ(0, ioeventfd(vm, bell, PIO | MATCH, PORT, 4, 7));
	EXPECT_EQ(0, ioeventfd(vm, bell, PIO, PORT, 1, 7));
	EXPECT_EQ(-EEXIST, ioeventfd(vm, bell, PIO | MATCH, PORT, 1, 9));
	EXPECT_EQ(0, ioeventfd(vm, bell, MATCH, PORT, 2, 7));
	EXPECT_EQ(0, assign(vm, bell, PIO, PORT + 1, 0));
	EXPECT_EQ(-EEXIST, assign(vm, bell, PIO, PORT + 1, 4));
}

TEST_F(doorbells, errors)
{
	struct vm *vm = &self->vm;
	int pipes[2];

	ASSERT_EQ(0, pipe(pipes));
	EXPECT_EQ(-EFAULT, vm_ioctl(vm->fd, MINIVMX_IOEVENTFD, 0x10));
	EXPECT_EQ(-EINVAL, assign(vm, self->bell, PIO, PORT, 3));
	EXPECT_EQ(-EINVAL, assign(vm, self->bell, PIO, PORT, 16));
	EXPECT_EQ(-EINVAL, assign(vm, self->bell, PIO, PORT, 0x80000000));
	EXPECT_EQ(-EINVAL, assign(vm, self->bell, PIO | MATCH, PORT, 0));
	EXPECT_EQ(-EINVAL, assign(vm, self->bell, 1U << 31, PORT, 1));
	EXPECT_EQ(-EINVAL, assign(vm, self->bell, PIO | 1 << 5, PORT, 1));
	EXPECT_EQ(-EINVAL, assign(vm, self->bell, 0, -4UL, 8));
	EXPECT_EQ(-EINVAL, assign(vm, self->bell, 0, -4UL, 4));
	EXPECT_EQ(0, assign(vm, self->bell, 0, -8UL, 4));
	EXPECT_EQ(-EBADF, assign(vm, -1, PIO, PORT, 1));
	EXPECT_EQ(-EBADF, assign(vm, 1000, PIO, PORT, 1));
	EXPECT_EQ(-EINVAL, assign(vm, pipes[0], PIO, PORT, 1));
	EXPECT_EQ(-EINVAL, assign(vm, vm->vcpu, PIO, PORT, 1));
	EXPECT_EQ(-EBADF, deassign(vm, -1, PIO, PORT, 1));
	EXPECT_EQ(-EINVAL, deassign(vm, pipes[0], PIO, PORT, 1));
	close(pipes[0]);
	close(pipes[1]);
}

TEST_F(doorbells, deassign_names_all_members)
{
	struct vm *vm = &self->vm;
	int bell = self->bell, other = eventfd(0, EFD_NONBLOCK);
	__u32 off = MINIVMX_IOEVENTFD_FLAG_DEASSIGN;

	ASSERT_LE(0, other);
	EXPECT_EQ(-ENOENT, deassign(vm, bell, PIO, PORT, 2));
	ASSERT_EQ(0, ioeventfd(vm, bell, PIO | MATCH, PORT, 2, 7));
	EXPECT_EQ(-ENOENT, ioeventfd(vm, other, off | PIO | MATCH, PORT, 2, 7));
	EXPECT_EQ(-ENOENT, ioeventfd(vm, bell, off | MATCH, PORT, 2, 7));
	EXPECT_EQ(-ENOENT, ioeventfd(vm, bell, off | PIO, PORT, 2, 7));
	EXPECT_EQ(-ENOENT, ioeventfd(vm, bell, off | PIO | MATCH, PORT + 1, 2, 7));
	EXPECT_EQ(-ENOENT, ioeventfd(vm, bell, off | PIO | MATCH, PORT, 4, 7));
	EXPECT_EQ(-ENOENT, ioeventfd(vm, bell, off | PIO | MATCH, PORT, 2, 8));
	EXPECT_EQ(0, ioeventfd(vm, bell, off | PIO | MATCH, PORT, 2, 7));
	EXPECT_EQ(-ENOENT, ioeventfd(vm, bell, off | PIO | MATCH, PORT, 2, 7));
	/* A descriptor of the same eventfd is as good. */
	ASSERT_EQ(0, ioeventfd(vm, bell, PIO, PORT, 2, 7));
	ASSERT_LE(0, dup2(bell, other));
	EXPECT_EQ(0, ioeventfd(vm, other, off | PIO, PORT, 2, 0));
	close(other);
}

/* KVM counts open eventfds instead. */
TEST_F(doorbells, limit)
{
	struct minivmx_coalesced_mmio_zone zone = { .addr = VM_HOLE, .size = 8 };
	struct vm *vm = &self->vm;
	int made = 0, err = 0;

	if (variant->kvm)
		SKIP(return, "KVM's limit is that of file descriptors");
	while (made < 5000 && !(err = assign(vm, self->bell, PIO, made, 1)))
		made++;
	EXPECT_EQ(-ENOSPC, err);
	EXPECT_LT(500, made);
	/* Zones come out of the same. */
	EXPECT_EQ(-ENOSPC, vm_ioctl(vm->fd, MINIVMX_REGISTER_COALESCED_MMIO, (unsigned long)&zone));
	EXPECT_EQ(0, deassign(vm, self->bell, PIO, 3, 1));
	EXPECT_EQ(0, assign(vm, self->bell, PIO, 3, 1));
	EXPECT_EQ(-ENOSPC, assign(vm, self->bell, PIO, made, 1));
	ASSERT_EQ(0, START(vm, write_port, made - 1));
	EXPECT_EQ(2 + 4, sizes_seen(vm));
	EXPECT_EQ(1, rung(self->bell));
}

/* A doorbell holds the eventfd, not its descriptor. */
TEST_F(doorbells, eventfd_closed_meanwhile)
{
	struct vm *vm = &self->vm;
	int gone = eventfd(0, 0);

	ASSERT_EQ(0, assign(vm, gone, PIO, PORT, 0));
	close(gone);
	ASSERT_EQ(0, START(vm, write_port, PORT));
	EXPECT_EQ(0, sizes_seen(vm));
	EXPECT_EQ(-EEXIST, assign(vm, self->bell, PIO, PORT, 0));
}

TEST_F(doorbells, vm_closed_with_doorbells)
{
	struct vm *vm = &self->vm;
	struct vm again;

	ASSERT_EQ(0, assign(vm, self->bell, PIO, PORT, 0));
	ASSERT_EQ(0, assign(vm, self->bell, 0, VM_HOLE, 0));
	/* The vCPU keeps the VM, with its doorbells. */
	close(vm->fd);
	vm->fd = -1;
	ASSERT_EQ(0, START(vm, write_port, PORT));
	EXPECT_EQ(0, sizes_seen(vm));
	EXPECT_EQ(3, rung(self->bell));
	vm_destroy(vm);
	ASSERT_EQ(0, vm_create(&again, variant->device));
	ASSERT_EQ(0, START(&again, write_port, PORT));
	EXPECT_EQ(1 + 2 + 4, sizes_seen(&again));
	EXPECT_EQ(0, rung(self->bell));
	vm_destroy(&again);
}

static void *wait_for_bell(void *arg)
{
	struct pollfd poller = { .fd = *(int *)arg, .events = POLLIN };

	return (void *)(long)(poll(&poller, 1, 20000) == 1 && poller.revents == POLLIN);
}

TEST_F(doorbells, wakes_who_waits)
{
	pthread_t thread;
	void *woken;

	ASSERT_EQ(0, assign(&self->vm, self->bell, PIO, PORT, 1));
	ASSERT_EQ(0, pthread_create(&thread, NULL, wait_for_bell, &self->bell));
	usleep(100000);
	ASSERT_EQ(0, START(&self->vm, write_port, PORT));
	EXPECT_EQ(2 + 4, sizes_seen(&self->vm));
	ASSERT_EQ(0, pthread_join(thread, &woken));
	EXPECT_TRUE(woken);
}

struct toggler {
	struct vm *vm;
	int bell;
	volatile bool stop;
	int turns, rings, late, err;
};

/* After DEASSIGN nothing may ring, however busy the guest is. */
static void *toggle(void *arg)
{
	struct toggler *toggler = arg;

	while (!toggler->stop && !toggler->err) {
		toggler->err = assign(toggler->vm, toggler->bell, PIO, PORT, 1);
		usleep(1000);
		toggler->err |= deassign(toggler->vm, toggler->bell, PIO, PORT, 1);
		toggler->rings += rung(toggler->bell);
		usleep(1000);
		toggler->late += rung(toggler->bell);
		toggler->turns++;
	}
	return NULL;
}

/* Doorbells come and go while the guest writes: each write is seen once, here or there. */
TEST_F(doorbells, change_under_a_running_guest)
{
	enum { WRITES = 20000 };
	struct toggler toggler = { .vm = &self->vm, .bell = self->bell };
	struct minivmx_regs regs;
	pthread_t thread;
	int seen;

	ASSERT_EQ(0, START(&self->vm, write_often, PORT));
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	regs.rcx = WRITES;
	ASSERT_EQ(0, vm_set_regs(&self->vm, &regs));
	ASSERT_EQ(0, pthread_create(&thread, NULL, toggle, &toggler));
	seen = sizes_seen(&self->vm);
	toggler.stop = true;
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(0, toggler.err);
	EXPECT_EQ(0, toggler.late);
	EXPECT_EQ(WRITES, seen + toggler.rings);
	TH_LOG("%d turns, %d writes rang", toggler.turns, toggler.rings);
}

TEST_HARNESS_MAIN
