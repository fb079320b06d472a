// SPDX-License-Identifier: GPL-2.0
/*
 * mode.c - puts a new vCPU into the state its guest starts in: real, protected or long mode.
 *
 * Reached from machine.c after the image is in memory. What a PC's firmware and boot loader do
 * step by step with a CPU out of reset is done here from outside, in one SET_SREGS: a
 * segment's hidden part is simply written. A kernel's state is the one that fits the Linux/x86 boot
 * protocol, PVH and multiboot at once. Continues in cpu.c with the first RUN.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "command.h"
#include "vm.h"

/* SDM 3A "Control Registers", "Extended Feature Enable Register" */
#define CR0_PE		(1u << 0)
#define CR0_ET		(1u << 4)
#define CR0_NE		(1u << 5)
#define CR0_PG		(1u << 31)
#define CR4_PAE		(1u << 5)
#define CR4_OSFXSR	(1u << 9)
#define CR4_OSXMMEXCPT	(1u << 10)
#define EFER_LME	(1u << 8)
#define RFLAGS_FIXED	(1u << 1)

/* Page-table entries. SDM 3A "4-Level Paging and 5-Level Paging" */
#define PTE_PRESENT	(1u << 0)
#define PTE_WRITABLE	(1u << 1)
#define PTE_PAGE_SIZE	(1u << 7)	/* in a page-directory entry: maps 2 MiB */

/* Code; data comes next. A kernel's are __BOOT_CS and __BOOT_DS of the Linux/x86 boot protocol. */
#define SELECTOR_GUEST	0x08
#define SELECTOR_KERNEL	0x10
#define TYPE_CODE	0xb		/* execute, read, accessed */
#define TYPE_DATA	0x3		/* read, write, accessed */
#define TYPE_TSS	0xb		/* 32-bit or 64-bit, busy */

/* What a guest finds in the GDT when it reloads a segment. */
#define DESCRIPTOR_CODE32	0x00cf9b000000ffff
#define DESCRIPTOR_CODE64	0x00af9b000000ffff
#define DESCRIPTOR_DATA		0x00cf93000000ffff

static struct minivmx_segment flat_segment(uint16_t selector, uint8_t type)
{
	return (struct minivmx_segment){
		.limit = 0xffffffff, .selector = selector, .type = type,
		.present = 1, .s = 1, .db = 1, .g = 1,
	};
}

static void set_flat_segments(struct vm *vm, struct minivmx_sregs *sregs, uint16_t code, uint64_t descriptor)
{
	uint64_t *gdt = (uint64_t *)(vm->ram + GDT_ADDRESS);
	uint16_t data = code + sizeof(*gdt);

	gdt[code / sizeof(*gdt)] = descriptor;
	gdt[data / sizeof(*gdt)] = DESCRIPTOR_DATA;
	sregs->gdt = (struct minivmx_dtable){ .base = GDT_ADDRESS, .limit = data + sizeof(*gdt) - 1 };
	/* No IDT: the first fault becomes a triple fault, which ends the run. */
	sregs->idt = (struct minivmx_dtable){ 0 };
	sregs->cs = flat_segment(code, TYPE_CODE);
	sregs->ds = flat_segment(data, TYPE_DATA);
	sregs->es = sregs->ds;
	sregs->fs = sregs->ds;
	sregs->gs = sregs->ds;
	sregs->ss = sregs->ds;
}

static void enter_real(struct minivmx_sregs *sregs)
{
	/* Out of reset CS is F000 with its base at the top of 4 GiB; a loader's far jump ends that. */
	sregs->cs.selector = 0;
	sregs->cs.base = 0;
}

static void enter_protected(struct vm *vm, const struct image *image, struct minivmx_sregs *sregs)
{
	set_flat_segments(vm, sregs, image->kernel ? SELECTOR_KERNEL : SELECTOR_GUEST, DESCRIPTOR_CODE32);
	sregs->cr0 = CR0_PE | CR0_ET | CR0_NE;
	sregs->cr4 = image->kernel ? 0 : CR4_OSFXSR | CR4_OSXMMEXCPT;
	/* PVH wants a 32-bit TSS of its smallest size; the others want none. */
	sregs->tr.type = TYPE_TSS;
	sregs->tr.limit = 0x67;
}

/* Identity mapping of the whole memory with 2 MiB pages. */
static void write_page_tables(struct vm *vm)
{
	uint64_t *pml4 = (uint64_t *)(vm->ram + PML4_ADDRESS);
	uint64_t *pdpt = (uint64_t *)(vm->ram + PDPT_ADDRESS);
	uint64_t *pd = (uint64_t *)(vm->ram + PD_ADDRESS);
	uint64_t pages = (vm->ram_size + (2 << 20) - 1) >> 21;

	pml4[0] = PDPT_ADDRESS | PTE_PRESENT | PTE_WRITABLE;
	for (uint64_t gib = 0; gib << 9 < pages; gib++)
		pdpt[gib] = (PD_ADDRESS + (gib << 12)) | PTE_PRESENT | PTE_WRITABLE;
	for (uint64_t page = 0; page < pages; page++)
		pd[page] = page << 21 | PTE_PRESENT | PTE_WRITABLE | PTE_PAGE_SIZE;
}

static void enter_long(struct vm *vm, const struct image *image, struct minivmx_sregs *sregs)
{
	set_flat_segments(vm, sregs, image->kernel ? SELECTOR_KERNEL : SELECTOR_GUEST, DESCRIPTOR_CODE64);
	/* L and D together are reserved: VM entry would fail with an invalid guest state. */
	sregs->cs.l = 1;
	sregs->cs.db = 0;
	write_page_tables(vm);
	sregs->cr3 = PML4_ADDRESS;
	sregs->cr4 = CR4_PAE | (image->kernel ? 0 : CR4_OSFXSR | CR4_OSXMMEXCPT);
	sregs->cr0 = CR0_PE | CR0_ET | CR0_NE | CR0_PG;
	sregs->efer = EFER_LME | EFER_LMA;
	/* A 64-bit TSS is what the CPU wants in TR in long mode; out of reset it holds a 16-bit one. */
	sregs->tr.type = TYPE_TSS;
}

int mode_enter(struct vm *vm, const struct image *image)
{
	struct minivmx_regs regs = {
		.rip = image->entry, .rflags = RFLAGS_FIXED,
		.rax = image->rax, .rbx = image->rbx, .rsi = image->rsi,
		.rsp = image->mode == MODE_REAL ? REAL_STACK : FLAT_STACK,
		/* The one fact about its machine that a guest without a boot protocol cannot find out. */
		.rdi = image->kernel ? 0 : vm->ram_size,
	};
	struct minivmx_sregs sregs;

	if (ioctl(vm->vcpu[0].fd, MINIVMX_GET_SREGS, &sregs) < 0) {
		complain("%s: GET_SREGS: %s", vm->device_path, strerror(errno));
		return STATUS_HOST_ERROR;
	}
	switch (image->mode) {
	case MODE_PROTECTED:
		enter_protected(vm, image, &sregs);
		break;
	case MODE_LONG:
		enter_long(vm, image, &sregs);
		break;
	default:
		enter_real(&sregs);
	}
	if (ioctl(vm->vcpu[0].fd, MINIVMX_SET_SREGS, &sregs) < 0 ||
	    ioctl(vm->vcpu[0].fd, MINIVMX_SET_REGS, &regs) < 0) {
		complain("%s: setting the start state: %s", vm->device_path, strerror(errno));
		return STATUS_HOST_ERROR;
	}
	return 0;
}
