// SPDX-License-Identifier: GPL-2.0
/*
 * exit_cpuid.c - what CPUID answers in a guest.
 *
 * CPUID always exits. The answer comes from the table that userspace gave (SET_CPUID2), and is zero where the
 * table has no entry. SDM 2A "CPUID".
 */
#include <linux/slab.h>
#include <linux/string.h>

#include "arch/x86/exit.h"
#include "arch/x86/vcpu.h"

static const struct minivmx_cpuid_entry2 *cpuid_find(struct vmx_vcpu *vmx, u32 leaf, u32 subleaf)
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

enum exit_action handle_cpuid(struct vmx_vcpu *vmx, const struct exit_info *exit)
{
	static const struct minivmx_cpuid_entry2 zero;
	const struct minivmx_cpuid_entry2 *entry =
		cpuid_find(vmx, vmx->regs[VMX_RAX], vmx->regs[VMX_RCX]) ?: &zero;

	vmx->regs[VMX_RAX] = entry->eax;
	vmx->regs[VMX_RBX] = entry->ebx;
	vmx->regs[VMX_RCX] = entry->ecx;
	vmx->regs[VMX_RDX] = entry->edx;
	return EXIT_SKIP_AND_RESUME;
}

void vmx_set_cpuid(struct vmx_vcpu *vmx, struct minivmx_cpuid_entry2 *entries, unsigned int count)
{
	kvfree(vmx->cpuid);
	vmx->cpuid = entries;
	vmx->cpuid_count = count;
}

unsigned int vmx_supported_cpuid(struct minivmx_cpuid_entry2 *entries, unsigned int room)
{
	return 0;
}
