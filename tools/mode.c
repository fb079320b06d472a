// SPDX-License-Identifier: GPL-2.0
/*
 * mode.c - puts a new vCPU into the state its guest starts in: real, protected or long mode.
 *
 * Reached from run.c after the image is in memory. What a PC's firmware and boot loader do
 * step by step with a CPU out of reset is done here from outside, in one SET_SREGS: a
 * segment's hidden part is simply written. Continues in run.c with the first RUN.
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
#define EFER_LMA	(1u << 10)
#define RFLAGS_FIXED	(1u << 1)

/* Page-table entries. SDM 3A "4-Level Paging and 5-Level Paging" */
#define PTE_PRESENT	(1u << 0)
#define PTE_WRITABLE	(1u << 1)
#define PTE_PAGE_SIZE	(1u << 7)	/* in a page-directory entry: maps 2 MiB */

#define SELECTOR_CODE	0x08
#define SELECTOR_DATA	0x10
#define TYPE_CODE	0xb		/* execute, read, accessed */
#define TYPE_DATA	0x3		/* read, write, accessed */

/* The GDT that SELECTOR_CODE and SELECTOR_DATA index, as a guest sees it if it reloads a segment. */
static const uint64_t gdt_protected[] = { 0, 0x00cf9b000000ffff, 0x00cf93000000ffff };
static const uint64_t gdt_long[]      = { 0, 0x00af9b000000ffff, 0x00cf93000000ffff };

static struct minivmx_segment flat_segment(uint16_t selector, uint8_t type)
{
	return (struct minivmx_segment){
		.limit = 0xffffffff, .selector = selector, .type = type,
		.present = 1, .s = 1, .db = 1, .g = 1,
	};
}

static void set_flat_segments(struct minivmx_sregs *sregs)
{
	sregs->cs = flat_segment(SELECTOR_CODE, TYPE_CODE);
	sregs->ds = flat_segment(SELECTOR_DATA, TYPE_DATA);
	sregs->es = sregs->ds;
	sregs->fs = sregs->ds;
	sregs->gs = sregs->ds;
	sregs->ss = sregs->ds;
}

static void set_gdt(struct vm *vm, struct minivmx_sregs *sregs, const uint64_t *gdt, size_t size)
{
	memcpy(vm->ram + GDT_ADDRESS, gdt, size);
	sregs->gdt = (struct minivmx_dtable){ .base = GDT_ADDRESS, .limit = size - 1 };
	/* No IDT: the first fault becomes a triple fault, which ends the run. */
	sregs->idt = (struct minivmx_dtable){ 0 };
}

static void enter_real(struct minivmx_sregs *sregs)
{
	/* Out of reset CS is F000 with its base at the top of 4 GiB; a loader's far jump ends that. */
	sregs->cs.selector = 0;
	sregs->cs.base = 0;
}

static void enter_protected(struct vm *vm, struct minivmx_sregs *sregs)
{
	set_flat_segments(sregs);
	set_gdt(vm, sregs, gdt_protected, sizeof(gdt_protected));
	sregs->cr0 = CR0_PE | CR0_ET | CR0_NE;
	sregs->cr4 = CR4_OSFXSR | CR4_OSXMMEXCPT;
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

static void enter_long(struct vm *vm, struct minivmx_sregs *sregs)
{
	set_flat_segments(sregs);
	/* L and D together are reserved: VM entry would fail with an invalid guest state. */
	sregs->cs.l = 1;
	sregs->cs.db = 0;
	set_gdt(vm, sregs, gdt_long, sizeof(gdt_long));
	write_page_tables(vm);
	sregs->cr3 = PML4_ADDRESS;
	sregs->cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT;
	sregs->cr0 = CR0_PE | CR0_ET | CR0_NE | CR0_PG;
	sregs->efer = EFER_LME | EFER_LMA;
	/* A 64-bit TSS is what the CPU wants in TR in long mode; out of reset it holds a 16-bit one. */
	sregs->tr.type = 0xb;
}

int mode_enter(struct vm *vm, const struct image *image)
{
	/* The one fact about its machine that a guest cannot find out by itself: RDI. */
	struct minivmx_regs regs = { .rip = image->entry, .rflags = RFLAGS_FIXED, .rdi = vm->ram_size };
	struct minivmx_sregs sregs;

	if (ioctl(vm->vcpu[0].fd, MINIVMX_GET_SREGS, &sregs) < 0) {
		complain("%s: GET_SREGS: %s", vm->device_path, strerror(errno));
		return STATUS_HOST_ERROR;
	}
	switch (image->mode) {
	case MODE_PROTECTED:
		enter_protected(vm, &sregs);
		break;
	case MODE_LONG:
		enter_long(vm, &sregs);
		break;
	default:
		enter_real(&sregs);
	}
	regs.rsp = image->mode == MODE_REAL ? REAL_STACK : FLAT_STACK;
	if (ioctl(vm->vcpu[0].fd, MINIVMX_SET_SREGS, &sregs) < 0 || ioctl(vm->vcpu[0].fd, MINIVMX_SET_REGS, &regs) < 0) {
		complain("%s: setting the start state: %s", vm->device_path, strerror(errno));
		return STATUS_HOST_ERROR;
	}
	return 0;
}
