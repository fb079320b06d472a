/* SPDX-License-Identifier: GPL-2.0 */
/*
 * good_snapshot.h - snapshots that no CPU has made: those of good VMCSs, as minivmx writes them, and what
 * becomes of them by the changes of breaches.h.
 *
 * Reached from lab.c; continues in good_snapshot.c. It needs no device.
 */
#ifndef MINIVMX_TOOLS_GOOD_SNAPSHOT_H
#define MINIVMX_TOOLS_GOOD_SNAPSHOT_H

#include "breaches.h"
#include "snapshot.h"

enum snapshot_cpu {
	CPU_BROADWELL,
	CPU_EVERYTHING,		/* all controls that have a name may be 1 */
	CPU_COUNT
};

void snapshot_build(struct snapshot *snapshot, enum snapshot_cpu cpu, enum snapshot_mode mode);

/* A good one of CPU_EVERYTHING, with the changes of the breach. */
void snapshot_break(struct snapshot *snapshot, const struct breach *breach);

#endif /* MINIVMX_TOOLS_GOOD_SNAPSHOT_H */
