// SPDX-License-Identifier: GPL-2.0
/*
 * run.c - `minivmx run`: what the user asks for, in options.
 *
 * Reached from main.c. The order of a run: machine.c builds the machine: vm.c (VM, memory,
 * vCPUs), image.c (the guest's bytes), mode.c (its start state), pc.c (its devices); then cpu.c
 * runs the guest, trace.c watches, gdb.c interferes, and report.c says what went wrong.
 */
#include <argp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "machine.h"

static uint64_t parse_memory(const char *text, struct argp_state *state)
{
	char *end;
	unsigned long mib = strtoul(text, &end, 10);

	if (end == text || *end || mib < RAM_MIB_MIN || mib > RAM_MIB_MAX)
		argp_error(state, "--mem takes a number of MiB from %d to %d, not \"%s\"", RAM_MIB_MIN, RAM_MIB_MAX, text);
	return (uint64_t)mib << 20;
}

static unsigned int parse_cpus(const char *text, struct argp_state *state)
{
	char *end;
	unsigned long cpus = strtoul(text, &end, 10);

	if (end == text || *end || cpus < 1 || cpus > VCPUS_MAX)
		argp_error(state, "--cpus takes a number from 1 to %d, not \"%s\"", VCPUS_MAX, text);
	return cpus;
}

static double parse_timeout(const char *text, struct argp_state *state)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !(seconds >= 0.001 && seconds <= 1e6))
		argp_error(state, "--timeout takes a number of seconds from 0.001 to 1000000, not \"%s\"", text);
	return seconds;
}

static enum guest_mode parse_mode(const char *text, struct argp_state *state)
{
	static const char * const names[] = {
		[MODE_REAL] = "real", [MODE_PROTECTED] = "protected", [MODE_LONG] = "long",
	};

	for (enum guest_mode mode = MODE_REAL; mode <= MODE_LONG; mode++)
		if (!strcmp(text, names[mode]))
			return mode;
	argp_error(state, "--mode is real, protected or long, not \"%s\"", text);
	return MODE_DEFAULT;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct machine_options *options = state->input;

	switch (key) {
	case 'd':
		options->device = arg;
		break;
	case 'm':
		options->ram_size = parse_memory(arg, state);
		break;
	case 'c':
		options->cpus = parse_cpus(arg, state);
		break;
	case 'M':
		options->mode = parse_mode(arg, state);
		break;
	case 't':
		options->trace = true;
		break;
	case 'g':
		if (!gdb_address_is_valid(arg))
			argp_error(state, "--gdb takes [HOST]:PORT (HOST numeric or localhost) or unix:PATH, not \"%s\"", arg);
		options->gdb = arg;
		break;
	case 'i':
		options->boot.initrd = arg;
		break;
	case 'a':
		options->boot.append = arg;
		break;
	case 'T':
		options->timeout = parse_timeout(arg, state);
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
	{ .name = "device",  .key = 'd', .arg = "PATH", .doc = "/dev/minivmx (default) or /dev/kvm" },
	{ .name = "mem",     .key = 'm', .arg = "MIB",  .doc = "guest memory from address 0 on, 1 to 3072 (64)" },
	{ .name = "cpus",    .key = 'c', .arg = "N",    .doc = "how many CPUs the guest has, 1 to 16 (1)" },
	{ .name = "mode",    .key = 'M', .arg = "MODE",
	  .doc = "real, protected or long, for flat binaries (real); other images know theirs" },
	{ .name = "initrd",  .key = 'i', .arg = "FILE", .doc = "a kernel's initial file system, or module" },
	{ .name = "append",  .key = 'a', .arg = "TEXT", .doc = "a kernel's command line" },
	{ .name = "trace",   .key = 't', .doc = "print exits that reach userspace, and a table of them" },
	{ .name = "gdb",     .key = 'g', .arg = "ADDRESS",
	  .doc = "let gdb control the guest: [HOST]:PORT (127.0.0.1; port 0 picks one) or unix:PATH" },
	{ .name = "timeout", .key = 'T', .arg = "S",    .doc = "end the guest after S seconds" },
	{ 0 }
};

static const char doc[] =
	"Runs GUEST: a kernel (Linux bzImage, ELF with a PVH note, multiboot), a static ELF64 at its physical "
	"addresses, or a flat binary at 0x7c00 (real; stack below) or 0x100000 (protected, long). What is no "
	"kernel finds its stack below 0x80000, tables at 0x1000 to 0x7fff, no IDT, the memory's size in RDI.\v"
	"Ports: 0xe9 and COM1 (0x3f8) print; OUT to 0xf4 ends with the value's low byte as status; "
	"others read as ones. No device interrupts or has memory: HLT ends the run, and so does an access "
	"outside the memory.\n"
	"With --gdb the guest waits for gdb to say \"continue\"; if gdb goes without detaching, it waits for another.\n"
	"Exit status: the guest's, 0 after HLT, or 1 host error, 2 usage, 3 triple fault, 4 unhandled exit, "
	"5 VM entry failed, 6 bad image, 124 timeout, 130 Ctrl-C, 137 killed by gdb, 143 SIGTERM.";

int command_run(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table, .parser = parse_option, .args_doc = "GUEST", .doc = doc,
	};
	struct machine_options options = { .device = MINIVMX_DEVICE, .ram_size = 64ull << 20, .cpus = 1 };

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	return machine_run(&options);
}
