// SPDX-License-Identifier: GPL-2.0
/*
 * run.c - `minivmx run`: what the user asks for, in options.
 *
 * Reached from main.c; run_options.c has the options that make the machine. The order of a run: machine.c
 * builds the machine: vm.c (VM, memory, vCPUs), image.c (the guest's bytes), mode.c (its start state), pc.c
 * (its devices); then cpu.c runs the guest, exit_trace.c watches, gdb.c interferes, and report.c says what
 * went wrong.
 */
#include <argp.h>
#include <stdbool.h>

#include "command.h"
#include "run_options.h"
#include "snapshot_file.h"

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct machine_options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = options;
		break;
	case 't':
		options->trace = true;
		break;
	case 'g':
		if (!gdb_address_is_valid(arg))
			argp_error(state, "--gdb takes [HOST]:PORT (HOST numeric or localhost) or unix:PATH, not \"%s\"", arg);
		options->gdb = arg;
		break;
	case 's':
		options->snapshot_file = arg;
		break;
	case ARGP_KEY_ARG:
		if (options->guest)
			argp_error(state, "one guest at a time; \"%s\" is too many", arg);
		options->guest = arg;
		break;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which guest? give a kernel, a static ELF64 file or a flat binary");
		break;
	case ARGP_KEY_END:
		if (options->gdb && options->cpus > 1)
			argp_error(state, "--gdb drives one CPU: leave --cpus out");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp_option option_table[] = {
	{ .name = "trace",   .key = 't',
	  .doc = "print exits that reach userspace, and a table" },
	{ .name = "gdb",     .key = 'g', .arg = "ADDRESS",
	  .doc = "wait for gdb at [HOST]:PORT (127.0.0.1) or unix:PATH" },
	{ .name = "snapshot", .key = 's', .arg = "FILE",
	  .doc = "save the VMCS of the run's end, for minivmx vmcs" },
	{ 0 }
};

static const char doc[] =
	"Runs GUEST: a kernel (Linux bzImage, ELF with a PVH note, multiboot), a static ELF64 at its physical "
	"addresses, or a flat binary at 0x7c00 (real) or 0x100000 (protected, long). On a terminal Ctrl-A x quits, "
	"Ctrl-A h helps.\v"
	"Exit status: the guest's, 0 after HLT, or 1 host error, 2 usage, 3 triple fault, 4 unhandled exit, "
	"5 VM entry failed, 6 bad image, 7 the guest's panic, 8 its reset, 124 timeout, 130 Ctrl-C, 137 killed by "
	"gdb, 143 SIGTERM.";

int command_run(int argc, char **argv)
{
	const struct argp_child children[] = { { .argp = run_options(true) }, { 0 } };
	const struct argp argp = {
		.options = option_table, .parser = parse_option, .args_doc = "GUEST", .doc = doc, .children = children,
	};
	struct machine_options options = RUN_OPTIONS_DEFAULT;
	static struct snapshot snapshot;
	int status, error = 0;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	if (options.snapshot_file)
		options.snapshot = &snapshot;
	status = machine_run(&options);
	if (snapshot.fields)
		error = snapshot_write_file(&snapshot, options.snapshot_file);
	return error ? error : status;
}
