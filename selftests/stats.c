// SPDX-License-Identifier: GPL-2.0
/*
 * stats.c - the files of statistics (GET_STATS_FD): the format, by the rules of KVM's API document
 * ("KVM_GET_STATS_FD"), and whether the counters count.
 *
 * Both kinds of file, the VM's and the vCPU's, on both devices.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vm.h"
#include "kselftest_harness.h"

/* What KVM has besides those of minivmx.h. */
#define TYPE(flags)	((flags) & 0xf)
#define TYPE_LOG_HIST	4
#define UNIT(flags)	((flags) >> 4 & 0xf)
#define UNIT_SECONDS	2
#define UNIT_LAST	4
#define BASE(flags)	((flags) >> 8 & 0xf)
#define BASE_POW2	1

#define REASON_CPUID	10

GUEST_CODE(cpuids, 64, "1: xor %eax, %eax\n\t cpuid\n\t dec %esi\n\t jnz 1b\n\t hlt");
GUEST_CODE(spin, 64, "sti\n\t 1: pause\n\t jmp 1b");

FIXTURE(stats) { struct vm vm; int vm_file, vcpu_file; };
FIXTURE_VARIANT(stats) { const char *device; bool kvm; };
FIXTURE_VARIANT_ADD(stats, minivmx) { .device = MINIVMX_DEVICE };
FIXTURE_VARIANT_ADD(stats, kvm) { .device = KVM_DEVICE, .kvm = true };

FIXTURE_SETUP(stats)
{
	VM_SETUP(self, variant);
	self->vm_file = vm_ioctl(self->vm.fd, MINIVMX_GET_STATS_FD, 0);
	self->vcpu_file = vm_ioctl(self->vm.vcpu, MINIVMX_GET_STATS_FD, 0);
	ASSERT_LE(0, self->vm_file);
	ASSERT_LE(0, self->vcpu_file);
}

FIXTURE_TEARDOWN(stats)
{
	close(self->vm_file);
	close(self->vcpu_file);
	vm_destroy(&self->vm);
}

/* A whole file in memory; free() it. NULL: it can't be read. */
static __u8 *file_contents(int fd, size_t *size)
{
	__u8 *contents = malloc(0x10000);
	ssize_t got = pread(fd, contents, 0x10000, 0);

	if (got < (ssize_t)sizeof(struct minivmx_stats_header)) {
		free(contents);
		return NULL;
	}
	*size = got;
	return contents;
}

static const struct minivmx_stats_desc *desc_at(const __u8 *contents, unsigned int index)
{
	const struct minivmx_stats_header *header = (void *)contents;

	return (void *)(contents + header->desc_offset +
			index * (sizeof(struct minivmx_stats_desc) + header->name_size));
}

/* Value @index of the statistic; -1: there is none. */
static long value_of(int fd, const char *name, unsigned int index)
{
	size_t size;
	__u8 *contents = file_contents(fd, &size);
	const struct minivmx_stats_header *header = (void *)contents;
	long value = -1;

	for (unsigned int i = 0; contents && i < header->num_desc; i++) {
		const struct minivmx_stats_desc *desc = desc_at(contents, i);

		if (!strcmp(desc->name, name) && index < desc->size)
			value = ((__s64 *)(contents + header->data_offset + desc->offset))[index];
	}
	free(contents);
	return value;
}

static void check_desc(struct __test_metadata *_metadata, const struct minivmx_stats_header *header,
		       const struct minivmx_stats_desc *desc)
{
	bool linear = TYPE(desc->flags) == MINIVMX_STATS_TYPE_LINEAR_HIST;
	bool histogram = linear || TYPE(desc->flags) == TYPE_LOG_HIST;

	EXPECT_GE(TYPE_LOG_HIST, TYPE(desc->flags));
	EXPECT_GE(UNIT_LAST, UNIT(desc->flags));
	EXPECT_GE(BASE_POW2, BASE(desc->flags));
	EXPECT_EQ(0, desc->flags >> 12);
	/* Parts of ten are for times, powers of two for sizes. */
	if (BASE(desc->flags) == BASE_POW2) {
		EXPECT_LE(0, desc->exponent);
	} else {
		EXPECT_GE(0, desc->exponent);
		EXPECT_TRUE(!desc->exponent || UNIT(desc->flags) == UNIT_SECONDS);
	}
	EXPECT_LT(0, desc->size);
	EXPECT_TRUE(histogram || desc->size == 1);
	EXPECT_EQ(linear, desc->bucket_size != 0);
	EXPECT_EQ(0, desc->offset % sizeof(__u64));
	EXPECT_LT(0, strnlen(desc->name, header->name_size));
	EXPECT_GT(header->name_size, strnlen(desc->name, header->name_size));
}

/* Everything where the header says, nothing over anything else, and no value without a descriptor. */
static void check_format(struct __test_metadata *_metadata, int fd, const char *id)
{
	size_t size, end, values = 0;
	__u8 *contents = file_contents(fd, &size), *used;
	const struct minivmx_stats_header *header = (void *)contents;

	ASSERT_NE(NULL, contents);
	EXPECT_EQ(0, header->flags);
	ASSERT_LT(0, header->name_size);
	EXPECT_EQ(0, header->name_size % sizeof(__u64));
	ASSERT_LT(0, header->num_desc);
	EXPECT_LE(sizeof(*header), header->id_offset);
	EXPECT_LE(header->id_offset + header->name_size, header->desc_offset);
	end = header->desc_offset +
		header->num_desc * (sizeof(struct minivmx_stats_desc) + header->name_size);
	ASSERT_LE(end, header->data_offset);
	ASSERT_LT(header->data_offset, size);
	EXPECT_LT(0, strnlen((char *)contents + header->id_offset, header->name_size));
	EXPECT_GT(header->name_size, strnlen((char *)contents + header->id_offset, header->name_size));
	EXPECT_NE(NULL, strstr((char *)contents + header->id_offset, id));

	used = calloc(1, size);
	for (unsigned int i = 0; i < header->num_desc; i++) {
		const struct minivmx_stats_desc *desc = desc_at(contents, i);

		check_desc(_metadata, header, desc);
		ASSERT_LE(header->data_offset + desc->offset + desc->size * sizeof(__u64), size);
		for (unsigned int n = 0; n < desc->size; n++)
			EXPECT_EQ(0, used[desc->offset / sizeof(__u64) + n]++);
		values += desc->size;
		for (unsigned int n = 0; n < i; n++)
			EXPECT_NE(0, strcmp(desc->name, desc_at(contents, n)->name));
	}
	EXPECT_EQ(size - header->data_offset, values * sizeof(__u64));
	free(used);
	free(contents);
}

TEST_F(stats, format_of_a_vm)
{
	char id[32];

	snprintf(id, sizeof(id), "-%d", getpid());
	check_format(_metadata, self->vm_file, id);
}

TEST_F(stats, format_of_a_vcpu)
{
	char id[32];

	snprintf(id, sizeof(id), "-%d/vcpu-0", getpid());
	check_format(_metadata, self->vcpu_file, id);
}

/* read() goes through the file, pread() does not move; neither writes, seeks or reads past the end. */
TEST_F(stats, reading)
{
	int fds[] = { self->vm_file, self->vcpu_file };

	for (unsigned int f = 0; f < 2; f++) {
		size_t size = 0, done = 0, got;
		__u8 *contents = file_contents(fds[f], &size), *again = malloc(size + 64);
		const struct minivmx_stats_header *header = (void *)contents;
		void *volatile nowhere = (void *)0x10;

		ASSERT_NE(NULL, contents);
		EXPECT_EQ(0, pread(fds[f], again, 8, size));
		EXPECT_EQ(0, pread(fds[f], again, 8, size + 100000));
		EXPECT_EQ(8, pread(fds[f], again, 64, size - 8));
		EXPECT_EQ(-1, pread(fds[f], again, 8, -1));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(-1, read(fds[f], nowhere, 8));
		EXPECT_EQ(EFAULT, errno);
		/* In pieces of 7 bytes that do not care what they cut. */
		while ((got = read(fds[f], again + done, size - done < 7 ? size - done : 7)) > 0)
			done += got;
		EXPECT_EQ(size, done);
		EXPECT_EQ(0, memcmp(contents, again, header->data_offset));
		EXPECT_EQ(0, read(fds[f], again, 8));
		EXPECT_EQ(-1, write(fds[f], again, 8));
		EXPECT_EQ(EBADF, errno);
		EXPECT_EQ(-ENOTTY, vm_ioctl(fds[f], MINIVMX_GET_STATS_FD, 0));
		EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, fds[f], 0));
		EXPECT_EQ(FD_CLOEXEC, fcntl(fds[f], F_GETFD));
		free(again);
		free(contents);
	}
}

static int run_cpuids(struct vm *vm, unsigned int count)
{
	struct minivmx_regs regs;
	int ret = VM_START(vm, VM_LONG, cpuids);

	if (!ret)
		ret = vm_get_regs(vm, &regs);
	regs.rsi = count;
	if (!ret)
		ret = vm_set_regs(vm, &regs);
	return ret ? ret : vm_run(vm);
}

TEST_F(stats, exits_are_counted)
{
	enum { ROUNDS = 123 };
	int fd = self->vcpu_file;
	long exits = value_of(fd, "exits", 0), cpuids = value_of(fd, "exits_by_reason", REASON_CPUID);
	long hlts = value_of(fd, "exits_by_reason", 12), runs = value_of(fd, "runs", 0);
	long slices = value_of(fd, "slices", 0), to_user = value_of(fd, "userspace_exits", 0);

	ASSERT_LE(0, exits);
	ASSERT_EQ(0, run_cpuids(&self->vm, ROUNDS));
	ASSERT_EQ(MINIVMX_EXIT_HLT, self->vm.run->exit_reason);
	EXPECT_LE(exits + ROUNDS + 1, value_of(fd, "exits", 0));
	if (variant->kvm)
		return;
	EXPECT_EQ(cpuids + ROUNDS, value_of(fd, "exits_by_reason", REASON_CPUID));
	EXPECT_EQ(hlts + 1, value_of(fd, "exits_by_reason", 12));
	EXPECT_EQ(runs + 1, value_of(fd, "runs", 0));
	EXPECT_EQ(to_user + 1, value_of(fd, "userspace_exits", 0));
	EXPECT_LT(slices, value_of(fd, "slices", 0));
	EXPECT_GE(value_of(fd, "slices", 0), value_of(fd, "borrowed_slices", 0));
}

/* The reasons add up to the exits. */
TEST_F(stats, reasons_add_up)
{
	long sum = 0, value;

	if (variant->kvm)
		SKIP(return, "KVM does not count reasons");
	ASSERT_EQ(0, run_cpuids(&self->vm, 10));
	for (unsigned int i = 0; (value = value_of(self->vcpu_file, "exits_by_reason", i)) >= 0; i++)
		sum += value;
	EXPECT_EQ(value_of(self->vcpu_file, "exits", 0), sum);
}

TEST_F(stats, signals_and_failures_are_counted)
{
	struct minivmx_interrupt interrupt = { .irq = 32 };

	ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, spin));
	vm_arm_alarm(100);
	EXPECT_EQ(-EINTR, vm_run(&self->vm));
	vm_arm_alarm(0);
	EXPECT_EQ(1, value_of(self->vcpu_file, "signal_exits", 0));
	if (variant->kvm)
		return;
	EXPECT_EQ(0, value_of(self->vcpu_file, "userspace_exits", 0));
	EXPECT_EQ(0, value_of(self->vcpu_file, "entry_failures", 0));
	/* No interrupt with RFLAGS.IF clear. SDM 3C "Checks on Guest RIP, RFLAGS, and SSP". */
	ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, spin));
	ASSERT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_INTERRUPT, (unsigned long)&interrupt));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_FAIL_ENTRY);
	EXPECT_EQ(1, value_of(self->vcpu_file, "entry_failures", 0));
	EXPECT_EQ(1, value_of(self->vcpu_file, "userspace_exits", 0));
}

/* A thread in RUN does not keep others from reading, or from getting a file. */
TEST_F(stats, read_while_the_guest_runs)
{
	int status, fd = self->vcpu_file;
	pid_t pid;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		long first;

		usleep(300000);
		first = value_of(fd, "exits", 0);
		usleep(300000);
		/* The host's timer ends the guest now and then. */
		_exit(value_of(fd, "exits", 0) <= first || first < 0);
	}
	ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, spin));
	vm_arm_alarm(1500);
	EXPECT_EQ(-EINTR, vm_run(&self->vm));
	vm_arm_alarm(0);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* The file keeps what it shows. */
TEST_F(stats, file_outlives_the_descriptors)
{
	ASSERT_EQ(0, run_cpuids(&self->vm, 50));
	vm_destroy(&self->vm);
	EXPECT_LE(50, value_of(self->vcpu_file, "exits", 0));
	if (!variant->kvm) {
		EXPECT_EQ(50, value_of(self->vcpu_file, "exits_by_reason", REASON_CPUID));
		EXPECT_EQ(1, value_of(self->vm_file, "vcpus", 0));
	}
	check_format(_metadata, self->vm_file, "-");
}

TEST_F(stats, no_descriptor_left)
{
	struct rlimit limit, low;
	int fd = dup(0);

	ASSERT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	low = limit;
	low.rlim_cur = fd;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &low));
	EXPECT_EQ(-EMFILE, vm_ioctl(self->vm.fd, MINIVMX_GET_STATS_FD, 0));
	EXPECT_EQ(-EMFILE, vm_ioctl(self->vm.vcpu, MINIVMX_GET_STATS_FD, 0));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
}

TEST_F(stats, what_a_vm_has)
{
	struct minivmx_coalesced_mmio_zone zone = { .addr = VM_HOLE, .size = 8 };
	struct vm *vm = &self->vm;
	int fd = self->vm_file, vcpu;
	long pages;

	ASSERT_EQ(0, run_cpuids(vm, 1));
	/* KVM shows the pages under the same names. */
	pages = value_of(fd, "pages_4k", 0) + 512 * value_of(fd, "pages_2m", 0);
	EXPECT_LT(0, pages);
	ASSERT_EQ(0, munmap(vm->mem, vm->mem_size));
	vm->mem = NULL;
	if (variant->kvm)
		return;
	EXPECT_EQ(0, value_of(fd, "pages_4k", 0));
	EXPECT_EQ(0, value_of(fd, "pages_2m", 0));
	EXPECT_EQ(1, value_of(fd, "slots", 0));
	EXPECT_EQ(1, value_of(fd, "vcpus", 0));
	EXPECT_EQ(0, value_of(fd, "devices", 0));
	vcpu = vm_ioctl(vm->fd, MINIVMX_CREATE_VCPU, 5);
	ASSERT_LE(0, vcpu);
	ASSERT_EQ(0, vm_set_slot(vm, 0, 0, 0, 0, NULL));
	ASSERT_EQ(0, vm_ioctl(vm->fd, MINIVMX_REGISTER_COALESCED_MMIO, (unsigned long)&zone));
	EXPECT_EQ(0, value_of(fd, "slots", 0));
	EXPECT_EQ(2, value_of(fd, "vcpus", 0));
	EXPECT_EQ(1, value_of(fd, "devices", 0));
	close(vcpu);
}

TEST_HARNESS_MAIN
