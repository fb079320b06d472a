// SPDX-License-Identifier: GPL-2.0
/*
 * rules_host.c - the rules of VM entry about the host-state area: what VM exit will load must be fit to
 * run the host.
 *
 * Reached from rules.c. Whoever breaks one gets VMfail with VM-instruction error 8. SDM 3C "Checks on
 * Host Control Registers, MSRs, and SSP" to "Checks Related to Address-Space Size".
 */
#include "rules.h"

#define REGISTER		"Checks on Host Control Registers, MSRs, and SSP"
#define REGISTER_RULE(...)	RULE(STAGE_HOST, REGISTER, __VA_ARGS__)
#define REGISTER_BITS(...)	BITS_RULE(STAGE_HOST, REGISTER, __VA_ARGS__)
#define SEGMENT_RULE(...)	RULE(STAGE_HOST, "Checks on Host Segment and Descriptor-Table Registers", __VA_ARGS__)
#define SIZE_RULE(...)		RULE(STAGE_HOST, "Checks Related to Address-Space Size", __VA_ARGS__)

/* which: the field */
PREDICATE(not_canonical, !canonical(f, field(f, which)))
PREDICATE(above_width, !physical(f, field(f, which)))
PREDICATE(above_4g, field(f, which) >> 32)
PREDICATE(bad_pat, !pat_valid(field(f, which)))
PREDICATE(is_zero, !field(f, which))
PREDICATE(rpl_or_ti, field(f, which) & 7)

/* VM exit leaves NW, CD and ET alone, so they are not looked at. */
#define CR0_CHECKED	(~(1ull << 30 | 1ull << 29 | 1ull << 4))
WRONG_BITS(cr0_clear, must_be_1(f, MSR_VMX_CR0_FIXED0) & ~f->host_cr0 & CR0_CHECKED)
WRONG_BITS(cr0_set, f->host_cr0 & ~may_be_1(f, MSR_VMX_CR0_FIXED1) & CR0_CHECKED)
WRONG_BITS(cr4_clear, must_be_1(f, MSR_VMX_CR4_FIXED0) & ~f->host_cr4)
WRONG_BITS(cr4_set, f->host_cr4 & ~may_be_1(f, MSR_VMX_CR4_FIXED1))
PREDICATE(cet_without_wp, f->host_cr4 & CR4_CET && !(f->host_cr0 & CR0_WP))
PREDICATE(counters_reserved, bits(field(f, which), 63, 49))
WRONG_BITS(efer_reserved, f->host_efer & ~EFER_DEFINED)
PREDICATE(lma_differs, !(f->host_efer & EFER_LMA) == on(f, HOST_64_BIT))
PREDICATE(lme_differs, !(f->host_efer & EFER_LME) == on(f, HOST_64_BIT))
/* SDM 1 "Control-flow Enforcement": bits 9:6 are reserved, and TRACKER with SUPPRESS is no state. */
PREDICATE(cet_reserved, bits(field(f, which), 9, 6) || bits(field(f, which), 11, 10) == 3)
PREDICATE(ssp_unaligned, field(f, which) & 3)
PREDICATE(cpu_is_64_bit, !on(f, HOST_64_BIT))
PREDICATE(guest_64_bit, !on(f, HOST_64_BIT) && f->ia32e)
PREDICATE(pcide_in_32_bit, !on(f, HOST_64_BIT) && f->host_cr4 & CR4_PCIDE)
PREDICATE(rip_in_32_bit, !on(f, HOST_64_BIT) && field(f, which) >> 32)
PREDICATE(null_in_32_bit, !on(f, HOST_64_BIT) && !field(f, which))
PREDICATE(no_pae, !(f->host_cr4 & CR4_PAE))

#define CANONICAL(kind, id, when, name, field)						\
	kind(id, when, not_canonical, field,						\
		name " is not canonical: its upper bits are not copies of the highest bit of a linear address.", \
		"The field was never written, or holds something else.",		\
		"Read the CPU's own value, and write that.", field)

#define SELECTOR(id, name, field)							\
	SEGMENT_RULE("host." id ".rpl-ti", ALWAYS, rpl_or_ti, field,			\
		"The host's " name " selector has an RPL other than 0, or refers to the LDT.", \
		"A selector of the user program was saved, whose RPL is 3.",		\
		"Write 0 where that is allowed and load the selector after the VM exit; else the kernel's.", field)

static const struct rule rules[] = {
	REGISTER_BITS("host.cr0.fixed-0", ALWAYS, cr0_clear, 0,
		"A bit of the host's CR0 is 0, and VMX operation wants it to be 1.",
		"The field does not hold the CPU's own CR0.",
		"Write what MOV from CR0 reads, before each VM entry that follows a change.", VMCS_HOST_CR0),
	REGISTER_BITS("host.cr0.fixed-1", ALWAYS, cr0_set, 0,
		"A bit of the host's CR0 is 1, and VMX operation wants it to be 0.",
		"The field does not hold the CPU's own CR0.",
		"Write what MOV from CR0 reads.", VMCS_HOST_CR0),
	REGISTER_BITS("host.cr4.fixed-0", ALWAYS, cr4_clear, 0,
		"A bit of the host's CR4 is 0, and VMX operation wants it to be 1 (VMXE at least).",
		"CR4 was read before VMXE was set.",
		"Write what MOV from CR4 reads in VMX operation.", VMCS_HOST_CR4),
	REGISTER_BITS("host.cr4.fixed-1", ALWAYS, cr4_set, 0,
		"A bit of the host's CR4 is 1, and this CPU wants it to be 0.",
		"The field does not hold the CPU's own CR4.",
		"Write what MOV from CR4 reads.", VMCS_HOST_CR4),
	REGISTER_RULE("host.cr4.cet-wp", ALWAYS, cet_without_wp, 0,
		"The host's CR4.CET is 1 while its CR0.WP is 0: shadow stacks need write protection.",
		"CR0 and CR4 were read at different times.",
		"Read both anew.", VMCS_HOST_CR4, VMCS_HOST_CR0),
	REGISTER_RULE("host.cr3.width", ALWAYS, above_width, VMCS_HOST_CR3,
		"The host's CR3 has a bit above the physical-address width.",
		"A virtual address was written, or bit 63, which MOV to CR3 takes and CR3 does not hold.",
		"Write what MOV from CR3 reads.", VMCS_HOST_CR3),
	CANONICAL(REGISTER_RULE, "host.sysenter-esp.canonical", ALWAYS, "The host's IA32_SYSENTER_ESP",
		  VMCS_HOST_IA32_SYSENTER_ESP),
	CANONICAL(REGISTER_RULE, "host.sysenter-eip.canonical", ALWAYS, "The host's IA32_SYSENTER_EIP",
		  VMCS_HOST_IA32_SYSENTER_EIP),
	REGISTER_RULE("host.perf-global-ctrl.reserved", EXIT_LOAD_PERF_GLOBAL_CTRL, counters_reserved,
		VMCS_HOST_IA32_PERF_GLOBAL_CTRL,
		"The host's IA32_PERF_GLOBAL_CTRL has a bit (63:49) that no CPU has a counter for.",
		"The field was never written.",
		"Write the MSR's own value.", VMCS_HOST_IA32_PERF_GLOBAL_CTRL),
	REGISTER_RULE("host.pat.type", EXIT_LOAD_PAT, bad_pat, VMCS_HOST_IA32_PAT,
		"A byte of the host's IA32_PAT is not a memory type: 0, 1, 4, 5, 6 and 7 are.",
		"The field was never written, or has its bytes out of order.",
		"Write the MSR's own value.", VMCS_HOST_IA32_PAT),
	REGISTER_BITS("host.efer.reserved", EXIT_LOAD_EFER, efer_reserved, 0,
		"The host's IA32_EFER has a reserved bit: all but SCE, LME, LMA and NXE are.",
		"The field does not hold the CPU's own EFER.",
		"Write the MSR's own value.", VMCS_HOST_IA32_EFER),
	REGISTER_RULE("host.efer.lma", EXIT_LOAD_EFER, lma_differs, 0,
		"The host's EFER.LMA differs from the VM-exit control \"Host address-space size\".",
		"The field was never written, or EFER was written without LMA.",
		"Both are 1 for a 64-bit host.", VMCS_HOST_IA32_EFER, VMCS_EXIT_CONTROLS),
	REGISTER_RULE("host.efer.lme", EXIT_LOAD_EFER, lme_differs, 0,
		"The host's EFER.LME differs from the VM-exit control \"Host address-space size\".",
		"The field was never written, or EFER was written without LME.",
		"Both are 1 for a 64-bit host.", VMCS_HOST_IA32_EFER, VMCS_EXIT_CONTROLS),
	REGISTER_RULE("host.s-cet.reserved", EXIT_LOAD_CET, cet_reserved, VMCS_HOST_IA32_S_CET,
		"The host's IA32_S_CET has a reserved bit (9:6), or both bits 11 and 10.",
		"The field was never written.",
		"Write the MSR's own value.", VMCS_HOST_IA32_S_CET),
	CANONICAL(REGISTER_RULE, "host.s-cet.canonical", EXIT_LOAD_CET, "The host's IA32_S_CET",
		  VMCS_HOST_IA32_S_CET),
	REGISTER_RULE("host.ssp.alignment", EXIT_LOAD_CET, ssp_unaligned, VMCS_HOST_SSP,
		"The host's SSP is not a multiple of 4.",
		"The field was never written.",
		"Write the shadow-stack pointer, or 0 where shadow stacks are off.", VMCS_HOST_SSP),
	CANONICAL(REGISTER_RULE, "host.ssp.canonical", EXIT_LOAD_CET, "The host's SSP", VMCS_HOST_SSP),
	CANONICAL(REGISTER_RULE, "host.ssp-table.canonical", EXIT_LOAD_CET,
		  "The host's IA32_INTERRUPT_SSP_TABLE_ADDR", VMCS_HOST_IA32_INTERRUPT_SSP_TABLE_ADDR),
	REGISTER_RULE("host.pkrs.high", EXIT_LOAD_PKRS, above_4g, VMCS_HOST_IA32_PKRS,
		"Bits 63:32 of the host's IA32_PKRS are not 0.",
		"The field was never written.",
		"Write the MSR's own value.", VMCS_HOST_IA32_PKRS),

	SELECTOR("es", "ES", VMCS_HOST_ES_SELECTOR),
	SELECTOR("cs", "CS", VMCS_HOST_CS_SELECTOR),
	SELECTOR("ss", "SS", VMCS_HOST_SS_SELECTOR),
	SELECTOR("ds", "DS", VMCS_HOST_DS_SELECTOR),
	SELECTOR("fs", "FS", VMCS_HOST_FS_SELECTOR),
	SELECTOR("gs", "GS", VMCS_HOST_GS_SELECTOR),
	SELECTOR("tr", "TR", VMCS_HOST_TR_SELECTOR),
	SEGMENT_RULE("host.cs.null", ALWAYS, is_zero, VMCS_HOST_CS_SELECTOR,
		"The host's CS selector is null.",
		"The field was never written.",
		"Write the kernel's code segment.", VMCS_HOST_CS_SELECTOR),
	SEGMENT_RULE("host.tr.null", ALWAYS, is_zero, VMCS_HOST_TR_SELECTOR,
		"The host's TR selector is null.",
		"The field was never written, or the CPU has no task register yet.",
		"Write what STR reads.", VMCS_HOST_TR_SELECTOR),
	SEGMENT_RULE("host.ss.null", ALWAYS, null_in_32_bit, VMCS_HOST_SS_SELECTOR,
		"The host's SS selector is null, and a 32-bit host needs a stack segment.",
		"\"Host address-space size\" was not set for a 64-bit host.",
		"Set the control, or write the kernel's data segment.",
		VMCS_HOST_SS_SELECTOR, VMCS_EXIT_CONTROLS),
	CANONICAL(SEGMENT_RULE, "host.fs.base-canonical", ALWAYS, "The host's FS base", VMCS_HOST_FS_BASE),
	CANONICAL(SEGMENT_RULE, "host.gs.base-canonical", ALWAYS, "The host's GS base", VMCS_HOST_GS_BASE),
	CANONICAL(SEGMENT_RULE, "host.gdtr.base-canonical", ALWAYS, "The host's GDTR base",
		  VMCS_HOST_GDTR_BASE),
	CANONICAL(SEGMENT_RULE, "host.idtr.base-canonical", ALWAYS, "The host's IDTR base",
		  VMCS_HOST_IDTR_BASE),
	CANONICAL(SEGMENT_RULE, "host.tr.base-canonical", ALWAYS, "The host's TR base", VMCS_HOST_TR_BASE),

	SIZE_RULE("host.address-space.cpu-64-bit", ALWAYS, cpu_is_64_bit, 0,
		"\"Host address-space size\" is 0, and the CPU is in IA-32e mode: the host would come back "
		"as 32-bit code.",
		"The VM-exit controls were written without bit 9.",
		"Set it.", VMCS_EXIT_CONTROLS),
	SIZE_RULE("host.address-space.guest-64-bit", ALWAYS, guest_64_bit, 0,
		"\"IA-32e mode guest\" is 1 while \"Host address-space size\" is 0: a 32-bit host has no "
		"64-bit guests.",
		"The VM-exit controls were written without bit 9.",
		"Set it.", VMCS_EXIT_CONTROLS, VMCS_ENTRY_CONTROLS),
	SIZE_RULE("host.cr4.pcide-32-bit", ALWAYS, pcide_in_32_bit, 0,
		"The host's CR4.PCIDE is 1 while \"Host address-space size\" is 0: only IA-32e mode has "
		"PCIDs.",
		"The VM-exit controls were written without bit 9.",
		"Set it.", VMCS_HOST_CR4, VMCS_EXIT_CONTROLS),
	SIZE_RULE("host.rip.32-bit", ALWAYS, rip_in_32_bit, VMCS_HOST_RIP,
		"The host's RIP is above 4 GiB while \"Host address-space size\" is 0.",
		"The VM-exit controls were written without bit 9.",
		"Set it.", VMCS_HOST_RIP, VMCS_EXIT_CONTROLS),
	SIZE_RULE("host.cr4.pae-64-bit", HOST_64_BIT, no_pae, 0,
		"The host's CR4.PAE is 0 while \"Host address-space size\" is 1: IA-32e mode has no other "
		"paging.",
		"The field does not hold the CPU's own CR4.",
		"Write what MOV from CR4 reads.", VMCS_HOST_CR4, VMCS_EXIT_CONTROLS),
	CANONICAL(SIZE_RULE, "host.rip.canonical", HOST_64_BIT, "The host's RIP", VMCS_HOST_RIP),
};

const struct rule_table host_rules = RULE_TABLE(rules);
