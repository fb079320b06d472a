// SPDX-License-Identifier: GPL-2.0
/*
 * vm.c - opens a device and makes a VM, its memory and its vCPUs on it.
 *
 * Reached from run.c. Every call and number here is one that minivmx and KVM share, so
 * the same code drives /dev/minivmx and /dev/kvm. Continues in guest_cpuid.c,
 * image.c and mode.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "command.h"
#include "vm.h"

/* Three pages that KVM keeps for itself on CPUs without unrestricted guest: far above our memory. */
#define TSS_ADDRESS 0xfffbd000UL

int vm_call_failed(const struct vm *vm, const char *call)
{
	complain("%s: %s: %s", vm->device_path, call, strerror(errno));
	return STATUS_HOST_ERROR;
}

static int open_failed(const char *path)
{
	const char *remedy;

	switch (errno) {
	case ENOENT:
	case ENXIO:
	case ENODEV:
		remedy = "is the module loaded? `minivmx doctor` checks the machine";
		break;
	case EACCES:
	case EPERM:
		remedy = "run as root, or give your user access to the device node";
		break;
	default:
		remedy = "`minivmx doctor` checks the machine";
	}
	complain("cannot open %s: %s; %s", path, strerror(errno), remedy);
	return STATUS_HOST_ERROR;
}

static int open_device(struct vm *vm)
{
	int version;

	vm->device = open(vm->device_path, O_RDWR | O_CLOEXEC);
	if (vm->device < 0)
		return open_failed(vm->device_path);
	version = ioctl(vm->device, MINIVMX_GET_API_VERSION, 0);
	if (version < 0)
		return vm_call_failed(vm, "GET_API_VERSION (is this minivmx or KVM?)");
	if (version != MINIVMX_API_VERSION) {
		complain("%s speaks API version %d, this program speaks %d; use the tools built with the module",
			 vm->device_path, version, MINIVMX_API_VERSION);
		return STATUS_HOST_ERROR;
	}
	return 0;
}

static int add_memory(struct vm *vm)
{
	struct minivmx_userspace_memory_region region = { .memory_size = vm->ram_size };
	void *ram = mmap(NULL, vm->ram_size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (ram == MAP_FAILED) {
		complain("cannot map %llu MiB for the guest: %s; ask for less with --mem",
			 (unsigned long long)vm->ram_size >> 20, strerror(errno));
		return STATUS_HOST_ERROR;
	}
	vm->ram = ram;
	region.userspace_addr = (uintptr_t)ram;
	if (ioctl(vm->fd, MINIVMX_SET_USER_MEMORY_REGION, &region) < 0)
		return vm_call_failed(vm, "SET_USER_MEMORY_REGION");
	return 0;
}

static int add_vcpu(struct vm *vm, unsigned int index)
{
	struct vcpu *vcpu = &vm->vcpu[index];
	void *run;
	int size;

	*vcpu = (struct vcpu){ .vm = vm, .index = index };
	vcpu->fd = ioctl(vm->fd, MINIVMX_CREATE_VCPU, (unsigned long)index);
	if (vcpu->fd < 0)
		return vm_call_failed(vm, "CREATE_VCPU");
	vm->vcpus++;
	size = ioctl(vm->device, MINIVMX_GET_VCPU_MMAP_SIZE, 0);
	if (size < 0)
		return vm_call_failed(vm, "GET_VCPU_MMAP_SIZE");
	run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (run == MAP_FAILED)
		return vm_call_failed(vm, "mapping the run page");
	vcpu->run = run;
	vcpu->run_size = size;
	return guest_cpuid_set(vcpu);
}

int vm_open(struct vm *vm, const char *device_path, uint64_t ram_size, unsigned int cores)
{
	int status;

	*vm = (struct vm){ .device_path = device_path, .device = -1, .fd = -1, .ram_size = ram_size,
			   .cores = cores };
	status = open_device(vm);
	if (status)
		return status;
	vm->fd = ioctl(vm->device, MINIVMX_CREATE_VM, 0);
	if (vm->fd < 0)
		return vm_call_failed(vm, "CREATE_VM");
	if (ioctl(vm->fd, MINIVMX_SET_TSS_ADDR, TSS_ADDRESS) < 0)
		return vm_call_failed(vm, "SET_TSS_ADDR");
	status = add_memory(vm);
	for (unsigned int i = 0; !status && i < cores; i++)
		status = add_vcpu(vm, i);
	return status;
}

void vm_close(struct vm *vm)
{
	for (unsigned int i = 0; i < vm->vcpus; i++) {
		if (vm->vcpu[i].run)
			munmap(vm->vcpu[i].run, vm->vcpu[i].run_size);
		close(vm->vcpu[i].fd);
	}
	if (vm->fd >= 0)
		close(vm->fd);
	if (vm->ram)
		munmap(vm->ram, vm->ram_size);
	if (vm->device >= 0)
		close(vm->device);
}
