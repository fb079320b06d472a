/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vmcs_fields.h - the fields of a VMCS by name: VMCS_GUEST_CR0 is the encoding of "Guest CR0".
 *
 * Pure tables and functions over numbers: no device, no output. Reached from everything that
 * reads or shows a snapshot; continues in vmcs_fields.c.
 */
#ifndef MINIVMX_TOOLS_VMCS_FIELDS_H
#define MINIVMX_TOOLS_VMCS_FIELDS_H

#include "vmcs_field_list.h"

enum vmcs_field_encoding {
#define VMCS_FIELD_ENUM(encoding, name, title)	VMCS_##name = encoding,
	VMCS_FIELD_LIST(VMCS_FIELD_ENUM)
#undef VMCS_FIELD_ENUM
};

#endif /* MINIVMX_TOOLS_VMCS_FIELDS_H */
