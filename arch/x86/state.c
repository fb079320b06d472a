// SPDX-License-Identifier: GPL-2.0
/*
 * state.c - guest registers: between struct vmx_vcpu and the VMCS.
 *
 * Reached from run.c at both ends of a slice, and from handlers (exit_*.c) between them; outside
 * slices state_fetch() is reached from whoever looks at registers that only the VMCS has. vcpu.h
 * explains dirty and stale groups.
 */
#include <linux/bits.h>
#include <linux/irqflags.h>
#include <linux/string.h>
#include <asm/debugreg.h>
#include <asm/msr-index.h>
#include <asm/processor-flags.h>
#include <asm/special_insns.h>
#include <asm/vmx.h>

#include "arch/x86/caps.h"
#include "arch/x86/control.h"
#include "arch/x86/debug.h"
#include "arch/x86/fpu.h"
#include "arch/x86/state.h"
#include "arch/x86/vcpu.h"
#include "arch/x86/vmcs.h"

/* --------------------------------------------------------------- control registers */

void state_load_control(struct vmx_vcpu *vmx)
{
	u32 entry = vmx_caps.control[VMX_ENTRY];

	vmcs_write(GUEST_CR0, (vmx->cr0 & ~CR0_HOST_OWNED) | X86_CR0_NE);
	vmcs_write(CR0_READ_SHADOW, vmx->cr0);
	vmcs_write(CR0_GUEST_HOST_MASK, CR0_HOST_OWNED);
	vmcs_write(GUEST_CR3, vmx->cr3);
	/* VMXE must be 1, and MCE the host's. The guest sees neither. */
	vmcs_write(GUEST_CR4, (vmx->cr4 & ~X86_CR4_MCE) | (native_read_cr4() & X86_CR4_MCE) |
			      X86_CR4_VMXE);
	vmcs_write(CR4_READ_SHADOW, vmx->cr4);
	vmcs_write(CR4_GUEST_HOST_MASK, ~cr4_guest_owned(vmx));
	vmcs_write64(GUEST_IA32_EFER, vmx->efer);
	if (vmx->efer & EFER_LMA)
		entry |= VM_ENTRY_IA32E_MODE;
	vmcs_write32(VM_ENTRY_CONTROLS, entry);
}

void state_save_control(struct vmx_vcpu *vmx)
{
	u64 cr4_owned = cr4_guest_owned(vmx);

	vmx->cr0 = (vmx->cr0 & CR0_HOST_OWNED) | (vmcs_read(GUEST_CR0) & ~CR0_HOST_OWNED);
	vmx->cr3 = vmcs_read(GUEST_CR3);
	vmx->cr4 = (vmx->cr4 & ~cr4_owned) | (vmcs_read(GUEST_CR4) & cr4_owned);
	vmx->efer = vmcs_read64(GUEST_IA32_EFER);
}

/* ----------------------------------------------------------------- core, segments, tables */

/* The shadow of STI and MOV SS covers one instruction. */
#define ONE_INSTRUCTION_SHADOW	(GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS)

/*
 * A single-step trap that the CPU is to raise after VM entry. In a shadow VM entry insists that
 * one is pending just if TF is set. SDM 3C "Checks on Guest Non-Register State".
 */
static void write_pending_debug(struct vmx_vcpu *vmx, u32 interruptibility, u64 rflags)
{
	u64 pending = vmcs_read(GUEST_PENDING_DBG_EXCEPTIONS);

	if (interruptibility & ONE_INSTRUCTION_SHADOW)
		pending &= ~(u64)DR_STEP;
	if (vmx->debug.step_trap_due ||
	    ((interruptibility & ONE_INSTRUCTION_SHADOW) && (rflags & X86_EFLAGS_TF)))
		pending |= DR_STEP;
	vmx->debug.step_trap_due = false;
	vmcs_write(GUEST_PENDING_DBG_EXCEPTIONS, pending);
}

static void write_core(struct vmx_vcpu *vmx)
{
	u32 interruptibility = vmx->interruptibility;
	u64 rflags = vmx->rflags;

	/* A step by TF would trap before the first instruction if that is in a shadow. */
	if (vmx->debug.step_by_tf_due) {
		rflags |= X86_EFLAGS_TF;
		interruptibility &= ~ONE_INSTRUCTION_SHADOW;
		vmx->debug.step_by_tf_due = false;
	}
	vmcs_write(GUEST_RIP, vmx->rip);
	vmcs_write(GUEST_RSP, vmx->regs[VMX_RSP]);
	vmcs_write(GUEST_RFLAGS, rflags);
	vmcs_write32(GUEST_INTERRUPTIBILITY_INFO, interruptibility);
	write_pending_debug(vmx, interruptibility, rflags);
}

static void read_core(struct vmx_vcpu *vmx)
{
	vmx->rip = vmcs_read(GUEST_RIP);
	vmx->regs[VMX_RSP] = vmcs_read(GUEST_RSP);
	vmx->rflags = vmcs_read(GUEST_RFLAGS);
	if (debug_steps_by_tf(vmx))
		vmx->rflags &= ~X86_EFLAGS_TF;
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

/* With EPT the CPU keeps these four in the VMCS. SDM 3C "Guest Non-Register State". */
static void write_pdptrs(struct vmx_vcpu *vmx)
{
	for (int i = 0; i < ARRAY_SIZE(vmx->pdptrs); i++)
		vmcs_write64(GUEST_PDPTR0 + 2 * i, vmx->pdptrs[i]);
}

static void read_pdptrs(struct vmx_vcpu *vmx)
{
	for (int i = 0; i < ARRAY_SIZE(vmx->pdptrs); i++)
		vmx->pdptrs[i] = vmcs_read64(GUEST_PDPTR0 + 2 * i);
}

static void write_sysenter(struct vmx_vcpu *vmx)
{
	vmcs_write32(GUEST_SYSENTER_CS, vmx->sysenter_cs);
	vmcs_write(GUEST_SYSENTER_ESP, vmx->sysenter_esp);
	vmcs_write(GUEST_SYSENTER_EIP, vmx->sysenter_eip);
}

static void read_sysenter(struct vmx_vcpu *vmx)
{
	vmx->sysenter_cs = vmcs_read32(GUEST_SYSENTER_CS);
	vmx->sysenter_esp = vmcs_read(GUEST_SYSENTER_ESP);
	vmx->sysenter_eip = vmcs_read(GUEST_SYSENTER_EIP);
}

static void write_msrs(struct vmx_vcpu *vmx)
{
	vmcs_write64(GUEST_IA32_PAT, vmx->pat);
	vmcs_write64(TSC_OFFSET, vmx->tsc_offset);
}

void state_load(struct vmx_vcpu *vmx)
{
	if (vmx->dirty & STATE_CORE)
		write_core(vmx);
	if (vmx->dirty & STATE_CONTROL)
		state_load_control(vmx);
	if (vmx->dirty & STATE_SEGMENTS)
		write_segments(vmx);
	if (vmx->dirty & STATE_TABLES)
		write_tables(vmx);
	if (vmx->dirty & STATE_DEBUG)
		debug_load(vmx);
	if (vmx->dirty & STATE_PDPTRS)
		write_pdptrs(vmx);
	if (vmx->dirty & STATE_SYSENTER)
		write_sysenter(vmx);
	if (vmx->dirty & STATE_MSRS)
		write_msrs(vmx);
	vmx->dirty = 0;
}

void state_save(struct vmx_vcpu *vmx)
{
	read_core(vmx);
	state_save_control(vmx);
	vmx->stale = STATE_LAZY;
}

void state_save_rest(struct vmx_vcpu *vmx)
{
	if (vmx->stale & STATE_SEGMENTS)
		read_segments(vmx);
	if (vmx->stale & STATE_TABLES)
		read_tables(vmx);
	if (vmx->stale & STATE_PDPTRS)
		read_pdptrs(vmx);
	if (vmx->stale & STATE_SYSENTER)
		read_sysenter(vmx);
	vmx->stale = 0;
}

/*
 * Has RIP gone over 4 GiB? Outside 64-bit code it has 32 bits: behind the last byte comes the
 * first.
 */
static bool rip_passed_4g(u64 rip, u64 next)
{
	return (rip >> 32) == 0 && (next >> 32);
}

void state_skip_instruction(u32 insn_len)
{
	u32 interruptibility = vmcs_read32(GUEST_INTERRUPTIBILITY_INFO);
	u64 rip = vmcs_read(GUEST_RIP);
	u64 next = rip + insn_len;

	if (rip_passed_4g(rip, next) && !(vmcs_read32(GUEST_CS_AR_BYTES) & VMX_AR_L_MASK))
		next = (u32)next;
	vmcs_write(GUEST_RIP, next);
	if (interruptibility & ONE_INSTRUCTION_SHADOW)
		vmcs_write32(GUEST_INTERRUPTIBILITY_INFO, interruptibility & ~ONE_INSTRUCTION_SHADOW);
}

/* Brings in the groups that only the VMCS has, by a slice that enters no guest. */
int state_fetch(struct vmx_vcpu *vmx)
{
	struct slice slice;
	int err;

	if (!vmx->stale)
		return 0;
	local_irq_disable();
	err = slice_begin(&slice, &vmx->vmcs);
	if (!err) {
		state_save_rest(vmx);
		slice_end(&slice, &vmx->vmcs);
	}
	local_irq_enable();
	return err;
}

int state_move_rip(struct vmx_vcpu *vmx, u32 insn_len)
{
	u64 next = vmx->rip + insn_len;

	if (rip_passed_4g(vmx->rip, next)) {
		int err = state_fetch(vmx);

		if (err)
			return err;
		if (!(vmx->segments[SEGMENT_CS].access_rights & VMX_AR_L_MASK))
			next = (u32)next;
	}
	vmx->rip = next;
	vmx->interruptibility &= ~ONE_INSTRUCTION_SHADOW;
	vmx->dirty |= STATE_CORE;
	return 0;
}

int state_skip_saved(struct vmx_vcpu *vmx, u32 insn_len)
{
	int err = state_move_rip(vmx, insn_len);

	return err ? err : debug_after_skip_saved(vmx);
}

bool state_in_64bit_code(void)
{
	return (vmcs_read64(GUEST_IA32_EFER) & EFER_LMA) &&
	       (vmcs_read32(GUEST_CS_AR_BYTES) & VMX_AR_L_MASK);
}

/* SDM 3C "Guest Register State": it is the DPL of SS. */
unsigned int state_cpl(void)
{
	return VMX_AR_DPL(vmcs_read32(GUEST_SS_AR_BYTES));
}

u64 state_read_gpr(struct vmx_vcpu *vmx, unsigned int number)
{
	u64 value = number == VMX_RSP ? vmcs_read(GUEST_RSP) : vmx->regs[number];

	return state_in_64bit_code() ? value : (u32)value;
}

void state_write_gpr(struct vmx_vcpu *vmx, unsigned int number, u64 value)
{
	if (!state_in_64bit_code())
		value = (u32)value;
	if (number == VMX_RSP)
		vmcs_write(GUEST_RSP, value);
	else
		vmx->regs[number] = value;
}

void state_switch_primary(struct vmx_vcpu *vmx, u32 controls, u32 on)
{
	u32 wanted = (vmx->primary_controls & ~controls) | on;

	if (wanted == vmx->primary_controls)
		return;
	vmx->primary_controls = wanted;
	vmcs_write32(CPU_BASED_VM_EXEC_CONTROL, wanted);
}

/* ------------------------------------------------------------------------ reset */

/* Access rights: present, S, and the types accessed data, accessed code, LDT, busy TSS. */
#define AR_DATA		0x93
#define AR_CODE		0x9b
#define AR_LDT		0x82
#define AR_BUSY_TSS	0x8b

/* SDM 3A "IA32_PAT MSR": the value at power-on. */
#define PAT_AT_RESET	0x0007040600070406ULL
/* What KVM shows: the first update's version; neither PEBS nor BTS, which need a PMU. */
#define MICROCODE_VERSION_AT_RESET	(1ULL << 32)
#define MISC_ENABLE_AT_RESET	(MSR_IA32_MISC_ENABLE_BTS_UNAVAIL | MSR_IA32_MISC_ENABLE_PEBS_UNAVAIL)

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
	vmx->cr4_allowed = cr4_allowed(vmx);
	vmx->apic_base = 0xfee00000 | MSR_IA32_APICBASE_ENABLE |
			 (vmx->id == 0 ? MSR_IA32_APICBASE_BSP : 0);
	vmx->pat = PAT_AT_RESET;
	vmx->microcode_version = MICROCODE_VERSION_AT_RESET;
	vmx->misc_enable = MISC_ENABLE_AT_RESET;
	fpu_reset(vmx);

	vmx->debug.dr6 = DR6_AT_RESET;
	vmx->debug.dr7 = DR7_AT_RESET;

	vmx->dirty = STATE_ALL;
	vmx->stale = 0;
}
