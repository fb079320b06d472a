// SPDX-License-Identifier: GPL-2.0
/*
 * rules_msrs.c - the rules of VM entry about the VM-entry MSR-load area, entry by entry.
 *
 * Reached from rules.c. Whoever breaks one fails the entry with exit reason 34, and the exit
 * qualification is the entry's number, from 1 on. SDM 3C "Loading MSRs"; which values an MSR takes is
 * in SDM 4 "Model-Specific Registers".
 */
#include "rules.h"

enum {
	MSR_BIOS_UPDT_TRIG	= 0x79,
	MSR_SMM_MONITOR_CTL	= 0x9b,
	MSR_SMBASE		= 0x9e,
	MSR_MTRRCAP		= 0xfe,
	MSR_SYSENTER_ESP	= 0x175,
	MSR_SYSENTER_EIP	= 0x176,
	MSR_MCG_CAP		= 0x179,
	MSR_PAT			= 0x277,
	MSR_DS_AREA		= 0x600,
	MSR_X2APIC_FIRST	= 0x800,
	MSR_X2APIC_LAST		= 0x8ff,
	MSR_EFER		= 0xc0000080,
	MSR_LSTAR		= 0xc0000082,
	MSR_CSTAR		= 0xc0000083,
	MSR_FMASK		= 0xc0000084,
	MSR_FS_BASE		= 0xc0000100,
	MSR_GS_BASE		= 0xc0000101,
	MSR_KERNEL_GS_BASE	= 0xc0000102,
	MSR_TSC_AUX		= 0xc0000103,
};

#define ENTRY_PREDICATE(name, condition)							\
static bool name(const struct facts *f, const struct snapshot_pair *entry)			\
{												\
	uint32_t msr = entry->number;								\
	uint64_t value = entry->value;								\
												\
	(void)f;										\
	(void)value;										\
	return condition;									\
}

static bool holds_address(uint32_t msr)
{
	switch (msr) {
	case MSR_SYSENTER_ESP:
	case MSR_SYSENTER_EIP:
	case MSR_DS_AREA:
	case MSR_LSTAR:
	case MSR_CSTAR:
	case MSR_KERNEL_GS_BASE:
		return true;
	default:
		return false;
	}
}

ENTRY_PREDICATE(segment_base, msr == MSR_FS_BASE || msr == MSR_GS_BASE)
ENTRY_PREDICATE(x2apic, msr >= MSR_X2APIC_FIRST && msr <= MSR_X2APIC_LAST)
ENTRY_PREDICATE(smm_only, msr == MSR_SMM_MONITOR_CTL || msr == MSR_SMBASE)
ENTRY_PREDICATE(microcode, msr == MSR_BIOS_UPDT_TRIG)
ENTRY_PREDICATE(read_only, (msr >= MSR_VMX_BASIC && msr < MSR_VMX_END) || msr == MSR_MTRRCAP ||
	  msr == MSR_MCG_CAP)
ENTRY_PREDICATE(not_canonical, holds_address(msr) && !canonical(f, value))
ENTRY_PREDICATE(above_4g, (msr == MSR_TSC_AUX || msr == MSR_FMASK) && value >> 32)
ENTRY_PREDICATE(bad_pat, msr == MSR_PAT && !pat_valid(value))
ENTRY_PREDICATE(efer_reserved, msr == MSR_EFER && value & ~EFER_DEFINED)
/* With paging on, LME is what the guest has entered with: IA-32e mode, or not. */
ENTRY_PREDICATE(efer_lme, msr == MSR_EFER && f->cr0 & CR0_PG && !(value & EFER_LME) == f->ia32e)

#define MSR_RULE(id_, predicate, may_pass_, sentence_, cause_, remedy_)				\
	{											\
		.id = "msr-load." id_, .section = "Loading MSRs", .stage = STAGE_MSR_LOAD,	\
		.entry_violated = predicate, .may_pass = may_pass_,				\
		.sentence = sentence_, .cause = cause_, .remedy = remedy_,			\
		.fields = (const uint32_t[]){ VMCS_ENTRY_MSR_LOAD_ADDRESS, VMCS_ENTRY_MSR_LOAD_COUNT }, \
		.field_count = 2,								\
	}

static const struct rule rules[] = {
	MSR_RULE("segment-base", segment_base, false,
		"The entry loads IA32_FS_BASE or IA32_GS_BASE, which the guest-state area has.",
		"A list of all MSRs that the guest uses was taken.",
		"Leave the two out; write Guest FS base and Guest GS base."),
	MSR_RULE("x2apic", x2apic, true,
		"The entry loads an MSR of the local APIC (0x800 to 0x8ff), which fails if that is in "
		"x2APIC mode.",
		"A list of all MSRs that the guest uses was taken.",
		"Leave it out: the local APIC is the host's."),
	MSR_RULE("smm-only", smm_only, false,
		"The entry loads an MSR that only system-management mode may write.",
		"A list of all MSRs that the CPU has was taken.",
		"Leave it out."),
	MSR_RULE("microcode", microcode, true,
		"The entry loads IA32_BIOS_UPDT_TRIG, which starts a microcode update; some CPUs refuse it "
		"here.",
		"A list of all MSRs that the CPU has was taken.",
		"Leave it out."),
	MSR_RULE("read-only", read_only, false,
		"The entry loads an MSR that can only be read.",
		"A list of all MSRs that the CPU has was taken.",
		"Leave it out: VM entry loads what WRMSR could write."),
	MSR_RULE("canonical", not_canonical, false,
		"The entry loads an MSR that holds a linear address, and the value is not canonical.",
		"A value of the user's was taken without a test.",
		"Refuse it with #GP, as WRMSR does."),
	MSR_RULE("high", above_4g, false,
		"The entry loads IA32_TSC_AUX or IA32_FMASK with a bit above 31, and these have 32 bits.",
		"A value of the user's was taken without a test.",
		"Refuse it with #GP, as WRMSR does."),
	MSR_RULE("pat-type", bad_pat, false,
		"The entry loads IA32_PAT, and a byte of the value is not a memory type: 0, 1, 4, 5, 6 and "
		"7 are.",
		"A value of the user's was taken without a test.",
		"Refuse it with #GP, as WRMSR does."),
	MSR_RULE("efer-reserved", efer_reserved, false,
		"The entry loads IA32_EFER with a reserved bit: all but SCE, LME, LMA and NXE are.",
		"A value of the user's was taken without a test.",
		"Refuse it with #GP, as WRMSR does."),
	MSR_RULE("efer-lme", efer_lme, false,
		"The entry loads IA32_EFER with an LME that is not the guest's, whose paging is on.",
		"EFER is in the area and in the guest-state area, with different values.",
		"Use \"Load IA32_EFER\" in its place."),
};

const struct rule_table msr_rules = RULE_TABLE(rules);
