/* SPDX-License-Identifier: GPL-2.0 */
/*
 * snapshots.h - snapshots for tests: those of good VMCSs, as minivmx writes them, and for each rule of
 * VM entry a change that breaks it.
 *
 * Reached from explain.c; continues in snapshots.c and snapshot_changes.c.
 */
#ifndef MINIVMX_SELFTESTS_SNAPSHOTS_H
#define MINIVMX_SELFTESTS_SNAPSHOTS_H

#include <stddef.h>

#include "snapshot.h"

enum snapshot_cpu {
	CPU_BROADWELL,
	CPU_EVERYTHING,		/* all controls that have a name may be 1 */
	CPU_COUNT
};

enum snapshot_mode { SNAPSHOT_LONG, SNAPSHOT_REAL, SNAPSHOT_PAE, SNAPSHOT_V8086, SNAPSHOT_MODES };

void snapshot_build(struct snapshot *snapshot, enum snapshot_cpu cpu, enum snapshot_mode mode);

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

/* Broken by these changes of a good snapshot of CPU_EVERYTHING: the rule, and nothing but its followers. */
struct breach {
	const char *rule;
	enum snapshot_mode mode;
	struct change changes[6];
	const char *followers[2];
};

extern const struct breach breaches[];
extern const size_t breach_count;

/* What comes near to breaking a rule, and is good. */
struct near_miss {
	enum snapshot_mode mode;
	struct change changes[3];
};

extern const struct near_miss near_misses[];
extern const size_t near_miss_count;

void snapshot_change(struct snapshot *snapshot, const struct change *change);
void snapshot_break(struct snapshot *snapshot, const struct breach *breach);

#endif /* MINIVMX_SELFTESTS_SNAPSHOTS_H */
