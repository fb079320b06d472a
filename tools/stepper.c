// SPDX-License-Identifier: GPL-2.0
/*
 * stepper.c - when a guest that runs step by step stops.
 *
 * Reached from cpu.c; see stepper.h. gdb_target.c makes the CPU stop: single steps by SET_GUEST_DEBUG,
 * breakpoints by its debug registers. An instruction that userspace completes comes as an exit first, and
 * its step ends when RUN has finished it; of a string instruction each iteration is a step.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>

#include "command.h"
#include "exit_history.h"
#include "recorder.h"
#include "stepper.h"

#define RETRIES		10

/* Exit reasons */
#define EXCEPTION		0
#define MONITOR_TRAP_FLAG	37

static void print_guest(struct output *output, const uint8_t *bytes, size_t count)
{
	struct stepper *stepper = container_of(output, struct stepper, output);
	FILE *out = stepper->quiet ? stderr : stdout;

	for (size_t i = 0; i < count; i++) {
		if (!stepper->in_line)
			fputs("guest| ", out);
		putc(bytes[i], out);
		stepper->in_line = bytes[i] != '\n';
	}
	fflush(out);
}

static void end_line(struct stepper *stepper)
{
	if (stepper->in_line)
		putc('\n', stepper->quiet ? stderr : stdout);
	stepper->in_line = false;
}

int stepper_open(struct stepper *stepper, struct vcpu *vcpu, const volatile sig_atomic_t *stopping)
{
	stepper->vcpu = vcpu;
	stepper->stopping = stopping;
	stepper->output = (struct output){ .write = print_guest };
	return target_open(&stepper->target, vcpu);
}

static void fail(struct stepper *stepper, int error)
{
	complain("%s: SET_GUEST_DEBUG: %s", stepper->vcpu->vm->device_path, strerror(error));
	stepper->quits = true;
	stepper->status = STATUS_HOST_ERROR;
}

/*
 * The way away from a breakpoint, and from what Bochs 2.7 keeps of a step that ended otherwise than by its
 * trap, is another step: whatever the goal, the first instructions are stepped, without breakpoints.
 */
static void resume(struct stepper *stepper, bool leaves)
{
	struct target *target = &stepper->target;
	struct hw_breakpoint hw[TARGET_HW_BREAKPOINTS];
	int error;

	stepper->leaves = leaves;
	target->stepping = leaves || stepper->goal == GOAL_INSTRUCTION;
	memcpy(hw, target->hw, sizeof(hw));
	if (leaves)
		memset(target->hw, 0, sizeof(target->hw));
	error = target_resume(target);
	memcpy(target->hw, hw, sizeof(hw));
	if (error)
		fail(stepper, error);
}

static void stop(struct stepper *stepper)
{
	target_halt(&stepper->target);
	end_line(stepper);
	stepper->stops++;
	stepper_show(stepper);
	stepper_ask(stepper);
	if (stepper->quits || stepper->ended)
		return;
	stepper->stepped = stepper->regs;
	stepper->retries = 0;
	resume(stepper, true);
}

void stepper_interrupt(struct stepper *stepper)
{
	strcpy(stepper->why, stepper->stops ? "interrupted" : "before the first instruction");
	stop(stepper);
}

/* True: that was the last one to go. */
static bool goal_reached(struct stepper *stepper, enum stepper_goal goal)
{
	return stepper->goal == goal && --stepper->left == 0;
}

/*
 * Bochs 2.7 reports a step before an instruction that it enters with RFLAGS.TF set after a VM exit in its
 * middle. Then it is asked for again; what a jump to itself is asked for so often does no harm.
 */
static bool nothing_done(struct stepper *stepper)
{
	struct minivmx_regs regs = { 0 };

	ioctl(stepper->vcpu->fd, MINIVMX_GET_REGS, &regs);
	if (!memcmp(&regs, &stepper->stepped, sizeof(regs)) && stepper->retries++ < RETRIES)
		return true;
	stepper->stepped = regs;
	stepper->retries = 0;
	return false;
}

/* Or has the module, because it executed the instruction itself? */
static bool cpu_ended_step(const struct stepper *stepper)
{
	struct minivmx_exit_record record[RECORDER_MAX];
	uint32_t tsc_khz;
	size_t count = recorder_read(stepper->vcpu, record, &tsc_khz);

	return !count || record[count - 1].reason == EXCEPTION ||
	       record[count - 1].reason == MONITOR_TRAP_FLAG;
}

static bool at_breakpoint(const struct stepper *stepper)
{
	const struct minivmx_run *run = stepper->vcpu->run;

	for (unsigned int i = 0; i < TARGET_HW_BREAKPOINTS; i++)
		if (stepper->target.hw[i].used && run->exit_reason == MINIVMX_EXIT_DEBUG &&
		    run->debug.arch.pc == stepper->target.hw[i].address)
			return true;
	return false;
}

/* An instruction is done. */
static void step_done(struct stepper *stepper)
{
	bool leaves = stepper->leaves && !cpu_ended_step(stepper);

	if (goal_reached(stepper, GOAL_INSTRUCTION)) {
		stop(stepper);
	} else if (leaves && at_breakpoint(stepper)) {
		strcpy(stepper->why, "at a breakpoint");
		stop(stepper);
	} else {
		resume(stepper, leaves);
	}
}

static void debug_exit(struct stepper *stepper)
{
	struct target_stop found;
	bool stopped;
	int error = target_debug_exit(&stepper->target, &found, &stopped);

	if (error) {
		fail(stepper, error);
	} else if (stopped && found.reason) {
		strcpy(stepper->why, "at a breakpoint");
		stop(stepper);
	} else if (stopped && !nothing_done(stepper)) {
		strcpy(stepper->why, "after an instruction");
		step_done(stepper);
	}
}

void stepper_exit(struct stepper *stepper)
{
	uint32_t reason = stepper->vcpu->run->exit_reason;
	/* With these the instruction is done; others are finished by the next RUN, which ends the step. */
	bool done = reason == MINIVMX_EXIT_HLT || reason == MINIVMX_EXIT_SET_TPR;
	struct exit_record record = exit_record(stepper->vcpu->run);
	char name[EXIT_NAME];

	if (reason == MINIVMX_EXIT_DEBUG) {
		debug_exit(stepper);
		return;
	}
	exit_name(name, &record);
	snprintf(stepper->why, sizeof(stepper->why), "at an exit to userspace: %s", name);
	if (goal_reached(stepper, GOAL_EXIT))
		stop(stepper);
	else if (done)
		step_done(stepper);
}

void stepper_end(struct stepper *stepper)
{
	sigset_t signals;

	if (stepper->quits || stepper->ended)
		return;
	stepper->ended = true;
	if (stepper->quiet)
		complain("the guest has ended before; this is how it stands");
	/* Nobody waits for signals any more: Ctrl-C ends the program. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
	strcpy(stepper->why, "the guest has ended");
	stop(stepper);
}
