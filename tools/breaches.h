/* SPDX-License-Identifier: GPL-2.0 */
/*
 * breaches.h - for each rule of VM entry, what to change in a good VMCS to break it, and it alone where
 * that can be.
 *
 * Reached from whoever wants a VMCS that the CPU refuses; continues in breaches.c. A change is made to a
 * snapshot: it needs no device.
 */
#ifndef MINIVMX_TOOLS_BREACHES_H
#define MINIVMX_TOOLS_BREACHES_H

#include <stddef.h>
#include <stdint.h>

#include "snapshot.h"

#define CHANGES_MAX	6

enum change_kind {
	CHANGE_NONE,
	CHANGE_SET,	/* a field */
	CHANGE_OR,	/* bits of a field */
	CHANGE_CLEAR,	/* bits of a field */
	CHANGE_MSR,	/* a capability MSR */
	CHANGE_LOAD,	/* one more entry of the VM-entry MSR-load area */
};

struct change {
	enum change_kind kind;
	uint32_t number;
	uint64_t value;
};

void snapshot_change(struct snapshot *snapshot, const struct change *change);

/* What the guest of a good VMCS is in. */
enum snapshot_mode { SNAPSHOT_LONG, SNAPSHOT_REAL, SNAPSHOT_PAE, SNAPSHOT_V8086, SNAPSHOT_MODES };

/* By these changes of a good VMCS of a CPU that has all controls: the rule, and nothing but its followers. */
struct breach {
	const char *rule;
	enum snapshot_mode mode;
	struct change changes[CHANGES_MAX];
	const char *followers[2];
};

extern const struct breach breaches[];
extern const size_t breach_count;

const struct breach *breach_of(const char *rule);

/* What comes near to breaking a rule, and is good. */
struct near_miss {
	enum snapshot_mode mode;
	struct change changes[CHANGES_MAX];
};

extern const struct near_miss near_misses[];
extern const size_t near_miss_count;

void snapshot_change_all(struct snapshot *snapshot, const struct change changes[CHANGES_MAX]);

#endif /* MINIVMX_TOOLS_BREACHES_H */
