// SPDX-License-Identifier: GPL-2.0
/*
 * snapshot_change.c - makes changes to a snapshot.
 *
 * Reached from whoever has changes of breaches.c to make; see snapshot_change.h. It needs no device.
 */
#include "snapshot_change.h"

void snapshot_change(struct snapshot *snapshot, const struct change *change)
{
	uint64_t value;

	snapshot_field(snapshot, change->number, &value);
	switch (change->kind) {
	case CHANGE_NONE:
		break;
	case CHANGE_SET:
		snapshot_set_field(snapshot, change->number, change->value);
		break;
	case CHANGE_OR:
		snapshot_set_field(snapshot, change->number, value | change->value);
		break;
	case CHANGE_CLEAR:
		snapshot_set_field(snapshot, change->number, value & ~change->value);
		break;
	case CHANGE_MSR:
		snapshot_set_msr(snapshot, change->number, change->value);
		break;
	case CHANGE_LOAD:
		if (snapshot->entry_msrs < SNAPSHOT_AREA_ENTRIES)
			snapshot->entry_msr[snapshot->entry_msrs++] =
				(struct snapshot_pair){ change->number, change->value };
		break;
	}
}

void snapshot_change_all(struct snapshot *snapshot, const struct change changes[CHANGES_MAX])
{
	for (unsigned int i = 0; i < CHANGES_MAX; i++)
		snapshot_change(snapshot, &changes[i]);
}
