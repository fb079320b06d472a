// SPDX-License-Identifier: GPL-2.0
/*
 * vm.c - makes and drives virtual machines for the selftests. The interface is vm.h.
 *
 * Nothing here judges: a call does its work or returns -errno, and the test decides what
 * that means. The register set-ups follow SDM 3C "Checks on the Guest State Area".
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <fcntl.h>
#include <unistd.h>

#include "vm.h"

#define CR0_PE		0x00000001UL
#define CR0_MP		0x00000002UL
#define CR0_ET		0x00000010UL
#define CR0_NE		0x00000020UL
#define CR0_PG		0x80000000UL
#define CR4_PAE		0x00000020UL
#define CR4_OSFXSR	0x00000200UL
#define CR4_OSXMMEXCPT	0x00000400UL
#define EFER_LME	0x00000100UL
#define EFER_LMA	0x00000400UL

#define SEG_CODE	0xb	/* execute, read, accessed */
#define SEG_DATA	0x3	/* read, write, accessed */
#define SEG_TSS_BUSY	0xb
#define SEG_LDT		0x2

#define PTE_TABLE	0x07UL	/* present, writable, user */
#define PTE_LARGE	0x87UL	/* and a 2 MiB page */

int vm_ioctl(int fd, unsigned long request, unsigned long arg)
{
	int ret = ioctl(fd, request, arg);

	return ret < 0 ? -errno : ret;
}

int vm_open(struct vm *vm, const char *device)
{
	*vm = (struct vm){ .dev = -1, .fd = -1, .vcpu = -1 };
	vm->dev = open(device, O_RDWR | O_CLOEXEC);
	if (vm->dev < 0)
		return -errno;
	vm->fd = vm_ioctl(vm->dev, MINIVMX_CREATE_VM, 0);
	return vm->fd < 0 ? vm->fd : 0;
}

int vm_add_memory(struct vm *vm, size_t size)
{
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (mem == MAP_FAILED)
		return -errno;
	vm->mem = mem;
	vm->mem_size = size;
	return vm_set_slot(vm, 0, 0, 0, size, mem);
}

int vm_add_vcpu(struct vm *vm)
{
	int size = vm_ioctl(vm->dev, MINIVMX_GET_VCPU_MMAP_SIZE, 0);
	void *run;

	if (size < 0)
		return size;
	vm->vcpu = vm_ioctl(vm->fd, MINIVMX_CREATE_VCPU, 0);
	if (vm->vcpu < 0)
		return vm->vcpu;
	run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vm->vcpu, 0);
	if (run == MAP_FAILED)
		return -errno;
	vm->run = run;
	vm->run_size = size;
	return 0;
}

int vm_set_supported_cpuid(struct vm *vm)
{
	struct {
		struct minivmx_cpuid2 head;
		struct minivmx_cpuid_entry2 entries[MINIVMX_MAX_CPUID_ENTRIES];
	} cpuid = { .head.nent = MINIVMX_MAX_CPUID_ENTRIES };
	int ret = vm_ioctl(vm->dev, MINIVMX_GET_SUPPORTED_CPUID, (unsigned long)&cpuid);

	if (ret)
		return ret;
	return vm_ioctl(vm->vcpu, MINIVMX_SET_CPUID2, (unsigned long)&cpuid);
}

int vm_create(struct vm *vm, const char *device)
{
	int ret = vm_open(vm, device);

	if (!ret)
		ret = vm_add_memory(vm, VM_MEM_SIZE);
	if (!ret)
		ret = vm_add_vcpu(vm);
	if (!ret)
		ret = vm_set_supported_cpuid(vm);
	return ret;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void vm_destroy(struct vm *vm)
{
	vm_record_exits(vm);
	if (vm->run)
		munmap(vm->run, vm->run_size);
	close_fd(&vm->vcpu);
	close_fd(&vm->fd);
	close_fd(&vm->dev);
	if (vm->mem)
		munmap(vm->mem, vm->mem_size);
	vm->run = NULL;
	vm->mem = NULL;
}

int vm_set_slot(struct vm *vm, __u32 slot, __u32 flags, __u64 gpa, __u64 size, const void *hva)
{
	struct minivmx_userspace_memory_region region = {
		.slot = slot,
		.flags = flags,
		.guest_phys_addr = gpa,
		.memory_size = size,
		.userspace_addr = (unsigned long)hva,
	};

	return vm_ioctl(vm->fd, MINIVMX_SET_USER_MEMORY_REGION, (unsigned long)&region);
}

int vm_get_regs(struct vm *vm, struct minivmx_regs *regs)
{
	return vm_ioctl(vm->vcpu, MINIVMX_GET_REGS, (unsigned long)regs);
}

int vm_set_regs(struct vm *vm, const struct minivmx_regs *regs)
{
	return vm_ioctl(vm->vcpu, MINIVMX_SET_REGS, (unsigned long)regs);
}

int vm_get_sregs(struct vm *vm, struct minivmx_sregs *sregs)
{
	return vm_ioctl(vm->vcpu, MINIVMX_GET_SREGS, (unsigned long)sregs);
}

int vm_set_sregs(struct vm *vm, const struct minivmx_sregs *sregs)
{
	return vm_ioctl(vm->vcpu, MINIVMX_SET_SREGS, (unsigned long)sregs);
}

int vm_run(struct vm *vm)
{
	return vm_ioctl(vm->vcpu, MINIVMX_RUN, 0);
}

int vm_run_with_rax(struct vm *vm, __u64 rax)
{
	struct minivmx_regs regs;
	int ret = vm_get_regs(vm, &regs);

	regs.rax = rax;
	regs.rip = VM_CODE;
	regs.rsp = VM_STACK;
	if (!ret)
		ret = vm_set_regs(vm, &regs);
	return ret ? ret : vm_run(vm);
}

/* The tables that the segment and control registers set below describe. */
static void write_tables(__u8 *mem, bool is_long)
{
	__u64 *gdt = (__u64 *)(mem + VM_GDT);
	__u64 *pd = (__u64 *)(mem + VM_PD);

	gdt[0] = 0;
	gdt[VM_SEL_CODE / 8] = is_long ? 0x00af9b000000ffffULL : 0x00cf9b000000ffffULL;
	gdt[VM_SEL_DATA / 8] = 0x00cf93000000ffffULL;
	gdt[VM_SEL_TSS / 8] = 0x00008b0000000067ULL;
	gdt[VM_SEL_TSS / 8 + 1] = 0;

	*(__u64 *)(mem + VM_PML4) = VM_PDPT | PTE_TABLE;
	*(__u64 *)(mem + VM_PDPT) = VM_PD | PTE_TABLE;
	for (unsigned long i = 0; i < 512; i++)
		pd[i] = i << 21 | PTE_LARGE;
}

static void flat_segments(struct minivmx_sregs *sregs, bool is_long)
{
	struct minivmx_segment data = {
		.limit = 0xffffffff, .selector = VM_SEL_DATA, .type = SEG_DATA,
		.present = 1, .db = 1, .s = 1, .g = 1,
	};

	sregs->ds = sregs->es = sregs->fs = sregs->gs = sregs->ss = data;
	sregs->cs = data;
	sregs->cs.selector = VM_SEL_CODE;
	sregs->cs.type = SEG_CODE;
	sregs->cs.db = !is_long;
	sregs->cs.l = is_long;
	sregs->tr = (struct minivmx_segment){
		.limit = 0x67, .selector = VM_SEL_TSS, .type = SEG_TSS_BUSY, .present = 1,
	};
	sregs->ldt = (struct minivmx_segment){ .type = SEG_LDT, .limit = 0xffff, .present = 1 };
	sregs->gdt = (struct minivmx_dtable){ .base = VM_GDT, .limit = 5 * 8 - 1 };
	sregs->idt = (struct minivmx_dtable){ .base = VM_IDT, .limit = 0 };
}

static void real_segments(struct minivmx_sregs *sregs)
{
	struct minivmx_segment data = {
		.limit = 0xffff, .type = SEG_DATA, .present = 1, .s = 1,
	};

	sregs->ds = sregs->es = sregs->fs = sregs->gs = sregs->ss = data;
	sregs->cs = data;
	sregs->cs.type = SEG_CODE;
	/* An interrupt vector table without room for a vector: any exception is a triple fault. */
	sregs->idt = (struct minivmx_dtable){ .base = 0, .limit = 0 };
}

int vm_start(struct vm *vm, enum vm_mode mode, const __u8 *start, const __u8 *end)
{
	struct minivmx_regs regs = { .rip = VM_CODE, .rsp = VM_STACK, .rflags = 2 };
	struct minivmx_sregs sregs;
	int ret = vm_get_sregs(vm, &sregs);

	if (ret)
		return ret;
	memcpy(vm->mem + VM_CODE, start, end - start);
	sregs.cr0 = CR0_ET | CR0_NE | CR0_MP;
	sregs.cr3 = sregs.cr4 = sregs.efer = 0;
	if (mode == VM_REAL) {
		real_segments(&sregs);
	} else {
		write_tables(vm->mem, mode == VM_LONG);
		flat_segments(&sregs, mode == VM_LONG);
		sregs.cr0 |= CR0_PE;
	}
	if (mode == VM_LONG) {
		sregs.cr0 |= CR0_PG;
		sregs.cr3 = VM_PML4;
		sregs.cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT;
		sregs.efer = EFER_LME | EFER_LMA;
	}
	ret = vm_set_sregs(vm, &sregs);
	if (!ret)
		ret = vm_set_regs(vm, &regs);
	return ret;
}

/* Two entry points: a load at the start, a store 8 bytes on. */
GUEST_CODE(peek_poke, 32,
	"mov (%ebx), %eax\n\t"
	"hlt\n\t"
	".p2align 3\n\t"
	"mov %eax, (%ebx)\n\t"
	"hlt");
#define POKE_OFFSET	8

int vm_start_peek_poke(struct vm *vm)
{
	return VM_START(vm, VM_PROTECTED, peek_poke);
}

static int access_memory(struct vm *vm, __u64 rip, __u32 gpa, __u32 *value)
{
	struct minivmx_regs regs = {
		.rip = rip, .rsp = VM_STACK, .rflags = 2, .rbx = gpa, .rax = *value,
	};
	int ret = vm_set_regs(vm, &regs);

	if (!ret)
		ret = vm_run(vm);
	if (ret)
		return ret;
	ret = vm_get_regs(vm, &regs);
	*value = regs.rax;
	return ret;
}

int vm_peek(struct vm *vm, __u32 gpa, __u32 *value)
{
	/* A load that never happened must not look like one of zero. */
	*value = 0xdead10ad;
	return access_memory(vm, VM_CODE, gpa, value);
}

int vm_poke(struct vm *vm, __u32 gpa, __u32 value)
{
	return access_memory(vm, VM_CODE + POKE_OFFSET, gpa, &value);
}

bool vm_exit_is_unbacked(struct vm *vm, __u64 gpa)
{
	return vm->run->exit_reason == MINIVMX_EXIT_MMIO && vm->run->mmio.phys_addr == gpa;
}
