/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vm.h - libminivmx: a virtual machine with one slot of memory and its vCPUs.
 *
 * Reached from machine.c; continues in vm.c (the objects), guest_cpuid.c (what CPU the guest
 * finds), mode.c (the state it starts in) and image.c (the guest's bytes). Functions that can
 * fail return 0, or an exit status of command.h after having said on stderr what was wrong.
 */
#ifndef MINIVMX_TOOLS_VM_H
#define MINIVMX_TOOLS_VM_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <minivmx.h>

#include "exit_history.h"

#define VCPUS_MAX 16

/* SDM 3A "Extended Feature Enable Register": long mode is active. */
#define EFER_LMA	(1ull << 10)

/* Brings a vCPU's thread back from RUN, and from whatever else lasts. */
#define CPU_KICK_SIGNAL SIGUSR1

struct vm;

struct vcpu {
	struct vm *vm;
	unsigned int index;		/* also its APIC ID */
	int fd;
	struct minivmx_run *run;	/* the run page, and the I/O data behind it */
	size_t run_size;
	struct exit_history history;
};

struct vm {
	const char *device_path;
	int device;			/* /dev/minivmx, or /dev/kvm */
	int fd;
	uint8_t *ram;			/* guest-physical 0 to ram_size */
	uint64_t ram_size;
	unsigned int cores;		/* how many vCPUs it is to have */
	unsigned int vcpus;		/* and has */
	struct vcpu vcpu[VCPUS_MAX];
};

enum guest_mode {
	MODE_DEFAULT,			/* what the image is made for; real for flat binaries */
	MODE_REAL,
	MODE_PROTECTED,
	MODE_LONG,
};

/*
 * Where things are in guest-physical memory. The stack grows down from its address.
 * In protected and long mode an image must stay clear of the tables.
 */
#define REAL_IMAGE	0x7c00		/* where a PC's firmware puts a boot sector */
#define REAL_STACK	0x7c00
#define FLAT_IMAGE	0x100000
#define FLAT_STACK	0x80000
#define TABLES_BEGIN	0x1000
#define GDT_ADDRESS	0x1000
#define PML4_ADDRESS	0x2000
#define PDPT_ADDRESS	0x3000
#define PD_ADDRESS	0x4000		/* one page for each GiB */
#define TABLES_END	0x8000
/* What a boot protocol hands to a kernel, a page each. */
#define BOOT_INFO	0x8000
#define COMMAND_LINE	0x9000
#define BOOT_DATA_END	0xa000

/* Memory ends below the addresses of devices, KVM's TSS and a PC's firmware. */
#define RAM_MIB_MIN	1
#define RAM_MIB_MAX	3072

/* What a kernel is given beside the machine. */
struct boot_options {
	const char *initrd;		/* a file; NULL: none */
	const char *append;		/* the command line; NULL: none */
	uint64_t rsdp;			/* address of ACPI's root pointer; 0: none */
};

/* An image in memory: where the guest starts, and in which state. */
struct image {
	struct boot_options boot;	/* in */
	enum guest_mode mode;		/* in: what the user asks for */
	uint64_t entry;
	bool kernel;			/* started as its boot protocol says, with these registers */
	uint64_t rax, rbx, rsi;
};

int vm_open(struct vm *vm, const char *device_path, uint64_t ram_size, unsigned int cores);
void vm_close(struct vm *vm);

/* Gives the vCPU the CPUID of one of the VM's cores. Without it all leaves read as zero. */
int guest_cpuid_set(struct vcpu *vcpu);

/* Fills image, but for what is "in" there, and the VM's memory, which must be new. */
int image_load(struct vm *vm, const char *path, struct image *image);

/* Sets the first vCPU's registers and writes the tables that its mode needs. */
int mode_enter(struct vm *vm, const struct image *image);

/* Says which call on the VM's device failed, by errno; returns STATUS_HOST_ERROR. */
int vm_call_failed(const struct vm *vm, const char *call);

#endif /* MINIVMX_TOOLS_VM_H */
