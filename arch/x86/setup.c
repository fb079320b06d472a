// SPDX-License-Identifier: GPL-2.0
/*
 * setup.c - a fresh VMCS: one function for each area of SDM 3C "Virtual-Machine Control
 * Structures".
 *
 * Reached from run.c in the first slice of a vCPU, interrupts off, our VMCS current. What stands
 * here never changes; host.c refreshes the host-state area each slice, state.c writes the
 * guest's registers.
 */
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/string.h>
#include <asm/desc_defs.h>
#include <asm/segment.h>
#include <asm/tsc.h>
#include <asm/vmx.h>

#include "arch/x86/caps.h"
#include "arch/x86/cpuid.h"
#include "arch/x86/ept.h"
#include "arch/x86/msr.h"
#include "arch/x86/run.h"
#include "arch/x86/setup.h"
#include "arch/x86/vcpu.h"
#include "arch/x86/vmcs.h"

/*
 * One bit for each MSR and direction; a 1 makes the access exit. All ones but for what exit_msr.c
 * opens: a guest reads and writes no MSR of the host. Shared by all vCPUs. SDM 3C "MSR-Bitmap
 * Address".
 */
static unsigned long *msr_bitmap;

int vmcs_setup_init(void)
{
	msr_bitmap = (unsigned long *)__get_free_page(GFP_KERNEL);
	if (!msr_bitmap)
		return -ENOMEM;
	memset(msr_bitmap, 0xff, PAGE_SIZE);
	msr_bitmap_open(msr_bitmap);
	return 0;
}

void vmcs_setup_exit(void)
{
	free_page((unsigned long)msr_bitmap);
}

/*
 * Ticks of the VMX-preemption timer in one host tick; each VM entry starts it anew. Host interrupts
 * end a slice anyway, whatever the guest's flag; the timer is a backstop, and in an emulator that
 * masks them by that flag it is the only end. It counts the TSC shifted right.
 */
static u32 preemption_timer_ticks(void)
{
	u64 ticks = (u64)tsc_khz * 1000 / HZ;

	ticks >>= vmx_caps.misc & MISC_PREEMPTION_TIMER_RATE;
	return clamp_t(u64, ticks, 1, U32_MAX);
}

/*
 * Names the kernel lacks. SDM 3D "Field Encoding in VMCS", SDM 3C "Processor-Based VM-Execution
 * Controls".
 */
#define ENCLV_EXITING_BITMAP		0x2036
#define SECONDARY_EXEC_ENCLV_EXITING	BIT(28)

/* SDM 3C "VM-Execution Control Fields" */
static void setup_execution_controls(struct vmx_vcpu *vmx)
{
	u32 secondary = vmx_caps.control[VMX_SECONDARY];

	if (!vmx->vpid)
		secondary &= ~SECONDARY_EXEC_ENABLE_VPID;
	/* An instruction that the guest's CPUID does not show is undefined. */
	if (!vmx->has_tsc_aux)
		secondary &= ~SECONDARY_EXEC_ENABLE_RDTSCP;
	if (!guest_has(vmx, X86_FEATURE_INVPCID))
		secondary &= ~SECONDARY_EXEC_ENABLE_INVPCID;
	vmcs_write32(PIN_BASED_VM_EXEC_CONTROL, vmx_caps.control[VMX_PIN_BASED]);
	vmx->primary_controls = vmx_caps.control[VMX_PRIMARY];
	vmcs_write32(CPU_BASED_VM_EXEC_CONTROL, vmx->primary_controls);
	vmcs_write32(SECONDARY_VM_EXEC_CONTROL, secondary);

	vmcs_write32(PAGE_FAULT_ERROR_CODE_MASK, 0);
	vmcs_write32(PAGE_FAULT_ERROR_CODE_MATCH, 0);
	vmcs_write32(CR3_TARGET_COUNT, 0);
	vmcs_write64(MSR_BITMAP, __pa(msr_bitmap));
	vmcs_write64(EPT_POINTER, vmx->ept->eptp);
	if (vmx->vpid)
		vmcs_write16(VIRTUAL_PROCESSOR_ID, vmx->vpid);
	/* Every leaf of the enclave instructions exits, and gets #UD. */
	if (secondary & SECONDARY_EXEC_ENCLS_EXITING)
		vmcs_write64(ENCLS_EXITING_BITMAP, ~0ULL);
	if (secondary & SECONDARY_EXEC_ENCLV_EXITING)
		vmcs_write64(ENCLV_EXITING_BITMAP, ~0ULL);
	if (vmx_caps.has_preemption_timer)
		vmcs_write32(VMX_PREEMPTION_TIMER_VALUE, preemption_timer_ticks());
}

/*
 * SDM 3C "VM-Exit Control Fields", "VM-Entry Control Fields" (state.c writes the entry controls)
 */
static void setup_exit_and_entry_controls(void)
{
	vmcs_write32(VM_EXIT_CONTROLS, vmx_caps.control[VMX_EXIT]);
	vmcs_write32(VM_EXIT_MSR_STORE_COUNT, 0);
	vmcs_write32(VM_EXIT_MSR_LOAD_COUNT, 0);
	vmcs_write32(VM_ENTRY_MSR_LOAD_COUNT, 0);
	vmcs_write32(VM_ENTRY_INTR_INFO_FIELD, 0);
}

/*
 * SDM 3C "Host-State Area". The segments that VM exit can load with a null selector get one:
 * host.c puts back what the interrupted program had.
 */
static void setup_host_state(void)
{
	vmcs_write16(HOST_CS_SELECTOR, __KERNEL_CS);
	vmcs_write16(HOST_SS_SELECTOR, __KERNEL_DS);
	vmcs_write16(HOST_DS_SELECTOR, 0);
	vmcs_write16(HOST_ES_SELECTOR, 0);
	vmcs_write16(HOST_FS_SELECTOR, 0);
	vmcs_write16(HOST_GS_SELECTOR, 0);
	vmcs_write16(HOST_TR_SELECTOR, GDT_ENTRY_TSS * 8);
	vmcs_write(HOST_RIP, (unsigned long)vmx_exit);
}

/* SDM 3C "Guest-State Area": what no ioctl sets and no exit changes for us. */
static void setup_guest_state(void)
{
	vmcs_write64(VMCS_LINK_POINTER, ~0ULL);
	vmcs_write64(GUEST_IA32_DEBUGCTL, 0);
	if (vmx_caps.has_perf_global_ctrl)
		vmcs_write64(GUEST_IA32_PERF_GLOBAL_CTRL, 0);
	vmcs_write32(GUEST_ACTIVITY_STATE, GUEST_ACTIVITY_ACTIVE);
	vmcs_write(GUEST_PENDING_DBG_EXCEPTIONS, 0);
}

void vmcs_setup(struct vmx_vcpu *vmx)
{
	setup_execution_controls(vmx);
	setup_exit_and_entry_controls();
	setup_host_state();
	setup_guest_state();
}
