/* SPDX-License-Identifier: GPL-2.0 */
/*
 * exit_trace.h - `minivmx run --trace`: a line for each exit that reaches userspace, and a table
 * of them at the end. Exits that the kernel handles itself are not seen here.
 *
 * Reached from cpu.c after each exit has been handled, so that an IN shows what it read.
 */
#ifndef MINIVMX_TOOLS_EXIT_TRACE_H
#define MINIVMX_TOOLS_EXIT_TRACE_H

#include <stdbool.h>

#include "vm.h"

#define TRACE_KINDS 64

struct trace {
	bool enabled;
	unsigned long exits;
	unsigned int kinds;
	struct {
		char name[24];
		unsigned long count;
	} kind[TRACE_KINDS + 1];	/* the last one takes what has no room */
};

void trace_exit(struct trace *trace, const struct vcpu *vcpu);
void trace_summary(const struct trace *trace);

#endif /* MINIVMX_TOOLS_EXIT_TRACE_H */
