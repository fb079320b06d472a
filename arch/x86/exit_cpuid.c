// SPDX-License-Identifier: GPL-2.0
/*
 * exit_cpuid.c - what CPUID answers in a guest.
 *
 * CPUID always exits. Reached from exit.c, in the slice, and from module/vcpu_lists.c (SET_CPUID2,
 * GET_CPUID2) outside. The answer comes from the table that userspace gave, and is zero where the
 * table has no entry; a few bits follow the guest's state. What userspace should put into the
 * table is cpuid.c's. SDM 2A "CPUID".
 */
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <asm/apicdef.h>
#include <asm/msr-index.h>
#include <asm/processor-flags.h>

#include "arch/x86/caps.h"
#include "arch/x86/control.h"
#include "arch/x86/cpuid.h"
#include "arch/x86/exit.h"
#include "arch/x86/fpu.h"
#include "arch/x86/vcpu.h"

static const struct minivmx_cpuid_entry2 *cpuid_find(const struct vmx_vcpu *vmx, u32 leaf,
						       u32 subleaf)
{
	for (unsigned int i = 0; i < vmx->cpuid_count; i++) {
		const struct minivmx_cpuid_entry2 *entry = &vmx->cpuid[i];

		if (entry->function != leaf)
			continue;
		if (!(entry->flags & MINIVMX_CPUID_FLAG_SIGNIFCANT_INDEX) || entry->index == subleaf)
			return entry;
	}
	return NULL;
}

/*
 * Intel's CPUs answer a leaf above the highest of its range as if it were the highest basic leaf.
 */
static const struct minivmx_cpuid_entry2 *cpuid_answer(struct vmx_vcpu *vmx, u32 leaf, u32 subleaf)
{
	const struct minivmx_cpuid_entry2 *entry = cpuid_find(vmx, leaf, subleaf);
	const struct minivmx_cpuid_entry2 *basic, *range;

	if (entry)
		return entry;
	basic = cpuid_find(vmx, 0, 0);
	if (!basic)
		return NULL;
	range = cpuid_find(vmx, cpuid_range_of(leaf), 0);
	if (range && leaf <= range->eax)
		return NULL;
	return cpuid_find(vmx, basic->eax, subleaf);
}

static void set_bit_to(u32 *word, u32 bit, bool value)
{
	*word = value ? *word | bit : *word & ~bit;
}

/* What CPUID shows of the guest's state, whatever the table says. */
static void cpuid_reflect(struct vmx_vcpu *vmx, struct minivmx_cpuid_entry2 *entry)
{
	if (entry->function == 1) {
		set_bit_to(&entry->ecx, FEATURE_BIT(OSXSAVE), vmx->cr4 & X86_CR4_OSXSAVE);
		/* An APIC that is switched off is absent. */
		if (!(vmx->apic_base & MSR_IA32_APICBASE_ENABLE))
			entry->edx &= ~FEATURE_BIT(APIC);
	}
	/* How much memory XSAVE and, in subleaf 1, XSAVEC need as XCR0 is now. */
	if (entry->function == 0xd &&
	    (entry->index == 0 || (entry->index == 1 && (entry->eax & FEATURE_BIT(XSAVEC)))))
		entry->ebx = xsave_size(vmx->xcr0);
}

enum exit_action handle_cpuid(struct vmx_vcpu *vmx, const struct exit_info *exit)
{
	const struct minivmx_cpuid_entry2 *found =
		cpuid_answer(vmx, vmx->regs[VMX_RAX], vmx->regs[VMX_RCX]);
	struct minivmx_cpuid_entry2 answer = { 0 };

	if (found) {
		answer = *found;
		cpuid_reflect(vmx, &answer);
	}
	vmx->regs[VMX_RAX] = answer.eax;
	vmx->regs[VMX_RBX] = answer.ebx;
	vmx->regs[VMX_RCX] = answer.ecx;
	vmx->regs[VMX_RDX] = answer.edx;
	return EXIT_SKIP_AND_RESUME;
}

u64 guest_cpuid_xfeatures(const struct vmx_vcpu *vmx)
{
	const struct minivmx_cpuid_entry2 *entry = cpuid_find(vmx, 0xd, 0);

	return entry ? entry->eax | (u64)entry->edx << 32 : 0;
}

bool guest_has(const struct vmx_vcpu *vmx, unsigned int feature)
{
	for (unsigned int i = 0; i < vmx->cpuid_count; i++) {
		const u32 *word = cpuid_word(&vmx->cpuid[i], feature / 32);

		if (word)
			return *word & BIT(feature % 32);
	}
	return false;
}

unsigned int vmx_get_cpuid(struct vmx_vcpu *vmx, struct minivmx_cpuid_entry2 *entries,
			   unsigned int room)
{
	if (vmx->cpuid_count <= room)
		for (unsigned int i = 0; i < vmx->cpuid_count; i++) {
			entries[i] = vmx->cpuid[i];
			cpuid_reflect(vmx, &entries[i]);
		}
	return vmx->cpuid_count;
}

/* The CPU checks addresses for 48 or, with 5-level paging, 57 bits. */
static bool cpuid_possible(const struct minivmx_cpuid_entry2 *entries, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		u32 linear_width = entries[i].eax >> 8 & 0xff;

		if (entries[i].function == 0x80000008 &&
		    linear_width != 48 && linear_width != 57 && linear_width != 0)
			return false;
	}
	return true;
}

/* A guest that has run has seen it all: no other table fits any more, but for what is reflected. */
static bool cpuid_same(struct vmx_vcpu *vmx, const struct minivmx_cpuid_entry2 *entries,
		       unsigned int count)
{
	if (count != vmx->cpuid_count)
		return false;
	for (unsigned int i = 0; i < count; i++) {
		struct minivmx_cpuid_entry2 old = vmx->cpuid[i], new = entries[i];

		cpuid_reflect(vmx, &old);
		cpuid_reflect(vmx, &new);
		if (old.function != new.function || old.index != new.index ||
		    old.flags != new.flags || old.eax != new.eax || old.ebx != new.ebx ||
		    old.ecx != new.ecx || old.edx != new.edx)
			return false;
	}
	return true;
}

int vmx_set_cpuid(struct vmx_vcpu *vmx, struct minivmx_cpuid_entry2 *entries, unsigned int count)
{
	int err = 0;

	if (vmx->vmcs.written)
		err = cpuid_same(vmx, entries, count) ? 0 : -EINVAL;
	else if (!cpuid_possible(entries, count))
		err = -EINVAL;
	if (err) {
		kvfree(entries);
		return err;
	}
	kvfree(vmx->cpuid);
	vmx->cpuid = entries;
	vmx->cpuid_count = count;
	vmx->cr4_allowed = cr4_allowed(vmx);
	vmx->dirty |= STATE_CONTROL;
	vmx->has_tsc_aux = vmx_caps_has_tsc_aux() &&
			   (guest_has(vmx, X86_FEATURE_RDTSCP) || guest_has(vmx, X86_FEATURE_RDPID));
	return 0;
}
