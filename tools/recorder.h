/* SPDX-License-Identifier: GPL-2.0 */
/*
 * recorder.h - the flight recorder of a vCPU on /dev/minivmx: copies it, and says on stderr what it has.
 *
 * Reached from report_state.c. Unlike exit_history.h it knows the VM exits that never reached userspace.
 */
#ifndef MINIVMX_TOOLS_RECORDER_H
#define MINIVMX_TOOLS_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "vm.h"

/* More than any recorder has. */
#define RECORDER_MAX 256

/*
 * The last exits of a vCPU, which may be running, the oldest first: how many. *tsc_khz: what a tick is.
 * 0 also where there is no recorder: on /dev/kvm.
 */
size_t recorder_read(const struct vcpu *vcpu, struct minivmx_exit_record record[RECORDER_MAX],
		     uint32_t *tsc_khz);

/* A line. times: how many alike it stands for, of which it is the last. */
void recorder_print_record(FILE *out, const struct minivmx_exit_record *record, unsigned int times);

/* False: there is nothing to print. */
bool recorder_print(const struct vcpu *vcpu);

#endif /* MINIVMX_TOOLS_RECORDER_H */
