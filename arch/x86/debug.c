// SPDX-License-Identifier: GPL-2.0
/*
 * debug.c - debug registers, single steps and breakpoints: the guest's own, and those by which
 * userspace debugs it (SET_GUEST_DEBUG).
 *
 * Reached from exit.c, exit_event.c, state.c and host.c in the slice, from exit_io.c, mmio.c and
 * module/vcpu_state.c outside. MOV DR always exits, so the guest's debug registers live in struct
 * vmx_vcpu; host.c loads DR0 to DR3 while a breakpoint is on. #DB always exits too, and leaves DR6
 * as it was, so DR6 stays the host's. SDM 3B "Debug Registers", SDM 3C "VM Exits", "Information for
 * VM Exits Due to Vectored Events".
 */
#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <asm/debugreg.h>
#include <asm/processor-flags.h>
#include <asm/trapnr.h>
#include <asm/vmx.h>

#include "arch/x86/caps.h"
#include "arch/x86/debug.h"
#include "arch/x86/inject.h"
#include "arch/x86/state.h"
#include "arch/x86/vcpu.h"
#include "arch/x86/vmcs.h"

/*
 * Of DR6 a guest can change these; the others read as at reset. Bits that are clear when their
 * condition is there (bus lock, RTM) are of features that CPUID does not show.
 */
#define DR6_WRITABLE	(DR_TRAP_BITS | DR6_BD | DR_STEP | DR6_BT)
#define DR7_WRITABLE	0xffff2bffULL
#define DR7_ENABLES	0xffULL		/* L0, G0 to L3, G3 */
#define DR7_GD		BIT_ULL(13)	/* MOV DR raises #DB */

#define DR6_BD		BIT_ULL(13)	/* a MOV DR while DR7.GD was set */
#define DR6_BT		BIT_ULL(15)	/* a task switch to a TSS with T set */
/* In the qualification of a #DB, "a breakpoint was enabled"; DR6 does not have it. */
#define PENDING_ENABLED	BIT_ULL(12)

static bool stepping(const struct vmx_vcpu *vmx)
{
	return vmx->debug.control & MINIVMX_GUESTDBG_SINGLESTEP;
}

bool debug_steps_by_tf(const struct vmx_vcpu *vmx)
{
	return stepping(vmx) && !vmx_caps.has_monitor_trap_flag;
}

bool debug_steps(const struct vmx_vcpu *vmx)
{
	return stepping(vmx) || (vmx->rflags & X86_EFLAGS_TF);
}

static bool debugger_owns_breakpoints(const struct vmx_vcpu *vmx)
{
	return vmx->debug.control & MINIVMX_GUESTDBG_USE_HW_BP;
}

void debug_begin_run(struct vmx_vcpu *vmx)
{
	if (!debug_steps_by_tf(vmx))
		return;
	vmx->debug.step_by_tf_due = true;
	vmx->dirty |= STATE_CORE;
}

u64 debug_effective_dr7(const struct vmx_vcpu *vmx)
{
	return debugger_owns_breakpoints(vmx) ? vmx->debug.debugger_dr7 : vmx->debug.dr7;
}

const u64 *debug_effective_addresses(const struct vmx_vcpu *vmx)
{
	return debugger_owns_breakpoints(vmx) ? vmx->debug.debugger_addresses :
						vmx->debug.addresses;
}

bool debug_breakpoints_on(const struct vmx_vcpu *vmx)
{
	return debug_effective_dr7(vmx) & DR7_ENABLES;
}

/*
 * Exceptions that a guest must not handle alone: #DB and #AC because delivering one can raise the
 * next without end, with interrupts held off (CVE-2015-5307, CVE-2015-8104); #MC because it is
 * the host's machine that broke.
 */
#define INTERCEPTED_EXCEPTIONS	(BIT(X86_TRAP_DB) | BIT(X86_TRAP_AC) | BIT(X86_TRAP_MC))

void debug_load(struct vmx_vcpu *vmx)
{
	u32 exceptions = INTERCEPTED_EXCEPTIONS;

	if (vmx->debug.control & MINIVMX_GUESTDBG_USE_SW_BP)
		exceptions |= BIT(X86_TRAP_BP);
	vmcs_write32(EXCEPTION_BITMAP, exceptions);
	vmcs_write(GUEST_DR7, debug_effective_dr7(vmx));
	if (vmx_caps.has_monitor_trap_flag)
		state_switch_primary(vmx, CPU_BASED_MONITOR_TRAP_FLAG,
				     stepping(vmx) ? CPU_BASED_MONITOR_TRAP_FLAG : 0);
}

/* ------------------------------------------------------------------ #DB, #BP and steps */

/* Ends RUN for the debugger; @dr6 as the CPU reports it, inactive bits clear. */
static void exit_to_debugger(struct vmx_vcpu *vmx, u32 vector, u64 pc, u64 dr6)
{
	struct minivmx_run *run = vmx->run;

	run->exit_reason = MINIVMX_EXIT_DEBUG;
	run->debug.arch.exception = vector;
	run->debug.arch.pc = pc;
	if (vector == X86_TRAP_DB) {
		run->debug.arch.dr6 = dr6 | DR6_AT_RESET;
		run->debug.arch.dr7 = debug_effective_dr7(vmx);
	}
}

static u64 linear_rip(void)
{
	return vmcs_read(GUEST_CS_BASE) + vmcs_read(GUEST_RIP);
}

/* The guest gets the #DB: DR6 says why, and GD lets its handler use MOV DR. */
static void debug_registers_after(struct vmx_vcpu *vmx, u64 conditions)
{
	struct debug_state *debug = &vmx->debug;

	conditions &= ~PENDING_ENABLED;
	debug->dr6 &= ~(u64)DR_TRAP_BITS;
	debug->dr6 |= DR6_AT_RESET | conditions;
	/* The bits that mean something when clear. */
	debug->dr6 ^= conditions & DR6_AT_RESET;
	if (debug->dr7 & DR7_GD) {
		debug->dr7 &= ~(u64)DR7_GD;
		vmcs_write(GUEST_DR7, debug_effective_dr7(vmx));
	}
}

enum exit_action debug_exception(struct vmx_vcpu *vmx, const struct exit_info *exit)
{
	u32 vector = exit->intr_info & INTR_INFO_VECTOR_MASK;

	/* Only a debugger wants #BP to exit. */
	if (vector == X86_TRAP_BP || stepping(vmx) || debugger_owns_breakpoints(vmx)) {
		exit_to_debugger(vmx, vector, linear_rip(), exit->qualification);
		return EXIT_TO_USER;
	}
	debug_registers_after(vmx, exit->qualification);
	/*
	 * The guest's own after all. Its delivery may raise it again, without end and before any
	 * interrupt is taken, so the host gets its turn each time.
	 */
	inject_exception_again(vmx, exit);
	return EXIT_TO_HOST;
}

/* The CPU has executed one instruction, or delivered one event. SDM 3C "Monitor Trap Flag". */
enum exit_action handle_monitor_trap_flag(struct vmx_vcpu *vmx, const struct exit_info *exit)
{
	exit_to_debugger(vmx, X86_TRAP_DB, linear_rip(), DR_STEP);
	return EXIT_TO_USER;
}

enum exit_action debug_after_skip(struct vmx_vcpu *vmx, enum exit_action action)
{
	/* On the way to userspace already: what is emulated there is reported first. */
	if (action == EXIT_SKIP_AND_TO_USER)
		return action;
	if (stepping(vmx)) {
		exit_to_debugger(vmx, X86_TRAP_DB, linear_rip(), DR_STEP);
		return EXIT_TO_USER;
	}
	/* The CPU delivers it after VM entry, before the next instruction. */
	if (vmcs_read(GUEST_RFLAGS) & X86_EFLAGS_TF)
		vmcs_write(GUEST_PENDING_DBG_EXCEPTIONS,
			   vmcs_read(GUEST_PENDING_DBG_EXCEPTIONS) | DR_STEP);
	return action;
}

int debug_after_skip_saved(struct vmx_vcpu *vmx)
{
	int err;

	if (stepping(vmx)) {
		err = state_fetch(vmx);
		if (err)
			return err;
		exit_to_debugger(vmx, X86_TRAP_DB, vmx->segments[SEGMENT_CS].base + vmx->rip, DR_STEP);
		return VMX_TO_USER;
	}
	vmx->debug.step_trap_due = vmx->rflags & X86_EFLAGS_TF;
	return VMX_RESUME;
}

/* -------------------------------------------------------------------------- MOV DR */

/* SDM 3C "Exit Qualification for MOV DR" */
#define MOV_DR_NUMBER	GENMASK_ULL(2, 0)
#define MOV_DR_FROM	BIT_ULL(4)
#define MOV_DR_GPR	GENMASK_ULL(11, 8)

static u64 debug_register_read(const struct debug_state *debug, unsigned int number)
{
	switch (number) {
	case 6:
		return debug->dr6;
	case 7:
		return debug->dr7;
	default:
		return debug->addresses[number];
	}
}

/* False: #GP. */
static bool debug_register_write(struct debug_state *debug, unsigned int number, u64 value)
{
	switch (number) {
	case 6:
		if (value >> 32)
			return false;
		debug->dr6 = (value & DR6_WRITABLE) | DR6_AT_RESET;
		return true;
	case 7:
		if (value >> 32)
			return false;
		debug->dr7 = (value & DR7_WRITABLE) | DR7_AT_RESET;
		return true;
	default:
		debug->addresses[number] = value;
		return true;
	}
}

/*
 * Unlike others, this exit comes before the checks of the privilege level and of CR4.DE: they are
 * left to us. SDM 3C "Relative Priority of Faults and VM Exits", "Instructions That Cause VM Exits
 * Conditionally".
 */
enum exit_action handle_dr_access(struct vmx_vcpu *vmx, const struct exit_info *exit)
{
	unsigned int number = FIELD_GET(MOV_DR_NUMBER, exit->qualification);
	unsigned int gpr = FIELD_GET(MOV_DR_GPR, exit->qualification);
	struct debug_state *debug = &vmx->debug;

	if (number == 4 || number == 5) {
		if (vmcs_read(GUEST_CR4) & X86_CR4_DE)
			return EXIT_UNDEFINED;
		number += 2;
	}
	if (state_cpl() > 0)
		return EXIT_PROTECTION;
	if (debug_effective_dr7(vmx) & DR7_GD) {
		if (debugger_owns_breakpoints(vmx)) {
			exit_to_debugger(vmx, X86_TRAP_DB, linear_rip(), DR6_BD);
			return EXIT_TO_USER;
		}
		debug_registers_after(vmx, DR6_BD);
		inject_exception(vmx, X86_TRAP_DB);
		return EXIT_RESUME;
	}
	if (exit->qualification & MOV_DR_FROM) {
		state_write_gpr(vmx, gpr, debug_register_read(debug, number));
		return EXIT_SKIP_AND_RESUME;
	}
	if (!debug_register_write(debug, number, state_read_gpr(vmx, gpr)))
		return EXIT_PROTECTION;
	vmx->dirty |= STATE_DEBUG;
	return EXIT_SKIP_AND_RELOAD;
}

/* ------------------------------------------------------------------------- ioctls */

int vmx_get_debugregs(struct vmx_vcpu *vmx, struct minivmx_debugregs *regs)
{
	memset(regs, 0, sizeof(*regs));
	memcpy(regs->db, vmx->debug.addresses, sizeof(regs->db));
	regs->dr6 = vmx->debug.dr6;
	regs->dr7 = vmx->debug.dr7;
	return 0;
}

int vmx_set_debugregs(struct vmx_vcpu *vmx, const struct minivmx_debugregs *regs)
{
	if (regs->flags || regs->dr6 >> 32 || regs->dr7 >> 32)
		return -EINVAL;
	memcpy(vmx->debug.addresses, regs->db, sizeof(regs->db));
	vmx->debug.dr6 = regs->dr6;
	vmx->debug.dr7 = regs->dr7;
	vmx->dirty |= STATE_DEBUG;
	return 0;
}

#define GUESTDBG_ALL	(MINIVMX_GUESTDBG_ENABLE | MINIVMX_GUESTDBG_SINGLESTEP |	\
			 MINIVMX_GUESTDBG_USE_SW_BP | MINIVMX_GUESTDBG_USE_HW_BP |	\
			 MINIVMX_GUESTDBG_INJECT_DB | MINIVMX_GUESTDBG_INJECT_BP |	\
			 MINIVMX_GUESTDBG_BLOCKIRQ)

u32 vmx_guest_debug_controls(void)
{
	return GUESTDBG_ALL;
}

int vmx_set_guest_debug(struct vmx_vcpu *vmx, const struct minivmx_guest_debug *from)
{
	struct debug_state *debug = &vmx->debug;

	if (from->control & ~GUESTDBG_ALL)
		return -EINVAL;
	if (from->control & (MINIVMX_GUESTDBG_INJECT_DB | MINIVMX_GUESTDBG_INJECT_BP)) {
		if (inject_is_pending(vmx))
			return -EBUSY;
		if (from->control & MINIVMX_GUESTDBG_INJECT_DB)
			inject_exception(vmx, X86_TRAP_DB);
		else
			inject_breakpoint(vmx);
	}
	debug->control = from->control & MINIVMX_GUESTDBG_ENABLE ? from->control : 0;
	memcpy(debug->debugger_addresses, from->arch.debugreg, sizeof(debug->debugger_addresses));
	debug->debugger_dr7 = from->arch.debugreg[7];
	/* A RUN that only completed an instruction has not used it up. */
	debug->step_by_tf_due = false;
	/* With TF as the means to step, RFLAGS in the VMCS changes as well. */
	vmx->dirty |= STATE_DEBUG | STATE_CORE;
	return 0;
}
