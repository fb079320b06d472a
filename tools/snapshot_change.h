/* SPDX-License-Identifier: GPL-2.0 */
/*
 * snapshot_change.h - a change of a snapshot, as data.
 *
 * Reached from breaches.h; continues in snapshot_change.c.
 */
#ifndef MINIVMX_TOOLS_SNAPSHOT_CHANGE_H
#define MINIVMX_TOOLS_SNAPSHOT_CHANGE_H

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
void snapshot_change_all(struct snapshot *snapshot, const struct change changes[CHANGES_MAX]);

#endif /* MINIVMX_TOOLS_SNAPSHOT_CHANGE_H */
