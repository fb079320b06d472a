// SPDX-License-Identifier: GPL-2.0
/*
 * cpuid.c - the CPUID leaves that a guest can be given (GET_SUPPORTED_CPUID).
 *
 * Reached from module/main.c. What is shown works in a guest as it does on this CPU; what would
 * need an MSR, a bit of a control register or state that a guest does not have is hidden. So is
 * topology: each vCPU is a package of one core, unless userspace says otherwise. Continues in
 * exit_cpuid.c, which answers from what userspace made of it.
 */
#include <linux/bits.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <asm/cpufeature.h>
#include <asm/processor.h>

#include "arch/x86/caps.h"
#include "arch/x86/cpuid.h"
#include "arch/x86/fpu.h"
#include "arch/x86/vmx.h"
#include "arch/x86/walk.h"

u32 *cpuid_word(struct minivmx_cpuid_entry2 *entry, unsigned int word)
{
	if (entry->function == 1 && word == CPUID_1_ECX)
		return &entry->ecx;
	if (entry->function == 1 && word == CPUID_1_EDX)
		return &entry->edx;
	if (entry->function == 7 && entry->index == 0 && word == CPUID_7_0_EBX)
		return &entry->ebx;
	if (entry->function == 7 && entry->index == 0 && word == CPUID_7_ECX)
		return &entry->ecx;
	if (entry->function == 7 && entry->index == 0 && word == CPUID_7_EDX)
		return &entry->edx;
	if (entry->function == 0xd && entry->index == 1 && word == CPUID_D_1_EAX)
		return &entry->eax;
	if (entry->function == 0x80000001 && word == CPUID_8000_0001_ECX)
		return &entry->ecx;
	if (entry->function == 0x80000001 && word == CPUID_8000_0001_EDX)
		return &entry->edx;
	return NULL;
}

#define F1_ECX	(BIT(0)  /* SSE3 */   | BIT(1)  /* PCLMULQDQ */ | BIT(9)  /* SSSE3 */  |	\
		 BIT(12) /* FMA */    | BIT(13) /* CX16 */      | BIT(17) /* PCID */   |	\
		 BIT(19) /* SSE4.1 */ | BIT(20) /* SSE4.2 */    | BIT(22) /* MOVBE */  |	\
		 BIT(23) /* POPCNT */ | BIT(25) /* AES */       | BIT(26) /* XSAVE */  |	\
		 BIT(28) /* AVX */    | BIT(29) /* F16C */      | BIT(30) /* RDRAND */)
#define F1_EDX	(BIT(0)  /* FPU */    | BIT(1)  /* VME */       | BIT(2)  /* DE */     |	\
		 BIT(3)  /* PSE */    | BIT(4)  /* TSC */       | BIT(5)  /* MSR */    |	\
		 BIT(6)  /* PAE */    | BIT(8)  /* CX8 */       | BIT(11) /* SEP */    |	\
		 BIT(13) /* PGE */    | BIT(15) /* CMOV */      | BIT(16) /* PAT */    |	\
		 BIT(17) /* PSE-36 */ | BIT(19) /* CLFSH */     | BIT(23) /* MMX */    |	\
		 BIT(24) /* FXSR */   | BIT(25) /* SSE */       | BIT(26) /* SSE2 */   |	\
		 BIT(27) /* SS */)
#define F1_EBX	GENMASK(15, 8)	/* CLFLUSH line size */
#define F7_EBX	(BIT(0)  /* FSGSBASE */ | BIT(3) /* BMI1 */     | BIT(5) /* AVX2 */    |	\
		 BIT(6)  /* FDP_EXCPTN_ONLY */ | BIT(7) /* SMEP */ | BIT(8) /* BMI2 */ |	\
		 BIT(9)  /* ERMS */   | BIT(10) /* INVPCID */ | BIT(13) /* no FCS, FDS */ | BIT(18) /* RDSEED */ |	\
		 BIT(19) /* ADX */    | BIT(20) /* SMAP */      | BIT(23) /* CLFLUSHOPT */ |	\
		 BIT(24) /* CLWB */   | BIT(29) /* SHA */)
#define F7_ECX	(BIT(2)  /* UMIP */   | BIT(8)  /* GFNI */      | BIT(9)  /* VAES */   |	\
		 BIT(10) /* VPCLMULQDQ */ | BIT(22) /* RDPID */ | BIT(25) /* CLDEMOTE */ | BIT(27) /* MOVDIRI */ | BIT(28) /* MOVDIR64B */)
#define F7_EDX	(BIT(4)  /* FSRM */   | BIT(10) /* MD_CLEAR */  | BIT(14) /* SERIALIZE */)
#define F80000001_ECX	(BIT(0) /* LAHF */ | BIT(5) /* LZCNT */ | BIT(8) /* PREFETCHW */)
#define F80000001_EDX	(BIT(11) /* SYSCALL */ | BIT(20) /* NX */ | BIT(26) /* 1 GiB pages */ |	\
			 BIT(27) /* RDTSCP */  | BIT(29) /* long mode */)

#define ALL	(~0u)
#define HYPERVISOR_PRESENT	BIT(31)	/* in leaf 1, ECX: always 0 on a CPU, so guests look at it */
#define CACHE_TYPE		GENMASK(4, 0)
#define CACHE_NOT_TOPOLOGY	GENMASK(13, 0)	/* above it: how many threads share it */

/* What of the CPU's own answer a guest sees, leaf by leaf. */
static const struct {
	u32 leaf, eax, ebx, ecx, edx;
} supported[] = {
	{ 0x00000000, ALL, ALL,    ALL,           ALL },
	{ 0x00000001, ALL, F1_EBX, F1_ECX,        F1_EDX },
	{ 0x00000002, ALL, ALL,    ALL,           ALL },	/* caches, by descriptors */
	{ 0x00000004, CACHE_NOT_TOPOLOGY, ALL, ALL, ALL },	/* caches, one in each subleaf */
	{ 0x00000007, 0,   F7_EBX, F7_ECX,        F7_EDX },
	{ 0x0000000d, ALL, ALL,    ALL,           ALL },	/* XSAVE, one component in each subleaf */
	{ 0x80000000, ALL, 0,      0,             0 },
	{ 0x80000001, 0,   0,      F80000001_ECX, F80000001_EDX },
	{ 0x80000002, ALL, ALL,    ALL,           ALL },	/* to ...4: the brand string */
	{ 0x80000003, ALL, ALL,    ALL,           ALL },
	{ 0x80000004, ALL, ALL,    ALL,           ALL },
	{ 0x80000006, 0,   0,      ALL,           0 },		/* L2 cache */
	{ 0x80000007, 0,   0,      0,             BIT(8) },	/* invariant TSC */
	{ 0x80000008, ALL, 0,      0,             0 },		/* address widths */
};

#define HIGHEST_BASIC_LEAF	0xdu
#define HIGHEST_EXTENDED_LEAF	0x80000008u

/* What the kernel does not use, because it was told so or knows better, a guest does not get. */
static void mask_by_kernel(struct minivmx_cpuid_entry2 *entry)
{
	for (unsigned int word = 0; word < NCAPINTS; word++) {
		u32 *features = cpuid_word(entry, word);

		if (features)
			*features &= boot_cpu_data.x86_capability[word];
	}
}

static void adjust_leaf_7(struct minivmx_cpuid_entry2 *entry)
{
	entry->flags = MINIVMX_CPUID_FLAG_SIGNIFCANT_INDEX;
	/* Needs nothing from the CPU. */
	entry->ebx |= FEATURE_BIT(TSC_ADJUST);
	if (!(vmx_caps.control[VMX_SECONDARY] & SECONDARY_EXEC_ENABLE_INVPCID))
		entry->ebx &= ~FEATURE_BIT(INVPCID);
	if (!vmx_caps_has_tsc_aux())
		entry->ecx &= ~FEATURE_BIT(RDPID);
}

/* SDM 2A "CPUID", leaf 0DH: sizes for what a guest can have, no supervisor state. */
static void adjust_leaf_d(struct minivmx_cpuid_entry2 *entry)
{
	entry->flags = MINIVMX_CPUID_FLAG_SIGNIFCANT_INDEX;
	if (entry->index == 0) {
		entry->eax = guest_xfeatures;
		entry->ebx = entry->ecx = xsave_size(guest_xfeatures);
		entry->edx = 0;
	} else if (entry->index == 1) {
		entry->eax &= FEATURE_BIT(XSAVEOPT) | FEATURE_BIT(XSAVEC) | FEATURE_BIT(XGETBV1);
		entry->ebx = entry->eax & FEATURE_BIT(XSAVEC) ? xsave_size(guest_xfeatures) : 0;
		entry->ecx = entry->edx = 0;
	}
}

static void adjust(struct minivmx_cpuid_entry2 *entry)
{
	mask_by_kernel(entry);
	switch (entry->function) {
	case 0:
		entry->eax = min(entry->eax, HIGHEST_BASIC_LEAF);
		break;
	case 1:
		entry->ecx |= HYPERVISOR_PRESENT;
		break;
	case 4:
		entry->flags = MINIVMX_CPUID_FLAG_SIGNIFCANT_INDEX;
		break;
	case 7:
		adjust_leaf_7(entry);
		break;
	case 0xd:
		adjust_leaf_d(entry);
		break;
	case CPUID_EXTENDED:
		entry->eax = min(entry->eax, HIGHEST_EXTENDED_LEAF);
		break;
	case 0x80000001:
		if (!vmx_caps_has_tsc_aux())
			entry->edx &= ~FEATURE_BIT(RDTSCP);
		break;
	case HIGHEST_EXTENDED_LEAF:
		/*
		 * Physical width, as far as the EPT reaches; linear width without 5-level paging.
		 */
		entry->eax = ilog2(vmx_guest_physical_limit()) | LINEAR_ADDRESS_BITS << 8;
		break;
	}
}

static const struct minivmx_cpuid_entry2 hypervisor_leaf = {
	.function = CPUID_HYPERVISOR,
	.eax = CPUID_HYPERVISOR,
	/* "minivmx" in EBX, ECX, EDX */
	.ebx = 0x696e696d, .ecx = 0x00786d76, .edx = 0,
};

static bool has_subleaf(u32 leaf, u32 subleaf, u32 eax)
{
	switch (leaf) {
	case 4:
		return eax & CACHE_TYPE;
	case 0xd:
		/* Behind two general ones, subleaf and component have the same number. */
		return guest_xfeatures && (subleaf < 2 || (subleaf < 64 &&
							   (guest_xfeatures & BIT_ULL(subleaf))));
	default:
		return subleaf == 0;
	}
}

/* One more subleaf of row @row; false: it has none. */
static bool supported_entry(int row, u32 subleaf, struct minivmx_cpuid_entry2 *entry)
{
	u32 leaf = supported[row].leaf;
	u32 eax, ebx, ecx, edx;

	if (leaf > cpuid_eax(cpuid_range_of(leaf)))
		return false;
	cpuid_count(leaf, subleaf, &eax, &ebx, &ecx, &edx);
	if (!has_subleaf(leaf, subleaf, eax))
		return false;
	*entry = (struct minivmx_cpuid_entry2){
		.function = leaf,
		.index = subleaf,
		.eax = eax & supported[row].eax,
		.ebx = ebx & supported[row].ebx,
		.ecx = ecx & supported[row].ecx,
		.edx = edx & supported[row].edx,
	};
	adjust(entry);
	return true;
}

unsigned int vmx_supported_cpuid(struct minivmx_cpuid_entry2 *entries, unsigned int room)
{
	unsigned int count = 0;

	for (int row = 0; row < ARRAY_SIZE(supported); row++)
		for (u32 subleaf = 0; count < room; subleaf++) {
			if (!supported_entry(row, subleaf, &entries[count]))
				break;
			count++;
		}
	if (count < room)
		entries[count++] = hypervisor_leaf;
	return count;
}
