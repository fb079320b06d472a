// SPDX-License-Identifier: GPL-2.0
/*
 * errors.c - every error that minivmx.h documents for the device, a VM and a vCPU.
 *
 * Each runs on KVM too. Where KVM answers otherwise the test says so at that place, with
 * both values. Invalid special registers are in errors_sregs.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vm.h"
#include "kselftest_harness.h"

#define PAGE		4096UL
#define KERNEL_HALF	0xffff888000000000UL
#define BAD_POINTER	0x10UL		/* in the page that no process maps */

GUEST_CODE(halt_forever, 16, "1: hlt\n\t jmp 1b");

VM_FIXTURE(errors)
{
	VM_SETUP(self, variant);
}

/* KVM's device and vCPU answer EINVAL, its VM ENOTTY; minivmx says ENOTTY everywhere. */
TEST_F(errors, unknown_ioctls)
{
	int other = variant->kvm ? -EINVAL : -ENOTTY;
	unsigned long requests[] = {
		_IO(MINIVMX_IO, 0xff), _IOW(MINIVMX_IO, 0xfe, __u64), _IO('x', 0),
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(requests); i++) {
		EXPECT_EQ(other, vm_ioctl(self->vm.dev, requests[i], 0));
		EXPECT_EQ(-ENOTTY, vm_ioctl(self->vm.fd, requests[i], 0));
		EXPECT_EQ(other, vm_ioctl(self->vm.vcpu, requests[i], 0));
	}
}

TEST_F(errors, ioctls_on_the_wrong_descriptor)
{
	int other = variant->kvm ? -EINVAL : -ENOTTY;
	struct minivmx_regs regs;

	EXPECT_EQ(other, vm_ioctl(self->vm.dev, MINIVMX_CREATE_VCPU, 1));
	EXPECT_EQ(other, vm_ioctl(self->vm.dev, MINIVMX_RUN, 0));
	EXPECT_EQ(-ENOTTY, vm_ioctl(self->vm.fd, MINIVMX_RUN, 0));
	EXPECT_EQ(-ENOTTY, vm_ioctl(self->vm.fd, MINIVMX_GET_REGS, (unsigned long)&regs));
	EXPECT_EQ(-ENOTTY, vm_ioctl(self->vm.fd, MINIVMX_CREATE_VM, 0));
	EXPECT_EQ(other, vm_ioctl(self->vm.vcpu, MINIVMX_CREATE_VCPU, 1));
	EXPECT_EQ(other, vm_ioctl(self->vm.vcpu, MINIVMX_CREATE_VM, 0));
}

TEST_F(errors, arguments_that_must_be_zero)
{
	EXPECT_EQ(-EINVAL, vm_ioctl(self->vm.dev, MINIVMX_GET_API_VERSION, 1));
	EXPECT_EQ(-EINVAL, vm_ioctl(self->vm.dev, MINIVMX_CREATE_VM, 1));
	EXPECT_EQ(-EINVAL, vm_ioctl(self->vm.dev, MINIVMX_GET_VCPU_MMAP_SIZE, 1));
	EXPECT_EQ(-EINVAL, vm_ioctl(self->vm.vcpu, MINIVMX_RUN, 1));
}

TEST_F(errors, check_extension)
{
	EXPECT_EQ(0, vm_ioctl(self->vm.dev, MINIVMX_CHECK_EXTENSION, 0x12345678));
	EXPECT_EQ(0, vm_ioctl(self->vm.fd, MINIVMX_CHECK_EXTENSION, 0x12345678));
	EXPECT_LT(0, vm_ioctl(self->vm.fd, MINIVMX_CHECK_EXTENSION, MINIVMX_CAP_USER_MEMORY));
	if (variant->kvm)
		return;
	EXPECT_EQ(MINIVMX_MAX_SLOTS,
		  vm_ioctl(self->vm.dev, MINIVMX_CHECK_EXTENSION, MINIVMX_CAP_NR_MEMSLOTS));
	EXPECT_EQ(MINIVMX_MAX_VCPUS,
		  vm_ioctl(self->vm.dev, MINIVMX_CHECK_EXTENSION, MINIVMX_CAP_MAX_VCPUS));
	EXPECT_EQ(MINIVMX_MAX_VCPUS,
		  vm_ioctl(self->vm.dev, MINIVMX_CHECK_EXTENSION, MINIVMX_CAP_MAX_VCPU_ID));
}

TEST_F(errors, create_vcpu)
{
	int limit = vm_ioctl(self->vm.dev, MINIVMX_CHECK_EXTENSION, MINIVMX_CAP_MAX_VCPU_ID);
	int last;

	ASSERT_LT(0, limit);
	EXPECT_EQ(-EINVAL, vm_ioctl(self->vm.fd, MINIVMX_CREATE_VCPU, limit));
	EXPECT_EQ(-EINVAL, vm_ioctl(self->vm.fd, MINIVMX_CREATE_VCPU, 0xffffffff));
	EXPECT_EQ(-EEXIST, vm_ioctl(self->vm.fd, MINIVMX_CREATE_VCPU, 0));
	last = vm_ioctl(self->vm.fd, MINIVMX_CREATE_VCPU, limit - 1);
	EXPECT_LE(0, last);
	close(last);
	/* A closed descriptor does not free the number: the VM keeps its vCPUs. */
	EXPECT_EQ(-EEXIST, vm_ioctl(self->vm.fd, MINIVMX_CREATE_VCPU, limit - 1));
	/* KVM looks at the low 32 bits alone. */
	if (!variant->kvm) {
		EXPECT_EQ(-EINVAL, vm_ioctl(self->vm.fd, MINIVMX_CREATE_VCPU, 1UL << 32 | 1));
	}
}

TEST_F(errors, descriptor_limit)
{
	struct rlimit limit, low;
	int fd;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	low = limit;
	fd = dup(0);
	ASSERT_LE(0, fd);
	close(fd);
	low.rlim_cur = fd;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &low));
	EXPECT_EQ(-EMFILE, vm_ioctl(self->vm.dev, MINIVMX_CREATE_VM, 0));
	EXPECT_EQ(-EMFILE, vm_ioctl(self->vm.fd, MINIVMX_CREATE_VCPU, 1));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	/* The vCPU that got no descriptor does not exist. */
	EXPECT_LE(0, vm_ioctl(self->vm.fd, MINIVMX_CREATE_VCPU, 1));
}

TEST_F(errors, slot_ranges)
{
	struct vm *vm = &self->vm;
	__u8 *hva = vm->mem;
	int limit = vm_ioctl(vm->dev, MINIVMX_CHECK_EXTENSION, MINIVMX_CAP_NR_MEMSLOTS);

	EXPECT_EQ(-EINVAL, vm_set_slot(vm, 1, 1U << 31, 0x800000, PAGE, hva));
	EXPECT_EQ(-EINVAL, vm_set_slot(vm, limit, 0, 0x800000, PAGE, hva));
	EXPECT_EQ(-EINVAL, vm_set_slot(vm, 0xffff, 0, 0x800000, PAGE, hva));
	EXPECT_EQ(-EINVAL, vm_set_slot(vm, 1, 0, 0x800000, PAGE + 1, hva));
	EXPECT_EQ(-EINVAL, vm_set_slot(vm, 1, 0, 0x800000, PAGE - 1, hva));
	EXPECT_EQ(-EINVAL, vm_set_slot(vm, 1, 0, 0x800010, PAGE, hva));
	EXPECT_EQ(-EINVAL, vm_set_slot(vm, 1, 0, 0x800000, PAGE, hva + 8));
	EXPECT_EQ(-EINVAL, vm_set_slot(vm, 1, 0, -PAGE, 2 * PAGE, hva));
	EXPECT_EQ(-EINVAL, vm_set_slot(vm, 1, 0, -PAGE, PAGE, hva));
	EXPECT_EQ(-EINVAL, vm_set_slot(vm, 1, 0, 1UL << 52, PAGE, hva));
	EXPECT_EQ(-EINVAL, vm_set_slot(vm, 1, 0, (1UL << 52) - PAGE, 2 * PAGE, hva));
	EXPECT_EQ(-EINVAL, vm_set_slot(vm, 1, 0, 0x800000, -PAGE, hva));
	EXPECT_EQ(-EINVAL, vm_set_slot(vm, 1, 0, 0x800000, PAGE, (void *)KERNEL_HALF));
	EXPECT_EQ(-EINVAL, vm_set_slot(vm, 1, 0, 0x800000, 2 * PAGE, (void *)-PAGE));
	/* A tag in bits that linear-address masking ignores. */
	EXPECT_EQ(-EINVAL, vm_set_slot(vm, 1, 0, 0x800000, PAGE, (void *)((unsigned long)hva | 1UL << 62)));
	/* Starts in user space and ends in the kernel's. */
	EXPECT_EQ(-EINVAL, vm_set_slot(vm, 1, 0, 0x800000, 1UL << 47, hva));
	/* None of these made a slot. */
	EXPECT_EQ(-EINVAL, vm_set_slot(vm, 1, 0, 0, 0, NULL));
}

TEST_F(errors, slot_conflicts)
{
	struct vm *vm = &self->vm;
	__u8 *hva = vm->mem;

	ASSERT_EQ(0, vm_set_slot(vm, 1, 0, 0x800000, 4 * PAGE, hva));
	EXPECT_EQ(-EEXIST, vm_set_slot(vm, 2, 0, 0x800000, PAGE, hva));
	EXPECT_EQ(-EEXIST, vm_set_slot(vm, 2, 0, 0x803000, PAGE, hva));
	EXPECT_EQ(-EEXIST, vm_set_slot(vm, 2, 0, 0x7ff000, 2 * PAGE, hva));
	EXPECT_EQ(-EEXIST, vm_set_slot(vm, 2, 0, 0x7ff000, 8 * PAGE, hva));
	EXPECT_EQ(0, vm_set_slot(vm, 2, 0, 0x7ff000, PAGE, hva));
	EXPECT_EQ(0, vm_set_slot(vm, 3, 0, 0x804000, PAGE, hva));
	/* A move is checked like a new slot. */
	EXPECT_EQ(-EEXIST, vm_set_slot(vm, 3, 0, 0x803000, PAGE, hva));
	EXPECT_EQ(-EINVAL, vm_set_slot(vm, 1, 0, 0x800000, PAGE, hva));
	EXPECT_EQ(-EINVAL, vm_set_slot(vm, 1, 0, 0x800000, 4 * PAGE, hva + PAGE));
	EXPECT_EQ(-EINVAL, vm_set_slot(vm, 1, MINIVMX_MEM_READONLY, 0x800000, 4 * PAGE, hva));
	/* Nothing changes: fine. */
	EXPECT_EQ(0, vm_set_slot(vm, 1, 0, 0x800000, 4 * PAGE, hva));
	EXPECT_EQ(0, vm_set_slot(vm, 1, 0, 0, 0, NULL));
	EXPECT_EQ(-EINVAL, vm_set_slot(vm, 1, 0, 0, 0, NULL));
	EXPECT_EQ(0, vm_set_slot(vm, 1, 0, 0x800000, 2 * PAGE, hva));
}

TEST_F(errors, every_slot_can_be_used)
{
	struct vm *vm = &self->vm;
	int limit = vm_ioctl(vm->dev, MINIVMX_CHECK_EXTENSION, MINIVMX_CAP_NR_MEMSLOTS);

	if (limit > MINIVMX_MAX_SLOTS)
		limit = MINIVMX_MAX_SLOTS;
	for (int i = 1; i < limit; i++) {
		EXPECT_EQ(0, vm_set_slot(vm, i, 0, 0x800000 + i * PAGE, PAGE, vm->mem));
	}
	for (int i = 1; i < limit; i++) {
		EXPECT_EQ(0, vm_set_slot(vm, i, 0, 0, 0, NULL));
	}
}

TEST_F(errors, tss_and_identity_map)
{
	__u64 address = 0xfeffc000;
	struct vm fresh;

	EXPECT_EQ(0, vm_ioctl(self->vm.fd, MINIVMX_SET_TSS_ADDR, 0xfffbd000));
	EXPECT_EQ(0, vm_ioctl(self->vm.fd, MINIVMX_SET_TSS_ADDR, 0xffffd000));
	EXPECT_EQ(-EINVAL, vm_ioctl(self->vm.fd, MINIVMX_SET_TSS_ADDR, 0xffffe000));
	EXPECT_EQ(-EINVAL, vm_ioctl(self->vm.fd, MINIVMX_SET_TSS_ADDR, 1UL << 32));
	/* Too late: a vCPU exists. */
	EXPECT_EQ(-EINVAL, vm_ioctl(self->vm.fd, MINIVMX_SET_IDENTITY_MAP_ADDR, (unsigned long)&address));

	ASSERT_EQ(0, vm_open(&fresh, variant->device));
	EXPECT_EQ(0, vm_ioctl(fresh.fd, MINIVMX_SET_IDENTITY_MAP_ADDR, (unsigned long)&address));
	EXPECT_EQ(-EFAULT, vm_ioctl(fresh.fd, MINIVMX_SET_IDENTITY_MAP_ADDR, BAD_POINTER));
	vm_destroy(&fresh);
}

TEST_F(errors, bad_pointers)
{
	void *readonly = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned long bad[] = { BAD_POINTER, KERNEL_HALF, -8UL };

	ASSERT_NE(MAP_FAILED, readonly);
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EFAULT, vm_ioctl(self->vm.dev, MINIVMX_GET_SUPPORTED_CPUID, bad[i]));
		EXPECT_EQ(-EFAULT, vm_ioctl(self->vm.fd, MINIVMX_SET_USER_MEMORY_REGION, bad[i]));
		EXPECT_EQ(-EFAULT, vm_ioctl(self->vm.vcpu, MINIVMX_GET_REGS, bad[i]));
		EXPECT_EQ(-EFAULT, vm_ioctl(self->vm.vcpu, MINIVMX_SET_REGS, bad[i]));
		EXPECT_EQ(-EFAULT, vm_ioctl(self->vm.vcpu, MINIVMX_GET_SREGS, bad[i]));
		EXPECT_EQ(-EFAULT, vm_ioctl(self->vm.vcpu, MINIVMX_SET_SREGS, bad[i]));
		EXPECT_EQ(-EFAULT, vm_ioctl(self->vm.vcpu, MINIVMX_SET_CPUID2, bad[i]));
		if (!variant->kvm) {
			EXPECT_EQ(-EFAULT, vm_ioctl(self->vm.dev, MINIVMX_GET_VMX_CAPS, bad[i]));
		}
	}
	EXPECT_EQ(-EFAULT, vm_ioctl(self->vm.vcpu, MINIVMX_GET_REGS, (unsigned long)readonly));
	EXPECT_EQ(-EFAULT, vm_ioctl(self->vm.vcpu, MINIVMX_GET_SREGS, (unsigned long)readonly));
	munmap(readonly, PAGE);
}

/* The entries, not the head, are out of reach. */
TEST_F(errors, cpuid_entries_out_of_reach)
{
	__u8 *page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct minivmx_cpuid2 *cpuid = (void *)(page + PAGE - sizeof(*cpuid));

	ASSERT_NE(MAP_FAILED, page);
	ASSERT_EQ(0, munmap(page + PAGE, PAGE));
	cpuid->nent = 2;
	EXPECT_EQ(-EFAULT, vm_ioctl(self->vm.vcpu, MINIVMX_SET_CPUID2, (unsigned long)cpuid));
	cpuid->nent = MINIVMX_MAX_CPUID_ENTRIES;
	EXPECT_EQ(-EFAULT,
		  vm_ioctl(self->vm.dev, MINIVMX_GET_SUPPORTED_CPUID, (unsigned long)cpuid));
}

TEST_F(errors, cpuid_sizes)
{
	struct minivmx_cpuid2 *cpuid = calloc(1, sizeof(*cpuid) +
					      257 * sizeof(struct minivmx_cpuid_entry2));

	ASSERT_NE(NULL, cpuid);
	cpuid->nent = 1;
	EXPECT_EQ(-E2BIG, vm_ioctl(self->vm.dev, MINIVMX_GET_SUPPORTED_CPUID, (unsigned long)cpuid));
	if (!variant->kvm) {
		/* KVM leaves nent as it was. */
		__u32 needed = cpuid->nent;

		EXPECT_LT(1, needed);
		EXPECT_EQ(0, vm_ioctl(self->vm.dev, MINIVMX_GET_SUPPORTED_CPUID,
				      (unsigned long)cpuid));
		EXPECT_EQ(needed, cpuid->nent);
		cpuid->entries[0].flags = 1U << 31;
		EXPECT_EQ(-EINVAL, vm_ioctl(self->vm.vcpu, MINIVMX_SET_CPUID2,
					    (unsigned long)cpuid));
	}
	cpuid->nent = MINIVMX_MAX_CPUID_ENTRIES + 1;
	EXPECT_EQ(-E2BIG, vm_ioctl(self->vm.vcpu, MINIVMX_SET_CPUID2, (unsigned long)cpuid));
	cpuid->nent = 0xffffffff;
	EXPECT_EQ(-E2BIG, vm_ioctl(self->vm.vcpu, MINIVMX_SET_CPUID2, (unsigned long)cpuid));
	free(cpuid);
}

/* Beyond the run page and the data pages there is nothing to see, by mmap() or by access. */
TEST_F(errors, mmap_beyond_the_end)
{
	size_t size = self->vm.run_size;
	int status;
	pid_t pid = fork();

	ASSERT_LE(0, pid);
	if (!pid) {
		volatile __u8 *page = mmap(NULL, PAGE, PROT_READ, MAP_SHARED,
					   self->vm.vcpu, size);

		if (page == MAP_FAILED)
			raise(SIGBUS);
		(void)*page;
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
}

TEST_F(errors, one_page_can_be_mapped)
{
	struct minivmx_run *run = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
				       self->vm.vcpu, 0);

	ASSERT_NE(MAP_FAILED, run);
	/* It is the same page. */
	run->exit_reason = 0x12345678;
	EXPECT_EQ(0x12345678, self->vm.run->exit_reason);
	EXPECT_EQ(0, munmap(run, PAGE));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->vm.fd, 0));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->vm.dev, 0));
}

/* At reset the vCPU fetches from F000:FFF0, linear fffffff0: no slot is there. */
TEST_F(errors, run_without_memory)
{
	struct vm vm;

	ASSERT_EQ(0, vm_open(&vm, variant->device));
	ASSERT_EQ(0, vm_add_vcpu(&vm));
	/* KVM allows page tables in proportion to memory: ENOSPC without any. */
	if (variant->kvm) {
		ASSERT_EQ(0, vm_add_memory(&vm, VM_MEM_SIZE));
	}
	ASSERT_EXIT(&vm, MINIVMX_EXIT_INTERNAL_ERROR);
	EXPECT_EQ(MINIVMX_INTERNAL_ERROR_EMULATION, vm.run->internal.suberror);
	if (!variant->kvm) {
		EXPECT_EQ(0xfffffff0, vm.run->emulation_failure.guest_phys_addr);
	}
	vm_destroy(&vm);
}

TEST_F(errors, run_with_the_memory_unmapped)
{
	struct minivmx_regs regs;

	ASSERT_EQ(0, VM_START(&self->vm, VM_REAL, halt_forever));
	ASSERT_EQ(0, munmap(self->vm.mem, self->vm.mem_size));
	self->vm.mem = NULL;
	EXPECT_EQ(-EFAULT, vm_run(&self->vm));
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	EXPECT_EQ(VM_CODE, regs.rip);
}

TEST_HARNESS_MAIN
