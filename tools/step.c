// SPDX-License-Identifier: GPL-2.0
/*
 * step.c - `minivmx step`: a guest, instruction by instruction or exit by exit.
 *
 * Reached from main.c. The machine is that of `minivmx run` (machine.c); continues in stepper.c.
 */
#include <argp.h>

#include "command.h"
#include "run_options.h"
#include "stepper.h"

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct machine_options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = options;
		break;
	case 'x':
		options->stepper->commands = arg;
		break;
	case ARGP_KEY_ARG:
		if (options->guest)
			argp_error(state, "one guest at a time; \"%s\" is too many", arg);
		options->guest = arg;
		break;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which guest? give what `minivmx run` takes");
		break;
	case ARGP_KEY_END:
		if (options->cpus > 1)
			argp_error(state, "one CPU is stepped: leave --cpus out");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

int command_step(int argc, char **argv)
{
	static const struct argp_option option_table[] = {
		{ .name = "commands", .key = 'x', .arg = "TEXT",
		  .doc = "commands instead of stdin's, separated by \";\"" },
		{ 0 }
	};
	static struct stepper stepper;
	const struct argp_child children[] = { { .argp = run_options(false) }, { 0 } };
	const struct argp argp = {
		.options = option_table, .parser = parse_option, .args_doc = "GUEST", .children = children,
		.doc = "Runs GUEST step by step: at each stop the VM exits since the last one, with the function "
		       "that handled each, the registers and VMCS fields that have changed, and the code at RIP. Takes "
		       "the options by which `minivmx run` makes a machine (--mem, --mode, --disk, ...).\v"
		       "Commands, a line each: s [N] step an instruction, e [N] run to the next exit to userspace, "
		       "c continue, r registers, v VMCS, x ADDR memory, w ADDR page tables and EPT, "
		       "b ADDR breakpoint, q quit, h help.\n"
		       "Ctrl-C stops a guest that runs. Exit status: as of `minivmx run`; 0 after q.",
	};
	struct machine_options options = RUN_OPTIONS_DEFAULT;

	options.stepper = &stepper;
	argp_parse(&argp, argc, argv, 0, NULL, &options);
	return machine_run(&options);
}
