/* SPDX-License-Identifier: GPL-2.0 */
/*
 * walk_take.h - walks for one linear address of a vCPU that does not run: its own page tables, from its
 * memory and registers, and EPT, by GET_EPT_WALK.
 *
 * Reached from step_commands.c; walk_print.h says what was found.
 */
#ifndef MINIVMX_TOOLS_WALK_TAKE_H
#define MINIVMX_TOOLS_WALK_TAKE_H

#include "nested_walk.h"
#include "snapshot.h"
#include "vm.h"

/*
 * snapshot: of the vCPU now; NULL where its device shows none. Nothing changes for the guest. 0, or a
 * status of command.h after having said what was wrong.
 */
int walk_take(struct nested_walk *walk, const struct vcpu *vcpu, const struct snapshot *snapshot,
	      uint64_t linear);

#endif /* MINIVMX_TOOLS_WALK_TAKE_H */
