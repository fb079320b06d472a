// SPDX-License-Identifier: GPL-2.0
/*
 * mitigate.c - clearing the L1 data cache and the branch predictors around a slice, and what else
 * keeps a guest from harming the host through the CPU's flaws.
 *
 * Reached from run.c at both ends of a slice, interrupts off, from ept_table.c (large pages), and
 * at load from slice.c: vmx_setup(). The policy follows the kernel's: what it found the CPU
 * vulnerable to, and what the command line (mitigations=) asks for.
 */
#include <linux/cpu.h>
#include <linux/gfp.h>
#include <linux/percpu.h>
#include <asm/cpufeature.h>
#include <asm/msr-index.h>
#include <asm/nospec-branch.h>
#include <asm/processor.h>

#include "arch/x86/mitigate.h"
#include "arch/x86/vcpu.h"

/*
 * L1 terminal fault: a guest may read whatever host data is in the L1 data cache through its own
 * not-present page-table entries, so the cache must hold none when it starts.
 */
static enum { L1D_NO_FLUSH, L1D_FLUSH_COMMAND, L1D_FLUSH_BY_READING } l1d_flush_method;

/*
 * Twice the largest L1 data cache of the affected CPUs, so that reading it displaces every line
 * whatever the replacement policy.
 */
#define L1D_BUFFER_ORDER	4
#define L1D_BUFFER_SIZE		(PAGE_SIZE << L1D_BUFFER_ORDER)
#define L1D_LINE_SIZE		64

static u8 *l1d_buffer;

/* Which vCPU ran last on this CPU: another one's branch history must not steer it. */
static DEFINE_PER_CPU(u64, last_vcpu);
static bool use_ibpb;

static bool l1d_flush_needed(enum mitigation_policy policy)
{
	u64 capabilities = 0;

	if (policy != MITIGATION_AUTO)
		return policy == MITIGATION_ALWAYS;
	if (!boot_cpu_has_bug(X86_BUG_L1TF) || cpu_mitigations_off())
		return false;
	/* Set where a hypervisor below us flushes already. */
	if (boot_cpu_has(X86_FEATURE_ARCH_CAPABILITIES))
		rdmsrq(MSR_IA32_ARCH_CAPABILITIES, capabilities);
	return !(capabilities & ARCH_CAP_SKIP_VMENTRY_L1DFLUSH);
}

/*
 * iTLB multihit: a CPU with this erratum stops with a machine check when it fetches an instruction
 * through a 2 MiB page whose mapping becomes 4 KiB pages meanwhile. The guest's own page tables
 * can bring that about at will, but only where the second level maps large pages too.
 */
static bool nx_large_pages;

static bool nx_large_pages_needed(enum mitigation_policy policy)
{
	if (policy != MITIGATION_AUTO)
		return policy == MITIGATION_ALWAYS;
	return boot_cpu_has_bug(X86_BUG_ITLB_MULTIHIT) && !cpu_mitigations_off();
}

bool large_pages_are_nx(void)
{
	return nx_large_pages;
}

int mitigations_setup(enum mitigation_policy l1d_flush, enum mitigation_policy nx_large)
{
	nx_large_pages = nx_large_pages_needed(nx_large);
	/* With mitigations=off the kernel clears no predictor for anybody, so neither do we. */
	use_ibpb = boot_cpu_has(X86_FEATURE_IBPB) && !cpu_mitigations_off();

	if (!l1d_flush_needed(l1d_flush))
		return 0;
	if (boot_cpu_has(X86_FEATURE_FLUSH_L1D)) {
		l1d_flush_method = L1D_FLUSH_COMMAND;
		return 0;
	}
	l1d_buffer = (u8 *)__get_free_pages(GFP_KERNEL | __GFP_ZERO, L1D_BUFFER_ORDER);
	if (!l1d_buffer)
		return -ENOMEM;
	l1d_flush_method = L1D_FLUSH_BY_READING;
	return 0;
}

void mitigations_teardown(void)
{
	free_pages((unsigned long)l1d_buffer, L1D_BUFFER_ORDER);
}

const char *vmx_l1d_flush_name(void)
{
	switch (l1d_flush_method) {
	case L1D_FLUSH_COMMAND:
		return "by command";
	case L1D_FLUSH_BY_READING:
		return "by reading a buffer";
	default:
		return "not needed or switched off";
	}
}

static void branch_predictors_flush(void)
{
	if (use_ibpb)
		wrmsrq(MSR_IA32_PRED_CMD, PRED_CMD_IBPB);
}

static void l1d_flush(void)
{
	if (l1d_flush_method == L1D_FLUSH_COMMAND) {
		wrmsrq(MSR_IA32_FLUSH_CMD, L1D_FLUSH);
	} else if (l1d_flush_method == L1D_FLUSH_BY_READING) {
		/* First the translations, so that no page walk comes between the lines. */
		for (size_t i = 0; i < L1D_BUFFER_SIZE; i += PAGE_SIZE)
			READ_ONCE(l1d_buffer[i]);
		for (size_t i = 0; i < L1D_BUFFER_SIZE; i += L1D_LINE_SIZE)
			READ_ONCE(l1d_buffer[i]);
	}
}

/*
 * The other hypervisor does not know that a guest of ours ran in between, so what its guest and
 * ours teach the predictors is forgotten on both ways.
 */
void mitigations_enter(struct vmx_vcpu *vmx, bool other_guest)
{
	if (other_guest || this_cpu_read(last_vcpu) != vmx->unique_id)
		branch_predictors_flush();
	this_cpu_write(last_vcpu, vmx->unique_id);
	l1d_flush();
}

void mitigations_leave(bool other_guest)
{
	if (other_guest)
		branch_predictors_flush();
#ifdef X86_FEATURE_IBPB_EXIT_TO_USER
	/* VMSCAPE: the guest's branch history must not steer the program that runs it. */
	if (cpu_feature_enabled(X86_FEATURE_IBPB_EXIT_TO_USER))
		this_cpu_write(x86_ibpb_exit_to_user, true);
#endif
}
