// SPDX-License-Identifier: GPL-2.0
/*
 * decode.c - names of exit reasons, VM-instruction errors and vectors, and the one format
 * of event information.
 *
 * Reached from report.c and exit_trace.c; qualification.c decodes the rest of an exit.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <exit_reasons.h>

#include "decode.h"

/* Basic exit reasons. */
#define EPT_VIOLATION	48
#define EPT_MISCONFIGURATION	49

#define REASON_NAME(number, symbol, name) [number] = name,
static const char * const exit_reason_names[MINIVMX_EXIT_REASON_COUNT] = {
	MINIVMX_EXIT_REASONS(REASON_NAME)
};

/* SDM 3C "VM Instruction Error Numbers". 14, 21 and 27 are not used. */
static const char * const vm_instruction_errors[] = {
	[1]  = "VMCALL executed in VMX root operation",
	[2]  = "VMCLEAR with invalid physical address",
	[3]  = "VMCLEAR with VMXON pointer",
	[4]  = "VMLAUNCH with non-clear VMCS",
	[5]  = "VMRESUME with non-launched VMCS",
	[6]  = "VMRESUME after VMXOFF (VMXOFF and VMXON between VMLAUNCH and VMRESUME)",
	[7]  = "VM entry with invalid control field(s)",
	[8]  = "VM entry with invalid host-state field(s)",
	[9]  = "VMPTRLD with invalid physical address",
	[10] = "VMPTRLD with VMXON pointer",
	[11] = "VMPTRLD with incorrect VMCS revision identifier",
	[12] = "VMREAD/VMWRITE from/to unsupported VMCS component",
	[13] = "VMWRITE to read-only VMCS component",
	[15] = "VMXON executed in VMX root operation",
	[16] = "VM entry with invalid executive-VMCS pointer",
	[17] = "VM entry with non-launched executive VMCS",
	[18] = "VM entry with executive-VMCS pointer not VMXON pointer "
	       "(when attempting to deactivate the dual-monitor treatment of SMIs and SMM)",
	[19] = "VMCALL with non-clear VMCS "
	       "(when attempting to activate the dual-monitor treatment of SMIs and SMM)",
	[20] = "VMCALL with invalid VM-exit control fields",
	[22] = "VMCALL with incorrect MSEG revision identifier "
	       "(when attempting to activate the dual-monitor treatment of SMIs and SMM)",
	[23] = "VMXOFF under dual-monitor treatment of SMIs and SMM",
	[24] = "VMCALL with invalid SMM-monitor features "
	       "(when attempting to activate the dual-monitor treatment of SMIs and SMM)",
	[25] = "VM entry with invalid VM-execution control fields in executive VMCS "
	       "(when attempting to return from SMM)",
	[26] = "VM entry with events blocked by MOV SS",
	[28] = "Invalid operand to INVEPT/INVVPID",
};

/* SDM 3A "Exceptions and Interrupts" */
static const char * const vectors[32] = {
	[0] = "#DE", [1] = "#DB", [2] = "NMI", [3] = "#BP", [4] = "#OF", [5] = "#BR", [6] = "#UD", [7] = "#NM",
	[8] = "#DF", [10] = "#TS", [11] = "#NP", [12] = "#SS", [13] = "#GP", [14] = "#PF", [16] = "#MF",
	[17] = "#AC", [18] = "#MC", [19] = "#XM", [20] = "#VE", [21] = "#CP",
};

const char *exit_reason_name(uint32_t reason)
{
	return reason < MINIVMX_EXIT_REASON_COUNT ? exit_reason_names[reason] : "unknown to this program";
}

bool is_ept_exit(uint32_t reason)
{
	return reason == EPT_VIOLATION || reason == EPT_MISCONFIGURATION;
}

const char *vm_instruction_error_name(uint64_t error)
{
	size_t count = sizeof(vm_instruction_errors) / sizeof(vm_instruction_errors[0]);

	if (error >= count || !vm_instruction_errors[error])
		return "not a VM-instruction error of the SDM";
	return vm_instruction_errors[error];
}

const char *vector_name(unsigned int vector)
{
	return vector < 32 ? vectors[vector] : NULL;
}

/* SDM 3C "Information for VM Exits Due to Vectored Events" */
void event_text(char text[TEXT_SIZE], uint32_t info, uint32_t error_code)
{
	static const char * const types[] = {
		"external interrupt", "reserved type 1", "NMI", "hardware exception", "software interrupt",
		"privileged software exception", "software exception", "other event",
	};
	unsigned int vector = bits(info, 7, 0), type = bits(info, 10, 8);
	bool exception = type == 2 || type == 3 || type == 5 || type == 6;
	const char *name = exception ? vector_name(vector) : NULL;
	int length;

	if (!bits(info, 31, 31)) {
		strcpy(text, "none");
		return;
	}
	length = snprintf(text, TEXT_SIZE, "%s, vector %u", types[type], vector);
	if (name)
		length += snprintf(text + length, TEXT_SIZE - length, " (%s)", name);
	if (bits(info, 11, 11))
		length += snprintf(text + length, TEXT_SIZE - length, ", error code 0x%x", error_code);
	if (bits(info, 12, 12))
		snprintf(text + length, TEXT_SIZE - length, ", NMI unblocking due to IRET");
}
