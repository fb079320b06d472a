/* SPDX-License-Identifier: GPL-2.0 */
/*
 * snapshot_take.h - a snapshot of a vCPU, by GET_VMCS, with all that VM entry judges it by.
 *
 * Reached from machine.c and report.c.
 */
#ifndef MINIVMX_TOOLS_SNAPSHOT_TAKE_H
#define MINIVMX_TOOLS_SNAPSHOT_TAKE_H

#include "snapshot.h"
#include "vm.h"

/* 0, or a status of command.h after having said what was wrong. */
int snapshot_take(struct snapshot *snapshot, const struct vcpu *vcpu);

#endif /* MINIVMX_TOOLS_SNAPSHOT_TAKE_H */
