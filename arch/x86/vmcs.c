// SPDX-License-Identifier: GPL-2.0
/*
 * vmcs.c - the rare halves of vmcs.h: failed accesses, and forgetting translations.
 *
 * Reached from every slice. Interrupts are off and our VMCS is current throughout.
 */
#include <linux/bug.h>
#include <linux/kernel.h>

#include "arch/x86/vmcs.h"

void vmcs_access_failed(unsigned long field, bool write)
{
	WARN_ONCE(1, "minivmx: VM%s of field 0x%lx failed\n", write ? "WRITE" : "READ", field);
}

/* The one of their types that we use. SDM 3C "INVEPT", "INVVPID". */
#define SINGLE_CONTEXT	1UL

/* Whose translations: an EPT pointer or a VPID; and, for other types, a linear address. */
struct invalidate_descriptor {
	u64 tag;
	u64 address;
};

#define INVALIDATE_INSTRUCTION(name)							\
static void name(u64 tag)								\
{											\
	struct invalidate_descriptor descriptor = { .tag = tag };			\
	bool failed = true;								\
											\
	asm volatile("1: " #name " %[descriptor], %[type]\n\t"			\
		     "setna %[failed]\n"						\
		     "2:\n"								\
		     _ASM_EXTABLE(1b, 2b)						\
		     : [failed] "+q" (failed)						\
		     : [descriptor] "m" (descriptor), [type] "r" (SINGLE_CONTEXT)	\
		     : "cc", "memory");							\
	WARN_ONCE(failed, "minivmx: " #name " of 0x%llx failed\n", tag);		\
}

INVALIDATE_INSTRUCTION(invept)
INVALIDATE_INSTRUCTION(invvpid)

void invept_single_context(u64 eptp)
{
	invept(eptp);
}

void invvpid_single_context(u16 vpid)
{
	invvpid(vpid);
}
