/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vmcs_print.h - a snapshot, or what differs between two, as text or JSON on stdout.
 *
 * Reached from vmcs.c; continues in vmcs_print.c and vmcs_json.c.
 */
#ifndef MINIVMX_TOOLS_VMCS_PRINT_H
#define MINIVMX_TOOLS_VMCS_PRINT_H

#include "snapshot.h"
#include "vmcs_fields.h"

void vmcs_print(const struct snapshot *snapshot);
void vmcs_print_json(const struct snapshot *snapshot);

/* Parts of that: a field as if it had this value, and the VM-entry MSR-load area, where there is one. */
void vmcs_print_field(const struct snapshot *snapshot, uint32_t encoding, uint64_t value);
void vmcs_print_entry_msrs(const struct snapshot *snapshot);

/* A line for each field that differs, without the host's, below a heading. */
void vmcs_print_changes(const struct snapshot *before, const struct snapshot *now);

/* The names are what the two are called, their files. */
void vmcs_print_diff(const struct snapshot *a, const char *a_name, const struct snapshot *b, const char *b_name);
void vmcs_print_diff_json(const struct snapshot *a, const struct snapshot *b);

/* The same for one area. False: nothing there differs, and nothing is printed. */
bool vmcs_print_changed_fields(const struct snapshot *a, const struct snapshot *b, enum vmcs_area area);

struct vmcs_difference {
	uint32_t number;	/* of the field, or MSR */
	bool in_a, in_b;	/* one of the two may not have it */
	uint64_t a, b;
};

/* Where a walk through two lists is; begins as all zero. */
struct vmcs_walk {
	unsigned int a, b;
};

/* The next number whose value differs, by number; false: no more. */
bool vmcs_next_field(struct vmcs_walk *walk, const struct snapshot *a, const struct snapshot *b,
		     struct vmcs_difference *found);
bool vmcs_next_msr(struct vmcs_walk *walk, const struct snapshot *a, const struct snapshot *b,
		   struct vmcs_difference *found);

#endif /* MINIVMX_TOOLS_VMCS_PRINT_H */
