// SPDX-License-Identifier: GPL-2.0
/*
 * sregs.c - guest registers as the ioctls show them, and which values a CPU can hold.
 *
 * Reached from module/vcpu_state.c (GET_REGS to SET_SREGS) and run_page.c, outside slices,
 * interrupts on. A value that was set waits in struct vmx_vcpu for the next slice (state.c).
 */
#include <linux/errno.h>
#include <linux/string.h>
#include <asm/msr-index.h>
#include <asm/processor-flags.h>
#include <asm/vmx.h>

#include "arch/x86/control.h"
#include "arch/x86/events.h"
#include "arch/x86/msr.h"
#include "arch/x86/state.h"
#include "arch/x86/vcpu.h"

/* -------------------------------------------------------------- general registers */

int vmx_get_regs(struct vmx_vcpu *vmx, struct minivmx_regs *regs)
{
	const u64 *from = vmx->regs;

	*regs = (struct minivmx_regs){
		.rax = from[VMX_RAX], .rbx = from[VMX_RBX], .rcx = from[VMX_RCX], .rdx = from[VMX_RDX],
		.rsi = from[VMX_RSI], .rdi = from[VMX_RDI], .rsp = from[VMX_RSP], .rbp = from[VMX_RBP],
		.r8  = from[VMX_R8],  .r9  = from[VMX_R9],  .r10 = from[VMX_R10], .r11 = from[VMX_R11],
		.r12 = from[VMX_R12], .r13 = from[VMX_R13], .r14 = from[VMX_R14], .r15 = from[VMX_R15],
		.rip = vmx->rip, .rflags = vmx->rflags,
	};
	return 0;
}

int vmx_set_regs(struct vmx_vcpu *vmx, const struct minivmx_regs *regs)
{
	const u64 values[VMX_NR_REGS] = {
		[VMX_RAX] = regs->rax, [VMX_RBX] = regs->rbx, [VMX_RCX] = regs->rcx, [VMX_RDX] = regs->rdx,
		[VMX_RSI] = regs->rsi, [VMX_RDI] = regs->rdi, [VMX_RSP] = regs->rsp, [VMX_RBP] = regs->rbp,
		[VMX_R8]  = regs->r8,  [VMX_R9]  = regs->r9,  [VMX_R10] = regs->r10, [VMX_R11] = regs->r11,
		[VMX_R12] = regs->r12, [VMX_R13] = regs->r13, [VMX_R14] = regs->r14, [VMX_R15] = regs->r15,
	};

	memcpy(vmx->regs, values, sizeof(values));
	vmx->rip = regs->rip;
	vmx->rflags = regs->rflags | X86_EFLAGS_FIXED;
	/*
	 * An exception that belongs to the old RIP alone; one whose delivery has begun goes on, as
	 * on KVM.
	 */
	if (vmx->events.exception_is_new)
		vmx->events.exception &= ~INTR_INFO_VALID_MASK;
	vmx->debug.step_trap_due = false;
	vmx->dirty |= STATE_CORE;
	return 0;
}

/* ----------------------------------------------- segments and control registers */

/* Access rights: as in a descriptor, and bit 16 for "unusable". */
static void segment_to_user(const struct vmx_segment *from, struct minivmx_segment *to)
{
	u32 ar = from->access_rights;

	*to = (struct minivmx_segment){
		.base = from->base,
		.limit = from->limit,
		.selector = from->selector,
		.type = ar & VMX_AR_TYPE_MASK,
		.s = !!(ar & VMX_AR_S_MASK),
		.dpl = VMX_AR_DPL(ar),
		/* As KVM has it: a segment is present as long as it is usable. */
		.present = !(ar & VMX_AR_UNUSABLE_MASK),
		.avl = (ar >> 12) & 1,
		.l = !!(ar & VMX_AR_L_MASK),
		.db = !!(ar & VMX_AR_DB_MASK),
		.g = !!(ar & VMX_AR_G_MASK),
		.unusable = !!(ar & VMX_AR_UNUSABLE_MASK),
	};
}

static struct vmx_segment segment_from_user(const struct minivmx_segment *from, bool accessed)
{
	struct vmx_segment to = {
		.base = from->base,
		.limit = from->limit,
		.selector = from->selector,
		.access_rights = VMX_AR_UNUSABLE_MASK,
	};

	if (from->unusable || !from->present)
		return to;
	to.access_rights = (from->type & 0xf) | (from->s & 1) << 4 | (from->dpl & 3) << 5 | BIT(7) |
			   (from->avl & 1) << 12 | (from->l & 1) << 13 | (from->db & 1) << 14 |
			   (u32)(from->g & 1) << 15;
	/* VM entry wants loaded segments to be accessed, as loading them would have made them. */
	if (accessed)
		to.access_rights |= VMX_AR_TYPE_ACCESSES_MASK;
	return to;
}

static struct minivmx_segment *sregs_segment(struct minivmx_sregs *sregs, int index)
{
	switch (index) {
	case SEGMENT_ES:	return &sregs->es;
	case SEGMENT_CS:	return &sregs->cs;
	case SEGMENT_SS:	return &sregs->ss;
	case SEGMENT_DS:	return &sregs->ds;
	case SEGMENT_FS:	return &sregs->fs;
	case SEGMENT_GS:	return &sregs->gs;
	case SEGMENT_LDTR:	return &sregs->ldt;
	default:		return &sregs->tr;
	}
}

int vmx_get_sregs(struct vmx_vcpu *vmx, struct minivmx_sregs *sregs)
{
	int err = state_fetch(vmx);

	if (err)
		return err;
	memset(sregs, 0, sizeof(*sregs));
	for (int i = 0; i < SEGMENT_COUNT; i++)
		segment_to_user(&vmx->segments[i], sregs_segment(sregs, i));
	sregs->gdt.base = vmx->gdt.base;
	sregs->gdt.limit = vmx->gdt.limit;
	sregs->idt.base = vmx->idt.base;
	sregs->idt.limit = vmx->idt.limit;
	sregs->cr0 = vmx->cr0;
	sregs->cr2 = vmx->cr2;
	sregs->cr3 = vmx->cr3;
	sregs->cr4 = vmx->cr4;
	sregs->cr8 = vmx->cr8;
	sregs->efer = vmx->efer;
	sregs->apic_base = vmx->apic_base;
	events_to_bitmap(vmx, sregs->interrupt_bitmap);
	return 0;
}

/* ------------------------------------------------------- what a CPU can hold */

static bool pae_paging(const struct minivmx_sregs *sregs)
{
	return (sregs->cr0 & X86_CR0_PG) && (sregs->cr4 & X86_CR4_PAE) && !(sregs->efer & EFER_LMA);
}

static bool sregs_valid(struct vmx_vcpu *vmx, const struct minivmx_sregs *sregs)
{
	bool paging = sregs->cr0 & X86_CR0_PG;
	bool long_mode = paging && (sregs->efer & EFER_LME);

	if (!cr0_valid(sregs->cr0) || (sregs->cr4 & ~vmx->cr4_allowed) ||
	    (sregs->cr8 & ~CR8_PRIORITY) || !msr_efer_valid(sregs->efer))
		return false;
	if (!!(sregs->efer & EFER_LMA) != long_mode)
		return false;
	if (long_mode) {
		if (!(sregs->cr4 & X86_CR4_PAE) || sregs->cr3 >= vmx_guest_physical_limit())
			return false;
		if (sregs->cs.l && sregs->cs.db && sregs->cs.present && !sregs->cs.unusable)
			return false;
	} else {
		if (sregs->cs.l || (sregs->cr4 & X86_CR4_PCIDE))
			return false;
	}
	if (!msr_apic_base_valid(sregs->apic_base))
		return false;
	return true;
}

/* SDM 3A "PDPTE Registers": bits that must be 0 in an entry that is present. */
#define PDPTE_PRESENT	BIT_ULL(0)
#define PDPTE_RESERVED	(GENMASK_ULL(2, 1) | GENMASK_ULL(8, 5))

/*
 * With legacy PAE paging MOV to CR3 loads four entries, and the CPU never looks at the table
 * again. As on KVM, a table that can't be read or that MOV would refuse changes nothing.
 */
static void load_pdptrs(struct vmx_vcpu *vmx, u64 cr3)
{
	u64 reserved = PDPTE_RESERVED | ~(vmx_guest_physical_limit() - 1);
	u64 entries[ARRAY_SIZE(vmx->pdptrs)];

	if (memory_read(vmx->vm, cr3 & ~0x1fULL, entries, sizeof(entries)))
		return;
	for (int i = 0; i < ARRAY_SIZE(entries); i++)
		if ((entries[i] & PDPTE_PRESENT) && (entries[i] & reserved))
			return;
	memcpy(vmx->pdptrs, entries, sizeof(entries));
	vmx->stale &= ~STATE_PDPTRS;
	vmx->dirty |= STATE_PDPTRS;
}

int vmx_set_sregs(struct vmx_vcpu *vmx, const struct minivmx_sregs *sregs)
{
	if (!sregs_valid(vmx, sregs))
		return -EINVAL;
	for (int i = 0; i < SEGMENT_COUNT; i++)
		vmx->segments[i] = segment_from_user(sregs_segment((struct minivmx_sregs *)sregs, i),
						     i != SEGMENT_LDTR);
	vmx->gdt = (struct vmx_table){ .base = sregs->gdt.base, .limit = sregs->gdt.limit };
	vmx->idt = (struct vmx_table){ .base = sregs->idt.base, .limit = sregs->idt.limit };
	vmx->cr0 = sregs->cr0;
	vmx->cr2 = sregs->cr2;
	vmx->cr3 = sregs->cr3;
	vmx->cr4 = sregs->cr4;
	vmx->cr8 = sregs->cr8;
	vmx->efer = sregs->efer;
	vmx->apic_base = sregs->apic_base;
	events_from_bitmap(vmx, sregs->interrupt_bitmap);
	/* Their groups are all here now, and the guest's own translations may be out of date. */
	vmx->stale &= ~(STATE_SEGMENTS | STATE_TABLES);
	vmx->dirty |= STATE_CONTROL | STATE_SEGMENTS | STATE_TABLES;
	if (pae_paging(sregs))
		load_pdptrs(vmx, sregs->cr3);
	vmx->flush_vpid = true;
	return 0;
}
