/* SPDX-License-Identifier: GPL-2.0 */
/*
 * stepper.h - runs a guest an instruction or an exit at a time, and carries out commands while it is
 * stopped: what `minivmx step` and `minivmx walk` are made of.
 *
 * Reached from cpu.c, on the thread of the one vCPU, without the machine's lock. Continues in stepper.c (when
 * to stop), step_commands.c (what is asked for) and step_show.c (what is printed).
 */
#ifndef MINIVMX_TOOLS_STEPPER_H
#define MINIVMX_TOOLS_STEPPER_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#include "devices/device.h"
#include "gdb_target.h"
#include "snapshot.h"
#include "vm.h"

/* Until when the guest runs. */
enum stepper_goal { GOAL_INSTRUCTION, GOAL_EXIT, GOAL_BREAKPOINT };

struct stepper {
	/* Set by who makes it. */
	const char *commands;		/* separated by ";"; NULL: from stdin, a line each */
	bool quiet;			/* stops are not shown: only what commands print */
	bool json;			/* walks are printed as JSON */

	struct vcpu *vcpu;
	const volatile sig_atomic_t *stopping;
	struct target target;		/* single steps and breakpoints */
	struct output output;		/* the guest's console */
	bool in_line;			/* of that */
	bool waiting;			/* for a command */
	bool quits;			/* the run is to end here */
	bool ended;			/* the guest runs no more */
	int status;			/* a command's failure */

	enum stepper_goal goal;
	unsigned long left;		/* instructions or exits to go */
	bool leaves;			/* where it has stopped: by a step, whatever the goal */
	struct minivmx_regs stepped;	/* where the last step began */
	unsigned int retries;
	unsigned long stops;
	char why[64];			/* it stopped */

	/* At the last stop, and at the one before. */
	struct minivmx_regs regs, regs_before;
	struct minivmx_sregs sregs;
	bool has_snapshot;		/* the device shows a VMCS */
	struct snapshot snapshot, snapshot_before;
	uint64_t last_exit_tsc;		/* exits up to then have been shown */
};

/* 0 or an exit status. *stopping becomes nonzero when the run is to end; a kick follows. */
int stepper_open(struct stepper *stepper, struct vcpu *vcpu, const volatile sig_atomic_t *stopping);

/* Before the first RUN, and when the user has interrupted one. */
void stepper_interrupt(struct stepper *stepper);

/* After each exit to userspace, when a device has answered it. */
void stepper_exit(struct stepper *stepper);

/* The guest has ended: it can still be looked at. */
void stepper_end(struct stepper *stepper);

/* step_commands.c: carries out commands until the guest is to run on, or stepper->quits. */
void stepper_ask(struct stepper *stepper);

/* step_show.c: says where the guest is and what has changed, and remembers it. */
void stepper_show(struct stepper *stepper);

#endif /* MINIVMX_TOOLS_STEPPER_H */
