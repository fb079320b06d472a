// SPDX-License-Identifier: GPL-2.0
/*
 * run.c - vmx_run(): slices, entries and exits, until somebody outside is needed.
 *
 * Reached from module/vcpu.c with interrupts on, and from here on the order of a RUN is the order
 * of this file read upwards: vmx_run() opens a slice (slice.c), loads the guest (state.c,
 * host.c), enters it (enter.S), looks at the exit (exit.c), and either enters again or gives the
 * CPU back.
 */
#include <linux/errno.h>
#include <linux/irqflags.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <asm/mce.h>
#include <asm/ptrace.h>
#include <asm/special_insns.h>
#include <asm/vmx.h>

#include "arch/x86/ept.h"
#include "arch/x86/exit.h"
#include "arch/x86/host.h"
#include "arch/x86/inject.h"
#include "arch/x86/mitigate.h"
#include "arch/x86/recorder.h"
#include "arch/x86/run.h"
#include "arch/x86/setup.h"
#include "arch/x86/slice.h"
#include "arch/x86/state.h"
#include "arch/x86/trace.h"
#include "arch/x86/vcpu.h"
#include "arch/x86/vmcs.h"

/*
 * Must the thread do something before the guest goes on? TIF_NOTIFY_RESUME alone is no reason:
 * every preemption sets it for a program that uses restartable sequences, and it keeps until RUN
 * returns. What else it can mean is asked for by itself.
 */
static bool thread_work_pending(bool owed_work_waits)
{
	unsigned long flags = read_thread_flags();

	if (flags & (_TIF_SIGPENDING | _TIF_NOTIFY_SIGNAL | TIF_RESCHED_MASK))
		return true;
	return !owed_work_waits && (flags & _TIF_NOTIFY_RESUME) && thread_owes_work();
}

/* VMLAUNCH or VMRESUME did not even leave the host. */
static enum exit_action entry_refused(struct vmx_vcpu *vmx, enum vmx_entry_result result)
{
	u32 error = 0;

	if (result == VMX_ENTRY_FAIL_VALID)
		error = vmcs_read32(VM_INSTRUCTION_ERROR);
	WARN_ONCE(result != VMX_ENTRY_FAIL_VALID, "minivmx: VM entry without a VMCS (%d)\n", result);
	vmx->exit.reason = 0;
	exit_to_user_failed_entry(vmx, error, 0);
	return EXIT_TO_USER;
}

/*
 * Its tracepoint has to wait for deliver_host_nmi(): what hangs on it may take a fault, and execute
 * an IRET.
 */
static bool exit_is_host_nmi(const struct exit_info *exit)
{
	return (exit->reason & EXIT_REASON_BASIC) == EXIT_REASON_EXCEPTION_NMI &&
	       intr_info_is_nmi(exit->intr_info);
}

/* Enters the guest once and handles the exit. */
static enum exit_action enter_once(struct vmx_vcpu *vmx, bool launched)
{
	enum vmx_entry_result result;
	enum exit_action action;
	u64 exit_tsc;

	vmx->exit.reason = 0;
	if (vmx->events.triple_fault) {
		vmx->events.triple_fault = false;
		return exit_to_user_shutdown(vmx);
	}
	inject_before_entry(vmx);
	if (trace_minivmx_entry_enabled())
		trace_minivmx_entry(vmx->id, vmcs_read(GUEST_RIP));
	recorder_entry(&vmx->recorder);
	/* CR2 is not switched: page faults of the guest set it, and so do those of the host. */
	native_write_cr2(vmx->cr2);
	result = vmx_enter(vmx->regs, launched);
	vmx->cr2 = native_read_cr2();
	if (result != VMX_ENTRY_EXITED)
		return entry_refused(vmx, result);
	exit_tsc = rdtsc();

	exit_read(vmx);
	recorder_exit(&vmx->recorder, &vmx->exit, exit_tsc);
	if (trace_minivmx_exit_enabled() && !exit_is_host_nmi(&vmx->exit))
		trace_minivmx_exit(vmx->id, &vmx->exit, vmx->recorder.last);
	if (!(vmx->exit.reason & MINIVMX_EXIT_REASON_FAILED_ENTRY))
		inject_after_exit(vmx);
	action = exit_dispatch(vmx);
	recorder_handled(&vmx->recorder, action);
	return action;
}

/* The guest's memory has changed under this slice: the next one will see it. */
static bool translations_outdated(struct vmx_vcpu *vmx)
{
	return READ_ONCE(vmx->ept->generation) != vmx->last_ept_generation;
}

/* Runs the guest for as many exits as need nothing but this CPU. In a slice. */
static enum exit_action run_in_slice(struct vmx_vcpu *vmx, const struct slice *slice,
				     bool owed_work_waits)
{
	struct host_state host;
	enum exit_action action;
	bool launched = false;

	if (!vmx->vmcs.written)
		vmcs_setup(vmx);
	host_fields_refresh(vmx, &host);
	vmx->vmcs.written = true;
	state_load(vmx);
	host_enter(vmx, &host);
	ept_enter(vmx);
	mitigations_enter(vmx, slice_has_other_guest(slice));
	do {
		action = enter_once(vmx, launched);
		launched = true;
		if (thread_work_pending(owed_work_waits) || translations_outdated(vmx))
			break;
	} while (action == EXIT_RESUME || action == EXIT_SKIP_AND_RESUME);
	mitigations_leave(slice_has_other_guest(slice));
	ept_leave(vmx);
	state_save(vmx);
	if (action == EXIT_TO_EMULATION)
		state_save_rest(vmx);
	host_leave(vmx, &host);
	return action;
}

/*
 * The NMI that ended the guest is used up, and the CPU holds back further ones until an IRET: so
 * the host's handler, whose gate INT 2 is, must run now, before anything here can execute one.
 */
void deliver_host_nmi(void)
{
	asm volatile("int $2");
}

/* As if the machine check had interrupted the program: it may be killed for it. */
void deliver_host_machine_check(void)
{
	struct pt_regs regs = {
		.cs = 3,
		.flags = X86_EFLAGS_IF,
	};

	/* A kernel built without machine-check handling has nobody to tell. */
	if (IS_ENABLED(CONFIG_X86_MCE))
		do_machine_check(&regs);
}

/*
 * A machine check during VM entry: userspace hears that the entry failed, the host of the check.
 */
static bool exit_is_entry_machine_check(struct vmx_vcpu *vmx)
{
	return (vmx->exit.reason & EXIT_REASON_BASIC) == EXIT_REASON_MCE_DURING_VMENTRY;
}

/* STI holds interrupts back for one more instruction: a CLI must not be the next. */
void let_interrupts_in(void)
{
	local_irq_enable();
	asm volatile("nop");
}

int vmx_run(struct vmx_vcpu *vmx, bool owed_work_waits)
{
	enum exit_action action;
	struct slice slice;
	int result;

	for (;;) {
		local_irq_disable();
		if (thread_work_pending(owed_work_waits)) {
			local_irq_enable();
			return VMX_WORK_PENDING;
		}
		result = slice_begin(&slice, &vmx->vmcs);
		if (result) {
			local_irq_enable();
			return result;
		}
		vmx->stats.slices++;
		vmx->stats.borrowed_slices += slice.borrowed;
		trace_minivmx_slice_begin(vmx->id, slice.borrowed);
		action = run_in_slice(vmx, &slice, owed_work_waits);
		slice_end(&slice, &vmx->vmcs);

		if (action == EXIT_TO_NMI) {
			deliver_host_nmi();
			trace_minivmx_exit(vmx->id, &vmx->exit, vmx->recorder.last);
		} else if (action == EXIT_TO_MACHINE_CHECK || exit_is_entry_machine_check(vmx)) {
			deliver_host_machine_check();
		} else if (action == EXIT_TO_HOST) {
			/* A guest that only computes must not hold up everybody's grace periods. */
			rcu_note_context_switch(false);
		}
		trace_minivmx_slice_end(vmx->id, vmx->recorder.last);
		/* An interrupt that ended the guest fires here. */
		let_interrupts_in();

		switch (action) {
		case EXIT_TO_USER:
		case EXIT_SKIP_AND_TO_USER:
			return VMX_TO_USER;
		case EXIT_TO_SLOW:
		case EXIT_TO_EMULATION:
			result = exit_handle_slow(vmx);
			if (result != VMX_RESUME) {
				recorder_handled(&vmx->recorder, EXIT_TO_USER);
				return result;
			}
			break;
		default:
			break;
		}
	}
}
