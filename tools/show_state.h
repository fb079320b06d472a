/* SPDX-License-Identifier: GPL-2.0 */
/*
 * show_state.h - a vCPU's registers and code in words.
 *
 * Reached from report_state.c and step_show.c, while the vCPU does not run; continues in show_state.c.
 */
#ifndef MINIVMX_TOOLS_SHOW_STATE_H
#define MINIVMX_TOOLS_SHOW_STATE_H

#include <stdio.h>

#include "vm.h"

/* A star marks what has another value than before, unless that is NULL. */
void print_regs(FILE *out, const struct minivmx_regs *regs, const struct minivmx_regs *before);
void print_sregs(FILE *out, const struct minivmx_sregs *sregs);

/* A line for each general register, RIP and RFLAGS that has another value than before, below a heading. */
void print_changed_regs(FILE *out, const struct minivmx_regs *regs, const struct minivmx_regs *before);

/* The instruction at RIP, and some before and after. */
void print_code(FILE *out, const struct vcpu *vcpu, const struct minivmx_regs *regs,
		const struct minivmx_sregs *sregs);

/* 16, 32 or 64: how wide the code or stack segment makes addresses. */
unsigned int segment_width(const struct minivmx_sregs *sregs, const struct minivmx_segment *segment);
/* The linear address of an offset in the segment of that width. */
uint64_t segment_linear(const struct minivmx_segment *segment, uint64_t offset, unsigned int bits);

#endif /* MINIVMX_TOOLS_SHOW_STATE_H */
