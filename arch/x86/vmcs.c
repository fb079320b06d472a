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

/* The types of SDM 3C "INVEPT" and "INVVPID" that we use; <asm/vmx.h> has them as numbers too. */
#define INVALIDATE_SINGLE_CONTEXT	1UL

void invept_single_context(u64 eptp)
{
	struct {
		u64 eptp;
		u64 reserved;
	} descriptor = { .eptp = eptp };
	bool failed = true;

	asm volatile("1: invept %[descriptor], %[type]\n\t"
		     "setna %[failed]\n"
		     "2:\n"
		     _ASM_EXTABLE(1b, 2b)
		     : [failed] "+q" (failed)
		     : [descriptor] "m" (descriptor), [type] "r" (INVALIDATE_SINGLE_CONTEXT)
		     : "cc", "memory");
	WARN_ONCE(failed, "minivmx: INVEPT of 0x%llx failed\n", eptp);
}

void invvpid_single_context(u16 vpid)
{
	struct {
		u64 vpid;
		u64 linear_address;
	} descriptor = { .vpid = vpid };
	bool failed = true;

	asm volatile("1: invvpid %[descriptor], %[type]\n\t"
		     "setna %[failed]\n"
		     "2:\n"
		     _ASM_EXTABLE(1b, 2b)
		     : [failed] "+q" (failed)
		     : [descriptor] "m" (descriptor), [type] "r" (INVALIDATE_SINGLE_CONTEXT)
		     : "cc", "memory");
	WARN_ONCE(failed, "minivmx: INVVPID of %u failed\n", vpid);
}
