/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vmcs_fields.h - the fields of a VMCS: VMCS_GUEST_CR0 is the encoding of "Guest CR0"; what each
 * is called, where the SDM describes it, how wide it is, and what its value says.
 *
 * Pure tables and functions over numbers: no device, no output. Reached from everything that
 * reads or shows a snapshot; continues in vmcs_fields.c (names) and vmcs_decode.c (values).
 */
#ifndef MINIVMX_TOOLS_VMCS_FIELDS_H
#define MINIVMX_TOOLS_VMCS_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmcs_field_list.h"

enum vmcs_field_encoding {
#define VMCS_FIELD_ENUM(encoding, name, title)	VMCS_##name = encoding,
	VMCS_FIELD_LIST(VMCS_FIELD_ENUM)
#undef VMCS_FIELD_ENUM
};

struct vmcs_field {
	uint32_t encoding;
	const char *name;	/* as the enum has it, without VMCS_ */
	const char *title;	/* in the SDM's words */
};

/* NULL: an encoding without a name, of a CPU newer than the list. */
const struct vmcs_field *vmcs_field_find(uint32_t encoding);

/* The areas of SDM 3C "Organization of VMCS Data", in its order. */
enum vmcs_area {
	VMCS_AREA_GUEST,
	VMCS_AREA_HOST,
	VMCS_AREA_EXECUTION,
	VMCS_AREA_EXIT,
	VMCS_AREA_ENTRY,
	VMCS_AREA_EXIT_INFORMATION,
	VMCS_AREAS
};

enum vmcs_area vmcs_field_area(uint32_t encoding);
const char *vmcs_area_title(enum vmcs_area area);

/* 16, 32 or 64; natural width is 64 here. */
unsigned int vmcs_field_bits(uint32_t encoding);
/* Can a field have this encoding? Access type "full", no reserved bit. SDM 3D "Field Encoding in VMCS". */
bool vmcs_encoding_is_legal(uint32_t encoding);

#define VMCS_TEXT_SIZE 1536

struct snapshot;

/* What the field's value says; empty where the number says it all, or the snapshot has no such field. */
void vmcs_field_text(char text[VMCS_TEXT_SIZE], const struct snapshot *snapshot, uint32_t encoding);

#endif /* MINIVMX_TOOLS_VMCS_FIELDS_H */
