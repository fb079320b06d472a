// SPDX-License-Identifier: GPL-2.0
/*
 * main.c - the `minivmx` command: finds the subcommand and calls it. The man pages and the completion in
 * the shell are made from what --help says here and in the subcommands.
 *
 * Continues in run.c (run a guest), vmcs.c (look at its VMCS), step.c and walk.c (go through it and its
 * page tables), explain.c (judge it), prove.c (ask the CPU), stat.c and trace.c (watch its exits),
 * doctor.c (is this machine fit?), caps.c (what the CPU's VMX can do), tour.c (VMX step by step) and
 * lab.c (find the fault).
 */
#include <argp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "tty_mode.h"

static const struct command {
	const char *name;
	const char *title;	/* argv[0] of the subcommand: what its usage lines start with */
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{ "run",    "minivmx run",    command_run,    "run a guest: Linux, an ELF file, a flat binary; under gdb" },
	{ "vmcs",   "minivmx vmcs",   command_vmcs,   "a guest's VMCS at an exit: every field; save it, compare two" },
	{ "step",   "minivmx step",   command_step,   "run a guest instruction by instruction, or exit by exit" },
	{ "walk",   "minivmx walk",   command_walk,   "a guest's address through its page tables and EPT, load by load" },
	{ "explain", "minivmx explain", command_explain, "which rules of VM entry a saved VMCS breaks, and what to do" },
	{ "prove",  "minivmx prove",  command_prove,  "break each rule of VM entry, and see how the CPU fails it" },
	{ "stat",   "minivmx stat",   command_stat,   "VM exits by kind: how many, who handled them, how long it took" },
	{ "trace",  "minivmx trace",  command_trace,  "a timeline of guest, kernel and userspace, for Perfetto and Chrome" },
	{ "doctor", "minivmx doctor", command_doctor, "is this machine fit for minivmx, and if not, why" },
	{ "caps",   "minivmx caps",   command_caps,   "every VMX capability of every CPU, by name" },
	{ "tour",   "minivmx tour",   command_tour,   "VMX step by step, done on this CPU, with the source that does it" },
	{ "lab",    "minivmx lab",    command_lab,    "a VMCS with a fault: which rule of VM entry does it break?" },
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

void complain(const char *format, ...)
{
	va_list args;

	/* The guest's output comes first where both streams go to one place. */
	fflush(stdout);
	fputs("minivmx: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs(tty_is_raw() ? "\r\n" : "\n", stderr);
}

static void print_help(FILE *out)
{
	fputs("Usage: minivmx SUBCOMMAND [OPTION...]\n"
	      "A tiny but real VT-x hypervisor: runs guests on /dev/minivmx.\n\n", out);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "  %-8s  %s\n", commands[i].name, commands[i].summary);
	fputs("\n`minivmx SUBCOMMAND --help` lists the options; `minivmx --version`: the version.\n", out);
}

int main(int argc, char **argv)
{
	argp_err_exit_status = STATUS_USAGE;
	/* So that --help fits a screen; the user's own format, if any, wins. */
	setenv("ARGP_HELP_FMT", "opt-doc-col=25,no-dup-args-note", 0);
	if (argc < 2) {
		print_help(stderr);
		return STATUS_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		print_help(stdout);
		return STATUS_OK;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		puts("minivmx " MINIVMX_VERSION);
		return STATUS_OK;
	}
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		argv[1] = (char *)commands[i].title;
		return commands[i].run(argc - 1, argv + 1);
	}
	complain("no subcommand \"%s\"; `minivmx --help` lists them", argv[1]);
	return STATUS_USAGE;
}
