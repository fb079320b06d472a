// SPDX-License-Identifier: GPL-2.0
/*
 * vcpu_state.c - the ioctls that get or set registers of a vCPU: one structure in or out each.
 *
 * Reached from vcpu.c with vcpu->mutex held, outside slices. The number of an ioctl holds the size
 * of its structure and which way it goes, so the list below is all there is to say about one.
 */
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "module/minivmx.h"

union vcpu_state {
	struct minivmx_regs regs;
	struct minivmx_sregs sregs;
	struct minivmx_translation translation;
	struct minivmx_debugregs debugregs;
	struct minivmx_guest_debug guest_debug;
	struct minivmx_interrupt interrupt;
	struct minivmx_vcpu_events events;
	struct minivmx_mp_state mp_state;
	struct minivmx_fpu fpu;
	struct minivmx_xcrs xcrs;
};

/* The ioctl, what does it, and the member of the union that it takes. */
#define STATE_CALLS(CALL)						\
	CALL(GET_REGS,		vmx_get_regs,		regs)		\
	CALL(SET_REGS,		vmx_set_regs,		regs)		\
	CALL(GET_SREGS,		vmx_get_sregs,		sregs)		\
	CALL(SET_SREGS,		vmx_set_sregs,		sregs)		\
	CALL(TRANSLATE,		vmx_translate,		translation)	\
	CALL(GET_DEBUGREGS,	vmx_get_debugregs,	debugregs)	\
	CALL(SET_DEBUGREGS,	vmx_set_debugregs,	debugregs)	\
	CALL(SET_GUEST_DEBUG,	vmx_set_guest_debug,	guest_debug)	\
	CALL(INTERRUPT,		vmx_interrupt,		interrupt)	\
	CALL(GET_VCPU_EVENTS,	vmx_get_vcpu_events,	events)		\
	CALL(SET_VCPU_EVENTS,	vmx_set_vcpu_events,	events)		\
	CALL(GET_FPU,		vmx_get_fpu,		fpu)		\
	CALL(SET_FPU,		vmx_set_fpu,		fpu)		\
	CALL(GET_XCRS,		vmx_get_xcrs,		xcrs)		\
	CALL(SET_XCRS,		vmx_set_xcrs,		xcrs)		\
	CALL(GET_MP_STATE,	vmx_get_mp_state,	mp_state)	\
	CALL(SET_MP_STATE,	vmx_set_mp_state,	mp_state)

#define STATE_FUNCTION(name, function, member)					\
static int call_##name(struct vmx_vcpu *vmx, union vcpu_state *state)		\
{										\
	static_assert(_IOC_SIZE(MINIVMX_##name) == sizeof(state->member));	\
	return function(vmx, &state->member);					\
}
STATE_CALLS(STATE_FUNCTION)

static const struct state_call {
	unsigned int ioctl;
	int (*call)(struct vmx_vcpu *vmx, union vcpu_state *state);
} state_calls[] = {
#define STATE_CALL(name, function, member)	{ MINIVMX_##name, call_##name },
	STATE_CALLS(STATE_CALL)
};

/* The one structure that is too large for the stack. */
static long vcpu_xsave(struct vcpu *vcpu, bool set, struct minivmx_xsave __user *user)
{
	struct minivmx_xsave *xsave = kzalloc(sizeof(*xsave), GFP_KERNEL_ACCOUNT);
	long err;

	if (!xsave)
		return -ENOMEM;
	if (set)
		err = copy_from_user(xsave, user, sizeof(*xsave)) ? -EFAULT :
		      vmx_set_xsave(vcpu->vmx, xsave);
	else
		err = vmx_get_xsave(vcpu->vmx, xsave) ?:
		      (copy_to_user(user, xsave, sizeof(*xsave)) ? -EFAULT : 0);
	kfree(xsave);
	return err;
}

long vcpu_state_ioctl(struct vcpu *vcpu, unsigned int ioctl, void __user *user)
{
	const struct state_call *found = NULL;
	union vcpu_state state;
	int err;

	for (int i = 0; i < ARRAY_SIZE(state_calls); i++)
		if (state_calls[i].ioctl == ioctl)
			found = &state_calls[i];
	if (ioctl == MINIVMX_GET_XSAVE || ioctl == MINIVMX_SET_XSAVE)
		return vcpu_xsave(vcpu, ioctl == MINIVMX_SET_XSAVE, user);
	if (!found)
		return -ENOTTY;
	if ((_IOC_DIR(ioctl) & _IOC_WRITE) && copy_from_user(&state, user, _IOC_SIZE(ioctl)))
		return -EFAULT;
	err = found->call(vcpu->vmx, &state);
	if (!err && (_IOC_DIR(ioctl) & _IOC_READ) && copy_to_user(user, &state, _IOC_SIZE(ioctl)))
		err = -EFAULT;
	return err;
}
