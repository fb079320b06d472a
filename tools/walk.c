// SPDX-License-Identifier: GPL-2.0
/*
 * walk.c - `minivmx walk`: what the CPU does with a guest's linear address: its page tables times EPT.
 *
 * Reached from main.c. It is a script for stepper.c: run to a point, and walk.
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "run_options.h"
#include "stepper.h"

struct walk_options {
	struct machine_options machine;
	struct stepper *stepper;
	const char *address, *breakpoint, *exits;
};

static const char *check_number(const char *text, int base, const char *what, struct argp_state *state)
{
	char *end;

	errno = 0;
	if (!strtoull(text, &end, base) && base == 10)
		end = (char *)text;
	if (text[0] < '0' || end == text || *end || errno)
		argp_error(state, "%s, not \"%s\"", what, text);
	return text;
}

static const char *check_address(const char *text, struct argp_state *state)
{
	return check_number(text, 16, "an address is a hexadecimal number", state);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct walk_options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->machine;
		break;
	case 'e':
		options->exits = check_number(arg, 10, "--exits takes a number from 1 on", state);
		break;
	case 'b':
		options->breakpoint = check_address(arg, state);
		break;
	case 'j':
		options->stepper->json = true;
		break;
	case ARGP_KEY_ARG:
		if (!options->machine.guest)
			options->machine.guest = arg;
		else if (!options->address)
			options->address = check_address(arg, state);
		else
			argp_error(state, "\"%s\" is too many", arg);
		break;
	case ARGP_KEY_END:
		if (!options->address)
			argp_error(state, "give a guest, as `minivmx run` takes it, and a linear address in "
				   "hexadecimal");
		if (options->exits && options->breakpoint)
			argp_error(state, "--exits or --break: which of the two?");
		if (options->machine.cpus > 1)
			argp_error(state, "one CPU is looked at: leave --cpus out");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

int command_walk(int argc, char **argv)
{
	static const struct argp_option option_table[] = {
		{ .name = "exits", .key = 'e', .arg = "N",
		  .doc = "run the guest to its Nth exit to userspace first" },
		{ .name = "break", .key = 'b', .arg = "ADDR",
		  .doc = "run it to the instruction at a linear address first" },
		{ .name = "json", .key = 'j', .doc = "print JSON" },
		{ 0 }
	};
	static struct stepper stepper = { .quiet = true };
	const struct argp_child children[] = { { .argp = run_options(false) }, { 0 } };
	const struct argp argp = {
		.options = option_table, .parser = parse_option, .args_doc = "GUEST ADDRESS",
		.children = children,
		.doc = "Walks GUEST's page tables, and EPT for every address in them, for one linear ADDRESS: all "
		       "entries in the order in which a CPU loads them, rights, memory type, and what each kind of "
		       "access would do. Takes the options by which `minivmx run` makes a machine (--mem, --mode, ...).\v"
		       "The point is the guest's start, unless an option says where. What the guest prints goes to "
		       "stderr. "
		       "Host-physical addresses need CAP_SYS_ADMIN; /dev/kvm shows no EPT.\n"
		       "Exit status: as of `minivmx run`; 0 if the guest came to the point.",
	};
	struct walk_options options = { .machine = RUN_OPTIONS_DEFAULT, .stepper = &stepper };
	char script[128];

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	if (options.exits)
		snprintf(script, sizeof(script), "e %s;w %s", options.exits, options.address);
	else if (options.breakpoint)
		snprintf(script, sizeof(script), "b %s;c;w %s", options.breakpoint, options.address);
	else
		snprintf(script, sizeof(script), "w %s", options.address);
	stepper.commands = script;
	options.machine.stepper = &stepper;
	return machine_run(&options.machine);
}
