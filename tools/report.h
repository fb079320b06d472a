/* SPDX-License-Identifier: GPL-2.0 */
/*
 * report.h - says on stderr why a guest stopped when that is not its own doing.
 *
 * Reached from cpu.c; the words come from decode.h. Each function returns the exit status
 * of command.h that belongs to the cause.
 */
#ifndef MINIVMX_TOOLS_REPORT_H
#define MINIVMX_TOOLS_REPORT_H

#include "vm.h"

/* Which has told the pvpanic device. */
int report_guest_panic(const struct vcpu *vcpu);
int report_triple_fault(const struct vcpu *vcpu);
int report_entry_failure(const struct vcpu *vcpu);
int report_internal_error(const struct vcpu *vcpu);
int report_mmio(const struct vcpu *vcpu);
int report_unknown_exit(const struct vcpu *vcpu);

/* RUN itself failed, with this errno. */
int report_run_error(const struct vcpu *vcpu, int error);

#endif /* MINIVMX_TOOLS_REPORT_H */
