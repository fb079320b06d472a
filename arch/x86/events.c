// SPDX-License-Identifier: GPL-2.0
/*
 * events.c - events as userspace sees and makes them: INTERRUPT, NMI, VCPU_EVENTS, MP_STATE.
 *
 * Reached from module/vcpu_state.c, module/vcpu.c, sregs.c and run_page.c, outside slices,
 * interrupts on. What is queued here waits in struct vmx_events for the next VM entry (inject.c).
 */
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <asm/processor-flags.h>
#include <asm/trapnr.h>
#include <asm/vmx.h>

#include "arch/x86/events.h"
#include "arch/x86/inject.h"
#include "arch/x86/vcpu.h"
#include "arch/x86/vmx.h"

static void interrupt_queue(struct vmx_vcpu *vmx, u8 vector)
{
	vmx->events.interrupt = vector | INTR_TYPE_EXT_INTR | INTR_INFO_VALID_MASK;
}

int vmx_interrupt(struct vmx_vcpu *vmx, const struct minivmx_interrupt *interrupt)
{
	if (interrupt->irq >= MINIVMX_NR_INTERRUPTS)
		return -EINVAL;
	interrupt_queue(vmx, interrupt->irq);
	return 0;
}

/* INT n is no interrupt to userspace: RIP is still at the instruction, which runs again. */
static bool interrupt_waits(const struct vmx_events *events)
{
	return (events->interrupt & INTR_INFO_VALID_MASK) && !event_has_insn_len(events->interrupt);
}

void events_to_bitmap(struct vmx_vcpu *vmx, u64 *bitmap)
{
	u32 vector = vmx->events.interrupt & INTR_INFO_VECTOR_MASK;

	if (interrupt_waits(&vmx->events))
		bitmap[vector / 64] = BIT_ULL(vector % 64);
}

void events_from_bitmap(struct vmx_vcpu *vmx, const u64 *bitmap)
{
	for (int i = 0; i < MINIVMX_NR_INTERRUPTS / 64; i++) {
		if (bitmap[i]) {
			interrupt_queue(vmx, 64 * i + __ffs64(bitmap[i]));
			return;
		}
	}
}

/*
 * A CPU holds one NMI back while another is handled. A vCPU that does not handle one can't begin
 * before it runs, so two can wait then, as on KVM.
 */
static void nmis_queue(struct vmx_vcpu *vmx, unsigned int count)
{
	bool blocked = vmx->events.nmi || (vmx->interruptibility & GUEST_INTR_STATE_NMI);

	vmx->events.nmis_waiting = min(vmx->events.nmis_waiting + count, blocked ? 1u : 2u);
}

int vmx_nmi(struct vmx_vcpu *vmx)
{
	nmis_queue(vmx, 1);
	return 0;
}

bool events_ready_for_interrupt(struct vmx_vcpu *vmx)
{
	const struct vmx_events *events = &vmx->events;

	return (vmx->rflags & X86_EFLAGS_IF) &&
	       !(vmx->interruptibility & (GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS)) &&
	       !((events->exception | events->interrupt) & INTR_INFO_VALID_MASK) && !events->nmi;
}

/* ---------------------------------------------------------------------- VCPU_EVENTS */

#define EVENT_FLAGS_ALWAYS	(MINIVMX_VCPUEVENT_VALID_NMI_PENDING |	\
				 MINIVMX_VCPUEVENT_VALID_SHADOW |	\
				 MINIVMX_VCPUEVENT_VALID_SMM)

int vmx_get_vcpu_events(struct vmx_vcpu *vmx, struct minivmx_vcpu_events *user)
{
	const struct vmx_events *events = &vmx->events;
	u32 blocking = vmx->interruptibility;

	memset(user, 0, sizeof(*user));
	/*
	 * Nothing here has a place for the length of INT3, INTO and INT1: as long as RIP is at the
	 * instruction, it runs again.
	 */
	if ((events->exception & INTR_INFO_VALID_MASK) && !event_has_insn_len(events->exception)) {
		user->exception.injected = 1;
		user->exception.pending = events->exception_is_new;
	}
	user->exception.nr = events->exception & INTR_INFO_VECTOR_MASK;
	user->exception.has_error_code = !!(events->exception & INTR_INFO_DELIVER_CODE_MASK);
	user->exception.error_code = events->error_code;
	user->interrupt.injected = interrupt_waits(events);
	user->interrupt.nr = events->interrupt & INTR_INFO_VECTOR_MASK;
	if (blocking & GUEST_INTR_STATE_STI)
		user->interrupt.shadow |= MINIVMX_X86_SHADOW_INT_STI;
	if (blocking & GUEST_INTR_STATE_MOV_SS)
		user->interrupt.shadow |= MINIVMX_X86_SHADOW_INT_MOV_SS;
	user->nmi.injected = events->nmi;
	user->nmi.pending = events->nmis_waiting != 0;
	user->nmi.masked = !!(blocking & GUEST_INTR_STATE_NMI);
	user->flags = EVENT_FLAGS_ALWAYS;
	return 0;
}

static bool vcpu_events_valid(const struct minivmx_vcpu_events *user)
{
	if (user->flags & ~(EVENT_FLAGS_ALWAYS | MINIVMX_VCPUEVENT_VALID_SIPI_VECTOR))
		return false;
	if ((user->flags & MINIVMX_VCPUEVENT_VALID_SMM) &&
	    (user->smi.smm || user->smi.pending || user->smi.smm_inside_nmi))
		return false;
	return !user->exception.injected ||
	       (user->exception.nr < 32 && user->exception.nr != X86_TRAP_NMI);
}

/* Bits of the interruptibility state. MOV SS wins: VM entry does not take both. */
static u32 shadow_from_user(u8 shadow)
{
	if (shadow & MINIVMX_X86_SHADOW_INT_MOV_SS)
		return GUEST_INTR_STATE_MOV_SS;
	return shadow & MINIVMX_X86_SHADOW_INT_STI ? GUEST_INTR_STATE_STI : 0;
}

int vmx_set_vcpu_events(struct vmx_vcpu *vmx, const struct minivmx_vcpu_events *user)
{
	struct vmx_events *events = &vmx->events;

	if (!vcpu_events_valid(user))
		return -EINVAL;

	events->exception = exception_info(user->exception.nr);
	if (!user->exception.injected)
		events->exception &= ~INTR_INFO_VALID_MASK;
	if (user->exception.has_error_code)
		events->exception |= INTR_INFO_DELIVER_CODE_MASK;
	events->error_code = user->exception.error_code;
	events->exception_is_new = false;

	events->interrupt = user->interrupt.nr |
			    (user->interrupt.soft ? INTR_TYPE_SOFT_INTR : INTR_TYPE_EXT_INTR);
	if (user->interrupt.injected)
		events->interrupt |= INTR_INFO_VALID_MASK;

	if (user->flags & MINIVMX_VCPUEVENT_VALID_SHADOW) {
		vmx->interruptibility &= ~(GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS);
		vmx->interruptibility |= shadow_from_user(user->interrupt.shadow);
	}
	vmx->interruptibility &= ~GUEST_INTR_STATE_NMI;
	if (user->nmi.masked)
		vmx->interruptibility |= GUEST_INTR_STATE_NMI;
	vmx->dirty |= STATE_CORE;

	events->nmi = user->nmi.injected;
	if (user->flags & MINIVMX_VCPUEVENT_VALID_NMI_PENDING) {
		events->nmis_waiting = 0;
		nmis_queue(vmx, user->nmi.pending);
	}
	return 0;
}

/* ------------------------------------------------------------------------- MP_STATE */

/* Without an APIC there is nobody to send INIT or SIPI, and HLT waits in userspace. */
int vmx_get_mp_state(struct vmx_vcpu *vmx, struct minivmx_mp_state *state)
{
	state->mp_state = MINIVMX_MP_STATE_RUNNABLE;
	return 0;
}

int vmx_set_mp_state(struct vmx_vcpu *vmx, const struct minivmx_mp_state *state)
{
	return state->mp_state == MINIVMX_MP_STATE_RUNNABLE ? 0 : -EINVAL;
}
