// SPDX-License-Identifier: GPL-2.0
/*
 * exit_cpuid.c - what CPUID answers in a guest.
 *
 * CPUID always exits. The answer comes from the table that userspace gave (SET_CPUID2), and is
 * zero where the table has no entry. SDM 2A "CPUID".
 */
#include <linux/mm.h>
#include <linux/string.h>
#include <asm/processor.h>

#include "arch/x86/control.h"
#include "arch/x86/cpuid.h"
#include "arch/x86/exit.h"
#include "arch/x86/vcpu.h"

static const struct minivmx_cpuid_entry2 *cpuid_find(const struct vmx_vcpu *vmx, u32 leaf, u32 subleaf)
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

bool cpuid_shows(const struct vmx_vcpu *vmx, u32 leaf, enum cpuid_regs_idx reg, u32 bits)
{
	const struct minivmx_cpuid_entry2 *entry = cpuid_find(vmx, leaf, 0);

	if (!entry)
		return false;
	switch (reg) {
	case CPUID_EAX:	return entry->eax & bits;
	case CPUID_EBX:	return entry->ebx & bits;
	case CPUID_ECX:	return entry->ecx & bits;
	default:	return entry->edx & bits;
	}
}

/* The ranges of leaves: each begins with a leaf whose EAX is the highest of the range. */
#define CPUID_EXTENDED		0x80000000u
#define CPUID_HYPERVISOR	0x40000000u

static u32 cpuid_range_of(u32 leaf)
{
	if (leaf >= CPUID_HYPERVISOR && leaf < CPUID_HYPERVISOR + 0x10000000)
		return leaf & ~0xffu;
	return leaf & CPUID_EXTENDED;
}

/*
 * Intel's CPUs answer a leaf above the highest of its range as if it were the highest basic leaf.
 */
static const struct minivmx_cpuid_entry2 *cpuid_answer(struct vmx_vcpu *vmx, u32 leaf, u32 subleaf)
{
	const struct minivmx_cpuid_entry2 *entry = cpuid_find(vmx, leaf, subleaf);
	const struct minivmx_cpuid_entry2 *basic = cpuid_find(vmx, 0, 0);
	const struct minivmx_cpuid_entry2 *range;

	if (entry || !basic)
		return entry;
	range = cpuid_find(vmx, cpuid_range_of(leaf), 0);
	if (range && leaf <= range->eax)
		return NULL;
	return cpuid_find(vmx, basic->eax, subleaf);
}

enum exit_action handle_cpuid(struct vmx_vcpu *vmx, const struct exit_info *exit)
{
	static const struct minivmx_cpuid_entry2 zero;
	const struct minivmx_cpuid_entry2 *entry =
		cpuid_answer(vmx, vmx->regs[VMX_RAX], vmx->regs[VMX_RCX]) ?: &zero;

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
	vmx->cr4_allowed = cr4_allowed(vmx);
	vmx->dirty |= STATE_CONTROL;
}

/* ------------------------------------------------------ what a guest can be given */

/*
 * The features that work in a guest as they do on this CPU. Not among them is what needs an MSR,
 * a bit of CR4 that exits, or XCR0: nothing here emulates those yet.
 */
#define F1_ECX	(BIT(0)  /* SSE3 */   | BIT(1)  /* PCLMULQDQ */ | BIT(9)  /* SSSE3 */  |	\
		 BIT(13) /* CX16 */   | BIT(19) /* SSE4.1 */    | BIT(20) /* SSE4.2 */ |	\
		 BIT(22) /* MOVBE */  | BIT(23) /* POPCNT */    | BIT(25) /* AES */    |	\
		 BIT(30) /* RDRAND */)
#define F1_EDX	(BIT(0)  /* FPU */    | BIT(1)  /* VME */       | BIT(2)  /* DE */     |	\
		 BIT(3)  /* PSE */    | BIT(4)  /* TSC */       | BIT(6)  /* PAE */    |	\
		 BIT(8)  /* CX8 */    | BIT(13) /* PGE */       | BIT(15) /* CMOV */   |	\
		 BIT(17) /* PSE-36 */ | BIT(19) /* CLFSH */     | BIT(23) /* MMX */    |	\
		 BIT(24) /* FXSR */   | BIT(25) /* SSE */       | BIT(26) /* SSE2 */   |	\
		 BIT(27) /* SS */)
#define F1_EBX	GENMASK(15, 8)	/* CLFLUSH line size */
#define F7_EBX	(BIT(3)  /* BMI1 */   | BIT(8)  /* BMI2 */      | BIT(9)  /* ERMS */   |	\
		 BIT(18) /* RDSEED */ | BIT(19) /* ADX */       | BIT(23) /* CLFLUSHOPT */ |	\
		 BIT(24) /* CLWB */   | BIT(29) /* SHA */)
#define F80000001_ECX	(BIT(0) /* LAHF */ | BIT(5) /* LZCNT */ | BIT(8) /* PREFETCHW */)
#define F80000001_EDX	(BIT(20) /* NX */ | BIT(26) /* 1 GiB pages */ | BIT(29) /* long mode */)

#define ALL	(~0u)
#define HYPERVISOR_PRESENT	BIT(31)	/* in leaf 1, ECX: always 0 on a CPU, so guests look at it */

/* What of the CPU's own answer a guest sees, leaf by leaf. */
static const struct {
	u32 leaf, eax, ebx, ecx, edx;
} supported[] = {
	{ 0x00000000, ALL, ALL,    ALL,           ALL },
	{ 0x00000001, ALL, F1_EBX, F1_ECX,        F1_EDX },
	{ 0x00000007, 0,   F7_EBX, 0,             0 },
	{ 0x80000000, ALL, 0,      0,             0 },
	{ 0x80000001, 0,   0,      F80000001_ECX, F80000001_EDX },
	{ 0x80000002, ALL, ALL,    ALL,           ALL },	/* to ...4: the brand string */
	{ 0x80000003, ALL, ALL,    ALL,           ALL },
	{ 0x80000004, ALL, ALL,    ALL,           ALL },
	{ 0x80000008, ALL, 0,      0,             0 },		/* address widths */
};

#define HIGHEST_BASIC_LEAF	0x7u
#define HIGHEST_EXTENDED_LEAF	0x80000008u

static void supported_adjust(struct minivmx_cpuid_entry2 *entry)
{
	switch (entry->function) {
	case 0:
		entry->eax = min(entry->eax, HIGHEST_BASIC_LEAF);
		break;
	case 1:
		entry->ecx |= HYPERVISOR_PRESENT;
		break;
	case 7:
		entry->flags = MINIVMX_CPUID_FLAG_SIGNIFCANT_INDEX;
		break;
	case CPUID_EXTENDED:
		entry->eax = min(entry->eax, HIGHEST_EXTENDED_LEAF);
		break;
	case HIGHEST_EXTENDED_LEAF:
		/*
		 * Physical width, as far as the EPT reaches; linear width without 5-level paging.
		 */
		entry->eax = ilog2(vmx_guest_physical_limit()) | 48 << 8;
		break;
	}
}

static const struct minivmx_cpuid_entry2 hypervisor_leaf = {
	.function = CPUID_HYPERVISOR,
	.eax = CPUID_HYPERVISOR,
	/* "minivmx" in EBX, ECX, EDX */
	.ebx = 0x696e696d, .ecx = 0x00786d76, .edx = 0,
};

unsigned int vmx_supported_cpuid(struct minivmx_cpuid_entry2 *entries, unsigned int room)
{
	unsigned int count = 0;

	for (int i = 0; i < ARRAY_SIZE(supported) && count < room; i++) {
		struct minivmx_cpuid_entry2 *entry = &entries[count];
		u32 eax, ebx, ecx, edx;

		if (supported[i].leaf > cpuid_eax(cpuid_range_of(supported[i].leaf)))
			continue;
		cpuid_count(supported[i].leaf, 0, &eax, &ebx, &ecx, &edx);
		*entry = (struct minivmx_cpuid_entry2){
			.function = supported[i].leaf,
			.eax = eax & supported[i].eax,
			.ebx = ebx & supported[i].ebx,
			.ecx = ecx & supported[i].ecx,
			.edx = edx & supported[i].edx,
		};
		supported_adjust(entry);
		count++;
	}
	if (count < room)
		entries[count++] = hypervisor_leaf;
	return count;
}
