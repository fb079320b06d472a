// SPDX-License-Identifier: GPL-2.0
/*
 * host.c - the host's side of the world switch: the host-state area, and what no hardware
 * switches.
 *
 * Reached from run.c at both ends of a slice, interrupts off, our VMCS current. Each pair below
 * takes something from the host and puts it back; host_enter() and host_leave() call them in
 * mirror order. What is read from the CPU here is read afresh in each slice wherever a KVM guest,
 * a context switch or another thread may have changed it since the last one. native_rdmsrq() and
 * native_wrmsrq() are the bare instructions: these MSRs are there.
 */
#include <linux/percpu.h>
#include <asm/cpu_entry_area.h>
#include <asm/debugreg.h>
#include <asm/desc.h>
#include <asm/fsgsbase.h>
#include <asm/msr-index.h>
#include <asm/mmu_context.h>
#include <asm/processor.h>
#include <asm/segment.h>
#include <asm/special_insns.h>

#include "arch/x86/caps.h"
#include "arch/x86/debug.h"
#include "arch/x86/fpu.h"
#include "arch/x86/host.h"
#include "arch/x86/vmcs.h"

/* ------------------------------------------------------------- the host-state area */

/* Writes a field when it is new, or differs from what it holds: VMCLEAR keeps field contents. */
static __always_inline void refresh(unsigned long field, u64 *shadow, u64 value, bool all)
{
	if (all || *shadow != value) {
		vmwrite(field, value);
		*shadow = value;
	}
}

/* Changes only when the vCPU moves to another CPU. */
static void refresh_per_cpu_fields(struct host_fields *shadow, struct host_state *host, bool all)
{
	struct desc_ptr idt;
	u64 value;

	refresh(HOST_TR_BASE, &shadow->tr_base,
		(unsigned long)&get_cpu_entry_area(smp_processor_id())->tss.x86_tss, all);
	refresh(HOST_GDTR_BASE, &shadow->gdt_base, host->gdt.address, all);
	store_idt(&idt);
	refresh(HOST_IDTR_BASE, &shadow->idt_base, idt.address, all);

	rdmsrq(MSR_IA32_SYSENTER_CS, value);
	refresh(HOST_IA32_SYSENTER_CS, &shadow->sysenter_cs, value, all);
	rdmsrq(MSR_IA32_SYSENTER_ESP, value);
	refresh(HOST_IA32_SYSENTER_ESP, &shadow->sysenter_esp, value, all);
	rdmsrq(MSR_IA32_SYSENTER_EIP, value);
	refresh(HOST_IA32_SYSENTER_EIP, &shadow->sysenter_eip, value, all);
	rdmsrq(MSR_IA32_CR_PAT, value);
	refresh(HOST_IA32_PAT, &shadow->pat, value, all);
}

/* Reading an MSR costs a hundred cycles, these instructions next to nothing. SDM 2B "RDFSBASE/RDGSBASE". */
static u64 fs_base_read(void)
{
	return static_cpu_has(X86_FEATURE_FSGSBASE) ? rdfsbase() : native_rdmsrq(MSR_FS_BASE);
}

static u64 gs_base_read(void)
{
	return static_cpu_has(X86_FEATURE_FSGSBASE) ? rdgsbase() : native_rdmsrq(MSR_GS_BASE);
}

void host_fields_refresh(struct vmx_vcpu *vmx, struct host_state *host)
{
	struct host_fields *shadow = &vmx->host_fields;
	bool all = !vmx->vmcs.written;
	u64 value;

	native_store_gdt(&host->gdt);
	if (all || vmx->last_cpu != smp_processor_id())
		refresh_per_cpu_fields(shadow, host, all);

	/* CR3 moves with PCIDs and page-table isolation, CR4 with the task. */
	refresh(HOST_CR0, &shadow->cr0, native_read_cr0(), all);
	refresh(HOST_CR3, &shadow->cr3, __native_read_cr3(), all);
	refresh(HOST_CR4, &shadow->cr4, native_read_cr4(), all);
	host->fs_base = fs_base_read();
	refresh(HOST_FS_BASE, &shadow->fs_base, host->fs_base, all);
	refresh(HOST_GS_BASE, &shadow->gs_base, gs_base_read(), all);
	/* A KVM guest's EFER may be in the CPU until that thread returns to userspace. */
	value = native_rdmsrq(MSR_EFER);
	refresh(HOST_IA32_EFER, &shadow->efer, value, all);
	/* By VM exit, not by WRMSR: an NMI of perf could write it between the two. */
	if (vmx_caps.has_perf_global_ctrl) {
		value = native_rdmsrq(MSR_CORE_PERF_GLOBAL_CTRL);
		refresh(HOST_IA32_PERF_GLOBAL_CTRL, &shadow->perf_global_ctrl, value, all);
	}
}

/* ------------------------------------------------------- segments and descriptor tables */

/*
 * VM exit loads null selectors for DS, ES, FS and GS (we asked for that), a null LDTR, and limits
 * of 0xffff for GDTR and 0x67 for TR. SDM 3C "Loading Host Segment and Descriptor-Table
 * Registers".
 */
static void segments_enter(struct host_state *host)
{
	savesegment(ds, host->ds);
	savesegment(es, host->es);
	savesegment(fs, host->fs);
	savesegment(gs, host->gs);
	store_ldt(host->ldt);
}

static void segments_leave(struct host_state *host)
{
	native_load_gdt(&host->gdt);
	/* Our limit cuts off the I/O permission bitmap; whoever needs it reloads TR. */
	invalidate_tss_limit();
	if (host->ldt)
		asm volatile("lldt %w0" : : "r" (host->ldt));
	if (host->ds | host->es) {
		loadsegment(ds, host->ds);
		loadsegment(es, host->es);
	}
	/* Loading a selector also loads the base from its descriptor, so the base comes after. */
	if (host->fs) {
		loadsegment(fs, host->fs);
		native_wrmsrq(MSR_FS_BASE, host->fs_base);
	}
	if (host->gs) {
		load_gs_index(host->gs);
		native_wrmsrq(MSR_KERNEL_GS_BASE, host->kernel_gs_base);
	}
}

/* SWAPGS in a guest exchanges the GS base with this MSR, and never exits. SDM 2B "SWAPGS". */
static void kernel_gs_enter(struct vmx_vcpu *vmx, struct host_state *host)
{
	host->kernel_gs_base = native_rdmsrq(MSR_KERNEL_GS_BASE);
	native_wrmsrq(MSR_KERNEL_GS_BASE, vmx->kernel_gs_base);
}

static void kernel_gs_leave(struct vmx_vcpu *vmx, struct host_state *host)
{
	vmx->kernel_gs_base = native_rdmsrq(MSR_KERNEL_GS_BASE);
	native_wrmsrq(MSR_KERNEL_GS_BASE, host->kernel_gs_base);
}

/* ------------------------------------------------------------- SYSCALL and RDTSCP */

/*
 * SYSCALL jumps where its MSRs say, and RDTSCP reads TSC_AUX, in a guest as in the host. What is
 * put back is what was found: it need not be the kernel's own value, KVM leaves a guest's there
 * until its thread returns to userspace. Which ones were exchanged is written down, because the
 * guest's value in the vCPU can change before the slice ends.
 */
static const u32 switched_msrs[SWITCHED_COUNT] = {
	[SWITCHED_STAR]		= MSR_STAR,
	[SWITCHED_LSTAR]	= MSR_LSTAR,
	[SWITCHED_CSTAR]	= MSR_CSTAR,
	[SWITCHED_FMASK]	= MSR_SYSCALL_MASK,
	[SWITCHED_TSC_AUX]	= MSR_TSC_AUX,
};

#define SYSCALL_MSRS	(BIT(SWITCHED_STAR) | BIT(SWITCHED_LSTAR) | BIT(SWITCHED_CSTAR) |	\
			 BIT(SWITCHED_FMASK))

static void switched_msrs_enter(struct vmx_vcpu *vmx, struct host_state *host)
{
	unsigned long wanted = 0;
	int i;

	/* Without these, the instructions are undefined in the guest. */
	if (vmx->efer & EFER_SCE)
		wanted |= SYSCALL_MSRS;
	if (vmx->has_tsc_aux)
		wanted |= BIT(SWITCHED_TSC_AUX);

	host->msrs_switched = 0;
	for_each_set_bit(i, &wanted, SWITCHED_COUNT) {
		host->msrs[i] = native_rdmsrq(switched_msrs[i]);
		if (host->msrs[i] == vmx->switched_msrs[i])
			continue;
		native_wrmsrq(switched_msrs[i], vmx->switched_msrs[i]);
		host->msrs_switched |= BIT(i);
	}
}

static void switched_msrs_leave(struct host_state *host)
{
	unsigned long switched = host->msrs_switched;
	int i;

	for_each_set_bit(i, &switched, SWITCHED_COUNT)
		native_wrmsrq(switched_msrs[i], host->msrs[i]);
}

/* ---------------------------------------------------------------- debug facilities */

/*
 * VM entry loads DR7, VM exit sets it to 0x400 and clears DEBUGCTL. DR0 to DR3 nobody switches:
 * MOV DR exits, so they matter only while DR7 switches one on. SDM 3C "Loading Host Control
 * Registers, Debug Registers, MSRs".
 */
static void debug_enter(struct vmx_vcpu *vmx, struct host_state *host)
{
	const u64 *addresses = debug_effective_addresses(vmx);

	host->debugctl = get_debugctlmsr();
	host->breakpoints_switched = debug_breakpoints_on(vmx);
	if (!host->breakpoints_switched)
		return;
	/* The host's own must not fire at the guest's addresses. */
	set_debugreg(0, 7);
	for (int i = 0; i < ARRAY_SIZE(host->breakpoints); i++) {
		get_debugreg(host->breakpoints[i], i);
		set_debugreg(addresses[i], i);
	}
}

static void debug_leave(struct host_state *host)
{
	if (host->debugctl)
		update_debugctlmsr(host->debugctl);
	if (host->breakpoints_switched)
		for (int i = 0; i < ARRAY_SIZE(host->breakpoints); i++)
			set_debugreg(host->breakpoints[i], i);
	if (hw_breakpoint_active())
		set_debugreg(this_cpu_read(cpu_dr7), 7);
}

/* --------------------------------------------------------------------------------- */

void host_enter(struct vmx_vcpu *vmx, struct host_state *host)
{
	segments_enter(host);
	switched_msrs_enter(vmx, host);
	debug_enter(vmx, host);
	fpu_enter(vmx, host);
	kernel_gs_enter(vmx, host);
}

void host_leave(struct vmx_vcpu *vmx, struct host_state *host)
{
	kernel_gs_leave(vmx, host);
	fpu_leave(vmx, host);
	debug_leave(host);
	switched_msrs_leave(host);
	segments_leave(host);
}
