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

#include "snapshot_change.h"

/* Widths of addresses on the CPU that the changes are made for. */
#define BREACH_PHYSICAL_BITS	46
#define BREACH_LINEAR_BITS	48

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
	const char *needs;	/* of the CPU, which no snapshot tells; else NULL */
};

extern const struct near_miss near_misses[];
extern const size_t near_miss_count;

#endif /* MINIVMX_TOOLS_BREACHES_H */
