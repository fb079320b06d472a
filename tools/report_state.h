/* SPDX-License-Identifier: GPL-2.0 */
/*
 * report_state.h - says on stderr where a vCPU stands, which must not be running.
 *
 * Reached from report.c and machine.c.
 */
#ifndef MINIVMX_TOOLS_REPORT_STATE_H
#define MINIVMX_TOOLS_REPORT_STATE_H

#include "vm.h"

/* Its last exits, its registers, the code at RIP, the stack. */
void print_state(const struct vcpu *vcpu);

#endif /* MINIVMX_TOOLS_REPORT_STATE_H */
