/* SPDX-License-Identifier: GPL-2.0 */
/*
 * snapshot.h - which fields a VMCS has, and preparing a VM entry without taking it for real.
 *
 * Continues in snapshot.c; try_entry.c uses both.
 */
#ifndef _MINIVMX_ARCH_SNAPSHOT_H
#define _MINIVMX_ARCH_SNAPSHOT_H

#include <linux/types.h>

#include "arch/x86/vcpu.h"

/* SDM 3D "Field Encoding in VMCS": bits 14:13 are the width (enum vmcs_width), 11:10 the type. */
#define FIELD_TYPE(encoding)	(((encoding) >> 10) & 3)
#define FIELD_WIDTH(encoding)	(((encoding) >> 13) & 3)

enum field_type { FIELD_CONTROL, FIELD_EXIT_INFORMATION, FIELD_GUEST_STATE, FIELD_HOST_STATE };

/* The encodings of the fields that all CPUs have, in ascending order. */
struct vmcs_fields {
	const u16 *encoding;
	unsigned int count;
};

/* Outside slices. 0, or as slice_begin(). */
int vmcs_fields_get(struct vmcs_fields *fields);

/* What preparing a VM entry takes from a vCPU, beside what it writes to the VMCS. */
struct entry_memo {
	struct debug_state debug;
	struct vmx_events events;
	u64 events_injected;
	unsigned int dirty;
};

void entry_remember(const struct vmx_vcpu *vmx, struct entry_memo *memo);
void entry_forget(struct vmx_vcpu *vmx, const struct entry_memo *memo);

#endif /* _MINIVMX_ARCH_SNAPSHOT_H */
