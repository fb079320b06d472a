/* SPDX-License-Identifier: GPL-2.0 */
/*
 * snapshot.h - a VMCS outside of its CPU: every field that the CPU has, the capability MSRs it
 * is judged by, and what else VM entry looks at.
 *
 * Reached from vmcs.c, which takes, saves and prints snapshots, and from explain.c, which
 * judges them; continues in snapshot.c. It needs neither a VM nor a device.
 */
#ifndef MINIVMX_TOOLS_SNAPSHOT_H
#define MINIVMX_TOOLS_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#define SNAPSHOT_FIELDS		256
#define SNAPSHOT_MSRS		32
#define SNAPSHOT_AREA_ENTRIES	64
#define SNAPSHOT_NAME_SIZE	96

struct snapshot_pair {
	uint32_t number;		/* a field's encoding (SDM 3D "Field Encoding in VMCS"), an MSR's index */
	uint64_t value;
};

struct snapshot {
	/* Where it comes from; empty where that is not known. */
	char device[SNAPSHOT_NAME_SIZE], kernel[SNAPSHOT_NAME_SIZE], cpu[SNAPSHOT_NAME_SIZE];
	bool host_hidden;		/* as MINIVMX_VMCS_HOST_HIDDEN: no host-state fields, addresses are 0 */

	/* What the outcome was: as in MINIVMX_EXIT_FAIL_ENTRY, or nothing has failed. */
	bool failed;
	uint64_t failure_reason;	/* VM-instruction error, or exit reason with bit 31 */
	uint64_t failure_qualification;

	unsigned int fields;
	struct snapshot_pair field[SNAPSHOT_FIELDS];	/* by encoding */
	unsigned int msrs;
	struct snapshot_pair msr[SNAPSHOT_MSRS];	/* 0x480 on, IA32_FEATURE_CONTROL, by index */

	/* What VM entry reads beside the VMCS, as far as it was to be had. */
	unsigned int physical_address_bits, linear_address_bits;
	bool has_pdptes;
	uint64_t pdpte[4];		/* in memory, where the guest's PAE paging has CR3 point to */
	unsigned int entry_msrs;	/* of the VM-entry MSR-load area */
	struct snapshot_pair entry_msr[SNAPSHOT_AREA_ENTRIES];
};

/* False, and *value 0, where the snapshot has no such field or MSR. */
bool snapshot_field(const struct snapshot *snapshot, uint32_t encoding, uint64_t *value);
bool snapshot_msr(const struct snapshot *snapshot, uint32_t index, uint64_t *value);

/* Adds a field, or changes its value. False: there is no room. */
bool snapshot_set_field(struct snapshot *snapshot, uint32_t encoding, uint64_t value);
bool snapshot_set_msr(struct snapshot *snapshot, uint32_t index, uint64_t value);

#endif /* MINIVMX_TOOLS_SNAPSHOT_H */
