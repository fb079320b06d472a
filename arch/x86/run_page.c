// SPDX-License-Identifier: GPL-2.0
/*
 * run_page.c - what every RUN takes from the run page, and what every RUN leaves there.
 *
 * Reached from module/vcpu.c: vcpu_run(), before the guest runs and after it, interrupts on. What
 * belongs to one exit reason is filled in by its handler. Userspace can write the page at any time:
 * each value is read once, then judged.
 */
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <asm/processor-flags.h>

#include "arch/x86/events.h"
#include "arch/x86/vcpu.h"
#include "arch/x86/vmx.h"

#define CR8_RESERVED	(~0xfULL)

/* Each set of registers that userspace has changed in the page is done with when it is taken. */
static int take_registers(struct vmx_vcpu *vmx, u64 dirty)
{
	struct minivmx_run *run = vmx->run;
	const struct minivmx_sync_regs sync = run->s.regs;
	int err;

	if (dirty & MINIVMX_SYNC_X86_REGS) {
		vmx_set_regs(vmx, &sync.regs);
		run->minivmx_dirty_regs &= ~(u64)MINIVMX_SYNC_X86_REGS;
	}
	if (dirty & MINIVMX_SYNC_X86_SREGS) {
		err = vmx_set_sregs(vmx, &sync.sregs);
		if (err)
			return err;
		run->minivmx_dirty_regs &= ~(u64)MINIVMX_SYNC_X86_SREGS;
	}
	if (dirty & MINIVMX_SYNC_X86_EVENTS) {
		err = vmx_set_vcpu_events(vmx, &sync.events);
		if (err)
			return err;
		run->minivmx_dirty_regs &= ~(u64)MINIVMX_SYNC_X86_EVENTS;
	}
	return 0;
}

int vmx_take_run_page(struct vmx_vcpu *vmx)
{
	struct minivmx_run *run = vmx->run;
	u64 valid = READ_ONCE(run->minivmx_valid_regs);
	u64 dirty = READ_ONCE(run->minivmx_dirty_regs);
	u64 cr8;
	int err;

	if ((valid | dirty) & ~(u64)MINIVMX_SYNC_X86_VALID_FIELDS)
		return -EINVAL;
	if (dirty) {
		err = take_registers(vmx, dirty);
		if (err)
			return err;
	}
	cr8 = READ_ONCE(run->cr8);
	if (cr8 & CR8_RESERVED)
		return -EINVAL;
	vmx->cr8 = cr8;
	return 0;
}

static int leave_registers(struct vmx_vcpu *vmx, u64 valid)
{
	struct minivmx_sync_regs *sync = &vmx->run->s.regs;
	int err = 0;

	if (valid & MINIVMX_SYNC_X86_REGS)
		vmx_get_regs(vmx, &sync->regs);
	if (valid & MINIVMX_SYNC_X86_SREGS)
		err = vmx_get_sregs(vmx, &sync->sregs);
	if (valid & MINIVMX_SYNC_X86_EVENTS)
		vmx_get_vcpu_events(vmx, &sync->events);
	return err;
}

int vmx_fill_run_page(struct vmx_vcpu *vmx)
{
	struct minivmx_run *run = vmx->run;
	u64 valid = READ_ONCE(run->minivmx_valid_regs);

	run->flags = 0;
	run->if_flag = !!(vmx->rflags & X86_EFLAGS_IF);
	run->ready_for_interrupt_injection = events_ready_for_interrupt(vmx);
	run->cr8 = vmx->cr8;
	run->apic_base = vmx->apic_base;
	return valid ? leave_registers(vmx, valid) : 0;
}
