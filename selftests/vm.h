/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vm.h - what every selftest needs: a virtual machine, memory, a vCPU, and guest code.
 *
 * The same calls drive /dev/minivmx and /dev/kvm: the tests run on both, and KVM is the
 * oracle. vm.c knows nothing of the harness; calls return 0 (or a count) or -errno. The
 * macros at the end need kselftest_harness.h, which only the test's own file includes.
 */
#ifndef SELFTESTS_VM_H
#define SELFTESTS_VM_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#include "minivmx.h"

#define KVM_DEVICE	"/dev/kvm"

/* Guest-physical layout of the memory that vm_create() makes. */
#define VM_MEM_SIZE	0x400000UL
#define VM_CODE		0x1000UL
#define VM_STACK	0x8000UL	/* grows down */
#define VM_GDT		0x9000UL
#define VM_IDT		0x9800UL
#define VM_PML4		0xa000UL
#define VM_PDPT		0xb000UL
#define VM_PD		0xc000UL	/* 512 pages of 2 MiB: the first GiB, one to one */
#define VM_DATA		0x10000UL	/* free for the test up to VM_MEM_SIZE */
#define VM_HOLE		0x10000000UL	/* mapped in long mode, never backed by vm_create() */

#define VM_SEL_CODE	0x08
#define VM_SEL_DATA	0x10
#define VM_SEL_TSS	0x18

struct vm {
	int dev, fd, vcpu;		/* -1 when closed */
	struct minivmx_run *run;
	size_t run_size;
	__u8 *mem;			/* slot 0, guest-physical 0 */
	size_t mem_size;
};

enum vm_mode {
	VM_REAL,		/* 16-bit code, all bases 0 */
	VM_PROTECTED,		/* flat 32-bit segments, no paging */
	VM_LONG,		/* 64-bit, SSE on */
};

/* ioctl() that returns -errno, with one type for every argument. */
int vm_ioctl(int fd, unsigned long request, unsigned long arg);

/* Each builds on the one before; vm_create() is all of them, and supported CPUID leaves. */
int vm_open(struct vm *vm, const char *device);
int vm_add_memory(struct vm *vm, size_t size);
int vm_add_vcpu(struct vm *vm);
int vm_create(struct vm *vm, const char *device);
int vm_set_supported_cpuid(struct vm *vm);

/* Closes and unmaps whatever is there. */
void vm_destroy(struct vm *vm);

int vm_set_slot(struct vm *vm, __u32 slot, __u32 flags, __u64 gpa, __u64 size, const void *hva);
int vm_get_regs(struct vm *vm, struct minivmx_regs *regs);
int vm_set_regs(struct vm *vm, const struct minivmx_regs *regs);
int vm_get_sregs(struct vm *vm, struct minivmx_sregs *sregs);
int vm_set_sregs(struct vm *vm, const struct minivmx_sregs *sregs);
int vm_run(struct vm *vm);
/* Runs the code at VM_CODE again, from its start, with this in RAX. */
int vm_run_with_rax(struct vm *vm, __u64 rax);

/* Copies the code to VM_CODE and makes the vCPU ready to execute it in the mode. */
int vm_start(struct vm *vm, enum vm_mode mode, const __u8 *start, const __u8 *end);

/* One load or store by a VM_PROTECTED guest that PEEK_POKE prepared; returns vm_run()'s value. */
int vm_peek(struct vm *vm, __u32 gpa, __u32 *value);
int vm_poke(struct vm *vm, __u32 gpa, __u32 value);
int vm_start_peek_poke(struct vm *vm);

/* The data of an IO exit. */
static inline void *vm_io_data(struct vm *vm)
{
	return (__u8 *)vm->run + vm->run->io.data_offset;
}

/* Prints the run page as TAP comments, for a failed expectation. */
void vm_print_exit(struct vm *vm);

/* An access that no memory backs. */
bool vm_exit_is_unbacked(struct vm *vm, __u64 gpa);

/* For `make exit-table`: notes the exits that the vCPU has had; part of vm_destroy(). */
void vm_record_exits(struct vm *vm);

/* Small things several tests need. */
bool vm_present(const char *device);
int vm_pin_to_cpu(int cpu);
int vm_count_cpus(void);
bool vm_set_cpu1_online(bool online);		/* false: there is none, or it must stay */
double vm_seconds(void);
void vm_arm_alarm(unsigned int milliseconds);	/* SIGALRM with an empty handler, no SA_RESTART */
long vm_read_number(const char *path);		/* -1: not readable */
bool vm_write_text(const char *path, const char *text);
/* The word in brackets of a file in sysfs; empty if there is none. */
void vm_read_choice(const char *path, char *choice, size_t size);
/* How often a device's module is held. Teardown may finish later: it has 5 s to come back. */
const char *vm_refcnt_path(bool kvm);
bool vm_refcnt_returns_to(const char *path, long wanted);
long vm_stat(struct vm *vm, const char *name);	/* of the VM's statistics; -1: absent */
long vm_meminfo_kib(const char *field);		/* of /proc/meminfo; -1: absent */

/*
 * Guest code lives in the test's read-only data, assembled for its mode and position
 * independent; name_start and name_end delimit it. It is aligned to 16 bytes, like VM_CODE.
 */
#define GUEST_CODE(name, bits, code)				\
	asm(".pushsection .rodata\n\t.p2align 4\n\t.code" #bits "\n"	\
	    #name "_start:\n\t" code "\n" #name "_end:\n\t"	\
	    ".code64\n\t.popsection");				\
	extern const __u8 name##_start[], name##_end[]

#define VM_START(vm, mode, name)	vm_start(vm, mode, name##_start, name##_end)

/*
 * SKIP() in a fixture's set-up does not keep the harness of Linux 6.1 from running the test;
 * leaving the test's process with the harness's own code for a skip does.
 */
#define VM_SKIP_CODE	255
#define VM_REQUIRE(device)						\
	do {								\
		if (!vm_present(device))				\
			SKIP(_exit(VM_SKIP_CODE), "%s is absent", device); \
	} while (0)

/* A fixture with one VM, once for each device. */
#define VM_FIXTURE(name)						\
	FIXTURE(name) { struct vm vm; };				\
	FIXTURE_VARIANT(name) { const char *device; bool kvm; };	\
	FIXTURE_VARIANT_ADD(name, minivmx) { .device = MINIVMX_DEVICE };	\
	FIXTURE_VARIANT_ADD(name, kvm) { .device = KVM_DEVICE, .kvm = true };	\
	FIXTURE_TEARDOWN(name) { vm_destroy(&self->vm); }		\
	FIXTURE_SETUP(name)

#define VM_SETUP(self, variant)						\
	do {								\
		VM_REQUIRE((variant)->device);				\
		ASSERT_EQ(0, vm_create(&(self)->vm, (variant)->device));	\
	} while (0)

#define ASSERT_EXIT(vm, reason)						\
	do {								\
		ASSERT_EQ(0, vm_run(vm)) { vm_print_exit(vm); }		\
		ASSERT_EQ((__u32)(reason), (vm)->run->exit_reason) { vm_print_exit(vm); } \
	} while (0)

#endif /* SELFTESTS_VM_H */
