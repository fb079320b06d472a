// SPDX-License-Identifier: GPL-2.0
/*
 * rules_guest_registers.c - the rules of VM entry about the guest's control registers, debug registers,
 * MSRs, descriptor tables, RIP and RFLAGS.
 *
 * Reached from rules.c. Whoever breaks one fails the entry with exit reason 33. SDM 3C "Checks on the
 * Guest State Area"; segments are in rules_guest_segments.c.
 */
#include "rules.h"

#define REGISTER		"Checks on Guest Control Registers, Debug Registers, and MSRs"
#define REGISTER_RULE(...)	RULE(STAGE_GUEST, REGISTER, __VA_ARGS__)
#define REGISTER_BITS(...)	BITS_RULE(STAGE_GUEST, REGISTER, __VA_ARGS__)
#define TABLE_RULE(...)		RULE(STAGE_GUEST, "Checks on Guest Descriptor-Table Registers", __VA_ARGS__)
#define RIP			"Checks on Guest RIP, RFLAGS, and SSP"
#define RIP_RULE(...)		RULE(STAGE_GUEST, RIP, __VA_ARGS__)
#define RIP_BITS(...)		BITS_RULE(STAGE_GUEST, RIP, __VA_ARGS__)

/* which: the field */
PREDICATE(not_canonical, !canonical(f, field(f, which)))
PREDICATE(above_width, !physical(f, field(f, which)))
PREDICATE(above_4g, field(f, which) >> 32)
PREDICATE(above_64k, field(f, which) >> 16)
PREDICATE(above_255, field(f, which) >> 8)
PREDICATE(bad_pat, !pat_valid(field(f, which)))

/* VM entry leaves NW, CD and ET alone; an unrestricted guest may have PE and PG as it likes. */
#define CR0_UNCHECKED	(1ull << 30 | 1ull << 29 | 1ull << 4)

static uint64_t cr0_must_be_1(const struct facts *f)
{
	return must_be_1(f, MSR_VMX_CR0_FIXED0) & ~(CR0_UNCHECKED | (f->unrestricted ? CR0_PE | CR0_PG : 0));
}

WRONG_BITS(cr0_clear, cr0_must_be_1(f) & ~f->cr0)
WRONG_BITS(cr0_set, f->cr0 & ~may_be_1(f, MSR_VMX_CR0_FIXED1) & ~CR0_UNCHECKED)
PREDICATE(pg_without_pe, f->cr0 & CR0_PG && !(f->cr0 & CR0_PE))
WRONG_BITS(cr4_clear, must_be_1(f, MSR_VMX_CR4_FIXED0) & ~f->cr4)
WRONG_BITS(cr4_set, f->cr4 & ~may_be_1(f, MSR_VMX_CR4_FIXED1))
PREDICATE(cet_without_wp, f->cr4 & CR4_CET && !(f->cr0 & CR0_WP))
/* Bits 5:3 and 63:16; some CPUs reserve more. SDM 3B "IA32_DEBUGCTL MSR" */
PREDICATE(debugctl_reserved, field(f, which) & ~0xffc7ull)
PREDICATE(no_paging, !(f->cr0 & CR0_PG))
PREDICATE(no_pae, !(f->cr4 & CR4_PAE))
PREDICATE(pcide_without_ia32e, f->cr4 & CR4_PCIDE && !f->ia32e)
PREDICATE(counters_reserved, bits(field(f, which), 63, 49))
WRONG_BITS(efer_reserved, f->efer & ~EFER_DEFINED)
PREDICATE(lma_differs, !(f->efer & EFER_LMA) == f->ia32e)
PREDICATE(lme_differs, f->cr0 & CR0_PG && !(f->efer & EFER_LMA) != !(f->efer & EFER_LME))
PREDICATE(bndcfgs_reserved, bits(field(f, which), 11, 2))
PREDICATE(rtit_reserved, bits(field(f, which), 63, 57) || bits(field(f, which), 54, 48))
PREDICATE(cet_reserved, bits(field(f, which), 9, 6) || bits(field(f, which), 11, 10) == 3)
PREDICATE(lbr_reserved, bits(field(f, which), 15, 4) || bits(field(f, which), 63, 23))

/* Less than canonical: the highest bit of a linear address may differ from those above it. */
static bool upper_bits_differ(const struct facts *f, uint64_t value)
{
	uint64_t upper = value >> f->linear_bits;

	return upper && upper != ~0ull >> f->linear_bits;
}

#define CS(f)		((f)->segment[SEGMENT_CS])
PREDICATE(rip_above_4g, !(f->ia32e && CS(f).l) && field(f, which) >> 32)
PREDICATE(rip_too_wide, f->ia32e && CS(f).l && upper_bits_differ(f, field(f, which)))
PREDICATE(ssp_unaligned, field(f, which) & 3)
PREDICATE(ssp_too_wide, upper_bits_differ(f, field(f, which)))

/* Bits 63:22, 15, 5 and 3 */
WRONG_BITS(rflags_reserved, f->rflags & (~0x3fffffull | 1 << 15 | 1 << 5 | 1 << 3))
PREDICATE(rflags_bit_1, !(f->rflags & 1 << 1))
PREDICATE(vm_in_ia32e, f->v8086 && f->ia32e)
PREDICATE(vm_in_real_mode, f->v8086 && !(f->cr0 & CR0_PE))
PREDICATE(interrupt_without_if, f->event == EVENT_EXTERNAL_INTERRUPT && !(f->rflags & RFLAGS_IF))

#define CANONICAL(kind, id, when, name, field)				\
	kind(id, when, not_canonical, field,						\
		name " is not canonical: its upper bits are not copies of the highest bit of a linear address.", \
		"A value of the user's or a guest's was taken without a test.",		\
		"Refuse such a value where it comes in, as WRMSR and LGDT do, with #GP.", field)

static const struct rule rules[] = {
	REGISTER_BITS("guest.cr0.fixed-0", ALWAYS, cr0_clear, 0,
		"A bit of the guest's CR0 is 0, and VMX operation wants it to be 1.",
		"NE is the usual one: the CPU wants it in every guest; PE and PG too, without "
		"\"Unrestricted guest\".",
		"OR IA32_VMX_CR0_FIXED0 into the field, and show the guest its own value in the read shadow.",
		VMCS_GUEST_CR0, VMCS_SECONDARY_CONTROLS),
	REGISTER_BITS("guest.cr0.fixed-1", ALWAYS, cr0_set, 0,
		"A bit of the guest's CR0 is 1, and VMX operation wants it to be 0.",
		"A value of the user's was taken without a test; bits 63:32 are reserved.",
		"Refuse bits that are not in IA32_VMX_CR0_FIXED1.", VMCS_GUEST_CR0),
	REGISTER_RULE("guest.cr0.pg-pe", ALWAYS, pg_without_pe, 0,
		"The guest's CR0.PG is 1 while CR0.PE is 0: there is no paging without protection.",
		"Only one of the two was changed.",
		"Change both, as a MOV to CR0 would have to.", VMCS_GUEST_CR0),
	REGISTER_BITS("guest.cr4.fixed-0", ALWAYS, cr4_clear, 0,
		"A bit of the guest's CR4 is 0, and VMX operation wants it to be 1 (VMXE at least).",
		"The guest's own CR4 was written as it is.",
		"OR IA32_VMX_CR4_FIXED0 into the field, and hide VMXE by the guest/host mask.",
		VMCS_GUEST_CR4),
	REGISTER_BITS("guest.cr4.fixed-1", ALWAYS, cr4_set, 0,
		"A bit of the guest's CR4 is 1, and this CPU wants it to be 0.",
		"The guest uses a feature that this CPU does not have: its CPUID shows too much.",
		"Refuse bits that are not in IA32_VMX_CR4_FIXED1, and hide the feature in CPUID.",
		VMCS_GUEST_CR4),
	REGISTER_RULE("guest.cr4.cet-wp", ALWAYS, cet_without_wp, 0,
		"The guest's CR4.CET is 1 while its CR0.WP is 0: shadow stacks need write protection.",
		"A value of the user's was taken without a test.",
		"Refuse it, as MOV to CR0 and CR4 do.", VMCS_GUEST_CR4, VMCS_GUEST_CR0),
	REGISTER_RULE("guest.debugctl.reserved", LOAD_DEBUG_CONTROLS, debugctl_reserved,
		VMCS_GUEST_IA32_DEBUGCTL,
		"The guest's IA32_DEBUGCTL has a reserved bit (5:3 or 63:16).",
		"The field was never written.",
		"Write 0 unless the guest uses branch records.", VMCS_GUEST_IA32_DEBUGCTL),
	REGISTER_RULE("guest.dr7.high", LOAD_DEBUG_CONTROLS, above_4g, VMCS_GUEST_DR7,
		"Bits 63:32 of the guest's DR7 are not 0.",
		"A value of the user's was taken without a test.",
		"Refuse it; DR7 at reset is 0x400.", VMCS_GUEST_DR7),
	REGISTER_RULE("guest.cr0.ia32e-pg", GUEST_IA32E, no_paging, 0,
		"\"IA-32e mode guest\" is 1 while the guest's CR0.PG is 0: IA-32e mode is paged.",
		"The control did not follow the guest's EFER.LMA when it switched paging off.",
		"Set the control exactly while LME and PG are both 1.", VMCS_GUEST_CR0, VMCS_ENTRY_CONTROLS),
	REGISTER_RULE("guest.cr4.ia32e-pae", GUEST_IA32E, no_pae, 0,
		"\"IA-32e mode guest\" is 1 while the guest's CR4.PAE is 0: IA-32e mode has no other paging.",
		"A value of the user's was taken without a test.",
		"Set PAE, or leave IA-32e mode.", VMCS_GUEST_CR4, VMCS_ENTRY_CONTROLS),
	REGISTER_RULE("guest.cr4.pcide-ia32e", ALWAYS, pcide_without_ia32e, 0,
		"The guest's CR4.PCIDE is 1 outside of IA-32e mode, which alone has PCIDs.",
		"The guest left IA-32e mode, and PCIDE stayed.",
		"Clear PCIDE before; a CPU refuses to switch paging off while it is 1.",
		VMCS_GUEST_CR4, VMCS_ENTRY_CONTROLS),
	REGISTER_RULE("guest.cr3.width", ALWAYS, above_width, VMCS_GUEST_CR3,
		"The guest's CR3 has a bit above the physical-address width.",
		"Bit 63 was kept: MOV to CR3 takes it to mean \"no flush\", and CR3 does not hold it.",
		"Clear bit 63; refuse the others.", VMCS_GUEST_CR3),
	CANONICAL(REGISTER_RULE, "guest.sysenter-esp.canonical", ALWAYS, "The guest's IA32_SYSENTER_ESP",
		  VMCS_GUEST_IA32_SYSENTER_ESP),
	CANONICAL(REGISTER_RULE, "guest.sysenter-eip.canonical", ALWAYS, "The guest's IA32_SYSENTER_EIP",
		  VMCS_GUEST_IA32_SYSENTER_EIP),
	REGISTER_RULE("guest.perf-global-ctrl.reserved", ENTRY_LOAD_PERF_GLOBAL_CTRL, counters_reserved,
		VMCS_GUEST_IA32_PERF_GLOBAL_CTRL,
		"The guest's IA32_PERF_GLOBAL_CTRL has a bit (63:49) that no CPU has a counter for.",
		"The field was never written.",
		"Write 0 for a guest without counters.", VMCS_GUEST_IA32_PERF_GLOBAL_CTRL),
	REGISTER_RULE("guest.pat.type", ENTRY_LOAD_PAT, bad_pat, VMCS_GUEST_IA32_PAT,
		"A byte of the guest's IA32_PAT is not a memory type: 0, 1, 4, 5, 6 and 7 are.",
		"A value of the user's or the guest's was taken without a test.",
		"Refuse it with #GP; at reset the MSR is 0x0007040600070406.", VMCS_GUEST_IA32_PAT),
	REGISTER_BITS("guest.efer.reserved", ENTRY_LOAD_EFER, efer_reserved, 0,
		"The guest's IA32_EFER has a reserved bit: all but SCE, LME, LMA and NXE are.",
		"A value of the user's or the guest's was taken without a test.",
		"Refuse it with #GP.", VMCS_GUEST_IA32_EFER),
	REGISTER_RULE("guest.efer.lma", ENTRY_LOAD_EFER, lma_differs, 0,
		"The guest's EFER.LMA differs from the VM-entry control \"IA-32e mode guest\".",
		"EFER and the control are written in different places.",
		"Let the control follow LMA.", VMCS_GUEST_IA32_EFER, VMCS_ENTRY_CONTROLS),
	REGISTER_RULE("guest.efer.lme", ENTRY_LOAD_EFER, lme_differs, 0,
		"The guest's EFER.LME differs from EFER.LMA while CR0.PG is 1.",
		"LME was changed under paging, or LMA did not follow PG.",
		"LMA is LME and PG.", VMCS_GUEST_IA32_EFER, VMCS_GUEST_CR0),
	REGISTER_RULE("guest.bndcfgs.reserved", ENTRY_LOAD_BNDCFGS, bndcfgs_reserved, VMCS_GUEST_IA32_BNDCFGS,
		"The guest's IA32_BNDCFGS has a reserved bit (11:2).",
		"The field was never written.",
		"Write 0 for a guest without bound registers.", VMCS_GUEST_IA32_BNDCFGS),
	CANONICAL(REGISTER_RULE, "guest.bndcfgs.canonical", ENTRY_LOAD_BNDCFGS,
		  "The bound directory in the guest's IA32_BNDCFGS", VMCS_GUEST_IA32_BNDCFGS),
	REGISTER_RULE("guest.rtit-ctl.reserved", ENTRY_LOAD_RTIT_CTL, rtit_reserved, VMCS_GUEST_IA32_RTIT_CTL,
		"The guest's IA32_RTIT_CTL has a bit (63:57 or 54:48) that no CPU has.",
		"The field was never written.",
		"Write 0 for a guest without processor trace.", VMCS_GUEST_IA32_RTIT_CTL),
	REGISTER_RULE("guest.s-cet.reserved", ENTRY_LOAD_CET, cet_reserved, VMCS_GUEST_IA32_S_CET,
		"The guest's IA32_S_CET has a reserved bit (9:6), or both bits 11 and 10.",
		"A value of the user's or the guest's was taken without a test.",
		"Refuse it with #GP.", VMCS_GUEST_IA32_S_CET),
	CANONICAL(REGISTER_RULE, "guest.s-cet.canonical", ENTRY_LOAD_CET, "The guest's IA32_S_CET",
		  VMCS_GUEST_IA32_S_CET),
	CANONICAL(REGISTER_RULE, "guest.ssp-table.canonical", ENTRY_LOAD_CET,
		  "The guest's IA32_INTERRUPT_SSP_TABLE_ADDR", VMCS_GUEST_IA32_INTERRUPT_SSP_TABLE_ADDR),
	REGISTER_RULE("guest.lbr-ctl.reserved", ENTRY_LOAD_LBR_CTL, lbr_reserved, VMCS_GUEST_IA32_LBR_CTL,
		"The guest's IA32_LBR_CTL has a reserved bit (15:4 or 63:23).",
		"The field was never written.",
		"Write 0 for a guest without branch records.", VMCS_GUEST_IA32_LBR_CTL),
	REGISTER_RULE("guest.pkrs.high", ENTRY_LOAD_PKRS, above_4g, VMCS_GUEST_IA32_PKRS,
		"Bits 63:32 of the guest's IA32_PKRS are not 0.",
		"A value of the user's or the guest's was taken without a test.",
		"Refuse it with #GP.", VMCS_GUEST_IA32_PKRS),
	REGISTER_RULE("guest.uinv.high", ENTRY_LOAD_UINV, above_255, VMCS_GUEST_UINV,
		"Bits 15:8 of the guest's UINV are not 0: it is a vector.",
		"The field was never written.",
		"Write the vector, or 0.", VMCS_GUEST_UINV),

	CANONICAL(TABLE_RULE, "guest.gdtr.base-canonical", ALWAYS, "The guest's GDTR base",
		  VMCS_GUEST_GDTR_BASE),
	TABLE_RULE("guest.gdtr.limit", ALWAYS, above_64k, VMCS_GUEST_GDTR_LIMIT,
		"The guest's GDTR limit is above 0xffff.",
		"A size was taken for a limit, or was not cut to 16 bits.",
		"Write the table's size less 1.", VMCS_GUEST_GDTR_LIMIT),
	CANONICAL(TABLE_RULE, "guest.idtr.base-canonical", ALWAYS, "The guest's IDTR base",
		  VMCS_GUEST_IDTR_BASE),
	TABLE_RULE("guest.idtr.limit", ALWAYS, above_64k, VMCS_GUEST_IDTR_LIMIT,
		"The guest's IDTR limit is above 0xffff.",
		"A size was taken for a limit, or was not cut to 16 bits.",
		"Write the table's size less 1.", VMCS_GUEST_IDTR_LIMIT),

	RIP_RULE("guest.rip.high", ALWAYS, rip_above_4g, VMCS_GUEST_RIP,
		"Bits 63:32 of the guest's RIP are not 0 outside of 64-bit code.",
		"An instruction at the end of 4 GiB was skipped, and RIP not cut to 32 bits.",
		"Cut RIP to 32 bits unless IA-32e mode and CS.L are both 1.",
		VMCS_GUEST_RIP, VMCS_GUEST_CS_ACCESS_RIGHTS, VMCS_ENTRY_CONTROLS),
	RIP_RULE("guest.rip.width", ALWAYS, rip_too_wide, VMCS_GUEST_RIP,
		"The guest's RIP has bits above a linear address that are not all alike.",
		"A value of the user's was taken without a test.",
		"Refuse it; a far return to such an address would fault.",
		VMCS_GUEST_RIP, VMCS_GUEST_CS_ACCESS_RIGHTS, VMCS_ENTRY_CONTROLS),
	RIP_BITS("guest.rflags.reserved", ALWAYS, rflags_reserved, 0,
		"A reserved bit of the guest's RFLAGS (63:22, 15, 5, 3) is 1.",
		"A value of the user's was taken without a test.",
		"Clear these bits, as POPF does.", VMCS_GUEST_RFLAGS),
	RIP_RULE("guest.rflags.bit-1", ALWAYS, rflags_bit_1, 0,
		"Bit 1 of the guest's RFLAGS is 0, and on a CPU it is always 1.",
		"RFLAGS was set to 0; the least it can be is 2.",
		"OR 2 into it.", VMCS_GUEST_RFLAGS),
	RIP_RULE("guest.rflags.vm-ia32e", ALWAYS, vm_in_ia32e, 0,
		"The guest's RFLAGS.VM is 1 in IA-32e mode, which has no virtual-8086 mode.",
		"A value of the user's was taken without a test.",
		"Clear it.", VMCS_GUEST_RFLAGS, VMCS_ENTRY_CONTROLS),
	RIP_RULE("guest.rflags.vm-real-mode", ALWAYS, vm_in_real_mode, 0,
		"The guest's RFLAGS.VM is 1 while CR0.PE is 0: virtual-8086 mode is a part of protected "
		"mode.",
		"A value of the user's was taken without a test.",
		"Clear it: a guest that may be in real mode needs no virtual-8086 mode for that.",
		VMCS_GUEST_RFLAGS, VMCS_GUEST_CR0),
	RIP_RULE("guest.rflags.if-with-extint", ALWAYS, interrupt_without_if, 0,
		"An external interrupt is to be injected while the guest's RFLAGS.IF is 0.",
		"The guest was not asked whether it takes interrupts.",
		"Ask for an interrupt-window exit, and inject then.",
		VMCS_GUEST_RFLAGS, VMCS_ENTRY_INTERRUPTION_INFORMATION),
	RIP_RULE("guest.ssp.alignment", ENTRY_LOAD_CET, ssp_unaligned, VMCS_GUEST_SSP,
		"The guest's SSP is not a multiple of 4.",
		"A value of the user's was taken without a test.",
		"Refuse it.", VMCS_GUEST_SSP),
	RIP_RULE("guest.ssp.width", ENTRY_LOAD_CET, ssp_too_wide, VMCS_GUEST_SSP,
		"The guest's SSP has bits above a linear address that are not all alike.",
		"A value of the user's was taken without a test.",
		"Refuse it.", VMCS_GUEST_SSP),
};

const struct rule_table guest_register_rules = RULE_TABLE(rules);
