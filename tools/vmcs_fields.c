// SPDX-License-Identifier: GPL-2.0
/*
 * vmcs_fields.c - names, areas and widths of the fields of a VMCS.
 *
 * Reached from whoever shows or checks a snapshot; see vmcs_fields.h. SDM 3D "Field Encoding in
 * VMCS": bits 11:10 of an encoding are the type, 14:13 the width, 9:1 the index.
 */
#include "decode.h"
#include "vmcs_fields.h"

static const struct vmcs_field fields[] = {
#define VMCS_FIELD_ROW(encoding, name, title)	{ encoding, #name, title },
	VMCS_FIELD_LIST(VMCS_FIELD_ROW)
};

const struct vmcs_field *vmcs_field_find(uint32_t encoding)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (fields[i].encoding == encoding)
			return &fields[i];
	return NULL;
}

enum vmcs_area vmcs_field_area(uint32_t encoding)
{
	static const enum vmcs_area by_type[] = {
		VMCS_AREA_EXECUTION, VMCS_AREA_EXIT_INFORMATION, VMCS_AREA_GUEST, VMCS_AREA_HOST,
	};

	/* Of the controls, those that neither name nor index sets apart. */
	switch (encoding) {
	case VMCS_EXIT_MSR_STORE_ADDRESS:
	case VMCS_EXIT_MSR_LOAD_ADDRESS:
	case VMCS_SECONDARY_EXIT_CONTROLS:
	case VMCS_EXIT_CONTROLS:
	case VMCS_EXIT_MSR_STORE_COUNT:
	case VMCS_EXIT_MSR_LOAD_COUNT:
		return VMCS_AREA_EXIT;
	case VMCS_ENTRY_MSR_LOAD_ADDRESS:
	case VMCS_INJECTED_EVENT_DATA:
	case VMCS_ENTRY_CONTROLS:
	case VMCS_ENTRY_MSR_LOAD_COUNT:
	case VMCS_ENTRY_INTERRUPTION_INFORMATION:
	case VMCS_ENTRY_EXCEPTION_ERROR_CODE:
	case VMCS_ENTRY_INSTRUCTION_LENGTH:
		return VMCS_AREA_ENTRY;
	default:
		return by_type[bits(encoding, 11, 10)];
	}
}

const char *vmcs_area_title(enum vmcs_area area)
{
	static const char * const titles[VMCS_AREAS] = {
		[VMCS_AREA_GUEST]		= "Guest-State Area",
		[VMCS_AREA_HOST]		= "Host-State Area",
		[VMCS_AREA_EXECUTION]		= "VM-Execution Control Fields",
		[VMCS_AREA_EXIT]		= "VM-Exit Control Fields",
		[VMCS_AREA_ENTRY]		= "VM-Entry Control Fields",
		[VMCS_AREA_EXIT_INFORMATION]	= "VM-Exit Information Fields",
	};

	return titles[area];
}

unsigned int vmcs_field_bits(uint32_t encoding)
{
	static const unsigned int widths[] = { 16, 64, 32, 64 };

	return widths[bits(encoding, 14, 13)];
}

bool vmcs_encoding_is_legal(uint32_t encoding)
{
	return (encoding & ~0x6ffeu) == 0;
}
