// SPDX-License-Identifier: GPL-2.0
/*
 * rules_guest_state.c - the rules of VM entry about what is not in the guest's registers: activity,
 * blocking of events, pending debug exceptions, the link pointer and PDPTEs.
 *
 * Reached from rules.c. Whoever breaks one fails the entry with exit reason 33; the exit qualification
 * tells three of them. SDM 3C "Checks on Guest Non-Register State", "Checks on Guest
 * Page-Directory-Pointer-Table Entries".
 */
#include "rules.h"

#define STATE		"Checks on Guest Non-Register State"
#define STATE_RULE(...)	RULE(STAGE_GUEST, STATE, __VA_ARGS__)
#define STATE_BITS(...)	BITS_RULE(STAGE_GUEST, STATE, __VA_ARGS__)

#define VECTOR_DEBUG		1
#define VECTOR_MACHINE_CHECK	18
#define DEBUGCTL_BTF		(1ull << 1)
#define NO_LINK_POINTER		(~0ull)

static bool blocked(const struct facts *f, uint32_t by)
{
	return f->interruptibility & by;
}

static bool exception(const struct facts *f, uint8_t vector)
{
	return f->event == EVENT_HARDWARE_EXCEPTION && f->event_vector == vector;
}

/* IA32_VMX_MISC[8:6] tells of HLT, shutdown and wait-for-SIPI. */
PREDICATE(activity_unknown, f->activity > ACTIVITY_WAIT_FOR_SIPI)
PREDICATE(activity_unsupported, f->activity >= ACTIVITY_HLT && f->activity <= ACTIVITY_WAIT_FOR_SIPI &&
	  !(f->misc >> (5 + f->activity) & 1))
PREDICATE(halted_user, f->activity == ACTIVITY_HLT && f->segment[SEGMENT_SS].dpl)
PREDICATE(inactive_in_shadow, f->activity != ACTIVITY_ACTIVE &&
	  blocked(f, BLOCKED_BY_STI | BLOCKED_BY_MOV_SS))
/* What would wake a halted CPU, and a pending MTF exit (type 7, vector 0). */
PREDICATE(event_in_hlt, f->activity == ACTIVITY_HLT && f->event != EVENT_NONE &&
	  f->event != EVENT_EXTERNAL_INTERRUPT && f->event != EVENT_NMI && !exception(f, VECTOR_DEBUG) &&
	  !exception(f, VECTOR_MACHINE_CHECK) && f->event != EVENT_OTHER)
PREDICATE(event_in_shutdown, f->activity == ACTIVITY_SHUTDOWN && f->event != EVENT_NONE &&
	  f->event != EVENT_NMI && !exception(f, VECTOR_MACHINE_CHECK))
PREDICATE(event_in_wait, f->activity == ACTIVITY_WAIT_FOR_SIPI && f->event != EVENT_NONE)
PREDICATE(waiting_for_smm, on(f, ENTRY_TO_SMM) && f->activity == ACTIVITY_WAIT_FOR_SIPI)

PREDICATE(interruptibility_reserved, f->interruptibility >> 5)
PREDICATE(sti_and_mov_ss, blocked(f, BLOCKED_BY_STI) && blocked(f, BLOCKED_BY_MOV_SS))
PREDICATE(sti_without_if, blocked(f, BLOCKED_BY_STI) && !(f->rflags & RFLAGS_IF))
PREDICATE(interrupt_in_shadow, f->event == EVENT_EXTERNAL_INTERRUPT &&
	  blocked(f, BLOCKED_BY_STI | BLOCKED_BY_MOV_SS))
PREDICATE(nmi_in_mov_ss, f->event == EVENT_NMI && blocked(f, BLOCKED_BY_MOV_SS))
PREDICATE(nmi_in_sti, f->event == EVENT_NMI && blocked(f, BLOCKED_BY_STI))
PREDICATE(nmi_while_blocked, f->event == EVENT_NMI && blocked(f, BLOCKED_BY_NMI))
PREDICATE(smi_blocked, blocked(f, BLOCKED_BY_SMI) && !on(f, ENTRY_TO_SMM))
PREDICATE(smm_not_blocked, !blocked(f, BLOCKED_BY_SMI))
PREDICATE(enclave_in_mov_ss, blocked(f, IN_ENCLAVE) && blocked(f, BLOCKED_BY_MOV_SS))

/* Bits 11:4, 13, 15 and 63:17 */
WRONG_BITS(pending_reserved, f->pending_debug & ~0x1500full)

/* One instruction after STI, MOV SS or in HLT: a single-step trap is pending just if TF asks for one. */
static bool trap_is_known(const struct facts *f)
{
	return blocked(f, BLOCKED_BY_STI | BLOCKED_BY_MOV_SS) || f->activity == ACTIVITY_HLT;
}

static bool steps_instructions(const struct facts *f)
{
	return f->rflags & RFLAGS_TF && !(field(f, VMCS_GUEST_IA32_DEBUGCTL) & DEBUGCTL_BTF);
}

PREDICATE(bs_missing, trap_is_known(f) && steps_instructions(f) && !(f->pending_debug & PENDING_BS))
PREDICATE(bs_unexpected, trap_is_known(f) && !steps_instructions(f) && f->pending_debug & PENDING_BS)
/* A debug exception in a transactional region: only bit 12 (enabled breakpoint) comes with it. */
PREDICATE(rtm_bits, f->pending_debug & PENDING_RTM && bits(f->pending_debug, 15, 0) != 1 << 12)
PREDICATE(rtm_in_shadow, f->pending_debug & PENDING_RTM && blocked(f, BLOCKED_BY_MOV_SS))

PREDICATE(bad_link, field(f, which) != NO_LINK_POINTER && (field(f, which) & 0xfff ||
	  !physical(f, field(f, which))))

/* VM entry looks for a VMCS of the CPU's revision there, in memory that no snapshot has. */
PREDICATE(link_without_shadowing, field(f, which) != NO_LINK_POINTER && !bad_link(f, which) &&
	  !on(f, VMCS_SHADOWING))

/* Bits 2:1, 8:5, and above the physical-address width; which: the number. */
static bool bad_pdpte(const struct facts *f, uint32_t which)
{
	bool in_vmcs = on(f, EPT);
	uint64_t pdpte = in_vmcs ? field(f, VMCS_GUEST_PDPTE0 + 2 * which) : f->snapshot->pdpte[which];

	if (!(f->cr0 & CR0_PG) || !(f->cr4 & CR4_PAE) || f->ia32e || !(in_vmcs || f->snapshot->has_pdptes))
		return false;
	return pdpte & 1 && (pdpte & 0x1e6 || !physical(f, pdpte));
}

#define PDPTE(number)										\
	{											\
		.id = "guest.pdpte" #number ".reserved", .stage = STAGE_GUEST,			\
		.section = "Checks on Guest Page-Directory-Pointer-Table Entries",		\
		.violated = bad_pdpte, .which = number, .qualification = QUALIFICATION_PDPTE,	\
		.sentence = "With PAE paging, the guest's PDPTE" #number			\
			" is present and has a reserved bit (2:1, 8:5, or above the physical-address width).", \
		.cause = "The four fields were not written when CR3 or the paging mode was set for the guest.", \
		.remedy = "With EPT, read four entries from where CR3 points to, and write them to the VMCS.", \
		.fields = (const uint32_t[]){ VMCS_GUEST_CR3, VMCS_GUEST_PDPTE##number, VMCS_GUEST_CR4 }, \
		.field_count = 3,								\
	}

static const struct rule rules[] = {
	STATE_RULE("guest.activity.unknown", ALWAYS, activity_unknown, 0,
		"The guest's activity state is above 3, and there is none.",
		"The field was never written.",
		"Write 0, active.", VMCS_GUEST_ACTIVITY_STATE),
	STATE_RULE("guest.activity.unsupported", ALWAYS, activity_unsupported, 0,
		"The guest's activity state is one that this CPU does not have.",
		"IA32_VMX_MISC[8:6] was not asked.",
		"Write 0, active, and keep a halted vCPU out of the guest in software.",
		VMCS_GUEST_ACTIVITY_STATE),
	STATE_RULE("guest.activity.hlt-dpl", ALWAYS, halted_user, 0,
		"The guest is halted and the DPL of its SS is not 0, but only privilege level 0 may halt.",
		"The activity state stayed from before an event that changed the privilege level.",
		"Write 0, active, whenever something wakes the guest.",
		VMCS_GUEST_ACTIVITY_STATE, VMCS_GUEST_SS_ACCESS_RIGHTS),
	STATE_RULE("guest.activity.shadow", ALWAYS, inactive_in_shadow, 0,
		"The guest is not active, and yet in the shadow of STI or MOV SS, which covers the next "
		"instruction.",
		"HLT after STI was emulated, and the shadow of STI was not ended.",
		"Clear bits 1:0 of the interruptibility state.",
		VMCS_GUEST_ACTIVITY_STATE, VMCS_GUEST_INTERRUPTIBILITY_STATE),
	STATE_RULE("guest.activity.hlt-event", ALWAYS, event_in_hlt, 0,
		"An event is to be injected into a halted guest that can't happen to one.",
		"The activity state stayed from before.",
		"Interrupts, NMIs, #DB and #MC come to a halted CPU; for others write 0, active.",
		VMCS_GUEST_ACTIVITY_STATE, VMCS_ENTRY_INTERRUPTION_INFORMATION),
	STATE_RULE("guest.activity.shutdown-event", ALWAYS, event_in_shutdown, 0,
		"An event other than NMI and #MC is to be injected into a guest in shutdown.",
		"The activity state stayed from before a reset.",
		"Write 0, active.", VMCS_GUEST_ACTIVITY_STATE, VMCS_ENTRY_INTERRUPTION_INFORMATION),
	STATE_RULE("guest.activity.sipi-event", ALWAYS, event_in_wait, 0,
		"An event is to be injected into a guest that waits for a SIPI.",
		"An interrupt was sent to a processor that is not started yet.",
		"Keep the event back, or drop it, until the start-up IPI.",
		VMCS_GUEST_ACTIVITY_STATE, VMCS_ENTRY_INTERRUPTION_INFORMATION),
	STATE_RULE("guest.activity.sipi-smm", ALWAYS, waiting_for_smm, 0,
		"\"Entry to SMM\" is 1 and the guest waits for a SIPI, where no SMI reaches it.",
		"The activity state was kept in an SMM monitor.",
		"Clear the control, outside of an SMM monitor.",
		VMCS_GUEST_ACTIVITY_STATE, VMCS_ENTRY_CONTROLS),
	STATE_RULE("guest.interruptibility.reserved", ALWAYS, interruptibility_reserved, 0,
		"Reserved bits (31:5) of the guest's interruptibility state are not 0.",
		"The field was never written.",
		"Keep bits 3:0.", VMCS_GUEST_INTERRUPTIBILITY_STATE),
	STATE_RULE("guest.interruptibility.sti-and-mov-ss", ALWAYS, sti_and_mov_ss, 0,
		"The guest is in the shadow of STI and in that of MOV SS, but one instruction can't follow "
		"both.",
		"One bit was set, and the other not cleared.",
		"Keep one of bits 1:0.", VMCS_GUEST_INTERRUPTIBILITY_STATE),
	STATE_RULE("guest.interruptibility.sti-if", ALWAYS, sti_without_if, 0,
		"The guest is in the shadow of STI while its RFLAGS.IF is 0.",
		"RFLAGS was set, and the shadow stayed.",
		"Clear bit 0 of the interruptibility state.",
		VMCS_GUEST_INTERRUPTIBILITY_STATE, VMCS_GUEST_RFLAGS),
	STATE_RULE("guest.interruptibility.extint-in-shadow", ALWAYS, interrupt_in_shadow, 0,
		"An external interrupt is to be injected in the shadow of STI or MOV SS.",
		"Only RFLAGS.IF was looked at.",
		"Ask for an interrupt-window exit, and inject then.",
		VMCS_GUEST_INTERRUPTIBILITY_STATE, VMCS_ENTRY_INTERRUPTION_INFORMATION),
	STATE_RULE("guest.interruptibility.nmi-in-mov-ss", ALWAYS, nmi_in_mov_ss, 0,
		"An NMI is to be injected in the shadow of MOV SS.",
		"The NMI was injected without a look at the interruptibility state.",
		"Ask for an NMI-window exit, and inject then.",
		VMCS_GUEST_INTERRUPTIBILITY_STATE, VMCS_ENTRY_INTERRUPTION_INFORMATION),
	{
		.id = "guest.interruptibility.nmi-in-sti", .section = STATE,
		.stage = STAGE_GUEST, .violated = nmi_in_sti,
		.qualification = QUALIFICATION_NMI, .may_pass = true,
		.sentence = "An NMI is to be injected in the shadow of STI, which some CPUs refuse.",
		.cause = "The NMI was injected without a look at the interruptibility state.",
		.remedy = "Ask for an NMI-window exit, or clear bit 0 of the interruptibility state first.",
		.fields = (const uint32_t[]){ VMCS_GUEST_INTERRUPTIBILITY_STATE, VMCS_ENTRY_INTERRUPTION_INFORMATION },
		.field_count = 2,
	},
	STATE_RULE("guest.interruptibility.nmi-blocked", VIRTUAL_NMIS, nmi_while_blocked, 0,
		"An NMI is to be injected while the guest has NMIs blocked, and NMIs are virtual.",
		"The guest is still in its NMI handler.",
		"Ask for an NMI-window exit, and inject then.",
		VMCS_GUEST_INTERRUPTIBILITY_STATE, VMCS_ENTRY_INTERRUPTION_INFORMATION, VMCS_PIN_BASED_CONTROLS),
	STATE_RULE("guest.interruptibility.smi", ALWAYS, smi_blocked, 0,
		"The guest has SMIs blocked, outside of system-management mode.",
		"The field was never written.",
		"Clear bit 2.", VMCS_GUEST_INTERRUPTIBILITY_STATE),
	STATE_RULE("guest.interruptibility.smm-entry", ENTRY_TO_SMM, smm_not_blocked, 0,
		"\"Entry to SMM\" is 1 and the guest's SMIs are not blocked, as they are in SMM.",
		"The control was set for want of another meaning.",
		"Clear it.", VMCS_GUEST_INTERRUPTIBILITY_STATE, VMCS_ENTRY_CONTROLS),
	STATE_RULE("guest.interruptibility.enclave", ALWAYS, enclave_in_mov_ss, 0,
		"The guest was interrupted in an enclave, and is in the shadow of MOV SS, which no enclave "
		"can execute.",
		"One bit was set, and the other not cleared.",
		"Keep one of bits 4 and 1.", VMCS_GUEST_INTERRUPTIBILITY_STATE),
	STATE_BITS("guest.pending-debug.reserved", ALWAYS, pending_reserved, 0,
		"A reserved bit of the guest's pending debug exceptions (11:4, 13, 15, 63:17) is 1.",
		"DR6 was copied, whose bits 11:4 are always 1.",
		"Take from DR6 just bits 3:0 and BS.", VMCS_GUEST_PENDING_DEBUG_EXCEPTIONS),
	STATE_RULE("guest.pending-debug.bs-missing", ALWAYS, bs_missing, 0,
		"The guest steps by RFLAGS.TF, is halted or in the shadow of STI or MOV SS, and no "
		"single-step trap is pending.",
		"TF was set while the guest was in a shadow, as by a debugger.",
		"Set bit 14 (BS), or end the shadow.", VMCS_GUEST_PENDING_DEBUG_EXCEPTIONS, VMCS_GUEST_RFLAGS,
		VMCS_GUEST_IA32_DEBUGCTL, VMCS_GUEST_INTERRUPTIBILITY_STATE, VMCS_GUEST_ACTIVITY_STATE),
	STATE_RULE("guest.pending-debug.bs-unexpected", ALWAYS, bs_unexpected, 0,
		"A single-step trap is pending in a shadow or in HLT, and the guest does not step by "
		"RFLAGS.TF.",
		"TF was cleared while the trap was pending, as by a debugger.",
		"Clear bit 14 (BS).", VMCS_GUEST_PENDING_DEBUG_EXCEPTIONS, VMCS_GUEST_RFLAGS,
		VMCS_GUEST_IA32_DEBUGCTL, VMCS_GUEST_INTERRUPTIBILITY_STATE, VMCS_GUEST_ACTIVITY_STATE),
	STATE_RULE("guest.pending-debug.rtm", ALWAYS, rtm_bits, 0,
		"A debug exception of a transactional region (bit 16) is pending with more than bit 12, or "
		"without it.",
		"The field was put together by hand.",
		"Write 0x11000, or clear bit 16.", VMCS_GUEST_PENDING_DEBUG_EXCEPTIONS),
	STATE_RULE("guest.pending-debug.rtm-mov-ss", ALWAYS, rtm_in_shadow, 0,
		"A debug exception of a transactional region (bit 16) is pending in the shadow of MOV SS.",
		"The field was put together by hand.",
		"Clear bit 16, or the shadow.",
		VMCS_GUEST_PENDING_DEBUG_EXCEPTIONS, VMCS_GUEST_INTERRUPTIBILITY_STATE),
	{
		.id = "guest.link-pointer.address", .section = STATE,
		.stage = STAGE_GUEST, .violated = bad_link, .which = VMCS_VMCS_LINK_POINTER,
		.qualification = QUALIFICATION_LINK,
		.sentence = "The VMCS link pointer is neither all ones nor a page's address below the physical-address width.",
		.cause = "A virtual address was written, or a VMCS that is not at a page's begin.",
		.remedy = "Write all ones, unless VMCS shadowing is used.",
		.fields = (const uint32_t[]){ VMCS_VMCS_LINK_POINTER },
		.field_count = 1,
	},
	{
		.id = "guest.link-pointer.vmcs", .section = STATE,
		.stage = STAGE_GUEST, .violated = link_without_shadowing, .which = VMCS_VMCS_LINK_POINTER,
		.qualification = QUALIFICATION_LINK, .may_pass = true,
		.sentence = "The VMCS link pointer is an address, and VMCS shadowing is off: unless a VMCS is there, that fails.",
		.cause = "The field was never written: 0 is an address, all ones mean \"none\".",
		.remedy = "Write all ones.",
		.fields = (const uint32_t[]){ VMCS_VMCS_LINK_POINTER, VMCS_SECONDARY_CONTROLS },
		.field_count = 2,
	},
	PDPTE(0), PDPTE(1), PDPTE(2), PDPTE(3),
};

const struct rule_table guest_state_rules = RULE_TABLE(rules);
