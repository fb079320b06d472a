// SPDX-License-Identifier: GPL-2.0
/*
 * try_entry.c - TRY_ENTRY: a VM entry with some fields changed, to see what the CPU says of them.
 *
 * Reached from module/study.c, interrupts on, in study mode only. The slice is one of run.c with a
 * single entry. If it succeeds, nothing of the guest runs: its second-level page table is empty, so no
 * instruction can be fetched and no event delivered, and the VMX-preemption timer has expired, which
 * ends HLT and shutdown too. Then all fields get back what they held.
 * SDM 3C "VM Entries", "VMX-Preemption Timer".
 */
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/slab.h>
#include <asm/msr-index.h>
#include <asm/trapnr.h>
#include <asm/vmx.h>

#include "arch/x86/caps.h"
#include "arch/x86/ept.h"
#include "arch/x86/exit.h"
#include "arch/x86/host.h"
#include "arch/x86/inject.h"
#include "arch/x86/mitigate.h"
#include "arch/x86/run.h"
#include "arch/x86/setup.h"
#include "arch/x86/slice.h"
#include "arch/x86/snapshot.h"
#include "arch/x86/state.h"
#include "arch/x86/vcpu.h"
#include "arch/x86/vmcs.h"
#include "arch/x86/vmx.h"

struct trial {
	struct minivmx_try_entry *args;
	struct vmcs_fields fields;
	u64 *saved;			/* what the fields held */
	void *no_memory;		/* an EPT root without entries */
	struct vmx_msr_entry *msr_area;
	u64 host_msr[MINIVMX_TRY_MSRS];
	bool host_msr_saved[MINIVMX_TRY_MSRS];
	u32 intr_info;			/* of the exit */
};

/* ---------------------------------------------------------------- what may be tried */

static bool field_exists(const struct vmcs_fields *fields, u32 encoding)
{
	for (unsigned int i = 0; i < fields->count; i++)
		if (fields->encoding[i] == encoding)
			return true;
	return false;
}

static bool value_fits(const struct minivmx_vmcs_field *change)
{
	switch (FIELD_WIDTH(change->encoding)) {
	case VMCS_WIDTH_16:
		return change->value <= U16_MAX;
	case VMCS_WIDTH_32:
		return change->value <= U32_MAX;
	default:
		return true;
	}
}

/* With any value of it, if the entry succeeds the host is safe. */
static bool field_is_harmless(u32 encoding)
{
	switch (encoding) {
	/* The CPU reads what it points to, which may be a device. */
	case VMCS_LINK_POINTER:
		return false;
	case VM_ENTRY_INTR_INFO_FIELD:
	case VM_ENTRY_EXCEPTION_ERROR_CODE:
	case VM_ENTRY_INSTRUCTION_LEN:
		return true;
	default:
		return FIELD_TYPE(encoding) == FIELD_GUEST_STATE;
	}
}

/* Those that VM exit loads from the host-state area, and those that host.c puts back. */
static bool msr_is_harmless(u32 index)
{
	switch (index) {
	case MSR_EFER:
	case MSR_IA32_CR_PAT:
	case MSR_KERNEL_GS_BASE:
		return true;
	default:
		return false;
	}
}

static int check_change(const struct vmcs_fields *fields, const struct minivmx_vmcs_field *change, bool fails)
{
	if (change->padding || !field_exists(fields, change->encoding) || !value_fits(change))
		return -EINVAL;
	switch (change->encoding) {
	/* Only a start-up IPI ends it, and who would send one? */
	case GUEST_ACTIVITY_STATE:
		if (change->value == GUEST_ACTIVITY_WAIT_SIPI)
			return -EACCES;
		break;
	case VMX_PREEMPTION_TIMER_VALUE:
	case HOST_RSP:
		return -EINVAL;
	}
	if (FIELD_TYPE(change->encoding) == FIELD_EXIT_INFORMATION)
		return -EINVAL;
	return fails || field_is_harmless(change->encoding) ? 0 : -EACCES;
}

static int check_args(const struct vmcs_fields *fields, const struct minivmx_try_entry *args)
{
	bool fails = args->flags & MINIVMX_TRY_EXPECT_FAILURE;
	int err;

	if ((args->flags & ~MINIVMX_TRY_EXPECT_FAILURE) || args->nent > MINIVMX_TRY_CHANGES ||
	    args->nmsrs > MINIVMX_TRY_MSRS)
		return -EINVAL;
	for (u32 i = 0; i < args->nent; i++) {
		err = check_change(fields, &args->entries[i], fails);
		if (err)
			return err;
	}
	for (u32 i = 0; i < args->nmsrs; i++) {
		if (args->msrs[i].reserved)
			return -EINVAL;
		if (!fails && !msr_is_harmless(args->msrs[i].index))
			return -EACCES;
	}
	return 0;
}

/* ----------------------------------------------------- in the slice, in this order */

static void save_fields(struct trial *trial)
{
	for (unsigned int i = 0; i < trial->fields.count; i++)
		trial->saved[i] = vmread(trial->fields.encoding[i]);
}

/* The VM exit has written to the guest-state area, too. */
static void restore_fields(const struct trial *trial)
{
	for (unsigned int i = 0; i < trial->fields.count; i++) {
		u16 encoding = trial->fields.encoding[i];

		if (FIELD_TYPE(encoding) != FIELD_EXIT_INFORMATION && vmread(encoding) != trial->saved[i])
			vmwrite(encoding, trial->saved[i]);
	}
}

static void take_memory_and_time(struct trial *trial, const struct vmx_vcpu *vmx)
{
	u64 eptp = __pa(trial->no_memory) | (vmx->ept->eptp & ~PAGE_MASK);

	invept_single_context(eptp);
	vmcs_write64(EPT_POINTER, eptp);
	vmcs_write32(VMX_PREEMPTION_TIMER_VALUE, 0);
}

/* False: the CPU does not keep a value, or not all of it. */
static bool make_changes(const struct trial *trial)
{
	const struct minivmx_try_entry *args = trial->args;

	if (args->nmsrs) {
		vmcs_write64(VM_ENTRY_MSR_LOAD_ADDR, __pa(trial->msr_area));
		vmcs_write32(VM_ENTRY_MSR_LOAD_COUNT, args->nmsrs);
	}
	for (u32 i = 0; i < args->nent; i++) {
		const struct minivmx_vmcs_field *change = &args->entries[i];

		if (!vmwrite_exists(change->encoding, change->value) ||
		    vmread(change->encoding) != change->value)
			return false;
	}
	return true;
}

/* VM entry loads them into the CPU, up to one that fails, and VM exit does not know of it. */
static void save_host_msrs(struct trial *trial)
{
	for (u32 i = 0; i < trial->args->nmsrs; i++)
		trial->host_msr_saved[i] = !rdmsrq_safe(trial->msr_area[i].index, &trial->host_msr[i]);
}

static void restore_host_msrs(const struct trial *trial)
{
	for (u32 i = trial->args->nmsrs; i--; ) {
		u32 index = trial->msr_area[i].index;
		u64 value;

		if (trial->host_msr_saved[i] && !rdmsrq_safe(index, &value) && value != trial->host_msr[i])
			wrmsrq_safe(index, trial->host_msr[i]);
	}
}

static int enter(struct trial *trial, struct vmx_vcpu *vmx)
{
	struct minivmx_try_entry *args = trial->args;

	switch (vmx_enter(vmx->regs, false)) {
	case VMX_ENTRY_EXITED:
		args->outcome = MINIVMX_TRIED_VM_EXIT;
		args->reason = vmcs_read32(VM_EXIT_REASON);
		args->qualification = vmcs_read(EXIT_QUALIFICATION);
		trial->intr_info = vmcs_read32(VM_EXIT_INTR_INFO);
		return 0;
	case VMX_ENTRY_FAIL_VALID:
		args->outcome = MINIVMX_TRIED_VMFAIL_VALID;
		args->reason = vmcs_read32(VM_INSTRUCTION_ERROR);
		return 0;
	case VMX_ENTRY_FAIL_INVALID:
		args->outcome = MINIVMX_TRIED_VMFAIL_INVALID;
		return 0;
	default:
		return -EIO;
	}
}

static int try_in_slice(struct trial *trial, struct vmx_vcpu *vmx, const struct slice *slice)
{
	struct entry_memo memo;
	struct host_state host;
	u32 primary_controls;
	int err = -ERANGE;

	if (!vmx->vmcs.written)
		vmcs_setup(vmx);
	host_fields_refresh(vmx, &host);
	save_fields(trial);
	primary_controls = vmx->primary_controls;
	entry_remember(vmx, &memo);

	state_load(vmx);
	host_enter(vmx, &host);
	ept_enter(vmx);
	mitigations_enter(vmx, slice_has_other_guest(slice));
	inject_before_entry(vmx);
	take_memory_and_time(trial, vmx);
	if (make_changes(trial)) {
		save_host_msrs(trial);
		err = enter(trial, vmx);
		restore_host_msrs(trial);
	}
	mitigations_leave(slice_has_other_guest(slice));
	ept_leave(vmx);
	host_leave(vmx, &host);

	restore_fields(trial);
	entry_forget(vmx, &memo);
	vmx->primary_controls = primary_controls;
	/* The host-state area is this CPU's now, and what is cached of the guest may be anything. */
	vmx->last_cpu = -1;
	return err;
}

/* -------------------------------------------------------------------- around it */

/* What ended the guest may be the host's to handle. */
static void deliver_to_host(const struct trial *trial)
{
	if (trial->args->outcome != MINIVMX_TRIED_VM_EXIT)
		return;
	switch ((u32)trial->args->reason & ~VMX_EXIT_REASONS_FAILED_VMENTRY) {
	case EXIT_REASON_MCE_DURING_VMENTRY:
		deliver_host_machine_check();
		break;
	case EXIT_REASON_EXCEPTION_NMI:
		if (intr_info_is_nmi(trial->intr_info))
			deliver_host_nmi();
		else if ((trial->intr_info & INTR_INFO_VECTOR_MASK) == X86_TRAP_MC)
			deliver_host_machine_check();
		break;
	}
}

static int try_on_this_cpu(struct trial *trial, struct vmx_vcpu *vmx)
{
	struct slice slice;
	int err;

	local_irq_disable();
	err = slice_begin(&slice, &vmx->vmcs);
	if (!err) {
		err = try_in_slice(trial, vmx, &slice);
		slice_end(&slice, &vmx->vmcs);
		if (!err)
			deliver_to_host(trial);
	}
	let_interrupts_in();
	return err;
}

int vmx_try_entry(struct vmx_vcpu *vmx, struct minivmx_try_entry *args)
{
	struct trial trial = { .args = args };
	int err = vmx_caps.has_preemption_timer ? vmcs_fields_get(&trial.fields) : -EOPNOTSUPP;

	if (!err)
		err = check_args(&trial.fields, args);
	if (err)
		return err;
	args->outcome = args->reason = args->qualification = 0;
	trial.saved = kvcalloc(trial.fields.count, sizeof(*trial.saved), GFP_KERNEL_ACCOUNT);
	trial.no_memory = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	trial.msr_area = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	err = -ENOMEM;
	if (trial.saved && trial.no_memory && trial.msr_area) {
		for (u32 i = 0; i < args->nmsrs; i++)
			trial.msr_area[i] = (struct vmx_msr_entry){
				.index = args->msrs[i].index,
				.value = args->msrs[i].data,
			};
		err = try_on_this_cpu(&trial, vmx);
	}
	free_page((unsigned long)trial.msr_area);
	free_page((unsigned long)trial.no_memory);
	kvfree(trial.saved);
	return err;
}
