// SPDX-License-Identifier: GPL-2.0
/*
 * state.c - guest registers: between struct vmx_vcpu and the VMCS, and the rules of which values a CPU can hold.
 *
 * Reached from run.c at both ends of a slice, and from the register ioctls (module/vcpu.c). vcpu.h explains
 * dirty and stale groups. Functions named state_* run in a slice, but for state_reset().
 */
#include <linux/bits.h>
#include <linux/irqflags.h>
#include <linux/string.h>
#include <asm/apicdef.h>
#include <asm/cpufeature.h>
#include <asm/fpu/types.h>
#include <asm/msr-index.h>
#include <asm/processor-flags.h>
#include <asm/vmx.h>

#include "arch/x86/caps.h"
#include "arch/x86/state.h"
#include "arch/x86/vcpu.h"
#include "arch/x86/vmcs.h"

/* --------------------------------------------------------------- control registers */

/*
 * CR0 and CR4 bits that the guest changes without an exit. The others are ours: a change exits, reads give
 * the read shadow. CD and NW must be ours because VM entry and exit leave them as they are, so a
 * guest's CD would switch off the host's cache. SDM 3C "Loading Guest Control Registers, Debug
 * Registers, and MSRs", "Guest/Host Masks and Read Shadows for CR0 and CR4".
 */
#define CR0_GUEST_OWNED	(X86_CR0_PE | X86_CR0_MP | X86_CR0_EM | X86_CR0_TS | X86_CR0_WP |	\
			 X86_CR0_AM | X86_CR0_PG)
#define CR4_GUEST_OWNED	(X86_CR4_VME | X86_CR4_PVI | X86_CR4_TSD | X86_CR4_DE | X86_CR4_PSE |	\
			 X86_CR4_PAE | X86_CR4_PGE | X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT)

/* Bits of CR4 that a guest may have; the second set only on CPUs that have the feature. */
#define CR4_ALWAYS	(CR4_GUEST_OWNED | X86_CR4_MCE | X86_CR4_PCE)

static u64 cr4_allowed(void)
{
	static const struct {
		u64 bit;
		u32 feature;
	} optional[] = {
		{ X86_CR4_UMIP,		X86_FEATURE_UMIP },
		{ X86_CR4_FSGSBASE,	X86_FEATURE_FSGSBASE },
		{ X86_CR4_PCIDE,	X86_FEATURE_PCID },
		{ X86_CR4_OSXSAVE,	X86_FEATURE_XSAVE },
		{ X86_CR4_SMEP,		X86_FEATURE_SMEP },
		{ X86_CR4_SMAP,		X86_FEATURE_SMAP },
	};
	u64 allowed = CR4_ALWAYS;

	for (int i = 0; i < ARRAY_SIZE(optional); i++)
		if (boot_cpu_has(optional[i].feature))
			allowed |= optional[i].bit;
	return allowed;
}

static void write_control(struct vmx_vcpu *vmx)
{
	u32 entry = vmx_caps.control[VMX_ENTRY];

	/* NE must be 1 in VMX operation; CD and NW are never the guest's. */
	vmcs_write(GUEST_CR0, (vmx->cr0 & ~(X86_CR0_CD | X86_CR0_NW)) | X86_CR0_NE);
	vmcs_write(CR0_READ_SHADOW, vmx->cr0);
	vmcs_write(CR0_GUEST_HOST_MASK, ~CR0_GUEST_OWNED);
	vmcs_write(GUEST_CR3, vmx->cr3);
	/* VMXE must be 1; the guest does not see it. */
	vmcs_write(GUEST_CR4, vmx->cr4 | X86_CR4_VMXE);
	vmcs_write(CR4_READ_SHADOW, vmx->cr4);
	vmcs_write(CR4_GUEST_HOST_MASK, ~CR4_GUEST_OWNED);
	vmcs_write64(GUEST_IA32_EFER, vmx->efer);
	if (vmx->efer & EFER_LMA)
		entry |= VM_ENTRY_IA32E_MODE;
	vmcs_write32(VM_ENTRY_CONTROLS, entry);
}

static void read_control(struct vmx_vcpu *vmx)
{
	vmx->cr0 = (vmx->cr0 & ~CR0_GUEST_OWNED) | (vmcs_read(GUEST_CR0) & CR0_GUEST_OWNED);
	vmx->cr3 = vmcs_read(GUEST_CR3);
	vmx->cr4 = (vmx->cr4 & ~CR4_GUEST_OWNED) | (vmcs_read(GUEST_CR4) & CR4_GUEST_OWNED);
	vmx->efer = vmcs_read64(GUEST_IA32_EFER);
}

/* ----------------------------------------------------------------- core, segments, tables */

static void write_core(struct vmx_vcpu *vmx)
{
	vmcs_write(GUEST_RIP, vmx->rip);
	vmcs_write(GUEST_RSP, vmx->regs[VMX_RSP]);
	vmcs_write(GUEST_RFLAGS, vmx->rflags);
	vmcs_write32(GUEST_INTERRUPTIBILITY_INFO, vmx->interruptibility);
}

static void read_core(struct vmx_vcpu *vmx)
{
	vmx->rip = vmcs_read(GUEST_RIP);
	vmx->regs[VMX_RSP] = vmcs_read(GUEST_RSP);
	vmx->rflags = vmcs_read(GUEST_RFLAGS);
	vmx->interruptibility = vmcs_read32(GUEST_INTERRUPTIBILITY_INFO);
}

static void write_segments(struct vmx_vcpu *vmx)
{
	for (int i = 0; i < SEGMENT_COUNT; i++) {
		const struct vmx_segment *segment = &vmx->segments[i];

		vmcs_write16(GUEST_ES_SELECTOR + 2 * i, segment->selector);
		vmcs_write32(GUEST_ES_LIMIT + 2 * i, segment->limit);
		vmcs_write32(GUEST_ES_AR_BYTES + 2 * i, segment->access_rights);
		vmcs_write(GUEST_ES_BASE + 2 * i, segment->base);
	}
}

static void read_segments(struct vmx_vcpu *vmx)
{
	for (int i = 0; i < SEGMENT_COUNT; i++) {
		struct vmx_segment *segment = &vmx->segments[i];

		segment->selector = vmcs_read16(GUEST_ES_SELECTOR + 2 * i);
		segment->limit = vmcs_read32(GUEST_ES_LIMIT + 2 * i);
		segment->access_rights = vmcs_read32(GUEST_ES_AR_BYTES + 2 * i);
		segment->base = vmcs_read(GUEST_ES_BASE + 2 * i);
	}
}

static void write_tables(struct vmx_vcpu *vmx)
{
	vmcs_write(GUEST_GDTR_BASE, vmx->gdt.base);
	vmcs_write32(GUEST_GDTR_LIMIT, vmx->gdt.limit);
	vmcs_write(GUEST_IDTR_BASE, vmx->idt.base);
	vmcs_write32(GUEST_IDTR_LIMIT, vmx->idt.limit);
}

static void read_tables(struct vmx_vcpu *vmx)
{
	vmx->gdt.base = vmcs_read(GUEST_GDTR_BASE);
	vmx->gdt.limit = vmcs_read32(GUEST_GDTR_LIMIT);
	vmx->idt.base = vmcs_read(GUEST_IDTR_BASE);
	vmx->idt.limit = vmcs_read32(GUEST_IDTR_LIMIT);
}

void state_load(struct vmx_vcpu *vmx)
{
	if (vmx->dirty & STATE_CORE)
		write_core(vmx);
	if (vmx->dirty & STATE_CONTROL)
		write_control(vmx);
	if (vmx->dirty & STATE_SEGMENTS)
		write_segments(vmx);
	if (vmx->dirty & STATE_TABLES)
		write_tables(vmx);
	vmx->dirty = 0;
}

void state_save(struct vmx_vcpu *vmx)
{
	read_core(vmx);
	read_control(vmx);
	vmx->stale = STATE_LAZY;
}

void state_skip_instruction(u32 insn_len)
{
	u32 interruptibility = vmcs_read32(GUEST_INTERRUPTIBILITY_INFO);
	u64 rip = vmcs_read(GUEST_RIP);
	u64 next = rip + insn_len;

	/* Outside 64-bit code RIP has 32 bits: behind the last byte comes the first. */
	if ((rip >> 32) == 0 && (next >> 32) && !(vmcs_read32(GUEST_CS_AR_BYTES) & VMX_AR_L_MASK))
		next = (u32)next;
	vmcs_write(GUEST_RIP, next);
	/* The shadow of STI and MOV SS covers one instruction, and this was it. */
	if (interruptibility & (GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS))
		vmcs_write32(GUEST_INTERRUPTIBILITY_INFO,
			     interruptibility & ~(GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS));
}

/* Brings in the groups that only the VMCS has, by a slice that enters no guest. */
static int state_fetch(struct vmx_vcpu *vmx)
{
	struct slice slice;
	int err;

	if (!vmx->stale)
		return 0;
	local_irq_disable();
	err = slice_begin(&slice, &vmx->vmcs);
	if (!err) {
		if (vmx->stale & STATE_SEGMENTS)
			read_segments(vmx);
		if (vmx->stale & STATE_TABLES)
			read_tables(vmx);
		vmx->stale = 0;
		slice_end(&slice, &vmx->vmcs);
	}
	local_irq_enable();
	return err;
}

/* ------------------------------------------------------------------------ reset */

/* Access rights: present, S, and the types accessed data, accessed code, LDT, busy TSS. */
#define AR_DATA		0x93
#define AR_CODE		0x9b
#define AR_LDT		0x82
#define AR_BUSY_TSS	0x8b

#define MXCSR_AT_RESET	0x1f80
#define FCW_AT_RESET	0x37f

void state_reset(struct vmx_vcpu *vmx)
{
	for (int i = 0; i < SEGMENT_COUNT; i++)
		vmx->segments[i] = (struct vmx_segment){ .limit = 0xffff, .access_rights = AR_DATA };
	/* The first instruction is 16 bytes below 4 GiB, although the selector says otherwise. */
	vmx->segments[SEGMENT_CS].selector = 0xf000;
	vmx->segments[SEGMENT_CS].base = 0xffff0000;
	vmx->segments[SEGMENT_CS].access_rights = AR_CODE;
	vmx->segments[SEGMENT_LDTR].access_rights = AR_LDT;
	vmx->segments[SEGMENT_TR].access_rights = AR_BUSY_TSS;
	vmx->gdt.limit = 0xffff;
	vmx->idt.limit = 0xffff;

	vmx->rip = 0xfff0;
	vmx->rflags = X86_EFLAGS_FIXED;
	vmx->regs[VMX_RDX] = 0x600;	/* what KVM shows for family 6 before it knows the model */
	vmx->cr0 = X86_CR0_CD | X86_CR0_NW | X86_CR0_ET;
	vmx->xcr0 = XFEATURE_MASK_FP;
	vmx->apic_base = 0xfee00000 | MSR_IA32_APICBASE_ENABLE |
			 (vmx->id == 0 ? MSR_IA32_APICBASE_BSP : 0);
	((struct fxregs_state *)vmx->fpu)->cwd = FCW_AT_RESET;
	((struct fxregs_state *)vmx->fpu)->mxcsr = MXCSR_AT_RESET;

	vmx->dirty = STATE_ALL;
	vmx->stale = 0;
}

/* ----------------------------------------------------------------- for the ioctls */

void vmx_get_regs(struct vmx_vcpu *vmx, struct minivmx_regs *regs)
{
	const u64 *from = vmx->regs;

	*regs = (struct minivmx_regs){
		.rax = from[VMX_RAX], .rbx = from[VMX_RBX], .rcx = from[VMX_RCX], .rdx = from[VMX_RDX],
		.rsi = from[VMX_RSI], .rdi = from[VMX_RDI], .rsp = from[VMX_RSP], .rbp = from[VMX_RBP],
		.r8  = from[VMX_R8],  .r9  = from[VMX_R9],  .r10 = from[VMX_R10], .r11 = from[VMX_R11],
		.r12 = from[VMX_R12], .r13 = from[VMX_R13], .r14 = from[VMX_R14], .r15 = from[VMX_R15],
		.rip = vmx->rip, .rflags = vmx->rflags,
	};
}

void vmx_set_regs(struct vmx_vcpu *vmx, const struct minivmx_regs *regs)
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
	/* Whatever was being delivered belonged to the old state. */
	vmx->event.info = 0;
	vmx->dirty |= STATE_CORE;
}

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
	return 0;
}

#define EFER_ALLOWED	(EFER_SCE | EFER_LME | EFER_LMA | EFER_NX)
#define APIC_BASE_RESERVED	(GENMASK_ULL(7, 0) | BIT_ULL(9) | X2APIC_ENABLE)

static bool cr0_valid(u64 cr0)
{
	if (cr0 >> 32)
		return false;
	if ((cr0 & X86_CR0_PG) && !(cr0 & X86_CR0_PE))
		return false;
	return !(cr0 & X86_CR0_NW) || (cr0 & X86_CR0_CD);
}

static bool sregs_valid(const struct minivmx_sregs *sregs)
{
	bool paging = sregs->cr0 & X86_CR0_PG;
	bool long_mode = paging && (sregs->efer & EFER_LME);

	if (!cr0_valid(sregs->cr0) || (sregs->cr4 & ~cr4_allowed()) || (sregs->cr8 >> 4) ||
	    (sregs->efer & ~EFER_ALLOWED))
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
		/* Legacy PAE paging needs four entries from guest memory, which nothing here reads. */
		if (paging && (sregs->cr4 & X86_CR4_PAE))
			return false;
	}
	if ((sregs->apic_base & APIC_BASE_RESERVED) || sregs->apic_base >= vmx_guest_physical_limit())
		return false;
	/* Interrupts can't be injected yet. */
	for (int i = 0; i < ARRAY_SIZE(sregs->interrupt_bitmap); i++)
		if (sregs->interrupt_bitmap[i])
			return false;
	return true;
}

int vmx_set_sregs(struct vmx_vcpu *vmx, const struct minivmx_sregs *sregs)
{
	if (!sregs_valid(sregs))
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
	/* All of it is here now, and the guest's own translations may be out of date. */
	vmx->stale = 0;
	vmx->dirty |= STATE_CONTROL | STATE_SEGMENTS | STATE_TABLES;
	vmx->flush_vpid = true;
	return 0;
}

void vmx_fill_run_page(struct vmx_vcpu *vmx)
{
	struct minivmx_run *run = vmx->run;
	bool shadow = vmx->interruptibility & (GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS);

	run->flags = 0;
	run->if_flag = !!(vmx->rflags & X86_EFLAGS_IF);
	run->ready_for_interrupt_injection = run->if_flag && !shadow &&
		!(vmx->event.info & INTR_INFO_VALID_MASK);
	run->cr8 = vmx->cr8;
	run->apic_base = vmx->apic_base;
}
