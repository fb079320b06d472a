// SPDX-License-Identifier: GPL-2.0
/*
 * coalesced.c - guest writes that wait in a ring in memory (REGISTER_COALESCED_MMIO).
 *
 * Userspace empties the ring; it can also write nonsense into it, and the module must not believe
 * it.
 */
#include <errno.h>
#include <unistd.h>

#include "vm.h"
#include "kselftest_harness.h"

#define PORT		0x510
#define CAPACITY	((int)MINIVMX_COALESCED_MMIO_MAX - 1)

/* ECX writes of EAX, which counts up, to port DX. */
GUEST_CODE(count_to_port, 32, "1: out %eax, %dx\n\t inc %eax\n\t dec %ecx\n\t jnz 1b\n\t hlt");
/* 1, 2, 4 and 8 bytes of RAX to (RBX), then 2 bytes to port DX. */
GUEST_CODE(write_all, 64, "mov %al, (%rbx)\n\t mov %ax, (%rbx)\n\t mov %eax, (%rbx)\n\t"
	   "mov %rax, (%rbx)\n\t out %ax, %dx\n\t hlt");
GUEST_CODE(write_string, 32, "cld\n\t mov $0x10000, %esi\n\t rep outsb\n\t hlt");

VM_FIXTURE(coalesced)
{
	VM_SETUP(self, variant);
}

static struct minivmx_coalesced_mmio_ring *ring_of(struct vm *vm)
{
	return (void *)((__u8 *)vm->run + MINIVMX_COALESCED_MMIO_PAGE_OFFSET * 4096);
}

static int zone(struct vm *vm, unsigned long ioctl, __u64 addr, __u32 size, __u32 pio)
{
	struct minivmx_coalesced_mmio_zone args = { .addr = addr, .size = size, .pio = pio };

	return vm_ioctl(vm->fd, ioctl, (unsigned long)&args);
}

static int add_zone(struct vm *vm, __u64 addr, __u32 size, __u32 pio)
{
	return zone(vm, MINIVMX_REGISTER_COALESCED_MMIO, addr, size, pio);
}

static int remove_zone(struct vm *vm, __u64 addr, __u32 size, __u32 pio)
{
	return zone(vm, MINIVMX_UNREGISTER_COALESCED_MMIO, addr, size, pio);
}

static int start(struct vm *vm, enum vm_mode mode, const __u8 *code, const __u8 *end, __u64 rax,
		 __u64 rcx)
{
	struct minivmx_regs regs;
	int ret = vm_start(vm, mode, code, end);

	if (!ret)
		ret = vm_get_regs(vm, &regs);
	regs.rax = rax;
	regs.rbx = VM_HOLE;
	regs.rcx = rcx;
	regs.rdx = PORT;
	return ret ? ret : vm_set_regs(vm, &regs);
}

#define START(vm, mode, name, rax, rcx)	start(vm, mode, name##_start, name##_end, rax, rcx)

/* Takes one write out of the ring: false if there is none. */
static bool take(struct vm *vm, struct minivmx_coalesced_mmio *entry)
{
	struct minivmx_coalesced_mmio_ring *ring = ring_of(vm);

	if (ring->first == ring->last)
		return false;
	*entry = ring->coalesced_mmio[ring->first];
	ring->first = (ring->first + 1) % MINIVMX_COALESCED_MMIO_MAX;
	return true;
}

static __u64 data_of(const struct minivmx_coalesced_mmio *entry)
{
	__u64 data = 0;

	memcpy(&data, entry->data, entry->len);
	return data;
}

/* One write that ended RUN or not: the guest is at its HLT afterwards. */
static int write_ended_run(struct vm *vm)
{
	int ret = vm_run(vm), ended = vm->run->exit_reason == MINIVMX_EXIT_IO;

	if (!ret && ended)
		ret = vm_run(vm);
	if (!ret && vm->run->exit_reason != MINIVMX_EXIT_HLT)
		ret = -EPROTO;
	return ret ? ret : ended;
}

/*
 * The ring is full after its capacity, and that write and only that one ends RUN. (KVM of Linux 6.1
 * finds it full earlier.)
 */
TEST_F(coalesced, ports_in_order)
{
	enum { WRITES = 400 };
	struct vm *vm = &self->vm;
	struct minivmx_coalesced_mmio entry;
	unsigned int next = 0;

	ASSERT_EQ(0, add_zone(vm, PORT, 4, 1));
	ASSERT_EQ(0, START(vm, VM_PROTECTED, count_to_port, 0, WRITES));
	while (next < WRITES) {
		unsigned int begin = next;

		ASSERT_EQ(0, vm_run(vm));
		while (take(vm, &entry)) {
			ASSERT_EQ(next++, data_of(&entry));
			ASSERT_EQ(PORT, entry.phys_addr);
			ASSERT_EQ(4, entry.len);
			ASSERT_EQ(1, entry.pio);
		}
		if (vm->run->exit_reason == MINIVMX_EXIT_HLT)
			break;
		if (variant->kvm) {
			EXPECT_GE(CAPACITY, next - begin);
		} else {
			EXPECT_EQ(CAPACITY, next - begin);
		}
		ASSERT_EQ(MINIVMX_EXIT_IO, vm->run->exit_reason);
		EXPECT_EQ(next++, *(__u32 *)vm_io_data(vm));
	}
	EXPECT_EQ(WRITES, next);
}

TEST_F(coalesced, memory_and_ports_share_the_ring)
{
	static const struct { __u64 addr; __u32 len, pio; } wanted[] = {
		{ VM_HOLE, 1, 0 }, { VM_HOLE, 2, 0 }, { VM_HOLE, 4, 0 }, { VM_HOLE, 8, 0 },
		{ PORT, 2, 1 },
	};
	const __u64 data = 0x1122334455667788;
	struct minivmx_coalesced_mmio entry;
	struct vm *vm = &self->vm;

	ASSERT_EQ(0, add_zone(vm, VM_HOLE, 8, 0));
	ASSERT_EQ(0, add_zone(vm, PORT, 2, 1));
	ASSERT_EQ(0, START(vm, VM_LONG, write_all, data, 0));
	ASSERT_EXIT(vm, MINIVMX_EXIT_HLT);
	for (unsigned int i = 0; i < ARRAY_SIZE(wanted); i++) {
		ASSERT_TRUE(take(vm, &entry));
		EXPECT_EQ(wanted[i].addr, entry.phys_addr);
		EXPECT_EQ(wanted[i].len, entry.len);
		EXPECT_EQ(wanted[i].pio, entry.pio);
		EXPECT_EQ(0, memcmp(&data, entry.data, entry.len));
	}
	EXPECT_FALSE(take(vm, &entry));
}

/* A write that a zone holds in part is not for the ring. */
TEST_F(coalesced, zone_ends)
{
	static const struct { __u64 addr; __u32 size, pio; bool taken; } cases[] = {
		{ PORT, 4, 1, true }, { PORT, 3, 1, false }, { PORT + 1, 4, 1, false },
		{ PORT - 1, 5, 1, true }, { PORT - 1, 4, 1, false }, { PORT - 4, 4, 1, false },
		{ PORT, 0, 1, false }, { PORT, 4, 0, false }, { 0, 0xffffffff, 1, true },
	};
	struct minivmx_coalesced_mmio entry;
	struct vm *vm = &self->vm;

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		ASSERT_EQ(0, add_zone(vm, cases[i].addr, cases[i].size, cases[i].pio));
		ASSERT_EQ(0, START(vm, VM_PROTECTED, count_to_port, 5, 1));
		EXPECT_EQ(!cases[i].taken, write_ended_run(vm)) {
			TH_LOG("zone %u", i);
		}
		EXPECT_EQ(cases[i].taken, take(vm, &entry));
		ASSERT_EQ(0, remove_zone(vm, cases[i].addr, cases[i].size, cases[i].pio));
	}
}

TEST_F(coalesced, strings)
{
	struct minivmx_coalesced_mmio entry;
	struct vm *vm = &self->vm;

	memcpy(vm->mem + VM_DATA, "abc", 3);
	ASSERT_EQ(0, add_zone(vm, PORT, 1, 1));
	ASSERT_EQ(0, START(vm, VM_PROTECTED, write_string, 0, 3));
	ASSERT_EXIT(vm, MINIVMX_EXIT_HLT);
	for (int i = 0; i < 3; i++) {
		ASSERT_TRUE(take(vm, &entry));
		EXPECT_EQ("abc"[i], data_of(&entry));
		EXPECT_EQ(1, entry.len);
	}
}

TEST_F(coalesced, unregister)
{
	struct vm *vm = &self->vm;

	EXPECT_EQ(-EINVAL, add_zone(vm, PORT, 4, 2));
	EXPECT_EQ(-EINVAL, remove_zone(vm, PORT, 4, 2));
	EXPECT_EQ(-EFAULT, vm_ioctl(vm->fd, MINIVMX_REGISTER_COALESCED_MMIO, 0x10));
	EXPECT_EQ(-EFAULT, vm_ioctl(vm->fd, MINIVMX_UNREGISTER_COALESCED_MMIO, 0x10));
	/* There is none, and that is fine. */
	EXPECT_EQ(0, remove_zone(vm, PORT, 4, 1));

	/* Not all of it is in a zone: both stay. */
	ASSERT_EQ(0, add_zone(vm, PORT, 4, 1));
	ASSERT_EQ(0, add_zone(vm, PORT, 8, 1));
	EXPECT_EQ(0, remove_zone(vm, PORT, 9, 1));
	EXPECT_EQ(0, remove_zone(vm, PORT, 4, 0));
	ASSERT_EQ(0, START(vm, VM_PROTECTED, count_to_port, 5, 1));
	ASSERT_EXIT(vm, MINIVMX_EXIT_HLT);
	/* Both hold this part. */
	EXPECT_EQ(0, remove_zone(vm, PORT + 1, 2, 1));
	ASSERT_EQ(0, START(vm, VM_PROTECTED, count_to_port, 5, 1));
	EXPECT_EQ(1, write_ended_run(vm));
}

/* Whatever the indexes are, the write goes to the ring or to userspace, and the host lives. */
TEST_F(coalesced, hostile_indexes)
{
	static const __u32 max = MINIVMX_COALESCED_MMIO_MAX;
	const struct { __u32 first, last; bool taken; } cases[] = {
		{ 0, max, false }, { 0, max + 1, false }, { 0, 0xffffffff, false },
		{ 0, 0x80000000, false }, { 0xffffffff, 0xffffffff, false },
		{ 0xffffffff, 0, true }, { max, 0, true }, { 1, 0, false }, { 5, 5, true },
		/* These KVM of Linux 6.1 gets wrong. */
		{ 0, max - 1, false }, { max, max - 1, true },
	};
	const unsigned int count = ARRAY_SIZE(cases) - (variant->kvm ? 2 : 0);
	struct minivmx_coalesced_mmio_ring *ring = ring_of(&self->vm);
	struct vm *vm = &self->vm;

	ASSERT_EQ(0, add_zone(vm, PORT, 4, 1));
	for (unsigned int i = 0; i < count; i++) {
		memset(ring, 0xa5, 4096);
		ring->first = cases[i].first;
		ring->last = cases[i].last;
		ASSERT_EQ(0, START(vm, VM_PROTECTED, count_to_port, 0x12345678, 1));
		EXPECT_EQ(!cases[i].taken, write_ended_run(vm)) {
			TH_LOG("first %#x, last %#x", cases[i].first, cases[i].last);
		}
		if (cases[i].taken) {
			EXPECT_EQ(0x12345678, data_of(&ring->coalesced_mmio[cases[i].last]));
			EXPECT_EQ((cases[i].last + 1) % max, ring->last);
		} else {
			EXPECT_EQ(cases[i].last, ring->last);
		}
		EXPECT_EQ(cases[i].first, ring->first);
	}
}

/* One ring for the VM, in the mapping of each vCPU. */
TEST_F(coalesced, vcpus_share_the_ring)
{
	struct minivmx_coalesced_mmio_ring *ring = ring_of(&self->vm), *other;
	struct vm second = { .dev = self->vm.dev, .fd = self->vm.fd };

	second.vcpu = vm_ioctl(second.fd, MINIVMX_CREATE_VCPU, 1);
	ASSERT_LE(0, second.vcpu);
	EXPECT_EQ(MINIVMX_COALESCED_MMIO_PAGE_OFFSET,
		  vm_ioctl(second.dev, MINIVMX_CHECK_EXTENSION, MINIVMX_CAP_COALESCED_MMIO));
	other = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, second.vcpu,
		     MINIVMX_COALESCED_MMIO_PAGE_OFFSET * 4096);
	ASSERT_NE(MAP_FAILED, (void *)other);
	ASSERT_EQ(0, add_zone(&self->vm, PORT, 4, 1));
	ASSERT_EQ(0, START(&self->vm, VM_PROTECTED, count_to_port, 77, 1));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	EXPECT_EQ(1, other->last);
	EXPECT_EQ(77, data_of(&other->coalesced_mmio[0]));
	other->first = 1;
	EXPECT_EQ(1, ring->first);
	munmap(other, 4096);
	close(second.vcpu);
}

TEST_HARNESS_MAIN
