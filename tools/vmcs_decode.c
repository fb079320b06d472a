// SPDX-License-Identifier: GPL-2.0
/*
 * vmcs_decode.c - what the value of a VMCS field says: the names of its bits, events, reasons.
 *
 * Reached from vmcs.c, for each field it prints; vmcs_field_text() stands last. Control words
 * are named by vmx_controls.c, events, reasons and qualifications by decode.c and qualification.c.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "decode.h"
#include "snapshot.h"
#include "vmcs_fields.h"
#include "vmx_controls.h"

struct text {
	char *buffer;
	size_t used;
};

/* One more part, behind a comma. What does not fit is cut off. */
static void __attribute__((format(printf, 2, 3))) add(struct text *text, const char *format, ...)
{
	size_t room = VMCS_TEXT_SIZE - text->used;
	va_list args;
	int length;

	if (text->used && room > 2) {
		strcpy(text->buffer + text->used, ", ");
		text->used += 2;
		room -= 2;
	}
	va_start(args, format);
	length = vsnprintf(text->buffer + text->used, room, format, args);
	va_end(args);
	text->used += (size_t)length < room ? (size_t)length : room - 1;
}

/* ------------------------------------------------------------------- registers with flags */

struct flag {
	unsigned int bit;
	const char *name;
};

/* SDM 3A "Control Registers", "Extended Feature Enable Register", "EFLAGS Register" */
static const struct flag cr0_flags[] = {
	{ 0, "PE" }, { 1, "MP" }, { 2, "EM" }, { 3, "TS" }, { 4, "ET" }, { 5, "NE" }, { 16, "WP" }, { 18, "AM" },
	{ 29, "NW" }, { 30, "CD" }, { 31, "PG" }, { 0, NULL }
};

static const struct flag cr4_flags[] = {
	{ 0, "VME" }, { 1, "PVI" }, { 2, "TSD" }, { 3, "DE" }, { 4, "PSE" }, { 5, "PAE" }, { 6, "MCE" }, { 7, "PGE" },
	{ 8, "PCE" }, { 9, "OSFXSR" }, { 10, "OSXMMEXCPT" }, { 11, "UMIP" }, { 12, "LA57" }, { 13, "VMXE" },
	{ 14, "SMXE" }, { 16, "FSGSBASE" }, { 17, "PCIDE" }, { 18, "OSXSAVE" }, { 19, "KL" }, { 20, "SMEP" },
	{ 21, "SMAP" }, { 22, "PKE" }, { 23, "CET" }, { 24, "PKS" }, { 25, "UINTR" }, { 28, "LAM_SUP" },
	{ 32, "FRED" }, { 0, NULL }
};

static const struct flag efer_flags[] = {
	{ 0, "SCE" }, { 8, "LME" }, { 10, "LMA" }, { 11, "NXE" }, { 0, NULL }
};

static const struct flag rflags_flags[] = {
	{ 0, "CF" }, { 2, "PF" }, { 4, "AF" }, { 6, "ZF" }, { 7, "SF" }, { 8, "TF" }, { 9, "IF" }, { 10, "DF" },
	{ 11, "OF" }, { 14, "NT" }, { 16, "RF" }, { 17, "VM" }, { 18, "AC" }, { 19, "VIF" }, { 20, "VIP" },
	{ 21, "ID" }, { 0, NULL }
};

/* SDM 3B "Debug Control Register (DR7)"; "IA32_DEBUGCTL MSR" */
static const struct flag dr7_flags[] = {
	{ 0, "L0" }, { 1, "G0" }, { 2, "L1" }, { 3, "G1" }, { 4, "L2" }, { 5, "G2" }, { 6, "L3" }, { 7, "G3" },
	{ 8, "LE" }, { 9, "GE" }, { 11, "RTM" }, { 13, "GD" }, { 0, NULL }
};

static const struct flag debugctl_flags[] = {
	{ 0, "LBR" }, { 1, "BTF" }, { 2, "BLD" }, { 6, "TR" }, { 7, "BTS" }, { 8, "BTINT" }, { 9, "BTS_OFF_OS" },
	{ 10, "BTS_OFF_USR" }, { 11, "FREEZE_LBRS_ON_PMI" }, { 12, "FREEZE_PERFMON_ON_PMI" },
	{ 14, "FREEZE_WHILE_SMM" }, { 15, "RTM_DEBUG" }, { 0, NULL }
};

/* SDM 3C "Guest Non-Register State" */
static const struct flag interruptibility_flags[] = {
	{ 0, "blocking by STI" }, { 1, "blocking by MOV SS" }, { 2, "blocking by SMI" }, { 3, "blocking by NMI" },
	{ 4, "enclave interruption" }, { 0, NULL }
};

static const struct flag pending_debug_flags[] = {
	{ 0, "B0" }, { 1, "B1" }, { 2, "B2" }, { 3, "B3" }, { 11, "BLD" }, { 12, "enabled breakpoint" }, { 14, "BS" },
	{ 16, "RTM" }, { 0, NULL }
};

static const struct {
	uint32_t encoding;
	const struct flag *flags;
} flag_fields[] = {
	{ VMCS_GUEST_CR0, cr0_flags }, { VMCS_HOST_CR0, cr0_flags }, { VMCS_CR0_READ_SHADOW, cr0_flags },
	{ VMCS_CR0_GUEST_HOST_MASK, cr0_flags }, { VMCS_GUEST_CR4, cr4_flags }, { VMCS_HOST_CR4, cr4_flags },
	{ VMCS_CR4_READ_SHADOW, cr4_flags }, { VMCS_CR4_GUEST_HOST_MASK, cr4_flags },
	{ VMCS_GUEST_IA32_EFER, efer_flags }, { VMCS_HOST_IA32_EFER, efer_flags },
	{ VMCS_GUEST_RFLAGS, rflags_flags }, { VMCS_GUEST_DR7, dr7_flags },
	{ VMCS_GUEST_IA32_DEBUGCTL, debugctl_flags },
	{ VMCS_GUEST_INTERRUPTIBILITY_STATE, interruptibility_flags },
	{ VMCS_GUEST_PENDING_DEBUG_EXCEPTIONS, pending_debug_flags },
};

/* False: not such a field. */
static bool add_flags(struct text *text, uint32_t encoding, uint64_t value)
{
	for (size_t i = 0; i < sizeof(flag_fields) / sizeof(flag_fields[0]); i++) {
		if (flag_fields[i].encoding != encoding)
			continue;
		for (const struct flag *flag = flag_fields[i].flags; flag->name; flag++)
			if (value >> flag->bit & 1)
				add(text, "%s", flag->name);
		if (encoding == VMCS_GUEST_RFLAGS && bits(value, 13, 12))
			add(text, "IOPL %" PRIu64, bits(value, 13, 12));
		return true;
	}
	return false;
}

/* --------------------------------------------------------------------------- control words */

static bool add_controls(struct text *text, uint32_t encoding, uint64_t value)
{
	static const uint32_t encodings[WORD_COUNT] = {
		[WORD_PIN] = VMCS_PIN_BASED_CONTROLS, [WORD_PRIMARY] = VMCS_PRIMARY_CONTROLS,
		[WORD_SECONDARY] = VMCS_SECONDARY_CONTROLS, [WORD_TERTIARY] = VMCS_TERTIARY_CONTROLS,
		[WORD_EXIT] = VMCS_EXIT_CONTROLS, [WORD_EXIT2] = VMCS_SECONDARY_EXIT_CONTROLS,
		[WORD_ENTRY] = VMCS_ENTRY_CONTROLS,
	};

	for (size_t word = 0; word < WORD_COUNT; word++) {
		const struct vmx_control_word *controls = &vmx_control_words[word];

		if (encodings[word] != encoding)
			continue;
		for (size_t i = 0; i < controls->count; i++) {
			if (value >> controls->controls[i].bit & 1)
				add(text, "%s", controls->controls[i].name);
			value &= ~(1ull << controls->controls[i].bit);
		}
		if (value)
			add(text, "reserved bits 0x%" PRIx64, value);
		return true;
	}
	return false;
}

/* --------------------------------------------------------------------------------- others */

/* SDM 3C "Guest Register State", table of access rights; SDM 3A "Segment Descriptors" */
static void add_access_rights(struct text *text, uint64_t value)
{
	static const char * const system[16] = {
		[1] = "16-bit TSS", [2] = "LDT", [3] = "busy 16-bit TSS", [9] = "TSS", [11] = "busy TSS",
	};
	unsigned int type = bits(value, 3, 0);

	if (value >> 16 & 1)
		add(text, "unusable");
	if (!(value >> 4 & 1) && system[type])
		add(text, "%s", system[type]);
	else if (!(value >> 4 & 1))
		add(text, "system segment of type %u", type);
	else if (type & 8)
		add(text, "code%s%s%s", type & 2 ? " readable" : "", type & 4 ? " conforming" : "",
		    type & 1 ? " accessed" : "");
	else
		add(text, "data%s%s%s", type & 2 ? " writable" : "", type & 4 ? " expands down" : "",
		    type & 1 ? " accessed" : "");
	add(text, "DPL %" PRIu64, bits(value, 6, 5));
	if (!(value >> 7 & 1))
		add(text, "not present");
	if (value >> 13 & 1)
		add(text, "L");
	if (value >> 14 & 1)
		add(text, "D/B");
	if (value >> 15 & 1)
		add(text, "G");
}

static const char *memory_type(uint64_t type)
{
	static const char * const names[] = { "UC", "WC", "?", "?", "WT", "WP", "WB", "UC-" };

	return type < 8 ? names[type] : "?";
}

/* SDM 3C "Extended-Page-Table Pointer" */
static void add_ept_pointer(struct text *text, uint64_t value)
{
	add(text, "tables %s", memory_type(bits(value, 2, 0)));
	add(text, "walk of %" PRIu64, bits(value, 5, 3) + 1);
	if (value >> 6 & 1)
		add(text, "accessed and dirty flags");
	if (value >> 7 & 1)
		add(text, "supervisor shadow stacks");
}

static void add_exceptions(struct text *text, uint64_t value)
{
	for (unsigned int vector = 0; vector < 32; vector++) {
		if (!(value >> vector & 1))
			continue;
		if (vector_name(vector))
			add(text, "%s", vector_name(vector));
		else
			add(text, "vector %u", vector);
	}
}

/* The three fields of this format have their error code beside them. */
static void add_event(struct text *text, const struct snapshot *snapshot, uint64_t info, uint32_t code_encoding)
{
	char event[TEXT_SIZE];
	uint64_t code;

	snapshot_field(snapshot, code_encoding, &code);
	event_text(event, info, code);
	add(text, "%s", event);
}

static void add_exit_reason(struct text *text, uint64_t value)
{
	add(text, "%" PRIu64 " %s", bits(value, 15, 0), exit_reason_name(bits(value, 15, 0)));
	if (value >> 31 & 1)
		add(text, "VM entry failed");
	if (value >> 29 & 1)
		add(text, "from VMX root operation");
	if (value >> 28 & 1)
		add(text, "pending MTF");
	if (value >> 27 & 1)
		add(text, "enclave mode");
}

static void add_qualification(struct text *text, const struct snapshot *snapshot, uint64_t value)
{
	char words[TEXT_SIZE] = "";
	uint64_t reason;

	if (snapshot_field(snapshot, VMCS_EXIT_REASON, &reason))
		qualification_text(words, bits(reason, 15, 0), value);
	if (words[0])
		add(text, "%s", words);
}

static void add_activity(struct text *text, uint64_t value)
{
	static const char * const states[] = { "active", "HLT", "shutdown", "wait-for-SIPI" };

	add(text, "%s", value < 4 ? states[value] : "reserved");
}

static void add_pat(struct text *text, uint64_t value)
{
	for (unsigned int i = 0; i < 8; i++)
		add(text, "%s", memory_type(value >> 8 * i & 0xff));
}

static bool is_access_rights(uint32_t encoding)
{
	return encoding >= VMCS_GUEST_ES_ACCESS_RIGHTS && encoding <= VMCS_GUEST_TR_ACCESS_RIGHTS;
}

static void add_other(struct text *text, const struct snapshot *snapshot, uint32_t encoding, uint64_t value)
{
	switch (encoding) {
	case VMCS_EPT_POINTER:
		add_ept_pointer(text, value);
		break;
	case VMCS_EXCEPTION_BITMAP:
		add_exceptions(text, value);
		break;
	case VMCS_ENTRY_INTERRUPTION_INFORMATION:
		add_event(text, snapshot, value, VMCS_ENTRY_EXCEPTION_ERROR_CODE);
		break;
	case VMCS_EXIT_INTERRUPTION_INFORMATION:
		add_event(text, snapshot, value, VMCS_EXIT_INTERRUPTION_ERROR_CODE);
		break;
	case VMCS_IDT_VECTORING_INFORMATION:
		add_event(text, snapshot, value, VMCS_IDT_VECTORING_ERROR_CODE);
		break;
	case VMCS_EXIT_REASON:
		add_exit_reason(text, value);
		break;
	case VMCS_EXIT_QUALIFICATION:
		add_qualification(text, snapshot, value);
		break;
	case VMCS_VM_INSTRUCTION_ERROR:
		if (value)
			add(text, "%s", vm_instruction_error_name(value));
		break;
	case VMCS_GUEST_ACTIVITY_STATE:
		add_activity(text, value);
		break;
	case VMCS_GUEST_IA32_PAT:
	case VMCS_HOST_IA32_PAT:
		add_pat(text, value);
		break;
	default:
		if (is_access_rights(encoding))
			add_access_rights(text, value);
	}
}

void vmcs_field_text(char buffer[VMCS_TEXT_SIZE], const struct snapshot *snapshot, uint32_t encoding)
{
	struct text text = { .buffer = buffer };
	uint64_t value;

	buffer[0] = '\0';
	if (!snapshot_field(snapshot, encoding, &value))
		return;
	if (!add_flags(&text, encoding, value) && !add_controls(&text, encoding, value))
		add_other(&text, snapshot, encoding, value);
}
