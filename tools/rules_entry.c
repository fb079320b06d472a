// SPDX-License-Identifier: GPL-2.0
/*
 * rules_entry.c - the rules of VM entry about VM-entry controls: the word itself, the MSR-load area,
 * and the event to inject.
 *
 * Reached from rules.c. Whoever breaks one gets VMfail with VM-instruction error 7. SDM 3C "Checks on
 * VMX Controls"; what the guest's state must be for an event is in rules_guest_state.c.
 */
#include "rules.h"

#define ENTRY		"Checks on VMX Controls: VM-Entry Control Fields"
#define ENTRY_RULE(...)	RULE(STAGE_CONTROL, ENTRY, __VA_ARGS__)
#define ENTRY_BITS(...)	BITS_RULE(STAGE_CONTROL, ENTRY, __VA_ARGS__)

WRONG_BITS(fixed_bit_clear, f->must_be_1[WORD_ENTRY] & ~f->controls[WORD_ENTRY])
WRONG_BITS(fixed_bit_set, f->controls[WORD_ENTRY] & ~f->may_be_1[WORD_ENTRY])
PREDICATE(is_on, on(f, which))
PREDICATE(smm_both, on(f, ENTRY_TO_SMM) && on(f, DEACTIVATE_DUAL_MONITOR))

static bool load_unaligned(const struct facts *f, uint32_t address)
{
	return field(f, VMCS_ENTRY_MSR_LOAD_COUNT) && field(f, address) & 0xf;
}

static bool load_too_high(const struct facts *f, uint32_t address)
{
	uint64_t count = field(f, VMCS_ENTRY_MSR_LOAD_COUNT);
	uint64_t first = field(f, address), last = first + count * 16 - 1;

	return count && (!physical(f, first) || !physical(f, last) || last < first);
}

/* Exceptions that push an error code: #DF, #TS, #NP, #SS, #GP, #PF, #AC. SDM 3A "Exception Summary" */
#define ERROR_CODE_VECTORS	(1u << 8 | 0x1fu << 10 | 1u << 17)
#define VECTOR_NMI		2
#define VECTOR_CONTROL		21	/* #CP does, on CPUs that have it */
/* IA32_VMX_BASIC: a hardware exception may be injected with or without an error code. */
#define ERROR_CODE_FREE		(1ull << 56)
#define MISC_LENGTH_0		(1ull << 30)

static bool takes_error_code(const struct facts *f)
{
	if (f->event != EVENT_HARDWARE_EXCEPTION || f->event_vector > 31)
		return false;
	if (f->event_vector == VECTOR_CONTROL)
		return may_be_1(f, MSR_VMX_CR4_FIXED1) & CR4_CET;
	return ERROR_CODE_VECTORS >> f->event_vector & 1;
}

static bool is_software(const struct facts *f)
{
	return f->event >= EVENT_SOFTWARE_INTERRUPT && f->event <= EVENT_SOFTWARE_EXCEPTION;
}

/* Real mode has no error codes, and without "unrestricted guest" there is no real mode. */
static bool in_protected_mode(const struct facts *f)
{
	return !f->unrestricted || f->cr0 & CR0_PE;
}

PREDICATE(type_reserved, f->event == EVENT_RESERVED)
PREDICATE(type_other, f->event == EVENT_OTHER &&
	  !(f->may_be_1[WORD_PRIMARY] >> (MONITOR_TRAP_FLAG & 0xff) & 1))
PREDICATE(nmi_vector, f->event == EVENT_NMI && f->event_vector != VECTOR_NMI)
PREDICATE(exception_vector, f->event == EVENT_HARDWARE_EXCEPTION && f->event_vector > 31)
PREDICATE(other_vector, f->event == EVENT_OTHER && f->event_vector)
PREDICATE(error_code_type, f->event != EVENT_NONE && f->event != EVENT_HARDWARE_EXCEPTION &&
	  f->event_error_code)
PREDICATE(error_code_real, f->event == EVENT_HARDWARE_EXCEPTION && f->event_error_code &&
	  !in_protected_mode(f))
PREDICATE(error_code_vector, f->event == EVENT_HARDWARE_EXCEPTION && f->event_error_code &&
	  in_protected_mode(f) &&
	  !(f->basic & ERROR_CODE_FREE) && !takes_error_code(f))
PREDICATE(error_code_missing, takes_error_code(f) && !f->event_error_code && in_protected_mode(f) &&
	  !(f->basic & ERROR_CODE_FREE))
PREDICATE(information_reserved, f->event != EVENT_NONE && bits(field(f, which), 30, 12))
PREDICATE(error_code_high, f->event != EVENT_NONE && f->event_error_code && field(f, which) >> 16)
PREDICATE(length_zero, is_software(f) && !field(f, which) && !(f->misc & MISC_LENGTH_0))
PREDICATE(length_above_15, is_software(f) && field(f, which) > 15)

#define INFORMATION	VMCS_ENTRY_INTERRUPTION_INFORMATION

static const struct rule rules[] = {
	ENTRY_BITS("control.entry.allowed-0", ALWAYS, fixed_bit_clear, 0,
		"A bit of the VM-entry controls is 0, and this CPU wants it to be 1.",
		"The word was written without asking the capability MSR, or for another CPU.",
		"OR the low half of IA32_VMX_TRUE_ENTRY_CTLS into it.", VMCS_ENTRY_CONTROLS),
	ENTRY_BITS("control.entry.allowed-1", ALWAYS, fixed_bit_set, 0,
		"A bit of the VM-entry controls is 1, and this CPU wants it to be 0.",
		"A feature is asked for that this CPU does not have; `minivmx caps` lists what it has.",
		"AND the high half of IA32_VMX_TRUE_ENTRY_CTLS into it.", VMCS_ENTRY_CONTROLS),
	ENTRY_RULE("control.entry-msr-load.alignment", ALWAYS, load_unaligned, VMCS_ENTRY_MSR_LOAD_ADDRESS,
		"The VM-entry MSR-load area is not at a multiple of 16.",
		"The area was allocated without alignment, or the count was never written.",
		"Align the area to 16 bytes, an entry's size; write a count of 0 if there is none.",
		VMCS_ENTRY_MSR_LOAD_ADDRESS, VMCS_ENTRY_MSR_LOAD_COUNT),
	ENTRY_RULE("control.entry-msr-load.width", ALWAYS, load_too_high, VMCS_ENTRY_MSR_LOAD_ADDRESS,
		"The VM-entry MSR-load area begins or ends above the physical-address width.",
		"A virtual address was written, or the count was never written.",
		"Write the area's physical address; a count of 0 if there is none.",
		VMCS_ENTRY_MSR_LOAD_ADDRESS, VMCS_ENTRY_MSR_LOAD_COUNT),
	ENTRY_RULE("control.event.type-reserved", ALWAYS, type_reserved, 0,
		"The event to inject has type 1, which is reserved.",
		"The field was put together by hand.",
		"Use 0 external interrupt, 2 NMI, 3 hardware exception, 4 to 6 what software raises, 7 "
		"other event.",
		INFORMATION),
	ENTRY_RULE("control.event.type-other", ALWAYS, type_other, 0,
		"The event to inject has type 7 (pending MTF exit), and this CPU has no monitor trap flag.",
		"The capability was not asked.",
		"Inject it only where the monitor trap flag may be 1.", INFORMATION),
	ENTRY_RULE("control.event.nmi-vector", ALWAYS, nmi_vector, 0,
		"An NMI is to be injected with a vector other than 2.",
		"The type of an interrupt was changed to NMI, and its vector kept.",
		"Write vector 2.", INFORMATION),
	ENTRY_RULE("control.event.exception-vector", ALWAYS, exception_vector, 0,
		"A hardware exception is to be injected with a vector above 31.",
		"The event is an interrupt, and its type is wrong.",
		"Write type 0 for an external interrupt, 4 for INT n.", INFORMATION),
	ENTRY_RULE("control.event.other-vector", ALWAYS, other_vector, 0,
		"An event of type 7 is to be injected with a vector other than 0, which is the pending MTF "
		"exit.",
		"The type is wrong: other interrupts and exceptions have types 0 to 6.",
		"Write vector 0, or the type that belongs to the vector.", INFORMATION),
	ENTRY_RULE("control.event.error-code-type", ALWAYS, error_code_type, 0,
		"An error code is to be delivered with an event that is no hardware exception.",
		"Bit 11 stayed set from another event.",
		"Clear bit 11, or write type 3.", INFORMATION),
	ENTRY_RULE("control.event.error-code-real-mode", ALWAYS, error_code_real, 0,
		"An error code is to be delivered in real mode, where exceptions have none.",
		"Bit 11 was set by the vector alone, without a look at CR0.PE.",
		"Clear bit 11 while the guest's CR0.PE is 0.",
		INFORMATION, VMCS_GUEST_CR0, VMCS_SECONDARY_CONTROLS),
	ENTRY_RULE("control.event.error-code-vector", ALWAYS, error_code_vector, 0,
		"An error code is to be delivered with an exception that has none.",
		"Bit 11 is set for every exception.",
		"Set bit 11 for vectors 8, 10 to 14 and 17 only, and 21 on CPUs with CET.", INFORMATION),
	ENTRY_RULE("control.event.error-code-missing", ALWAYS, error_code_missing, 0,
		"An exception that pushes an error code is to be injected without one.",
		"Bit 11 was forgotten.",
		"Set bit 11 and write the error code, 0 if there is nothing to tell.",
		INFORMATION, VMCS_GUEST_CR0),
	ENTRY_RULE("control.event.reserved", ALWAYS, information_reserved, INFORMATION,
		"Reserved bits (30:12) of the event to inject are not 0.",
		"The field was copied from VM-exit information, whose bit 12 means something.",
		"Keep bits 31 and 11:0 only.", INFORMATION),
	ENTRY_RULE("control.event.error-code-high", ALWAYS, error_code_high, VMCS_ENTRY_EXCEPTION_ERROR_CODE,
		"The error code to be delivered has a bit above 15, and none is defined there.",
		"The field was never written, or holds something else.",
		"Write the 16 bits that the exception defines.",
		VMCS_ENTRY_EXCEPTION_ERROR_CODE, INFORMATION),
	ENTRY_RULE("control.event.length-zero", ALWAYS, length_zero, VMCS_ENTRY_INSTRUCTION_LENGTH,
		"The event to inject is an instruction's (INT n, INT1, INT3, INTO), and its length is 0.",
		"The VM-entry instruction length was not written with the event.",
		"Write the length, by which RIP is to move on; 0 is allowed only where IA32_VMX_MISC[30] is "
		"1.",
		VMCS_ENTRY_INSTRUCTION_LENGTH, INFORMATION),
	ENTRY_RULE("control.event.length-above-15", ALWAYS, length_above_15, VMCS_ENTRY_INSTRUCTION_LENGTH,
		"The event to inject is an instruction's, and its length is above 15 bytes, the longest "
		"there is.",
		"The VM-entry instruction length was not written with the event.",
		"Write the length that the VM exit told.", VMCS_ENTRY_INSTRUCTION_LENGTH, INFORMATION),
	ENTRY_RULE("control.entry.to-smm", ENTRY_TO_SMM, is_on, ENTRY_TO_SMM,
		"\"Entry to SMM\" is 1 outside of system-management mode.",
		"The control was set for want of another meaning; only an SMM monitor uses it.",
		"Clear it.", VMCS_ENTRY_CONTROLS),
	ENTRY_RULE("control.entry.deactivate-dual-monitor", DEACTIVATE_DUAL_MONITOR, is_on,
		DEACTIVATE_DUAL_MONITOR,
		"\"Deactivate dual-monitor treatment\" is 1 outside of system-management mode.",
		"The control was set for want of another meaning; only an SMM monitor uses it.",
		"Clear it.", VMCS_ENTRY_CONTROLS),
	ENTRY_RULE("control.entry.smm-both", ALWAYS, smm_both, 0,
		"\"Entry to SMM\" and \"Deactivate dual-monitor treatment\" are both 1: one enters SMM, the "
		"other leaves it.",
		"The word was filled with ones.",
		"Clear both, but for an SMM monitor.", VMCS_ENTRY_CONTROLS),
};

const struct rule_table entry_rules = RULE_TABLE(rules);
